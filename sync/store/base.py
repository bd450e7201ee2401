"""The way every statement of the store takes: one connection of the pool, or one transaction."""

import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

from sync.database import DB

CHANNEL = "deskbridge"  # of NOTIFY; payloads are topics: "companies", "company:<id>", "run:<id>"


class Unavailable(Exception):
    """The pool is not open."""


@contextlib.asynccontextmanager
async def connection() -> AsyncIterator[Any]:
    """An asyncpg connection of the pool, for reading."""
    if DB.pool is None:
        raise Unavailable("the database pool is not open")
    async with DB.pool.acquire() as found:
        yield found


@contextlib.asynccontextmanager
async def transaction() -> AsyncIterator[Any]:
    """An asyncpg connection with a transaction: committed at the end, rolled back by an exception."""
    async with connection() as found, found.transaction():
        yield found


async def fetch(statement: str, *values: object) -> list[Any]:
    """All rows of one statement."""
    async with connection() as found:
        rows: list[Any] = await found.fetch(statement, *values)
        return rows


async def fetchrow(statement: str, *values: object) -> Any | None:
    """The first row of one statement, or None."""
    async with connection() as found:
        return await found.fetchrow(statement, *values)


async def fetchval(statement: str, *values: object) -> Any:
    """The first value of the first row, or None."""
    async with connection() as found:
        return await found.fetchval(statement, *values)


async def execute(statement: str, *values: object) -> None:
    """One statement for its effect."""
    async with connection() as found:
        await found.execute(statement, *values)


async def notify(found: Any, *topics: str) -> None:
    """Tell every process, at the end of the transaction, that what these topics name has changed."""
    await found.execute("select pg_notify($1, topic) from unnest($2::text[]) topic", CHANNEL, list(topics))


def document(text: str | None) -> Any:
    """A JSONB value as Python has it."""
    return None if text is None else json.loads(text)
