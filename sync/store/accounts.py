"""How accounts come to be: by invitation, by oneself, by single sign-on. Nobody gets a role that no owner wanted.

Whoever was not invited, and is of no domain that the settings name, waits: their account is there and opens nothing.
An e-mail address that a person only typed proves nothing; a link that was sent there, or a provider, does. So who
proves an address takes over an account that waits under it, and what its maker typed (password, sessions) is worth
nothing from then on.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sync.store import audit
from sync.store.base import fetch, fetchrow, transaction
from sync.store.people import ROLES, WAITING, Person
from sync.store.team import END_SESSIONS, LOCK

LASTS = timedelta(days=7)  # an invitation
MOST_WAITING = 50  # accounts; more only cost an owner's time

Refusal = Literal["taken", "closed", "full", "disabled", "unverified", "other_subject"]

OPEN = "used_at is null and revoked_at is null"
INVITATIONS = f"""
    select id, email, role, created_by, created_at, expires_at from invitation
    where {OPEN} order by created_at desc, id desc limit 200
"""
USER = "select id, email, name, role, disabled_at, subject from users where email = $1"
NEW_USER = """
    insert into users (name, email, role, password_hash, subject, created_at) values ($1, $2, $3, $4, $5, $6)
    returning id
"""
TAKE_OVER = "update users set name = $2, role = $3, password_hash = $4, subject = $5 where id = $1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """A link that lets one person in, not used yet."""

    id: int
    email: str
    role: str
    created_by: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """What an account is made of."""

    email: str  # small letters
    name: str
    password_hash: str = ""  # empty: the person signs in through the provider only
    subject: str | None = None  # at the provider: issuer, space, sub
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomers:
    """Whom single sign-on gives an account with a role at once."""

    domains: tuple[str, ...]
    role: str

    def role_of(self, email: str) -> str | None:
        return self.role if email.rpartition("@")[2] in self.domains and self.role in ROLES else None


async def invite(email: str, role: str, token_hash: bytes, *, actor: str, address: str, now: datetime) -> bool:
    """Make an invitation; False when a person of the team has this e-mail. One open for the same e-mail ends."""
    async with transaction() as connection:
        await connection.execute(LOCK)
        known = await connection.fetchrow(USER, email)
        if role not in ROLES or (known is not None and known["role"] != WAITING):
            return False
        ended = f"update invitation set revoked_at = $2 where email = $1 and {OPEN}"
        await connection.execute(ended, email, now)
        await connection.execute(
            """insert into invitation (token_hash, email, role, created_by, created_at, expires_at)
               values ($1, $2, $3, $4, $5, $6)""",
            token_hash,
            email,
            role,
            actor,
            now,
            now + LASTS,
        )
        await audit.add(connection, actor, "invitation.made", subject=email, detail={"role": role}, address=address)
    return True


async def invitations() -> list[Invitation]:
    """Return every invitation that was neither used nor revoked, the newest first; also those that are over."""
    return [Invitation(**row) for row in await fetch(INVITATIONS)]


async def revoke_invitation(id: int, *, actor: str, address: str, now: datetime) -> bool:
    """End an invitation: its link opens nothing any more."""
    async with transaction() as connection:
        statement = f"update invitation set revoked_at = $2 where id = $1 and {OPEN} returning email"
        email = await connection.fetchval(statement, id, now)
        if email is not None:
            await audit.add(connection, actor, "invitation.revoked", subject=email, address=address)
    return email is not None


async def invitation(token_hash: bytes, now: datetime) -> Invitation | None:
    """Return the invitation that a link opens now."""
    row = await fetchrow(
        f"""select id, email, role, created_by, created_at, expires_at from invitation
            where token_hash = $1 and {OPEN} and expires_at > $2""",
        token_hash,
        now,
    )
    return Invitation(**row) if row else None


async def join(token_hash: bytes, new: NewAccount, now: datetime) -> Person | None:
    """Use an invitation, once, for the e-mail and the role it names; None when it opens nothing any more."""
    async with transaction() as connection:
        await connection.execute(LOCK)
        statement = f"""update invitation set used_at = $2 where token_hash = $1 and {OPEN} and expires_at > $2
                        returning email, role, created_by"""
        used = await connection.fetchrow(statement, token_hash, now)
        if used is None:
            return None
        known = await connection.fetchrow(USER, used["email"])
        if known is not None and known["role"] != WAITING:
            return None
        account = NewAccount(email=used["email"], name=new.name, password_hash=new.password_hash, address=new.address)
        return await _enter(connection, account, used["role"], known, "person.joined", now, by=used["created_by"])


async def create(new: NewAccount, now: datetime) -> Person | Refusal:
    """Make an account that waits for a role; what its maker typed is not proved."""
    async with transaction() as connection:
        await connection.execute(LOCK)
        refused = await _no_room(connection)
        if refused:
            return refused
        if await connection.fetchrow(USER, new.email):
            return "taken"
        return await _enter(connection, new, WAITING, None, "account.created", now)


async def sign_on(new: NewAccount, newcomers: Newcomers, now: datetime, *, verified: bool) -> Person | Refusal:
    """Return who a provider's subject is: known by it, else, once, by the e-mail that the provider has verified.

    A newcomer gets the role of their invitation, else of their domain, else waits.
    """
    async with transaction() as connection:
        await connection.execute(LOCK)
        found = await connection.fetchrow(USER.replace("email = $1", "subject = $1"), new.subject)
        if found is not None:
            return "disabled" if found["disabled_at"] else _person(found)
        if not verified:
            return "unverified"
        found = await connection.fetchrow(USER, new.email)
        if found is not None and found["disabled_at"]:
            return "disabled"
        if found is not None and found["subject"] is not None:
            return "other_subject"
        if found is not None and found["role"] != WAITING:
            await connection.execute("update users set subject = $2 where id = $1", found["id"], new.subject)
            await audit.add(connection, new.email, "account.linked", subject=found["name"], address=new.address)
            return _person(found)
        return await _newcomer(connection, new, newcomers, found, now)


async def _newcomer(
    connection: Any, new: NewAccount, newcomers: Newcomers, known: Any | None, now: datetime
) -> Person | Refusal:
    statement = f"""update invitation set used_at = $2 where email = $1 and {OPEN} and expires_at > $2
                    returning role, created_by"""
    invited = await connection.fetchrow(statement, new.email, now)
    if invited:
        return await _enter(connection, new, invited["role"], known, "person.joined", now, by=invited["created_by"])
    role = newcomers.role_of(new.email)
    if role:
        return await _enter(connection, new, role, known, "person.joined", now, by="single sign-on")
    refused = None if known else await _no_room(connection)
    return refused or await _enter(connection, new, WAITING, known, "account.created", now)


async def _no_room(connection: Any) -> Refusal | None:
    if await connection.fetchval("select not accounts_open from workspace order by id limit 1"):
        return "closed"
    waiting = await connection.fetchval("select count(*) from users where role = $1", WAITING)
    return "full" if waiting >= MOST_WAITING else None


async def _enter(
    connection: Any, new: NewAccount, role: str, known: Any | None, action: str, now: datetime, *, by: str = ""
) -> Person:
    """Make an account, or take over the one that waits under the same e-mail."""
    if known is None:
        values = (new.name, new.email, role, new.password_hash, new.subject, now)
        id: int = await connection.fetchval(NEW_USER, *values)
    else:
        id = known["id"]
        await connection.execute(END_SESSIONS, id, now)
        await connection.execute(TAKE_OVER, id, new.name, role, new.password_hash, new.subject)
    detail = {"email": new.email, "role": role, "by": by, "sign_on": bool(new.subject)}
    await audit.add(connection, new.email, action, subject=new.name, detail=detail, address=new.address)
    return Person(id=id, email=new.email, name=new.name, role=role)


def _person(row: Any) -> Person:
    return Person(id=row["id"], email=row["email"], name=row["name"], role=row["role"])
