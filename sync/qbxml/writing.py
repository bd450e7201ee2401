"""From a record as the team wants it to the values of an Add, a Mod, a deletion or a voiding.

A record is kept in the shape in which QuickBooks answers it ("CustomerRet"), whichever side it is from. Here its parts
find their places in the request: the same name, or the name that qbXML gives the part there (InvoiceLineRet becomes
InvoiceLineAdd or InvoiceLineMod). What the request has no place for, such as balances, stays out.

A Mod carries what differs and nothing else. Lines are the exception that qbXML makes: where one differs all are named,
since QuickBooks deletes the lines that a Mod does not mention; those left alone are named by their TxnLineID only.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sync.qbxml.arrange import ORDER, occurrences
from sync.qbxml.entities import Entity
from sync.qbxml.fields import Choice, Field, Kind, laid_open, message, named

Values = dict[str, Any]
Content = tuple[Field | Choice, ...]

LINE_ID = "TxnLineID"
NEW_LINE = "-1"  # TxnLineID of a line that QuickBooks does not have yet
IDENTITY = ("ListID", "TxnID", "EditSequence")
JOURNAL = {"JournalDebitLine": "Debit", "JournalCreditLine": "Credit"}  # one kind of line in a Mod, JournalLineMod
PAID = {"Amount": "PaymentAmount"}  # in what a payment is applied to; DiscountAmount keeps its name
CLEARS = {  # how a Mod says that no line of a kind is left
    "ExpenseLineMod": "ClearExpenseLines",
    "ItemLineMod": "ClearItemLines",
    "ItemGroupLine": "ClearItemsInGroup",
    "ItemInventoryAssemblyLine": "ClearItemsInGroup",
}


def add_values(entity: Entity, wanted: Mapping[str, Any], product: str = "") -> Values:
    """The body of the entity's Add for a record that QuickBooks does not have.

    Leaves out what the `product` (QBD, QBCA …) makes up by itself, and of parts that exclude each other the one that
    only says no: IsToBePrinted false beside a RefNumber.
    """
    content = message(f"{entity.name}Add").content
    values = projected(wanted, content, "Add")
    for field in laid_open(content):
        if product in field.not_in:
            values.pop(field.name, None)
    for name in excluded(content, values):
        values.pop(name)
    return values


def excluded(content: Content, values: Mapping[str, Any]) -> list[str]:
    """Names of values that only say no, where another branch of their choice says something."""
    found = []
    for part in content:
        if isinstance(part, Choice) and part.max == 1:
            taken = [names & values.keys() for names in part.branch_names if names & values.keys()]
            if len(taken) > 1:
                found += [name for names in taken for name in names if values[name] == "false"]
    return found


def mod_values(entity: Entity, known: Mapping[str, Any], wanted: Mapping[str, Any]) -> Values:
    """The body of the entity's Mod that turns the record as QuickBooks has it into the one wanted.

    Holds id and EditSequence of `known`, and what differs. Only these two when nothing that a Mod can hold differs.
    """
    content = message(f"{entity.name}Mod").content
    values: Values = {entity.key: known.get(entity.key, ""), "EditSequence": known.get("EditSequence", "")}
    for field in laid_open(content):
        if field.name not in IDENTITY and not is_line(field):
            value = changed(field, known, wanted)
            if value is not None:
                values[field.name] = value
    values |= lines(content, known, wanted)
    return values | demanded(content, values, wanted) if changes_anything(values) else values


def demanded(content: Content, values: Mapping[str, Any], wanted: Mapping[str, Any]) -> Values:
    """What a Mod has to name whether it differs or not, as the person and the duration of a time entry."""
    fields = [field for field in content if isinstance(field, Field) and field.required]
    parts = {field.name: part_of(field, wanted, "Mod") for field in fields if field.name not in values}
    return {name: part for name, part in parts.items() if part is not None}


def removal(entity: Entity, qb_id: str, *, void: bool = False) -> tuple[str, Values]:
    """The request that deletes a record, or voids a transaction: its name and its values."""
    kind = "List" if entity.group == "list" else "Txn"
    verb = "Void" if void else "Del"
    return f"{kind}{verb}Rq", {f"{kind}{verb}Type": entity.name, entity.key: qb_id}


def changes_anything(values: Mapping[str, Any]) -> bool:
    """Whether the values of a Mod say more than which record they are for."""
    return any(name not in IDENTITY for name in values)


def writable(entity: Entity, verb: str) -> frozenset[str]:
    """The names, as in its Ret, of the parts that an Add or a Mod of the entity has a place for."""
    content = message(f"{entity.name}{verb}").content
    names = (field.name for field in laid_open(message(entity.ret).content))
    return frozenset(name for name in names if place_of(name, content, verb) is not None)


# places


def place_of(name: str, content: Content, verb: str) -> Field | None:
    """The field of a request that holds the part of that name of an answered record."""
    fields = named(content)
    base = name.removesuffix("Ret")
    for candidate in (name, f"{base}{verb}", base, PAID.get(name, "")):
        if candidate in fields:
            return fields[candidate]
    if verb == "Mod" and name in JOURNAL:
        return fields.get("JournalLineMod")
    return None


def names_of(field: Field) -> tuple[str, ...]:
    """The names under which an answered record may hold what a field of a request takes, likeliest first."""
    base = field.name.removesuffix("Add").removesuffix("Mod")
    paid = tuple(name for name, there in PAID.items() if there == field.name)
    return (field.name, f"{base}Ret", base, *paid)


def projected(value: Mapping[str, Any], content: Content, verb: str) -> Values:
    """What of a group the request has places for, under its names there. Empty parts are left out."""
    found: Values = {}
    order: list[str] = []
    for name in (*value.get(ORDER, ()), *value):
        place = place_of(name, content, verb)
        if place is None:
            continue
        if name in value and place.name not in found:
            part = part_of(place, value, verb)
            if part not in ("", None, [], {}):
                found[place.name] = part
        if name in value.get(ORDER, ()):
            order.append(place.name)
    if order:
        found[ORDER] = order[: len(value.get(ORDER, ()))]
    return found


def part_of(place: Field, value: Mapping[str, Any], verb: str) -> Any:
    """The part of a record that a field of a request takes; None where there is none."""
    name = next((one for one in names_of(place) if one in value), None)
    if name is None:
        return None
    parts = [fitted(place, part, verb) for part in occurrences(value[name])]
    parts = [part for part in parts if part not in ("", {})]
    if place.repeats:
        return parts
    return parts[0] if parts else None


def fitted(place: Field, part: Any, verb: str) -> Any:
    """One part as the request takes it: a reference by its id, a group without what has no place, a text as it is."""
    if place.kind is Kind.REF:
        return reference(part)
    if place.children and isinstance(part, Mapping):
        return projected(part, place.children, verb)
    return part


def reference(part: Any) -> Any:
    """A reference by ListID where it is known, else by name: the two together may contradict each other."""
    if not isinstance(part, Mapping):
        return part
    for name in ("ListID", "FullName"):
        if part.get(name):
            return {name: part[name]}
    return {}


# what differs


def changed(field: Field, known: Mapping[str, Any], wanted: Mapping[str, Any]) -> Any:
    """What a Mod says of a field that is no line: None when it is the same, "" where it is to be cleared."""
    before, after = part_of(field, known, "Mod"), part_of(field, wanted, "Mod")
    if same(before, after):
        return None
    if field.repeats:
        return after or None  # an empty list cannot be said
    if field.kind is Kind.GROUP:
        return whole_group(field, before or {}, after or {})
    if field.kind is Kind.REF:
        return after or {"FullName": ""}
    return "" if after is None else after


def whole_group(field: Field, before: Mapping[str, Any], after: Mapping[str, Any]) -> Values:
    """A group such as an address, whole: what it holds now, and empty what it held before."""
    cleared: Values = {
        one.name: {"FullName": ""} if one.kind is Kind.REF else ""
        for one in laid_open(field.children)
        if one.name in before and one.name not in after and one.kind is not Kind.GROUP
    }
    return {**cleared, **after}


def same(one: Any, other: Any) -> bool:
    """Whether two parts say the same; what is empty says what is absent says."""
    return (one or None) == (other or None)


# lines


def is_line(field: Field) -> bool:
    """Whether a field of a Mod is a list of which QuickBooks deletes what is not mentioned."""
    return field.name in CLEARS or (field.repeats and any(one.name == LINE_ID for one in laid_open(field.children)))


def lines(content: Content, known: Mapping[str, Any], wanted: Mapping[str, Any]) -> Values:
    """Every line of a Mod where one of them differs, nothing where none does."""
    places = [field for field in laid_open(content) if is_line(field)]
    if all(same(known_lines(field, known), known_lines(field, wanted)) for field in places):
        return {}
    found: Values = {}
    for field in places:
        before, after = known_lines(field, known), known_lines(field, wanted)
        if after:
            found[field.name] = [line(field, before, one) for one in after]
        elif before and field.name in CLEARS:
            found[CLEARS[field.name]] = "true"
    order = [place.name for name in wanted.get(ORDER, ()) if (place := place_of(name, content, "Mod")) is not None]
    return found | ({ORDER: order} if order else {})


def known_lines(field: Field, record: Mapping[str, Any]) -> list[Values]:
    """The lines of a record that a field of a Mod takes, in their order, as the request names their parts."""
    if field.name == "JournalLineMod":
        return list(journal(field, record))
    found: list[Values] = part_of(field, record, "Mod") or []
    return found


def journal(field: Field, record: Mapping[str, Any]) -> Iterator[Values]:
    """Debits and credits as the one kind of line that a Mod has, in the order of the document."""
    left = {name: list(record.get(name, ())) for name in JOURNAL}
    for name in (*record.get(ORDER, ()), *(kind for kind in JOURNAL for _ in left[kind])):
        if left.get(name):
            yield {**fitted(field, left[name].pop(0), "Mod"), "JournalLineType": JOURNAL[name]}


def line(field: Field, before: Sequence[Values], wanted: Values) -> Values:
    """One line of a Mod: by its id only when it is as before, with what differs when not, whole when it is new."""
    if not any(one.name == LINE_ID for one in laid_open(field.children)):
        return wanted
    id = wanted.get(LINE_ID)
    known = next((one for one in before if id and one.get(LINE_ID) == id), None)
    if known is None:
        return {**wanted, LINE_ID: NEW_LINE}
    if same(known, wanted):
        return {LINE_ID: id}
    return {LINE_ID: id, **differing(field, known, wanted)}


def differing(field: Field, known: Values, wanted: Values) -> Values:
    """What of a line differs. Lines within a line, of a group, are named all when one differs."""
    found: Values = {}
    for part in laid_open(field.children):
        before, after = known.get(part.name), wanted.get(part.name)
        if part.name == LINE_ID or same(before, after):
            continue
        if is_line(part):
            found[part.name] = [line(part, before or [], one) for one in after or []]
        elif part.kind is Kind.REF:
            found[part.name] = after or {"FullName": ""}
        else:
            found[part.name] = "" if after is None else after
    return found
