"""One record here and one of QuickBooks become the same: the link is made, what the team has otherwise is proposed."""

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sync.protocol.differences import Contradiction, differences, merge, put
from sync.qbxml.arrange import ORDER
from sync.qbxml.entities import ENTITIES
from sync.store.base import document
from sync.store.conflicts import listed
from sync.store.intake import columns_of

IN_USE = "That record of QuickBooks has changes of its own that are open. Settle them first."

LINK = """
    update record r set qb_id = n.qb_id, edit_sequence = n.edit_sequence, name = n.name, ref_number = n.ref_number,
        party = n.party, amount = n.amount::numeric, date = n.date, active = n.active, time_created = n.time_created,
        time_modified = n.time_modified, quickbooks = n.quickbooks::jsonb, line_order = n.line_order::jsonb,
        deleted_at = null, updated_at = now(), ours = n.after::jsonb,
        base = case when n.after is not null then n.quickbooks::jsonb end
    from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
        $9::bool[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[]) as n (id, qb_id, edit_sequence,
        name, ref_number, party, amount, date, active, time_created, time_modified, quickbooks, line_order, after)
    where r.id = n.id
"""

CLEAR = """
    update change set state = 'cleared', reason = $2, decided_by = $3, decided_at = $4
    where record = any($1) and state in ('proposed', 'kept', 'conflict', 'approved', 'waiting', 'refused', 'unknown')
"""

SEND = """
    insert into change (company, record, entity, direction, action, state, before, after, created_by, created_at,
        decided_by, decided_at, conflict)
    select $1, n.record, n.entity, 'out', n.action, n.state, n.before::jsonb, n.after::jsonb, $2::text,
        $3::timestamptz, case n.state when 'approved' then $2::text else '' end,
        case n.state when 'approved' then $3::timestamptz end, n.conflict::jsonb
    from unnest($4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[])
        as n (record, entity, action, before, after, state, conflict)
"""

TWINS = """
    select r.id as twin, n.id, exists (select from change c where c.record = r.id and c.direction = 'out'
        and c.state not in ('applied', 'cleared')) as open
    from unnest($2::bigint[], $3::text[], $4::text[]) as n (id, entity, qb_id)
    join record r on r.company = $1 and r.entity = n.entity and r.qb_id = n.qb_id and r.id <> n.id
    order by r.id for update of r
"""

TAKE_HISTORY = """
    update change c set record = n.id from unnest($1::bigint[], $2::bigint[]) as n (twin, id) where c.record = n.twin
"""


@dataclass(frozen=True, slots=True)
class Pair:
    """A record here, and the one of QuickBooks that it is."""

    row: Mapping[str, Any]  # id, entity, base, and here: as the team wants it
    there: Mapping[str, Any]  # as QuickBooks has it

    @property
    def qb_id(self) -> str:
        return str(self.there[ENTITIES[self.row["entity"]].key])


async def take_over(
    connection: Any,
    company: int,
    row: Mapping[str, Any],
    there: Mapping[str, Any],
    why: str,
    actor: str,
    now: datetime,
    *,
    asks: bool = False,
) -> str | None:
    """Link one record, as `take_over_all` does; a sentence when it cannot be."""
    in_use = await take_over_all(connection, company, [Pair(row, there)], why, actor, now, asks=asks)
    return IN_USE if in_use else None


async def take_over_all(
    connection: Any, company: int, pairs: Sequence[Pair], why: str, actor: str, now: datetime, *, asks: bool
) -> set[int]:
    """Link records to those of QuickBooks; return the ids of those that cannot be now: the other has open changes.

    What the team has otherwise than the base goes out as an approved change; where both differ from the base
    QuickBooks' value stands, since it is in the books already. With `asks` it is proposed instead, and a conflict where
    both differ. The record that an import had made of the other one is taken away, its history kept.
    """
    known = [(one.row["id"], one.row["entity"], one.qb_id) for one in pairs]
    twins = await connection.fetch(TWINS, company, *map(list, zip(*known, strict=True)))
    in_use = {row["id"] for row in twins if row["open"]}
    gone = [(row["twin"], row["id"]) for row in twins if row["id"] not in in_use]
    taken = [one for one in pairs if one.row["id"] not in in_use]
    if not taken:
        return in_use
    numbers = [one.row["id"] for one in taken]
    await connection.execute(CLEAR, [*(twin for twin, _ in gone), *numbers], why, actor, now)
    if gone:
        await connection.execute(TAKE_HISTORY, *map(list, zip(*gone, strict=True)))
        await connection.execute("delete from record where id = any($1)", [twin for twin, _ in gone])
    left = {one.row["id"]: _left_of(one, asks=asks) for one in taken}
    links = [_link(one, left[one.row["id"]]) for one in taken]
    await connection.execute(LINK, *map(list, zip(*links, strict=True)))
    sent = [_sent(one.row, found, asks=asks) for one in taken if (found := left[one.row["id"]])]
    if sent:
        await connection.execute(SEND, company, actor, now, *map(list, zip(*sent, strict=True)))
    return in_use


def _left_of(pair: Pair, *, asks: bool) -> "Left | None":
    return _left(pair.row, {name: value for name, value in pair.there.items() if name != ORDER}, asks=asks)


def _link(pair: Pair, left: "Left | None") -> tuple[Any, ...]:
    _, _, *columns = columns_of(pair.row["entity"], dict(pair.there))
    return (pair.row["id"], pair.qb_id, *columns, json.dumps(left.after) if left else None)


def _sent(row: Mapping[str, Any], left: "Left", *, asks: bool) -> tuple[Any, ...]:
    conflict = json.dumps(listed(left.contradictions)) if left.contradictions else None
    state = "conflict" if conflict else "proposed" if asks else "approved"
    return row["id"], row["entity"], "update", json.dumps(left.before), json.dumps(left.after), state, conflict


@dataclass(frozen=True, slots=True)
class Left:
    """What of the team's record QuickBooks does not have."""

    before: Mapping[str, Any]
    after: Mapping[str, Any]
    contradictions: tuple[Contradiction, ...] = ()


def _left(row: Mapping[str, Any], there: Mapping[str, Any], *, asks: bool) -> Left | None:
    base, here = _fields(row["base"]), _fields(row["here"])
    found = merge(base, there, here)
    if not (asks and found.contradictions):
        return Left(there, found.record) if differences(there, found.record) else None
    before = copy.deepcopy(dict(there))
    for one in found.contradictions:
        put(before, one.path, None, {})
        put(found.record, one.path, one.ours, here)
    return Left(before, found.record, merge(before, there, found.record).contradictions)


def _fields(value: Any) -> dict[str, Any]:
    found: dict[str, Any] = document(value) if isinstance(value, str) else value
    return found or {}
