"""Changes on their way into the books: claimed for a message set, and what QuickBooks' answer makes of them.

Everything here runs in the transaction of the call that it belongs to: a change is `sent` before its bytes leave, and
an answer is applied before it is replied to. One session of a company at a time writes (its lease), so no row is
claimed twice.
"""

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sync.protocol import changes, writes
from sync.protocol.changes import Change, Outcome
from sync.protocol.differences import merge
from sync.protocol.writes import Task, Unsendable
from sync.qbxml import customs
from sync.qbxml.arrange import ORDER
from sync.qbxml.build import Request
from sync.qbxml.entities import ENTITIES
from sync.qbxml.heads import Head
from sync.qbxml.parse import Row
from sync.store import later_edits, second_parts
from sync.store.base import document, notify
from sync.store.conflicts import listed
from sync.store.intake import columns_of
from sync.store.second_parts import Told

COLUMNS = """
    c.id, c.record, c.entity, case when c.whole is null then c.action else 'update' end as action, c.before, c.after,
    c.tries, c.reread, c.alone, c.status_code, c.checked, c.whole is not null as second, r.qb_id, r.quickbooks,
    r.line_order
"""

READY = f"""
    select {COLUMNS} from change c join record r on r.id = c.record
    where c.company = $1 and c.direction = 'out' and c.state = 'approved'
        and not exists (select from change o where o.record = c.record and o.direction = 'out'
            and (o.state in ('sent', 'unknown') or (o.state in ('approved', 'waiting') and o.id < c.id)))
    order by c.id limit $2 for update of c
"""

SENT = f"""
    select {COLUMNS} from change c join record r on r.id = c.record
    where c.company = $1 and c.direction = 'out' and c.state = 'sent' and ($2::bigint is null or c.request = $2)
    order by c.id for update of c
"""

MOVE = """
    update change set state = $3::text, status_code = $4, status_message = $5, reason = $6,
        tries = tries + case when $7 then 1 else 0 end, reread = reread or $8,
        ended_at = case when $3::text in ('applied', 'refused') then $9::timestamptz end
    where id = $1 and state = $2
"""

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

WANTED = "update record set ours = $2::jsonb, updated_at = now() where id = $1 and ours = $3::jsonb"

GONE = "update record set deleted_at = coalesce(deleted_at, $2), updated_at = now() where id = $1"

CHILDREN = "update change set state = 'approved', waits_for = null where waits_for = $1 and state = 'waiting'"

AS_THERE = "update record set ours = null, base = null, updated_at = now() where id = $1 and ours = $2::jsonb"

STALE = 3200  # QuickBooks' status: the EditSequence is out of date, and nothing was carried out

