"""The page where a company's alerts are set: who is told, by which rules, and what became of the mails."""

import asyncio
import dataclasses
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from sync import alerting
from sync.settings import Settings
from sync.smtp import Smtp
from sync.store import mail
from sync.store.base import execute, fetchval
from tests.smtp import MailServer
from tests.web.pages.conftest import Enter
from web.pages.alert_settings import addresses

URL = "/companies/1/settings/alerts"
PASSWORD = "correct horse+battery"


async def test_without_a_choice_owners_and_accounting_managers_are_told_and_the_page_says_so(enter: Enter) -> None:
    text = (await (await enter("accounting_manager")).get(URL)).text
    assert "owners and accounting managers are told: ruth@halder.example, alice@halder.example" in text
    assert "No call for" in text  # the rules, with this company's own figures
    assert "No e-mail leaves this server." in text
    assert "No e-mail yet." in text


async def test_addresses_are_kept_one_a_line_and_logged(enter: Enter) -> None:
    alice = await enter("accounting_manager")
    saved = await alice.submit(URL, to="Desk@Halder.example\r\n\r\n bob@halder.example, desk@halder.example")
    assert (saved.status_code, saved.headers["location"]) == (303, f"{URL}?saved=yes")
    text = (await alice.get(f"{URL}?saved=yes")).text
    assert "desk@halder.example\nbob@halder.example</textarea>" in text
    assert "Saved." in text
    assert await fetchval("select count(*) from audit_entry where action = 'alerts.recipients_set'") == 1
    await alice.submit(URL, to="")
    assert await fetchval("select alert_to is null from company")


@pytest.mark.parametrize("to", ["desk", "desk@halder.example\nBcc: eve", "a@b", "<a@b.example>"])
def test_what_is_no_address_is_named(to: str) -> None:
    assert "is no e-mail address" in addresses(to)[1]


async def test_a_wrong_address_is_said_and_what_was_typed_stays(enter: Enter) -> None:
    alice = await enter("accounting_manager")
    answer = await alice.submit(URL, to="desk@halder.example\nnonsense")
    assert answer.status_code == 422
    assert "nonsense is no e-mail address." in answer.text
    assert "desk@halder.example\nnonsense</textarea>" in answer.text
    assert await fetchval("select alert_to is null from company")


async def test_a_member_reads_it_and_changes_nothing(enter: Enter) -> None:
    bob = await enter("member")
    text = (await bob.get(URL)).text
    assert "Owners and accounting managers can change it." in text
    assert "Send a test message" not in text
    assert (await bob.submit(f"{URL}/test")).status_code == 403
    assert (await bob.submit(URL, to="bob@halder.example")).status_code == 403


class TestWithServer:
    """With a mail server on loopback."""

    @pytest.fixture
    async def server(self) -> AsyncIterator[MailServer]:
        async with MailServer(user="books").running() as server:
            yield server

    @pytest.fixture
    def settings(self, settings: Settings, server: MailServer) -> Settings:
        smtp = Smtp(host="127.0.0.1", port=server.port, security="none", user="books", password=PASSWORD)
        return dataclasses.replace(settings, smtp=smtp, mail_from="books@halder.example")

    async def test_a_test_message_reaches_whoever_asked_and_the_page_tells_live(
        self, enter: Enter, server: MailServer
    ) -> None:
        alice = await enter("accounting_manager")
        text = (await alice.get(URL)).text
        assert f"127.0.0.1:{server.port}, not encrypted" in text
        assert PASSWORD not in text
        sent = await alice.submit(f"{URL}/test")
        page = (await alice.get(sent.headers["location"])).text
        stream = re.search(rf'sse-connect="({re.escape(URL)}/live\?test=\d+)"', page)
        assert stream is not None
        async with alice.stream("GET", stream[1], headers={"accept": "text/event-stream"}, timeout=60) as events:
            async for line in events.aiter_lines():
                if "alice@halder.example: <b>Sent</b>" in line:
                    break
        assert server.recipients == ["alice@halder.example"]
        assert await fetchval("select count(*) from audit_entry where action = 'alerts.test_sent'") == 1

    async def test_a_test_that_fails_says_why_and_not_the_password(self, enter: Enter, server: MailServer) -> None:
        server.answers["AUTH"] = f"535 not {PASSWORD}"
        alice = await enter("accounting_manager")
        sent = await alice.submit(f"{URL}/test")
        while not await fetchval("select error from mail"):
            await asyncio.sleep(0.1)
        text = (await alice.get(sent.headers["location"])).text
        assert "Tried again" in text
        assert "refuses user name or password of SMTP_URL (535)" in text
        assert PASSWORD not in text

    async def test_tests_are_few(self, enter: Enter) -> None:
        alice = await enter("accounting_manager")
        answers = [(await alice.submit(f"{URL}/test")).status_code for _ in range(6)]
        assert answers == [303] * 5 + [429]

    async def test_the_status_page_says_who_was_told(self, enter: Enter, server: MailServer) -> None:
        silent = datetime.now(UTC) - timedelta(hours=3)
        await execute("update company set last_call_at = $1, last_sync_at = $1, begun_at = $1", silent)
        await execute("update session set called_at = $1", silent)
        await alerting.look("https://books.example", datetime.now(UTC))
        while await fetchval("select count(*) from mail where sent_at is null"):
            await asyncio.sleep(0.1)
        text = (await (await enter("accounting_manager")).get("/companies/1")).text
        assert re.search(r"Told ruth@halder\.example and alice@halder\.example at \d\d:\d\d\.", text)
        assert f'href="{URL}"' in text
        assert len(server.mails) == 2


async def test_without_smtp_the_status_page_says_that_nobody_was_told(enter: Enter) -> None:
    silent = datetime.now(UTC) - timedelta(hours=3)
    await execute("update company set last_call_at = $1, last_sync_at = $1, begun_at = $1", silent)
    await execute("update session set called_at = $1", silent)
    await alerting.look("https://books.example", datetime.now(UTC))
    await execute("update mail set given_up_at = now(), error = $1", mail.NOT_CONFIGURED)
    text = (await (await enter("viewer")).get("/companies/1")).text
    assert "Nobody was told by e-mail: the server has no SMTP settings." in text


async def test_the_daily_digest_is_switched_here_by_an_accounting_manager(enter: Enter) -> None:
    alice, bob = await enter("accounting_manager"), await enter("member")
    assert 'name="digest" value="on" checked' in (await alice.get(URL)).text  # E03: mailed daily
    await alice.submit(f"{URL}/digest")
    assert not await fetchval("select digest from company")
    assert "It is switched off." in (await bob.get(URL)).text
    assert (await bob.submit(f"{URL}/digest", digest="on")).status_code == 403
    await alice.submit(f"{URL}/digest", digest="on")
    assert await fetchval("select digest from company")
