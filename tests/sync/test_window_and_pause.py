"""Hours, pause, the switch of the team, a company removed, a sync cancelled: at authenticate and within one page."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sync.practice.company import CompanyFile
from sync.protocol import sentences
from sync.store import setup, steering
from sync.store.base import execute, fetchval
from tests.sync.conftest import Product, finished, unequal
from tests.sync.following import Interrupted, alive, sync, taken_in

NIA, HERE = "nia@halder.example", "203.0.113.7"


def minute(later: timedelta) -> int:
    """Minutes after midnight, UTC, so much later than now."""
    moment = datetime.now(UTC) + later
    return moment.hour * 60 + moment.minute


async def close_window(company: int) -> None:
    opens, closes = minute(timedelta(hours=2)), minute(timedelta(hours=4))
    await steering.set_window(company, "UTC", opens, closes, 127, NIA, HERE)


async def open_window(company: int) -> None:
    opens, closes = minute(-timedelta(hours=2)), minute(timedelta(hours=4))
    await steering.set_window(company, "UTC", opens, closes, 127, NIA, HERE)


async def switch_off(company: int) -> None:
    await execute("update workspace set enabled_at = null")


async def remove(company: int) -> None:
    await execute("update company set removed_at = now() where id = $1", company)


async def pause(company: int) -> None:
    await steering.pause(company, None, "", NIA, HERE)


async def later() -> None:
    """Half an hour went by since the last sync."""
    await execute("update run set began_at = began_at - $1::interval, ended_at = ended_at - $1::interval", HALF)


HALF = timedelta(minutes=30)


def verdict(session: Any) -> str:
    """What authenticate said: none, or a session."""
    said: str = session.replies["authenticate"][0][1]
    return said if said == "none" else "session"


@pytest.fixture
async def made(product: Product) -> setup.NewConnector:
    return await product.add_company()


@pytest.mark.parametrize("act", [switch_off, remove, pause])
async def test_a_company_that_may_not_sync_has_nothing_to_do(
    product: Product, made: setup.NewConnector, company_file: CompanyFile, act: Callable[[int], Awaitable[None]]
) -> None:
    connector = await product.connector(made, company_file)
    await act(made.company)
    await setup.ask_run(made.company, "incremental", NIA)  # a person's word does not overrule any of the three
    assert verdict(await connector.update()) == "none"
    assert await fetchval("select count(*) from request") == 0


@pytest.mark.parametrize(
    ("act", "sentence"),
    [(switch_off, sentences.SWITCHED_OFF), (remove, sentences.REMOVED), (pause, sentences.PAUSED)],
)
async def test_a_session_that_runs_stops_within_one_page_and_says_which(
    product: Product,
    made: setup.NewConnector,
    company_file: CompanyFile,
    act: Callable[[int], Awaitable[None]],
    sentence: str,
) -> None:
    busy = Interrupted(company_file, lambda: act(made.company), nth=6)
    session = await (await product.connector(made, busy)).update()
    assert busy.requests == 6
    assert session.replies["getLastError"] == [sentence]
    assert session.status == sentence


async def test_outside_its_hours_nothing_begins_by_itself(
    product: Product, made: setup.NewConnector, company_file: CompanyFile
) -> None:
    connector = await product.connector(made, company_file)
    await sync(connector, made.company)
    await later()
    await close_window(made.company)
    assert verdict(await connector.update()) == "none"
    await open_window(made.company)
    assert verdict(await connector.update()) == "session"
    await finished(made.company)


async def test_a_sync_by_schedule_stops_when_its_hours_are_over_and_goes_on_when_they_begin(
    product: Product, made: setup.NewConnector, company_file: CompanyFile
) -> None:
    await execute("update run set asked_by = 'Schedule'")
    busy = Interrupted(company_file, lambda: close_window(made.company), nth=6)
    connector = await product.connector(made, busy)
    session = await connector.update()
    assert (busy.requests, session.status) == (6, sentences.OUTSIDE_WINDOW)
    assert verdict(await connector.update()) == "none"
    await taken_in(made.company)
    await open_window(made.company)
    await sync(connector, made.company)
    assert await unequal(made.company, company_file) == []
    assert await fetchval("select count(*) from run") == 1  # the same sync went on


async def test_what_a_person_asked_for_runs_at_any_hour(
    product: Product, made: setup.NewConnector, company_file: CompanyFile
) -> None:
    busy = Interrupted(company_file, lambda: close_window(made.company), nth=6)
    connector = await product.connector(made, busy)
    assert (await connector.update()).code == ""
    await finished(made.company)
    assert await unequal(made.company, company_file) == []
    await setup.ask_run(made.company, "incremental", NIA)
    assert verdict(await connector.update()) == "session"
    await finished(made.company)


async def test_sync_now_takes_a_sync_by_schedule_out_of_its_hours(
    product: Product, made: setup.NewConnector, company_file: CompanyFile
) -> None:
    await execute("update run set asked_by = 'Schedule'")
    busy = Interrupted(company_file, lambda: close_window(made.company), nth=6)
    connector = await product.connector(made, busy)
    await connector.update()
    await taken_in(made.company)
    assert await setup.ask_run(made.company, "incremental", NIA) == 1  # it is joined
    await sync(connector, made.company)
    assert await unequal(made.company, company_file) == []


async def test_a_cancelled_sync_ends_its_session_with_a_sentence_that_says_so(
    product: Product, made: setup.NewConnector, company_file: CompanyFile
) -> None:
    busy = Interrupted(company_file, lambda: steering.cancel_run(made.company, 1, NIA, HERE), nth=6)
    session = await (await product.connector(made, busy)).update()
    assert busy.requests == 6
    assert session.status == f"This sync was cancelled in Deskbridge, by {NIA}. What was read is kept."
    assert session.calls[-2:] == ["getLastError", "closeConnection"]
    kept = await fetchval("select result from session where company = $1", made.company)
    assert kept == session.status


async def test_a_cancelled_first_sync_is_begun_again_by_a_person_only(
    product: Product, made: setup.NewConnector, company_file: CompanyFile
) -> None:
    busy = Interrupted(company_file, lambda: steering.cancel_run(made.company, 1, NIA, HERE), nth=6)
    connector = await product.connector(made, busy)
    await connector.update()
    await taken_in(made.company)
    await later()
    assert verdict(await connector.update()) == "none"
    assert not await alive(made.company)
    await setup.ask_run(made.company, "incremental", NIA)
    await sync(connector, made.company)
    assert await unequal(made.company, company_file) == []


async def test_after_another_cancelled_sync_the_schedule_goes_on(
    product: Product, made: setup.NewConnector, company_file: CompanyFile
) -> None:
    connector = await product.connector(made, company_file)
    await sync(connector, made.company)
    await setup.ask_run(made.company, "incremental", NIA)
    assert await steering.cancel_run(made.company, 2, NIA, HERE)
    await later()
    assert verdict(await connector.update()) == "session"
    await finished(made.company)
