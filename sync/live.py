"""Who waits for news, and the one connection of the process that listens for them: Postgres NOTIFY -> waiting pages.

A notice names a topic ("companies", "company:12", "run:55") and carries nothing else: whoever waits reads again.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterable

import asyncpg

from sync.store.base import CHANNEL

log = logging.getLogger(__name__)

AGAIN = 1.0  # seconds before a lost connection is tried again


class Watch:
    """One page's set of topics, and whether one of them has changed since it last looked."""

    def __init__(self, topics: Iterable[str]) -> None:
        self.topics = frozenset(topics)
        self._event = asyncio.Event()

    def ring(self) -> None:
        self._event.set()

    async def changed(self, within: float) -> bool:
        """Wait for a change, `within` seconds at most; whether there was one. Many notices are one change."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._event.wait(), within)
        rung = self._event.is_set()
        self._event.clear()
        return rung


class Live:
    """The listener of one process."""

    def __init__(self) -> None:
        self._watches: set[Watch] = set()
        self.stopping = False

    @contextlib.asynccontextmanager
    async def watch(self, topics: Iterable[str]) -> AsyncIterator[Watch]:
        """Hear of these topics while the block runs."""
        watch = Watch(topics)
        self._watches.add(watch)
        try:
            yield watch
        finally:
            self._watches.discard(watch)

    def stop(self) -> None:
        """Wake everybody for the last time; `stopping` says why."""
        self.stopping = True
        self._ring_all()

    def heard(self, topic: str) -> None:
        """A notice has come."""
        for watch in self._watches:
            if topic in watch.topics:
                watch.ring()

    def _ring_all(self) -> None:
        for watch in self._watches:
            watch.ring()

    @contextlib.asynccontextmanager
    async def listening(self, dsn: str) -> AsyncIterator["Live"]:
        """Listen while the block runs, and again after the connection was cut: then all may have changed."""
        task = asyncio.get_running_loop().create_task(self._listen(dsn))
        try:
            yield self
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _listen(self, dsn: str) -> None:
        while True:
            try:
                await self._listen_once(dsn)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("the connection for live pages was lost: %s", type(error).__name__)
            await asyncio.sleep(AGAIN)

    async def _listen_once(self, dsn: str) -> None:
        ended = asyncio.Event()
        connection = await asyncpg.connect(dsn)
        try:
            connection.add_termination_listener(lambda _: ended.set())
            await connection.add_listener(CHANNEL, lambda _connection, _pid, _channel, payload: self.heard(payload))
            self._ring_all()
            await ended.wait()
        finally:
            await connection.close()