CLAIMED_AT_ONCE = 60  # looked at for one message set; most are sent, some wait or cannot be sent


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a message set, or a look, is made of."""

    requests: tuple[Request, ...]
    changes: tuple[int, ...]


def tasks_of(row: Any, session: int | None = None) -> Task:
    """A row of READY or SENT as what is to be written, in a session."""
    new = str(row["qb_id"]).startswith(writes.NEW)
    return Task(
        id=row["id"],
        entity=row["entity"],
        action=row["action"],
        qb_id="" if new else row["qb_id"],
        known=known(row),
        wanted=document(row["after"]) or {},
        tries=row["tries"],
        reread=row["reread"],
        before=document(row["before"]) or {},
        checked=session is not None and row["checked"] == session,
    )


def known(row: Any) -> dict[str, Any]:
    """A record as QuickBooks has it, with the order of its lines."""
    fields: dict[str, Any] = document(row["quickbooks"]) or {}
    return fields | ({ORDER: document(row["line_order"])} if row["line_order"] else {})


async def prepare(
    connection: Any, company: int, kind: str, prefix: str, product: str, version: str, now: datetime
) -> Prepared | None:
    """The requests of a message set, their changes claimed; or of a look. None: nothing can be asked."""
    if kind == "look":
        return await prepare_look(connection, company, prefix, product, version, now)
    requests: list[Request] = []
    claimed: list[int] = []
    for row in in_order(await connection.fetch(READY, company, CLAIMED_AT_ONCE)):
        task = await with_parents(connection, row, int(prefix.partition("-")[0]), now)
        if task is None:
            continue
        try:
            requests += writes.requests_for(task, f"{prefix}-{task.id}", product, version)
        except Unsendable as wrong:
            await refuse(connection, row, wrong, now)
            continue
        claimed.append(task.id)
        if row["alone"] or len(claimed) == writes.AT_ONCE:
            break
    if not requests:
        return None
    await connection.execute("update change set state = 'sent', sent_at = $2 where id = any($1)", claimed, now)
    return Prepared(tuple(requests), tuple(claimed))


def in_order(rows: Sequence[Any]) -> list[Any]:
    """Rows in the order in which they can be written: what others refer to first; deletions last, the other way round.

    One that has to go alone is by itself: the others come with the next set.
    """
    alone = [row for row in rows if row["alone"]][:1]
    if alone:
        return alone

    def place(row: Any) -> tuple[int, int, int]:
        position = ENTITIES[row["entity"]].position
        removes = row["action"] in ("delete", "void")
        return (1, -position, row["id"]) if removes else (0, position, row["id"])

    return sorted(rows, key=place)


async def with_parents(connection: Any, row: Any, session: int, now: datetime) -> Task | None:
    """The task with the ids of what it refers to; None while one of them is not in QuickBooks yet: then it waits."""
    task = tasks_of(row, session)
    needed = writes.references_to_new(task.wanted)
    ids = await ids_of(connection, needed)
    missing = needed - ids.keys()
    if not missing:
        return replace(task, wanted=writes.with_ids(task.wanted, ids))
    parent = await connection.fetchval(
        "select max(id) from change where record = any($1) and direction = 'out' and action = 'create'", sorted(missing)
    )
    if parent is None:
        gone = Unsendable("It refers to a record that is not in QuickBooks and is not being sent.")
        await refuse(connection, row, gone, now)
    else:
        await connection.execute(
            "update change set state = 'waiting', waits_for = $2 where id = $1 and state = 'approved'", task.id, parent
        )
    return None


async def ids_of(connection: Any, records: set[int]) -> dict[int, str]:
    """QuickBooks' ids of some records here; those that it does not have yet are left out."""
    found = await connection.fetch("select id, qb_id from record where id = any($1)", sorted(records))
    return {one["id"]: one["qb_id"] for one in found if not str(one["qb_id"]).startswith(writes.NEW)}


async def refuse(connection: Any, row: Any, wrong: Unsendable, now: datetime) -> None:
    """A change that is not sent: QuickBooks would refuse it, or has all of it already."""
    state = Change.REFUSED if wrong.faults or row["action"] != "update" else Change.APPLIED
    await connection.execute(MOVE, row["id"], "approved", state, None, "", wrong.sentence, False, False, now)
    if state is Change.APPLIED:
        await connection.execute(AS_THERE, row["record"], row["after"])
        await second_parts.end(connection, row["id"])


async def prepare_look(
    connection: Any, company: int, prefix: str, product: str, version: str, now: datetime
) -> Prepared | None:
    """A query for each change whose answer was lost. One that nothing finds again is for a person."""
    requests: list[Request] = []
    looked: list[int] = []
    for row in (await connection.fetch(SENT, company, None))[: writes.AT_ONCE]:
        task = tasks_of(row)
        ids = await ids_of(connection, writes.references_to_new(task.wanted))
        task = replace(task, wanted=writes.with_ids(task.wanted, ids))
        request = writes.look_for(task, f"{prefix}-{task.id}", product, version)
        if request is None:
            await move(connection, row, Outcome(state=Change.UNKNOWN, message=changes.SEVERAL), now)
        else:
            requests.append(request)
            looked.append(task.id)
    await close_set(connection, company)
    return Prepared(tuple(requests), tuple(looked)) if requests else None


# answers


async def take_answer(
    connection: Any, company: int, kind: str, request: int, parts: Sequence[Head | Row], now: datetime
) -> None:
    """Apply an answer to a message set, or to a look: each change by its requestID."""
    found = by_change(parts)
    rows = await connection.fetch(SENT, company, request if kind == "write" else None)
    for row in rows:
        told = found.get(row["id"], [])
        if kind == "write":
            outcome = written(row, told)
        elif not told or not readable(told[0].head):
            outcome = changes.not_looked_up(told[0].head.status.message if told else "", tries=row["tries"])
        else:
            outcome = looked(row, told[0].records)
        await move(connection, row, outcome, now)
    await notify(connection, "companies", f"company:{company}")


