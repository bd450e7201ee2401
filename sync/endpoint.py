"""The Web Connector's address: bytes in, one call, bytes out. GET and HEAD answer 200 to anybody, POST takes SOAP.

What does not decode gets a SOAP fault and leaves nothing behind. Bodies are read as they come: a large one is decoded
on the way, in bounded memory, and thrown away when its ticket is known to be dead.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

from litestar import Request, Response, route
from litestar.enums import HttpMethod
from litestar.exceptions import ClientException, InternalServerException

from sync import qwc, soap
from sync.conversation import Conversation
from sync.protocol.session import STOP
from sync.store import sessions

log = logging.getLogger(__name__)

SMALL = 1_000_000  # bytes; a longer body is decoded on the way
LARGEST = 100_000_000  # bytes
PIECE = 256 * 1024  # bytes handed to the decoder at a time
WELCOME = "This address is for the QuickBooks Web Connector. People find Deskbridge one level up.\n"
SOAP = "text/xml"  # the framework adds the charset
XML_TYPES = frozenset({SOAP, "application/xml"})

decoding = asyncio.Semaphore(2)  # pieces of large bodies at a time; never held while a caller keeps us waiting


class TooLarge(Exception):
    """The body is longer than LARGEST."""


class DeadTicket(Exception):
    """A large answer for a session that is over: it is not worth decoding."""


def conversation_of(request: Request[Any, Any, Any]) -> Conversation:
    """Return this process's side of the conversations, which whoever makes the application puts into its state."""
    conversation = request.app.state.conversation
    if not isinstance(conversation, Conversation):
        raise TypeError("this application answers no Web Connector")
    return conversation


@route(
    qwc.PATH,
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    name="web_connector_info",
    opt={"role": "public"},
    sync_to_thread=False,
)
def info(request: Request[Any, Any, Any]) -> Response[bytes]:
    if any(name.lower() == "wsdl" for name in request.query_params):
        return Response(soap.wsdl(f"{conversation_of(request).public_url}{qwc.PATH}"), media_type=SOAP)
    return Response(WELCOME.encode(), media_type="text/plain")


@route(
    qwc.PATH,
    http_method=[HttpMethod.POST],
    name="web_connector",
    status_code=200,
    opt={"role": "public", "exclude_from_csrf": True},
    request_max_body_size=LARGEST,
)
async def call(request: Request[Any, Any, Any]) -> Response[bytes]:
    return await answer(conversation_of(request), request)


HANDLERS = [info, call]  # the routes of the Web Connector's address


async def answer(conversation: Conversation, request: Request[Any, Any, Any]) -> Response[bytes]:
    """One POST."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in XML_TYPES:
        return refusal(415, "The Web Connector sends text/xml.")
    try:
        decoded = await _decode(request)
    except soap.NotACall as error:
        log.info("refused a body that is no call: %s", error)
        return refusal(400, str(error))
    except (TooLarge, ClientException):
        return refusal(413, "A message may have 100 MB.")
    except InternalServerException:  # the framework's name for a caller that hung up in the middle
        log.info("a caller hung up before its message was whole")
        return refusal(400, "The message broke off.")
    except DeadTicket:
        return Response(soap.encode("receiveResponseXML", STOP), media_type=SOAP)
    address = request.client.host if request.client else ""
    result = await conversation.answer(decoded, address)
    return Response(soap.encode(decoded.method, result), media_type=SOAP)


def refusal(status: int, sentence: str) -> Response[bytes]:
    """A SOAP fault: the fault is the caller's."""
    return Response(soap.fault(sentence), status_code=status, media_type=SOAP)


async def _decode(request: Request[Any, Any, Any]) -> soap.Call:
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > LARGEST:
        raise TooLarge
    body = bytearray()
    pieces = request.stream()
    async for piece in pieces:
        body += piece
        if len(body) > SMALL:
            return await _decode_large(body, pieces)
    return soap.decode(bytes(body))


async def _decode_large(begun: bytearray, pieces: AsyncIterator[bytes]) -> soap.Call:
    """Decode a body while it comes in. Where its ticket does not live, the rest is read and thrown away."""
    decoder = soap.StreamingDecoder()
    size, waiting = len(begun), begun
    await _feed(decoder, waiting)
    dead = decoder.ticket is None or await _is_dead(decoder.ticket)
    async for piece in pieces:
        size += len(piece)
        if size > LARGEST:
            raise TooLarge
        if dead:
            continue
        waiting += piece
        if len(waiting) >= PIECE:
            await _feed(decoder, waiting)
    if dead and decoder.method != "receiveResponseXML":
        raise soap.NotACall("Only an answer of QuickBooks may be this long.")
    if dead:
        raise DeadTicket
    await _feed(decoder, waiting)
    return await asyncio.to_thread(decoder.finish)


async def _is_dead(ticket: str) -> bool:
    """Whether a ticket is known not to live. Where that cannot be looked up, the call itself says what broke."""
    try:
        return not await sessions.lives(ticket)
    except Exception:
        log.exception("a ticket could not be looked up")
        return False


async def _feed(decoder: soap.StreamingDecoder, waiting: bytearray) -> None:
    """Decode what has come in, and forget it."""
    data = bytes(waiting)
    waiting.clear()
    async with decoding:
        await asyncio.to_thread(decoder.feed, data)
