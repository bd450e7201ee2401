"""What is said of the file that answered, fact by fact, and of the calls so far: words of Verify and Confirm."""

import ntpath
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sync.protocol import sentences
from sync.protocol.files import Fact
from sync.store.companies import CompanyRow
from sync.store.computers import ConnectorRow, UnknownCallerRow
from sync.store.files import Verification
from sync.store.set_up import Standing
from web.filters import clock, day_time, plural, upper_first, words

NO_CHOSEN = ("0X80040420", "0X8004041A")  # at the first question; later, under Preferences
PASSING = 3  # refusals of QuickBooks to open, up to which they are nothing but the usual beginning
ORDER = {"differs": 0, "other": 1, "waiting": 2, "matches": 3, "told": 3}
WORDS = {
    "matches": "Matches",
    "differs": "Does not match",
    "waiting": "Waiting",
    "told": "Fine",
    "other": "Another name",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One row of the table expect, said, result."""

    name: str
    expected: str
    answered: str
    small: str
    state: str  # matches, differs, waiting, told, other
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the page Verify says as a whole."""

    rows: list[Shown]
    state: str  # waiting, matches, differs, twin
    summary: str  # of the table, in words
    line: str  # under the name of the page
    names_differ: bool  # what QuickBooks calls the company is not what it is called here
    answered_name: str
    answered_file: str  # its name without the path
    answered_path: str
    machine: str
    twin: Any  # CompanyName or None


@dataclass(frozen=True, slots=True)
class Notice:
    """A banner over the table."""

    kind: str
    title: str
    text: str
    steps: tuple[str, ...] = ()
    code: str = ""


def answer_of(row: CompanyRow, told: Standing, found: Verification) -> Answer:
    """Return everything that the page says of the file that answered."""
    rows = [shown(fact) for fact in found.rows]
    if found.at:
        rows.append(_elsewhere(found))
    rows.sort(key=lambda each: ORDER[each.state])
    state = "waiting" if not found.at else "twin" if found.twin else "matches" if found.matches else "differs"
    answers = {fact.key: fact.answered or "" for fact in found.rows}
    return Answer(
        rows=rows,
        state=state,
        summary=_summary(rows),
        line=_line(told, found),
        names_differ=any(each.state == "other" for each in rows),
        answered_name=answers.get("company_name", ""),
        answered_file=ntpath.basename(answers.get("path", "")),
        answered_path=answers.get("path", ""),
        machine=found.machine,
        twin=found.twin,
    )


def shown(fact: Fact) -> Shown:
    """Return a fact in words: a long path and a mark are told by what they mean."""
    state: str = fact.verdict
    if fact.key == "company_name" and fact.verdict == "told":
        state = "other"
    expected, answered, small = fact.expected or "", fact.answered or "", ""
    match fact.key:
        case "path":
            expected, small = ntpath.basename(expected) or "The file that is open", answered
            answered = ntpath.basename(answered)
        case "file_id":
            small = answered if state == "differs" else ""
            answered = _mark(state, answered)
            expected = MINE
        case "product":
            expected = "QuickBooks Desktop"
        case "version":
            expected = "13.0 or later"
    return Shown(name=fact.name, expected=expected, answered=answered, small=small, state=state, words=WORDS[state])


MINE = "The one of this company"


def _mark(state: str, answered: str) -> str:
    """Return a mark by what it means: nobody knows one by heart."""
    if state == "differs":
        return "Another one" if answered else "None"
    return MINE if state == "matches" else ""


def _elsewhere(found: Verification) -> Shown:
    name = found.twin.name if found.twin else ""
    return Shown(
        name="Linked elsewhere",
        expected="To no other company here",
        answered=f"To {name}" if name else "To no other company here",
        small="",
        state="differs" if name else "matches",
        words=WORDS["differs" if name else "matches"],
    )


def _summary(rows: Sequence[Shown]) -> str:
    differing = sum(each.state == "differs" for each in rows)
    if differing:
        return f"{differing} of {len(rows)} differ" if differing > 1 else f"1 of {len(rows)} differs"
    if any(each.state == "waiting" for each in rows):
        return "Waiting"
    if any(each.state == "other" for each in rows):
        return "Look at the name"
    return f"All {words(len(rows))} match"


def _line(told: Standing, found: Verification) -> str:
    if found.at:
        where = f" from {found.machine}" if found.machine else ""
        return (
            f"The Web Connector called {day_time(found.at, seconds=True)}{where}. "
            "This is what QuickBooks said about itself, and nothing more was read."
        )
    if told.called_at:
        return f"The Web Connector called {day_time(told.called_at)}. QuickBooks has not named its file yet."
    return "Waits for the first call. This page follows by itself."


def notice_of(row: CompanyRow, told: Standing, found: Verification, answer: Answer) -> Notice | None:
    """Return what stands in the way, or what looks like it and is normal."""
    if answer.state == "differs":
        name = answer.answered_name or answer.answered_file or "Another file"
        return Notice(
            "wrong_file",
            "This is not the company file you expected. Nothing was read, and nothing was written.",
            f"QuickBooks had {name} open. Open {row.name} there, then press Update Selected in the Web Connector.",
        )
    if answer.state == "twin":
        return Notice(
            "wrong_file",
            f"{found.twin.name if found.twin else 'Another company'} here has this company file already.",
            "One company file is one company here. Choose below what is right.",
        )
    return refused_notice(row, found) if row.refused else None


def refused_notice(row: CompanyRow, found: Verification) -> Notice:
    """Return what to do when QuickBooks did not open: a No is told, a first failure is normal (B19, D32)."""
    if f"0X{row.refused.upper().removeprefix('0X')}" in NO_CHOSEN:
        return Notice("warn", "QuickBooks was told No: it does not let us in.", NO_WORDS, NO_STEPS, row.refused)
    if found.at is None and len(found.calls) <= PASSING:
        return Notice("info", FIRST, NORMAL, (), row.refused)
    return Notice("warn", "QuickBooks did not open the company file.", row.state_why, (), row.refused)


FIRST = "A first “cannot connect to QuickBooks” is normal. Still waiting."
NORMAL = (
    "The Web Connector could not open QuickBooks yet. Answer the windows that it shows on that computer, and press "
    "Update Selected again. Nothing has failed."
)
NO_WORDS = "Most likely somebody chose No, or closed the window that asks for access. It can be undone:"
NO_STEPS = (
    "In QuickBooks, sign in as Admin, in single-user mode.",
    "Edit, Preferences, Integrated Applications, Company Preferences.",
    "Tick Allow access beside Deskbridge, and choose Properties: allow access even if QuickBooks is not running.",
    "In the Web Connector, press Update Selected.",
)


@dataclass(frozen=True, slots=True)
class Heard:
    """One line of the log of calls."""

    at: str
    state: str  # done, normal, failed, open
    sentence: str
    small: str = ""


def heard_of(
    told: Standing, found: Verification, connectors: Sequence[ConnectorRow], unknown: Sequence[UnknownCallerRow]
) -> list[Heard]:
    """Return what was heard so far, the latest first: sessions, wrong keys, user names that nobody has."""
    lines = [(call.at, _call(call)) for call in found.calls]
    lines += [(one.wrong_key_at, _wrong(one)) for one in connectors if one.wrong_keys and one.wrong_key_at]
    if not told.answered:
        lines += [(one.last_at, _unknown(one)) for one in unknown[:3]]
    return [line for _, line in sorted(lines, key=lambda pair: pair[0], reverse=True)]


def _call(call: Any) -> Heard:
    small = ", ".join(filter(None, (call.machine, call.address)))
    if any(code in call.sentence.upper() for code in NO_CHOSEN):
        return Heard(clock(call.at), "failed", "QuickBooks was told No.", small)
    if call.sentence.startswith(sentences.NOT_THE_FILE):
        return Heard(clock(call.at), "failed", "Another company file answered. Nothing was read.", small)
    if call.normal:
        return Heard(clock(call.at), "normal", "QuickBooks did not open. Normal the first time: still waiting.", small)
    return Heard(clock(call.at), "done", call.sentence, small)


def _wrong(connector: ConnectorRow) -> Heard:
    assert connector.wrong_key_at is not None
    number = connector.wrong_keys
    title = f"{upper_first(words(number))} wrong {plural(number, 'key')}."
    where = f"{connector.name}, {connector.wrong_key_address}" if connector.wrong_key_address else connector.name
    return Heard(clock(connector.wrong_key_at), "failed", f"{title} {connector.wrong_key_sentence}", where)


def _unknown(caller: UnknownCallerRow) -> Heard:
    sentence = (
        f"A Web Connector called with the user name “{caller.user_name}”, which no connector here has. "
        "If it is yours, remove that row there and add the connector file again."
    )
    return Heard(clock(caller.last_at), "failed", sentence, caller.address)
