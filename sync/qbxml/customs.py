"""Custom fields of a record: what a company has of them, how a record holds them, what is wrong with their values.

A record, or a line of one, holds them as QuickBooks answers them: DataExtRet, a list of owner, name, type and value,
here always in the order of their names. How they are written is in custom_places.py.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sync.qbxml.entities import ENTITIES, ITEMS, Entity
from sync.qbxml.fields import Field, Kind, message, named
from sync.qbxml.labels import lower
from sync.qbxml.validate import Check, Fault, listed

NAME = "DataExtRet"
PUBLIC = "0"  # OwnerID of what the people of a company defined in QuickBooks; any other is a program's own
LINE_ID = "TxnLineID"
PARTS = ("OwnerID", "DataExtName", "DataExtType", "DataExtValue")
TEXT = "STR255TYPE"  # what custom fields are; the other types belong to programs
SALES = ("CreditMemo", "Estimate", "Invoice", "SalesOrder", "SalesReceipt")  # take over what customers have
TYPES: Mapping[str, Field] = {
    "STR255TYPE": Field(name=NAME, kind=Kind.STR, min=0, max_length=255),
    "STR1024TYPE": Field(name=NAME, kind=Kind.STR, min=0, max_length=1024),
    "AMTTYPE": Field(name=NAME, kind=Kind.AMT, min=0),
    "DATETIMETYPE": Field(name=NAME, kind=Kind.DATETIME, min=0),
    "INTTYPE": Field(name=NAME, kind=Kind.INT, min=0),
    "PERCENTTYPE": Field(name=NAME, kind=Kind.PCT, min=0),
    "PRICETYPE": Field(name=NAME, kind=Kind.PRICE, min=0),
    "QUANTYPE": Field(name=NAME, kind=Kind.QTY, min=0),
}


@dataclass(frozen=True, slots=True)
class Custom:
    """One custom field that a company has for a kind of record."""

    name: str
    type: str  # STR255TYPE …

    @property
    def field(self) -> Field:
        """The form that its values have."""
        return replace(TYPES.get(self.type, TYPES[TEXT]), name=self.name)


def definitions(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The public ones of some DataExtDefRet, as a company keeps them: {name, type, objects}, by name."""
    found = [
        {
            "name": str(row.get("DataExtName", "")),
            "type": str(row.get("DataExtType") or TEXT),
            "objects": sorted(str(one) for one in row.get("AssignToObject") or ()),
        }
        for row in rows
        if row.get("OwnerID", PUBLIC) == PUBLIC and row.get("DataExtName")
    ]
    return sorted(found, key=lambda one: str(one["name"]))


def of_kind(entity: Entity, known: Iterable[Mapping[str, Any]] | None) -> tuple[Custom, ...]:
    """The custom fields of a kind, of the definitions that a company keeps. Sales take over what customers have."""
    if object_of(entity) is None:
        return ()
    names = {object_of(entity), *(["Customer"] if entity.name in SALES else [])}
    return tuple(Custom(one["name"], one["type"]) for one in known or () if names.intersection(one["objects"]))


def of_lines(entity: Entity, known: Iterable[Mapping[str, Any]] | None) -> tuple[Custom, ...]:
    """The custom fields of a transaction's lines, which take over what items have."""
    lines = any(one.children and NAME in named(one.children) for one in message(entity.ret).fields)
    return of_kind(ENTITIES[ITEMS[0]], known) if lines and object_of(entity) else ()


def object_of(entity: Entity) -> str | None:
    """What the kind is called where custom fields are assigned and written; None: it can have none."""
    name = "Item" if entity.name in ITEMS else entity.name
    place = message("DataExtMod").find("ListDataExtType" if entity.group == "list" else "TxnDataExtType")
    return name if place is not None and name in place.enum else None


# values