def by_change(parts: Sequence[Head | Row]) -> dict[int, list[Told]]:
    """Heads and records of an answer by the change that their requestID names."""
    found: dict[int, list[Told]] = {}
    current: list[Mapping[str, Any]] = []
    for part in parts:
        if isinstance(part, Row):
            current.append(part.fields)
            continue
        current = []
        if (named := second_parts.named(part.request_id)) is not None:
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
    return changes.answered(row["action"], code, message, record, tries=row["tries"], reread=row["reread"])


def looked(row: Any, records: Sequence[Mapping[str, Any]]) -> Outcome:
    task = tasks_of(row)
    found = [one for one in records if one.get(task.kind.key)]
    if task.action == "create":
        found = writes.alike(task, found)
    before = document(row["before"]) or {}
    return changes.looked_up(
        task.action,
        before,
        task.wanted,
        found,
        tries=row["tries"],
        stale=row["status_code"] == STALE,
        weak=writes.is_weak(task),
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
    if outcome.read_again:
        state = Change.SENT  # it is looked at before it is sent once more
    message, reason = words(row, state, outcome)
    await connection.execute(
        MOVE, row["id"], "sent", state, outcome.code, message, reason, outcome.counts, outcome.read_again, now
    )
    if outcome.checked is not None:
        await connection.execute("update change set checked = $2 where id = $1", row["id"], outcome.checked)
    if outcome.own and row["action"] == "create":
        await connection.execute(CHILDREN, row["id"])
        if outcome.record is not None:
            await later_edits.rebase(connection, row, outcome.record)
    if left:
        await second_parts.begin(connection, row, left)
    elif state is Change.APPLIED:
        await second_parts.end(connection, row["id"])


def words(row: Any, state: Change, outcome: Outcome) -> tuple[str, str]:
    """What QuickBooks said, and what we say."""
    if outcome.code is None:
        return "", outcome.message
    return outcome.message, second_parts.IN_BOOKS if state is Change.REFUSED and row["second"] else ""


async def merged(
    connection: Any, row: Any, now_there: Mapping[str, Any], known: Mapping[str, Any] | None = None
) -> Change:
    """The change, or what is known of it by now, on what QuickBooks has: a conflict where both changed a field."""
    before, wanted = document(row["before"]) or {}, known or document(row["after"]) or {}
    found = merge(before, now_there, wanted)
    if found.contradictions:
        conflict = json.dumps(listed(found.contradictions))
        await connection.execute(
            "update change set conflict = $2, after = $3 where id = $1", row["id"], conflict, json.dumps(wanted)
        )
        return Change.CONFLICT
    after = json.dumps(found.record)
    await connection.execute(
        "update change set before = $2, after = $3 where id = $1", row["id"], json.dumps(now_there), after
    )
    await connection.execute(WANTED, row["record"], after, row["after"])
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

    A single one that is refused is refused itself.
    """
    rows = await connection.fetch(SENT, company, request if kind == "write" else None)
    if kind == "look":
        for row in rows:
            await move(connection, row, Outcome(state=Change.UNKNOWN, message=reason), now)
        return
    for row in rows:
        single = len(rows) == 1
        state = Change.REFUSED if single else Change.APPROVED
        await connection.execute(MOVE, row["id"], "sent", state, None, "", reason, single, False, now)
    await connection.execute("update change set alone = true where id = any($1)", [row["id"] for row in rows])


async def close_set(connection: Any, company: int) -> None:
    """Of a message set whose changes are looked up no answer is expected any more."""
    await connection.execute(
        """with closed as (
               update request set set_aside = 'Its answer was lost; what became of it was looked up.'
               where company = $1 and kind = 'write' and answered_at is null and set_aside = '' returning id, resends
           ) update change c set alone = true from closed where c.request = closed.id and closed.resends >= $2""",
        company,
        writes.RESENDS,
    )


async def resend(connection: Any, company: int, session: int, now: datetime) -> str:
    """The message set whose answer is not known, byte for byte; it belongs to this session from now on."""
    body: bytes = await connection.fetchval(
        """update request set session = $2, resends = resends + 1, sent_at = $3
           where company = $1 and kind = 'write' and answered_at is null and set_aside = '' returning body""",
        company,
        session,
        now,
    )
    return zlib.decompress(body).decode("ascii")
