"""The load: Web Connectors, idle ones and people with a browser, all in one process beside the product.

It keeps to the protocol, checks what it is told, and does little else: requests go out over kept connections as bytes
that were ready before the clock started. Times are seconds of the monotonic clock, which all processes share.
"""

import asyncio
import html
import re
import resource
import time
from collections import defaultdict
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from tests.benchmarks import answers
from tests.benchmarks.answers import Pages, envelope

LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
STRINGS = re.compile(rb"string>([^<]*)</")
NO_OP_PAUSE = 0.2  # seconds
TAKEN_IN = """
    select coalesce(sum(e.done), 0) from run_entity e join run r on r.id = e.run
    where r.company = any($1) and e.entity = 'Customer'
"""


class OutOfProtocol(Exception):
    """The product said what a Web Connector cannot go on with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connector:
    """One Web Connector with its company file."""

    company: int
    user_name: str
    licence_key: str
    owner_id: str
    file_id: str
    name: str
    rows: int
    page_rows: int
    pause: float = 0.0  # seconds that QuickBooks takes for a page
    background: bool = False  # goes on as long as the others do, and is not counted
    whole: bool = False  # QuickBooks sends all at once whatever MaxReturned says


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """A signed-in browser that opens these pages in turn."""

    cookie: str
    paths: dict[str, str]  # address by label
    pause: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What one load process does."""

    port: int
    dsn: str
    connectors: Sequence[Connector]
    visitor: Visitor | None = None


@dataclass(slots=True)
class Taken:
    """What was measured; `calls`, by method, only of connectors that are not in the background."""

    calls: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    pages: list[tuple[int, float, float]] = field(default_factory=list)  # company, when, receive + next send
    visits: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))  # by label
    began: float = 0.0
    pages_began: float = 0.0
    pages_ended: float = 0.0  # every row is in the table
    ended: float = 0.0
    processor: float = 0.0  # seconds of this process


