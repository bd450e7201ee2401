"""The queue and its worker, in the process that serves the pages: answers are taken in here, in the background.

One job per company at a time, by its key; it drains that company's answers in order. A wake-up may be lost between a
job's
last look and its end, so `after` looks again, and a cron takes whatever was missed all the same.
"""

import asyncio
import contextlib
import logging
import zlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, cast

from saq import CronJob, Worker
from saq.queue.postgres import PostgresQueue
from saq.types import Context, PartialTimersDict

from sync.database import CONNECTIONS, MIGRATION_LOCK
from sync.qbxml.heads import NotQbxml
from sync.store import intake
from sync.store.base import connection

log = logging.getLogger(__name__)

CONCURRENCY = 4  # companies whose answers one process takes in at a time
TRIES = 3  # of an answer that our own side could not store
DRAIN = {"ttl": -1, "timeout": 0, "heartbeat": 30, "retries": 5, "retry_delay": 2.0}
TIMERS = {"schedule": 5, "sweep": 10}
GRACE = 3.0  # seconds that running jobs have at the end


class InProcessWorker(Worker[Context]):
    """SAQ's worker, which leaves the signals to the web server."""

    SIGNALS = []


class Queue:
    """The open queue of this process."""

    def __init__(self, queue: PostgresQueue) -> None:
        self._queue = queue
        self._waking: set[asyncio.Task[None]] = set()

    async def wake(self, company: int) -> None:
        """See to it that the company's stored answers are taken in. After the commit that stored them."""
        await self._queue.enqueue("take_in", key=f"company:{company}", company=company, **DRAIN)

    def wake_soon(self, company: int) -> None:
        """The same, without waiting: the reply to the Web Connector does not depend on it."""
        task = asyncio.get_running_loop().create_task(self.wake(company))
        self._waking.add(task)
        task.add_done_callback(self._woken)

    def _woken(self, task: asyncio.Task[None]) -> None:
        self._waking.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.warning("a wake-up of the queue failed; the cron takes it up", exc_info=task.exception())

    async def settle(self) -> None:
        """Wait for the wake-ups that are on their way."""
        if self._waking:
            await asyncio.wait(self._waking, timeout=GRACE)


class Ringing(Context):
    """A job's context, with the way to wake the queue."""

    bell: Queue


async def take_in(ctx: Context, *, company: int) -> int:
    """Drain a company's answers, oldest first; return how many were taken in."""
    taken = 0
    while answers := await intake.unprocessed(company):
        taken += await _take_in_some(company, answers)
        job = ctx.get("job")
        if job is not None:
            await job.update()  # heartbeat
    return taken


async def _take_in_some(company: int, answers: list[intake.Answered]) -> int:
    """Parse and store some answers; one that is no qbXML is set aside, what came before it is stored first."""
    parsed: list[intake.Parsed] = []
    broken: tuple[intake.Answered, str] | None = None
    for answered in answers:
        try:
            parsed.append(await asyncio.to_thread(intake.parse, answered))
        except (NotQbxml, zlib.error) as error:
            broken = (answered, str(error))
            break
    now = datetime.now(UTC)
    if parsed:
        try:
            await intake.take_in(company, parsed, now)
        except Exception:
            log.exception("answer %d of company %d could not be stored", parsed[0].answered.id, company)
            await _not_stored(company, parsed, now)
            raise
    if broken is not None:
        await intake.set_aside(company, *broken, now)
    return len(parsed)


async def _not_stored(company: int, parsed: list[intake.Parsed], now: datetime) -> None:
    """Our own side failed on these answers: after TRIES the first is set aside, so that it blocks no other."""
    first = parsed[0].answered
    if await intake.count_try(first) >= TRIES:
        await intake.set_aside(company, first, "Something broke on our side while this answer was stored.", now)


async def sweep_answers(ctx: Context) -> None:
    """Take up what no wake-up has reached."""
    bell = cast(Ringing, ctx)["bell"]
    for company in await intake.companies_with_unprocessed(30.0):
        await bell.wake(company)


@contextlib.asynccontextmanager
async def running(dsn: str, *, work: bool = True) -> AsyncIterator[Queue]:
    """The queue on this database and, when `work`, a worker. What runs at the end is finished, or taken up later."""
    queue = PostgresQueue.from_url(dsn, min_size=2, max_size=CONNECTIONS.queue)
    async with connection() as lock, lock.transaction():
        await lock.execute("select pg_advisory_xact_lock($1)", MIGRATION_LOCK)
        await queue.connect()
    bell = Queue(queue)
    try:
        async with _worker(queue, bell) if work else contextlib.nullcontext():
            yield bell
    finally:
        await bell.settle()
        await queue.disconnect()


@contextlib.asynccontextmanager
async def _worker(queue: PostgresQueue, bell: Queue) -> AsyncIterator[None]:
    async def after(ctx: Context) -> None:
        job: Any = ctx["job"]
        company = (job.kwargs or {}).get("company")
        if company and await intake.has_unprocessed(company):
            await bell.wake(company)

    worker = InProcessWorker(
        queue,
        functions=[take_in, sweep_answers],
        concurrency=CONCURRENCY,
        cron_jobs=[CronJob(sweep_answers, cron="* * * * *")],
        after_process=after,
        timers=cast(PartialTimersDict, TIMERS),
    )
    cast(Ringing, worker.context)["bell"] = bell
    task = asyncio.get_running_loop().create_task(worker.start())
    for company in await intake.companies_with_unprocessed(0.0):
        await bell.wake(company)
    try:
        yield
    finally:
        await _stop(worker, task)


async def _stop(worker: InProcessWorker, task: asyncio.Task[None]) -> None:
    """Let running jobs end for a moment, then stop: SAQ queues again what it cancels."""
    worker.event.set()
    ends = asyncio.get_running_loop().time() + GRACE
    while worker.job_task_contexts and asyncio.get_running_loop().time() < ends:
        await asyncio.sleep(0.02)
    await worker.stop()
    await task
