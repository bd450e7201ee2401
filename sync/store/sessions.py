"""Sessions with the Web Connector: opened, and loaded under lock. What a step changes is stored by `store.steps`.

A load locks the session and its run, and reads only then: whoever takes in answers locks the run too, so both see what
the other has stored.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sync.protocol.identity import ExpectedFile
from sync.protocol.orders import NONE, SCHEDULE, Orders
from sync.protocol.plan import EntityWork, Known, Mode, RunWork, Stage
from sync.protocol.session import SILENCE, InFlight, Session, State
from sync.protocol.writes import RESENDS, Writes
from sync.store import passes
from sync.store.base import document, execute, fetchval, notify
from sync.store.connectors import PAUSED, SWITCHED_OFF, WINDOW, window

LOCK = """
    select s.id from session s
    left join lateral (select r.id from run r where r.id = s.run for update) r on true
    where {where} order by s.id desc for update of s
"""

READ = f"""
    select s.*, c.owner_id, c.file_id, coalesce(c.file_path, co.file_path) as expected_path, co.region, co.adopts_first,
        co.begun_at, co.page_rows, co.facts ->> 'company_name' as company_name,
        {PAUSED} as paused, {SWITCHED_OFF} as switched_off, co.removed_at is not null as removed, {WINDOW},
        q.request, q.request_id, q.kind as asked_kind, q.sent_at, q.position,
        w.request_id as open_set,
        w.connector = s.connector and w.resends < {RESENDS} and not w.alone as same_application,
        exists (select from change h where h.company = s.company and h.direction = 'out' and h.state = 'sent')
            as doubtful,
        exists (select from change h where h.company = s.company and h.direction = 'out' and h.state = 'approved')
            as approved,
        exists (select from look l where l.company = s.company and l.state in ('asked', 'sent')) as sought,
        r.kind as run_kind, r.state as run_state, r.reason as run_reason, r.asked_by, r.counts_asked,
        coalesce(r.state = 'running', false) as run_alive,
        case when r.state = 'running' then (select count(*) from request q
            where q.run = r.id and q.answered_at is not null and q.processed_at is null and q.set_aside = ''
        ) end as unprocessed,
        case when r.state = 'running' then (select json_agg(json_build_array(e.position, e.entity, e.mode, e.state,
            e.expected, e.received, e.cursor_from, e.newest, e.iterator_id, e.iterator_session, e.remaining,
            e.page_rows, e.pages, e.passes, e.passes_here, e.errors, e.reason) order by e.position)
            from run_entity e where e.run = r.id
        ) end as entities,
        case when r.state = 'running' and r.kind = 'incremental' then (select json_object_agg(entity, ids) from (
            select t.entity, json_agg(t.qb_id order by t.qb_id) as ids from touched t where t.run = r.id
                and exists (select from run_entity e where e.run = r.id and e.mode = 'refresh') group by t.entity) ids
        ) end as touched,
        r.state = 'running' and r.kind = 'incremental' and exists (select from touched t where t.run = r.id)
            and not exists (select from run_entity e where e.run = r.id and e.mode = 'refresh') as refreshes
    from session s
    join company co on co.id = s.company
    join connector c on c.id = s.connector
    left join run r on r.id = s.run
    left join lateral (
        select a.id as request, a.request_id, a.kind, a.sent_at, e.position
        from request a left join run_entity e on e.id = a.run_entity
        where a.session = s.id and a.answered_at is null and a.set_aside = '' order by a.id desc limit 1
    ) q on s.state = 'asked'
    left join lateral (
        select a.request_id, a.resends, by.connector,
            exists (select from change h where h.company = a.company and h.direction = 'out' and h.state = 'sent'
                and h.request = a.id and h.alone) as alone
        from request a join session by on by.id = a.session
        where a.company = s.company and a.kind = 'write' and a.answered_at is null and a.set_aside = ''
    ) w on true
    where s.id = $1
