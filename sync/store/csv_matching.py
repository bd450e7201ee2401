"""What the lines of a CSV file would do to the records that are here, and the doing of it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sync.protocol.differences import Path, differences, put
from sync.protocol.differences import leaves as leaves_of
from sync.protocol.differences import same as same_leaf
from sync.protocol.writes import NEW
from sync.qbxml import arriving, from_file
from sync.qbxml.arrange import ORDER
from sync.qbxml.arriving import Target
from sync.qbxml.entities import ENTITIES, Entity
from sync.qbxml.labels import lower
from sync.store.api_writes import spoken, targets_of
from sync.store.base import connection, document, notify, transaction
from sync.store.csv_imports import BATCH, ImportRow, LineRow, LookedAt, line_row
from sync.store.proposals import Wish, propose_within
from sync.store.setup import ask_run

FOUND = """
    select id, qb_id, name, ref_number, party, quickbooks, ours, line_order, deleted_at from record
    where company = $1 and entity = $2 and (qb_id = any($3)
        or (deleted_at is null and lower(name) collate "C" = any($4) and $6 = 'list')
        or (deleted_at is null and lower(ref_number) collate "C" = any($5) and $6 <> 'list'))
"""

DUE = """
    select id, line, cells, verdict, reason, record, leaves, change from csv_line
    where csv_import = $1 and verdict in ('new', 'changed') and change is null order by line limit $2 for update
"""

RECORDS = """
    select id, quickbooks, ours, line_order from record
    where company = $1 and entity = $2 and id = any($3) and deleted_at is null order by id for update
"""

DONE = """
    update csv_line l set change = n.change, verdict = n.verdict, reason = n.reason
    from unnest($2::bigint[], $3::bigint[], $4::text[], $5::text[]) as n (id, change, verdict, reason)
    where l.csv_import = $1 and l.id = n.id
"""

MEANWHILE = "Somebody changed this record since the preview: {label} is no longer what was shown."
GONE = "The record is gone from QuickBooks since the preview."


@dataclass(slots=True)
class Looking:
    """One look at a file: what its company speaks, and which records and names its lines have named so far."""

    file: ImportRow
    entity: Entity
    product: str
    version: str
    records: dict[int, int] = field(default_factory=dict)  # record -> line
    names: dict[str, int] = field(default_factory=dict)  # key of a new one -> line


@dataclass(slots=True)
class Considered:
    """A line on its way to a verdict."""

    line: LineRow
    texts: dict[str, str]
    row: Any = None  # the record that it is about
    here: dict[str, Any] = field(default_factory=dict)
    wanted: dict[str, Any] = field(default_factory=dict)
    reason: str = ""


async def begin(file: ImportRow) -> Looking:
    """Begin to look at a file."""
    async with connection() as at:
        product, version = await spoken(at, file.company)
    return Looking(file, ENTITIES[file.entity], product, version)


async def consider(looking: Looking, lines: Sequence[LineRow]) -> list[LookedAt]:
    """What some lines would do. Three statements, however many lines."""
    file, entity = looking.file, looking.entity
    width = len(file.headings)
    found = []
    for line in lines:
        if len(line.cells) == width:
            found.append(Considered(line, from_file.read_line(file.mapping, line.cells)))
        else:
            reason = f"The line has {len(line.cells)} cells, the head has {width}."
            found.append(Considered(line, {}, reason=reason))
    async with connection() as at:
        rows = await matching(at, file.company, entity, found)
        await asyncio.to_thread(match, looking, found, rows)
        references = [one for each in found if not each.reason for one in arriving.references(entity, each.wanted)]
        open_ones = [one for one in references if not one.part.get("ListID")]
        targets, here = await targets_of(at, file.company, open_ones) if open_ones else ([], set())
    return await asyncio.to_thread(judge, looking, found, targets, here)


async def matching(at: Any, company: int, entity: Entity, found: Sequence[Considered]) -> list[Any]:
    """Every record that a line may be about."""
    ids = sorted({each.texts[entity.key] for each in found if each.texts.get(entity.key)})
    keyed = [each for each in found if not each.texts.get(entity.key)]
    names = sorted({name_of(entity, each).lower() for each in keyed})
    numbers = sorted({each.texts["RefNumber"].lower() for each in keyed if each.texts.get("RefNumber")})
    rows: list[Any] = await at.fetch(FOUND, company, entity.name, ids, names, numbers, entity.group)
    return rows


def name_of(entity: Entity, each: Considered) -> str:
    """The full name that a line gives."""
    return arriving.full_name(entity, from_file.wanted_of({}, each.texts))


def key_of(entity: Entity, each: Considered) -> str:
    """What stands for the record of a line that has no id; "" when nothing does."""
    if entity.group == "list":
        return name_of(entity, each).lower()
    number = each.texts.get("RefNumber", "").lower()
    return f"{number}\0{party_of(entity, each)}" if number and entity.natural_key else ""


def party_of(entity: Entity, each: Considered) -> str:
    return next((each.texts[path].lower() for path in entity.natural_key[1:] if each.texts.get(path)), "")


def match(looking: Looking, found: Sequence[Considered], rows: Sequence[Any]) -> None:
    """Find each line's record, and what the line wants of it. For a thread."""
    entity = looking.entity
    by_id = {row["qb_id"]: row for row in rows}
    by_key: dict[str, list[Any]] = {}
    for row in rows:
        if row["deleted_at"] is None:
            number = f"{row['ref_number'].lower()}\0{row['party'].lower() if entity.natural_key[1:] else ''}"
            by_key.setdefault(row["name"].lower() if entity.group == "list" else number, []).append(row)
    for each in found:
        if not each.reason:
            find(looking, each, by_id, by_key)
        if not each.reason:
            each.here = here_of(each.row) if each.row else {}
            texts = {path: text for path, text in each.texts.items() if path != entity.key}
            each.wanted = from_file.wanted_of(each.here, texts)


