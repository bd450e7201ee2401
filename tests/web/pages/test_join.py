"""An invitation: a link that lets one person in, once, as what an owner chose."""

import asyncio
import logging
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sync.settings import Settings
from sync.smtp import a_mail_server
from sync.store import accounts, people
from sync.store.accounts import NewAccount
from sync.store.base import execute, fetch, fetchrow, fetchval
from tests.serving import free_socket, served, settings_for
from tests.web.conftest import PASSWORD, Visitor
from tests.web.pages.conftest import Enter, enter_as
from web.auth import hash_of
from web.passwords import Passwords

LINK = re.compile(r"http://localhost:8080(/join/[\w-]{43})<")
GRACE = {"name": "Grace Hall", "password": PASSWORD}


async def invite(owner: Visitor, role: str = "accounting_manager", email: str = "Grace@halder.example") -> str:
    """Invite somebody; return the path of the link."""
    made = await owner.submit("/team/invitations", email=email, role=role)
    assert made.status_code == 200, made.text
    found = LINK.search(made.text)
    assert found, made.text
    return found[1]


async def test_a_link_lets_in_once_with_the_e_mail_and_the_role_that_the_owner_chose(
    enter: Enter, visitor: Visitor
) -> None:
    link = await invite(await enter("owner"), "member")
    form = await visitor.get(link)
    assert "<b>member</b>" in form.text
    assert "grace@halder.example" in form.text
    joined = await visitor.submit(link, **GRACE, role="owner", email="boss@halder.example")
    assert joined.status_code == 303
    row = await fetchrow("select name, email, role from users order by id desc limit 1")
    assert tuple(row) == ("Grace Hall", "grace@halder.example", "member")
    assert (await visitor.get("/companies")).status_code == 200
    assert (await visitor.get(link)).status_code == 404
    assert (await visitor.submit(link, **GRACE)).status_code == 404


async def test_a04_an_invited_person_whose_role_allows_it_connects_from_inside(enter: Enter, visitor: Visitor) -> None:
    ruth = await enter("owner")
    link = await invite(ruth)
    await execute("update company set removed_at = now()")
    joined = await visitor.submit(link, **GRACE)
    assert joined.headers["location"] == "/connect"  # A04, A09: straight on to connecting data
    page = await visitor.get("/settings/integrations/quickbooks-desktop")
    assert "/connect" in page.text  # A04: from inside the product, at any later time


async def test_a03_whoever_has_an_account_finds_the_way_to_connect_on_every_page(enter: Enter) -> None:
    for role in ("owner", "accounting_manager"):
        page = await (await enter(role)).get("/companies")
        assert 'href="/connect"' in page.text  # A03
    assert 'href="/connect"' not in (await (await enter("viewer")).get("/companies")).text


async def test_a09_where_a_company_is_connected_who_joins_sees_the_companies(enter: Enter, visitor: Visitor) -> None:
    link = await invite(await enter("owner"))
    assert (await visitor.submit(link, **GRACE)).headers["location"] == "/"  # A09


async def test_the_link_is_shown_once_and_kept_as_a_hash_alone(enter: Enter, visitor: Visitor) -> None:
    ruth = await enter("owner")
    link = await invite(ruth)
    token = link.removeprefix("/join/")
    assert token not in (await ruth.get("/team")).text
    stored = str(await fetch("select i::text from invitation i union all select a::text from audit_entry a"))
    assert token not in stored
    assert bytes(await fetchval("select token_hash from invitation")) == hash_of(token)
    assert (await visitor.get(link)).headers["referrer-policy"] == "no-referrer"


