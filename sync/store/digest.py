"""The daily digest: which companies have not been looked at this morning, what they have to tell, and its sending.

A morning is taken by a compare-and-set, so however many processes look, one sends.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sync.store import alerts, changes, mail, stuck
from sync.store.base import fetch, fetchval, notify, transaction
from sync.store.changes import Counts

DAY = timedelta(days=1)
CAUSES = 5  # in a mail

DUE = """
    select id, name, time_zone, digest_day from company
    where digest and removed_at is null and (begun_at is not null or adopts_first) order by id
"""
TAKE = """
    update company set digest_day = $2 where id = $1 and digest and (digest_day is null or digest_day < $2)
    returning id
"""


@dataclass(frozen=True, slots=True)
class Due:
    """A company that wants a digest."""

    company: int
    name: str
    zone: str  # IANA name; empty: that of the server
    last: date | None  # the morning it was looked at last


@dataclass(frozen=True, slots=True)
class Findings:
    """What a company has to tell."""

    counts: Counts
    failed: int  # failures of the last day, also those that succeeded later
    causes: Sequence[tuple[str, int]]  # of what cannot sync: key as in store.stuck, number
    unread: Sequence[str]  # kinds of records that the last sync could not read

    @property
    def anything(self) -> bool:
        waits = self.counts.to_approve_in + self.counts.to_approve_out + self.counts.conflicts
        return bool(waits or self.counts.stuck or self.failed or self.unread)


async def due() -> list[Due]:
    """Every company that wants a digest."""
    return [Due(row["id"], row["name"], row["time_zone"], row["digest_day"]) for row in await fetch(DUE)]


async def findings(company: int, now: datetime) -> Findings:
    """What waits, what cannot sync, and what failed within a day."""
    failed: int = await fetchval(
        "select count(*) from change_event where company = $1 and at > $2 and state in ('refused', 'unknown')",
        company,
        now - DAY,
    )
    causes = (await stuck.causes(company))[:CAUSES]
    unread = [each.entity for each in await stuck.unread(company)]
    return Findings(await changes.counts(company), failed, causes, unread)


async def tell(company: int, morning: date, letter: tuple[str, str] | None) -> bool:
    """Take a morning of a company, and queue its mail (subject, body) if there is one; False: somebody was quicker."""
    async with transaction() as connection:
        if await connection.fetchval(TAKE, company, morning) is None:
            return False
        if letter is not None:
            to = await alerts.who_is_told(connection, company)
            for each in to:
                await mail.queue(each, *letter, company, within=connection)
            await connection.execute(
                "insert into audit_entry (actor, action, company, subject, detail) values ($1, $2, $3, $4, $5)",
                *(alerts.ACTOR, "digest.sent", company, letter[0][:200], json.dumps({"to": to})),
            )
    return True


async def wanted(company: int) -> bool:
    """Whether a company's digest is switched on."""
    found: bool = await fetchval("select digest from company where id = $1", company)
    return found


async def switch(company: int, on: bool, actor: str, address: str) -> None:
    """Switch the digest of a company on or off."""
    async with transaction() as connection:
        await connection.execute("update company set digest = $2 where id = $1", company, on)
        await connection.execute(
            "insert into audit_entry (actor, action, company, subject, address) values ($1, $2, $3, $4, $5)",
            *(actor, "alerts.digest_set", company, "on" if on else "off", address),
        )
        await notify(connection, f"company:{company}")
