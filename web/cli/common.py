"""What the commands share: the settings, the database while a command runs, and sentences for what went wrong."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, TypeVar

import asyncpg
import click

from sync.database import connected, migrate
from sync.embedded import ServerFailed
from sync.settings import Settings
from sync.store.setup import NoSuchCompany, SeveralCompanies, find_company

T = TypeVar("T")


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


def read_settings() -> Settings:
    """The settings of this process. Raises SettingsError."""
    return Settings.read(os.environ)


def with_database(work: Callable[[Settings], Coroutine[Any, Any, T]]) -> T:
    """Run some work with the database open and up to date."""

    async def run() -> T:
        settings = read_settings()
        await reach_database(settings)
        async with connected(settings):
            await migrate()
            return await work(settings)

    try:
        return asyncio.run(run())
    except ServerFailed as error:
        raise click.ClickException(str(error)) from None


async def reach_database(settings: Settings) -> None:
    """See that the database answers where DATABASE_URL says where it is; a sentence when it does not."""
    if settings.database_url is None:
        return
    try:
        connection = await asyncpg.connect(settings.database_url, timeout=10)
    except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise click.ClickException(f"The database at DATABASE_URL cannot be used: {error or 'no answer'}") from None
    await connection.close()


async def company_of(text: str) -> int:
    """The company that an id or a name means; a sentence when there is none, or several."""
    try:
        return await find_company(text)
    except NoSuchCompany:
        raise click.ClickException(
            f"No company has the id or the name {text!r}. See: deskbridge company list"
        ) from None
    except SeveralCompanies:
        raise click.ClickException(f"Several companies are called {text!r}. Give the id of one.") from None
