"""A record as the texts of its form, and the texts that came back as a record again.

Texts are kept flat, by the name of their input: "Name", "BillAddress/City", "CustomerRef" with "CustomerRef#id",
"?SalesOrPurchase" for the branch of a choice, "InvoiceLineRet[2]/Desc" with "InvoiceLineRet[2]#from", the place of the
line in the record that the form was made from ("" for a new one). Rule: a text that came back as it went out changes
nothing, so what nobody touched stays as it was, whatever its form.
"""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sync.qbxml.arrange import ORDER
from sync.qbxml.fields import Kind
from web import form_custom
from web.form_scalars import cents, decimal, plain, read, shown
from web.record_form import Branches, Form, Group, Input, Lines, Part, inputs_in

Texts = dict[str, str]
Record = dict[str, Any]
MOST_LINES = 2000  # of one list that a form takes
SIDES = {"Debit": "JournalDebitLine", "Credit": "JournalCreditLine"}
JOURNAL = "JournalLine"


# a record as texts


def texts_of(form: Form, record: Mapping[str, Any], base: Mapping[str, Any] | None = None) -> Texts:
    """Return the texts of a record. Lines are told by their place in `base`, else in the record itself."""
    record = opened(record)
    origin = opened(base) if base is not None else record
    found: Texts = {}
    for sheet in form.sheets:
        found.update(texts_in(sheet.parts, record))
    for lines in form.lines:
        rows, first = rows_in(record, lines.name), rows_in(origin, lines.name)
        for at, row in enumerate(rows):
            place = at if base is None else place_of(row, first)
            found[f"{lines.name}[{at}]#from"] = "" if place is None else str(place)
            for one in lines.inputs:
                found.update(texts_at(one, row, f"{lines.name}[{at}]/"))
    return found


def rows_in(record: Mapping[str, Any], name: str) -> list[Record]:
    found = record.get(name)
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def place_of(row: Mapping[str, Any], rows: list[Record]) -> int | None:
    id = row.get("TxnLineID") or row.get("ListID") or row.get("NoteID")
    for at, one in enumerate(rows):
        if one == row or (id and id in (one.get("TxnLineID"), one.get("ListID"), one.get("NoteID"))):
            return at
    return None


