"""Every company's connection looked at, and what is worth a mail put into the outbox."""

import logging
from datetime import datetime

from sync.protocol.alerts import Act, Facts, Seen, decide, words
from sync.protocol.connection import Connection
from sync.protocol.window import zone_of
from sync.store import alerts, companies
from sync.store.alerts import Known
from sync.store.companies import CompanyRow

log = logging.getLogger(__name__)


async def look(public_url: str, now: datetime) -> int:
    """Look at every company once; return how many mails were worth sending. Safe in several processes at once."""
    known, told = await alerts.known(), 0
    for row in await companies.overview(now):
        found = known.get(row.id)
        if found is not None:
            told += await _look_at(row, found, public_url, now)
    return told


async def _look_at(row: CompanyRow, known: Known, public_url: str, now: datetime) -> bool:
    found = _what_counts(row)
    seen = Seen(state=found.state, begun=row.begun, in_window=row.window.is_open(now), last_sync_at=row.last_sync_at)
    act = decide(seen, known.incident, known.told_at, now)
    if _changes_nothing(act, known):
        return False
    letter = words(act.tell, _facts(row, found, known, public_url, now)) if act.tell else None
    return await alerts.carry_out(row.id, known, act, letter, now) and letter is not None


def _what_counts(row: CompanyRow) -> Connection:
    """The state that matters here: a pause whatever is wrong, and a refusal until QuickBooks has opened."""
    true = {found.state: found for found in row.states}
    if "paused" in true:
        return true["paused"]
    return true["refused"] if row.state == "syncing" and "refused" in true else row.states[0]


def _changes_nothing(act: Act, known: Known) -> bool:
    kept = known.incident.good_since if known.incident else None
    return not (act.begin or act.tell or act.end) and act.good_since == kept


def _facts(row: CompanyRow, found: Connection, known: Known, public_url: str, now: datetime) -> Facts:
    home = f"{public_url}/companies/{row.id}"
    return Facts(
        company=row.name,
        since=found.since,
        why=" ".join(f"{each.rstrip('.')}." for each in (found.small, found.why) if each),
        last_call_at=row.last_call_at,
        last_sync_at=row.last_sync_at,
        began_at=known.incident.began_at if known.incident else now,
        missed=known.missed,
        zone=zone_of(row.window.zone) if row.window.zone else now.astimezone().tzinfo or zone_of(""),
        guide=f"{home}/troubleshooting",
        settings=f"{home}/settings/alerts",
    )
