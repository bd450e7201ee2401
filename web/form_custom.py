"""The custom fields of a record in its form: a sheet of inputs that are named after them.

In a record they are a list (DataExtRet); while a form is read they are a group, "DataExtRet/.Yard%20contact".
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from sync.qbxml import customs
from sync.qbxml.customs import NAME, Custom

Record = dict[str, Any]


def key(name: str) -> str:
    """Return the last step of the path of an input: names may hold any character, and say what other fields are."""
    return f".{quote(name, safe='')}"


def path(name: str) -> str:
    """Return the path of the input for a custom field."""
    return f"{NAME}/{key(name)}"


def place(fault: str) -> str:
    """Return the input that the path of a fault means, "DataExtRet[Yard contact]"."""
    return path(fault.removeprefix(f"{NAME}[").removesuffix("]"))


def opened(record: Record) -> Record:
    """Return the record with its custom fields as a group."""
    values = customs.values_of(record)
    found = {name: value for name, value in record.items() if name != NAME}
    return found | ({NAME: {key(name): value for name, value in values.items()}} if values else {})


def closed(record: Record, base: Mapping[str, Any], custom: Sequence[Custom]) -> Record:
    """Return the record with its custom fields as a list again; types are those in `base`, or as defined."""
    group = record.get(NAME)
    if not isinstance(group, dict):
        return record
    names = {key(name): name for name in (*customs.values_of(base), *(one.name for one in custom))}
    values = {names[at]: str(value) for at, value in group.items() if at in names}
    defined = [{"DataExtName": one.name, "DataExtType": one.type} for one in custom]
    found = {name: value for name, value in record.items() if name != NAME}
    return customs.with_values(found, values, base, {NAME: defined})


def not_asked(record: Mapping[str, Any], custom: Sequence[Custom]) -> list[tuple[str, str]]:
    """Return name and value of those that QuickBooks has not told to be fields of the kind: they are only shown."""
    known = {one.name for one in custom}
    return [(name, value) for name, value in customs.values_of(record).items() if name not in known]
