"""Codes and what they mean to a person: qbXML statuses, errors of the request processor, codes of the Web Connector.

The sentences are in statuses.txt. What the product does next depends on `outcome`, never on a sentence or a severity: a
recorded refusal carried the severity Info.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal

Kind = Literal["status", "hresult", "qbwc"]
Severity = Literal["Info", "Warn", "Error"]
SECTIONS: Mapping[str, Kind] = MappingProxyType({"[status]": "status", "[hresult]": "hresult", "[qbwc]": "qbwc"})
SEVERITIES: Mapping[str, Severity] = MappingProxyType({"Info": "Info", "Warn": "Warn", "Error": "Error"})
Outcome = Literal["done", "empty", "warning", "feature_off", "retry", "stale", "iterator_dead", "refused"]
FIRST_FAILURE = 1000
MACROS = range(9100, 9200)
OUTCOMES: Mapping[int, Outcome] = MappingProxyType(
    {
        0: "done",
        1: "empty",
        1000: "retry",  # internal error: mostly passing
        1010: "retry",  # busy or closing
        1030: "feature_off",
        3170: "retry",  # cannot be modified: mostly open on a screen
        3175: "retry",  # in use
        3176: "retry",  # a related record is in use
        3180: "retry",  # could not be saved: mostly a list that somebody changed at the same time
        3200: "stale",
        3250: "feature_off",
        3391: "iterator_dead",
        9003: "retry",
    }
)


@dataclass(frozen=True, slots=True)
class Meaning:
    """One code explained. `certain` is false where no source confirms it."""

    code: str  # "3200", "9100-9199", "0x80040408", "QBWC1039"
    kind: Kind
    severity: Severity
    meaning: str
    cause: str  # "" when not known
    action: str
    certain: bool


@cache
def meanings() -> Mapping[str, Meaning]:
    """Every code that is explained, by itself, in the order of the file."""
    found: dict[str, Meaning] = {}
    kind: Kind = "status"
    for line in Path(__file__).with_name("statuses.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            kind = SECTIONS[line]
        elif line and not line.startswith("#"):
            code, severity, meaning, cause, action = (part.strip() for part in line.split("|"))
            certain = not meaning.startswith("?")
            found[code] = Meaning(code, kind, SEVERITIES[severity], meaning.lstrip("?"), cause, action, certain)
    return MappingProxyType(found)


def status(code: int) -> Meaning:
    """A qbXML status; one that is not in the table gets the meaning of its hundred."""
    known = meanings()
    if code in MACROS:
        return known["9100-9199"]
    return known.get(str(code)) or unknown(code)


def unknown(code: int) -> Meaning:
    """What can be said of a code that no table explains."""
    if code < 0:
        meaning = "QuickBooks answered without a status that can be read."
    else:
        meaning = f"QuickBooks answered with status {code}, which is in none of Intuit's tables."
    severity: Severity = "Info" if 0 <= code < 500 else "Warn" if 0 <= code < 1000 else "Error"
    return Meaning(str(code), "status", severity, meaning, "", "Read QuickBooks' own words below.", certain=False)


def hresult(code: str) -> Meaning | None:
    """An error of the request processor, as "0x80040408" in any case, also without its 0x; None when not explained."""
    digits = code.strip().lower().removeprefix("0x")
    return meanings().get("0x" + digits.upper())


def qbwc(code: str) -> Meaning | None:
    """A code of the Web Connector, as "QBWC1039"; None when not explained."""
    return meanings().get(code.strip().upper())


def failed(code: int, severity: str = "") -> bool:
    """Whether a request failed, whatever the severity says; a status that was not sent is a failure too."""
    return code < 0 or code >= FIRST_FAILURE


def outcome(code: int) -> Outcome:
    """What happens next after a status."""
    if code in OUTCOMES:
        return OUTCOMES[code]
    return "refused" if failed(code) else "done" if code < 500 else "warning"
