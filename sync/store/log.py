"""The log of changes: what is pending, and every success and failure over time, with what was said then.

Pending is the state of changes now. The other two are read from `change_event`, which only ever grows: a failure stays
after a later success. Newest first, by pages; each list has its index.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sync.store.base import fetch, fetchval

Tab = Literal["pending", "successful", "failed"]
TABS: tuple[Tab, ...] = ("pending", "successful", "failed")

COUNTED = 10_000  # rows of a tab are counted up to here
BATCH = 1000  # rows of a download at a time

WHERE: dict[Tab, str] = {
    "pending": "c.state in ('approved', 'waiting', 'sent')",
    "successful": "e.state = 'applied'",
    "failed": "e.state in ('refused', 'unknown')",
}

NARROWED = """
    and ($2 = '' or {0}.entity = $2) and ($3 = '' or {0}.direction = $3)
    and ($4::timestamptz is null or {1} >= $4) and ($5::timestamptz is null or {1} < $5)
    and ($6 = '' or strpos(lower(concat_ws(' ', r.name, r.ref_number, r.party, {2})), lower($6)) > 0)
"""
PENDING = f"""
    from change c left join record r on r.id = c.record
    where c.company = $1 and {WHERE["pending"]}
        {NARROWED.format("c", "coalesce(c.decided_at, c.created_at)", "c.reason")}
"""
ENDED = f"""
    from change_event e join change c on c.id = e.change left join record r on r.id = c.record
    where e.company = $1 and {{}} {NARROWED.format("e", "e.at", "e.message, e.reason, e.code")}
"""

RECORD = """
    coalesce(nullif(r.name, ''), r.ref_number, '') as name, coalesce(r.ref_number, '') as ref_number,
    coalesce(r.party, '') as party, r.id as record, r.deleted_at is not null as gone
"""
PENDING_ROWS = f"""
    select c.id, c.id as change, coalesce(c.decided_at, c.created_at) as at, c.entity, c.direction, c.action, c.state,
        c.decided_by as who, null::int as code, '' as message, c.reason, {RECORD},
        coalesce(nullif(p.name, ''), p.ref_number, '') as waits_for, p.entity as waits_entity, p.id as waits_record,
        null::bigint as request, null::int as run
    {{}} and ($7::timestamptz is null or c.id < $8) order by c.id desc limit $9
""".format(
    PENDING.replace(
        "from change c",
        "from change c left join change w on w.id = c.waits_for and c.state = 'waiting' left join record p on p.id ="
        " w.record",
    )
)
ENDED_WITH_REQUEST = ENDED.replace(
    "left join record", "left join request q on q.id = e.request left join run on run.id = q.run left join record"
)
ENDED_ROWS = f"""
    select e.id, e.change, e.at, e.entity, e.direction, e.action, e.state,
        coalesce(nullif(e.who, ''), c.decided_by) as who, e.code, e.message, e.reason, {RECORD}, '' as waits_for,
        null::text as waits_entity, null::bigint as waits_record, q.id as request, run.number as run
    {ENDED_WITH_REQUEST} and ($7::timestamptz is null or (e.at, e.id) < ($7, $8)) order by e.at desc, e.id desc limit $9
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which rows; an empty value means all."""

    entity: str = ""
    direction: str = ""  # in, out
    since: datetime | None = None
    until: datetime | None = None  # not included
    text: str = ""  # within name, number, party, message or code

    @property
    def values(self) -> tuple[object, ...]:
        return self.entity, self.direction, self.since, self.until, self.text


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


async def rows(company: int, tab: Tab, wanted: Wanted, *, before: Place | None = None, limit: int) -> list[LogRow]:
    """Rows of a tab, newest first, from a place on."""
    place = (before.at, before.id) if before else (None, None)
    found = await fetch(_statement(tab), company, *wanted.values, *place, limit)
    return [LogRow(**row) for row in found]


def _statement(tab: Tab) -> str:
    return PENDING_ROWS if tab == "pending" else ENDED_ROWS.format(WHERE[tab])


async def counts(company: int, wanted: Wanted) -> dict[Tab, int]:
    """How many rows each tab has, counted up to COUNTED and one."""
    row = await fetch(
        "select "
        + ", ".join(
            f"(select count(*) from (select {(PENDING if tab == 'pending' else ENDED.format(WHERE[tab]))}"
            f" limit {COUNTED + 1}) found) as {tab}"
            for tab in TABS
        ),
        company,
        *wanted.values,
    )
    return {tab: row[0][tab] for tab in TABS}


async def every_row(company: int, tab: Tab, wanted: Wanted) -> AsyncIterator[list[LogRow]]:
    """All rows of a tab, some at a time; no connection is held between."""
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
        """select exists (select from change_event where company = $1 and state = 'applied' and at > $2)
           or exists (select from change_event where company = $1 and at > $2 and state in ('refused', 'unknown'))""",
        company,
        moment,
    )
    return bool(found)
