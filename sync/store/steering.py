"""What people decide about a company's syncs: pause and go on, cancel, how often, in which hours.

Each takes effect at the Web Connector's next call, since a session reads its company and its run under lock at every
call; open pages hear of it. Whoever did it, and from where, is in the audit log with what was set.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sync.store.base import fetch, fetchrow, notify, transaction

ALL_DAYS = 127  # as Company.window_days


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """How often a company is synced."""

    minutes: int  # between two syncs that nobody asked for
    seconds: int | None  # the Web Connector calls this often besides; None: with the schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """Another company that is synced from a computer of this one."""

    machine: str
    company: int
    name: str
    schedule: Schedule


NEIGHBOURS = """
    select distinct mine.machine, co.id, co.name, co.schedule_minutes, co.poll_seconds, lower(co.name)
    from connector mine
    join connector other on other.machine = mine.machine and other.company <> mine.company and other.revoked_at is null
    join company co on co.id = other.company and co.removed_at is null
    where mine.company = $1 and mine.machine <> '' and mine.revoked_at is null order by 1, 6, 2
"""

PAUSE = """
    update company set paused_until = $2, paused_why = $4,
        paused_by = coalesce((select name from users where email = lower($3) and name <> ''), $3),
        paused_at = case when paused_at is null or paused_until <= $5 then $5 else paused_at end
    where id = $1 returning id
"""

CANCEL = """
    update run set state = 'cancelled', ended_at = $3,
        reason = 'by ' || coalesce((select name from users where email = lower($4) and name <> ''), $4)
    where company = $1 and number = $2 and state in ('queued', 'running') returning id, kind, rows_in
"""

SCHEDULE = """
    update company set schedule_minutes = $2, poll_seconds = $3
    where id = $1 and (schedule_minutes, poll_seconds) is distinct from ($2, $3) returning id
"""

WINDOW = """
    update company set time_zone = $2, window_from = $3, window_until = $4, window_days = $5
    where id = $1 and (time_zone, window_from, window_until, window_days)
        is distinct from ($2, $3::int2, $4::int2, $5::int2) returning id
"""


async def schedule(company: int) -> Schedule:
    """How often a company is synced. Raises LookupError for one that does not exist."""
    row = await fetchrow("select schedule_minutes, poll_seconds from company where id = $1", company)
    if row is None:
        raise LookupError(f"no company {company}")
    return Schedule(minutes=row["schedule_minutes"], seconds=row["poll_seconds"])


async def neighbours(company: int) -> list[Neighbour]:
    """The other companies that share a computer with this one, by computer and name."""
    return [
        Neighbour(
            machine=row["machine"],
            company=row["id"],
            name=row["name"],
            schedule=Schedule(minutes=row["schedule_minutes"], seconds=row["poll_seconds"]),
        )
        for row in await fetch(NEIGHBOURS, company)
    ]


async def pause(company: int, until: datetime | None, why: str, actor: str, address: str) -> None:
    """Read nothing from QuickBooks until a moment, or with None until somebody resumes. A sync that goes on stops where
    it is, and goes on there afterwards."""
    async with transaction() as connection:
        found = await connection.fetchval(PAUSE, company, until, actor, why[:200], datetime.now(UTC))
        if found is not None:
            detail = {"until": until.isoformat() if until else None, "why": why[:200]}
            await _tell(connection, company, actor, "company.paused", address, detail=detail)


async def resume(company: int, actor: str, address: str) -> None:
    """Let syncs go on. Does nothing, and notes nothing, where none was paused."""
    async with transaction() as connection:
        found = await connection.fetchval(
            """update company set paused_at = null, paused_until = null, paused_by = '', paused_why = ''
               where id = $1 and paused_at is not null returning id""",
            company,
        )
        if found is not None:
            await _tell(connection, company, actor, "company.resumed", address)


async def cancel_run(company: int, number: int, actor: str, address: str) -> bool:
    """End a run that is asked for or goes on; False when none of that number is.

    What it has read stays, and its counts; its reason says who ended it. It does not go on: a new one has to be asked
    for. The Web Connector hears of it with its next page.
    """
    async with transaction() as connection:
        found = await connection.fetchrow(CANCEL, company, number, datetime.now(UTC), actor)
        if found is None:
            return False
        detail = {"kind": found["kind"], "rows": found["rows_in"]}
        await _tell(connection, company, actor, "run.cancelled", address, subject=f"sync {number}", detail=detail)
        await notify(connection, f"run:{found['id']}")
    return True


async def set_schedule(company: int, minutes: int, seconds: int | None, actor: str, address: str) -> None:
    """A sync every so many minutes; with `seconds` the Web Connector also calls that often, for what is asked for
    meanwhile."""
    async with transaction() as connection:
        if await connection.fetchval(SCHEDULE, company, minutes, seconds) is not None:
            detail = {"minutes": minutes, "seconds": seconds}
            await _tell(connection, company, actor, "company.schedule_set", address, detail=detail)


async def set_window(
    company: int, zone: str, opens: int | None, closes: int | None, days: int, actor: str, address: str
) -> None:
    """When syncs may run, in minutes after midnight of a time zone (IANA name); `opens` None: at any time.

    `days` are bits: 1 Monday, 2 Tuesday, 4 Wednesday …, on which the window opens. `closes` before `opens` is past
    midnight.
    """
    hours = (opens, closes, days) if opens is not None else (None, None, ALL_DAYS)
    async with transaction() as connection:
        if await connection.fetchval(WINDOW, company, zone, *hours) is not None:
            detail = {"zone": zone, "opens": hours[0], "closes": hours[1], "days": hours[2]}
            await _tell(connection, company, actor, "company.window_set", address, detail=detail)


async def _tell(
    connection: Any,
    company: int,
    actor: str,
    action: str,
    address: str,
    *,
    subject: str = "",
    detail: dict[str, Any] | None = None,
) -> None:
    """Note who did it, with the company's name where nothing else is its subject, and wake the pages."""
    await connection.execute(
        """insert into audit_entry (actor, action, company, subject, detail, address)
           values ($1, $2, $3, coalesce(nullif($4, ''), (select name from company where id = $3)), $5, $6)""",
        actor[:254],
        action,
        company,
        subject,
        json.dumps(detail or {}),
        address[:64],
    )
    await notify(connection, "companies", f"company:{company}")
