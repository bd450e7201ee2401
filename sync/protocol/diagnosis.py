"""Why a company's Web Connector does not carry: which of the guide's five steps our own evidence points to.

The steps are in a fixed order: 1 the computer is on and online, 2 the Web Connector runs and QuickBooks opens the
company file, 3 Auto-Run is ticked, 4 Every-Min is as issued, 5 the password is saved. Step 0: nothing is to be done.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sync.protocol.window import Window
from sync.qbxml import statuses

ALWAYS = Window()
STEPS = range(1, 6)
SILENT = timedelta(minutes=10)  # at least, and two expected intervals, of the sync window's own time
DRIFT = 1.6  # times more or less often than its file says: a night without calls stays below
REACHES = timedelta(minutes=2)  # in which a call that was pressed for arrives
SAID_NO = frozenset({"0X80040418", "0X8004041A", "0X80040420"})  # access was refused, taken away or never given

Say = Callable[[datetime], str]  # a moment as the page says it: "today, 14:02"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known of one computer's connection to a company."""

    computer: str  # "FRONT-DESK-02", or "a computer" when it has not told its name
    last_call_at: datetime | None = None  # with the right key
    last_address: str = ""
    interval: timedelta = timedelta(minutes=15)  # between two calls, as its .qwc file says
    gap: timedelta | None = None  # between two calls, as they came; None: it called once at most
    window: Window = ALWAYS
    downloaded_at: datetime | None = None  # its .qwc file
    wrong_key_at: datetime | None = None
    wrong_key_address: str = ""
    wrong_key: str = ""  # what that key most likely was, in a sentence
    refused: str = ""  # HRESULT with which QuickBooks refused since it last opened
    refused_at: datetime | None = None
    wrong_file: str = ""  # the company file that answered in place of the right one
    wrong_file_at: datetime | None = None
    broke_off_at: datetime | None = None  # last call of a session that did not end
    paused_by: str = ""
    paused_at: datetime | None = None
    paused_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """Where the evidence points. `certain` is false for what is most likely only."""

    kind: str  # of evidence: paused, wrong_key, never, silent ..., order
    step: int  # 0 or one of STEPS
    sentence: str
    certain: bool


def diagnose(evidence: Evidence, now: datetime, say: Say) -> Finding:
    """What one computer's evidence says: the first that is true counts."""
    for look in (_paused, _key, _answered_wrong, _never, _silent, _drift, _outside):
        found = look(evidence, now, say)
        if found is not None:
            return found
    return Finding("order", 0, f"{_last_call(evidence, say)} Nothing is wrong with the connection.", True)


def likeliest(computers: Sequence[Evidence], now: datetime, say: Say) -> Finding:
    """Of several computers the one that was heard last: somebody works there, or worked there last."""
    heard = max(computers, key=lambda one: (_heard(one) is not None, _heard(one) or now), default=None)
    if heard is None:
        return Finding("not_downloaded", 4, "This company has no connector yet: begin with the set-up guide.", True)
    return diagnose(heard, now, say)


def silent_after(interval: timedelta) -> timedelta:
    """How long no call is normal."""
    return max(interval * 2, SILENT)


def call_by(asked_at: datetime, interval: timedelta) -> datetime:
    """By when a call must have come after somebody pressed Try to sync: one expected interval, two minutes at least.

    At any hour: the Web Connector knows nothing of the window, and a sync that a person asked for runs outside it too.
    """
    return asked_at + max(interval + REACHES / 2, REACHES)


def drifts(gap: timedelta | None, interval: timedelta) -> bool:
    """Whether calls come much more or less often than the file says."""
    return gap is not None and not interval / DRIFT <= gap <= interval * DRIFT


def said_no(hresult: str) -> bool:
    """Whether somebody chose No when QuickBooks asked, or took the access away afterwards."""
    return hresult.strip().upper() in SAID_NO


def _heard(evidence: Evidence) -> datetime | None:
    return max((at for at in (evidence.last_call_at, evidence.wrong_key_at) if at), default=None)


def _paused(evidence: Evidence, now: datetime, say: Say) -> Finding | None:
    until = evidence.paused_until
    if evidence.paused_at is None or (until is not None and until <= now):
        return None
    ends = f", until {say(until)}" if until else ""
    by = f" by {evidence.paused_by}" if evidence.paused_by else ""
    sentence = (
        f"Paused{by} since {say(evidence.paused_at)}{ends}. The Web Connector is told to wait; nothing is broken."
    )
    return Finding("paused", 0, sentence, True)


