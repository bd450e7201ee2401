"""What became of one record: every change with who, when, state, and the request that carried it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sync.protocol.writes import NEW
from sync.store import decisions
from sync.store.base import document, fetch, fetchval, notify, transaction
from sync.store.proposals import OPEN
from sync.store.setup import audit

LAST = 100  # changes that a timeline shows

ON_ITS_WAY = """
    select exists (select from change where record = $1 and direction = 'out' and state in ('sent', 'unknown'))
"""

WITHDRAW = """
    update change set state = 'cleared', decided_by = $2, decided_at = $3, reason = 'It was taken back.'
    where record = $1 and direction = 'out' and state = any($4) returning id
"""

AS_AGREED = """
    update record r set ours = case when a.asks then base end, base = case when a.asks then base end, updated_at = now()
    from (select exists (select from change where record = $1 and direction = 'in'
        and state in ('proposed', 'kept')) as asks) a
    where r.id = $1 and r.ours is not null
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRow:
    """One change of a record."""

    id: int
    direction: str  # in, out
    action: str
    state: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    reason: str
    status_code: int | None
    status_message: str
    created_by: str
    created_at: datetime
    decided_by: str
    decided_at: datetime | None
    ended_at: datetime | None
    run: int | None  # number of the sync whose request carried it
    request: int | None
    parent: tuple[str, int, str] | None  # entity, id and name of the record that it waits for


async def of_record(company: int, record: int) -> list[ChangeRow]:
    """The changes of a record, newest first."""
    rows = await fetch(
        """select c.id, c.direction, c.action, c.state, c.before, c.after, c.reason, c.status_code, c.status_message,
               coalesce(u.name, c.created_by) as created_by, c.created_at, coalesce(d.name, c.decided_by) as decided_by,
               c.decided_at, c.ended_at, c.request, run.number, p.entity as parent, p.id as parent_id,
               p.name as parent_name
           from change c left join request r on r.id = c.request left join session s on s.id = r.session
               left join run on run.id = coalesce(r.run, s.run) left join users u on u.email = c.created_by
               left join users d on d.email = c.decided_by left join change pc on pc.id = c.waits_for
               left join record p on p.id = pc.record
           where c.record = $1 and c.company = $2 order by c.id desc limit $3""",
        record,
        company,
        LAST,
    )
    return [_row(row) for row in rows]


def _row(row: Any) -> ChangeRow:
    same = ("id", "direction", "action", "state", "reason", "status_code", "status_message", "created_by", "created_at")
    return ChangeRow(
        **{name: row[name] for name in (*same, "decided_by", "decided_at", "ended_at", "request")},
        before=document(row["before"]),
        after=document(row["after"]),
        run=row["number"],
        parent=(row["parent"], row["parent_id"], row["parent_name"]) if row["parent"] else None,
    )


async def record_of(change: int) -> int:
    """The record that a change is about."""
    id: int = await fetchval("select record from change where id = $1", change)
    return id


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What was withdrawn of a record."""

    changes: list[int]  # oldest first
    gone: bool  # QuickBooks did not have the record: it is no more


async def take_back(company: int, record: int, actor: str, address: str) -> TakenBack | None:
    """Withdraw what was proposed for a record and has not left; one that QuickBooks does not have is no more.

    None when there is nothing to withdraw, or something of it is on its way.
    """
    async with transaction() as connection:
        return await take_back_within(connection, company, record, actor, address)


async def take_back_within(connection: Any, company: int, record: int, actor: str, address: str) -> TakenBack | None:
    """The same in the transaction of a connection."""
    now = datetime.now(UTC)
    row = await connection.fetchrow(
        "select id, entity, qb_id, name from record where id = $1 and company = $2 for update", record, company
    )
    if row is None or await connection.fetchval(ON_ITS_WAY, record):
        return None
    withdrawn = await connection.fetch(WITHDRAW, record, actor, now, list(OPEN))
    ids, gone = sorted(one["id"] for one in withdrawn), str(row["qb_id"]).startswith(NEW)
    await connection.execute("delete from record where id = $1" if gone else AS_AGREED, record)
    await decisions.drop_children(connection, ids)
    if not ids and not gone:
        return None
    await audit(connection, actor, "change.taken_back", company, f"{row['entity']} {row['name']}".strip(), address)
    await notify(connection, "companies", f"company:{company}")
    return TakenBack(ids, gone)
