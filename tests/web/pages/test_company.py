"""Sync status: the hops apart, what is behind, the next call, contact and charts, asking, pausing, cancelling."""

import re
from datetime import UTC, datetime, timedelta

from sync.store import exports
from sync.store.base import execute, fetchrow, fetchval
from tests.web.pages.conftest import Enter
from web.connection import time_of
from web.filters import clock, day_time

AT = "now() - interval"


async def called(ago: str, *, every: int = 15) -> None:
    """The Web Connector last called some time ago, as "5 minutes"; before that it always did."""
    await execute(
        f"update company set last_call_at = {AT} '{ago}', last_sync_at = {AT} '{ago}', schedule_minutes = {every}"
    )
    await execute(f"update session set opened_at = {AT} '{ago}', called_at = {AT} '{ago}', ended_at = {AT} '{ago}'")
    await execute(f"update entity_state set as_of = {AT} '{ago}'")


async def test_the_hops_stand_apart_each_with_its_last_time(enter: Enter) -> None:
    await called("4 minutes")
    await execute("update entity_state set as_of = now() - interval '9 minutes'")
    await exports.note(1, "Customer", "csv", 120, "ruth@halder.example")
    text = (await (await enter("viewer")).get("/companies/1")).text
    bridge = text[text.index('id="company-bridge"') : text.index('id="company-progress"')]
    now = datetime.now(UTC)
    read, call = now - timedelta(minutes=9), now - timedelta(minutes=4)
    assert re.search(rf"Last read <b>{day_time(read)}:", bridge)  # A15: the hop from QuickBooks
    assert re.search(rf"Last call <b>{day_time(call)}:", bridge)  # A15: the hop to us
    assert bridge.count("Working") == 3
    assert re.search(r"Last export <b>today, ", bridge)  # A21: the second hop is a box and a line of its own
    assert "Your applications" in bridge
    assert "Customers, 120 rows, CSV" in bridge  # A22


async def test_nothing_is_said_of_an_application_that_takes_nothing(enter: Enter) -> None:
    await called("4 minutes")
    text = (await (await enter("viewer")).get("/companies/1")).text
    assert "Not used yet" in text  # A21
    assert "Nothing taken yet" in text  # A22


async def test_the_last_sync_says_when_what_came_of_it_and_from_which_computer(enter: Enter) -> None:
    text = (await (await enter("viewer")).get("/companies/1")).text
    recent = text[text.index('id="company-runs"') :]
    row = recent[recent.index("<tbody>") : recent.index("</tr>", recent.index("<tbody>"))]
    began = await fetchval("select began_at from run")
    assert day_time(began).capitalize() in row  # A18
    assert "Complete" in row
    assert "SERVER-01" in row
    assert 'href="/companies/1/syncs/1"' in row  # A24
    assert 'href="/companies/1/syncs"' in recent


async def test_each_kind_says_as_of_when_it_is_and_its_newest_change(enter: Enter) -> None:
    at = await fetchval("select as_of from entity_state where entity = 'Customer'")
    newest = await fetchval("select newest from entity_state where entity = 'Customer'")
    text = (await (await enter("viewer")).get("/companies/1")).text
    kinds = text[text.index('id="by-kind"') :]
    row = next(part for part in kinds.split("<tr>") if '/records/Customer"' in part)
    assert day_time(at).capitalize() in row  # A19
    assert newest[11:16] in row  # A19


async def test_a_company_that_never_synced_is_told_so_and_only_that_one(enter: Enter) -> None:
    vera = await enter("viewer")
    assert "Never synced" not in (await vera.get("/companies/1")).text  # A16
    await execute("update company set last_sync_at = null")
    await execute("update run set state = 'stopped'")
    text = (await vera.get("/companies/1")).text
    banner = text[text.index('id="company-banners"') : text.index("<h1")]
    assert "Never synced." in banner  # A16
    assert "Check that QuickBooks is open" in banner  # A17: what to check
    assert 'href="/companies/1/support"' in banner  # A17: the support route


