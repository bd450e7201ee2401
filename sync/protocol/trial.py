"""The live test that ends each step of the guide: what came after somebody pressed Try to sync, and what it means."""

from dataclasses import dataclass, field
from datetime import datetime

from sync.protocol.diagnosis import Say
from sync.qbxml import statuses

NAMES = {
    1: "The computer is on and online",
    2: "The Web Connector is running",
    3: "Auto-Run is ticked",
    4: "Every-Min is as our file set it",
    5: "The password is saved",
}
SUCCESS = "It works: the first page was read {when}."
GOES_ON = frozenset({"waiting", "called"})  # outcomes that may still turn into another


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One press of Try to sync."""

    id: int  # of its line in the audit log
    step: int
    began_at: datetime
    until: datetime  # by then a call must have come: the expected interval, or when the next trial began
    by: str  # who pressed
    outcome: str = ""  # as it was noted; "" while it may still turn out well
    result: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What was heard of the company since a trial began. None: nothing."""

    called_at: datetime | None = None  # with the right key
    address: str = ""
    computer: str = ""
    wrong_key_at: datetime | None = None
    wrong_key: str = ""  # what it most likely was, in a sentence
    refused_at: datetime | None = None
    refused: str = ""  # HRESULT
    wrong_file_at: datetime | None = None
    wrong_file: str = ""
    read_at: datetime | None = None  # the first page, or what file it is where nothing else was to be read
    paused: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """One line of what has arrived: done, waiting, failed, or later."""

    label: str
    state: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a trial: success, wrong_key, refused, wrong_file, unread, silent; meanwhile waiting, called."""

    kind: str
    sentence: str
    points_to: int = 0  # the step that the evidence names; 0: the next
    checks: tuple[Check, ...] = field(default=())

    @property
    def is_over(self) -> bool:
        """Whether it stays as it is."""
        return self.kind not in GOES_ON


def judge(trial: Trial, heard: Heard, now: datetime, say: Say) -> Outcome:
    """What came of a trial so far. Nothing is believed to come later than its end, and nothing given up before."""
    within = _until(trial, heard)
    kind, sentence, step = _what(trial, within, now, say)
    return Outcome(kind, sentence, step, _checks(within, kind, trial, say))


def opens(trial: Trial, outcome: Outcome, tried: frozenset[int]) -> int:
    """The step that a failure opens: the one the evidence names unless it was tried, else the next; 0: all were."""
    if outcome.points_to and outcome.points_to not in tried:
        return outcome.points_to
    later = [step for step in NAMES if step > trial.step and step not in tried]
    return next(iter(later or [step for step in NAMES if step not in tried]), 0)


def _until(trial: Trial, heard: Heard) -> Heard:
    """Without what came after the trial's end."""

    def kept(at: datetime | None) -> datetime | None:
        return at if at is not None and trial.began_at <= at <= trial.until else None

    return Heard(
        called_at=kept(heard.called_at),
        address=heard.address,
        computer=heard.computer,
        wrong_key_at=kept(heard.wrong_key_at),
        wrong_key=heard.wrong_key,
        refused_at=kept(heard.refused_at),
        refused=heard.refused,
        wrong_file_at=kept(heard.wrong_file_at),
        wrong_file=heard.wrong_file,
        read_at=kept(heard.read_at),
        paused=heard.paused,
    )


def _what(trial: Trial, heard: Heard, now: datetime, say: Say) -> tuple[str, str, int]:
    over = now >= trial.until
    if heard.read_at:
        return "success", SUCCESS.format(when=say(heard.read_at)), 0
    if heard.wrong_file_at:
        other = f": {heard.wrong_file}" if heard.wrong_file else ""
        return "wrong_file", f"It called, but QuickBooks has another company file open{other}. Nothing was read.", 2
    if heard.refused_at:
        return "refused", f"It called, but QuickBooks refused with {heard.refused}: {_meaning(heard.refused)}", 2
    if heard.wrong_key_at and not (heard.called_at and heard.called_at >= heard.wrong_key_at):
        sentence = f"It called {say(heard.wrong_key_at)}, but with a wrong password. {heard.wrong_key}".strip()
        return "wrong_key", sentence, 5
    if heard.called_at and heard.paused:
        return (
            "success",
            f"It called {say(heard.called_at)} with the right password. The sync itself is paused here.",
            0,
        )
    if heard.called_at:
        words = f"It called {say(heard.called_at)} with the right password"
        if over:
            return "unread", f"{words}, but nothing was read by {say(trial.until)}.", 2
        return "called", f"{words}. Waiting for the first page.", 0
    if over:
        return "silent", f"No call by {say(trial.until)}.", 0
    return (
        "waiting",
        f"Since {say(trial.began_at)}. By itself, a call should come by {say(trial.until)}.",
        0,
    )


def _meaning(hresult: str) -> str:
    meaning = statuses.hresult(hresult)
    return f"{meaning.meaning} {meaning.action}" if meaning else "The guide does not know this code."


def _checks(heard: Heard, kind: str, trial: Trial, say: Say) -> tuple[Check, ...]:
    """The four things that have to happen, in their order; the first that did not is failed, or waited for."""
    at = max((one for one in (heard.called_at, heard.wrong_key_at) if one), default=None)
    place = f", from {heard.address}" if heard.address else ""
    passed = [
        ("The Web Connector calls", at is not None or kind in ("refused", "wrong_file", "success")),
        ("The password is right", kind in ("called", "refused", "wrong_file", "unread", "success")),
        ("QuickBooks opens the company file", heard.read_at is not None),
        ("The first page is read", heard.read_at is not None),
    ]
    checks: list[Check] = []
    for label, done in passed:
        waits = any(check.state != "done" for check in checks)
        missing = "waiting" if kind in GOES_ON else "failed"
        state = "done" if done else "later" if waits or kind == "success" else missing
        words = f"{say(at)}{place}" if done and at and not checks else ""
        checks.append(Check(label, state, words))
    return tuple(checks)
