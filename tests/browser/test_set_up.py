"""A new owner connects a company, with somebody else at the computer who has no account: one set-up on two screens."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
from playwright.async_api import Browser, Page, expect

from sync.practice.company import CompanyFile
from sync.practice.connector import WebConnector, read_qwc
from sync.practice.seed import seed
from tests.browser.conftest import Complaints
from tests.browser.test_journey import PASSWORD

NAME = "Granite Ridge Fabrication LLC"


@pytest.fixture
def empty_server(server: str, database_url: str) -> str:
    """The product before the first visit: no people, no company."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("truncate users, company, workspace cascade")
    return server


@pytest.fixture
async def granite(tmp_path: Path) -> AsyncIterator[CompanyFile]:
    file = CompanyFile.create(tmp_path / "granite.practice", company_name=NAME)
    await asyncio.to_thread(seed, file, 300)
    yield file
    file.close()


async def enable_and_choose(page: Page, server: str) -> str:
    """Come as the first owner, switch QuickBooks Desktop on, name the company; return its set-up's path."""
    await page.goto(f"{server}/")
    await page.fill("#name", "Ruth Halder")
    await page.fill("#email", "ruth@halder.example")
    await page.fill("#password", PASSWORD)
    await page.fill("#team", "Halder Stone")
    await page.click("main button:has-text('Create the owner')")
    await expect(page.locator("h1")).to_have_text("Connect to QuickBooks")  # A05
    await page.click("main a:has-text('Connect to QuickBooks')")  # A06
    await expect(page.locator("h1")).to_have_text("QuickBooks Desktop")
    await page.click("main button:has-text('Enable')")
    await page.click("main a.button--primary:has-text('Connect to QuickBooks')")
    await page.fill("#name", NAME)
    await page.click("main button:has-text('Go on with this company')")
    await expect(page.locator("h1")).to_have_text(f"Connect {NAME} to QuickBooks")  # A11
    return re.sub(r"\?.*", "", page.url.removeprefix(server))


async def prepare(page: Page) -> None:
    """Enter a part of what is asked; the advice for a large file comes while one types."""
    await page.click("main a:has-text('Prepare the set-up')")
    await page.fill("#size", "1.2")
    await expect(page.locator(".advice")).to_be_visible()  # D06
    await page.select_option("#unit", "MB")
    await expect(page.locator(".advice")).to_be_hidden()
    await page.check("input[name=guide]")
    await page.fill("#computer", "SHOP-PC")
    await page.click(".form__actions button:has-text('Save and go on')")
    await expect(page.locator("main")).to_contain_text("What you entered is kept. Still needed:")
    await page.click("#setup-steps a:has-text('Region')")
    await page.check("input[name=region][value=US]")
    await page.click("main button:has-text('Save the region')")
    await expect(page.locator("h1")).to_have_text("Connector")


async def take_connector(page: Page, folder: Path) -> tuple[Path, str]:
    """Name the computer, download its connector file, have its key shown; return both."""
    await page.click("main a:has-text('Name the computer')")
    await page.fill("#label", "SHOP-PC")
    await page.click("main button:has-text('Add the computer')")
    await page.check("input[name=open]")
    async with page.expect_download() as download:
        await page.click("main button:has-text('Download')")
    file = folder / "granite.qwc"
    await (await download.value).save_as(file)
    await page.click("main button:has-text('Show the key')")
    return file, await page.locator("output.copy__value").inner_text()


async def make_link(page: Page, server: str, home: str) -> str:
    await page.goto(f"{server}{home}/links")
    await page.fill("#for_whom", "Dan Okafor")
    await page.click("main button:has-text('Create a set-up link')")
    address = await page.locator("[data-copy-value]").inner_text()
    return re.sub(r"^http://[^/]+", server, address)


async def test_a_new_owner_connects_a_company_and_a_guest_sees_the_same_live_state(
    browser: Browser, empty_server: str, granite: CompanyFile, tmp_path: Path, complaints: Complaints
) -> None:
    owner = await (await browser.new_context()).new_page()
    complaints.listen(owner)
    home = await enable_and_choose(owner, empty_server)
    await prepare(owner)
    qwc, key = await take_connector(owner, tmp_path)
    connector = WebConnector(
        read_qwc(qwc.read_bytes()), key, granite, machine="SHOP-PC", url=f"{empty_server}/qbwc", noop_pause=0.05
    )

    link = await make_link(owner, empty_server, home)
    guest = await (await browser.new_context(viewport={"width": 360, "height": 740})).new_page()
    complaints.listen(guest)
    await guest.goto(link)
    await expect(guest).to_have_url(f"{empty_server}{home}")  # the token is out of the address
    await expect(guest.locator("nav[aria-label=Sections]")).to_have_count(0)
    await guest.goto(f"{empty_server}{home}/verify")
    await owner.goto(f"{empty_server}{home}/verify")
    for screen in (owner, guest):
        await expect(screen.locator("#setup-heard")).to_contain_text("Waiting for the first call")

    await connector.update()
    for screen in (owner, guest):
        await screen.bring_to_front()
        await expect(screen.locator("#setup-verify")).to_contain_text("All seven match", timeout=30_000)  # B14
        await expect(screen.locator("#setup-verify")).to_contain_text("Sync this company with this file?")  # D38
    assert not await guest.locator("html").evaluate("root => root.scrollWidth > root.clientWidth")

    await owner.bring_to_front()
    await owner.click("main button:has-text('Begin sync')")
    await expect(owner.locator("h1")).to_have_text("First sync")
    await guest.goto(f"{empty_server}{home}/first-sync")
    await expect(guest.locator("#setup-sync")).to_contain_text("Stay in single-user mode")  # D43
    await connector.update()
    for screen in (owner, guest):
        await screen.bring_to_front()
        await expect(screen.locator("#setup-sync")).to_contain_text(
            "Connected. You may leave single-user mode now; press Hide, not Exit.", timeout=30_000
        )  # D44, D45

    await owner.bring_to_front()
    await owner.click("#setup-sync a:has-text('all syncs')")
    await owner.click("main a:has-text('1') >> nth=0")
    await expect(owner.locator("h1")).to_have_text("Sync 1")
    await expect(owner.locator("main")).to_contain_text("CustomerQuery")
    connector.close()
