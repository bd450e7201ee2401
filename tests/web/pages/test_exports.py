"""The hop after ours: lists as CSV, as they are filtered, and what was taken when and by whom."""

import asyncio
import csv
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncGenerator

import pytest

from sync.settings import Settings
from sync.store import exports
from sync.store.base import execute, fetchval
from tests.serving import SECRET
from tests.web.conftest import Visitor
from tests.web.pages.conftest import SSN, Enter
from web.ahead import ahead
from web.csv_file import columns, harmless

URL = "/companies/1/records/Customer/export.csv"


async def taken(visitor: Visitor, path: str = URL) -> list[dict[str, str]]:
    answer = await visitor.get(path)
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.content.decode())))


async def put(name: str, entity: str = "Customer", qb_id: str = "X-1", **fields: object) -> None:
    await execute(
        """insert into record (company, entity, qb_id, name, quickbooks, time_modified, active)
           values (1, $1, $2, $3, $4, '2025-11-21T10:00:00-05:00', true)""",
        *(entity, qb_id, name, json.dumps({"ListID": qb_id, "Name": name, **fields})),
    )


async def test_a_list_is_taken_whole_in_utf_8_with_a_column_for_each_field(enter: Enter) -> None:
    bob = await enter("member")
    await put("Größe & Söhne", CustomerTypeRef={"ListID": "T-1", "FullName": "Retail"}, BillAddress={"City": "Köln"})
    for number in range(60):
        await put(f"Company {number}", qb_id=f"Y-{number}")
    answer = await bob.get(URL)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    assert not answer.content.startswith(b"\xef\xbb\xbf")
    rows = await taken(bob)
    assert len(rows) == await fetchval("select count(*) from record where entity = 'Customer' and deleted_at is null")
    assert len(rows) > 50  # more than a page
    mine = next(row for row in rows if row["ListID"] == "X-1")
    assert (
        mine["Name"],
        mine["BillAddress/City"],
        mine["CustomerTypeRef/FullName"],
        mine["CustomerTypeRef/ListID"],
    ) == (
        "Größe & Söhne",
        "Köln",
        "Retail",
        "T-1",
    )
    assert list(mine) == [*("/".join(path) for path in columns("Customer")), "deleted_at"]


async def test_what_is_filtered_and_sorted_is_what_is_taken_and_the_button_says_so(enter: Enter) -> None:
    bob = await enter("member")
    for number in range(3):
        await put(f"Zebra {number}", qb_id=f"X-{number}")
    page = (await bob.get("/companies/1/records/Customer?q=zebra&sort=name&dir=desc")).text
    found = re.search(r'href="([^"]*export\.csv[^"]*)"[^>]*>.*?3 as CSV', page)
    assert found is not None
    rows = await taken(bob, found[1].replace("&amp;", "&"))
    assert [row["Name"] for row in rows] == ["Zebra 2", "Zebra 1", "Zebra 0"]
    await execute("update record set deleted_at = '2025-11-20T10:00:00-05:00' where qb_id = 'X-1'")
    gone = await taken(bob, f"{URL}?deleted=only")
    assert [(row["Name"], row["deleted_at"]) for row in gone] == [("Zebra 1", "2025-11-20T10:00:00-05:00")]


async def test_a21_a22_the_last_export_is_on_the_status_page_and_each_one_in_the_list(enter: Enter) -> None:
    vera = await enter("viewer")
    status = (await vera.get("/companies/1")).text
    assert "Your applications" in status  # A21: the hop after ours is shown apart
    assert "Nothing taken yet" in status
    assert "Nothing was taken yet." in (await vera.get("/companies/1/exports")).text
    rows = await taken(vera)
    last = await exports.last_of(1)
    assert last is not None
    assert (last.entity, last.form, last.rows, last.taken_by) == ("Customer", "csv", len(rows), "vera@halder.example")
    status = (await vera.get("/companies/1")).text
    assert f"Customers, {len(rows)} rows, CSV" in status  # A22: the most recent one
    assert 'href="/companies/1/exports"' in status
    listed = (await vera.get("/companies/1/exports")).text
    assert "vera@halder.example" in listed
    assert await fetchval("select count(*) from audit_entry where action = 'records.exported'") == 1


async def test_an_export_by_the_command_line_is_noted_too(site: str, settings: Settings) -> None:
    del site  # the database is open
    environ = os.environ | {
        "DATABASE_URL": settings.database_url or "",
        "SECRET_KEY": SECRET,
        "DESKBRIDGE_DATA": str(settings.data),
    }
    command = [sys.executable, "-m", "web", "records", "export", "--company", "1", "--entity", "Customer"]
    ran = await asyncio.to_thread(subprocess.run, command, env=environ, capture_output=True, check=True)
    last = await exports.last_of(1)
    assert last is not None
    assert (last.entity, last.form, last.taken_by) == ("Customer", "json", "command line")
    assert last.rows == len(ran.stdout.splitlines()) > 0


