"""`make bench`: every measurement in one run on one machine, or those that are chosen."""

import asyncio
import json
import multiprocessing
import os
import platform
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import click

from tests.benchmarks import report, scenes
from tests.benchmarks.scenes import FULL, QUICK, Bench, Sizes
from tests.benchmarks.site import serving

SCENES = ("import", "slow", "neighbours", "pages", "idle", "large")
LOAD_PROCESSES = 2


class Numbers(click.ParamType[tuple[int, ...]]):
    """Whole numbers with commas between them."""

    name = "numbers"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        if isinstance(value, tuple):
            return value
        try:
            return tuple(int(part) for part in str(value).split(","))
        except ValueError:
            self.fail(f"{value!r} is not like 1,8,32", param, ctx)


@click.command()
@click.option("--quick", is_flag=True, help="Less of everything: under a minute, and less steady.")
@click.option("--scene", "chosen", type=click.Choice(SCENES), multiple=True, help="Only this; may be repeated.")
@click.option("--connectors", type=Numbers(), default=(1, 8, 32), show_default="1,8,32", help="At once, of the import.")
@click.option(
    "--rows", type=Numbers(), default=(100, 1000), show_default="100,1000", help="Of an answer of the import."
)
@click.option("--processes", type=click.IntRange(1, 16), default=2, show_default=True, help="Of the server.")
@click.option("--json", "file", type=click.Path(dir_okay=False, path_type=Path), help="Where all figures go as well.")
def bench(
    chosen: tuple[str, ...],
    connectors: tuple[int, ...],
    rows: tuple[int, ...],
    processes: int,
    file: Path | None,
    *,
    quick: bool,
) -> None:
    """Measure how fast an import is on this machine. Nothing of it is kept."""
    began = time.monotonic()
    sizes = QUICK if quick else FULL
    click.echo(f"{os.cpu_count()} cores, Python {platform.python_version()}, {processes} processes of the server")
    figures = asyncio.run(measure(chosen or SCENES, sizes, connectors, rows, processes))
    if file is not None:
        file.write_text(json.dumps(figures, indent=2) + "\n")
    click.echo(f"\nmeasured in {time.monotonic() - began:.0f} s")


async def measure(
    chosen: Sequence[str], sizes: Sizes, connectors: Sequence[int], rows: Sequence[int], processes: int
) -> dict[str, Any]:
    """Run the chosen scenes, print each as soon as it is measured, and return all figures."""
    spawning = multiprocessing.get_context("spawn")
    figures: dict[str, Any] = {}
    async with serving(processes) as site:
        await site.sign_in()
        with ProcessPoolExecutor(LOAD_PROCESSES, mp_context=spawning) as pool:
            running = Bench(site, pool, sizes)
            for name in chosen:
                figures[name] = await SHOW[name](running, connectors, rows)
    return figures


async def imports(running: Bench, connectors: Sequence[int], rows: Sequence[int]) -> dict[str, Any]:
    floors = [await scenes.floors(running, page_rows) for page_rows in rows]
    report.floors(floors)
    found = [await scenes.imported(running, count, page_rows) for page_rows in rows for count in connectors]
    report.imports(found, floors)
    return {"floors": floors, "imports": found}


async def slow(running: Bench, *_: object) -> dict[str, Any]:
    found = await scenes.slow_quickbooks(running)
    report.slow(found)
    return found


async def neighbours(running: Bench, *_: object) -> list[dict[str, Any]]:
    found = [
        await scenes.neighbours(running, 100, 0.0, others=0),
        await scenes.neighbours(running, 500, scenes.USUAL),
        await scenes.neighbours(running, 100, scenes.SLOW),
        await scenes.neighbours(running, 100, 0.0),
    ]
    report.neighbours(found)
    return found


async def visited(running: Bench, *_: object) -> list[dict[str, Any]]:
    found = [await scenes.visited(running, importing=importing) for importing in (False, True)]
    report.visited(found)
    return found


async def idle(running: Bench, *_: object) -> list[dict[str, Any]]:
    found = [await scenes.idle(running, visit_fully=fully) for fully in (False, True)]
    report.idle(found)
    return found


async def large(running: Bench, *_: object) -> dict[str, Any]:
    found = await scenes.large_answer(running)
    report.large(found)
    return found


SHOW: dict[str, Callable[[Bench, Sequence[int], Sequence[int]], Awaitable[Any]]] = {
    "import": imports,
    "slow": slow,
    "neighbours": neighbours,
    "pages": visited,
    "idle": idle,
    "large": large,
}

if __name__ == "__main__":
    bench()
