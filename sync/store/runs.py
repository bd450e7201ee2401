"""Runs as the pages show them: the history, one run with its entities, sessions and requests."""

import asyncio
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sync.qbxml import statuses
from sync.qbxml.entities import ENTITIES
from sync.store.base import document, fetch, fetchrow, fetchval
from sync.store.connectors import PAUSED, SWITCHED_OFF
from sync.store.run_sessions import SessionRow, seconds_of, sessions_of

Which = Literal["all", "failed"]
LABELS = {"ListDeleted": "Deleted list entries", "TxnDeleted": "Deleted transactions"}
OFF = ", ".join(str(code) for code in sorted(statuses.OUTCOMES) if statuses.OUTCOMES[code] == "feature_off")
REFUSED = f"q.status_code >= {statuses.FIRST_FAILURE} and q.status_code not in ({OFF})"
FAILED = f"(q.hresult <> '' or q.set_aside <> '' or ({REFUSED}))"
NAMES = {
    "customs": "Custom fields, and how many rows there are",
    "counts": "How many rows there are",
    "identity": "Which company file is open",
}
WAITING = "Waiting for the Web Connector"
HELD = {  # when a run goes on that something other than a computer's silence holds up
    "off": "once QuickBooks Desktop is enabled",
    "wrong_file": "once the right file is open",
    "paused": "once the pause is over",
    "refused": "once QuickBooks opens the file",
    "soon": "at the next call",
}
SEARCHED = 500  # requests of a run whose qbXML one search reads
FETCHED = 8  # of them at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One run in a list."""

    id: int
    number: int
    kind: str
    state: str  # queued, running, complete, stopped, cancelled
    result_state: str  # complete, partly, stopped, waiting, running, cancelled
    result_text: str
    asked_by: str  # a name, where the person is known
    asked_at: datetime
    began_at: datetime | None
    ended_at: datetime | None
    took: float | None  # seconds
    rows_in: int
    rows_changed: int
    rows_deleted: int
    failed: int
    machine: str
    percent: int
    sessions: int
    held_by: str = ""  # while it waits: a key of HELD, or "" where nothing but a call is missing
    report: Mapping[str, Any] | None = None  # of a verify run, by entity: see store.verify


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityProgress:
    """One entity of a run."""

    entity: str
    label: str
    group: str  # list, transaction, other
    state: str  # waiting, reading, received, done, off, failed
    mode: str
    expected: int | None
    done: int
    changed: int
    rate: float | None  # rows a second
    seconds_left: float | None
    took: float | None  # seconds
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDetail:
    """One run, whole but for its requests."""

    row: RunRow
    entities: list[EntityProgress]
    sessions: list[SessionRow]
    earlier: int | None  # numbers of the runs beside it
    later: int | None
    expected: int | None  # rows of all entities, when known
    done: int
    rate: float | None  # rows a second
    seconds_left: float | None
    requests: int
    failed_requests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRow:
    """One request in a list."""

    id: int
    at: datetime
    name: str  # "CustomerQuery", or what several messages together ask
    kind: str
    page: int
    rows: int
    took: float | None  # seconds
    status_code: int | None
    hresult: str
    outcome: str  # ok, empty, warning, failed, open


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestDetail:
    """One request with its answer."""

    row: RequestRow
    run_number: int | None
    request_id: str
    request: str
    answer: str | None
    request_size: int  # bytes
    answer_size: int
    sent_at: datetime
    answered_at: datetime | None
    resends: int
    message_set_id: str
    status_message: str
    meaning: statuses.Meaning | None
    set_aside: str


RUN = f"""
    select r.*, coalesce((select u.name from users u where u.email = r.asked_by), r.asked_by) as asked_name,
        extract(epoch from coalesce(r.ended_at, case when r.state = 'running' then now() end) - r.began_at)::float8
            as took,
        exists (select from session s where s.run = r.id and s.ended_at is null
            and s.called_at > now() - interval '15 minutes') as live,
        case when r.state in ('queued', 'running') then (
            select case when {SWITCHED_OFF} then 'off'
                when co.wrong_file_at is not null then 'wrong_file' when {PAUSED} then 'paused'
                when co.refused_at is not null then 'refused'
                when r.state = 'running' and co.last_call_at > now() - interval '10 minutes' then 'soon' end
            from company co where co.id = r.company) end as held_by
    from run r
"""


