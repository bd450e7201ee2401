"""One conversation with the Web Connector as a value: what it waits for, what it has asked, and what one call does.

What follows what is decided in `turns`; here are the values, and what the turns share.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum

from sync.protocol.identity import ExpectedFile, FileFacts, Mismatch
from sync.protocol.orders import NONE, Orders
from sync.protocol.plan import Ask, Client, EntityWork, Known, RunWork
from sync.protocol.writes import NOTHING, Writes

SILENCE = timedelta(hours=1)  # after which a ticket is dead
STOP = -1


class State(StrEnum):
    """What the session waits for."""

    OPEN = "open"  # the first sendRequestXML
    READY = "ready"  # the next sendRequestXML
    ASKED = "asked"  # the answer to the request in flight
    WAITING = "waiting"  # getLastError after NoOp: the queue has work left, QuickBooks has none
    FAILED = "failed"  # getLastError, then closeConnection
    DONE = "done"  # closeConnection
    CLOSED = "closed"


ALIVE = frozenset({State.OPEN, State.READY, State.ASKED, State.WAITING})


@dataclass(frozen=True, slots=True, kw_only=True)
class InFlight:
    """The request that QuickBooks has."""

    request_id: str  # of its message; of several, what their requestIDs begin with
    kind: str  # identity, customs, counts, read, write, look
    position: int | None = None  # of the entity that it reads


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Everything that decides the next reply."""

    id: int
    state: State
    expected: ExpectedFile
    begun: bool  # a person said: sync this company with this file
    adopts_first: bool = False  # the first file that answers is the right one
    orders: Orders = NONE
    writes: Writes = NOTHING
    run: RunWork | None = None
    in_flight: InFlight | None = None
    asked: int = 0
    percent: int = 0
    identified: bool = False
    connection_errors: int = 0
    version: str = ""
    country: str = ""
    file_path: str = ""
    page_rows: int | None = None  # a fixed MaxReturned
    known: Mapping[str, Known] = field(default_factory=dict)  # of earlier runs; read when a run is planned
    keys_for_all: bool = False
    error: str = ""
    result: str = ""

    @property
    def client(self) -> Client:
        """What the computer speaks."""
        return Client(session=self.id, product="QBCA" if self.expected.region == "CA" else "QBD", version=self.version)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one call does: the session after it, the reply, and what has to be stored."""

    session: Session
    reply: str | int
    ask: Ask | None = None  # to be sent, as the reply
    answered: str | None = None  # the request whose answer this call brought
    taken: bool = False  # the answer is complete with this call: it has no rows to take in
    rejected: str = ""  # why QuickBooks did not carry out any part of the document that was in flight
    lost: str | None = None  # the request whose answer never came
    facts: FileFacts | None = None  # the file said this of itself
    mismatches: tuple[Mismatch, ...] = ()
    refused: tuple[str, str] | None = None  # hresult and message with which QuickBooks did not open
    ended: bool = False  # the conversation is over


def fail(session: Session, error: str) -> Session:
    """The session after something went wrong: it ends once the Web Connector has asked why."""
    return replace(session, state=State.FAILED, in_flight=None, error=error, result=error)


def work_of(run: RunWork, position: int) -> EntityWork:
    return next(work for work in run.entities if work.position == position)


def without_answer(session: Session) -> Session:
    """The session when sendRequestXML comes although an answer is due: the answer, or our reply to it, was lost."""
    run = session.run
    if session.in_flight and run and session.in_flight.position is not None:
        run = run.with_entity(work_of(run, session.in_flight.position).again())
    return replace(session, state=State.READY, in_flight=None, run=run)


def lost_by(session: Session) -> str | None:
    """The request whose answer will not come. Of a message set that writes it is not known: it is sent again."""
    in_flight = session.in_flight
    return in_flight.request_id if in_flight and in_flight.kind != "write" else None
