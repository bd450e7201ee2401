"""What one transaction does to others: payments and the bills and invoices they pay, and the balances that follow.

A balance changes without touching TimeModified or EditSequence of its owner; an invoice or bill that is paid is
modified.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from sync.practice import markup, refusals
from sync.practice.books import Books, Entry
from sync.practice.clock import Clock
from sync.practice.forms import amount, cents
from sync.practice.markup import Fields
from sync.practice.mint import in_order

PAYS: Mapping[str, str] = {"ReceivePayment": "Invoice", "BillPaymentCheck": "Bill", "BillPaymentCreditCard": "Bill"}
_CREDITS = {"CreditMemo": "CreditRemaining", "VendorCredit": "OpenAmount"}
_OPEN = {"Invoice": "BalanceRemaining", "Bill": "OpenAmount"}
_ZERO = Decimal("0.00")
# Where a transaction's total goes: element, sign. The first is the party.
_POSTINGS: Mapping[str, tuple[tuple[str, int], ...]] = {
    "Invoice": (("CustomerRef", 1), ("ARAccountRef", 1)),
    "CreditMemo": (("CustomerRef", -1), ("ARAccountRef", -1)),
    "ReceivePayment": (("CustomerRef", -1), ("ARAccountRef", -1), ("DepositToAccountRef", 1)),
    "SalesReceipt": (("DepositToAccountRef", 1),),
    "Bill": (("VendorRef", 1), ("APAccountRef", 1)),
    "VendorCredit": (("VendorRef", -1), ("APAccountRef", -1)),
    "BillPaymentCheck": (("PayeeEntityRef", -1), ("APAccountRef", -1), ("BankAccountRef", -1)),
    "BillPaymentCreditCard": (("PayeeEntityRef", -1), ("APAccountRef", -1), ("CreditCardAccountRef", 1)),
    "Check": (("AccountRef", -1),),
    "CreditCardCharge": (("AccountRef", 1),),
    "CreditCardCredit": (("AccountRef", -1),),
    "Deposit": (("DepositToAccountRef", 1),),
    "Transfer": (("TransferFromAccountRef", -1), ("TransferToAccountRef", 1)),
}
_OF_THE_SOURCE = frozenset(
    {"TxnLineID", "ReceivedQuantity", "UnbilledQuantity", "IsBilled", "IsManuallyClosed", "Invoiced"}
)
_AMOUNTS = ("TotalAmount", "AmountDue", "CreditAmount", "DepositTotal", "Amount")


def total_of(entity: str, fields: Fields) -> Decimal:
    """What a transaction posts."""
    if entity == "Invoice":
        return amount(fields, "Subtotal") + amount(fields, "SalesTaxTotal")
    return next((amount(fields, name) for name in _AMOUNTS if name in fields), _ZERO)


class Links:
    """Keeps the transactions and balances of one file in step."""

    def __init__(self, books: Books, clock: Clock) -> None:
        self.books = books
        self.clock = clock

    def touch(self, entry: Entry, moment: int) -> None:
        """Store an entry as modified now; its EditSequence is never the one it had."""
        entry.modified = max(moment, entry.modified)
        entry.edit = str(max(moment, int(entry.edit) + 1))
        entry.fields |= {"TimeModified": self.clock.stamp(entry.modified), "EditSequence": entry.edit}
        self.books.update(entry)

    def post(self, entity: str, fields: Fields, sign: int) -> None:
        """Put a transaction into the balances (1) or take it out of them (-1)."""
        total = total_of(entity, fields) * sign
        if total:
            for element, direction in _POSTINGS.get(entity, ()):
                self._move(markup.text(fields, element, "ListID"), total * direction)

    def _move(self, object_id: str, change: Decimal) -> None:
        """Change a balance, and the total balance of everything above."""
        owner = self.books.by_id(object_id) if object_id else None
        own = True
        while owner is not None:
            for name in ("Balance", "TotalBalance"):
                if name in owner.fields and (own or name == "TotalBalance"):
                    owner.fields[name] = cents(amount(owner.fields, name) + change)
            self.books.update(owner)
            owner, own = self.books.by_id(markup.text(owner.fields, "ParentRef", "ListID")), False

    def pay(self, payment: Entry, wanted: list[Fields], moment: int) -> None:
        """Apply a payment to what it pays and write both sides of the link. Raises Refused when it does not fit."""
        kind = PAYS[payment.entity]
        applied: list[Fields] = []
        for want in wanted:
            target = self.books.by_id(markup.text(want, "TxnID"))
            if target is None or target.entity != kind:
                raise refusals.object_missing(markup.text(want, "TxnID"))
            applied.append(self._apply(payment, target, want, moment))
        total = sum((amount(row, "Amount") for row in applied), _ZERO)
        if payment.entity == "ReceivePayment":
            given = amount(payment.fields, "TotalAmount") if "TotalAmount" in payment.fields else total
            if total > given:
                raise refusals.bad_value("TotalAmount", cents(given), "You cannot apply more than the payment.")
            payment.fields |= {
                "TotalAmount": cents(given),
                "UnusedPayment": cents(given - total),
                "UnusedCredits": "0.00",
            }
        else:
            payment.fields["Amount"] = cents(total)
        payment.fields["AppliedToTxnRet"] = applied
        payment.fields = in_order(
            payment.entity, {name: value for name, value in payment.fields.items() if value != []}
        )

    def _apply(self, payment: Entry, target: Entry, want: Fields, moment: int) -> Fields:
        still_open = amount(target.fields, _OPEN[target.entity])
        discount = amount(want, "DiscountAmount")
        paying = amount(want, "PaymentAmount") if want.get("PaymentAmount") else still_open - discount
        if paying + discount > still_open:
            raise refusals.bad_value("PaymentAmount", cents(paying), "You cannot pay more than the amount due.")
        self.settle(target, paying + discount)
        link = {
            "TxnID": payment.id,
            "TxnType": payment.entity,
            "TxnDate": payment.fields["TxnDate"],
            "RefNumber": markup.text(payment.fields, "RefNumber"),
            "LinkType": "AMTTYPE",
            "Amount": cents(-paying),
        }
        self._link(target, {name: value for name, value in link.items() if value})
        self.credit(target, markup.many(want, "SetCredit"), moment)
        self.touch(target, moment)
        row: Fields = {"TxnID": target.id, "TxnType": target.entity, "TxnDate": target.fields["TxnDate"]}
        row |= {"RefNumber": markup.text(target.fields, "RefNumber")} if "RefNumber" in target.fields else {}
        row |= {"BalanceRemaining": markup.text(target.fields, _OPEN[target.entity]), "Amount": cents(paying)}
        return row | ({"DiscountAmount": cents(discount)} if discount else {})

    def credit(self, target: Entry, wanted: list[Fields], moment: int) -> None:
        """Use credit memos or vendor credits up against what is open on an invoice or bill."""
        for want in wanted:
            source = self.books.by_id(markup.text(want, "CreditTxnID"))
            if source is None or source.entity not in _CREDITS:
                raise refusals.object_missing(markup.text(want, "CreditTxnID"))
            name, using = _CREDITS[source.entity], amount(want, "AppliedAmount")
            left = amount(source.fields, name) - using
            if left < 0 or using > amount(target.fields, _OPEN[target.entity]):
                raise refusals.bad_value(
                    "AppliedAmount", cents(using), "You cannot use more than is left of the credit."
                )
            source.fields[name] = cents(left)
            self.settle(target, using)
            for one, other in ((source, target), (target, source)):
                link = {"TxnID": other.id, "TxnType": other.entity, "TxnDate": other.fields["TxnDate"]}
                link |= {"RefNumber": other.fields["RefNumber"]} if "RefNumber" in other.fields else {}
                self._link(one, link | {"LinkType": "AMTTYPE", "Amount": cents(-using)})
            self.touch(source, moment)

    def _link(self, entry: Entry, link: Fields) -> None:
        links = [*markup.many(entry.fields, "LinkedTxn"), link]
        entry.fields = in_order(entry.entity, entry.fields | {"LinkedTxn": links})

    def settle(self, target: Entry, paid: Decimal) -> None:
        """Take an amount off what is open on an invoice or bill; a negative one opens it again."""
        name = _OPEN[target.entity]
        left = amount(target.fields, name) - paid
        target.fields |= {name: cents(left), "IsPaid": "true" if left == 0 else "false"}
        if target.entity == "Invoice":
            target.fields["AppliedAmount"] = cents(amount(target.fields, "AppliedAmount") - paid)

    def undo(self, payment: Entry, moment: int) -> None:
        """Open again what a payment has paid."""
        for row in markup.many(payment.fields, "AppliedToTxnRet"):
            target = self.books.by_id(markup.text(row, "TxnID"))
            if target is not None:
                self.settle(target, -amount(row, "Amount") - amount(row, "DiscountAmount"))
                kept = [
                    link for link in markup.many(target.fields, "LinkedTxn") if markup.text(link, "TxnID") != payment.id
                ]
                target.fields["LinkedTxn"] = kept
                target.fields = {name: value for name, value in target.fields.items() if value != []}
                self.touch(target, moment)
        payment.fields.pop("AppliedToTxnRet", None)

    def follow(self, entry: Entry, sources: list[str], moment: int) -> None:
        """Link an entry to the estimate or orders it came from, on both sides."""
        for source_id in sources:
            source = self.books.by_id(source_id)
            if source is None:
                raise refusals.object_missing(source_id)
            for one, other in ((entry, source), (source, entry)):
                link = {"TxnID": other.id, "TxnType": other.entity, "TxnDate": other.fields["TxnDate"]}
                link |= {"RefNumber": other.fields["RefNumber"]} if "RefNumber" in other.fields else {}
                link |= {"LinkType": "QUANTYPE", "Amount": cents(total_of(other.entity, other.fields))}
                self._link(one, link)
            done = {"PurchaseOrder": "IsFullyReceived", "SalesOrder": "IsFullyInvoiced"}.get(source.entity)
            if done:
                source.fields = in_order(source.entity, source.fields | {done: "true"})
            self.books.update(entry)
            self.touch(source, moment)

    def copied(self, entity: str, sources: list[str]) -> Fields:
        """The lines that a form takes from the estimate or orders it is made of."""
        goal, rate = (f"{entity}LineRet", "Rate") if entity == "Invoice" else ("ItemLineRet", "Cost")
        lines: list[Fields] = []
        for source_id in sources:
            source = self.books.by_id(source_id)
            if source is None:
                raise refusals.object_missing(source_id)
            for line in markup.many(source.fields, f"{source.entity}LineRet"):
                kept = {name: value for name, value in line.items() if name not in _OF_THE_SOURCE}
                lines.append({rate if name == "Rate" else name: value for name, value in kept.items()})
        return {goal: lines} if lines else {}

    def open_ones(self, payment: Entry) -> Iterator[Fields]:
        """What IsAutoApply pays: the party's open invoices, the oldest first, as far as the money goes."""
        left = amount(payment.fields, "TotalAmount")
        query = "SELECT id FROM object WHERE entity = 'Invoice' AND party = ? AND paid = 0 ORDER BY txn_date, seq"
        for (invoice_id,) in self.books.db.execute(
            query, (markup.text(payment.fields, "CustomerRef", "ListID"),)
        ).fetchall():
            invoice = self.books.by_id(invoice_id)
            part = min(left, amount(invoice.fields, "BalanceRemaining")) if invoice else _ZERO
            if part > 0:
                left -= part
                yield {"TxnID": invoice_id, "PaymentAmount": cents(part)}