async def runs_of(company: int, *, before: int | None = None, limit: int = 20) -> list[RunRow]:
    """The runs of a company, newest first, those before a number."""
    rows = await fetch(
        f"{RUN} where r.company = $1 and ($2::int is null or r.number < $2) order by r.number desc limit $3",
        company,
        before,
        limit,
    )
    return [run_row(row) for row in rows]


async def active_number(company: int) -> int | None:
    """The number of the run that is queued or goes on."""
    number: int | None = await fetchval(
        "select number from run where company = $1 and state in ('queued', 'running') order by id limit 1", company
    )
    return number


def run_row(row: Any) -> RunRow:
    """A row of RUN."""
    state, text = _result(row)
    return RunRow(
        id=row["id"],
        number=row["number"],
        kind=row["kind"],
        state=row["state"],
        result_state=state,
        result_text=text,
        asked_by=row["asked_name"],
        asked_at=row["asked_at"],
        began_at=row["began_at"],
        ended_at=row["ended_at"],
        took=row["took"],
        rows_in=row["rows_in"],
        rows_changed=row["rows_changed"],
        rows_deleted=row["rows_deleted"],
        failed=row["failed"],
        machine=row["machine"],
        percent=row["percent"],
        sessions=row["sessions"],
        held_by=row["held_by"] or "",
        report=document(row["report"]),
    )


def _result(row: Any) -> tuple[str, str]:
    """The state of design.md, section 5, and its words."""
    match row["state"]:
        case "complete" if row["failed"]:
            return "partly", f"Complete, {row['failed']} failed"
        case "complete":
            return "complete", "Complete"
        case "stopped":
            return "stopped", f"Stopped: {row['reason']}"
        case "cancelled":
            return "cancelled", f"Cancelled {row['reason']}".strip()
        case "running" if row["live"]:
            return "running", f"Syncing now: {row['percent']} %"
        case "running":
            return "waiting", f"Goes on {HELD.get(row['held_by'], 'when the computer is back')}"
        case _ if row["held_by"]:
            return "waiting", f"Begins {HELD[row['held_by']]}"
        case _:
            return "waiting", WAITING


async def run(company: int, number: int, now: datetime) -> RunDetail | None:
    """One run of a company by its number."""
    row = await fetchrow(f"{RUN} where r.company = $1 and r.number = $2", company, number)
    if row is None:
        return None
    id = row["id"]
    entities = await fetch("select * from run_entity where run = $1 order by position", id)
    beside = await fetchrow(
        f"""select (select max(number) from run where company = $1 and number < $2) as earlier,
               (select min(number) from run where company = $1 and number > $2) as later,
               (select count(*) from request where run = $3) as requests,
               (select count(*) from request q where q.run = $3 and {FAILED}) as failed""",
        company,
        number,
        id,
    )
    assert beside is not None
    progress = [_entity(entity, now) for entity in entities]
    counted = [one for one in progress if one.mode in ("whole", "sweep") and one.state != "off"]
    known = [one.expected for one in counted if one.expected is not None]
    expected = sum(known) if known and len(known) == len(counted) else None
    done = sum(one.done for one in progress)
    read_for = await seconds_of(id)  # a computer that was away says nothing about how long the rest takes
    rate = done / read_for if read_for and done else None
    left = (max(expected - done, 0) / rate) if expected and rate and row["state"] == "running" else None
    return RunDetail(
        row=run_row(row),
        entities=progress,
        sessions=await sessions_of(id),
        earlier=beside["earlier"],
        later=beside["later"],
        expected=expected,
        done=done,
        rate=rate,
        seconds_left=left,
        requests=beside["requests"],
        failed_requests=beside["failed"],
    )


def _entity(row: Any, now: datetime) -> EntityProgress:
    entity = ENTITIES.get(row["entity"])
    took = ((row["ended_at"] or now) - row["began_at"]).total_seconds() if row["began_at"] else None
    rate = row["done"] / took if took and row["done"] else None
    left = None
    if rate and row["expected"] is not None and row["state"] in ("waiting", "reading"):
        left = max(row["expected"] - row["done"], 0) / rate
    return EntityProgress(
        entity=row["entity"],
        label=entity.plural if entity else LABELS.get(row["entity"], row["entity"]),
        group=entity.group if entity else "other",
        state=row["state"],
        mode=row["mode"],
        expected=row["expected"],
        done=row["done"],
        changed=row["changed"],
        rate=rate,
        seconds_left=left,
        took=took,
        reason=row["reason"],
    )


