"""Connectors as authenticate needs them: who calls, whether the key fits, what there is to do."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sync.protocol import admission
from sync.protocol.admission import WRONG_KEYS_WINDOW, Caller, WrongKey
from sync.protocol.orders import SCHEDULE
from sync.protocol.window import Window
from sync.store.base import CHANNEL, document, fetchrow, fetchval, notify, transaction
from sync.store.base import connection as connected

WINDOW = "co.time_zone, co.window_from, co.window_until, co.window_days"
PAUSED = "co.paused_at is not null and (co.paused_until is null or co.paused_until > now())"
SWITCHED_OFF = "not exists (select from workspace where enabled_at is not null)"

FIND = f"""
    select c.id, c.company, c.key_hash, c.old_key_hash, c.retired_keys, c.revoked_at is not null as revoked,
        coalesce(c.file_path, co.file_path) as file_path, c.key_used_at, c.last_called_at, c.wrong_keys, c.call_gap,
        c.client_version,
        co.begun_at is not null or co.adopts_first as begun, {PAUSED} as paused,
        co.removed_at is not null or {SWITCHED_OFF} as off, {WINDOW},
        co.schedule_minutes, co.poll_seconds, coalesce(c.issued_minutes, co.schedule_minutes) as issued_minutes,
        case when c.issued_minutes is null then co.poll_seconds else c.issued_seconds end as issued_seconds,
        live.id as run, live.asked_by, last.ended_at as last_ended, last.began_at as last_began,
        last.state = 'cancelled' and co.last_sync_at is null as first_cancelled,
        holder.last_called_at as holder_called, holder.issued_minutes as holder_minutes,
        holder.issued_seconds as holder_seconds,
        (select max(s.called_at) from session s
            where s.company = co.id and s.ended_at is null and s.connector <> c.id) as held_at,
        (select coalesce(max(l.tries), 0) from limits l
            where l.key = 'licence key ' || c.id || ' ' || $2 and l.since > $3) as tries
    from connector c
    join company co on co.id = c.company
    left join connector holder on holder.id = co.holder and holder.id <> c.id and holder.revoked_at is null
    left join lateral (select id, asked_by from run where company = co.id and state in ('queued', 'running')
        order by id limit 1) live on true
    left join lateral (select ended_at, began_at, state from run where company = co.id and ended_at is not null
        order by number desc limit 1) last on true
    where c.user_name = $1
"""

# $6: the present key was used; then the one before it ends
CALLED = """
    with moved_company as (
        update company set last_call_at = $2 where id = $1
    ), hour as (
        insert into contact_hour (company, hour, calls) values ($1, $3, 1)
        on conflict (company, hour) do update set calls = contact_hour.calls + 1
    ), moved_connector as (
        update connector set last_called_at = $2, last_address = $5, call_gap = $8, wrong_keys = 0,
            wrong_keys_since = null, wrong_key_reason = '', client_version = coalesce(nullif($11, ''), client_version),
            key_used_at = case when $6 and key_hash = $7 then coalesce(key_used_at, $2) else key_used_at end,
            retired_keys = case when $6 and key_hash = $7 and old_key_hash is not null
                then retired_keys || to_jsonb(encode(old_key_hash, 'hex')) else retired_keys end,
            old_key_hash = case when $6 and key_hash = $7 then null else old_key_hash end
        where id = $4
    )
    select pg_notify($9, topic) from unnest($10::text[]) topic
"""

HEARD = """
    with moved_company as (update company set last_call_at = greatest(last_call_at, $2) where id = $1)
    insert into contact_hour (company, hour, calls) values ($1, date_trunc('hour', $2::timestamptz, 'UTC'), 0)
    on conflict (company, hour) do nothing
"""

REPLACED = """
    insert into audit_entry (actor, action, company, subject, address)
    select 'Web Connector', 'licence_key.replaced', company,
        coalesce(nullif(machine, ''), nullif(label, ''), user_name), $2
    from connector where id = $1 and key_hash = $3 and old_key_hash is not null
"""

COUNT = """
    insert into limits (key, tries, since) values ($1, 1, $2)
    on conflict (key) do update set tries = case when limits.since < $3 then 1 else limits.tries + 1 end,
        since = case when limits.since < $3 then $2 else limits.since end
    returning tries
"""

UNKNOWN = """
    insert into unknown_caller (user_name, address, tries, first_at, last_at) values ($1, $2, 1, $3, $3)
    on conflict (user_name) do update set address = $2, last_at = $3,
        tries = case when unknown_caller.last_at < $4 then 1 else unknown_caller.tries + 1 end,
        first_at = case when unknown_caller.last_at < $4 then $3 else unknown_caller.first_at end
"""

FORGET_UNKNOWN = """
    delete from unknown_caller where user_name in (
        select user_name from unknown_caller
        where last_at < $1 or user_name not in (select user_name from unknown_caller order by last_at desc limit $2)
        for update skip locked)
