"""CSV files that people send: their lines as they were read, what each would do, and what became of it.

A line is looked at and carried out by its number in the file, five hundred at a time; whatever is done twice changes
nothing the second time.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sync.store.base import connection, document, execute, fetch, fetchrow, notify, transaction
from sync.store.setup import audit

Verdict = Literal["new", "changed", "same", "refused"]
VERDICTS: tuple[Verdict, ...] = ("new", "changed", "same", "refused")
BATCH = 500  # lines
SHOWN = 200  # lines of each verdict
KEPT = timedelta(days=7)  # of lines

COLUMNS = """id, company, entity, file_name, encoding, separator, headings, mapping, lines, state, number, checked,
    imported, made_by, made_at, decided_by, decided_at"""

LOOKED_AT = """
    update csv_line l set verdict = n.verdict, reason = n.reason, record = n.record, leaves = n.leaves
    from unnest($2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::jsonb[])
        as n (id, verdict, reason, record, leaves)
    where l.csv_import = $1 and l.id = n.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRow:
    """One file."""

    id: int
    company: int
    entity: str
    file_name: str
    encoding: str
    separator: str
    headings: list[str]
    mapping: list[str]
    lines: int
    state: str  # reading, checking, checked, importing, done, dropped
    number: int
    checked: int
    imported: int
    made_by: str
    made_at: datetime
    decided_by: str
    decided_at: datetime | None

    @property
    def topic(self) -> str:
        return f"csv:{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRow:
    """One line of a file."""

    id: int
    line: int
    cells: list[str]
    verdict: str
    reason: str
    record: int | None
    leaves: list[tuple[list[str], Any, Any]]  # path, before, after
    change: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedAt:
    """What a line would do."""

    id: int
    verdict: Verdict
    reason: str = ""
    record: int | None = None
    leaves: list[tuple[list[str], Any, Any]] | None = None


def _import(row: Any) -> ImportRow:
    values = dict(row)
    return ImportRow(**values | {name: document(values[name]) for name in ("headings", "mapping")})


def line_row(row: Any) -> LineRow:
    values = dict(row)
    return LineRow(**values | {"cells": document(values["cells"]), "leaves": document(values["leaves"]) or []})


async def begin(
    company: int, entity: str, file_name: str, encoding: str, separator: str, headings: Sequence[str],
    mapping: Sequence[str], actor: str, now: datetime, address: str,
) -> int:  # fmt: skip
    """Note a file whose lines are about to be read; return its id."""
    row = await fetchrow(
        """insert into csv_import (company, entity, file_name, encoding, separator, headings, mapping, state, made_by,
               made_at, address)
           values ($1, $2, $3, $4, $5, $6, $7, 'reading', $8, $9, $10) returning id""",
        *(company, entity, file_name[:200], encoding, separator, json.dumps(list(headings))),
        *(json.dumps(list(mapping)), actor[:254], now, address[:64]),
    )
    assert row is not None
    id: int = row["id"]
    return id


async def add_lines(id: int, lines: Sequence[tuple[int, Sequence[str]]]) -> None:
    """Store some lines: their numbers in the file and their cells."""
    async with connection() as found:
        await found.copy_records_to_table(
            "csv_line",
            records=[(id, number, json.dumps(list(cells)), "", "") for number, cells in lines],
            columns=["csv_import", "line", "cells", "verdict", "reason"],
        )


async def begin_check(id: int, lines: int) -> None:
    """All lines are here: what each would do is found out in the background."""
    await execute("update csv_import set lines = $2, state = 'checking', number = 1 where id = $1", id, lines)


async def drop(id: int) -> None:
    """Let go of a file that is not to be imported, or could not be read."""
    async with transaction() as found:
        done = await found.fetchval(
            """update csv_import set state = 'dropped' where id = $1
               and state in ('reading', 'checking', 'checked') returning id""",
            id,
        )
        if done is not None:
            await found.execute("delete from csv_line where csv_import = $1", id)


async def remap(id: int, mapping: Sequence[str]) -> bool:
    """Look at every line anew, with other fields for its columns; False once it is decided."""
    row = await fetchrow(
        """update csv_import set mapping = $2, number = number + 1, checked = 0, state = 'checking'
           where id = $1 and state in ('checking', 'checked') returning id""",
        id,
        json.dumps(list(mapping)),
    )
    return row is not None


