"""Which company file answered: what it said of itself, and whether that is the file that was expected."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from ntpath import normpath
from typing import Any

from sync.protocol.cursor import offset
from sync.qbxml.heads import Head
from sync.qbxml.parse import Row

LONGEST_MACHINE = 64  # characters of a computer's name


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """What the company file said of itself: HostRet, CompanyRet and PreferencesRet."""

    company_name: str = ""
    file_id: str = ""  # under our OwnerID; "" when none was there
    app_lock: str = ""  # LOCKED:<MACHINE>:<ticks>
    product: str = ""
    release: str = ""  # MajorVersion.MinorVersion
    country: str = ""  # of HostRet
    file_mode: str = ""  # SingleUser or MultiUser
    versions: tuple[str, ...] = ()  # SupportedQBXMLVersion
    preferences: Mapping[str, Any] = field(default_factory=dict)
    host: Mapping[str, Any] = field(default_factory=dict)
    company: Mapping[str, Any] = field(default_factory=dict)

    @property
    def machine(self) -> str:
        """The computer's name, from AppLock."""
        parts = self.app_lock.split(":")
        return parts[1][:LONGEST_MACHINE] if len(parts) >= 3 and parts[0] == "LOCKED" else ""

    @property
    def ticks(self) -> int | None:
        """When the session began by the computer's clock, from AppLock."""
        last = self.app_lock.rpartition(":")[2]
        return int(last) if self.machine and re.fullmatch("[0-9]{1,18}", last) else None

    @property
    def utc_offset(self) -> timedelta | None:
        """The computer's offset, as far as the company's own record shows one."""
        return next(
            (
                found
                for key in ("TimeModified", "TimeCreated")
                if (found := offset(str(self.company.get(key, "")))) is not None
            ),
            None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedFile:
    """What the answer has to be for this company and connector."""

    owner_id: str
    file_id: str
    region: str  # US or CA
    path: str  # "" while not known
    company_name: str  # "" while not known


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One fact that is not as expected."""

    fact: str  # file_id, path, company_name, country
    expected: str
    answered: str


def read_facts(parts: Iterable[Head | Row], owner_id: str) -> FileFacts:
    """The facts in the answers to HostQuery, CompanyQuery and PreferencesQuery; what is missing stays empty."""
    found: dict[str, Mapping[str, Any]] = {part.entity: part.fields for part in parts if isinstance(part, Row)}
    host, company = found.get("Host", {}), found.get("Company", {})
    ours = _data_ext(company, owner_id)
    versions = host.get("SupportedQBXMLVersion", [])
    return FileFacts(
        company_name=str(company.get("CompanyName", "")),
        file_id=ours.get("FileID", ""),
        app_lock=ours.get("AppLock", ""),
        product=str(host.get("ProductName", "")),
        release=".".join(str(host[key]) for key in ("MajorVersion", "MinorVersion") if host.get(key)),
        country=str(host.get("Country", "")),
        file_mode=str(host.get("QBFileMode", "")),
        versions=tuple(versions if isinstance(versions, list) else [versions]),
        preferences=found.get("Preferences", {}),
        host=host,
        company=company,
    )


def _data_ext(company: Mapping[str, Any], owner_id: str) -> dict[str, str]:
    rows = company.get("DataExtRet", [])
    rows = rows if isinstance(rows, list) else [rows]
    return {
        str(row.get("DataExtName", "")): str(row.get("DataExtValue", ""))
        for row in rows
        if isinstance(row, Mapping) and str(row.get("OwnerID", "")).upper() == owner_id.upper()
    }


def compare(expected: ExpectedFile, facts: FileFacts, path: str, country: str) -> list[Mismatch]:
    """Every fact that speaks against this being the expected file; empty: it is the one.

    `country` is qbXMLCountry of the call: neither it nor HostRet may name another. A path or name that is not known yet
    fits.
    """
    named = [one for one in (facts.country, country) if one.strip()]
    others = [one for one in named if not _same_country(expected.region, one)]
    pairs = [
        ("file_id", expected.file_id, facts.file_id, facts.file_id.upper() == expected.file_id.upper()),
        ("country", expected.region, next(iter(others or named), ""), bool(named) and not others),
        ("path", expected.path, path, not expected.path or same_path(expected.path, path)),
        (
            "company_name",
            expected.company_name,
            facts.company_name,
            not expected.company_name or expected.company_name.strip() == facts.company_name.strip(),
        ),
    ]
    return [Mismatch(fact, wanted, answered) for fact, wanted, answered, fits in pairs if not fits]


def same_path(one: str, other: str) -> bool:
    """Whether two Windows paths name one file, as far as text can tell: case and slashes do not count."""
    return normpath(one.strip()).casefold() == normpath(other.strip()).casefold()


def _same_country(region: str, country: str) -> bool:
    names = {"US": {"US", "USA", "UNITED STATES"}, "CA": {"CA", "CAN", "CANADA"}}
    return country.strip().upper() in names[region]
