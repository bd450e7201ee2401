"""Where PostgreSQL is, and the way in: the engine of all tables, its pool, the migrations.

DATABASE_URL says where; without it a server of our own runs beside the data (sync.embedded). Nothing connects at import
time: the process that serves calls `connected`, everything else finds the pool open.
"""

import asyncio
import contextlib
import io
import logging
from collections.abc import AsyncIterator
from typing import NamedTuple

from piccolo.apps.migrations.commands.forwards import run_forwards
from piccolo.engine.postgres import PostgresEngine

from sync.embedded import EmbeddedServer
from sync.settings import Settings

log = logging.getLogger(__name__)

MIGRATION_LOCK = 7_205_519_380_114  # of pg_advisory_lock; whoever makes tables holds it


class Connections(NamedTuple):
    """The most connections that one process opens."""

    pool: int
    queue: int
    listener: int


CONNECTIONS = Connections(pool=5, queue=6, listener=1)


class MigrationFailed(Exception):
    """The tables could not be brought up to date; the database is as it was before."""


class LazyEngine(PostgresEngine):
    """Piccolo's engine, but making one does not connect."""

    async def check_version(self) -> None:
        """Do nothing, where Piccolo would connect and warn without a server."""

    async def prep_database(self) -> None:
        """Do nothing: no extension is used."""


CLOSING = 2.0  # seconds that queries have at the end

DB = LazyEngine(config={})  # open_pool says where


@contextlib.asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[str]:
    """Open the pool, on the embedded server where no DATABASE_URL is set; yield the address, for other pools.

    At the end the pool is closed and the embedded server stopped, if no other process uses it. Raises ServerFailed.
    """
    async with contextlib.AsyncExitStack() as stack:
        dsn = settings.database_url
        if dsn is None:
            server = EmbeddedServer(settings.data / "postgres")
            stack.push_async_callback(asyncio.to_thread, server.stop)
            dsn = await asyncio.to_thread(server.start)
        await open_pool(dsn)
        stack.push_async_callback(close_pool)
        yield dsn


async def open_pool(dsn: str, size: int = CONNECTIONS.pool) -> None:
    """Point the engine at a database and open its pool, in the running event loop."""
    DB.config = {"dsn": dsn}
    await DB.start_connection_pool(min_size=1, max_size=size, reset=_nothing)


async def _nothing(_: object) -> None:
    """Do nothing to a connection that comes back: no statement of ours leaves a setting, lock or listener on it."""


async def close_pool() -> None:
    """Close the pool when its queries are done, or cut them off after CLOSING. Does nothing where none is open.

    asyncpg waits without end for a connection that nobody gives back, as a job does that was cancelled at a bad moment.
    """
    if DB.pool is not None:
        try:
            await asyncio.wait_for(DB.close_connection_pool(), CLOSING)
        except TimeoutError:
            log.warning("a connection was still in use at the end and was cut off")
            DB.pool = None  # asyncpg has ended its connections


async def migrate() -> None:
    """Bring the tables up to date: all missing migrations, or none. Any number of processes may call it at once.

    Raises MigrationFailed, or the error of the statement that failed.
    """
    with contextlib.redirect_stdout(io.StringIO()):  # Piccolo prints emoji, which fails on a Latin-1 terminal
        async with DB.transaction() as transaction:  # those inside join it
            await transaction.connection.execute("select pg_advisory_xact_lock($1)", MIGRATION_LOCK)
            result = await run_forwards("sync")
            if not result.success:
                raise MigrationFailed(result.message)
