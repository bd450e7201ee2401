"""The company file that answered beside the one that was expected, fact by fact, and what may be decided about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sync.protocol.identity import same_path

Verdict = Literal["matches", "differs", "waiting", "told"]
COUNTRIES = {"US": "United States", "CA": "Canada"}

NO_ANSWER = "No company file has answered yet. Open it in QuickBooks and press Update Selected in the Web Connector."
NO_COMPANY = "This company is no longer here."
NO_OTHER = "No other company file has answered than the one this company has."
NOT_BEGUN = "The sync of this company has not begun: confirm the file on the set-up page."


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact of a company file."""

    key: str  # company_name, path, file_id, product, country, version
    name: str  # in words
    expected: str | None  # None: nothing is expected of it
    answered: str | None  # None: waiting
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a company expects of its file; "" is not known yet."""

    name: str  # of the company here
    region: str  # US or CA
    file_id: str
    path: str = ""
    company_name: str = ""  # as the file said it when the sync was begun


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What a file said of itself."""

    company_name: str = ""
    path: str = ""
    file_id: str = ""
    product: str = ""
    release: str = ""
    country: str = ""
    version: str = ""  # the highest qbXML that it speaks
    machine: str = ""
    connector: int | None = None
    at: datetime | None = None


def newest_version(versions: Any, agreed: str) -> str:
    """The highest of the versions that a file told, "16.0"; else the one agreed on."""
    numbers = [str(one) for one in versions or () if str(one).replace(".", "", 1).isdigit()]
    return max(numbers, key=lambda text: tuple(int(part) for part in text.split(".")), default=agreed)


def answered_of(told: Mapping[str, Any], *, path: str, at: datetime | None, connector: int | None) -> Answered:
    """What was kept of a file's facts, as protocol.identity.FileFacts or the wrong answer names them."""
    parts = str(told.get("app_lock", "")).split(":")
    return Answered(
        company_name=str(told.get("company_name", "")),
        path=path,
        file_id=str(told.get("file_id", "")),
        product=str(told.get("product", "")),
        release=str(told.get("release", "")),
        country=str(told.get("country", "")),
        version=newest_version(told.get("versions"), str(told.get("version", ""))),
        machine=str(told.get("machine") or (parts[1] if len(parts) >= 3 else "")),
        connector=connector,
        at=at,
    )


def facts(expected: Expected, answered: Answered | None, differing: frozenset[str]) -> list[Fact]:
    """The rows of the page: those that differ as the comparison of the session found them."""
    told = answered or Answered()
    country = COUNTRIES.get(expected.region, expected.region)
    rows = (
        ("company_name", "Company name", expected.company_name or expected.name, told.company_name),
        ("path", "Company file", expected.path or None, told.path),
        ("file_id", "Connection mark", expected.file_id, told.file_id),
        ("product", "Product and release", None, f"{told.product} {told.release}".strip()),
        ("country", "Country", country, _country(told.country)),
        ("version", "qbXML version", None, told.version),
    )
    return [
        Fact(key, name, wanted, said, _verdict(key, wanted, said, differing))
        if answered
        else Fact(key, name, wanted, None, "waiting")
        for key, name, wanted, said in rows
    ]


def _country(told: str) -> str:
    return {"USA": "United States", "CAN": "Canada", **COUNTRIES}.get(told.strip().upper(), told.strip())


def _verdict(key: str, wanted: str | None, said: str, differing: frozenset[str]) -> Verdict:
    """A name that only people gave may differ: it is told."""
    if key in differing:
        return "differs"
    if wanted is None or (key == "company_name" and wanted.strip().casefold() != said.strip().casefold()):
        return "told"
    return "matches"


def why_not_begin(answered: Answered | None, differing: frozenset[str], twin: str) -> str | None:
    """Why the sync cannot begin with the file that answered; None: it can."""
    if answered is None:
        return NO_ANSWER
    if twin:
        return has_it(twin)
    if differing:
        named = " and ".join(WORDS[key] for key in WORDS if key in differing)
        return f"The file that answered is not as expected: its {named} differs. Nothing was read."
    return None


WORDS = {
    "file_id": "connection mark",
    "country": "country",
    "path": "path",
    "company_name": "company name",
}


def has_it(twin: str) -> str:
    """Another company here has the file that answered."""
    return f"{twin} here has this company file already. Take it over from there, or open another file in QuickBooks."


def why_not_adopt(expected: Expected, answered: Answered | None, differing: frozenset[str], twin: str) -> str | None:
    """Why the file that answered cannot be taken as the right one; None: it can, it was moved or renamed."""
    if answered is None or not differing:
        return NO_OTHER
    if twin:
        return has_it(twin)
    if "country" in differing:
        return (
            f"QuickBooks says that this file is of {_country(answered.country) or 'another country'}; this company is "
            f"of {COUNTRIES.get(expected.region, expected.region)}. Open the right file, or connect this one as a "
            "company of its own."
        )
    if "file_id" in differing and not answered.file_id:
        return (
            "This file has no connection mark. It is a copy from before the company was connected, or another file. "
            "Open the right file in QuickBooks; if this is the right one, open it and add the connector file again in "
            "the Web Connector."
        )
    if "file_id" in differing:
        return (
            "This file carries the mark of another connection. Open the right file in QuickBooks; if this is the right "
            "one, make a new pair for this computer on the company profile and add its connector file again."
        )
    return None


def same_place(one: Answered, machine: str, path: str, company_name: str) -> bool:
    """Whether two answers came from one file as far as they tell: the same computer, path and company name."""
    named = one.machine and machine and one.path and path
    return bool(
        named
        and one.machine.casefold() == machine.casefold()
        and same_path(one.path, path)
        and one.company_name.strip() == company_name.strip()
    )
