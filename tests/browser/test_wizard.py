"""The Sync Wizard in a real browser: ticked, unticked, approved, and seen to become successful on the open page."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from sync import database
from sync.keys import KeyRing
from sync.practice.company import CompanyFile
from sync.practice.connector import WebConnector, read_qwc
from sync.practice.seed import seed
from sync.store import changes, setup
from sync.store.base import fetchval
from tests.browser.conftest import Complaints
from tests.browser.test_journey import become_owner
from tests.serving import SECRET


@pytest.fixture
async def granite(tmp_path: Path) -> AsyncIterator[CompanyFile]:
    file = CompanyFile.create(tmp_path / "granite.practice", company_name="Granite Ridge Fabrication LLC")
    await asyncio.to_thread(seed, file, 300)
    yield file
    file.close()


@pytest.fixture
async def pool(server_without_people: str, database_url: str) -> AsyncIterator[None]:
    """The product's own store, beside the product."""
    await database.open_pool(database_url)
    yield
    await database.close_pool()


async def connected(server: str, file: CompanyFile) -> tuple[int, WebConnector]:
    """A company that was synced once, and its Web Connector."""
    made = await setup.add_company("Granite Ridge", "US", begin=True, keys=KeyRing(SECRET), actor="test")
    qwc = read_qwc(await setup.qwc_file(made.connector, server.replace("127.0.0.1", "localhost")))
    connector = WebConnector(qwc, made.licence_key, file, machine="SHOP-PC", url=f"{server}/qbwc", noop_pause=0.05)
    await connector.update()
    while await fetchval(
        "select count(*) from run where company = $1 and state in ('queued', 'running')", made.company
    ):
        await asyncio.sleep(0.05)
    return made.company, connector


async def propose(company: int, *names: str) -> list[int]:
    return [
        await changes.propose(company, "Customer", "create", {"Name": name, "Phone": "1"}, "bob@halder.example")
        for name in names
    ]


async def wide(page: Page) -> bool:
    return bool(await page.locator("html").evaluate("root => root.scrollWidth > root.clientWidth"))


async def test_what_is_ticked_is_approved_and_seen_to_become_successful_without_a_reload(
    browser: Browser, server_without_people: str, pool: None, granite: CompanyFile, complaints: Complaints
) -> None:
    server = server_without_people
    company, connector = await connected(server, granite)
    page = await browser.new_page()
    complaints.listen(page)
    await become_owner(page, server)
    await page.goto(f"{server}/companies/{company}")
    await expect(page.locator("nav.nav .nav__badge >> visible=true")).to_have_count(0)
    going, staying = await propose(company, "Tallow Lane Baths", "Tallow Lane Masonry")
    await expect(page.locator("nav.nav:not(.nav--list) .badge--accent")).to_have_text("2")  # E05, live
    await page.click("nav.nav:not(.nav--list) a:has-text('Sync Wizard')")
    await expect(page).to_have_title(re.compile(r"^\(2\) Sync Wizard"))  # E05
    await expect(page.locator("[name=tick]:checked")).to_have_count(2)  # E09

    await page.uncheck(f"[name=tick][value='{staying}']")  # E10
    await expect(page.locator(".decide-bar .button--primary")).to_have_text("Approve 1 checked")
    await page.click("[data-section=out]")  # mixed: ticks all
    await expect(page.locator(".decide-bar .button--primary")).to_have_text("Approve 2 checked")
    await page.click("[data-section=out]")
    await expect(page.locator(".decide-bar .button--primary")).to_have_text("Approve 0 checked")
    await page.check(f"[name=tick][value='{going}']")
    await expect(page.locator(".decide-bar .button--primary")).to_have_text("Approve 1 checked")
    assert await page.locator("[name=whole]").evaluate("box => box.indeterminate")
    await page.reload()
    await expect(page.locator("[name=tick]:checked")).to_have_count(1)  # ticks are kept

    await page.check("[name=unchecked][value=clear]")  # E11
    await page.click(".decide-bar .button--primary")
    dialog = page.locator("dialog[open]")
    await expect(dialog).to_contain_text("Clear 1 unchecked?")
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    assert await fetchval("select state from change where id = $1", going) == "proposed"
    await page.click(".decide-bar .button--primary")
    await dialog.locator("button:has-text('Clear and approve')").click()
    await expect(page.locator(".banner--good")).to_contain_text("One change is pending.")  # E16
    await expect(page.locator(".banner--good")).to_contain_text("Undo the clearing")
    row = page.locator(f"#wizard-way [data-row='{going}']")
    await expect(row).to_contain_text("Pending")  # E15

    await propose(company, "Tallow Lane Gardens")
    await expect(page.locator("#wizard-news")).to_contain_text("1 more. Show them")
    await connector.update()
    await expect(row).to_contain_text("Successful", timeout=20_000)  # E17
    assert "Tallow Lane Baths" in [one["Name"] for one in granite.rows("Customer")]
    await page.click(".banner--good button")
    await expect(page.locator(f"[data-row='{staying}'] [name=tick]")).to_be_checked()

    await page.set_viewport_size({"width": 360, "height": 740})
    assert not await wide(page)
    connector.close()
