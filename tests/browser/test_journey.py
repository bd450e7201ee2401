"""One person's way through the product, in a real browser: with scripts, without, on a phone, and live."""

import re

from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import Complaints

PASSWORD = "tall ladder in the barn"
PAGES = (
    "/companies",
    "/companies/1",
    "/companies/1/syncs",
    "/companies/1/syncs/1",
    "/companies/1/records/Customer",
    "/companies/1/records/Invoice",
    "/companies/1/search?q=a",
    "/companies/1/wizard",
    "/companies/1/wizard/kept",
    "/companies/1/wizard/dismissed",
    "/companies/1/daily",
    "/companies/1/exports",
    "/companies/1/profile",
    "/companies/1/settings",
    "/companies/1/settings/alerts",
    "/companies/1/settings/pause",
    "/companies/1/settings/schedule",
    "/companies/1/settings/window",
    "/companies/1/setup",
    "/companies/1/setup/connector",
    "/companies/1/setup/detach",
    "/companies/1/setup/first-sync",
    "/companies/1/setup/links",
    "/companies/1/setup/prepare",
    "/companies/1/setup/region",
    "/companies/1/setup/verify",
    "/companies/1/support",
    "/companies/1/troubleshooting",
    "/account/sessions",
    "/audit-log",
    "/connect",
    "/connect/company",
    "/connector-help",
    "/guide/codes",
    "/guide/single-sign-on",
    "/guide/start-with-windows",
    "/guide/unique-pair",
    "/guide/web-connector",
    "/settings",
    "/settings/integrations",
    "/settings/integrations/quickbooks-desktop",
    "/team",
)


async def become_owner(page: Page, server: str) -> None:
    await page.goto(f"{server}/")
    await expect(page).to_have_url(re.compile(".*/first-run"))
    await page.fill("#name", "Ruth Halder")
    await page.fill("#email", "ruth@halder.example")
    await page.fill("#password", PASSWORD)
    await page.fill("#team", "Halder Stone")
    await page.click("main button:has-text('Create the owner')")
    await expect(page.locator("h1")).to_have_text("Companies")


async def sign_in(page: Page) -> None:
    await page.fill("#email", "ruth@halder.example")
    await page.fill("#password", PASSWORD)
    await page.click("main button:has-text('Sign in')")


async def test_a_new_owner_finds_the_way_to_a_record(
    browser: Browser, server_without_people: str, complaints: Complaints
) -> None:
    page = await browser.new_page()
    complaints.listen(page)
    await become_owner(page, server_without_people)

    await page.click("summary[aria-label='Ruth Halder, your menu']")
    await page.click("button:has-text('Sign out')")
    await expect(page.locator("h1")).to_have_text("Sign in")

    await page.goto(f"{server_without_people}/companies/1/records/Vendor")
    await expect(page.locator("main")).to_contain_text("Then we take you back to Records")
    await sign_in(page)
    await expect(page.locator("h1")).to_have_text("Vendors")  # A07

    await page.click("a[aria-label='Deskbridge, all companies']")
    await page.click("main a:has-text('Halder Natural Stone, Inc.')")
    await expect(page.locator("h1")).to_have_text("Sync status")
    await page.click("#company-runs td:first-child a")
    await expect(page.locator("h1")).to_have_text("Sync 1")
    await page.click("#run-requests a:has-text('CustomerQuery, page 1')")
    await expect(page.locator("#run-request h2")).to_have_text("CustomerQuery, page 1")
    await expect(page.locator("#run-request .code")).to_contain_text("CustomerQueryRs")

    await page.click("nav.nav a:has-text('Records') >> visible=true")
    await expect(page.locator("h1")).to_have_text("Customers")
    names = page.locator("#records .table__name")
    first = await names.first.inner_text()
    await page.click("#records th a:has-text('Name')")
    await expect(page.locator("#records th[aria-sort='descending']")).to_have_text("Name")
    await page.fill("main input[name=q]", first)
    await expect(names.first).to_have_text(first)
    await expect(page).to_have_url(re.compile("q="))
    await names.first.click()
    await expect(page.locator("h1")).to_have_text(first)
    await expect(page.locator("main")).to_contain_text("ListID")

    await page.keyboard.press("/")
    await page.keyboard.type("inv")
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text("Search")


async def test_on_a_phone_no_page_scrolls_sideways(
    browser: Browser, server_without_people: str, complaints: Complaints
) -> None:
    page = await browser.new_page(viewport={"width": 360, "height": 740})
    complaints.listen(page)
    await become_owner(page, server_without_people)
    await page.goto(f"{server_without_people}/companies/1/syncs/1")
    request = await page.locator("#run-requests .table__title a").first.get_attribute("href")
    await page.goto(f"{server_without_people}/companies/1/records/Invoice")
    record = await page.locator("#records .table__name").first.get_attribute("href")
    wide = []
    for path in (*PAGES, request, record, f"{record}?view=qbxml", f"{request}?view=both"):
        await page.goto(f"{server_without_people}{path}")
        if await page.locator("html").evaluate("root => root.scrollWidth > root.clientWidth"):
            wide.append(path)
        assert await page.locator("h1").count() == 1, path
    assert wide == []


async def test_without_scripts_everything_but_the_live_parts_works(
    browser: Browser, server_without_people: str
) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await become_owner(page, server_without_people)
    await page.goto(f"{server_without_people}/companies/1")
    await page.click("main button:has-text('Sync now')")
    await expect(page.locator("main")).to_contain_text("Waiting for the Web Connector")
    await page.goto(f"{server_without_people}/companies/1/records/Customer")
    name = await page.locator("#records .table__name").nth(3).inner_text()
    await page.fill("main input[name=q]", name)
    await page.press("main input[name=q]", "Enter")
    await expect(page.locator("#records .table__name").first).to_have_text(name)
    await page.click("summary:has-text('In QuickBooks')")
    await page.click("a:has-text('Deleted only')")
    await expect(page.locator("main")).to_contain_text("No customers match")
    await page.click("summary[aria-label='Ruth Halder, your menu']")
    await page.click("button:has-text('Dark')")
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await context.close()


async def test_a_sync_that_somebody_asks_for_is_seen_elsewhere_without_a_reload(
    browser: Browser, server_without_people: str, complaints: Complaints
) -> None:
    context = await browser.new_context()
    here = await context.new_page()
    complaints.listen(here)
    await become_owner(here, server_without_people)
    await here.goto(f"{server_without_people}/companies/1")
    there = await context.new_page()
    complaints.listen(there)
    await there.goto(f"{server_without_people}/companies/1")
    await expect(here.locator("#company-progress")).to_be_hidden()
    await there.click("main button:has-text('Sync now')")
    await expect(there.locator("#company-progress")).to_contain_text("Waiting for the Web Connector")
    await here.bring_to_front()
    await expect(here.locator("#company-progress")).to_contain_text("Sync 2")
    await expect(here.locator("#company-actions")).not_to_contain_text("Sync now")
