"""What QuickBooks refuses before it looks at a single request: order, unknown elements, lengths, enumerations, types.

The schema itself is the field table of sync.qbxml.fields; this is a reader of it made for refusing only.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sync.practice import markup
from sync.practice.refusals import unreadable
from sync.qbxml.fields import Choice, Field, Kind, message, operation, version

_AMOUNT = r"([+-]?\d{1,13}(\.\d{2})?)?"
_NUMBER = r"([+-]?\d{1,10}(\.\d{1,5})?)?"
FORMS: Mapping[Kind, re.Pattern[str]] = {
    kind: re.compile(pattern)
    for kind, pattern in {
        Kind.BOOL: r"(true|false|0|1)?",
        Kind.DATE: r"(\d{4}-\d{1,2}-\d{1,2})?",
        Kind.DATETIME: r"(\d{4}-\d{1,2}-\d{1,2}(T\d{1,2}(:\d{1,2}(:\d{1,2}([+-]\d{1,2}:\d{1,2})?)?)?)?)?",
        Kind.AMT: _AMOUNT,
        Kind.PRICE: _NUMBER,
        Kind.QTY: _NUMBER,
        Kind.PCT: _NUMBER,
        Kind.INT: r"[+-]?\d+",
        Kind.FLOAT: r"([+-]?\d+(\.\d+)?)?",
        Kind.GUID: r"0|\{[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}",
        Kind.INTERVAL: r"([+-]?PT(\d+H)?(\d+M)?(\d+S)?)?",
    }.items()
}
Content = Sequence[Field | Choice]


class Schema:
    """The schema of one version in one country's product."""

    def __init__(self, spoken: str, product: str) -> None:
        self.spoken = version(spoken)
        self.product = product
        self.body: str | None = None

    def check(self, request: Any) -> None:
        """Raise 0x80040400 unless the request element is as the schema has it."""
        declared = message(request.tag)
        self.body = operation(request.tag).body  # whose versions and products are told under its own name
        self._known(request.tag, declared.since, declared.not_in)
        self._attributes(request, declared.attributes)
        if request.tag == "PreferencesQueryRq" and len(request) == 0 and request.text:
            raise unreadable("white space inside PreferencesQueryRq")
        self._body(request, declared.content)

    def _known(self, name: str, since: str | None, not_in: frozenset[str]) -> None:
        if since and version(since) > self.spoken:
            raise unreadable(f"{name} is newer than qbXML {self.spoken[0]}.{self.spoken[1]}")
        if self.product in not_in:
            raise unreadable(f"{name} does not exist in {self.product}")

    def _attributes(self, node: Any, allowed: Sequence[str]) -> None:
        for name in node.attrib:
            if name not in allowed:
                raise unreadable(f"{node.tag} has no attribute {name}")

    def _body(self, node: Any, content: Content) -> None:
        inside = markup.children(node)
        if inside and (node.text or "").strip():
            raise unreadable(f"text between the elements of {node.tag}")
        read = self._sequence(inside, 0, content)
        if read < len(inside):
            raise unreadable(f"{inside[read].tag} is not expected there in {node.tag}")

    def _sequence(self, inside: Sequence[Any], at: int, content: Content) -> int:
        """How far the elements from `at` on are this content."""
        for part in content:
            at = self._field(inside, at, part) if isinstance(part, Field) else self._choice(inside, at, part)
        return at

    def _field(self, inside: Sequence[Any], at: int, field: Field) -> int:
        times = 0
        while at < len(inside) and inside[at].tag == field.name and (field.max is None or times < field.max):
            self._element(inside[at], field)
            at, times = at + 1, times + 1
        if times < field.min:
            raise unreadable(f"{field.name} is missing")
        return at

    def _choice(self, inside: Sequence[Any], at: int, choice: Choice) -> int:
        times = 0
        while at < len(inside) and (choice.max is None or times < choice.max):
            branch = next((branch for branch in choice.branches if _may_begin(branch, inside[at].tag)), None)
            read = at if branch is None else self._sequence(inside, at, branch)
            if read == at:
                break
            at, times = read, times + 1
        if times < choice.min and not any(_may_be_empty(branch) for branch in choice.branches):
            raise unreadable(f"one of {', '.join(sorted(choice.names))} is missing")
        return at

    def _element(self, node: Any, field: Field) -> None:
        self._known(field.name, field.since, field.not_in)
        self._attributes(node, field.attributes)
        if field.kind in (Kind.GROUP, Kind.REF):
            self._body(node, message(field.name).content if field.name == self.body else field.children)
        elif markup.children(node):
            raise unreadable(f"{field.name} has elements inside")
        else:
            _scalar((node.text or "").strip(), field)


def _scalar(value: str, field: Field) -> None:
    form = FORMS.get(field.kind)
    if form is not None and not form.fullmatch(value):
        raise unreadable(f"{field.name} is not of type {field.kind}: {value}")
    if field.max_length is not None and len(value) > field.max_length:
        raise unreadable(f"{field.name} is longer than {field.max_length}")
    if field.kind is Kind.ENUM and value not in field.enum:
        raise unreadable(f"{field.name} cannot be {value}")
    if field.low is not None and int(value) < field.low:
        raise unreadable(f"{field.name} is below {field.low}")


def _may_begin(branch: Content, name: str) -> bool:
    """Whether a branch can begin with an element of that name."""
    for part in branch:
        if name == part.name if isinstance(part, Field) else name in part.names:
            return True
        if part.min > 0:
            return False
    return False


def _may_be_empty(branch: Content) -> bool:
    return all(part.min == 0 for part in branch)
