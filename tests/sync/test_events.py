"""The log of changes: each step is written down as it was, by the database itself, and nothing later takes it back."""

from typing import Any

import asyncpg
import pytest

from sync.practice.company import CompanyFile
from sync.store import changes, setup
from sync.store.base import execute, fetch
from tests.sync.conftest import Product
from tests.sync.test_writes import a_record, edit, state_of, synced


async def steps(change: int) -> list[tuple[str, str, int | None]]:
    """State, person and status of every step, in their order."""
    rows = await fetch("select state, who, code from change_event where change = $1 order by id", change)
    return [(row["state"], row["who"], row["code"]) for row in rows]


async def again(company: int, change: int) -> None:
    await execute("update change set state = 'approved', decided_by = 'bob', decided_at = now() where id = $1", change)
    await setup.ask_run(company, "incremental", "bob", "")


async def test_a_failure_stays_in_the_log_after_a_later_success(product: Product, company_file: CompanyFile) -> None:
    company, connector, _ = await synced(product, company_file)
    _, fields = await a_record(company, "Vendor", 0)
    wanted: dict[str, Any] = {"Name": fields["Name"], "Phone": "1"}
    change = await changes.propose(company, "Customer", "create", wanted, "alice")
    await changes.approve(company, [change], "alice")
    await connector.update()
    assert (await state_of(change))[0] == "refused"
    edit(company_file, "Vendor", fields["ListID"], Name="Another name")
    await again(company, change)
    await connector.update()
    assert (await state_of(change))[0] == "applied"
    assert await steps(change) == [  # E22, E23: the refusal is there after the success
        ("proposed", "alice", None),
        ("approved", "alice", None),
        ("sent", "", None),
        ("refused", "", 3100),
        ("approved", "bob", None),
        ("sent", "", None),
        ("applied", "", 0),
    ]
    failed = await fetch("select message, request from change_event where change = $1 and state = 'refused'", change)
    assert fields["Name"] in failed[0]["message"]
    asked = await fetch("select request from change_event where change = $1 and state = 'sent' order by id", change)
    assert asked[0]["request"] == failed[0]["request"] != asked[1]["request"]


@pytest.mark.parametrize("statement", ["update change_event set state = 'applied'", "delete from change_event"])
async def test_the_database_itself_refuses_to_change_the_log(product: Product, statement: str) -> None:
    with pytest.raises(asyncpg.RaiseError, match="new rows only"):  # E23
        await execute(statement)


async def test_fifty_thousand_changes_that_move_together_are_written_down_together(product: Product) -> None:
    await execute("insert into company (name, region, file_id) values ('Halder', 'US', '')")
    await execute(
        """insert into change (company, entity, direction, action, state, created_by)
           select c.id, 'Customer', 'out', 'update', 'proposed', 'alice' from company c, generate_series(1, 50000)"""
    )
    await execute("update change set state = 'approved', decided_by = 'bob', decided_at = now()")
    rows = await fetch("select state, who, count(*) from change_event group by state, who order by state")
    assert [tuple(row) for row in rows] == [("approved", "bob", 50000), ("proposed", "alice", 50000)]
