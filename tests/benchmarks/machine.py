"""Processor time and memory of processes, as Linux counts them under /proc."""

import os
from collections.abc import Iterable
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")
PARENT, USER, SYSTEM, USER_OF_CHILDREN, SYSTEM_OF_CHILDREN = 1, 11, 12, 13, 14  # in `stat`, behind the name


def numbers(pid: int) -> list[str]:
    """What `stat` says of a process behind its name; [] when it is gone."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def tree(root: int) -> list[int]:
    """A process and all that come from it."""
    parents = {}
    for folder in PROC.iterdir():
        if folder.name.isdecimal() and (found := numbers(int(folder.name))):
            parents[int(folder.name)] = int(found[PARENT])
    members = [root]
    for member in members:
        members += [pid for pid, parent in parents.items() if parent == member]
    return members


def processor_seconds(pids: Iterable[int]) -> float:
    """What these processes, and those of their children that ended, have used so far."""
    columns = (USER, SYSTEM, USER_OF_CHILDREN, SYSTEM_OF_CHILDREN)
    return sum(int(found[column]) for pid in pids if (found := numbers(pid)) for column in columns) / TICKS


def busy_seconds() -> float:
    """Processor seconds that everything on this machine has used so far, and what a host took from it."""
    user, nice, system, _idle, _waiting, *rest = map(int, (PROC / "stat").read_text().split("\n")[0].split()[1:9])
    return (user + nice + system + sum(rest)) / TICKS


def memory(pids: Iterable[int]) -> float:
    """MB that these processes hold; what several of them share is counted once (PSS)."""
    return sum(line_of(pid, "smaps_rollup", "Pss:") for pid in pids) / 1024


def peak_memory(pids: Iterable[int]) -> float:
    """MB that each held at most since `forget_peak`, added up; shared memory counts for each."""
    return sum(line_of(pid, "status", "VmHWM:") for pid in pids) / 1024


def resident_memory(pids: Iterable[int]) -> float:
    """MB that each holds, added up; comparable with `peak_memory`."""
    return sum(line_of(pid, "status", "VmRSS:") for pid in pids) / 1024


def forget_peak(pids: Iterable[int]) -> None:
    """Begin to look for the peak anew."""
    for pid in pids:
        (PROC / str(pid) / "clear_refs").write_text("5")


def line_of(pid: int, file: str, name: str) -> int:
    """KB that a line of a file about a process names; 0 when it is gone."""
    try:
        lines = (PROC / str(pid) / file).read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(name)), 0)
