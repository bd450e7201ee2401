"""What each call of the Web Connector does: load the session, advance it, store the step, reply.

The reply leaves after the commit, so an answered call is a stored one. No call ends in an exception that the Web
Connector would see: what breaks is logged, kept for getLastError, and answered in the protocol.
"""

import asyncio
import logging
import re
import secrets
import zlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Protocol

from sync.glance import Look, facts_of, look_at, received_of
from sync.keys import KeyRing, new_ticket, regrouped
from sync.protocol import answers, asking, sentences, turns
from sync.protocol.admission import WRONG_KEYS, Presented, WrongKey, admit, wrong_key
from sync.protocol.events import (
    ConnectionClosed,
    ConnectionFailed,
    Event,
    LastErrorAsked,
    ResponseFailed,
    SendRequest,
)
from sync.protocol.orders import SCHEDULE
from sync.protocol.plan import COUNTING, OVER
from sync.protocol.session import STOP, State, Step
from sync.protocol.writes import OF_CHANGES
from sync.qbxml.build import build
from sync.qbxml.heads import NotQbxml
from sync.qbxml.parse import stream
from sync.soap import Call
from sync.store import applied, connectors, custom_fields, seeks, waiting, writes
from sync.store import sessions as stored
from sync.store.base import transaction
from sync.store.sessions import Loaded
from sync.store.steps import Answer, Document, apply

log = logging.getLogger(__name__)

Reply = str | int | Sequence[str]

SERVER_VERSION = "Deskbridge"
BEHIND = 4  # unprocessed answers of a company, from which on a reply waits for the queue
WAIT = 20.0  # seconds that a reply waits for the queue at most
WAIT_AT_END = 10.0
HRESULT = 20  # characters that are kept of one
CLIENT_VERSION = re.compile(r"[0-9A-Za-z. _-]{1,40}", re.ASCII)  # 2.3.0.215, 34.0.10004.89
CLIENTS = 1000  # versions that wait for their user name
TAKEN_AT_ONCE = (*OF_CHANGES, *COUNTING)  # kinds of documents whose answers are small


class Bell(Protocol):
    """What wakes the queue: sync.tasks.Queue."""

    def wake_soon(self, company: int) -> None:
        """See to it that the company's stored answers are taken in."""


class Clients:
    """Versions of Web Connectors that have said theirs and not yet their name: clientVersion comes before authenticate,
    without a ticket. Of two that greet at once from one address the later is taken for both; the next call mends it.
    """

    def __init__(self) -> None:
        self._said: OrderedDict[str, str] = OrderedDict()

    def said(self, address: str, version: str) -> None:
        """Remember what was said from an address. What is no version is not."""
        self._said.pop(address, None)
        if CLIENT_VERSION.fullmatch(version.strip()):
            self._said[address] = version.strip()
        while len(self._said) > CLIENTS:
            self._said.popitem(last=False)

    def taken(self, address: str) -> str:
        """Return what was said last from an address, once; "" where nothing was."""
        return self._said.pop(address, "")


