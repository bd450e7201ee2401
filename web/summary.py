"""What support needs to know of a company's connection, as text to copy: no secret, no record, nobody's e-mail."""

import platform
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version

from sync.protocol.connection import rules
from sync.qbxml import statuses
from sync.store.companies import CompanyRow
from sync.store.computers import ConnectorRow
from sync.store.support import CodeSeen, Findings, SessionSeen
from web.filters import count, plural
from web.pages.setup.preparation import Prepared, told
from web.window_words import in_words

EMAIL = re.compile(r"[^\s@<>()\",;:]+@[^\s@<>()\",;:]+\.[^\s@<>()\",;:]+")
SOMEBODY = "(a person of the team)"
NOTHING = "none"

Section = tuple[str, Sequence[str]]  # heading, lines


def summary(row: CompanyRow, found: Findings, computers: Sequence[ConnectorRow], now: datetime) -> str:
    """Return the text, with every e-mail address left out."""
    text = [f"Deskbridge: connection of {row.name}, as of {moment(now)}"]
    for heading, lines in sections(row, found, computers, now):
        text += ["", heading, *(f"  {each}" for each in lines or (NOTHING,))]
    return EMAIL.sub(SOMEBODY, "\n".join(text)) + "\n"


def sections(row: CompanyRow, found: Findings, computers: Sequence[ConnectorRow], now: datetime) -> Iterator[Section]:
    """Yield each part of it."""
    yield "Versions", versions(found)
    yield "Connection", connection(row)
    yield "Computers", [line for each in computers for line in computer(each)]
    yield "Schedule and sync window", schedule(row, found, now)
    yield "Last sessions, newest first", [session(each) for each in found.sessions]
    yield "Codes that QuickBooks answered with in them", [code(each) for each in found.codes]
    tried = [f"{moment(each.at)}  {sentences(each.step, each.result)}" for each in found.tried]
    yield "Tried in the troubleshooting guide", tried
    yield "Entered on Prepare", [f"{term}: {value}" for term, value in told(Prepared.of(found.prepared))]


def versions(found: Findings) -> list[str]:
    return [
        f"Deskbridge {version('deskbridge')}",
        f"Python {platform.python_version()}, PostgreSQL {found.postgres.split()[0]}",
        f"Web Connector {', '.join(found.web_connectors) or 'not known'}",
        f"QuickBooks: {found.product or 'not known'}" + (f", as of {moment(found.facts_at)}" if found.product else ""),
    ]


def connection(row: CompanyRow) -> list[str]:
    """Return every state that is true, since when and why."""
    lines = [
        sentences(f"{each.text}{f', since {moment(each.since)}' if each.since else ''}", each.small, each.why)
        for each in row.states
    ]
    return [
        *lines,
        f"Region {row.region}, company file {row.file_name or 'not known'}",
        f"Sync {'begun' if row.begun else f'not begun: set-up is at step {row.setup_step} of 6'}",
        f"Last call {moment(row.last_call_at)}, next call {due(row)}",
        f"Last complete sync {moment(row.last_sync_at)}",
        *hresult(row.refused),
    ]


def due(row: CompanyRow) -> str:
    if row.overdue_since:
        return f"was due by {moment(row.overdue_since)}"
    return f"by {moment(row.next_call_by, 'not known')}"


def hresult(text: str) -> list[str]:
    if not text:
        return []
    meaning = statuses.hresult(text)
    return [f"QuickBooks refused with {text}: {meaning.meaning if meaning else 'in none of the tables'}"]


def computer(row: ConnectorRow) -> Iterator[str]:
    """Yield a computer's calls and wrong keys; never its key, nor what the key belongs to."""
    part = {"holder": " (holds the company)", "standby": " (stands by)"}.get(row.part, "")
    ended = f", ended {moment(row.revoked_at)}" if row.revoked_at else ""
    where = f" from {row.last_address}" if row.last_address else ""
    yield f"{row.name}{part}{ended}: last call {moment(row.last_called_at)}{where}"
    calls = f", calls about every {row.call_gap} s" if row.call_gap else ""
    yield f"  Every-Min by its file {row.every_min}{calls}; Web Connector {row.client_version or 'not known'}"
    if row.wrong_keys:
        tries = f"{row.wrong_keys} wrong {plural(row.wrong_keys, 'key')} since the last right one, the last"
        yield f"  {tries} {moment(row.wrong_key_at)} from {row.wrong_key_address}: {row.wrong_key_sentence}"


def schedule(row: CompanyRow, found: Findings, now: datetime) -> list[str]:
    polls = (
        f"the Web Connector calls every {found.poll_seconds} s" if found.poll_seconds else "it calls by that schedule"
    )
    said = dict(rules(row.expected_every, row.window))
    return [
        f"Every {found.schedule_minutes} min; {polls}",
        f"Sync window: {in_words(row.window, now)}",
        f"Late: {said['late']}",
        f"Not active: {said['not_active']}",
    ]


def session(row: SessionSeen) -> str:
    run = f"sync {row.run}" if row.run else "no sync"
    ended = moment(row.ended_at) if row.ended_at else "not ended"
    about = f"{moment(row.opened_at)} to {ended}, {row.machine or 'a computer'}, {run}, {count(row.asked)} requests"
    return sentences(about, row.result, row.error if row.error != row.result else "")


def code(row: CodeSeen) -> str:
    if row.hresult:
        known = statuses.hresult(row.hresult)
        name, meaning = row.hresult, known.meaning if known else "in none of the tables"
    else:
        name, meaning = f"status {row.status}", statuses.status(row.status if row.status is not None else -1).meaning
    return f"{name}, {count(row.times)} {plural(row.times, 'time')}, last {moment(row.last_at)} ({row.name}): {meaning}"


def sentences(*parts: str) -> str:
    return " ".join(f"{each.rstrip('.')}." for each in parts if each)


def moment(at: datetime | None, missing: str = "never") -> str:
    """2025-11-21 11:04:05 UTC: read in another place, by somebody else."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if at else missing
