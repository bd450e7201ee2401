"""Records made here before QuickBooks was read are matched with those there: exact, likely or none, by a person."""

import json
from typing import Any

from sync.practice.company import CompanyFile
from sync.store import changes
from sync.store.base import execute, fetch, fetchrow, fetchval
from sync.store.matching import confirm_exact, confirm_match, exact_matches, match_candidates
from tests.sync.conftest import Product
from tests.sync.following import sync
from tests.sync.test_incoming import WHO, again
from tests.sync.test_writes import in_file


async def test_a_record_made_before_the_first_sync_is_matched_and_nothing_is_made_twice(
    product: Product, company_file: CompanyFile
) -> None:
    made = await product.add_company()
    customers = list(company_file.rows("Customer"))
    first, second = [one for one in customers if ":" not in one["FullName"]][:2]
    wanted: dict[str, Any] = {"Name": first["Name"], "Phone": "555-0100", "Notes": "From our list"}
    await changes.propose(made.company, "Customer", "create", wanted, WHO)
    await changes.propose(made.company, "Customer", "create", {"Name": second["Name"].lower() + "."}, WHO)
    await changes.propose(made.company, "Customer", "create", {"Name": "Delacroix"}, WHO)
    connector = await product.connector(made, company_file)
    await sync(connector, made.company)
    exact, likely, none = await match_candidates(made.company)
    assert [one.kind for one in (exact, likely, none)] == ["exact", "likely", "none"]
    assert [side.name for side, _ in likely.others] == [second["FullName"]]
    assert await confirm_match(made.company, exact.mine.id, exact.others[0][0].id, WHO) is None
    row = await fetchrow("select qb_id, quickbooks from record where id = $1", exact.mine.id)
    assert row is not None
    assert row["qb_id"] == first["ListID"]
    left = await fetchrow(
        "select id, state, conflict from change where record = $1 and state in ('proposed', 'conflict')", exact.mine.id
    )
    assert left is not None
    paths = [tuple(one["path"]) for one in json.loads(left["conflict"])]
    assert (left["state"], ("Phone",) in paths) == ("conflict", True)
    choices: Any = dict.fromkeys(paths, "ours")
    assert await changes.resolve_conflict(made.company, left["id"], choices, WHO) is None
    assert await confirm_match(made.company, likely.mine.id, likely.others[0][0].id, WHO) is None
    assert await confirm_match(made.company, none.mine.id, None, WHO) is None
    assert await confirm_match(made.company, none.mine.id, None, WHO) is not None  # it is on its way
    assert await match_candidates(made.company) == []
    await again(made.company, connector)
    there = in_file(company_file, "Customer", first["ListID"])
    assert (there["Phone"], there["Notes"]) == ("555-0100", "From our list")
    assert sum(one["Name"] == first["Name"] for one in company_file.rows("Customer")) == 1
    assert in_file(company_file, "Customer", "Delacroix")
    count = await fetchval("select count(*) from record where entity = 'Customer' and deleted_at is null")
    assert count == len(customers) + 1


async def test_a_transaction_is_matched_by_number_party_and_amount(product: Product, company_file: CompanyFile) -> None:
    made = await product.add_company()
    connector = await product.connector(made, company_file)
    await sync(connector, made.company)
    invoice = await fetchrow("select * from record where entity = 'Invoice' and amount > 0 order by id limit 1")
    assert invoice is not None
    copied = "select 1, 'Invoice', 'new:' || $2, $3, party, amount, date, '{}', '{}' from record where id = $1"
    for number, ref in enumerate((invoice["ref_number"], "X-1")):
        record = await fetchval(
            f"insert into record (company, entity, qb_id, ref_number, party, amount, date, quickbooks, ours) {copied}"
            " returning id",
            invoice["id"],
            str(number),
            ref,
        )
        await execute(
            """insert into change (company, record, entity, direction, action, state)
               values (1, $1, 'Invoice', 'out', 'create', 'proposed')""",
            record,
        )
    exact, likely = await match_candidates(made.company)
    assert (exact.kind, exact.others[0][0].id) == ("exact", invoice["id"])
    assert (likely.kind, likely.others[0][0].id) == ("likely", invoice["id"])


async def test_exact_matches_without_a_rival_are_confirmed_at_once(product: Product, company_file: CompanyFile) -> None:
    made = await product.add_company()
    connector = await product.connector(made, company_file)
    await sync(connector, made.company)
    rows = await fetch("select id, name, qb_id from record where entity = 'Vendor' order by id limit 6")
    for row in rows[:4]:
        await changes.propose(made.company, "Vendor", "create", {"Name": row["name"], "Notes": "Ours"}, WHO)
    await changes.propose(made.company, "Vendor", "create", {"Name": rows[3]["name"].upper()}, WHO)  # a rival
    edited = json.loads(await fetchval("select quickbooks from record where id = $1", rows[2]["id"])) | {"Fax": "1"}
    await changes.propose(made.company, "Vendor", "update", edited, WHO, rows[2]["id"])  # in use
    seen = max(await exact_matches(made.company))
    await changes.propose(made.company, "Vendor", "create", {"Name": rows[5]["name"]}, WHO)  # not seen yet
    assert list((await exact_matches(made.company, seen)).values()) == [row["id"] for row in rows[:3]]
    assert await confirm_exact(made.company, seen, WHO) == 2
    linked = await fetch(
        "select name, ours ->> 'Notes' as notes from record where qb_id = any($1)", [row["qb_id"] for row in rows[:2]]
    )
    assert {row["name"]: row["notes"] for row in linked} == {row["name"]: "Ours" for row in rows[:2]}
    assert await fetchval("select count(*) from record where id = any($1)", [row["id"] for row in rows[:3]]) == 1
    states = await fetch("select state, action from change where entity = 'Vendor' order by id")
    assert [tuple(row) for row in states][:2] == [("cleared", "create"), ("cleared", "create")]
    assert await confirm_exact(made.company, seen, WHO) == 0
    assert len(await match_candidates(made.company)) == 4
