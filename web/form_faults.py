"""What is wrong with a record that a form made: every fault at the input where it is mended."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sync.qbxml import customs
from sync.qbxml.arrange import ORDER
from sync.qbxml.labels import lower
from sync.qbxml.requires import sum_of
from sync.qbxml.validate import Fault, faults
from sync.qbxml.writing import add_values, mod_values
from web.form_values import JOURNAL, SIDES, Asked, Read, rows_in
from web.record_form import Form, Lines

STEP = re.compile(r"(\w+)(?:\[(\d+)\])?(?:/(.*))?")
TAKEN = "A {other} in QuickBooks has this name. Customers, vendors and employees share one list of names."


@dataclass(frozen=True, slots=True)
class Wrong:
    """One fault and the input that it belongs to."""

    place: str  # name of the input; of a list of lines its name; "" for none
    sentence: str


def wrongs(
    form: Form, read: Read, known: Mapping[str, Any], product: str, version: str
) -> tuple[list[Wrong], list[Wrong]]:
    """Return what QuickBooks would refuse, and what it may change, in the order of the request.

    `known` is the record as QuickBooks has it; a Mod is compared with it.
    """
    entity = form.entity
    wanted = read.record
    values = add_values(entity, wanted, product) if form.verb == "Add" else mod_values(entity, known, wanted)
    found = faults(f"{entity.name}{form.verb}", values, product=product, version=version)
    found += customs.faults(entity, form.custom, known, wanted)
    serious = [Wrong(place_of(form, read, one), one.sentence) for one in found if not one.warning]
    if form.verb == "Mod":
        serious += emptied(form, read)
        serious += unbalanced(read)
    return unique(serious), unique([Wrong(place_of(form, read, one), one.sentence) for one in found if one.warning])


def unique(found: Sequence[Wrong]) -> list[Wrong]:
    return list(dict.fromkeys(found))


def emptied(form: Form, read: Read) -> list[Wrong]:
    """A Mod may leave anything out; what a record cannot be without must not be cleared all the same."""
    return [
        Wrong(one.path, f"{one.label} is missing; QuickBooks requires it.")
        for one in form.inputs()
        if one.required and "/" not in one.path and not read.record.get(one.path)
    ]


def unbalanced(read: Read) -> list[Wrong]:
    """Debits and credits of a journal entry that is changed are the same sum too."""
    debit, credit = (sum_of(read.record.get(name)) for name in SIDES.values())
    if debit is None or credit is None or debit == credit:
        return []
    return [
        Wrong(JOURNAL, f"Debits are {debit:,.2f}, credits are {credit:,.2f}; QuickBooks requires them to be the same.")
    ]


def place_of(form: Form, read: Read, fault: Fault) -> str:
    """Return the input that a fault's path in the request means."""
    path = re.sub(r"/(FullName|ListID)$", "", fault.field)
    for one in form.inputs():
        if one.sent == path:
            return one.path
    match = STEP.fullmatch(path)
    if match is None:
        return ""
    name, number, rest = match[1], int(match[2] or 0), match[3] or ""
    lines = list_of(form, name)
    if lines is not None:
        return line_place(lines, read, name, number, rest)
    return next((one.path for one in form.inputs() if one.sent.startswith(f"{name}/") or one.path == name), "")


def list_of(form: Form, sent: str) -> Lines | None:
    if sent in SIDES.values():
        sent = JOURNAL
    return next((one for one in form.lines if sent in (one.sent, one.name)), None)


def line_place(lines: Lines, read: Read, sent: str, number: int, rest: str) -> str:
    places = read.places.get(lines.name, [])
    side = next((side for side, name in SIDES.items() if name == sent), "")
    if lines.name == JOURNAL and side and not rest:
        return JOURNAL
    if side:
        order = order_of(read.record)
        own = [row for row, tag in zip(places, order, strict=False) if tag == sent]
        places = own
    if not rest or number >= len(places):
        return lines.name
    column = next((one.path for one in lines.inputs if one.sent == rest), "")
    if lines.name == JOURNAL and rest == "Amount":
        column = side or "Debit"
    return f"{lines.name}[{places[number]}]/{column}" if column else lines.name


def order_of(record: Mapping[str, Any]) -> list[str]:
    """Return the tags of a journal entry's lines in their order."""
    order = [tag for tag in record.get(ORDER) or () if tag in SIDES.values()]
    return order or [name for name in SIDES.values() for _ in rows_in(record, name)]


def unknown(asked: Asked, label: str, plurals: Sequence[str]) -> Wrong:
    """Return the fault of a reference to something that is not here."""
    what = " or ".join(lower(one) for one in plurals[:3]) if len(plurals) < 4 else "records"
    return Wrong(
        asked.path, f"{label}: there are no {what} called {asked.text[:60]} here. Choose one of the list, or add it."
    )


def label_at(form: Form, path: str) -> str:
    """Return what an input is called in a sentence: "Line 2, item"."""
    match = STEP.fullmatch(path)
    if match and match[2] is not None:
        lines = form.list_named(match[1])
        column = lines.column(match[3] or "") if lines else None
        return f"Line {int(match[2]) + 1}, {lower(column.label)}" if column else "Line"
    return next((one.label for one in form.inputs() if one.path == path), path)
