"""What QuickBooks' answers make of changes that were sent, or looked for, and of their records.

Everything here runs in the transaction that stores the answer, before it is replied to.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sync.protocol import changes, writes
from sync.protocol.changes import Change, Outcome
from sync.protocol.differences import merge
from sync.protocol.sentences import OTHER_VERSION
from sync.protocol.session import InFlight
from sync.protocol.writes import Task
from sync.qbxml import customs
from sync.qbxml.heads import Head
from sync.qbxml.parse import Row
from sync.store import later_edits, second_parts
from sync.store.base import document, notify
from sync.store.conflicts import listed
from sync.store.intake import columns_of
from sync.store.second_parts import Told
from sync.store.writes import MOVE, SENT, known, tasks_of, with_ids

TOOK_ITS_PLACE = "A later edit took its place."

STORED = """
    update record set qb_id = $2, edit_sequence = $3, name = $4, ref_number = $5, party = $6, amount = $7::numeric,
        date = $8, active = $9, time_created = $10, time_modified = $11, quickbooks = $12::jsonb,
        line_order = $13::jsonb, deleted_at = null, updated_at = now(),
        ours = case when $14 then null else ours end, base = case when $14 then null else $12::jsonb end
    where id = $1
"""

SAME_AGAIN = """
    update change set state = 'cleared', reason = 'The team and QuickBooks have the same.'
    where record = $1 and direction = 'in' and state in ('proposed', 'kept')
