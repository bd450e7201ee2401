"""What runs as long as the server does: the database, the queue with its worker, the live listener; and their end."""

import asyncio
import contextlib
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from types import FrameType

from litestar import Litestar

from sync.conversation import Conversation
from sync.database import connected, migrate
from sync.tasks import running
from web.site import Site

ENDS = (signal.SIGTERM, signal.SIGINT)


@contextlib.asynccontextmanager
async def lifespan(app: Litestar) -> AsyncIterator[None]:
    """Open everything in this order, and close it in the opposite one."""
    site: Site = app.state.site
    conversation: Conversation = app.state.conversation
    async with contextlib.AsyncExitStack() as stack:
        dsn = await stack.enter_async_context(connected(site.settings))
        await migrate()
        conversation.queue = app.state.queue = await stack.enter_async_context(running(dsn, site.settings))
        await stack.enter_async_context(site.live.listening(dsn))
        stack.enter_context(told_of_the_end(site.live.stop))
        yield
        site.live.stop()


@contextlib.contextmanager
def told_of_the_end(tell: Callable[[], None]) -> Iterator[None]:
    """Call `tell` in the event loop when the process is asked to end, before uvicorn waits for open connections.

    The lifespan itself ends after them, and a page's stream of events never ends by itself.
    """
    if threading.current_thread() is not threading.main_thread():  # only there can signals be taken
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in ENDS}  # uvicorn's

    def told(number: int, interrupted: FrameType | None) -> None:
        loop.call_soon_threadsafe(tell)
        handler = before[signal.Signals(number)]
        if callable(handler):
            handler(number, interrupted)

    for number in ENDS:
        signal.signal(number, told)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
