"""The sessions that carried a run. Those in a row that ended alike before anything was asked are told as one."""

from dataclasses import dataclass
from datetime import datetime

from sync.store.base import fetch, fetchval

SHOWN = 50

ALIKE = """
    select min(id) as id, min(opened_at) as opened_at,
        case when bool_and(ended_at is not null) then max(ended_at) end as ended_at, machine, address, result,
        sum(asked)::int as asked, count(*)::int as times
    from (
        select *, row_number() over (order by id)
            - row_number() over (partition by machine, address, result, own order by id) as island
        from (select *, case when asked > 0 or ended_at is null then id end as own from session where run = $1) s
    ) s
    group by island, machine, address, result, own order by max(id) desc limit $2
"""

SECONDS = """
    select sum(extract(epoch from case when ended_at is null and called_at > now() - interval '15 minutes' then now()
        else called_at end - opened_at))::float8
    from session where run = $1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """One session of a run, or several in a row that ended alike before anything was asked."""

    id: int
    opened_at: datetime  # of the first
    ended_at: datetime | None  # of the last
    machine: str
    address: str
    result: str
    asked: int  # requests
    times: int  # sessions


async def sessions_of(run: int) -> list[SessionRow]:
    """The sessions of a run, newest first."""
    return [SessionRow(**dict(row)) for row in await fetch(ALIKE, run, SHOWN)]


async def seconds_of(run: int) -> float | None:
    """How long a run was in session, all together; None before the first."""
    found: float | None = await fetchval(SECONDS, run)
    return found
