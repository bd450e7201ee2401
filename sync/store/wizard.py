"""What the Sync Wizard lists: changes that wait for a decision, those on their way, conflicts, what was put aside.

Each list and count is one statement over an index of its own, however many changes there are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sync.store.base import document, fetch, fetchrow, fetchval
from sync.store.decisions import CLEARED, HAS
from sync.store.policies import Direction
from sync.store.ticks import Ticks

FIRST = 100  # rows of each kind that a search tells at once: to look for them again would take as long
TEXT = HAS.format("$3::text")

KINDS = """
    select c.direction, c.entity, count(*) as count, max(c.id) as newest, '{}'::bigint[] as first from change c
    where c.company = $1 and c.state = 'proposed' and c.id <= $2
    group by c.direction, c.entity
"""

FOUND_KINDS = f"""
    select c.direction, c.entity, count(*) as count, max(c.id) as newest,
        (array_agg(c.id order by c.id desc))[1:{FIRST}] as first
    from change c where c.company = $1 and c.state = 'proposed' and c.id <= $2 and {TEXT}
    group by c.direction, c.entity
"""

MARKED = f"""
    select c.id, c.direction || '/' || c.entity as kind from change c
    where c.company = $1 and c.state = 'proposed' and c.id <= $2 and c.id = any($4)
        and ($3 = '' or {TEXT})
"""

FOUND_IN = f"""
    select c.id, c.direction || '/' || c.entity as kind from change c
    where c.company = $1 and c.state = 'proposed' and c.id <= $2 and {TEXT}
        and c.direction || '/' || c.entity = any($4)
"""

COLUMNS = """c.id, c.record, c.entity, c.direction, c.action, c.state, c.before, c.after, c.created_at, c.created_by,
    c.decided_by, c.decided_at, c.reason, c.status_code, c.status_message, c.waits_for, coalesce(u.name, '') as who,
    coalesce(r.name, '') as name, coalesce(r.ref_number, '') as ref_number, coalesce(r.party, '') as party"""
JOINED = "left join record r on r.id = c.record left join users u on u.email = c.created_by"

ROWS = f"""
    select {COLUMNS} from unnest($4::text[], $5::text[], $6::bigint[], $7::bigint[])
        with ordinality as k (direction, entity, below, most, place)
    cross join lateral (
        select * from change c
        where c.company = $1 and c.direction = k.direction and c.entity = k.entity and c.state = 'proposed'
            and c.id < k.below and c.id <= $2 and ($3 = '' or {TEXT})
        order by c.id desc limit k.most
    ) c {JOINED} order by k.place, c.id desc
"""

ROWS_BY_ID = f"""
    select {COLUMNS} from unnest($2::bigint[]) with ordinality as k (id, place)
    join change c on c.id = k.id and c.company = $1 and c.state = 'proposed' {JOINED} order by k.place
"""

CONFLICTS = f"""
    select {COLUMNS} from change c {JOINED} where c.company = $1 and c.state = 'conflict' order by c.id limit $2
"""

CONFLICT = f"""
    select {COLUMNS}, r.quickbooks from change c {JOINED} where c.company = $1 and c.id = $2 and c.state = 'conflict'
"""

UNDER_WAY = f"""
    select {COLUMNS} from (
        (select * from change c where c.company = $1 and c.direction = 'out'
            and c.state in ('approved', 'waiting', 'sent') order by c.id limit $3)
        union all
        (select * from change c where c.company = $1 and c.direction = 'out' and c.ended_at > $2
            and c.state in ('applied', 'refused', 'unknown') order by c.ended_at desc limit $3)
    ) c {JOINED} order by c.id limit $3
"""

KEPT = f"""
    select {COLUMNS} from change c {JOINED}
    where c.company = $1 and c.state = 'kept' and c.id < $2 order by c.id desc limit $3
"""

PARENTS = """
    select c.id, c.record, c.entity, coalesce(nullif(r.name, ''), r.ref_number, '') as name
    from change c left join record r on r.id = c.record where c.id = any($1)
"""

CLEARED_TOGETHER = """
    select id from change where company = $1 and state = 'cleared' and decided_at = $2 and decided_by = $3
        and reason = $4
"""

EVERY_ID = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Kind:
    """Changes of one kind in one direction that wait."""

    direction: Direction
    entity: str
    count: int
    newest: int  # the largest id
    first: Sequence[int] = ()  # of a search: its newest rows

    @property
    def key(self) -> str:
        return f"{self.direction}/{self.entity}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One change with the record that it is about."""

    id: int
    record: int | None
    entity: str
    direction: Direction
    action: str  # create, update, delete, void
    state: str
    before: dict[str, Any]
    after: dict[str, Any]
    created_at: datetime
    created_by: str
    who: str  # the person's name; "" where nobody here has that e-mail
    decided_by: str
    decided_at: datetime | None
    reason: str
    status_code: int | None
    status_message: str
    waits_for: int | None
    name: str
    ref_number: str
    party: str

    @property
    def kind(self) -> str:
        return f"{self.direction}/{self.entity}"


