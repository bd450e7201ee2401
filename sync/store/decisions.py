"""What people decide about proposed changes, ten or fifty thousand at once: approved, kept for later, cleared.

A decision moves only what is still open and was shown to whoever decides. An import that QuickBooks has moved on since
has a new number, so that a decision about what was seen leaves it alone. Each step is one statement for all rows.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sync.store import policies
from sync.store.base import execute, fetch, fetchrow, notify, transaction
from sync.store.policies import Direction
from sync.store.setup import ask_run, audit

Unchecked = Literal["keep", "clear"]

CLEARED = "Cleared."  # by a person: it may be taken back
IGNORED = "Ignored."
DISMISSED = [CLEARED, IGNORED]
PARENT_CLEARED = "It refers to a record that will not be sent."
GONE_AND_TAKEN = "The record was deleted in QuickBooks, and that was accepted here."


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which of the proposed changes are meant. What is empty does not narrow."""

    entity: str = ""
    action: str = ""
    text: str = ""  # within name, number or party
    but: tuple[int, ...] = ()  # changes that are not meant
    off: tuple[str, ...] = ()  # kinds that are not meant: "in/Customer"
    also: tuple[int, ...] = ()  # changes of those kinds that are meant all the same


EVERYTHING = Filter()

# Rows that one decision moved are dead in the index of their old state, and the planner takes them for alive: until
# autovacuum comes, each count on each page would read the table. What is left then is told by the indexes alone.
MANY = 2000  # rows of one decision, after which that is not waited for
TIDY = "vacuum (analyze, skip_locked, truncate false) change (company, state, direction, entity)"


@dataclass(frozen=True, slots=True)
class Decision:
    """How many changes a decision moved. Skipped: named, but decided by somebody else or changed meanwhile."""

    approved: int
    kept: int
    cleared: int
    skipped: int
    taken: int = 0  # of those approved: imports, which are here now


@dataclass(frozen=True, slots=True)
class Counts:
    """How many changes of a company wait for whom."""

    to_approve_in: int
    to_approve_out: int
    conflicts: int
    pending: int  # approved, until the Web Connector has carried them out
    failed: int  # refused by QuickBooks, or by us because it would
    stuck: int  # those, those of which nobody knows whether they are in the books, and what waits for one that is stuck
    unread: int  # kinds of records that the last sync could not read

    @property
    def unsynced(self) -> int:
        """Everything that the list of Unsynced entities has, conflicts too."""
        return self.stuck + self.conflicts + self.unread


# Behind another one that goes by itself nothing is stuck.
BEHIND = """c.state = 'waiting' and exists (
    select from change w where w.id = c.waits_for and w.state not in ('approved', 'sent', 'waiting', 'applied'))"""

UNREAD = """
    from run_entity e join run on run.id = e.run
    where run.id = (select id from run where company = $1 and state = 'complete' order by number desc limit 1)
        and e.state = 'failed'
"""

COUNTS = f"""
    select count(*) filter (where state = 'proposed' and direction = 'in') as to_approve_in,
        count(*) filter (where state = 'proposed' and direction = 'out') as to_approve_out,
        count(*) filter (where state = 'conflict') as conflicts,
        count(*) filter (where state in ('approved', 'waiting', 'sent')) as pending,
        count(*) filter (where state = 'refused') as failed,
        count(*) filter (where state in ('refused', 'unknown'))
            + (select count(*) from change c where c.company = $1 and {BEHIND}) as stuck,
        (select count(*) {UNREAD}) as unread
    from change
    where company = $1
        and state in ('proposed', 'conflict', 'approved', 'waiting', 'sent', 'refused', 'unknown')
"""

HAS = """exists (select from record r where r.id = c.record and r.company = $1
    and strpos(lower(r.name || ' ' || r.ref_number || ' ' || r.party), lower({})) > 0)"""