async def test_data_that_is_behind_says_which_sync_comes_first(enter: Enter) -> None:
    await called("10 minutes")
    vera = await enter("viewer")
    assert "press Update Selected" not in (await vera.get("/companies/1")).text
    await execute("update entity_state set as_of = now() - interval '2 hours'")
    text = (await vera.get("/companies/1")).text
    due = datetime.now(UTC) + timedelta(minutes=5)
    sentence = "Before you export again, press Update Selected in the Web Connector on SERVER-01"
    assert f"{sentence}, or wait for the next call by " in text  # A20
    now = datetime.now(UTC)
    assert time_of(due, now) in text or time_of(due - timedelta(minutes=1), now) in text  # A20
    await called("3 hours")
    assert f"{sentence}." in (await vera.get("/companies/1")).text  # A20: nobody knows when it calls


async def test_sync_now_says_when_the_web_connector_should_call(enter: Enter) -> None:
    await called("5 minutes")
    bob = await enter("member")
    assert "Sync now" in (await bob.get("/companies/1")).text  # A23
    await bob.submit("/companies/1/syncs")
    text = (await bob.get("/companies/1")).text
    last = await fetchval("select last_call_at from company")
    about = time_of(last + timedelta(minutes=15), datetime.now(UTC))
    assert f"The Web Connector should call about {about}." in text  # A23
    assert "asked for by Bob" in text
    assert await fetchval("select count(*) from run where state = 'queued'") == 1
    assert "Sync now" not in (await (await enter("viewer")).get("/companies/1")).text


async def test_work_asked_for_while_not_active_is_pending_and_says_why_where_it_was_asked(enter: Enter) -> None:
    await called("3 hours")
    bob = await enter("member")
    answer = await bob.submit("/companies/1/syncs")
    text = (await bob.get(answer.headers["location"])).text
    message = "Your QuickBooks Desktop connection is not active. It was last active"
    progress = text[text.index('id="company-progress"') : text.index('id="company-contact"')]
    assert message in progress  # C32: the same message, where it was asked for
    assert message in text[: text.index("<h1")]
    assert "It is pending, and begins by itself when the Web Connector calls again." in progress  # C32
    assert await fetchval("select state from run order by number desc limit 1") == "queued"  # C32


async def test_contact_shows_a_gap_of_the_last_30_days_in_words(enter: Enter) -> None:
    await execute("delete from contact_hour")
    await execute(
        """insert into contact_hour (company, hour, calls)
           select 1, date_trunc('hour', now()) - make_interval(hours => n), 4
           from generate_series(0, 24 * 40) n where n not between 100 and 104"""
    )
    await called("4 minutes")
    text = (await (await enter("viewer")).get("/companies/1")).text
    sheet = text[text.index('id="company-contact"') : text.index('id="company-runs"')]
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=99)
    begin = end - timedelta(hours=5)
    assert f"{begin.astimezone().day} {begin.astimezone():%b}, {clock(begin, seconds=False)} to " in sheet
    assert f"{clock(end, seconds=False)}:</b> no call." in sheet
    assert "%, one gap" in sheet
    assert sheet.count("strip__bar--full") + sheet.count("strip__bar--none") == 30
    await called("3 hours")
    text = (await (await enter("viewer")).get("/companies/1")).text
    assert re.search(r"from \d\d:\d\d:</b> no call\.", text)  # the gap that goes on


async def test_hours_outside_of_the_window_are_no_gap(enter: Enter) -> None:
    await called("4 minutes")
    await execute("delete from contact_hour")
    now = datetime.now(UTC)
    opens, closes = (now - timedelta(hours=1)).hour * 60, ((now + timedelta(hours=1)).hour * 60)
    await execute(
        "update company set time_zone = 'UTC', window_from = $1, window_until = $2, window_days = 127", opens, closes
    )
    await execute(
        """insert into contact_hour (company, hour, calls)
           select 1, date_trunc('hour', now()) - make_interval(days => n), 4 from generate_series(0, 35) n"""
    )
    await execute(
        """insert into contact_hour (company, hour, calls)
           select 1, date_trunc('hour', now() - interval '1 hour') - make_interval(days => n), 4
           from generate_series(0, 35) n"""
    )
    text = (await (await enter("viewer")).get("/companies/1")).text
    assert "no gap" in text[text.index('id="company-contact"') : text.index('id="company-runs"')]