@dataclass(frozen=True, slots=True)
class Conflict:
    """A record that both sides have changed in one field: as last agreed, and as each side has it now."""

    id: int
    change: Proposal
    base: dict[str, Any]
    quickbooks: dict[str, Any]
    ours: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Slice:
    """The rows of one kind that a page shows: `most`, with ids below one; where they are known already, those."""

    direction: Direction
    entity: str
    most: int
    below: int = EVERY_ID
    first: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Parent:
    """What another change waits for."""

    id: int
    record: int | None
    entity: str
    name: str


async def kinds(company: int, text: str = "", until: int = EVERY_ID) -> list[Kind]:
    """How many changes wait, by direction and kind; with a text those that it is found in."""
    rows = await (fetch(FOUND_KINDS, company, until, text) if text else fetch(KINDS, company, until))
    return [Kind(**row) for row in rows]


async def proposals(company: int, slices: Sequence[Slice], text: str = "", until: int = EVERY_ID) -> list[Proposal]:
    """The rows of these kinds, the newest first within each."""
    if not slices:
        return []
    if all(one.first for one in slices):
        known = [id for one in slices for id in one.first[: one.most]]
        return [_proposal(row) for row in await fetch(ROWS_BY_ID, company, known)]
    rows = await fetch(
        ROWS,
        company,
        until,
        text,
        [one.direction for one in slices],
        [one.entity for one in slices],
        [one.below for one in slices],
        [one.most for one in slices],
    )
    return [_proposal(row) for row in rows]


async def marked(company: int, ticks: Ticks, text: str = "", until: int = EVERY_ID) -> list[tuple[int, str]]:
    """Of the rows that a person has marked, those that still wait and are meant: id and kind."""
    if not ticks.rows:
        return []
    rows = await fetch(MARKED, company, until, text, list(ticks.rows))
    return [(row["id"], row["kind"]) for row in rows]


def ticked(found: Sequence[Kind], marks: Sequence[tuple[int, str]], ticks: Ticks) -> dict[str, int]:
    """Of each of these kinds, how many changes are ticked."""
    counted = {kind.key: 0 if kind.key in ticks.kinds else kind.count for kind in found}
    for id, kind in marks:
        usual = kind not in ticks.kinds
        if kind in counted and ticks.ticked(id, kind) != usual:
            counted[kind] += -1 if usual else 1
    return counted


async def found_in(company: int, kinds: Sequence[str], text: str, until: int) -> dict[int, str]:
    """The changes of these kinds ("in/Customer") that a search finds, with their kinds."""
    rows = await fetch(FOUND_IN, company, until, text, list(kinds))
    return {row["id"]: row["kind"] for row in rows}


async def kinds_of(company: int, ids: Sequence[int]) -> dict[int, str]:
    """The kinds of those of these changes that still wait."""
    rows = await fetch(
        """select id, direction || '/' || entity as kind from change
           where company = $1 and id = any($2) and state = 'proposed' order by id desc""",
        company,
        list(ids),
    )
    return {row["id"]: row["kind"] for row in rows}


async def arrived(company: int, since: int) -> int:
    """How many changes wait that came after a page was shown."""
    number: int = await fetchval(
        "select count(*) from change where company = $1 and state = 'proposed' and id > $2", company, since
    )
    return number


async def waiting(company: int) -> int:
    """How many changes wait for a decision, in either direction, conflicts included: the badge."""
    number: int = await fetchval(
        "select count(*) from change where company = $1 and state in ('proposed', 'conflict')", company
    )
    return number


async def conflicts(company: int, most: int = 1000) -> list[Proposal]:
    """Changes whose record both sides have changed in one field, the oldest first."""
    return [_proposal(row) for row in await fetch(CONFLICTS, company, most)]


async def under_way(company: int, since: datetime, most: int) -> list[Proposal]:
    """Changes that were approved and have not ended, and those that ended since a moment."""
    return [_proposal(row) for row in await fetch(UNDER_WAY, company, since, most)]


async def parents(ids: Sequence[int]) -> dict[int, Parent]:
    """What these changes are about: others wait for them."""
    return {row["id"]: Parent(**row) for row in await fetch(PARENTS, list(ids))} if ids else {}


async def kept(company: int, below: int = EVERY_ID, most: int = 50) -> list[Proposal]:
    """Changes that were left for the next sync, the newest first."""
    return [_proposal(row) for row in await fetch(KEPT, company, below, most)]


async def last_clearing(company: int, actor: str) -> datetime | None:
    """When a person last cleared changes of a company."""
    row = await fetchrow(
        """select decided_at from change where company = $1 and state = 'cleared' and decided_by = $2 and reason = $3
           order by decided_at desc limit 1""",
        company,
        actor,
        CLEARED,
    )
    return row["decided_at"] if row else None


async def cleared_together(company: int, at: datetime, actor: str) -> list[int]:
    """The changes that a person cleared in one decision."""
    return [row["id"] for row in await fetch(CLEARED_TOGETHER, company, at, actor, CLEARED)]


def _proposal(row: Any) -> Proposal:
    values = dict(row)
    return Proposal(**values | {"before": document(values["before"]) or {}, "after": document(values["after"]) or {}})


async def conflict(company: int, change: int) -> Conflict | None:
    """A conflict with what both sides have now."""
    row = await fetchrow(CONFLICT, company, change)
    if row is None:
        return None
    found = _proposal({name: value for name, value in row.items() if name != "quickbooks"})
    return Conflict(found.id, found, found.before, document(row["quickbooks"]) or {}, found.after)
