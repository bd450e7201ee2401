"""Companies as the pages show them: state, last sync, contact; and how fresh each entity is."""

import ntpath
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sync.protocol.connection import (
    IN_ORDER,
    NEEDS_YOU,
    PAUSED,
    Connection,
    Evidence,
    WrongKeys,
    is_paused,
    next_call,
    states,
    step,
)
from sync.protocol.window import Window
from sync.qbxml.entities import ENTITIES
from sync.store.base import document, fetch

ALIVE = timedelta(minutes=15)  # of silence, within which a session counts as going on
HOURS = 24  # of the contact strip

OVERVIEW = """
    select co.*, live.number as live_number, live.kind as live_kind, live.state as live_state,
        live.percent as live_percent, live.began_at as live_began, live.reading, open.opened_at as session_since,
        open.called_at as session_called, last.rows_in as last_rows, last.number as last_number,
        extract(epoch from last.ended_at - last.began_at)::float8 as last_took,
        hand.computers, hand.issued, keys.*,
        (select count(*) from change c where c.company = co.id and c.state in ('proposed', 'conflict')) as to_approve,
        coalesce(last.failed, 0) + (select count(*) from change c
            where c.company = co.id and c.state in ('refused', 'unknown')) as failed,
        exists (select from audit_entry a where a.company = co.id and a.action = 'company.region')
            or not exists (select from audit_entry a where a.company = co.id and a.action = 'company.added'
                and a.detail ->> 'from' = 'browser') as region_chosen,
        (select coalesce(array_agg(distinct hour), '{}') from (
            select h.hour from contact_hour h where h.company = co.id and h.hour > $1::timestamptz - interval '25 hours'
            union all select date_trunc('hour', s.opened_at) from session s
                where s.company = co.id and s.opened_at > $1::timestamptz - interval '25 hours') hours) as contacts
    from company co
    left join lateral (select coalesce(array_agg(distinct c.machine) filter (where c.machine <> ''), '{}') as computers,
        min(coalesce(c.issued_seconds, c.issued_minutes * 60)) filter (where c.last_called_at is not null) as issued
        from connector c where c.company = co.id and c.revoked_at is null) hand on true
    left join lateral (
        select r.*, (select e.entity from run_entity e where e.run = r.id and e.state = 'reading' limit 1) as reading
        from run r where r.company = co.id and r.state in ('queued', 'running') order by r.id limit 1) live on true
    left join lateral (select sum(c.wrong_keys)::int as wrong_keys, min(c.wrong_keys_since) as wrong_keys_since,
        max(c.wrong_key_at) as wrong_key_at,
        (array_agg(c.wrong_key_address order by c.wrong_key_at desc))[1] as wrong_key_address
        from connector c where c.company = co.id and c.wrong_keys > 0
            and (co.last_call_at is null or c.wrong_key_at > co.last_call_at)) keys on true
    left join lateral (select s.opened_at, s.called_at from session s
        where s.company = co.id and s.ended_at is null order by s.id desc limit 1) open on true
    left join lateral (select * from run r where r.company = co.id and r.state = 'complete'
        order by number desc limit 1) last on true
    where co.removed_at is null
"""

