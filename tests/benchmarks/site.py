"""The product as it is installed: `python -m web serve` in its own processes, the embedded database, a new folder."""

import asyncio
import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from sync.database import connected, migrate
from sync.keys import KeyRing
from sync.settings import Settings
from sync.store.base import execute, fetch, fetchrow, fetchval
from sync.store.setup import add_company
from tests.benchmarks import machine
from tests.benchmarks.load import Connector

ROOT = Path(__file__).resolve().parents[2]
START_LIMIT = 60.0  # seconds
STOP_LIMIT = 15.0
PERSON = {"team": "Benchmark", "name": "Ruth", "email": "ruth@example.com", "password": "tall ladder in the barn"}
UNPROCESSED = """
    select count(*) from request where answered_at is not null and processed_at is null and set_aside = ''
"""
MANY = """
    with made as (
        insert into company (name, region, file_id, begun_at, poll_seconds, last_sync_at)
        select 'Idle ' || n, 'US', '{}', $2, 60, $2 from generate_series(1, $1) n returning id
    ), ran as (
        insert into run (company, number, kind, state, asked_by, began_at, ended_at)
        select id, 1, 'initial', 'complete', 'benchmark', $2, $2 from made
    )
    insert into connector (company, user_name, app_name, owner_id, file_id, key_hash, key_sealed)
    select id, 'idle-' || id, 'Idle', '{}', '{}', $3, '' from made
    returning company, user_name
"""


class NotMeasurable(Exception):
    """The product does not do what is to be measured. The text says what, and shows the end of its log."""


@dataclass(slots=True)
class Site:
    """A running server, and the way into its database."""

    port: int
    dsn: str
    folder: Path
    keys: KeyRing
    server: subprocess.Popen[bytes]
    cookie: str = ""
    made: int = 0
    roots: list[int] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def processes(self) -> list[int]:
        """Every process of the product; the database is not among them."""
        return machine.tree(self.server.pid)

    @property
    def database(self) -> list[int]:
        """Every process of PostgreSQL."""
        file = self.folder / "postgres" / "data" / "postmaster.pid"
        return machine.tree(int(file.read_text().split()[0]))

    async def connectors(self, count: int, rows: int, page_rows: int, **more: Any) -> list[Connector]:
        """New companies with one connector each, whose first import is waiting."""
        found = []
        for _ in range(count):
            self.made += 1
            name = f"Benchmark {self.made}"
            made = await add_company(name, "US", begin=True, keys=self.keys, actor="benchmark")
            await execute("update company set page_rows = $2 where id = $1", made.company, page_rows)
            row = await fetchrow("select owner_id, file_id from connector where id = $1", made.connector)
            assert row is not None
            found.append(
                Connector(
                    company=made.company,
                    user_name=made.user_name,
                    licence_key=made.licence_key,
                    owner_id=row["owner_id"],
                    file_id=row["file_id"],
                    name=name,
                    rows=rows,
                    page_rows=page_rows,
                    **more,
                )
            )
        return found

    async def idle_connectors(self, count: int) -> list[Connector]:
        """Connectors of as many companies that were synced a moment ago."""
        key = "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE"
        rows = await fetch(MANY, count, datetime.now(UTC), self.keys.hashed(key))
        blank: dict[str, Any] = {
            "owner_id": "",
            "file_id": "",
            "name": "",
            "rows": 0,
            "page_rows": 0,
            "licence_key": key,
        }
        return [Connector(company=row["company"], user_name=row["user_name"], **blank) for row in rows]

    async def check(self, connectors: Sequence[Connector]) -> None:
        """See that every row of these connectors is in the table, once, and every run complete."""
        companies = [one.company for one in connectors]
        rows = await fetchval("select count(distinct (company, qb_id)) from record where company = any($1)", companies)
        open_runs = await fetchval(
            "select count(*) from run where company = any($1) and state <> 'complete'", companies
        )
        wanted = sum(one.rows for one in connectors)
        if rows != wanted or open_runs:
            raise NotMeasurable(f"{rows} rows of {wanted} are in the table, {open_runs} syncs are not complete.")

    async def clear(self) -> None:
        """Forget what was imported, once nothing is left to take in."""
        while await fetchval(UNPROCESSED):
            await asyncio.sleep(0.05)
        await execute("truncate record, request, seen")
        await execute("vacuum analyze")

    async def sign_in(self) -> None:
        """Make the owner, as the first visitor does, and keep the session."""
        async with httpx.AsyncClient(base_url=self.address) as browser:
            page = await browser.get("/first-run")
            token = re.search(r'name="_csrf_token" value="([^"]*)"', page.text)
            if token is None:
                raise NotMeasurable("/first-run has no form.")
            answer = await browser.post("/first-run", data={"_csrf_token": token[1], **PERSON})
            if answer.status_code != 303:
                raise NotMeasurable(f"/first-run answered {answer.status_code}.")
            self.cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())

    async def pages(self, company: int) -> dict[str, str]:
        """Addresses of the pages to visit while a company is imported, those that there are."""
        paths = {
            "companies": "/companies",
            "company": f"/companies/{company}",
            "sync": f"/companies/{company}/syncs/1",
            "records": f"/companies/{company}/records/Customer",
        }
        async with httpx.AsyncClient(base_url=self.address, headers={"Cookie": self.cookie}) as browser:
            return {name: path for name, path in paths.items() if (await browser.get(path)).status_code == 200}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


@contextlib.asynccontextmanager
async def serving(processes: int) -> AsyncIterator[Site]:
    """Start the product on a new folder; stop it and remove the folder at the end."""
    with tempfile.TemporaryDirectory(prefix="deskbridge-benchmark-") as name:
        folder, port = Path(name), free_port()
        ours = {
            "DESKBRIDGE_DATA": name,
            "PORT": str(port),
            "HOST": "127.0.0.1",
            "DESKBRIDGE_URL": f"http://localhost:{port}",
        }
        kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "SECRET_KEY")}
        settings = Settings.read(ours)
        async with connected(settings) as dsn:
            await migrate()
            with (folder / "server.log").open("wb") as log:
                command = [sys.executable, "-m", "web", "serve", "--processes", str(processes)]
                server = subprocess.Popen(command, cwd=ROOT, env={**kept, **ours}, stdout=log, stderr=log)
            try:
                site = Site(port=port, dsn=dsn, folder=folder, keys=KeyRing(settings.secret_key), server=server)
                await answering(site)
                yield site
            except Exception as error:
                error.add_note(f"The end of the server's log:\n{(folder / 'server.log').read_text()[-3000:]}")
                raise
            finally:
                await asyncio.to_thread(stop, server)


async def answering(site: Site) -> None:
    """Wait until the server answers."""
    last = time.monotonic() + START_LIMIT
    async with httpx.AsyncClient(base_url=site.address) as browser:
        while time.monotonic() < last and site.server.poll() is None:
            with contextlib.suppress(httpx.TransportError):
                if (await browser.get("/healthz")).status_code == 200:
                    return
            await asyncio.sleep(0.1)
    raise NotMeasurable("The server does not start.")


def stop(server: subprocess.Popen[bytes]) -> None:
    """End the server and everything that came from it."""
    members = machine.tree(server.pid)
    server.send_signal(signal.SIGTERM)
    try:
        server.wait(STOP_LIMIT)
    except subprocess.TimeoutExpired:
        for member in members:
            with contextlib.suppress(ProcessLookupError):
                os.kill(member, signal.SIGKILL)
        server.wait()