"""

GONE = "update record set deleted_at = coalesce(deleted_at, $2), updated_at = now() where id = $1"

CHILDREN = "update change set state = 'approved', waits_for = null where waits_for = $1 and state = 'waiting'"


async def take_answer(
    connection: Any, company: int, asked: InFlight, request: int, parts: Sequence[Head | Row], now: datetime
) -> None:
    """Apply an answer to a message set, or to a look: each change by its requestID."""
    found = by_change(parts, f"{asked.request_id}-")
    rows = await connection.fetch(SENT, company, request if asked.kind == "write" else None)
    for row in rows[: writes.AT_ONCE]:  # of more a look did not ask
        told = found.get(row["id"], [])
        if asked.kind == "write":
            outcome = written(row, told)
        elif not told or not readable(told[0].head):
            outcome = unseen(row, told[0].head.status.message if told else "")
        else:
            outcome = looked(row, await with_ids(connection, row), told[0].records)
        await move(connection, row, outcome, now)
    await notify(connection, "companies", f"company:{company}")


def by_change(parts: Sequence[Head | Row], prefix: str) -> dict[int, list[Told]]:
    """Heads and records of an answer by the change that their requestID names; what answers something else is left out.

    What a deletion, a voiding or a recovery shows is no record.
    """
    found: dict[int, list[Told]] = {}
    current: list[Mapping[str, Any]] = []
    for part in parts:
        if isinstance(part, Row):
            if part.tag.endswith("Ret"):
                current.append(part.fields)
            continue
        current = []
        named = second_parts.named(part.request_id) if part.request_id.startswith(prefix) else None
        if named is not None:
            found.setdefault(named[0], []).append(Told(part, current, named[1]))
    return found


def readable(head: Head) -> bool:
    """Whether an answer to a look says something: a refused query does not."""
    return head.status.code in (0, 1, 500)


def written(row: Any, told: Sequence[Told]) -> Outcome:
    task = tasks_of(row)
    if told and told[0].head.name.startswith("DataExt"):
        return second_parts.answered(row, known(row), told)
    if told and told[0].head.name == f"{row['entity']}QueryRs":
        return second_parts.checked(row, told[0], task.kind.key)
    code, message = (told[0].head.status.code, told[0].head.status.message) if told else (-1, changes.NOT_ANSWERED)
    record = next((one for one in (told[0].records if told else ()) if one.get(task.kind.key)), None)
    if record is not None:
        record = customs.carried(known(row), record)
    return changes.answered(task.action, code, message, record, tries=task.tries, reread=task.reread, guid=task.guid)


def unseen(row: Any, message: str, *, tries: int | None = None) -> Outcome:
    """What a look that says nothing of a change makes of it."""
    known = row["tries"] if tries is None else tries
    return changes.not_looked_up(row["action"], message, tries=known, code=row["status_code"])


def looked(row: Any, task: Task, records: Sequence[Mapping[str, Any]]) -> Outcome:
    new = task.action == "create"
    found = [one for one in records if one.get(task.kind.key)]
    return changes.looked_up(
        task.action,
        task.before,
        writes.comparable(task) if new else task.wanted,
        writes.alike(task, found) if new else found,
        tries=task.tries,
        code=row["status_code"],
        guid=task.guid,
        named=task.kind.group == "list",
    )


async def move(connection: Any, row: Any, outcome: Outcome, now: datetime) -> None:
    """Give a change that was sent its outcome, and the record what QuickBooks said of it."""
    left = second_parts.left_of(row, outcome)
    state = Change.APPROVED if left else outcome.state
    if outcome.record is not None:
        await keep(connection, row, outcome.record, applied=state is Change.APPLIED)
    if outcome.gone:
        await connection.execute(GONE, row["record"], now.isoformat()[:19])
    if state is Change.APPROVED and not left and outcome.record is not None and row["action"] == "update":
        state = await merged(connection, row, outcome.record, outcome.wanted)
        if state is Change.CLEARED:
            outcome = replace(outcome, code=None, message=TOOK_ITS_PLACE)
    if outcome.read_again:
        state = Change.SENT  # it is looked at before it is sent once more
    message, reason = words(row, state, outcome)
    moved = (outcome.counts, outcome.read_again, now, outcome.unmarked)
    await connection.execute(MOVE, row["id"], "sent", state, outcome.code, message, reason, *moved)
    if outcome.checked is not None:
        await connection.execute("update change set checked = $2 where id = $1", row["id"], outcome.checked)
    if outcome.own:
        await carried_out(connection, row, outcome)
    if left:
        await second_parts.begin(connection, row, left)
    elif state is Change.APPLIED:
        await second_parts.end(connection, row["id"])


async def carried_out(connection: Any, row: Any, outcome: Outcome) -> None:
    """The record itself is in the books: what waited for it goes on, and so does what was edited meanwhile."""
    if row["action"] == "create":
        await connection.execute(CHILDREN, row["id"])
    if outcome.record is not None and row["after"] is not None:
        await later_edits.rebase(connection, row, document(row["after"]), outcome.record)


def words(row: Any, state: Change, outcome: Outcome) -> tuple[str, str]:
    """What QuickBooks said, and what we say."""
    if outcome.code is None:
        return "", outcome.message
    return outcome.message, second_parts.IN_BOOKS if state is Change.REFUSED and row["second"] else ""


async def merged(
    connection: Any, row: Any, now_there: Mapping[str, Any], known: Mapping[str, Any] | None = None
) -> Change:
    """The change, or what is known of it by now, on what QuickBooks has: a conflict where both changed a field.

    A later edit holds all of this one: it is in conflict instead, and takes its place.
    """
    before, sent = document(row["before"]) or {}, document(row["after"]) or {}
    wanted = known or sent
    found = merge(before, now_there, wanted)
    if found.contradictions:
        if await later_edits.rebase(connection, row, before, now_there):
            return Change.CLEARED
        conflict = json.dumps(listed(found.contradictions))
        await connection.execute(
            "update change set conflict = $2, after = $3 where id = $1", row["id"], conflict, json.dumps(wanted)
        )
        return Change.CONFLICT
    after = json.dumps(found.record)
    await connection.execute(
        "update change set before = $2, after = $3 where id = $1", row["id"], json.dumps(now_there), after
    )
    await connection.execute(later_edits.WANTED, row["record"], after, row["after"])
    await later_edits.rebase(connection, row, sent, found.record)
    return Change.APPROVED


async def keep(connection: Any, row: Any, fields: Mapping[str, Any], *, applied: bool) -> None:
    """Store what QuickBooks answered of a record. One that an import has brought in meanwhile becomes this one."""
    columns = columns_of(row["entity"], dict(fields))
    _, qb_id, *rest = columns
    twin = await connection.fetchval(
        "select r.id from record r join record here on here.id = $1 where r.company = here.company and r.entity = $2"
        " and r.qb_id = $3 and r.id <> $1",
        row["record"],
        row["entity"],
        qb_id,
    )
    if twin is not None:
        await connection.execute("update change set record = $1 where record = $2", row["record"], twin)
        await connection.execute("delete from record where id = $1", twin)
    ours_is_sent = applied and await connection.fetchval(
        "select ours is null or ours = $2::jsonb from record where id = $1", row["record"], row["after"]
    )
    await connection.execute(STORED, row["record"], qb_id, *rest, bool(ours_is_sent))
    if ours_is_sent:
        await connection.execute(SAME_AGAIN, row["record"])


async def reject(connection: Any, company: int, kind: str, request: int, reason: str, now: datetime) -> None:
    """A document was refused as a whole, so nothing of it was carried out: each of its changes is sent alone.

    A single one that is refused is refused itself, an addition after it went without a GUID. Of a message set that was
    sent before, the refusal says nothing of the first time: its changes are looked up.
    """
    rows = await connection.fetch(SENT, company, request if kind == "write" else None)
    if kind == "look":
        for row in rows[: writes.AT_ONCE]:
            await move(connection, row, unseen(row, reason, tries=changes.TRIES), now)
        return
    await connection.execute("update change set alone = true where id = any($1)", [row["id"] for row in rows])
    if await connection.fetchval("select resends > 0 from request where id = $1", request):
        return
    for row in rows:
        single = len(rows) == 1
        unmarked = single and row["action"] == "create" and bool(row["guid"])
        again = not single or unmarked or reason == OTHER_VERSION
        state = Change.APPROVED if again else Change.REFUSED
        await connection.execute(MOVE, row["id"], "sent", state, None, "", reason, single, False, now, unmarked)
