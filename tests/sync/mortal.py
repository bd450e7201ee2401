"""The product in a process that tests kill at the very point they choose, without a hook in the product.

The process is a fork of one that has read all modules already, so that a restart is cheap. What happens between the
practice Web Connector and it is seen on the wire; inside a call it stands still at the statement whose rows or table
the test has locked.
"""

import asyncio
import multiprocessing
import os
import threading
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from multiprocessing.process import BaseProcess

import httpx
import uvicorn

from sync.practice.wire import Answer, CallFailed, Http
from sync.settings import Settings
from sync.store.base import fetchval, transaction
from web.app import create_app

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload([__name__])
SEND = "sendRequestXML"
WAITING = """
    select count(*) from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock' and strpos(query, $1) > 0
"""


def serve(settings: Settings) -> None:
    """What the process does until it is killed, or whoever started it is gone."""
    threading.Thread(target=end_with, args=(multiprocessing.parent_process(),), daemon=True).start()
    uvicorn.run(create_app(settings), host=settings.host, port=settings.port, log_level="warning")


def end_with(parent: BaseProcess | None) -> None:
    """End when another process does: nobody would kill this one any more."""
    if parent is not None:
        parent.join()
    os._exit(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """Where the process is killed, in one update: around the n-th call of a method, or inside it at a statement."""

    method: str
    nth: int = 1
    holding: bytes = b""  # of the calls with this in them
    before: bool = False  # the call reaches nobody; else it is answered, and the answer is lost on its way
    at: str = ""  # a piece of the statement at which it stands when it is killed
    lock: str = ""  # what makes it stand there
    meanwhile: Callable[[], Awaitable[object]] | None = None  # with it a job stands there, and the call goes on: what
    # is done then; the next call of sendRequestXML is its last


@dataclass(kw_only=True)
class Mortal:
    """The running process, which may be killed and started again."""

    settings: Settings
    process: BaseProcess | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.settings.port}"

    async def start(self) -> None:
        """Start it, unless it runs, and wait until it answers."""
        if self.process is not None:
            return
        self.process = FORKS.Process(target=serve, args=(self.settings,), daemon=True)
        self.process.start()
        async with httpx.AsyncClient(base_url=self.url) as browser:
            while self.process.is_alive():
                try:
                    await browser.get("/healthz")
                except httpx.TransportError:
                    await asyncio.sleep(0.02)
                else:
                    return
        raise RuntimeError(f"the server ended with {self.process.exitcode} before it answered")

    def kill(self) -> None:
        """End it without warning."""
        if self.process is not None:
            self.process.kill()
            self.process.join()
            self.process = None


class Wire(Http):
    """The practice Web Connector's way to the process, on which it dies as told."""

    def __init__(self, mortal: Mortal) -> None:
        super().__init__(f"{mortal.url}/qbwc", timeout=60.0, expect_continue=False)
        self.mortal = mortal
        self.due: Death | None = None
        self.held = AsyncExitStack()  # the lock at which a job stands
        self.calls = 0  # of those that it may be

    def expect(self, death: Death) -> None:
        """This is to happen in the next update."""
        self.due, self.calls = death, 0

    async def post(self, action: str, body: bytes, *, break_off: bool = False) -> Answer:
        death = self.due
        if death is None or action != death.method or death.holding not in body:
            return await super().post(action, body, break_off=break_off)
        self.calls += 1
        if self.calls != death.nth:
            return await super().post(action, body, break_off=break_off)
        self.due = None
        if death.meanwhile is not None:
            return await self._beside(death, death.meanwhile, action, body)
        if death.before:
            self.mortal.kill()
        elif death.lock:
            await self._standing(death, action, body)
        else:
            await super().post(action, body)
            self.mortal.kill()
        await self.held.aclose()
        self.close()
        raise CallFailed("The underlying connection was closed.")

    async def _standing(self, death: Death, action: str, body: bytes) -> None:
        """Kill it inside the call, where it waits for the lock."""
        async with transaction() as holder:
            await holder.execute(death.lock)
            call = asyncio.create_task(super().post(action, body))
            await stands(death.at, call)
            self.mortal.kill()
            await asyncio.wait([call])
            call.exception()

    async def _beside(
        self, death: Death, meanwhile: Callable[[], Awaitable[object]], action: str, body: bytes
    ) -> Answer:
        """Make a job stand at the lock, and let it die there at the next document that leaves."""
        holder = await self.held.enter_async_context(transaction())
        await holder.execute(death.lock)
        answer = await super().post(action, body)
        await stands(death.at)
        await meanwhile()
        self.expect(Death(method=SEND))
        return answer


async def stands(at: str, call: asyncio.Task[Answer] | None = None) -> None:
    """Wait until a process stands at a statement; not longer than the call lasts that is to come there."""
    while not await fetchval(WAITING, at):
        assert call is None or not call.done(), f"nothing stood at {at}"
        await asyncio.sleep(0.005)
