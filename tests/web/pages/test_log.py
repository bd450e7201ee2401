"""The QuickBooks Sync Report: pending, successful and failed changes, filtered in the address, as pages and as CSV."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from sync.store.base import execute, fetchval
from tests.web.pages.changing import a_change, many
from tests.web.pages.conftest import Enter

URL = "/companies/1/reports/sync-log"
SAID = 'The name "Abel" of the list element is already in use.'


async def test_the_log_is_reached_under_reports_quickbooks_syncing_quickbooks_sync_report(enter: Enter) -> None:
    vera = await enter("viewer")
    home = (await vera.get("/companies/1")).text
    assert re.search(r'href="/companies/1/reports"[^>]*>Reports', home)
    reports = (await vera.get("/companies/1/reports")).text
    assert reports.index("QuickBooks Syncing</h2>") < reports.index(f'href="{URL}">QuickBooks Sync Report</a>')  # E18
    assert "<h1" in (await vera.get(URL)).text


async def test_each_change_is_in_its_tab_with_counts_and_quickbooks_own_words(enter: Enter) -> None:
    vera = await enter("viewer")
    _, record, pending = await a_change("approved")
    _, _, done = await a_change("applied", entity="Vendor", code=0)
    await a_change("refused", entity="Vendor", nth=1, code=3100, message=SAID)
    text = (await vera.get(URL)).text
    tabs = re.findall(r">(Pending|Successful|Failed) <span class=\"badge\">(\d+)<", text)
    assert tabs == [("Pending", "1"), ("Successful", "1"), ("Failed", "1")]  # E19
    assert f'href="/companies/1/records/Customer/{record}"' in text
    assert pending in text  # E20
    assert "1 change is pending. It goes when the Web Connector calls" in text  # E20: it waits for the Web Connector
    assert done in (await vera.get(f"{URL}?tab=successful")).text  # E22
    failed = (await vera.get(f"{URL}?tab=failed")).text
    assert "The name &#34;Abel&#34; of the list element is already in use." in failed  # E29
    assert 'href="/guide/codes/3100"' in failed  # E30
    found = (await vera.get(URL, params={"tab": "successful", "q": done[1:].upper()})).text
    assert done in found
    assert re.findall(r">(Pending|Successful|Failed) <span class=\"badge\">(\d+)<", found)[1] == ("Successful", "1")
    assert len((await vera.get(f"{URL}.csv", params={"tab": "failed", "q": done})).text.splitlines()) == 1


async def test_a_failure_stays_after_a_later_success(enter: Enter) -> None:
    vera = await enter("viewer")
    change, _, name = await a_change("refused", code=3100, message=SAID)
    await execute("update change set state = 'approved', decided_by = 'bob', decided_at = now() where id = $1", change)
    await execute("update change set state = 'sent' where id = $1", change)
    await execute("update change set state = 'applied', status_code = 0, status_message = 'OK' where id = $1", change)
    for tab in ("failed", "successful"):
        assert name in (await vera.get(f"{URL}?tab={tab}")).text  # E22, E23
    assert "already in use" in (await vera.get(f"{URL}?tab=failed")).text
    assert "Nothing is pending." in (await vera.get(URL)).text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("entity=Vendor", 1),
        ("entity=Customer", 1),
        ("direction=out", 2),
        ("direction=in", 0),
        ("q=already+IN+use", 1),
        ("q=3140", 1),
        ("q=nobody", 0),
        (f"from={datetime.now().astimezone().date()}", 2),
        (f"to={datetime.now().astimezone().date() - timedelta(days=1)}", 0),
        ("entity=Nonsense&direction=up&from=yesterday&before=x", 2),
    ],
)
async def test_filters_stand_in_the_address_and_the_csv_follows_them(enter: Enter, query: str, found: int) -> None:
    vera = await enter("viewer")
    await a_change("refused", entity="Vendor", code=3100, message=SAID)
    await a_change("refused", code=3140, message="There is an invalid reference.")
    text = (await vera.get(f"{URL}?tab=failed&{query}")).text
    assert text.count("data-row=") == found
    if not found:
        assert "Clear the filters" in text
    answer = await vera.get(f"{URL}.csv?tab=failed&{query}")
    assert answer.headers["content-type"].startswith("text/csv")
    assert len(answer.text.splitlines()) == 1 + found


async def test_no_cell_of_the_csv_is_a_formula(enter: Enter) -> None:
    vera = await enter("viewer")
    await a_change("refused", code=3100, message="=cmd()")
    assert ",'=cmd()," in (await vera.get(f"{URL}.csv?tab=failed")).text


async def test_pages_follow_each_other_without_a_gap_and_the_csv_has_all(enter: Enter) -> None:
    vera = await enter("viewer")
    await many(120)
    seen: list[str] = []
    url: str | None = f"{URL}?tab=failed"
    while url:
        text = (await vera.get(url)).text
        seen += re.findall(r'data-row="(\d+)"', text)
        older = re.search(r'rel="next" href="([^"]+)"', text)
        url = older[1].replace("&amp;", "&") if older else None
    assert len(seen) == len(set(seen)) == 120
    assert seen == sorted(seen, key=int, reverse=True)
    assert len((await vera.get(f"{URL}.csv?tab=failed")).text.splitlines()) == 121
    await many_approved()
    pages = (await vera.get(URL)).text
    assert pages.count("data-row=") == 50
    assert 'rel="next"' in pages


async def many_approved() -> None:
    await execute("update change set state = 'approved', decided_at = now()")


async def test_what_does_not_move_for_two_expected_calls_says_to_reconnect_the_web_connector(enter: Enter) -> None:
    vera = await enter("viewer")
    change, _, _ = await a_change("approved")
    assert "Reconnect the Web Connector" not in (await vera.get(URL)).text
    minutes = 2 * await fetchval("select schedule_minutes from company where id = 1")
    await wait_since(change, minutes - 1)
    assert "Reconnect the Web Connector" not in (await vera.get(URL)).text
    await wait_since(change, minutes + 1)
    text = (await vera.get(URL)).text
    assert "Nothing has moved since" in text
    assert 'href="/companies/1/troubleshooting">Reconnect the Web Connector</a>' in text  # E21
    await execute("update company set paused_at = now()")
    paused = (await vera.get(URL)).text
    assert "Reconnect the Web Connector" not in paused
    assert "The sync is paused." in paused


async def wait_since(change: int, minutes: int) -> None:
    since = datetime.now(UTC) - timedelta(minutes=minutes)
    await execute("update change set decided_at = $2 where id = $1", change, since)


async def test_a_child_says_on_whom_it_waits(enter: Enter) -> None:
    vera = await enter("viewer")
    parent, record, name = await a_change("approved")
    await a_change("waiting", entity="Invoice", action="create", waits_for=parent)
    text = (await vera.get(URL)).text
    assert f'Waits for <a href="/companies/1/records/Customer/{record}">{name}</a>' in text


async def test_the_texts_speak_of_quickbooks_desktop(enter: Enter) -> None:
    vera = await enter("viewer")
    for path in ("/companies/1/reports", URL, f"{URL}?tab=failed"):
        assert "QuickBooks Online" not in (await vera.get(path)).text  # E34
