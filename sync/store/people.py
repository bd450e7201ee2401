"""People: who may sign in, which browsers are signed in, how often something was tried, who did what.

Passwords and session tokens arrive here as hashes only; `web.auth` makes and checks them. The time is an argument.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from piccolo.columns import Column

from sync.database import DB
from sync.store.setup import new_guid
from sync.tables import AuditEntry, Limit, UnknownCaller, User, UserSession, Workspace

ROLES = ("viewer", "member", "accounting_manager", "owner")  # each may do what those before it may
WAITING = "waiting"  # in place of a role: the account is there, and an owner has still to give it one
SESSION_LASTS = timedelta(days=30)  # without a visit
SEEN_EVERY = timedelta(minutes=1)
KEPT = timedelta(days=90)  # ended sessions


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One person who may sign in."""

    id: int
    email: str
    name: str
    role: str  # one of ROLES; WAITING only where a function says so


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A person in a browser that is signed in."""

    session: int
    person: Person
    team: str
    seen_at: datetime
    quickbooks_on: bool = True  # QuickBooks Desktop is switched on


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """One browser that is signed in, for the list of one's own sessions."""

    id: int
    created_at: datetime
    last_seen_at: datetime
    address: str
    agent: str  # the User-Agent header, cut at 200 characters


async def nobody_yet() -> bool:
    """Say whether the owner is still to be created."""
    return not await User.exists()


async def create_owner(*, team: str, name: str, email: str, password_hash: str) -> Person | None:
    """Create the team and its first person, or return None when somebody was quicker."""
    owner = None
    async with DB.transaction() as transaction:
        await transaction.connection.execute("lock table users in share row exclusive mode")
        if await nobody_yet():
            await name_team(team)
            owner = await add_person(name=name, email=email, role="owner", password_hash=password_hash)
    return owner


async def name_team(team: str) -> None:
    """Give the one workspace its name; make it where it is missing."""
    if await Workspace.exists():
        await Workspace.update({Workspace.name: team}, force=True)
    else:
        await Workspace(name=team, owner_id=new_guid()).save()


async def add_person(*, name: str, email: str, role: str, password_hash: str) -> Person:
    """Add a person. Raises asyncpg.UniqueViolationError where the e-mail is taken."""
    user = User(name=name, email=email.lower(), role=role, password_hash=password_hash)
    await user.save()
    return Person(id=user.id, email=user.email, name=name, role=role)


async def by_email(email: str) -> tuple[Person, str] | None:
    """Return a person who may sign in, with the hash of the password; also one who waits for a role."""
    row = await User.select().where(User.email == email.lower(), User.disabled_at.is_null()).first()
    return (person_of(row), str(row["password_hash"])) if row else None


async def names_with(role: str) -> list[str]:
    """Return the names of everybody with a role, oldest first."""
    rows = User.select(User.name).where(User.role == role, User.disabled_at.is_null()).order_by(User.id)
    return [str(row["name"]) for row in await rows]


async def emails_with(role: str) -> list[str]:
    """Return the e-mail addresses of everybody with a role, oldest first."""
    rows = User.select(User.email).where(User.role == role, User.disabled_at.is_null()).order_by(User.id)
    return [str(row["email"]) for row in await rows]


async def knows_subject(subject: str) -> bool:
    """Say whether somebody has signed in as this subject of a provider before."""
    return bool(await User.exists().where(User.subject == subject))


def person_of(row: dict[str, Any]) -> Person:
    return Person(id=row["id"], email=row["email"], name=row["name"], role=row["role"])


async def open_session(*, person: int, token_hash: bytes, address: str, agent: str, now: datetime) -> int:
    """Note a browser as signed in; return the session's id. What ended long ago is forgotten on the way."""
    await forget_old(now)
    session = UserSession(
        user=person,
        token_hash=token_hash,
        created_at=now,
        last_seen_at=now,
        expires_at=now + SESSION_LASTS,
        address=address[:64],
        agent=agent[:200],
    )
    await session.save()
    return int(session.id)


