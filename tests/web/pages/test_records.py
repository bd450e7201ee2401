"""Records: the kinds, a list to search, sort and page, one record with all it holds, and the search box."""

import json
import re

import pytest

from sync.store.base import execute, fetchrow, fetchval
from tests.web.conftest import Visitor
from tests.web.pages.conftest import SSN, Enter

NAMES = re.compile(r'<a class="table__name" href="[^"]*">([^<]*)</a>')


async def names_on(visitor: Visitor, path: str) -> list[str]:
    return NAMES.findall((await visitor.get(path)).text)


async def test_records_opens_at_the_customers_with_all_kinds_beside_them(enter: Enter) -> None:
    vera = await enter("viewer")
    assert (await vera.get("/companies/1/records")).headers["location"] == "/companies/1/records/Customer"
    text = (await vera.get("/companies/1/records/Customer")).text
    assert 'aria-current="page"><span>Customers</span>' in text
    assert "/companies/1/records/Invoice" in text
    assert "Data as of today" in text  # A19
    assert (await vera.get("/companies/1/records?kind=Vendor")).headers["location"] == "/companies/1/records/Vendor"
    assert (await vera.get("/companies/1/records/NoSuchKind")).status_code == 404


async def test_a_list_is_paged_by_cursors_that_miss_and_double_nothing(enter: Enter) -> None:
    await execute(
        """insert into record (company, entity, qb_id, name, quickbooks)
           select 1, 'Customer', 'X-' || n, 'Zz ' || lpad(n::text, 3, '0'), '{}' from generate_series(1, 130) n"""
    )
    vera = await enter("viewer")
    path, seen = "/companies/1/records/Customer?sort=name&dir=desc", []
    while path:
        text = (await vera.get(path)).text
        seen += NAMES.findall(text)
        following = re.search(r'rel="next" href="([^"]*)"', text)
        path = following[1].replace("&amp;", "&") if following else ""
    assert len(seen) == len(set(seen)) == await fetchval("select count(*) from record where entity = 'Customer'")
    assert seen[0] == "Zz 130"
    back = re.search(r'rel="prev" href="([^"]*)"', text)
    assert back
    assert len(await names_on(vera, back[1].replace("&amp;", "&"))) == 50


async def test_a_search_finds_by_name_and_says_when_nothing_matches(enter: Enter) -> None:
    vera = await enter("viewer")
    name = str(await fetchval("select name from record where entity = 'Customer' order by id limit 1"))
    assert any(name in each for each in await names_on(vera, f"/companies/1/records/Customer?q={name[:5]}"))
    nothing = (await vera.get("/companies/1/records/Customer?q=Delacroix%20%3Cb%3E")).text
    assert "No customers match “Delacroix &lt;b&gt;”." in nothing
    assert "Clear the filters" in nothing


async def test_htmx_gets_the_rows_alone_and_history_the_whole_page(enter: Enter) -> None:
    vera = await enter("viewer")
    part = await vera.get("/companies/1/records/Customer?q=a", headers={"hx-request": "true"})
    assert part.text.lstrip().startswith('<section class="sheet" id="records"')
    assert part.headers["vary"] == "HX-Request"
    restored = {"hx-request": "true", "hx-history-restore-request": "true"}
    assert "<!doctype html>" in (await vera.get("/companies/1/records/Customer?q=a", headers=restored)).text


async def test_deleted_and_inactive_records_are_shown_when_asked_for(enter: Enter) -> None:
    await execute(
        "update record set deleted_at = '2025-11-20T17:32:00-08:00', name = 'Gone' where id = $1", await one("Vendor")
    )
    await execute("update record set active = false, name = 'Asleep' where id = $1", await one("Vendor"))
    vera = await enter("viewer")
    assert "Gone" not in await names_on(vera, "/companies/1/records/Vendor")
    only = (await vera.get("/companies/1/records/Vendor?deleted=only")).text
    assert NAMES.findall(only) == ["Gone"]
    assert "Deleted in QuickBooks" in only
    assert await names_on(vera, "/companies/1/records/Vendor?active=no") == ["Asleep"]


async def one(entity: str) -> int:
    id: int = await fetchval("select min(id) from record where entity = $1 and deleted_at is null", entity)
    return id


