"""What an answer does to the entity that it was asked for: read on, read again from its start, done, or given up.

Rule 1: an entity is received only when nothing is missing by QuickBooks' own counts.
Rule 2: nothing is tried without end: PASSES_IN_A_SESSION bounds the readings, TRIES the refusals.
"""

from dataclasses import replace

from sync.protocol import plan, sentences
from sync.protocol.events import ResponseReceived
from sync.protocol.plan import EntityWork, Mode, RunWork, Stage
from sync.qbxml.entities import ENTITIES
from sync.qbxml.heads import Head
from sync.qbxml.statuses import outcome

LONGEST_ITERATOR_ID = 100  # characters
BELIEVED = 3  # readings in a session, from which on a count that does not add up is taken for QuickBooks' own


def after_answer(
    work: EntityWork, run: RunWork, event: ResponseReceived, session: int, fixed_rows: int | None
) -> tuple[EntityWork, bool]:
    """The entity after an answer to it, and whether the answer has rows to take in.

    `fixed_rows` is the MaxReturned that a person set, None when pages grow and shrink by themselves.
    """
    if work.stage is not Stage.READING:  # it was given up or is to be read again; rows are welcome all the same
        return work, event.rows > 0
    moved, has_rows = _moved(work, event, session, fixed_rows)
    if work.mode is Mode.REFRESH and moved.stage is Stage.RECEIVED:
        moved = _refreshed(work, run, session)
    return moved, has_rows


def counted(run: RunWork, heads: tuple[Head, ...]) -> RunWork:
    """The run after an answer that only counts rows."""
    waiting = {str(work.position): work for work in run.entities if work.stage is Stage.WAITING}
    for head in heads:
        work = waiting.get(head.request_id.rpartition("-")[2])
        if work is None:
            continue
        if outcome(head.status.code) == "feature_off":
            run = run.with_entity(replace(work, stage=Stage.OFF, reason=head.status.message))
        elif head.status.code == 1:
            run = run.with_entity(replace(work, expected=0))
        elif head.ret_count is not None and head.ret_count >= 0:
            run = run.with_entity(replace(work, expected=head.ret_count))
    return run


def _moved(work: EntityWork, event: ResponseReceived, session: int, fixed_rows: int | None) -> tuple[EntityWork, bool]:
    head = event.heads[0] if event.heads else None
    if head is None or head.status.code < 0:
        return failed(work, sentences.UNREADABLE), False
    if not head.request_id or head.name != answer_of(work):  # perhaps an older answer that comes again
        return failed(work, sentences.UNNAMED), False
    match outcome(head.status.code):
        case "feature_off":
            return replace(work, stage=Stage.OFF, reason=head.status.message), False
        case "iterator_dead":
            return restart(work, head.status.message), False
        case "warning" if event.rows == 0 and work.mode is not Mode.REFRESH:  # says nothing of how many there are
            return failed(work, f"{head.status.code}: {head.status.message}"), False
        case "empty" | "done" | "warning":
            return _page_of(work, head, event, session, fixed_rows), event.rows > 0
        case _:
            return failed(work, f"{head.status.code}: {head.status.message}"), False


def answer_of(work: EntityWork) -> str:
    """The response that answers a query of the entity: "CustomerQueryRs"."""
    return f"{work.entity}QueryRs"


def _page_of(work: EntityWork, head: Head, event: ResponseReceived, session: int, fixed_rows: int | None) -> EntityWork:
    received = replace(work, received=work.received + event.rows, pages=work.pages + 1, errors=0, reason="")
    over = replace(received, stage=Stage.RECEIVED, iterator_id="", iterator_session=None, remaining=0)
    if work.page_rows == 0 or work.mode is Mode.DELETED:
        return over
    remaining = head.iterator_remaining
    if _page_missing(work, remaining or 0, event.rows):
        return restart(work, sentences.PAGE_MISSING)
    if remaining is None and event.rows >= work.page_rows:
        return replace(restart(work, sentences.NO_ITERATOR), page_rows=0)
    if remaining is None or remaining <= 0:
        return over
    if event.rows == 0:
        return restart(work, sentences.PAGE_MISSING)
    if not 0 < len(head.iterator_id or work.iterator_id) <= LONGEST_ITERATOR_ID:
        return failed(work, sentences.NO_ITERATOR_ID)
    expected = max(received.received + remaining, work.expected or 0) if work.mode is not Mode.KEYS else None
    return replace(
        received,
        iterator_id=head.iterator_id or work.iterator_id,
        iterator_session=session,
        remaining=remaining,
        expected=expected,
        page_rows=plan.next_page_rows(work, ENTITIES[work.entity], event.took, fixed_rows),
    )


def _page_missing(work: EntityWork, remaining: int, rows: int) -> bool:
    """Whether fewer rows came than QuickBooks counted down.

    A row that somebody deletes meanwhile looks the same; a QuickBooks that counts so each time is believed.
    """
    missing = work.remaining is not None and work.remaining - remaining > rows
    return missing and (work.passes_here < BELIEVED or work.mode in (Mode.SWEEP, Mode.KEYS))  # those may not miss any


def _refreshed(work: EntityWork, run: RunWork, session: int) -> EntityWork:
    """The next ids of a refreshing, or its end. What was not found is known to be gone, or will be."""
    received = work.received + len(plan.refreshed_by(work, run))
    moved = replace(work, received=received, pages=work.pages + 1, errors=0, reason="", iterator_session=session)
    return moved if received < len(run.touched.get(work.entity, ())) else replace(moved, stage=Stage.RECEIVED)


def restart(work: EntityWork, reason: str) -> EntityWork:
    """Read the entity from its start again, unless this session has tried that often enough."""
    if work.passes_here >= plan.PASSES_IN_A_SESSION:
        return replace(work.again(reason), stage=Stage.FAILED)
    return work.again(reason)


def failed(work: EntityWork, reason: str) -> EntityWork:
    """One more refusal: asked again after the others, given up after TRIES."""
    errors = work.errors + 1
    again = replace(work.again(reason), errors=errors)
    return replace(again, stage=Stage.FAILED) if errors >= plan.TRIES else again
