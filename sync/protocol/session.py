"""One conversation with the Web Connector, as a value: `advance` takes a call and gives the next value and the reply.

Rule 1: every reply is decided here; whoever calls stores the step first and replies then.
Rule 2: an answer is taken only for the request that is in flight; any other is a repetition and changes nothing.
Rule 3: an iterator whose answer was lost is read again from its start: continuing it would skip a page.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum

from sync.protocol import pages, plan, sentences
from sync.protocol.events import (
    ConnectionClosed,
    ConnectionFailed,
    Event,
    LastErrorAsked,
    ResponseFailed,
    ResponseReceived,
    SendRequest,
)
from sync.protocol.identity import ExpectedFile, FileFacts, Mismatch, compare, same_path
from sync.protocol.orders import NONE, Orders, stops
from sync.protocol.plan import Ask, Client, EntityWork, Known, RunWork, Stage
from sync.protocol.writes import NOTHING, OF_CHANGES, Writes
from sync.qbxml.build import lower_of, lower_version, version_for
from sync.qbxml.heads import Head

CONNECTION_RETRIES = 2
SILENCE = timedelta(hours=1)  # after which a ticket is dead
NO_OP = "NoOp"
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
    kind: str  # identity, counts, read, write, look
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


def advance(session: Session, event: Event) -> Step:
    """Take one call; return the new session, the reply and what to store.

    Pure: the session given stays as it was. No call raises: what makes no sense is answered by the table of unexpected
    events in Intuit's guide.
    """
    match event:
        case SendRequest():
            return _send(session, event)
        case ResponseReceived():
            return _received(session, event)
        case ResponseFailed():
            return _refused(session, event)
        case ConnectionFailed():
            return _not_connected(session, event)
        case LastErrorAsked():
            return _last_error(session)
        case ConnectionClosed():
            return _closed(session)


def fail(session: Session, error: str) -> Session:
    """The session after something went wrong: it ends once the Web Connector has asked why."""
    return replace(session, state=State.FAILED, in_flight=None, error=error, result=error)


# sendRequestXML


def _send(session: Session, event: SendRequest) -> Step:
    if session.state not in ALIVE:
        return Step(session=session, reply="")
    lost = _lost(session)
    session = _without_answer(session)
    another = bool(session.file_path and event.file_path) and not same_path(session.file_path, event.file_path)
    session = replace(
        session,
        version=session.version or version_for(event.version),
        country=event.country or session.country,
        file_path=event.file_path or session.file_path,
    )
    why = stops(session.orders)
    if why is not None:
        return Step(session=fail(session, why), reply="", lost=lost)
    if session.identified and not another:
        return replace(_next(session), lost=lost)
    session = replace(session, identified=False)
    facts = event.facts
    if facts is None or not facts.file_id or (not session.begun and not session.adopts_first):
        return replace(_ask_identity(session), lost=lost)  # what is told beside the first call is not yet compared
    step = _identify(session, facts)
    if step.session.identified:
        step = replace(_next(step.session), facts=facts)
    return replace(step, lost=lost)


def _without_answer(session: Session) -> Session:
    """The session when sendRequestXML comes although an answer is due: the answer, or our reply to it, was lost."""
    run = session.run
    if session.in_flight and run and session.in_flight.position is not None:
        run = run.with_entity(_work(run, session.in_flight.position).again())
    return replace(session, state=State.READY, in_flight=None, run=run)


def _lost(session: Session) -> str | None:
    """The request whose answer will not come. Of a message set that writes it is not known: it is sent again."""
    in_flight = session.in_flight
    return in_flight.request_id if in_flight and in_flight.kind != "write" else None


def _ask_identity(session: Session) -> Step:
    prefix = f"{session.id}-{session.asked + 1}"
    return _asking(session, Ask(kind="identity", requests=plan.identity_requests(session.expected.owner_id, prefix)))


def _asking(session: Session, ask: Ask) -> Step:
    number = session.asked + 1
    in_flight = InFlight(request_id=f"{session.id}-{number}", kind=ask.kind, position=ask.position)
    session = replace(session, state=State.ASKED, asked=number, in_flight=in_flight)
    return Step(session=session, reply="", ask=ask)


def _identify(session: Session, facts: FileFacts) -> Step:
    """Compare the file with the one expected; go on to the first request when it is the one."""
    mismatches = tuple(compare(session.expected, facts, session.file_path, session.country))
    if mismatches:
        session = fail(session, sentences.wrong_file(mismatches))
        return Step(session=session, reply="", facts=facts, mismatches=mismatches)
    if not session.begun and not session.adopts_first:
        session = replace(session, state=State.DONE, percent=100, in_flight=None, result=sentences.TO_CONFIRM)
        return Step(session=session, reply=100, facts=facts)
    version = lower_of(version_for(facts.versions), session.version) if facts.versions else session.version
    session = replace(session, identified=True, begun=True, version=version, state=State.READY, in_flight=None)
    return Step(session=_planned(session, facts), reply="", facts=facts)


def _planned(session: Session, facts: FileFacts) -> Session:
    """The session with the entities of its run, which the file's preferences decide."""
    run = session.run
    if run is None or run.entities:
        return session
    entities = plan.plan_entities(
        run.kind, session.known, facts.preferences, session.client, session.page_rows, session.keys_for_all
    )
    return replace(session, run=replace(run, entities=entities))


