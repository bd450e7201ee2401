"""A download read ahead of its reader: who reads slowly, or not at all, holds no database connection for long."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator

PARTS = 8  # read ahead at most
STALLED = 60.0  # seconds in which a reader takes no part; then the download is broken off


async def ahead(source: AsyncGenerator[bytes, None], *, stalled: float = STALLED) -> AsyncIterator[bytes]:
    """Yield the parts of a source. Raises TimeoutError, and closes the source before, for a reader that has stalled."""
    parts: asyncio.Queue[bytes] = asyncio.Queue(PARTS)

    async def read() -> None:
        async with contextlib.aclosing(source):
            async for part in source:
                await asyncio.wait_for(parts.put(part), stalled)

    reading = asyncio.get_running_loop().create_task(read())
    try:
        while not reading.done() or not parts.empty():
            part = await next_of(parts, reading)
            if part is not None:
                yield part
            if reading.done() and reading.exception():
                break
        await reading
    finally:
        reading.cancel()
        with contextlib.suppress(asyncio.CancelledError, TimeoutError):
            await reading


async def next_of(parts: "asyncio.Queue[bytes]", reading: "asyncio.Task[None]") -> bytes | None:
    """Return the next part; None when the reading has ended before there was one."""
    getting = asyncio.ensure_future(parts.get())
    await asyncio.wait({getting, reading}, return_when=asyncio.FIRST_COMPLETED)
    if getting.done():
        return getting.result()
    getting.cancel()
    return parts.get_nowait() if not parts.empty() else None
