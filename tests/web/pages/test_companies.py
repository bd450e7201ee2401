"""Companies and the sync status of one: what they say, and what the Sync now button does."""

from datetime import UTC, datetime, timedelta

from sync.store.base import execute, fetchrow, fetchval
from sync.store.companies import company
from tests.web.pages.conftest import Enter
from web.pages.companies import next_step, sentence


async def test_home_leads_to_the_companies_with_state_last_sync_and_link(enter: Enter) -> None:
    vera = await enter("viewer")
    assert (await vera.get("/")).headers["location"] == "/companies"
    text = (await vera.get("/companies")).text
    assert "Halder Natural Stone, Inc." in text
    assert "One company. Nothing needs you." in text
    assert 'href="/companies/1"' in text
    assert "Connected" in text
    assert "<title>Companies · Deskbridge</title>" in text


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


async def test_without_a_company_the_page_says_what_to_do(enter: Enter) -> None:
    await execute("truncate company cascade")
    text = (await (await enter("owner")).get("/companies")).text
    assert "No company yet." in text
    assert "the Web Connector carries them here" in text


async def test_an_unknown_company_is_not_found_on_every_page(enter: Enter) -> None:
    vera = await enter("viewer")
    for path in ("", "/syncs", "/syncs/1", "/records", "/records/Customer", "/search?q=x", "/live"):
        assert (await vera.get(f"/companies/77{path}")).status_code == 404, path
    assert (await vera.get("/companies/99999999999999999999")).status_code == 404


async def test_the_next_step_leads_to_a_page_that_exists(enter: Enter) -> None:
    vera = await enter("viewer")
    row = await company(1, datetime.now(UTC))
    assert row is not None
    assert next_step(row) is None
    assert sentence([]) == "None is connected yet."
    for link in ("/companies", "/companies/1", "/companies/1/records", "/account/sessions"):
        assert (await vera.get(link)).status_code in (200, 303)
