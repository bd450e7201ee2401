"""The long proofs: `python -m tests.benchmarks.acceptance [kills] [changes] [--rows 20000]`. They measure nothing fast.

`changes`: a company of 20,000 rows is imported and every field of every row equals the file's; after 500 edits, 50
deletions and 20 creations an incremental sync makes it equal again and asks only for what changed.
`kills`: the same import while the server is killed at 20 random moments and started again.
"""

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from sync.practice.change import change
from sync.practice.company import CompanyFile
from sync.practice.connector import Faults
from sync.practice.faults import SlowQuickBooks
from sync.practice.seed import seed
from sync.store import setup
from sync.store.base import fetchrow, fetchval
from tests.sync.conftest import unequal
from tests.sync.following import alive, check_counts, check_cursors, check_replies, sync
from tests.sync.processes import Installed, installed

KILLS = 20
SLOW = 0.15  # seconds that QuickBooks takes for a document while the server is killed, so that an import lasts


async def changes(product: Installed, file: CompanyFile, _: int) -> None:
    """A first sync, then an incremental one after a day's work."""
    company, connector = await product.add_company("Halder", file)
    rows = sum(file.counts().values())
    began = time.monotonic()
    check_replies(await sync(connector, company))
    told("first sync", f"{rows} rows in {time.monotonic() - began:.1f} s")
    told("differences", len(await unequal(company, file)))
    await check_counts(company, file)
    await check_cursors(company, file)
    made = change(file, edits=500, deletions=50, creations=20)
    touched = [sum(map(len, kind.values())) for kind in (made.edited, made.deleted, made.created)]
    told("edited, deleted, created", touched)
    await setup.ask_run(company, "incremental", "acceptance")
    began = time.monotonic()
    check_replies(await sync(connector, company))
    run = await fetchrow(
        "select rows_in, rows_changed, rows_deleted, failed from run where company = $1 and number = 2", company
    )
    told("incremental sync", f"{time.monotonic() - began:.1f} s, {dict(run or {})}")
    whole = await fetchval(
        """select coalesce(sum(received), 0) from run_entity e join run r on r.id = e.run
           where r.company = $1 and r.number = 2 and e.mode in ('whole', 'sweep', 'keys')""",
        company,
    )
    told("rows that QuickBooks can only send whole", whole)
    found = await unequal(company, file)
    told("differences", len(found))
    assert not found, found[:10]


async def kills(product: Installed, file: CompanyFile, chance: int) -> None:
    """A first sync during which the server is killed again and again."""
    company, connector = await product.add_company("Halder", file, Faults([SlowQuickBooks(SLOW)]))
    moments, began, stages = random.Random(chance), time.monotonic(), []
    for number in range(KILLS):
        update = asyncio.create_task(connector.update())
        await asyncio.sleep(moments.uniform(0.05, 2.5))
        assert await alive(company), f"the import was over after {number} kills"
        stages.append(await fetchval("select percent from run where company = $1", company))
        product.kill()
        await update
        await product.start()
    told("percent at each kill", stages)
    connector.faults.clear()
    sessions = await sync(connector, company)
    check_replies(sessions)
    told("first sync", f"{time.monotonic() - began:.1f} s, {KILLS} kills, {len(sessions)} sessions after them")
    await check_counts(company, file)
    await check_cursors(company, file)
    doubled = await fetchval(
        "select count(*) - count(distinct (entity, qb_id)) from record where company = $1", company
    )
    told("rows doubled", doubled)
    found = await unequal(company, file)
    told("differences", len(found))
    assert not found, found[:10]


PROOFS: dict[str, Callable[[Installed, CompanyFile, int], Awaitable[None]]] = {"changes": changes, "kills": kills}


def told(what: str, value: object) -> None:
    print(f"  {what:<42} {value}", flush=True)


async def prove(name: str, rows: int, chance: int) -> None:
    """One proof on a new installation and a new company file."""
    print(f"{name}: {rows} rows, seed {chance}", flush=True)
    with tempfile.TemporaryDirectory(prefix="deskbridge-acceptance-") as folder:
        file = CompanyFile.create(Path(folder) / "halder.practice", company_name="Halder Natural Stone, Inc.")
        seed(file, rows)
        async with installed(Path(folder) / "data") as product:
            await product.start()
            await PROOFS[name](product, file, chance)
            took = await product.terminate("serve")
            told("server ended after", f"{took['serve']:.1f} s")
        file.close()


def main() -> None:
    """Run what is named, else everything."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.acceptance", description=__doc__)
    parser.add_argument("proofs", nargs="*", choices=[[], *PROOFS], help="default: all")
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1, help="of the moments at which the server is killed")
    asked = parser.parse_args()
    for name in asked.proofs or PROOFS:
        asyncio.run(prove(name, asked.rows, asked.seed))


if __name__ == "__main__":
    main()
