"""A licence key in a real browser: shown on request, copied whole, and in the source of no page for anybody else."""

import re

import psycopg
from playwright.async_api import Browser, expect

from tests.browser.conftest import Complaints
from tests.browser.test_journey import become_owner

KEY = re.compile(r"\b(?:[A-HJ-NP-Z2-9]{5}-){4}[A-HJ-NP-Z2-9]{5}\b")
PAGES = ("/companies/1/profile", "/companies/1/setup/connector")


async def test_the_key_is_copied_by_who_may_and_is_in_no_page_for_who_may_not(
    browser: Browser, server_without_people: str, database_url: str, complaints: Complaints
) -> None:
    context = await browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = await context.new_page()
    complaints.listen(page)
    await become_owner(page, server_without_people)
    for path in PAGES:
        await page.goto(f"{server_without_people}{path}")
        assert not KEY.search(await page.content())
    await page.click("button:has-text('Show the key')")
    copy = page.locator(".licence-key [data-copy-button]")
    await copy.click()
    await expect(copy).to_have_text("Copied")  # B10
    shown = await page.locator(".licence-key output").inner_text()
    assert KEY.fullmatch(shown)
    assert await page.evaluate("navigator.clipboard.readText()") == shown  # B10, D30

    await page.goto(f"{server_without_people}/companies/1/profile")
    await page.click("summary:has-text('More')")
    await page.click("a:has-text('Revoke')")
    await expect(page.locator("dialog[open] button:focus")).to_have_text("Keep it")
    await page.keyboard.press("Escape")
    await expect(page.locator("dialog[open]")).to_have_count(0)

    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("update users set role = 'member'")
    for path in PAGES:
        answer = await page.request.get(f"{server_without_people}{path}")
        assert not KEY.search(await answer.text())
    await context.close()
