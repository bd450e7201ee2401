"""Links with which a person chooses a new password: each works once, for a while, and ends the one before it.

Tokens arrive here as hashes only. Who signs in through a provider alone has no password, and gets no link.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sync.store import audit
from sync.store.base import fetchrow, transaction
from sync.store.people import Person
from sync.store.team import END_SESSIONS, LOCK

BY_MAIL = timedelta(hours=1)  # asked for on the sign-in page, or on the command line
BY_OWNER = timedelta(days=1)  # an owner hands it over

OPEN = "used_at is null and revoked_at is null"
OF_PERSON = """
    select id, email, name, role from users
    where (id = $1 or email = $2) and disabled_at is null and password_hash <> ''
"""
LIVING = """
    select u.id, u.email, u.name, u.role, r.expires_at from password_reset r join users u on u.id = r."user"
    where r.token_hash = $1 and r.used_at is null and r.revoked_at is null and r.expires_at > $2
        and u.disabled_at is null and u.password_hash <> ''
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset:
    """A link that works."""

    person: Person
    expires_at: datetime


async def make(
    token_hash: bytes,
    lasts: timedelta,
    now: datetime,
    *,
    person: int = 0,
    email: str = "",
    actor: str = "",
    address: str = "",
) -> Person | None:
    """Make a link for the person of an id or an e-mail; None where nobody has it, or no password to choose anew.

    Without an `actor` the person asked for it, unproved. A link that was open for them ends.
    """
    async with transaction() as connection:
        await connection.execute(LOCK)
        found = await connection.fetchrow(OF_PERSON, person, email)
        if found is None:
            return None
        by = actor or found["email"]
        await connection.execute(
            f'update password_reset set revoked_at = $2 where "user" = $1 and {OPEN}', found["id"], now
        )
        await connection.execute(
            """insert into password_reset ("user", token_hash, created_by, created_at, expires_at)
               values ($1, $2, $3, $4, $5)""",
            found["id"],
            token_hash,
            by,
            now,
            now + lasts,
        )
        await _told(connection, by, "password.link_made" if actor else "password.link_asked", found, address)
    return _person(found)


async def living(token_hash: bytes, now: datetime) -> Reset | None:
    """Return what a link opens now."""
    row = await fetchrow(LIVING, token_hash, now)
    return Reset(person=_person(row), expires_at=row["expires_at"]) if row else None


async def use(token_hash: bytes, password_hash: str, address: str, now: datetime) -> Person | None:
    """Use a link, once: the new password holds, every session of the person ends. None when it opens nothing now."""
    async with transaction() as connection:
        await connection.execute(LOCK)
        found = await connection.fetchrow(LIVING, token_hash, now)
        if found is None:
            return None
        await connection.execute("update password_reset set used_at = $2 where token_hash = $1", token_hash, now)
        await connection.execute("update users set password_hash = $2 where id = $1", found["id"], password_hash)
        await connection.execute(END_SESSIONS, found["id"], now)
        await _told(connection, found["email"], "password.chosen", found, address)
    return _person(found)


async def _told(connection: Any, actor: str, action: str, found: Any, address: str) -> None:
    await audit.add(connection, actor, action, subject=found["name"], detail={"email": found["email"]}, address=address)


def _person(row: Any) -> Person:
    return Person(id=row["id"], email=row["email"], name=row["name"], role=row["role"])
