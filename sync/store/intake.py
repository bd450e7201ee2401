"""Taking in answers: rows of an answer become records, in one transaction, once.

Taking an answer in twice changes nothing: a row whose values are already there is left alone. Which answers are due is
for `store.waiting`.
"""

import json
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from sync.protocol import cursor
from sync.protocol.plan import Mode
from sync.qbxml import customs
from sync.qbxml.entities import ENTITIES
from sync.qbxml.parse import Row, stream
from sync.qbxml.summary import summary
from sync.store import incoming, passes, verify, went_back
from sync.store.base import notify, transaction
from sync.store.incoming import Intake
from sync.store.waiting import Answered

ENCODE = msgspec.json.Encoder().encode  # six times as fast as the standard library's
MODIFIED, QUICKBOOKS = 10, 11  # where TimeModified and the document stand among the columns of a row

UPSERT = """
    insert into record (company, entity, qb_id, edit_sequence, name, ref_number, party, amount, date, active,
        time_created, time_modified, quickbooks, line_order)
    select $1, entity, qb_id, edit_sequence, name, ref_number, party, amount::numeric, date, active, time_created,
        time_modified, quickbooks::jsonb, line_order::jsonb
    from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
        $10::bool[], $11::text[], $12::text[], $13::text[], $14::text[]) as incoming (entity, qb_id, edit_sequence,
        name, ref_number, party, amount, date, active, time_created, time_modified, quickbooks, line_order)
    on conflict (company, entity, qb_id) do update set edit_sequence = excluded.edit_sequence, name = excluded.name,
        ref_number = excluded.ref_number, party = excluded.party, amount = excluded.amount, date = excluded.date,
        active = excluded.active, time_created = excluded.time_created, time_modified = excluded.time_modified,
        quickbooks = excluded.quickbooks, line_order = excluded.line_order, deleted_at = null, updated_at = now()
    where record.edit_sequence <> excluded.edit_sequence or record.deleted_at is not null
        or record.quickbooks <> excluded.quickbooks
    returning entity, qb_id
"""

NAME, NUMBER, TIME, DAY = 250, 40, 25, 10  # characters of hot columns; the whole text stays among the fields
BYTES = 600  # of a name
AMOUNT = re.compile(r"[+-]?[0-9]{1,15}(?:\.[0-9]*)?")  # what the column can hold

ID = re.compile(r'"(?:ListID|TxnID)":\s?"([^"]+)"')
MOVED_BY_OTHERS = frozenset(  # balances and quantities, which the books compute
    {"Account", "Customer", "Vendor", "ItemInventory", "ItemInventoryAssembly"}
) | {name for name, entity in ENTITIES.items() if entity.group == "transaction"}

BEFORE = """
    select quickbooks::text from record
    where company = $1 and (entity, qb_id) in (select * from unnest($2::text[], $3::text[]))
"""

TOUCHED = """
    with recursive touched (entity, qb_id, parent, depth) as (
        select entity, qb_id, quickbooks -> 'ParentRef' ->> 'ListID', 0 from record
        where company = $2 and entity = any($3) and qb_id = any($4) and deleted_at is null
        union
        select r.entity, r.qb_id, r.quickbooks -> 'ParentRef' ->> 'ListID', t.depth + 1
        from touched t join record r on r.company = $2 and r.entity = t.entity and r.qb_id = t.parent
        where t.depth < 10
    )
    insert into touched (run, entity, qb_id) select distinct $1::bigint, entity, qb_id from touched
    on conflict do nothing
"""

COUNT = """
    with moved as (
        update run_entity e set done = done + case when passes = n.pass then n.rows else 0 end,
            changed = e.changed + n.changed,
            newest = case when left(n.newest, 19) > left(e.newest, 19) then n.newest else e.newest end
        from unnest($7::bigint[], $8::int[], $9::int[], $10::int[], $11::text[]) as n (id, pass, rows, changed, newest)
        where e.id = n.id
    ), taken as (
        update request set processed_at = $6 where id = any($5)
    )
    update run set rows_in = rows_in + $2, rows_changed = rows_changed + $3, rows_deleted = rows_deleted + $4
    where id = $1
"""

SEEN = "insert into seen (run_entity, qb_id) select $1, unnest($2::text[]) on conflict do nothing"