WITHIN = f"""($%(at)s::jsonb ->> 'entity' in ('', c.entity) and $%(at)s::jsonb ->> 'action' in ('', c.action)
    and not $%(at)s::jsonb -> 'but' @> to_jsonb(c.id)
    and (not $%(at)s::jsonb -> 'off' @> to_jsonb(c.direction || '/' || c.entity)
        or $%(at)s::jsonb -> 'also' @> to_jsonb(c.id))
    and ($%(at)s::jsonb ->> 'text' = '' or {HAS.format("$%(at)s::jsonb ->> 'text'")}))"""

DECIDE = f"""
    with open as (
        select c.id, case
            when c.id = any($5) then 'keep' when c.id = any($6) then 'clear'
            when c.id = any($3) then 'approve'
            when c.state <> 'proposed' then ''
            when $4::jsonb is not null and {WITHIN % {"at": 4}} then 'approve'
            when {WITHIN % {"at": 7}} then $8::text else '' end as what
        from change c
        where c.company = $1 and ($2::text is null or c.direction = $2) and c.state in ('proposed', 'kept')
            and c.id <= $9
        order by c.id for update
    )
    update change c set decided_by = $10, decided_at = $11,
        state = case o.what when 'keep' then 'kept' when 'clear' then 'cleared'
            else case c.direction when 'in' then 'applied' else 'approved' end end,
        reason = case o.what when 'clear' then '{CLEARED}' else '' end,
        ended_at = case when o.what = 'approve' and c.direction = 'in' then $11::timestamptz end
    from open o where o.id = c.id and o.what <> ''
    returning c.id, c.record, c.entity, c.direction, c.action, c.state
"""

TAKEN = """
    with own as (
        select distinct on (c.record) c.record, c.after from change c
        where c.record = any($1) and c.direction = 'out' and c.action in ('create', 'update')
            and c.state in ('proposed', 'kept', 'conflict', 'approved', 'waiting', 'sent', 'refused', 'unknown')
        order by c.record, c.id desc
    )
    update record r set ours = own.after, updated_at = now(),
        base = case when own.record is not null then r.quickbooks end
    from unnest($1::bigint[]) as taken (record) left join own on own.record = taken.record
    where r.id = taken.record
"""

GONE = """
    update change set state = 'cleared', reason = $2, decided_by = $3, decided_at = $4
    where record = any($1) and direction = 'out' and state in ('proposed', 'kept', 'conflict', 'approved', 'refused')
"""

CHILDREN = """
    update change set state = 'refused', reason = $2, waits_for = null
    where waits_for = any($1) and state = 'waiting'
"""

UNDO = """
    update change c set state = 'proposed', reason = '', decided_by = '', decided_at = null,
        after = case when c.direction = 'in' and r.deleted_at is null then r.quickbooks else c.after end,
        before = case c.direction when 'in' then r.ours else c.before end
    from record r
    where c.company = $1 and c.id = any($2) and c.state = 'cleared' and c.reason = any($3) and r.id = c.record
        and (c.direction = 'out' or r.ours is not null)
        and not exists (select from change n where n.record = c.record and n.direction = c.direction and n.id > c.id)
    returning c.id
"""

LIST_DISMISSED = """
    select c.id, c.entity, c.direction, c.action, c.record, coalesce(nullif(r.name, ''), r.ref_number, '') as name,
        c.decided_by, c.decided_at, c.reason
    from (
        select * from change where company = $1 and state = 'cleared' and reason = any($2)
        order by decided_at desc, id desc limit $3 offset $4
    ) c left join record r on r.id = c.record
    order by c.decided_at desc, c.id desc
"""


@dataclass(frozen=True, slots=True)
class Dismissed:
    """A change that a person cleared or ignored."""

    id: int
    entity: str
    direction: Direction
    action: str
    record: int | None
    name: str
    decided_by: str
    decided_at: datetime | None
    reason: str


