"""What was edited here while a new record was on its way into the books."""

import json
from collections.abc import Mapping
from typing import Any

from sync.protocol.differences import merge
from sync.store.base import document
from sync.store.conflicts import listed

EDITED_MEANWHILE = """
    select id, state, after from change where record = $1 and id <> $2 and direction = 'out' and action = 'create'
        and state in ('proposed', 'kept', 'approved', 'waiting', 'conflict', 'refused')
"""

EDIT_OF_IT = """
    update change set action = 'update', state = $2, conflict = $3::jsonb, before = $4::jsonb, after = $5::jsonb
    where id = $1
"""

WANTED = "update record set ours = $2::jsonb, updated_at = now() where id = $1 and ours = $3::jsonb"


async def rebase(connection: Any, row: Any, there: Mapping[str, Any]) -> None:
    """What was edited here while the new record was on its way changes that record: it does not make another one."""
    sent = document(row["after"]) or {}
    for later in await connection.fetch(EDITED_MEANWHILE, row["record"], row["id"]):
        wanted = document(later["after"]) or {}
        found = merge(sent, there, wanted)
        if found.contradictions:
            conflict = json.dumps(listed(found.contradictions))
            await connection.execute(EDIT_OF_IT, later["id"], "conflict", conflict, json.dumps(sent), later["after"])
            continue
        after = json.dumps(found.record)
        await connection.execute(EDIT_OF_IT, later["id"], later["state"], None, json.dumps(there), after)
        await connection.execute(WANTED, row["record"], after, later["after"])