@dataclass(slots=True)
class Parsed:
    """The rows of one answer, as the columns of a record."""

    answered: Answered
    columns: list[tuple[Any, ...]] = field(default_factory=list)
    rows: int = 0
    newest: str = ""
    ids: list[str] = field(default_factory=list)


def parse(answered: Answered) -> Parsed:
    """Read one answer. Raises NotQbxml, or zlib.error, when it is not whole."""
    parsed = Parsed(answered)
    reads_rows = answered.mode not in (Mode.DELETED, Mode.KEYS)
    for row in stream(zlib.decompress(answered.answer)):
        if not isinstance(row, Row):
            continue
        parsed.rows += 1
        if reads_rows:
            parsed.columns.append(_columns(row, parsed))
        elif answered.mode is Mode.DELETED:
            _deletion(row, parsed)
        else:
            parsed.ids.append(str(row.fields.get("ListID") or row.fields.get("TxnID") or ""))
    return parsed


def _columns(row: Row, parsed: Parsed) -> tuple[Any, ...]:
    columns = columns_of(row.entity, row.fields)
    parsed.newest = cursor.newest(parsed.newest, columns[MODIFIED])
    if parsed.answered.mode is Mode.SWEEP:
        parsed.ids.append(columns[1])
    return columns


def columns_of(entity: str, fields: dict[str, Any]) -> tuple[Any, ...]:
    """A record as its columns, in the order of UPSERT. The order of mixed lines is taken out of the fields."""
    order = fields.pop("#order", None)
    customs.ordered(fields)
    hot = summary(entity, fields)
    return (
        entity,
        hot.qb_id,
        hot.edit_sequence or "",
        cut(hot.name),
        (hot.ref_number or "")[:NUMBER],
        cut(hot.party),
        hot.amount if hot.amount and AMOUNT.fullmatch(hot.amount) else None,
        (hot.date or "")[:DAY],
        hot.active,
        (hot.time_created or "")[:TIME],
        (hot.time_modified or "")[:TIME],
        ENCODE(fields).decode(),
        json.dumps(order) if order else None,
    )


def cut(text: str | None) -> str:
    """As much of a name as its column holds, and the index that carries several: a row of it takes 2,704 bytes."""
    text = (text or "")[:NAME]
    return text if len(text) <= BYTES // 4 else text.encode()[:BYTES].decode(errors="ignore")


def _deletion(row: Row, parsed: Parsed) -> None:
    fields = row.fields
    at = str(fields.get("TimeDeleted", ""))[:TIME]
    entity = fields.get("ListDelType") or fields.get("TxnDelType") or ""
    parsed.columns.append((str(entity), str(fields.get("ListID") or fields.get("TxnID") or ""), at))
    parsed.newest = cursor.newest(parsed.newest, at)


async def take_in(company: int, answers: list[Parsed], now: datetime) -> None:
    """Store the rows of answers, oldest first, and mark them taken in; end what they complete."""
    async with transaction() as connection:
        await connection.execute("select pg_advisory_xact_lock($1, $2)", 1, company)
        open_ids = {
            row["id"]
            for row in await connection.fetch(
                "select id from request where id = any($1) and processed_at is null",
                [one.answered.id for one in answers],
            )
        }
        answers = [one for one in answers if one.answered.id in open_ids]
        await _look_back(connection, company, answers, now)
        before = await _before(connection, company, answers)
        verified = [one for one in answers if one.answered.verifies]
        taken = [one for one in answers if not one.answered.verifies]
        how = await incoming.intake_of(connection, company)
        changed = await _upsert(connection, company, how, taken, now) | await _verify(connection, company, verified)
        deleted = await _delete(connection, company, how, taken, now)
        await _touch(connection, company, answers, before, changed)
        await _mark_seen(connection, answers)
        runs = {one.answered.run for one in answers}
        for run in sorted(runs):
            await connection.execute("select from run where id = $1 for update", run)
            await _count(connection, [one for one in answers if one.answered.run == run], changed, deleted, now)
            await passes.finish(connection, run, company, now)
        await notify(connection, f"company:{company}", *(f"run:{run}" for run in runs))


async def _look_back(connection: Any, company: int, answers: Iterable[Parsed], now: datetime) -> None:
    """Count what a whole reading brings older than it is here: of changes alone, none can be."""
    for one in answers:
        if one.answered.mode is Mode.SWEEP and one.columns and not one.answered.verifies:
            await went_back.count_older(connection, one.answered.run, company, one.columns, now)


