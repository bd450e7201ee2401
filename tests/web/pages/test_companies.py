"""Companies and the sync status of one: what they say, and what the Sync now button does."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from sync.store.base import execute, fetchrow, fetchval
from sync.store.companies import CompanyRow, company
from tests.web.pages.changing import many
from tests.web.pages.conftest import Enter
from web.banners import banners
from web.pages.companies import next_step, sentence


async def test_home_leads_to_the_companies_with_state_last_sync_and_link(enter: Enter) -> None:
    vera = await enter("viewer")
    assert (await vera.get("/")).headers["location"] == "/companies"
    text = (await vera.get("/companies")).text
    assert "Halder Natural Stone, Inc." in text
    assert "One company. No connection needs you." in text
    assert 'href="/companies/1"' in text
    assert "Connected" in text
    assert "<title>Companies · Deskbridge</title>" in text


async def test_what_quickbooks_refused_counts_as_failed_beside_its_company(enter: Enter) -> None:
    vera = await enter("viewer")
    assert 'aria-label="3 failed"' not in (await vera.get("/companies")).text
    await many(3)
    assert 'aria-label="3 failed"' in (await vera.get("/companies")).text


async def test_a_company_that_stopped_calling_needs_somebody_and_its_page_says_since_when(enter: Enter) -> None:
    await execute("update company set last_call_at = $1", datetime.now(UTC) - timedelta(hours=3, minutes=28))
    vera = await enter("viewer")
    text = (await vera.get("/companies")).text
    assert "Needs you" in text
    assert "Not active: last active 3 h ago" in text
    status = (await vera.get("/companies/1")).text
    assert "Your QuickBooks Desktop connection is not active. It was last active" in status  # C02
    assert "(3 h 28 min ago)" in status
    assert "No calls" in status


async def test_a16_the_never_synced_alert_is_shown_only_while_nothing_was_synced(enter: Enter) -> None:
    vera = await enter("viewer")
    assert "Never synced" not in (await vera.get("/companies/1")).text
    await execute("update company set last_sync_at = null, last_call_at = null")
    assert (
        "Never synced. The Web Connector has not called yet; set-up is at step 3 of 6."
        in (await vera.get("/companies/1")).text
    )


async def test_a18_a19_a24_the_status_page_has_last_syncs_and_the_time_of_each_kind(enter: Enter) -> None:
    text = (await (await enter("viewer")).get("/companies/1")).text
    assert "Data as of today" in text
    assert "Recent syncs" in text
    assert 'href="/companies/1/syncs/1"' in text
    assert "SERVER-01" in text
    assert "Newest change in QuickBooks" in text
    assert "Sync now" not in text  # a viewer may not


async def test_a23_sync_now_queues_a_sync_and_joins_the_one_that_waits(enter: Enter) -> None:
    bob = await enter("member")
    assert "Sync now" in (await bob.get("/companies/1")).text
    asked = await bob.submit("/companies/1/syncs")
    assert (asked.status_code, asked.headers["location"]) == (303, "/companies/1")
    await bob.submit("/companies/1/syncs")
    waiting = await fetchrow("select count(*) as runs, max(asked_by) as who from run where state = 'queued'")
    assert waiting is not None
    assert (waiting["runs"], waiting["who"]) == (1, "bob@halder.example")
    text = (await bob.get("/companies/1")).text
    assert "Waiting for the Web Connector" in text
    assert "Sync now" not in text
    assert await fetchval("select count(*) from audit_entry where action = 'run.asked'") == 2


NOW = datetime.now(UTC)
STATES = {  # by state: what the company's row is set to, the words, and the next step of who manages companies
    "wrong_file": (
        """wrong_file_at = now(), wrong_file = '[{"fact": "company_name", "expected": "A", "answered": "Old copy"}]'""",
        ("Wrong company file", "Old copy answered; nothing was read"),
        ("Check the file", "/companies/1/setup/verify"),
    ),
    "paused": (
        "paused_at = now(), paused_by = 'Ruth Halder', paused_why = 'year-end audit'",
        ("Paused", "By Ruth Halder on", "year-end audit"),
        ("Resume", "/companies/1/settings/pause"),
    ),
    "refused": (
        """refused_at = now(), refused = '{"hresult": "0x80040414", "message": "A modal dialog."}'""",
        ("QuickBooks refuses", "dialog"),
        ("Find out why", "/companies/1/troubleshooting"),
    ),
    "not_active": (
        "last_call_at = now() - interval '3 hours 28 minutes'",
        ("Not active: last active 3 h ago", "SERVER-01 stopped calling"),
        ("Find out why", "/companies/1/troubleshooting"),
    ),
    "late": (
        "last_call_at = now() - interval '31 minutes'",
        ("Late: last active 31 min ago", "SERVER-01 should have called"),
        ("Find out why", "/companies/1/troubleshooting"),
    ),
    "never_synced": (
        "last_sync_at = null, last_call_at = null, begun_at = null, facts = null, facts_at = null",
        ("Never synced", "Set-up is at step"),
        ("Continue set-up", "/companies/1/setup"),
    ),
}


async def row_now() -> CompanyRow:
    row = await company(1, datetime.now(UTC))
    assert row is not None
    return row


@pytest.mark.parametrize("name", STATES)
async def test_each_state_has_its_words_and_its_next_step(enter: Enter, name: str) -> None:
    change, words, step = STATES[name]
    await execute(f"update company set {change}")
    alice = await enter("accounting_manager")
    text = (await alice.get("/companies")).text
    for each in words:
        assert each in text
    assert f'href="{step[1]}"' in text
    row = await row_now()
    assert (row.state, next_step(row, manages=True)) == (name, step)
    assert row.state_why.endswith(".")
    assert row.group == ("paused" if name == "paused" else "needs_you")


async def test_who_may_not_manage_companies_is_led_to_what_they_may_see(enter: Enter) -> None:
    vera = await enter("viewer")
    assert 'href="/connect"' not in (await vera.get("/companies")).text
    await execute(f"update company set {STATES['wrong_file'][0]}")
    text = (await vera.get("/companies")).text
    assert "/companies/1/setup" not in text
    assert "See why" in text
    assert 'href="/connect"' in (await (await enter("accounting_manager")).get("/companies")).text


async def test_a_pause_that_is_over_is_none(enter: Enter) -> None:
    await execute(
        "update company set paused_at = $1, paused_until = $2", NOW - timedelta(hours=2), NOW - timedelta(hours=1)
    )
    assert (await row_now()).state == "connected"
    await execute("update company set paused_until = now() + interval '1 hour'")
    assert (await row_now()).state == "paused"


async def test_c03_a_failed_record_is_no_matter_of_the_connection(enter: Enter) -> None:
    await execute("update run set failed = 3")
    await execute("update request set status_code = 3120, status_severity = 'Error'")
    row = await row_now()
    assert (row.state, row.failed) == ("connected", 3)  # C03
    assert banners(row) == []
    await execute("update company set last_call_at = now() - interval '2 hours'")
    assert (await row_now()).state == "not_active"  # C03: raised by missing contact


async def test_c33_the_message_goes_by_itself_when_the_web_connector_calls_again(enter: Enter) -> None:
    vera = await enter("viewer")
    await execute("update company set last_call_at = now() - interval '2 hours'")
    assert "connection is not active" in (await vera.get("/companies/1")).text
    await execute("update company set last_call_at = now()")
    assert "connection is not active" not in (await vera.get("/companies/1")).text  # C33


async def test_c02_the_sentence_has_the_exact_and_the_relative_time_or_that_it_never_was(enter: Enter) -> None:
    await execute("update company set last_call_at = $1", datetime(2025, 11, 21, 11, 4).astimezone())
    at = datetime(2025, 11, 21, 14, 32).astimezone()
    row = await company(1, at)
    assert row is not None
    first = banners(row, at)[0]
    assert first.title == (  # C02
        "Your QuickBooks Desktop connection is not active. It was last active 21 Nov 2025, 11:04 (3 h 28 min ago)."
    )
    assert first.button == ("Find out why", "/companies/1/troubleshooting")
    later = at + timedelta(days=1)
    row = await company(1, later)
    assert row is not None
    assert "It was last active 21 Nov 2025, 11:04 (27 h 28 min ago)." in banners(row, later)[0].title  # C02
    await execute("update company set last_call_at = null, last_sync_at = null")
    assert "is not active. It has never been active." in banners(await row_now())[0].text  # C02


async def test_a16_a17_the_alert_stands_exactly_while_no_sync_was_completed(enter: Enter) -> None:
    assert "never_synced" not in {each.kind for each in banners(await row_now())}  # A16
    await execute("update company set last_sync_at = null")
    for change in ("last_call_at = now()", "last_call_at = null", "refused_at = now(), refused = '{}'"):
        await execute(f"update company set {change}")
        (alert,) = [each for each in banners(await row_now()) if each.kind == "never_synced"]  # A16
        assert "Check that" in alert.text  # A17
        assert alert.link == ("Ask for help", "/companies/1/support")  # A17
    await execute("update company set last_sync_at = now()")
    assert "never_synced" not in {each.kind for each in banners(await row_now())}  # A16


async def test_of_all_that_is_wrong_two_banners_are_shown_and_one_button_is_the_first(enter: Enter) -> None:
    for change, *_ in STATES.values():
        await execute(f"update company set {change}")
    await execute("update company set begun_at = now(), last_call_at = now() - interval '1 day'")
    found = banners(await row_now())
    assert [each.kind for each in found] == ["wrong_file", "refused"]
    assert [each.primary for each in found] == [True, False]


async def test_that_a_file_went_back_in_time_is_said_until_somebody_puts_it_away(enter: Enter) -> None:
    told = {"entities": ["Customers"], "newest": "2026-11-20T14:05:30", "run": 13, "full": 14, "older": 2}
    await execute("update company set went_back_at = now(), went_back = $1", json.dumps(told))
    vera, alice = await enter("viewer"), await enter("accounting_manager")
    text = (await vera.get("/companies/1")).text
    assert "The company file seems to have gone back in time. Most likely a backup was restored" in text
    assert "Sync 14 reads everything again." in text
    assert "2 rows came back older than before." in text
    assert "Put this away" not in text
    assert "Put this away" in (await alice.get("/companies/1")).text
    assert (await vera.submit("/companies/1/went-back/seen")).status_code == 403
    assert (await alice.submit("/companies/1/went-back/seen")).status_code == 303
    assert "gone back in time" not in (await alice.get("/companies/1")).text
    assert await fetchval("select count(*) from audit_entry where action = 'company.went_back_seen'") == 1


async def test_the_hours_of_contact_are_those_in_which_it_called_also_without_a_sync(enter: Enter) -> None:
    hour = NOW.replace(minute=0, second=0, microsecond=0) - timedelta(hours=5)
    await execute("update company set created_at = now() - interval '30 days'")
    await execute("delete from contact_hour")
    await execute("insert into contact_hour (company, hour) values (1, $1)", hour)
    row = await company(1, NOW)
    assert row is not None
    assert row.hours[-6] == "full"
    assert row.hours[-7] == "none"
    await execute("update company set window_from = 0, window_until = 1, window_days = 0")
    row = await company(1, NOW)
    assert row is not None
    assert row.hours[-7] == "grey", "none was due"


async def test_without_a_company_the_page_says_what_to_do(enter: Enter) -> None:
    await execute("truncate company cascade")
    text = (await (await enter("owner")).get("/companies")).text
    assert "No company yet." in text
    assert "the Web Connector carries them here" in text
    assert text.count('class="button button--primary" href="/connect"') == 1
    assert 'href="/connect"' not in (await (await enter("viewer")).get("/companies")).text


async def test_an_unknown_company_is_not_found_on_every_page(enter: Enter) -> None:
    vera = await enter("viewer")
    for path in ("", "/syncs", "/syncs/1", "/records", "/records/Customer", "/search?q=x", "/live"):
        assert (await vera.get(f"/companies/77{path}")).status_code == 404, path
    assert (await vera.get("/companies/99999999999999999999")).status_code == 404


async def test_the_next_step_leads_to_a_page_that_exists(enter: Enter) -> None:
    vera = await enter("viewer")
    row = await company(1, datetime.now(UTC))
    assert row is not None
    assert next_step(row, manages=True) is None
    assert sentence([]) == "None is connected yet."
    for link in ("/companies", "/companies/1", "/companies/1/records", "/account/sessions"):
        assert (await vera.get(link)).status_code in (200, 303)
