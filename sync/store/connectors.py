"""Connectors as authenticate needs them: who calls, whether the key fits, what there is to do."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sync.protocol.admission import WRONG_KEYS_WINDOW, Caller
from sync.store.base import fetchrow, notify, transaction

FIND = """
    select c.id, c.company, c.key_hash, c.revoked_at is not null as revoked,
        coalesce(c.file_path, co.file_path) as file_path, c.last_called_at, c.wrong_keys,
        co.begun_at is not null or co.adopts_first as begun,
        co.paused_at is not null and (co.paused_until is null or co.paused_until > now()) as paused,
        co.schedule_minutes, co.poll_seconds, live.id as run, last.ended_at as last_ended, last.began_at as last_began,
        (select max(s.called_at) from session s
            where s.company = co.id and s.ended_at is null and s.connector <> c.id) as held_at,
        (select coalesce(max(l.tries), 0) from limits l
            where l.key = 'licence key ' || c.id || ' ' || $2 and l.since > $3) as tries
    from connector c
    join company co on co.id = c.company
    left join lateral (select id from run where company = co.id and state in ('queued', 'running')
        order by id limit 1) live on true
    left join lateral (select ended_at, began_at from run where company = co.id and ended_at is not null
        order by number desc limit 1) last on true
    where c.user_name = $1
"""


@dataclass(frozen=True, slots=True)
class Found:
    """The connector of a user name."""

    id: int
    company: int
    key_hash: bytes
    revoked: bool
    file_path: str
    run: int | None
    tries: int  # wrong keys from this address within the window
    row: Any

    def caller(self, *, key_fits: bool, now: datetime) -> Caller:
        """What the admission rules have to know."""
        row = self.row
        return Caller(
            key_fits=key_fits,
            paused=row["paused"],
            begun=row["begun"],
            has_run=row["run"] is not None,
            held_by_other=now - row["held_at"] if row["held_at"] else None,
            last_ended=now - row["last_ended"] if row["last_ended"] else None,
            last_began=now - row["last_began"] if row["last_began"] else None,
            schedule=timedelta(minutes=row["schedule_minutes"]),
            polls=row["poll_seconds"] is not None,
        )


async def find(user_name: str, address: str, now: datetime) -> Found | None:
    """The connector that a user name belongs to, None for an unknown one."""
    row = await fetchrow(FIND, user_name, address, now - WRONG_KEYS_WINDOW)
    if row is None:
        return None
    return Found(
        id=row["id"],
        company=row["company"],
        key_hash=row["key_hash"],
        revoked=row["revoked"],
        file_path=row["file_path"] or "",
        run=row["run"],
        tries=row["tries"],
        row=row,
    )


async def called(found: Found, address: str, now: datetime) -> None:
    """A right key: when and from where. Written every ten seconds at most, so that a call that only asks is cheap."""
    last = found.row["last_called_at"]
    if last is not None and now - last < timedelta(seconds=10) and not found.row["wrong_keys"]:
        return
    async with transaction() as connection:
        await connection.execute("update company set last_call_at = $2 where id = $1", found.company, now)
        await connection.execute(
            "update connector set last_called_at = $2, last_address = $3, wrong_keys = 0 where id = $1",
            found.id,
            now,
            address,
        )


async def wrong_key(found: Found, address: str, now: datetime) -> None:
    """A key that does not fit: counted for the page, and against this address."""
    async with transaction() as connection:
        await connection.execute(
            "update connector set wrong_keys = wrong_keys + 1, wrong_key_at = $2 where id = $1", found.id, now
        )
        await connection.execute(
            """insert into limits (key, tries, since) values ('licence key ' || $1 || ' ' || $2, 1, $3)
               on conflict (key) do update set
                   tries = case when limits.since < $4 then 1 else limits.tries + 1 end,
                   since = case when limits.since < $4 then $3 else limits.since end""",
            str(found.id),
            address,
            now,
            now - WRONG_KEYS_WINDOW,
        )
        await notify(connection, f"company:{found.company}")


async def one_at_a_time(connection: Any, company: int) -> None:
    """Until the end of the transaction nobody else opens a session or queues a run of the company.

    No lock on the company's row: whoever ends a run writes that row while it holds the run.
    """
    await connection.execute("select pg_advisory_xact_lock(3, $1)", company)


async def new_run(connection: Any, company: int, kind: str, asked_by: str, now: datetime) -> int:
    """Queue a run; the caller has seen that none is alive. Returns its id."""
    run: int = await connection.fetchval(
        """insert into run (company, number, kind, state, asked_by, asked_at)
           select $1, coalesce(max(number), 0) + 1, $2, 'queued', $3, $4 from run where company = $1 returning id""",
        company,
        kind,
        asked_by,
        now,
    )
    return run


async def active_run(connection: Any, company: int) -> int | None:
    """The run of a company that is queued or goes on."""
    run: int | None = await connection.fetchval(
        "select id from run where company = $1 and state in ('queued', 'running') order by id limit 1", company
    )
    return run
