"""Stored answers that wait to be taken in: which are next, how many there are, and what becomes of a bad one.

An answer that cannot be taken in is set aside with the reason, and its entity is read again.
"""

from dataclasses import dataclass, field
from datetime import datetime

from sync.protocol.plan import TRIES, Mode
from sync.store import passes
from sync.store.base import fetch, fetchval, notify, transaction

AT_ONCE = 8  # answers in one transaction
BYTES_AT_ONCE = 2_000_000  # of answers, unpacked; one answer may be larger
FORGOTTEN_AT_ONCE = 1000  # requests

NEXT = """
    select q.id, q.run, q.run_entity, q.pass_number, q.answer, q.answer_size, q.tries, e.entity, e.mode,
        r.kind = 'incremental' and e.mode <> 'refresh' as touches, r.kind = 'verify' as verifies
    from request q join run_entity e on e.id = q.run_entity join run r on r.id = q.run
    where q.company = $1 and q.answered_at is not null and q.processed_at is null and q.set_aside = ''
    order by q.id limit $2
"""


@dataclass(frozen=True, slots=True)
class Answered:
    """One stored answer, and the entity that it was asked for."""

    id: int
    run: int
    run_entity: int
    pass_number: int
    entity: str
    mode: Mode
    answer: bytes = field(repr=False)
    size: int = 0  # bytes, unpacked
    verifies: bool = False  # its rows are compared, and nothing is taken in
    touches: bool = False  # its transactions move balances that are read again at the end of the run


async def unprocessed(company: int) -> list[Answered]:
    """The company's next answers, oldest first: a few small ones, or one large."""
    found: list[Answered] = []
    for row in await fetch(NEXT, company, AT_ONCE):
        if found and sum(one.size for one in found) + row["answer_size"] > BYTES_AT_ONCE:
            break
        found.append(
            Answered(
                id=row["id"],
                run=row["run"],
                run_entity=row["run_entity"],
                pass_number=row["pass_number"],
                entity=row["entity"],
                mode=Mode(row["mode"]),
                answer=row["answer"],
                size=row["answer_size"],
                touches=row["touches"],
                verifies=row["verifies"],
            )
        )
    return found


async def set_aside(company: int, answered: Answered, reason: str, now: datetime) -> None:
    """Keep an answer that cannot be taken in, with the reason, and let its entity be read again from its start."""
    async with transaction() as connection:
        await connection.execute("select from run where id = $1 for update", answered.run)
        await connection.execute("update request set set_aside = $2 where id = $1", answered.id, reason)
        await connection.execute(
            """with aside as (
                   select count(*) >= $3 as often from request
                   where run_entity = $1 and set_aside <> '' and answered_at is not null
               )
               update run_entity set errors = errors + 1, state = case when often then 'failed' else 'waiting' end,
                   received = 0, remaining = null, iterator_id = '', iterator_session = null, pages = 0, reason = $4,
                   ended_at = case when often then $5::timestamptz end
               from aside where id = $1 and passes = $2 and state in ('waiting', 'reading', 'received')""",
            answered.run_entity,
            answered.pass_number,
            TRIES,
            reason,
            now,
        )
        await passes.finish(connection, answered.run, company, now)
        await notify(connection, f"company:{company}", f"run:{answered.run}")


async def count_try(answered: Answered) -> int:
    """One more attempt at an answer that our side could not store; how many that makes."""
    async with transaction() as connection:
        tries: int = await connection.fetchval(
            "update request set tries = tries + 1 where id = $1 returning tries", answered.id
        )
        return tries


async def count_unprocessed(run: int) -> int:
    """How many answers of a run wait to be taken in."""
    count: int = await fetchval(
        """select count(*) from request
           where run = $1 and answered_at is not null and processed_at is null and set_aside = ''""",
        run,
    )
    return count


async def has_unprocessed(company: int) -> bool:
    """Whether an answer of the company waits to be taken in. One that was set aside does not count."""
    found: bool = await fetchval(
        """select exists (select from request where company = $1
               and answered_at is not null and processed_at is null and set_aside = '')""",
        company,
    )
    return found


async def companies_with_unprocessed(older_than: float) -> list[int]:
    """Companies whose answers have waited for longer than so many seconds: their wake-up was lost."""
    rows = await fetch(
        """select distinct company from request where answered_at < now() - make_interval(secs => $1)
               and answered_at is not null and processed_at is null and set_aside = ''""",
        older_than,
    )
    return [row["company"] for row in rows]


async def forget_requests(before: datetime) -> bool:
    """Delete some requests that were sent before a moment, with their answers; whether there were any.

    What still waits to be taken in stays, and so do the runs: they say what was read, only no longer in which words.
    """
    gone = await fetchval(
        """with old as (
               select id from request where sent_at < $1
                   and (answered_at is null or processed_at is not null or set_aside <> '') limit $2
           ), gone as (delete from request q using old where q.id = old.id returning 1)
           select count(*) from gone""",
        before,
        FORGOTTEN_AT_ONCE,
    )
    return bool(gone)
