"""The measurements. Each gives plain values, which the report prints and --json keeps; names say s or ms."""

import asyncio
import contextlib
import math
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from tests.benchmarks import floor, load, machine
from tests.benchmarks.load import Job, Taken, Visitor
from tests.benchmarks.site import Site

Figures = dict[str, Any]
T = TypeVar("T")

SAMPLED = 0.25  # seconds between two looks at memory
OTHERS = 4
SLOW = 0.3  # seconds that QuickBooks takes for a page
USUAL = 2.5  # seconds that it takes for 500 rows
PAUSE = 0.02  # seconds between two pages of a session that is only watched
MANY_ROWS = 10_000_000  # more than a background connector ever sends
LARGE_ROWS = 30_000  # about 50 MB
SETTLED = 2.0  # seconds of the watched session before the large answer begins


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How much is measured."""

    rows: dict[int, int]  # of each connector, by the number of connectors
    slow_pages: int = 40
    watched_pages: int = 200
    visited_rows: int = 12_000
    idle: int = 1000
    large_pages: int = 400  # of the session that is watched meanwhile
    floor_rows: int = 12_000


FULL = Sizes(rows={1: 20_000, 8: 5_000, 32: 2_000})
QUICK = Sizes(
    rows={1: 3_000, 8: 1_000, 32: 400},
    slow_pages=10,
    watched_pages=60,
    visited_rows=1_500,
    idle=300,
    large_pages=250,
    floor_rows=4_000,
)


@dataclass(slots=True)
class Bench:
    """A running product, and the processes that measure it."""

    site: Site
    pool: ProcessPoolExecutor
    sizes: Sizes

    async def away(self, work: Callable[..., T], *arguments: object) -> T:
        """The result of work that another process does."""
        return await asyncio.get_running_loop().run_in_executor(self.pool, work, *arguments)

    def job(self, connectors: Sequence[load.Connector], visitor: Visitor | None = None) -> Job:
        return Job(port=self.site.port, dsn=self.site.dsn, connectors=connectors, visitor=visitor)


class Costs:
    """What a measurement costs, looked at again and again while it runs."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.ours = site.processes
        self.memory = 0.0  # MB at most
        self._looks: list[tuple[float, ...]] = []

    def look(self) -> None:
        """Note what was used by now."""
        product, database = (machine.processor_seconds(of) for of in (self.ours, self.site.database))
        self._looks.append((time.monotonic(), product, database, machine.busy_seconds()))

    async def keep_looking(self) -> None:
        while True:
            self.look()
            self.memory = max(self.memory, machine.memory(self.ours))
            await asyncio.sleep(SAMPLED)

    def seconds(self, began: float = 0.0, ended: float = math.inf) -> list[float]:
        """Processor seconds of the product, the database and the whole machine between two moments."""
        return [self._at(ended, column) - self._at(began, column) for column in (1, 2, 3)]

    def _at(self, moment: float, column: int) -> float:
        """What a column was then, between two looks in proportion."""
        before = max((look for look in self._looks if look[0] <= moment), default=self._looks[0])
        after = min((look for look in self._looks if look[0] >= moment), default=self._looks[-1])
        share = (moment - before[0]) / (after[0] - before[0]) if after[0] > before[0] else 0.0
        return before[column] + share * (after[column] - before[column])


@contextlib.asynccontextmanager
async def costs(site: Site) -> AsyncIterator[Costs]:
    """Count what the block costs the machine."""
    found = Costs(site)
    looking = asyncio.create_task(found.keep_looking())
    try:
        yield found
    finally:
        looking.cancel()
        found.look()


