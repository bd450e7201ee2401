"""Pause, cancel, schedule and window, with a practice Web Connector that is in the middle of a sync."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from sync.practice.company import CompanyFile
from sync.store import people, runs, setup, steering
from sync.store.base import execute, fetchrow, fetchval
from tests.sync.conftest import Product, finished, unequal
from tests.sync.following import Interrupted, sync, taken_in

RUTH, HERE = "ruth@halder.example", "203.0.113.7"


async def audited(company: int, action: str) -> dict[str, Any]:
    """The last line of the audit log of a kind, {} when there is none."""
    row = await fetchrow(
        "select * from audit_entry where company = $1 and action = $2 order by id desc limit 1", company, action
    )
    return {**dict(row), "detail": json.loads(row["detail"])} if row else {}


async def test_a_pause_stops_a_sync_within_one_page_and_resuming_goes_on_where_it_was(
    product: Product, company_file: CompanyFile
) -> None:
    made = await product.add_company()
    until = datetime.now(UTC) + timedelta(hours=1)
    busy = Interrupted(company_file, lambda: steering.pause(made.company, until, "Month end", RUTH, HERE), nth=6)
    connector = await product.connector(made, busy)
    await connector.update()
    assert busy.requests == 6  # the page that QuickBooks had was its last
    await taken_in(made.company)
    noted = await audited(made.company, "company.paused")
    assert (noted["actor"], noted["address"]) == (RUTH, HERE)
    assert noted["detail"] == {"until": until.isoformat(), "why": "Month end"}
    await connector.update()
    assert busy.requests == 6  # a call while paused reads nothing
    await steering.resume(made.company, RUTH, HERE)
    assert (await audited(made.company, "company.resumed"))["actor"] == RUTH
    await sync(connector, made.company)
    await finished(made.company)
    assert await unequal(made.company, company_file) == []
    assert await fetchval("select count(*) from run where company = $1", made.company) == 1


async def test_a_pause_with_an_end_ends_by_itself(product: Product, company_file: CompanyFile) -> None:
    made = await product.add_company()
    await steering.pause(made.company, datetime.now(UTC) - timedelta(seconds=1), "", RUTH, HERE)
    connector = await product.connector(made, company_file)
    await sync(connector, made.company)
    assert await unequal(made.company, company_file) == []


async def test_a_cancelled_sync_says_who_and_keeps_its_counts(product: Product, company_file: CompanyFile) -> None:
    made = await product.add_company()
    await people.add_person(name="Ruth Halder", email=RUTH, role="owner", password_hash="none")
    busy = Interrupted(company_file, lambda: steering.cancel_run(made.company, 1, RUTH, HERE), nth=8)
    connector = await product.connector(made, busy)
    await connector.update()
    assert busy.requests == 8
    await taken_in(made.company)
    row = (await runs.runs_of(made.company))[0]
    assert (row.state, row.result_text) == ("cancelled", "Cancelled by Ruth Halder")
    assert row.rows_in == await fetchval("select count(*) from record where company = $1", made.company) > 0
    assert row.ended_at is not None
    noted = await audited(made.company, "run.cancelled")
    assert (noted["actor"], noted["subject"], noted["address"]) == (RUTH, "sync 1", HERE)
    await connector.update()
    assert busy.requests == 8  # it does not begin anew by itself
    assert not await steering.cancel_run(made.company, 1, RUTH, HERE)


async def test_after_a_cancelled_first_sync_one_that_is_asked_for_reads_everything(
    product: Product, company_file: CompanyFile
) -> None:
    made = await product.add_company()
    busy = Interrupted(company_file, lambda: steering.cancel_run(made.company, 1, RUTH, HERE), nth=8)
    connector = await product.connector(made, busy)
    await connector.update()
    await taken_in(made.company)
    await setup.ask_run(made.company, "incremental", RUTH)
    await sync(connector, made.company)
    assert await unequal(made.company, company_file) == []


async def test_schedule_and_window_are_kept_with_who_set_them(product: Product) -> None:
    made = await product.add_company()
    await steering.set_schedule(made.company, 30, 60, RUTH, HERE)
    await steering.set_window(made.company, "America/Chicago", 20 * 60, 6 * 60, 31, RUTH, HERE)
    row = await fetchrow("select * from company where id = $1", made.company)
    assert row is not None
    assert (row["schedule_minutes"], row["poll_seconds"]) == (30, 60)
    assert (row["time_zone"], row["window_from"], row["window_until"], row["window_days"]) == (
        "America/Chicago", 1200, 360, 31,
    )  # fmt: skip
    assert (await audited(made.company, "company.schedule_set"))["detail"] == {"minutes": 30, "seconds": 60}
    noted = await audited(made.company, "company.window_set")
    assert noted["detail"] == {"zone": "America/Chicago", "opens": 1200, "closes": 360, "days": 31}
    await steering.set_window(made.company, "America/Chicago", 20 * 60, 6 * 60, 31, "bob@halder.example", HERE)
    assert (await audited(made.company, "company.window_set"))["actor"] == RUTH  # nothing changed: nothing is noted


async def test_what_was_asked_for_while_not_active_is_done_by_the_next_session(
    product: Product, company_file: CompanyFile
) -> None:
    made = await product.add_company()
    connector = await product.connector(made, company_file)
    await sync(connector, made.company)
    silent = datetime.now(UTC) - timedelta(hours=3)
    await execute("update company set last_call_at = $1", silent)
    await execute("update session set called_at = $1, opened_at = $1", silent)
    number = await setup.ask_run(made.company, "incremental", RUTH)
    assert await setup.ask_run(made.company, "incremental", RUTH) == number  # one is pending: it is joined
    row = (await runs.runs_of(made.company))[0]
    assert (row.number, row.state) == (number, "queued")  # C32
    await connector.update()
    await finished(made.company)
    row = (await runs.runs_of(made.company))[0]
    assert (row.number, row.state, row.asked_by) == (number, "complete", RUTH)  # C32: the next session did it


async def test_outside_the_window_nothing_runs_by_itself_but_what_somebody_asks_for_does(
    product: Product, company_file: CompanyFile
) -> None:
    made = await product.add_company()
    connector = await product.connector(made, company_file)
    await sync(connector, made.company)
    await execute("update run set ended_at = now() - interval '1 hour', began_at = now() - interval '1 hour'")
    now = datetime.now(UTC)
    opens = (now.hour * 60 + now.minute + 120) % 1440
    await steering.set_window(made.company, "UTC", opens, (opens + 60) % 1440, 127, RUTH, HERE)
    await connector.update()
    assert len(await runs.runs_of(made.company)) == 1
    await setup.ask_run(made.company, "incremental", RUTH)
    await connector.update()
    await finished(made.company)
    assert [row.state for row in await runs.runs_of(made.company)] == ["complete", "complete"]
