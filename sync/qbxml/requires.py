"""What QuickBooks demands although qbXML's schema leaves it open: by message, in words.

Facts: the SDK's notes on each request, and refusals that were recorded.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from sync.qbxml.arrange import occurrences
from sync.qbxml.fields import Kind, message
from sync.qbxml.labels import label, lower, record

Values = Mapping[str, Any]
ALWAYS: Mapping[str, tuple[str, ...]] = {
    "ItemInventoryAdd": ("IncomeAccountRef", "COGSAccountRef", "AssetAccountRef"),
    "ItemInventoryAssemblyAdd": ("IncomeAccountRef", "COGSAccountRef", "AssetAccountRef"),
    "ItemSalesTaxAdd": ("TaxRate", "TaxVendorRef"),
    "ReceivePaymentAdd": ("TotalAmount",),
}
PRICED = ("ItemServiceAdd", "ItemNonInventoryAdd", "ItemOtherChargeAdd")
ONE_LINE: Mapping[str, tuple[str, ...]] = {
    "CheckAdd": ("ExpenseLineAdd", "ItemLineAdd", "ItemGroupLineAdd", "ApplyCheckToTxnAdd"),
    "DepositAdd": ("DepositLineAdd",),
}
CALCULATED = ("Quantity", "Rate", "RatePercent", "Amount")  # a sales line with none of these is only text


@dataclass(frozen=True, slots=True)
class Demand:
    """One demand that is not met."""

    field: str
    rule: str  # quickbooks_requires, or characters for a colon in a name
    limit: str
    sentence: str


def demands(name: str, values: Values) -> Iterator[Demand]:
    """Every demand that the values of an Add or Mod do not meet."""
    entity = record(name)
    for path in ALWAYS.get(name, ()):
        if not filled(values.get(path)):
            yield missing(entity, path)
    for look in (prices, person, lines, balance, colon):
        yield from look(name, values)
    if name.endswith("Add"):
        yield from empty_references(name, values)


def filled(value: Any) -> bool:
    """Whether there is anything in a value, however deep."""
    if isinstance(value, Mapping):
        return any(filled(one) for one in value.values())
    if isinstance(value, (list, tuple)):
        return any(filled(one) for one in value)
    return value is not None and value != ""


def missing(entity: str, path: str) -> Demand:
    return Demand(path, "quickbooks_requires", "", f"{label(entity, path)} is missing; QuickBooks requires it.")


def prices(name: str, values: Values) -> Iterator[Demand]:
    """An item that is sold has an account for what it brings in, and for what it costs if it is bought too."""
    if name not in PRICED:
        return
    single, both = values.get("SalesOrPurchase"), values.get("SalesAndPurchase")
    if not filled(single) and not filled(both):
        yield missing(record(name), "SalesOrPurchase/AccountRef")
    needed = {"SalesOrPurchase": ("AccountRef",), "SalesAndPurchase": ("IncomeAccountRef", "ExpenseAccountRef")}
    for group, paths in needed.items():
        inside = values.get(group)
        if isinstance(inside, Mapping):
            yield from (missing(record(name), f"{group}/{path}") for path in paths if not filled(inside.get(path)))


def person(name: str, values: Values) -> Iterator[Demand]:
    """An employee's name is made of first and last name."""
    if name == "EmployeeAdd" and not filled(values.get("FirstName")) and not filled(values.get("LastName")):
        sentence = "First name or last name is missing; QuickBooks makes the employee's name of them."
        yield Demand("FirstName", "quickbooks_requires", "FirstName or LastName", sentence)


def lines(name: str, values: Values) -> Iterator[Demand]:
    """Lines that the schema lets be empty: each names its item or account, and some transactions need one."""
    wanted = ONE_LINE.get(name)
    if wanted and not any(filled(values.get(line)) for line in wanted):
        sentence = f"A {lower(record(name))} needs at least one line."
        yield Demand(wanted[0], "quickbooks_requires", "1", sentence)
    if not name.endswith("Add"):
        return
    for line, value in values.items():
        sells = line == f"{record(name)}LineAdd" and message(name).find(f"{line}/ItemRef")
        rule = LINES.get(line) or (sales_line if sells else None)
        for at, one in enumerate(occurrences(value) if rule else ()):
            if rule and isinstance(one, Mapping):
                yield from (missing(record(name), f"{line}[{at}]/{path}") for path in rule(one))


def sales_line(line: Values) -> Iterator[str]:
    if any(filled(line.get(name)) for name in CALCULATED) and not filled(line.get("ItemRef")):
        yield "ItemRef"


def expense_line(line: Values) -> Iterator[str]:
    if not filled(line.get("AccountRef")):
        yield "AccountRef"


def item_line(line: Values) -> Iterator[str]:
    if not filled(line.get("ItemRef")):
        yield "ItemRef"


def journal_line(line: Values) -> Iterator[str]:
    yield from (path for path in ("AccountRef", "Amount") if not filled(line.get(path)))


LINES: Mapping[str, Callable[[Values], Iterator[str]]] = {
    "ExpenseLineAdd": expense_line,
    "ItemLineAdd": item_line,
    "JournalDebitLine": journal_line,
    "JournalCreditLine": journal_line,
}


def balance(name: str, values: Values) -> Iterator[Demand]:
    """Debits and credits of a new journal entry are the same sum."""
    if name != "JournalEntryAdd":
        return
    debit, credit = (sum_of(values.get(line)) for line in ("JournalDebitLine", "JournalCreditLine"))
    if debit is not None and credit is not None and debit != credit:
        sentence = f"Debits are {debit:,.2f}, credits are {credit:,.2f}; QuickBooks requires them to be the same."
        yield Demand("JournalCreditLine", "quickbooks_requires", str(debit), sentence)


def sum_of(given: Any) -> Decimal | None:
    """The amounts of lines together; None when one is no number, which another rule tells."""
    try:
        amounts = [line.get("Amount") or "0" for line in occurrences(given) if isinstance(line, Mapping)]
        return sum((Decimal(str(amount)) for amount in amounts), Decimal())
    except InvalidOperation:
        return None


def colon(name: str, values: Values) -> Iterator[Demand]:
    """A colon separates the levels of a full name, so no name can hold one."""
    given = values.get("Name")
    if isinstance(given, str) and ":" in given and message(name).find("Name"):
        entity = record(name)
        sentence = f"{label(entity, 'Name')} cannot have a colon; QuickBooks sets parent and child apart with it."
        yield Demand("Name", "characters", ":", sentence)


def empty_references(name: str, values: Values) -> Iterator[Demand]:
    """A reference in a new record names something."""
    for rule in message(name).fields:
        if rule.kind is Kind.REF and rule.name in values:
            for one in occurrences(values[rule.name]):
                if isinstance(one, Mapping) and not filled(one):
                    yield missing(record(name), rule.name)
