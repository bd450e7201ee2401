"""The log of changes: what is pending, and every success and failure over time, with what was said then.

Pending is the state of changes now. The other two are read from `change_event`, which only ever grows: a failure stays
after a later success. Newest first, by pages; each list has its index.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sync.store.base import fetch, fetchval
from sync.store.finding import pattern

Tab = Literal["pending", "successful", "failed"]
TABS: tuple[Tab, ...] = ("pending", "successful", "failed")

COUNTED = 10_000  # rows of a tab are counted up to here
BATCH = 1000  # rows of a download at a time

WHERE: dict[Tab, str] = {
    "pending": "c.state in ('approved', 'waiting', 'sent')",
    "successful": "e.state = 'applied'",
    "failed": "e.state in ('refused', 'unknown')",
}

ALIAS: dict[Tab, str] = {"pending": "c", "successful": "e", "failed": "e"}
AT: dict[Tab, str] = {"pending": "coalesce(c.decided_at, c.created_at)", "successful": "e.at", "failed": "e.at"}
PENDING_SAID, ENDED_SAID = ("c.reason",), ("e.message", "e.reason", "e.code::text")

RECORD = """
    coalesce(nullif(r.name, ''), r.ref_number, '') as name, coalesce(r.ref_number, '') as ref_number,
    coalesce(r.party, '') as party, r.id as record, r.deleted_at is not null as gone
"""
PENDING_ROWS = f"""
    select c.id, c.id as change, coalesce(c.decided_at, c.created_at) as at, c.entity, c.direction, c.action, c.state,
        c.decided_by as who, null::int as code, '' as message, c.reason, {RECORD},
        coalesce(nullif(p.name, ''), p.ref_number, '') as waits_for, p.entity as waits_entity, p.id as waits_record,
        null::bigint as request, null::int as run
    from (select * from change c where {{where}} order by c.id desc limit {{limit}}) c
        left join record r on r.id = c.record left join change w on w.id = c.waits_for and c.state = 'waiting'
        left join record p on p.id = w.record
    order by c.id desc
"""
ENDED_ROWS = f"""
    select e.id, e.change, e.at, e.entity, e.direction, e.action, e.state,
        coalesce(nullif(e.who, ''), c.decided_by) as who, e.code, e.message, e.reason, {RECORD}, '' as waits_for,
        null::text as waits_entity, null::bigint as waits_record, q.id as request, run.number as run
    from (select * from change_event e where {{where}} order by e.at desc, e.id desc limit {{limit}}) e
        join change c on c.id = e.change left join record r on r.id = c.record
        left join request q on q.id = e.request left join run on run.id = q.run
    order by e.at desc, e.id desc
"""

# A text is looked for among the records once, in the one index that carries what it takes; and in what was said.
CHANGES_WITH = """
    select c.id from record r join change c on c.record = r.id
    where r.company = $1 and (r.name ilike $2 or r.ref_number ilike $2 or r.party ilike $2)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which rows; an empty value means all."""

    entity: str = ""
    direction: str = ""  # in, out
    since: datetime | None = None
    until: datetime | None = None  # not included
    text: str = ""  # within name, number, party, message or code
    changes: Sequence[int] | None = None  # those whose record has the text, once it was looked for


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRow:
    """One line of the log."""

    id: int  # of the step; of a pending one that of the change
    change: int
    at: datetime
    entity: str
    direction: str
    action: str
    state: str
    name: str
    ref_number: str
    party: str
    record: int | None
    gone: bool  # the record is deleted in QuickBooks
    who: str  # who approved it
    code: int | None  # QuickBooks' status
    message: str  # QuickBooks' own words
    reason: str  # ours
    waits_for: str  # the name of the record that has to be in QuickBooks first
    waits_entity: str | None
    waits_record: int | None
    request: int | None  # None once it was let go
    run: int | None


@dataclass(frozen=True, slots=True)
class Place:
    """A row's place in the order."""

    at: datetime
    id: int


async def looked_up(company: int, wanted: Wanted) -> Wanted:
    """The same with its text looked for among the records: whoever asks more than once does this first."""
    if not wanted.text or wanted.changes is not None:
        return wanted
    found = await fetch(CHANGES_WITH, company, pattern(wanted.text))
    return replace(wanted, changes=[row["id"] for row in found])


