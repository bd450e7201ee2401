"""The queue and its worker, in the process that serves the pages: answers are taken in here, in the background.

One job per company at a time, by its key; it drains that company's answers in order. A wake-up may be lost between a
job's last look and its end, so `after` looks again, and a cron takes whatever was missed all the same.
"""

import asyncio
import contextlib
import logging
import uuid
import zlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from psycopg.conninfo import make_conninfo
from saq import CronJob, Worker
from saq.queue.postgres import PostgresQueue
from saq.types import Context, PartialTimersDict

from sync import alerting, digest
from sync import mail as post
from sync.database import CONNECTIONS, MIGRATION_LOCK
from sync.qbxml.heads import NotQbxml
from sync.settings import Settings
from sync.store import api_writes, csv_imports, csv_matching, intake, mail, waiting
from sync.store.base import connection

log = logging.getLogger(__name__)

CONCURRENCY = 4  # companies whose answers one process takes in at a time
TRIES = 3  # of an answer that our own side could not store
DRAIN = {"ttl": -1, "timeout": 0, "heartbeat": 30, "retries": 5, "retry_delay": 2.0}
HEARTBEAT = 5.0  # seconds after which a running job says that it lives; DRAIN gives it 30
TIMERS = {"schedule": 1, "sweep": 10}
GRACE = 1.5  # seconds that running jobs have at the end
CANCELLED_AGAIN = 1.0  # seconds after which what was cancelled at the end and still runs is cancelled once more
OVERDUE = 10.0  # seconds after which a stored answer is looked after, whatever became of its wake-up
EVERY_FIVE_SECONDS = "* * * * * */5"
EVERY_TEN_SECONDS = "* * * * * */10"
EVERY_HALF_MINUTE = "* * * * * */30"
EVERY_MINUTE = "* * * * *"
EVERY_NIGHT = "17 3 * * *"  # UTC
KEPT = timedelta(days=90)  # of requests with their answers

# A job of a process that was killed would block its company until SAQ misses its heartbeat. A process lives as long as
# its connections do; the database sees at once when they are gone.
FREE = """
    delete from saq_jobs where queue = %s and status = 'active' and (
        case when convert_from(job, 'UTF8')::jsonb ->> 'worker_id' is null
            then (convert_from(job, 'UTF8')::jsonb ->> 'touched')::numeric < extract(epoch from now()) * 1000 - 5000
            else not exists (select from pg_stat_activity where datname = current_database()
                and application_name = 'deskbridge ' || (convert_from(job, 'UTF8')::jsonb ->> 'worker_id'))
        end)
"""


class InProcessWorker(Worker[Context]):
    """SAQ's worker, which leaves the signals to the web server."""

    SIGNALS = []

    async def stop(self) -> None:
        """Let running jobs end for a moment, then cancel what is left: SAQ queues it again."""
        self.event.set()  # no further job
        working = {*self.tasks}  # before SAQ forgets them
        loop = asyncio.get_running_loop()
        ends = loop.time() + GRACE
        while self.job_task_contexts and loop.time() < ends:
            await asyncio.sleep(0.02)
        ending = loop.create_task(super().stop())
        while not (await asyncio.wait({ending}, timeout=CANCELLED_AGAIN))[0]:
            log.info("the worker's tasks are cancelled again")
            for one in working:  # before Python 3.12 wait_for may swallow a cancellation, and SAQ waits without end
                one.cancel()


class Queue:
    """The open queue of this process."""

    def __init__(self, dsn: str) -> None:
        self.id = uuid.uuid4().hex  # of this process: its worker and its connections carry it
        address = make_conninfo(dsn, application_name=f"deskbridge {self.id}")
        self.queue = PostgresQueue.from_url(address, min_size=2, max_size=CONNECTIONS.queue)
        self._waking: set[asyncio.Task[None]] = set()

    async def wake(self, company: int) -> None:
        """See to it that the company's stored answers are taken in. After the commit that stored them.

        SAQ's worker misses notices while it turns from one job to the next, so it is made to look.
        """
        if await self.queue.enqueue("take_in", key=f"company:{company}", company=company, **DRAIN):
            await self.queue.schedule()

    async def take_up(self, overdue: float) -> None:
        """Free what dead processes held, and wake every company whose answers have waited for so many seconds."""
        async with self.queue.pool.connection() as found:
            await found.execute(FREE, [self.queue.name])
        for company in await waiting.companies_with_unprocessed(overdue):
            await self.wake(company)
        for file in await csv_imports.unfinished():
            await self.work_on(file.id)

    async def work_on(self, file: int) -> None:
        """See to it that what is due about a CSV file is done. After the commit that said so."""
        row = await csv_imports.by_id(file)
        if row is not None:
            key = f"csv:{file}:{row.state}:{row.number}"
            if await self.queue.enqueue("work_on_file", key=key, file=file, **DRAIN):
                await self.queue.schedule()

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
    """A job's context, with the way to wake the queue, and with what mails need."""

    bell: Queue
    settings: Settings


async def take_in(ctx: Context, *, company: int) -> int:
    """Drain a company's answers, oldest first; return how many were taken in."""
    taken, loop = 0, asyncio.get_running_loop()
    told = loop.time()
    while answers := await waiting.unprocessed(company):
        taken += await _take_in_some(company, answers)
        job = ctx.get("job")
        if job is not None and loop.time() - told > HEARTBEAT:
            told = loop.time()
            await job.update()
    return taken


