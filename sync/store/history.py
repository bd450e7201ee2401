"""The syncs of a company over time: the history with its filters, figures by day, the hours with contact, and every
document of one sync for taking away.
"""

import asyncio
import zlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sync.store.base import fetch, notify, transaction
from sync.store.runs import NAMES, RUN, RunRow, outcome_of, run_row
from sync.store.setup import audit

AT_ONCE = 1000  # rows of the history in one statement
DOCUMENTS = 16  # requests whose documents are in memory at a time
NEWEST = 2**31 - 1  # no sync has a higher number

RESULTS = {  # what people filter by
    "complete": "r.state = 'complete' and r.failed = 0",
    "partly": "r.state = 'complete' and r.failed > 0",
    "stopped": "r.state = 'stopped'",
    "cancelled": "r.state = 'cancelled'",
    "open": "r.state in ('queued', 'running')",
}
AT = "coalesce(r.began_at, r.asked_at)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which syncs of the history; what is empty does not narrow it."""

    kind: str = ""
    result: str = ""  # a key of RESULTS
    machine: str = ""
    since: datetime | None = None  # begun, or where it never began asked for; at this moment or later
    until: datetime | None = None  # before this moment

    @property
    def where(self) -> str:
        """Conditions over $1 company, $2 kind, $3 machine, $4 since and $5 until, only those that narrow."""
        some = {
            "r.kind = $2": self.kind,
            "r.machine = $3": self.machine,
            f"{AT} >= $4": self.since,
            f"{AT} < $5": self.until,
            RESULTS.get(self.result, "true"): self.result,
        }
        typed = "($2::text is null or true) and ($3::text is null or true)"  # a value nobody uses has no type
        typed += " and ($4::timestamptz is null or true) and ($5::timestamptz is null or true)"
        return " and ".join(["r.company = $1", typed, *(text for text, value in some.items() if value)])

    def values(self, company: int) -> tuple[object, ...]:
        return company, self.kind, self.machine, self.since, self.until


