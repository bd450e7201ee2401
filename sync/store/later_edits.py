"""What was edited here while a change of the same record was on its way into the books."""

import json
from collections.abc import Mapping
from typing import Any

from sync.protocol.rebase import rebased
from sync.store.base import document
from sync.store.conflicts import listed

EDITED_MEANWHILE = """
    select id, state, after from change
    where record = $1 and id > $2 and direction = 'out' and action in ('create', 'update')
        and state in ('proposed', 'kept', 'approved', 'waiting', 'conflict', 'refused')
"""

EDITED = """
    update change set action = 'update', state = $2, conflict = $3::jsonb, before = $4::jsonb, after = $5::jsonb
    where id = $1
"""

WANTED = "update record set ours = $2::jsonb, updated_at = now() where id = $1 and ours = $3::jsonb"


async def rebase(connection: Any, row: Any, sent: Mapping[str, Any], there: Mapping[str, Any]) -> bool:
    """Put later edits, which began with `sent`, on top of what became of it; whether there were any.

    Of a record that was new such an edit makes no other one.
    """
    edits = await connection.fetch(EDITED_MEANWHILE, row["record"], row["id"])
    for later in edits:
        found = rebased(sent, there, document(later["after"]) or {})
        if found.contradictions:
            conflict = json.dumps(listed(found.contradictions))
            await connection.execute(EDITED, later["id"], "conflict", conflict, json.dumps(sent), later["after"])
            continue
        after = json.dumps(found.record)
        await connection.execute(EDITED, later["id"], later["state"], None, json.dumps(there), after)
        await connection.execute(WANTED, row["record"], after, later["after"])
    return bool(edits)
