"""What differs between two states of a record, and what becomes of a record that both sides have changed.

A record is compared leaf by leaf. A reference is one leaf, and so is a custom field, by its name. Lines are told apart
by their TxnLineID (notes and contacts by theirs), so that a line that moved is the same line; a list without ids is one
leaf. What only QuickBooks computes or stamps (balances, times, EditSequence) is no difference.
"""

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

Path = tuple[str, ...]
Leaves = dict[Path, Any]

REFERENCE = frozenset({"ListID", "FullName"})
LINE_KEYS = ("TxnLineID", "NoteID", "ListID")
STAMPS = frozenset({"EditSequence", "TimeModified", "TimeCreated", "TxnNumber"})
THERE = ""  # the last part of the leaf that says that a line is there
CUSTOM = "DataExtRet"  # custom fields: ("DataExtRet[Territory]",) is one leaf
GONE = None


@dataclass(frozen=True, slots=True)
class Difference:
    """One leaf that differs. None: it is not there."""

    path: Path  # ("BillAddress", "City"), ("InvoiceLineRet[1A-2]", "Quantity")
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Contradiction:
    """One leaf that both sides have changed, to different values."""

    path: Path
    base: Any
    quickbooks: Any
    ours: Any


@dataclass(frozen=True, slots=True)
class Merged:
    """A record that holds the changes of both sides; of contradictions the value of QuickBooks."""

    record: dict[str, Any]
    contradictions: tuple[Contradiction, ...]


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Every leaf that differs, in the order of the record after, then what is gone."""
    old, new = leaves(before), leaves(after)
    paths = [*new, *(path for path in old if path not in new)]
    return [Difference(path, old.get(path), new.get(path)) for path in paths if not same(old.get(path), new.get(path))]


def merge(base: Mapping[str, Any], quickbooks: Mapping[str, Any], ours: Mapping[str, Any]) -> Merged:
    """The record with what each side changed since the base. Where both changed one leaf alike there is no question."""
    agreed, theirs, mine = leaves(base), leaves(quickbooks), leaves(ours)
    record = copy.deepcopy(dict(quickbooks))
    contradictions = []
    for path in [*mine, *(path for path in agreed if path not in mine)]:
        was, there, here = agreed.get(path), theirs.get(path), mine.get(path)
        if same(here, was) or same(here, there):
            continue
        if same(there, was) and not lost_line(path, agreed, theirs):
            put(record, path, here, ours)
        else:
            contradictions.append(Contradiction(path, was, there, here))
    return Merged(record, tuple(contradictions))


def lost_line(path: Path, agreed: Leaves, theirs: Leaves) -> bool:
    """Whether a leaf lies in a line that QuickBooks no longer has."""
    line = next((path[: at + 1] for at, part in enumerate(path) if part.endswith("]")), None)
    if line is None:
        return False
    return (*line, THERE) in agreed and (*line, THERE) not in theirs


# leaves


def leaves(record: Mapping[str, Any], above: Path = ()) -> Leaves:
    """Every leaf of a record by its path; empty ones are not there."""
    found: Leaves = {}
    for name, value in record.items():
        if name.startswith("#") or (name in STAMPS and name not in LINE_KEYS):
            continue
        for path, leaf in parts_of(name, value, above):
            if leaf not in ("", None, [], {}):
                found[path] = leaf
    return found


def parts_of(name: str, value: Any, above: Path) -> Iterator[tuple[Path, Any]]:
    """The leaves of one part of a record."""
    if isinstance(value, Mapping) and not is_reference(value):
        yield from leaves(value, (*above, name)).items()
    elif name == CUSTOM and isinstance(value, list) and all(isinstance(one, Mapping) for one in value):
        for one in value:
            yield (*above, f"{CUSTOM}[{one.get('DataExtName', '')}]"), one.get("DataExtValue")
    elif isinstance(value, list) and (key := key_of(value)) is not None:
        for number, line in enumerate(value):
            at = (*above, f"{name}[{line.get(key) or f'new {number}'}]")
            yield (*at, THERE), True
            yield from leaves({part: one for part, one in line.items() if part != key}, at).items()
    else:
        yield (*above, name), value


def custom_name(part: str) -> str | None:
    """The name of the custom field that a step of a path means; None for any other step."""
    inside = part.removeprefix(f"{CUSTOM}[")
    return inside.removesuffix("]") if inside != part else None


def is_reference(value: Mapping[str, Any]) -> bool:
    return bool(value) and value.keys() <= REFERENCE


def key_of(value: Sequence[Any]) -> str | None:
    """The element that tells lines apart; None when they have none, so that the list is one leaf."""
    if not value or not all(isinstance(one, Mapping) and not is_reference(one) for one in value):
        return None
    return next((key for key in LINE_KEYS if any(key in one for one in value)), None)


def same(one: Any, other: Any) -> bool:
    """Whether two leaves say the same. References are told by their ids, where both have one."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        key = "ListID" if one.get("ListID") and other.get("ListID") else "FullName"
        return bool(one.get(key) == other.get(key)) if key in one or key in other else dict(one) == dict(other)
    return bool((one or None) == (other or None))


# lines that have no id yet


