"""What people decide about proposed changes: what is ticked goes on, and one rule holds for all the rest."""

from sync.store import changes
from sync.store.base import execute, fetch, fetchrow, fetchval
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
    assert (await changes.counts(made.company)).unsynced == 1  # its child waits
    assert await changes.ignore(made.company, [parent], "alice@halder.example") == 1
    row = await fetchrow("select state, reason from change where id = $1", child)
    assert row is not None
    assert (row["state"], row["reason"]) == ("refused", "It refers to a record that will not be sent.")
