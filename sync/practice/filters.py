"""From a query request to the rows it selects: ids or names or filters, as the request's schema orders them."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sync.practice import markup, refusals
from sync.practice.books import Books
from sync.practice.clock import Clock
from sync.practice.kinds import UNIONS, is_transaction, namespace
from sync.practice.macros import dates_of
from sync.practice.markup import Fields

_SELECT = "SELECT seq FROM object WHERE "
_ONE_OF = "entity IN (SELECT value FROM json_each(?))"
_MODIFIED = ("ModifiedDateRangeFilter", "TransactionModifiedDateRangeFilter")
_DATED = ("TxnDateRangeFilter", "TransactionDateRangeFilter")
_PARTIES = ("EntityFilter", "TransactionEntityFilter", "TimeTrackingEntityFilter")
_ACCOUNTS = ("AccountFilter", "TransactionAccountFilter")
_PAID = {"PaidOnly": "paid = 1", "NotPaidOnly": "paid = 0", "Closed": "paid = 1", "Open": "paid = 0"}
_MATCHES = {
    "StartsWith": "substr({0}, 1, length(?)) = ?",
    "EndsWith": "substr({0}, -length(?)) = ?",
    "Contains": "instr({0}, ?) > 0 AND ? IS NOT NULL",
}
_OPERATORS = {
    "LessThan": lambda left, right: left < right,
    "LessThanEqual": lambda left, right: left <= right,
    "Equal": lambda left, right: left == right,
    "GreaterThan": lambda left, right: left > right,
    "GreaterThanEqual": lambda left, right: left >= right,
}


@dataclass(slots=True)
class Selection:
    """The rows a request asks for, and the first name or id it asks for in vain."""

    rows: list[int]
    missing: str = ""


@dataclass(slots=True)
class Where:
    """Conditions of a select with their values."""

    clauses: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def add(self, clause: str, *values: Any) -> None:
        self.clauses.append(clause)
        self.values.extend(values)


def select(books: Books, clock: Clock, entity: str, fields: Fields) -> Selection:
    """The rows of an entity (or union) that the request's fields select, oldest first."""
    entities = UNIONS.get(entity, (entity,))
    named = list(_named(books, entities, fields))
    if named:
        missing = next((asked for asked, rows in named if not rows), "")
        return Selection(sorted({row for _, rows in named for row in rows}), missing)
    where = Where()
    where.add(_ONE_OF, json.dumps(list(_wanted_types(entities, fields))))
    if is_transaction(entities[0]):
        _transaction_filters(where, books, clock, fields)
    else:
        _list_filters(where, clock, fields)
    _reference_filters(where, books, fields)
    query = "".join((_SELECT, " AND ".join(where.clauses), " ORDER BY seq"))
    rows = [row for (row,) in books.db.execute(query, where.values)]
    return Selection(list(_checked(books, rows, fields)))


def _named(books: Books, entities: Sequence[str], fields: Fields) -> Iterator[tuple[str, list[int]]]:
    """What was asked for by id, name or number, each with the rows found."""
    columns = {
        "ListID": "id = ?", "TxnID": "id = ?", "FullName": "name_key = ?",
        "RefNumber": "ref = ? COLLATE NOCASE", "RefNumberCaseSensitive": "ref = ?",
    }  # fmt: skip
    for name, condition in columns.items():
        for asked in markup.many(fields, name):
            if name.endswith("ID"):
                check_id(asked, name)
            value = asked.casefold() if name == "FullName" else asked
            query = "".join((_SELECT, condition, " AND ", _ONE_OF))
            found = books.db.execute(query, (value, json.dumps(list(entities)))).fetchall()
            yield asked, [row for (row,) in found]


def check_id(value: str, field_name: str) -> None:
    """Refuse what cannot be an id: QuickBooks' are hexadecimal, a hyphen, seconds since 1970."""
    head, _, tail = value.partition("-")
    if not (head and tail.isdigit() and all(c in "0123456789ABCDEF" for c in head)):
        raise refusals.bad_id(value, field_name)


def _wanted_types(entities: Sequence[str], fields: Fields) -> Iterator[str]:
    wanted = markup.many(markup.group(fields, "TransactionTypeFilter"), "TxnTypeFilter")
    for entity in entities:
        if not wanted or "All" in wanted or entity in wanted:
            yield entity


def _list_filters(where: Where, clock: Clock, fields: Fields) -> None:
    active = markup.text(fields, "ActiveStatus") or "ActiveOnly"
    if active != "All":
        where.add("active = ?", int(active == "ActiveOnly"))
    _modified(where, clock, fields)
    _matching(where, "name_key", markup.group(fields, "NameFilter"), "Name")
    _between(where, "name_key", markup.group(fields, "NameRangeFilter"), "FromName", "ToName")
    for subtype in ("AccountType", "PaymentMethodType"):
        if subtype in fields:
            where.add("subtype IN (SELECT value FROM json_each(?))", json.dumps(markup.many(fields, subtype)))


