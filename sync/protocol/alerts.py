"""When a connection state is worth a mail: once for each kind of trouble of an incident, and once when it is over.

A connection that comes and goes does not flood: it is back only when it was good for STEADY or a sync was completed,
and an incident that begins within QUIET of the last mail waits, to be told then with a sentence on what it missed.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

STEADY = timedelta(minutes=2)  # good for so long without a completed sync: it is back
QUIET = timedelta(hours=1)  # between the last mail and the first one of another incident
TROUBLE = ("late", "not_active", "refused", "wrong_file")
GOOD = ("connected", "syncing", "waiting", "never_synced")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is seen of a company's connection now."""

    state: str  # of protocol.connection
    begun: bool  # its sync was begun: before that, somebody sits at the set-up page
    in_window: bool
    last_sync_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One that is open."""

    kinds: tuple[str, ...]  # told so far, in their order; none: it is a quiet one
    began_at: datetime
    good_since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What is to be done. The default is nothing."""

    begin: bool = False  # open an incident
    tell: str = ""  # one of TROUBLE, or "back"
    end: bool = False
    good_since: datetime | None = None  # as it is to be kept


NOTHING = Act()


def decide(seen: Seen, incident: Incident | None, told_at: datetime | None, now: datetime) -> Act:
    """Decide from what is seen, the open incident, and when a mail about an earlier one was queued last."""
    kept = Act(good_since=incident.good_since if incident else None)
    if seen.state in TROUBLE and seen.begun:
        if not seen.in_window:
            return kept
        quiet = told_at is not None and now - told_at < QUIET
        if incident is None:
            return Act(begin=True, tell="" if quiet else seen.state)
        return Act(tell=seen.state if _is_new(seen.state, incident) and (incident.kinds or not quiet) else "")
    if incident is None:
        return NOTHING
    if seen.state not in GOOD or not seen.begun:  # paused, detached, set up anew: nobody waits to hear of it
        return Act(end=True)
    if not seen.in_window:
        return kept
    return _good(seen, incident, now)


def _is_new(state: str, incident: Incident) -> bool:
    """Whether a kind of trouble is worth a mail: not told yet, and no milder form of what was told."""
    return state not in incident.kinds and not (state == "late" and incident.kinds)


def _good(seen: Seen, incident: Incident, now: datetime) -> Act:
    completed = seen.last_sync_at is not None and seen.last_sync_at >= incident.began_at
    steady = incident.good_since is not None and now - incident.good_since >= STEADY
    if completed or steady:
        return Act(end=True, tell="back" if incident.kinds else "")
    return Act(good_since=incident.good_since or now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a mail says beside its kind."""

    company: str
    since: datetime | None
    why: str  # sentences: the cause and the rule; "" when there are none
    last_call_at: datetime | None
    last_sync_at: datetime | None
    began_at: datetime  # of the incident
    missed: int  # times it stopped and came back since the last mail
    zone: tzinfo
    guide: str  # address
    settings: str  # address


@dataclass(frozen=True, slots=True)
class Words:
    """Subject and text of a mail."""

    subject: str
    body: str


SUBJECTS = {
    "late": "the Web Connector is late",
    "not_active": "not active",
    "refused": "QuickBooks does not open the company file",
    "wrong_file": "wrong company file",
    "back": "connected again",
}
STEPS = {
    "late": "Most likely the computer is asleep, or the Web Connector was closed. Wake the computer, and see that the "
    "Web Connector runs and Auto-Run is ticked.",
    "not_active": "Most likely the computer is off, or the Web Connector does not run. Start the computer and the "
    "Web Connector, and see that Auto-Run is ticked and the password is saved.",
    "refused": "Most likely QuickBooks asks something on its screen, or another company file is open. Open QuickBooks "
    "on that computer with this company file, answer what it asks, and press Update Selected in the Web Connector.",
    "wrong_file": "Open the right company file in QuickBooks. If this is the right one, moved or renamed, say so on "
    "the page below: only then is it read.",
}


def words(kind: str, facts: Facts) -> Words:
    """Say what, since when, why and what to do."""
    since = "" if kind == "back" else f" since {moment(facts.since, facts.zone)}" if facts.since else ""
    parts = [_what(kind, facts), f"Why: {facts.why}" if facts.why and kind != "back" else "", STEPS.get(kind, "")]
    if facts.missed and kind != "back":
        times = "once" if facts.missed == 1 else "twice" if facts.missed == 2 else f"{facts.missed} times"
        parts.append(f"Since the last mail it had stopped and come back {times}; you were not told of each.")
    if kind != "back":
        parts.append(f"All steps in their order, and what was seen:\n{facts.guide}")
    parts.append(
        f"One mail comes for each kind of trouble, one when it is over. Who gets them is set here:\n{facts.settings}"
    )
    return Words(f"{facts.company}: {SUBJECTS[kind]}{since}", "\n\n".join(filter(None, parts)) + "\n")


def _what(kind: str, facts: Facts) -> str:
    last, since = moment(facts.last_call_at, facts.zone), moment(facts.since, facts.zone)
    match kind:
        case "late":
            return f"The Web Connector of {facts.company} is late. It last called {last}."
        case "not_active":
            return f"The QuickBooks Desktop connection of {facts.company} is not active. It was last active {last}."
        case "refused":
            what = "Nothing is read meanwhile."
            return f"QuickBooks does not open the company file of {facts.company}, since {since}. {what}"
        case "wrong_file":
            what = "Nothing was read, and nothing was written."
            return f"Another company file answered for {facts.company}, {since}. {what}"
    synced = f" The last sync ended {moment(facts.last_sync_at, facts.zone)}." if facts.last_sync_at else ""
    return f"{facts.company} is connected again. Trouble was first seen {moment(facts.began_at, facts.zone)}.{synced}"


def moment(at: datetime | None, zone: tzinfo) -> str:
    """21 Nov 2025, 11:04 UTC"""
    if at is None:
        return "at a time that is not known"
    there = at.astimezone(zone)
    return f"{there.day} {there:%b %Y, %H:%M} {there.tzname() or ''}".strip()
