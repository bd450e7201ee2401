"""A CSV file sent, looked at line by line, decided once, and proposed in the background."""

import asyncio
import csv
import io
import re
from datetime import UTC, datetime

import pytest
from markupsafe import escape

from sync.store import csv_imports, csv_matching, policies
from sync.store.base import execute, fetch, fetchval
from tests.web.conftest import Visitor
from tests.web.pages.conftest import Enter

HOME = "/companies/1/records/Customer/import"


async def send(visitor: Visitor, content: bytes, home: str = HOME) -> str:
    """Send a file as the page would; return the address of its preview, or the page that refuses it."""
    await visitor.get("/companies")
    form = {"_csrf_token": visitor.cookies["deskbridge-form"]}
    answer = await visitor.post(home, data=form, files={"file": ("customers.csv", content, "text/csv")}, timeout=60)
    return answer.headers.get("location") or answer.text


async def settled(address: str, *states: str) -> csv_imports.ImportRow:
    """Wait until a file is in one of these states."""
    while True:
        found = await csv_imports.by_id(int(address.rpartition("/")[2]))
        assert found
        if found.state in states:
            return found
        await asyncio.sleep(0.05)


async def checked(visitor: Visitor, content: bytes, home: str = HOME) -> tuple[str, dict[str, int]]:
    address = await send(visitor, content, home)
    assert address.startswith(home), address
    found = await settled(address, "checked")
    return address, await csv_imports.counts(found.id)


async def decided(visitor: Visitor, address: str) -> csv_imports.ImportRow:
    row = await settled(address, "checked")
    answer = await visitor.submit(f"{address}/decide", do="import", number=str(row.number))
    assert answer.status_code == 303
    return await settled(address, "done")


async def exported(visitor: Visitor, entity: str = "Customer") -> tuple[list[str], list[dict[str, str]]]:
    text = (await visitor.get(f"/companies/1/records/{entity}/export.csv")).text
    reader = csv.DictReader(io.StringIO(text))
    return list(reader.fieldnames or []), list(reader)


def as_csv(heads: list[str], rows: list[dict[str, str]], separator: str = ",") -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, heads, delimiter=separator)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


@pytest.mark.parametrize("entity", ["Customer", "Vendor", "ItemService", "Account", "Invoice", "Bill"])
async def test_an_export_that_comes_back_untouched_changes_nothing(enter: Enter, entity: str) -> None:
    bob = await enter("member")
    heads, rows = await exported(bob, entity)
    assert rows
    _, counts = await checked(bob, as_csv(heads, rows), f"/companies/1/records/{entity}/import")
    assert counts == {"new": 0, "changed": 0, "same": len(rows), "refused": 0}


async def test_three_cells_changed_in_an_export_are_three_changes(enter: Enter) -> None:
    bob = await enter("member")
    heads, rows = await exported(bob)
    rows[0]["Phone"], rows[1]["BillAddress/City"], rows[2]["Notes"] = "218-555-0100", "Duluth", "=called twice"
    rows[0]["Wish"] = "tea"
    address, counts = await checked(bob, as_csv([*heads, "Wish"], rows))
    assert counts == {"new": 0, "changed": 3, "same": len(rows) - 3, "refused": 0}
    page = (await bob.get(address)).text
    assert "The column “Wish” is not imported." in page
    assert f">{escape(rows[0]['Name'])}</a>" in page
    assert "Import 3" in page
    assert "218-555-0100" in page
    done = await decided(bob, address)
    assert done.imported == 3
    changes = await fetch("select state, action, created_by, before, after from change order by id")
    assert [(row["state"], row["action"], row["created_by"]) for row in changes] == [
        ("proposed", "update", "bob@halder.example")
    ] * 3
    assert await fetchval("select count(*) from change where after ->> 'Phone' = '218-555-0100'") == 1
    assert await fetchval("select count(*) from change where after ->> 'Notes' = '=called twice'") == 1
    assert "records.imported" in [row["action"] for row in await fetch("select action from audit_entry")]


async def test_each_line_says_what_it_would_do_and_a_refused_one_why(enter: Enter) -> None:
    bob = await enter("member")
    name, id = await fetchrow_of("Customer")
    lines = [
        "Name;ListID;Phone;Terms;Credit limit",
        "Brand New;;1;;",
        f"{name};;218-555-0199;;",
        f"{name};{id};2;;",
        "Other;no-such-id;;;",
        "Third;;;Net 900;",
        f"{'x' * 42};;;;",
        "Fourth;;;;much",
        "Fifth;;;;1234.5",
        "Brand New;;;;",
        "short",
    ]
    address, counts = await checked(bob, "\n".join(lines).encode())
    assert counts == {"new": 2, "changed": 1, "same": 0, "refused": 7}
    page = (await bob.get(f"{address}?show=refused")).text
    for reason in (
        "Line 3 is about the same customer.",
        "There is no customer with this ListID here.",
        "called Net 900 here",
        "can have 41 characters",
        "is an amount written like",
        "Line 2 is about the same customer.",
        "The line has 1 cells, the head has 5.",
    ):
        assert reason in page, reason
    assert "Import 3, leave 7" in page
    await decided(bob, address)
    limits = await fetchval("select after ->> 'CreditLimit' from change where after ->> 'Name' = 'Fifth'")
    assert limits == "1234.50"


