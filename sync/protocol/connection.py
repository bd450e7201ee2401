"""The connection state of a company in one word, with since when and why. The first that is true counts."""

from dataclasses import dataclass
from datetime import datetime, timedelta

NOT_ACTIVE = timedelta(minutes=30)  # of silence at least, and three expected intervals


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known of a company's connection."""

    wrong_file_at: datetime | None
    wrong_file: str  # what answered, in words
    paused_at: datetime | None
    paused_by: str
    began_set_up: datetime
    last_sync_at: datetime | None
    last_call_at: datetime | None
    session_since: datetime | None  # of the session that goes on
    syncing: str  # what it reads, in words
    percent: int
    waits: bool  # a run is queued, or goes on without a session
    interval: timedelta
    refused: str  # QuickBooks' last refusal to open, in words
    refused_at: datetime | None
    computers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Connection:
    """One of: wrong_file, paused, never_synced, not_active, syncing, waiting, connected."""

    state: str
    since: datetime | None
    text: str
    small: str
    group: str  # needs_you, in_order, paused


def silent_after(interval: timedelta) -> timedelta:
    """How long a company may be silent before it is not active: three expected intervals, 30 minutes at least."""
    return max(interval * 3, NOT_ACTIVE)


def state(evidence: Evidence, now: datetime) -> Connection:
    """The words of design.md, section 5."""
    computers = _together(evidence.computers)
    silence = now - evidence.last_call_at if evidence.last_call_at else None
    if evidence.wrong_file_at:
        return Connection("wrong_file", evidence.wrong_file_at, "Wrong company file", evidence.wrong_file, "needs_you")
    if evidence.paused_at:
        return Connection("paused", evidence.paused_at, "Paused", f"By {evidence.paused_by}", "paused")
    if evidence.session_since:
        text = f"Syncing now: {evidence.percent} %" if evidence.percent else "Syncing now"
        return Connection("syncing", evidence.session_since, text, evidence.syncing, "in_order")
    if silence is not None and silence > silent_after(evidence.interval):
        small = f"{computers or 'The computer'} stopped calling"
        text = f"Not active: last active {_span(silence)} ago"
        return Connection("not_active", evidence.last_call_at, text, small, "needs_you")
    if evidence.refused_at:
        return Connection(
            "waiting", evidence.refused_at, "Waiting for the Web Connector", evidence.refused, "needs_you"
        )
    if evidence.last_sync_at is None and not evidence.waits:
        small = "The Web Connector has called" if evidence.last_call_at else "The Web Connector has not called yet"
        return Connection("never_synced", evidence.began_set_up, "Never synced", small, "needs_you")
    if evidence.waits:
        small = "A sync goes on at the next call" if evidence.last_call_at else "The Web Connector has not called yet"
        return Connection("waiting", evidence.last_call_at, "Waiting for the Web Connector", small, "in_order")
    return Connection("connected", evidence.last_call_at, "Connected", computers, "in_order")


def _together(names: tuple[str, ...]) -> str:
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _span(length: timedelta) -> str:
    minutes = int(length.total_seconds() // 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} days"