async def test_a_token_is_in_no_line_of_the_log_even_when_something_breaks(
    enter: Enter, visitor: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    link = await invite(await enter("owner"))
    await execute("alter table invitation rename to elsewhere")
    with caplog.at_level(logging.INFO):
        assert (await visitor.get(link)).status_code == 500
    ours = [line for line in caplog.messages if "reference" in line]
    assert ours
    assert link.removeprefix("/join/") not in "".join(ours)


@pytest.mark.parametrize("how", ["over", "revoked", "replaced", "unknown"])
async def test_a_link_that_opens_nothing_says_so_and_no_more(enter: Enter, visitor: Visitor, how: str) -> None:
    ruth = await enter("owner")
    link = await invite(ruth)
    if how == "over":
        await execute("update invitation set expires_at = now() - interval '1 second'")
    elif how == "revoked":
        id = await fetchval("select id from invitation")
        assert (await ruth.submit(f"/team/invitations/{id}/revoke")).headers["location"] == "/team?told=revoked"
        assert (await ruth.submit(f"/team/invitations/{id}/revoke")).headers["location"] == "/team?told=gone"
    elif how == "replaced":
        await invite(ruth)
    else:
        link = "/join/unknown"
    for answer in (await visitor.get(link), await visitor.submit(link, **GRACE)):
        assert answer.status_code == 404
        assert "opens nothing" in answer.text
        assert "grace@" not in answer.text
        assert "Halder" not in answer.text
    assert await people.by_email("grace@halder.example") is None


async def test_open_invitations_are_listed_with_their_end_for_owners_only(enter: Enter) -> None:
    ruth = await enter("owner")
    await invite(ruth)
    listed = (await ruth.get("/team")).text
    assert "grace@halder.example" in listed
    assert "Works until" in listed
    assert "grace@halder.example" not in (await (await enter("accounting_manager")).get("/team")).text


async def test_only_owners_invite_and_nobody_of_the_team_is_invited_again(enter: Enter) -> None:
    for role in ("accounting_manager", "member", "viewer"):
        refused = await (await enter(role)).submit("/team/invitations", email="a@halder.example", role="owner")
        assert refused.status_code == 403
    ruth = await enter("owner")
    for email, role, words in (
        ("alice@halder.example", "owner", "There is an account with this e-mail"),
        ("not an address", "viewer", "Give the e-mail address"),
        ("a,eve@halder.example", "viewer", "Give the e-mail address"),  # of which no mail could be addressed
        ("grace@halder.example", "superuser", "Choose a role"),
    ):
        refused = await ruth.submit("/team/invitations", email=email, role=role)
        assert refused.status_code == 422
        assert words in refused.text
    assert await fetchval("select count(*) from invitation") == 0


async def test_a_link_takes_over_the_account_that_somebody_else_made_with_this_e_mail(
    enter: Enter, visitor: Visitor, site: str
) -> None:
    hashed = await Passwords().hash("the password of another")
    new = NewAccount(email="grace@halder.example", name="Not Grace", password_hash=hashed)
    await accounts.create(new, datetime.now(UTC))
    link = await invite(await enter("owner"))
    async with Visitor(base_url=site) as squatter:
        await squatter.sign_in("grace@halder.example", "the password of another")
        await visitor.submit(link, **GRACE)
        assert (await squatter.get("/companies")).status_code == 303
        assert (await squatter.sign_in("grace@halder.example", "the password of another")).status_code == 422
    assert (await visitor.get("/companies")).status_code == 200


async def test_who_is_signed_in_in_the_same_browser_no_longer_is(enter: Enter) -> None:
    ruth, vera = await enter("owner"), await enter("viewer")
    link = await invite(ruth)
    assert "signed in as Vera" in (await vera.get(link)).text
    before = vera.cookies["deskbridge-session"]
    await vera.submit(link, **GRACE)
    assert "Grace Hall" in (await vera.get("/companies")).text
    vera.cookies.clear()
    vera.cookies.set("deskbridge-session", before, domain="127.0.0.1")
    assert (await vera.get("/companies")).status_code == 303


async def test_a_weak_password_uses_nothing_up(enter: Enter, visitor: Visitor) -> None:
    link = await invite(await enter("owner"))
    assert (await visitor.submit(link, name="", password="short")).status_code == 422
    assert (await visitor.submit(link, **GRACE)).status_code == 303


async def test_without_a_mail_server_the_link_is_in_no_mail(enter: Enter) -> None:
    await invite(await enter("owner"))
    assert await fetchval("select count(*) from mail") == 0  # it would be printed to the log


async def test_with_a_mail_server_the_invited_person_gets_the_link(database_url: str, tmp_path: Path) -> None:
    smtp = a_mail_server("smtp://localhost:9")
    settings: Settings = replace(settings_for(database_url, tmp_path), smtp=smtp, mail_from="team@halder.example")
    with free_socket() as (listening, port):
        async with served(settings, listening), Visitor(base_url=f"http://127.0.0.1:{port}") as ruth:
            await enter_as(ruth, "owner")
            link = await invite(ruth, "viewer")
            mail = await fetchrow("select recipient, subject, body from mail")
            assert mail["recipient"] == "grace@halder.example"
            assert "Ruth invites you" in mail["subject"]
            assert link in mail["body"]


async def test_the_same_link_used_twice_at_once_lets_in_one(enter: Enter, site: str) -> None:
    link = await invite(await enter("owner"))
    async with Visitor(base_url=site) as one, Visitor(base_url=site) as two:
        await asyncio.gather(one.get(link), two.get(link))
        answers = await asyncio.gather(one.submit(link, **GRACE), two.submit(link, **GRACE))
    assert sorted(answer.status_code for answer in answers) == [303, 404]
    assert await fetchval("select count(*) from users where email = 'grace@halder.example'") == 1
