"""The outbox and what leaves it: to a real server over loopback, encrypted, checked, once."""

import asyncio
import email
import email.policy
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import cast

import pytest

from sync.mail import send_due
from sync.settings import Settings, SettingsError
from sync.smtp import Smtp, is_email
from sync.store import mail
from sync.store.base import execute, fetchrow, fetchval, transaction
from tests.serving import settings_for
from tests.smtp import MailServer, certificate

SECRET = "correct horse+battery"


@pytest.fixture
def settings(postgres: str, tmp_path: Path) -> Settings:
    return replace(settings_for(postgres, tmp_path), mail_from="Deskbridge <books@halder.example>")


@pytest.fixture
def pem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A certificate that this process trusts."""
    path = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    return path


def to(settings: Settings, server: MailServer, **changed: str) -> Settings:
    smtp = Smtp(host="localhost", port=server.port, security="none")
    return replace(settings, smtp=replace(smtp, **changed))  # type: ignore[arg-type]


def read(raw: bytes) -> EmailMessage:
    return cast(EmailMessage, email.message_from_bytes(raw, policy=email.policy.default))


async def in_a_while(id: int) -> None:
    """Move the next try of a mail to now."""
    await execute("update mail set due_at = now() where id = $1", id)


async def state_of(id: int) -> tuple[str, str]:
    row = await fetchrow(f"select {mail.COLUMNS} from mail where id = $1", id)
    assert row is not None
    found = mail.MailRow(**row)
    return found.state, found.error


async def test_a_mail_arrives_encrypted_signed_in_with_its_own_headers_and_letters(
    settings: Settings, pem: Path
) -> None:
    async with MailServer(pem=pem, user="books").running() as server:
        id = await mail.queue("ruth@halder.example", "Späte Grüße", "Größe: 5 €\n.\nhttps://x.example/a?b=c\n")
        ready = to(settings, server, security="starttls", user="books", password=SECRET)
        assert await send_due(ready) == 1
    found = read(server.mails[0])
    assert (server.encrypted, len(server.logins), server.recipients) == ([True], 1, ["ruth@halder.example"])
    assert (found["subject"], found["to"]) == ("Späte Grüße", "ruth@halder.example")
    assert str(found["from"]) == "Deskbridge <books@halder.example>"
    assert found["auto-submitted"] == "auto-generated"
    assert str(found["message-id"]).endswith("@localhost>")
    assert found["date"]
    assert found.get_content_type() == "text/plain"
    assert found.get_content_charset() == "utf-8"
    assert found.get_content().replace("\r", "") == "Größe: 5 €\n.\nhttps://x.example/a?b=c\n"
    assert await state_of(id) == ("sent", "")
    assert await fetchval("select body from mail where id = $1", id) == ""  # it may have held a link that lets in


async def test_a_subject_or_a_recipient_cannot_begin_another_header(settings: Settings) -> None:
    for bad in (
        "ruth@halder.example\nBcc: eve@x.example",
        "ruth@halder.example, eve@x.example",
        "<ruth@halder.example>",
    ):
        with pytest.raises(ValueError, match="no e-mail address"):
            await mail.queue(bad, "s", "b")
    async with MailServer().running() as server:
        await mail.queue("ruth@halder.example", "One\r\nBcc: eve@x.example\u2028Two", "b")
        await send_due(to(settings, server))
    found = read(server.mails[0])
    assert found["bcc"] is None
    assert found["subject"] == "One Bcc: eve@x.example Two"
    assert server.recipients == ["ruth@halder.example"]


async def test_nothing_is_sent_without_encryption_where_it_is_demanded(settings: Settings, pem: Path) -> None:
    async with MailServer(pem=pem, offers_tls=False, user="books").running() as server:
        id = await mail.queue("ruth@halder.example", "s", "b")
        await send_due(to(settings, server, security="starttls", user="books", password=SECRET))
    assert (server.mails, server.logins) == ([], [])
    assert (await state_of(id))[0] == "again"


async def test_a_certificate_that_nobody_vouches_for_gets_no_password(settings: Settings, tmp_path: Path) -> None:
    async with MailServer(pem=certificate(tmp_path), user="books").running() as server:
        id = await mail.queue("ruth@halder.example", "s", "b")
        await send_due(to(settings, server, security="starttls", user="books", password=SECRET))
    assert (server.mails, server.logins) == ([], [])
    state, error = await state_of(id)
    assert (state, "certificate of localhost" in error) == ("again", True)


async def test_a_certificate_of_another_name_gets_no_password(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = certificate(tmp_path, "other.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(other))
    async with MailServer(pem=other, user="books").running() as server:
        await mail.queue("ruth@halder.example", "s", "b")
        await send_due(to(settings, server, security="starttls", user="books", password=SECRET))
    assert (server.mails, server.logins) == ([], [])


async def test_a_refused_password_is_told_without_it_and_tried_again(
    settings: Settings, pem: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with MailServer(pem=pem, user="books", answers={"AUTH": f"535 {SECRET} is wrong"}).running() as server:
        id = await mail.queue("ruth@halder.example", "s", "b")
        ready = to(settings, server, security="starttls", user="books", password=SECRET)
        await send_due(ready)
    state, error = await state_of(id)
    assert (state, "user name or password of SMTP_URL" in error) == ("again", True)
    for text in (error, caplog.text, repr(ready), repr(ready.smtp)):
        assert SECRET not in text


async def test_a_server_that_is_away_is_asked_again_after_growing_pauses_for_a_day(settings: Settings) -> None:
    async with MailServer().running() as server:
        away = to(settings, server)
    id = await mail.queue("ruth@halder.example", "s", "b")
    pauses = []
    for _ in range(6):
        await in_a_while(id)
        assert await send_due(away) == 0
        pauses.append(await fetchval("select extract(epoch from due_at - now()) / 60 from mail where id = $1", id))
    assert [round(pause) for pause in pauses] == [1, 5, 15, 60, 60, 60]
    assert (await state_of(id))[0] == "again"
    await execute("update mail set created_at = now() - interval '23 hours 30 minutes' where id = $1", id)
    await in_a_while(id)
    await send_due(away)
    assert (await state_of(id))[0] == "given_up"
    assert await mail.due(datetime.now(UTC) + timedelta(days=2)) == []


async def test_a_recipient_that_does_not_exist_is_not_tried_again_and_holds_up_nobody(settings: Settings) -> None:
    async with MailServer(answers={"RCPT": "550 no such user"}).running() as server:
        id = await mail.queue("gone@halder.example", "s", "b")
        other = await mail.queue("gone2@halder.example", "s", "b")
        await send_due(to(settings, server))
        assert server.connections == 2
    for each in (id, other):
        state, error = await state_of(each)
        assert (state, "550 no such user" in error) == ("given_up", True)


async def test_a_passing_refusal_is_tried_again_and_arrives_once(settings: Settings) -> None:
    async with MailServer(answers={"RCPT": "450 greylisted"}).running() as server:
        id = await mail.queue("ruth@halder.example", "s", "b")
        ready = to(settings, server)
        await send_due(ready)
        assert (await state_of(id))[0] == "again"
        server.answers.clear()
        assert await send_due(ready) == 0  # its pause is not over
        await in_a_while(id)
        assert await send_due(ready) == 1
        await in_a_while(id)
        assert await send_due(ready) == 0
    assert len(server.mails) == 1


async def test_a_server_that_breaks_off_at_the_farewell_gets_a_mail_once(settings: Settings) -> None:
    async with MailServer(hangs_up_after="QUIT").running() as server:
        id = await mail.queue("ruth@halder.example", "s", "b")
        assert await send_due(to(settings, server)) == 1
        await in_a_while(id)
        await send_due(to(settings, server))
    assert len(server.mails) == 1


async def test_several_hands_send_each_mail_once(settings: Settings) -> None:
    async with MailServer().running() as server:
        for number in range(20):
            await mail.queue("ruth@halder.example", f"Mail {number}", "b")
        await asyncio.gather(*(send_due(to(settings, server)) for _ in range(4)))
    assert sorted(str(read(raw)["subject"]) for raw in server.mails) == sorted(f"Mail {n}" for n in range(20))


async def test_what_a_dead_process_had_claimed_is_sent_by_another_with_the_same_message_id(settings: Settings) -> None:
    async with MailServer().running() as server:
        await mail.queue("ruth@halder.example", "s", "b")
        now = datetime.now(UTC)
        claimed = await mail.due(now)
        assert len(claimed) == 1
        assert await send_due(to(settings, server)) == 0
        assert [letter.id for letter in await mail.due(now + mail.LEASE)] == [claimed[0].id]


async def test_a_mail_of_a_transaction_that_is_undone_is_not_sent(postgres: str) -> None:
    async def undone() -> None:
        async with transaction() as connection:
            await mail.queue("ruth@halder.example", "s", "b", within=connection)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await undone()
    assert await fetchval("select count(*) from mail") == 0
    async with transaction() as connection:
        await mail.queue("ruth@halder.example", "s", "b", within=connection)
    assert await fetchval("select count(*) from mail") == 1


async def test_without_a_server_mails_are_printed_but_no_link_and_no_invitation(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    told = await mail.queue("ruth@halder.example", "Late", "It is late.\nhttps://books.example/a?token=geheim\n", 7)
    invited = await mail.queue("bob@halder.example", "Join", "Come: https://books.example/join/geheim oder geheim")
    await send_due(settings)
    assert "It is late." in caplog.text
    assert "SMTP is not configured" in caplog.text
    assert "geheim" not in caplog.text
    assert "bob@halder.example" not in caplog.text
    for id in (told, invited):
        assert await state_of(id) == ("printed", mail.NOT_CONFIGURED)
    await mail.forget(datetime.now(UTC))
    assert await fetchval("select count(*) from mail where body <> ''") == 0
    await mail.forget(datetime.now(UTC) + timedelta(days=91))
    assert await fetchval("select count(*) from mail") == 0


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("smtp://u:p%40w@mail.example:2587", ("mail.example", 2587, "starttls", "u", "p@w")),
        ("smtp://u:p@mail.example", ("mail.example", 587, "starttls", "u", "p")),
        ("smtps://u:p@mail.example", ("mail.example", 465, "tls", "u", "p")),
        ("smtp://localhost:25", ("localhost", 25, "none", "", "")),
        ("smtp://[::1]", ("::1", 25, "none", "", "")),
        ("smtp://localhost:2525?tls=on", ("localhost", 2525, "starttls", "", "")),
        ("smtp://relay.example?tls=off", ("relay.example", 25, "none", "", "")),
    ],
)
def test_a_mail_server_is_read(tmp_path: Path, url: str, found: tuple[str, int, str, str, str]) -> None:
    settings = Settings.read({"DESKBRIDGE_DATA": str(tmp_path), "SMTP_URL": url, "MAIL_FROM": "a@b.example"})
    smtp = settings.smtp
    assert smtp is not None
    assert (smtp.host, smtp.port, smtp.security, smtp.user, smtp.password) == found
    assert settings.mail_from == "a@b.example"


@pytest.mark.parametrize(
    "url",
    [
        "http://u:geheim@mail.example",
        "smtp://u:geheim@",
        "smtp://u:geheim@mail.example:x",
        "smtp://u:geheim@mail.example:0",
        "smtp://u:ge heim@mail.example",
        "smtp://geheim@mail.example",
        "smtp://u:geheim@mail.example/path",
        "smtp://u:geheim@mail.example?tls=maybe",
        "smtps://u:geheim@mail.example?tls=off",
    ],
)
def test_a_wrong_mail_server_is_named_and_not_quoted(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.read({"DESKBRIDGE_DATA": str(tmp_path), "SMTP_URL": url, "MAIL_FROM": "a@b.example"})
    assert caught.value.problems[0].startswith("SMTP_URL ")
    assert "geheim" not in str(caught.value)


def test_sender_and_contact_are_checked_and_a_server_needs_a_sender(tmp_path: Path) -> None:
    folder = {"DESKBRIDGE_DATA": str(tmp_path)}
    for name, value in [
        ("MAIL_FROM", "books"),
        ("MAIL_FROM", "A <a@b.example> <c@d.example>"),
        ("SUPPORT_CONTACT", "http://help.example"),
        ("SUPPORT_CONTACT", "https://user:pw@help.example"),
        ("SUPPORT_CONTACT", "call us"),
    ]:
        with pytest.raises(SettingsError, match=name):
            Settings.read({**folder, name: value})
    with pytest.raises(SettingsError, match="MAIL_FROM is missing"):
        Settings.read({**folder, "SMTP_URL": "smtp://localhost"})
    for contact in ("help@halder.example", "https://help.example/desk"):
        assert Settings.read({**folder, "SUPPORT_CONTACT": contact}).support_contact == contact


@pytest.mark.parametrize(
    "text", ["a@b", "a b@c.example", "a@.example", "a@b..example", "a@b.example.", "a@b.example\n"]
)
def test_what_is_no_address_is_none(text: str) -> None:
    assert not is_email(text)
    assert is_email("ann.o'neil+books@sub.halder.example")
