"""A field that both sides have changed: a person says whose value it is, against what QuickBooks has by now."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from sync.protocol.differences import Contradiction, Path, differences, merge, put
from sync.store.base import document, notify, transaction
from sync.store.setup import ask_run, audit

Side = Literal["quickbooks", "ours"]

NO_CONFLICT = "This conflict was solved already."
CHANGED_AGAIN = "QuickBooks changed this record again. Both sides are shown anew; nothing was lost or sent."
CHOOSE_ALL = "Choose a value for every field first."
IN_CONFLICT = "Both sides changed the same field: it is part of the conflict."
THEIRS = "QuickBooks' values were taken."

OF_CHANGE = """
    select c.id, c.record, c.entity, c.before, c.after, c.conflict, r.quickbooks
    from change c join record r on r.id = c.record
    where c.id = $2 and c.company = $1 and c.direction = 'out' and c.state = 'conflict' for update of c, r
"""

SOLVED = """
    update change set state = $2, conflict = null, before = $3, after = $4, reason = $5, decided_by = $6,
        decided_at = $7 where id = $1 and state = 'conflict'
"""

PART_OF_CONFLICT = """
    update change set state = 'cleared', reason = $2, decided_by = $3, decided_at = $4
    where record = any($1) and direction = 'in' and state in ('proposed', 'kept')
"""


def listed(contradictions: Sequence[Contradiction]) -> list[dict[str, Any]]:
    """Contradictions as a change keeps them."""
    return [
        {"path": list(one.path), "base": one.base, "quickbooks": one.quickbooks, "ours": one.ours}
        for one in contradictions
    ]


def mark_of(conflict: Sequence[Mapping[str, Any]]) -> str:
    """A mark of a conflict as it was shown; another one when either side has changed since."""
    in_order = sorted(conflict, key=lambda one: one["path"])  # the database does not keep the order of fields
    return hashlib.sha256(json.dumps(in_order, sort_keys=True).encode()).hexdigest()[:16]


async def resolve_conflict(
    company: int, change: int, choices: Mapping[Path, Side], actor: str, address: str = "", *, seen: str = ""
) -> str | None:
    """Solve a conflict field by field and send what is left of ours; a sentence when it cannot be.

    `choices` holds every path of the conflict; `seen` is the mark of the conflict as it was shown.
    """
    now = datetime.now(UTC)
    async with transaction() as connection:
        row = await connection.fetchrow(OF_CHANGE, company, change)
        if row is None:
            return NO_CONFLICT
        known = document(row["conflict"]) or []
        quickbooks, wanted = document(row["quickbooks"]) or {}, document(row["after"]) or {}
        found = merge(document(row["before"]) or {}, quickbooks, wanted)
        newest = listed(found.contradictions)
        if mark_of(newest) != mark_of(known) or (seen and seen != mark_of(known)):
            await connection.execute("update change set conflict = $2 where id = $1", change, json.dumps(newest))
            await notify(connection, f"company:{company}")
            return CHANGED_AGAIN
        if any(one.path not in choices for one in found.contradictions):
            return CHOOSE_ALL
        for one in found.contradictions:
            if choices[one.path] == "ours":
                put(found.record, one.path, one.ours, wanted)
        left = await _store(connection, row, quickbooks, found.record, actor, now)
        await audit(connection, actor, "conflict.solved", company, f"change {change}", address)
        await notify(connection, "companies", f"company:{company}")
    if left:
        await ask_run(company, "incremental", actor, address)
    return None


async def _store(
    connection: Any, row: Any, quickbooks: Mapping[str, Any], record: Mapping[str, Any], actor: str, now: datetime
) -> bool:
    """The change and the record as decided; whether anything is left to be sent."""
    left = bool(differences(quickbooks, record))
    there, here = json.dumps(quickbooks), json.dumps(record)
    state, reason = ("approved", "") if left else ("cleared", THEIRS)
    await connection.execute(SOLVED, row["id"], state, there, here, reason, actor, now)
    await connection.execute(
        "update record set ours = $2, base = $3, updated_at = now() where id = $1",
        row["record"],
        here if left else None,
        there if left else None,
    )
    return left