def values_of(record: Mapping[str, Any]) -> dict[str, str]:
    """The values of a record's custom fields by name; one that is empty is not there."""
    rows = record.get(NAME)
    return {
        str(row.get("DataExtName", "")): str(row["DataExtValue"])
        for row in (rows if isinstance(rows, list) else ())
        if isinstance(row, Mapping) and row.get("OwnerID", PUBLIC) == PUBLIC and row.get("DataExtValue")
    }


def with_values(record: Mapping[str, Any], values: Mapping[str, str], *others: Mapping[str, Any]) -> dict[str, Any]:
    """The record with these custom fields and no others; types are those of the record, or of others that have them."""
    types: dict[str, str] = {}
    for one in (*reversed(others), record):
        rows = one.get(NAME)
        for row in rows if isinstance(rows, list) else ():
            types[str(row.get("DataExtName", ""))] = str(row.get("DataExtType") or TEXT)
    found = {name: value for name, value in record.items() if name != NAME}
    rows = [dict(zip(PARTS, (PUBLIC, name, types.get(name, TEXT), values[name]), strict=True)) for name in values]
    rows = in_order([row for row in rows if row["DataExtValue"]])
    return found | ({NAME: in_order(rows)} if rows else {})


def ordered(record: dict[str, Any]) -> None:
    """Put the custom fields of a record and of its lines in order, in place."""
    for name, rows in record.items():
        if name == NAME and isinstance(rows, list):
            record[name] = in_order(rows)
        elif isinstance(rows, list):
            for row in rows:
                if isinstance(row, dict):
                    ordered(row)


def in_order(rows: Sequence[Any]) -> list[Any]:
    """DataExtRet elements in the order of their names: QuickBooks' order says nothing, and two sides are compared."""
    return sorted(rows, key=lambda row: str(row.get("DataExtName", "")) if isinstance(row, Mapping) else "")


def carried(known: Mapping[str, Any], answered: Mapping[str, Any]) -> dict[str, Any]:
    """What an Add or a Mod answered, with the custom fields that are known: its answer is not asked for any."""
    found = dict(answered)
    if NAME in known and NAME not in found:
        found[NAME] = known[NAME]
    for name, rows in answered.items():
        before = {row.get(LINE_ID): row for row in lines_of(known.get(name)) if row.get(LINE_ID)}
        if before and isinstance(rows, list):
            found[name] = [carried(before.get(row.get(LINE_ID), {}), row) for row in lines_of(rows)]
    return found


def without_known(rows: Any, known: Any) -> Any:
    """Lines without the custom fields of those that QuickBooks has: the Mod of a line has no place for them."""
    ids = {row.get(LINE_ID) for row in lines_of(known)} - {None, ""}
    if not ids or not isinstance(rows, list):
        return rows
    return [without(row) if isinstance(row, Mapping) and line_id(row) in ids else row for row in rows]


