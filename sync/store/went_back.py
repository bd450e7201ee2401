"""A company file that went back in time: a backup was restored, or the computer's clock or time zone was changed.

An incremental run asks for what changed since the newest record that we know, that one included. An entity that comes
back with no row, although such a record lives here and was not deleted, is that of an older file. It costs no request.
Whoever calls holds the lock on the run.
"""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sync.protocol import cursor
from sync.qbxml.entities import ENTITIES
from sync.store.base import document, notify
from sync.store.connectors import new_run

ACTOR = "Deskbridge"  # asks for the run that nobody asked for
AGAIN = timedelta(days=1)  # within which no second full sync is asked for

COLUMNS = (0, 1, 2, 10)  # entity, id, EditSequence and TimeModified among the columns of a row of store.intake

# what is later than a cursor can be found by the index on time_modified, which sorts by bytes
MISSING = """
    select e.entity, e.cursor_from, (select r.time_modified from record r
        where r.company = $2 and r.entity = e.entity and r.deleted_at is null
            and r.time_modified collate "C" >= e.cursor_from and r.time_modified collate "C" < ':'
        order by r.time_modified collate "C" desc limit 1) as newest
    from run_entity e
    where e.run = $1 and e.mode = 'changes' and e.state = 'done' and e.received = 0 and e.cursor_from <> ''
        and not exists (select from run_entity d where d.run = $1 and d.state <> 'done'
            and (d.mode = 'deleted' or (d.mode = 'keys' and d.entity = e.entity)))
"""

FULL = """
    select number from run where company = $1 and state = 'queued' and kind in ('full', 'initial')
    order by number limit 1
"""

OLDER = """
    select r.time_modified as known, incoming.time_modified as came
    from unnest($2::text[], $3::text[], $4::text[], $5::text[])
        as incoming (entity, qb_id, edit_sequence, time_modified)
    join record r on r.company = $1 and r.entity = incoming.entity and r.qb_id = incoming.qb_id
    where r.deleted_at is null and r.edit_sequence <> incoming.edit_sequence
        and left(incoming.time_modified, 19) < left(r.time_modified, 19)
"""


async def look(connection: Any, run: int, company: int, now: datetime) -> None:
    """At the end of a run: whether the file went back in time; then everything is read again."""
    row = await connection.fetchrow(
        """select r.kind, r.number, r.began_at, r.began_ticks, co.went_back, co.went_back_at from run r
           join company co on co.id = r.company where r.id = $1""",
        run,
    )
    told = document(row["went_back"])
    if row["kind"] == "incremental" and (missing := await _missing(connection, run, company, row)):
        found = {
            "entities": [ENTITIES[entity].plural for entity, _ in missing],
            "newest": max(newest for _, newest in missing)[:19],
            "run": row["number"],
            "older": 0,
        }
        recently = row["went_back_at"] is not None and now - row["went_back_at"] < AGAIN
        if recently or (told and told.get("newest") == found["newest"]):
            found["full"] = (told or {}).get("full", 0)  # 0: none is asked for again
        told = found
        await _keep(connection, company, told, now)
    if told is not None and told.get("full") is None:
        await _read_again(connection, company, told, now)


async def _missing(connection: Any, run: int, company: int, began: Any) -> list[tuple[str, str]]:
    """Entity and newest known time of those that came back empty, although they should not."""
    rows = [row for row in await connection.fetch(MISSING, run, company) if cursor.is_time(row["newest"] or "")]
    newest = max((row["newest"] for row in rows), default="")
    there = cursor.began(began["began_ticks"], began["began_at"], cursor.offset(newest))
    return [(row["entity"], row["newest"]) for row in rows if cursor.keeps_hour(row["cursor_from"], there)]


async def _read_again(connection: Any, company: int, told: dict[str, Any], now: datetime) -> None:
    """Queue a full sync, or join the one that waits. Where a session is being opened just now, the next run's end does.

    Whoever opens a session holds the company and waits for runs: to wait for them here would be to wait for each other.
    """
    if not await connection.fetchval("select pg_try_advisory_xact_lock(3, $1)", company):
        return
    number = await connection.fetchval(FULL, company)
    if number is None:
        id = await new_run(connection, company, "full", ACTOR, now)
        number = await connection.fetchval("select number from run where id = $1", id)
    await _keep(connection, company, {**told, "full": number}, now)
    await connection.execute(
        "insert into audit_entry (actor, action, company, subject) values ($1, 'run.asked', $2, $3)",
        ACTOR,
        company,
        f"full, sync {number}: the company file went back in time",
    )


async def _keep(connection: Any, company: int, told: dict[str, Any], now: datetime) -> None:
    await connection.execute(
        "update company set went_back = $2, went_back_at = $3 where id = $1", company, json.dumps(told), now
    )
    await notify(connection, "companies", f"company:{company}")


async def count_older(connection: Any, run: int, company: int, rows: Iterable[tuple[Any, ...]], now: datetime) -> None:
    """Before rows of a whole reading are stored: how many of them are older than what is here. Rows: see COLUMNS."""
    columns = [[row[at] for row in rows] for at in COLUMNS]
    found = await connection.fetch(OLDER, company, *columns)
    older = sum(cursor.is_older(row["came"], row["known"]) for row in found)
    if not older:
        return
    row = await connection.fetchrow(
        "select co.went_back, r.number from company co join run r on r.id = $2 where co.id = $1", company, run
    )
    told = document(row["went_back"]) or {"entities": [], "newest": "", "run": row["number"], "full": row["number"]}
    await _keep(connection, company, {**told, "older": (told.get("older") or 0) + older}, now)