@dataclass(frozen=True, slots=True)
class Found:
    """A record whose new lines were looked for among those that QuickBooks has by now."""

    record: Mapping[str, Any]  # as it was wanted; a line that was found has its id
    unclear: bool  # there are lines that may be ours and may be somebody else's


def found_lines(before: Mapping[str, Any], quickbooks: Mapping[str, Any], ours: Mapping[str, Any]) -> Found:
    """Whether the new lines of our side are in QuickBooks: a line is one when all that both say of it agrees."""
    record, unclear = dict(ours), False
    for name, lines in ours.items():
        key = key_of([*lines, *(quickbooks.get(name) or [])]) if isinstance(lines, list) and lines else None
        if key is None or not all(isinstance(line, Mapping) for line in lines):
            continue
        known = {line.get(key) for line in before.get(name) or [] if isinstance(line, Mapping)}
        more = [line for line in quickbooks.get(name) or [] if line.get(key) not in known]
        paired = []
        for line in lines:
            new = line.get(key) in (None, "", "-1")
            there = next((one for one in more if new and agree(line, one, key)), None)
            if there is not None:
                more.remove(there)
            unclear = unclear or (new and there is None and bool(more))
            paired.append({**line, key: there[key]} if there is not None else line)
        record[name] = paired
    return Found(record, unclear)


def agree(mine: Mapping[str, Any], theirs: Mapping[str, Any], key: str = "") -> bool:
    """Whether two records, or lines, say the same where both say something. Numbers count by their value."""
    for name, value in mine.items():
        there = theirs.get(name)
        if name in (key, CUSTOM) or name.startswith("#") or value in ("", None) or there in ("", None):
            continue  # custom fields are written after the rest: they tell nothing of whether that is there
        if isinstance(value, Mapping) and isinstance(there, Mapping):
            fits = same(value, there) if is_reference(value) and is_reference(there) else agree(value, there)
        elif isinstance(value, list) and isinstance(there, list):
            fits = len(value) == len(there) and all(
                agree(one, other, key_of([one, other]) or "") if isinstance(one, Mapping) else one == other
                for one, other in zip(value, there, strict=True)
            )
        else:
            fits = same_text(value, there)
        if not fits:
            return False
    return True


def same_text(one: Any, other: Any) -> bool:
    """Whether two scalars say the same: numbers by their value, texts whatever their case and the blanks around."""
    value = number(one)
    if value is not None:
        return value == number(other)
    return str(one).strip().casefold() == str(other).strip().casefold()


def number(text: Any) -> Decimal | None:
    """The value of a decimal number; None for any other text."""
    try:
        found = Decimal(text) if isinstance(text, str) else None
    except InvalidOperation:
        return None
    return found if found is not None and found.is_finite() else None


# writing a leaf


def put(record: dict[str, Any], path: Path, value: Any, ours: Mapping[str, Any]) -> None:
    """Give a record the value of one leaf; None takes it away. A new line comes whole, from `ours`."""
    name, rest = path[0], path[1:]
    if name.endswith("]"):
        put_line(record, name, rest, value, ours)
    elif rest:
        group = record.setdefault(name, {})
        put(group, rest, value, ours.get(name) or {})
    elif value is None:
        record.pop(name, None)
    else:
        record[name] = copy.deepcopy(value)


def put_line(record: dict[str, Any], name: str, rest: Path, value: Any, ours: Mapping[str, Any]) -> None:
    kind, _, id = name.removesuffix("]").partition("[")
    mine = ours.get(kind) or []
    if kind == CUSTOM:
        put_custom(record, id, value, mine)
        return
    lines = record.setdefault(kind, [])
    key = key_of([*lines, *mine]) or LINE_KEYS[0]
    found = next((line for line in lines if line.get(key) == id), None)
    if rest == (THERE,):
        if value is None and found is not None:
            lines.remove(found)
        elif value is not None and found is None:
            lines.append(copy.deepcopy(of_ours(mine, id, key)))
    elif found is not None:
        put(found, rest, value, next((line for line in mine if line.get(key) == id), {}))


def put_custom(record: dict[str, Any], name: str, value: Any, mine: Sequence[Mapping[str, Any]]) -> None:
    """Give a record the value of one custom field, in the order of their names; a new one has the type of ours."""
    rows = [one for one in record.get(CUSTOM) or [] if one.get("DataExtName") != name]
    known: Mapping[str, Any] = next(
        (one for one in [*(record.get(CUSTOM) or []), *mine] if one.get("DataExtName") == name), {}
    )
    if value is not None:
        rows.append({"OwnerID": "0", "DataExtName": name, "DataExtType": "STR255TYPE", **known, "DataExtValue": value})
    record[CUSTOM] = sorted(rows, key=lambda one: str(one.get("DataExtName", "")))
    if not rows:
        del record[CUSTOM]


def of_ours(mine: Sequence[Mapping[str, Any]], id: str, key: str) -> dict[str, Any]:
    """A line of our side by its id, or by its place when it is new."""
    if id.startswith("new "):
        return dict(mine[int(id.removeprefix("new "))])
    return dict(next(line for line in mine if line.get(key) == id))