"""

MODES = {str(mode): mode for mode in Mode}
STAGES = {str(stage): stage for stage in Stage}


@dataclass(frozen=True, slots=True)
class Loaded:
    """A session under lock, with what only the store and the endpoint have to know of it."""

    session: Session
    company: int
    connector: int
    sent_at: datetime | None  # of the request in flight
    request: int | None = None  # the id of its row


async def load(connection: Any, ticket: str, now: datetime) -> Loaded | None:
    """The session of a ticket, locked; None when no such ticket lives: unknown, or silent for longer than an hour."""
    id = await connection.fetchval(LOCK.format(where="s.ticket = $1"), ticket)
    if id is None:
        return None
    row = await connection.fetchrow(READ, id)
    return None if now - row["called_at"] > SILENCE else await _loaded(connection, row, _orders(row, now))


async def load_open(connection: Any, company: int) -> list[Loaded]:
    """Every session of a company that has not ended, locked, the latest first."""
    ids = await connection.fetch(LOCK.format(where="s.company = $1 and s.ended_at is null"), company)
    return [await _loaded(connection, await connection.fetchrow(READ, row["id"])) for row in ids]


def _orders(row: Any, now: datetime) -> Orders:
    """What holds a session back at a moment."""
    return Orders(
        switched_off=row["switched_off"],
        removed=row["removed"],
        paused=row["paused"],
        cancelled=row["run_reason"] if row["run_state"] == "cancelled" else None,
        window_closed=row["run_state"] is not None and not window(row).is_open(now),
        asked=row["asked_by"] != SCHEDULE,
    )


async def _loaded(connection: Any, row: Any, orders: Orders = NONE) -> Loaded:
    run = _run(row)
    needs_plan = run is not None and not run.entities and not row["identified"]
    in_flight = (
        InFlight(request_id=row["request_id"], kind=row["asked_kind"], position=row["position"])
        if row["request_id"]
        else None
    )
    begun = row["begun_at"] is not None
    session = Session(
        id=row["id"],
        state=State(row["state"]),
        expected=ExpectedFile(
            owner_id=row["owner_id"],
            file_id=row["file_id"],
            region=row["region"],
            path=(row["expected_path"] or "") if begun else "",
            company_name=(row["company_name"] or "") if begun else "",
        ),
        begun=begun,
        adopts_first=row["adopts_first"],
        orders=orders,
        writes=Writes(
            open_set=row["open_set"] or "",
            same_application=bool(row["same_application"]),
            doubtful=row["doubtful"],
            approved=row["approved"],
            sought=row["sought"],
        ),
        run=run,
        in_flight=in_flight,
        asked=row["asked"],
        percent=row["percent"],
        identified=row["identified"],
        connection_errors=row["connection_errors"],
        version=row["version"],
        country=row["country"],
        file_path=row["file_path"],
        page_rows=row["page_rows"],
        known=await known_entities(connection, row["company"]) if needs_plan else {},
        keys_for_all=await passes.deletions_forgotten(connection, row["company"]) if needs_plan else False,
        error=row["error"],
        result=row["result"],
    )
    return Loaded(session, row["company"], row["connector"], row["sent_at"], row["request"])


def _run(row: Any) -> RunWork | None:
    if not row["run_alive"]:
        return None
    return RunWork(
        id=row["run"],
        kind=row["run_kind"],
        entities=tuple(_work(*one) for one in document(row["entities"]) or ()),
        counts_asked=row["counts_asked"],
        unprocessed=row["unprocessed"],
        touched=document(row["touched"]) or {},
        refreshes=row["refreshes"],
    )


def _work(position: int, entity: str, mode: str, stage: str, *rest: Any) -> EntityWork:
    names = (
        "expected", "received", "cursor_from", "newest", "iterator_id", "iterator_session", "remaining", "page_rows",
        "pages", "passes", "passes_here", "errors", "reason",
    )  # fmt: skip
    values = dict(zip(names, rest, strict=True))
    return EntityWork(position=position, entity=entity, mode=MODES[mode], stage=STAGES[stage], **values)


async def known_entities(connection: Any, company: int) -> dict[str, Known]:
    """What earlier runs left about each entity of a company."""
    rows = await connection.fetch(
        """select entity, cursor, off, off <> '' and off_at < now() - interval '1 day' as off_long,
               exists (select from record r
                   where r.company = $1 and r.entity = s.entity and r.deleted_at is null) as has_records
           from entity_state s where company = $1""",
        company,
    )
    return {
        row["entity"]: Known(
            cursor=row["cursor"], off=row["off"], off_long=bool(row["off_long"]), has_records=row["has_records"]
        )
        for row in rows
    }


async def open_session(
    connection: Any, *, company: int, connector: int, run: int | None, ticket: str, address: str, now: datetime
) -> int:
    """A new session; its run is running from now on, and its connector holds the company."""
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
    await connection.execute(
        "update company set holder = $2 where id = $1 and holder is distinct from $2", company, connector
    )
    await notify(connection, "companies", f"company:{company}")
    return session


async def fail(ticket: str, error: str) -> None:
    """A call of this session broke on our side: it ends once the Web Connector has asked why."""
    await execute(
        "update session set state = 'failed', error = $2, result = $2 where ticket = $1 and ended_at is null",
        ticket,
        error,
    )


async def lives(ticket: str) -> bool:
    """Whether a ticket belongs to a session that goes on."""
    found: bool | None = await fetchval(
        "select ended_at is null and now() - called_at < $2 from session where ticket = $1", ticket, SILENCE
    )
    return bool(found)
