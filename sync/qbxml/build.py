"""Writing request documents: schema order whatever the order of the values, pure ASCII, nothing cut or replaced.

Whether QuickBooks would accept the values is validate.py's question; here only what cannot be written is refused.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sync.qbxml import scalars
from sync.qbxml.arrange import ORDER, TEXT, bag, place
from sync.qbxml.fields import Choice, Field, message, operation, version

VERSIONS = ("13.0", "12.0", "11.0", "10.0", "9.0", "8.0", "7.0", "6.1", "6.0", "5.0")  # before 5.0 nothing iterates
NEWEST = VERSIONS[0]
ON_ERROR = ("continueOnError", "stopOnError", "rollbackOnError")
LONGEST_REQUEST_ID = 50  # a longer one answers 1060
LONGEST_SET_ID = 24  # a longer one answers 9004
PLAIN_VERSION = re.compile(r"[0-9]{1,2}\.[0-9]")


class NotBuildable(ValueError):
    """Values that make no document. `field` is the path, as "InvoiceLineAdd[0]/Desc"."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where} {why}")
        self.field = where


@dataclass(frozen=True, slots=True)
class Request:
    """One request: element names as keys, nested as qbXML nests them; for an Add or Mod the values of its body."""

    name: str  # "CustomerQueryRq"
    request_id: str
    values: Mapping[str, Any]
    attributes: Mapping[str, str] = field(default_factory=dict)  # iterator, iteratorID, metaData; defMacro of a body
    include: Sequence[str] = ()  # IncludeRetElement of an Add or Mod: which parts of the record to answer


def build(
    requests: Sequence[Request],
    *,
    version: str = NEWEST,
    on_error: str = "continueOnError",
    new_message_set_id: str | None = None,
    old_message_set_id: str | None = None,
) -> bytes:
    """The document with these requests. Raises NotBuildable."""
    if not PLAIN_VERSION.fullmatch(version):
        raise NotBuildable("version", f"is not one: {version}")
    if on_error not in ON_ERROR:
        raise NotBuildable("onError", f"cannot be {on_error}")
    attributes = {"newMessageSetID": new_message_set_id, "oldMessageSetID": old_message_set_id, "onError": on_error}
    parts = [f'<?xml version="1.0" encoding="utf-8"?>\n<?qbxml version="{version}"?>\n<QBXML><QBXMLMsgsRq']
    for name, value in attributes.items():
        if value is not None:
            limited(name, value, LONGEST_SET_ID)
            parts.append(attribute(name, value))
    parts.append(">")
    for request in requests:
        write_request(request, parts)
    parts.append("</QBXMLMsgsRq></QBXML>\n")
    return "".join(parts).encode("ascii", "xmlcharrefreplace")


def write_request(request: Request, parts: list[str]) -> None:
    """One request with its attributes, those of the body on the body."""
    try:
        of, rules = operation(request.name), message(request.name)
    except KeyError:
        raise NotBuildable(request.name, "is no request of qbXML 13.0") from None
    limited("requestID", request.request_id, LONGEST_REQUEST_ID)
    own = {name: value for name, value in request.attributes.items() if name in rules.attributes}
    rest = {f"@{name}": value for name, value in request.attributes.items() if name not in own}
    values: Mapping[str, Any] = request.values
    if of.body:
        values = {of.body: {**rest, **values}, "IncludeRetElement": list(request.include)}
    elif rest:
        raise NotBuildable(next(iter(rest)), f"is no attribute of {request.name}")
    parts.append(f"<{request.name}")
    parts += [attribute(name, value) for name, value in {"requestID": request.request_id, **own}.items()]
    written = len(parts)
    write_children(rules.content, values, "", parts)
    if len(parts) == written:
        parts.append("/>")
    else:
        parts.insert(written, ">")
        parts.append(f"</{request.name}>")


def write_children(content: Sequence[Field | Choice], values: Mapping[str, Any], where: str, parts: list[str]) -> None:
    left = bag(values)
    seen: dict[str, int] = {}
    for rule, value in place(content, left, values.get(ORDER) or ()):
        at = seen[rule.name] = seen.get(rule.name, -1) + 1
        write(rule, value, f"{where}{rule.name}[{at}]" if rule.repeats else where + rule.name, parts)
    for name in left:
        raise NotBuildable(where + name, "has no place there: unknown, given too often, or excluded by another")


def write(rule: Field, value: Any, where: str, parts: list[str]) -> None:
    """One element."""
    given = value if isinstance(value, Mapping) else {}
    parts.append(f"<{rule.name}")
    for name, text in given.items():
        if name.startswith("@"):
            if name[1:] not in rule.attributes:
                raise NotBuildable(f"{where}/{name}", "is no attribute of it")
            parts.append(attribute(name[1:], text))
    parts.append(">")
    if not rule.children:
        parts.append(escaped(rule, given.get(TEXT, "") if given else value, where))
    elif isinstance(value, Mapping):
        write_children(rule.children, value, f"{where}/", parts)
    elif value != "":
        raise NotBuildable(where, "is a group of fields")
    parts.append(f"</{rule.name}>")


def escaped(rule: Field, value: Any, where: str) -> str:
    """A scalar as it stands between tags."""
    try:
        text = scalars.text(rule, value)
    except scalars.NotText as error:
        raise NotBuildable(where, str(error)) from error
    return escape(text, where)


def escape(text: str, where: str) -> str:
    """The text with markup escaped. Raises NotBuildable for a character that XML cannot hold in any form."""
    illegal = scalars.ILLEGAL.search(text)
    if illegal:
        raise NotBuildable(where, f"has a character that XML cannot hold: U+{ord(illegal[0]):04X}")
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")


def attribute(name: str, value: str) -> str:
    quoted = escape(value, name).replace('"', "&quot;").replace("\t", "&#9;").replace("\n", "&#10;")
    return f' {name}="{quoted}"'


def limited(name: str, value: str, longest: int) -> None:
    if len(value) > longest:
        raise NotBuildable(name, f"has {len(value)} characters, and can have {longest}")


def version_for(supported: Iterable[str] | tuple[int, int]) -> str:
    """The version to speak: the lower of 13.0 and the newest the client has; 13.0 when it did not say.

    Takes the versions of HostRet, or the pair of the Web Connector, where (0, 0) means not said. National versions of
    old releases ("CA3.0") are another language and do not count.
    """
    given = [str(one) for one in supported]
    if len(given) == 2 and not any("." in one for one in given):
        given = [] if given == ["0", "0"] else [".".join(given)]
    spoken = [version(one) for one in given if PLAIN_VERSION.fullmatch(one)]
    newest = min(max(spoken), version(NEWEST)) if spoken else version(NEWEST)
    return ".".join(map(str, newest))


def lower_of(one: str, other: str) -> str:
    """The lower of two versions; "" is not known and does not count."""
    return min((text for text in (one, other) if text), key=version, default="")


def lower_version(spoken: str) -> str | None:
    """The next version to try when QuickBooks does not know this one; None below the last that has iterators."""
    return next((one for one in VERSIONS if version(one) < version(spoken)), None)