def texts_in(parts: tuple[Part, ...], record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for part in parts:
        if isinstance(part, Input):
            yield from texts_at(part, record)
        elif isinstance(part, Group):
            yield from texts_in(part.parts, record)
        else:
            yield f"?{part.path}", taken(part, record)
            for _, inner in part.options:
                yield from texts_in(inner, record)


def taken(choice: Branches, record: Mapping[str, Any]) -> str:
    """Return the branch that a record takes: the one that says most, a "no" counting for nothing; "" for none."""
    says = []
    for _, inner in choice.options:
        values = [at(record, one.path) for one in inputs_in(inner)]
        says.append(sum(2 if value not in (None, "false", "0") else 1 for value in values if value is not None))
    if any(says):
        return str(says.index(max(says)))
    return "" if choice.optional else "0"


def texts_at(one: Input, record: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    value = at(record, one.path)
    if not one.is_reference:
        yield above + one.path, shown(one.field, value)
    elif one.field.kind is Kind.ID:
        yield above + one.path, transaction(record, value)
        yield f"{above}{one.path}#id", value if isinstance(value, str) else ""
    else:
        value = value if isinstance(value, Mapping) else {}
        yield above + one.path, str(value.get("FullName") or value.get("ListID") or "")
        yield f"{above}{one.path}#id", str(value.get("ListID") or "")


def transaction(line: Mapping[str, Any], id: Any) -> str:
    """Return what a transaction that a line names is called: Invoice 20398."""
    if not id:
        return ""
    return " ".join(filter(None, (str(line.get("TxnType", "")), str(line.get("RefNumber", ""))))) or str(id)


def at(record: Any, path: str) -> Any:
    """Return the value at a path, or None. A payment's amount stands under another name."""
    for name in path.split("/"):
        if not isinstance(record, Mapping):
            return None
        record = record.get(name, record.get("Amount") if name == "PaymentAmount" else None)
    return record


def opened(record: Mapping[str, Any]) -> Record:
    """Return a copy in which debits and credits are one list, references in a list lines, custom fields a group."""
    found: Record = form_custom.opened(copy.deepcopy(dict(record)))
    for name, value in found.items():
        if name.endswith("Ref") and isinstance(value, list) and all(is_reference(one) for one in value):
            found[name] = [{name: one} for one in value]
    if not any(name in found for name in SIDES.values()):
        return found
    left = {side: rows_in(found, name) for side, name in SIDES.items()}
    order = [side for tag in found.get(ORDER) or () for side, name in SIDES.items() if tag == name]
    rows = []
    for side in (*order, *(each for each in SIDES for _ in left[each])):
        if left[side]:
            row = left[side].pop(0)
            amount = row.pop("Amount", None)
            rows.append({**row, "Side": side} | ({side: amount} if amount is not None else {}))
    for name in SIDES.values():
        found.pop(name, None)
    return {**found, JOURNAL: rows}


def closed(record: Record) -> Record:
    """Return the record with debits and credits apart again, and their order; lists of references as they are kept."""
    for name, value in record.items():
        if name.endswith("Ref") and isinstance(value, list) and all(list(one) == [name] for one in value):
            record[name] = [one[name] for one in value]
    if JOURNAL not in record:
        return record
    found = {name: value for name, value in record.items() if name != JOURNAL}
    order = []
    for row in record[JOURNAL]:
        side = side_of(row)
        amount = row.get(side)
        line = {name: value for name, value in row.items() if name not in ("Side", *SIDES)}
        found.setdefault(SIDES[side], []).append(line | ({"Amount": amount} if amount is not None else {}))
        order.append(SIDES[side])
    usual = sorted(order, key=list(SIDES.values()).index)
    return {**found, ORDER: order} if order != usual or record.get(ORDER) else found


def is_reference(value: Any) -> bool:
    return isinstance(value, Mapping) and bool(value) and value.keys() <= {"ListID", "FullName"}


def side_of(row: Mapping[str, Any]) -> str:
    filled = [side for side in SIDES if row.get(side) not in (None, "")]
    return filled[0] if len(filled) == 1 else str(row.get("Side") or (filled or ["Debit"])[0])


# texts as a record


@dataclass(frozen=True, slots=True)
class Asked:
    """A reference as somebody typed or picked it."""

    path: str
    kinds: tuple[str, ...]
    text: str
    id: str
    is_transaction: bool

    @property
    def key(self) -> tuple[tuple[str, ...], str, str]:
        return self.kinds, self.text, self.id


Known = Mapping[tuple[tuple[str, ...], str, str], Any]  # what was found for each: a reference, or None


@dataclass(slots=True)
class Read:
    """What came back: the record as it is wanted, and the references that were changed."""

    record: Record
    asked: list[Asked] = field(default_factory=list)
    places: dict[str, list[int]] = field(default_factory=dict)  # list -> row of the form for each of its lines


def record_of(form: Form, texts: Mapping[str, str], base: Mapping[str, Any], known: Known | None = None) -> Read:
    """Return the record that a form's texts make of the one that it was made from."""
    reading = Reading(texts, texts_of(form, base), known or {})
    found = Read(opened(base), reading.asked)
    for sheet in form.sheets:
        reading.parts(sheet.parts, found.record)
    for lines in form.lines:
        reading.lines(lines, found)
    found.record = form_custom.closed(closed(found.record), base, form.custom)
    return found


class Reading:
    """One reading of texts against those that went out."""

    def __init__(self, texts: Mapping[str, str], before: Texts, known: Known) -> None:
        self.texts, self.before, self.known = texts, before, known
        self.asked: list[Asked] = []

    def parts(self, parts: tuple[Part, ...], record: Record) -> None:
        for part in parts:
            if isinstance(part, Input):
                self.value(part, record, part.path, part.path)
            elif isinstance(part, Group):
                self.parts(part.parts, record)
            else:
                self.choice(part, record)

    def choice(self, choice: Branches, record: Record) -> None:
        """Read the branch that is taken; what the others hold goes when it is another than before."""
        name = f"?{choice.path}"
        branch, before = self.texts.get(name), self.before.get(name, "")
        if branch is None or (branch and not (branch.isdecimal() and int(branch) < len(choice.options))):
            branch = before
        if branch != before:
            for place, (_, inner) in enumerate(choice.options):
                if str(place) != branch:
                    for one in inputs_in(inner):
                        put(record, one.path, None)
        if branch:
            self.parts(choice.options[int(branch)][1], record)

    def value(self, one: Input, record: Record, out: str, back: str) -> bool:
        """Take one value over where it was touched; say whether it was. `out` is its name before, `back` now."""
        if back not in self.texts:
            return False
        text, before = plain(self.texts[back]), self.before.get(out, "")
        id, id_before = self.texts.get(f"{back}#id", ""), self.before.get(f"{out}#id", "")
        if text == before and (not one.is_reference or id in ("", id_before)):
            return False
        if not one.is_reference:
            put(record, one.path, read(one.field, text) or None)
        elif not text.strip():
            put(record, one.path, None)
        else:
            asked = Asked(back, one.kinds, text.strip(), id if id != id_before else "", one.field.kind is Kind.ID)
            self.asked.append(asked)
            fallback: Any = asked.text if asked.is_transaction else {"FullName": asked.text}
            put(record, one.path, self.known.get(asked.key) or fallback)
        return True

    def lines(self, lines: Lines, found: Read) -> None:
        """Read the lines of one list in the order of their rows; what is empty and new is no line."""
        rows = rows_of(self.texts, lines.name)
        if f"#{lines.name}" not in self.texts:
            return
        old = rows_in(found.record, lines.name)
        made: list[Record] = []
        places: list[int] = []
        kept: list[int] = []
        for row in rows:
            origin = self.texts.get(f"{lines.name}[{row}]#from", "")
            known = int(origin) if origin.isdecimal() and int(origin) < len(old) else None
            line = self.line(lines, row, known, copy.deepcopy(old[known]) if known is not None else {})
            if known is not None:
                kept.append(known)
            if line:
                made.append(line)
                places.append(row)
        found.places[lines.name] = places
        if made != old:
            found.record[ORDER] = mended(found.record.get(ORDER) or [], lines.name, kept)
            found.record[lines.name] = made
        for name in (ORDER, lines.name):
            if name in found.record and not found.record[name]:
                del found.record[name]

    def line(self, lines: Lines, row: int, known: int | None, record: Record) -> Record:
        touched = set()
        for one in lines.inputs:
            out = f"{lines.name}[{known}]/{one.path}" if known is not None else ""
            if self.value(one, record, out, f"{lines.name}[{row}]/{one.path}"):
                touched.add(one.path)
        if lines.column("Rate") or lines.column("Cost"):
            reckon(record, touched, "Rate" if lines.column("Rate") else "Cost")
        return record


def reckon(line: Record, touched: set[str], rate: str) -> None:
    """The amount of a line is quantity times rate; an amount that alone was changed makes the rate."""
    quantity, price, amount = decimal(line.get("Quantity")), decimal(line.get(rate)), decimal(line.get("Amount"))
    if touched & {"Quantity", rate}:
        if price is not None and line.get(rate):
            line["Amount"] = cents((quantity if quantity is not None else Decimal(1)) * price)
    elif "Amount" in touched and amount is not None and price is not None:
        count = quantity if quantity is not None else Decimal(1)
        if count:
            line[rate] = f"{(amount / count).quantize(Decimal('0.00001'), ROUND_HALF_UP).normalize():f}"


def put(record: Record, path: str, value: Any) -> None:
    """Give a record the value at a path; None takes it away, and the group that it leaves empty."""
    name, _, rest = path.partition("/")
    if rest:
        group = record.get(name)
        if not isinstance(group, dict):
            if value is None:
                return
            group = record[name] = {}
        put(group, rest, value)
        if not group:
            del record[name]
    elif value is None:
        record.pop(name, None)
        if name == "PaymentAmount":
            record.pop("Amount", None)
    elif name == "PaymentAmount" and "Amount" in record:
        record["Amount"] = value
    else:
        record[name] = value


def mended(order: list[str], name: str, kept: list[int]) -> list[str]:
    """Return the order of lines of several kinds without those of this kind that are gone."""
    found, place = [], -1
    for tag in order:
        if tag == name:
            place += 1
            if place not in kept:
                continue
        found.append(tag)
    return found


def rows_of(texts: Mapping[str, str], name: str) -> list[int]:
    """Return the numbers of the rows that a form sent of a list, in their order."""
    found = set()
    for key in texts:
        if key.startswith(f"{name}[") and key.endswith("]#from"):
            number = key[len(name) + 1 : -6]
            if number.isdecimal() and len(number) < 6:
                found.add(int(number))
    return sorted(found)[:MOST_LINES]
