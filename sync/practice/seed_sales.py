"""What the practice business sold: estimates, orders, invoices with payments and deposits, receipts, hours."""

from collections.abc import Callable, Mapping

from sync.practice import stock
from sync.practice.identity import block
from sync.practice.markup import Fields
from sync.practice.mint import DAY, Mint, money
from sync.practice.seed_lists import Lists
from sync.practice.seed_parties import Parties, Party

_DAYS = {"Due on receipt": 0, "Net 10": 10, "Net 15": 15, "Net 60": 60}


class Sales:
    """Makes sales transactions one after the other, oldest first."""

    def __init__(self, mint: Mint, lists: Lists, parties: Parties) -> None:
        self.mint = mint
        self.lists = lists
        self.parties = parties
        self.customers = sorted(parties.customers, key=lambda party: party.created)
        self.number = 20_000
        self.undeposited: list[tuple[Fields, int]] = []  # deposit lines without their ids, cents
        self.reps = lists.all("SalesRep")
        self.classes = lists.all("Class")
        self.messages = lists.all("CustomerMsg")
        self.methods = lists.all("PaymentMethod")
        self.rates = {name: int(rate.replace(".", "")) for name, rate in stock.TAXES}

    def date_of(self, index: int, count: int) -> int:
        """When the index-th of so many happened: evenly over the years, in working hours."""
        span = (self.mint.end - self.mint.start) * index // max(1, count)
        return min(self.mint.end - 1, self.mint.start + span + self.mint.chance.below(8 * 3600))

    def party(self, moment: int) -> Party:
        """A customer or job that there was at the time: their number grew with the root of the time."""
        share = (moment - self.mint.start) / (self.mint.end - self.mint.start)
        return self.customers[self.mint.chance.below(max(1, int(share**0.5 * len(self.customers))))]

    def lines(self, entity: str, created: int, count: int, date: str) -> tuple[list[Fields], int, int]:
        """Lines of a sales form, their sum and the taxable part of it, in cents."""
        chance, made, total, taxable = self.mint.chance, [], 0, 0
        for _ in range(count):
            item, text, price, code = chance.one(self.lists.prices)
            quantity = 25 + chance.below(6_000)  # hundredths
            amount = (quantity * price + 50) // 100
            line: Fields = {
                "TxnLineID": self.mint.txn_id(created),
                "ItemRef": item,
                "Desc": text,
                "Quantity": money(quantity),
            }
            line |= {"Rate": money(price), "ClassRef": chance.one(self.classes), "Amount": money(amount)}
            if entity in ("Invoice", "SalesReceipt", "CreditMemo") and chance.happens(0.3):
                line["ServiceDate"] = date
            line["SalesTaxCodeRef"] = self.lists.ref("SalesTaxCode", code)
            made.append(line)
            total += amount
            taxable += amount if code == "Tax" else 0
        return made, total, taxable

    def form(self, entity: str, index: int, count: int) -> tuple[Fields, Party, int, int]:
        """What all sales forms share: the fields, whose it is, its sum with tax in cents, when it was made."""
        chance, lists = self.mint.chance, self.lists
        created = self.date_of(index, count)
        party = self.party(created)
        date = self.mint.clock.date(created)
        lines, subtotal, taxable = self.lines(entity, created, 1 + chance.below(4), date)
        tax_item = party.fields["ItemSalesTaxRef"]
        rate = self.rates[tax_item["FullName"]]
        tax = (taxable * rate + 5_000) // 10_000 if party.fields["SalesTaxCodeRef"]["FullName"] == "Tax" else 0
        self.number += 1
        terms = party.fields.get("TermsRef", lists.ref("StandardTerms", "Net 30"))
        due = self.mint.clock.date(created + _DAYS.get(terms["FullName"], 30) * DAY)
        address = party.fields["BillAddress"]
        fields: Fields = {
            "TxnNumber": str(self.mint.transactions), "CustomerRef": party.ref, "ClassRef": chance.one(self.classes),
            "TemplateRef": lists.refs["Template"].get(f"Halder {entity}") or lists.ref("Template", "Halder Invoice"),
            "TxnDate": date,
            "RefNumber": str(self.number), "BillAddress": address, "BillAddressBlock": block(address),
            "IsPending": "false", "IsActive": "true", "PONumber": f"PO {chance.below(90_000)}", "TermsRef": terms,
            "DueDate": due,
            "SalesRepRef": chance.one(self.reps), "FOB": "Oakland", "ShipDate": date, "Subtotal": money(subtotal),
            "ItemSalesTaxRef": tax_item,
            "SalesTaxPercentage": money(rate), "SalesTaxTotal": money(tax), "TotalAmount": money(subtotal + tax),
            "CustomerMsgRef": chance.one(self.messages), "IsToBePrinted": "true" if chance.happens(0.05) else "false",
            "IsToBeEmailed": "false", "CustomerSalesTaxCodeRef": party.fields["SalesTaxCodeRef"],
            f"{entity}LineRet": lines,
        }  # fmt: skip
        if chance.happens(0.25):
            fields["Memo"] = chance.one(stock.NOTES)
        return fields, party, subtotal + tax, created

    def invoice(self, index: int, count: int, paid: bool) -> None:
        """An invoice, and when it is paid the payment that is linked to it."""
        fields, party, total, created = self.form("Invoice", index, count)
        own_id = self.mint.txn_id(created)
        paying = 0 if not paid else total if self.mint.chance.happens(0.94) else total // 2
        payment = self._payment(fields, party, own_id, total, paying, created) if paid else None
        fields |= {
            "ARAccountRef": self.lists.account("Accounts Receivable"), "IsFinanceCharge": "false",
            "AppliedAmount": money(-paying), "BalanceRemaining": money(total - paying),
            "IsPaid": "true" if paying == total else "false",
        }  # fmt: skip
        modified = self.mint.later(created, 0.15)
        if payment:
            fields["LinkedTxn"] = payment
            modified = max(modified, int(payment["TxnID"].rpartition("-")[2]))
        self.parties.owe(party, total - paying)
        self.lists.post("Accounts Receivable", total - paying)
        self.mint.put(self.mint.entry("Invoice", fields, created, modified, own_id))

    def _payment(self, invoice: Fields, party: Party, invoice_id: str, total: int, paying: int, created: int) -> Fields:
        """A payment of an invoice; returns the link that the invoice shows."""
        chance, mint = self.mint.chance, self.mint
        when = min(mint.end - 1, created + (1 + chance.below(50)) * DAY)
        extra = chance.below(20_000) if chance.happens(0.02) else 0
        date, own_id = mint.clock.date(when), mint.txn_id(when)
        method, number = chance.one(self.methods), str(1000 + chance.below(90_000))
        applied: Fields = {
            "TxnID": invoice_id, "TxnType": "Invoice", "TxnDate": invoice["TxnDate"], "RefNumber": invoice["RefNumber"],
            "BalanceRemaining": money(total - paying), "Amount": money(paying),
        }  # fmt: skip
        fields: Fields = {
            "TxnNumber": str(mint.transactions), "CustomerRef": party.ref,
            "ARAccountRef": self.lists.account("Accounts Receivable"),
            "TxnDate": date, "RefNumber": number, "TotalAmount": money(paying + extra), "PaymentMethodRef": method,
            "DepositToAccountRef": self.lists.account("Undeposited Funds"), "UnusedPayment": money(extra),
            "UnusedCredits": "0.00",
            "AppliedToTxnRet": [applied],
        }  # fmt: skip
        self.parties.owe(party, -extra)
        mint.put(mint.entry("ReceivePayment", fields, when, mint.later(when, 0.1), own_id))
        line = {
            "TxnType": "ReceivePayment",
            "TxnID": own_id,
            "EntityRef": party.ref,
            "CheckNumber": number[:11],
            "PaymentMethodRef": method,
        }
        self.undeposited.append((line, paying + extra))
        return {
            "TxnID": own_id, "TxnType": "ReceivePayment", "TxnDate": date, "RefNumber": number, "LinkType": "AMTTYPE",
            "Amount": money(-paying),
        }  # fmt: skip

    def deposit(self, index: int, count: int, size: int) -> None:
        """The oldest payments not yet at the bank."""
        batch, self.undeposited = self.undeposited[:size], self.undeposited[size:]
        created = self.date_of(index, count)
        if batch:
            created = max(created, *(int(line["TxnID"].rpartition("-")[2]) for line, _ in batch))
        total = sum(cents for _, cents in batch)
        lines = []
        for line, cents in batch:
            head = {"TxnType": line["TxnType"], "TxnID": line["TxnID"], "TxnLineID": self.mint.txn_id(created)}
            tail = {"AccountRef": self.lists.account("Undeposited Funds"), "CheckNumber": line["CheckNumber"]}
            lines.append(
                head
                | {"EntityRef": line["EntityRef"]}
                | tail
                | {"PaymentMethodRef": line["PaymentMethodRef"], "Amount": money(cents)}
            )
        fields: Fields = {
            "TxnNumber": str(self.mint.transactions), "TxnDate": self.mint.clock.date(created),
            "DepositToAccountRef": self.lists.account("Checking"), "Memo": "Deposit", "DepositTotal": money(total),
            "DepositLineRet": lines,
        }  # fmt: skip
        self.lists.post("Checking", total)
        self.mint.put(self.mint.entry("Deposit", fields, created, self.mint.later(created, 0.1)))

    def receipt(self, index: int, count: int) -> None:
        fields, _, total, created = self.form("SalesReceipt", index, count)
        fields |= {
            "PaymentMethodRef": self.mint.chance.one(self.methods),
            "DepositToAccountRef": self.lists.account("Undeposited Funds"),
        }
        self.lists.post("Undeposited Funds", total)
        self.mint.put(self.mint.entry("SalesReceipt", fields, created, self.mint.later(created, 0.1)))

    def credit(self, index: int, count: int) -> None:
        fields, party, total, created = self.form("CreditMemo", index, count)
        fields |= {"ARAccountRef": self.lists.account("Accounts Receivable"), "CreditRemaining": money(total)}
        self.parties.owe(party, -total)
        self.lists.post("Accounts Receivable", -total)
        self.mint.put(self.mint.entry("CreditMemo", fields, created, self.mint.later(created, 0.1)))

    def other(self, entity: str, index: int, count: int) -> None:
        """An estimate or a sales order: nothing is posted."""
        fields, _, _, created = self.form(entity, index, count)
        if entity == "SalesOrder":
            fields |= {"IsManuallyClosed": "false", "IsFullyInvoiced": "true" if index < count * 9 // 10 else "false"}
        self.mint.put(self.mint.entry(entity, fields, created, self.mint.later(created, 0.3)))

    def hours(self, index: int, count: int) -> None:
        chance, created = self.mint.chance, self.date_of(index, count)
        fields: Fields = {
            "TxnNumber": str(self.mint.transactions), "TxnDate": self.mint.clock.date(created),
            "EntityRef": chance.one(self.lists.all("Employee")), "CustomerRef": self.party(created).ref,
            "ItemServiceRef": chance.one(self.lists.services),
            "Duration": f"PT{1 + chance.below(9)}H{chance.below(4) * 15}M0S",
            "ClassRef": chance.one(self.classes), "PayrollItemWageRef": chance.one(self.lists.all("PayrollItemWage")),
            "Notes": "Template, cut, polish", "BillableStatus": chance.one(("Billable", "NotBillable",
            "HasBeenBilled")),
        }  # fmt: skip
        self.mint.put(self.mint.entry("TimeTracking", fields, created, self.mint.later(created, 0.1)))


def seed_sales(mint: Mint, lists: Lists, parties: Parties, plan: Mapping[str, int], tell: Callable[[], None]) -> None:
    """All sales of the plan."""
    sales = Sales(mint, lists, parties)
    for entity in ("Estimate", "SalesOrder"):
        for index in range(plan[entity]):
            sales.other(entity, index, plan[entity])
    tell()
    for index in range(plan["Invoice"]):
        sales.invoice(index, plan["Invoice"], index < plan["ReceivePayment"])
        if index % 1000 == 0:
            tell()
    size = max(1, plan["ReceivePayment"] // plan["Deposit"])
    for index in range(plan["Deposit"]):
        sales.deposit(index, plan["Deposit"], size)
    makers = (("SalesReceipt", sales.receipt), ("CreditMemo", sales.credit), ("TimeTracking", sales.hours))
    for entity, make in makers:
        for index in range(plan[entity]):
            make(index, plan[entity])
        tell()
