"""The people of the team: what each may do, who changes it, and who never can."""

import asyncio
from datetime import UTC, datetime

import pytest

from sync.settings import Settings
from sync.store import accounts, team
from sync.store.accounts import NewAccount
from sync.store.base import execute, fetch, fetchval
from sync.store.people import ROLES
from sync.store.team import By
from tests.web.conftest import PASSWORD, Visitor
from tests.web.pages.conftest import Enter
from tests.web.pages.test_roles import ask, is_refused, routes
from web.pages.team import ROLE_SENTENCES
from web.passwords import Passwords

OWN = ("/waiting", "/waiting/sign-out")


async def id_of(name: str) -> int:
    found: int = await fetchval("select id from users where email = $1", f"{name}@halder.example")
    return found


async def test_everybody_sees_the_people_with_their_roles_in_sentences_and_when_they_were_last_seen(
    enter: Enter,
) -> None:
    vera = await enter("viewer")
    page = (await vera.get("/team")).text
    for name in ("Ruth", "Alice", "Bob", "Vera"):
        assert name in page
    for sentence in ROLE_SENTENCES.values():
        assert sentence.replace("'", "&#39;") in page
    assert "Last seen" in page
    assert "Today, " in page
    assert "Invite somebody" not in page


async def test_a_changed_role_holds_from_the_next_click_and_ends_no_session(enter: Enter) -> None:
    ruth, bob = await enter("owner"), await enter("member")
    assert (await bob.get("/audit-log")).status_code == 403
    changed = await ruth.submit(f"/team/{await id_of('bob')}/role", role="accounting_manager")
    assert changed.headers["location"] == "/team?told=role"
    assert (await bob.get("/audit-log")).status_code == 200
    await ruth.submit(f"/team/{await id_of('bob')}/role", role="viewer")
    assert (await bob.get("/audit-log")).status_code == 403
    assert (await bob.get("/companies")).status_code == 200


async def test_a_page_that_follows_by_itself_stops_when_the_role_no_longer_allows_it(enter: Enter) -> None:
    alice = await enter("accounting_manager")
    async with alice.stream("GET", "/audit-log/live", timeout=10) as stream:
        lines = stream.aiter_lines()
        await anext(lines)
        await team.change_role(await id_of("alice"), "viewer", By("ruth@halder.example", ""))
        assert [line async for line in lines if line.startswith("event: never")] == []  # it ends


@pytest.mark.parametrize("action", ["disable", "role"])
async def test_the_last_owner_can_be_neither_disabled_nor_demoted(enter: Enter, action: str) -> None:
    ruth = await enter("owner")
    answer = await ruth.submit(f"/team/{await id_of('ruth')}/{action}", role="member")
    assert answer.headers["location"] == "/team?told=last_owner"
    assert "needs one owner" in (await ruth.get(answer.headers["location"])).text
    assert (await ruth.get("/team")).status_code == 200
    assert await fetchval("select role from users where email = 'ruth@halder.example' and disabled_at is null") == (
        "owner"
    )


async def test_a_disabled_owner_is_no_owner_to_count_on(enter: Enter) -> None:
    ruth = await enter("owner")
    await ruth.submit(f"/team/{await id_of('alice')}/role", role="owner")
    await ruth.submit(f"/team/{await id_of('alice')}/disable")
    answer = await ruth.submit(f"/team/{await id_of('ruth')}/role", role="viewer")
    assert answer.headers["location"] == "/team?told=last_owner"


async def test_two_owners_who_demote_each_other_at_once_leave_one(site: str) -> None:
    await execute("update users set role = 'owner' where email = 'alice@halder.example'")
    ruth, alice = await id_of("ruth"), await id_of("alice")
    results = await asyncio.gather(
        team.change_role(ruth, "viewer", By("alice@halder.example", "")),
        team.disable(alice, By("ruth@halder.example", "")),
    )
    assert sorted(results) == ["done", "last_owner"]