async def decide(
    company: int,
    direction: Direction | None,
    approve: "Sequence[int] | Literal['all'] | Filter",
    unchecked: Unchecked,
    seen_until: int,
    actor: str,
    address: str = "",
    *,
    within: Filter = EVERYTHING,
    keep: Sequence[int] = (),
    clear: Sequence[int] = (),
) -> Decision:
    """Approve what is ticked; one rule for every other proposed change of the submission. Asks for a run if needed.

    No direction: both sections. `seen_until` is the largest change id that was shown; what came later is left alone.
    `within` narrows what counts as unticked to what was listed; `keep` and `clear` name rows that go their own way.
    """
    now = datetime.now(UTC)
    ids = list(approve) if not isinstance(approve, str | Filter) else []
    wanted = EVERYTHING if approve == "all" else approve if isinstance(approve, Filter) else None
    async with transaction() as connection:
        await connection.execute("select pg_advisory_xact_lock($1, $2)", 1, company)  # no answer is taken in meanwhile
        rows = await connection.fetch(
            DECIDE,
            company,
            direction,
            ids,
            None if wanted is None else json.dumps(asdict(wanted)),
            list(keep),
            list(clear),
            json.dumps(asdict(within)),
            unchecked,
            seen_until,
            actor,
            now,
        )
        await _settle(connection, company, rows, actor, now)
        decision = _decision(rows, {*ids, *keep, *clear})
        if rows:
            subject = f"{decision.approved} approved, {decision.kept} kept, {decision.cleared} cleared"
            await audit(connection, actor, "changes.decided", company, subject, address)
            await notify(connection, "companies", f"company:{company}")
    if any(row["state"] == "approved" for row in rows):
        await ask_run(company, "incremental", actor, address)
    await tidy(len(rows))
    return decision


async def tidy(moved: int) -> None:
    """After many changes were moved at once, let the indexes forget what they were."""
    if moved > MANY:
        await execute(TIDY)


def _decision(rows: Sequence[Any], named: set[int]) -> Decision:
    states = [row["state"] for row in rows]
    approved = states.count("approved") + states.count("applied")
    moved = {row["id"] for row in rows}
    taken = states.count("applied")
    return Decision(approved, states.count("kept"), states.count("cleared"), len(named - moved), taken)


async def _settle(connection: Any, company: int, rows: Sequence[Any], actor: str, now: datetime) -> None:
    """What follows from a decision: records take QuickBooks' value, children of what is not sent cannot be sent."""
    taken = [row for row in rows if row["state"] == "applied"]
    if taken:
        gone = [row["record"] for row in taken if row["action"] == "delete"]
        if gone:
            await connection.execute(GONE, gone, GONE_AND_TAKEN, actor, now)
        await connection.execute(TAKEN, [row["record"] for row in taken])
    await drop_children(connection, [row["id"] for row in rows if row["state"] == "cleared"])
    approved = [(row["entity"], row["direction"]) for row in rows if row["state"] in ("approved", "applied")]
    await policies.note_approved(connection, company, approved, actor, now)


async def drop_children(connection: Any, parents: Sequence[int]) -> None:
    """Changes that wait for one of these wait no longer: it will not be sent."""
    if parents:
        await connection.execute(CHILDREN, list(parents), PARENT_CLEARED)


async def undo_clear(company: int, ids: Sequence[int], actor: str, address: str = "") -> int:
    """Propose again what a person had cleared or ignored, unless something newer took its place; how many."""
    async with transaction() as connection:
        rows = await connection.fetch(UNDO, company, list(ids), DISMISSED)
        if rows:
            await audit(connection, actor, "changes.taken_back", company, f"{len(rows)} proposed again", address)
            await notify(connection, "companies", f"company:{company}")
    await tidy(len(rows))
    return len(rows)


async def dismissed(company: int, limit: int = 100, offset: int = 0) -> list[Dismissed]:
    """What people have cleared or ignored, the last first."""
    return [Dismissed(**row) for row in await fetch(LIST_DISMISSED, company, DISMISSED, limit, offset)]


async def counts(company: int) -> Counts:
    """How many changes wait, for the badges: one statement over one index."""
    row = await fetchrow(COUNTS, company)
    return Counts(**row) if row else Counts(0, 0, 0, 0, 0, 0, 0)
