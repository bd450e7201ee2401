"""Sessions, runs and calls as the tests of the protocol need them: a name for each part, everything else as usual."""

from dataclasses import replace
from typing import Any

from sync.protocol.events import (
    ConnectionClosed,
    ConnectionFailed,
    Event,
    LastErrorAsked,
    ResponseFailed,
    ResponseReceived,
    SendRequest,
)
from sync.protocol.identity import ExpectedFile, FileFacts
from sync.protocol.plan import EntityWork, Mode, RunWork
from sync.protocol.session import InFlight, Session, State, Step
from sync.protocol.turns import advance
from sync.qbxml.heads import Head, Status

OWNER = "{5C3E9E1A-7A0B-4B1C-9E35-2F6B1C0D4E5F}"
FILE = "{0E6A4B1F-2D53-4C59-8D6F-3A1C90B7E245}"
PATH = "C:\\Books\\Halder.qbw"
NAME = "Halder Natural Stone, Inc."
EXPECTED = ExpectedFile(owner_id=OWNER, file_id=FILE, region="US", path=PATH, company_name=NAME)
ITERATOR = "{aa6d6e8d-0001-4d15-b675-000000000007}"


def facts(**changes: Any) -> FileFacts:
    """What the right file says of itself."""
    usual = FileFacts(company_name=NAME, file_id=FILE, country="US", versions=("1.0", "12.0", "13.0", "16.0"))
    return replace(usual, **changes)


def work(entity: str, position: int = 0, **changes: Any) -> EntityWork:
    """An entity that waits to be read, by pages of 100 where it iterates."""
    pages = 0 if entity in ("Account", "Class", "Terms", "ListDeleted", "TxnDeleted") else 100
    return replace(EntityWork(position=position, entity=entity, mode=Mode.WHOLE, page_rows=pages), **changes)


def run(*works: EntityWork, **changes: Any) -> RunWork:
    """A run of these entities, whose rows were counted."""
    placed = tuple(replace(one, position=position) for position, one in enumerate(works))
    return replace(RunWork(id=3, kind="initial", entities=placed, counts_asked=len(placed)), **changes)


def opened(*works: EntityWork, **changes: Any) -> Session:
    """A session right after authenticate."""
    usual = Session(id=7, state=State.OPEN, expected=EXPECTED, begun=True, run=run(*(works or (work("Customer"),))))
    return replace(usual, **changes)


def ready(*works: EntityWork, **changes: Any) -> Session:
    """A session whose file is identified."""
    return replace(opened(*works), **{"state": State.READY, "identified": True, "version": "13.0", **changes})


def asked(*works: EntityWork, **changes: Any) -> Session:
    """A session whose first page of the first entity is in flight."""
    return advance(ready(*works, **changes), send()).session


def in_state(state: State) -> Session:
    """A session with work left, in any state."""
    if state is State.ASKED:
        return asked(percent=40)
    session = opened(percent=40) if state is State.OPEN else ready(percent=40)
    failed = {"error": "Why.", "result": "Why."} if state is State.FAILED else {}
    return replace(session, state=state, **failed)


def send(**changes: Any) -> SendRequest:
    """sendRequestXML, by default a later one: without strHCPResponse."""
    return replace(SendRequest(facts=None, file_path=PATH, country="US", version=(16, 0)), **changes)


def first_send(**changes: Any) -> SendRequest:
    """The first sendRequestXML of a session, with strHCPResponse."""
    return send(**{"facts": facts(), **changes})


def head(name: str = "CustomerQueryRs", request_id: str = "7-1", code: int = 0, **changes: Any) -> Head:
    """The start of one response."""
    usual = Head(
        name=name,
        request_id=request_id,
        status=Status(code, "Info" if code < 500 else "Error", "Status OK" if code == 0 else "As QuickBooks says."),
        iterator_id=None,
        iterator_remaining=None,
        ret_count=None,
        attributes={},
    )
    return replace(usual, **changes)


def answer(rows: int = 0, *heads: Head, **changes: Any) -> ResponseReceived:
    """receiveResponseXML with so many rows; without heads, the whole of CustomerQuery."""
    return replace(ResponseReceived(heads=heads or (head(),), rows=rows), **changes)


def page(rows: int, remaining: int | None, request_id: str = "7-1", **changes: Any) -> ResponseReceived:
    """One page of an iterator on customers."""
    return answer(rows, head(request_id=request_id, iterator_id=ITERATOR, iterator_remaining=remaining, **changes))


def refused(hresult: str = "0x80040400", message: str = "QuickBooks found an error.") -> ResponseFailed:
    return ResponseFailed(hresult=hresult, message=message)


def not_connected(hresult: str = "0x80040408") -> ConnectionFailed:
    return ConnectionFailed(hresult=hresult, message="Could not start QuickBooks.")


def through(session: Session, *events: Event) -> list[Step]:
    """The steps of several calls in turn."""
    steps = []
    for event in events:
        steps.append(advance(session, event))
        session = steps[-1].session
    return steps


def taken_in(session: Session) -> Session:
    """The same session once the queue has taken in every answer."""
    return replace(session, run=replace(run_of(session), unprocessed=0))


def run_of(session: Session) -> RunWork:
    assert session.run is not None
    return session.run


def entity(session: Session, position: int = 0) -> EntityWork:
    return run_of(session).entities[position]


LAST_ERROR = LastErrorAsked()
CLOSED = ConnectionClosed()
IN_FLIGHT = InFlight(request_id="7-1", kind="read", position=0)
