"""Pages that follow by themselves: server-sent events with the parts of a page that read differently than before.

A page names topics; a notice about one of them only wakes it, and it reads again. Between notices it reads every twenty
seconds, since some states come with time alone ("last active 3 h ago").
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping

from litestar.plugins.htmx import HTMXRequest
from litestar.response import ServerSentEvent, ServerSentEventMessage

from web.auth import is_let_in
from web.site import site_of

HEARTBEAT = 20.0  # seconds
PAUSE = 0.5  # seconds between two readings, however many notices come

Parts = Mapping[str, str]  # name of the event (sse-swap in the template) -> HTML
Read = Callable[[], Awaitable[Parts | None]]


def stream(request: HTMXRequest, topics: Iterable[str], read: Read) -> ServerSentEvent:
    """Answer with events for as long as the browser listens, the visitor is let in and `read` does not return None."""
    return ServerSentEvent(events(request, topics, read))


async def events(request: HTMXRequest, topics: Iterable[str], read: Read) -> AsyncIterator[ServerSentEventMessage]:
    live = site_of(request).live
    sent: dict[str, str] = {}
    async with live.watch(topics) as watch:
        while not live.stopping:
            parts = await read() if await is_let_in(request) else None
            if parts is None:
                return
            new = {name: html for name, html in parts.items() if sent.get(name) != html}
            sent.update(new)
            for name, html in new.items():
                yield ServerSentEventMessage(event=name, data=html)
            if not new:
                yield ServerSentEventMessage(comment="still here", data=None)
            await asyncio.sleep(PAUSE)
            await watch.changed(within=HEARTBEAT)


def render(request: HTMXRequest, name: str, values: Mapping[str, object]) -> str:
    """Render one part of a page."""
    engine = request.app.template_engine
    if engine is None:
        raise TypeError("this application was not made by create_app")
    return str(engine.get_template(name).render(**values))
