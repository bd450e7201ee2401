"""A forgotten password: a link from an owner, by mail or from the command line, which works once."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from sync.settings import Settings
from sync.smtp import a_mail_server
from sync.store.base import execute, fetch, fetchrow, fetchval
from tests.serving import SECRET, free_socket, served, settings_for
from tests.web.conftest import PASSWORD, Visitor
from tests.web.pages.conftest import Enter, enter_as
from web.auth import hash_of
from web.pages.reset import ASKED, LINKS
from web.passwords import Passwords

LINK = re.compile(r"http://localhost:8080(/reset/[\w-]{43})")
NEW = "a taller ladder in the barn"
HERE = {"BOB": "bob@halder.example", "VERA": "vera@halder.example"}


@pytest.fixture
async def bob(site: str) -> str:
    """Bob's page of the team; he has a password."""
    id = await fetchval("select id from users where email = $1", HERE["BOB"])
    await execute("update users set password_hash = $2 where id = $1", id, await Passwords().hash(PASSWORD))
    return f"/team/{id}"


async def link_by(owner: Visitor, page: str) -> str:
    """Make a link as an owner does; return its path."""
    made = await owner.submit(f"{page}/password")
    assert made.status_code == 200, made.text
    found = LINK.search(made.text)
    assert found, made.text
    return found[1]


async def test_a_link_is_used_once_ends_every_session_and_only_its_hash_is_kept(
    enter: Enter, visitor: Visitor, bob: str
) -> None:
    ruth, at_work = await enter("owner"), await enter("member")
    first, link = await link_by(ruth, bob), await link_by(ruth, bob)
    assert link.removeprefix("/reset/") not in (await ruth.get(bob)).text  # shown once
    assert (await visitor.get(first)).status_code == 404  # a newer one was made
    form = await visitor.get(link)
    assert HERE["BOB"] in form.text
    assert form.headers["referrer-policy"] == "no-referrer"
    assert (await visitor.submit(link, password="short")).status_code == 422  # which uses nothing up
    assert (await at_work.get("/companies")).status_code == 200
    assert (await visitor.submit(link, password=NEW)).status_code == 303
    assert "Bob" in (await visitor.get("/companies")).text
    assert (await at_work.get("/companies")).status_code == 303  # every session ended
    for answer in (await visitor.get(link), await visitor.submit(link, password=NEW)):
        assert answer.status_code == 404
        assert "This link opens nothing" in answer.text
        assert "bob" not in answer.text
    async with Visitor(base_url=visitor.base_url) as other:
        assert (await other.sign_in(HERE["BOB"])).status_code == 422
        assert (await other.sign_in(HERE["BOB"], NEW)).status_code == 303
    kept = str(await fetch("select r::text from password_reset r union all select a::text from audit_entry a"))
    assert link.removeprefix("/reset/") not in kept
    assert hash_of(link.removeprefix("/reset/")).hex() in kept
    log = (await ruth.get("/audit-log")).text
    assert "made a link for Bob to choose a new password" in log
    assert "chose a new password, and was signed out everywhere else" in log


async def test_a_link_opens_nothing_when_it_is_over_or_its_person_shut_out_and_two_at_once_set_one_password(
    enter: Enter, site: str, bob: str
) -> None:
    ruth = await enter("owner")
    link = await link_by(ruth, bob)
    async with Visitor(base_url=site) as one, Visitor(base_url=site) as two:
        for change, back in (
            ("password_reset set expires_at = now()", "password_reset set expires_at = now() + interval '1 hour'"),
            ("users set disabled_at = now()", "users set disabled_at = null"),
        ):
            await execute(f"update {change} where true")
            assert (await one.get(link)).status_code == 404
            assert (await one.submit(link, password=NEW)).status_code == 404
            await execute(f"update {back} where true")
        await two.get(link)
        answers = await asyncio.gather(one.submit(link, password=NEW), two.submit(link, password=f"{NEW} again"))
    assert sorted(answer.status_code for answer in answers) == [303, 404]
    assert await fetchval("select count(*) from audit_entry where action = 'password.chosen'") == 1


async def test_only_owners_make_links_and_none_for_who_has_no_password_here(enter: Enter, bob: str) -> None:
    for role in ("accounting_manager", "member", "viewer"):
        assert (await (await enter(role)).submit(f"{bob}/password")).status_code == 403
    ruth = await enter("owner")
    await execute("update users set password_hash = '', subject = 'x' where email = $1", HERE["BOB"])
    assert "has no password here" in (await ruth.get(bob)).text
    assert (await ruth.submit(f"{bob}/password")).headers["location"] == "/team?told=gone"
    assert (await ruth.submit("/team/999999/password")).headers["location"] == "/team?told=gone"
    assert await fetchval("select count(*) from password_reset") == 0