REQUEST = """
    q.id, q.sent_at, q.name, q.kind, q.page, q.rows, q.status_code, q.hresult, q.set_aside, q.answered_at,
    extract(epoch from q.answered_at - q.sent_at)::float8 as took
"""


async def requests_of(
    company: int, number: int, *, which: Which = "all", text: str = "", after: int | None = None, limit: int = 100
) -> list[RequestRow]:
    """The requests of a run in their order, those after an id; `text` is looked for in the qbXML of both sides."""
    rows = await fetch(
        f"""select {REQUEST} from request q join run r on r.id = q.run
            where r.company = $1 and r.number = $2 and q.id > coalesce($3, 0)
                and ($4 = 'all' or {FAILED})
            order by q.id limit $5""",
        company,
        number,
        after,
        which,
        SEARCHED if text else limit,
    )
    if text:
        holding = await _holding([row["id"] for row in rows], text, limit)
        rows = [row for row in rows if row["id"] in holding]
    return [_request(row) for row in rows]


async def _holding(ids: list[int], text: str, limit: int) -> set[int]:
    """Those of some requests that hold a text on either side, the first `limit`. A few are in memory at a time."""
    found: set[int] = set()
    for first in range(0, len(ids), FETCHED):
        some = ids[first : first + FETCHED]
        for row in await fetch("select id, body, answer from request where id = any($1) order by id", some):
            if await asyncio.to_thread(_holds, row, text.lower()):
                found.add(row["id"])
            if len(found) == limit:
                return found
    return found


def _holds(row: Any, lower: str) -> bool:
    return any(part and lower in _unpacked(part).lower() for part in (row["body"], row["answer"]))


def _unpacked(part: bytes) -> str:
    return zlib.decompress(part).decode(errors="replace")


def _request(row: Any) -> RequestRow:
    return RequestRow(
        id=row["id"],
        at=row["sent_at"],
        name=NAMES.get(row["kind"]) or row["name"].removesuffix("Rq"),
        kind=row["kind"],
        page=row["page"],
        rows=row["rows"],
        took=row["took"],
        status_code=row["status_code"],
        hresult=row["hresult"],
        outcome=outcome_of(row),
    )


def outcome_of(row: Any) -> str:
    """What came of a request: ok, empty, warning, failed, open."""
    if row["hresult"] or row["set_aside"] or _failed(row["status_code"] or 0):
        return "failed"
    if row["answered_at"] is None:
        return "open"
    if row["status_code"] is None:
        return "failed"
    return {"done": "ok", "empty": "empty"}.get(statuses.outcome(row["status_code"]), "warning")


def _failed(code: int) -> bool:
    """Whether a status is a failure: a feature that QuickBooks does not have is none."""
    return statuses.failed(code) and statuses.outcome(code) != "feature_off"


async def request(company: int, id: int) -> RequestDetail | None:
    """One request of a company with its answer."""
    row = await fetchrow(
        f"""select {REQUEST}, q.request_id, q.body, q.answer, q.body_size, q.answer_size, q.resends, q.message_set_id,
                q.status_message, r.number
            from request q left join run r on r.id = q.run where q.company = $1 and q.id = $2""",
        company,
        id,
    )
    if row is None:
        return None
    answer = await asyncio.to_thread(_unpacked, row["answer"]) if row["answer"] else None
    return RequestDetail(
        row=_request(row),
        run_number=row["number"],
        request_id=row["request_id"],
        request=zlib.decompress(row["body"]).decode(),
        answer=answer,
        request_size=row["body_size"],
        answer_size=row["answer_size"],
        sent_at=row["sent_at"],
        answered_at=row["answered_at"],
        resends=row["resends"],
        message_set_id=row["message_set_id"],
        status_message=row["status_message"],
        meaning=statuses.hresult(row["hresult"]) if row["hresult"] else statuses.status(row["status_code"] or 0),
        set_aside=row["set_aside"],
    )
