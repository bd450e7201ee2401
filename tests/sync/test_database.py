"""sync.database: the way in to PostgreSQL, and the migrations."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psycopg
import pytest

from sync import database
from sync.database import DB
from sync.settings import Settings
from sync.tables import Workspace

ROOT = Path(__file__).resolve().parents[2]
MIGRATE = """
import asyncio, sys
from sync import database
async def main():
    await database.open_pool(sys.argv[1])
    await database.migrate()
    await database.close_pool()
asyncio.run(main())
"""


@pytest.fixture
def empty_database(postgres_server: str) -> Iterator[str]:
    """The address of a database without any table."""
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute("create database empty")
        yield postgres_server.replace("@/postgres?", "@/empty?")
        connection.execute("drop database empty with (force)")


def tables_of(dsn: str) -> set[str]:
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("select tablename from pg_tables where schemaname = 'public'")
        return {name for (name,) in rows}


async def test_without_an_address_the_server_runs_as_long_as_it_is_used(tmp_path: Path) -> None:
    settings = Settings.read({"DESKBRIDGE_DATA": str(tmp_path)})
    async with database.connected(settings) as dsn:
        await database.migrate()
        assert await Workspace.count() == 0
    assert DB.pool is None
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(dsn)


async def test_with_an_address_that_database_is_used_and_nothing_is_started(database_url: str, tmp_path: Path) -> None:
    settings = Settings.read({"DESKBRIDGE_DATA": str(tmp_path), "DATABASE_URL": database_url, "SECRET_KEY": "k" * 32})
    async with database.connected(settings) as dsn:
        assert dsn == database_url
        assert await Workspace.count() == 0
    assert not list(tmp_path.iterdir())


def test_processes_that_migrate_at_once_do_it_once(empty_database: str) -> None:
    command = [sys.executable, "-c", MIGRATE, empty_database]
    processes = [subprocess.Popen(command, cwd=ROOT) for _ in range(4)]
    assert [process.wait() for process in processes] == [0, 0, 0, 0]
    with psycopg.connect(empty_database) as connection:
        names = connection.execute("select name from migration").fetchall()
    assert names
    assert len(names) == len(set(names))


async def test_a_migration_that_fails_leaves_the_database_as_it_was(empty_database: str) -> None:
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute("create table workspace (other integer)")
    await database.open_pool(empty_database)
    try:
        with pytest.raises(asyncpg.PostgresError):
            await database.migrate()
    finally:
        await database.close_pool()
    assert tables_of(empty_database) == {"workspace"}


async def test_a_transaction_that_fails_keeps_nothing(postgres: str) -> None:
    async def fail_after_writing() -> None:
        async with DB.transaction():
            await Workspace.insert(Workspace(name="x", owner_id="x"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail_after_writing()
    assert await Workspace.count() == 0


async def test_each_test_finds_an_empty_database(postgres: str) -> None:
    await Workspace.insert(Workspace(name="x", owner_id="x"))
    assert await Workspace.count() == 1


async def test_a_connection_that_nobody_gives_back_does_not_hold_up_the_end(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    await database.open_pool(database_url)
    assert DB.pool is not None
    held = await DB.pool.acquire()
    await database.close_pool()
    assert "was cut off" in caplog.text
    assert DB.pool is None
    with pytest.raises(asyncpg.InterfaceError):
        await held.fetchval("select 1")