@dataclass(frozen=True, slots=True)
class Period:
    """The syncs of one bar of the chart."""

    rows: int  # received
    changed: int
    syncs: int
    took: float | None  # seconds, of a complete incremental sync: the middle one
    longest: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One request with its answer, as taken away."""

    id: int
    at: datetime
    took: float | None  # seconds
    name: str
    page: int
    rows: int
    outcome: str  # ok, empty, warning, failed, open
    code: str  # statusCode or HRESULT
    message: str
    request: str
    answer: str | None


async def syncs(company: int, wanted: Wanted, *, before: int | None = None, limit: int = 20) -> list[RunRow]:
    """The syncs that are wanted, newest first, those before a number."""
    rows = await fetch(
        f"{RUN} where {wanted.where} and r.number < $6 order by r.number desc limit $7",
        *wanted.values(company),
        min(before, NEWEST) if before is not None else NEWEST,
        limit,
    )
    return [run_row(row) for row in rows]


async def every_sync(company: int, wanted: Wanted) -> AsyncIterator[list[RunRow]]:
    """All that are wanted, newest first, some at a time."""
    before = None
    while found := await syncs(company, wanted, before=before, limit=AT_ONCE):
        yield found
        before = found[-1].number


async def machines(company: int) -> list[str]:
    """The computers that a company was, or is, synced from."""
    rows = await fetch(
        "select distinct machine from connector where company = $1 and machine <> '' order by machine", company
    )
    return [row["machine"] for row in rows]


async def by_period(company: int, wanted: Wanted, bounds: Sequence[datetime]) -> list[Period]:
    """Figures of the syncs between each of some moments and the next, in their order."""
    calm = "filter (where r.state = 'complete' and r.kind = 'incremental')"
    took = "extract(epoch from r.ended_at - r.began_at)::float8"
    rows = await fetch(
        f"""select width_bucket({AT}, $6::timestamptz[]) as period, count(*) as syncs, sum(r.rows_in) as rows,
                sum(r.rows_changed) as changed, max({took}) {calm} as longest,
                percentile_disc(0.5) within group (order by {took}) {calm} as took
            from run r where {wanted.where} and {AT} >= $7 and {AT} < $8 group by 1""",
        *wanted.values(company),
        list(bounds),
        bounds[0],
        bounds[-1],
    )
    found = {row["period"]: row for row in rows}
    return [_period(found.get(number + 1)) for number in range(len(bounds) - 1)]


def _period(row: Any | None) -> Period:
    if row is None:
        return Period(0, 0, 0, None, None)
    return Period(row["rows"], row["changed"], row["syncs"], row["took"], row["longest"])


async def contacts(company: int, since: datetime) -> list[datetime]:
    """The begin of each hour in which a Web Connector of the company called, from a moment on, oldest first."""
    rows = await fetch(
        """select hour from contact_hour where company = $1 and hour >= $2
           union select date_trunc('hour', opened_at) from session where company = $1 and opened_at >= $2 order by 1""",
        company,
        since.replace(minute=0, second=0, microsecond=0),
    )
    return [row["hour"] for row in rows]


async def first_contact(company: int) -> datetime | None:
    """When a Web Connector of the company first called, to the hour."""
    rows = await fetch(
        """select least((select min(hour) from contact_hour where company = $1),
               (select min(opened_at) from session where company = $1)) as first""",
        company,
    )
    first: datetime | None = rows[0]["first"]
    return first


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactNote:
    """What somebody said of a time without contact."""

    begin: datetime  # of the silence, as it was named then
    text: str
    by: str  # a name, where the person is known


async def contact_notes(company: int, since: datetime) -> list[ContactNote]:
    """The notes on silences that began at a moment or later, oldest first."""
    rows = await fetch(
        """select n.begin, n.text, coalesce(u.name, n.written_by) as by from contact_note n
           left join users u on u.email = n.written_by where n.company = $1 and n.begin >= $2 order by n.begin""",
        company,
        since,
    )
    return [ContactNote(**dict(row)) for row in rows]


async def note_contact(company: int, begin: datetime, text: str, actor: str, address: str) -> None:
    """Say something of the silence that began at a moment, in place of what was said; "" takes it away."""
    async with transaction() as connection:
        await connection.execute("delete from contact_note where company = $1 and begin = $2", company, begin)
        if text:
            await connection.execute(
                "insert into contact_note (company, begin, text, written_by) values ($1, $2, $3, $4)",
                company,
                begin,
                text,
                actor[:254],
            )
        await audit(connection, actor, "contact.noted", company, text, address)
        await notify(connection, f"company:{company}")


async def documents(run: int) -> AsyncIterator[Document]:
    """Every request of a run with its answer, in their order; a few are in memory at a time."""
    after = 0
    while rows := await fetch(DOCUMENTS_OF, run, after, DOCUMENTS):
        for row in rows:
            yield await asyncio.to_thread(_document, row)
        after = rows[-1]["id"]


DOCUMENTS_OF = """
    select q.*, extract(epoch from q.answered_at - q.sent_at)::float8 as took
    from request q where q.run = $1 and q.id > $2 order by q.id limit $3
"""


def _document(row: Any) -> Document:
    return Document(
        id=row["id"],
        at=row["sent_at"],
        took=row["took"],
        name=NAMES.get(row["kind"]) or row["name"].removesuffix("Rq"),
        page=row["page"],
        rows=row["rows"],
        outcome=outcome_of(row),
        code=row["hresult"] or ("" if row["status_code"] is None else str(row["status_code"])),
        message=row["set_aside"] or row["status_message"],
        request=zlib.decompress(row["body"]).decode(errors="replace"),
        answer=zlib.decompress(row["answer"]).decode(errors="replace") if row["answer"] else None,
    )
