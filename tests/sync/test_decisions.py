"""What people decide about proposed changes: what is ticked goes on, and one rule holds for all the rest."""

from dataclasses import replace
from datetime import UTC, datetime

from sync.store import changes, timelines, wizard, writes
from sync.store.base import execute, fetch, fetchrow, fetchval, transaction
from tests.sync.conftest import Product


async def states(company: int) -> list[tuple[str, str]]:
    rows = await fetch("select direction, state from change where company = $1 order by id", company)
    return [(row["direction"], row["state"]) for row in rows]


async def propose(company: int, count: int) -> list[int]:
    return [
        await changes.propose(company, "Customer", "create", {"Name": f"Customer {number}"}, "test")
        for number in range(count)
    ]


async def test_what_is_ticked_is_approved_and_one_rule_holds_for_all_that_is_not(product: Product) -> None:
    made = await product.add_company()
    ids = await propose(made.company, 4)
    assert (await changes.counts(made.company)).to_approve_out == 4
    got = await changes.decide(made.company, "out", ids[:2], "clear", ids[2], "alice@halder.example")
    assert got == changes.Decision(approved=2, kept=0, cleared=1, skipped=0)  # E14, E15; the fourth came later
    assert [state for _, state in await states(made.company)] == ["approved", "approved", "cleared", "proposed"]
    again = await changes.decide(made.company, None, ids[:2], "keep", ids[3], "bob@halder.example")
    assert again == changes.Decision(approved=0, kept=1, cleared=0, skipped=2)
    counts = await changes.counts(made.company)
    assert (counts.pending, counts.to_approve_out) == (2, 0)  # E16, E20: nothing has called
    assert [one.id for one in await changes.dismissed(made.company)] == [ids[2]]
    assert await changes.undo_clear(made.company, [ids[2]], "bob@halder.example") == 1
    assert (await changes.counts(made.company)).to_approve_out == 1
    assert await fetchval("select count(*) from run where company = $1", made.company) == 1


async def test_all_that_a_search_finds_is_approved_but_the_rows_that_were_unticked(product: Product) -> None:
    made = await product.add_company()
    ids = await propose(made.company, 12)
    wanted = changes.Filter(entity="Customer", text="customer 1", but=(ids[10],))
    got = await changes.decide(made.company, None, wanted, "keep", ids[-1], "test", within=changes.Filter(text="er 1"))
    assert got == changes.Decision(approved=2, kept=1, cleared=0, skipped=0)  # 1 and 11; 10 was unticked
    everything = await changes.decide(made.company, None, "all", "clear", ids[-1], "test", clear=[ids[0]])
    assert everything == changes.Decision(approved=8, kept=0, cleared=1, skipped=0)


async def test_what_waits_for_a_parent_that_is_ignored_is_refused_and_says_why(product: Product) -> None:
    made = await product.add_company()
    parent, child = await propose(made.company, 2)
    await execute("update change set state = 'refused' where id = $1", parent)
    await execute("update change set state = 'waiting', waits_for = $2 where id = $1", child, parent)
    assert (await changes.counts(made.company)).unsynced == 2  # and its child behind it, as in the list
    assert await changes.ignore(made.company, [parent], "alice@halder.example") == 1
    row = await fetchrow("select state, reason from change where id = $1", child)
    assert row is not None
    assert (row["state"], row["reason"]) == ("refused", "It refers to a record that will not be sent.")


async def test_what_refers_to_a_record_that_was_taken_back_is_refused_when_its_turn_comes(product: Product) -> None:
    company = (await product.add_company()).company
    parent = await timelines.record_of((await propose(company, 1))[0])
    job = {"Name": "Yard", "ParentRef": {"ListID": f"new:{parent}"}}
    child = await changes.propose(company, "Customer", "create", job, "test")
    assert await timelines.take_back(company, parent, "alice@halder.example", "127.0.0.1") is not None
    assert await changes.approve(company, [child], "alice@halder.example") == 1
    async with transaction() as connection:
        assert await writes.prepare(connection, company, "write", "1-1", "QBD", "13.0", datetime.now(UTC)) is None
    row = await fetchrow("select state, reason from change where id = $1", child)
    assert row is not None
    assert row["state"] == "refused"
    assert row["reason"] == "It refers to a record that is not in QuickBooks and is not being sent."


async def in_one_statement(company: int) -> bool:
    """Whether one statement wrote every change of a company as it is now: all carry its transaction and its number."""
    written = await fetchval(
        "select count(distinct (xmin::text, cmin::text)) from change where company = $1 and entity = 'Customer'",
        company,
    )
    return bool(written == 1)


async def test_thousands_are_cleared_and_taken_back_by_one_statement_each(product: Product) -> None:
    company, many = (await product.add_company()).company, 3000
    await execute(
        """with made as (
               insert into record (company, entity, qb_id, name, quickbooks, ours)
               select $1, 'Customer', 'm-' || g, 'Many ' || g, '{"Phone": "2"}', '{"Phone": "1"}'
               from generate_series(1, $2::int) g returning id)
           insert into change (company, record, entity, direction, action, state, before, after)
           select $1, id, 'Customer', case when id % 2 = 0 then 'in' else 'out' end, 'update', 'proposed', '{}', '{}'
           from made order by id""",
        company,
        many,
    )
    other = await changes.propose(company, "Vendor", "create", {"Name": "Other"}, "test")
    assert (await changes.decide(company, None, [], "clear", other - 1, "alice@halder.example")).cleared == many
    assert await in_one_statement(company)
    assert (await changes.counts(company)).to_approve_out == 1
    assert len(await changes.dismissed(company, 50, many - 20)) == 20
    assert [(kind.key, kind.count) for kind in await wizard.kinds(company)] == [("out/Vendor", 1)]

    at = await wizard.last_clearing(company, "alice@halder.example")
    assert at is not None
    assert await wizard.cleared_together(company, at, "bob@halder.example") == []  # somebody else's are not
    ids = await wizard.cleared_together(company, at, "alice@halder.example")
    newer = await fetchval(
        """insert into change (company, record, entity, direction, action, state)
           select company, record, entity, direction, action, 'proposed' from change where id = $1 returning id""",
        ids[0],
    )
    assert await changes.undo_clear(company, ids, "alice@halder.example") == many - 1  # something newer took a place
    await execute("delete from change where id = any($1)", [ids[0], newer])
    assert await in_one_statement(company)
    kinds = {kind.key: kind.count for kind in await wizard.kinds(company)}
    assert kinds["in/Customer"] + kinds["out/Customer"] == many - 1
    found = await wizard.kinds(company, "many 12")
    slices = [wizard.Slice(kind.direction, kind.entity, 3, first=kind.first) for kind in found]
    rows = await wizard.proposals(company, slices, "many 12")
    again = await wizard.proposals(company, [replace(one, first=()) for one in slices], "many 12")
    assert ([row.name for row in rows], sum(kind.count for kind in found)) == ([row.name for row in again], 111)
    before = await wizard.proposals(company, slices[:1])
    assert (before[0].before, before[0].after) in (({"Phone": "1"}, {"Phone": "2"}), ({}, {}))  # as it is by now
