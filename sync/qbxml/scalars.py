"""Single values: as the text that stands in a document, and whether that text has the form that its kind demands.

Binary floating point is never taken; nothing is rounded, cut or replaced. Forms: the simple types of qbXML 13.0, and
dates that exist.
"""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sync.qbxml.fields import Field, Kind

ILLEGAL = re.compile(
    "[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]"
)  # in XML 1.0, even as a reference
DATE = r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"
TIME = r"T([0-9]{1,2})(?::([0-9]{1,2})(?::([0-9]{1,2})(?:[+-][0-9]{1,2}:[0-9]{1,2})?)?)?"
MOMENT = re.compile(rf"{DATE}(?:{TIME})?")
DECIMAL = r"[+-]?[0-9]{1,10}(?:\.[0-9]{1,5})?"
FORMS = {
    Kind.BOOL: re.compile("true|false|1|0"),
    Kind.DATE: re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    Kind.DATETIME: MOMENT,
    Kind.INTERVAL: re.compile("[+-]?PT(?=[0-9])(?:[0-9]+H)?(?:[0-9]+M)?(?:[0-9]+S)?"),
    Kind.AMT: re.compile(r"[+-]?[0-9]{1,13}(?:\.[0-9]{2})?"),
    Kind.PRICE: re.compile(DECIMAL),
    Kind.QTY: re.compile(DECIMAL),
    Kind.PCT: re.compile(DECIMAL),
    Kind.INT: re.compile("[+-]?[0-9]{1,18}"),
    Kind.FLOAT: re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"),
    Kind.GUID: re.compile(r"0|\{[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}"),
}
NEVER_EMPTY = frozenset({Kind.INT, Kind.GUID, Kind.ENUM})  # of the others, an empty element clears the field


class NotText(ValueError):
    """A value that has no place in a document; the message says why, in words that follow "it"."""


def text(field: Field, value: Any) -> str:
    """The value as it stands in a document, unescaped. Raises NotText."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        return decimal(field, value)
    if isinstance(value, datetime):
        if value.microsecond:
            raise NotText("has a fraction of a second, which qbXML cannot hold")
        return value.isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        raise NotText("is a binary fraction, which is never exact")
    raise NotText(f"is no single value but {type(value).__name__}")


def decimal(field: Field, value: Decimal) -> str:
    """A decimal without exponent; an amount of money with two places, where that changes nothing."""
    if not value.is_finite():
        raise NotText("is no number")
    if field.kind is Kind.AMT and abs(value) < Decimal(10) ** 13:
        exact = value.quantize(Decimal("0.01"))
        return format(exact if exact == value else value, "f")
    return format(value, "f")


def has_form(field: Field, given: str) -> bool:
    """Whether a text has the form of the field's kind, and its number lies in the field's range."""
    if given == "":
        return field.kind not in NEVER_EMPTY or "" in field.enum
    form = FORMS.get(field.kind)
    if form is None:
        return field.kind is not Kind.ENUM or given in field.enum
    if not form.fullmatch(given):
        return False
    if field.kind in (Kind.DATE, Kind.DATETIME):
        return exists(given)
    return field.kind is not Kind.INT or within(field, int(given))


def exists(given: str) -> bool:
    """Whether a date, or date and time, is one of the calendar."""
    match = MOMENT.fullmatch(given)
    if match is None:
        return False
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
    try:
        datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return False
    return True


def within(field: Field, number: int) -> bool:
    return (field.low is None or number >= field.low) and (field.high is None or number <= field.high)