def without(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record without custom fields."""
    return {name: value for name, value in record.items() if name != NAME}


def line_id(row: Mapping[str, Any]) -> str:
    """The id of a line as a program gave it; "" where it has none, or something else in its place."""
    id = row.get(LINE_ID)
    return id if isinstance(id, str) else ""


def lines_of(rows: Any) -> list[Mapping[str, Any]]:
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


# from other programs


def merged(record: Mapping[str, Any], rows: Any, custom: Sequence[Custom]) -> dict[str, Any]:
    """The record with the custom fields that are named set, those with an empty value cleared, all others as they were.

    None clears all. `rows` were found to be custom fields (misshapen); `custom` says what types they have.
    """
    if rows is None:
        return with_values(record, {})
    values = values_of(record) | {str(row["DataExtName"]): str(row.get("DataExtValue") or "") for row in rows}
    types = [{"DataExtName": one.name, "DataExtType": one.type} for one in custom]
    return with_values(record, values, {NAME: types})


def lines_given(
    entity: Entity, given: Mapping[str, Any], here: Mapping[str, Any] | None, custom: Sequence[Custom]
) -> tuple[dict[str, Any], list[Fault]]:
    """Lines as a program gave them, with whole custom fields: those of a line that is here are merged with what it has.

    `here` is the record; None for a new one, of which every line is looked at.
    """
    found, wrong = dict(given), []
    for name, rows in given.items():
        known = {row.get(LINE_ID): row for row in lines_of((here or {}).get(name)) if row.get(LINE_ID)}
        if not isinstance(rows, list):
            continue
        found[name] = list(rows)
        for at, row in enumerate(rows):
            if not isinstance(row, Mapping) or not (here is None or line_id(row) in known):
                continue
            before = known.get(line_id(row), {}).get(NAME)
            if NAME not in row and not before:
                continue
            whole, faulty = line_given(entity, row, {NAME: before} if before else {}, custom)
            found[name][at] = whole
            wrong += [replace(one, field=f"{name}[{at}]/{one.field}") for one in faulty]
    return found, wrong


def line_given(
    entity: Entity, row: Mapping[str, Any], known: Mapping[str, Any], custom: Sequence[Custom]
) -> tuple[Mapping[str, Any], list[Fault]]:
    given = row.get(NAME, [])  # a line that says nothing of them keeps what it has
    wrong = misshapen(entity, given)
    if wrong:
        return row, wrong
    whole = merged(without(row) | dict(known), given, custom)
    return whole, faults(entity, custom, known, whole)


def misshapen(entity: Entity, rows: Any) -> list[Fault]:
    """What of custom fields as a program gave them is none."""
    if rows is None:
        return []
    shape = "Custom fields are a list of groups with DataExtName and DataExtValue."
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        return [Fault(entity.name, NAME, "format", "", shape)]
    found = []
    for at, row in enumerate(rows):
        path = f"{NAME}[{at}]"
        strange = next((name for name in row if name not in PARTS), None)
        if strange is not None:
            unknown = f"QuickBooks knows no field {strange[:60]} here."
            found.append(Fault(entity.name, f"{path}/{strange}", "unknown", "", unknown))
        elif not isinstance(row.get("DataExtName"), str) or not isinstance(row.get("DataExtValue") or "", str):
            found.append(Fault(entity.name, path, "format", "", shape))
        elif row.get("OwnerID", PUBLIC) != PUBLIC:
            owner = "Only custom fields (OwnerID 0) can be written; the others belong to programs."
            found.append(Fault(entity.name, f"{path}/OwnerID", "read_only", PUBLIC, owner))
    return found


# a look as QuickBooks would


def faults(
    entity: Entity, custom: Sequence[Custom], known: Mapping[str, Any], wanted: Mapping[str, Any]
) -> list[Fault]:
    """What QuickBooks would refuse of the custom fields that differ; the path of one is "DataExtRet[its name]"."""
    there, here = values_of(known), values_of(wanted)
    by_name = {one.name: one for one in custom}
    found: list[Fault] = []
    for name in sorted(there | here):
        if there.get(name) == here.get(name):
            continue
        if name not in by_name:
            found.append(undefined(entity, custom, name))
            continue
        check = Labelled(entity.name, name)
        check.scalar(by_name[name].field, here.get(name, ""), f"{NAME}[{name}]", refers=False)
        found += check.found
    return found


class Labelled(Check):
    """One look at a value that is called as people called it."""

    def __init__(self, entity: str, name: str) -> None:
        super().__init__(entity, None, "13.0")
        self.name = name

    def label(self, path: str) -> str:
        return self.name


def undefined(entity: Entity, custom: Sequence[Custom], name: str) -> Fault:
    plural = lower(entity.plural)
    there = f"It has {listed([one.name for one in custom], 'and')}." if custom else "It has none."
    sentence = f"QuickBooks has no custom field {name[:60]} for {plural}. {there}"
    return Fault(entity.name, f"{NAME}[{name}]", "unknown", "", sentence)
