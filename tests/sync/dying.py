"""The product around which a test lets single calls die: cancelled at one of their awaits, and never answered.

To the other end and to the database that is the death of the process: what was not committed is undone, and nobody
knows whether a commit that was under way came through.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass
from functools import partial
from types import coroutine
from typing import Any

from litestar.types import ASGIApp, Message, Receive, Scope, Send


@dataclass(frozen=True, slots=True)
class ServerDies:
    """The n-th call of a method in one update dies at so many awaits; when it has fewer, its answer is lost."""

    method: str
    nth: int
    at: int


class Dying:
    """The product as an application of which a call dies when one is told to."""

    def __init__(self) -> None:
        self.due: ServerDies | None = None
        self.deaths = 0
        self._counts: Counter[str] = Counter()

    def expect(self, death: ServerDies | None) -> None:
        """This is to happen in the next update; None: nothing."""
        self.due = death
        self._counts.clear()

    def around(self, app: ASGIApp) -> ASGIApp:
        async def call(scope: Scope, receive: Receive, send: Send) -> None:
            headers = dict(scope.get("headers", ()))
            method = headers.get(b"soapaction", b"").decode().strip('"').rpartition("/")[2]
            self._counts[method] += 1
            if self.due is None or (self.due.method, self.due.nth) != (method, self._counts[method]):
                await app(scope, receive, send)
                return
            at, self.due, self.deaths = self.due.at, None, self.deaths + 1
            dying = asyncio.create_task(mortal(partial(app, scope, receive, unheard), at))
            with contextlib.suppress(asyncio.CancelledError):
                await dying
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9")]})

        return call


async def unheard(message: Message) -> None:
    """An answer that reaches nobody."""


async def mortal(work: Callable[[], Any], at: int) -> None:
    """Do some work that is cancelled where it waits for the n-th time."""
    task = asyncio.current_task()
    assert task is not None
    await steps(work(), at, partial(asyncio.get_running_loop().call_soon, task.cancel))


@coroutine
def steps(work: Coroutine[Any, Any, None], at: int, die: Callable[[], object]) -> Generator[Any, Any, None]:
    """Go through the awaits of a coroutine, one by one."""
    step: Callable[[], Any] = partial(work.send, None)
    number = 0
    while True:
        try:
            waits_for = step()
        except StopIteration:
            return
        number += 1
        if number == at:
            die()
        try:
            yield waits_for
            step = partial(work.send, None)
        except BaseException as error:
            step = partial(work.throw, error)