async def rows(company: int, tab: Tab, wanted: Wanted, *, before: Place | None = None, limit: int) -> list[LogRow]:
    """Rows of a tab, newest first, from a place on."""
    values: list[object] = [company]
    where = _where(tab, await looked_up(company, wanted), values)
    if before and tab == "pending":
        where += _with(values, " and c.id < {}", before.id)
    elif before:
        where += _with(values, " and (e.at, e.id) < ({}, {})", before.at, before.id)
    statement = PENDING_ROWS if tab == "pending" else ENDED_ROWS
    return [LogRow(**row) for row in await fetch(statement.format(where=where, limit=limit), *values)]


def _where(tab: Tab, wanted: Wanted, values: list[object]) -> str:
    """What a tab asks for, as a condition; its values are added to the others."""
    one, at = ALIAS[tab], AT[tab]
    where = f"{one}.company = $1 and {WHERE[tab]}"
    if wanted.entity:
        where += _with(values, f" and {one}.entity = {{}}", wanted.entity)
    if wanted.direction:
        where += _with(values, f" and {one}.direction = {{}}", wanted.direction)
    if wanted.since:
        where += _with(values, f" and {at} >= {{}}", wanted.since)
    if wanted.until:
        where += _with(values, f" and {at} < {{}}", wanted.until)
    if wanted.text:
        change, said = ("c.id", PENDING_SAID) if tab == "pending" else ("e.change", ENDED_SAID)
        text = " or ".join(f"strpos(lower({each}), lower({{1}})) > 0" for each in said)
        which = f" and ({change} in (select unnest({{0}}::bigint[])) or {text})"
        where += _with(values, which, wanted.changes or (), wanted.text)
    return where


def _with(values: list[object], condition: str, *more: object) -> str:
    """A condition with the numbers of its values, which are added."""
    numbers = [f"${len(values) + place}" for place in range(1, len(more) + 1)]
    values += more
    return condition.format(*numbers)


async def counts(company: int, wanted: Wanted, tabs: Sequence[Tab] = TABS) -> dict[Tab, int]:
    """How many rows each tab has, counted up to COUNTED and one."""
    wanted = await looked_up(company, wanted)
    found: dict[Tab, int] = {}
    for tab in tabs:
        values: list[object] = [company]
        table = f"{'change' if tab == 'pending' else 'change_event'} {ALIAS[tab]}"
        each = f"select 1 from {table} where {_where(tab, wanted, values)} limit {COUNTED + 1}"
        found[tab] = await fetchval(f"select count(*) from ({each}) found", *values)
    return found


async def every_row(company: int, tab: Tab, wanted: Wanted) -> AsyncIterator[list[LogRow]]:
    """All rows of a tab, some at a time; no connection is held between."""
    wanted = await looked_up(company, wanted)
    before: Place | None = None
    while found := await rows(company, tab, wanted, before=before, limit=BATCH):
        yield found
        before = Place(found[-1].at, found[-1].id)


async def entities(company: int) -> list[str]:
    """The kinds of records that have changes: one look into the index for each."""
    found = await fetch(
        """with recursive kinds as (
               (select entity from change where company = $1 order by entity limit 1)
               union all
               select (select c.entity from change c where c.company = $1 and c.entity > k.entity
                   order by c.entity limit 1)
               from kinds k where k.entity is not null)
           select entity from kinds where entity is not null""",
        company,
    )
    return [row["entity"] for row in found]


async def oldest_pending(company: int) -> datetime | None:
    """Since when the oldest change waits that nothing has moved yet; None: none waits, or one is on its way."""
    since: datetime | None = await fetchval(
        """select case when bool_or(state = 'sent') then null
               else min(coalesce(decided_at, created_at)) filter (where state = 'approved') end
           from change where company = $1 and state in ('approved', 'waiting', 'sent')""",
        company,
    )
    return since


async def moved_since(company: int, moment: datetime) -> bool:
    """Whether any change reached the books, or was refused by them, after a moment."""
    found: Any = await fetchval(
        """select exists (select from change_event where company = $1 and direction = 'out'
               and state = 'applied' and at > $2)
           or exists (select from change_event where company = $1 and at > $2 and state in ('refused', 'unknown'))""",
        company,
        moment,
    )
    return bool(found)
