"""The audit log: who did what, when, from where. Rows are only ever added; the database refuses the rest."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sync.store.base import document, fetch, fetchval

TOPIC = "audit"  # told by the table itself with each new row

ADD = "insert into audit_entry (actor, action, company, subject, detail, address) values ($1, $2, $3, $4, $5, $6)"
CHOSEN = """
    ($1 = '' or e.actor = $1) and ($2 = '' or e.action = $2) and ($3::bigint is null or e.company = $3)
    and ($4::timestamptz is null or e.at >= $4) and ($5::timestamptz is null or e.at < $5)
"""
ENTRIES = f"""
    select e.id, e.at, e.actor, coalesce(u.name, '') as name, e.action, e.company, co.name as company_name,
        e.subject, e.detail, e.address
    from audit_entry e left join users u on u.email = e.actor left join company co on co.id = e.company
    where {CHOSEN} and ($6::timestamptz is null or (e.at, e.id) < ($6, $7))
    order by e.at desc, e.id desc limit $8
"""
NEWER = f"""
    select count(*) from (select from audit_entry e where {CHOSEN} and (e.at, e.id) > ($6, $7) limit 1000) found
"""
# One look into the index for each value there is, however many rows.
VALUES = """
    with recursive found as (
        (select {0} as value from audit_entry order by {0} limit 1)
        union all
        select (select e.{0} from audit_entry e where e.{0} > f.value order by e.{0} limit 1)
        from found f where f.value is not null)
    select f.value, u.name from found f left join users u on u.email = f.value
    where f.value is not null and (u.id is not null or f.value not like '%@%' or f.value like 'set-up link %')
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the log."""

    id: int
    at: datetime
    actor: str  # an e-mail address, or what else acted
    name: str  # of the person with that address; empty: there is none
    action: str  # licence_key.shown
    company: int | None
    company_name: str | None
    subject: str
    detail: Mapping[str, Any]
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which entries; an empty value means all."""

    who: str = ""  # an actor
    action: str = ""
    company: int | None = None
    since: datetime | None = None
    until: datetime | None = None  # not included

    @property
    def values(self) -> tuple[object, ...]:
        return self.who, self.action, self.company, self.since, self.until


@dataclass(frozen=True, slots=True)
class Place:
    """An entry's place in the order."""

    at: datetime
    id: int


async def add(
    connection: Any,
    actor: str,
    action: str,
    *,
    subject: str = "",
    company: int | None = None,
    detail: Mapping[str, Any] | None = None,
    address: str = "",
) -> None:
    """Add one line within a transaction. `detail` must hold no secret."""
    text = json.dumps(dict(detail or {}))
    await connection.execute(ADD, actor[:254], action, company, subject[:200], text, address[:64])


async def entries(chosen: Chosen, *, before: Place | None, size: int) -> list[Entry]:
    """Return entries, newest first, from a place on."""
    place = (before.at, before.id) if before else (None, None)
    rows = await fetch(ENTRIES, *chosen.values, *place, size)
    return [Entry(**{**row, "detail": document(row["detail"]) or {}}) for row in rows]


async def newer(chosen: Chosen, after: Place) -> int:
    """Return how many entries have come since; a thousand at most."""
    found: int = await fetchval(NEWER, *chosen.values, after.at, after.id)
    return found


async def actors() -> list[tuple[str, str]]:
    """Return who has entries, with a name: everybody of the team, and what is no person. Not who only tried to."""
    rows = await fetch(VALUES.format("actor"))
    return [(row["value"], row["name"] or row["value"]) for row in rows]


async def actions() -> list[str]:
    """Return every action there are entries of."""
    return [row["value"] for row in await fetch(VALUES.format("action"))]
