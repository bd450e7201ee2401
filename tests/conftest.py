"""What every test may ask for. The database is always a real PostgreSQL, and each test gets its own.

One embedded server serves all workers of a run (the locks of sync.embedded see to that). A template is migrated once;
`database_url` is a copy of it, `postgres` the same with the product's pool open in the test's event loop, `server` the
whole product as a process of its own on it.
"""

import asyncio
import itertools
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import hypothesis
import psycopg
import pytest
from psycopg import sql

from sync import database
from sync.embedded import EmbeddedServer
from tests.serving import SECRET

hypothesis.settings.register_profile("untimed", deadline=None)  # how long an example takes is the machine's matter
hypothesis.settings.load_profile("untimed")

UNSAFE = {"fsync": "off", "synchronous_commit": "off"}  # nobody needs the rows of a test after a crash
TEMPLATE = "template_deskbridge"
NUMBERS = itertools.count()
MORNING = 9  # o'clock at the start of a run, wherever it is
RUN = "DESKBRIDGE_TEST_RUN"  # environment: the name of this run of the tests


def folder_of(run: str) -> Path:
    """Where a run of the tests keeps its server: not below pytest's own folder, which each run closes to others."""
    return Path(tempfile.gettempdir()) / f"deskbridge-tests-{run}"


def pytest_sessionfinish() -> None:
    """Remove the server's folder, once every worker has let go of it."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        shutil.rmtree(folder_of(os.environ[RUN]), ignore_errors=True)


def pytest_configure() -> None:
    """Name this run, and let it be morning in it; workers inherit both.

    What pages call "today" is another word after midnight, and a run may begin a minute before it.
    """
    os.environ.setdefault(RUN, f"{os.getpid()}-{secrets.token_hex(4)}")
    if "PYTEST_XDIST_WORKER" not in os.environ:
        ahead = MORNING - datetime.now(UTC).hour  # hours: -14 to 9
        os.environ["TZ"] = f"Etc/GMT{-ahead:+d}"  # the sign is the other way round there
    time.tzset()


@pytest.fixture(scope="session")
def shared_folder() -> Path:
    """A folder that all workers of this run share."""
    folder = folder_of(os.environ[RUN])
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def postgres_server(shared_folder: Path) -> Iterator[str]:
    """The address of a running server, without any table of ours in its own database."""
    server = EmbeddedServer(shared_folder / "postgres", UNSAFE)
    yield server.start()
    server.stop()


@pytest.fixture(scope="session")
def template(postgres_server: str) -> str:
    """The name of a database with every migration applied; made by the first worker that asks."""
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(%s)", [database.MIGRATION_LOCK])
        found = connection.execute("select 1 from pg_database where datname = %s", [TEMPLATE]).fetchone()
        if not found:
            connection.execute("drop database if exists template_new")  # of a worker that failed
            connection.execute("create database template_new")
            asyncio.run(migrated(address_of("template_new", postgres_server)))
            connection.execute(sql.SQL("alter database template_new rename to {}").format(sql.Identifier(TEMPLATE)))
    return TEMPLATE


async def migrated(dsn: str) -> None:
    await database.open_pool(dsn)
    try:
        await database.migrate()
    finally:
        await database.close_pool()


def address_of(name: str, server: str) -> str:
    return server.replace("@/postgres?", f"@/{name}?")


@pytest.fixture
def database_url(postgres_server: str, template: str) -> Iterator[str]:
    """The address of a fresh database with all tables and no rows; dropped after the test, whoever is still in it."""
    name = f"test_{os.getpid()}_{next(NUMBERS)}"
    fresh = {"name": sql.Identifier(name), "template": sql.Identifier(template)}
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(sql.SQL("create database {name} template {template} strategy file_copy").format(**fresh))
        yield address_of(name, postgres_server)
        connection.execute(sql.SQL("drop database {name} with (force)").format(**fresh))


@pytest.fixture
async def postgres(database_url: str) -> AsyncIterator[str]:
    """A fresh database that the tables of sync.tables read and write; the value is its address."""
    await database.open_pool(database_url)
    yield database_url
    await database.close_pool()


class Server(NamedTuple):
    """The product as a process of its own."""

    url: str
    process: "subprocess.Popen[bytes]"
    log: Path


@pytest.fixture
def server_process(database_url: str, tmp_path: Path) -> Iterator[Server]:
    """The product, running until the test ends; what it printed is shown where the test fails."""
    port = free_port()
    log = tmp_path / "server.log"
    environ = os.environ | {
        "DATABASE_URL": database_url,
        "DESKBRIDGE_DATA": str(tmp_path / "data"),
        "DESKBRIDGE_URL": f"http://localhost:{port}",
        "SECRET_KEY": SECRET,
    }
    command = [sys.executable, "-m", "web", "serve", "--host", "127.0.0.1", "--port", str(port)]
    with log.open("w") as output:
        process = subprocess.Popen(command, env=environ, stdout=output, stderr=subprocess.STDOUT)
    try:
        wait_for(f"http://127.0.0.1:{port}/healthz", process)
        yield Server(f"http://127.0.0.1:{port}", process, log)
    finally:
        process.terminate()
        process.wait(timeout=30)
        print(log.read_text())


@pytest.fixture
def server(server_process: Server) -> str:
    """The address of the product as a process of its own."""
    return server_process.url


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(address: str, process: "subprocess.Popen[bytes]") -> None:
    """Wait until the address answers, or the process ends."""
    while process.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"the server ended with {process.returncode} before it answered")
