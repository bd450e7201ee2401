"""What a change does to a record, as a person reads it: field by field, before and after.

Differences are found in QuickBooks' own values and hidden afterwards, so that a viewer sees that a personal number
changes, and not which.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sync.protocol.differences import (
    CUSTOM,
    LINE_KEYS,
    THERE,
    Difference,
    Path,
    custom_name,
    differences,
    is_reference,
)
from sync.qbxml import labels
from sync.qbxml.customs import values_of
from sync.qbxml.entities import ENTITIES
from sync.qbxml.fields import is_message, laid_open, message
from web.filters import count, money, plural
from web.masking import masked_field
from web.values import field_at, is_address, shown, text_of

ACTIONS = {"create": "New", "update": "Update", "delete": "Delete", "void": "Void"}
LINE = re.compile(r"(?P<name>[^\[]+)\[(?P<id>.*)\]")
UNTOLD = frozenset(  # ids and stamps, and what is in the row's name already
    {"ListID", "TxnID", "TxnLineID", "EditSequence", "TimeCreated", "TimeModified", "TxnNumber", "ExternalGUID"}
)
IN_TITLE = frozenset({"Name", "FullName", "RefNumber", "Sublevel"})
QUIET = frozenset({"", "0", "0.00", "0.00000", "false"})  # of a new record: as if it said nothing
TELLING = (  # of a new record first: what people know it by
    *("CustomerRef", "VendorRef", "PayeeEntityRef", "EntityRef", "ParentRef", "AccountType", "TxnDate", "TotalAmount"),
    *("Subtotal", "Amount", "BillAddress", "VendorAddress", "EmployeeAddress", "Phone", "Email", "TermsRef", "DueDate"),
    *("CreditLimit", "SalesPrice", "PurchaseCost", "SalesDesc", "Desc", "Memo", "Notes"),
)
LISTED = 4  # of a list's parts that are named

Place = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """One field of a change. None: it is not there."""

    label: str
    before: str | None
    after: str | None
    aside: str = ""  # a sentence instead of values


@dataclass(frozen=True, slots=True)
class Subject:
    """What a record is called: "Invoice 20431", and what tells it from its equals."""

    title: str
    second: str


def subject(entity: str, name: str, number: str, party: str) -> Subject:
    """Return what a record is called in a list of several kinds."""
    kind = ENTITIES.get(entity)
    label = labels.kind(entity)
    if kind is not None and kind.group == "transaction":
        return Subject(f"{label} {number}" if number else f"{label} without a number", party)
    return Subject(name or f"{label} without a name", label)


def shown_changes(
    entity: str, action: str, direction: str, before: Mapping[str, Any], after: Mapping[str, Any], *, sees: bool
) -> list[Shown]:
    """Return what a change does, the fields in QuickBooks' own order."""
    if action in ("delete", "void"):
        return [removed(entity, action, direction, before)]
    if action == "create":
        return list(new_values(entity, after, sees))
    return list(changed_values(entity, before, after, differences(before, after), sees=sees))


def removed(entity: str, action: str, direction: str, before: Mapping[str, Any]) -> Shown:
    if action == "void":
        there = "Voided in QuickBooks" if direction == "in" else "Will be voided in QuickBooks"
        return Shown("", None, None, f"{there}: its amounts become zero, it stays in the books.")
    if direction == "in":
        return Shown("", None, None, "Deleted in QuickBooks. It still exists here.")
    return Shown("", None, None, "Will be deleted in QuickBooks.")


def new_values(entity: str, record: Mapping[str, Any], sees: bool) -> Iterator[Shown]:
    """Yield what a new record holds, without what says nothing."""
    for name in sorted(record, key=lambda name: telling(entity, name)):
        value = record[name]
        if name in UNTOLD or name in IN_TITLE or name[0] in "@#" or name.endswith("AddressBlock"):
            continue
        if name == "CompanyName" and value == record.get("Name"):
            continue
        if value in QUIET if isinstance(value, str) else not value:
            continue
        if (name, value) == ("IsActive", "true"):
            continue
        if name == CUSTOM:
            yield from (Shown(custom, None, text) for custom, text in values_of(record).items())
        elif is_group(name, value):
            yield from new_values_of_group(entity, (name,), value, sees)
        else:
            yield Shown(label_at(entity, (name,)), None, value_text(entity, (name,), value, sees=sees))


def telling(entity: str, name: str) -> tuple[int, int]:
    """Return where a field of a new record stands: what tells most first, lines among it, then QuickBooks' order."""
    if name.endswith("LineRet"):
        return TELLING.index("TotalAmount"), 1
    return (TELLING.index(name), 0) if name in TELLING else (len(TELLING), place_of(entity, name))


def new_values_of_group(entity: str, above: Place, group: Mapping[str, Any], sees: bool) -> Iterator[Shown]:
    for name, value in group.items():
        at = (*above, name)
        if name in UNTOLD or name[0] in "@#" or (value in QUIET if isinstance(value, str) else not value):
            continue
        if is_group(name, value):
            yield from new_values_of_group(entity, at, value, sees)
        else:
            yield Shown(label_at(entity, at), None, value_text(entity, at, value, sees=sees))


def is_group(name: str, value: Any) -> bool:
    return isinstance(value, Mapping) and not is_reference(value) and not is_address(name) and "#text" not in value


