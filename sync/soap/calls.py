"""The eleven methods of the Web Connector and what one call of them carries, whoever decoded it.

Both decoders end in `call_of`, so that the same bytes give the same Call. What they both hold to: an absent, an empty
and a nil parameter are all ""; white space is kept; unknown children are ignored; the same parameter twice is no call.
"""

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

NAMESPACE = "http://developer.intuit.com/"  # of every method, parameter and result
ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"

ELEMENTS = 40  # a call has nine at most; more is not a call
ATTRIBUTES = 8  # of one element; the real client writes none
HEAD = 64 * 1024  # bytes of an answer that can be looked at without unpacking it; longer answers are packed
TEXTS = 4_000_000  # bytes of any other parameter; strHCPResponse has some ten thousand

# Optional BOM, optional declaration of UTF-8, then an element: no DOCTYPE, no UTF-16, no HTML form.
START = re.compile(
    rb"""(?:\xef\xbb\xbf)?
    (?:<\?xml\s+version\s*=\s*["']1\.0["'](?:\s+encoding\s*=\s*["']utf-?8["'])?(?:\s+standalone\s*=\s*["'](?:yes|no)["'])?\s*\?>)?
    \s*<[A-Za-z_]""",
    re.VERBOSE | re.IGNORECASE,
)
START_SIZE = 1024  # bytes in which START must have matched
NUMBER = re.compile(r"\s*([+-]?[0-9]{1,9})\s*", re.ASCII)

Result = Literal["string", "int", "strings"]


class NotACall(Exception):
    """The bytes are not exactly one known method in a SOAP 1.1 envelope in UTF-8. Says why, without their contents."""


@dataclass(frozen=True, slots=True)
class Method:
    """One method: parameter names in wire order, which of them are ints, and the kind of its result."""

    name: str
    parameters: tuple[str, ...] = ()
    numbers: frozenset[str] = frozenset()
    result: Result = "string"


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        method.name: method
        for method in (  # source: Intuit's published WSDL; the interactive methods: QBWC Programmer's Guide, chapter 10
            Method("serverVersion"),
            Method("clientVersion", ("strVersion",)),
            Method("authenticate", ("strUserName", "strPassword"), result="strings"),
            Method(
                "sendRequestXML",
                (
                    "ticket",
                    "strHCPResponse",
                    "strCompanyFileName",
                    "qbXMLCountry",
                    "qbXMLMajorVers",
                    "qbXMLMinorVers",
                ),
                numbers=frozenset({"qbXMLMajorVers", "qbXMLMinorVers"}),
            ),
            Method("receiveResponseXML", ("ticket", "response", "hresult", "message"), result="int"),
            Method("connectionError", ("ticket", "hresult", "message")),
            Method("getLastError", ("ticket",)),
            Method("closeConnection", ("ticket",)),
            Method("getInteractiveURL", ("wcTicket", "sessionID")),
            Method("interactiveRejected", ("wcTicket", "reason")),
            Method("interactiveDone", ("wcTicket",)),
        )
    }
)


@dataclass(frozen=True, slots=True)
class Packed:
    """A long text (over 64 KB): zlib level 1 of its UTF-8, its size in bytes, and its first 64 KB.

    The head may end within a character.
    """

    compressed: bytes
    size: int
    head: bytes

    def text(self) -> str:
        """The whole text, unpacked."""
        return zlib.decompress(self.compressed).decode()


class Packing:
    """Takes a text piece by piece; gives it back as it is while it is short, else Packed."""

    def __init__(self) -> None:
        self.size = 0
        self._head = bytearray()
        self._compressor = zlib.compressobj(level=1)
        self._compressed: list[bytes] = []

    def write(self, piece: str) -> None:
        """Add a piece. Nothing is compressed until the text has outgrown its head."""
        data = piece.encode()
        before, self.size = self.size, self.size + len(data)
        if before < HEAD:
            self._head += data[: HEAD - before]
        if self.size > HEAD:
            if before <= HEAD:
                self._compress(self._head)
                data = data[HEAD - before :]
            self._compress(data)

    def _compress(self, data: bytes | bytearray) -> None:
        piece = self._compressor.compress(data)
        if piece:
            self._compressed.append(piece)

    def value(self) -> str | Packed:
        """The text, once all of it is written."""
        if self.size <= HEAD:
            return self._head.decode()
        return Packed(b"".join([*self._compressed, self._compressor.flush()]), self.size, bytes(self._head))


@dataclass(frozen=True, slots=True)
class Call:
    """One call: every parameter of its method by wire name. Texts are "" and numbers 0 where the caller gave none."""

    method: str
    arguments: Mapping[str, str | int | Packed]

    def text(self, name: str) -> str:
        """A parameter as text, unpacked if need be."""
        value = self.arguments[name]
        return value.text() if isinstance(value, Packed) else str(value)

    def number(self, name: str) -> int:
        """A parameter declared as int."""
        value = self.arguments[name]
        if not isinstance(value, int):
            raise TypeError(f"{name} of {self.method} is a text")
        return value


def number_of(text: str) -> int:
    """An int parameter: "13", " 13 "; anything else is 0, for no call is refused over a version number."""
    match = NUMBER.fullmatch(text)
    return int(match[1]) if match else 0


def call_of(method: Method, given: Mapping[str, str | Packed]) -> Call:
    """The Call of a method with the parameters that were given; only `response` stays packed."""
    arguments: dict[str, str | int | Packed] = {}
    for name in method.parameters:
        value = given.get(name, "")
        if isinstance(value, Packed) and name != "response":
            value = value.text()
        arguments[name] = number_of(value) if name in method.numbers and isinstance(value, str) else value
    return Call(method.name, MappingProxyType(arguments))