SESSION = """
select s.id as session, s.last_seen_at, u.id, u.email, u.name, u.role,
       coalesce(w.name, '') as team, w.enabled_at is not null as quickbooks_on
from user_session s join users u on u.id = s."user"
left join (select name, enabled_at from workspace order by id limit 1) w on true
where s.token_hash = {} and s.revoked_at is null and s.expires_at > {} and u.disabled_at is null
    and (u.role = 'waiting') = {}
"""


async def session(token_hash: bytes, now: datetime, *, waiting: bool = False) -> SignedIn | None:
    """Return who is signed in by this token; move the session's end, at most once a minute.

    Whoever waits for a role is nobody here: every page but theirs takes them for signed out. With `waiting` it finds
    them, and nobody else.
    """
    rows = await User.raw(SESSION, token_hash, now, waiting)
    if not rows:
        return None
    row = rows[0]
    if row["last_seen_at"] < now - SEEN_EVERY:
        await see(row["session"], row["id"], now)
    return SignedIn(
        session=row["session"],
        person=person_of(row),
        team=row["team"],
        seen_at=row["last_seen_at"],
        quickbooks_on=row["quickbooks_on"],
    )


async def see(session_id: int, person: int, now: datetime) -> None:
    """Note that somebody was here."""
    seen: dict[Column | str, object] = {UserSession.last_seen_at: now, UserSession.expires_at: now + SESSION_LASTS}
    await UserSession.update(seen).where(UserSession.id == session_id)
    await User.update({User.last_seen_at: now}).where(User.id == person)


async def sessions_of(person: int, now: datetime) -> list[Browser]:
    """Return where a person is signed in, the latest visit first."""
    rows = (
        await UserSession.select(
            UserSession.id, UserSession.created_at, UserSession.last_seen_at, UserSession.address, UserSession.agent
        )
        .where(UserSession.user == person, UserSession.revoked_at.is_null(), UserSession.expires_at > now)
        .order_by(UserSession.last_seen_at, ascending=False)
    )
    return [Browser(**row) for row in rows]


async def end_session(person: int, session_id: int, now: datetime) -> bool:
    """Sign one browser of this person out; say whether it was signed in."""
    ended = (
        await UserSession.update({UserSession.revoked_at: now})
        .where(UserSession.id == session_id, UserSession.user == person, UserSession.revoked_at.is_null())
        .returning(UserSession.id)
    )
    return bool(ended)


async def end_other_sessions(person: int, kept: int, now: datetime) -> int:
    """Sign this person out everywhere but in one browser; return in how many."""
    ended = (
        await UserSession.update({UserSession.revoked_at: now})
        .where(UserSession.id != kept, UserSession.user == person, UserSession.revoked_at.is_null())
        .returning(UserSession.id)
    )
    return len(ended)


COUNT_TRY = """
insert into limits as l (key, tries, since) values ({}, 1, {})
on conflict (key) do update set
    tries = case when l.since < {} then 1 else l.tries + 1 end,
    since = case when l.since < {} then excluded.since else l.since end
returning tries
"""


async def count_try(key: str, *, window: timedelta, now: datetime) -> int:
    """Count one more try; return how many there were within the window. Exact, however many come at once."""
    begin = now - window
    rows = await Limit.raw(COUNT_TRY, key, now, begin, begin)
    return int(rows[0]["tries"])


async def forget_tries(key: str) -> None:
    """Begin to count anew."""
    await Limit.delete().where(Limit.key == key)


async def forget_old(now: datetime) -> None:
    """Delete counts and unknown callers of yesterday, and sessions that ended long ago."""
    await Limit.delete().where(Limit.since < now - timedelta(days=1))
    await UnknownCaller.delete().where(UnknownCaller.last_at < now - timedelta(days=1))
    await UserSession.delete().where(UserSession.expires_at < now - KEPT)


async def audit(
    actor: str,
    action: str,
    *,
    company: int | None = None,
    subject: str = "",
    detail: dict[str, Any] | None = None,
    address: str = "",
) -> None:
    """Add one line to the audit log. `detail` must hold no secret."""
    await AuditEntry(
        actor=actor[:254],
        action=action,
        company=company,
        subject=subject[:200],
        detail=json.dumps(detail or {}),
        address=address[:64],
    ).save()