def changed_values(
    entity: str, before: Mapping[str, Any], after: Mapping[str, Any], found: Sequence[Difference], *, sees: bool
) -> Iterator[Shown]:
    """Yield fields that differ. An address is one of them, as a line that came or went is."""
    told: set[Place] = set()
    for one in sorted(found, key=lambda one: place_of(entity, one.path[0].partition("[")[0])):
        at = whole(one.path)
        if at in told or one.path[-1] in UNTOLD or one.path[0].endswith("AddressBlock"):
            continue
        told.add(at)
        if at != one.path:
            yield part_of_record(entity, at, before, after, sees=sees)
        else:
            was, becomes = (
                None if value is None else value_text(entity, one.path, value, sees=sees)
                for value in (one.before, one.after)
            )
            yield Shown(label_of_path(entity, one.path, before, after), was, becomes)


def whole(path: Path) -> Place:
    """Return what is shown as one: an address, or a line that is there on one side only."""
    if path[-1] == THERE:
        return path[:-1]
    if len(path) == 2 and is_address(path[0]):
        return path[:1]
    return path


def part_of_record(entity: str, at: Place, before: Mapping[str, Any], after: Mapping[str, Any], *, sees: bool) -> Shown:
    """Return an address, or a line that came or went, as one field."""
    label = label_of_path(entity, at, before, after)
    found = [at_place(record, at) for record in (before, after)]
    was, becomes = (value_text(entity, at, value, sees=sees) if value else None for value in found)
    return Shown(label, was, becomes)


def at_place(record: Mapping[str, Any], path: Place) -> Any:
    """Return what a record has at a path; None where it has nothing."""
    value: Any = record
    for step in path:
        if not isinstance(value, Mapping):
            return None
        line = LINE.fullmatch(step)
        if line is None:
            value = value.get(step)
            continue
        lines = value.get(line["name"]) or []
        position = place_in(lines, line["id"])
        value = lines[position] if position is not None else None
    return value


def place_in(lines: Sequence[Any], id: str) -> int | None:
    """Return where a line stands among its equals."""
    if id.startswith("new "):
        position = int(id.removeprefix("new "))
        return position if position < len(lines) else None
    for position, line in enumerate(lines):
        if isinstance(line, Mapping) and any(line.get(key) == id for key in LINE_KEYS):
            return position
    return None


# words


def label_of_path(entity: str, path: Place, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Return what a field is called; lines by their number, as they stand after, else before."""
    custom = custom_name(path[-1])
    if custom is not None:
        above = label_of_path(entity, path[:-1], before, after) if len(path) > 1 else ""
        return f"{above}, {custom}" if above else custom
    steps: list[str] = []
    for depth, step in enumerate(path):
        line = LINE.fullmatch(step)
        if line is None:
            steps.append(step)
            continue
        position = next(
            (
                found
                for record in (after, before)
                if (found := place_in((at_place(record, path[:depth]) or {}).get(line["name"]) or [], line["id"]))
                is not None
            ),
            0,
        )
        steps.append(f"{line['name']}[{position}]")
    return labels.label(entity, "/".join(steps))


def label_at(entity: str, path: Place) -> str:
    label = labels.label(entity, "/".join(path))
    return f"{label}s" if path[-1].endswith("LineRet") else label


def value_text(entity: str, path: Place, value: Any, *, sees: bool) -> str:
    """Return a value as it reads: a reference by its name, an address in a line, a list by its size."""
    name = LINE.sub(r"\g<name>", path[-1])
    value = value if sees else masked_field(name, value, entity)
    if isinstance(value, list):
        return list_text(name, value)
    if isinstance(value, Mapping):
        if is_reference(value):
            return text_of(value.get("FullName")) or text_of(value.get("ListID"))
        if is_address(name):
            return address_text(value)
        return line_text(value) if "#text" not in value else text_of(value)
    if not isinstance(value, str):
        return ""
    plain = "/".join(LINE.sub(r"\g<name>", step) for step in path)
    found = field_at(entity, plain)
    return shown(value, found.kind if found else None)


def list_text(name: str, values: Sequence[Any]) -> str:
    """Return "6 lines", or the values of a short list of texts."""
    if all(isinstance(one, str) for one in values) and len(values) <= LISTED:
        return ", ".join(values)
    if name.endswith("LineRet") or "Line" in name:
        return f"{count(len(values))} {plural(len(values), 'line')}"
    references = [text_of(one.get("FullName")) for one in values if isinstance(one, Mapping) and is_reference(one)]
    if len(references) == len(values) <= LISTED:
        return ", ".join(references)
    return f"{count(len(values))} {plural(len(values), 'entry', 'entries')}"


def address_text(value: Mapping[str, Any]) -> str:
    """18 Kiln Lane, Oakland CA 94608"""
    lines = [text_of(value.get(f"Addr{number}")) for number in range(1, 6)]
    lines.append(" ".join(filter(None, (text_of(value.get(name)) for name in ("City", "State", "PostalCode")))))
    lines += [text_of(value.get("Country")), text_of(value.get("Note"))]
    return ", ".join(filter(None, lines))


def line_text(value: Mapping[str, Any]) -> str:
    """Return a line of a transaction in a few words: its item, text and amount."""
    named = [text_of(one.get("FullName")) for one in value.values() if isinstance(one, Mapping) and is_reference(one)]
    parts = [*named[:1], text_of(value.get("Desc")), money(text_of(value.get("Amount")))]
    found = ", ".join(filter(None, parts))
    return found or ", ".join(one for one in value.values() if isinstance(one, str) and one)[:200]


def place_of(entity: str, name: str) -> int:
    """Return where a field stands in QuickBooks' own order; what it does not know comes last."""
    return places(entity).get(name, 1000)


@lru_cache(maxsize=200)
def places(entity: str) -> Mapping[str, int]:
    ret = f"{entity}Ret"
    found: dict[str, int] = {}
    for position, each in enumerate(laid_open(message(ret).content) if is_message(ret) else ()):
        found.setdefault(each.name, position)
    return found
