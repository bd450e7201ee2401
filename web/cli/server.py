"""Commands that run the product: the server, and a worker elsewhere.

What they run is imported where it is run: the process that only watches over others stays small.
"""

import asyncio
import os
import signal
import socket
import sys
from typing import TYPE_CHECKING

import click

from sync.settings import Settings
from web.cli.ports import see_port_free

if TYPE_CHECKING:
    from litestar import Litestar

SWITCH = 0.0005  # seconds after which a thread that parses lets the event loop run; Python's own 5 ms is a page's time
CLOSING = 2  # seconds for requests that run when the server stops; with GRACE of the queue it is gone within five


def application() -> "Litestar":
    """The application of one process, from the environment; uvicorn's workers call it."""
    from web.app import create_app

    set_up_process()
    return create_app(Settings.read(os.environ))


def set_up_process() -> None:
    """What every process of ours sets before it works."""
    from web.cli import log

    log.set_up()
    sys.setswitchinterval(SWITCH)


@click.command(short_help="Serve the pages and the Web Connector.")
@click.option("--host", help="Address to listen on. [default: HOST, else 127.0.0.1]")
@click.option("--port", type=click.IntRange(1, 65535), help="[default: PORT, else 8080]")
@click.option(
    "--processes", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes that share the work."
)
def serve(host: str | None, port: int | None, processes: int) -> None:
    """Serve the pages and the Web Connector, with the queue's worker in the same process."""
    import uvicorn
    from uvicorn.supervisors import Multiprocess

    os.environ.update({name: str(value) for name, value in (("HOST", host), ("PORT", port)) if value is not None})
    settings = Settings.read(os.environ)
    see_port_free(settings.host, settings.port)
    click.echo(f"Deskbridge at {settings.public_url} (listening on {settings.host}:{settings.port})", err=True)
    config = uvicorn.Config(
        "web.cli.server:application",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=processes,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=CLOSING,
        proxy_headers=True,
        server_header=False,
    )
    listening = config.bind_socket()
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # asyncio sets it only on sockets that it made
    if processes > 1:
        Multiprocess(config, sockets=[listening]).run()
        return
    from web.cli.common import reach_database

    asyncio.run(reach_database(settings))
    server = uvicorn.Server(config)
    server.run(sockets=[listening])
    if not server.started:
        raise click.ClickException("The server did not start; the lines above say why.")


@click.command(short_help="Run one more worker of the queue.")
def worker() -> None:
    """Run one more worker of the queue, without pages, on the same database."""
    from sync.database import connected
    from sync.database import migrate as migrated
    from sync.embedded import ServerFailed
    from sync.tasks import running
    from web.cli.common import reach_database

    set_up_process()

    async def run() -> None:
        settings = Settings.read(os.environ)
        await reach_database(settings)
        ended = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
        async with connected(settings) as dsn:
            await migrated()
            async with running(dsn, settings):
                click.echo("The worker runs.", err=True)
                await ended.wait()

    try:
        asyncio.run(run())
    except ServerFailed as error:
        raise click.ClickException(str(error)) from None
