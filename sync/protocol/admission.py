"""What authenticate answers: who may begin a session, and when there is nothing to begin it for."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

LEASE = timedelta(minutes=15)  # of silence, after which another computer may take over
FLOOR = timedelta(seconds=60)  # between two syncs that nobody asked for
SLACK = timedelta(seconds=30)  # a scheduled call may come this much early
STANDBY_WAIT = 60  # seconds until a standby computer asks again
WRONG_KEYS = 5  # within WRONG_KEYS_WINDOW: after them, keys are no longer looked at
WRONG_KEYS_WINDOW = timedelta(minutes=10)
UNKNOWN_KEPT = timedelta(days=1)  # a user name that no connector has
UNKNOWN_TRIES = 20  # of such names from one address within WRONG_KEYS_WINDOW: more are not recorded
UNKNOWN_AT_ONCE = 100  # such names, the latest
SEEN = timedelta(seconds=10)  # calls closer together are not written down
LONGER = 2  # times the usual gap: what a computer that was off adds at most
WEIGHT = 0.25  # of the last gap in the smoothed one


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """What is known when a user name and a key arrive."""

    key_fits: bool  # false too for an unknown user name, a revoked connector, or too many wrong keys
    paused: bool
    begun: bool  # or may begin with the first file that answers
    has_run: bool  # one that is queued, or goes on
    held_by_other: timedelta | None  # since another computer's session last called; None: no such session
    last_ended: timedelta | None  # since the last run ended; None: never
    last_began: timedelta | None
    schedule: timedelta
    polls: bool  # the Web Connector calls more often than the schedule asks to sync
    off: bool = False  # QuickBooks Desktop is switched off, or the company was removed
    asked: bool = False  # a person asked for the run
    window_open: bool = True
    first_cancelled: bool = False  # the first sync was cancelled, and none was complete since
    holder_silent: timedelta | None = None  # since the connector of the last session called; None: it is this one
    lease: timedelta = LEASE  # how long the holder may be silent


@dataclass(frozen=True, slots=True)
class Admission:
    """The reply: "" opens a session; the others end here."""

    code: str  # "", "none", "nvu"
    wait: int | None = None  # seconds to postpone the next call
    new_run: bool = False  # the session begins an incremental run of its own


def admit(caller: Caller) -> Admission:
    """Decide what authenticate answers."""
    if not caller.key_fits:
        return Admission("nvu")
    if caller.off or caller.paused:
        return Admission("none")
    if caller.held_by_other is not None and caller.held_by_other < LEASE:
        return Admission("none", wait=STANDBY_WAIT)
    if not caller.begun or (caller.has_run and caller.asked):
        return Admission("")
    wanted = caller.has_run or (not caller.first_cancelled and _due(caller))
    stands_by = caller.holder_silent is not None and caller.holder_silent < caller.lease
    if not wanted or not caller.window_open or stands_by:
        return Admission("none")
    return Admission("", new_run=not caller.has_run)


def lease(interval: timedelta) -> timedelta:
    """How long the connector of the last session keeps the syncs that nobody asked for, without calling."""
    return max(interval, LEASE) + SLACK


def _due(caller: Caller) -> bool:
    """Whether a call that nobody announced is a reason to sync.

    With a schedule of minutes the Web Connector calls by it, or because a person pressed Update Selected: either way a
    sync is wanted. When it polls, only the schedule counts.
    """
    if caller.last_ended is None or caller.last_began is None:
        return True
    if caller.polls:
        return caller.last_began >= caller.schedule - SLACK
    return caller.last_ended >= FLOOR


class WrongKey(StrEnum):
    """Why a key was refused, most likely: what the set-up page says of it."""

    BLOCKED = "blocked"  # after WRONG_KEYS of them it was not looked at
    REVOKED = "revoked"  # the right key of a connector that was revoked
    OLD = "old"  # a key that this connector had before
    ALTERED = "altered"  # right but for white space, case or dashes
    OTHER = "other"  # that of another connector
    MISTYPED = "mistyped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """What is known of a key that did not open a session.

    `same` speaks of it as it came, `nearly` as it should have been: capitals, in groups of five, no white space.
    """

    tries: int  # wrong keys from this address within WRONG_KEYS_WINDOW, before this one
    revoked: bool
    same_current: bool = False
    nearly_current: bool = False
    retired: bool = False  # same or nearly a key that no longer works
    another: bool = False  # same or nearly the key of another connector


def wrong_key(key: Presented) -> WrongKey:
    """Decide why a key was refused. The first that is true counts."""
    rules = (
        (key.tries >= WRONG_KEYS, WrongKey.BLOCKED),
        (key.revoked and (key.same_current or key.nearly_current), WrongKey.REVOKED),
        (key.retired, WrongKey.OLD),
        (key.nearly_current, WrongKey.ALTERED),
        (key.another, WrongKey.OTHER),
    )
    return next((reason for holds, reason in rules if holds), WrongKey.MISTYPED)


SENTENCES = {
    WrongKey.BLOCKED: "Five wrong keys came within ten minutes, so none is looked at until those ten minutes are over.",
    WrongKey.REVOKED: "This is the key of a connector that was revoked. Download a new connector file and use its key.",
    WrongKey.OLD: "This is an old key. Copy the present one and paste it into the Web Connector's password box.",
    WrongKey.ALTERED: "The key is right but for spaces, small letters or its dashes. Copy it whole and paste it again.",
    WrongKey.OTHER: "This is the key of {other}. Each connector has its own: copy the one of this connector.",
    WrongKey.MISTYPED: "This is no key of ours: most likely mistyped, or not copied whole. Copy it and paste it.",
}


def wrong_key_sentence(reason: str, other: str = "") -> str:
    """What a person reads of a wrong key. `other` names the connector whose key it is; "" for no reason."""
    return SENTENCES[WrongKey(reason)].format(other=other or "another connector") if reason else ""


# how often a computer calls


def every(minutes: int, seconds: int | None) -> timedelta:
    """How often the Web Connector calls by a schedule of a .qwc file."""
    return timedelta(seconds=seconds) if seconds else timedelta(minutes=minutes)


def smoothed(usual: int | None, expected: timedelta, gap: timedelta) -> int:
    """Seconds between two calls after one more gap. A long silence counts for little: the computer was off."""
    before = usual if usual is not None else expected.total_seconds()
    counted = min(gap.total_seconds(), LONGER * before)
    return round(before + WEIGHT * (counted - before))
