"""What authenticate answers: who may begin a session, and when there is nothing to begin it for."""

from dataclasses import dataclass
from datetime import timedelta

LEASE = timedelta(minutes=15)  # of silence, after which another computer may take over
FLOOR = timedelta(seconds=60)  # between two syncs that nobody asked for
SLACK = timedelta(seconds=30)  # a scheduled call may come this much early
STANDBY_WAIT = 60  # seconds until a standby computer asks again
WRONG_KEYS = 5  # within WRONG_KEYS_WINDOW: after them, keys are no longer looked at
WRONG_KEYS_WINDOW = timedelta(minutes=10)


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
    if caller.paused:
        return Admission("none")
    if caller.held_by_other is not None and caller.held_by_other < LEASE:
        return Admission("none", wait=STANDBY_WAIT)
    if not caller.begun or caller.has_run:
        return Admission("")
    return Admission("", new_run=True) if _due(caller) else Admission("none")


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
