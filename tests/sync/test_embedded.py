"""sync.embedded: one server for all processes of a folder, whatever was killed before."""

import os
import pwd
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from sync.embedded import EmbeddedServer, ServerFailed

ROOT = Path(__file__).resolve().parents[2]
USER = """
import os, sys
from pathlib import Path
from sync.embedded import EmbeddedServer
if len(sys.argv) > 2: os.setgroups([]), os.setgid(int(sys.argv[2])), os.setuid(int(sys.argv[2]))
server = EmbeddedServer(Path(sys.argv[1]))
print(server.start(), flush=True)
sys.stdin.read()
server.stop()
"""
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")

NewServer = Callable[..., EmbeddedServer]
User = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def new_server(tmp_path: Path) -> Iterator[NewServer]:
    """Make servers that are stopped after the test, started or not."""
    made: list[EmbeddedServer] = []

    def make(folder: Path = tmp_path / "postgres") -> EmbeddedServer:
        made.append(EmbeddedServer(folder, {"fsync": "off"}))
        return made[-1]

    yield make
    for server in made:
        server.stop()


@pytest.fixture
def user(tmp_path: Path) -> Iterator[User]:
    """Start other processes that use the server until their input ends."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: object) -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", USER, str(tmp_path / "postgres"), *map(str, arguments)]
        pipe = subprocess.PIPE
        started.append(subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True))
        return started[-1]

    yield start
    for process in started:
        with process:
            process.kill()


def postmaster(folder: Path) -> int:
    return int((folder / "data" / "postmaster.pid").read_text().split()[0])


def lives(dsn: str) -> bool:
    try:
        psycopg.connect(dsn).close()
    except psycopg.OperationalError:
        return False
    return True


def test_what_was_written_is_there_after_the_next_start(new_server: NewServer) -> None:
    server = new_server()
    with psycopg.connect(server.start(), autocommit=True) as connection:
        connection.execute("create table kept as select 42 as n")
    server.stop()
    with psycopg.connect(server.start()) as connection:
        assert connection.execute("select n from kept").fetchall() == [(42,)]


def test_the_settings_are_those_of_the_product(new_server: NewServer) -> None:
    with psycopg.connect(new_server().start()) as connection:
        shown = {
            name: connection.execute(f"show {name}").fetchone() for name in ("jit", "timezone", "synchronous_commit")
        }
    assert shown == {"jit": ("off",), "timezone": ("UTC",), "synchronous_commit": ("on",)}


def test_it_listens_on_a_socket_of_its_account_alone(new_server: NewServer, tmp_path: Path) -> None:
    with psycopg.connect(new_server().start()) as connection:
        assert connection.execute("show listen_addresses").fetchone() == ("",)
    folder = (tmp_path / "postgres").stat()
    socket = (tmp_path / "postgres" / ".s.PGSQL.5432").stat()
    assert (stat.S_IMODE(folder.st_mode), stat.S_IMODE(socket.st_mode)) == (0o700, 0o700)


@pytest.mark.parametrize("name", ["a 'b\"%é#$(x)`\\", "a,b"])
def test_any_folder_will_do(new_server: NewServer, tmp_path: Path, name: str) -> None:
    server = new_server(tmp_path / name)
    assert lives(server.start())
    assert (server.sockets == server.folder) is ("," not in name)


def test_a_path_too_long_for_a_socket_gets_a_private_folder_for_it(new_server: NewServer, tmp_path: Path) -> None:
    server = new_server(tmp_path / ("long" * 20) / ("path" * 20))
    assert lives(server.start())
    assert server.sockets != server.folder
    assert stat.S_IMODE(server.sockets.stat().st_mode) == 0o700
    server.stop()
    assert not server.sockets.exists()


def test_a_socket_folder_that_others_may_enter_is_refused(new_server: NewServer, tmp_path: Path) -> None:
    server = new_server(tmp_path / ("long" * 20) / ("path" * 20))
    server.start()
    server.stop()
    server.sockets.mkdir()
    try:
        server.sockets.chmod(0o777)
        with pytest.raises(ServerFailed, match="private"):
            server.start()
    finally:
        server.sockets.rmdir()


def test_the_environment_of_the_caller_does_not_matter(new_server: NewServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "LC_ALL": "xx_XX.UTF-8",
        "PGDATA": "/nowhere",
        "PGPORT": "1",
        "PGOPTIONS": "-c nonsense=1",
    }.items():
        monkeypatch.setenv(name, value)
    new_server().start()


def test_a_second_process_joins_and_the_last_one_ends_the_server(new_server: NewServer, user: User) -> None:
    server = new_server()
    dsn = server.start()
    other = user()
    assert other.stdout.readline().strip() == dsn
    server.stop()
    assert lives(dsn)
    other.communicate()
    assert other.returncode == 0
    assert not lives(dsn)


def test_processes_that_start_at_once_share_one_server(new_server: NewServer, user: User) -> None:
    users = [user() for _ in range(4)]
    dsns = {other.stdout.readline().strip() for other in users}
    assert len(dsns) == 1
    for other in users:
        assert lives(dsns.copy().pop())
        other.communicate()
    assert not lives(dsns.pop())


def test_after_a_killed_process_the_next_one_joins_its_server_and_ends_it(new_server: NewServer, user: User) -> None:
    orphan = user()
    dsn = orphan.stdout.readline().strip()
    orphan.kill()
    orphan.wait()
    server = new_server()
    before = postmaster(server.folder)
    assert server.start() == dsn
    assert postmaster(server.folder) == before
    server.stop()
    assert not lives(dsn)


def test_a_killed_server_is_started_again(new_server: NewServer) -> None:
    server = new_server()
    server.start()
    os.kill(postmaster(server.folder), signal.SIGKILL)
    again = new_server()
    assert lives(again.start())


def test_a_process_number_that_now_belongs_to_another_program_is_not_believed(new_server: NewServer) -> None:
    server = new_server()
    server.start()
    stale = (server.cluster / "postmaster.pid").read_text().split("\n", 1)[1]
    server.stop()
    (server.cluster / "postmaster.pid").write_text(f"{os.getpid()}\n{stale}")
    assert lives(server.start())
    server.stop()  # would end this very test if the number were believed


def test_what_a_killed_initdb_left_is_not_taken_for_a_database(new_server: NewServer, tmp_path: Path) -> None:
    unfinished = tmp_path / "postgres" / "new-x"
    server = new_server()
    server.account.make_folder(tmp_path / "postgres")
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("18\n")
    assert lives(server.start())
    assert not unfinished.exists()


def test_a_database_of_another_major_version_is_refused_with_what_to_do(new_server: NewServer) -> None:
    server = new_server()
    server.start()
    server.stop()
    (server.cluster / "PG_VERSION").write_text("16\n")
    with pytest.raises(ServerFailed, match=r"PostgreSQL 16.*dump"):
        server.start()


def test_a_folder_that_cannot_be_used_is_named(new_server: NewServer, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ServerFailed, match="file"):
        new_server(tmp_path / "file" / "postgres").start()


def test_a_failed_start_says_what_postgres_said(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path / "postgres", {"max_connections": "many"})
    with pytest.raises(ServerFailed, match="max_connections"):
        server.start()


@as_root
def test_an_ordinary_account_runs_its_own_server(user: User, tmp_path: Path) -> None:
    nobody = pwd.getpwnam("nobody").pw_uid
    (tmp_path / "postgres").mkdir(mode=0o700)
    os.chown(tmp_path / "postgres", nobody, -1)
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o711)
    other = user(nobody)
    assert lives(other.stdout.readline().strip())
    assert (tmp_path / "postgres" / "data").stat().st_uid == nobody
    other.communicate()
    assert other.returncode == 0


@as_root
def test_root_lets_the_server_pass_through_its_folders_but_not_list_them(new_server: NewServer, tmp_path: Path) -> None:
    (tmp_path / "private").mkdir(mode=0o700)
    new_server(tmp_path / "private" / "postgres").start()
    assert stat.S_IMODE((tmp_path / "private").stat().st_mode) == 0o711
