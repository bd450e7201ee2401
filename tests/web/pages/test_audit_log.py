"""The audit log: every line there is can be found, in words, and none is ever changed."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from sync.store import people
from sync.store.base import execute, fetch, fetchval
from sync.tables import Record
from tests.web.conftest import Visitor
from tests.web.pages.conftest import Enter
from web.audit_words import WORDS

ROOT = Path(__file__).resolve().parents[3]
COLUMNS = {column._meta.name for column in Record._meta.columns}  # "record.quickbooks" is one
LITERAL = re.compile(r"""["']([a-z_]+)\.([a-z_]+)["']""")
OLDER = re.compile(r'rel="next" href="([^"]+)"')
ROW = re.compile(r"<td class=\"table__title\">.*?</b> (.*?)</td>", re.DOTALL)


ADD = "insert into audit_entry (actor, action, subject, company, at, address) values ($1, $2, $3, 1, $4, $5)"
RUTH = "ruth@halder.example"


async def add(action: str, *, actor: str = RUTH, subject: str = "", at: datetime | None = None) -> None:
    await execute(ADD, actor, action, subject, at or datetime.now(UTC), "203.0.113.7")


async def test_an_entry_is_a_sentence_with_who_what_when_and_from_where(enter: Enter) -> None:
    await add("integration.enabled")
    page = (await (await enter("accounting_manager")).get("/audit-log")).text
    assert '<b title="ruth@halder.example">Ruth</b> enabled QuickBooks Desktop' in page
    assert "203.0.113.7" in page
    assert "Halder Natural Stone, Inc." in page
    assert "Today, " in page


def test_every_action_that_the_product_logs_has_its_words() -> None:
    subjects = {action.partition(".")[0] for action in WORDS}
    found = {
        f"{subject}.{verb}"
        for folder in ("sync/store", "web")
        for path in (ROOT / folder).rglob("*.py")
        for subject, verb in LITERAL.findall(path.read_text(encoding="utf-8"))
        if subject in subjects and verb not in COLUMNS
    }
    assert len(found) > 40
    assert sorted(found - set(WORDS)) == []


async def test_an_action_without_words_still_reads(enter: Enter) -> None:
    await add("record.blessed", subject="Invoice 20398")
    page = (await (await enter("owner")).get("/audit-log")).text
    assert "record: blessed: Invoice 20398" in page


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("who=alice@halder.example", 2),
        ("action=licence_key.shown", 2),
        ("who=alice@halder.example&action=licence_key.shown", 1),
        ("day=2026-03-02", 2),
        ("company=2", 0),
        ("who=nobody@halder.example", 0),
    ],
)
async def test_the_filters_find_what_they_say(enter: Enter, query: str, expected: int) -> None:
    then = datetime(2026, 3, 2, 12).astimezone()
    await add("licence_key.shown", actor="alice@halder.example", at=then)
    await add("connector.revoked", actor="alice@halder.example", at=then)
    await add("licence_key.shown", actor="bob@halder.example", at=then - timedelta(days=1))
    page = (await (await enter("owner")).get(f"/audit-log?{query}")).text
    assert len(ROW.findall(page)) == expected
    assert "Clear the filters" in page
    assert ("No entry matches." in page) == (expected == 0)


@pytest.mark.parametrize("query", ["company=x", "day=yesterday", "before=1", "before=99999999999999999-1", "who=%00"])
async def test_a_filter_that_cannot_be_read_breaks_nothing(enter: Enter, query: str) -> None:
    assert (await (await enter("owner")).get(f"/audit-log?{query}")).status_code in (200, 400)


async def test_the_pages_together_hold_each_entry_once_though_new_ones_come(enter: Enter) -> None:
    at = datetime.now(UTC) - timedelta(hours=1)
    for number in range(120):
        await add("test.made", subject=f"number {number}", at=at)  # all in the same moment
    ruth = await enter("owner")
    seen, path = [], "/audit-log?action=test.made"
    while path:
        page = (await ruth.get(path)).text
        seen += ROW.findall(page)
        await add("test.made", subject="later")
        path = next(iter(OLDER.findall(page)), "").replace("&amp;", "&")
    assert sorted(seen) == sorted(f"test: made: number {number}" for number in range(120))


