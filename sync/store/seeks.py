"""The look for a record inside a session: asked by its id and by what stands for it, in one document.

Everything runs in the transaction of the call that it belongs to. One session of a company at a time asks, so a look
that was sent and not answered is asked again by the next one.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sync.protocol import writes
from sync.protocol.writes import Task
from sync.qbxml.build import Request
from sync.qbxml.heads import Head
from sync.qbxml.parse import Row
from sync.store.applied import readable
from sync.store.base import document, notify
from sync.store.writes import Prepared

AT_ONCE = 5  # records in one document
CANDIDATES = 20  # kept of one record
UNREADABLE = "QuickBooks could not look for it: {}"
NO_ANSWER = "QuickBooks' answer does not speak of this record."

OPEN = """
    select l.id, l.record, r.entity, r.qb_id, coalesce(nullif(r.ours, '{}'), r.quickbooks) as here
    from look l join record r on r.id = l.record
    where l.company = $1 and l.state = any($2) order by l.id limit $3 for update of l
"""

ANSWERED = "update look set state = $2, found = $3, reason = $4, answered_at = $5 where id = $1"

GONE = "update record set deleted_at = coalesce(deleted_at, $2), updated_at = now() where id = $1"


async def prepare(
    connection: Any, company: int, kind: str, prefix: str, product: str, version: str, now: datetime
) -> Prepared | None:
    """The queries for the records that people look for; None when there are none."""
    del kind, now
    requests: list[Request] = []
    rows = await connection.fetch(OPEN, company, ["asked", "sent"], AT_ONCE)
    for row in rows:
        for mark, qb_id in (("i", row["qb_id"]), ("n", "")):
            request = writes.look_for(_task(row, qb_id), f"{prefix}-{mark}{row['id']}", product, version)
            if request is not None:
                requests.append(request)
    await connection.execute("update look set state = 'sent' where id = any($1)", [row["id"] for row in rows])
    return Prepared(tuple(requests), ()) if requests else None


def _task(row: Any, qb_id: str) -> Task:
    here = document(row["here"])
    return Task(id=row["id"], entity=row["entity"], action="create", qb_id=qb_id, known={}, wanted=here)


async def take_answer(connection: Any, company: int, parts: Sequence[Head | Row], now: datetime) -> None:
    """Say of each record that was asked for whether it is there, and what else could be it."""
    found = _by_mark(parts)
    for row in await connection.fetch(OPEN, company, ["sent"], AT_ONCE):
        state, candidates, reason = _told(row, found)
        kept = json.dumps(candidates[:CANDIDATES])
        await connection.execute(ANSWERED, row["id"], state, kept, reason, now)
        if state == "gone":
            await connection.execute(GONE, row["record"], now.isoformat()[:19])
    await notify(connection, "companies", f"company:{company}")


def _by_mark(parts: Sequence[Head | Row]) -> dict[str, tuple[Head, list[Mapping[str, Any]]]]:
    """Heads and records by the end of their requestID: "i12" by id, "n12" by name."""
    found: dict[str, tuple[Head, list[Mapping[str, Any]]]] = {}
    current: list[Mapping[str, Any]] = []
    for part in parts:
        if isinstance(part, Head):
            current = []
            found[part.request_id.rpartition("-")[2]] = (part, current)
        else:
            current.append(part.fields)
    return found


def _told(
    row: Any, found: Mapping[str, tuple[Head, list[Mapping[str, Any]]]]
) -> tuple[str, list[Mapping[str, Any]], str]:
    """State, candidates and reason of one look."""
    head, records = found.get(f"i{row['id']}", (None, []))
    if head is None:
        return "failed", [], NO_ANSWER
    if not readable(head):
        return "failed", [], UNREADABLE.format(head.status.message or head.status.code)
    task = _task(row, row["qb_id"])
    if any(one.get(task.kind.key) == row["qb_id"] for one in records):
        return "there", [], ""
    _, others = found.get(f"n{row['id']}", (None, []))
    there = [{name: part for name, part in one.items() if not name.startswith("#")} for one in others]
    return "gone", writes.alike(task, [one for one in there if one.get(task.kind.key)]), ""


async def reject(connection: Any, company: int, reason: str, now: datetime) -> None:
    """The document was refused as a whole."""
    for row in await connection.fetch(OPEN, company, ["sent"], AT_ONCE):
        await connection.execute(ANSWERED, row["id"], "failed", None, reason, now)
    await notify(connection, f"company:{company}")
