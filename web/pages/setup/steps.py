"""The six steps of a set-up and how far each is. Pages of other topics read it too: "set-up is at step 3 of 6"."""

from dataclasses import dataclass

from sync.store.companies import CompanyRow
from sync.store.set_up import Deed, Standing
from web.connection import never_called
from web.filters import day_time
from web.pages.setup import preparation
from web.pages.setup.preparation import Prepared

NAMES = {
    "prepare": "Prepare",
    "region": "Region",
    "connector": "Connector",
    "verify": "Verify",
    "confirm": "Confirm",
    "first-sync": "First sync",
}
WORDS = {"done": "Done", "current": "In progress", "waiting": "Not done yet", "blocked": "Cannot start yet"}
BUTTONS = {
    "prepare": "Prepare the set-up",
    "region": "Choose the region",
    "connector": "Continue with the connector",
    "verify": "See what answered",
    "confirm": "Confirm the file",
    "first-sync": "Watch the first sync",
}
REGIONS = {"US": "United States", "CA": "Canada"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One row of the task list."""

    key: str
    number: int
    name: str
    state: str  # done, current, waiting, blocked
    words: str  # the state in words
    sentence: str  # what was done, by whom and when; or what it is for
    href: str  # "" while it cannot start
    warning: str = ""

    @property
    def button(self) -> str:
        """What the primary button of the current step says."""
        return BUTTONS[self.key]


def steps_of(row: CompanyRow, told: Standing) -> list[Step]:
    """Return the six steps: the first that is open is the current one, one that cannot start yet leads nowhere."""
    done, ready = _done(row, told), _ready(told)
    here = next((key for key in NAMES if not done[key] and ready[key]), "")
    return [_step(row, told, key, number, done[key], ready[key], key == here) for number, key in enumerate(NAMES, 1)]


def _done(row: CompanyRow, told: Standing) -> dict[str, bool]:
    begun = told.begun_at is not None
    unasked = begun or told.adopts_first
    return {
        "prepare": unasked or bool(told.prepared.get("done")),
        "region": unasked or told.region_chosen,
        "connector": begun or told.called_at is not None,
        "verify": begun or verified(told),
        "confirm": begun,
        "first-sync": told.last_sync_at is not None,
    }


def _ready(told: Standing) -> dict[str, bool]:
    """Say which steps may be begun: each needs what it is about, not every step before it."""
    begun = told.begun_at is not None
    return {
        "prepare": True,
        "region": True,
        "connector": told.region_chosen,
        "verify": told.called_at is not None,
        "confirm": verified(told),
        "first-sync": begun,
    }


def verified(told: Standing) -> bool:
    """Say whether the file that answered is as expected."""
    return told.answered and not told.differences


def _step(row: CompanyRow, told: Standing, key: str, number: int, done: bool, ready: bool, here: bool) -> Step:
    state = "done" if done else "current" if here else "waiting" if ready else "blocked"
    words = WORDS[state]
    if key == "verify" and state == "blocked" and told.region_chosen:
        state, words = "waiting", "Waits for the first call"
    return Step(
        key=key,
        number=number,
        name=NAMES[key],
        state=state,
        words=words,
        sentence=_sentence(row, told, key, done),
        warning=preparation.warning(Prepared.of(told.prepared)) if key == "prepare" and not told.last_sync_at else "",
        href="" if state == "blocked" else f"/companies/{row.id}/setup/{key}",
    )


def _sentence(row: CompanyRow, told: Standing, key: str, done: bool) -> str:
    match key:
        case "prepare" if told.adopts_first and not told.prepared.get("done"):
            return "Not asked of a company that was made at the command line, to begin by itself."
        case "confirm" if told.adopts_first and not done:
            return "Not asked: the first company file that answers is taken, and read at once."
        case "prepare":
            return _prepare(Prepared.of(told.prepared))
        case "region":
            return by(f"{REGIONS[told.region]}.", told.deeds.get("company.region")) if done else PURPOSE[key]
        case "connector":
            return _connector(row, told)
        case "confirm" if done:
            return by("Sync was begun.", told.deeds.get("company.begun"))
        case "first-sync" if done:
            return f"Complete {day_time(told.last_sync_at)}."
        case "first-sync":
            return f"Every list and transaction is read once: {preparation.expected_words(Prepared.of(told.prepared))}."
    return PURPOSE[key]


PURPOSE = {
    "prepare": "What to know and who must be there, before the computer is touched.",
    "region": "United States or Canada. It decides how QuickBooks is asked.",
    "connector": "A small file and a licence key, for the computer where QuickBooks is.",
    "verify": "We show what QuickBooks says it is, beside what you expect.",
    "confirm": "This company with this file? Until you press Begin sync, nothing in the books is read or written.",
}


def _prepare(answers: Prepared) -> str:
    if answers.done:
        return " ".join(filter(None, (preparation.sentence(answers), answers.last))) + "."
    started = f"{preparation.needed_words(answers)} {answers.last}." if answers.last else ""
    return started.strip() or PURPOSE["prepare"]


def _connector(row: CompanyRow, told: Standing) -> str:
    if told.called_at:
        return f"The Web Connector called {day_time(told.called_at)}."
    if told.downloaded_at:
        who = told.deeds.get("connector.downloaded")
        by_whom = f" by {who.who}" if who else ""
        return f"The file was downloaded {day_time(told.downloaded_at)}{by_whom}. {never_called(row)}"
    return PURPOSE["connector"]


def by(sentence: str, deed: Deed | None) -> str:
    """Return a sentence with who and when."""
    return f"{sentence} {deed.who}, {day_time(deed.at)}." if deed else sentence
