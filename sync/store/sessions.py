"""Sessions with the Web Connector: opened, loaded under lock, and stored after each step.

`load` locks the session, then its run; whoever takes in answers locks the run only: so no two of them wait in a ring.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sync.protocol.identity import ExpectedFile, FileFacts
from sync.protocol.plan import EntityWork, Known, Mode, RunWork, Stage
from sync.protocol.session import SILENCE, InFlight, Session, State, Step
from sync.store import passes
from sync.store.base import document, fetchval, notify

LOAD = """
    select s.*, c.owner_id, c.file_id, coalesce(c.file_path, co.file_path) as expected_path, co.region, co.adopts_first,
        co.begun_at, co.page_rows, co.facts ->> 'company_name' as company_name,
        co.paused_at is not null and (co.paused_until is null or co.paused_until > now()) as paused,
        q.request_id, q.kind, q.sent_at, e.position, co.facts ->> 'country' as country
    from session s
    join company co on co.id = s.company
    join connector c on c.id = s.connector
    left join lateral (
        select request_id, kind, sent_at, run_entity from request
        where session = s.id and answered_at is null and set_aside = '' order by id desc limit 1
    ) q on s.state = 'asked'
    left join run_entity e on e.id = q.run_entity
    where {where}
    for update of s
"""

LOAD_RUN = """
    select r.id, r.kind, r.counts_asked, r.state,
        (select count(*) from request q
            where q.run = r.id and q.answered_at is not null and q.processed_at is null and q.set_aside = '') as
            unprocessed,
        (select json_agg(e order by e.position) from run_entity e where e.run = r.id) as entities,
        (select json_object_agg(entity, ids) from (
            select t.entity, json_agg(t.qb_id order by t.qb_id) as ids from touched t where t.run = r.id
                and exists (select from run_entity e where e.run = r.id and e.mode = 'refresh') group by t.entity) ids
        ) as touched
    from run r where r.id = $1 for update of r
"""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A session under lock, with what only the store and the endpoint have to know of it."""

    session: Session
    company: int
    connector: int
    sent_at: datetime | None  # of the request in flight


async def load(connection: Any, ticket: str, now: datetime) -> Loaded | None:
    """The session of a ticket, locked; None when no such ticket lives: unknown, or silent for longer than an hour."""
    row = await connection.fetchrow(LOAD.format(where="s.ticket = $1"), ticket)
    if row is None or now - row["called_at"] > SILENCE:
        return None
    return await _loaded(connection, row)


async def load_open(connection: Any, company: int) -> list[Loaded]:
    """Every session of a company that has not ended, locked, the latest first."""
    rows = await connection.fetch(LOAD.format(where="s.company = $1 and s.ended_at is null"), company)
    return [await _loaded(connection, row) for row in sorted(rows, key=lambda row: row["id"], reverse=True)]


async def _loaded(connection: Any, row: Any) -> Loaded:
    run = await _load_run(connection, row["run"])
    needs_plan = run is not None and not run.entities and not row["identified"]
    in_flight = (
        InFlight(request_id=row["request_id"], kind=row["kind"], position=row["position"])
        if row["request_id"]
        else None
    )
    session = Session(
        id=row["id"],
        state=State(row["state"]),
        expected=ExpectedFile(
            owner_id=row["owner_id"],
            file_id=row["file_id"],
            region=row["region"],
            path=(row["expected_path"] or "") if row["begun_at"] else "",
            company_name=(row["company_name"] or "") if row["begun_at"] else "",
        ),
        begun=row["begun_at"] is not None,
        adopts_first=row["adopts_first"],
        paused=row["paused"],
        run=run,
        in_flight=in_flight,
        asked=row["asked"],
        percent=row["percent"],
        identified=row["identified"],
        connection_errors=row["connection_errors"],
        version=row["version"],
        file_path=row["file_path"],
        page_rows=row["page_rows"],
        known=await known_entities(connection, row["company"]) if needs_plan else {},
        keys_for_all=await passes.deletions_forgotten(connection, row["company"]) if needs_plan else False,
        error=row["error"],
        result=row["result"],
    )
    return Loaded(session, row["company"], row["connector"], row["sent_at"])


async def _load_run(connection: Any, run: int | None) -> RunWork | None:
    row = await connection.fetchrow(LOAD_RUN, run) if run is not None else None
    if row is None or row["state"] != "running":
        return None
    entities = tuple(_work(entity) for entity in document(row["entities"]) or ())
    return RunWork(
        id=row["id"],
        kind=row["kind"],
        entities=entities,
        counts_asked=row["counts_asked"],
        unprocessed=row["unprocessed"],
        touched=document(row["touched"]) or {},
    )