class Http(asyncio.Protocol):
    """One HTTP/1.1 connection, kept as long as the server keeps it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.transport: Any = None
        self._reply: asyncio.Future[tuple[int, bytes]] | None = None
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        self.transport = None
        if self._reply is not None and not self._reply.done():
            self._reply.set_exception(OutOfProtocol("The connection broke off."))

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(b"\r\n\r\n")
        if end < 0 or self._reply is None:
            return
        found = LENGTH.search(self._received, 0, end)
        size = end + 4 + (int(found[1]) if found else 0)
        if len(self._received) >= size and not self._reply.done():
            self._reply.set_result((int(self._received[9:12]), bytes(self._received[end + 4 : size])))

    async def exchange(self, head: str, body: bytes = b"") -> tuple[int, bytes]:
        """Status and body of the reply to one request."""
        if self.transport is None or self.transport.is_closing():
            await asyncio.get_running_loop().create_connection(lambda: self, "127.0.0.1", self.port)
        self._received.clear()
        self._reply = asyncio.get_running_loop().create_future()
        self.transport.writelines((f"{head}\r\nHost: localhost:{self.port}\r\n\r\n".encode(), body))
        return await self._reply

    def close(self) -> None:
        if self.transport is not None:
            self.transport.close()


class Client:
    """Calls the SOAP methods, and keeps how long each took."""

    def __init__(self, port: int, calls: dict[str, list[float]]) -> None:
        self.http = Http(port)
        self.calls = calls

    async def call(self, method: str, body: bytes) -> bytes:
        """The reply to a call, from its result on."""
        head = (
            "POST /qbwc HTTP/1.1\r\nContent-Type: text/xml; charset=utf-8\r\n"
            f'SOAPAction: "{answers.NAMESPACE}{method}"\r\nContent-Length: {len(body)}'
        )
        began = time.monotonic()
        status, reply = await self.http.exchange(head, body)
        self.calls[method].append(time.monotonic() - began)
        found = reply.find(f"{method}Result".encode())
        if status != 200 or found < 0:
            raise OutOfProtocol(f"{method}: {status} {reply[:300]!r}")
        return reply[found:]

    async def text(self, method: str, body: bytes) -> str:
        """The result of a call that gives a text or a number."""
        reply = await self.call(method, body)
        start = reply.find(b">") + 1
        return html.unescape(reply[start : reply.find(b"<", start)].decode())

    async def authenticate(self, user_name: str, licence_key: str) -> list[str]:
        body = envelope("authenticate", strUserName=user_name, strPassword=licence_key)
        return [found.decode() for found in STRINGS.findall(await self.call("authenticate", body))]

    async def greet(self) -> None:
        await self.call("serverVersion", envelope("serverVersion"))
        await self.call("clientVersion", envelope("clientVersion", strVersion="34.0.0.216"))


class Stage:
    """Where connectors wait for each other: none sends pages before all may, none goes on before all rows are in."""

    def __init__(self, job: Job, taken: Taken) -> None:
        self.job = job
        self.taken = taken
        measured = [one for one in job.connectors if not one.background]
        self.companies = [one.company for one in measured]
        self.rows = sum(one.rows for one in measured)
        self.waiting, self.reading = len(job.connectors), len(measured)
        self.begun, self.over = asyncio.Event(), asyncio.Event()

    async def begin(self) -> None:
        """Wait until every connector is about to send its first page."""
        self.waiting -= 1
        if self.waiting == 0:
            self.taken.pages_began = time.monotonic()
            self.begun.set()
        await self.begun.wait()

    async def end(self) -> None:
        """Wait until every measured connector has sent its last page, and all of it is in the table."""
        self.reading -= 1
        if self.reading == 0:
            await self._taken_in()
            self.taken.pages_ended = time.monotonic()
            self.over.set()
        await self.over.wait()

    async def _taken_in(self) -> None:
        connection = await asyncpg.connect(self.job.dsn)
        try:
            while await connection.fetchval(TAKEN_IN, self.companies) < self.rows:
                await asyncio.sleep(0.01)
        finally:
            await connection.close()


class Update:
    """One whole session of a connector."""

    def __init__(self, connector: Connector, pages: Pages, stage: Stage) -> None:
        self.connector = connector
        self.pages = pages
        self.stage = stage
        self.client = Client(stage.job.port, Taken().calls if connector.background else stage.taken.calls)
        self.ticket = ""
        self.sent = 0
        self.answered = 0.0  # when the page was answered whose next request is not there yet

    async def run(self) -> None:
        connector = self.connector
        await self.client.greet()
        self.ticket, file = (await self.client.authenticate(connector.user_name, connector.licence_key))[:2]
        if file in ("none", "nvu", "busy"):
            raise OutOfProtocol(f"authenticate: {file}")
        hcp = answers.host_company_preferences(connector.owner_id, connector.file_id, connector.name)
        percent = 0
        while percent < 100:
            document, hcp = await self._send(hcp), ""
            if not document or document == "NoOp":
                await self._why()
                continue
            body = await self._answer(document)
            if body is None:
                break
            percent = await self._receive(body)
        if percent == 100:
            await self.client.call("closeConnection", envelope("closeConnection", ticket=self.ticket))
        self.client.http.close()

    async def _send(self, hcp: str) -> str:
        body = envelope(
            "sendRequestXML",
            ticket=self.ticket,
            strHCPResponse=hcp,
            strCompanyFileName=answers.PATH.format(number=self.connector.company),
            qbXMLCountry="US",
            qbXMLMajorVers=16,
            qbXMLMinorVers=0,
        )
        document = await self.client.text("sendRequestXML", body)
        if self.answered:
            page = (self.connector.company, self.answered, time.monotonic() - self.answered)
            self.stage.taken.pages.append(page)
            self.answered = 0.0
        return document

    async def _why(self) -> None:
        reason = await self.client.text("getLastError", envelope("getLastError", ticket=self.ticket))
        if reason != "NoOp":
            raise OutOfProtocol(f"getLastError: {reason}")
        await asyncio.sleep(NO_OP_PAUSE)

    async def _answer(self, document: str) -> bytes | None:
        """The next receiveResponseXML; None when a connector in the background has nobody left to disturb."""
        connector = self.connector
        asked = list(answers.questions(document))
        name, id, attributes = asked[0]
        if name == "Customer" and "iterator=" in attributes:
            return await self._page(document, id, attributes)
        if self.sent == connector.rows and not self.stage.over.is_set():
            await self.stage.end()
        return answers.short_answer(document, connector.rows, self.ticket)

    async def _page(self, document: str, id: str, attributes: str) -> bytes | None:
        connector = self.connector
        if 'iterator="Start"' in attributes:
            self.sent = 0
            await self.stage.begin()
        found = answers.MOST.search(document)
        if not connector.whole and (found is None or int(found[1]) != connector.page_rows):
            raise OutOfProtocol(f"asked for pages of {found and found[1]}, not {connector.page_rows}")
        if connector.pause:
            await asyncio.sleep(connector.pause)
        if connector.background and self.stage.over.is_set():
            return None
        first, self.sent = self.sent, self.sent + connector.page_rows
        head = answers.page_head(
            id, connector.rows - self.sent, f"{{{connector.company:08X}-0000-4000-8000-00000000000A}}"
        )
        return self.pages.document(head, 0x80000000 + first, self.ticket)

    async def _receive(self, body: bytes) -> int:
        if len(body) > 10_000:
            self.answered = time.monotonic()
        percent = int(await self.client.text("receiveResponseXML", body))
        if percent < 0:
            raise OutOfProtocol(await self.client.text("getLastError", envelope("getLastError", ticket=self.ticket)))
        return percent


async def visit(visitor: Visitor, stage: Stage) -> None:
    """Open the visitor's pages in turn, as long as rows come in."""
    http = Http(stage.job.port)
    await stage.begun.wait()
    while not stage.over.is_set():
        for label, path in visitor.paths.items():
            began = time.monotonic()
            status, _ = await http.exchange(f"GET {path} HTTP/1.1\r\nCookie: {visitor.cookie}")
            stage.taken.visits[label].append(time.monotonic() - began)
            if status != 200:
                raise OutOfProtocol(f"{path}: {status}")
            await asyncio.sleep(visitor.pause)
    http.close()