class Conversation:
    """The Web Connector's eleven methods."""

    def __init__(self, keys: KeyRing, public_url: str) -> None:
        self.keys = keys
        self.public_url = public_url
        self.queue: Bell | None = None  # of the running process
        self.clients = Clients()

    async def answer(self, call: Call, address: str) -> Reply:
        """The result of one call."""
        methods: dict[str, Callable[[Call, str], Awaitable[Reply]]] = {
            "serverVersion": self._server_version,
            "clientVersion": self._client_version,
            "authenticate": self._authenticate,
            "sendRequestXML": self._send_request,
            "receiveResponseXML": self._receive_response,
            "connectionError": self._connection_error,
            "getLastError": self._last_error,
            "closeConnection": self._close,
        }
        method = methods.get(call.method, self._not_interactive)
        try:
            return await method(call, address)
        except Exception:  # whatever it is, the Web Connector gets an answer it understands
            log.exception("%s broke", call.method)
            return await self._broken(call)

    async def _server_version(self, call: Call, address: str) -> Reply:
        return SERVER_VERSION

    async def _client_version(self, call: Call, address: str) -> Reply:
        self.clients.said(address, call.text("strVersion"))
        return ""

    async def _not_interactive(self, call: Call, address: str) -> Reply:
        return "Done" if call.method == "interactiveDone" else ""

    async def _broken(self, call: Call) -> Reply:
        """The reply to a call that our side failed on; the session ends, and what it asked is asked again."""
        match call.method:
            case "authenticate":
                return [new_ticket(), "busy"]
            case "receiveResponseXML":
                await self._fail(call)
                return STOP
            case "connectionError":
                return "done"
            case "sendRequestXML":
                await self._fail(call)
                return ""
            case _:
                return sentences.BROKEN

    async def _fail(self, call: Call) -> None:
        try:
            await stored.fail(call.text("ticket"), sentences.BROKEN)
        except Exception:  # the database itself is away: the next session finds all as it was
            log.exception("the failure of a session could not be stored")

    # authenticate

    async def _authenticate(self, call: Call, address: str) -> Reply:
        now = datetime.now(UTC)
        user_name, key = call.text("strUserName").strip(), call.text("strPassword")
        found = await connectors.find(user_name, address, now)
        if found is None:
            await connectors.unknown(user_name, address, now)
            return [new_ticket(), "nvu"]
        present = self.keys.fits(key, found.key_hash)
        fits = present or (found.old_key_hash is not None and self.keys.fits(key, found.old_key_hash))
        if found.tries >= WRONG_KEYS or found.revoked or not fits:
            await self._wrong_key(found, key, address, now)
            return [new_ticket(), "nvu"]
        client = self.clients.taken(address)
        await connectors.called(found, address, now, present=present, client=client)
        admission = admit(found.caller(key_fits=True, now=now))
        if admission.code:
            return [new_ticket(), admission.code, *([str(admission.wait)] if admission.wait else [])]
        ticket = await self._open(found, address, now, new_run=admission.new_run)
        return [ticket, found.file_path]

    async def _wrong_key(self, found: connectors.Found, key: str, address: str, now: datetime) -> None:
        """Count a key that opens nothing, with what it most likely was. Too many are not looked at."""
        hashes = [self.keys.hashed(key), self.keys.hashed(regrouped(key))]
        other = None if found.tries >= WRONG_KEYS else await connectors.whose_key(hashes, found.id)
        presented = Presented(
            tries=found.tries,
            revoked=found.revoked,
            same_current=hashes[0] == found.key_hash,
            nearly_current=found.key_hash in hashes or found.old_key_hash in hashes,
            retired=any(one.hex() in found.retired for one in hashes),
            another=other is not None,
        )
        reason = wrong_key(presented)
        await connectors.wrong_key(found, reason, other if reason is WrongKey.OTHER else None, address, now)

    async def _open(self, found: connectors.Found, address: str, now: datetime, *, new_run: bool) -> str:
        """Open a session, ending those that died: their request in flight is asked again by this one."""
        ticket = new_ticket()
        async with transaction() as connection:
            await connectors.one_at_a_time(connection, found.company)
            for loaded in await stored.load_open(connection, found.company):
                await apply(connection, loaded, turns.abandon(loaded.session), now)
            run = await connectors.active_run(connection, found.company)
            if run is None and new_run:
                run = await connectors.new_run(connection, found.company, "incremental", SCHEDULE, now)
            await stored.open_session(
                connection, company=found.company, connector=found.id, run=run, ticket=ticket, address=address, now=now
            )
        return ticket

    # the loop

    async def _send_request(self, call: Call, address: str) -> Reply:
        hcp = call.text("strHCPResponse")
        now = datetime.now(UTC)
        async with transaction() as connection:
            loaded = await stored.load(connection, call.text("ticket"), now)
            if loaded is None:
                return ""
            event = SendRequest(
                facts=facts_of(hcp, loaded.session.expected.owner_id) if hcp.strip() else None,
                file_path=call.text("strCompanyFileName").strip(),
                country=call.text("qbXMLCountry").strip(),
                version=(call.number("qbXMLMajorVers"), call.number("qbXMLMinorVers")),
            )
            step = await self._step(connection, loaded, event, now)
        return step.reply

    async def _receive_response(self, call: Call, address: str) -> Reply:
        hresult = call.text("hresult").strip()
        if hresult:
            event = ResponseFailed(hresult=hresult, message=call.text("message").strip())
            return await self._event(call, event, unknown=STOP)
        ticket = call.text("ticket")
        look = await look_at(call.arguments["response"])
        now = datetime.now(UTC)
        async with transaction() as connection:
            loaded = await stored.load(connection, ticket, now)
            if loaded is None:
                return STOP
            received, answer = await received_of(loaded, look, now)
            step = await self._step(connection, loaded, received, now, answer=answer)
            await _changed(connection, loaded, step, look, now)
        waited = loaded.session.run.unprocessed if loaded.session.run else 0
        if answer.rows and not waited and self.queue is not None:  # whoever takes in those before this one sees it too
            self.queue.wake_soon(loaded.company)
        return await self._when_taken_in(ticket, step)

    async def _when_taken_in(self, ticket: str, step: Step) -> Reply:
        """Hold the reply back while the queue is far behind, and after the last answer until nothing is left."""
        run = step.session.run
        if run is None or step.session.state is not State.READY or not run.unprocessed:
            return step.reply
        read = all(work.stage in OVER for work in run.entities)
        if not read:
            if run.unprocessed >= BEHIND:
                await _fewer_unprocessed(run.id, BEHIND, WAIT)
            return step.reply
        await _fewer_unprocessed(run.id, 1, WAIT_AT_END)
        now = datetime.now(UTC)
        async with transaction() as connection:
            loaded = await stored.load(connection, ticket, now)
            if loaded is None or loaded.session.state is not State.READY:
                return step.reply
            settled = answers.settled(loaded.session, run)
            await apply(connection, loaded, settled, now)
        return settled.reply

    async def _step(
        self, connection: Any, loaded: Loaded, event: Event, now: datetime, answer: Answer | None = None
    ) -> Step:
        step, changed = await _prepared(connection, loaded, turns.advance(loaded.session, event), now)
        sent = None
        if step.ask is not None and step.ask.kind == "resend":
            step = replace(
                step, reply=await writes.resend(connection, loaded.company, loaded.session.id, now), ask=None
            )
        elif step.ask is not None:
            set_id = secrets.token_hex(8) if step.ask.kind == "write" else ""
            document = build(step.ask.requests, version=step.session.version, new_message_set_id=set_id or None)
            name, packed = step.ask.requests[0].name, zlib.compress(document, 1)
            sent = Document(name, packed, len(document), set_id, changed)
            step = replace(step, reply=document.decode("ascii"))
        await apply(connection, loaded, step, now, answer=answer, sent=sent)
        if step.rejected and loaded.request and loaded.session.in_flight:
            kind = loaded.session.in_flight.kind
            if kind == "seek":
                await seeks.reject(connection, loaded.company, step.rejected, now)
                return step
            await applied.reject(connection, loaded.company, kind, loaded.request, step.rejected, now)
        return step

    async def _event(self, call: Call, event: Event, *, unknown: Reply) -> Reply:
        now = datetime.now(UTC)
        async with transaction() as connection:
            loaded = await stored.load(connection, call.text("ticket"), now)
            if loaded is None:
                return unknown
            answer = None
            if isinstance(event, ResponseFailed):
                answer = Answer(b"", 0, None, "", event.message, event.hresult[:HRESULT], 0, None)
            step = await self._step(connection, loaded, event, now, answer=answer)
            if step.ended:
                await connectors.heard(connection, loaded.company, now)
        return step.reply

    async def _connection_error(self, call: Call, address: str) -> Reply:
        event = ConnectionFailed(hresult=call.text("hresult").strip(), message=call.text("message").strip())
        return await self._event(call, event, unknown="done")

    async def _last_error(self, call: Call, address: str) -> Reply:
        return await self._event(call, LastErrorAsked(), unknown=sentences.UNKNOWN_TICKET)

    async def _close(self, call: Call, address: str) -> Reply:
        return await self._event(call, ConnectionClosed(), unknown=sentences.CLOSED)


