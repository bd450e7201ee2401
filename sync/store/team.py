"""The people of the team: their roles, who waits for one, who is shut out. Only `web.pages.team` asks, for owners.

Changes of people wait for each other (one advisory lock), so that no two of them together leave the team without an
owner. What was asked and could not be done is told by a word.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sync.store import audit
from sync.store.base import fetch, transaction
from sync.store.people import ROLES

Result = Literal["done", "same", "gone", "last_owner", "oneself"]

MEMBERS = """
    select id, email, name, role, created_at, disabled_at, subject is not null as by_provider,
        coalesce(last_seen_at, (select max(s.last_seen_at) from user_session s where s."user" = users.id))
            as last_seen_at,
        password_hash <> '' as by_password
    from users order by lower(name), id
"""
LOCK = "select pg_advisory_xact_lock(2, 1)"  # 2: ours; 1: people
PERSON = "select id, email, name, role, disabled_at from users where id = $1"
OTHER_OWNERS = "select count(*) from users where role = 'owner' and disabled_at is null and id <> $1"
END_SESSIONS = 'update user_session set revoked_at = $2 where "user" = $1 and revoked_at is null'


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One person of the team, or one who waits for a role."""

    id: int
    email: str
    name: str
    role: str  # one of ROLES, or WAITING
    created_at: datetime
    last_seen_at: datetime | None
    disabled_at: datetime | None
    by_provider: bool  # signs in, or may, through the provider
    by_password: bool


@dataclass(frozen=True, slots=True)
class By:
    """Who changes something, and from where."""

    actor: str
    address: str
    person: int = 0  # their id; 0: nobody of the team


async def members() -> list[Member]:
    """Return everybody, by name: also who waits, and who is shut out."""
    return [Member(**row) for row in await fetch(MEMBERS)]


async def change_role(person: int, role: str, by: By) -> Result:
    """Give a person of the team another role: it holds from their next click on. Never that of who waits."""
    async with transaction() as connection:
        found = await _of_team(connection, person)
        if found is None or role not in ROLES:
            return "gone"
        if found["role"] == role:
            return "same"
        if found["role"] == "owner" and await _is_last_owner(connection, found):
            return "last_owner"
        await connection.execute("update users set role = $2 where id = $1", person, role)
        detail = {"from": found["role"], "to": role}
        await _told(connection, by, "role.changed", found, detail)
    return "done"


async def disable(person: int, by: By) -> Result:
    """Shut a person out: their sessions end, and they cannot sign in."""
    now = datetime.now(UTC)
    async with transaction() as connection:
        found = await _of_team(connection, person)
        if found is None:
            return "gone"
        if found["disabled_at"] is not None:
            return "same"
        if await _is_last_owner(connection, found):
            return "last_owner"
        if person == by.person:
            return "oneself"
        await connection.execute("update users set disabled_at = $2 where id = $1", person, now)
        await connection.execute(END_SESSIONS, person, now)
        await _told(connection, by, "person.disabled", found)
    return "done"


async def enable(person: int, by: By) -> Result:
    """Let a person in again, with the role they had."""
    async with transaction() as connection:
        found = await _of_team(connection, person)
        if found is None:
            return "gone"
        if found["disabled_at"] is None:
            return "same"
        await connection.execute("update users set disabled_at = null where id = $1", person)
        await _told(connection, by, "person.enabled", found, {"role": found["role"]})
    return "done"


async def approve(person: int, role: str, by: By) -> Result:
    """Give a role to a person who waits for one."""
    async with transaction() as connection:
        found = await _waiting(connection, person)
        if found is None or role not in ROLES:
            return "gone"
        await connection.execute("update users set role = $2 where id = $1", person, role)
        await _told(connection, by, "account.approved", found, {"role": role})
    return "done"


async def refuse(person: int, by: By) -> Result:
    """Delete the account of a person who waits: nothing of theirs is kept but the line in the log."""
    async with transaction() as connection:
        found = await _waiting(connection, person)
        if found is None:
            return "gone"
        await connection.execute('delete from user_session where "user" = $1', person)
        await connection.execute("delete from users where id = $1", person)
        await _told(connection, by, "account.refused", found)
    return "done"


async def _of_team(connection: Any, person: int) -> Any | None:
    await connection.execute(LOCK)
    found = await connection.fetchrow(PERSON, person)
    return found if found is not None and found["role"] in ROLES else None


async def _waiting(connection: Any, person: int) -> Any | None:
    await connection.execute(LOCK)
    found = await connection.fetchrow(PERSON, person)
    return found if found is not None and found["role"] not in ROLES else None


async def _is_last_owner(connection: Any, found: Any) -> bool:
    if found["role"] != "owner" or found["disabled_at"] is not None:
        return False
    return not await connection.fetchval(OTHER_OWNERS, found["id"])


async def _told(connection: Any, by: By, action: str, found: Any, detail: dict[str, str] | None = None) -> None:
    values = {"email": found["email"], **(detail or {})}
    await audit.add(connection, by.actor, action, subject=found["name"], detail=values, address=by.address)
