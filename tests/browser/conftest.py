"""A real browser on the product as a process of its own, over a company that was synced."""

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright

from tests.web.pages.conftest import template

__all__ = ["template"]  # the synced database instead of the empty one

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the browser. Without one the tests are skipped, but not where everything has to run."""
    found = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if found is None and "CI" in os.environ:
        pytest.fail("No Chromium is installed: the browser tests cannot run.")
    if found is None:
        pytest.skip("No Chromium is installed: `make browser` says how to get one.")
    return str(Path(found))


@pytest.fixture
def server_without_people(server: str, database_url: str) -> str:
    """The product before the first visit, but with a company."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("truncate users cascade")
    return server


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        root = ["--no-sandbox"] if os.geteuid() == 0 else []
        started = await playwright.chromium.launch(
            executable_path=chromium, args=[*root, "--disable-background-networking"]
        )
        yield started
        await started.close()


class Complaints(list[str]):
    """What the browser's console and the page's scripts complain about."""

    def listen(self, page: Page) -> None:
        page.on("console", self.on_console)
        page.on("pageerror", lambda error: self.append(f"{page.url}: {error}"))

    def on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.append(f"{message.location.get('url')}: {message.text}")


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    """Pages that `listen` was called with must have nothing to complain about when the test ends."""
    found = Complaints()
    yield found
    assert found == []
