"""`deskbridge demo`: the whole product on this computer, with a practice QuickBooks that syncs into it."""

import asyncio
import contextlib
import os
import secrets
from pathlib import Path

import click
import uvicorn

from sync.keys import KeyRing
from sync.practice.change import drift
from sync.practice.company import CompanyFile
from sync.practice.connector import WebConnector, read_qwc
from sync.practice.faults import Faults, SlowQuickBooks
from sync.practice.seed import seed
from sync.settings import Settings
from sync.store import companies, people, setup, steering
from web.app import create_app
from web.cli.common import now, reach_database
from web.cli.ports import free_port, see_port_free
from web.cli.server import CLOSING, set_up_process
from web.passwords import Passwords

COMPANY = "Halder Natural Stone, Inc."
EMAIL = "tomas@halderstone.example"
EVERY = 90.0  # seconds between two syncs
MINUTES = 2  # that its connector file says: about what comes of it, so that no page warns of a changed Every-Min
DRIFT = (40.0, 90.0)  # seconds between two changes by the bookkeeper


@click.command(short_help="Start it all, with a practice company that syncs.")
@click.option(
    "--rows", type=click.IntRange(200, 200_000), default=8_000, show_default=True, help="Size of the practice company."
)
@click.option(
    "--slow", type=click.FloatRange(0), default=0.4, show_default=True, help="Seconds that QuickBooks takes for a page."
)
@click.option("--port", type=click.IntRange(1, 65535), help="[default: PORT, else the first free one from 8080 on]")
def demo(rows: int, slow: float, port: int | None) -> None:
    """Start Deskbridge on its own database and let a practice QuickBooks company sync into it."""
    os.environ["PORT"] = str(port) if port else os.environ.get("PORT", "").strip() or str(free_port(8080))
    os.environ.setdefault("DESKBRIDGE_DATA", str(Path("data") / "demo"))
    set_up_process()
    settings = Settings.read(os.environ)
    see_port_free(settings.host, settings.port)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_run(settings, rows, slow))


async def _run(settings: Settings, rows: int, slow: float) -> None:
    await reach_database(settings)
    config = uvicorn.Config(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=CLOSING,
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started and not serving.done():
        await asyncio.sleep(0.05)
    if serving.done():
        await serving
        return
    practising = asyncio.create_task(_practise(settings, rows, slow))
    practising.add_done_callback(_told)
    await serving
    practising.cancel()
    with contextlib.suppress(asyncio.CancelledError, Exception):
        await practising


def _told(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        click.echo(f"The practice QuickBooks stopped: {task.exception()}", err=True)


async def _practise(settings: Settings, rows: int, slow: float) -> None:
    await _owner(settings)
    folder = settings.data / "practice"
    folder.mkdir(parents=True, exist_ok=True)
    file = await asyncio.to_thread(_company_file, folder / "halder.practice", rows)
    qwc, key = await _connector(settings, folder)
    connector = WebConnector(
        read_qwc(qwc),
        key,
        file,
        machine="SERVER-01",
        url=f"http://127.0.0.1:{settings.port}/qbwc",
        faults=Faults([SlowQuickBooks(slow)]),
        verbose=False,
    )
    bookkeeper = asyncio.create_task(_keep_books(file))
    try:
        await connector.run(every=EVERY)
    finally:
        bookkeeper.cancel()
        file.close()


async def _owner(settings: Settings) -> None:
    """The person to sign in as. The password is kept in the data folder, so that a later start can print it."""
    kept = settings.data / "demo-password"
    if await people.nobody_yet():
        password = "-".join(secrets.token_hex(2) for _ in range(4))
        hashed = await Passwords().hash(password)
        await people.create_owner(team="Halder Stone Group", name="Tomas Weir", email=EMAIL, password_hash=hashed)
        kept.touch(mode=0o600)
        kept.write_text(password)
    password = kept.read_text() if kept.exists() else "(the one you chose)"
    click.echo(
        f"\n  Deskbridge is at  {settings.public_url}\n  Sign in as        {EMAIL}\n  Password          {password}\n"
    )


def _company_file(path: Path, rows: int) -> CompanyFile:
    if path.exists():
        return CompanyFile.open(path)
    unfinished = path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    made = CompanyFile.create(unfinished, company_name=COMPANY)
    with click.progressbar(length=rows, label="  Writing a practice company") as bar:
        seed(made, rows, progress=lambda done, _: bar.update(done - bar.pos))
    made.close()
    unfinished.rename(path)
    return CompanyFile.open(path)


async def _connector(settings: Settings, folder: Path) -> tuple[Path, str]:
    """The .qwc file and the licence key of the demo's company, made at the first start."""
    qwc, key = folder / "halder.qwc", folder / "licence-key"
    if not any(company.name == COMPANY for company in await companies.overview(now())):
        made = await setup.add_company(COMPANY, "US", begin=True, keys=KeyRing(settings.secret_key), actor="demo")
        await steering.set_schedule(made.company, MINUTES, None, "demo", "")
        key.touch(mode=0o600)
        key.write_text(made.licence_key)
        qwc.write_bytes(await setup.qwc_file(made.connector, settings.public_url))
    return qwc, key.read_text()


async def _keep_books(file: CompanyFile) -> None:
    """A bookkeeper who changes something now and then."""
    while True:
        await asyncio.sleep(secrets.SystemRandom().uniform(*DRIFT))
        await asyncio.to_thread(drift, file)
