"""What can go wrong at the customer's end, told to the practice Web Connector beforehand.

The first group fires once, at the n-th call of a method in one update (counted from 1), and is then used up. The second
group stays until it is taken out of the list.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar


@dataclass(frozen=True, slots=True)
class DropReply:
    """The call is made and answered, but the answer is lost: the update ends like QBWC1042."""

    method: str
    nth: int = 1


@dataclass(frozen=True, slots=True)
class SendTwice:
    """The same call goes out twice, as a proxy that retries would do; the second reply counts."""

    method: str = "receiveResponseXML"
    nth: int = 1


@dataclass(frozen=True, slots=True)
class DieBefore:
    """The program is killed before the call: nothing more is sent, AppLock stays."""

    method: str
    nth: int = 1


@dataclass(frozen=True, slots=True)
class DieAfter:
    """The program is killed once it has the reply."""

    method: str
    nth: int = 1


@dataclass(frozen=True, slots=True)
class ComputerOff:
    """The computer is switched off before the call: AppLock stays, and no other update comes until it is on again."""

    method: str = "sendRequestXML"
    nth: int = 3


@dataclass(frozen=True, slots=True)
class CutBody:
    """The connection is lost in the middle of the request's body."""

    method: str
    nth: int = 1


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing is heard for some seconds before the call."""

    method: str
    nth: int = 1
    seconds: float = 3600.0


@dataclass(frozen=True, slots=True)
class Hresult:
    """QuickBooks refuses the n-th document of an update as a whole."""

    nth: int = 1
    hresult: str = "0x80040400"
    message: str = "QuickBooks found an error when parsing the provided XML text stream."
    method: str = "ProcessRequest"


@dataclass(frozen=True, slots=True)
class SlowQuickBooks:
    """Every request takes some seconds more."""

    seconds: float


@dataclass(frozen=True, slots=True)
class NoSession:
    """QuickBooks lets no session begin."""

    hresult: str
    message: str


@dataclass(frozen=True, slots=True)
class DialogOpen(NoSession):
    """A dialog is open in QuickBooks."""

    hresult: str = "0x80040414"
    message: str = "A modal dialog box is showing in the QuickBooks user interface."


@dataclass(frozen=True, slots=True)
class PermissionRemoved(NoSession):
    """Somebody took the application's permission away, in the preferences of the company file."""

    hresult: str = "0x8004041A"
    message: str = "This application does not have permission to access this QuickBooks company data file."


@dataclass(frozen=True, slots=True)
class SingleUserNeeded(NoSession):
    """Somebody else has the company file open in another mode."""

    hresult: str = "0x80040422"
    message: str = "This application requires single user file access mode, and somebody else has the file open."


@dataclass(frozen=True, slots=True)
class QuickBooksClosed:
    """QuickBooks does not run. It is started where access was given for that and the company file is named."""


@dataclass(frozen=True, slots=True)
class WrongPassword:
    """The person mistyped the password: one sign too many."""


@dataclass(frozen=True, slots=True)
class SpacedPassword:
    """The password has spaces where its dashes were."""


@dataclass(frozen=True, slots=True)
class SmallPassword:
    """The password was typed in small letters."""


class Access(StrEnum):
    """What the person chose when QuickBooks asked whether the application may read and modify the company file."""

    NO = "no"
    PROMPT = "prompt"  # yes, prompt each time: somebody is there and says yes
    WHEN_OPEN = "when-open"  # yes, whenever this company file is open
    ALWAYS = "always"  # yes, also when QuickBooks is not running


Once = DropReply | SendTwice | DieBefore | DieAfter | ComputerOff | CutBody | Silence | Hresult
Lasting = SlowQuickBooks | NoSession | QuickBooksClosed | WrongPassword | SpacedPassword | SmallPassword
Kind = TypeVar("Kind", bound=Once)
Standing = TypeVar("Standing", bound=Lasting)


class Faults(list[Once | Lasting]):
    """The faults that are still to come."""

    def take(self, kind: type[Kind], method: str, nth: int) -> Kind | None:
        """The fault of a kind that is due at this call; it does not come again."""
        for fault in self:
            if isinstance(fault, kind) and (fault.method, fault.nth) == (method, nth):
                self.remove(fault)
                return fault
        return None

    def standing(self, kind: type[Standing]) -> Standing | None:
        """A lasting fault of a kind."""
        return next((fault for fault in self if isinstance(fault, kind)), None)
