"""The connection state of a company in one word, with since when and why. The first that is true counts.

Silence is counted inside the sync window only, and any call ends it, also one that finds nothing to do: a record that
fails is no matter of the connection.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sync.protocol.window import Window
from sync.qbxml import statuses

LATE_INTERVALS, LATE = 2, timedelta(minutes=10)  # the longer of the two
NOT_ACTIVE_INTERVALS, NOT_ACTIVE = 3, timedelta(minutes=30)
SET_UP = ("Prepare", "Region", "Connector", "Verify", "Confirm", "First sync")  # the steps of set-up, in their order
NOT_CALLED, WITH_WRONG_KEY = "The Web Connector has not called yet", "The Web Connector calls with a wrong licence key"
NEEDS_YOU, IN_ORDER, PAUSED = "needs_you", "in_order", "paused"  # groups


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongKeys:
    """Calls that came with a wrong licence key since the last one with a right one."""

    tries: int
    since: datetime
    last_at: datetime
    address: str  # of the last


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known of a company's connection."""

    wrong_file_at: datetime | None = None
    wrong_file: str = ""  # what answered, in words
    paused_at: datetime | None = None
    paused_until: datetime | None = None  # None while paused: until somebody resumes
    paused_by: str = ""
    paused_why: str = ""
    began_set_up: datetime
    prepared: bool = True  # the first step of set-up is done
    region_chosen: bool = True  # and the second
    answered: bool = True  # a company file has said what it is
    begun: bool = True  # a person said: sync this company with this file, or with the first that answers
    adopts: bool = False  # the latter, and none has answered yet
    last_sync_at: datetime | None = None
    last_call_at: datetime | None = None
    wrong_keys: "WrongKeys | None" = None  # since the last call with a right one
    session_since: datetime | None = None  # of the session that goes on
    syncing: str = ""  # what it reads, in words
    percent: int = 0
    waits: bool = False  # a run is queued, or goes on without a session
    interval: timedelta  # between two calls, as they are expected
    refused: str = ""  # the hresult of QuickBooks' last refusal to open
    refused_message: str = ""  # and QuickBooks' own words
    refused_at: datetime | None = None
    computers: tuple[str, ...] = ()
    window: Window = field(default_factory=Window)


@dataclass(frozen=True, slots=True)
class Connection:
    """One of: wrong_file, paused, syncing, refused, not_active, late, never_synced, waiting, connected."""

    state: str
    since: datetime | None
    text: str
    small: str
    group: str  # needs_you, in_order, paused
    why: str  # one sentence: the rule that made it, or the cause


def late_after(interval: timedelta) -> timedelta:
    """How long a company may be silent, inside its window, before it is late."""
    return max(interval * LATE_INTERVALS, LATE)


def silent_after(interval: timedelta) -> timedelta:
    """How long a company may be silent, inside its window, before it is not active."""
    return max(interval * NOT_ACTIVE_INTERVALS, NOT_ACTIVE)


def state(evidence: Evidence, now: datetime) -> Connection:
    """The first state that is true."""
    return states(evidence, now)[0]


def states(evidence: Evidence, now: datetime) -> list[Connection]:
    """Every state that is true, the one that counts first; the last is waiting or connected."""
    return list(_states(evidence, now))


def _states(evidence: Evidence, now: datetime) -> Iterator[Connection]:
    """The words of design.md, section 5."""
    if evidence.wrong_file_at:
        why = "Another company file answered than the one this company was connected with. Nothing was read."
        yield Connection(
            "wrong_file", evidence.wrong_file_at, "Wrong company file", evidence.wrong_file, NEEDS_YOU, why
        )
    if is_paused(evidence.paused_at, evidence.paused_until, now):
        yield _paused(evidence)
    if evidence.session_since:
        text = f"Syncing now: {evidence.percent} %" if evidence.percent else "Syncing now"
        why = "The Web Connector is in a session with Deskbridge."
        yield Connection("syncing", evidence.session_since, text, evidence.syncing, IN_ORDER, why)
    if evidence.refused_at:
        yield _refused(evidence)
    yield from _silent(evidence, now)
    if evidence.last_sync_at is None:
        yield _never_synced(evidence)
    yield _at_rest(evidence)


def is_paused(at: datetime | None, until: datetime | None, now: datetime) -> bool:
    """Whether a pause that began goes on."""
    return at is not None and (until is None or now < until)


def _paused(evidence: Evidence) -> Connection:
    by = f"By {evidence.paused_by}" if evidence.paused_by else "By somebody"
    small = f"{by}: {evidence.paused_why}" if evidence.paused_why else by
    ends = "until the time that was set" if evidence.paused_until else "until somebody resumes it"
    return Connection("paused", evidence.paused_at, "Paused", small, PAUSED, f"Nothing is read {ends}.")


def _refused(evidence: Evidence) -> Connection:
    return Connection(
        "refused",
        evidence.refused_at,
        "QuickBooks refuses",
        refusal(evidence.refused, evidence.refused_message),
        NEEDS_YOU,
        "The Web Connector calls, but QuickBooks did not open the company file at its last try.",
    )


def refusal(hresult: str, message: str = "") -> str:
    """What QuickBooks' refusal to open means, in a sentence; its own words when no table explains it."""
    meaning = statuses.hresult(hresult)
    if meaning is not None:
        return meaning.meaning
    return message.strip() or f"QuickBooks reported {hresult or 'an error without a code'}."


