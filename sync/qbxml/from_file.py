"""A line of a file as a record: which columns can be imported, what they are called, what a line makes of a record.

Fields that a record has once, and one level of references by name. Lists within a record, such as lines, stay as they
are.
"""

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

from sync.qbxml.entities import Entity, refers_to
from sync.qbxml.fields import Kind, laid_open, message
from sync.qbxml.labels import label
from sync.qbxml.writing import IDENTITY, Content, Values, place_of

Path = tuple[str, ...]
NUMBER = re.compile(r"-?\d{1,12}\.\d{1,5}")  # a spreadsheet loses noughts behind the point
VEILED = "••••"  # begins a number that was hidden from whoever took the file


@lru_cache(maxsize=256)
def importable(name: str, ret: str, verbs: tuple[str, ...], key: str) -> tuple[str, ...]:
    paths: dict[str, None] = {key: None}
    for verb in verbs:
        content = message(f"{name}{verb}").content
        for path in _paths(message(ret).content, content, verb, ()):
            if path[0] not in IDENTITY:
                paths.setdefault("/".join(path))
    return tuple(paths)


def columns_of(entity: Entity) -> tuple[str, ...]:
    """The paths that a column may be imported to, the record's id first; in the order of its Ret."""
    verbs = tuple(verb for verb, able in (("Add", entity.add), ("Mod", entity.mod)) if able)
    return importable(entity.name, entity.ret, verbs, entity.key)


def _paths(whole: Content, content: Content, verb: str, above: Path) -> Iterator[Path]:
    for each in laid_open(whole):
        place = place_of(each.name, content, verb)
        if place is None or each.repeats or place.repeats:
            continue
        here = (*above, each.name)
        if each.kind is Kind.REF:
            if each.find("FullName") and refers_to(each.name, ""):
                yield (*here, "FullName")
        elif each.children:
            yield from _paths(each.children, place.children, verb, here)
        else:
            yield here


def label_of(entity: Entity, path: str) -> str:
    """What a column is called in front of people."""
    return f"{entity.key}, which finds the record" if path == entity.key else label(entity.name, path)


def guessed(entity: Entity, headings: Sequence[str]) -> list[str]:
    """For each heading the path that it most likely means, "" for none; no path twice."""
    known: dict[str, str] = {}
    paths = columns_of(entity)
    for path in paths:
        for called in (
            path,
            path.removesuffix("/FullName"),
            path.removesuffix("Ref/FullName"),
            label(entity.name, path),
        ):
            known.setdefault(plain(called), path)
    for path in paths:
        known.setdefault(plain(path.removesuffix("/FullName").rpartition("/")[2]), path)
    taken: set[str] = set()
    found = []
    for heading in headings:
        path = known.get(plain(heading), "")
        found.append("" if path in taken else path)
        taken.add(path)
    return found


def plain(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())


def read_line(mapping: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    """The texts of a line by their paths; what was hidden from whoever took the file is not there."""
    return {
        path: cell.strip()
        for path, cell in zip(mapping, cells, strict=True)
        if path and not cell.strip().startswith(VEILED)
    }


def wanted_of(here: Mapping[str, Any], texts: Mapping[str, str]) -> Values:
    """The record with the texts of a line in their places; an empty one takes away what was there."""
    found = copy.deepcopy(dict(here))
    for path, text in texts.items():
        put(found, path.split("/"), text)
    return found


def put(values: dict[str, Any], path: list[str], text: str) -> None:
    name, rest = path[0], path[1:]
    if name.endswith("Ref") and rest == ["FullName"]:
        there = values.get(name)
        same = isinstance(there, Mapping) and str(there.get("FullName", "")).lower() == text.lower()
        if not text:
            values.pop(name, None)
        elif not same:
            values[name] = {"FullName": text}
    elif rest:
        inner = values.get(name)
        group = inner if isinstance(inner, dict) else {}
        put(group, rest, text)
        values[name] = group
        if not group:
            values.pop(name)
    elif text:
        there = values.get(name)
        if not same_text(there, text):
            values[name] = text
    else:
        values.pop(name, None)


def same_text(there: Any, text: str) -> bool:
    """Whether a cell says what the record has; a program that writes CSV may have cut the blanks off."""
    if not isinstance(there, str):
        return False
    return there.strip() == text or (is_number(text) and is_number(there) and Decimal(there) == Decimal(text))


def is_number(text: str) -> bool:
    return NUMBER.fullmatch(text) is not None
