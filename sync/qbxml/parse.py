"""Reading what QuickBooks answers: heads at a glance, rows as a stream with memory flat in their number.

Lenient by design: read by element name, unknown elements kept, no order demanded, statuses that are missing told; the
field table only says what is a list. Strict where it is about safety: no DOCTYPE, no entity, no endless depth; an
answer that breaks off raises, so a caller takes in all of it or nothing.
"""

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from typing import Any, BinaryIO

from lxml import etree

from sync.qbxml import fields as facts
from sync.qbxml.heads import ATTRIBUTE, Head, MessageSet, NotQbxml, Status, cleaned, glance, head, integer, root_at

__all__ = ["Head", "MessageSet", "NotQbxml", "Row", "Status", "heads", "stream"]

CHUNK = 1 << 16  # bytes handed to the parser at a time
DEEPEST = 60  # elements within one another; qbXML 13.0 needs 8
MOST_ATTRIBUTES = 100  # of one element; qbXML 13.0 needs 7
MANY = re.compile(f"(?:{ATTRIBUTE}){{{MOST_ATTRIBUTES + 1}}}".encode())


@dataclass(slots=True)
class Row:
    """One element that stands in a response, whole.

    `fields` is JSON: scalars as str, an empty element as "", groups as dicts, whatever may repeat always as a list;
    attributes as "@name", the text of an element that also has attributes or children as "#text". A response that holds
    bare scalars (ListDelRs) gives one row of them, tagged with the response's own name.
    """

    tag: str  # "CustomerRet"
    fields: dict[str, Any]

    @property
    def entity(self) -> str:
        return self.tag.removesuffix("Ret")

    @property
    def order(self) -> list[str] | None:
        """Tags of the lines in the order of the document, where lines of two kinds are mixed; kept as "#order"."""
        return self.fields.get("#order")


@dataclass(frozen=True, slots=True)
class Shape:
    """What the field table says about the children of an element: which are lists, which lists are mixed."""

    lists: frozenset[str] = frozenset()
    mixed: tuple[str, ...] = ()  # in schema order
    inner: Mapping[str, "Shape"] = field(default_factory=dict)


PLAIN = Shape()


@cache
def shape(tag: str) -> Shape:
    """The shape of an answered element; one that qbXML 13.0 does not know has none."""
    return shape_of(facts.message(tag).content) if facts.is_message(tag) else PLAIN


def shape_of(content: tuple[facts.Field | facts.Choice, ...]) -> Shape:
    lists = facts.repeating(content)
    choices = (part for part in content if isinstance(part, facts.Choice) and part.max != 1)
    mixed = tuple(one.name for choice in choices for one in facts.laid_open((choice,)))
    inner = {one.name: shape_of(one.children) for one in facts.laid_open(content) if one.children}
    return Shape(lists, mixed, {name: found for name, found in inner.items() if found != PLAIN})


def heads(data: bytes) -> MessageSet:
    """Message set and heads, without building rows. Raises NotQbxml when the text is plainly none or breaks off."""
    start = root_at(data)
    if b"!" not in data or b"<!" not in data:  # the first alone is ten times as fast
        if not data.rstrip().endswith((b"</QBXML>", b"/>")):
            raise NotQbxml("The answer breaks off.")
        return glance(data, start)
    answer = Answer()  # comments might hold anything: take the long way
    found = []
    for chunk in chunks(io.BytesIO(data)):
        found += [part for part in answer.feed(cleaned(chunk)) if isinstance(part, Head)]
    found += [part for part in answer.close() if isinstance(part, Head)]
    outer = answer.outer
    return MessageSet(outer.get("newMessageSetID"), integer(outer.get("messageSetStatusCode")), tuple(found))


def stream(source: bytes | BinaryIO) -> Iterator[Head | Row]:
    """Every head, each before its rows, as they are read. Raises NotQbxml at the fault, which may be at the very end.

    QuickBooks sends control characters and references to them, which XML does not allow. A text that fails is read once
    more without them, going on behind what was given by then.
    """
    file = io.BytesIO(source) if isinstance(source, bytes) else source
    start = file.tell() if file.seekable() else None
    given = 0
    try:
        for part in parts(file, clean=start is None):
            given += 1
            yield part
    except NotQbxml:
        if start is None:
            raise
        file.seek(start)
        yield from islice(parts(file, clean=True), given, None)


def parts(file: BinaryIO, *, clean: bool) -> Iterator[Head | Row]:
    answer = Answer()
    for chunk in chunks(file):
        yield from answer.feed(cleaned(chunk) if clean else chunk)
    yield from answer.close()


def chunks(source: BinaryIO) -> Iterator[bytes]:
    """The document from its root on, cut behind a tag wherever there is one, so that no reference is torn."""
    block = source.read(CHUNK)
    rest = block[root_at(block) :]
    while block:
        cut = rest.rfind(b">") + 1 or whole_references(rest)
        yield rest[:cut]
        block = source.read(CHUNK)
        rest = rest[cut:] + block
    if rest:
        yield rest


def whole_references(text: bytes) -> int:
    """How much of a text ends before a reference that may be torn."""
    last = text.rfind(b"&", len(text) - 16 if len(text) > 16 else 0)
    return last if last > 0 and b";" not in text[last:] else len(text)


