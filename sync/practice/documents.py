"""A qbXML request document as read: its version, its message set, its requests; all of it or nothing."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from lxml import etree

from sync.practice import markup
from sync.practice.markup import Fields
from sync.practice.refusals import unknown_version, unreadable
from sync.practice.strictness import Schema
from sync.qbxml.fields import operations

_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_VERSION = re.compile(r'version\s*=\s*["\']([^"\']+)["\']')
_ON_ERROR = ("continueOnError", "stopOnError", "rollbackOnError")
_SET_ATTRIBUTES = ("onError", "oldMessageSetID", "newMessageSetID", "responseData")


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a message set."""

    name: str  # with its Rq
    attributes: dict[str, str]
    fields: Fields
    macros: tuple[tuple[str, str], ...] = ()  # defMacro: (element, name)


@dataclass(frozen=True, slots=True)
class MessageSet:
    """What one document asks for."""

    on_error: str
    old_id: str | None
    new_id: str | None
    with_data: bool
    requests: tuple[Request, ...]


def read_document(document: str, spoken: Collection[str], product: str) -> MessageSet:
    """The message set of a document. Raises QuickBooksError when it is not XML, not of a known version, not valid."""
    root = _root(document)
    version = _instruction(root)
    if version not in spoken:
        raise unknown_version(version)
    inside = markup.children(root)
    if root.tag != "QBXML" or len(inside) != 1 or inside[0].tag != "QBXMLMsgsRq":
        raise unreadable("not a QBXML document with one QBXMLMsgsRq")
    return _message_set(inside[0], Schema(min(version, "13.0", key=_comparable), product))


def _comparable(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _root(document: str) -> Any:
    try:
        root = etree.fromstring(_DECLARATION.sub("", document, count=1).strip().encode(), markup.parser())
    except (etree.XMLSyntaxError, UnicodeEncodeError) as error:
        raise unreadable(str(error)) from error
    if root.getroottree().docinfo.doctype:
        raise unreadable("a document type")
    return root


def _instruction(root: Any) -> str:
    """The version in the qbxml instruction before the root, '' without one."""
    node = root.getprevious()
    while node is not None:
        if node.tag is etree.PI and node.target == "qbxml":
            found = _VERSION.search(node.text or "")
            return found.group(1) if found else ""
        node = node.getprevious()
    return ""


def _message_set(node: Any, schema: Schema) -> MessageSet:
    if any(name not in _SET_ATTRIBUTES for name in node.attrib) or node.get("onError") not in _ON_ERROR:
        raise unreadable("attributes of QBXMLMsgsRq")
    return MessageSet(
        on_error=node.get("onError"),
        old_id=node.get("oldMessageSetID"),
        new_id=node.get("newMessageSetID"),
        with_data=node.get("responseData", "includeAll") == "includeAll",
        requests=tuple(_request(child, schema) for child in markup.children(node)),
    )


def _request(node: Any, schema: Schema) -> Request:
    if node.tag not in operations():
        raise unreadable(f"there is no {node.tag}")
    schema.check(node)
    body = markup.children(node)[0] if markup.children(node) else None
    macro = body.get("defMacro") if body is not None else None
    macros = ((body.tag, macro),) if body is not None and macro else ()
    return Request(node.tag, dict(node.attrib), markup.fields_of(_without_macros(node)), macros)


def _without_macros(node: Any) -> Any:
    """The node with every useMacro written as the text of its element, marked as a macro."""
    for user in node.iter():
        name = user.get("useMacro") if isinstance(user.tag, str) else None
        if name:
            user.text = f"macro:{name}"
    return node