"""

WORTH_TELLING = timedelta(minutes=5)  # of silence, after which open pages hear of a call
LONGEST_USER_NAME = 40


@dataclass(frozen=True, slots=True)
class Found:
    """The connector of a user name."""

    id: int
    company: int
    key_hash: bytes
    old_key_hash: bytes | None  # works too, until the key was used
    retired: frozenset[str]  # keys that no longer work, in hex
    revoked: bool
    file_path: str
    run: int | None
    tries: int  # wrong keys from this address within the window
    row: Any

    def caller(self, *, key_fits: bool, now: datetime) -> Caller:
        """What the admission rules have to know."""
        row = self.row
        interval = admission.every(
            row["holder_minutes"] or row["schedule_minutes"],
            row["holder_seconds"] if row["holder_minutes"] else row["poll_seconds"],
        )
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
            off=row["off"],
            asked=row["asked_by"] not in (None, SCHEDULE),
            window_open=window(row).is_open(now),
            first_cancelled=bool(row["first_cancelled"]),
            holder_silent=now - row["holder_called"] if row["holder_called"] else None,
            lease=admission.lease(interval),
        )


def window(row: Any) -> Window:
    """The sync window of a row with the columns WINDOW."""
    return Window(row["time_zone"], row["window_from"], row["window_until"], row["window_days"])


async def find(user_name: str, address: str, now: datetime) -> Found | None:
    """The connector that a user name belongs to, None for an unknown one."""
    row = await fetchrow(FIND, user_name, address, now - WRONG_KEYS_WINDOW)
    if row is None:
        return None
    return Found(
        id=row["id"],
        company=row["company"],
        key_hash=row["key_hash"],
        old_key_hash=row["old_key_hash"],
        retired=frozenset(document(row["retired_keys"])),
        revoked=row["revoked"],
        file_path=row["file_path"] or "",
        run=row["run"],
        tries=row["tries"],
        row=row,
    )


async def called(found: Found, address: str, now: datetime, *, present: bool, client: str) -> None:
    """A right key, the present one or that before it: when and from where, and with which version of the Web Connector.

    Written every ten seconds at most, so that a call that only asks is cheap.
    """
    row = found.row
    last, first_use = row["last_called_at"], present and row["key_used_at"] is None
    news = row["wrong_keys"] or first_use or client not in ("", row["client_version"])
    if last is not None and now - last < admission.SEEN and not news:
        return
    expected = admission.every(row["issued_minutes"], row["issued_seconds"])
    gap = admission.smoothed(row["call_gap"], expected, now - last) if last is not None else None
    tells = last is None or now - last >= WORTH_TELLING or row["wrong_keys"] or first_use
    ends_old = present and found.old_key_hash is not None
    async with transaction() if ends_old else connected() as connection:
        if ends_old:
            await connection.execute(REPLACED, found.id, address[:64], found.key_hash)
        await connection.fetchval(
            CALLED,
            found.company,
            now,
            now.replace(minute=0, second=0, microsecond=0),
            found.id,
            address[:64],
            present,
            found.key_hash,
            gap,
            CHANNEL,
            ["companies", f"company:{found.company}"] if tells else [],
            client,
        )


async def whose_key(hashes: list[bytes], but: int) -> int | None:
    """Another living connector that has one of these keys."""
    found: int | None = await fetchval(
        """select id from connector where id <> $2 and revoked_at is null
               and (key_hash = any($1) or old_key_hash = any($1)) limit 1""",
        hashes,
        but,
    )
    return found


async def wrong_key(found: Found, reason: WrongKey, other: int | None, address: str, now: datetime) -> None:
    """A key that does not fit: counted for the page, and against this address. `other` is whose it was.

    The reason of the last key that was looked at stays while keys are not looked at.
    """
    kept = "" if reason is WrongKey.BLOCKED else f"{reason}:{other}" if other is not None else str(reason)
    async with transaction() as connection:
        await connection.execute(
            """update connector set wrong_keys = wrong_keys + 1, wrong_key_at = $2, wrong_key_address = $3,
                   wrong_keys_since = case when wrong_keys = 0 then $2 else coalesce(wrong_keys_since, $2) end,
                   wrong_key_reason = coalesce(nullif($4, ''), wrong_key_reason) where id = $1""",
            found.id,
            now,
            address[:64],
            kept,
        )
        await connection.fetchval(COUNT, f"licence key {found.id} {address}", now, now - WRONG_KEYS_WINDOW)
        await notify(connection, f"company:{found.company}", *([] if found.row["wrong_keys"] else ["companies"]))


async def unknown(user_name: str, address: str, now: datetime) -> None:
    """A user name that no connector has: the latest are remembered for a day. Of many from one address some are."""
    day = now - admission.UNKNOWN_KEPT
    async with transaction() as connection:
        tries = await connection.fetchval(COUNT, f"unknown user name {address}", now, now - WRONG_KEYS_WINDOW)
        if tries > admission.UNKNOWN_TRIES:
            return
        await connection.execute(UNKNOWN, user_name[:LONGEST_USER_NAME], address[:64], now, day)
        await connection.execute(FORGET_UNKNOWN, day, admission.UNKNOWN_AT_ONCE)
        await notify(connection, "unknown_callers")


async def heard(connection: Any, company: int, now: datetime) -> None:
    """A session was ended by a call: contact too, after hours of reading."""
    await connection.execute(HEARD, company, now)


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
