"""Syncs: the history, one sync with its requests, each request with its answer, and what viewers do not see."""

import re

from sync.store.base import execute, fetchval
from tests.web.pages.conftest import EMPLOYEE, SSN, Enter


async def test_the_history_has_each_sync_with_its_result_and_pages(enter: Enter) -> None:
    await execute(
        """insert into run (company, number, kind, state, asked_by, asked_at)
           select 1, n, 'incremental', 'complete', 'Schedule', now() from generate_series(2, 45) n"""
    )
    vera = await enter("viewer")
    first = (await vera.get("/companies/1/syncs")).text
    assert re.findall(r'href="/companies/1/syncs/(\d+)"', first) == [str(number) for number in range(45, 25, -1)]
    older = re.search(r'href="(/companies/1/syncs\?before=\d+)"', first)
    assert older
    assert 'href="/companies/1/syncs/25"' in (await vera.get(older[1])).text


async def test_a_sync_opens_to_its_requests_and_a_request_to_its_answer(enter: Enter) -> None:
    vera = await enter("viewer")
    text = (await vera.get("/companies/1/syncs/1")).text
    assert "First sync" in text
    assert "CustomerQuery" in text
    link = re.search(r'href="(/companies/1/syncs/1/requests/\d+)"[^>]*>CustomerQuery, page 1', text)
    assert link
    request = (await vera.get(link[1])).text
    assert "CustomerQueryRs" in request
    assert "CustomerQueryRq" not in request
    both = (await vera.get(f"{link[1]}?view=both")).text
    assert "CustomerQueryRq" in both
    assert "CustomerQueryRs" in both
    assert "statusCode" in both


async def test_the_failed_ones_alone_and_the_search_in_the_qbxml(enter: Enter) -> None:
    await execute(
        "update request set status_code = 3100, status_severity = 'Error' where id = (select max(id) from request)"
    )
    bob = await enter("member")
    failed = (await bob.get("/companies/1/syncs/1?show=failed")).text
    assert failed.count('data-mark="failed"') >= 1
    assert failed.count('data-mark="ok"') == 0
    found = (await bob.get("/companies/1/syncs/1?q=VendorQueryRq")).text
    assert "VendorQuery" in found
    assert "InvoiceQuery" not in found
    nothing = (await bob.get("/companies/1/syncs/1?q=no-such-words")).text
    assert "No request contains “no-such-words”." in nothing
    assert "Clear the search" in nothing


async def test_a_document_can_be_downloaded_as_it_came(enter: Enter, personal: int) -> None:
    bob = await enter("member")
    answer = await bob.get(f"/companies/1/syncs/1/requests/{personal}/answer.xml")
    assert answer.headers["content-type"].startswith("application/xml")
    assert "attachment" in answer.headers["content-disposition"]
    assert EMPLOYEE in answer.text
    assert (await bob.get(f"/companies/1/syncs/1/requests/{personal}/other.xml")).status_code == 404
    assert (await bob.get(f"/companies/1/syncs/2/requests/{personal}/answer.xml")).status_code == 404


async def test_personal_numbers_are_hidden_from_viewers_in_pages_and_downloads(enter: Enter, personal: int) -> None:
    vera, bob = await enter("viewer"), await enter("member")
    for path in (f"{personal}?view=both", f"{personal}", f"{personal}/answer.xml"):
        address = f"/companies/1/syncs/1/requests/{path}"
        seen = (await vera.get(address)).text
        assert SSN not in seen
        assert "99887766" not in seen
        assert "••••6789" in seen
        assert "••••7766" in seen
        assert SSN in (await bob.get(address)).text


async def test_a_viewer_cannot_find_out_a_number_by_searching_for_it(enter: Enter, personal: int) -> None:
    vera, bob = await enter("viewer"), await enter("member")
    path = "/companies/1/syncs/1?q=123-45"
    assert f"/requests/{personal}?" in (await bob.get(path)).text
    refused = (await vera.get(path)).text
    assert f"/requests/{personal}?" not in refused
    assert "A viewer can look for words here, not for numbers." in refused
    assert f"/requests/{personal}?" in (await vera.get("/companies/1/syncs/1?q=EmployeeRet")).text


async def test_a_long_document_is_shown_in_parts(enter: Enter) -> None:
    import zlib

    id = await fetchval("select max(id) from request where answer is not null")
    rows = "".join(f"<AccountRet><Name>{number}</Name></AccountRet>" for number in range(1500))
    answer = f"<QBXML><QBXMLMsgsRs>{rows}</QBXMLMsgsRs></QBXML>"
    await execute("update request set answer = $2 where id = $1", id, zlib.compress(answer.encode()))
    vera = await enter("viewer")
    first = (await vera.get(f"/companies/1/syncs/1/requests/{id}")).text
    assert 'data-number="2000"' in first
    assert 'data-number="2001"' not in first
    more = re.search(r'href="([^"]*from=2001[^"]*)"', first)
    assert more
    second = (await vera.get(more[1].replace("&amp;", "&"))).text
    assert 'data-number="2001"' in second
    assert 'data-number="4001"' not in second


async def test_a_sync_that_goes_on_shows_its_progress_in_two_phases(enter: Enter) -> None:  # D41, D46
    await execute("update run set state = 'running', ended_at = null, percent = 62")
    await execute("update session set ended_at = null, called_at = now()")
    await execute("update run_entity set state = 'reading', expected = 5000, ended_at = null where entity = 'Invoice'")
    await execute("update run_entity set state = 'waiting', expected = 900, done = 0 where entity = 'Bill'")
    text = (await (await enter("viewer")).get("/companies/1/syncs/1")).text
    assert text.index("First: lists") < text.index("Then: history") < text.index("Together")
    assert 'role="progressbar"' in text
    assert "62 %" in text
    assert "Reading invoices." in text
    assert 'sse-connect="/companies/1/syncs/1/live"' in text