def find(looking: Looking, each: Considered, by_id: dict[str, Any], by_key: dict[str, list[Any]]) -> None:
    entity, number = looking.entity, each.line.line
    id, key = each.texts.get(entity.key, ""), key_of(entity, each)
    if id:
        each.row = by_id.get(id)
        if each.row is None:
            each.reason = f"There is no {lower(entity.label)} with this {entity.key} here."
        elif each.row["deleted_at"] is not None:
            each.reason = f"This {lower(entity.label)} is deleted in QuickBooks."
    elif key and len(by_key.get(key, ())) > 1:
        each.reason = f"Several {lower(entity.plural)} here have this name or number; give the {entity.key}."
    elif key:
        each.row = by_key[key][0] if key in by_key else None
    if each.reason:
        return
    if each.row is None and not key and entity.natural_key:
        return  # validation says which field is missing
    other = looking.records.setdefault(each.row["id"], number) if each.row else number
    if not each.row and key:
        other = looking.names.setdefault(key, number)
    if other != number:
        each.reason = f"Line {other:,} is about the same {lower(entity.label)}."


def here_of(row: Any) -> dict[str, Any]:
    """The record as the team has it."""
    ours = document(row["ours"])
    if ours is not None:
        return dict(ours)
    order = document(row["line_order"])
    return (document(row["quickbooks"]) or {}) | ({ORDER: order} if order else {})


def judge(looking: Looking, found: Sequence[Considered], targets: Sequence[Target], here: set[str]) -> list[LookedAt]:
    """The verdict on each line. For a thread."""
    return [verdict_on(looking, each, targets, here) for each in found]


