"""What one step of a session changes, stored in the transaction that answers the call.

The hot path, a page asked or answered, is one statement: each table it changes is a branch of it.
"""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sync.protocol.identity import FileFacts
from sync.protocol.plan import EntityWork, RunWork, Stage
from sync.protocol.session import Session, State, Step
from sync.store import passes
from sync.store.base import CHANNEL, document
from sync.store.sessions import Loaded

MOVE = """
    with moved_session as (
        update session set state = $2, asked = $3, percent = $4, identified = $5, connection_errors = $6, version = $7,
            country = $8, file_path = $9, error = $10, result = $11, called_at = $12,
            ended_at = case when $13 then coalesce(ended_at, $12) else ended_at end
        where id = $1
    ), moved_run as (
        update run set counts_asked = $15, percent = greatest(percent, $16)
        where id = $14 and (counts_asked <> $15 or percent < $16)
    ), moved_entities as (
        update run_entity e set state = n.state, expected = n.expected, received = n.received,
            iterator_id = n.iterator_id, iterator_session = n.iterator_session, remaining = n.remaining,
            page_rows = n.page_rows, pages = n.pages,
            done = case when e.passes <> n.passes then 0 else e.done end, passes = n.passes,
            passes_here = n.passes_here, errors = n.errors, reason = n.reason,
            began_at = case when n.passes > 0 then coalesce(e.began_at, $12) else e.began_at end,
            ended_at = case when n.state in ('off', 'failed') then $12 else e.ended_at end
        from json_to_recordset($17::json) as n (position int, state text, expected int, received int, iterator_id text,
            iterator_session bigint, remaining int, page_rows int, pages int, passes int, passes_here int, errors int,
            reason text)
        where e.run = $14 and e.position = n.position
    ), told as (
        select pg_notify($18, topic) from unnest($19::text[]) topic
    )
    select count(*) from told
"""

ANSWERED = """
    update request set answered_at = $3, answer = $4, answer_size = $5, status_code = $6, status_severity = $7,
        status_message = $8, hresult = $9, rows = $10, remaining = $11,
        processed_at = case when $12 then $3::timestamptz end
    where session = $1 and request_id = $2
"""

ASKED = """
    insert into request (session, company, run, run_entity, request_id, kind, name, page, pass_number, body, body_size,
        sent_at, message_set_id)
    values ($1, $2, $3, (select id from run_entity where run = $3 and position = $4), $5, $6, $7, $8, $9, $10, $11, $12,
        $13)
    returning id
"""

LOST = """
    update request set set_aside = 'The answer never came.'
    where session = $1 and request_id = $2 and answered_at is null
"""

FACTS_OF_COMPANY = """
    update company set wrong_file = $2, wrong_answer = $7,
        wrong_file_at = case when $2::jsonb is null then null else coalesce(wrong_file_at, $3) end,
        refused = null, refused_at = null,
        facts = case when $2::jsonb is null then $4 else facts end,
        facts_at = case when $2::jsonb is null then $3 else facts_at end,
        file_path = case when $2::jsonb is not null or begun_at is not null then file_path else $5 end,
        begun_at = case when $6 then coalesce(begun_at, $3) else begun_at end
    where id = $1
"""

# a computer whose QuickBooks does not open lets go of the company, so that another may carry it
REFUSED = """
    update company set refused = $2, refused_at = $3,
        holder = case when $4 and holder = $5 then null else holder end
    where id = $1
"""

OWNER_OF_FILE = """
    select json_build_object('id', co.id, 'name', co.name) from company co
    where co.removed_at is null and co.id <> $1 and upper(co.file_id) = upper($2) limit 1
"""

FACTS_OF_CONNECTOR = """
    update connector set machine = case when $2 <> '' then $2 else machine end,
        file_path = case when $3 then $4 else file_path end
    where id = $1
"""

FACTS_OF_RUN = """
    update run set machine = $2,
        began_ticks = case when sessions <= 1 then coalesce(began_ticks, $3) else began_ticks end
    where id = $1
"""

