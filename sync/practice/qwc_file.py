"""The .qwc file as the Web Connector reads it when a person adds an application: its rules, the codes of refusal."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

REQUIRED = ("AppName", "AppID", "AppURL", "AppDescription", "AppSupport", "UserName", "OwnerID", "FileID", "QBType")
OPTIONAL = (
    "AppDisplayName",
    "AppUniqueName",
    "AuthFlags",
    "CertURL",
    "IsReadOnly",
    "Notify",
    "PersonalDataPref",
    "Scheduler",
    "Style",
    "UnattendedModePref",
)
GUID = r"\{[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}"
PATTERNS = {
    "AppName": r".+",
    "UserName": r".+",
    "OwnerID": GUID,
    "FileID": GUID,
    "QBType": "QBFS|QBPOS",
    "AuthFlags": r"(0x[0-9A-Fa-f]+)?",
    "IsReadOnly": "(true|false)?",
    "PersonalDataPref": "(pdpNotNeeded|pdpOptional|pdpRequired)?",
    "Style": "(Document|DocWrapped|RPC)?",
    "UnattendedModePref": "(umpRequired|umpOptional)?",
}
UNITS = {"RunEveryNMinutes": 60, "RunEveryNSeconds": 1}


class QwcRefused(Exception):
    """The Web Connector does not add the application; `code` is its QBWC10xx."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True, kw_only=True)
class Qwc:
    """One application of the Web Connector."""

    app_name: str
    app_url: str
    app_support: str
    app_description: str
    user_name: str
    owner_id: str
    file_id: str
    qb_type: str
    cert_url: str
    is_read_only: bool
    every: float | None
    """Seconds between runs as the file suggests; None without a Scheduler."""


def read_qwc(source: str | Path | bytes) -> Qwc:
    """The application that a file (or the bytes of one) describes. Raises QwcRefused."""
    root = _root(source if isinstance(source, bytes) else Path(source).read_bytes())
    values = _values(root)
    _check_urls(values["AppURL"], values["AppSupport"])
    return Qwc(
        app_name=values["AppName"],
        app_url=values["AppURL"],
        app_support=values["AppSupport"],
        app_description=values["AppDescription"],
        user_name=values["UserName"],
        owner_id=values["OwnerID"],
        file_id=values["FileID"],
        qb_type=values["QBType"],
        cert_url=values.get("CertURL", ""),
        is_read_only=values.get("IsReadOnly") == "true",
        every=_every(root),
    )


def _malformed(message: str) -> QwcRefused:
    return QwcRefused("QBWC1039", message)


def _root(data: bytes) -> Any:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise _malformed(f"The file is not XML: {error}") from error
    if root.tag != "QBWCXML" or root.attrib or root.getroottree().docinfo.doctype:
        raise _malformed("The root has to be a plain QBWCXML.")
    return root


def _values(root: Any) -> dict[str, str]:
    values: dict[str, str] = {}
    for element in root:
        if element.tag not in REQUIRED + OPTIONAL or element.attrib:
            raise _malformed(f"{element.tag} is not known.")
        if element.tag in values:
            raise _malformed(f"{element.tag} is given twice.")
        values[element.tag] = (element.text or "").strip()
    for name in REQUIRED:
        if name not in values:
            raise _malformed(f"{name} is missing.")
    _check_patterns(values)
    return values


def _check_patterns(values: Mapping[str, str]) -> None:
    for name, value in values.items():
        if not re.fullmatch(PATTERNS.get(name, ".*"), value, re.DOTALL):
            raise _malformed(f"{name} cannot be {value!r}.")


def _check_urls(app_url: str, app_support: str) -> None:
    app, support = urlsplit(app_url), urlsplit(app_support)
    if _is_address(app.hostname):
        raise QwcRefused("QBWC1001", "AppURL must not use an IP address.")
    if _is_address(support.hostname):
        raise QwcRefused("QBWC1002", "AppSupport must not use an IP address.")
    if app.scheme != "https" and (app.scheme, app.hostname) != ("http", "localhost"):
        raise QwcRefused("QBWC1010", "Only https applications are allowed.")
    if not app.hostname or app.hostname != support.hostname:
        raise QwcRefused("QBWC1000", "AppURL and AppSupport must have the same domain.")


def _is_address(host: str | None) -> bool:
    try:
        ipaddress.ip_address(host or "")
    except ValueError:
        return False
    return True


def _every(root: Any) -> float | None:
    """The first interval of the Scheduler counts."""
    scheduler = root.find("Scheduler")
    if scheduler is None or len(scheduler) == 0:
        return None
    unit, number = scheduler[0].tag, (scheduler[0].text or "").strip()
    if unit not in UNITS or not re.fullmatch("[1-9][0-9]{0,8}", number):
        raise _malformed(f"Scheduler cannot be {unit} {number!r}.")
    return float(int(number) * UNITS[unit])
