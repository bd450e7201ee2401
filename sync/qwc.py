"""The .qwc file that a person opens on the QuickBooks computer. Facts: Intuit's QBWC Programmer's Guide, "QWC file"."""

from dataclasses import dataclass
from xml.sax.saxutils import escape

PATH = "/qbwc"  # of the SOAP endpoint
DESCRIPTION = "Carries this company file to your team's browser"  # at most 80 characters
SUPPORT = "/connector-help"  # public: the Web Connector checks that it answers 200


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
