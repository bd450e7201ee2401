"""What is entered on the page Prepare: read from the form, checked, kept with who and when, told in words.

Part answers are kept. An answer that cannot be read (a size that is no number) keeps what was known before.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from web.filters import day, day_time, plural, words
from web.forms import CONTROL

LARGE = 700  # MB: from here on QuickBooks itself slows down while it is read
UNITS = {"MB": 1, "GB": 1000}
SIZE = re.compile(r"\d{1,6}(?:[.,]\d{1,3})?")
MOST_RESTORES = 20
TEXTS = ("file_name", "manager", "administrator", "full_access", "installer", "host", "computer")
TICKS = ("guide", "single_user", "signed_in")
CHOICES = {  # of each question, the answers there are
    "restores": ("none", "dates"),
    "dotnet": ("yes", "no"),
    "shared_login": ("no", "yes"),
    "hosted": ("no", "yes"),
    "kind": ("desktop", "server"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """The answers; an empty one was not given yet."""

    guide: bool = False  # the integration guide was read (D05)
    size: str = ""  # of the company file, as typed: "1.2"
    unit: str = "GB"
    file_name: str = ""
    single_user: bool = False  # everybody else stays out of QuickBooks meanwhile (D09)
    restores: str = ""  # of a backup, in the last year (D10)
    restored: tuple[str, ...] = ()  # ISO dates
    dotnet: str = ""  # 4.5 or later is there (D11)
    manager: str = ""  # accounting manager (D13)
    administrator: str = ""  # of QuickBooks (D14)
    shared_login: str = ""  # several people use the Admin login (D15)
    full_access: str = ""  # then: the user made for this alone
    installer: str = ""  # may install programs (D16)
    hosted: str = ""  # QuickBooks runs at somebody else's (D17)
    host: str = ""
    kind: str = ""  # of the computer (D22)
    computer: str = ""
    signed_in: bool = False  # QuickBooks is open with the right company (B04)
    entered: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # answer -> who, when in ISO

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Prepared":
        """Return what was kept; a company that has nothing yet gives empty answers."""
        known = {name: stored[name] for name in cls.__slots__ if name in stored}
        restored = tuple(known.pop("restored", ()))
        entered = {name: (who, when) for name, (who, when) in known.pop("entered", {}).items()}
        return cls(**known, restored=restored, entered=entered)

    @property
    def megabytes(self) -> float | None:
        """How large the company file is."""
        return float(self.size.replace(",", ".")) * UNITS[self.unit] if self.size else None

    @property
    def large(self) -> bool:
        """Whether the file is so large that the computer should be left alone meanwhile (D06)."""
        return (self.megabytes or 0) > LARGE

    @property
    def size_words(self) -> str:
        """Return "1.2 GB"; nothing while it is not known."""
        return f"{self.size.replace(',', '.')} {self.unit}" if self.size else ""

    @property
    def missing(self) -> dict[str, str]:
        """What is still needed, by the field to go to."""
        needed = {name: sentence for name, sentence in NEEDED.items() if not getattr(self, name)}
        if self.dotnet == "no":
            needed["dotnet"] = "Install .NET Framework 4.5 or later"
        if self.restores == "dates" and not self.restored:
            needed["restored"] = "Say when a backup was restored"
        if self.shared_login == "yes" and not self.full_access:
            needed["full_access"] = "Name the Full Access user made for this"
        if self.hosted == "yes" and not self.host:
            needed["host"] = "Name somebody at the host"
        return needed

    @property
    def done(self) -> bool:
        return not self.missing

    @property
    def last(self) -> str:
        """Who answered last, and when."""
        when, who = max(((when, who) for who, when in self.entered.values()), default=("", ""))
        return f"{who}, {day_time(datetime.fromisoformat(when))}" if when else ""

    def stored(self) -> dict[str, Any]:
        """Return the answers as they are kept."""
        return {**asdict(self), "done": self.done}


NEEDED = {
    "guide": "Read the integration guide",
    "size": "Say how large the company file is",
    "restores": "Say whether a backup was restored in the last year",
    "single_user": "Plan for single-user mode",
    "dotnet": "Say whether .NET Framework 4.5 or later is there",
    "manager": "Name the accounting manager",
    "administrator": "Name the QuickBooks administrator",
    "shared_login": "Say whether several people use the Admin login",
    "installer": "Name somebody who may install programs",
    "hosted": "Say whether QuickBooks is hosted elsewhere",
    "kind": "Say whether it is a desktop computer or a server",
    "computer": "Name the computer",
    "signed_in": "Open QuickBooks and sign in to the company",
}


def read(form: Mapping[str, list[str]], before: Prepared, who: str, now: datetime) -> tuple[Prepared, dict[str, str]]:
    """Return the answers of the form, and what could not be read: a sentence a field."""
    faults: dict[str, str] = {}
    answers: dict[str, Any] = {name: _text(form, name) for name in TEXTS}
    answers |= {name: _text(form, name) == "on" for name in TICKS}
    answers |= {name: _choice(form, name) for name in CHOICES}
    unit = _text(form, "unit")
    given = Prepared(
        **answers,
        size=_size(form, before, faults),
        unit=unit if unit in UNITS else before.unit,
        restored=_restored(form, now.date(), faults),
    )
    if given.megabytes == 0:
        faults["size"] = "A company file is larger than nothing"
        given = replace(given, size=before.size)
    if given.restores != "dates":
        given = replace(given, restored=())
    return replace(given, entered=_entered(before, given, who, now)), faults


def _text(form: Mapping[str, list[str]], name: str) -> str:
    return CONTROL.sub("", next(iter(form.get(name, [])), "")).strip()[:120]


def _choice(form: Mapping[str, list[str]], name: str) -> str:
    answer = _text(form, name)
    return answer if answer in CHOICES[name] else ""


def _size(form: Mapping[str, list[str]], before: Prepared, faults: dict[str, str]) -> str:
    typed = _text(form, "size")
    if not typed or SIZE.fullmatch(typed):
        return typed
    faults["size"] = f"Write the size as a number, such as 1.2; “{typed[:20]}” is none"
    return before.size


def _restored(form: Mapping[str, list[str]], today: date, faults: dict[str, str]) -> tuple[str, ...]:
    """Return the days that can be read, without doubles, in their order."""
    found = []
    for typed in filter(None, (text.strip() for text in form.get("restored", [])[:MOST_RESTORES])):
        try:
            when = date.fromisoformat(typed)
        except ValueError:
            faults["restored"] = f"Write the day as year, month, day: 2025-03-31; “{typed[:20]}” is none"
            continue
        if when > today + timedelta(days=1):  # somewhere it is tomorrow already
            faults["restored"] = f"{day(when)} is still to come"
        elif when < today - timedelta(days=366):
            faults["restored"] = f"{day(when)} is more than a year ago: it does not matter any more"
        else:
            found.append(when.isoformat())
    return tuple(sorted(set(found)))


def _entered(before: Prepared, given: Prepared, who: str, now: datetime) -> dict[str, tuple[str, str]]:
    """Return who gave each answer: whoever changed it last."""
    mark = (who, now.astimezone(UTC).isoformat(timespec="seconds"))
    names = [name for name in Prepared.__slots__ if name not in ("entered", "unit")]
    changed = {name: mark for name in names if getattr(given, name) != getattr(before, name)}
    return {**before.entered, **changed}


def told(prepared: Prepared) -> list[tuple[str, str]]:
    """Return what was entered, as a summary list shows it: only what is known."""
    computer = ", ".join(filter(None, (prepared.computer, KINDS.get(prepared.kind, ""))))
    hosted = {"yes": f"Yes, {prepared.host}" if prepared.host else "Yes", "no": "No"}.get(prepared.hosted, "")
    dotnet = {"yes": "4.5 or later", "no": "Not there yet"}.get(prepared.dotnet, "")
    rows = [
        ("Company file", prepared.file_name),
        ("Size", prepared.size_words),
        ("Computer", computer),
        ("Restored", restored_words(prepared)),
        (".NET", dotnet),
        ("Hosted", hosted),
    ]
    return [(term, value) for term, value in rows if value]


KINDS = {"desktop": "a desktop", "server": "a server"}


def restored_words(prepared: Prepared) -> str:
    """3 Mar 2025, 4 May 2025"""
    if prepared.restores == "none":
        return "Not in the last year"
    return ", ".join(day(date.fromisoformat(each)) for each in prepared.restored)


def sentence(prepared: Prepared) -> str:
    """Single-user mode, .NET 4.5 or later, one restore in the past year."""
    number = len(prepared.restored)
    restores = f"{words(number)} {plural(number, 'restore')} in the past year"
    return f"Single-user mode, .NET 4.5 or later, {restores if number else 'no restore in the past year'}."


def needed_words(prepared: Prepared) -> str:
    """Return what is still needed, in a line: the first three, and how many more."""
    missing = list(prepared.missing.values())
    if len(missing) == len(NEEDED):
        return ""
    shown = [text[0].lower() + text[1:] for text in missing[:2]]
    more = f", and {words(len(missing) - 2)} more" if len(missing) > 2 else ""
    return f"Still needed: {', '.join(shown)}{more}."


WARNING = "The company file is {size}. Use a computer that nobody needs until the first sync is over."


def warning(prepared: Prepared) -> str:
    """Return the advice for a large file, else nothing (D06, D08)."""
    return WARNING.format(size=prepared.size_words) if prepared.large else ""


MANAGER = "Accounting manager here. Downloads the connector and copies the licence key."
ADMINISTRATOR = "QuickBooks administrator. Signs in as {login} and answers the access question."


def people(prepared: Prepared) -> list[tuple[str, str, str]]:
    """Return who must be there: name or nothing, what for, the field that names them (D13 to D17)."""
    where = prepared.computer or "the QuickBooks computer"
    login = f"the user {prepared.full_access}" if prepared.full_access else "Admin"
    found = [
        (prepared.manager, MANAGER, "manager"),
        (prepared.administrator, ADMINISTRATOR.format(login=login), "administrator"),
        (prepared.installer, f"May install programs on {where}.", "installer"),
    ]
    if prepared.hosted == "yes":
        found.append((prepared.host, "At the host of QuickBooks, who may have to take part.", "host"))
    return found


def expected_minutes(megabytes: float | None) -> tuple[int, int]:
    """Return how long a first sync takes, from and to, by the size of the company file (D42); 5 to 120 unknown."""
    if megabytes is None:
        return 5, 120
    steps = ((50, (5, 10)), (150, (5, 20)), (350, (10, 40)), (LARGE, (20, 60)))
    return next((span for most, span in steps if megabytes <= most), (60, 120))


def expected_words(prepared: Prepared) -> str:
    """Return "60 to 120 minutes for a file of 1.2 GB"."""
    low, high = expected_minutes(prepared.megabytes)
    size = f" for a file of {prepared.size_words}" if prepared.size else ", by the size of the file"
    return f"{low} to {high} minutes{size}"
