"""Set-up links: who makes them, what they open and what not, how they end, and that their token stays secret."""

import json
import re
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from sync.keys import KeyRing
from sync.store import setup
from sync.store.base import execute, fetch, fetchval
from sync.store.companies import names
from tests.serving import SECRET
from tests.web.conftest import Visitor
from tests.web.pages.conftest import Enter
from tests.web.pages.test_live import events, tell
from tests.web.pages.walking import walk

LIST = "/companies/1/setup/links"


async def make_link(
    maker: Visitor, for_whom: str = "Dan Okafor", hours: str = "24", home: str = LIST
) -> tuple[str, str]:
    """Make a link; return its path and its token."""
    page = await maker.submit(home, for_whom=for_whom, hours=hours)
    assert page.status_code == 200, page.text
    found = re.search(r"http://localhost:\d+(/set-up/([\w-]+))", page.text)
    assert found
    return found[1], found[2]


async def came_by(site: str, path: str) -> tuple[Visitor, httpx.Response]:
    dan = Visitor(base_url=site)
    return dan, await dan.get(path)


async def test_a_link_lets_somebody_without_an_account_into_the_set_up_of_that_company(enter: Enter, site: str) -> None:
    alice = await enter("accounting_manager")
    path, token = await make_link(alice)
    dan, arrival = await came_by(site, path)
    assert (arrival.status_code, arrival.headers["location"]) == (303, "/companies/1/setup")
    assert arrival.headers["referrer-policy"] == "no-referrer"
    page = await dan.get("/companies/1/setup")
    assert page.status_code == 200
    assert "Set-up of Halder Natural Stone, Inc." in page.text
    assert "Link for Dan Okafor, by Alice" in page.text
    assert token not in page.text
    assert 'aria-label="Sections"' not in page.text  # no navigation
    assert "All companies" not in page.text
    assert (await dan.get("/companies/1/support")).status_code == 200
    shown = (await alice.get(LIST)).text
    assert "from 127.0.0.1" in shown  # when and from where it was opened
    assert token not in shown  # only once
    await dan.aclose()


async def test_a_link_opens_nothing_else(enter: Enter, site: str) -> None:
    await execute("insert into company (name, region, file_id) values ('Granite Ridge', 'US', '{X}')")
    other = max(each.id for each in await names())
    path, _ = await make_link(await enter("owner"))
    dan, _ = await came_by(site, path)
    for closed in (
        "/companies", "/companies/1", "/companies/1/records/Customer", "/companies/1/syncs", LIST,
        f"/companies/{other}/setup", f"/companies/{other}/setup/live", "/connect/company", "/account/sessions",
    ):  # fmt: skip
        answer = await dan.get(closed)
        assert (answer.status_code, answer.headers.get("location", "")[:8]) == (303, "/sign-in"), closed
    refused = await dan.submit(LIST, for_whom="Another", hours="168")
    assert refused.status_code == 303
    assert await fetchval("select count(*) from setup_link") == 1
    await dan.aclose()


async def test_a_link_tells_nothing_of_other_companies_nor_anybodys_address(enter: Enter, site: str) -> None:
    """Not by the key of another company, a user name that somebody mistyped, a shared computer, a file of another."""
    alice = await enter("accounting_manager")
    keys = KeyRing(SECRET)
    other = await setup.add_company("Granite Ridge", "US", begin=False, keys=keys, actor="test")
    mine = await fetchval("select min(id) from connector where company = 1")
    await execute("update connector set machine = 'SHARED-PC' where id = any($1)", [mine, other.connector])
    await execute(
        "update connector set wrong_keys = 2, wrong_key_at = now(), wrong_key_reason = $2 where id = $1",
        mine,
        f"other:{other.connector}",
    )
    path, _ = await make_link(alice)
    dan, _ = await came_by(site, path)
    await dan.submit("/companies/1/setup/prepare", computer="SHARED-PC")
    await dan.get(f"/companies/1/connectors/{mine}/file")
    assert "Granite Ridge" in (await alice.get("/companies/1/setup/verify")).text
    told = [await told_to(dan)]
    await execute("update company set facts = null, facts_at = null, begun_at = null where id = 1")
    await execute(
        "insert into unknown_caller (user_name, address, tries, first_at, last_at)"
        " values ('c-of-another', '203.0.113.8', 1, now(), now())"
    )
    assert "c-of-another" in (await alice.get("/companies/1/setup/verify")).text
    told.append(await told_to(dan))
    mark = await fetchval("select file_id from company where id = $1", other.company)
    answer = {"file_id": mark, "path": "C:\\x.qbw", "company_name": "X", "machine": "SHARED-PC", "connector": mine}
    await execute(
        "update company set wrong_file_at = now(), wrong_file = $1, wrong_answer = $2 where id = 1",
        json.dumps([{"fact": "file_id", "expected": "{A}", "answered": mark}]),
        json.dumps(answer),
    )
    assert "Granite Ridge" in (await alice.get("/companies/1/setup/verify")).text
    told.append(await told_to(dan))
    told += [(await dan.submit(f"/companies/1/setup/{act}")).text for act in ("adopt", "confirm")]
    for text in told:
        for secret in ("Granite Ridge", "c-of-another", "203.0.113.8", "halder.example"):
            assert secret not in text
    await dan.aclose()


async def told_to(guest: Visitor) -> str:
    """Return all that the pages and the streams of a set-up say."""
    home, found = "/companies/1/setup", ""
    for path in ("", "/prepare", "/region", "/connector", "/verify", "/confirm", "/first-sync"):
        found += (await guest.get(f"{home}{path}")).text
    for path in ("/live", "/live?of=verify", "/connector/live"):
        stream = events(guest, f"{home}{path}")
        found += "".join([(await anext(stream))[1] for _ in range(2)])
        await stream.aclose()
    return found + (await guest.get("/companies/1/support")).text