async def _before(connection: Any, company: int, answers: Iterable[Parsed]) -> list[str]:
    """The transactions that an incremental run changes or deletes, as they were."""
    keys = [row[:2] for parsed in answers if parsed.answered.touches for row in parsed.columns if _moves(row[0])]
    if not keys:
        return []
    return [row["quickbooks"] for row in await connection.fetch(BEFORE, company, *map(list, zip(*keys, strict=True)))]


def _moves(entity: str) -> bool:
    """Whether a record of this kind can move balances of others."""
    return entity in ENTITIES and ENTITIES[entity].group == "transaction"


async def _touch(
    connection: Any, company: int, answers: Iterable[Parsed], before: list[str], changed: set[tuple[str, str]]
) -> None:
    """Note what the changed transactions refer to, before and now, to be read again at the end of the run."""
    of_run = [parsed for parsed in answers if parsed.answered.touches]
    if not of_run:
        return
    now = [
        row[QUICKBOOKS]
        for one in of_run
        for row in one.columns
        if len(row) > QUICKBOOKS and row[:2] in changed and _moves(row[0])
    ]
    ids = {id for text in (*before, *now) for id in ID.findall(text)} - {id for _, id in changed}
    if ids:
        await connection.execute(TOUCHED, of_run[0].answered.run, company, sorted(MOVED_BY_OTHERS), sorted(ids))


async def _upsert(
    connection: Any, company: int, how: Intake, answers: Iterable[Parsed], now: datetime
) -> set[tuple[str, str]]:
    """Write rows, of each record the last; return entity and id of those that were new or different."""
    latest: dict[tuple[str, str], tuple[Any, ...]] = {}
    for parsed in answers:
        if parsed.answered.mode is not Mode.DELETED:
            latest.update(((row[0], row[1]), row) for row in parsed.columns)
    if not latest:
        return set()
    columns = list(map(list, zip(*latest.values(), strict=True)))
    if not how.first:
        return await incoming.upsert(connection, company, how, columns, now)
    written = await connection.fetch(UPSERT, company, *columns)
    return {(row["entity"], row["qb_id"]) for row in written}


async def _delete(connection: Any, company: int, how: Intake, answers: Iterable[Parsed], now: datetime) -> int:
    rows = [row for parsed in answers if parsed.answered.mode is Mode.DELETED for row in parsed.columns]
    if not rows:
        return 0
    return await incoming.delete(connection, company, how, list(map(list, zip(*rows, strict=True))), now)


async def _verify(connection: Any, company: int, answers: Iterable[Parsed]) -> set[tuple[str, str]]:
    """Compare the rows of a verify run with what is here; entity and id of those that differ."""
    found: set[tuple[str, str]] = set()
    for one in answers:
        rows = [(row[0], row[1], row[QUICKBOOKS]) for row in one.columns]
        found |= await verify.compare(connection, company, one.answered.run, rows)
    return found


async def _mark_seen(connection: Any, answers: Iterable[Parsed]) -> None:
    for parsed in answers:
        if parsed.ids:
            await connection.execute(SEEN, parsed.answered.run_entity, parsed.ids)


async def _count(
    connection: Any, answers: list[Parsed], changed: set[tuple[str, str]], deleted: int, now: datetime
) -> None:
    """Mark answers of a run taken in, and move its counters. Rows of a reading begun anew do not count as done."""
    of_entity: dict[int, dict[str, Any]] = {}
    for parsed in answers:
        one = parsed.answered
        sums = of_entity.setdefault(one.run_entity, {"rows": {}, "changed": 0, "newest": ""})
        sums["rows"][one.pass_number] = sums["rows"].get(one.pass_number, 0) + parsed.rows
        sums["newest"] = cursor.newest(sums["newest"], parsed.newest)
        sums["changed"] = sum(entity == one.entity for entity, _ in changed)
    await connection.execute(
        COUNT,
        answers[0].answered.run,
        sum(parsed.rows for parsed in answers),
        sum(sums["changed"] for sums in of_entity.values()),
        deleted,
        [parsed.answered.id for parsed in answers],
        now,
        list(of_entity),
        [max(sums["rows"]) for sums in of_entity.values()],
        [sums["rows"][max(sums["rows"])] for sums in of_entity.values()],
        [sums["changed"] for sums in of_entity.values()],
        [sums["newest"] for sums in of_entity.values()],
    )