def _silent(evidence: Evidence, now: datetime) -> Iterator[Connection]:
    """Late, or not active: only what was begun is expected to call, and a session that goes on is contact."""
    last, window = evidence.last_call_at, evidence.window
    if last is None or not evidence.begun or evidence.session_since:
        return
    computers, ago = _together(evidence.computers) or "The computer", span(now - last)
    for name, after, text in (
        ("not_active", silent_after(evidence.interval), f"Not active: last active {ago} ago"),
        ("late", late_after(evidence.interval), f"Late: last active {ago} ago"),
    ):
        since = window.after(last, after)
        if since is not None and now > since:
            small = f"{computers} stopped calling" if name == "not_active" else f"{computers} should have called"
            if evidence.wrong_keys:
                small = WITH_WRONG_KEY
            yield Connection(name, since, text, small, NEEDS_YOU, _rule(name, evidence.interval, window))
            return


def _never_synced(evidence: Evidence) -> Connection:
    number = step(evidence)
    if evidence.last_call_at is None:
        why = WITH_WRONG_KEY if evidence.wrong_keys else NOT_CALLED
    elif number < 5:
        why = "The Web Connector has called; no company file has answered yet"
    else:
        why = "A company file has answered and waits to be confirmed" if number == 5 else "The first sync is not over"
    small = f"Set-up is at step {number} of {len(SET_UP)}: {SET_UP[number - 1]}"
    if evidence.wrong_keys and evidence.last_call_at is None:
        small = WITH_WRONG_KEY
    return Connection(
        "never_synced",
        evidence.began_set_up,
        "Never synced",
        small,
        NEEDS_YOU,
        f"{why}; set-up is at step {number} of {len(SET_UP)}.",
    )


def step(evidence: Evidence) -> int:
    """At which step set-up is, 1 to 6."""
    if evidence.begun:
        return 3 if evidence.last_call_at is None else 4 if evidence.adopts else len(SET_UP)
    if not evidence.prepared or not evidence.region_chosen:
        return 2 if evidence.prepared else 1
    if evidence.last_call_at is None:
        return 3
    return 5 if evidence.answered and not evidence.wrong_file_at else 4


def _at_rest(evidence: Evidence) -> Connection:
    last, computers = evidence.last_call_at, _together(evidence.computers)
    if not evidence.begun:
        number = step(evidence)
        small = f"Set-up is at step {number} of {len(SET_UP)}: {SET_UP[number - 1]}"
        why = "No company file is confirmed for this company."
        return Connection("waiting", last, "Waiting for the Web Connector", small, NEEDS_YOU, why)
    if evidence.waits:
        small = "A sync goes on at the next call" if last else WITH_WRONG_KEY if evidence.wrong_keys else NOT_CALLED
        why = "A sync was asked for; it begins when the Web Connector calls."
        return Connection("waiting", last, "Waiting for the Web Connector", small, IN_ORDER, why)
    every = f"about every {exact(evidence.interval)}"
    return Connection("connected", last, "Connected", computers, IN_ORDER, f"The Web Connector calls {every}.")


def next_call(evidence: Evidence, now: datetime) -> datetime | None:
    """By when the Web Connector should call next; None when nothing tells: in a session, paused, late, never called."""
    last = evidence.last_call_at
    if last is None or evidence.session_since or is_paused(evidence.paused_at, evidence.paused_until, now):
        return None
    if any(one.state in ("late", "not_active") for one in _silent(evidence, now)):
        return None
    return evidence.window.after(last, evidence.interval)


def rules(interval: timedelta, window: Window) -> list[tuple[str, str]]:
    """When a company is in which state, in words, in the order in which they count."""
    return [(name, _rule(name, interval, window)) for name in RULES]


RULES = {
    "wrong_file": "The company file that answers is not the one this company was connected with.",
    "paused": "Somebody paused the sync, and the pause is not over.",
    "syncing": "The Web Connector is in a session with Deskbridge.",
    "refused": "The Web Connector calls, but QuickBooks did not open the company file at its last try.",
    "not_active": "No call for {silent}: {times} expected intervals of {every}, but at least {least}{inside}.",
    "late": "No call for {silent}: {times} expected intervals of {every}, but at least {least}{inside}.",
    "never_synced": "No sync of this company has been completed yet.",
    "waiting": "A sync was asked for, and begins when the Web Connector calls.",
    "connected": "None of these: the Web Connector calls as expected, about every {every}.",
}
COUNTS = {"not_active": (NOT_ACTIVE_INTERVALS, NOT_ACTIVE), "late": (LATE_INTERVALS, LATE)}
WORDS = {2: "two", 3: "three"}


def _rule(name: str, interval: timedelta, window: Window) -> str:
    times, least = COUNTS.get(name, (0, timedelta()))
    return RULES[name].format(
        silent=exact(max(interval * times, least)),
        times=WORDS.get(times, times),
        every=exact(interval),
        least=exact(least),
        inside="" if window.always else ", counted inside the sync window only",
    )


def _together(names: tuple[str, ...]) -> str:
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def span(length: timedelta) -> str:
    """About how long: 30 s, 46 min, 3 h, 2 days."""
    seconds = int(length.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} days"


def exact(length: timedelta) -> str:
    """How long: 30 s, 1 min 30 s, 45 min, 1 h 30 min, 24 h."""
    minutes, seconds = divmod(int(length.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{number} {unit}" for number, unit in ((hours, "h"), (minutes, "min"), (seconds, "s")) if number]
    return " ".join(parts) or "0 s"
