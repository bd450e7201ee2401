"""From what an Add or Mod says to what the Ret will say: names, references, and the form of values."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from sync.practice import refusals
from sync.practice.books import Books
from sync.practice.filters import check_id
from sync.practice.kinds import referred
from sync.practice.markup import Fields, text
from sync.qbxml.fields import Choice, Field, Kind, laid_open, message

_RENAMED = {
    "BarCode": "BarCodeValue",
    "OpenBalance": "Balance",
    "JournalLineMod": "JournalDebitLine",
    "PaymentTxnID": "TxnID",
    "OverrideMemo": "Memo",
    "OverrideCheckNumber": "CheckNumber",
    "OverrideClassRef": "ClassRef",
}


class Converter:
    """Reads the writes of one message set; `macros` are the ids that earlier requests of the set have named."""

    def __init__(self, books: Books, macros: Mapping[str, str]) -> None:
        self.books = books
        self.macros = macros

    def returned(self, name: str, entity: str, given: Fields) -> Fields:
        """The given fields of a message ("InvoiceAdd") under the names and in the forms of the entity's Ret."""
        return self._group(given, message(name).fields, message(f"{entity}Ret").fields, entity)

    def _group(self, given: Fields, source: Iterable[Field], target: Iterable[Field], entity: str) -> Fields:
        declared = {field.name: field for field in source}
        goals = {field.name: field for field in target}
        found: Fields = {}
        for name, value in given.items():
            goal = goal_of(name, goals)
            if goal:
                values = value if isinstance(value, list) else [value]
                made = [self._value(one, declared[name], goals[goal].children, entity) for one in values]
                found[goal] = made if isinstance(value, list) or goals[goal].repeats else made[0]
        return found

    def _value(self, value: Any, field: Field, target: tuple[Field | Choice, ...], entity: str) -> Any:
        if isinstance(value, dict):
            if field.kind is Kind.REF:
                return self.reference(field.name, value, entity)
            if field.name == "BarCode":
                return text(value, "BarCodeValue")
            if field.name == "DataExt":
                return self.custom(value)
            return self._group(value, laid_open(field.children), laid_open(target), entity)
        return normal(self.named(value), field.kind)

    def custom(self, given: Fields) -> Fields:
        """A custom field of a line, with its type."""
        key = (text(given, "OwnerID").upper(), text(given, "DataExtName"))
        row = self.books.db.execute("SELECT type FROM custom_field WHERE owner = ? AND name = ?", key).fetchone()
        if row is None:
            raise refusals.object_missing(key[1])
        return {"OwnerID": key[0], "DataExtName": key[1], "DataExtType": row[0], "DataExtValue": given["DataExtValue"]}

    def named(self, value: str) -> str:
        """The id that a macro stands for."""
        if not value.startswith("macro:"):
            return value
        if value not in self.macros:
            raise refusals.Refused(
                9101, f'The macro "{value.removeprefix("macro:")}" is not defined in this message set.'
            )
        return self.macros[value]

    def reference(self, element: str, given: Fields, entity: str) -> Any:
        """A reference with both its ListID and full name; '' for an empty one. When both are given the ListID wins."""
        list_id, name = text(given, "ListID"), text(given, "FullName")
        kinds = referred(element, entity)
        if not (list_id or name):
            return ""
        if not kinds:
            return given
        if list_id:
            check_id(list_id, "ListID")
            row = self._row("id = ?", list_id)
            found = row if row and row[2] in kinds else None
        else:
            found = next((row for row in self._rows(name) if row[2] in kinds), None)
        if found is None:
            raise _missing(element, list_id or name, entity)
        return {"ListID": found[0], "FullName": found[1]}

    def _row(self, where: str, value: str) -> Any:
        query = "".join(("SELECT id, name, entity FROM object WHERE ", where))
        return self.books.db.execute(query, (value,)).fetchone()

    def _rows(self, name: str) -> Any:
        return self.books.db.execute("SELECT id, name, entity FROM object WHERE name_key = ?", (name.casefold(),))


def _missing(element: str, name: str, entity: str) -> refusals.Refused:
    if element == "ParentRef":
        return refusals.parent_missing(name, entity)
    kind = next((kind for kind in ("Account", "Entity") if element.endswith(f"{kind}Ref")), element.removesuffix("Ref"))
    return refusals.reference_missing(kind, name, entity)


def goal_of(name: str, goals: Mapping[str, Field]) -> str:
    """What an element of an Add or Mod is called in the Ret, '' when it does not come back."""
    stem = name.removesuffix("Add").removesuffix("Mod")
    candidates = (name, stem, f"{stem}Ret", _RENAMED.get(name, ""))
    return next((candidate for candidate in candidates if candidate in goals), "")


def normal(value: str, kind: Kind) -> str:
    """A value as QuickBooks gives it back: true for 1, two decimals for money."""
    if not value:
        return value
    if kind is Kind.BOOL:
        return "true" if value in ("true", "1") else "false"
    if kind is Kind.AMT:
        return f"{Decimal(value):.2f}"
    if kind in (Kind.PRICE, Kind.PCT):
        return decimal_text(Decimal(value), 2)
    if kind is Kind.QTY:
        return decimal_text(Decimal(value), 0)
    return value


def decimal_text(value: Decimal, places: int) -> str:
    """A number of at least so many decimals and at most five, without more zeros than that."""
    shown = f"{value:.5f}".rstrip("0")
    whole, _, decimals = shown.partition(".")
    return f"{whole}.{decimals.ljust(places, '0')}" if decimals or places else whole
