"""One value of a record as it stands in its input, and what somebody typed as QuickBooks takes it."""

import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from sync.qbxml.fields import Field, Kind

NUMBERS = {Kind.AMT, Kind.PRICE, Kind.QTY, Kind.PCT, Kind.FLOAT, Kind.INT}
INTERVAL = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:\d+S)?")
HOURS = re.compile(r"(\d{1,4})(?::([0-5]\d)|[.,](\d{1,2}))?")


def shown(of: Field, value: Any) -> str:
    """Return a value as it stands in its input."""
    if isinstance(value, Mapping):
        value = value.get("#text", "")
    if not isinstance(value, str):
        return ""
    if of.kind is Kind.BOOL:
        return {"1": "true", "0": "false"}.get(value, value)
    if of.kind is Kind.INTERVAL and (match := INTERVAL.fullmatch(value)):
        return f"{int(match[1] or 0)}:{int(match[2] or 0):02}"
    return plain(value)


def plain(text: str) -> str:
    """Return a text with the line ends that a browser sends turned into ours."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read(of: Field, text: str) -> str:
    """Return what somebody typed as QuickBooks takes it; what has not its form stays as it was typed."""
    text = plain(text).strip()
    if of.kind in NUMBERS:
        return number(of, text)
    if of.kind is Kind.INTERVAL and (match := HOURS.fullmatch(text)):
        minutes = int(match[2]) if match[2] else round(int((match[3] or "0").ljust(2, "0")) * 60 / 100)
        return f"PT{int(match[1])}H{minutes}M0S"
    return text


def number(of: Field, text: str) -> str:
    """1,234.5 is 1234.50, (12) is -12, $5 is 5."""
    bare = text.replace(",", "").replace("$", "").replace(" ", "").replace("\u00a0", "").removesuffix("%")
    if bare.startswith("(") and bare.endswith(")"):
        bare = f"-{bare[1:-1]}"
    try:
        value = Decimal(bare)
        if not value.is_finite() or abs(value) >= Decimal(10) ** 13:
            return text
    except InvalidOperation:
        return text
    if of.kind is Kind.AMT and value == value.quantize(Decimal("0.01")):
        return f"{value:.2f}"
    return f"{value:f}"


def decimal(text: Any) -> Decimal | None:
    try:
        found = Decimal(str(text)) if text not in (None, "") else None
    except InvalidOperation:
        return None
    return found if found is not None and found.is_finite() and abs(found) < Decimal(10) ** 13 else None


def cents(value: Decimal) -> str:
    return str(value.quantize(Decimal("0.01"), ROUND_HALF_UP))
