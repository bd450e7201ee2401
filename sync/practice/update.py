"""One update of the practice Web Connector: the calls in the real program's order, and the record of them.

The order and what each return value does are Intuit's (QBWC Programmer's Guide); where the guide leaves a choice open,
it is said here.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from sync.practice import wire
from sync.practice.faults import (
    Access,
    ComputerOff,
    CutBody,
    DieAfter,
    DieBefore,
    DropReply,
    Faults,
    Hresult,
    NoSession,
    QuickBooksClosed,
    SendTwice,
    Silence,
    SlowQuickBooks,
    SmallPassword,
    SpacedPassword,
    WrongPassword,
)
from sync.practice.qwc_file import Qwc
from sync.practice.refusals import QuickBooksError
from sync.practice.wire import Argument, BrokenOff, CallFailed, Http, Reply

CODES = {  # what the Web Connector calls a call that failed
    "clientVersion": "QBWC1036",
    "authenticate": "QBWC1012",
    "sendRequestXML": "QBWC1041",
    "receiveResponseXML": "QBWC1042",
    "getLastError": "QBWC1043",
    "closeConnection": "QBWC1044",
    "connectionError": "QBWC1045",
}
VERDICTS = {  # authenticate's second string when there is no update: status text and code
    "none": ("No data exchange required", ""),
    "nvu": ("Invalid password for username", "QBWC1040"),
    "busy": ("Application busy", ""),
}
NOTHING_OPEN = QuickBooksError("0x80040416", "QuickBooks is not running and no company data file was named.")
CANNOT_START = QuickBooksError("0x80040408", "Could not start QuickBooks.")
OTHER_FILE = QuickBooksError("0x8004040A", "A QuickBooks company data file is already open and it is another one.")
SAID_NO = QuickBooksError("0x80040420", "The QuickBooks user has denied access.")
NO_LOGIN = QuickBooksError("0x8004041D", "This application may not log into this company data file automatically.")
ATTEMPTS = 20  # at QuickBooks in one update; the real program goes on for as long as it is told to
DECLINED = "The user declined interactive mode."

Sleep = Callable[[float], Awaitable[None]]


class Profile(Protocol):
    """The company file as the QuickBooks that has it open presents it."""

    @property
    def windows_path(self) -> str: ...
    @property
    def country(self) -> str: ...
    @property
    def versions(self) -> tuple[str, ...]: ...


class CompanyFile(Protocol):
    """QuickBooks with a company file open. Each method may raise QuickBooksError."""

    @property
    def profile(self) -> Profile: ...
    def begin_session(self, app_name: str, *, owner_id: str, machine: str) -> None: ...
    def process(self, request: str) -> str: ...
    def end_session(self) -> None: ...
    def host_company_preferences(self, owner_id: str) -> str: ...
    def add_application(self, owner_id: str, file_id: str) -> None: ...
    def file_id(self, owner_id: str) -> str: ...


class Died(Exception):
    """The program was killed here, as a fault asked."""


class Stopped(Exception):
    """The update is over with a status text and, for an error, its code."""

    def __init__(self, status: str, code: str = "") -> None:
        super().__init__(status)
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call: what was sent, what came back (None where the reply was lost), seconds since the update began."""

    method: str
    arguments: Mapping[str, Argument]
    reply: Reply
    at: float
    took: float


@dataclass(slots=True)
class Session:
    """The record of one update, and what its row in the Web Connector says at the end."""

    exchanges: list[Exchange] = field(default_factory=list)
    status: str = ""
    code: str = ""
    """QBWC10xx, "" when there was no error."""
    ticket: str = ""
    postponed: float | None = None
    """Seconds, from authenticate [2]."""
    floor: float | None = None
    """Seconds, lower limit of Every-Min from authenticate [3]."""
    progress: int = 0
    """Percent."""
    died: bool = False
    off: bool = False
    """The computer was switched off."""

    @property
    def calls(self) -> list[str]:
        """The methods called, in order."""
        return [exchange.method for exchange in self.exchanges]

    @property
    def replies(self) -> dict[str, list[Reply]]:
        """The replies of each method, in order."""
        replies: dict[str, list[Reply]] = {}
        for exchange in self.exchanges:
            replies.setdefault(exchange.method, []).append(exchange.reply)
        return replies


