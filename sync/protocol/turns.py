"""One conversation with the Web Connector: `advance` takes a call and gives the session after it and the reply.

Rule 1: every reply is decided here; whoever calls stores the step first and replies then.
Rule 2: an answer is taken only for the request that is in flight; any other is a repetition and changes nothing.
Rule 3: an iterator whose answer was lost is read again from its start: continuing it would skip a page.
"""

from dataclasses import replace

from sync.protocol import sentences
from sync.protocol.answers import received, refused
from sync.protocol.asking import NO_OP, send
from sync.protocol.events import (
    ConnectionClosed,
    ConnectionFailed,
    Event,
    LastErrorAsked,
    ResponseFailed,
    ResponseReceived,
    SendRequest,
)
from sync.protocol.session import ALIVE, Session, State, Step, fail, lost_by, without_answer, work_of

CONNECTION_RETRIES = 2


def advance(session: Session, event: Event) -> Step:
    """Take one call; return the new session, the reply and what to store.

    Pure: the session given stays as it was. No call raises: what makes no sense is answered by the table of unexpected
    events in Intuit's guide.
    """
    match event:
        case SendRequest():
            return send(session, event)
        case ResponseReceived():
            return received(session, event)
        case ResponseFailed():
            return refused(session, event)
        case ConnectionFailed():
            return _not_connected(session, event)
        case LastErrorAsked():
            return _last_error(session)
        case ConnectionClosed():
            return _closed(session)


def _not_connected(session: Session, event: ConnectionFailed) -> Step:
    reason = sentences.hresult(event.hresult, event.message)
    refused = (event.hresult, event.message)
    if session.state not in ALIVE:
        return Step(session=session, reply="done", refused=refused)
    retry = sentences.retry_path(event.hresult, session.expected.path)
    if retry is None or session.connection_errors >= CONNECTION_RETRIES:
        failed = replace(fail(without_answer(session), reason), state=State.CLOSED)
        return Step(session=failed, reply="done", refused=refused, lost=lost_by(session), ended=True)
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
        run = run.with_entity(work_of(run, session.in_flight.position).again())
    closed = replace(session, state=State.CLOSED, in_flight=None, run=run, result=result)
    return Step(session=closed, reply=result, lost=lost_by(session), ended=True)


def abandon(session: Session) -> Step:
    """End a session whose Web Connector went away: the same as a close that never came."""
    return _closed(session)


def end(session: Session, why: str) -> Step:
    """End a session from our side: the Web Connector's next call hears why."""
    return _closed(replace(session, error=why, result=why))
