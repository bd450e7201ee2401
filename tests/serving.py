"""The whole product in the event loop of a test, on a free port."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from litestar import Litestar
from litestar.types import ASGIApp

from sync.settings import Settings
from web.app import furnish, joined, site_for
from web.site import Site

PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nobody: nothing is encrypted on the way to ourselves
SECRET = "a key for tests, as long as it needs to be"


class Client(httpx.AsyncClient):
    """A client of the product. Reading the authorities that it could trust would take longer than most tests."""

    def __init__(self, **options: Any) -> None:
        super().__init__(verify=PLAIN, **options)


def settings_for(database: str, folder: Path, port: int = 8080) -> Settings:
    return Settings(
        host="127.0.0.1",
        port=port,
        public_url=f"http://localhost:{port}",
        data=folder,
        database_url=database,
        secret_key=SECRET,
    )


@contextlib.contextmanager
def free_socket() -> Iterator[tuple[socket.socket, int]]:
    """A socket on a free port, and the port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # asyncio sets it only on sockets of its own
        yield listening, listening.getsockname()[1]


KEPT: dict[tuple[str, bool], list[Litestar]] = {}  # applications that nobody uses, by what their routes depend on


@contextlib.contextmanager
def application(site: Site) -> Iterator[Litestar]:
    """The application of this site. Routes are registered once for many tests; nothing else of it stays."""
    kept = KEPT.setdefault((site.settings.secret_key, site.secure), [])
    app = kept.pop() if kept else joined(site)
    furnish(app, site)
    yield app
    app.state.clear()
    kept.append(app)


@contextlib.asynccontextmanager
async def served(
    settings: Settings, listening: socket.socket, around: Callable[[ASGIApp], ASGIApp] = lambda app: app
) -> AsyncIterator[None]:
    """Serve the product on this socket while the block runs, with something around it that sees each call."""
    with application(site_for(settings)) as app:
        config = uvicorn.Config(around(app), lifespan="on", log_level="warning", timeout_graceful_shutdown=5)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started and not serving.done():
            await asyncio.sleep(0.01)
        if serving.done():
            await serving
            raise RuntimeError("the server ended before it had begun")
        try:
            yield
        finally:
            server.should_exit = True
            await serving
