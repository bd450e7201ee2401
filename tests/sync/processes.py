"""The product as it is installed: `serve` and `worker` as processes of their own, on the database of a folder."""

import asyncio
import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from sync.database import connected, migrate
from sync.keys import KeyRing
from sync.practice.connector import Faults, WebConnector, read_qwc
from sync.settings import Settings
from sync.store import setup
from tests.serving import Client

ROOT = Path(__file__).resolve().parents[2]
START = 60.0  # seconds that a start may take
ENDS = 5.0  # seconds in which a process ends that is asked to
PERSON = {"team": "Halder", "name": "Ruth", "email": "ruth@example.com", "password": "tall ladder in the barn"}


@dataclass(kw_only=True)
class Installed:
    """One data folder, the processes that work on it, and this process's own way into its database."""

    settings: Settings
    environment: dict[str, str]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    connectors: list[WebConnector] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.settings.port}"

    @property
    def log(self) -> Path:
        return self.settings.data / "processes.log"

    async def start(self, name: str = "serve") -> None:
        """Start a command of the product; of the server, wait until it answers."""
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "web", name]
            process = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=log, stderr=log)
        self.processes[name] = process
        last = time.monotonic() + START
        async with Client(base_url=self.address) as browser:
            while name == "serve" and time.monotonic() < last and process.poll() is None:
                with contextlib.suppress(httpx.TransportError):
                    if (await browser.get("/healthz")).status_code == 200:
                        return
                await asyncio.sleep(0.05)
        assert name != "serve", self.log.read_text()[-3000:]

    def kill(self, name: str = "serve") -> None:
        """End a process without warning."""
        process = self.processes.pop(name)
        process.kill()
        process.wait()

    async def terminate(self, *names: str) -> dict[str, float]:
        """Ask processes to end, and wait; the seconds that each took. Raises TimeoutExpired after ENDS."""
        processes = [self.processes.pop(name) for name in names]
        began = time.monotonic()
        for process in processes:
            process.send_signal(signal.SIGTERM)
        took = {}
        for name, process in zip(names, processes, strict=True):
            try:
                await asyncio.to_thread(process.wait, ENDS)
            finally:
                process.kill()
            took[name] = time.monotonic() - began
        return took

    async def add_company(self, name: str, file: Any, faults: Faults | None = None) -> tuple[int, WebConnector]:
        """A company whose first sync waits, and the Web Connector that will bring it."""
        keys = KeyRing(self.settings.secret_key)
        made = await setup.add_company(name, "US", begin=True, keys=keys, actor="test")
        qwc = read_qwc(await setup.qwc_file(made.connector, self.settings.public_url))
        url = f"{self.address}/qbwc"
        connector = WebConnector(
            qwc, made.licence_key, file, url=url, noop_pause=0.05, faults=faults, verbose=False, timeout=40.0
        )
        self.connectors.append(connector)
        return made.company, connector

    async def sign_in(self) -> str:
        """Make the owner, as the first visitor does; the cookie of the session."""
        async with Client(base_url=self.address) as browser:
            page = await browser.get("/first-run")
            token = re.search(r'name="_csrf_token" value="([^"]*)"', page.text)
            assert token is not None
            answer = await browser.post("/first-run", data={"_csrf_token": token[1], **PERSON})
            assert answer.status_code == 303
            return "; ".join(f"{name}={value}" for name, value in browser.cookies.items())


@contextlib.asynccontextmanager
async def installed(folder: Path) -> AsyncIterator[Installed]:
    """A new installation in a folder; whatever runs at the end is ended."""
    port = free_port()
    ours = {"DESKBRIDGE_DATA": str(folder), "HOST": "127.0.0.1", "PORT": str(port)}
    ours["DESKBRIDGE_URL"] = f"http://localhost:{port}"
    kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "SECRET_KEY")}
    settings = Settings.read(ours)
    async with connected(settings):
        await migrate()
        product = Installed(settings=settings, environment={**kept, **ours})
        try:
            yield product
        except BaseException as error:
            if product.log.exists():
                error.add_note(f"The end of the log:\n{product.log.read_text()[-3000:]}")
            raise
        finally:
            for connector in product.connectors:
                connector.close()
            for process in product.processes.values():
                process.kill()
                process.wait()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port
