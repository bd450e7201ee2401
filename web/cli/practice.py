"""The practice QuickBooks from the command line: seed a company file, connect it, change it as a bookkeeper would."""

import asyncio
import contextlib
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from sync.practice.change import change as change_file
from sync.practice.company import CompanyFile
from sync.practice.connector import QwcRefused, Session, WebConnector, read_qwc
from sync.practice.faults import (
    Access,
    ComputerOff,
    DialogOpen,
    Faults,
    Lasting,
    Once,
    PermissionRemoved,
    QuickBooksClosed,
    SingleUserNeeded,
    SlowQuickBooks,
    SmallPassword,
    SpacedPassword,
    WrongPassword,
)
from sync.practice.qwc_file import Qwc
from sync.practice.seed import SMALLEST
from sync.practice.seed import seed as seed_file

FILE = click.Path(dir_okay=False, path_type=Path)
WRONG_FILE, REPLACED_FILE = "wrong-file", "replaced-file"  # not told to the Web Connector: another file is opened
FAULTS: dict[str, Callable[[], Once | Lasting]] = {
    "computer-off": ComputerOff,
    "dialog-open": DialogOpen,
    "permission-removed": PermissionRemoved,
    "quickbooks-closed": QuickBooksClosed,
    "single-user-needed": SingleUserNeeded,
    "small-letters-key": SmallPassword,
    "spaced-key": SpacedPassword,
    "wrong-key": WrongPassword,
}


@click.group(short_help="A practice QuickBooks, to try a server with.")
def practice() -> None:
    """A practice QuickBooks: a company file and a Web Connector that stand in for the Windows programs."""


@practice.command()
@click.argument("file", type=FILE)
@click.option(
    "--rows",
    type=click.IntRange(SMALLEST, 200_000),
    default=5_000,
    show_default=True,
    help="List entries and transactions.",
)
@click.option("--company", default="Halder Natural Stone, Inc.", show_default=True, help="The company's name.")
@click.option("--country", type=click.Choice(["US", "CA"]), default="US", show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="The same number makes the same company.")
def seed(file: Path, rows: int, company: str, country: str, seed: int) -> None:
    """Make a company file FILE of a believable small business."""
    try:
        made = CompanyFile.create(file, company_name=company, country=country, seed=seed)
    except FileExistsError:
        raise click.ClickException(f"{file} is there already. Choose another name, or remove it.") from None
    except sqlite3.OperationalError as error:
        raise click.ClickException(f"{file} cannot be made: {error}.") from None
    with click.progressbar(length=rows, label=f"Seeding {company}") as bar:
        seed_file(made, rows, seed=seed, progress=lambda done, _: bar.update(done - bar.pos))
    made.close()
    click.echo(f"{file} has {rows:,} rows.")


@practice.command()
@click.argument("file", type=FILE)
@click.option("--edits", type=click.IntRange(0), default=500, show_default=True)
@click.option("--deletions", type=click.IntRange(0), default=50, show_default=True)
@click.option("--creations", type=click.IntRange(0), default=20, show_default=True)
@click.option("--seed", type=int, default=2, show_default=True)
def change(file: Path, edits: int, deletions: int, creations: int, seed: int) -> None:
    """Change FILE as a bookkeeper would."""
    opened = _open(file)
    with click.progressbar(
        length=edits + deletions + creations, label=f"Changing {opened.profile.company_name}"
    ) as bar:
        changes = change_file(opened, edits, deletions, creations, seed, noted=lambda: bar.update(1))
    opened.close()
    click.echo(f"{changes}.")