def _next(session: Session) -> Step:
    """The next document of an identified session, or the way out."""
    if session.writes.left:
        return _write(session)
    if session.run is None:
        return Step(session=fail(session, sentences.NOTHING_TO_DO), reply="")
    run, ask = plan.next_ask(session.run, session.client, session.asked + 1)
    session = replace(session, run=run)
    if ask is not None:
        return _asking(session, ask)
    if run.nothing_left:
        return Step(session=fail(session, sentences.complete(run)), reply="")
    return Step(session=replace(session, state=State.WAITING), reply=NO_OP)


def _write(session: Session) -> Step:
    """Resolve what was written before, then write what is approved: the documents are the store's to make."""
    writes = session.writes
    if writes.open_set and writes.same_application:
        in_flight = InFlight(request_id=writes.open_set, kind="write")
        again = replace(session, state=State.ASKED, in_flight=in_flight)
        return Step(session=again, reply="", ask=Ask(kind="resend", requests=()))
    kind = "look" if writes.open_set or writes.doubtful else "write" if writes.approved else "seek"
    return _asking(session, Ask(kind=kind, requests=()))


def without(session: Session, kind: str) -> Step:
    """The next document when it turns out that there is nothing to look for, or nothing that can be written now."""
    session = replace(session, state=State.READY, in_flight=None, asked=session.asked - 1)
    writes = session.writes
    match kind:
        case "write":
            left = replace(writes, approved=False)
        case "seek":
            left = replace(writes, sought=False)
        case _:
            left = replace(writes, open_set="", doubtful=False)
    return _next(replace(session, writes=left))


# receiveResponseXML


def _received(session: Session, event: ResponseReceived) -> Step:
    in_flight = session.in_flight
    if session.state is not State.ASKED or in_flight is None or not _answers(in_flight, event.heads):
        return Step(session=session, reply=_again(session))
    if in_flight.kind == "identity":
        return replace(_identity_answered(session, event), answered=in_flight.request_id, taken=True)
    if in_flight.kind == "counts":
        return replace(_counted(session, event), answered=in_flight.request_id, taken=True)
    if in_flight.kind in OF_CHANGES:
        session = replace(session, state=State.READY, in_flight=None)
        return Step(session=session, reply=max(1, session.percent), answered=in_flight.request_id, taken=True)
    return _page_received(session, in_flight, event)


def _answers(in_flight: InFlight, heads: tuple[Head, ...]) -> bool:
    """Whether this is the answer to the request in flight, by requestID; one that names none stands in its place."""
    named = {head.request_id for head in heads if head.request_id}
    ours = in_flight.request_id
    return not named or any(one == ours or one.startswith(f"{ours}-") for one in named)


def _again(session: Session) -> int:
    """The reply to an answer that came twice, or too late: as before."""
    if session.state in (State.FAILED, State.CLOSED):
        return STOP
    return 100 if session.state is State.DONE else max(1, session.percent)


def _identity_answered(session: Session, event: ResponseReceived) -> Step:
    session = replace(session, in_flight=None)
    if event.facts is None:
        session = fail(session, sentences.UNREADABLE_IDENTITY)
        return Step(session=session, reply=STOP)
    step = _identify(session, event.facts)
    if step.session.state is State.FAILED:
        return replace(step, reply=STOP)
    return step if step.session.state is State.DONE else replace(step, reply=max(1, session.percent))


def _counted(session: Session, event: ResponseReceived) -> Step:
    run = pages.counted(session.run, event.heads) if session.run is not None else None
    return Step(session=replace(session, state=State.READY, in_flight=None, run=run), reply=max(1, session.percent))


def _page_received(session: Session, in_flight: InFlight, event: ResponseReceived) -> Step:
    run, position = session.run, in_flight.position
    session = replace(session, state=State.READY, in_flight=None)
    if run is None or position is None:  # the run was ended meanwhile: what was read for it is not wanted any more
        return Step(session=session, reply=max(1, session.percent), answered=in_flight.request_id, taken=True)
    moved, has_rows = pages.after_answer(_work(run, position), run, event, session.id, session.page_rows)
    run = run.with_entity(moved)
    if has_rows:
        run = replace(run, unprocessed=run.unprocessed + 1)
    step = progress(replace(session, run=run))
    return replace(step, answered=in_flight.request_id, taken=not has_rows)