def _key(evidence: Evidence, now: datetime, say: Say) -> Finding | None:
    at = evidence.wrong_key_at
    if at is None or (evidence.last_call_at is not None and evidence.last_call_at > at):
        return None
    recent = evidence.window.open_between(at, now) <= silent_after(evidence.interval)
    sentence = f"The last call, {say(at)}{_from(evidence.wrong_key_address)}, came with a wrong password."
    return Finding("wrong_key", 5, f"{sentence} {evidence.wrong_key}".strip(), recent)


def _answered_wrong(evidence: Evidence, now: datetime, say: Say) -> Finding | None:
    """QuickBooks was reached, but refused or had another file open: true as long as nothing better came after it."""
    if evidence.wrong_file_at is not None:
        sentence = (
            f"The Web Connector called {say(evidence.wrong_file_at)}, but QuickBooks had another company file open"
        )
        return Finding(
            "wrong_file", 2, f"{sentence}: {evidence.wrong_file or 'not known which'}. Nothing was read.", True
        )
    if evidence.refused_at is None:
        return None
    meaning = statuses.hresult(evidence.refused)
    known = f"{meaning.meaning} {meaning.action}" if meaning else "The guide does not know this code."
    sentence = (
        f"The Web Connector called {say(evidence.refused_at)}, but QuickBooks refused with {evidence.refused}: {known}"
    )
    return Finding("refused", 2, sentence, not _is_silent(evidence, now))


def _never(evidence: Evidence, now: datetime, say: Say) -> Finding | None:
    if evidence.last_call_at is not None:
        return None
    if evidence.downloaded_at is None:
        sentence = "No Web Connector has called yet, and the .qwc file was not downloaded: begin with the set-up guide."
        return Finding("not_downloaded", 4, sentence, True)
    sentence = (
        f"The .qwc file was downloaded {say(evidence.downloaded_at)}, but no Web Connector has called with it: "
        "without a saved password it does not call at all."
    )
    return Finding("never", 5, sentence, False)


def _silent(evidence: Evidence, now: datetime, say: Say) -> Finding | None:
    if not _is_silent(evidence, now):
        return None
    if evidence.broke_off_at is not None:
        sentence = (
            f"{_last_call(evidence, say)} It was in the middle of a sync. Since then none: the computer went to sleep, "
            "was switched off, or lost the internet."
        )
        return Finding("broke_off", 1, sentence, False)
    if evidence.gap is None:
        sentence = f"{_last_call(evidence, say)} It was the only one: Auto-Run is not ticked."
        return Finding("once", 3, sentence, False)
    sentence = f"{_last_call(evidence, say)} Since then none: the computer or the Web Connector is off."
    return Finding("silent", 1, sentence, False)


def _drift(evidence: Evidence, now: datetime, say: Say) -> Finding | None:
    if evidence.gap is None or not drifts(evidence.gap, evidence.interval):
        return None
    sentence = (
        f"The calls come {_span(evidence.gap)} apart; the file as issued says {_span(evidence.interval)}: "
        "Every-Min was changed."
    )
    return Finding("drift", 4, sentence, False)


def _outside(evidence: Evidence, now: datetime, say: Say) -> Finding | None:
    if evidence.window.is_open(now):
        return None
    opens = evidence.window.next_opening(now)
    begins = f"the next may begin {say(opens)}" if opens else "the window never opens"
    sentence = f"It is outside the hours in which syncs run: {begins}. {_last_call(evidence, say)}"
    return Finding("outside", 0, sentence, True)


def _is_silent(evidence: Evidence, now: datetime) -> bool:
    at = evidence.last_call_at
    return at is not None and evidence.window.open_between(at, now) > silent_after(evidence.interval)


def _last_call(evidence: Evidence, say: Say) -> str:
    return f"Last call {say(evidence.last_call_at)}{_from(evidence.last_address)}." if evidence.last_call_at else ""


def _from(address: str) -> str:
    return f", from {address}" if address else ""


def _span(length: timedelta) -> str:
    """90 s, 15 min, 4 h."""
    seconds = round(length.total_seconds())
    if seconds < 120:
        return f"{seconds} s"
    return f"{round(seconds / 60)} min" if seconds < 2 * 3600 else f"{round(seconds / 3600)} h"