async def test_many_exports_are_paged(enter: Enter) -> None:
    vera = await enter("viewer")
    for number in range(60):
        await exports.note(1, "Invoice", "json", number, "command line")
    first = (await vera.get("/companies/1/exports")).text
    older = re.search(r'href="(/companies/1/exports\?before=\d+)"', first)
    assert older is not None
    assert (await vera.get(older[1])).text.count("JSON lines") == 10


async def test_a_viewer_takes_no_personal_number_and_finds_none_by_searching(enter: Enter) -> None:
    await put("Graziella", "Employee", "E-1", SSN=SSN, AccountNumber="99887766")
    vera, bob = await enter("viewer"), await enter("member")
    path = "/companies/1/records/Employee/export.csv?q=Graziella"
    assert [row["SSN"] for row in await taken(bob, path)] == [SSN]
    hidden = await taken(vera, path)
    assert [row["SSN"] for row in hidden] == ["••••6789"]
    assert SSN not in str(hidden)
    assert "99887766" not in str(hidden)
    assert await taken(vera, "/companies/1/records/Employee/export.csv?q=99887766") == []


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+SUM(A1)", "'+SUM(A1)"),
        ("-cmd|' /C calc'!A0", "'-cmd|' /C calc'!A0"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("  =1+1", "'  =1+1"),
        ("\t=1+1", "'\t=1+1"),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("+1 555 0100", "'+1 555 0100"),
        ("-12.50", "-12.50"),
        ("-.5", "-.5"),
        ("+3", "+3"),
        ("-8.25%", "-8.25%"),
        ("2025-11-21", "2025-11-21"),
        ("Miller = Sons", "Miller = Sons"),
        ("-1+1", "'-1+1"),
    ],
)
def test_no_cell_is_a_formula_and_a_negative_number_stays_one(text: str, written: str) -> None:
    assert harmless(text) == written


async def test_a_cell_with_a_formula_is_harmless_in_the_file(enter: Enter) -> None:
    bob = await enter("member")
    await put('=HYPERLINK("http://x.example")', Balance="-4331.03", Notes='Two\nlines, "quoted"')
    row = (await taken(bob, f"{URL}?q=HYPERLINK"))[0]
    assert row["Name"] == '\'=HYPERLINK("http://x.example")'
    assert row["Balance"] == "-4331.03"
    assert row["Notes"] == 'Two\nlines, "quoted"'


async def test_an_unknown_kind_or_company_has_no_export(enter: Enter) -> None:
    vera = await enter("viewer")
    for path in ("/companies/1/records/Nonsense/export.csv", "/companies/77/records/Customer/export.csv"):
        assert (await vera.get(path)).status_code == 404


async def test_who_breaks_a_download_off_leaves_no_note(enter: Enter) -> None:
    bob = await enter("member")
    await execute(
        """insert into record (company, entity, qb_id, name, quickbooks, time_modified)
           select 1, 'Customer', 'N-' || n, 'Many ' || n, jsonb_build_object('Notes', repeat('x', 2000)), ''
           from generate_series(1, 20000) n"""
    )
    async with bob.stream("GET", URL) as answer:
        async for _ in answer.aiter_bytes():
            break
    assert (await bob.get("/companies/1/exports")).status_code == 200
    assert await exports.last_of(1) is None
    for _ in range(4):  # its connection is free again: more than this would be too many
        assert len(await taken(bob, f"{URL}?q=Many 777")) == 11


async def test_a_reader_that_stalls_lets_go_of_what_is_read() -> None:
    closed = asyncio.Event()

    async def source() -> AsyncGenerator[bytes, None]:
        try:
            for _ in range(100):
                yield b"part"
        finally:
            closed.set()

    parts = ahead(source(), stalled=0.05)
    assert await anext(parts) == b"part"
    await closed.wait()  # nobody asks for more
    with pytest.raises(TimeoutError):
        [part async for part in parts]


async def test_what_is_read_ahead_arrives_whole_and_in_order_and_an_error_is_no_end() -> None:
    async def source(count: int, broken: bool) -> AsyncGenerator[bytes, None]:
        for number in range(count):
            yield str(number).encode()
        if broken:
            raise ZeroDivisionError

    for count in (0, 1, 8, 9, 100):
        assert [part async for part in ahead(source(count, False))] == [str(n).encode() for n in range(count)]
    with pytest.raises(ZeroDivisionError):
        [part async for part in ahead(source(3, True))]