async def import_all(job: Job) -> Taken:
    taken = Taken()
    stage = Stage(job, taken)
    pages = {size: Pages(size) for size in {one.page_rows for one in job.connectors}}
    taken.began = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for connector in job.connectors:
            group.create_task(Update(connector, pages[connector.page_rows], stage).run())
        if job.visitor is not None:
            group.create_task(visit(job.visitor, stage))
    taken.ended = time.monotonic()
    return taken


async def poll_all(job: Job, at_once: int, *, visit_fully: bool) -> Taken:
    """Each connector asks once, on a connection of its own; `visit_fully` with all four calls of an idle update."""
    taken = Taken()
    waiting = list(job.connectors)

    async def poll() -> None:
        while waiting:
            connector = waiting.pop()
            client = Client(job.port, taken.calls)
            if visit_fully:
                await client.greet()
            ticket, answer = (await client.authenticate(connector.user_name, connector.licence_key))[:2]
            if answer != "none":
                raise OutOfProtocol(f"authenticate: {answer}")
            if visit_fully:
                await client.call("closeConnection", envelope("closeConnection", ticket=ticket))
            client.http.close()

    taken.began = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(poll())
    taken.ended = time.monotonic()
    return taken


def finished(work: Callable[[], Coroutine[Any, Any, Taken]]) -> Taken:
    """Run the load in this process, and say what it cost."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    taken = asyncio.run(work())
    after = resource.getrusage(resource.RUSAGE_SELF)
    taken.processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    taken.calls, taken.visits = dict(taken.calls), dict(taken.visits)
    return taken


def imports(job: Job) -> Taken:
    """Whole sessions of every connector. For a process of its own."""
    return finished(lambda: import_all(job))


def polls(job: Job, at_once: int, visit_fully: bool) -> Taken:
    """Idle calls of every connector. For a process of its own."""
    return finished(lambda: poll_all(job, at_once, visit_fully=visit_fully))