def spread(values: Sequence[float]) -> Figures:
    """Count, p50 and p99 in ms."""
    ordered = sorted(values)
    if not ordered:
        return {"count": 0, "p50_ms": None, "p99_ms": None}
    return {
        "count": len(ordered),
        "p50_ms": round(1000 * ordered[len(ordered) // 2], 2),
        "p99_ms": round(1000 * ordered[math.ceil(len(ordered) * 0.99) - 1], 2),
    }


def pages_of(taken: Taken, company: int) -> list[float]:
    return [seconds for of, _, seconds in taken.pages if of == company]


async def floors(bench: Bench, page_rows: int) -> Figures:
    """The same bytes decoded, parsed and copied, by one process and by two at once."""
    await floor.make_tables(bench.site.dsn)
    pages = max(2, bench.sizes.floor_rows // page_rows)
    one = await bench.away(floor.measure, bench.site.dsn, page_rows, pages, 1)
    both = await asyncio.gather(
        *(bench.away(floor.measure, bench.site.dsn, page_rows, pages, company) for company in (2, 3))
    )
    return {
        "page_rows": page_rows,
        "decode": round(one.rows / one.decode),
        "parse": round(one.rows / one.parse),
        "copy_plain": round(one.rows / one.copy_plain),
        "copy_indexed": round(one.rows / one.copy_indexed),
        "plain": round(one.plain),
        "indexed": round(one.indexed),
        "indexed_two_processes": round(sum(part.indexed for part in both)),
    }


async def imported(bench: Bench, count: int, page_rows: int) -> Figures:
    """Whole sessions of so many connectors at once, until all runs are complete and all rows in the table."""
    pages = max(2, bench.sizes.rows.get(count, 40_000 // count) // page_rows)
    connectors = await bench.site.connectors(count, pages * page_rows, page_rows)
    async with costs(bench.site) as cost:
        taken = await bench.away(load.imports, bench.job(connectors))
    await bench.site.check(connectors)
    await bench.site.clear()
    rows, seconds = pages * page_rows * count, taken.pages_ended - taken.pages_began
    product, database, everything = cost.seconds(taken.pages_began, taken.pages_ended)
    load_seconds = taken.processor * seconds / (taken.ended - taken.began)
    return {
        "connectors": count,
        "page_rows": page_rows,
        "rows": rows,
        "rows_per_second": round(rows / seconds),
        "rows_per_second_whole_session": round(rows / (taken.ended - taken.began)),
        "calls_per_second": round(sum(map(len, taken.calls.values())) / (taken.ended - taken.began)),
        "page": spread([found for _, _, found in taken.pages]),
        "methods": {method: spread(found) for method, found in taken.calls.items()},
        "memory_mb": round(cost.memory),
        "processor_ms_a_page": {
            "product": round(1000 * product / pages / count, 1),
            "database": round(1000 * database / pages / count, 1),
        },
        "cores": {
            "product": round(product / seconds, 2),
            "database": round(database / seconds, 2),
            "load": round(load_seconds / seconds, 2),
            "others": round((everything - product - database - load_seconds) / seconds, 2),
        },
    }


async def slow_quickbooks(bench: Bench) -> Figures:
    """QuickBooks takes its time for each page: how much longer the import takes than QuickBooks alone."""
    pages = bench.sizes.slow_pages
    connectors = await bench.site.connectors(1, pages * 100, 100, pause=SLOW)
    taken = await bench.away(load.imports, bench.job(connectors))
    await bench.site.check(connectors)
    await bench.site.clear()
    seconds = taken.pages_ended - taken.pages_began
    return {"pages": pages, "seconds": round(seconds, 2), "share": round(seconds / (pages * SLOW), 3)}


async def neighbours(bench: Bench, page_rows: int, pause: float, *, others: int = OTHERS) -> Figures:
    """Page latencies of one session while other companies import."""
    (watched,) = await bench.site.connectors(1, bench.sizes.watched_pages * 100, 100, pause=PAUSE)
    rest = await bench.site.connectors(others, MANY_ROWS, page_rows, pause=pause, background=True)
    taken = await bench.away(load.imports, bench.job([watched, *rest]))
    await bench.site.check([watched])
    await bench.site.clear()
    seconds = taken.pages_ended - taken.pages_began
    return {
        "others": others,
        "their_page_rows": page_rows,
        "their_quickbooks_seconds": pause,
        "their_rows_per_second": round((len(taken.pages) - bench.sizes.watched_pages) * page_rows / seconds),
        "page": spread(pages_of(taken, watched.company)),
    }


async def visited(bench: Bench, *, importing: bool) -> Figures:
    """Latencies of the pages in the browser, while companies import and at rest."""
    rows, pause = (bench.sizes.visited_rows, 0.0) if importing else (1000, 0.3)
    connectors = await bench.site.connectors(OTHERS if importing else 1, rows, 100, pause=pause)
    visitor = Visitor(cookie=bench.site.cookie, paths=await bench.site.pages(connectors[0].company), pause=0.02)
    taken = await bench.away(load.imports, bench.job(connectors, visitor))
    await bench.site.check(connectors)
    await bench.site.clear()
    return {"importing": importing, "pages": {label: spread(found) for label, found in taken.visits.items()}}


async def idle(bench: Bench, *, visit_fully: bool) -> Figures:
    """Connectors that ask and are told that there is nothing to do, each once, on connections of their own."""
    count = bench.sizes.idle
    connectors = await bench.site.idle_connectors(count)
    async with costs(bench.site) as cost:
        taken = await bench.away(load.polls, bench.job(connectors), 4, visit_fully)
    product, database, _ = cost.seconds()
    seconds = taken.ended - taken.began
    calls = sum(map(len, taken.calls.values()))
    return {
        "calls_each": 4 if visit_fully else 1,
        "calls_per_second": round(calls / seconds),
        "authenticate": spread(taken.calls["authenticate"]),
        "product_seconds_per_1000": round(1000 * product / count, 2),
        "database_seconds_per_1000": round(1000 * database / count, 2),
        "percent_of_a_core_for_1000_each_minute": round(100 * (product + database) / count * 1000 / 60, 2),
    }


async def large_answer(bench: Bench) -> Figures:
    """One answer of 50 MB: its time and memory, and what another session notices."""
    (watched,) = await bench.site.connectors(1, bench.sizes.large_pages * 100, 100, pause=PAUSE)
    (large,) = await bench.site.connectors(1, LARGE_ROWS, LARGE_ROWS, whole=True)
    watching = asyncio.create_task(bench.away(load.imports, bench.job([watched])))
    await asyncio.sleep(SETTLED)
    ours = bench.site.processes
    before = machine.resident_memory(ours)
    machine.forget_peak(ours)
    taken = await bench.away(load.imports, bench.job([large]))
    grown = machine.peak_memory(ours) - before
    seen = await watching
    await bench.site.check([watched, large])
    await bench.site.clear()
    ((_, began, seconds),) = taken.pages
    within = [took for _, at, took in seen.pages if began - took <= at <= taken.pages_ended]
    outside = [took for _, at, took in seen.pages if not began - took <= at <= taken.pages_ended]
    return {
        "rows": LARGE_ROWS,
        "reply_seconds": round(seconds, 2),
        "in_table_seconds": round(taken.pages_ended - began, 2),
        "memory_grown_mb": round(grown),
        "other_session": spread(outside),
        "other_session_meanwhile": spread(within),
    }
