"""Reads a call of any size in bounded memory: expat, and the answer's text straight into zlib.

It gives the very same Call as `codec.decode`. Rules: nothing is kept but the parameters of the one method; whatever is
not a call is refused at the first byte that shows it; no single tag, comment or instruction is longer than TAG.
"""

from pyexpat import ExpatError, ParserCreate

from sync.soap.calls import (
    ATTRIBUTES,
    ELEMENTS,
    ENVELOPE,
    INSTANCE,
    METHODS,
    NAMESPACE,
    START,
    START_SIZE,
    TEXTS,
    Call,
    Method,
    NotACall,
    Packed,
    Packing,
    call_of,
)

SEPARATOR = "\n"  # between namespace and name; a name cannot hold it
NIL = f"{INSTANCE}{SEPARATOR}nil"
PIECE = 4096  # bytes given to expat at least: it reads an unfinished tag again with every piece
SLICE = 64 * 1024  # and at most
TAG = 3 * SLICE  # bytes that expat may hold back
PART, METHOD, PARAMETER = 2, 3, 4  # depths: Envelope/Body/sendRequestXML/ticket


class StreamingDecoder:
    """Decodes one call: `feed` the body piece by piece, then `finish`. Both raise NotACall."""

    def __init__(self) -> None:
        self.method: str | None = None
        """The method's name, as soon as it is known."""
        self._method: Method | None = None
        self._given: dict[str, str | Packed] = {}
        self._name = ""
        self._packing: Packing | None = None
        self._waiting = bytearray()
        self._begun = False
        self._depth = self._elements = self._prefixes = self._bodies = self._fed = 0
        self._in_body = self._listening = False
        self._parser = ParserCreate("utf-8", SEPARATOR)
        self._parser.buffer_text = True
        self._parser.buffer_size = SLICE
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.StartNamespaceDeclHandler = self._prefix
        self._parser.StartElementHandler = self._open
        self._parser.EndElementHandler = self._close
        self._parser.CharacterDataHandler = self._text

    @property
    def ticket(self) -> str | None:
        """The ticket, as soon as its element has ended: within the first 4 KB of what the real client sends."""
        ticket = self._given.get("ticket")
        return ticket if isinstance(ticket, str) else None

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the body."""
        self._waiting += chunk
        if len(self._waiting) >= PIECE:
            self._parse(bytes(self._waiting))
            self._waiting.clear()

    def finish(self) -> Call:
        """The call, once the whole body was fed."""
        self._parse(bytes(self._waiting))
        self._expat(b"", final=True)
        if self._method is None:
            raise NotACall("The Body has no method.")
        return call_of(self._method, self._given)

    def _parse(self, data: bytes) -> None:
        if not self._begun:
            if not START.match(data[:START_SIZE]):
                raise NotACall("The body is not a SOAP 1.1 document in UTF-8.")
            self._begun = True
            data = data.removeprefix(b"\xef\xbb\xbf")
        for start in range(0, len(data), SLICE):
            self._expat(data[start : start + SLICE])

    def _expat(self, data: bytes, *, final: bool = False) -> None:
        try:
            self._parser.Parse(data, final)
        except (ExpatError, UnicodeError) as error:
            raise NotACall("The body is not well-formed XML.") from error
        self._fed += len(data)
        if self._fed - self._parser.CurrentByteIndex > TAG:
            raise NotACall("A tag is too long.")

    def _doctype(self, *_: object) -> None:
        raise NotACall("A document type is not allowed.")

    def _prefix(self, *_: object) -> None:
        self._prefixes += 1
        if self._prefixes > ELEMENTS:
            raise NotACall("There are too many namespaces.")

    def _open(self, tag: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        self._depth += 1
        if self._elements > ELEMENTS or len(attributes) > ATTRIBUTES:
            raise NotACall("There are too many elements or attributes.")
        namespace, _, name = tag.rpartition(SEPARATOR)
        if self._depth == 1 and (namespace, name) != (ENVELOPE, "Envelope"):
            raise NotACall("The body is not a SOAP 1.1 envelope.")
        if self._depth == PART:
            self._open_part((namespace, name) == (ENVELOPE, "Body"))
        elif self._in_body and self._depth == METHOD:
            self._open_method(namespace, name)
        elif self._in_body and self._depth == PARAMETER:
            self._open_parameter(name, attributes)
        else:
            self._listening = False  # an element inside a parameter: only the text before it counts

    def _open_part(self, is_body: bool) -> None:
        self._in_body = is_body
        self._bodies += is_body
        if self._bodies > 1:
            raise NotACall("There is more than one Body.")

    def _open_method(self, namespace: str, name: str) -> None:
        if self._method is not None:
            raise NotACall("There is more than one method in the Body.")
        if namespace != NAMESPACE or name not in METHODS:
            raise NotACall("The method is not one of the Web Connector's.")
        self._method, self.method = METHODS[name], name

    def _open_parameter(self, name: str, attributes: dict[str, str]) -> None:
        if self._method is None or name not in self._method.parameters:
            return
        if name in self._given:
            raise NotACall("A parameter is given twice.")
        self._name, self._packing = name, Packing()
        self._listening = attributes.get(NIL, "").strip() not in ("true", "1")

    def _text(self, piece: str) -> None:
        if self._listening and self._packing is not None:
            self._packing.write(piece)
            if self._name != "response" and self._packing.size > TEXTS:
                raise NotACall("A parameter is too long.")

    def _close(self, _: str) -> None:
        if self._depth == PARAMETER and self._packing is not None:
            self._given[self._name] = self._packing.value()
            self._packing = None
        self._depth -= 1
