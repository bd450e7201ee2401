"""A practice Web Connector: one application added to it, updated by hand or by Auto-Run, over real HTTP.

It does what Intuit's program does as far as the product can tell: the same calls in the same order and bytes (`update`,
`wire`), the same checks of the .qwc file (`qwc_file`), and the mishaps that one asks for (`faults`).
"""

import asyncio
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from sync.practice.faults import Access, Faults
from sync.practice.qwc_file import Qwc, QwcRefused, read_qwc
from sync.practice.refusals import QuickBooksError
from sync.practice.update import CompanyFile, Exchange, Session, Sleep, Update
from sync.practice.wire import CallFailed, Http

__all__ = [
    "Access",
    "CompanyFile",
    "Exchange",
    "Faults",
    "QuickBooksError",
    "Qwc",
    "QwcRefused",
    "Session",
    "WebConnector",
    "read_qwc",
]

NOOP_PAUSE = 5.0  # seconds
MINUTE = 60.0
SHORTEST = 1.0  # seconds between two runs, whatever the service and the file say


class WebConnector:
    """One Web Connector with one application.

    `company_file` is what QuickBooks has open, None when it is closed. `url` replaces the AppURL of the .qwc, and its
    host that of the other addresses. `timeout` is that of one call, `noop_pause` the wait after NoOp, both in seconds;
    `sleep` takes every wait but that for the network. `verbose` keeps whole texts in the record, else the first 50
    characters of each. `access` is what the person chose when QuickBooks asked. `moved` is told each percentage that
    the progress bar would show. `off` is true while the computer is switched off.
    """

    def __init__(
        self,
        qwc: Qwc,
        password: str,
        company_file: CompanyFile | None,
        *,
        machine: str = "FRONT-DESK-02",
        url: str | None = None,
        version: str = "34.0.10004.89",
        timeout: float = 100.0,
        noop_pause: float = NOOP_PAUSE,
        expect_continue: bool = False,
        verbose: bool = True,
        faults: Faults | None = None,
        access: Access = Access.ALWAYS,
        sleep: Sleep = asyncio.sleep,
        moved: Callable[[int], None] | None = None,
    ) -> None:
        self.qwc = qwc
        self.password = password
        self.company_file = company_file
        self.machine = machine
        self.version = version
        self.noop_pause = noop_pause
        self.verbose = verbose
        self.faults = Faults() if faults is None else faults
        self.access = access
        self.moved = moved
        self.added = False
        self.off = False
        self._sleep = sleep
        self._http = Http(url or qwc.app_url, timeout=timeout, expect_continue=expect_continue)
        self._lock = asyncio.Lock()  # one update at a time

    async def add(self) -> None:
        """What adding the .qwc checks over the network, and the FileID it writes. Raises QwcRefused."""
        await self._check("QBWC1048", self.qwc.cert_url or self._http.url, {200})
        await self._check("QBWC1003", self.qwc.app_support, {200, 202}, unreachable="QBWC1004")
        await self.write_file_id()

    async def write_file_id(self) -> None:
        """Bind the application to the file that is open: its FileID under its OwnerID. Raises QwcRefused."""
        if self.company_file is None:
            raise QwcRefused("QBWC1022", "QuickBooks is not open.")
        if self.qwc.is_read_only:
            raise QwcRefused("QBWC1039", "QuickBooks refused to add the FileID for a read-only application (3263).")
        try:
            await asyncio.to_thread(self.company_file.add_application, self.qwc.owner_id, self.qwc.file_id)
        except QuickBooksError as error:
            raise QwcRefused("QBWC1027", str(error)) from error
        if self.company_file.file_id(self.qwc.owner_id).lower() != self.qwc.file_id.lower():
            raise QwcRefused("QBWC1026", "The file has another FileID already.")
        self.added = True

    async def update(self, *, auto: bool = False) -> Session:
        """One Update Selected, or one run of Auto-Run. An application that was not added is bound first, unchecked."""
        async with self._lock:
            if self.off:
                return Session(status="The computer is off.", died=True)
            if not self.added and self.company_file is not None:
                await self.write_file_id()
            session = await self._update(auto=auto).run()
            self.off = session.off
            return session

    async def run(self, *, every: float | None = None, seen: Callable[[Session], None] | None = None) -> None:
        """Auto-Run, until cancelled or the computer is off.

        `every` is in seconds, by default the Scheduler of the .qwc, else a minute.
        The floor and the postponement that authenticate gives are kept to. `seen` is told each session when it ends.
        """
        interval = every or self.qwc.every or MINUTE
        try:
            while True:
                began = time.monotonic()
                session = await self.update(auto=True)
                if seen is not None:
                    seen(session)
                if self.off:
                    return
                interval = max(interval, session.floor or 0.0)
                passed = time.monotonic() - began
                await self._sleep(session.postponed or max(interval - passed, SHORTEST))
        finally:
            self.close()

    def close(self) -> None:
        """Let go of the kept connection."""
        self._http.close()

    def _update(self, *, auto: bool) -> Update:
        return Update(
            qwc=self.qwc,
            password=self.password,
            company_file=self.company_file,
            machine=self.machine,
            version=self.version,
            http=self._http,
            faults=self.faults,
            access=self.access,
            pause=self.noop_pause,
            sleep=self._sleep,
            auto=auto,
            verbose=self.verbose,
            moved=self.moved,
        )

    async def _check(self, code: str, url: str, good: set[int], *, unreachable: str = "") -> None:
        ours = urlsplit(self._http.url)
        try:
            answer = await self._http.get(urlsplit(url)._replace(scheme=ours.scheme, netloc=ours.netloc).geturl())
        except CallFailed as error:
            raise QwcRefused(unreachable or code, str(error)) from error
        if answer.status not in good:
            raise QwcRefused(code, f"{url} answered {answer.status}.")
