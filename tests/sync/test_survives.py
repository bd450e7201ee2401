"""The product may end at any moment, killed or asked to: what was in hand goes on, and nothing is lost or doubled."""

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sync.practice.company import CompanyFile
from sync.practice.connector import Faults
from sync.practice.faults import SlowQuickBooks
from sync.practice.seed import seed
from sync.store.base import fetchval
from tests.serving import Client
from tests.sync.conftest import unequal
from tests.sync.following import alive, check_counts, check_cursors, check_replies, sync, taken_in
from tests.sync.processes import Installed, installed

UNPROCESSED = "select count(*) from request where answered_at is not null and processed_at is null and set_aside = ''"


@pytest.fixture
async def product(tmp_path: Path) -> AsyncIterator[Installed]:
    """The product in processes of its own; the server runs."""
    async with installed(tmp_path / "data") as running:
        await running.start()
        yield running


@pytest.fixture
def books(tmp_path: Path) -> CompanyFile:
    """Some 1,500 rows."""
    file = CompanyFile.create(tmp_path / "halder.practice", company_name="Halder Natural Stone, Inc.")
    seed(file, 1_500)
    return file


async def test_an_import_survives_a_server_that_is_killed_at_any_moment(product: Installed, books: CompanyFile) -> None:
    company, connector = await product.add_company("Halder", books, Faults([SlowQuickBooks(0.05)]))
    moments = random.Random(20)
    for _ in range(5):
        update = asyncio.create_task(connector.update())
        await asyncio.sleep(moments.uniform(0.1, 0.8))
        assert await alive(company)
        product.kill()
        await update
        await product.start()
    check_replies(await sync(connector, company))
    await check_counts(company, books)
    await check_cursors(company, books)
    assert await unequal(company, books) == []


async def test_a_worker_alone_takes_in_what_a_killed_server_has_left(product: Installed, books: CompanyFile) -> None:
    company, connector = await product.add_company("Halder", books)
    left = 0
    while not left:
        update = asyncio.create_task(connector.update())
        while not await fetchval(UNPROCESSED):
            assert not update.done()
            await asyncio.sleep(0.001)
        product.kill()
        await update
        left = await fetchval(UNPROCESSED)
        if not left:  # the queue was quicker
            await product.start()
    await product.start("worker")
    await taken_in(company)
    await product.start()
    check_replies(await sync(connector, company))
    await check_counts(company, books)
    assert await unequal(company, books) == []


async def test_server_and_worker_end_when_asked_to_and_the_import_goes_on_after_the_restart(
    product: Installed, books: CompanyFile
) -> None:
    await product.start("worker")
    company, connector = await product.add_company("Halder", books, Faults([SlowQuickBooks(0.02)]))
    headers = {"Cookie": await product.sign_in()}
    streams = [
        asyncio.create_task(listen(product, path, headers))
        for path in ("/companies/live", f"/companies/{company}/live")
    ]
    update = asyncio.create_task(connector.update())
    await asyncio.sleep(1.0)
    assert await alive(company)
    await product.terminate("serve", "worker")
    await update
    assert all(heard > 0 for heard in await asyncio.gather(*streams))
    assert await alive(company)
    await product.start()
    check_replies(await sync(connector, company))
    await check_counts(company, books)
    assert await unequal(company, books) == []


async def listen(product: Installed, path: str, headers: dict[str, str]) -> int:
    """Read a page's events until the server ends them; how many bytes came."""
    heard = 0
    async with (
        Client(base_url=product.address, headers=headers, timeout=60) as browser,
        browser.stream("GET", path) as answer,
    ):
        assert answer.status_code == 200
        async for piece in answer.aiter_raw():
            heard += len(piece)
    return heard
