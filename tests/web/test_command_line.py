"""The command line says what is wrong in a sentence, and a phase of a sync keeps its lines."""

import json
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from sync.store.runs import EntityProgress
from tests.conftest import Server
from tests.serving import SECRET
from web.cli import deskbridge
from web.progress import SHOWN, folded


def kind(label: str, state: str, expected: int | None, done: int = 0) -> EntityProgress:
    return EntityProgress(
        entity=label,
        label=label,
        group="list",
        state=state,
        mode="whole",
        expected=expected,
        done=done,
        changed=0,
        rate=None,
        seconds_left=None,
        took=None,
        reason="",
    )


def test_a_port_that_is_taken_is_told_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for command in ("serve", "demo"):
            ran = CliRunner().invoke(
                deskbridge, [command, "--port", port], env={"DESKBRIDGE_DATA": str(tmp_path), "HOST": "127.0.0.1"}
            )
            assert ran.exit_code == 1
            assert ran.output.startswith(f"Error: Port {port} of 127.0.0.1 cannot be had")


def test_a_database_that_does_not_answer_is_told_in_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port = bound.getsockname()[1]
    env = {
        "DATABASE_URL": f"postgresql://u@127.0.0.1:{port}/x",
        "SECRET_KEY": "k" * 40,
        "DESKBRIDGE_DATA": str(tmp_path),
    }
    ran = CliRunner().invoke(deskbridge, ["company", "list"], env=env)
    assert ran.exit_code == 1
    assert ran.output.startswith("Error: The database at DATABASE_URL cannot be used")


@pytest.mark.parametrize("command", [["change"], ["run", "--qwc", "x.qwc", "--key", "x"]])
def test_what_is_no_practice_company_file_is_told_in_a_sentence(tmp_path: Path, command: list[str]) -> None:
    other = tmp_path / "letter.txt"
    other.write_text("Dear Ruth, this is a letter and no company file.\n" * 40)
    ran = CliRunner().invoke(deskbridge, ["practice", command[0], str(other), *command[1:]])
    assert ran.exit_code == 1
    assert "is no practice company file" in ran.output


def test_a_phase_keeps_its_lines_from_the_first_row_to_the_last() -> None:
    sizes = [3, 900, 14, 7, 2000, 5, 310, 60, 1, 0, 143]
    seen = set()
    for over in range(len(sizes) + 1):
        members = [
            kind(f"Kind {place}", "done" if place < over else "waiting", size, size if place < over else 0)
            for place, size in enumerate(sizes)
        ]
        seen.add(tuple(line.label for line in folded(members)))
    assert seen == {("Kind 1", "Kind 2", "Kind 4", "Kind 6", "Kind 7", "Kind 10", f"{len(sizes) - SHOWN} more lists")}


def test_a_kind_that_failed_has_a_line_of_its_own() -> None:
    members = [kind(f"Kind {size}", "waiting", size) for size in range(1, 12)] + [kind("Templates", "failed", 0)]
    assert "Templates" in [line.label for line in folded(members)]


def test_each_state_is_produced_by_hand_with_the_practice_web_connector(
    server_process: Server, database_url: str, tmp_path: Path
) -> None:
    port = server_process.url.rpartition(":")[2]
    env = {"DATABASE_URL": database_url, "SECRET_KEY": SECRET, "DESKBRIDGE_URL": f"http://localhost:{port}"}
    books, qwc = str(tmp_path / "halder.practice"), str(tmp_path / "halder.qwc")

    def ran(*arguments: str) -> str:
        result = CliRunner().invoke(deskbridge, [*arguments], env=env)
        return f"{result.exit_code} {result.output}"

    assert ran("practice", "seed", books, "--rows", "300").startswith("0 ")
    added = ran("company", "add", "Halder", "--region", "US", "--begin", "--qwc", qwc)
    key = json.loads(added.removeprefix("0 "))["licence_key"]
    practice = ["practice", "run", books, "--qwc", qwc, "--key", key]
    assert ran(*practice, "--fault", "computer-off").endswith("The Web Connector was ended.\n")
    assert ran(*practice, "--once").startswith("0 ")
    cases = {
        ("--access", "no"): "0x80040420",
        ("--access", "when-open", "--fault", "quickbooks-closed"): "0x8004041D",
        ("--fault", "permission-removed"): "0x8004041A",
        ("--fault", "dialog-open"): "0x80040414",
        ("--fault", "single-user-needed"): "0x80040422",
        ("--fault", "wrong-file"): "not the company file",
        ("--fault", "replaced-file"): "not the company file",
        ("--fault", "wrong-key"): "QBWC1040",
        ("--fault", "spaced-key"): "QBWC1040",
        ("--fault", "small-letters-key"): "QBWC1040",
    }
    for options, told in cases.items():
        assert ran("sync", "Halder").startswith("0 ")
        assert told in ran(*practice, "--once", *options), options
    assert "--fault NAME" in ran("practice", "run", "--help")
