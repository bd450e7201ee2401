"""Set-up links: they open the set-up of one company, until they expire, to somebody without an account.

The token arrives here as a hash only; `web.auth` makes it. A link lives no longer than its maker may make one.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sync.store.base import fetch, fetchrow, notify, transaction

MAKERS = ("accounting_manager", "owner")
KEPT = 20  # links that are listed
LIVING = """
    select l.*, coalesce(u.name, l.created_by) as creator from setup_link l
    join company co on co.id = l.company and co.removed_at is null
    join users u on u.email = l.created_by and u.disabled_at is null and u.role = any($3)
    where l.token_hash = $1 and l.revoked_at is null and l.expires_at > $2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRow:
    """One set-up link, without its token."""

    id: int
    company: int
    for_whom: str
    created_by: str  # an e-mail address
    creator: str  # the name of that person
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None  # last opened
    used_from: str
    revoked_at: datetime | None

    @property
    def actor(self) -> str:
        """Who it is in the audit log."""
        return f"set-up link for {self.for_whom}, by {self.created_by}"[:254]


BY_MAKER = re.compile(r", by [^\s@]+@\S+$")


def without_maker(actor: str) -> str:
    """Who it was in words that anybody may read: of a set-up link without the e-mail address of its maker."""
    return BY_MAKER.sub("", actor) if actor.startswith("set-up link for ") else actor


async def add_link(
    company: int, token_hash: bytes, for_whom: str, expires_at: datetime, actor: str, address: str
) -> int:
    """A new link to the set-up of a company; returns its id."""
    async with transaction() as connection:
        link: int = await connection.fetchval(
            """insert into setup_link (company, token_hash, for_whom, created_by, created_at, expires_at)
               values ($1, $2, $3, $4, now(), $5) returning id""",
            company,
            token_hash,
            for_whom,
            actor,
            expires_at,
        )
        await _audit(connection, actor, "setup_link.added", company, for_whom, address)
        await notify(connection, f"company:{company}")
    return link


async def links_of(company: int, now: datetime) -> list[LinkRow]:
    """The links of a company that still open it, newest first."""
    rows = await fetch(
        """select l.*, coalesce(u.name, l.created_by) as creator from setup_link l
           left join users u on u.email = l.created_by
           where l.company = $1 and l.revoked_at is null and l.expires_at > $2 order by l.id desc limit $3""",
        company,
        now,
        KEPT,
    )
    return [_row(row) for row in rows]


async def living(token_hash: bytes, now: datetime) -> LinkRow | None:
    """The link of a token, if it still opens something."""
    row = await fetchrow(LIVING, token_hash, now, list(MAKERS))
    return _row(row) if row else None


async def opened(link: LinkRow, address: str, now: datetime) -> None:
    """Somebody came by this link."""
    async with transaction() as connection:
        await connection.execute(
            "update setup_link set used_at = $2, used_from = $3 where id = $1", link.id, now, address[:64]
        )
        await _audit(connection, link.actor, "setup_link.opened", link.company, link.for_whom, address)
        await notify(connection, f"company:{link.company}")


async def revoke_link(company: int, link: int, actor: str, address: str) -> bool:
    """End a link at once; whether it was one of this company that lived."""
    async with transaction() as connection:
        row = await connection.fetchrow(
            """update setup_link set revoked_at = now() where id = $1 and company = $2 and revoked_at is null
               returning for_whom""",
            link,
            company,
        )
        if row is None:
            return False
        await _audit(connection, actor, "setup_link.revoked", company, row["for_whom"], address)
        await notify(connection, f"company:{company}")
    return True


def _row(row: Any) -> LinkRow:
    return LinkRow(
        id=row["id"],
        company=row["company"],
        for_whom=row["for_whom"],
        created_by=row["created_by"],
        creator=row["creator"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        used_at=row["used_at"],
        used_from=row["used_from"],
        revoked_at=row["revoked_at"],
    )


async def _audit(connection: Any, actor: str, action: str, company: int, subject: str, address: str) -> None:
    await connection.execute(
        "insert into audit_entry (actor, action, company, subject, address) values ($1, $2, $3, $4, $5)",
        actor,
        action,
        company,
        subject[:200],
        address[:64],
    )