async def test_the_chart_and_its_table_hold_the_same_figures(enter: Enter) -> None:
    await execute("update run set began_at = now(), ended_at = now(), rows_in = 321, rows_changed = 12")
    text = (await (await enter("viewer")).get("/companies/1")).text
    chart = text[text.index('aria-label="Rows a day"') : text.index('id="company-runs"')]
    today = f"{datetime.now(UTC).astimezone().day} {datetime.now(UTC).astimezone():%b}"
    assert f"<title>{today}: 321 rows read</title>" in chart
    assert f'<tr><td>{today}</td><td class="table__number">321</td><td class="table__number">12</td></tr>' in chart


async def test_pause_and_resume_are_for_managers_and_say_who_until_when_and_why(enter: Enter) -> None:
    await called("4 minutes")
    alice, bob = await enter("accounting_manager"), await enter("member")
    assert "Pause" not in (await bob.get("/companies/1")).text
    assert (await bob.submit("/companies/1/pause", **{"for": "hour"})).status_code == 403
    assert "For one hour" in (await alice.get("/companies/1")).text
    answer = await alice.submit("/companies/1/pause", **{"for": "hour", "why": "Month end"})
    assert answer.headers["location"] == "/companies/1"
    row = await fetchrow("select * from company")
    assert row is not None
    assert timedelta(minutes=59) < row["paused_until"] - datetime.now(UTC) < timedelta(minutes=61)
    text = (await bob.get("/companies/1")).text
    assert "Paused" in text
    assert "By Alice: Month end" in text
    assert f"Paused until {time_of(row['paused_until'], datetime.now(UTC))}." in text
    assert "Sync now" not in text
    assert "Resume" not in text[text.index('id="company-actions"') : text.index('id="company-bridge"')]
    await alice.submit("/companies/1/resume")
    assert await fetchval("select paused_at from company") is None


async def test_today_ends_at_midnight_where_the_company_is(enter: Enter) -> None:
    await execute("update company set time_zone = 'Pacific/Kiritimati'")  # 14 hours before UTC
    alice = await enter("accounting_manager")
    await alice.submit("/companies/1/pause", **{"for": "today"})
    until = await fetchval("select paused_until from company")
    assert (until.hour, until.minute) == (10, 0)  # midnight there
    assert timedelta(0) < until - datetime.now(UTC) <= timedelta(hours=24)
    await alice.submit("/companies/1/pause", **{"for": "open"})
    assert await fetchval("select paused_until from company") is None
    assert (await alice.submit("/companies/1/pause", **{"for": "ever"})).status_code == 404


async def test_a_sync_is_cancelled_after_a_question_and_says_who_did_it(enter: Enter) -> None:
    await execute("update run set state = 'running', ended_at = null, rows_in = 214, kind = 'full'")
    alice, bob = await enter("accounting_manager"), await enter("member")
    assert "Cancel this sync" not in (await bob.get("/companies/1")).text
    assert (await bob.submit("/companies/1/syncs/1/cancel")).status_code == 403
    page = (await alice.get("/companies/1")).text
    assert 'href="/companies/1/syncs/1/cancel"' in page
    assert "What was read until then stays, and so do the counts: 214 rows so far." in page[page.index("<dialog") :]
    asked = (await alice.get("/companies/1/syncs/1/cancel")).text  # without scripts: the same words on a page
    assert "What was read until then stays, and so do the counts: 214 rows so far." in asked
    answer = await alice.submit("/companies/1/syncs/1/cancel")
    assert answer.headers["location"] == "/companies/1/syncs/1"
    text = (await bob.get("/companies/1/syncs/1")).text
    assert "Cancelled by Alice" in text
    assert "214 rows" in text
    assert "There is nothing to cancel." in (await alice.get("/companies/1/syncs/1/cancel")).text


async def test_the_first_sync_stays_over_while_a_later_one_waits(enter: Enter) -> None:
    alice = await enter("accounting_manager")
    # As from the command line: the first sync was asked for before the file had answered.
    await execute("update company set begun_at = (select min(asked_at) from run) + interval '1 second'")
    await alice.submit("/companies/1/syncs")
    text = (await alice.get("/companies/1/setup/first-sync")).text
    assert "The first sync is over" in text  # D45
    assert "Stay in single-user mode" not in text