async def one(company: int, entity: str, id: int) -> ImportRow | None:
    """A file of one kind of one company."""
    row = await fetchrow(
        f"select {COLUMNS} from csv_import where id = $1 and company = $2 and entity = $3", id, company, entity
    )
    return _import(row) if row else None


async def by_id(id: int) -> ImportRow | None:
    """A file."""
    row = await fetchrow(f"select {COLUMNS} from csv_import where id = $1", id)
    return _import(row) if row else None


async def last_of(company: int, entity: str, limit: int = 5) -> list[ImportRow]:
    """The last files of a kind, but for those that could not be read or were dropped."""
    rows = await fetch(
        f"""select {COLUMNS} from csv_import where company = $1 and entity = $2
            and state not in ('reading', 'dropped') order by id desc limit $3""",
        *(company, entity, limit),
    )
    return [_import(row) for row in rows]


async def unfinished() -> list[ImportRow]:
    """Files that are being looked at or imported, or should be."""
    rows = await fetch(f"select {COLUMNS} from csv_import where state in ('checking', 'importing') order by id")
    return [_import(row) for row in rows]


async def counts(id: int) -> dict[str, int]:
    """How many lines of each verdict there are."""
    rows = await fetch("select verdict, count(*) as n from csv_line where csv_import = $1 group by verdict", id)
    found = {row["verdict"]: row["n"] for row in rows}
    return {verdict: found.get(verdict, 0) for verdict in VERDICTS}


async def lines_of(id: int, verdict: str, limit: int = SHOWN) -> list[LineRow]:
    """The first lines of a verdict."""
    rows = await fetch(
        """select id, line, cells, verdict, reason, record, leaves, change from csv_line
           where csv_import = $1 and verdict = $2 order by line limit $3""",
        *(id, verdict, limit),
    )
    return [line_row(row) for row in rows]


async def after(id: int, line: int) -> list[LineRow]:
    """The lines that follow one, BATCH of them."""
    rows = await fetch(
        """select id, line, cells, verdict, reason, record, leaves, change from csv_line
           where csv_import = $1 and line > $2 order by line limit $3""",
        *(id, line, BATCH),
    )
    return [line_row(row) for row in rows]


async def looked_at(file: ImportRow, found: Sequence[LookedAt], checked: int, *, over: bool) -> bool:
    """Store what some lines would do; False when another mapping, or a decision, has come between."""
    async with transaction() as at:
        moved = await at.fetchval(
            """update csv_import set checked = $3, state = case when $4 then 'checked' else state end
               where id = $1 and number = $2 and state = 'checking' returning id""",
            *(file.id, file.number, checked, over),
        )
        if moved is None:
            return False
        if found:
            await at.execute(
                LOOKED_AT,
                file.id,
                [one.id for one in found],
                [one.verdict for one in found],
                [one.reason for one in found],
                [one.record for one in found],
                [None if one.leaves is None else json.dumps(one.leaves) for one in found],
            )
        await notify(at, file.topic)
    return True


async def decide(id: int, number: int, actor: str, now: datetime, address: str) -> bool:
    """Import what is new and changed, as it was shown; False when it was decided already, or is looked at anew."""
    async with transaction() as at:
        row = await at.fetchrow(
            """update csv_import set state = 'importing', decided_by = $3, decided_at = $4
               where id = $1 and number = $2 and state = 'checked' returning company, entity, file_name""",
            *(id, number, actor[:254], now),
        )
        if row is not None:
            found = await counts(id)
            subject = f"{row['entity']}: {found['new']} new, {found['changed']} changed, {found['refused']} refused"
            await audit(at, actor, "records.imported", row["company"], f"{subject}, {row['file_name']}", address)
            await notify(at, f"csv:{id}")
    return row is not None


async def forget(now: datetime) -> None:
    """Let go of lines that nobody needs: of files that were decided or left for a week."""
    await execute(
        """delete from csv_line where csv_import in (
               select id from csv_import where made_at < $1 and state <> 'importing')""",
        now - KEPT,
    )
    await execute(
        "update csv_import set state = 'dropped' where made_at < $1 and state in ('reading', 'checking', 'checked')",
        now - KEPT,
    )