@practice.command()
@click.argument("file", type=FILE)
@click.option("--qwc", type=FILE, required=True, help="The connector's .qwc file.")
@click.option("--key", required=True, envvar="DESKBRIDGE_LICENCE_KEY", help="The licence key.")
@click.option(
    "--every",
    type=float,
    help="Seconds between two syncs: a changed Every-Min. [default: as the .qwc says]",
)
@click.option("--once", is_flag=True, help="One sync, as Update Selected does.")
@click.option("--slow", type=float, default=0.0, show_default=True, help="Seconds that QuickBooks takes for a request.")
@click.option("--machine", default="FRONT-DESK-02", show_default=True, help="The computer's name.")
@click.option(
    "--access",
    type=click.Choice([str(one) for one in Access]),
    default=str(Access.ALWAYS),
    show_default=True,
    help="What the person chose when QuickBooks asked: No, or one of the three Yes.",
)
@click.option(
    "--fault",
    "named",
    metavar="NAME",
    type=click.Choice(sorted([*FAULTS, WRONG_FILE, REPLACED_FILE])),
    multiple=True,
    help="What goes wrong at this end. May be given several times.",
)
def run(
    file: Path,
    qwc: Path,
    key: str,
    every: float | None,
    slow: float,
    machine: str,
    access: str,
    named: tuple[str, ...],
    *,
    once: bool,
) -> None:
    """Run the practice Web Connector for FILE until it is stopped.

    \b
    Faults:
      computer-off        it is switched off in the middle of the first sync
      dialog-open         a dialog is open in QuickBooks
      permission-removed  somebody took the application's permission away
      quickbooks-closed   QuickBooks does not run
      replaced-file       another company file lies where the right one was
      single-user-needed  somebody else has the company file open
      small-letters-key   the licence key was typed in small letters
      spaced-key          the licence key has spaces where its dashes were
      wrong-file          QuickBooks has another company file open
      wrong-key           the licence key was mistyped
    """
    opened = _open(file)
    faults = Faults([SlowQuickBooks(slow)] if slow else [])
    faults += [FAULTS[name]() for name in named if name in FAULTS]
    bar = Bar()
    connector = WebConnector(
        _read(qwc), key, opened, machine=machine, faults=faults, access=Access(access), verbose=False, moved=bar.move
    )
    failed = False
    with contextlib.suppress(KeyboardInterrupt), _now_open(opened, named) as connector.company_file:
        failed = asyncio.run(_work(connector, bar, every, once=once))
    opened.close()
    if failed:
        raise SystemExit(1)


def _read(qwc: Path) -> Qwc:
    """What a connector file says. Raises click's error."""
    try:
        return read_qwc(qwc)
    except OSError as error:
        raise click.ClickException(f"{qwc} cannot be read: {error.strerror}.") from None
    except QwcRefused as refused:
        raise click.ClickException(f"{refused.code}: {refused.message}") from None


async def _work(connector: WebConnector, bar: "Bar", every: float | None, *, once: bool) -> bool:
    """Run one session, or one after the other without end; say whether the one failed."""
    try:
        await connector.add()
        if not once:
            await connector.run(every=every, seen=bar.end)
            return False
        session = await connector.update()
        bar.end(session)
        return bool(session.code)
    except QwcRefused as refused:
        raise click.ClickException(f"{refused.code}: {refused.message}") from None
    finally:
        connector.close()
        await asyncio.sleep(0)  # in which the connection is let go of


@contextlib.contextmanager
def _now_open(right: CompanyFile, faults: tuple[str, ...]) -> Iterator[CompanyFile]:
    """The file that QuickBooks has open: the right one, or that of another company."""
    if not {WRONG_FILE, REPLACED_FILE} & {*faults}:
        yield right
        return
    with tempfile.TemporaryDirectory() as folder:
        other = CompanyFile.create(
            Path(folder) / "other.practice",
            company_name="Another Company, Inc.",
            windows_path=right.profile.windows_path if REPLACED_FILE in faults else "",
        )
        yield other
        other.close()


class Bar:
    """One progress bar a session, and its result in a line."""

    def __init__(self) -> None:
        self._bar: Any = None

    def move(self, percent: int) -> None:
        """The Web Connector's percentage, as its own bar would show it."""
        if self._bar is None:
            self._bar = click.progressbar(length=100, label="Syncing")
            self._bar.render_progress()
        self._bar.update(max(percent - self._bar.pos, 0))

    def end(self, session: Session) -> None:
        """The session is over."""
        if self._bar is not None:
            self._bar.render_finish()
            self._bar = None
        click.echo(" ".join(filter(None, [f"{len(session.calls)} calls.", session.code, session.status])))


def _open(file: Path) -> CompanyFile:
    try:
        return CompanyFile.open(file)
    except (FileNotFoundError, sqlite3.DatabaseError):
        raise click.ClickException(
            f"{file} is no practice company file. Make one: deskbridge practice seed FILE"
        ) from None