OFF = """
    insert into entity_state (company, entity, off, off_at)
    select $1, entity, off, $4 from unnest($2::text[], $3::text[]) as off_now (entity, off)
    on conflict (company, entity) do update set off = excluded.off, off_at = excluded.off_at
    where entity_state.off <> excluded.off or $5
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What receiveResponseXML brought, compressed."""

    compressed: bytes  # zlib; empty with an hresult
    size: int  # bytes of the text
    code: int | None
    severity: str
    message: str
    hresult: str
    rows: int
    remaining: int | None


@dataclass(frozen=True, slots=True)
class Document:
    """What a step asks, built."""

    name: str
    compressed: bytes
    size: int
    message_set_id: str = ""
    changes: tuple[int, ...] = ()  # that it carries out


async def apply(
    connection: Any,
    loaded: Loaded,
    step: Step,
    now: datetime,
    *,
    answer: Answer | None = None,
    sent: Document | None = None,
) -> None:
    """Store a step. The reply may leave once the transaction is committed."""
    before, after = loaded.session, step.session
    if step.lost is not None:
        await connection.execute(LOST, before.id, step.lost)
    if step.facts is not None:
        await _store_facts(connection, loaded, step, now)
    if step.refused is not None:
        refused = json.dumps({"hresult": step.refused[0], "message": step.refused[1]})
        await connection.execute(REFUSED, loaded.company, refused, now, step.ended, loaded.connector)
    if step.answered is not None and answer is not None:
        await _store_answer(connection, before.id, step, answer, now)
    if before.run is not None and after.run is not None and not before.run.entities and after.run.entities:
        await _insert_entities(connection, loaded.company, after.run, now)
    if step.ask is not None and sent is not None:
        await _store_ask(connection, loaded, step, sent, now)
    await _move(connection, loaded, step, now)
    if after.run is not None and (step.taken or step.ended):
        await passes.finish(connection, after.run.id, loaded.company, now)


async def _move(connection: Any, loaded: Loaded, step: Step, now: datetime) -> None:
    """Store the session, its run and what changed of the run's entities; tell the pages."""
    session, run = step.session, step.session.run
    changed = _changed(loaded.session.run, run)
    told = (
        step.ended or step.facts is not None or step.refused is not None or any(one.stage in _TOLD for one in changed)
    )
    topics = ["companies", f"company:{loaded.company}", *([f"run:{run.id}"] if run else [])] if told else []
    await connection.execute(
        MOVE,
        session.id,
        session.state,
        session.asked,
        session.percent,
        session.identified,
        session.connection_errors,
        session.version,
        session.country,
        session.file_path,
        session.error,
        session.result,
        now,
        step.ended or session.state is State.CLOSED,
        run.id if run else None,
        run.counts_asked if run else 0,
        min(session.percent, 99),
        json.dumps([_columns(one) for one in changed]),
        CHANNEL,
        topics,
    )
    await _store_off(connection, loaded.company, changed, now, answered=True)


_TOLD = frozenset({Stage.RECEIVED, Stage.OFF, Stage.FAILED})


def _changed(before: RunWork | None, after: RunWork | None) -> list[EntityWork]:
    """The entities that a step moved; those of a run that it planned are inserted apart."""
    if before is None or after is None or not before.entities:
        return []
    return [new for old, new in zip(before.entities, after.entities, strict=True) if new is not old and new != old]


def _columns(work: EntityWork) -> dict[str, Any]:
    """Everything of an entity but what taking in writes: done, changed and newest."""
    return {
        "position": work.position,
        "state": work.stage,
        "expected": work.expected,
        "received": work.received,
        "iterator_id": work.iterator_id,
        "iterator_session": work.iterator_session,
        "remaining": work.remaining,
        "page_rows": work.page_rows,
        "pages": work.pages,
        "passes": work.passes,
        "passes_here": work.passes_here,
        "errors": work.errors,
        "reason": work.reason,
    }