async def _prepared(connection: Any, loaded: Loaded, step: Step, now: datetime) -> tuple[Step, tuple[int, ...]]:
    """A step that writes, or looks for what was written, with its requests and the changes that they carry out.

    Where nothing can be asked it goes on to what comes next.
    """
    while step.ask is not None and step.ask.kind in OF_CHANGES:
        assert step.session.in_flight is not None
        client, prefix = step.session.client, step.session.in_flight.request_id
        asked = (connection, loaded.company, step.ask.kind, prefix, client.product, client.version, now)
        found = await (seeks.prepare(*asked) if step.ask.kind == "seek" else writes.prepare(*asked))
        if found is not None:
            claimed = found.changes if step.ask.kind == "write" else ()
            return replace(step, ask=replace(step.ask, requests=found.requests)), claimed
        following = asking.without(step.session, step.ask.kind)
        step = replace(following, lost=step.lost, facts=step.facts, mismatches=step.mismatches)
    return step, ()


async def _changed(connection: Any, loaded: Loaded, step: Step, look: Look, now: datetime) -> None:
    """Apply an answer to changes, or one about custom fields, in the transaction that stores it."""
    in_flight = loaded.session.in_flight
    if step.answered is None or in_flight is None or in_flight.kind not in TAKEN_AT_ONCE or not loaded.request:
        return
    try:
        parts = list(stream(look.whole or b""))
    except NotQbxml:  # what became of the changes is looked up
        parts = []
    if in_flight.kind in COUNTING:
        await custom_fields.take_answer(connection, loaded.company, parts)
        return
    if in_flight.kind == "seek":
        await seeks.take_answer(connection, loaded.company, parts, now)
        return
    await applied.take_answer(connection, loaded.company, in_flight, loaded.request, parts, now)


async def _fewer_unprocessed(run: int, most: int, seconds: float) -> None:
    """Wait, for so many seconds at most, until fewer than `most` answers of the run are not taken in."""
    loop = asyncio.get_running_loop()
    ends, pause = loop.time() + seconds, 0.02
    while await waiting.count_unprocessed(run) >= most and loop.time() < ends:
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 0.2)  # of many that wait, each look costs those who work