async def test_without_a_mail_server_the_page_says_whom_to_ask(visitor: Visitor, bob: str) -> None:
    assert 'href="/forgotten-password"' in (await visitor.get("/sign-in")).text
    for answer in (
        await visitor.get("/forgotten-password"),
        await visitor.submit("/forgotten-password", email=HERE["BOB"]),
    ):
        assert "This server sends no mail" in answer.text
        assert "deskbridge reset-password" in answer.text
        assert "Ruth" not in answer.text
    assert await fetchval("select count(*) from password_reset") == 0


@pytest.fixture
async def mailing(database_url: str, tmp_path: Path) -> AsyncIterator[str]:
    """The application where mail goes out, to a server that does not answer."""
    smtp = a_mail_server("smtp://localhost:9")
    settings: Settings = replace(settings_for(database_url, tmp_path), smtp=smtp, mail_from="team@halder.example")
    with free_socket() as (listening, port):
        async with served(settings, listening):
            yield f"http://127.0.0.1:{port}"


async def mails(number: int) -> list[str]:
    """Wait until so many mails are in the outbox; return their recipients and words."""
    while len(rows := await fetch("select recipient, body from mail order by id")) < number:
        await asyncio.sleep(0.01)
    return [f"{row['recipient']}: {row['body']}" for row in rows]


def shown(answer: httpx.Response, email: str) -> tuple[int, str]:
    """An answer without what differs between any two of them."""
    return answer.status_code, re.sub(r'name="_csrf_token" value="[^"]+"', "", answer.text.replace(email, "…"))


async def test_a_link_by_mail_is_answered_alike_whoever_has_the_address(mailing: str) -> None:
    hashed = await Passwords().hash(PASSWORD)
    await execute("update users set password_hash = $1 where email = $2", hashed, HERE["BOB"])
    await execute("update users set password_hash = '', subject = 'x' where email = $1", HERE["VERA"])
    async with Visitor(base_url=mailing) as visitor:
        assert (await visitor.submit("/forgotten-password", email="no address")).status_code == 422
        known = await visitor.submit("/forgotten-password", email="Bob@halder.example")
        unknown = await visitor.submit("/forgotten-password", email="nobody@halder.example")
        by_provider = await visitor.submit("/forgotten-password", email=HERE["VERA"])
        assert shown(known, HERE["BOB"]) == shown(unknown, "nobody@halder.example")
        assert shown(known, HERE["BOB"]) == shown(by_provider, HERE["VERA"])
        (letter,) = await mails(1)
        assert letter.startswith(f"{HERE['BOB']}: Choose a new password for")
        link = LINK.search(letter)
        assert link
        for _ in range(LINKS):  # the last of them sends nothing
            assert (await visitor.submit("/forgotten-password", email=HERE["BOB"])).status_code == 200
        for _ in range(ASKED):
            last = await visitor.submit("/forgotten-password", email="nobody@halder.example")
        assert last.status_code == 429
        letters = await mails(LINKS)
        assert len(letters) == LINKS
        assert (await visitor.get(link[1])).status_code == 404  # it was asked for again
        latest = LINK.search(letters[-1])
        assert latest
        assert (await visitor.submit(latest[1], password=NEW)).status_code == 303
    log = await fetch("select actor from audit_entry where action = 'password.link_asked'")
    assert [row["actor"] for row in log] == [HERE["BOB"]] * LINKS


async def test_an_owners_link_goes_by_mail_too(mailing: str) -> None:
    await execute("update users set password_hash = 'x' where email = $1", HERE["BOB"])
    id = await fetchval("select id from users where email = $1", HERE["BOB"])
    async with Visitor(base_url=mailing) as ruth:
        await enter_as(ruth, "owner")
        link = await link_by(ruth, f"/team/{id}")
        (letter,) = await mails(1)
        assert f"http://localhost:8080{link}" in letter


async def test_the_command_line_prints_a_link_for_an_owner_who_is_locked_out(
    visitor: Visitor, database_url: str, bob: str
) -> None:
    env = {"DATABASE_URL": database_url, "SECRET_KEY": SECRET, "DESKBRIDGE_URL": "http://localhost:8080"}
    command = [sys.executable, "-m", "web", "reset-password"]

    async def ran(email: str) -> str:
        done = await asyncio.to_thread(
            subprocess.run, [*command, email], env={**os.environ, **env}, capture_output=True, check=False
        )
        return (done.stdout + done.stderr).decode().strip()

    link = LINK.fullmatch(await ran(" BOB@halder.example "))
    assert link
    assert (await visitor.submit(link[1], password=NEW)).status_code == 303
    row = await fetchrow("select actor, subject from audit_entry where action = 'password.link_made'")
    assert row is not None
    assert (row["actor"], row["subject"]) == ("command line", "Bob")
    assert "Nobody who may sign in with a password" in await ran("nobody@halder.example")
