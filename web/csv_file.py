"""Records as CSV: the columns of a kind, the cells of a record, and what keeps a spreadsheet from running a cell.

UTF-8 without a mark, CRLF, a head with the paths of the fields by their qbXML names. A reference is its FullName and
its ListID. Lists within a record (lines, linked transactions, custom fields) are left out: a row holds one record.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from sync.qbxml.fields import Choice, Field, Kind, is_message, laid_open, message
from web.masking import hidden, is_personal
from web.values import text_of

Path = tuple[str, ...]

# A spreadsheet takes a cell that begins so for a formula; ours are looked at behind blanks too. Full-width signs count.
FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)%?")
OURS = "deleted_at"  # the last column: when a record that is gone from QuickBooks was deleted there


@cache
def columns(entity: str) -> tuple[Path, ...]:
    """Return the path of every field of a kind that a record has once, in schema order."""
    ret = f"{entity}Ret"
    return tuple(dict.fromkeys(_paths(message(ret).content, ()))) if is_message(ret) else ()


def _paths(content: tuple[Field | Choice, ...], above: Path) -> Iterator[Path]:
    for each in laid_open(content):
        here = (*above, each.name)
        if each.repeats:
            continue
        if each.kind is Kind.REF:
            yield from ((*here, "FullName"), (*here, "TxnID" if each.find("TxnID") else "ListID"))
        elif each.children:
            yield from _paths(each.children, here)
        else:
            yield here


def head(entity: str) -> list[str]:
    """Return the names of the columns: "BillAddress/City"."""
    return [*("/".join(path) for path in columns(entity)), OURS]


@cache
def personal(entity: str) -> frozenset[Path]:
    """Return the columns that hold personal numbers."""
    return frozenset(path for path in columns(entity) if any(is_personal(name, entity) for name in path))


def cells(entity: str, deleted_at: str | None, fields: Mapping[str, Any], *, sees: bool) -> list[str]:
    """Return one record; to who may not see them, personal numbers are hidden."""
    veiled: frozenset[Path] = frozenset() if sees else personal(entity)
    found = []
    for path in columns(entity):
        text = at(fields, path) if path[0] in fields else ""
        if text and path in veiled:
            text = hidden(text, path[-1])
        found.append(harmless(text) if text else "")
    return [*found, deleted_at or ""]


def at(fields: Mapping[str, Any], path: Path) -> str:
    """Return the text at a path; "" where there is none."""
    value: Any = fields
    for name in path:
        if not isinstance(value, dict):
            return ""
        value = value.get(name)
    return value if isinstance(value, str) else text_of(value)


def harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula; a number stays a number, also a negative one."""
    if FORMULA.match(text) and not NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def written(rows: Iterable[Sequence[str]]) -> bytes:
    """Return lines of CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


def as_typed(text: str) -> str:
    """Return a cell as it was before `harmless`: without the mark that kept a spreadsheet from running it."""
    return text[1:] if text[:1] == "'" and FORMULA.match(text[1:]) else text
