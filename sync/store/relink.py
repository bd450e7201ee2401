"""One record here and one of QuickBooks become the same: the link is made, what the team has otherwise is proposed."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sync.protocol.differences import differences, merge
from sync.qbxml.entities import ENTITIES
from sync.store.base import document
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
        decided_by, decided_at)
    values ($1, $2, $3, 'out', $4, 'approved', $5, $6, $7, $8, $7, $8)
"""

TWIN = """
    select r.id, exists (select from change c where c.record = r.id and c.direction = 'out'
        and c.state not in ('applied', 'cleared')) as open
    from record r where r.company = $1 and r.entity = $2 and r.qb_id = $3 and r.id <> $4 for update
"""


async def take_over(
    connection: Any, company: int, row: Any, there: Mapping[str, Any], why: str, actor: str, now: datetime
) -> str | None:
    """Link a record to one of QuickBooks, given as QuickBooks has it; a sentence when it cannot be.

    `row` has id, entity, base and here (as the team wants it). What the team has otherwise than the base goes out as an
    approved change; where both differ from the base QuickBooks' value stands, since it is in the books already. The
    record that an import had made of the other one is taken away, its history kept.
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
    found = merge(document(row["base"]) or {}, there, document(row["here"]) or {})
    left = json.dumps(found.record) if differences(there, found.record) else None
    _, _, *columns = columns_of(row["entity"], dict(there))
    await connection.execute(LINK, row["id"], qb_id, *columns, left)
    if left is not None:
        kind = row["entity"]
        await connection.execute(SEND, company, row["id"], kind, "update", json.dumps(there), left, actor, now)
    return None
