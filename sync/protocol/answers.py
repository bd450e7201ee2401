"""receiveResponseXML: what an answer, or QuickBooks' refusal of a whole document, makes of a session.

Rule: an answer is taken only for the request that is in flight; any other is a repetition and changes nothing.
"""

from dataclasses import replace

from sync.protocol import pages, plan, sentences
from sync.protocol.asking import identify
from sync.protocol.events import ResponseFailed, ResponseReceived
from sync.protocol.plan import COUNTING, UNASKED, RunWork, Stage
from sync.protocol.session import STOP, InFlight, Session, State, Step, fail, lost_by, work_of
from sync.protocol.writes import OF_CHANGES
from sync.qbxml.build import lower_version
from sync.qbxml.heads import Head


def received(session: Session, event: ResponseReceived) -> Step:
    in_flight = session.in_flight
    if session.state is not State.ASKED or in_flight is None or not _answers(in_flight, event.heads):
        return Step(session=session, reply=_again(session))
    if in_flight.kind == "identity":
        return replace(_identity_answered(session, event), answered=in_flight.request_id, taken=True)
    if in_flight.kind in COUNTING:
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
    step = identify(session, event.facts)
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
    moved, has_rows = pages.after_answer(work_of(run, position), run, event, session.id, session.page_rows)
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


def refused(session: Session, event: ResponseFailed) -> Step:
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
        work = work_of(run, in_flight.position)
        if concerns and lower is None:
            work = replace(work.again(reason), stage=Stage.FAILED)
        elif lower is None and sentences.may_concern_request(event.hresult):
            work = pages.failed(work, reason)
        else:
            work = replace(work.again(reason), errors=work.errors if lower else max(work.errors, 1))
        run = run.with_entity(work)
    if run is not None and in_flight.kind == "customs" and sentences.concerns_request(event.hresult):
        run = replace(run, counts_asked=0 if lower else UNASKED)  # a file that does not know the one counts the other
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
        return Step(session=fail(session, reason), reply=STOP, answered=lost_by(session), taken=True)
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
