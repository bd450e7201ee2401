"""The hot columns of a record: what lists, search and joins need, taken out of its fields as the registry says."""

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from sync.qbxml.entities import ENTITIES


class Summary(NamedTuple):
    """Texts as QuickBooks sent them; None where the record has nothing of the kind."""

    qb_id: str  # ListID or TxnID; "" when none was sent
    edit_sequence: str | None
    name: str | None
    ref_number: str | None
    party: str | None
    amount: str | None  # "19.90"
    date: str | None
    time_modified: str | None
    time_created: str | None
    active: bool | None


def summary(entity: str, fields: Mapping[str, Any]) -> Summary:
    """The summary of a record. A kind that the registry does not know is looked at by the usual names."""
    known = ENTITIES.get(entity)
    active = text(fields, "IsActive")
    return Summary(
        qb_id=text(fields, known.key) or "" if known else first(fields, ("ListID", "TxnID")) or "",
        edit_sequence=text(fields, "EditSequence"),
        name=first(fields, known.title if known else ("FullName", "Name")),
        ref_number=first(fields, known.number if known else ("RefNumber",)),
        party=first(fields, known.party if known else ("CustomerRef/FullName", "VendorRef/FullName")),
        amount=next(
            filter(None, (total(fields, path) for path in (known.amount if known else ("TotalAmount",)))), None
        ),
        date=first(fields, known.date if known else ("TxnDate",)),
        time_modified=text(fields, "TimeModified"),
        time_created=text(fields, "TimeCreated"),
        active=None if active is None else active in ("true", "1"),
    )


def first(fields: Mapping[str, Any], paths: tuple[str, ...]) -> str | None:
    """The first text at any of the paths."""
    for path in paths:
        found = text(fields, path)
        if found:
            return found
    return None


def text(fields: Mapping[str, Any], path: str) -> str | None:
    """The first text at a path; None when there is none or it is empty. The hot path of taking rows in."""
    value: Any = fields.get(path)
    if value is None and "/" in path:
        name, _, rest = path.partition("/")
        group = fields.get(name)
        if group is None:
            return None
        value = group.get(rest) if type(group) is dict else None
        if value is None:
            return next(filter(None, texts(group, rest)), None)
    if type(value) is str:
        return value or None
    return None if value is None else next(filter(None, texts(value, "")), None)


def texts(value: Any, path: str) -> Iterator[str]:
    """Every text at a path, through lists."""
    if isinstance(value, list):
        for one in value:
            yield from texts(one, path)
    elif isinstance(value, Mapping) and path:
        name, _, rest = path.partition("/")
        if name in value:
            yield from texts(value[name], rest)
    elif isinstance(value, str) and not path:
        yield value


def total(fields: Mapping[str, Any], sum_of: str) -> str | None:
    """The amount at a path or the sum of several ("Subtotal+SalesTaxTotal"); None when the first has none."""
    single = fields.get(sum_of)
    if type(single) is str:
        return single or None
    found = [list(texts(fields, path)) for path in sum_of.split("+")]
    values = [one for some in found for one in some if one]
    if not found[0] or not values:
        return None
    if len(values) == 1:
        return values[0]
    try:
        return str(sum((Decimal(value) for value in values), Decimal()))
    except InvalidOperation:
        return None
