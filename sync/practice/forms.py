"""Transactions: the sums QuickBooks works out, and the fields it fills in when nobody gave them.

Money is Decimal; it is rounded to cents line by line, half up.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from sync.practice import markup, refusals
from sync.practice.books import Books
from sync.practice.clock import Clock
from sync.practice.conversion import decimal_text
from sync.practice.listing import add_blocks
from sync.practice.markup import Fields
from sync.practice.mint import in_order, order
from sync.qbxml.fields import laid_open, message

SALES = ("Invoice", "Estimate", "SalesOrder", "SalesReceipt", "CreditMemo")
TOTALS: Mapping[str, str] = {
    "Estimate": "TotalAmount",
    "SalesOrder": "TotalAmount",
    "SalesReceipt": "TotalAmount",
    "CreditMemo": "TotalAmount",
    "PurchaseOrder": "TotalAmount",
    "ItemReceipt": "TotalAmount",
    "Bill": "AmountDue",
    "VendorCredit": "CreditAmount",
    "Check": "Amount",
    "CreditCardCharge": "Amount",
    "CreditCardCredit": "Amount",
    "Deposit": "DepositTotal",
}
SIDES = ("JournalDebitLine", "JournalCreditLine")
NUMBERED = (*SALES, "PurchaseOrder", "JournalEntry")
_INHERITED = ("BillAddress", "ShipAddress", "VendorAddress", "TermsRef", "SalesRepRef", "ItemSalesTaxRef")
_FLAGS = ("IsPending", "IsFinanceCharge", "IsToBePrinted", "IsToBeEmailed", "IsManuallyClosed", "IsFullyInvoiced")
_ZERO = Decimal("0.00")


def amount(fields: Fields, *path: str) -> Decimal:
    """A number at a path, 0.00 where there is none."""
    return Decimal(markup.text(fields, *path) or "0.00")


def cents(value: Decimal) -> str:
    return str(value.quantize(Decimal("0.01"), ROUND_HALF_UP))


class Forms:
    """Completes the transactions of one file."""

    def __init__(self, books: Books, clock: Clock) -> None:
        self.books = books
        self.clock = clock

    def complete(self, entity: str, fields: Fields, line_id: str, *, new: bool) -> Fields:
        """The fields with everything that follows from them, in order; new lines get ids that end like `line_id`."""
        if new:
            self._defaults(entity, fields)
        for name in [name for name in fields if name.endswith(("LineRet", "LineGroupRet", "GroupLineRet"))]:
            fields[name] = [self._line(entity, name, line, fields) for line in markup.many(fields, name)]
        self._number_lines(fields, line_id)
        if entity in SALES:
            self._sale(entity, fields)
        elif entity in TOTALS:
            self._total(entity, fields)
        elif entity == "JournalEntry":
            balanced(fields)
        add_blocks(fields, order(f"{entity}Ret"))
        return in_order(entity, fields)

    def _defaults(self, entity: str, fields: Fields) -> None:
        """What a new form takes from its party, its terms and the file when nobody said it."""
        known = order(f"{entity}Ret")
        fields.setdefault("TxnDate", self.clock.today())
        self._accounts(entity, fields, known)
        if entity in SALES or entity in ("Bill", "PurchaseOrder"):
            self._inherit(entity, fields, known)
        if "DueDate" in known and "TermsRef" in fields:
            fields.setdefault("DueDate", self._due(fields))
        if entity in NUMBERED and "RefNumber" not in fields:
            fields["RefNumber"] = str(self.books.next("ref_numbers") + 90_000)
        if "IsActive" in known:
            fields.setdefault("IsActive", "true")
        for name in _FLAGS if entity in SALES else ():
            if name in known:
                fields.setdefault(name, "false")

    def _inherit(self, entity: str, fields: Fields, known: tuple[str, ...]) -> None:
        party = self._entry(fields, "CustomerRef" if entity in SALES else "VendorRef")
        for name in _INHERITED:
            if name in known and name in party:
                fields.setdefault(name, party[name])
        if entity in SALES and "SalesTaxCodeRef" in party:
            fields.setdefault("CustomerSalesTaxCodeRef", party["SalesTaxCodeRef"])

    def _accounts(self, entity: str, fields: Fields, known: tuple[str, ...]) -> None:
        for element, kind in (("ARAccountRef", "AccountsReceivable"), ("APAccountRef", "AccountsPayable")):
            if element in known and element not in fields:
                self._only_account(fields, element, kind)
        if entity in ("ReceivePayment", "SalesReceipt") and "DepositToAccountRef" not in fields:
            found = self.books.by_name(("Account",), "Undeposited Funds")
            fields |= {"DepositToAccountRef": {"ListID": found.id, "FullName": found.name}} if found else {}

    def _only_account(self, fields: Fields, element: str, kind: str) -> None:
        query = "SELECT id, name FROM object WHERE entity = 'Account' AND subtype = ? ORDER BY seq LIMIT 1"
        row = self.books.db.execute(query, (kind,)).fetchone()
        if row:
            fields[element] = {"ListID": row[0], "FullName": row[1]}

    def _entry(self, fields: Fields, element: str) -> Fields:
        found = self.books.by_id(markup.text(fields, element, "ListID"))
        return found.fields if found else {}

    def _due(self, fields: Fields) -> str:
        days = int(markup.text(self._entry(fields, "TermsRef"), "StdDueDays") or 30)
        return (date.fromisoformat(markup.text(fields, "TxnDate")) + timedelta(days=days)).isoformat()

    def _number_lines(self, fields: Fields, line_id: str) -> None:
        for name in list(fields):
            if name.endswith(("LineRet", "LineGroupRet", "GroupLineRet")) or name in SIDES:
                fields[name] = [self.numbered(line, line_id) for line in markup.many(fields, name)]

    def numbered(self, line: Fields, line_id: str) -> Fields:
        """The line with a TxnLineID in front; an inner line of a group too."""
        given = markup.text(line, "TxnLineID")
        own = given if given and given != "-1" else f"{self.books.next('transactions'):X}-{line_id}"
        inner = {
            name: [self.numbered(one, line_id) for one in value] if name.endswith("LineRet") else value
            for name, value in line.items()
        }
        if "TxnType" in inner:  # of a deposit: the payment's type and id come first
            head = {name: inner[name] for name in ("TxnType", "TxnID") if name in inner}
            return (
                head
                | {"TxnLineID": own}
                | {name: value for name, value in inner.items() if name not in (*head, "TxnLineID")}
            )
        return {"TxnLineID": own} | {name: value for name, value in inner.items() if name != "TxnLineID"}

    def _line(self, entity: str, name: str, line: Fields, fields: Fields) -> Fields:
        """One line with its text, price and amount."""
        if name == "ExpenseLineRet" and not line.get("AccountRef"):
            raise refusals.element_missing("AccountRef", f"{entity} expense line")
        if name == "DepositLineRet":
            return self._deposit_line(line)
        if name == "ExpenseLineRet":
            return line | {"Amount": line.get("Amount") or "0.00"}
        if name.endswith("GroupRet") or name == "ItemGroupLineRet":
            return self._group_line(entity, name, line, fields)
        return self._item_line(entity, name, line, fields)

    def _deposit_line(self, line: Fields) -> Fields:
        """A payment put into the bank brings its payer, number and amount; other lines say their own."""
        payment = self.books.by_id(markup.text(line, "TxnID"))
        if payment is None and "TxnID" in line:
            raise refusals.object_missing(markup.text(line, "TxnID"))
        made = dict(line)
        if payment:
            made |= {"TxnType": payment.entity, "Amount": cents(amount(payment.fields, "TotalAmount"))}
            sources = {
                "EntityRef": "CustomerRef",
                "AccountRef": "DepositToAccountRef",
                "PaymentMethodRef": "PaymentMethodRef",
            }
            made |= {goal: payment.fields[name] for goal, name in sources.items() if name in payment.fields}
        made.setdefault("Amount", "0.00")
        return {part: made[part] for part in _line_order("Deposit", "DepositLineRet") if part in made}

    def _item_line(self, entity: str, name: str, line: Fields, fields: Fields) -> Fields:
        item = self._entry(line, "ItemRef")
        selling = entity in SALES
        rate_name = "Cost" if name == "ItemLineRet" else "Rate"
        made = dict(line)
        if item:
            made.setdefault("Desc", item_text(item, selling))
            price = item_price(item, selling)
            if not any(part in made for part in (rate_name, "Amount", "RatePercent")) and price:
                made[rate_name] = price
            if selling:
                made.setdefault(
                    "SalesTaxCodeRef", item.get("SalesTaxCodeRef") or fields.get("CustomerSalesTaxCodeRef", "")
                )
        _price(made, rate_name)
        known = [part for part in _line_order(entity, name) if made.get(part) not in (None, "")]
        return {part: made[part] for part in known}

    def _group_line(self, entity: str, name: str, line: Fields, fields: Fields) -> Fields:
        """A group item laid out in its lines, as often as its quantity says."""
        group = self._entry(line, "ItemGroupRef")
        inner = "ItemLineRet" if name == "ItemGroupLineRet" else f"{entity}LineRet"
        times = amount(line, "Quantity") or Decimal(1)
        given = markup.many(line, inner) or [
            {"ItemRef": part["ItemRef"], "Quantity": decimal_text(amount(part, "Quantity") * times, 0)}
            for part in markup.many(group, "ItemGroupLine")
        ]
        lines = [self._item_line(entity, inner, part, fields) for part in given]
        made = line | {"TotalAmount": cents(sum((amount(part, "Amount") for part in lines), _ZERO)), inner: lines}
        made.setdefault("Desc", markup.text(group, "ItemDesc"))
        if "IsPrintItemsInGroup" in _line_order(entity, name):
            made["IsPrintItemsInGroup"] = markup.text(group, "IsPrintItemsInGroup") or "false"
        return {part: made[part] for part in _line_order(entity, name) if made.get(part) not in (None, "")}

    def _sale(self, entity: str, fields: Fields) -> None:
        """Subtotal, tax and total of a sales form; of an invoice what is still open."""
        lines = flat_lines(entity, fields)
        subtotal = sum((amount(line, "Amount") for line in lines), _ZERO)
        pays_tax = self._is_taxable({"SalesTaxCodeRef": fields.get("CustomerSalesTaxCodeRef")})
        taxed = [line for line in lines if pays_tax and self._is_taxable(line)]
        taxable = sum((amount(line, "Amount") for line in taxed), _ZERO)
        rate = self._tax_rate(fields)
        tax = (taxable * rate / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)
        fields |= {
            "Subtotal": cents(subtotal),
            "SalesTaxPercentage": decimal_text(rate, 2),
            "SalesTaxTotal": cents(tax),
        }
        total = subtotal + tax
        if entity == "Invoice":
            open_amount = total + amount(fields, "AppliedAmount")
            fields |= {"AppliedAmount": cents(amount(fields, "AppliedAmount")), "BalanceRemaining": cents(open_amount)}
            fields["IsPaid"] = "true" if open_amount == 0 else "false"
        else:
            fields["TotalAmount"] = cents(total)
        if entity == "CreditMemo":
            fields["CreditRemaining"] = cents(total)

    def _is_taxable(self, line: Fields) -> bool:
        return markup.text(self._entry(line, "SalesTaxCodeRef"), "IsTaxable") == "true"

    def _tax_rate(self, fields: Fields) -> Decimal:
        """The rate of the tax item, or of all items of a tax group."""
        item = self._entry(fields, "ItemSalesTaxRef")
        parts = [
            self._entry({"ItemSalesTaxRef": part}, "ItemSalesTaxRef") for part in markup.many(item, "ItemSalesTaxRef")
        ]
        return sum((amount(part, "TaxRate") for part in parts), _ZERO) if parts else amount(item, "TaxRate")

    def _total(self, entity: str, fields: Fields) -> None:
        lines = flat_lines(entity, fields)
        if not lines and entity in ("Check", "Deposit"):
            raise refusals.element_missing("a line", entity)
        total = sum((amount(line, "Amount") for line in lines), _ZERO) - amount(fields, "CashBackInfoRet", "Amount")
        paid = amount(fields, TOTALS[entity]) - amount(fields, "OpenAmount") if "OpenAmount" in fields else _ZERO
        fields[TOTALS[entity]] = cents(total)
        if entity in ("Bill", "VendorCredit"):
            fields["OpenAmount"] = cents(total - paid)
        if entity == "Bill":
            fields["IsPaid"] = "true" if total == paid and lines else "false"


def flat_lines(entity: str, fields: Fields) -> list[Fields]:
    """All lines that have amounts, those inside groups too."""
    found: list[Fields] = []
    for name in (f"{entity}LineRet", "ExpenseLineRet", "ItemLineRet"):
        found += markup.many(fields, name)
    for group_name in (f"{entity}LineGroupRet", "ItemGroupLineRet"):
        for group in markup.many(fields, group_name):
            found += markup.many(group, "ItemLineRet" if group_name == "ItemGroupLineRet" else f"{entity}LineRet")
    return found


def balanced(fields: Fields) -> None:
    """Refuse a journal entry whose debits are not its credits."""
    sides = [markup.many(fields, name) for name in SIDES]
    for line in (*sides[0], *sides[1]):
        if not line.get("AccountRef"):
            raise refusals.element_missing("AccountRef", "JournalEntry line")
    debit, credit = (sum((amount(line, "Amount") for line in side), _ZERO) for side in sides)
    if debit != credit:
        raise refusals.out_of_balance("JournalEntry")


def item_text(item: Fields, selling: bool) -> str:
    """What an item writes into the description of a line."""
    both, either = markup.group(item, "SalesAndPurchase"), markup.group(item, "SalesOrPurchase")
    name = "SalesDesc" if selling else "PurchaseDesc"
    options = (
        markup.text(item, name),
        markup.text(both, name),
        markup.text(either, "Desc"),
        markup.text(item, "ItemDesc"),
    )
    return next((option for option in options if option), "")


def item_price(item: Fields, selling: bool) -> str:
    """What an item costs on a line."""
    both, either = markup.group(item, "SalesAndPurchase"), markup.group(item, "SalesOrPurchase")
    name = "SalesPrice" if selling else "PurchaseCost"
    options = (markup.text(item, name), markup.text(both, name), markup.text(either, "Price"))
    return next((option for option in options if option), "")


def _price(line: Fields, rate: str) -> None:
    """Amount from quantity and rate, or the rate from the amount; when all three are given the first two win."""
    if line.get(rate):
        quantity = amount(line, "Quantity") if line.get("Quantity") else Decimal(1)
        line["Amount"] = cents(amount(line, rate) * quantity)
    elif line.get("Amount") and line.get("Quantity") and amount(line, "Quantity") != 0:
        line[rate] = decimal_text(amount(line, "Amount") / amount(line, "Quantity"), 2)
    elif line.get("ItemRef"):
        line.setdefault("Amount", "0.00")


def _line_order(entity: str, name: str) -> tuple[str, ...]:
    found = message(f"{entity}Ret").find(name)
    return tuple(field.name for field in laid_open(found.children)) if found else ()