def _work(row: Mapping[str, Any]) -> EntityWork:
    return EntityWork(
        position=row["position"],
        entity=row["entity"],
        mode=Mode(row["mode"]),
        stage=Stage(row["state"]),
        expected=row["expected"],
        received=row["received"],
        cursor_from=row["cursor_from"],
        newest=row["newest"],
        iterator_id=row["iterator_id"],
        iterator_session=row["iterator_session"],
        remaining=row["remaining"],
        page_rows=row["page_rows"],
        pages=row["pages"],
        passes=row["passes"],
        passes_here=row["passes_here"],
        errors=row["errors"],
        reason=row["reason"],
    )


async def known_entities(connection: Any, company: int) -> dict[str, Known]:
    """What earlier runs left about each entity of a company."""
    rows = await connection.fetch(
        """select entity, cursor, off, cursor <> '' or newest <> '' as has_records
           from entity_state where company = $1""",
        company,
    )
    return {row["entity"]: Known(cursor=row["cursor"], off=row["off"], has_records=row["has_records"]) for row in rows}


async def open_session(
    connection: Any, *, company: int, connector: int, run: int | None, ticket: str, address: str, now: datetime
) -> int:
    """A new session; its run is running from now on."""
    session: int = await connection.fetchval(
        """insert into session (ticket, company, connector, run, state, opened_at, called_at, address)
           values ($1, $2, $3, $4, 'open', $5, $5, $6) returning id""",
        ticket,
        company,
        connector,
        run,
        now,
        address,
    )
    if run is not None:
        await connection.execute(
            """update run set state = 'running', sessions = sessions + 1, began_at = coalesce(began_at, $2)
               where id = $1""",
            run,
            now,
        )
        await connection.execute("update run_entity set passes_here = 0 where run = $1 and passes_here > 0", run)
        await notify(connection, f"run:{run}")
    await notify(connection, "companies", f"company:{company}")
    return session


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
        await connection.execute(
            """update request set set_aside = 'The answer never came.'
               where session = $1 and request_id = $2 and answered_at is null""",
            before.id,
            step.lost,
        )
    if step.facts is not None:
        await _apply_facts(connection, loaded, step, now)
    if step.refused is not None:
        await connection.execute(
            "update company set refused = $2, refused_at = $3 where id = $1",
            loaded.company,
            json.dumps({"hresult": step.refused[0], "message": step.refused[1]}),
            now,
        )
    if after.run is not None and before.run is not None:
        await _apply_run(connection, loaded, before.run, after, step, now)
    if step.answered is not None and answer is not None:
        await _store_answer(connection, before.id, step, answer, now)
    if step.ask is not None and sent is not None:
        await _store_ask(connection, loaded, step, sent, now)
    await _store_session(connection, after, step, now)
    if after.run is not None and (step.taken or step.ended):
        await passes.finish(connection, after.run.id, loaded.company, now)
    if step.ended or step.facts is not None or step.refused is not None:
        topics = ["companies", f"company:{loaded.company}"] + ([f"run:{after.run.id}"] if after.run else [])
        await notify(connection, *topics)


async def _store_session(connection: Any, session: Session, step: Step, now: datetime) -> None:
    over = step.ended or session.state is State.CLOSED
    await connection.execute(
        """update session set state = $2, asked = $3, percent = $4, identified = $5, connection_errors = $6, version =
            $7,
               file_path = $8, error = $9, result = $10, called_at = $11,
               ended_at = case when $12 then coalesce(ended_at, $11) else ended_at end
           where id = $1""",
        session.id,
        session.state,
        session.asked,
        session.percent,
        session.identified,
        session.connection_errors,
        session.version,
        session.file_path,
        session.error,
        session.result,
        now,
        over,
    )


