"""What a summary for support says of a company beside its state: versions, last sessions, codes, what was tried."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sync.store.base import document, fetch, fetchrow, fetchval

SESSIONS = 10  # the last
TRIED = 20  # the last

COMPANY = """
    select facts, facts_at, prepared, time_zone, schedule_minutes, poll_seconds,
        (select coalesce(array_agg(distinct client_version) filter (where client_version <> ''), '{}')
            from connector where company = co.id and revoked_at is null) as clients
    from company co where id = $1
"""

LAST = """
    select s.id, s.opened_at, s.ended_at, s.machine, s.result, s.error, s.asked, r.number as run
    from session s left join run r on r.id = s.run where s.company = $1 order by s.id desc limit $2
"""

CODES = """
    select status_code, hresult, count(*) as times, max(answered_at) as last_at, max(name) as name
    from request where session = any($1::bigint[]) and answered_at is not null
        and (hresult <> '' or status_code >= 500 or status_code < 0)
    group by status_code, hresult order by max(answered_at) desc limit 20
"""

TRIALS = """
    select at, subject, detail from audit_entry where company = $1 and action = 'guide.tried' order by id desc limit $2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSeen:
    """One of the last sessions."""

    opened_at: datetime
    ended_at: datetime | None
    machine: str
    run: int | None  # its number
    asked: int  # requests
    result: str  # how it ended, in a sentence
    error: str  # what the Web Connector was told


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeSeen:
    """A status or an hresult among the answers of the last sessions."""

    status: int | None
    hresult: str
    times: int
    last_at: datetime
    name: str  # of a request that got it


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One step of the guide, tried."""

    at: datetime
    step: str
    result: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What is known beside the state."""

    postgres: str
    web_connectors: list[str]  # versions
    product: str  # QuickBooks, with release and country; "" while nothing answered
    facts_at: datetime | None
    prepared: dict[str, Any]  # as entered on Prepare
    schedule_minutes: int
    poll_seconds: int | None
    sessions: list[SessionSeen]
    codes: list[CodeSeen]
    tried: list[Tried]


async def findings(company: int) -> Findings:
    """Gather it. The company exists."""
    row: Any = await fetchrow(COMPANY, company)
    sessions = await fetch(LAST, company, SESSIONS)
    facts = document(row["facts"]) or {}
    product = " ".join(str(facts[key]) for key in ("product", "release", "country") if facts.get(key))
    return Findings(
        postgres=await fetchval("show server_version"),
        web_connectors=list(row["clients"]),
        product=product,
        facts_at=row["facts_at"],
        prepared=document(row["prepared"]) or {},
        schedule_minutes=row["schedule_minutes"],
        poll_seconds=row["poll_seconds"],
        sessions=[_session(each) for each in sessions],
        codes=[_code(each) for each in await fetch(CODES, [each["id"] for each in sessions])],
        tried=[_tried(each) for each in await fetch(TRIALS, company, TRIED)],
    )


def _session(row: Any) -> SessionSeen:
    return SessionSeen(
        opened_at=row["opened_at"],
        ended_at=row["ended_at"],
        machine=row["machine"],
        run=row["run"],
        asked=row["asked"],
        result=row["result"],
        error=row["error"],
    )


def _code(row: Any) -> CodeSeen:
    return CodeSeen(
        status=row["status_code"],
        hresult=row["hresult"],
        times=row["times"],
        last_at=row["last_at"],
        name=row["name"],
    )


def _tried(row: Any) -> Tried:
    result = (document(row["detail"]) or {}).get("result", "")
    return Tried(at=row["at"], step=row["subject"], result=result if isinstance(result, str) else "")
