"""What is said of a run while it goes on and after: figures, phases, sentences. Shared by two pages."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sync.store.runs import WAITING, EntityProgress, RunDetail, RunRow
from web.filters import about, ago, clock, count, day_time, joined, plural, run_kind, words

SHOWN = 6  # kinds with a line of their own, in a phase
TELLING = 0.05  # share of all rows from which on the pace so far says how long the rest takes
PHASES = (("list", "First: lists"), ("transaction", "Then: history"), ("other", "Last: what was deleted"))


def progress_values(detail: RunDetail, now: datetime) -> dict[str, Any]:
    """Return what the progress panel and the table of kinds read (D41, D42, D46)."""
    return {
        "entities": condensed(detail.entities) if detail.row.state == "running" else phases(detail.entities),
        "progress_figures": figures(detail, now),
        "progress_total": (detail.done, detail.expected, whole(detail.rate), about(left(detail))),
    }


def phases(entities: Sequence[EntityProgress]) -> list[tuple[str, list[EntityProgress]]]:
    """Return the entities of a run in its phases; a phase without any is left out."""
    grouped = [(heading, [each for each in entities if each.group == key]) for key, heading in PHASES]
    return [(heading, members) for heading, members in grouped if members]


def condensed(entities: Sequence[EntityProgress]) -> list[tuple[str, list[EntityProgress]]]:
    """Return the phases with what is small in one line, so that what moves is seen."""
    return [(heading, [*folded(members)]) for heading, members in phases(entities)]


def folded(members: Sequence[EntityProgress]) -> Iterator[EntityProgress]:
    """Yield the largest kinds and those that failed, and the rest as one: the same lines from start to end."""
    large = sorted((each for each in members if size(each)), key=size, reverse=True)[:SHOWN]
    rest = [each for each in members if each.state != "failed" and each not in large]
    yield from (each for each in members if each not in rest)
    if len(rest) > 1:
        yield together(rest)
    else:
        yield from rest


def size(kind: EntityProgress) -> int:
    """Return how many rows a kind has, as far as is known."""
    return max(kind.expected or 0, kind.done)


def together(rest: Sequence[EntityProgress]) -> EntityProgress:
    """Return several kinds as one line."""
    states = {each.state for each in rest} - {"off"}
    begun = "reading" if states - {"waiting"} else "waiting"
    return EntityProgress(
        entity="",
        label=f"{len(rest)} more {'lists' if rest[0].group == 'list' else 'kinds'}",
        group=rest[0].group,
        state=states.pop() if len(states) == 1 else begun if states else "off",
        mode="",
        expected=sum(each.expected or each.done for each in rest),
        done=sum(each.done for each in rest),
        changed=sum(each.changed for each in rest),
        rate=None,
        seconds_left=None,
        took=sum(each.took or 0 for each in rest),
        reason="",
    )


def left(detail: RunDetail) -> float | None:
    """Return how long the rest takes; None while too little is read to say it."""
    return detail.seconds_left if detail.expected and detail.done >= TELLING * detail.expected else None


def figures(detail: RunDetail, now: datetime) -> list[tuple[str, str, str]]:
    """Return what is read, how fast, how long yet, since when; what is not known is left out."""
    found = [("Rows read", count(detail.done), f"of {count(detail.expected)}" if detail.expected else "")]
    if detail.rate and detail.rate >= 1:
        found.append(("Now", whole(detail.rate), "rows a second"))
    remaining = left(detail)
    if remaining is not None:
        found.append(("Time left", about(remaining), ""))
    if detail.row.began_at:
        found.append(("Began", clock(detail.row.began_at, seconds=False), ago(detail.row.began_at, now)))
    return found


def whole(rate: float | None) -> str:
    return "" if rate is None else count(round(rate))


def run_sentence(detail: RunDetail) -> str:
    """Say what a run that goes on is doing."""
    if detail.row.result_state == "waiting":
        queued = detail.row.result_text == WAITING
        return "It begins when the Web Connector calls." if queued else f"{detail.row.result_text}."
    reading = next((each for each in detail.entities if each.state == "reading"), None)
    ended = sum(each.state in ("done", "off", "failed") for each in detail.entities)
    kinds = f"{words(ended).capitalize()} of {len(detail.entities)} kinds done." if detail.entities else ""
    return joined(kinds, f"Reading {reading.label.lower()}.") if reading else kinds or "Looking which file is open."


def run_line(row: RunRow) -> str:
    """Incremental, today, 14:05:30 to 14:05:39, in one session from SERVER-01."""
    kind = run_kind(row.kind)
    if row.began_at is None:
        return f"{kind}, asked for {day_time(row.asked_at)}."
    until = f" to {clock(row.ended_at)}" if row.ended_at else ""
    place = f" from {row.machine}" if row.machine else ""
    sessions = f"in {words(row.sessions)} {plural(row.sessions, 'session')}" if row.sessions else "in no session yet"
    return f"{kind}, {day_time(row.began_at, seconds=True)}{until}, {sessions}{place}."