async def _store_answer(connection: Any, session: int, step: Step, answer: Answer, now: datetime) -> None:
    await connection.execute(
        """update request set answered_at = $3, answer = $4, answer_size = $5, status_code = $6, status_severity = $7,
               status_message = $8, hresult = $9, rows = $10, remaining = $11,
               processed_at = case when $12 then $3::timestamptz end
           where session = $1 and request_id = $2""",
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
    await connection.execute(
        """insert into request (session, company, run, run_entity, request_id, kind, name, page, pass_number, body,
            body_size,
               sent_at)
           values ($1, $2, $3, (select id from run_entity where run = $3 and position = $4), $5, $6, $7, $8, $9, $10,
           $11, $12)
           """,
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
    )


async def _apply_facts(connection: Any, loaded: Loaded, step: Step, now: datetime) -> None:
    """The file said what it is: kept, with the reason when it is not the one expected."""
    facts, session = step.facts, step.session
    assert facts is not None
    wrong = [asdict(mismatch) for mismatch in step.mismatches]
    await connection.execute(
        """update company set
               wrong_file = $2, wrong_file_at = case when $2::jsonb is null then null else coalesce(wrong_file_at, $3)
               end,
               refused = null, refused_at = null,
               facts = case when $2::jsonb is null then $4 else facts end,
               facts_at = case when $2::jsonb is null then $3 else facts_at end,
               file_path = case when $2::jsonb is not null or begun_at is not null then file_path else $5 end,
               begun_at = case when $6 then coalesce(begun_at, $3) else begun_at end
           where id = $1""",
        loaded.company,
        json.dumps(wrong) if wrong else None,
        now,
        json.dumps(_kept_facts(facts, session)),
        session.file_path or None,
        session.begun and not wrong,
    )
    await connection.execute(
        """update connector set machine = case when $2 <> '' then $2 else machine end,
               file_path = case when $3 then $4 else file_path end where id = $1""",
        loaded.connector,
        facts.machine,
        not wrong,
        session.file_path or None,
    )
    await connection.execute("update session set machine = $2 where id = $1", session.id, facts.machine)
    if session.run is not None:
        await connection.execute(
            """update run set machine = $2, began_ticks = case when sessions <= 1 then coalesce(began_ticks, $3)
               else began_ticks end where id = $1""",
            session.run.id,
            facts.machine,
            facts.ticks,
        )


def _kept_facts(facts: FileFacts, session: Session) -> dict[str, Any]:
    kept = asdict(facts)
    kept["country"] = facts.country or session.country
    kept["versions"] = list(facts.versions)
    kept["version"] = session.version
    return kept


async def _apply_run(
    connection: Any, loaded: Loaded, before: RunWork, session: Session, step: Step, now: datetime
) -> None:
    after = session.run
    assert after is not None
    if not before.entities and after.entities:
        await _insert_entities(connection, after)
        known = {work.position: work for work in after.entities}
        changed = [work for work in after.entities if work.stage is Stage.OFF]
    else:
        known = {work.position: work for work in before.entities}
        changed = [work for work in after.entities if known[work.position] != work]
        if changed:
            await _update_entities(connection, after.id, changed, now)
    if after.counts_asked != before.counts_asked or session.percent:
        await connection.execute(
            "update run set counts_asked = $2, percent = greatest(percent, $3) where id = $1",
            after.id,
            after.counts_asked,
            min(session.percent, 99),
        )
    off = [work for work in changed if work.stage is Stage.OFF]
    if off:
        await connection.execute(
            """insert into entity_state (company, entity, off, off_at)
               select $1, entity, off, $4 from unnest($2::text[], $3::text[]) as off_now (entity, off)
               on conflict (company, entity) do update set off = excluded.off, off_at = excluded.off_at
               where entity_state.off <> excluded.off""",
            loaded.company,
            [work.entity for work in off],
            [work.reason for work in off],
            now,
        )


async def _insert_entities(connection: Any, run: RunWork) -> None:
    columns = [
        (run.id, one.position, one.entity, one.mode, one.stage, one.cursor_from, one.page_rows, one.reason, one.passes,
         one.passes_here)
        for one in run.entities
    ]  # fmt: skip
    await connection.copy_records_to_table(
        "run_entity",
        records=[(*column, 0, 0, 0, "", "", 0, 0) for column in columns],
        columns=[
            "run", "position", "entity", "mode", "state", "cursor_from", "page_rows", "reason", "passes", "passes_here",
            "received", "done", "changed", "newest", "iterator_id", "pages", "errors",
        ],
    )  # fmt: skip


async def _update_entities(connection: Any, run: int, changed: Sequence[EntityWork], now: datetime) -> None:
    """Everything of an entity but what taking in writes: done, changed and newest."""
    await connection.execute(
        """update run_entity e set state = n.state, expected = n.expected, received = n.received, iterator_id =
            n.iterator_id,
               iterator_session = n.iterator_session, remaining = n.remaining, page_rows = n.page_rows, pages = n.pages,
               done = case when e.passes <> n.passes then 0 else e.done end,
               passes = n.passes, passes_here = n.passes_here, errors = n.errors, reason = n.reason,
               began_at = case when n.passes > 0 then coalesce(e.began_at, $2) else e.began_at end,
               ended_at = case when n.state in ('off', 'failed') then $2 else e.ended_at end
           from json_to_recordset($3::json) as n (position int, state text, expected int, received int, iterator_id
           text,
               iterator_session bigint, remaining int, page_rows int, pages int, passes int, passes_here int, errors
               int,
               reason text)
           where e.run = $1 and e.position = n.position""",
        run,
        now,
        json.dumps(
            [
                {
                    "position": one.position,
                    "state": one.stage,
                    "expected": one.expected,
                    "received": one.received,
                    "iterator_id": one.iterator_id,
                    "iterator_session": one.iterator_session,
                    "remaining": one.remaining,
                    "page_rows": one.page_rows,
                    "pages": one.pages,
                    "passes": one.passes,
                    "passes_here": one.passes_here,
                    "errors": one.errors,
                    "reason": one.reason,
                }
                for one in changed
            ]
        ),
    )


async def lives(ticket: str) -> bool:
    """Whether a ticket belongs to a session that goes on."""
    found: bool | None = await fetchval(
        "select ended_at is null and now() - called_at < $2 from session where ticket = $1", ticket, SILENCE
    )
    return bool(found)
