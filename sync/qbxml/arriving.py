"""Values from another program or a file, brought into the shape of a record: names, lists, references; and looked at.

A record is kept as QuickBooks answers it (its Ret). Names of an Add or a Mod (InvoiceLineAdd) are taken too.
"""

import copy
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sync.qbxml import customs
from sync.qbxml.arrange import occurrences
from sync.qbxml.entities import ENTITIES, ITEMS, NAMES, TERMS, Entity, refers_to
from sync.qbxml.fields import Field, Kind, message, named
from sync.qbxml.labels import label, lower
from sync.qbxml.validate import Fault, faults
from sync.qbxml.writing import IDENTITY, PAID, Content, Values, add_values, mod_values, part_of, place_of

STAMPS = frozenset({*IDENTITY, "TimeCreated", "TimeModified", "TxnNumber", "FullName", "Sublevel"})
SPACES = (NAMES, ITEMS, TERMS)  # kinds that share one list of names
TENTHS = re.compile(r"-?\d+\.\d")
SHAPES = frozenset({"format", "repeat"})  # rules of strays: a value in another shape than its field
SHOWN = 60  # characters of a name that a sentence repeats
OF_LINES = "Custom fields of a new line can be given with a new transaction, or once QuickBooks has the line."
THEIRS = {there: name for name, there in PAID.items()}


class NotARecord(ValueError):
    """A value that no record can hold."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference in a record: the very part of it, to be filled in."""

    path: str
    kinds: tuple[str, ...]  # of record that it may name
    part: dict[str, Any]


class Target(NamedTuple):
    """A record that may be referred to."""

    entity: str
    qb_id: str
    name: str  # FullName


# shape


def as_texts(value: Any) -> Any:
    """JSON as a record holds it: every scalar a text. Raises NotARecord for lists within lists."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return {str(name): as_texts(one) for name, one in value.items()}
    if isinstance(value, list):
        if any(isinstance(one, list) for one in value):
            raise NotARecord("a list within a list")
        return [as_texts(one) for one in value]
    return value if value is None else str(value)


def as_record(entity: Entity, values: Mapping[str, Any]) -> Values:
    """The values under the names of the entity's Ret; what has no name there keeps its own."""
    return renamed(values, message(entity.ret).content)


def renamed(values: Mapping[str, Any], content: Content) -> Values:
    fields = named(content)
    found: Values = {}
    for name, value in values.items():
        field = field_of(name, fields)
        if field is None:
            found[name] = value
            continue
        parts = [
            renamed(one, field.children) if isinstance(one, Mapping) else in_form(field, one)
            for one in occurrences(value)
        ]
        if value is None or (len(parts) == 1 and not field.repeats and not isinstance(value, list)):
            found[field.name] = parts[0] if parts else None
        else:
            found[field.name] = parts
    return found


def in_form(field: Field, value: Any) -> Any:
    """A value as QuickBooks writes it: JSON numbers and spreadsheets lose the last nought of 1234.50."""
    if field.kind is Kind.AMT and isinstance(value, str) and TENTHS.fullmatch(value):
        return f"{value}0"
    return value


def field_of(name: str, fields: Mapping[str, Field]) -> Field | None:
    """The field of an answered record that a name means, in the shape of any message."""
    base = name.removesuffix("Add").removesuffix("Mod")
    for candidate in (name, f"{base}Ret", base, THEIRS.get(name, "")):
        if candidate in fields:
            return fields[candidate]
    return None


def without_empty(values: Any) -> Any:
    """The values without what says nothing."""
    if isinstance(values, Mapping):
        kept = {name: without_empty(value) for name, value in values.items()}
        return {name: value for name, value in kept.items() if value not in (None, "", {}, [])}
    if isinstance(values, list):
        return [without_empty(one) for one in values if one is not None]
    return values


def merged(record: Mapping[str, Any], patch: Mapping[str, Any]) -> Values:
    """The record with the values of a patch: groups are merged, references and lists replaced, None takes away."""
    found = dict(record)
    for name, value in patch.items():
        there = found.get(name)
        if value is None:
            found.pop(name, None)
        elif isinstance(value, Mapping) and not name.endswith("Ref"):
            inner = merged(there if isinstance(there, Mapping) else {}, value)
            found[name] = inner
            if not inner:
                found.pop(name)
        else:
            found[name] = copy.deepcopy(value)
    return found


# what has no place


def strays(entity: Entity, values: Mapping[str, Any], verb: str, known: Mapping[str, Any]) -> list[Fault]:
    """What of the values no Add or Mod of the entity takes: unknown names, and what only QuickBooks sets.

    What is as in the record known is no fault; nor are, of a new one, the ids and stamps of the one it was copied from.
    """
    content, whole = message(f"{entity.name}{verb}").content, message(entity.ret).content
    given = {
        name: value
        for name, value in values.items()
        if value is not None and value != known.get(name) and not (name in STAMPS and verb == "Add")
    }
    ids = [name for name in given if name in IDENTITY]
    plain = {name: customs.without_known(value, known.get(name)) for name, value in given.items() if name not in ids}
    found = [fault(entity, name, "read_only", f"{label(entity.name, name)} is QuickBooks' own.") for name in ids]
    return found + list(misplaced(entity, plain, content, whole, verb, ""))


def misplaced(
    entity: Entity, values: Mapping[str, Any], content: Content, whole: Content, verb: str, above: str
) -> Iterator[Fault]:
    known = named(whole)
    for name, value in values.items():
        if value is None or name[:1] in "@#":
            if name[:1] in "@#":
                yield fault(entity, above + name, "unknown", f"QuickBooks knows no field {name[:SHOWN]} here.")
            continue
        place, path = place_of(name, content, verb), above + name
        if name == customs.NAME:  # what is in them is looked at by itself
            if place is None:
                yield fault(entity, path, "read_only", OF_LINES)
        elif place is None and name not in known:
            yield fault(entity, path, "unknown", f"QuickBooks knows no field {name[:SHOWN]} here.")
        elif place is None:
            yield fault(entity, path, "read_only", f"{label(entity.name, path)} is set by QuickBooks itself.")
        else:
            inner = known[name].children if name in known else ()
            yield from misplaced_within(entity, value, place, inner, verb, path)