def _transaction_filters(where: Where, books: Books, clock: Clock, fields: Fields) -> None:
    for name in _MODIFIED:
        _modified(where, clock, markup.group(fields, name))
    for name in _DATED:
        _dated(where, books, clock, markup.group(fields, name))
    _matching(where, "lower(ref)", markup.group(fields, "RefNumberFilter"), "RefNumber")
    _between(where, "lower(ref)", markup.group(fields, "RefNumberRangeFilter"), "FromRefNumber", "ToRefNumber")
    paid = markup.text(fields, "PaidStatus") or markup.text(fields, "TransactionPaidStatusFilter")
    if paid in _PAID:
        where.add(_PAID[paid])


def _modified(where: Where, clock: Clock, fields: Fields) -> None:
    first, last = markup.text(fields, "FromModifiedDate"), markup.text(fields, "ToModifiedDate")
    low = _moment(clock, first, "FromModifiedDate") if first else None
    high = _moment(clock, last, "ToModifiedDate", end=True) if last else None
    if low is not None and high is not None and low > high:
        raise refusals.bad_range("ModifiedDateRange")
    if low is not None:
        where.add("modified >= ?", low)
    if high is not None:
        where.add("modified <= ?", high)


def _moment(clock: Clock, value: str, field_name: str, *, end: bool = False) -> int:
    try:
        return clock.read(value, end=end)
    except ValueError:
        raise refusals.Refused(
            3020, f'There was an error when converting the date value "{value}" in the "{field_name}" field.'
        ) from None


def _dated(where: Where, books: Books, clock: Clock, fields: Fields) -> None:
    first, last = markup.text(fields, "FromTxnDate"), markup.text(fields, "ToTxnDate")
    if "DateMacro" in fields:
        first, last = dates_of(markup.text(fields, "DateMacro"), clock.today())
    if first and last and first > last:
        raise refusals.bad_range("TxnDateRange")
    if first:
        where.add("txn_date >= ?", first)
    if last:
        where.add("txn_date <= ?", last)


def _matching(where: Where, column: str, fields: Fields, name: str) -> None:
    if fields:
        value = markup.text(fields, name).casefold()
        where.add(_MATCHES[markup.text(fields, "MatchCriterion")].format(column), value, value)


def _between(where: Where, column: str, fields: Fields, low: str, high: str) -> None:
    first, last = markup.text(fields, low).casefold(), markup.text(fields, high).casefold()
    if first and last and first > last:
        raise refusals.Refused(3031, f'The "{low}" field has an invalid range: it is after "{high}".')
    if first:
        where.add(f"{column} >= ?", first)
    if last:
        where.add(f"substr({column}, 1, length(?)) <= ?", last, last)


def _reference_filters(where: Where, books: Books, fields: Fields) -> None:
    for names, column, entity in ((_PARTIES, "party", "Customer"), (_ACCOUNTS, "account", "Account")):
        for name in names:
            if name in fields:
                found = _referred(books, markup.group(fields, name), namespace(entity))
                where.add("".join((column, " IN (SELECT value FROM json_each(?))")), json.dumps(found))


def _referred(books: Books, fields: Fields, entities: Sequence[str]) -> list[str]:
    """The ListIDs a filter names, with the children of what it asks for with its children."""
    found = list(markup.many(fields, "ListID"))
    found += [books.id_of(entities, name) for name in markup.many(fields, "FullName")]
    found += _with_children(books, markup.text(fields, "ListIDWithChildren"))
    return found + _with_children(books, books.id_of(entities, markup.text(fields, "FullNameWithChildren")))


def _with_children(books: Books, parent: str) -> list[str]:
    query = (
        "WITH RECURSIVE tree (id) AS (VALUES (?) UNION SELECT object.id FROM object JOIN tree"
        " ON object.parent = tree.id) SELECT id FROM tree"
    )
    return [object_id for (object_id,) in books.db.execute(query, (parent,))] if parent else []


def _checked(books: Books, rows: list[int], fields: Fields) -> Iterator[int]:
    """The rows that pass the filters which only their content can answer."""
    balance, classes = markup.group(fields, "TotalBalanceFilter"), markup.group(fields, "ClassFilter")
    currency = markup.group(fields, "CurrencyFilter")
    if not (balance or classes or currency):
        yield from rows
        return
    wanted_classes = set(_referred(books, classes, ("Class",)))
    for row in rows:
        content = markup.read(books.db.execute("SELECT head FROM object WHERE seq = ?", (row,)).fetchone()[0])
        right_class = not classes or markup.text(content, "ClassRef", "ListID") in wanted_classes
        right_currency = not currency or _is_currency(content, currency)
        if right_class and right_currency and (not balance or _balances(content, balance)):
            yield row


def _is_currency(content: Fields, wanted: Fields) -> bool:
    mine = markup.group(content, "CurrencyRef")
    return any(
        markup.text(mine, name) in markup.many(wanted, name) for name in ("ListID", "FullName") if name in wanted
    )


def _balances(content: Fields, wanted: Fields) -> bool:
    mine = Decimal(markup.text(content, "TotalBalance") or markup.text(content, "Balance") or 0)
    return bool(_OPERATORS[markup.text(wanted, "Operator")](mine, Decimal(markup.text(wanted, "Amount"))))