async def _take_in_some(company: int, answers: list[waiting.Answered]) -> int:
    """Parse and store some answers; one that is no qbXML is set aside, what came before it is stored first."""
    parsed: list[intake.Parsed] = []
    broken: tuple[waiting.Answered, str] | None = None
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
            log.exception("%d answers of company %d could not be stored together", len(parsed), company)
            for one in parsed:
                await _take_in_one(company, one, now)
    if broken is not None:
        await waiting.set_aside(company, *broken, now)
    return len(parsed)


async def _take_in_one(company: int, parsed: intake.Parsed, now: datetime) -> None:
    """Store one answer. Where our own side fails on it, it is set aside after TRIES, so that it blocks no other."""
    try:
        await intake.take_in(company, [parsed], now)
    except Exception:
        log.exception("answer %d of company %d could not be stored", parsed.answered.id, company)
        if await waiting.count_try(parsed.answered) < TRIES:
            raise
        await waiting.set_aside(company, parsed.answered, "Our side could not store this answer.", now)


async def work_on_file(ctx: Context, *, file: int) -> int:
    """Find out what the lines of a CSV file would do, or carry them out; return how many were done now."""
    row = await csv_imports.by_id(file)
    if row is None:
        return 0
    return await (look_at_lines(ctx, row) if row.state == "checking" else import_lines(ctx, row))


async def look_at_lines(ctx: Context, file: csv_imports.ImportRow) -> int:
    """Look at every line, from the first one on: a line may double one that an earlier look has seen."""
    looking = await csv_matching.begin(file)
    seen, line = 0, 0
    while True:
        lines = await csv_imports.after(file.id, line)
        found = await csv_matching.consider(looking, lines) if lines else []
        seen, line = seen + len(lines), lines[-1].line if lines else line
        over = len(lines) < csv_imports.BATCH
        if not await csv_imports.looked_at(file, found, seen, over=over) or over:
            return seen
        await beat(ctx)


async def import_lines(ctx: Context, file: csv_imports.ImportRow) -> int:
    """Propose what the file wants, some lines at a time. What was done before is not done again."""
    done = 0
    while file.state == "importing" and (some := await csv_matching.carry_out(file)):
        done += some
        await beat(ctx)
    return done


async def beat(ctx: Context) -> None:
    """Say that a job lives."""
    job = ctx.get("job")
    if job is not None:
        await job.update()


async def forget_files(ctx: Context) -> None:
    """Let go of the lines of CSV files, and of answers to other programs, that nobody asks for any more."""
    now = datetime.now(UTC)
    await csv_imports.forget(now)
    await api_writes.forget(now)


async def sweep_answers(ctx: Context) -> None:
    """Take up what no wake-up has reached."""
    await cast(Ringing, ctx)["bell"].take_up(OVERDUE)


async def forget_requests(ctx: Context) -> None:
    """Let go of requests and answers that are older than KEPT."""
    while await waiting.forget_requests(datetime.now(UTC) - KEPT):
        job = ctx.get("job")
        if job is not None:
            await job.update()  # heartbeat


async def send_mail(ctx: Context) -> int:
    """Send the mails that are due."""
    return await post.send_due(cast(Ringing, ctx)["settings"])


async def look_at_connections(ctx: Context) -> None:
    """Tell by mail which connections need somebody, and which are back."""
    await alerting.look(cast(Ringing, ctx)["settings"].public_url, datetime.now(UTC))


async def send_digests(ctx: Context) -> None:
    """Tell by mail, each morning, what waits and what failed."""
    await digest.look(cast(Ringing, ctx)["settings"].public_url, datetime.now(UTC))


async def forget_mail(ctx: Context) -> None:
    """Let go of mails that are over."""
    await mail.forget(datetime.now(UTC))


CRON: list[CronJob[Context]] = [
    CronJob(sweep_answers, cron=EVERY_TEN_SECONDS),
    CronJob(send_mail, cron=EVERY_FIVE_SECONDS, timeout=600),  # seconds: a mail server may let us wait
    CronJob(look_at_connections, cron=EVERY_HALF_MINUTE, timeout=60),
    CronJob(send_digests, cron=EVERY_MINUTE, timeout=60),
    CronJob(forget_requests, cron=EVERY_NIGHT),
    CronJob(forget_mail, cron=EVERY_NIGHT),
    CronJob(forget_files, cron=EVERY_NIGHT),
]


@contextlib.asynccontextmanager
async def running(dsn: str, settings: Settings, *, work: bool = True) -> AsyncIterator[Queue]:
    """The queue on this database and, when `work`, a worker. What runs at the end is finished, or taken up later."""
    bell = Queue(dsn)
    async with connection() as lock, lock.transaction():
        await lock.execute("select pg_advisory_xact_lock($1)", MIGRATION_LOCK)
        await bell.queue.connect()
    try:
        async with _worker(bell, settings) if work else contextlib.nullcontext():
            yield bell
    finally:
        await bell.settle()
        await bell.queue.disconnect()


@contextlib.asynccontextmanager
async def _worker(bell: Queue, settings: Settings) -> AsyncIterator[None]:
    async def after(ctx: Context) -> None:
        job: Any = ctx["job"]
        company = (job.kwargs or {}).get("company")
        if company and await waiting.has_unprocessed(company):
            await bell.wake(company)

    worker = InProcessWorker(
        bell.queue,
        id=bell.id,
        functions=[take_in, work_on_file, *(job.function for job in CRON)],
        concurrency=CONCURRENCY,
        cron_jobs=CRON,
        after_process=after,
        timers=cast(PartialTimersDict, TIMERS),
    )
    context = cast(Ringing, worker.context)
    context["bell"], context["settings"] = bell, settings
    task = asyncio.get_running_loop().create_task(worker.start())
    try:
        await bell.take_up(0.0)
        yield
    finally:
        worker.event.set()
        await task
