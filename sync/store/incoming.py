"""What QuickBooks changed, once a company was read whole: proposed where the kind asks, taken where it does not.

Until a person has approved it, `ours` keeps what the team had; the hot columns show QuickBooks' side. All of an answer
goes by a fixed number of statements. Whoever calls holds the company's lock.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sync.protocol.changes import NOT_THERE, Change
from sync.protocol.incoming import COMPUTED, computed_in_lines, met, with_computed_lines
from sync.qbxml.entities import ENTITIES
from sync.store import policies
from sync.store.base import document
from sync.store.conflicts import IN_CONFLICT, PART_OF_CONFLICT, listed

BACK = "QuickBooks has again what the team has."
AGAIN = "QuickBooks changed it again before it was decided."
BY_ITSELF = "Taken in by itself: this kind does not ask."

READ_WHOLE = """
    select exists (select from run where company = $1 and state = 'complete' and kind <> 'verify') as whole,
        (select array_agg(entity) from entity_state where company = $1 and as_of is not null) as kinds
"""


def array(names: Iterable[str]) -> str:
    """Names of ours as they stand in a statement."""
    return f"'{{{','.join(sorted(names))}}}'::text[]"


COMPUTED_PARTS = array(COMPUTED)
LINES = array(name for lines in with_computed_lines().values() for name in lines)


def moved_on(entity: str, was: str, now: str) -> str:
    """The condition that a record says something else than it did, beside what QuickBooks computes."""
    return f"""case when {entity} = any({array(with_computed_lines())})
        then record_moved({was}, {now}, {COMPUTED_PARTS}, {LINES}, {array(computed_in_lines())})
        else {was} - {COMPUTED_PARTS} <> {now} - {COMPUTED_PARTS} end"""


# What a record keeps of the team's side while QuickBooks' side moves on; looked at once for both.
KEPT = f"""(
    select case when record.ours is not null then record.ours else k.was end,
        case when record.ours is not null then record.base else k.was end
    from (select case
        when record.ours is not null or excluded.entity <> all($15::text[]) then null
        when record.deleted_at is not null then '{{}}'::jsonb
        when (record.edit_sequence <> excluded.edit_sequence or excluded.edit_sequence = '')
            and {moved_on("excluded.entity", "record.quickbooks", "excluded.quickbooks")}
            then record.quickbooks end as was offset 0) k)"""

# What a statement reads of a table is as it was before the statement: `was` has what a record said until now.
UPSERT = f"""
    with incoming as materialized (
        select * from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
            $9::text[], $10::bool[], $11::text[], $12::text[], $13::text[], $14::text[]) as incoming (entity, qb_id,
            edit_sequence, name, ref_number, party, amount, date, active, time_created, time_modified, quickbooks,
            line_order)
    ), otherwise as materialized (
        select r.id, r.quickbooks, r.deleted_at from incoming i
        join record r on r.company = $1 and r.entity = i.entity and r.qb_id = i.qb_id where r.ours is not null
    ), written as (
        insert into record (company, entity, qb_id, edit_sequence, name, ref_number, party, amount, date, active,
            time_created, time_modified, quickbooks, line_order, ours, base)
        select $1, entity, qb_id, edit_sequence, name, ref_number, party, amount::numeric, date, active, time_created,
            time_modified, quickbooks::jsonb, line_order::jsonb, case when entity = any($15::text[]) then '{{}}'::jsonb
            end, case when entity = any($15::text[]) then '{{}}'::jsonb end
        from incoming
        on conflict (company, entity, qb_id) do update set edit_sequence = excluded.edit_sequence, name = excluded.name,
            ref_number = excluded.ref_number, party = excluded.party, amount = excluded.amount, date = excluded.date,
            active = excluded.active, time_created = excluded.time_created, time_modified = excluded.time_modified,
            quickbooks = excluded.quickbooks, line_order = excluded.line_order, deleted_at = null, updated_at = now(),
            (ours, base) = {KEPT}
        where record.edit_sequence <> excluded.edit_sequence or record.deleted_at is not null
            or record.quickbooks <> excluded.quickbooks
        returning id, entity, qb_id, edit_sequence, ours, quickbooks
    ), noted as (
        insert into change (company, record, entity, direction, action, state, before, after, reason, created_by,
            created_at, decided_at, ended_at)
        select $1, w.id, w.entity, 'in', case when was.id is null or was.deleted_at is not null then 'create'
            else 'update' end, 'applied', case when was.deleted_at is null then was.quickbooks end, w.quickbooks,
            '{BY_ITSELF}', 'QuickBooks', $17::timestamptz, $17, $17
        from written w left join record was on was.id = w.id
        where w.entity = any($16::text[]) and w.ours is null and (was.id is null or was.deleted_at is not null
            or ((was.edit_sequence <> w.edit_sequence or w.edit_sequence = '')
                and {moved_on("w.entity", "was.quickbooks", "w.quickbooks")}))
        order by w.id
    )
    select w.id, w.entity, w.qb_id, w.ours is not null and (o.id is null or o.deleted_at is not null
        or {moved_on("w.entity", "o.quickbooks", "w.quickbooks")}) as differs
    from written w left join otherwise o on o.id = w.id