def settled(session: Session, run: RunWork) -> Step:
    """The reply after the queue was waited for. Of a run that it completed nothing is left."""
    complete = replace(run, unprocessed=0, refreshes=False)
    return progress(session if session.run is not None else replace(session, run=complete))


def progress(session: Session) -> Step:
    """The reply to an answer: the percentage, 100 only when nothing is left."""
    run = session.run
    if run is None:  # it is not known yet, or was ended meanwhile: the next sendRequestXML finds out
        return Step(session=session, reply=max(1, session.percent))
    if run.nothing_left and not session.writes.left:
        session = replace(session, state=State.DONE, percent=100, result=sentences.complete(run))
        return Step(session=session, reply=100)
    percent = max(1, session.percent, plan.percent(run.entities))  # at most 99
    return Step(session=replace(session, percent=percent), reply=percent)


def _refused(session: Session, event: ResponseFailed) -> Step:
    """QuickBooks refused the whole document: the next one is asked when only this one was at fault."""
    in_flight = session.in_flight
    if session.state is not State.ASKED or in_flight is None:
        return Step(session=session, reply=_again(session))
    reason = sentences.hresult(event.hresult, event.message)
    if in_flight.kind in OF_CHANGES:
        return _not_carried_out(session, in_flight, event.hresult, reason)
    lower = lower_version(session.version) if sentences.speaks_of_version(event.hresult) else None
    concerns = sentences.concerns_request(event.hresult) and in_flight.kind != "identity"
    run = session.run
    if run is not None and in_flight.position is not None:
        work = _work(run, in_flight.position)
        if concerns and lower is None:
            work = replace(work.again(reason), stage=Stage.FAILED)
        elif lower is None and sentences.may_concern_request(event.hresult):
            work = pages.failed(work, reason)
        else:
            work = replace(work.again(reason), errors=work.errors if lower else max(work.errors, 1))
        run = run.with_entity(work)
    session = replace(session, run=run, in_flight=None, state=State.READY, version=lower or session.version)
    goes_on = concerns or lower is not None
    step = progress(session) if goes_on else Step(session=fail(session, reason), reply=STOP)
    return replace(step, answered=in_flight.request_id, taken=True)


def _not_carried_out(session: Session, in_flight: InFlight, hresult: str, reason: str) -> Step:
    """A document that writes or looks was refused as a whole.

    One that did not fit the schema was not carried out in any part. After any other hresult that is not known: the next
    session sends it again.
    """
    if not sentences.refuses_document(hresult):
        return Step(session=fail(session, reason), reply=STOP, answered=_lost(session), taken=True)
    lower = lower_version(session.version) if sentences.speaks_of_version(hresult) else None
    session = replace(session, state=State.READY, in_flight=None, version=lower or session.version)
    rejected = "" if lower else reason
    return Step(
        session=session,
        reply=max(1, session.percent),
        answered=in_flight.request_id,
        taken=True,
        rejected=rejected or sentences.OTHER_VERSION,
    )


# connectionError, getLastError, closeConnection


def _not_connected(session: Session, event: ConnectionFailed) -> Step:
    reason = sentences.hresult(event.hresult, event.message)
    refused = (event.hresult, event.message)
    if session.state not in ALIVE:
        return Step(session=session, reply="done", refused=refused)
    retry = sentences.retry_path(event.hresult, session.expected.path)
    if retry is None or session.connection_errors >= CONNECTION_RETRIES:
        failed = replace(fail(_without_answer(session), reason), state=State.CLOSED)
        return Step(session=failed, reply="done", refused=refused, lost=_lost(session), ended=True)
    session = replace(session, connection_errors=session.connection_errors + 1, error=reason)
    return Step(session=session, reply=retry, refused=refused)


def _last_error(session: Session) -> Step:
    match session.state:
        case State.WAITING:
            return Step(session=replace(session, state=State.READY), reply=NO_OP)
        case State.FAILED:
            return Step(session=replace(session, state=State.DONE), reply=session.error)
        case _:
            return Step(session=session, reply=session.error or sentences.NO_ERROR)


def _closed(session: Session) -> Step:
    if session.state is State.CLOSED:
        return Step(session=session, reply=session.result or sentences.CLOSED)
    result = session.result or sentences.INTERRUPTED
    run = session.run
    if session.in_flight and run and session.in_flight.position is not None:
        run = run.with_entity(_work(run, session.in_flight.position).again())
    closed = replace(session, state=State.CLOSED, in_flight=None, run=run, result=result)
    return Step(session=closed, reply=result, lost=_lost(session), ended=True)


def abandon(session: Session) -> Step:
    """End a session whose Web Connector went away: the same as a close that never came."""
    return _closed(session)


def end(session: Session, why: str) -> Step:
    """End a session from our side: the Web Connector's next call hears why."""
    return _closed(replace(session, error=why, result=why))


def _work(run: RunWork, position: int) -> EntityWork:
    return next(work for work in run.entities if work.position == position)
