"""What the practice business bought and booked: orders, bills and their payments, checks, cards, journal."""

from collections.abc import Callable, Mapping

from sync.practice import stock
from sync.practice.identity import block
from sync.practice.markup import Fields
from sync.practice.mint import DAY, Mint, money
from sync.practice.seed_lists import Lists
from sync.practice.seed_parties import Parties, Party

_EXPENSES = (
    "Blades & Abrasives",
    "Fuel",
    "Office Supplies",
    "Repairs",
    "Freight & Duty",
    "Telephone",
    "Meals & Entertainment",
    "Rent",
)


class Purchases:
    """Makes purchase transactions one after the other, oldest first."""

    def __init__(self, mint: Mint, lists: Lists, parties: Parties) -> None:
        self.mint = mint
        self.lists = lists
        self.parties = parties
        self.number = 5_000
        self.expenses = [lists.account(name) for name in _EXPENSES]
        self.classes = lists.all("Class")

    def date_of(self, index: int, count: int) -> int:
        span = (self.mint.end - self.mint.start) * index // max(1, count)
        return min(self.mint.end - 1, self.mint.start + span + self.mint.chance.below(8 * 3600))

    def base(self, created: int) -> Fields:
        self.number += 1
        return {
            "TxnNumber": str(self.mint.transactions),
            "TxnDate": self.mint.clock.date(created),
            "RefNumber": str(self.number),
        }

    def put(self, entity: str, fields: Fields, created: int, own_id: str = "") -> None:
        self.mint.put(self.mint.entry(entity, fields, created, self.mint.later(created, 0.15), own_id))

    def expense_lines(self, created: int, count: int) -> tuple[list[Fields], int]:
        """Expense lines and their sum in cents; now and then one is negative."""
        chance, total = self.mint.chance, 0
        made: list[Fields] = []
        for _ in range(count):
            amount = 1_500 + chance.below(250_000)
            amount = -amount // 4 if made and chance.happens(0.05) else amount
            line: Fields = {
                "TxnLineID": self.mint.txn_id(created),
                "AccountRef": chance.one(self.expenses),
                "Amount": money(amount),
            }
            line |= {
                "Memo": chance.one(("Café & meeting", "Blades", "Drayage", "March rent", "Diesel")),
                "ClassRef": chance.one(self.classes),
            }
            made.append(line | {"BillableStatus": "NotBillable"})
            total += amount
        return made, total

    def item_lines(self, created: int, count: int, rate: str) -> tuple[list[Fields], int]:
        """Item lines with what they cost, and their sum in cents."""
        chance, total = self.mint.chance, 0
        made: list[Fields] = []
        for _ in range(count):
            item, text, cost = chance.one(self.lists.costs)
            quantity = 10 + chance.below(300)
            line: Fields = {
                "TxnLineID": self.mint.txn_id(created),
                "ItemRef": item,
                "Desc": text,
                "Quantity": str(quantity),
            }
            line[rate] = money(cost)
            line |= {"ClassRef": chance.one(self.classes)} if rate == "Rate" else {}
            made.append(line | {"Amount": money(cost * quantity)})
            total += cost * quantity
        return made, total

    def order(self, index: int, count: int) -> None:
        created = self.date_of(index, count)
        vendor = self.mint.chance.one(self.parties.vendors)
        lines, total = self.item_lines(created, 1 + self.mint.chance.below(3), "Rate")
        done = "true" if index < count * 8 // 10 else "false"
        lines = [line | {"ReceivedQuantity": line["Quantity"] if done == "true" else "0"} for line in lines]
        fields = self.base(created) | {
            "VendorRef": vendor.ref, "TemplateRef": self.lists.ref("Template", "Custom Purchase Order"),
            "VendorAddress": vendor.fields["VendorAddress"], "VendorAddressBlock": vendor.fields["VendorAddressBlock"],
            "DueDate": self.mint.clock.date(created + 30 * DAY),
            "ExpectedDate": self.mint.clock.date(created + 40 * DAY),
            "TotalAmount": money(total), "IsManuallyClosed": "false", "IsFullyReceived": done,
            "Memo": "Container, 20 ft",
            "IsToBePrinted": "false", "PurchaseOrderLineRet": lines,
        }  # fmt: skip
        self.put("PurchaseOrder", fields, created)

    def bill(self, index: int, count: int, paid_by: str) -> None:
        """A bill; paid by a BillPaymentCheck, a BillPaymentCreditCard, or ('') not yet."""
        chance, created = self.mint.chance, self.date_of(index, count)
        vendor = chance.one(self.parties.vendors)
        if chance.happens(0.5):
            lines, total = self.item_lines(created, 1 + chance.below(3), "Cost")
            part = {"ItemLineRet": lines}
        else:
            lines, total = self.expense_lines(created, 1 + chance.below(3))
            part = {"ExpenseLineRet": lines}
        own_id = self.mint.txn_id(created)
        fields = self.base(created) | part | {
            "VendorRef": vendor.ref, "VendorAddress": vendor.fields["VendorAddress"],
            "APAccountRef": self.lists.account("Accounts Payable"), "DueDate": self.mint.clock.date(created + 30 * DAY),
            "AmountDue": money(total), "TermsRef": vendor.fields["TermsRef"], "IsPaid": "true" if paid_by else "false",
            "OpenAmount": money(0 if paid_by else total),
        }  # fmt: skip
        if paid_by:
            fields["LinkedTxn"] = self._paid(paid_by, fields, vendor, own_id, total, created)
        else:
            self.parties.owe(vendor, total)
            self.lists.post("Accounts Payable", total)
        self.put("Bill", fields, created, own_id)

    def _paid(self, entity: str, bill: Fields, vendor: Party, bill_id: str, total: int, created: int) -> Fields:
        """The payment of a bill; returns the link that the bill shows."""
        when = min(self.mint.end - 1, created + (3 + self.mint.chance.below(40)) * DAY)
        own_id, base, address = self.mint.txn_id(when), self.base(when), vendor.fields["VendorAddress"]
        by_check = entity == "BillPaymentCheck"
        account = ("BankAccountRef", "Checking") if by_check else ("CreditCardAccountRef", "Visa, First Bay")
        applied = {
            "TxnID": bill_id, "TxnType": "Bill", "TxnDate": bill["TxnDate"], "RefNumber": bill["RefNumber"],
            "BalanceRemaining": "0.00", "Amount": money(total),
        }  # fmt: skip
        fields = base | {
            "PayeeEntityRef": vendor.ref, "APAccountRef": self.lists.account("Accounts Payable"),
            account[0]: self.lists.account(account[1]),
            "Amount": money(total), "AppliedToTxnRet": [applied],
        }  # fmt: skip
        fields |= {"IsToBePrinted": "false", "Address": address, "AddressBlock": block(address)} if by_check else {}
        self.lists.post(account[1], -total if by_check else total)
        self.put(entity, fields, when, own_id)
        return {
            "TxnID": own_id, "TxnType": entity, "TxnDate": base["TxnDate"], "RefNumber": base["RefNumber"],
            "LinkType": "AMTTYPE",
            "Amount": money(-total),
        }  # fmt: skip

    def credit(self, index: int, count: int) -> None:
        created = self.date_of(index, count)
        vendor = self.mint.chance.one(self.parties.vendors)
        lines, total = self.item_lines(created, 1, "Cost")
        fields = self.base(created) | {
            "VendorRef": vendor.ref, "APAccountRef": self.lists.account("Accounts Payable"),
            "CreditAmount": money(total),
            "Memo": "Broken in transit", "ItemLineRet": lines, "OpenAmount": money(total),
        }  # fmt: skip
        self.parties.owe(vendor, -total)
        self.lists.post("Accounts Payable", -total)
        self.put("VendorCredit", fields, created)

    def received(self, index: int, count: int) -> None:
        created = self.date_of(index, count)
        lines, total = self.item_lines(created, 1 + self.mint.chance.below(3), "Cost")
        fields = self.base(created) | {
            "VendorRef": self.mint.chance.one(self.parties.vendors).ref,
            "APAccountRef": self.lists.account("Accounts Payable"),
            "TotalAmount": money(total), "Memo": "Received items (bill to follow)", "ItemLineRet": lines,
        }  # fmt: skip
        self.put("ItemReceipt", fields, created)

    def check(self, index: int, count: int) -> None:
        self._spent("Check", "Checking", index, count, {"IsToBePrinted": "false"})

    def charge(self, index: int, count: int) -> None:
        self._spent("CreditCardCharge", "Visa, First Bay", index, count, {})

    def _spent(self, entity: str, account: str, index: int, count: int, more: Fields) -> None:
        created = self.date_of(index, count)
        lines, total = self.expense_lines(created, 1 + self.mint.chance.below(3))
        fields = self.base(created) | more | {
            "AccountRef": self.lists.account(account), "PayeeEntityRef": self.mint.chance.one(self.parties.vendors).ref,
            "Amount": money(total), "Memo": self.mint.chance.one(stock.NOTES), "ExpenseLineRet": lines,
        }  # fmt: skip
        self.lists.post(account, -total if entity == "Check" else total)
        self.put(entity, fields, created)

    def journal(self, index: int, count: int) -> None:
        created, chance = self.date_of(index, count), self.mint.chance
        amount = money(5_000 + chance.below(400_000))
        debit, credit = (
            {
                "TxnLineID": self.mint.txn_id(created),
                "AccountRef": self.lists.account(name),
                "Amount": amount,
                "Memo": "Month end",
            }
            for name in (
                chance.one(("Insurance", "Interest Expense", "Repairs")),
                chance.one(("Prepaid Insurance", "Equipment Loan")),
            )
        )
        fields = self.base(created) | {
            "IsAdjustment": "false",
            "JournalDebitLine": [debit],
            "JournalCreditLine": [credit],
        }
        self.put("JournalEntry", fields, created)

    def transfer(self, index: int, count: int) -> None:
        created, amount = self.date_of(index, count), 100_000 + self.mint.chance.below(900_000)
        fields = self.base(created) | {
            "TransferFromAccountRef": self.lists.account("Checking"), "FromAccountBalance": money(4_000_000 - amount),
            "TransferToAccountRef": self.lists.account("Savings"), "ToAccountBalance": money(1_000_000 + amount),
            "Amount": money(amount), "Memo": "Tax reserve",
        }  # fmt: skip
        self.put("Transfer", fields, created)


def seed_purchases(
    mint: Mint, lists: Lists, parties: Parties, plan: Mapping[str, int], tell: Callable[[], None]
) -> None:
    """All purchases of the plan, the oldest bills paid."""
    made = Purchases(mint, lists, parties)
    checks, cards = plan["BillPaymentCheck"], plan["BillPaymentCreditCard"]
    for index in range(plan["Bill"]):
        paid_by = "BillPaymentCheck" if index < checks else "BillPaymentCreditCard" if index < checks + cards else ""
        made.bill(index, plan["Bill"], paid_by)
    tell()
    makers = {
        "PurchaseOrder": made.order, "VendorCredit": made.credit, "ItemReceipt": made.received, "Check": made.check,
        "CreditCardCharge": made.charge, "JournalEntry": made.journal, "Transfer": made.transfer,
    }  # fmt: skip
    for entity, make in makers.items():
        for index in range(plan[entity]):
            make(index, plan[entity])
        tell()
