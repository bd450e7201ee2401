"""Values to the XML that QuickBooks writes, and XML back to values.

A record is a dict of element name to text, dict or list of them, in the order of the elements. QuickBooks writes one
element a line, everything above ASCII as a numeric reference, no namespaces.
"""

import re
from collections.abc import Iterable
from typing import Any, TypeAlias

from lxml import etree

Fields: TypeAlias = dict[str, Any]  # element name -> str, Fields, or a list of either

_SPECIAL = re.compile(r'[&<>"]|[^\x09\x0a\x20-\x7e]')
_NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": ""}


def escape(text: str) -> str:
    """Text as it may stand in an element or an attribute."""
    return _SPECIAL.sub(_reference, text)


def _reference(match: re.Match[str]) -> str:
    character = match.group()
    return _NAMED.get(character) or ("" if ord(character) < 32 else f"&#{ord(character)};")


def render(fields: Fields) -> str:
    """The elements of a record, one a line."""
    parts: list[str] = []
    _write(parts, fields)
    return "".join(parts)


def _write(parts: list[str], fields: Fields) -> None:
    for name, value in fields.items():
        for one in value if isinstance(value, list) else (value,):
            if isinstance(one, dict):
                parts.append(f"<{name}>\n")
                _write(parts, one)
                parts.append(f"</{name}>\n")
            else:
                parts.append(f"<{name}>{escape(one)}</{name}>\n")


def element(name: str, attributes: dict[str, str], body: str = "") -> str:
    """One element on lines of its own; without a body it closes itself."""
    head = "".join([name, *(f' {key}="{escape(value)}"' for key, value in attributes.items())])
    return f"<{head}>\n{body}</{name}>\n" if body else f"<{head} />\n"


def parser() -> Any:
    """An XML parser that fetches nothing and expands nothing."""
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, huge_tree=True
    )


def children(node: Any) -> list[Any]:
    """The child elements of a node, without processing instructions."""
    return [child for child in node if isinstance(child.tag, str)]


def fields_of(node: Any) -> Fields:
    """An element's children as values; an element that comes twice becomes a list."""
    fields: Fields = {}
    for child in children(node):
        inner = children(child)
        value: Any = fields_of(child) if inner else (child.text or "").strip()
        if child.tag not in fields:
            fields[child.tag] = value
        elif isinstance(fields[child.tag], list):
            fields[child.tag].append(value)
        else:
            fields[child.tag] = [fields[child.tag], value]
    return fields


def read(markup: str) -> Fields:
    """The values in rendered elements."""
    return fields_of(etree.fromstring(f"<r>{markup}</r>", parser()))


def text(fields: Fields, *path: str) -> str:
    """The text at a path, '' where there is none."""
    value: Any = fields
    for name in path:
        value = value.get(name, "") if isinstance(value, dict) else ""
    return value if isinstance(value, str) else ""


def many(fields: Fields, name: str) -> list[Any]:
    """What comes under a name, as a list of none, one or more."""
    value = fields.get(name)
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def group(fields: Fields, name: str) -> Fields:
    """The record under a name, {} where there is none."""
    value = fields.get(name)
    return value if isinstance(value, dict) else {}


def wrap(tag: str, bodies: Iterable[str]) -> str:
    """Each body inside an element of that name."""
    opened, closed = f"<{tag}>\n", f"</{tag}>\n"
    return "".join([f"{opened}{body}{closed}" for body in bodies])