"""

OWN_EDIT = """exists (select from change o where o.record = r.id and o.direction = 'out'
    and o.action in ('create', 'update')
    and o.state in ('proposed', 'kept', 'approved', 'waiting', 'sent', 'conflict', 'refused', 'unknown'))"""

# What is open of a record is looked up for each: joined, a plan made before there were many would try all with all.
PROPOSE = f"""
    with looked as (
        select r.*, {OWN_EDIT} as edited from record r where r.id = any($1) and r.ours is not null
    ), moved as materialized (
        select l.id, l.company, l.entity, l.deleted_at, l.quickbooks, l.edited,
            case when l.edited then l.base else l.ours end as mine,
            case when l.deleted_at is not null then l.ours = '{{}}'
                else not ({moved_on("l.entity", "case when l.edited then l.base else l.ours end", "l.quickbooks")})
                end as back,
            o.id as open, o.state, o.decided_by, o.decided_at
        from looked l left join lateral (
            select c.id, c.state, c.decided_by, c.decided_at from change c
            where c.record = l.id and c.direction = 'in' and c.state in ('proposed', 'kept') limit 1
        ) o on true
    ), closed as (
        update change c set state = 'cleared', reason = case when m.back then '{BACK}' else '{AGAIN}' end, ended_at = $2
        from moved m where c.id = m.open returning c.id
    ), equal as (
        update record r set ours = null, base = null, updated_at = now()
        from moved m where m.id = r.id and m.back and not m.edited
    )
    insert into change (company, record, entity, direction, action, state, before, after, created_by, created_at,
        decided_by, decided_at)
    select company, id, entity, 'in',
        case when deleted_at is not null then 'delete' when mine = '{{}}' then 'create' else 'update' end,
        coalesce(state, 'proposed'), nullif(mine, '{{}}'), case when deleted_at is null then quickbooks end,
        'QuickBooks', $2, coalesce(decided_by, ''), decided_at
    from moved
    where not back and (select count(*) from closed) >= 0 order by id  -- what was open is closed first
"""

# Of a record with an edit of ours what QuickBooks had is its base.
NOTED = f"""
    insert into change (company, record, entity, direction, action, state, before, after, reason, created_by,
        created_at, decided_at, ended_at)
    select company, id, entity, 'in', $3::text, 'applied', case when $3 <> 'create' then coalesce(base, quickbooks) end,
        case when $3 <> 'delete' then quickbooks end, '{BY_ITSELF}', 'QuickBooks', $2::timestamptz, $2, $2
    from record where id = any($1) and ($3 <> 'update' or {moved_on("entity", "base", "quickbooks")}) order by id
"""

EDITED = """
    select distinct on (c.record) c.id, c.record, c.state, c.before, c.after, r.quickbooks, r.entity
    from change c join record r on r.id = c.record
    where c.record = any($1) and c.direction = 'out' and c.action in ('create', 'update')
        and c.state in ('proposed', 'kept', 'approved', 'waiting', 'conflict', 'refused', 'unknown')
        and r.deleted_at is null
    order by c.record, c.id desc
"""

REBASED = """
    update change c set state = n.state, before = n.before::jsonb, after = n.after::jsonb, conflict = n.conflict::jsonb
    from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
        as n (id, was, state, before, after, conflict)
    where c.id = n.id and c.state = n.was
"""

TAKEN = """
    update record r set updated_at = now(), ours = case when n.ours is null then null else n.ours::jsonb end,
        base = case when n.ours is null then null else r.quickbooks end
    from unnest($1::bigint[], $2::text[]) as n (id, ours) where r.id = n.id
"""

CONFLICTS = PART_OF_CONFLICT

DELETED = """
    update record r set deleted_at = gone.at, updated_at = now(),
        ours = case when r.ours is not null then r.ours when r.entity = any($5) then r.quickbooks end,
        base = case when r.ours is not null then r.base when r.entity = any($5) then r.quickbooks end
    from unnest($2::text[], $3::text[], $4::text[]) as gone (entity, qb_id, at)
    where r.company = $1 and r.entity = gone.entity and r.qb_id = gone.qb_id and r.deleted_at is null
    returning r.id, r.entity
"""

GONE = """
    update record r set ours = r.quickbooks, base = r.quickbooks, updated_at = now()
    where r.id = any($1) and r.ours is null
"""

ANEW = "update record set ours = '{}', base = '{}' where id = any($1) and ours is null"

DELETION_WAITS = """
    select record from change
    where record = any($1) and direction = 'in' and action = 'delete' and state in ('proposed', 'kept')
"""

CANNOT_BE_SENT = """
    update change set state = 'refused', reason = $2, ended_at = $3
    where record = any($1) and direction = 'out' and state = 'approved' and action <> 'delete'
