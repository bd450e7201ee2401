"""The end of a pass: an entity is done once every answer is taken in, a run once every entity is.

Whoever calls `finish` holds the lock on the run.
"""

from datetime import datetime
from typing import Any

from sync.protocol import cursor
from sync.protocol.plan import LIST_DELETED, TXN_DELETED, Mode
from sync.store import incoming, verify, went_back
from sync.store.base import notify

REMEMBERED_DAYS = 80  # QuickBooks forgets deletions after about 90 days

RECEIVED = """
    select e.id, e.entity, e.mode, e.newest, r.kind, r.began_at, r.began_ticks, coalesce(s.cursor, '') as cursor
    from run_entity e
    join run r on r.id = e.run
    left join entity_state s on s.company = $2 and s.entity = e.entity
    where e.run = $1 and e.state = 'received' and not exists (
        select from request q
        where q.run_entity = e.id and q.answered_at is not null and q.processed_at is null and q.set_aside = ''
    )
    order by e.position
"""

NEWEST_OF_COMPANY = "select coalesce(max(newest), '') from entity_state where company = $1 and newest <> ''"

GONE = """
    with gone as (
        update record r set deleted_at = $3, updated_at = now()
        where r.company = $1 and r.entity = $2 and r.deleted_at is null and r.qb_id <> ''
            and r.qb_id not like 'new:%'
            and not exists (select from seen s where s.run_entity = $4 and s.qb_id = r.qb_id)
        returning r.id
    ), found_again as (
        update record r set deleted_at = null, updated_at = now()
        from seen s where s.run_entity = $4 and r.company = $1 and r.entity = $2 and r.qb_id = s.qb_id
            and r.deleted_at is not null
        returning r.id
    ), forgotten as (delete from seen where run_entity = $4)
    select id, true as gone from gone union all select id, false from found_again
"""

KEEP_CURSOR = """
    insert into entity_state (company, entity, cursor, as_of, newest, off, off_at)
    values ($1, $2, $3, $4, $5, '', null)
    on conflict (company, entity) do update set cursor = excluded.cursor, as_of = excluded.as_of,
        newest = case when $6 or left(excluded.newest, 19) > left(entity_state.newest, 19)
            then excluded.newest else entity_state.newest end,
        off = '', off_at = null
"""

GOES_ON = """
    select coalesce(bool_or(state in ('waiting', 'reading')) and not bool_or(state = 'received'), false)
    from run_entity where run = $1
"""

REFRESH = """
    insert into run_entity (run, position, entity, mode, state, expected)
    select $1, (select max(position) from run_entity where run = $1) + row_number() over (order by entity), entity,
        'refresh', 'waiting', count(*)
    from touched where run = $1
        and not exists (select from run_entity e where e.run = $1 and e.state in ('waiting', 'reading', 'received'))
        and not exists (select from run_entity e where e.run = $1 and e.mode = 'refresh')
    group by entity
"""

FORGET_SEEN = "delete from seen where run_entity in (select id from run_entity where run = $1)"  # of those given up

COMPLETE = """
    update run set state = 'complete', ended_at = $2, percent = 100,
        failed = (select count(*) from run_entity e where e.run = run.id and e.state = 'failed')
    where id = $1 and state = 'running'
        and exists (select from run_entity e where e.run = run.id)
        and not exists (select from run_entity e where e.run = run.id and e.state in ('waiting', 'reading', 'received'))
    returning company
"""

KEPT = """
    update change c set state = 'proposed' from run r
    where r.id = $1 and c.company = r.company and c.state = 'kept' and c.decided_at < r.began_at and r.kind <> 'verify'
"""


async def finish(connection: Any, run: int, company: int, now: datetime) -> None:
    """End every entity of a run whose answers are all taken in, and the run when none is left."""
    if await connection.fetchval(GOES_ON, run):
        return
    for row in await connection.fetch(RECEIVED, run, company):
        await _finish_entity(connection, run, company, row, now)
    await connection.execute(REFRESH, run)
    ended = await connection.fetchval(COMPLETE, run, now)
    if ended is not None:
        await connection.execute("delete from touched where run = $1", run)
        await connection.execute(FORGET_SEEN, run)
        await connection.execute("update company set last_sync_at = $2 where id = $1", company, now)
        await connection.execute(KEPT, run)
        await went_back.look(connection, run, company, now)
        await notify(connection, "companies", f"company:{company}", f"run:{run}")


async def _finish_entity(connection: Any, run: int, company: int, row: Any, now: datetime) -> None:
    if row["kind"] == "verify":
        await verify.finish(connection, company, run, row["entity"], row["id"])
    else:
        await _keep_pass(connection, run, company, row, now)
    await connection.execute("update run_entity set state = 'done', ended_at = $2 where id = $1", row["id"], now)


async def _keep_pass(connection: Any, run: int, company: int, row: Any, now: datetime) -> None:
    """What a pass tells beyond its rows: what is gone, and from where the next one reads."""
    newest = row["newest"] or await connection.fetchval(NEWEST_OF_COMPANY, company)
    began = cursor.began(row["began_ticks"], row["began_at"], cursor.offset(newest))
    if row["mode"] in (Mode.SWEEP, Mode.KEYS):
        at = began or now.isoformat()[:19]
        moved = await connection.fetch(GONE, company, row["entity"], at, row["id"])
        gone, again = ([one["id"] for one in moved if one["gone"] is side] for side in (True, False))
        await incoming.found_again(connection, company, row["entity"], again, now)
        if gone:
            await connection.execute("update run set rows_deleted = rows_deleted + $2 where id = $1", run, len(gone))
            await incoming.gone(connection, company, row["entity"], gone, now)
    if row["mode"] not in (Mode.KEYS, Mode.REFRESH):
        first = cursor.after_pass("", newest, began) if row["mode"] == Mode.DELETED else ""  # nothing was deleted yet
        previous = row["cursor"] or first
        following = cursor.after_pass(previous, row["newest"], began)
        whole = row["mode"] == Mode.SWEEP  # what was newer is gone
        kept = (company, row["entity"], following, row["began_at"], row["newest"], whole)
        await connection.execute(KEEP_CURSOR, *kept)


async def deletions_forgotten(connection: Any, company: int) -> bool:
    """Whether the last look at deletions is so long ago that QuickBooks may have forgotten some since."""
    forgotten: bool = await connection.fetchval(
        """select coalesce(min(as_of) < now() - make_interval(days => $2), false)
           from entity_state where company = $1 and entity = any($3)""",
        company,
        REMEMBERED_DAYS,
        [LIST_DELETED, TXN_DELETED],
    )
    return forgotten