async def test_a_disabled_person_is_signed_out_everywhere_and_stays_out_until_enabled(
    enter: Enter, visitor: Visitor
) -> None:
    ruth, bob = await enter("owner"), await enter("member")
    hashed = await Passwords().hash(PASSWORD)
    await execute("update users set password_hash = $1 where email = 'bob@halder.example'", hashed)
    await ruth.submit(f"/team/{await id_of('bob')}/disable")
    assert (await bob.get("/companies")).status_code == 303
    assert (await visitor.sign_in("bob@halder.example")).status_code == 422
    assert "Disabled" in (await ruth.get("/team")).text
    await ruth.submit(f"/team/{await id_of('bob')}/enable")
    assert (await bob.get("/companies")).status_code == 303  # the old session does not come back
    assert (await visitor.sign_in("bob@halder.example")).status_code == 303


async def test_nobody_disables_themselves(enter: Enter) -> None:
    ruth = await enter("owner")
    await ruth.submit(f"/team/{await id_of('alice')}/role", role="owner")
    answer = await ruth.submit(f"/team/{await id_of('ruth')}/disable")
    assert answer.headers["location"] == "/team?told=oneself"
    assert (await ruth.get("/team")).status_code == 200


@pytest.mark.parametrize("role", ["accounting_manager", "member", "viewer"])
async def test_nobody_but_an_owner_changes_a_role_also_not_their_own(enter: Enter, role: str) -> None:
    names = {"accounting_manager": "alice", "member": "bob", "viewer": "vera"}
    visitor, own = await enter(role), await id_of(names[role])
    for path in (f"/team/{own}/role", f"/team/{await id_of('ruth')}/disable", f"/team/{own}/approve"):
        assert (await visitor.submit(path, role="owner")).status_code == 403
    assert (await visitor.get(f"/team/{own}")).status_code == 403
    assert await fetchval("select count(*) from users where role = 'owner' and disabled_at is null") == 1


async def test_there_is_no_person_to_change_where_there_is_none(enter: Enter) -> None:
    ruth = await enter("owner")
    assert (await ruth.get("/team/999999")).status_code == 404
    assert (await ruth.submit("/team/999999/role", role="owner")).headers["location"] == "/team?told=gone"
    assert (await ruth.submit(f"/team/{1 << 70}/disable")).status_code == 404


async def test_an_unknown_word_in_the_address_is_not_shown(enter: Enter) -> None:
    page = await (await enter("owner")).get("/team?told=<b>pay+here</b>")
    assert "pay here" not in page.text


async def test_every_change_is_in_the_log_with_who_and_from_where(enter: Enter) -> None:
    ruth, bob = await enter("owner"), await id_of("bob")
    await ruth.submit(f"/team/{bob}/role", role="viewer")
    await ruth.submit(f"/team/{bob}/disable")
    await ruth.submit(f"/team/{bob}/enable")
    rows = await fetch("select actor, action, subject, address from audit_entry order by id desc limit 3")
    assert [row["action"] for row in rows] == ["person.enabled", "person.disabled", "role.changed"]
    assert {(row["actor"], row["subject"], row["address"]) for row in rows} == {
        ("ruth@halder.example", "Bob", "127.0.0.1")
    }
    page = (await ruth.get("/audit-log")).text
    assert "made Bob a viewer (before: member)" in page


async def test_who_waits_for_a_role_opens_no_page_of_the_team_or_of_a_company(site: str, settings: Settings) -> None:
    hashed = await Passwords().hash(PASSWORD)
    await accounts.create(
        NewAccount(email="anna@elsewhere.example", name="Anna", password_hash=hashed), datetime.now(UTC)
    )
    wrong = []
    async with Visitor(base_url=site) as anna:
        await anna.sign_in("anna@elsewhere.example")
        for method, path, role in routes(settings):
            if path in OWN or role == "public":
                continue
            status, location = await ask(anna, method, path)
            if not is_refused(status, location):
                wrong.append(f"{method} {path} answered {status} {location}")
        assert "Your account is there" in (await anna.get("/waiting")).text
    assert wrong == []


async def test_the_navigation_has_what_the_role_may_open(enter: Enter) -> None:
    for role in ROLES:
        page = (await (await enter(role)).get("/companies")).text
        shown = [path for path in ("/team", "/audit-log", "/settings") if f'class="nav__link" href="{path}"' in page]
        allowed = ["/team", "/audit-log", "/settings"]
        if ROLES.index(role) < ROLES.index("accounting_manager"):
            allowed.remove("/audit-log")
        assert shown == allowed
