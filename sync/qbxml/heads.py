"""An answer's text before it is parsed: where it starts, what is cleaned out of it, the heads found at a glance."""

import re
from dataclasses import dataclass
from html import unescape

CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\r")
REFERENCE = re.compile(rb"&#(x[0-9A-Fa-f]+|[0-9]+);")
PROLOG = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?.*?\?>\s*|<!--.*?-->\s*)*", re.DOTALL)
ROOT = re.compile(rb"<QBXML[\s/>]")
ATTRIBUTE = r"""\s+[\w.:-]+\s*=\s*(?:"[^"<]*"|'[^'<]*')"""
RESPONSE = re.compile(rf"<([A-Za-z]\w*Rs)((?:{ATTRIBUTE})*)\s*/?>".encode())
PAIR = re.compile(r"""([\w.:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")


class NotQbxml(Exception):
    """The text is no whole and safe qbXML document; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Status:
    """How a request ended. A status that QuickBooks left out or garbled has code -1 and says so."""

    code: int
    severity: str  # "Info", "Warn", "Error"; "" when not sent
    message: str


@dataclass(frozen=True, slots=True)
class Head:
    """The start of one response, as "CustomerQueryRs"."""

    name: str
    request_id: str
    status: Status
    iterator_id: str | None
    iterator_remaining: int | None
    ret_count: int | None
    attributes: dict[str, str]


@dataclass(frozen=True, slots=True)
class MessageSet:
    """The heads of a whole answer. `status_code` is messageSetStatusCode, of error recovery."""

    new_message_set_id: str | None
    status_code: int | None
    heads: tuple[Head, ...]


def glance(data: bytes, start: int) -> MessageSet:
    """Message set and heads of a text without comments, from its start tags alone."""
    found = []
    outer: dict[str, str] = {}
    for match in RESPONSE.finditer(data, start):
        name, attributes = match[1].decode(), attributes_of(match[2])
        if name.endswith("MsgsRs"):
            outer = attributes
        else:
            found.append(head(name, attributes))
    status = integer(outer.get("messageSetStatusCode"))
    return MessageSet(outer.get("newMessageSetID"), status, tuple(found))


def attributes_of(text: bytes) -> dict[str, str]:
    """The attributes in a start tag, normalised as XML does."""
    pairs = PAIR.finditer(decoded(cleaned(text)))
    return {pair[1]: unescape(re.sub(r"[\t\r\n]", " ", pair[2] or pair[3] or "")) for pair in pairs}


def decoded(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        raise NotQbxml("The answer is not UTF-8.") from error


def head(name: str, attributes: dict[str, str]) -> Head:
    """A head from its element's attributes."""
    code = integer(attributes.get("statusCode"))
    missing = "" if code is not None else "QuickBooks sent no status code. "
    return Head(
        name=name,
        request_id=attributes.get("requestID", ""),
        status=Status(
            code=-1 if code is None else code,
            severity=attributes.get("statusSeverity", ""),
            message=(missing + attributes.get("statusMessage", "")).strip(),
        ),
        iterator_id=attributes.get("iteratorID"),
        iterator_remaining=integer(attributes.get("iteratorRemainingCount")),
        ret_count=integer(attributes.get("retCount")),
        attributes=attributes,
    )


def integer(text: str | None) -> int | None:
    """The number in the text; None for anything else, also for one of more than nine digits, which nothing counts."""
    digits = (text or "").strip()
    return int(digits) if re.fullmatch(r"[+-]?[0-9]{1,9}", digits) else None


def root_at(data: bytes) -> int:
    """Where the QBXML element starts. Raises NotQbxml for a DOCTYPE, or when something else stands there."""
    match = PROLOG.match(data)
    at = match.end() if match else 0
    if ROOT.match(data, at):
        return at
    if data.startswith(b"<!", at):
        raise NotQbxml("The answer declares a document type; QuickBooks never does.")
    raise NotQbxml("The answer is not qbXML.")


def cleaned(text: bytes) -> bytes:
    """The text without control characters and references to them: QuickBooks sends both, XML allows neither."""
    text = text.translate(None, CONTROLS)
    return REFERENCE.sub(legal_reference, text) if b"&#" in text else text


def legal_reference(match: re.Match[bytes]) -> bytes:
    digits = match[1].lstrip(b"x0")
    if len(digits) > 7:
        return b""
    code = int(digits or b"0", 16 if match[1].startswith(b"x") else 10)
    legal = code in (9, 10, 13) or 32 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code < 0x110000
    return match[0] if legal else b""
