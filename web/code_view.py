"""qbXML as a page shows it: one element a line, indented, its parts named for colouring. For reading only.

It goes by the text alone and never fails: what is not well formed is shown as it stands. Nothing is shown that is
not in the document, but spaces between elements.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import islice
from typing import Any

from web.masking import DOTS

TOKEN = re.compile(
    r"<\?.*?\?>|<!--.*?-->|(?P<cdata><!\[CDATA\[.*?\]\]>)|</(?P<close>[^<>\s]+)\s*>"
    r"|<(?P<open>[^<>\s/!?]+)(?P<rest>(?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>|[^<]+|<",
    re.DOTALL,
)
ATTRIBUTE = re.compile(r"(\s+)([^\s=]+)(\s*=\s*)(\"[^\"]*\"|'[^']*')", re.DOTALL)
FAILED = re.compile(r"statusSeverity\s*=\s*[\"']Error[\"']", re.IGNORECASE)
DEEPEST = 30

Part = tuple[str, str]  # (kind, text); kinds as in templates/macros/code.html


@dataclass(frozen=True, slots=True)
class Document:
    """The first lines of a document."""

    lines: list[tuple[int, list[Part]]]
    bad: list[int]  # numbers of lines that tell of an error
    more: bool  # there is more than was asked for


def lay_out(text: str, *, limit: int, start: int = 1, query: str = "") -> Document:
    """Lay out lines `start` to `start + limit - 1`; `query` is marked where it occurs."""
    found = list(islice(enumerate(lines_of(text), 1), start - 1, start + limit))
    shown = found[:limit]
    bad = [number for number, parts in shown if FAILED.search("".join(part for _, part in parts))]
    return Document([(number, marked(parts, query)) for number, parts in shown], bad, len(found) > limit)


def lines_of(text: str) -> Iterator[list[Part]]:
    """Yield the lines. An element that holds text alone stays on one line with it."""
    layout = Layout()
    for token in TOKEN.finditer(text):
        if token["close"]:
            yield from layout.close(token)
        elif token["open"]:
            yield from layout.open(token)
        elif token["cdata"] or not token[0].startswith(("<?", "<!--")):
            yield from layout.text(token[0])
        else:
            yield from layout.alone([("tag", token[0])])
    yield from layout.flush()


class Layout:
    """The line that is being made, and how deep it stands."""

    def __init__(self) -> None:
        self.depth = 0
        self.name = ""  # of the element that the line has opened and nothing has closed yet
        self.line: list[Part] = []

    def open(self, token: re.Match[str]) -> Iterator[list[Part]]:
        yield from self.flush()
        parts = [*self.indent(), *tag_parts(token)]
        if token["rest"].endswith("/"):
            yield parts
        else:
            self.name, self.line = token["open"], parts

    def close(self, token: re.Match[str]) -> Iterator[list[Part]]:
        if self.name and self.name == token["close"]:
            yield [*self.line, ("tag", token[0])]
            self.name, self.line = "", []
        else:
            yield from self.flush()
            self.depth = max(self.depth - 1, 0)
            yield [*self.indent(), ("tag", token[0])]

    def text(self, text: str) -> Iterator[list[Part]]:
        kind = "masked" if text.startswith(DOTS) else "text"
        if self.name and text.strip():
            self.line.append((kind, text))
        elif text.strip():
            yield [*self.indent(), (kind, text.strip())]

    def alone(self, parts: list[Part]) -> Iterator[list[Part]]:
        yield from self.flush()
        yield [*self.indent(), *parts]

    def flush(self) -> Iterator[list[Part]]:
        """End the line of an element that holds more than text."""
        if self.line:
            yield self.line
            self.depth += 1
        self.name, self.line = "", []

    def indent(self) -> list[Part]:
        return [("", "  " * min(self.depth, DEEPEST))]


def tag_parts(token: re.Match[str]) -> Iterator[Part]:
    rest = token["rest"]
    yield "tag", f"<{token['open']}"
    at = 0
    for attribute in ATTRIBUTE.finditer(rest):
        if attribute.start() > at:
            yield "tag", rest[at : attribute.start()]
        yield "attribute", attribute[1] + attribute[2]
        yield "tag", attribute[3]
        yield "value", attribute[4]
        at = attribute.end()
    yield "tag", f"{rest[at:]}>"


def marked(parts: Iterable[Part], query: str) -> list[Part]:
    """Split the parts where the query occurs in one of them."""
    if not query:
        return list(parts)
    pattern = re.compile(f"({re.escape(query)})", re.IGNORECASE)
    return [
        ("hit" if index % 2 else kind, piece)
        for kind, text in parts
        for index, piece in enumerate(pattern.split(text))
        if piece
    ]


def written(tag: str, fields: Mapping[str, Any], line_order: Sequence[str] = ()) -> str:
    """Write a record's fields as qbXML, in their order; lists that were mixed, in the order of their tags."""
    waiting = {name: iter(value) for name, value in fields.items() if name in line_order and isinstance(value, list)}
    mixed = "".join(
        piece for name in line_order if name in waiting for piece in elements(name, next(waiting[name], []))
    )
    last = next((name for name in reversed(list(fields)) if name in waiting), "")
    inner = "".join(
        mixed if name == last else "" if name in waiting else "".join(element(name, value))
        for name, value in fields.items()
    )
    return f"<{tag}>{inner}</{tag}>"


def element(name: str, value: Any) -> Iterator[str]:
    """Yield what one entry of a record's fields stands for: attributes and text are its parent's."""
    if name == "#text":
        yield escape(str(value))
    elif name[0] not in "@#":
        yield from elements(name, value)


def elements(tag: str, value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from elements(tag, each)
    elif isinstance(value, Mapping):
        attributes = "".join(f' {name[1:]}="{escape(str(each))}"' for name, each in value.items() if name[0] == "@")
        yield f"<{tag}{attributes}>"
        for name, each in value.items():
            yield from element(name, each)
        yield f"</{tag}>"
    else:
        yield f"<{tag}>{escape(str(value))}</{tag}>"