GROUPS = (NEEDS_YOU, IN_ORDER, PAUSED)
WORST = ("wrong_file", "not_active", "refused", "late", "never_synced", "waiting")  # of those that need somebody
KINDS = {"initial": "First sync", "incremental": "Incremental", "full": "Full sync", "verify": "Verify"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyRow:
    """One company with its connection state."""

    id: int
    name: str
    region: str  # US or CA
    file_name: str | None
    group: str  # needs_you, in_order, paused
    state: str  # see protocol.connection.Connection
    state_text: str
    state_small: str
    state_why: str  # one sentence: the rule that made the state, or its cause
    states: tuple[Connection, ...]  # every state that is true, the one that counts first
    since: datetime | None
    begun: bool  # a person said: sync this company with this file
    began_at: datetime  # its set-up
    setup_step: int  # 1 to 6: at which step set-up is
    percent: int | None
    last_call_at: datetime | None
    wrong_keys: WrongKeys | None  # since that call, on any of its computers
    next_call_by: datetime | None  # when the Web Connector should call next; None: not known, or overdue
    overdue_since: datetime | None  # when it should have called; it is not late yet
    expected_every: timedelta  # between two calls
    window: Window
    paused_until: datetime | None  # None while paused: until somebody resumes
    paused_by: str
    paused_why: str
    refused: str  # the hresult with which QuickBooks did not open at the last try, or ""
    wrong_answer: dict[str, Any] | None  # what the file said that was not the right one: see store.files.WRONG
    went_back: dict[str, Any] | None  # the file seems to be an older copy: entities, newest, run, older, full
    last_sync_at: datetime | None
    last_sync_rows: int | None
    last_sync_took: float | None  # seconds
    running_since: datetime | None
    running_run: int | None  # its number
    to_approve: int
    failed: int
    hours: list[str]  # full, none, grey or paused; 24, oldest first
    computers: list[str]


@dataclass(frozen=True, slots=True)
class CompanyName:
    """A company in the switcher."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class EntityFreshness:
    """How far an entity of a company is read."""

    entity: str
    label: str
    as_of: datetime | None  # when the last complete reading began
    newest: str  # largest TimeModified received, as QuickBooks printed it
    off: str


async def overview(now: datetime) -> list[CompanyRow]:
    """Every company; those that need somebody first, the worst of them at the top."""
    rows = [_row(row, now) for row in await fetch(f"{OVERVIEW} order by lower(co.name), co.id", now)]
    return sorted(rows, key=lambda row: (GROUPS.index(row.group), row.group == NEEDS_YOU and WORST.index(row.state)))


async def company(id: int, now: datetime) -> CompanyRow | None:
    """One company."""
    rows = await fetch(f"{OVERVIEW} and co.id = $2", now, id)
    return _row(rows[0], now) if rows else None


async def names() -> list[CompanyName]:
    """Every company by name."""
    return [
        CompanyName(row["id"], row["name"])
        for row in await fetch("select id, name from company where removed_at is null order by lower(name), id")
    ]


def _row(row: Any, now: datetime) -> CompanyRow:
    evidence = _evidence(row, now)
    found, due = states(evidence, now), next_call(evidence, now)
    first = found[0]
    syncing = first.state == "syncing"
    return CompanyRow(
        id=row["id"],
        name=row["name"],
        region=row["region"],
        file_name=ntpath.basename(row["file_path"]) if row["file_path"] else None,
        group=first.group,
        state=first.state,
        state_text=first.text,
        state_small=first.small,
        state_why=first.why,
        states=tuple(found),
        since=first.since,
        begun=evidence.begun,
        began_at=row["created_at"],
        setup_step=step(evidence),
        percent=row["live_percent"] if syncing else None,
        last_call_at=evidence.last_call_at,
        wrong_keys=evidence.wrong_keys,
        next_call_by=due if due and due > now else None,
        overdue_since=due if due and due <= now else None,
        expected_every=evidence.interval,
        window=evidence.window,
        paused_until=row["paused_until"],
        paused_by=row["paused_by"],
        paused_why=row["paused_why"],
        refused=evidence.refused,
        wrong_answer=document(row["wrong_answer"]),
        went_back=document(row["went_back"]),
        last_sync_at=row["last_sync_at"],
        last_sync_rows=row["last_rows"],
        last_sync_took=row["last_took"],
        running_since=row["live_began"] if row["live_state"] == "running" else None,
        running_run=row["live_number"],
        to_approve=row["to_approve"],
        failed=row["failed"],
        hours=_hours(row, evidence, now),
        computers=list(row["computers"]),
    )


def _evidence(row: Any, now: datetime) -> Evidence:
    wrong = document(row["wrong_file"]) or []
    refused = document(row["refused"]) or {}
    called = row["session_called"]
    wanted = row["poll_seconds"] or row["schedule_minutes"] * 60
    seconds = max(wanted, row["issued"] or 0)  # a computer calls by the file it has, also by an older and slower one
    return Evidence(
        wrong_file_at=row["wrong_file_at"],
        wrong_file=_wrong(wrong),
        paused_at=row["paused_at"],
        paused_until=row["paused_until"],
        paused_by=row["paused_by"],
        paused_why=row["paused_why"],
        began_set_up=row["created_at"],
        prepared=row["adopts_first"] or bool((document(row["prepared"]) or {}).get("done")),
        region_chosen=row["region_chosen"],
        answered=row["facts_at"] is not None,
        begun=row["begun_at"] is not None or row["adopts_first"],
        adopts=row["adopts_first"] and row["begun_at"] is None,
        last_sync_at=row["last_sync_at"],
        last_call_at=max(filter(None, (row["last_call_at"], called)), default=None),
        wrong_keys=_wrong_keys(row),
        session_since=row["session_since"] if called is not None and now - called < ALIVE else None,
        syncing=_syncing(row),
        percent=row["live_percent"] or 0,
        waits=row["live_state"] is not None,
        interval=timedelta(seconds=seconds),
        refused=refused.get("hresult", "") if row["refused_at"] else "",
        refused_message=refused.get("message", ""),
        refused_at=row["refused_at"],
        computers=tuple(row["computers"]),
        window=Window(row["time_zone"], row["window_from"], row["window_until"], row["window_days"]),
    )


def _wrong_keys(row: Any) -> WrongKeys | None:
    if not row["wrong_keys"]:
        return None
    last = row["wrong_key_at"]
    return WrongKeys(
        tries=row["wrong_keys"],
        since=row["wrong_keys_since"] or last,
        last_at=last,
        address=row["wrong_key_address"],
    )


def _wrong(mismatches: list[dict[str, str]]) -> str:
    answered = {one["fact"]: one["answered"] for one in mismatches}
    name = answered.get("company_name") or ntpath.basename(answered.get("path", ""))
    return f"{name or 'Another file'} answered; nothing was read"


def _syncing(row: Any) -> str:
    kind = KINDS.get(row["live_kind"] or "", "Looking which file is open")
    reading = row["reading"]
    return f"{kind}: {ENTITIES[reading].plural.lower()}" if reading in ENTITIES else kind


def _hours(row: Any, evidence: Evidence, now: datetime) -> list[str]:
    """Contact hour by hour: an hour without is grey before set-up and outside the sync window, where none is due."""
    contacts = set(row["contacts"])
    start = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS - 1)
    paused = evidence.paused_at if is_paused(evidence.paused_at, evidence.paused_until, now) else None
    found = []
    for hour in (start + timedelta(hours=index) for index in range(HOURS)):
        ends = hour + timedelta(hours=1)
        before = ends <= row["created_at"] or not evidence.last_call_at
        if hour in contacts:
            found.append("full")
        elif paused and paused < ends:
            found.append("paused")
        else:
            found.append("grey" if before or not evidence.window.open_between(hour, ends) else "none")
    return found


async def freshness(company: int) -> list[EntityFreshness]:
    """How far every entity that was asked for is read, in the order of reading."""
    rows = {row["entity"]: row for row in await fetch("select * from entity_state where company = $1", company)}
    return [
        EntityFreshness(name, entity.plural, rows[name]["as_of"], rows[name]["newest"], rows[name]["off"])
        for name, entity in ENTITIES.items()
        if name in rows
    ]
