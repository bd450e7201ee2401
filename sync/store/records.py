"""Records as the pages and the command line show them: kinds, pages of a list, one record, a search, an export."""

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from sync.qbxml.entities import ENTITIES
from sync.store import finding
from sync.store.base import connection, document, fetch, fetchrow

Deleted = Literal["no", "only", "all"]

COUNTED = 10_000  # matching rows are counted up to here
FEW = 1000  # matching rows of a search: more are met soon enough in the order of the list
SORTS = {  # what a list may be sorted by: column, and the type of its value in a cursor
    "name": ('lower(name) collate "C"', "text"),
    "ref_number": ('lower(ref_number) collate "C"', "text"),
    "party": ('lower(party) collate "C"', "text"),
    "date": ('date collate "C"', "text"),
    "amount": ("coalesce(amount, 0)", "numeric"),
    "changed": ('time_modified collate "C"', "text"),
}


@dataclass(frozen=True, slots=True)
class KindCount:
    """One entity of a company, and how many records of it are here."""

    entity: str
    label: str
    plural: str
    group: str  # list, transaction
    count: int
    off: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRow:
    """One record in a list."""

    id: int
    entity: str
    qb_id: str
    name: str
    ref_number: str
    party: str
    amount: Decimal | None
    date: str
    active: bool | None
    time_modified: str
    state: str  # equal, gone
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordsPage:
    """One page of a list."""

    rows: list[RecordRow]
    total: int  # matching, counted up to COUNTED
    total_more: bool
    next: str | None  # cursors
    previous: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDetail:
    """One record, whole."""

    id: int
    entity: str
    qb_id: str
    edit_sequence: str
    name: str
    ref_number: str
    time_created: str
    time_modified: str
    updated_at: datetime
    deleted_at: str | None
    quickbooks: dict[str, Any]
    ours: dict[str, Any] | None  # None: the same
    line_order: list[str] | None


COLUMNS = "id, entity, qb_id, name, ref_number, party, amount, date, active, time_modified, deleted_at, quickbooks"


async def kinds(company: int) -> list[KindCount]:
    """Every entity that has records or was asked for, in the order of reading."""
    rows = await fetch(
        "select entity, count(*) as count from record where company = $1 and deleted_at is null group by entity",
        company,
    )
    counts = {row["entity"]: row["count"] for row in rows}
    states = {
        row["entity"]: row["off"]
        for row in await fetch("select entity, off from entity_state where company = $1", company)
    }
    return [
        KindCount(name, entity.label, entity.plural, entity.group, counts.get(name, 0), states.get(name, ""))
        for name, entity in ENTITIES.items()
        if name in counts or name in states
    ]


async def page(
    company: int,
    entity: str,
    *,
    q: str = "",
    sort: str = "name",
    descending: bool = False,
    after: str | None = None,
    before: str | None = None,
    limit: int = 50,
    deleted: Deleted = "no",
    active: bool | None = None,
) -> RecordsPage:
    """A page of one entity's records, after or before the cursor of another page. Raises ValueError for a bad one."""
    column, kind = SORTS[sort]
    cursor = after or before
    place = _read_cursor(cursor, kind) if cursor else None
    where, values = conditions(company, entity, q, deleted, active)
    total, few = await _matching(where, values) if q.strip() else (await _count(where, values), None)
    if few is not None:
        where, values = "id = any($1)", [few]
    if not total:
        return RecordsPage(rows=[], total=0, total_more=False, next=None, previous=None)
    backwards = before is not None and after is None
    direction = "desc" if descending != backwards else "asc"
    bound = ""
    if place:
        values += place
        sign = ">" if direction == "asc" else "<"
        bound = f" and ({column}, id) {sign} (${len(values) - 1}::text::{kind}, ${len(values)}::bigint)"
    values.append(limit + 1)
    rows = await fetch(
        f"""select {COLUMNS}, {column} as sorted from record where {where}{bound}
            order by {column} {direction}, id {direction} limit ${len(values)}""",
        *values,
    )
    more, rows = len(rows) > limit, rows[:limit]
    if backwards:
        rows.reverse()
    has_next, has_previous = (bool(cursor), more) if backwards else (more, bool(cursor))
    return RecordsPage(
        rows=[row_of(row) for row in rows],
        total=min(total, COUNTED),
        total_more=total > COUNTED,
        next=_cursor(rows[-1]) if rows and has_next else None,
        previous=_cursor(rows[0]) if rows and has_previous else None,
    )


def conditions(company: int, entity: str, q: str, deleted: Deleted, active: bool | None) -> tuple[str, list[Any]]:
    """What a list asks for, as a condition with its values."""
    parts, values = ["company = $1", "entity = $2"], [company, entity]
    if deleted != "all":
        parts.append(f"deleted_at is {'not ' if deleted == 'only' else ''}null")
    if active is not None:
        values.append(active)
        parts.append(f"coalesce(active, true) = ${len(values)}")
    if q.strip():
        values.append(finding.pattern(q))
        parts.append(f"(name ilike ${len(values)} or ref_number ilike ${len(values)} or party ilike ${len(values)})")
    return " and ".join(parts), values


async def _count(where: str, values: list[Any]) -> int:
    row = await fetchrow(
        f"select count(*) as count from (select 1 from record where {where} limit {COUNTED + 1}) counted", *values
    )
    assert row is not None
    count: int = row["count"]
    return count