"""


@dataclass(frozen=True, slots=True)
class Intake:
    """How the answers of one company are taken in now."""

    first: bool  # nothing was read whole yet: everything is taken
    asks: list[str] = field(default_factory=list)  # kinds that wait for a person
    notes: list[str] = field(default_factory=list)  # kinds that do not, and were read whole: the log tells what came


async def intake_of(connection: Any, company: int) -> Intake:
    """Whether the first reading is over, and which kinds ask."""
    row = await connection.fetchrow(READ_WHOLE, company)
    if not row["whole"]:
        return Intake(first=True)
    rules = await policies.of_company(company, connection)
    asks = [name for name in ENTITIES if rules.asks(name, "in")]
    return Intake(first=False, asks=asks, notes=sorted(set(row["kinds"] or ()) - set(asks)))


async def upsert(
    connection: Any, company: int, intake: Intake, columns: Sequence[Sequence[Any]], now: datetime
) -> set[tuple[str, str]]:
    """Write rows, given as columns; propose or take what differs. Entity and id of those that were new or different."""
    rows = await connection.fetch(UPSERT, company, *columns, intake.asks, intake.notes, now)
    differing = {row["id"]: row["entity"] for row in rows if row["differs"]}
    if differing:
        await _meet(connection, differing, intake, now)
    return {(row["entity"], row["qb_id"]) for row in rows}


async def _meet(connection: Any, differing: dict[int, str], intake: Intake, now: datetime) -> None:
    """Records that differ from what the team has: merged with its own edits, else proposed, else taken."""
    edits = await connection.fetch(EDITED, list(differing))
    asks = set(intake.asks)
    conflicts, taken = set(), dict.fromkeys((id for id, entity in differing.items() if entity not in asks), None)
    moved = []
    for row in edits:
        found = met(
            Change(row["state"]),
            document(row["before"]) or {},
            document(row["after"]) or {},
            document(row["quickbooks"]),
        )
        conflict = json.dumps(listed(found.contradictions)) if found.in_conflict else None
        after = json.dumps(found.after)
        moved.append((row["id"], row["state"], found.state, json.dumps(found.before), after, conflict))
        if found.in_conflict:
            conflicts.add(row["record"])
            taken.pop(row["record"], None)
        elif row["record"] in taken:
            taken[row["record"]] = after
    if moved:
        await connection.execute(REBASED, *map(list, zip(*moved, strict=True)))
    if conflicts:
        await connection.execute(CONFLICTS, sorted(conflicts), IN_CONFLICT, "", now)
    if noted := [id for id in taken if differing[id] in intake.notes]:
        await connection.execute(NOTED, noted, now, "update")
    if taken:
        await connection.execute(TAKEN, list(taken), list(taken.values()))
    asked = [id for id, entity in differing.items() if entity in asks and id not in conflicts]
    if asked:
        await connection.execute(PROPOSE, asked, now)


async def delete(connection: Any, company: int, intake: Intake, columns: Sequence[Sequence[Any]], now: datetime) -> int:
    """Mark records as deleted, given as columns of entity, id and time; how many."""
    rows = await connection.fetch(DELETED, company, *columns, intake.asks)
    await _gone(connection, {row["id"]: row["entity"] for row in rows}, intake, now)
    return len(rows)


async def gone(connection: Any, company: int, entity: str, ids: Sequence[int], now: datetime) -> None:
    """Records of a kind that a whole reading has not met any more: marked as deleted already."""
    intake = await intake_of(connection, company) if ids else Intake(first=True)
    if intake.first:
        return
    if entity in intake.asks:
        await connection.execute(GONE, list(ids))
    await _gone(connection, dict.fromkeys(ids, entity), intake, now)


async def found_again(connection: Any, company: int, entity: str, ids: Sequence[int], now: datetime) -> None:
    """Records of a kind that a reading of keys has met, though they were taken for deleted: no deletion waits any more.

    One whose deletion the team has approved comes in anew, where its kind asks.
    """
    if not ids:
        return
    intake = await intake_of(connection, company)
    asks = entity in intake.asks
    waiting = await connection.fetch(DELETION_WAITS, list(ids))
    asked = list(ids) if asks else [row["record"] for row in waiting]
    if asks:
        await connection.execute(ANEW, list(ids))
    if asked:
        await connection.execute(PROPOSE, asked, now)
    elif entity in intake.notes:
        await connection.execute(NOTED, list(ids), now, "create")


async def _gone(connection: Any, records: dict[int, str], intake: Intake, now: datetime) -> None:
    if not records:
        return
    await connection.execute(CANNOT_BE_SENT, list(records), NOT_THERE, now)
    asked = [id for id, entity in records.items() if entity in set(intake.asks)]
    if asked:
        await connection.execute(PROPOSE, asked, now)
    if noted := [id for id, entity in records.items() if entity in intake.notes]:
        await connection.execute(NOTED, noted, now, "delete")
