"""An invoice typed and picked in the browser, approved, written into QuickBooks, and the same on both sides."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from sync.keys import KeyRing
from sync.practice.company import CompanyFile
from sync.practice.connector import WebConnector, read_qwc
from sync.practice.seed import seed
from sync.store import changes, people, setup
from sync.store.base import fetchval
from tests.browser.conftest import Complaints
from tests.serving import SECRET
from tests.sync.following import sync
from web.auth import hash_of

NAME = "Granite Ridge Fabrication LLC"


@pytest.fixture
async def granite(tmp_path: Path) -> AsyncIterator[CompanyFile]:
    file = CompanyFile.create(tmp_path / "granite.practice", company_name=NAME)
    await asyncio.to_thread(seed, file, 300)
    yield file
    file.close()


async def synced(file: CompanyFile, server: str) -> tuple[int, WebConnector]:
    """A company that was read once, and the practice Web Connector beside it."""
    made = await setup.add_company(NAME, "US", begin=True, keys=KeyRing(SECRET), actor="test")
    qwc = read_qwc(await setup.qwc_file(made.connector, "http://localhost:8080"))
    connector = WebConnector(qwc, made.licence_key, file, machine="SHOP-PC", url=f"{server}/qbwc", noop_pause=0.05)
    await sync(connector, made.company)
    return made.company, connector


async def as_bob(browser: Browser, server: str) -> Page:
    """A page of a member who is signed in."""
    found = await people.by_email("bob@halder.example")
    assert found
    token = secrets.token_urlsafe(32)
    await people.open_session(
        person=found[0].id, token_hash=hash_of(token), address="127.0.0.1", agent="tests", now=datetime.now(UTC)
    )
    context = await browser.new_context()
    await context.add_cookies([{"name": "deskbridge-session", "value": token, "url": server}])
    return await context.new_page()


async def pick(page: Page, name: str, text: str) -> None:
    """Type a part of a name, go down to what was found, take it."""
    box = page.locator(f"[name='{name}']")
    await box.fill(text)
    await expect(page.locator(".picker__list:visible .picker__option").first).to_contain_text(text, ignore_case=True)
    await box.press("ArrowDown")
    await box.press("Enter")
    await expect(page.locator(f"[name='{name}#id']")).not_to_have_value("")


async def test_a_new_invoice_is_typed_picked_approved_written_and_the_same_on_both_sides(
    browser: Browser, server: str, postgres: str, granite: CompanyFile, complaints: Complaints
) -> None:
    company, connector = await synced(granite, server)
    statement = (
        "select name from record where company = $1 and entity = $2 and coalesce(active, true) order by id limit 1"
    )
    customer = await fetchval(statement, company, "Customer")
    item = await fetchval(statement, company, "ItemService")
    page = await as_bob(browser, server)
    complaints.listen(page)
    await page.goto(f"{server}/companies/{company}/records/Invoice")
    await page.click("main a:has-text('New invoice')")  # E32: without QuickBooks, once for both

    await pick(page, "CustomerRef", customer)
    await page.fill("[name=RefNumber]", "DB-1")
    await pick(page, "InvoiceLineRet[0]/ItemRef", item)
    await page.fill("[name='InvoiceLineRet[0]/Quantity']", "46.5")
    await page.fill("[name='InvoiceLineRet[0]/Rate']", "64.75")
    await page.press("[name='InvoiceLineRet[0]/Rate']", "Tab")
    await expect(page.locator("[name='InvoiceLineRet[0]/Amount']")).to_have_value("3010.88")
    await expect(page.locator("#form-totals")).to_contain_text("3,010.88")
    await page.press("[name='InvoiceLineRet[0]/Amount']", "Enter")  # in the last cell: one more line
    await expect(page.locator("[name='InvoiceLineRet[1]/ItemRef']")).to_be_focused()
    await pick(page, "InvoiceLineRet[1]/ItemRef", item)
    await page.fill("[name='InvoiceLineRet[1]/Amount']", "240")
    await page.press("[name='InvoiceLineRet[1]/Amount']", "Alt+ArrowUp")
    await expect(page.locator("[name='InvoiceLineRet[0]/Amount']")).to_have_value("240.00")
    await expect(page.locator("[name='InvoiceLineRet[0]/Amount']")).to_be_focused()
    await page.click(".form-bar button:has-text('Save for approval')")

    await expect(page.locator("h1")).to_have_text("Invoice DB-1")
    await expect(page.locator("#record-state")).to_contain_text("To approve")
    await expect(page.locator("#record-history")).to_contain_text("Bob made it")
    assert await changes.approve(company, None, "alice@halder.example") == 1
    await expect(page.locator("#record-state")).to_contain_text("Pending")
    await sync(connector, company)
    await expect(page.locator("#record-state")).to_contain_text("Same on both sides", timeout=20_000)
    await expect(page.locator("#record-history")).to_contain_text("Successful")
    written = next(row for row in granite.rows("Invoice") if row.get("RefNumber") == "DB-1")
    assert [line["Amount"] for line in written["InvoiceLineRet"]] == ["240.00", "3010.88"]
    connector.close()


async def test_a_form_says_what_is_wrong_on_a_phone_without_sideways_scroll(
    browser: Browser, server: str, postgres: str
) -> None:
    page = await as_bob(browser, server)
    await page.set_viewport_size({"width": 360, "height": 740})
    for kind in ("Customer", "Invoice", "JournalEntry", "Bill", "ItemService", "PriceLevel"):
        await page.goto(f"{server}/companies/1/records/{kind}/new")
        await page.locator("[name='RefNumber'], [name='Name']").first.fill("x" * 60)
        await page.click(".form-bar button:has-text('Save for approval')")
        await expect(page.locator(".error-summary")).to_be_focused()
        await expect(page).to_have_title(
            f"Error: {await page.locator('h1').inner_text()}, Halder Natural Stone, Inc. · Deskbridge"
        )
        assert not await page.locator("html").evaluate("root => root.scrollWidth > root.clientWidth"), kind
        await page.click(".error-summary a >> nth=0")