async def _store_answer(connection: Any, session: int, step: Step, answer: Answer, now: datetime) -> None:
    await connection.execute(
        ANSWERED,
        session,
        step.answered,
        now,
        answer.compressed,
        answer.size,
        answer.code,
        answer.severity,
        answer.message,
        answer.hresult,
        answer.rows,
        answer.remaining,
        step.taken,
    )


async def _store_ask(connection: Any, loaded: Loaded, step: Step, sent: Document, now: datetime) -> None:
    ask, session = step.ask, step.session
    assert ask is not None
    assert session.in_flight is not None
    run = session.run
    work = next((one for one in run.entities if one.position == ask.position), None) if run else None
    request = await connection.fetchval(
        ASKED,
        session.id,
        loaded.company,
        run.id if run else None,
        ask.position,
        session.in_flight.request_id,
        ask.kind,
        sent.name,
        ask.page,
        work.passes if work else 0,
        sent.compressed,
        sent.size,
        now,
        sent.message_set_id,
    )
    if sent.changes:
        await connection.execute("update change set request = $2 where id = any($1)", list(sent.changes), request)


async def _store_facts(connection: Any, loaded: Loaded, step: Step, now: datetime) -> None:
    """The file said what it is: kept, with the reason when it is not the one expected."""
    facts, session = step.facts, step.session
    assert facts is not None
    wrong = [asdict(mismatch) for mismatch in step.mismatches]
    path = session.file_path or None
    await connection.execute(
        FACTS_OF_COMPANY,
        loaded.company,
        json.dumps(wrong) if wrong else None,
        now,
        json.dumps(_kept_facts(facts, session)),
        path,
        session.begun and not wrong,
        await _wrong_answer(connection, loaded, facts, session) if wrong else None,
    )
    await connection.execute(FACTS_OF_CONNECTOR, loaded.connector, facts.machine, not wrong, path)
    await connection.execute("update session set machine = $2 where id = $1", session.id, facts.machine)
    if session.run is not None:
        await connection.execute(FACTS_OF_RUN, session.run.id, facts.machine, facts.ticks)


async def _wrong_answer(connection: Any, loaded: Loaded, facts: FileFacts, session: Session) -> str:
    """What a file that was not the right one said of itself; nothing of its books beyond that."""
    owner = await connection.fetchval(OWNER_OF_FILE, loaded.company, facts.file_id)
    told = {
        "company_name": facts.company_name,
        "path": session.file_path,
        "file_id": facts.file_id,
        "country": facts.country or session.country,
        "product": facts.product,
        "release": facts.release,
        "versions": facts.versions,
        "machine": facts.machine,
        "connector": loaded.connector,
        "owner": document(owner),
    }
    return json.dumps(told)


def _kept_facts(facts: FileFacts, session: Session) -> dict[str, Any]:
    kept = asdict(facts)
    return {**kept, "country": facts.country or session.country, "version": session.version}


async def _insert_entities(connection: Any, company: int, run: RunWork, now: datetime) -> None:
    """The plan of a run, with what its first request has changed of it already."""
    names = ["position", "state", "expected", "received", "iterator_id", "iterator_session", "remaining", "page_rows"]
    names += ["pages", "passes", "passes_here", "errors", "reason"]
    rows = [_columns(one) for one in run.entities]
    await connection.copy_records_to_table(
        "run_entity",
        records=[
            (
                run.id,
                one.entity,
                one.mode,
                one.cursor_from,
                now if one.passes else None,
                0,
                0,
                "",
                *(row[name] for name in names),
            )
            for one, row in zip(run.entities, rows, strict=True)
        ],
        columns=["run", "entity", "mode", "cursor_from", "began_at", "done", "changed", "newest", *names],
    )
    await _store_off(connection, company, run.entities, now, answered=False)


async def _store_off(connection: Any, company: int, works: Any, now: datetime, *, answered: bool) -> None:
    """Keep why entities are off; since when only moves where QuickBooks has just said it again."""
    off = [work for work in works if work.stage is Stage.OFF]
    if off:
        names, reasons = [work.entity for work in off], [work.reason for work in off]
        await connection.execute(OFF, company, names, reasons, now, answered)