async def test_a_record_has_every_field_its_lines_links_and_ids(enter: Enter) -> None:
    row = await fetchrow(
        "select id, qb_id, ref_number, quickbooks from record where entity = 'Invoice' order by id limit 1"
    )
    assert row is not None
    fields = json.loads(row["quickbooks"])
    vera = await enter("viewer")
    text = (await vera.get(f"/companies/1/records/Invoice/{row['id']}")).text
    assert f"<title>Invoice {row['ref_number']}, Halder Natural Stone, Inc. · Deskbridge</title>" in text
    assert row["qb_id"] in text
    customer = await fetchval("select id from record where qb_id = $1", fields["CustomerRef"]["ListID"])
    assert f'href="/companies/1/records/Customer/{customer}"' in text
    assert (
        f"Invoice {'line' if len(fields['InvoiceLineRet']) == 1 else 'lines'}, {len(fields['InvoiceLineRet'])}" in text
    )
    assert text.index("Billing address") < text.index("Subtotal")
    xml = (await vera.get(f"/companies/1/records/Invoice/{row['id']}?view=qbxml")).text
    assert xml.index("TxnID") < xml.index("TimeCreated") < xml.index("CustomerRef") < xml.index("InvoiceLineRet")


@pytest.mark.parametrize("view", ["", "?view=qbxml"])
async def test_personal_numbers_of_a_record_are_hidden_from_viewers(enter: Enter, view: str) -> None:
    id = await one("Employee")
    numbers = json.dumps({"Name": "Grace", "SSN": SSN, "AccountNumber": "99887766"})
    await execute("update record set quickbooks = $2, ref_number = '99887766' where id = $1", id, numbers)
    path = f"/companies/1/records/Employee/{id}{view}"
    seen = (await (await enter("viewer")).get(path)).text
    assert SSN not in seen
    assert "99887766" not in seen
    assert "••••6789" in seen
    assert SSN in (await (await enter("member")).get(path)).text


async def test_a_viewer_finds_no_employee_by_a_hidden_number(enter: Enter) -> None:
    id = await one("Employee")
    await execute("update record set ref_number = '99887766', name = 'Grace' where id = $1", id)
    vera, bob = await enter("viewer"), await enter("member")
    listed = (await vera.get("/companies/1/records/Employee")).text
    assert "99887766" not in listed
    assert "••••7766" in listed
    assert await names_on(vera, "/companies/1/records/Employee?q=9988") == []
    assert await names_on(bob, "/companies/1/records/Employee?q=9988") == ["Grace"]
    assert await names_on(vera, "/companies/1/search?q=9988") == []
    assert await names_on(bob, "/companies/1/search?q=9988") == ["Grace"]


async def test_the_search_box_looks_in_every_kind(enter: Enter) -> None:
    vera = await enter("viewer")
    number = await fetchval("select max(ref_number) from record where entity = 'Invoice'")
    text = (await vera.get(f"/companies/1/search?q={number}")).text
    assert "Invoice" in text
    assert number in NAMES.findall(text)
    assert "Nothing matches" in (await vera.get("/companies/1/search?q=qqqq")).text
    assert "What are you looking for?" in (await vera.get("/companies/1/search")).text


async def test_every_kind_that_was_read_has_a_list_and_a_page_for_each_record(enter: Enter) -> None:
    vera = await enter("viewer")
    text = (await vera.get("/companies/1/records/Customer")).text
    kinds = set(re.findall(r'href="(/companies/1/records/\w+)"', text))
    assert len(kinds) > 20
    for path in kinds:
        page = await vera.get(path)
        assert page.status_code == 200, path
        record = re.search(r'class="table__name" href="([^"]*)"', page.text)
        assert record is None or (await vera.get(record[1])).status_code == 200, path


async def test_the_address_of_a_page_that_is_none_is_not_found(enter: Enter) -> None:
    vera = await enter("viewer")
    for query in ("after=x", "after=WyJhIl0", "before=%00", "q=%00", "sort=nothing", "deleted=x&active=y&dir=z"):
        status = (await vera.get(f"/companies/1/records/Customer?{query}")).status_code
        assert status in (200, 404), (query, status)
