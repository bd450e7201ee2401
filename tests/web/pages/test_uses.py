"""Where a record is used: figures by kind, page by page, over an index; and what a deletion says of it."""

import json
import re
from collections import Counter
from typing import Any

from sync.store import changes, uses
from sync.store.base import connection, execute, fetch, fetchrow, fetchval
from tests.web.pages.conftest import Enter
from tests.web.pages.proposing import Record, insert, record_of
from web.pages.record_uses import counted

HOME = "/companies/1/records"


async def referring(qb_id: str) -> Counter[str]:
    """How many records of each kind name an id, found without the index."""
    rows = await fetch("select entity, qb_id, quickbooks from record where company = 1 and deleted_at is null")
    return Counter(row["entity"] for row in rows if row["qb_id"] != qb_id and qb_id in ids_in(row["quickbooks"]))


def ids_in(fields: str) -> set[str]:
    return set(re.findall(r'"(?:ListID|TxnID)":\s?"([^"]+)"', fields))


async def busy(nth: int) -> Record:
    """A customer of those with the most invoices."""
    row = await fetchrow(
        """select id, quickbooks from record r where entity = 'Customer' order by
               (select count(*) from record where entity = 'Invoice' and party = r.name) desc, id offset $1 limit 1""",
        nth,
    )
    assert row is not None
    return row["id"], json.loads(row["quickbooks"])


async def test_a_record_lists_what_refers_to_it_by_kind_and_page_by_page(enter: Enter) -> None:
    bob = await enter("member")
    id, customer = await busy(0)
    expected = await referring(customer["ListID"])
    assert len(expected) > 2
    found = await uses.of(1, customer["ListID"])
    assert dict(found.kinds) == expected
    page = (await bob.get(f"{HOME}/Customer/{id}?view=uses")).text
    for kind, number in expected.items():
        assert re.search(rf"view=uses&amp;kind={kind}\"[^>]*>[^<]+<b>{number}</b>", page), kind
    first = found.kinds[0][0]
    shown = re.findall(r'data-row="(\d+)"', page)
    assert len(shown) == min(expected[first], 50)
    dates = [await fetchval("select date from record where id = $1", int(one)) for one in shown]
    assert dates == sorted(dates, reverse=True)
    await execute(  # sixty more, and one that names it only here
        """insert into record (company, entity, qb_id, ref_number, date, quickbooks, ours)
           select 1, 'Charge', 'charge-' || n, 'C' || n, '2026-01-01', case when n < 61 then named else '{}' end,
               case when n = 61 then named end
           from generate_series(1, 61) n,
               jsonb_build_object('CustomerRef', jsonb_build_object('ListID', $1::text)) named
        """,
        customer["ListID"],
    )
    pages = [(await bob.get(f"{HOME}/Customer/{id}?view=uses&kind=Charge&start={at}")).text for at in (0, 50, 5000)]
    rows = [set(re.findall(r'data-row="(\d+)"', text)) for text in pages]
    assert [len(one) for one in rows] == [50, 11, 11]
    assert rows[1] == rows[2]
    assert not rows[0] & rows[1]
    assert "51 to 61 of 61" in pages[1]
    assert (await bob.get(f"{HOME}/Customer/{id}?view=uses&kind=Nothing&start=x")).status_code == 200
    vendor = await fetchval(
        "insert into record (company, entity, qb_id, quickbooks) values (1, 'Vendor', 'v', '{}') returning id"
    )
    assert "Nothing here uses it." in (await bob.get(f"{HOME}/Vendor/{vendor}?view=uses")).text


async def test_what_is_used_very_often_is_said_to_be_and_found_over_the_index(enter: Enter) -> None:
    bob = await enter("member")
    id, account = await record_of("Account")
    await execute(
        """insert into record (company, entity, qb_id, quickbooks) select 1, 'Check', 'check-' || n,
               jsonb_build_object('Lines', jsonb_build_array(jsonb_build_object('AccountRef',
                   jsonb_build_object('ListID', $1::text)))) from generate_series(1, 2100) n""",
        account["ListID"],
    )
    found = await uses.of(1, account["ListID"])
    assert (found.total, found.more, counted(found)) == (2000, True, "more than 2,000 records")
    page = (await bob.get(f"{HOME}/Account/{id}?view=uses")).text
    assert "More than 2,000 records use it" in page
    assert '<span class="badge">2,000+</span>' in page
    async with connection() as plain, plain.transaction():
        await plain.execute("set local enable_seqscan = off")
        await plain.execute("set local enable_indexscan = off")
        rare = (1, json.dumps(["nobody"]), "nobody")
        plan: Any = "\n".join(row[0] for row in await plain.fetch(f"explain {uses.KINDS}", *rare))
        assert "record_used" in plan, plan


async def test_a_deletion_says_in_what_the_record_is_used(enter: Enter) -> None:
    bob, alice = await enter("member"), await enter("accounting_manager")
    id, customer = await busy(0)
    told = counted(await uses.of(1, customer["ListID"]))
    assert re.fullmatch(r"\d+ [a-z ]+(, \d+ [a-z ]+)*( and \d+ [a-z ]+)?", told), told
    for path in (f"{HOME}/Customer/{id}", f"{HOME}/Customer/{id}/delete"):
        page = (await bob.get(path)).text
        assert f"It is used in {told}. QuickBooks refuses if a transaction uses it" in page.replace("</p><p>", " "), (
            path
        )
    await changes.propose(1, "Customer", "delete", None, "bob@halder.example", id)
    id, other = await busy(1)
    await insert("in", "Customer", "delete", id, other, None)
    wizard = (await alice.get("/companies/1/wizard")).text
    assert f"It is used in {told}." in wizard
    assert f"It is used in {counted(await uses.of(1, other['ListID']))}." in wizard
