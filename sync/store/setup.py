"""Companies and connectors made, and runs asked for."""

import secrets
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sync.keys import KeyRing, new_licence_key
from sync.protocol.orders import SCHEDULE
from sync.qwc import QwcFile, app_name
from sync.store.base import fetch, fetchrow, notify, transaction
from sync.store.connectors import new_run, one_at_a_time


class NoSuchCompany(Exception):
    """There is no company of that id or name."""


class SeveralCompanies(Exception):
    """More than one company has that name."""


@dataclass(frozen=True, slots=True)
class NewConnector:
    """A connector just made, with what is shown once at the command line."""

    company: int
    connector: int
    user_name: str
    licence_key: str


def new_guid() -> str:
    """A random {GUID} in capitals."""
    return f"{{{str(uuid.uuid4()).upper()}}}"


async def add_company(name: str, region: str, *, begin: bool, keys: KeyRing, actor: str) -> NewConnector:
    """A new company with its first connector; with `begin` the first file that answers is taken, and read at once."""
    now = datetime.now(UTC)
    async with transaction() as connection:
        owner_id = await owner_of_installation(connection, enabled_by=actor)
        company = await connection.fetchval(
            """insert into company (name, region, file_id, adopts_first, created_at) values ($1, $2, $3, $4, $5)
               returning id""",
            name,
            region,
            new_guid(),
            begin,
            now,
        )
        if begin:
            await new_run(connection, company, "initial", actor, now)
        made = await insert_connector(connection, company, owner_id, "", keys, now)
        await audit(connection, actor, "company.added", company, name)
        await notify(connection, "companies")
    return made


async def owner_of_installation(connection: Any, enabled_by: str = "") -> str:
    """OwnerID of this installation, made with the workspace; with `enabled_by` QuickBooks Desktop is switched on."""
    await connection.execute("select pg_advisory_xact_lock(2, 0)")
    found: str | None = await connection.fetchval("select owner_id from workspace order by id limit 1")
    if found is None:
        found = new_guid()
        await connection.execute("insert into workspace (name, owner_id) values ('Deskbridge', $1)", found)
    if enabled_by:
        await connection.execute(
            "update workspace set enabled_at = now(), enabled_by = $1 where enabled_at is null", enabled_by
        )
    return found


async def insert_connector(
    connection: Any, company: int, owner_id: str, label: str, keys: KeyRing, now: datetime
) -> NewConnector:
    """One more connector of a company, with a key of its own; the file's FileID is that of all its connectors."""
    key = new_licence_key()
    user_name = f"c-{secrets.token_hex(5)}"
    name, file_id = await connection.fetchrow("select name, file_id from company where id = $1", company)
    connector = await connection.fetchval(
        """insert into connector (company, label, user_name, app_name, owner_id, file_id, key_hash, key_sealed,
               created_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning id""",
        company,
        label,
        user_name,
        app_name(name, user_name),
        owner_id,
        file_id,
        keys.hashed(key),
        keys.sealed(key),
        now,
    )
    return NewConnector(company, connector, user_name, key)


IN_FILE = "c.app_name, c.user_name, c.owner_id, c.file_id, co.schedule_minutes, co.poll_seconds"
ISSUED = f"""
    update connector c set downloaded_at = $2, issued_minutes = co.schedule_minutes, issued_seconds = co.poll_seconds
    from company co where co.id = c.company and c.id = $1
    returning {IN_FILE}
"""
OFFERED = f"select {IN_FILE} from connector c join company co on co.id = c.company where c.id = $1"


async def issue(connection: Any, connector: int, public_url: str) -> bytes:
    """The .qwc file of a connector, with a note of the schedule in it. Raises LookupError."""
    return _qwc(await connection.fetchrow(ISSUED, connector, datetime.now(UTC)), connector, public_url)


async def offer(connector: int, public_url: str) -> bytes:
    """The same bytes as `issue` would give now, noted nowhere: for the page that shows their digest."""
    return _qwc(await fetchrow(OFFERED, connector), connector, public_url)


def _qwc(row: Any, connector: int, public_url: str) -> bytes:
    if row is None:
        raise LookupError(f"no connector {connector}")
    return QwcFile(
        app_name=row["app_name"],
        url=public_url,
        user_name=row["user_name"],
        owner_id=row["owner_id"],
        file_id=row["file_id"],
        every_minutes=row["schedule_minutes"],
        every_seconds=row["poll_seconds"],
    ).text()


async def qwc_file(connector: int, public_url: str) -> bytes:
    """The .qwc file of a connector: the same bytes each time, as long as the schedule is the same."""
    async with transaction() as connection:
        return await issue(connection, connector, public_url)


async def find_company(text: str) -> int:
    """The id of a company given by id or by name. Raises NoSuchCompany, SeveralCompanies."""
    rows = await fetch("select id from company where id::text = $1 or lower(name) = lower($1) limit 2", text)
    if not rows:
        raise NoSuchCompany(text)
    if len(rows) > 1:
        raise SeveralCompanies(text)
    found: int = rows[0]["id"]
    return found


async def ask_run(company: int, kind: str, actor: str, address: str = "") -> int:
    """Queue a run, or join the one that is alive when it does at least as much; returns its number."""
    now = datetime.now(UTC)
    async with transaction() as connection:
        await one_at_a_time(connection, company)
        alive = await connection.fetch(
            "select number, kind, state from run where company = $1 and state in ('queued', 'running') order by number",
            company,
        )
        joined = next(
            (row["number"] for row in alive if kind in ("incremental", row["kind"]) or row["kind"] == "initial"), None
        )
        if joined is None:
            read = await connection.fetchval(
                "select exists (select from run where company = $1 and kind = 'initial' and state = 'complete')",
                company,
            )
            run = await new_run(connection, company, kind if read or kind != "incremental" else "initial", actor, now)
            joined = await connection.fetchval("select number from run where id = $1", run)
        else:  # by schedule it would wait for its hours; a person's goes at any time
            await connection.execute(
                "update run set asked_by = $3 where company = $1 and number = $2 and asked_by = $4",
                company,
                joined,
                actor,
                SCHEDULE,
            )
        await audit(connection, actor, "run.asked", company, f"{kind}, sync {joined}", address)
        await notify(connection, "companies", f"company:{company}")
    number: int = joined
    return number


async def audit(connection: Any, actor: str, action: str, company: int, subject: str, address: str = "") -> None:
    """Add one line to the audit log, in the transaction of what it tells."""
    await connection.execute(
        "insert into audit_entry (actor, action, company, subject, address) values ($1, $2, $3, $4, $5)",
        actor[:254],
        action,
        company,
        subject[:200],
        address[:64],
    )