async def test_with_a_link_nobody_lets_go_of_the_computers(enter: Enter, site: str) -> None:
    path, _ = await make_link(await enter("accounting_manager"))
    dan, _ = await came_by(site, path)
    assert (
        "/detach" not in (await dan.get("/companies/1/setup")).text + (await dan.get("/companies/1/setup/verify")).text
    )
    assert (await dan.get("/companies/1/setup/detach")).headers["location"].startswith("/sign-in")
    assert (await dan.submit("/companies/1/setup/detach")).headers["location"].startswith("/sign-in")
    assert await fetchval("select count(*) from connector where company = 1 and revoked_at is not null") == 0
    await dan.aclose()


async def test_with_a_link_one_does_every_step_in_its_name_but_never_gets_the_licence_key(
    enter: Enter, site: str, tmp_path: Path
) -> None:
    alice = await enter("accounting_manager")
    found = await walk(alice, site, tmp_path)
    path, _ = await make_link(alice, home=f"{found.home}/links")
    dan, _ = await came_by(site, path)
    assert (await dan.submit(f"{found.home}/prepare", computer="SHOP-PC")).status_code == 303
    assert (await dan.submit(f"{found.home}/region", region="US")).status_code == 303
    assert (await dan.get(f"{found.home}/connector")).status_code == 200
    key = await fetchval("select max(id) from connector where company = $1", found.company)
    connector = f"/companies/{found.company}/connectors/{key}"
    assert (await dan.get(f"{connector}/file")).status_code == 200
    for closed in ("key", "rotate", "revoke", "new-pair"):
        refused = await dan.submit(f"{connector}/{closed}")
        assert refused.headers["location"].startswith("/sign-in"), closed
    await found.connector.update()
    assert (await dan.submit(f"{found.home}/confirm")).headers["location"] == f"{found.home}/first-sync"
    assert (await dan.get(f"{found.home}/first-sync")).status_code == 200
    done = await fetch(
        "select distinct action from audit_entry where company = $1 and actor like 'set-up link for Dan Okafor, by %'",
        found.company,
    )
    assert {row["action"] for row in done} == {
        "setup_link.opened", "company.prepared", "company.region", "connector.downloaded", "company.begun",
    }  # fmt: skip
    found.connector.close()
    await dan.aclose()


async def test_a_link_ends_when_it_expires_is_revoked_or_its_maker_may_no_longer_make_one(
    enter: Enter, site: str
) -> None:
    alice = await enter("accounting_manager")
    path, _ = await make_link(alice, hours="1")
    assert await fetchval("select expires_at - created_at from setup_link") < timedelta(hours=1, minutes=1)
    dan, _ = await came_by(site, path)
    for ended, mended in (
        ("update setup_link set expires_at = now()", "update setup_link set expires_at = now() + interval '1 hour'"),
        ("update users set role = 'member' where name = 'Alice'",
         "update users set role = 'accounting_manager' where name = 'Alice'"),
        ("update users set disabled_at = now() where name = 'Alice'", "update users set disabled_at = null"),
        ("update company set removed_at = now()", "update company set removed_at = null"),
    ):  # fmt: skip
        assert (await dan.get("/companies/1/setup")).status_code == 200
        await execute(ended)
        assert (await dan.get("/companies/1/setup")).status_code in (303, 404), ended
        over = await dan.get(path)
        assert over.status_code == 404
        assert "This link is over" in over.text
        await execute(mended)
    id = await fetchval("select id from setup_link")
    assert "End this link" in (await alice.get(LIST)).text
    assert (await alice.submit(f"{LIST}/{id}/revoke")).status_code == 303
    assert (await dan.get("/companies/1/setup")).status_code == 303
    assert "No link works now." in (await alice.get(LIST)).text
    assert (await alice.submit(f"{LIST}/{id}/revoke")).status_code == 404
    await dan.aclose()


async def test_the_stream_of_a_guest_follows_the_set_up_and_ends_with_the_link(enter: Enter, site: str) -> None:
    path, _ = await make_link(await enter("accounting_manager"))
    dan, _ = await came_by(site, path)
    stream = events(dan, "/companies/1/setup/live")
    first = dict([await anext(stream) for _ in range(2)])
    assert "First sync" in first["tasks"]
    assert "six steps" in first["head"]
    await execute("update setup_link set revoked_at = now()")
    await tell("company:1")
    assert [event async for event in stream] == []
    await dan.aclose()


async def test_the_token_is_kept_as_a_hash_and_comes_into_no_log(
    enter: Enter, site: str, caplog: pytest.LogCaptureFixture
) -> None:
    path, token = await make_link(await enter("owner"))
    dan, _ = await came_by(site, path)
    assert token not in str([dict(row) for row in await fetch("select * from setup_link")])
    log = [dict(row) for row in await fetch("select action, actor, subject, detail::text from audit_entry order by id")]
    assert token not in str(log)
    assert [entry["action"] for entry in log][-2:] == ["setup_link.added", "setup_link.opened"]
    assert log[-1]["actor"] == "set-up link for Dan Okafor, by ruth@halder.example"
    await execute("alter table setup_link rename to gone")
    assert (await dan.get(path)).status_code == 500
    assert "/set-up/…" in caplog.text
    assert token not in caplog.text
    await dan.aclose()


async def test_a_link_needs_a_name_and_one_of_the_three_times(enter: Enter) -> None:
    alice = await enter("accounting_manager")
    answer = await alice.submit(LIST, for_whom=" ", hours="9999")
    assert answer.status_code == 422
    assert "<title>Error: Set-up links" in answer.text
    assert "Two things to correct" in answer.text
    assert await fetchval("select count(*) from setup_link") == 0
