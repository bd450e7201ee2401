"""Values for any message, made from the field table: full ones, every field at its limit, and ways to break them."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sync.qbxml.fields import Choice, Field, Kind, laid_open, message, operations

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
REQUESTS = tuple(operations())
AT_LIMIT = {
    Kind.BOOL: "true",
    Kind.DATE: "2025-11-21",
    Kind.DATETIME: "2025-11-21T14:20:00-05:00",
    Kind.AMT: "9999999999999.99",
    Kind.PRICE: "-1234567890.12345",
    Kind.QTY: "1234567890.12345",
    Kind.PCT: "8.25",
    Kind.FLOAT: "1.0825",
    Kind.GUID: "{A1B2C3D4-0000-1111-2222-333344445555}",
    Kind.INTERVAL: "PT8H30M0S",
}
Content = tuple[Field | Choice, ...]


def full(content: Content, variant: int = 0) -> dict[str, Any]:
    """Every field, repeated ones twice; of a choice the branch that the variant falls on, of a repeated one all."""
    values: dict[str, Any] = {}
    for part in content:
        if isinstance(part, Field):
            one = full(part.children, variant) if part.children else scalar(part, variant)
            values[part.name] = [one, copy.deepcopy(one)] if part.repeats else one
        elif part.max == 1:
            values |= full(part.branches[variant % len(part.branches)], variant)
        else:
            values |= {name: many for branch in part.branches for name, many in full(branch, variant).items()}
    return values


def scalar(field: Field, variant: int) -> str:
    """A value that uses all that the field allows."""
    if field.kind is Kind.ENUM:
        return field.enum[variant % len(field.enum)]
    if field.kind is Kind.INT:
        return str(field.high or 2000)
    return AT_LIMIT.get(field.kind) or "x" * (field.max_length or 50)


def variants(content: Content) -> int:
    """How many variants it takes to see every branch of every choice."""
    most = 1
    for part in content:
        if isinstance(part, Choice):
            most = max(most, len(part.branches), *(variants(branch) for branch in part.branches))
        else:
            most = max(most, variants(part.children))
    return most


def body(request: str) -> str:
    """The message whose values a request takes: "CustomerAdd" of CustomerAddRq."""
    return operations()[request].body or request


def full_sets(request: str) -> Iterator[dict[str, Any]]:
    content = message(body(request)).content
    for variant in range(variants(content)):
        yield full(content, variant)


def leaves(content: Content, values: dict[str, Any], path: str = "") -> Iterator[tuple[Field, dict[str, Any], str]]:
    """Every scalar of the values: its field, the group it stands in, its path with indexes; of a list the first."""
    for field in laid_open(content):
        if field.name in values:
            given = values[field.name]
            listed = isinstance(given, list)
            where = f"{path}{field.name}[0]" if field.repeats else path + field.name
            if field.children:
                yield from leaves(field.children, given[0] if listed else given, f"{where}/")
            else:
                yield field, values, where


def groups(content: Content, values: dict[str, Any], path: str = "") -> Iterator[tuple[Content, dict[str, Any], str]]:
    """Every group of the values with its content, itself first."""
    yield content, values, path
    for field in laid_open(content):
        if field.children and field.name in values:
            given = values[field.name]
            where = f"{path}{field.name}[0]/" if field.repeats else f"{path}{field.name}/"
            yield from groups(field.children, given[0] if isinstance(given, list) else given, where)


def put(field: Field, values: dict[str, Any], text: str) -> None:
    """Set a scalar, the first of a list."""
    values[field.name] = [text, *values[field.name][1:]] if isinstance(values[field.name], list) else text