async def fetchrow_of(entity: str) -> tuple[str, str]:
    row = (await fetch("select name, qb_id from record where entity = $1 and name !~ ':' order by id", entity))[0]
    return row["name"], row["qb_id"]


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("Name,Notes\nÅse,naïve\n".encode(), "UTF-8"),
        (b"\xef\xbb\xbf" + "Name\tNotes\nÅse\tnaïve\n".encode(), "UTF-8"),
        ("Name;Notes\r\nÅse;naïve\r\n".encode("cp1252"), "Windows-1252"),
    ],
)
async def test_a_file_is_read_as_it_was_written(enter: Enter, content: bytes, encoding: str) -> None:
    bob = await enter("member")
    address, counts = await checked(bob, content)
    found = await settled(address, "checked")
    assert (found.encoding, found.headings, found.mapping) == (encoding, ["Name", "Notes"], ["Name", "Notes"])
    assert counts["new"] == 1
    assert (await csv_imports.lines_of(found.id, "new"))[0].cells == ["Åse", "naïve"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file has a head at most."),
        (b"Name\n", "The file has a head at most."),
        (b"PK\x03\x04\x00\x00", "This is no CSV file."),
        (b"Name\n" + b"a" * 20_001, "has a cell of more than"),
        (b'Name\n"' + b"a\n" * 100_000, "cannot be read"),
        (b",".join([b"a"] * 401), "more than 400 columns"),
    ],
)
async def test_a_file_that_cannot_be_taken_is_refused_in_words(enter: Enter, content: bytes, words: str) -> None:
    bob = await enter("member")
    assert words in await send(bob, content)
    assert await fetchval("select count(*) from csv_line") == 0


async def test_a_file_of_twenty_megabytes_is_taken_and_a_larger_one_refused(enter: Enter) -> None:
    bob = await enter("member")
    lines = 19_990_000 // 10_000
    file = b"Name,Notes\n" + (b"a," + b"n" * 9_997 + b"\n") * lines
    assert re.fullmatch(rf"{HOME}/\d+", await send(bob, file))
    assert await fetchval("select count(*) from csv_line") == lines
    assert "The file has more than 20 MB. Cut it in two." in await send(bob, file + file[:20_000])
    assert "larger than this page takes" in await send(bob, file + file[:200_000])


async def test_a_column_is_named_anew_and_the_lines_are_looked_at_again(enter: Enter) -> None:
    bob = await enter("member")
    address, counts = await checked(bob, b"Who,Tel\nAnna,1\n")
    assert counts["refused"] == 1
    answer = await bob.submit(f"{address}/columns", column0="Name", column1="name")
    assert answer.headers["location"].endswith("?told=mapping")
    await bob.submit(f"{address}/columns", column0="Name", column1="phone")
    found = await settled(address, "checked")
    assert (found.mapping, await csv_imports.counts(found.id)) == (
        ["Name", "Phone"],
        {"new": 1, "changed": 0, "same": 0, "refused": 0},
    )
    late = await bob.submit(f"{address}/decide", do="import", number="1")
    assert late.headers["location"].endswith("?told=late")


async def test_an_import_that_runs_twice_proposes_each_line_once(enter: Enter) -> None:
    bob = await enter("member")
    content = b"Name\n" + b"".join(b"Person %d\n" % number for number in range(1203))
    address, counts = await checked(bob, content)
    assert counts["new"] == 1203
    row = await settled(address, "checked")
    assert await csv_imports.decide(row.id, row.number, "bob@halder.example", datetime.now(UTC), "")
    assert not await csv_imports.decide(row.id, row.number, "bob@halder.example", datetime.now(UTC), "")
    file = await csv_imports.by_id(row.id)
    assert file

    async def run() -> None:
        while await csv_matching.carry_out(file):
            pass

    await asyncio.gather(run(), run(), run())
    assert (await settled(address, "done")).imported == 1203
    assert await fetchval("select count(*) from change") == 1203
    assert await fetchval("select count(distinct record) from change") == 1203


async def test_what_somebody_changed_since_the_preview_is_not_written_over(enter: Enter) -> None:
    bob = await enter("member")
    _, id = await fetchrow_of("Customer")
    address, counts = await checked(bob, f"ListID,Phone\n{id},218-555-0111\n".encode())
    assert counts["changed"] == 1
    await execute('update record set ours = quickbooks || \'{"Phone": "1"}\' where qb_id = $1', id)
    done = await decided(bob, address)
    assert done.imported == 0
    assert "Somebody changed this record since the preview" in (await bob.get(f"{address}?show=refused")).text
    assert await fetchval("select count(*) from change") == 0


async def test_a_kind_that_approves_by_itself_is_approved_by_an_import_too(enter: Enter) -> None:
    bob = await enter("member")
    await policies.set_policy(1, "Customer", "out", "auto", "test")
    address, _ = await checked(bob, b"Name\nAnna\n")
    await decided(bob, address)
    assert await fetchval("select state from change") == "approved"


async def test_a_file_that_is_left_leaves_nothing(enter: Enter) -> None:
    bob = await enter("member")
    address, _ = await checked(bob, b"Name\nAnna\n")
    await bob.submit(f"{address}/decide", do="drop")
    assert (await bob.get(address)).status_code == 404
    assert await fetchval("select count(*) from csv_line") == 0


async def test_the_page_says_that_lines_of_transactions_stay(enter: Enter) -> None:
    bob = await enter("member")
    assert "Lines of transactions are not imported" in (await bob.get(HOME)).text
