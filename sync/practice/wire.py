"""The practice Web Connector's side of the wire: its envelopes, its HTTP, and how it takes a reply.

Written by hand from what the real program sends, not with the product's own SOAP, so that each checks the other.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from lxml import etree

NAMESPACE = "http://developer.intuit.com/"
ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
OPENING = (
    '<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"><soap:Body>'
)
CLOSING = "</soap:Body></soap:Envelope>"
USER_AGENT = "Mozilla/4.0 (compatible; MSIE 6.0; MS Web Services Client Protocol 4.0.30319.42000)"
ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\n": "&#10;", "\r": "&#xD;"})
CONTINUE_WAIT = 0.35  # seconds that .NET waits for 100 Continue before it sends the body all the same
LINE = 64 * 1024  # bytes of one header line at most
UNREADABLE = (OSError, EOFError, ValueError, IndexError, asyncio.LimitOverrunError)

Argument = str | int | None
Reply = str | int | list[str] | None


class CallFailed(Exception):
    """No usable reply to a call: the network, HTTP, a SOAP fault, or a reply that .NET cannot read."""


class StaleConnection(Exception):
    """A kept connection that the server had closed in the meantime."""


class BrokenOff(Exception):
    """The connection was dropped on purpose, in the middle of a request."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back over HTTP."""

    status: int
    content_type: str
    body: bytes


def envelope(method: str, arguments: Iterable[tuple[str, Argument]]) -> bytes:
    """One call on one line. None is left out, "" is an empty element, a text is escaped once more."""
    children = "".join(_element(name, value) for name, value in arguments if value is not None)
    opening = f'<{method} xmlns="{NAMESPACE}"'
    call = f"{opening}>{children}</{method}>" if children else f"{opening} />"
    return f"{OPENING}{call}{CLOSING}".encode()


def _element(name: str, value: str | int) -> str:
    return f"<{name} />" if value == "" else f"<{name}>{str(value).translate(ESCAPES)}</{name}>"


def read_reply(method: str, answer: Answer) -> Reply:
    """The result of a call. Raises CallFailed where the real program's proxy would throw."""
    kind = answer.content_type.partition(";")[0].strip().lower()
    if kind != "text/xml":
        raise CallFailed(f"Client found response content type of '{answer.content_type}', but expected 'text/xml'.")
    body = _soap_body(answer.body)
    reason = body.findtext(f"{{{ENVELOPE}}}Fault/faultstring")
    if reason is not None or answer.status != 200:
        raise CallFailed(reason or f"The request failed with HTTP status {answer.status}.")
    result = body.find(f"{{{NAMESPACE}}}{method}Response/{{{NAMESPACE}}}{method}Result")
    return _result(method, result)


def _soap_body(data: bytes) -> Any:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise CallFailed("Response is not well-formed XML.") from error
    body = root.find(f"{{{ENVELOPE}}}Body") if root.tag == f"{{{ENVELOPE}}}Envelope" else None
    if body is None:
        raise CallFailed("Response is not a SOAP 1.1 envelope.")
    return body


def _result(method: str, result: Any) -> Reply:
    match method:
        case "authenticate":
            return [] if result is None else [item.text or "" for item in result.findall(f"{{{NAMESPACE}}}string")]
        case "receiveResponseXML":
            try:
                return int(result.text)
            except (AttributeError, TypeError, ValueError) as error:
                raise CallFailed("There is an error in XML document: the input string is not a number.") from error
        case _:
            return None if result is None else result.text or ""


