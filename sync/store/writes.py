"""Changes on their way into the books: claimed for a message set, sent once more, or looked for.

Everything here runs in the transaction of the call that it belongs to: a change is `sent` before its bytes leave. One
session of a company at a time writes (its lease), so no row is claimed twice. What an answer makes of changes is for
`store.applied`.
"""

import uuid
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sync.protocol import changes, writes
from sync.protocol.changes import Change
from sync.protocol.writes import Task, Unsendable
from sync.qbxml.arrange import ORDER
from sync.qbxml.build import Request
from sync.qbxml.entities import ENTITIES
from sync.store import second_parts
from sync.store.base import document

COLUMNS = """
    c.id, c.record, c.entity, case when c.whole is null then c.action else 'update' end as action, c.before, c.after,
    c.tries, c.reread, c.alone, c.guid, c.status_code, c.checked, c.whole is not null as second, r.qb_id, r.quickbooks,
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

CLAIM = """
    update change c set state = 'sent', sent_at = $2, status_code = null, status_message = '',
        guid = coalesce(nullif(n.guid, ''), c.guid)
    from unnest($1::bigint[], $3::text[]) as n (id, guid) where c.id = n.id
"""

WITHOUT_GUID = """
    select exists (select from change where company = $1 and guid = '' and action = 'create' and state = 'applied')
"""

MOVE = """
    update change set state = $3::text, status_code = $4, status_message = $5, reason = $6,
        tries = tries + case when $7 then 1 else 0 end, reread = reread or $8,
        ended_at = case when $3::text in ('applied', 'refused') then $9::timestamptz end,
        guid = case when $10 then '' else guid end
    where id = $1 and state = $2
"""

AS_THERE = "update record set ours = null, base = null, updated_at = now() where id = $1 and ours = $2::jsonb"

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
        guid=row["guid"] or "",
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
    claimed: dict[int, str] = {}  # with the GUID that an Add carries
    rows = await connection.fetch(READY, company, CLAIMED_AT_ONCE)
    marks = not await connection.fetchval(WITHOUT_GUID, company)
    for row in in_order(rows):
        task = await with_parents(connection, row, int(prefix.partition("-")[0]), now)
        if task is None:
            continue
        if marks and row["guid"] is None:
            task = replace(task, guid=f"{{{uuid.uuid4()}}}".upper())
        try:
            found = writes.requests_for(task, f"{prefix}-{task.id}", product, version)
        except Unsendable as wrong:
            await refuse(connection, row, wrong, now)
            continue
        requests += found
        claimed[task.id] = str(found[0].values.get(writes.GUID, ""))
        if row["alone"] or len(claimed) == writes.AT_ONCE:
            break
    if not requests:
        return None
    await connection.execute(CLAIM, [*claimed], now, [*claimed.values()])
    return Prepared(tuple(requests), tuple(claimed))


def in_order(rows: Sequence[Any]) -> list[Any]:
    """Rows in the order in which they can be written: what others refer to first; deletions last, the other way round.

    What has to go alone comes after all others, the one first that was tried the least.
    """

    def place(row: Any) -> tuple[int, int, int]:
        position = ENTITIES[row["entity"]].position
        removes = row["action"] in ("delete", "void")
        return (1, -position, row["id"]) if removes else (0, position, row["id"])

    together = sorted((row for row in rows if not row["alone"]), key=place)
    return together or sorted(rows, key=lambda row: (row["tries"], row["id"]))


async def with_parents(connection: Any, row: Any, session: int, now: datetime) -> Task | None:
    """The task with the ids of what it refers to; None while one of them is not in QuickBooks yet: then it waits."""
    task = tasks_of(row, session)
    needed = writes.references_to_new(task.wanted)
    ids = await ids_of(connection, needed)
    missing = needed - ids.keys()
    if not missing:
        return replace(task, wanted=writes.with_ids(task.wanted, ids))
    parent = await connection.fetchval(
        """select max(id) from change
           where record = any($1) and direction = 'out' and action = 'create' and state <> 'cleared'""",
        sorted(missing),
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
    await connection.execute(MOVE, row["id"], "approved", state, None, "", wrong.sentence, False, False, now, False)
    if state is Change.APPLIED:
        await connection.execute(AS_THERE, row["record"], row["after"])
        await second_parts.end(connection, row["id"])


async def prepare_look(
    connection: Any, company: int, prefix: str, product: str, version: str, now: datetime
) -> Prepared | None:
    """A query for each change whose answer was lost. One that nothing finds again is for a person."""
    requests: list[Request] = []
    looked: list[int] = []
    for row in await connection.fetch(SENT, company, None):
        task = await with_ids(connection, row)
        request = writes.look_for(task, f"{prefix}-{task.id}", product, version)
        if request is None:
            await connection.execute(
                MOVE, task.id, "sent", Change.UNKNOWN, None, "", changes.SEVERAL, False, False, now, False
            )
            continue
        requests.append(request)
        looked.append(task.id)
        if len(requests) == writes.AT_ONCE:
            break
    await close_set(connection, company)
    return Prepared(tuple(requests), tuple(looked)) if requests else None


async def with_ids(connection: Any, row: Any) -> Task:
    """What was sent, with the ids that it was sent with."""
    task = tasks_of(row)
    ids = await ids_of(connection, writes.references_to_new(task.wanted))
    return replace(task, wanted=writes.with_ids(task.wanted, ids))


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
