"""One record here and one of QuickBooks become the same: the link is made, what the team has otherwise is proposed."""

import copy
import json
from collections.abc import Mapping
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
    update record set qb_id = $2, edit_sequence = $3, name = $4, ref_number = $5, party = $6, amount = $7::numeric,
        date = $8, active = $9, time_created = $10, time_modified = $11, quickbooks = $12::jsonb,
        line_order = $13::jsonb, deleted_at = null, updated_at = now(), ours = $14::jsonb,
        base = case when $14::jsonb is not null then $12::jsonb end
    where id = $1
"""

CLEAR = """
    update change set state = 'cleared', reason = $2, decided_by = $3, decided_at = $4
    where record = $1 and state in ('proposed', 'kept', 'conflict', 'approved', 'waiting', 'refused', 'unknown')
"""

SEND = """
    insert into change (company, record, entity, direction, action, state, before, after, created_by, created_at,
        decided_by, decided_at, conflict)
    values ($1, $2, $3, 'out', $4, $9::text, $5, $6, $7::text, $8::timestamptz,
        case $9::text when 'approved' then $7::text else '' end,
        case $9::text when 'approved' then $8::timestamptz end, $10)
"""

TWIN = """
    select r.id, exists (select from change c where c.record = r.id and c.direction = 'out'
        and c.state not in ('applied', 'cleared')) as open
    from record r where r.company = $1 and r.entity = $2 and r.qb_id = $3 and r.id <> $4 for update
"""


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
    """Link a record to one of QuickBooks, given as QuickBooks has it; a sentence when it cannot be.

    `row` has id, entity, base and here (as the team wants it). What the team has otherwise than the base goes out as an
    approved change; where both differ from the base QuickBooks' value stands, since it is in the books already. With
    `asks` it is proposed instead, and a conflict where both differ. The record that an import had made of the other one
    is taken away, its history kept.
    """
    qb_id = str(there[ENTITIES[row["entity"]].key])
    twin = await connection.fetchrow(TWIN, company, row["entity"], qb_id, row["id"])
    if twin is not None:
        if twin["open"]:
            return IN_USE
        await connection.execute(CLEAR, twin["id"], why, actor, now)
        await connection.execute("update change set record = $1 where record = $2", row["id"], twin["id"])
        await connection.execute("delete from record where id = $1", twin["id"])
    await connection.execute(CLEAR, row["id"], why, actor, now)
    _, _, *columns = columns_of(row["entity"], dict(there))
    left = _left(row, {name: value for name, value in there.items() if name != ORDER}, asks=asks)
    after = json.dumps(left.after) if left else None
    await connection.execute(LINK, row["id"], qb_id, *columns, after)
    if left:
        before = json.dumps(left.before)
        conflict = json.dumps(listed(left.contradictions)) if left.contradictions else None
        state = "conflict" if conflict else "proposed" if asks else "approved"
        await connection.execute(
            SEND, company, row["id"], row["entity"], "update", before, after, actor, now, state, conflict
        )
    return None


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