class Answer:
    """One document being read: rows are taken out of the growing tree as soon as the next element has begun."""

    def __init__(self) -> None:
        self.parser = etree.XMLPullParser(
            events=("start",),
            tag="QBXML",
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=True,
            collect_ids=False,
            remove_blank_text=True,
            remove_comments=True,
            remove_pis=True,
        )
        self.root: Any = None
        self.outer: dict[str, str] = {}  # attributes of the message set
        self.begun: Any = None  # the response whose head was given
        self.bare: dict[str, Any] = {}  # scalars that stand directly in it
        self.take = simple  # how an element becomes JSON; the first attribute within a row changes it

    def feed(self, chunk: bytes) -> Iterator[Head | Row]:
        """Take in more of the text; give what is whole by now."""
        quoted = chunk.count(b'="') + chunk.count(b"='")
        if quoted > MOST_ATTRIBUTES and MANY.search(chunk):  # each costs more than the one before
            raise NotQbxml(f"An element of the answer has more than {MOST_ATTRIBUTES} attributes.")
        if quoted and has_attributes(chunk):
            self.take = complete
        try:
            self.parser.feed(chunk)
        except etree.XMLSyntaxError as error:
            raise NotQbxml(f"The answer is not well-formed: {error.msg}.") from error
        if self.root is None:
            self.root = next((element for _, element in self.parser.read_events()), None)
        self.check_depth()
        yield from self.ready(open_end=True)

    def close(self) -> Iterator[Head | Row]:
        """Give the rest. Raises NotQbxml when the document is not finished."""
        try:
            self.parser.close()
        except etree.XMLSyntaxError as error:
            raise NotQbxml(f"The answer breaks off or is not well-formed: {error.msg}.") from error
        yield from self.ready(open_end=False)

    def check_depth(self) -> None:
        """Follow the elements that are still open; stop an answer that only ever goes deeper."""
        element, depth = self.root, 0
        while element is not None and len(element):
            element, depth = element[-1], depth + 1
            if depth > DEEPEST:
                raise NotQbxml("The answer is nested too deeply.")

    def ready(self, *, open_end: bool) -> Iterator[Head | Row]:
        """Heads and rows that no further text can change; with an open end the last of each kind may still grow."""
        sets = list(self.root) if self.root is not None else []
        for outer in sets:
            self.outer = dict(outer.attrib)
            responses = list(outer)
            for response in responses:
                last = open_end and outer is sets[-1] and response is responses[-1]
                yield from self.response(response, open_end=last)
            del outer[: len(responses) - open_end]

    def response(self, response: Any, *, open_end: bool) -> Iterator[Head | Row]:
        if response is not self.begun:
            self.begun = response
            yield head(response.tag, dict(response.attrib))
        count = len(response) - open_end
        for element in response[:count] if count > 0 else ():
            if len(element) or element.tag.endswith("Ret"):
                yield Row(element.tag, self.take(element, shape(element.tag), 0))
            else:
                add(self.bare, element.tag, element.text or "", listed=False)
        del response[: max(count, 0)]
        if not open_end and self.bare:
            yield Row(response.tag, self.bare)
            self.bare = {}


def has_attributes(chunk: bytes) -> bool:
    """Whether any element but a response's head may have attributes. May err to yes: text can look like one."""
    if b"='" in chunk or chunk.find(b">") < 0:
        return True
    found = chunk.find(b'="')
    while found >= 0:
        end = chunk.find(b">", found)
        tag = chunk[chunk.rfind(b"<", 0, found) : found].split(maxsplit=1)[0]
        if not tag.startswith(b"<") or not tag.endswith(b"Rs"):
            return True
        found = chunk.find(b'="', end) if end >= 0 else -1
    return False


def simple(element: Any, known: Shape, depth: int) -> dict[str, Any]:
    """An element without attributes as JSON: the hot path, some 40 times a row."""
    if depth > DEEPEST:
        raise NotQbxml("The answer is nested too deeply.")
    lists = known.lists
    found: dict[str, Any] = {}
    for child in element:
        tag = child.tag
        value = group(child, known, depth) if len(child) else child.text or ""
        if tag in found or tag in lists:
            add(found, tag, value, listed=tag in lists)
        else:
            found[tag] = value
    if known.mixed:
        keep_order(found, element, known.mixed)
    return found


def group(element: Any, above: Shape, depth: int) -> dict[str, Any]:
    """A group within a row; text beside its children, which qbXML never has, is kept all the same."""
    value = simple(element, above.inner.get(element.tag, PLAIN), depth + 1)
    return value if (element.text or " ").isspace() else {"#text": element.text, **value}


def complete(element: Any, known: Shape, depth: int) -> dict[str, Any]:
    """As simple, with attributes."""
    if depth > DEEPEST:
        raise NotQbxml("The answer is nested too deeply.")
    found: dict[str, Any] = {f"@{name}": value for name, value in element.attrib.items()}
    for child in element:
        text = child.text or ""
        value: Any = text
        if len(child) or child.attrib:
            value = complete(child, known.inner.get(child.tag, PLAIN), depth + 1)
            if text and not text.isspace():
                value["#text"] = text
        add(found, child.tag, value, listed=child.tag in known.lists)
    if known.mixed:
        keep_order(found, element, known.mixed)
    return found


def add(found: dict[str, Any], tag: str, value: Any, *, listed: bool) -> None:
    """Put a value in; a second one of a tag that is no list makes it one."""
    if tag not in found:
        found[tag] = [value] if listed else value
    elif isinstance(found[tag], list):
        found[tag].append(value)
    else:
        found[tag] = [found[tag], value]


def keep_order(found: dict[str, Any], element: Any, mixed: tuple[str, ...]) -> None:
    """Remember the order of lines of several kinds, unless it is the one that the lists give anyway."""
    if sum(tag in found for tag in mixed) < 2:
        return
    order = [child.tag for child in element if child.tag in mixed]
    if order != sorted(order, key=mixed.index):
        found["#order"] = order