def misplaced_within(entity: Entity, value: Any, place: Field, whole: Content, verb: str, path: str) -> Iterator[Fault]:
    """The same of what a field holds."""
    if isinstance(value, list) and not place.repeats:
        yield fault(entity, path, "repeat", f"{label(entity.name, path)} can be given once.", "1")
        return
    for at, one in enumerate(occurrences(value)):
        here = f"{path}[{at}]" if place.repeats else path
        if isinstance(one, Mapping) and not place.children:
            yield fault(entity, here, "format", f"{label(entity.name, here)} is one value, not a group of fields.")
        elif place.children and not isinstance(one, Mapping):
            yield fault(entity, here, "format", f"{label(entity.name, here)} is a group of fields, not one value.")
        elif isinstance(one, Mapping):
            yield from misplaced(entity, one, place.children, whole, verb, f"{here}/")


def fault(entity: Entity, path: str, rule: str, sentence: str, limit: str = "") -> Fault:
    return Fault(entity.name, path, rule, limit, sentence)


# references


def references(entity: Entity, record: Mapping[str, Any]) -> list[Reference]:
    """Every reference of a record whose kinds are known."""
    return list(referring(entity, record, message(entity.ret).content, ""))


def referring(entity: Entity, values: Mapping[str, Any], content: Content, above: str) -> Iterator[Reference]:
    fields = named(content)
    for name, value in values.items():
        field = fields.get(name)
        if field is None or not field.children:
            continue
        for at, one in enumerate(occurrences(value)):
            if not isinstance(one, dict):
                continue
            path = f"{above}{name}[{at}]" if field.repeats else above + name
            if field.kind is not Kind.REF:
                yield from referring(entity, one, field.children, f"{path}/")
            elif kinds := refers_to(name, entity.name):
                yield Reference(path, kinds, one)


def settle(entity: Entity, found: Sequence[Reference], targets: Iterable[Target], kinds_here: set[str]) -> list[Fault]:
    """Fill in what each reference means, by id or by name; faults for those that mean nothing that is here.

    Of kinds without any record here nothing can be told: those references stay as they are.
    """
    by_id: dict[str, list[Target]] = {}
    by_name: dict[str, list[Target]] = {}
    for target in targets:
        by_id.setdefault(target.qb_id, []).append(target)
        by_name.setdefault(target.name.lower(), []).append(target)
    wrong = []
    for one in found:
        id, name = str(one.part.get("ListID") or ""), str(one.part.get("FullName") or "")
        fitting = [target for target in by_id.get(id, ()) if target.entity in one.kinds] if id else []
        if not id:
            fitting = [target for target in by_name.get(name.lower(), ()) if target.entity in one.kinds]
        if fitting:
            one.part.clear()
            one.part.update({"ListID": fitting[0].qb_id, "FullName": fitting[0].name})
        elif (id or name) and kinds_here.intersection(one.kinds):
            wrong.append(unknown(entity, one, (id or name)[:SHOWN]))
    return wrong


def unknown(entity: Entity, one: Reference, what: str) -> Fault:
    plurals = [lower(ENTITIES[kind].plural) for kind in one.kinds]
    kinds = " or ".join(plurals) if len(plurals) < 4 else "records"
    sentence = f"{label(entity.name, one.path)}: there are no {kinds} called {what} here."
    return fault(entity, one.path, "reference", sentence)


def full_name(entity: Entity, record: Mapping[str, Any]) -> str:
    """The name of a list entry with those above it; an employee's is made of its parts."""
    if entity.group != "list":
        return ""
    if entity.name == "Employee":
        return " ".join(filter(None, (str(record.get(part, "")) for part in ("FirstName", "MiddleName", "LastName"))))
    above = (record.get("ParentRef") or {}).get("FullName", "")
    name = str(record.get("Name", ""))
    return f"{above}:{name}" if above and name else name


def sharing(entity: Entity) -> tuple[str, ...]:
    """The kinds with which an entity shares one list of names."""
    return next((space for space in SPACES if entity.name in space), (entity.name,))


# a look as QuickBooks would


def wrong_in(
    entity: Entity, known: Mapping[str, Any], wanted: Mapping[str, Any], product: str, version: str
) -> list[Fault]:
    """What QuickBooks would refuse of a record; `known` is how it has it, empty for one that it does not have."""
    if known and entity.mod is None:  # only its custom fields can change
        return []
    if not known:
        values = add_values(entity, wanted, product)
        found = faults(f"{entity.name}Add", values, product=product, version=version)
    else:
        values = mod_values(entity, known, wanted)
        found = faults(f"{entity.name}Mod", values, product=product, version=version)
        found += emptied(entity, wanted)
    return [one for one in found if not one.warning]


def emptied(entity: Entity, wanted: Mapping[str, Any]) -> list[Fault]:
    """A Mod may leave anything out; what a record cannot be without must not be cleared all the same."""
    if entity.add is None:
        return []
    return [
        fault(entity, field.name, "required", f"{label(entity.name, field.name)} is missing; QuickBooks requires it.")
        for field in message(f"{entity.name}Add").fields
        if field.required and field.kind is not Kind.GROUP and blank(part_of(field, wanted, "Add"))
    ]


def blank(part: Any) -> bool:
    return not (part.strip() if isinstance(part, str) else part)