async def _matching(where: str, values: list[Any]) -> tuple[int, list[int] | None]:
    """How many records a search finds, and which: they need not be looked for once more. None: more than FEW."""
    row = await fetchrow(
        f"""select count(*) as count, case when count(*) <= {FEW} then array_agg(id) end as few
            from (select id from record where {where} limit {COUNTED + 1}) found""",
        *values,
    )
    assert row is not None
    return row["count"], row["few"]


def _cursor(row: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps([str(row["sorted"]), row["id"]]).encode()).decode().rstrip("=")


def _read_cursor(text: str, kind: str) -> tuple[str, int]:
    """The value and the id in a cursor. Raises ValueError for one that this list never gave."""
    try:
        value, id = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if kind == "numeric":
            Decimal(value)
        if not isinstance(value, str) or "\0" in value or not 0 <= int(id) < 1 << 63:
            raise ValueError(text)
    except (ValueError, TypeError, ArithmeticError) as error:
        raise ValueError("this is not the address of a page") from error
    return str(value), int(id)


def row_of(row: Any) -> RecordRow:
    """A row of COLUMNS."""
    return RecordRow(
        id=row["id"],
        entity=row["entity"],
        qb_id=row["qb_id"],
        name=row["name"],
        ref_number=row["ref_number"],
        party=row["party"],
        amount=row["amount"],
        date=row["date"],
        active=row["active"],
        time_modified=row["time_modified"],
        state="gone" if row["deleted_at"] else "equal",
        fields=document(row["quickbooks"]),
    )


async def record(company: int, entity: str, id: int) -> RecordDetail | None:
    """One record of a company."""
    row = await fetchrow("select * from record where company = $1 and entity = $2 and id = $3", company, entity, id)
    return None if row is None else _detail(row)


def _detail(row: Any) -> RecordDetail:
    return RecordDetail(
        id=row["id"],
        entity=row["entity"],
        qb_id=row["qb_id"],
        edit_sequence=row["edit_sequence"],
        name=row["name"],
        ref_number=row["ref_number"],
        time_created=row["time_created"],
        time_modified=row["time_modified"],
        updated_at=row["updated_at"],
        deleted_at=row["deleted_at"],
        quickbooks=document(row["quickbooks"]),
        ours=document(row["ours"]) or None,  # {}: new in QuickBooks, and not approved yet
        line_order=document(row["line_order"]),
    )


async def ids_of(company: int, qb_ids: list[str]) -> dict[str, tuple[str, int]]:
    """Entity and id of the records that have these ListIDs or TxnIDs: the targets of references."""
    rows = await fetch("select qb_id, entity, id from record where company = $1 and qb_id = any($2)", company, qb_ids)
    return {row["qb_id"]: (row["entity"], row["id"]) for row in rows}


async def search(company: int, q: str, limit: int = 20) -> list[RecordRow]:
    """Records of any entity by name or ref number, those that begin with the text first."""
    ids = await finding.find(company, list(ENTITIES), q, limit)
    rows = {row["id"]: row for row in await fetch(f"select {COLUMNS} from record where id = any($1)", ids)}
    return [row_of(rows[id]) for id in ids if id in rows]


async def export(
    company: int, entity: str, side: Literal["quickbooks", "ours"], *, deleted: bool
) -> AsyncIterator[dict[str, Any]]:
    """Every record of an entity as plain values, in the order of ids, streamed."""
    document_of = "quickbooks" if side == "quickbooks" else "coalesce(nullif(ours, '{}'), quickbooks)"
    async with connection() as found, found.transaction():
        rows = found.cursor(
            f"""select entity, qb_id, edit_sequence, deleted_at, {document_of} as fields from record
                where company = $1 and entity = $2 and (deleted_at is null or $3) order by id""",
            company,
            entity,
            deleted,
            prefetch=1000,
        )
        async for row in rows:
            yield {
                "entity": row["entity"],
                "qb_id": row["qb_id"],
                "edit_sequence": row["edit_sequence"],
                "deleted": row["deleted_at"] is not None,
                "fields": document(row["fields"]),
            }


# for other programs: in the order of their last change here, the deleted ones too

# A row is stamped with the begin of its transaction. What is stamped after the begin of one that still writes is not
# told yet: a row of that one may come to stand before it, and whoever has read past its place would never see it.
SETTLED = """
    (select coalesce(min(xact_start) - interval '1 second', 'infinity') from pg_stat_activity
     where datname = current_database() and backend_xid is not null and pid <> pg_backend_pid())
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A record's place in the order of updates."""

    at: datetime
    id: int


async def updated(
    company: int, entity: str, *, q: str = "", since: datetime | None = None, after: Place | None = None, limit: int
) -> list[RecordDetail]:
    """Records of a kind in the order in which they changed here: those updated after a moment, or behind a place."""
    where, values = conditions(company, entity, q, "all", None)
    if since is not None:
        values.append(since)
        where += f" and updated_at > ${len(values)}"
    if after is not None:
        values += [after.at, after.id]
        where += f" and (updated_at, id) > (${len(values) - 1}, ${len(values)})"
    values.append(limit)
    rows = await fetch(
        f"select * from record where {where} and updated_at < {SETTLED} order by updated_at, id limit ${len(values)}",
        *values,
    )
    return [_detail(row) for row in rows]