class Http:
    """HTTP/1.1 to one server, on one connection that is kept alive. Redirects are not followed."""

    def __init__(self, url: str, *, timeout: float, expect_continue: bool) -> None:
        self.url = url
        self._timeout = timeout
        self._expect_continue = expect_continue
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, action: str, body: bytes, *, break_off: bool = False) -> Answer:
        """Send a SOAP message. Raises CallFailed; or BrokenOff after half of it, when told to break off."""
        headers = {
            "User-Agent": USER_AGENT,
            "Content-Type": "text/xml; charset=utf-8",
            "SOAPAction": f'"{NAMESPACE}{action}"',
            "Content-Length": str(len(body)),
        }
        if self._expect_continue:
            headers["Expect"] = "100-continue"
        parts = urlsplit(self.url)
        try:
            async with asyncio.timeout(self._timeout):
                head = _head("POST", parts, headers)
                try:
                    return await self._exchange(parts, head, body, break_off=break_off)
                except StaleConnection:  # .NET sends once more where a kept connection gave no answer at all
                    self.close()
                    return await self._exchange(parts, head, body, break_off=break_off)
        except TimeoutError as error:
            self.close()
            raise CallFailed("The operation has timed out.") from error
        except UNREADABLE as error:
            self.close()
            raise CallFailed(f"The underlying connection was closed: {type(error).__name__}.") from error
        except BaseException:
            self.close()  # the connection is in the middle of something
            raise

    async def get(self, url: str) -> Answer:
        """Ask for a page on a connection of its own, as the checks of CertURL and AppSupport do: without any login."""
        other = Http(url, timeout=self._timeout, expect_continue=False)
        parts = urlsplit(url)
        try:
            async with asyncio.timeout(self._timeout):
                return await other._exchange(parts, _head("GET", parts, {}), b"", break_off=False)
        except UNREADABLE as error:
            raise CallFailed(f"{url} could not be reached.") from error
        finally:
            other.close()

    def close(self) -> None:
        """Let go of the connection; the next request makes a new one."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _exchange(self, parts: SplitResult, head: bytes, body: bytes, *, break_off: bool) -> Answer:
        kept = self._streams is not None
        reader, writer = await self._connected(parts)
        try:
            writer.write(head)
            early = await self._early_answer(reader, writer)
            if early is not None:
                return early
            writer.write(body[: len(body) // 2] if break_off else body)
            await writer.drain()
            if break_off:
                self.close()
                raise BrokenOff
            line = await reader.readuntil(b"\r\n")
        except (ConnectionError, asyncio.IncompleteReadError) as error:
            if kept:
                raise StaleConnection from error
            raise
        return await self._answer(reader, line)

    async def _connected(self, parts: SplitResult) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is not None and self._streams[0].at_eof():
            self.close()
        if self._streams is None:
            port = parts.port or (443 if parts.scheme == "https" else 80)
            self._streams = await asyncio.open_connection(
                parts.hostname, port, limit=LINE, ssl=True if parts.scheme == "https" else None
            )
        return self._streams

    async def _early_answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Answer | None:
        """With Expect: what the server answers instead of 100 Continue, or None when the body may follow."""
        if not self._expect_continue:
            return None
        await writer.drain()
        try:
            async with asyncio.timeout(CONTINUE_WAIT):
                line = await reader.readuntil(b"\r\n")
        except TimeoutError:
            return None
        if line.split()[1:2] != [b"100"]:
            return await self._answer(reader, line)
        await _headers(reader)
        return None

    async def _answer(self, reader: asyncio.StreamReader, line: bytes) -> Answer:
        status = int(line.split()[1])
        headers = await _headers(reader)
        if status == 100:  # it came after the wait for it
            return await self._answer(reader, await reader.readuntil(b"\r\n"))
        body = await _body(reader, headers)
        if headers.get("connection", "").lower() == "close" or not _is_framed(headers):
            self.close()
        return Answer(status, headers.get("content-type", ""), body)


def _head(verb: str, parts: SplitResult, headers: Mapping[str, str]) -> bytes:
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [f"{verb} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, f"Host: {parts.netloc}", "Connection: Keep-Alive", "", ""]).encode()


async def _headers(reader: asyncio.StreamReader) -> dict[str, str]:
    headers = {}
    while line := (await reader.readuntil(b"\r\n")).strip():
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    return headers


def _is_framed(headers: Mapping[str, str]) -> bool:
    return "content-length" in headers or "transfer-encoding" in headers


async def _body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return b"".join([chunk async for chunk in _chunks(reader)])
    if "content-length" in headers:
        return await reader.readexactly(int(headers["content-length"]))
    return await reader.read()


async def _chunks(reader: asyncio.StreamReader) -> Any:
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        yield await reader.readexactly(size)
        await reader.readexactly(2)
    await _headers(reader)