async def test_the_csv_holds_what_the_filter_finds_and_no_formula(enter: Enter) -> None:
    await add("company.added", subject="Stone, Inc.")
    await add("company.added", subject='=HYPERLINK("https://evil.example")')
    answer = await (await enter("owner")).get("/audit-log/entries.csv?action=company.added")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["subject"] for row in rows][:2] == ['\'=HYPERLINK("https://evil.example")', "Stone, Inc."]
    assert rows[1]["who"] == "ruth@halder.example"
    assert {row["action"] for row in rows} == {"company.added"}


async def test_no_list_gives_a_spreadsheet_a_formula_behind_a_blank_or_in_wide_letters(enter: Enter) -> None:
    formulas = (" =1+1", "\uff1d1+1")
    for text in formulas:
        await add("company.added", subject=text)
        await execute("update session set machine = $1", text)
        await execute("update run set asked_by = $1", text)
    owner = await enter("owner")
    for path in ("/audit-log/entries.csv?action=company.added", "/companies/1/syncs.csv"):
        text = (await owner.get(path)).text
        cells = [cell for line in csv.reader(io.StringIO(text)) for cell in line]
        assert not {cell for cell in cells if cell in formulas}, path
        assert any(cell.removeprefix("'") in formulas for cell in cells), path


async def test_new_entries_are_told_on_the_open_page(enter: Enter) -> None:
    ruth = await enter("owner")
    page = (await ruth.get("/audit-log")).text
    stream_url = re.findall(r'sse-connect="([^"]+)"', page)[0].replace("&amp;", "&")
    async with ruth.stream("GET", stream_url, timeout=30) as stream:
        lines = stream.aiter_lines()
        async for line in lines:
            if line.startswith("data:"):
                break
        await people.audit("bob@halder.example", "sign_out.done")
        told = [line async for line in until(lines, "new entr")]
    assert "One new entry. Show it" in told[-1]


async def until(lines: object, words: str) -> object:
    async for line in lines:  # type: ignore[attr-defined]
        yield line
        if words in line:
            return


async def test_who_looked_at_a_filter_is_told_of_what_it_finds_only(enter: Enter) -> None:
    ruth = await enter("owner")
    await add("test.made")
    page = (await ruth.get("/audit-log?action=test.made")).text
    stream_url = re.findall(r'sse-connect="([^"]+)"', page)[0].replace("&amp;", "&")
    await people.audit("bob@halder.example", "sign_out.done")
    async with ruth.stream("GET", stream_url, timeout=30) as stream:
        async for line in stream.aiter_lines():
            if line.startswith("data:"):
                assert "new entr" not in line
                break


@pytest.mark.parametrize(
    "statement",
    [
        "update audit_entry set actor = 'somebody else'",
        "delete from audit_entry",
        "truncate audit_entry",
    ],
)
async def test_the_database_changes_no_entry(site: str, statement: str) -> None:
    before = await fetchval("select count(*) from audit_entry")
    assert before
    with pytest.raises(asyncpg.RaiseError, match="new rows only"):
        await execute(statement)
    assert await fetchval("select count(*) from audit_entry") == before


async def test_no_route_changes_it_and_members_do_not_read_it(enter: Enter, visitor: Visitor) -> None:
    ruth = await enter("owner")
    for path in ("/audit-log", "/audit-log/entries.csv"):
        assert (await ruth.submit(path)).status_code == 405
        for role in ("member", "viewer"):
            assert (await (await enter(role)).get(path)).status_code == 403
        assert (await visitor.get(path)).status_code == 303


async def test_ten_thousand_entries_are_filtered_by_an_index(site: str) -> None:
    await execute(
        """insert into audit_entry (actor, action, company, subject, at)
           select 'p' || i % 50, 'a.' || i % 20, i % 7, '', now() - i * interval '1 minute'
           from generate_series(1, 10000) i"""
    )
    await execute("analyze audit_entry")
    for condition in ("actor = 'p7'", "action = 'a.3'", "company = 5", "at < now() - interval '3 days'"):
        plan = await fetch(f"explain select * from audit_entry where {condition} order by at desc, id desc limit 51")
        text = "\n".join(row[0] for row in plan)
        assert "Seq Scan" not in text
