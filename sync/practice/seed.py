"""A believable company in an empty practice file: Halder Natural Stone, from a few hundred to 100,000 rows.

The same seed, number of rows and clock make the same books. Proportions are those of a yard that invoices daily; the
last
four years of business end at the file's present.
"""

from collections.abc import Callable

from sync.practice.company import CompanyFile
from sync.practice.mint import DAY, Chance, Mint
from sync.practice.seed_items import seed_items
from sync.practice.seed_lists import Lists, seed_lists
from sync.practice.seed_parties import seed_parties
from sync.practice.seed_purchases import seed_purchases
from sync.practice.seed_sales import seed_sales

SMALLEST = 300  # rows
YEARS = 4
Progress = Callable[[int, int], None]  # rows made, rows wanted

# Parts in a thousand of what remains after the fixed lists; invoices take the rest, so that the sum is exact.
SHARES = {
    "Customer": 168, "Vendor": 12, "Item": 28, "Estimate": 45, "SalesOrder": 20, "SalesReceipt": 30, "CreditMemo": 6,
    "ReceivePayment": 195, "Deposit": 25, "Bill": 52, "BillPaymentCheck": 36, "BillPaymentCreditCard": 4,
    "VendorCredit": 4,
    "ItemReceipt": 6, "PurchaseOrder": 24, "Check": 26, "CreditCardCharge": 12, "JournalEntry": 7, "TimeTracking": 24,
    "Transfer": 3,
}  # fmt: skip


def quiet(made: int, wanted: int) -> None:
    """No progress shown."""


def seed(file: CompanyFile, rows: int = 5_000, *, seed: int = 1, progress: Progress = quiet) -> None:
    """Fill an empty file with exactly that many rows, lists and transactions together."""
    if rows < SMALLEST:
        raise ValueError(f"a believable company has at least {SMALLEST} rows")
    end = file.clock.moment()
    with file.books.lock:
        file.books.begin()
        mint = Mint(file.books, file.clock, Chance(seed), end - YEARS * 365 * DAY, end)
        lists = seed_lists(mint)
        plan = planned(rows, mint.made + len(lists.accounts))
        progress(mint.made, rows)
        seed_items(mint, lists, plan["Item"])
        parties = seed_parties(mint, lists, plan["Customer"], plan["Vendor"])
        seed_sales(mint, lists, parties, plan, lambda: progress(mint.made, rows))
        seed_purchases(mint, lists, parties, plan, lambda: progress(mint.made, rows))
        parties.put(mint)
        _finish(file, mint, lists)
        file.books.commit()
    progress(mint.made, rows)


def planned(rows: int, fixed: int) -> dict[str, int]:
    """How many of each, so that all of them and the fixed lists are exactly so many rows."""
    left = rows - fixed
    plan = {name: max(1, left * share // 1000) for name, share in SHARES.items()}
    return plan | {"Invoice": left - sum(plan.values())}


def _finish(file: CompanyFile, mint: Mint, lists: Lists) -> None:
    lists.put_accounts(mint)
    mint.flush()
    books = file.books
    books.set("lists", mint.lists)
    books.set("transactions", mint.transactions)
    books.set("numbers", mint.transactions)
    books.set("default_sales_tax", "Alameda County")
    for name, kind in (("Yard contact", "Customer"), ("Territory", "Customer"), ("Bundle", "Item")):
        file.customs.define("0", name, "STR255TYPE", (kind,))
    books.db.executemany(
        "INSERT INTO custom_value (object, owner, name, value) VALUES (?, '0', ?, ?)", lists.custom_values
    )
