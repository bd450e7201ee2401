"""The .qwc file that a person opens on the QuickBooks computer. Facts: Intuit's QBWC Programmer's Guide, "QWC file"."""

import re
import unicodedata
from dataclasses import dataclass
from xml.sax.saxutils import escape

PATH = "/qbwc"  # of the SOAP endpoint
DESCRIPTION = "Carries this company file to your team's browser"  # at most 80 characters
SUPPORT = "/connector-help"  # public: the Web Connector checks that it answers 200
LONGEST_NAME = 60  # characters of a company's name that stand in AppName


def app_name(company: str, user_name: str) -> str:
    """AppName: what the Web Connector's row and QuickBooks' list of integrated applications show.

    The user name in it tells apart companies of one name on a computer, and the computers of one company.
    """
    plain = " ".join("".join(one if one.isprintable() else " " for one in company).split())
    return f"Deskbridge - {plain[:LONGEST_NAME].rstrip()} ({user_name})"


def file_name(company: str, number: int, computer: str) -> str:
    """The name of a downloaded file: "deskbridge-halder-natural-stone-inc-front-desk-02.qwc".

    The number stands for a name of a company without a letter that every file system has.
    """
    return "-".join(filter(None, ["deskbridge", _plain(company) or f"company-{number}", _plain(computer)])) + ".qwc"


def _plain(text: str) -> str:
    """Small letters, digits and dashes, for every file system and header."""
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub("[^a-z0-9]+", "-", letters).strip("-")[:LONGEST_NAME].strip("-")


@dataclass(frozen=True, slots=True, kw_only=True)
class QwcFile:
    """What the Web Connector has to know. There is no password in it."""

    app_name: str  # unique on the computer, and in QuickBooks' list of integrated applications
    url: str  # public address of this installation, without a slash at the end
    user_name: str
    owner_id: str
    file_id: str
    every_minutes: int
    every_seconds: int | None = None  # instead of minutes; the Web Connector then shows "Real Time"

    def text(self) -> bytes:
        """The file, UTF-8. The same connector gives the same bytes each time."""
        scheduler = (
            f"<RunEveryNSeconds>{self.every_seconds}</RunEveryNSeconds>"
            if self.every_seconds
            else f"<RunEveryNMinutes>{self.every_minutes}</RunEveryNMinutes>"
        )
        elements = [
            ("AppName", self.app_name),
            ("AppID", ""),
            ("AppURL", f"{self.url}{PATH}"),
            ("AppDescription", DESCRIPTION),
            ("AppSupport", f"{self.url}{SUPPORT}"),
            ("UserName", self.user_name),
            ("OwnerID", self.owner_id),
            ("FileID", self.file_id),
            ("QBType", "QBFS"),
            ("Style", "Document"),
        ]
        lines = [f"  <{name}>{escape(value)}</{name}>" for name, value in elements]
        lines += [f"  <Scheduler>{scheduler}</Scheduler>", "  <IsReadOnly>false</IsReadOnly>"]
        return "\n".join(['<?xml version="1.0" encoding="utf-8"?>', "<QBWCXML>", *lines, "</QBWCXML>", ""]).encode()
