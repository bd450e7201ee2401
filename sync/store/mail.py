"""The outbox: e-mails to be sent, and what became of them. One process claims a row, and sends it.

`due` moves a claimed row's next try behind LEASE: should its process die, another takes it up then. Once the server has
taken a mail it is `sent`, and never claimed again; its words are let go, since they may hold a link that lets in.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sync.smtp import is_email
from sync.store.base import fetch, fetchrow, notify, transaction

LEASE = timedelta(minutes=5)  # longer than every time-out of one sending together
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60))  # after the first, second … failure
GIVEN_UP = timedelta(days=1)  # after it was queued
KEPT = timedelta(days=90)  # what is over
NOT_CONFIGURED = "SMTP is not configured: printed to the log"
LONGEST = 200  # characters of a subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One mail that the caller has claimed and is to send."""

    id: int
    company: int | None
    recipient: str
    subject: str
    body: str
    created_at: datetime
    tries: int  # this one included


@dataclass(frozen=True, slots=True, kw_only=True)
class MailRow:
    """One mail as the settings page lists it."""

    id: int
    recipient: str
    subject: str
    created_at: datetime
    due_at: datetime
    tries: int
    sent_at: datetime | None
    given_up_at: datetime | None
    error: str

    @property
    def state(self) -> str:
        """One of: sent, printed, given_up, again, waiting."""
        if self.sent_at:
            return "sent"
        if self.given_up_at:
            return "printed" if self.error == NOT_CONFIGURED else "given_up"
        return "again" if self.error else "waiting"


async def queue(recipient: str, subject: str, body: str, company: int | None = None, *, within: Any = None) -> int:
    """Put a mail into the outbox; return its id. Raises ValueError for what is no address.

    `within` is the connection of a transaction that goes on: the mail is then queued if, and only if, it is committed.
    """
    if not is_email(recipient):
        raise ValueError("the recipient is no e-mail address")
    values = (company, recipient, one_line(subject), body, datetime.now(UTC))
    if within is not None:
        return await _insert(within, *values)
    async with transaction() as connection:
        return await _insert(connection, *values)


def one_line(text: str) -> str:
    """A text without line ends and other control characters, which would begin another header."""
    return " ".join(re.sub(r"[\x00-\x1f\x7f\u2028\u2029]+", " ", text).split())[:LONGEST]


async def _insert(found: Any, company: int | None, recipient: str, subject: str, body: str, now: datetime) -> int:
    id: int = await found.fetchval(
        """insert into mail (company, recipient, subject, body, created_at, due_at) values ($1, $2, $3, $4, $5, $5)
           returning id""",
        company,
        recipient,
        subject,
        body.replace("\0", ""),
        now,
    )
    if company is not None:
        await notify(found, f"company:{company}")
    return id


DUE = """
    update mail set due_at = $1::timestamptz + $2::interval, tries = tries + 1
    where id = any (select id from mail where sent_at is null and given_up_at is null and due_at <= $1
        order by due_at, id limit $3 for update skip locked)
    returning id, company, recipient, subject, body, created_at, tries
"""


async def due(now: datetime, limit: int = 1) -> list[Letter]:
    """Claim mails whose time has come: nobody else is given them within LEASE."""
    return [Letter(**row) for row in await fetch(DUE, now, LEASE, limit)]


async def sent(id: int, now: datetime) -> None:
    """The server has taken it."""
    await _over("update mail set sent_at = $2, error = '', body = '' where id = $1 returning company", id, now)


async def failed(letter: Letter, error: str, now: datetime, *, for_good: bool = False) -> None:
    """It was not taken: try again after a pause, or not at all once that would be a day after it was queued."""
    again = now + PAUSES[min(letter.tries, len(PAUSES)) - 1]
    over = for_good or again > letter.created_at + GIVEN_UP
    await _over(
        """update mail set error = $2, due_at = $3, given_up_at = $4,
               body = case when $4::timestamptz is null then body else '' end
           where id = $1 and sent_at is null returning company""",
        letter.id,
        error,
        again,
        now if over else None,
    )


async def printed(id: int, now: datetime) -> None:
    """There is no server to give it to: it is in the log, as far as it may be."""
    await _over("update mail set given_up_at = $2, error = $3 where id = $1 returning company", id, now, NOT_CONFIGURED)


async def _over(statement: str, *values: object) -> None:
    async with transaction() as connection:
        company = await connection.fetchval(statement, *values)
        if company is not None:
            await notify(connection, f"company:{company}")


COLUMNS = "id, recipient, subject, created_at, due_at, tries, sent_at, given_up_at, error"


async def of(company: int, limit: int = 10) -> list[MailRow]:
    """The last mails about a company, newest first."""
    return [
        MailRow(**row)
        for row in await fetch(
            f"select {COLUMNS} from mail where company = $1 order by id desc limit $2", company, limit
        )
    ]


async def one(company: int, id: int) -> MailRow | None:
    """One mail about a company."""
    row = await fetchrow(f"select {COLUMNS} from mail where company = $1 and id = $2", company, id)
    return MailRow(**row) if row else None


async def forget(now: datetime) -> None:
    """Let go of the words of mails that are over, and of all that is older than KEPT."""
    async with transaction() as connection:
        await connection.execute("delete from mail where created_at < $1", now - KEPT)
        await connection.execute("update mail set body = '' where body <> '' and given_up_at is not null")
