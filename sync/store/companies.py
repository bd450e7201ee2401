"""Companies as the pages show them: state, last sync, contact; and how fresh each entity is."""

import ntpath
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sync.protocol.connection import Evidence, state
from sync.qbxml.entities import ENTITIES
from sync.store.base import document, fetch

ALIVE = timedelta(minutes=15)  # of silence, within which a session counts as going on
HOURS = 24  # of the contact strip

OVERVIEW = """
    select co.*, live.number as live_number, live.kind as live_kind, live.state as live_state,
        live.percent as live_percent, live.began_at as live_began, live.reading, open.opened_at as session_since,
        last.rows_in as last_rows, extract(epoch from last.ended_at - last.began_at)::float8 as last_took,
        coalesce(last.failed, 0) as failed,
        (select coalesce(array_agg(distinct c.machine) filter (where c.machine <> ''), '{}') from connector c
            where c.company = co.id and c.revoked_at is null) as computers,
        (select coalesce(array_agg(distinct date_trunc('hour', s.opened_at)), '{}') from session s
            where s.company = co.id and s.opened_at > $1::timestamptz - interval '25 hours') as contacts
    from company co
    left join lateral (
        select r.*, (select e.entity from run_entity e where e.run = r.id and e.state = 'reading' limit 1) as reading
        from run r where r.company = co.id and r.state in ('queued', 'running') order by r.id limit 1) live on true
    left join lateral (select opened_at from session s where s.company = co.id and s.ended_at is null
        and s.called_at > $1::timestamptz - $2::interval order by s.id desc limit 1) open on true
    left join lateral (select * from run r where r.company = co.id and r.state = 'complete'
        order by number desc limit 1) last on true
"""

KINDS = {"initial": "First sync", "incremental": "Incremental", "full": "Full sync", "verify": "Verify"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyRow:
    """One company with its connection state."""

    id: int
    name: str
    region: str  # US or CA
    file_name: str | None
    group: str  # needs_you, in_order, paused
    state: str
    state_text: str
    state_small: str
    since: datetime | None
    percent: int | None
    last_call_at: datetime | None
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
    """Every company; those that need somebody first."""
    rows = [_row(row, now) for row in await fetch(f"{OVERVIEW} order by lower(co.name), co.id", now, ALIVE)]
    order = {"needs_you": 0, "in_order": 1, "paused": 2}
    return sorted(rows, key=lambda row: order[row.group])


async def company(id: int, now: datetime) -> CompanyRow | None:
    """One company."""
    rows = await fetch(f"{OVERVIEW} where co.id = $3", now, ALIVE, id)
    return _row(rows[0], now) if rows else None


async def names() -> list[CompanyName]:
    """Every company by name."""
    return [
        CompanyName(row["id"], row["name"])
        for row in await fetch("select id, name from company order by lower(name), id")
    ]


def _row(row: Any, now: datetime) -> CompanyRow:
    machines: Sequence[str] = row["computers"]
    found = state(_evidence(row, machines), now)
    syncing = found.state == "syncing"
    return CompanyRow(
        id=row["id"],
        name=row["name"],
        region=row["region"],
        file_name=ntpath.basename(row["file_path"]) if row["file_path"] else None,
        group=found.group,
        state=found.state,
        state_text=found.text,
        state_small=found.small,
        since=found.since,
        percent=row["live_percent"] if syncing else None,
        last_call_at=row["last_call_at"],
        last_sync_at=row["last_sync_at"],
        last_sync_rows=row["last_rows"],
        last_sync_took=row["last_took"],
        running_since=row["live_began"] if row["live_state"] == "running" else None,
        running_run=row["live_number"],
        to_approve=0,
        failed=row["failed"],
        hours=_hours(row, now),
        computers=list(machines),
    )


def _evidence(row: Any, machines: Sequence[str]) -> Evidence:
    wrong = document(row["wrong_file"]) or []
    refused = document(row["refused"]) or {}
    interval = (
        timedelta(seconds=row["poll_seconds"]) if row["poll_seconds"] else timedelta(minutes=row["schedule_minutes"])
    )
    return Evidence(
        wrong_file_at=row["wrong_file_at"],
        wrong_file=_wrong(wrong),
        paused_at=row["paused_at"],
        paused_by=row["paused_by"],
        began_set_up=row["created_at"],
        last_sync_at=row["last_sync_at"],
        last_call_at=row["last_call_at"],
        session_since=row["session_since"],
        syncing=_syncing(row),
        percent=row["live_percent"] or 0,
        waits=row["live_state"] is not None,
        interval=interval,
        refused=f"QuickBooks did not open: {refused.get('hresult', '')}",
        refused_at=row["refused_at"],
        computers=tuple(machines),
    )


def _wrong(mismatches: list[dict[str, str]]) -> str:
    answered = {one["fact"]: one["answered"] for one in mismatches}
    name = answered.get("company_name") or ntpath.basename(answered.get("path", ""))
    return f"{name or 'Another file'} answered; nothing was read"


def _syncing(row: Any) -> str:
    kind = KINDS.get(row["live_kind"] or "", "Looking which file is open")
    reading = row["reading"]
    return f"{kind}: {ENTITIES[reading].plural.lower()}" if reading in ENTITIES else kind


def _hours(row: Any, now: datetime) -> list[str]:
    contacts = set(row["contacts"])
    start = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS - 1)
    found = []
    for hour in (start + timedelta(hours=index) for index in range(HOURS)):
        before = hour + timedelta(hours=1) <= row["created_at"] or not row["last_call_at"]
        silent = "paused" if row["paused_at"] and row["paused_at"] <= hour else "grey" if before else "none"
        found.append("full" if hour in contacts else silent)
    return found


async def freshness(company: int) -> list[EntityFreshness]:
    """How far every entity that was asked for is read, in the order of reading."""
    rows = {row["entity"]: row for row in await fetch("select * from entity_state where company = $1", company)}
    return [
        EntityFreshness(name, entity.plural, rows[name]["as_of"], rows[name]["newest"], rows[name]["off"])
        for name, entity in ENTITIES.items()
        if name in rows
    ]
