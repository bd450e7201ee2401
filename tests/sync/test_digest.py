"""The daily digest by e-mail: at seven of the company's own clock, once, and only when there is something to tell."""

import asyncio
from datetime import UTC, datetime, timedelta

from sync import digest
from sync.store import changes, people
from sync.store.base import execute, fetch, fetchval
from sync.store.digest import findings, switch
from tests.sync.conftest import Product

URL = "https://books.example"
MORNING = datetime(2091, 11, 26, 12, 5, tzinfo=UTC)  # 07:05 in New York; the server's own look is long past it


async def a_company(product: Product, zone: str = "America/New_York") -> int:
    made = await product.add_company()
    await execute("update company set time_zone = $2, digest_day = '2091-11-01' where id = $1", made.company, zone)
    for role in ("owner", "accounting_manager", "member"):
        await people.add_person(name=role, email=f"{role}@halder.example", role=role, password_hash="none")
    return made.company


async def something(company: int) -> None:
    change = await changes.propose(company, "Customer", "create", {"Name": "Delacroix"}, "test")
    await changes.approve(company, [change], "test")
    await execute("update change set state = 'sent' where id = $1", change)
    await execute(
        "update change set state = 'refused', status_code = 3100, status_message = 'In use.' where id = $1", change
    )
    await changes.propose(company, "Customer", "create", {"Name": "Abel"}, "test")


async def mails() -> list[tuple[str, str, str]]:
    return [tuple(row) for row in await fetch("select recipient, subject, body from mail order by id")]


async def test_it_says_what_waits_and_what_failed_with_links_to_owners_and_accounting_managers(
    product: Product,
) -> None:
    company = await a_company(product)
    await something(company)
    assert await digest.look(URL, MORNING) == 1
    found = await mails()
    assert [to for to, _, _ in found] == ["owner@halder.example", "accounting_manager@halder.example"]  # E03
    _, subject, body = found[0]
    assert subject == "Halder: 1 to approve, 1 could not sync"
    assert "1 to QuickBooks" in body
    assert "1: status 3100, " in body
    for path in ("wizard", "unsynced", "settings/alerts"):
        assert f"{URL}/companies/{company}/{path}\n" in body
    failures = await findings(company, datetime.now(UTC))
    assert failures.failed == 1
    assert f"{URL}/reports/sync-log?tab=failed\n" in digest.words("Halder", failures, URL)[1]
    assert "Delacroix" not in body  # no record of the books leaves by mail


async def test_it_comes_once_a_day_however_many_processes_look(product: Product) -> None:
    company = await a_company(product)
    await something(company)
    await asyncio.gather(*(digest.look(URL, MORNING) for _ in range(5)))
    assert len(await mails()) == 2
    assert await digest.look(URL, MORNING + timedelta(hours=1)) == 0
    assert await digest.look(URL, MORNING + timedelta(days=1)) == 1
    assert len(await mails()) == 4


async def test_it_waits_for_seven_of_the_companys_own_clock(product: Product) -> None:
    company = await a_company(product, "America/Los_Angeles")
    await something(company)
    assert await digest.look(URL, MORNING) == 0
    assert await fetchval("select digest_day = '2091-11-01' from company where id = $1", company)
    assert await digest.look(URL, MORNING + timedelta(hours=3)) == 1
    assert len(await mails()) == 2


async def test_who_starts_the_server_in_the_afternoon_is_told_the_next_morning(product: Product) -> None:
    await something(await a_company(product))
    assert await digest.look(URL, MORNING + timedelta(hours=8)) == 0
    assert await digest.look(URL, MORNING + timedelta(days=1)) == 1


async def test_without_anything_to_tell_no_mail_leaves(product: Product) -> None:
    await a_company(product)
    assert await digest.look(URL, MORNING) == 0
    assert await mails() == []


async def test_it_can_be_switched_off_and_goes_to_who_was_entered(product: Product) -> None:
    company = await a_company(product)
    await something(company)
    await switch(company, False, "owner@halder.example", "")
    assert await digest.look(URL, MORNING) == 0
    await switch(company, True, "owner@halder.example", "")
    await execute("update company set alert_to = '[\"desk@halder.example\"]'")
    assert await digest.look(URL, MORNING) == 1
    assert [to for to, _, _ in await mails()] == ["desk@halder.example"]
    assert await fetchval("select count(*) from audit_entry where action = 'alerts.digest_set'") == 2
