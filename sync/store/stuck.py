"""What cannot sync, by its cause: refused by QuickBooks or by us, of unknown outcome, in conflict, behind another one.

A cause is a key: code:3100 (QuickBooks' status), deleted, unsendable, unknown, conflict, waiting. Of each, the newest
rows and how many there are come from one statement, for ten rows and for ten thousand.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sync.store.base import fetch, fetchval
from sync.store.decisions import BEHIND, UNREAD

RECENT = timedelta(minutes=15)  # for so long what became of a row stays in view
BATCH = 1000

ROWS = f"""
    select c.id, c.entity, case
        when c.state = 'refused' then case
            when r.deleted_at is not null then 'deleted'
            when c.status_code is null then 'unsendable' else 'code:' || c.status_code end
        else c.state end as cause
    from change c left join record r on r.id = c.record
    where c.company = $1 and c.direction = 'out' and ($2 = '' or c.entity = $2)
        and (c.state in ('refused', 'unknown', 'conflict') or ({BEHIND}))
"""

LOOK = f"""
    with stuck as ({ROWS}), numbered as (
        select id, cause, row_number() over (partition by cause order by id desc) as nth,
            count(*) over (partition by cause) as number, max(id) over (partition by cause) as newest,
            min(entity) over (partition by cause) = max(entity) over (partition by cause) as alike
        from stuck where ($3 = '' or cause = $3))
    select n.cause, n.number, n.alike, c.id, c.entity, c.action, c.direction, c.state, c.status_code as code,
        c.status_message as message, c.reason, c.tries,
        coalesce(c.ended_at, c.sent_at, c.decided_at, c.created_at) as at,
        r.id as record, coalesce(nullif(r.name, ''), r.ref_number, '') as name,
        coalesce(r.ref_number, '') as ref_number, coalesce(r.party, '') as party, r.deleted_at,
        coalesce(r.qb_id like 'new:%', false) as is_new, p.id as parent, p.entity as parent_entity,
        coalesce(nullif(p.name, ''), p.ref_number, '') as parent_name, coalesce(p.ref_number, '') as parent_number
    from numbered n join change c on c.id = n.id left join record r on r.id = c.record
        left join change w on w.id = c.waits_for left join record p on p.id = w.record
    where n.nth <= $4 and ($5::bigint is null or n.id < $5)
    order by n.newest desc, n.cause, n.id desc
"""

COUNTED = f"select cause, count(*) as number from ({ROWS}) found group by cause order by max(id) desc"

UNREAD_KINDS = f"""
    select e.entity, e.reason, coalesce(e.ended_at, run.ended_at) as at, run.number {UNREAD} order by e.position
"""

# What was stuck and was taken up again: on its way, or over a moment ago.
TAKEN_UP = """
    with recent as (
        select c.id from change c where c.company = $1 and c.state in ('approved', 'waiting', 'sent')
            and exists (select from change_event e where e.change = c.id and e.state in ('refused', 'unknown'))
        union
        select e.change from change_event e where e.company = $1 and e.state = 'applied' and e.at > $2
            and exists (select from change_event o where o.change = e.change and o.id < e.id
                and o.state in ('refused', 'unknown')))
    select c.id, c.entity, c.action, c.state, coalesce(nullif(r.name, ''), r.ref_number, '') as name,
        coalesce(r.ref_number, '') as ref_number, r.id as record, coalesce(c.ended_at, c.decided_at, c.created_at) as at
    from recent n join change c on c.id = n.id left join record r on r.id = c.record
    order by at desc, c.id desc limit $3
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StuckRow:
    """One change that cannot sync."""

    cause: str
    number: int  # of rows with this cause
    alike: bool  # all of them are of one kind of records
    id: int
    entity: str
    action: str
    direction: str
    state: str
    code: int | None
    message: str  # QuickBooks' own words, whole
    reason: str  # ours
    tries: int
    at: datetime
    record: int | None
    name: str
    ref_number: str
    party: str
    deleted_at: str | None  # when it was deleted in QuickBooks, as its computer's clock said
    is_new: bool  # QuickBooks does not have the record yet
    parent: int | None  # the record that it waits for
    parent_entity: str | None
    parent_name: str
    parent_number: str


