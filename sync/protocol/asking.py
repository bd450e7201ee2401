"""sendRequestXML: the next document of a session, or the way out.

First the file that is open says which it is; then what was written is resolved, what is approved is written, and what
is left of the run is read.
"""

from dataclasses import replace

from sync.protocol import plan, sentences
from sync.protocol.events import SendRequest
from sync.protocol.identity import FileFacts, compare, same_path
from sync.protocol.orders import stops
from sync.protocol.plan import Ask
from sync.protocol.session import ALIVE, InFlight, Session, State, Step, fail, lost_by, without_answer
from sync.qbxml.build import lower_of, version_for

NO_OP = "NoOp"


def send(session: Session, event: SendRequest) -> Step:
    if session.state not in ALIVE:
        return Step(session=session, reply="")
    lost = lost_by(session)
    session = without_answer(session)
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
    step = identify(session, facts)
    if step.session.identified:
        step = replace(_next(step.session), facts=facts)
    return replace(step, lost=lost)


def _ask_identity(session: Session) -> Step:
    prefix = f"{session.id}-{session.asked + 1}"
    return _asking(session, Ask(kind="identity", requests=plan.identity_requests(session.expected.owner_id, prefix)))


def _asking(session: Session, ask: Ask) -> Step:
    number = session.asked + 1
    in_flight = InFlight(request_id=f"{session.id}-{number}", kind=ask.kind, position=ask.position)
    session = replace(session, state=State.ASKED, asked=number, in_flight=in_flight)
    return Step(session=session, reply="", ask=ask)


def identify(session: Session, facts: FileFacts) -> Step:
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