@dataclass(slots=True, kw_only=True)
class Update:
    """One run through the calls. Give it to nobody twice."""

    qwc: Qwc
    password: str
    company_file: CompanyFile | None
    machine: str
    version: str
    http: Http
    faults: Faults
    pause: float
    sleep: Sleep
    auto: bool
    verbose: bool
    access: Access = Access.ALWAYS
    moved: Callable[[int], None] | None = None  # told each percentage
    session: Session = field(default_factory=Session)
    _counts: Counter[str] = field(default_factory=Counter)
    _began: float = field(default_factory=time.monotonic)

    async def run(self) -> Session:
        """All of it. What goes wrong at either end is not raised: it is the session's status."""
        session = self.session
        try:
            session.status = await self._talk()
        except Stopped as stopped:
            session.status, session.code = stopped.status, stopped.code
        except Died:
            session.status, session.died = "The Web Connector was ended.", True
            self.http.close()
        return session

    async def _talk(self) -> str:
        await self._greet()
        company_file = await self._open(await self._sign_in())
        try:
            return await self._exchange(company_file)
        except Died:
            self.session.died = True
            raise
        finally:
            if not self.session.died:  # a program that was killed leaves its AppLock behind
                company_file.end_session()

    async def _greet(self) -> None:
        with suppress(Stopped):  # a service need not have it
            await self._call("serverVersion")
        verdict = await self._text("clientVersion", strVersion=self.version)
        match verdict[:2]:
            case "" | "W:":
                return  # the person who is warned goes on
            case "E:" | "O:":
                raise Stopped(verdict[2:], "QBWC1037")
            case _:
                raise Stopped(f"clientVersion returned {verdict!r}.", "QBWC1046")

    async def _sign_in(self) -> str:
        """The company file to open, "" for the one that is open."""
        reply = await self._call("authenticate", strUserName=self.qwc.user_name, strPassword=self._typed())
        if not isinstance(reply, list) or len(reply) < 2:
            raise Stopped("Authentication failed. Index was outside the bounds of the array.", "QBWC1012")
        session = self.session
        session.ticket, file = reply[:2]
        session.postponed, session.floor = (_seconds(reply[index : index + 1]) for index in (2, 3))
        if file.lower() in VERDICTS:  # the guide has closeConnection follow
            await self._text("closeConnection", ticket=session.ticket)
            raise Stopped(*VERDICTS[file.lower()])
        if self.auto and session.postponed:  # no call is known to follow
            raise Stopped("Update postponed by application")
        return file

    def _typed(self) -> str:
        """The password as the person got it into its box."""
        if self.faults.standing(WrongPassword):
            return f"{self.password}1"
        if self.faults.standing(SpacedPassword):
            return self.password.replace("-", " ")
        return self.password.lower() if self.faults.standing(SmallPassword) else self.password

    async def _open(self, file: str) -> CompanyFile:
        """QuickBooks with a session begun, after asking the service what to do where that fails."""
        for _ in range(ATTEMPTS):
            try:
                return await self._begin(file)
            except QuickBooksError as error:
                ticket = self.session.ticket
                reply = await self._text("connectionError", ticket=ticket, hresult=error.hresult, message=error.message)
                if reply.lower() == "done":
                    raise Stopped(f"{error.hresult}: {error.message}", "QBWC1013") from error
                file = reply
        raise Stopped("QuickBooks could not be opened.", "QBWC1009")

    async def _begin(self, file: str) -> CompanyFile:
        if self.company_file is None:
            raise CANNOT_START if file else NOTHING_OPEN
        if self.access is Access.NO:
            raise SAID_NO
        if self.faults.standing(QuickBooksClosed) and (not file or self.access is not Access.ALWAYS):
            raise NO_LOGIN if file else NOTHING_OPEN
        if file and file.lower() != self.company_file.profile.windows_path.lower():
            raise OTHER_FILE
        for fault in self.faults:
            if isinstance(fault, NoSession):
                raise QuickBooksError(fault.hresult, fault.message)
        begin = self.company_file.begin_session
        await asyncio.to_thread(begin, self.qwc.app_name, owner_id=self.qwc.owner_id, machine=self.machine)
        return self.company_file

    async def _exchange(self, company_file: CompanyFile) -> str:
        """sendRequestXML and receiveResponseXML in turn until the service or an error ends it."""
        ticket = self.session.ticket
        hcp = await asyncio.to_thread(company_file.host_company_preferences, self.qwc.owner_id)
        while self.session.progress < 100:
            request = await self._request(company_file.profile, hcp)
            hcp = ""  # on the first call only
            if request in ("", "NoOp"):
                await self._ask_why()
                continue
            response, hresult, message = await self._process(company_file, request)
            reply = await self._call(
                "receiveResponseXML", ticket=ticket, response=response, hresult=hresult, message=message
            )
            self.session.progress = reply if isinstance(reply, int) else 0
            if self.moved is not None:
                self.moved(self.session.progress)
            if self.session.progress < 0:
                await self._end(await self._text("getLastError", ticket=ticket))
        return await self._text("closeConnection", ticket=ticket)

    async def _request(self, profile: Profile, hcp: str) -> str:
        major, minor = max(tuple(int(part) for part in version.split(".")) for version in profile.versions)
        return await self._text(
            "sendRequestXML",
            ticket=self.session.ticket,
            strHCPResponse=hcp,
            strCompanyFileName=profile.windows_path,
            qbXMLCountry=profile.country,
            qbXMLMajorVers=major,
            qbXMLMinorVers=minor,
        )

    async def _ask_why(self) -> None:
        """After an empty request: a pause where the service says NoOp, else the end."""
        ticket = self.session.ticket
        error = await self._text("getLastError", ticket=ticket)
        if error == "NoOp":
            await self.sleep(self.pause)
        elif error == "Interactive mode":  # nobody is there to say yes
            await self._end(await self._text("interactiveRejected", wcTicket=ticket, reason=DECLINED))
        else:
            await self._end(error)

    async def _end(self, status: str) -> None:
        await self._text("closeConnection", ticket=self.session.ticket)
        raise Stopped(status)

    async def _process(self, company_file: CompanyFile, request: str) -> tuple[str, str, str]:
        """QuickBooks' response, or its HRESULT and message."""
        self._counts["ProcessRequest"] += 1
        if slow := self.faults.standing(SlowQuickBooks):
            await self.sleep(slow.seconds)
        refused = self.faults.take(Hresult, "ProcessRequest", self._counts["ProcessRequest"])
        if refused:
            return "", refused.hresult, refused.message
        try:
            return await asyncio.to_thread(company_file.process, request), "", ""
        except QuickBooksError as error:
            return "", error.hresult, error.message

    async def _text(self, method: str, **arguments: Argument) -> str:
        return str(await self._call(method, **arguments) or "")

    async def _call(self, method: str, **arguments: Argument) -> Reply:
        """One call, with the faults that are due at it. Raises Stopped where it fails."""
        self._counts[method] += 1
        nth = self._counts[method]
        if silence := self.faults.take(Silence, method, nth):
            await self.sleep(silence.seconds)
        self.session.off = self.faults.take(ComputerOff, method, nth) is not None
        if self.session.off or self.faults.take(DieBefore, method, nth):
            raise Died
        began, reply = time.monotonic(), None
        try:
            reply = await self._post(method, nth, arguments)
        except (CallFailed, BrokenOff) as error:
            code = CODES.get(method, "QBWC1006")
            raise Stopped(f"{code}: {method} failed. {error}", code) from error
        finally:
            took = time.monotonic() - began
            self.session.exchanges.append(Exchange(method, self._kept(arguments), reply, began - self._began, took))
        if self.faults.take(DieAfter, method, nth):
            raise Died
        return reply

    async def _post(self, method: str, nth: int, arguments: Mapping[str, Argument]) -> Reply:
        message = wire.envelope(method, arguments.items())
        if self.faults.take(CutBody, method, nth):
            await self.http.post(method, message, break_off=True)
        if self.faults.take(SendTwice, method, nth):
            await self.http.post(method, message)
        answer = await self.http.post(method, message)
        if self.faults.take(DropReply, method, nth):
            self.http.close()
            raise CallFailed("The underlying connection was closed.")
        return wire.read_reply(method, answer)

    def _kept(self, arguments: Mapping[str, Argument]) -> dict[str, Argument]:
        """The arguments as the log keeps them: passwords never, texts whole or their first 50 characters."""
        kept = {name: value for name, value in arguments.items() if name != "strPassword"}
        if self.verbose:
            return kept
        return {name: value[:50] if isinstance(value, str) else value for name, value in kept.items()}


def _seconds(item: list[str]) -> float | None:
    return float(item[0]) if item and item[0].strip().isdecimal() else None