@dataclass(frozen=True, slots=True)
class Unread:
    """A kind of records that the last sync could not read."""

    entity: str
    reason: str
    at: datetime | None
    run: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenUp:
    """A change that was stuck and is so no more."""

    id: int
    entity: str
    action: str
    state: str
    name: str
    ref_number: str
    record: int | None
    at: datetime


async def rows(
    company: int, *, entity: str = "", cause: str = "", each: int = 5, before: int | None = None
) -> list[StuckRow]:
    """The newest rows of each cause, or of one: causes with the newest row first."""
    reach = each if before is None else 1 << 31
    found = await fetch(f"{LOOK} limit $6", company, entity, cause, reach, before, each if cause else 1000)
    return [StuckRow(**row) for row in found]


async def causes(company: int, entity: str = "") -> list[tuple[str, int]]:
    """Every cause there is, and how many rows have it."""
    return [(row["cause"], row["number"]) for row in await fetch(COUNTED, company, entity)]


async def ids_of(company: int, cause: str, entity: str = "") -> list[int]:
    """Every change with one cause."""
    found = await fetch(f"select id from ({ROWS}) found where cause = $3", company, entity, cause)
    return [row["id"] for row in found]


async def refused(company: int, ids: list[int]) -> list[int]:
    """Of some changes those that were refused: they may be sent again without asking whether they are in the books."""
    found = await fetch("select id from change where company = $1 and id = any($2) and state = 'refused'", company, ids)
    return [row["id"] for row in found]


async def one(company: int, change: int) -> StuckRow | None:
    """One change that cannot sync; None when it is none, or no more."""
    found = await fetch(LOOK.replace("where ($3 = ''", "where id = $6 and ($3 = ''"), company, "", "", 1, None, change)
    return StuckRow(**found[0]) if found else None


async def every_row(company: int, entity: str, cause: str) -> AsyncIterator[list[StuckRow]]:
    """All rows, some at a time, cause by cause; no connection is held between."""
    for key, _ in await causes(company, entity):
        if cause in ("", key):
            before: int | None = None
            while found := await rows(company, entity=entity, cause=key, each=BATCH, before=before):
                yield found
                before = found[-1].id


async def unread(company: int) -> list[Unread]:
    """The kinds of records that the last complete sync could not read."""
    return [
        Unread(row["entity"], row["reason"], row["at"], row["number"]) for row in await fetch(UNREAD_KINDS, company)
    ]


async def taken_up(company: int, limit: int = 10) -> list[TakenUp]:
    """What was stuck and is on its way, or was carried out a moment ago; newest first."""
    return [TakenUp(**row) for row in await fetch(TAKEN_UP, company, datetime.now(UTC) - RECENT, limit)]


async def ignored(company: int) -> int:
    """How many changes people chose to ignore."""
    number: int = await fetchval(
        "select count(*) from change where company = $1 and state = 'cleared' and reason = 'Ignored.'", company
    )
    return number


async def with_code(code: int) -> list[tuple[int, str, int]]:
    """The companies that have records refused with a status: id, name, how many."""
    found = await fetch(
        """select co.id, co.name, count(*) as number from change c join company co on co.id = c.company
           where c.state = 'refused' and c.status_code = $1 and co.removed_at is null
           group by co.id, co.name order by lower(co.name)""",
        code,
    )
    return [(row["id"], row["name"], row["number"]) for row in found]


async def entities(company: int) -> list[str]:
    """The kinds of records that something is stuck of."""
    found: list[Any] = await fetch(
        """select distinct entity from change where company = $1 and direction = 'out'
               and state in ('refused', 'unknown', 'conflict', 'waiting') order by entity""",
        company,
    )
    return [row["entity"] for row in found]


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A record by what it is called."""

    id: int
    entity: str
    qb_id: str
    name: str
    ref_number: str
    deleted_at: str | None


async def named(company: int, record: int) -> Named | None:
    """What a record of a company is called."""
    found = await fetch(
        "select id, entity, qb_id, name, ref_number, deleted_at from record where company = $1 and id = $2",
        company,
        record,
    )
    return Named(**found[0]) if found else None
