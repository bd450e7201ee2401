"""Tokens with which other programs are let in: made, shown once, counted, revoked. Only their hashes are stored."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sync.store.base import fetch, fetchrow, notify, transaction

RATE = 1200  # calls of one token within WINDOW
WINDOW = timedelta(minutes=1)
TOPIC = "tokens"
MARK = "deskbridge_"  # so that whoever finds one knows what it is

COLUMNS = "id, name, role, created_by, created_at, expires_at, last_used_at, last_address, revoked_at, revoked_by"

ADMIT = """
    with found as (
        select id, name, role, last_used_at from api_token
        where token_hash = $1 and revoked_at is null and (expires_at is null or expires_at > $2)
    ), counted as (
        insert into limits (key, tries, since) select 'api:' || id, 1, $2 from found
        on conflict (key) do update set
            tries = case when limits.since > $3 then limits.tries + 1 else 1 end,
            since = case when limits.since > $3 then limits.since else excluded.since end
        returning tries, since
    ), used as (
        update api_token t set last_used_at = $2, last_address = $4 from found f
        where t.id = f.id and coalesce(f.last_used_at < $3, true)
    )
    select f.id, f.name, f.role, c.tries, c.since from found f, counted c
"""

AUDIT = """
    insert into audit_entry (at, actor, action, subject, detail, address)
    values ($1, $2, $3, $4, jsonb_build_object('role', $5::text), $6)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRow:
    """One token, without its secret."""

    id: int
    name: str
    role: str
    created_by: str
    created_at: datetime
    expires_at: datetime | None  # None: never
    last_used_at: datetime | None
    last_address: str
    revoked_at: datetime | None
    revoked_by: str

    def works(self, now: datetime) -> bool:
        """Whether it lets anybody in."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)


@dataclass(frozen=True, slots=True)
class Admitted:
    """The program that shows a token."""

    id: int
    name: str
    role: str
    wait: float  # seconds until it may call again; 0: now

    @property
    def actor(self) -> str:
        """As the audit log names it."""
        return f"API token {self.name}"[:254]


def hash_of(token: str) -> bytes:
    """What is stored of a token: it has 256 random bits, so a plain digest tells nothing."""
    return hashlib.sha256(token.encode()).digest()


async def make(
    name: str, role: str, days: int | None, actor: str, now: datetime, address: str = ""
) -> tuple[TokenRow, str]:
    """Make a token that works for so many days, None for ever; it is returned this once."""
    token = MARK + secrets.token_urlsafe(32)
    expires = now + timedelta(days=days) if days else None
    async with transaction() as connection:
        row = await connection.fetchrow(
            f"""insert into api_token (name, role, token_hash, created_by, created_at, expires_at)
                values ($1, $2, $3, $4, $5, $6) returning {COLUMNS}""",
            *(name[:120], role, hash_of(token), actor[:254], now, expires),
        )
        await connection.execute(AUDIT, now, actor[:254], "token.made", name[:120], role, address[:64])
        await notify(connection, TOPIC)
    return TokenRow(**row), token


async def revoke(id: int, actor: str, now: datetime, address: str = "") -> bool:
    """Let nobody in with this token any more; False when there is none that could be revoked."""
    async with transaction() as connection:
        row = await connection.fetchrow(
            """update api_token set revoked_at = $2, revoked_by = $3 where id = $1 and revoked_at is null
               returning name, role""",
            *(id, now, actor[:254]),
        )
        if row is not None:
            await connection.execute(AUDIT, now, actor[:254], "token.revoked", row["name"], row["role"], address[:64])
            await notify(connection, TOPIC)
    return row is not None


async def listed() -> list[TokenRow]:
    """Every token, those that were revoked last."""
    rows = await fetch(f"select {COLUMNS} from api_token order by revoked_at is not null, id desc")
    return [TokenRow(**row) for row in rows]


async def admit(token: str, address: str, now: datetime) -> Admitted | None:
    """Who shows this token, counted against its rate; None for one that does not work. One statement."""
    row: Any = await fetchrow(ADMIT, hash_of(token), now, now - WINDOW, address[:64])
    if row is None:
        return None
    wait = (row["since"] + WINDOW - now).total_seconds() if row["tries"] > RATE else 0.0
    return Admitted(row["id"], row["name"], row["role"], max(wait, 0.0))


async def first_this_minute(token: int, company: int, entity: str, now: datetime) -> bool:
    """Whether this is the first reading of a kind by a token within a minute: that one is noted as an export."""
    key = f"api-read:{token}:{company}:{entity}"
    row = await fetchrow(
        """insert into limits (key, tries, since) values ($1, 1, $2)
           on conflict (key) do update set since = excluded.since where limits.since <= $3 returning key""",
        *(key, now, now - WINDOW),
    )
    return row is not None
