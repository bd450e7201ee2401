"""What qbXML allows: every message, its fields in schema order, kinds, limits, choices, versions and products.

Read from fields-130.txt, whose head tells the notation; a message is laid out when it is first asked for. Here is no
rule of our own: what a table of facts cannot know is in entities.py.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import MappingProxyType

PRODUCTS = MappingProxyType({"D": "QBD", "C": "QBCA", "K": "QBUK", "A": "QBAU"})
MARKS: Mapping[str, tuple[int, int | None]] = {"": (1, 1), "?": (0, 1), "*": (0, None), "+": (1, None)}
WORD = re.compile(r"(?P<name>\w+)(?P<mark>[?*+]|\{\d+,\w+\})?:(?P<kind>[^@]*)(?P<attributes>(?:@\w+)*)")
KIND = re.compile(r"(?P<kind>[a-z]+)(?P<limit>\d*)(?:\.\.(?P<high>\d*))?")


class Kind(StrEnum):
    """What an element holds; the forms of the scalars are qbXML's types."""

    STR = "str"
    ID = "id"
    BOOL = "bool"
    DATE = "date"
    DATETIME = "datetime"
    AMT = "amt"
    PRICE = "price"
    QTY = "qty"
    PCT = "pct"
    INT = "int"
    FLOAT = "float"
    GUID = "guid"
    INTERVAL = "interval"
    ENUM = "enum"
    REF = "ref"
    GROUP = "group"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Branches of which one is taken, `min` to `max` times (None: no end). One branch only: an optional sequence."""

    branches: tuple[tuple["Field | Choice", ...], ...]
    min: int
    max: int | None
    branch_names: tuple[frozenset[str], ...]  # of every field in each branch, nested choices included

    @property
    def names(self) -> frozenset[str]:
        """Of every field in any branch."""
        return frozenset().union(*self.branch_names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One element of a message."""

    name: str
    kind: Kind
    min: int = 1
    max: int | None = 1  # None: any number
    required: bool = False  # must be there whenever its parent is; never true within a choice
    max_length: int | None = None  # characters
    low: int | None = None  # of an INT
    high: int | None = None
    enum: tuple[str, ...] = ()
    children: tuple["Field | Choice", ...] = ()
    attributes: tuple[str, ...] = ()
    chosen_again: bool = False  # a branch of a choice that repeats, as lines and group lines are
    since: str | None = None  # first qbXML version, as "12.0"
    not_in: frozenset[str] = frozenset()  # of QBD (US), QBCA, QBUK, QBAU

    @property
    def repeats(self) -> bool:
        """Whether there may be more than one, alone or by a choice that repeats."""
        return self.chosen_again or self.max is None or self.max > 1

    def find(self, path: str) -> "Field | None":
        """The field at a path below this one, as "BillAddress/City"."""
        return find(self.children, path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A request ("CustomerQueryRq"), the body of one ("CustomerAdd") or an answered record ("CustomerRet")."""

    name: str
    content: tuple[Field | Choice, ...]
    attributes: tuple[str, ...] = ()
    since: str | None = None
    not_in: frozenset[str] = frozenset()

    @property
    def fields(self) -> tuple[Field, ...]:
        """All fields at the top, those within choices too, in schema order."""
        return tuple(laid_open(self.content))

    def find(self, path: str) -> Field | None:
        """The field at a path, as "BillAddress/City", or None."""
        return find(self.content, path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A request and what is known about it as a whole."""

    request: str
    response: str
    iterates: bool
    meta_data: bool
    body: str | None  # "CustomerAdd" of a CustomerAddRq; None: the fields stand directly in the request
    since: str | None
    not_in: frozenset[str]
    answers: tuple[str, ...]  # elements that stand directly in the response


def laid_open(content: tuple[Field | Choice, ...]) -> Iterator[Field]:
    """Every field of a content, those within choices included, in schema order."""
    for part in content:
        if isinstance(part, Field):
            yield part
        else:
            for branch in part.branches:
                yield from laid_open(branch)


NAMED: dict[int, tuple[tuple[Field | Choice, ...], Mapping[str, Field]]] = {}  # by identity: a deep hash costs more


def named(content: tuple[Field | Choice, ...]) -> Mapping[str, Field]:
    """Every field of a content by its name; where branches share one, the last. For contents that stay, of messages."""
    found = NAMED.get(id(content))
    if found is None:
        found = NAMED[id(content)] = (content, MappingProxyType({one.name: one for one in laid_open(content)}))
    return found[1]


def find(content: tuple[Field | Choice, ...], path: str) -> Field | None:
    """The first field of that path; where branches of a choice share a name, the one that has the rest of the path."""
    name, _, rest = path.partition("/")
    for part in laid_open(content):
        if part.name == name:
            found = find(part.children, rest) if rest else part
            if found is not None:
                return found
    return None


def version(text: str) -> tuple[int, int]:
    """A qbXML version as a pair that compares: "12.0" is (12, 0)."""
    major, _, minor = text.partition(".")
    return int(major), int(minor or 0)


Facts = Mapping[str, tuple[str | None, frozenset[str]]]  # by path: first version, products lacking it


class Table:
    """The text of fields-130.txt, cut into lines by section; nothing is laid out before it is asked for."""

    def __init__(self, text: str) -> None:
        self.sections: dict[str, dict[str, str]] = {}
        lines: dict[str, str] = {}
        for line in text.splitlines():
            if line.startswith("["):
                lines = self.sections[line.strip("[]")] = {}
            elif not line.startswith("#"):
                name, _, rest = line.partition(" ")
                lines[name] = rest.removeprefix("= ")
        self.groups: dict[str, tuple[tuple[str, ...], tuple[Field | Choice, ...]]] = {}

    def facts(self, message: str) -> Facts:
        """What is told about the paths of one message."""
        found = {}
        for word in self.sections["availability"].get(message, "").split():
            rest, _, lacking = word.partition("!")
            path, _, since = rest.partition("@")
            found[path] = (since or None, products(lacking))
        return found

    def group(self, name: str) -> tuple[tuple[str, ...], tuple[Field | Choice, ...]]:
        """Attributes and content of a group, without facts."""
        if name not in self.groups:
            words = self.sections["groups"][name].split()
            attributes = tuple(word[1:] for word in words if word.startswith("@"))
            content, _ = self.sequence(words[len(attributes) :], 0, inside_choice=False)
            self.groups[name] = (attributes, content)
        return self.groups[name]

    def sequence(self, words: list[str], at: int, *, inside_choice: bool) -> tuple[tuple[Field | Choice, ...], int]:
        """The particles from a word on, up to the end of the branch; and where that is."""
        parts: list[Field | Choice] = []
        while at < len(words) and words[at] != "|" and not words[at].startswith(")"):
            part, at = self.choice(words, at) if words[at] == "(" else (self.field(words[at], inside_choice), at + 1)
            parts.append(part)
        return tuple(parts), at

    def choice(self, words: list[str], at: int) -> tuple[Choice, int]:
        branches = []
        while not words[at].startswith(")"):
            branch, at = self.sequence(words, at + 1, inside_choice=True)
            branches.append(branch)
        low, high = bounds(words[at][1:])
        if high != 1:
            branches = [tuple(again(part) for part in branch) for branch in branches]
        names = tuple(frozenset(field.name for field in laid_open(branch)) for branch in branches)
        return Choice(branches=tuple(branches), min=low, max=high, branch_names=names), at + 1

    def field(self, word: str, inside_choice: bool) -> Field:
        """One word of the notation as a field."""
        match = WORD.fullmatch(word)
        if match is None:
            raise ValueError(f"not in the notation: {word}")
        low, high = bounds(match["mark"] or "")
        attributes = tuple(match["attributes"].split("@")[1:])
        plain = Field(name=match["name"], kind=Kind.STR, min=low, max=high, required=low > 0 and not inside_choice)
        return self.filled(replace(plain, attributes=attributes), match["kind"])

    def filled(self, plain: Field, kind: str) -> Field:
        """The field with what its kind tells."""
        if kind.startswith("%"):
            return replace(plain, kind=Kind.ENUM, enum=tuple(self.sections["enumerations"][kind[1:]].split()))
        if kind.startswith("&"):
            attributes, content = self.group(kind[1:] or plain.name)
            is_ref = [part.name for part in content if isinstance(part, Field)] == ["ListID", "FullName"]
            return replace(plain, kind=Kind.REF if is_ref else Kind.GROUP, children=content, attributes=attributes)
        match = KIND.fullmatch(kind)
        if match is None:
            raise ValueError(f"not in the notation: {kind}")
        limit = int(match["limit"]) if match["limit"] else None
        if match["kind"] == "ref":
            return replace(plain, kind=Kind.REF, children=self.reference(match["limit"]))
        if match["kind"] == "int":
            return replace(plain, kind=Kind.INT, low=limit, high=int(match["high"]) if match["high"] else None)
        return replace(plain, kind=Kind(match["kind"]), max_length=limit)

    def reference(self, limit: str) -> tuple[Field | Choice, ...]:
        """ListID and FullName, the second of a limited length."""
        return tuple(self.field(word, False) for word in ("ListID?:id36", f"FullName?:str{limit}"))


def again(part: Field | Choice) -> Field | Choice:
    """A particle of a choice that repeats."""
    return replace(part, chosen_again=True) if isinstance(part, Field) else part


def bounds(mark: str) -> tuple[int, int | None]:
    """How often, from the notation's mark."""
    if mark in MARKS:
        return MARKS[mark]
    low, high = mark.strip("{}").split(",")
    return int(low), None if high == "unbounded" else int(high)


def products(letters: str) -> frozenset[str]:
    return frozenset(PRODUCTS[letter] for letter in letters)


def told(content: tuple[Field | Choice, ...], facts: Facts, above: str = "") -> tuple[Field | Choice, ...]:
    """The content with the facts about its paths put in; what has none stays the very same."""
    if not any(path.startswith(above) for path in facts):
        return content
    parts: list[Field | Choice] = []
    for part in content:
        if isinstance(part, Choice):
            parts.append(replace(part, branches=tuple(told(branch, facts, above) for branch in part.branches)))
            continue
        path = above + part.name
        since, not_in = facts.get(path, (None, frozenset()))
        parts.append(replace(part, since=since, not_in=not_in, children=told(part.children, facts, f"{path}/")))
    return tuple(parts)


@cache
def table() -> Table:
    return Table(Path(__file__).with_name("fields-130.txt").read_text(encoding="ascii"))


@cache
def operations() -> Mapping[str, Operation]:
    """Every request of qbXML 13.0 by its name, in the schema's order."""
    found = {}
    for request, rest in table().sections["operations"].items():
        response, marks, body, since, lacking, *answers = ("" if word == "-" else word for word in rest.split())
        found[request] = Operation(
            request=request,
            response=response,
            iterates="i" in marks,
            meta_data="m" in marks,
            body=body or None,
            since=since or None,
            not_in=products(lacking),
            answers=tuple(answers),
        )
    return MappingProxyType(found)


def operation(request: str) -> Operation:
    """The facts of one request. Raises KeyError for a name that qbXML 13.0 does not have."""
    return operations()[request]


@cache
def message(name: str) -> Message:
    """One message, laid out. Raises KeyError for a name that qbXML 13.0 does not have."""
    attributes, content = table().group(name)
    of = operations().get(name) or operations().get(f"{name}Rq")
    return Message(
        name=name,
        content=told(content, table().facts(name)),
        attributes=attributes,
        since=of.since if of else None,
        not_in=of.not_in if of else frozenset(),
    )


def is_message(name: str) -> bool:
    """Whether qbXML 13.0 knows a request, body or record of this name."""
    return name in table().sections["groups"]


@cache
def repeats(name: str, *path: str) -> bool:
    """Whether the element at that path of a message may be there more than once, alone or by a repeated choice."""
    within = message(name).content if len(path) == 1 else children(name, path[:-1])
    return path[-1] in repeating(within)


def children(name: str, path: tuple[str, ...]) -> tuple[Field | Choice, ...]:
    found = message(name).find("/".join(path))
    return found.children if found else ()


def repeating(content: tuple[Field | Choice, ...]) -> frozenset[str]:
    """Names of the direct children that may be there more than once."""
    return frozenset(field.name for field in laid_open(content) if field.repeats)