def verdict_on(looking: Looking, each: Considered, targets: Sequence[Target], here: set[str]) -> LookedAt:
    entity, id = looking.entity, each.line.id
    record = each.row["id"] if each.row else None
    if each.reason:
        return LookedAt(id=id, verdict="refused", reason=each.reason, record=record)
    changed = differences(each.here, each.wanted)
    if each.row and not changed:
        return LookedAt(id=id, verdict="same", record=record)
    if each.row and entity.mod is None and not each.row["qb_id"].startswith(NEW):
        reason = f"QuickBooks lets no other program change {lower(entity.plural)}."
        return LookedAt(id=id, verdict="refused", reason=reason, record=record)
    each.wanted = arriving.as_record(entity, each.wanted)
    is_new = each.row is None or each.row["qb_id"].startswith(NEW)
    named = [one for one in arriving.references(entity, each.wanted) if not one.part.get("ListID")]
    wrong = arriving.settle(entity, named, targets, here)
    given = {name: value for name, value in each.wanted.items() if value != each.here.get(name)}
    wrong += arriving.strays(entity, given, "Add" if is_new else "Mod", each.here)
    if not wrong:
        known = {} if is_new else document(each.row["quickbooks"])
        wrong = arriving.wrong_in(entity, known, each.wanted, looking.product, looking.version)
    if wrong:
        reason = " ".join(dict.fromkeys(one.sentence for one in wrong))
        return LookedAt(id=id, verdict="refused", reason=reason, record=record)
    leaves = [(list(one.path), one.before, one.after) for one in differences(each.here, each.wanted)]
    if not leaves:
        return LookedAt(id=id, verdict="same", record=record)
    return LookedAt(id=id, verdict="changed" if each.row else "new", record=record, leaves=leaves)


# carrying out


async def carry_out(file: ImportRow) -> int:
    """Propose what the next lines want, in one transaction; return how many there were, 0 at the end of the file."""
    now = datetime.now(UTC)
    async with transaction() as at:
        lines = [line_row(row) for row in await at.fetch(DUE, file.id, BATCH)]
        if not lines:
            await at.execute("update csv_import set state = 'done' where id = $1 and state = 'importing'", file.id)
            await notify(at, file.topic)
            return 0
        ids = [line.record for line in lines if line.record is not None]
        records = {row["id"]: row for row in await at.fetch(RECORDS, file.company, file.entity, ids)}
        wishes, results = await asyncio.to_thread(wishes_of, file, lines, records)
        proposed = await propose_within(
            at, file.company, file.entity, [wish for _, wish in wishes], file.decided_by, now
        ) if wishes else []  # fmt: skip
        results += [(line, one.id, line.verdict, "") for (line, _), one in zip(wishes, proposed, strict=True)]
        await at.execute(
            DONE,
            file.id,
            [line.id for line, *_ in results],
            [change for _, change, *_ in results],
            [verdict for *_, verdict, _ in results],
            [reason for *_, reason in results],
        )
        await at.execute("update csv_import set imported = imported + $2 where id = $1", file.id, len(proposed))
        await notify(at, file.topic)
    if any(one.state == "approved" for one in proposed):
        await ask_run(file.company, "incremental", file.decided_by)
    return len(lines)


Result = tuple[LineRow, int | None, str, str]  # line, change, verdict, reason


def wishes_of(
    file: ImportRow, lines: Sequence[LineRow], records: dict[int, Any]
) -> tuple[list[tuple[LineRow, Wish]], list[Result]]:
    """What the lines want of the records as they are now; and lines that want nothing, or came too late."""
    wishes: list[tuple[LineRow, Wish]] = []
    results: list[Result] = []
    for line in lines:
        if line.record is None:
            wishes.append((line, Wish("create", record_of({}, line))))
        elif line.record not in records:
            results.append((line, None, "refused", GONE))
        else:
            here = here_of(records[line.record])
            moved = moved_leaf(here, line)
            wanted = record_of(here, line)
            if moved is not None:
                label = from_file.label_of(ENTITIES[file.entity], "/".join(moved))
                results.append((line, None, "refused", MEANWHILE.format(label=lower(label))))
            elif not differences(here, wanted):
                results.append((line, None, "same", ""))
            else:
                wishes.append((line, Wish("update", wanted, line.record)))
    return wishes, results


def record_of(here: dict[str, Any], line: LineRow) -> dict[str, Any]:
    """The record with what the preview showed."""
    found = here_copy(here)
    for path, _, value in line.leaves:
        put(found, tuple(path), value, {})
    return found


def here_copy(here: dict[str, Any]) -> dict[str, Any]:
    return {name: dict(value) if isinstance(value, dict) else value for name, value in here.items()}


def moved_leaf(here: dict[str, Any], line: LineRow) -> Path | None:
    """A field that is neither what the preview showed as before, nor what the line wants."""
    now = leaves_of(here)
    for path, before, value in line.leaves:
        there = now.get(tuple(path))
        if not same_leaf(there, before) and not same_leaf(there, value):
            return tuple(path)
    return None
