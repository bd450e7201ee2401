"""The kinds of record a company file has: labels, keys, order, columns, and the query of each.

Only what the field table cannot know stands here; whether a query iterates, which products have it, whether deletions
are reported and how its filters are called comes from fields.py. Every kind is here whose records carry a ListID or
TxnID of their own and can be asked for without naming another record. Left out, and why:
Host, Company, CompanyActivity, Preferences: about the file, one of each, without a key.
Item, Entity, Terms, Transaction: unions of kinds that are asked singly.
ListDeleted, TxnDeleted, DataEventRecoveryInfo: news about records, not records.
ReceivePaymentToDeposit, BillToPay, SalesTaxPayable, ItemAssembliesCanBuild, BarCode: views of records that are here (a
payment waiting for its deposit has the payment's TxnID), which come and go without a trace.
SalesTaxReturnLine: asked for by tax agency only. Form1099CategoryAccountMapping, PayrollLastPeriod, AccountTaxLineInfo:
settings and fixed lists without ListID. DataExtDef: known by OwnerID and name together. Reports: no records at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from sync.qbxml.fields import Field, Message, Operation, message, operation, operations
from sync.qbxml.fields import version as comparable

TAX = "SalesTaxTotal"
NAMES = ("Customer", "Vendor", "Employee", "OtherName")  # QuickBooks keeps the four in one space of names
TERMS = ("StandardTerms", "DateDrivenTerms")
ITEMS = (
    "ItemService",
    "ItemNonInventory",
    "ItemOtherCharge",
    "ItemInventory",
    "ItemInventoryAssembly",
    "ItemFixedAsset",
    "ItemSubtotal",
    "ItemDiscount",
    "ItemPayment",
    "ItemSalesTax",
    "ItemSalesTaxGroup",
    "ItemGroup",
)


@dataclass(frozen=True, slots=True)
class Feature:
    """The preference without which QuickBooks does not offer a kind: its place in PreferencesRet, and our words."""

    path: str
    words: str  # "Class tracking is off in QuickBooks."

    def is_off(self, preferences: Mapping[str, Any]) -> bool:
        """Whether the preferences say so; a preference that was not sent says nothing."""
        found: Any = preferences
        for name in self.path.split("/"):
            found = found.get(name) if isinstance(found, Mapping) else None
        return found in ("false", "0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """One kind of record. Paths are of its Ret ("BillAddress/City"); of several, the first that is filled counts.

    A path of an amount may be a sum ("Subtotal+SalesTaxTotal"), and one through a list means all of its lines.
    """

    name: str  # "Customer", as in CustomerQueryRq and CustomerRet
    label: str
    plural: str
    group: Literal["list", "transaction"]
    position: int  # what it may refer to stands before it
    title: tuple[str, ...] = ()  # the name of a list entry
    number: tuple[str, ...] = ()
    party: tuple[str, ...] = ()
    amount: tuple[str, ...] = ()
    date: tuple[str, ...] = ()
    natural_key: tuple[str, ...] = ()  # paths that together find it again without its id; () when nothing does
    columns: tuple[tuple[str, str], ...] = ()  # heading, path; beside title, number, party, amount, date
    feature: Feature | None = None
    page_size: int
    curated: bool = True

    @property
    def key(self) -> Literal["ListID", "TxnID"]:
        return "ListID" if self.group == "list" else "TxnID"

    @property
    def query(self) -> str:
        return f"{self.name}QueryRq"

    @property
    def ret(self) -> str:
        return f"{self.name}Ret"

    @property
    def add(self) -> str | None:
        """The request that adds one, if qbXML has it."""
        return self._request("AddRq")

    @property
    def mod(self) -> str | None:
        """The request that modifies one, if qbXML has it."""
        return self._request("ModRq")

    def _request(self, ending: str) -> str | None:
        return name if (name := self.name + ending) in operations() else None

    @property
    def asked(self) -> Operation:
        """The facts about its query."""
        return operation(self.query)

    @property
    def iterates(self) -> bool:
        return self.asked.iterates and self.filter("MaxReturned") is not None

    @property
    def counts(self) -> bool:
        """Whether its query can say how many there are without sending them."""
        return self.asked.meta_data

    @property
    def since(self) -> str | None:
        return self.asked.since

    @property
    def not_in(self) -> frozenset[str]:
        return self.asked.not_in

    @property
    def modified_filter(self) -> str | None:
        """The path under which its query takes FromModifiedDate; None: it can only be asked whole."""
        paths = ("FromModifiedDate", "ModifiedDateRangeFilter/FromModifiedDate")
        return next((path for path in paths if self.filter(path)), None)

    @property
    def filters_modified(self) -> bool:
        return self.modified_filter is not None

    @property
    def deletions(self) -> Literal["ListDeleted", "TxnDeleted"] | None:
        """The query that reports its deletions; None: only a look at all its keys tells."""
        lists, transactions = message("ListDeletedQueryRq"), message("TxnDeletedQueryRq")
        if self.name in enumerated(lists, "ListDelType"):
            return "ListDeleted"
        return "TxnDeleted" if self.name in enumerated(transactions, "TxnDelType") else None

    @property
    def voids(self) -> bool:
        return self.name in enumerated(message("TxnVoidRq"), "TxnVoidType")

    @property
    def deletes(self) -> bool:
        names = enumerated(message("ListDelRq"), "ListDelType") + enumerated(message("TxnDelRq"), "TxnDelType")
        return self.name in names

    def filter(self, path: str) -> Field | None:
        """An element of its query."""
        return message(self.query).find(path)

    def available(self, product: str, spoken: str) -> bool:
        """Whether a product (QBD, QBCA …) that speaks a version of qbXML has this kind."""
        return product not in self.not_in and comparable(spoken) >= comparable(self.since or "1.0")

    def off(self, preferences: Mapping[str, Any]) -> str:
        """Why the company file does not offer this kind, in words; "" when nothing says so."""
        return self.feature.words if self.feature and self.feature.is_off(preferences) else ""


def enumerated(of: Message, name: str) -> tuple[str, ...]:
    found = of.find(name)
    return found.enum if found else ()


CLASSES = Feature("AccountingPreferences/IsUsingClassTracking", "Class tracking is off in QuickBooks.")
CURRENCIES = Feature("MultiCurrencyPreferences/IsMultiCurrencyOn", "QuickBooks keeps these books in one currency.")
ESTIMATES = Feature("JobsAndEstimatesPreferences/IsUsingEstimates", "Estimates are off in QuickBooks.")
INVENTORY = Feature("PurchasesAndVendorsPreferences/IsUsingInventory", "Inventory and purchase orders are off.")
PRICE_LEVELS = Feature(
    "SalesAndCustomersPreferences/PriceLevels/IsUsingPriceLevels", "Price levels are off in QuickBooks."
)
SITES = Feature(
    "MultiLocationInventoryPreferences/IsMultiLocationInventoryEnabled", "Inventory sites are off in QuickBooks."
)
PLAIN: tuple[tuple[str, str], ...] = ()
WITH_FULL_NAME = ("FullName",)
PRICE = ("SalesOrPurchase/Price", "SalesAndPurchase/SalesPrice")
DESCRIPTION = (("Description", "SalesOrPurchase/Desc"), ("Sales description", "SalesAndPurchase/SalesDesc"))
STOCK = (
    ("Description", "SalesDesc"),
    ("On hand", "QuantityOnHand"),
    ("Cost", "PurchaseCost"),
    ("Part number", "ManufacturerPartNumber"),
    ("Preferred vendor", "PrefVendorRef/FullName"),
)
CUSTOMER = ("CustomerRef/FullName",)
VENDOR = ("VendorRef/FullName",)
PAYEE = ("PayeeEntityRef/FullName",)
MEMO = (("Memo", "Memo"),)
SALE = (("Open balance", "BalanceRemaining"), ("Due", "DueDate"), ("Memo", "Memo"))
ORDER = (("Due", "DueDate"), ("PO number", "PONumber"), ("Memo", "Memo"))
TOTAL = ("TotalAmount",)
AMOUNT = ("Amount",)

# name, label, plural, and what differs from an entry whose name stands in Name
LISTS: tuple[tuple[str, str, str, Mapping[str, Any]], ...] = (
    ("Currency", "Currency", "Currencies", {
        "columns": (("Code", "CurrencyCode"), ("Rate", "ExchangeRate"), ("As of", "AsOfDate")), "feature": CURRENCIES,
    }),
    ("SalesTaxReturn", "Sales tax return", "Sales tax returns", {
        "title": WITH_FULL_NAME, "columns": (("Description", "Desc"),),
    }),
    ("SalesTaxCode", "Sales tax code", "Sales tax codes", {
        "columns": (("Taxable", "IsTaxable"), ("Description", "Desc")),
    }),
    ("Account", "Account", "Accounts", {
        "title": WITH_FULL_NAME, "number": ("AccountNumber",), "amount": ("TotalBalance", "Balance"),
        "columns": (("Type", "AccountType"), ("Description", "Desc"), ("Currency", "CurrencyRef/FullName")),
    }),
    ("Class", "Class", "Classes", {"title": WITH_FULL_NAME, "feature": CLASSES}),
    ("StandardTerms", "Terms", "Terms", {
        "columns": (("Due in days", "StdDueDays"), ("Discount %", "DiscountPct"), ("Discount days", "StdDiscountDays")),
    }),
    ("DateDrivenTerms", "Terms by date", "Terms by date", {
        "columns": (("Due on day", "DayOfMonthDue"), ("Discount %", "DiscountPct")),
    }),
    ("PaymentMethod", "Payment method", "Payment methods", {"columns": (("Type", "PaymentMethodType"),)}),
    ("ShipMethod", "Shipping method", "Shipping methods", {}),
    ("CustomerType", "Customer type", "Customer types", {"title": WITH_FULL_NAME}),
    ("VendorType", "Vendor type", "Vendor types", {"title": WITH_FULL_NAME}),
    ("JobType", "Job type", "Job types", {"title": WITH_FULL_NAME}),
    ("CustomerMsg", "Customer message", "Customer messages", {}),
    ("Template", "Template", "Templates", {"columns": (("For", "TemplateType"),)}),
    ("InventorySite", "Inventory site", "Inventory sites", {
        "columns": (("Description", "SiteDesc"), ("Within", "ParentSiteRef/FullName"), ("Default", "IsDefaultSite")),
        "feature": SITES,
    }),
    ("UnitOfMeasureSet", "Unit of measure set", "Unit of measure sets", {
        "columns": (("Type", "UnitOfMeasureType"), ("Base unit", "BaseUnit/Name")),
    }),
    ("PayrollItemWage", "Wage item", "Wage items", {
        "columns": (("Type", "WageType"), ("Expense account", "ExpenseAccountRef/FullName")),
    }),
    ("PayrollItemNonWage", "Payroll item", "Payroll items", {
        "columns": (("Type", "NonWageType"), ("Expense account", "ExpenseAccountRef/FullName")),
    }),
    ("WorkersCompCode", "Workers comp code", "Workers comp codes", {
        "columns": (("Description", "Desc"), ("Rate", "CurrentRate"), ("Since", "CurrentEffectiveDate")),
    }),
    ("Vehicle", "Vehicle", "Vehicles", {"columns": (("Description", "Desc"),)}),
    ("PriceLevel", "Price level", "Price levels", {
        "columns": (("Type", "PriceLevelType"), ("Change in %", "PriceLevelFixedPercentage")), "feature": PRICE_LEVELS,
    }),
    ("BillingRate", "Billing rate", "Billing rates", {
        "amount": ("FixedBillingRate",), "columns": (("Type", "BillingRateType"),),
    }),
    ("Vendor", "Vendor", "Vendors", {
        "number": ("AccountNumber",), "amount": ("Balance",),
        "columns": (
            ("Company", "CompanyName"), ("Phone", "Phone"), ("E-mail", "Email"), ("City", "VendorAddress/City"),
            ("Terms", "TermsRef/FullName"),
        ),
    }),
    ("ItemSalesTax", "Sales tax item", "Sales tax items", {
        "party": ("TaxVendorRef/FullName",), "columns": (("Rate in %", "TaxRate"), ("Description", "ItemDesc")),
    }),
    ("ItemSalesTaxGroup", "Sales tax group", "Sales tax groups", {"columns": (("Description", "ItemDesc"),)}),
    ("OtherName", "Other name", "Other names", {
        "number": ("AccountNumber",),
        "columns": (("Company", "CompanyName"), ("Phone", "Phone"), ("E-mail", "Email")),
    }),
    ("Employee", "Employee", "Employees", {
        "number": ("AccountNumber",),
        "columns": (("Job title", "JobTitle"), ("Phone", "Phone"), ("E-mail", "Email"), ("Hired", "HiredDate")),
    }),
    ("SalesRep", "Sales rep", "Sales reps", {"title": ("Initial",), "party": ("SalesRepEntityRef/FullName",)}),
    ("Customer", "Customer", "Customers", {
        "title": WITH_FULL_NAME, "number": ("AccountNumber",), "amount": ("TotalBalance", "Balance"),
        "columns": (
            ("Company", "CompanyName"), ("Phone", "Phone"), ("E-mail", "Email"), ("City", "BillAddress/City"),
            ("Terms", "TermsRef/FullName"), ("Job status", "JobStatus"),
        ),
    }),
    ("Lead", "Lead", "Leads", {
        "title": WITH_FULL_NAME,
        "columns": (("Company", "CompanyName"), ("Status", "Status"), ("Phone", "MainPhone")),
    }),
    ("ItemService", "Service item", "Service items", {
        "title": WITH_FULL_NAME, "amount": PRICE, "columns": DESCRIPTION,
    }),
    ("ItemNonInventory", "Non-inventory item", "Non-inventory items", {
        "title": WITH_FULL_NAME, "amount": PRICE, "columns": (*DESCRIPTION, ("Part number", "ManufacturerPartNumber")),
    }),
    ("ItemOtherCharge", "Other charge item", "Other charge items", {
        "title": WITH_FULL_NAME, "amount": PRICE, "columns": DESCRIPTION,
    }),
    ("ItemInventory", "Inventory item", "Inventory items", {
        "title": WITH_FULL_NAME, "amount": ("SalesPrice",), "columns": STOCK, "feature": INVENTORY,
    }),
    ("ItemFixedAsset", "Fixed asset item", "Fixed asset items", {
        "amount": ("PurchaseCost",), "date": ("PurchaseDate",),
        "columns": (("Description", "AssetDesc"), ("Location", "Location"), ("Serial number", "SerialNumber")),
    }),
    ("ItemDiscount", "Discount item", "Discount items", {
        "title": WITH_FULL_NAME, "amount": ("DiscountRate",),
        "columns": (("Description", "ItemDesc"), ("Rate in %", "DiscountRatePercent")),
    }),
    ("ItemPayment", "Payment item", "Payment items", {
        "columns": (("Description", "ItemDesc"), ("Deposit to", "DepositToAccountRef/FullName")),
    }),
    ("ItemSubtotal", "Subtotal item", "Subtotal items", {"columns": (("Description", "ItemDesc"),)}),
    ("ItemInventoryAssembly", "Assembly item", "Assembly items", {
        "title": WITH_FULL_NAME, "amount": ("SalesPrice",), "columns": STOCK, "feature": INVENTORY,
    }),
    ("ItemGroup", "Item group", "Item groups", {"columns": (("Description", "ItemDesc"),)}),
    ("ItemSites", "Stock at a site", "Stock by site", {
        "title": ("ItemInventoryRef/FullName", "ItemInventoryAssemblyRef/FullName"),
        "party": ("InventorySiteRef/FullName",), "natural_key": (),
        "columns": (("On hand", "QuantityOnHand"), ("Reorder at", "ReorderLevel")), "feature": SITES,
    }),
    ("ToDo", "To-do", "To-dos", {
        "title": ("Notes",), "natural_key": (), "date": ("ReminderDate",),
        "party": (
            "CustomerRef/FullName", "VendorRef/FullName", "EmployeeRef/FullName", "LeadRef/FullName",
        ),
        "columns": (("Done", "IsDone"), ("Type", "Type"), ("Priority", "Priority")),
    }),
)  # fmt: skip

# name, label, plural, and what differs from a transaction with RefNumber and TxnDate
TRANSACTIONS: tuple[tuple[str, str, str, Mapping[str, Any]], ...] = (
    ("Estimate", "Estimate", "Estimates", {
        "party": CUSTOMER, "amount": TOTAL, "columns": ORDER, "feature": ESTIMATES,
    }),
    ("SalesOrder", "Sales order", "Sales orders", {"party": CUSTOMER, "amount": TOTAL, "columns": ORDER}),
    ("PurchaseOrder", "Purchase order", "Purchase orders", {
        "party": VENDOR, "amount": TOTAL, "feature": INVENTORY,
        "columns": (("Expected", "ExpectedDate"), ("Received", "IsFullyReceived"), ("Memo", "Memo")),
    }),
    ("TimeTracking", "Time entry", "Time entries", {
        "number": (), "party": ("EntityRef/FullName",), "page_size": 200,
        "natural_key": (),
        "columns": (
            ("Duration", "Duration"), ("Customer", "CustomerRef/FullName"), ("Service", "ItemServiceRef/FullName"),
            ("Billable", "BillableStatus"), ("Notes", "Notes"),
        ),
    }),
    ("VehicleMileage", "Mileage entry", "Mileage entries", {
        "number": (), "party": CUSTOMER, "amount": ("BillableAmount",), "date": ("TripEndDate", "TripStartDate"),
        "natural_key": (), "page_size": 200,
        "columns": (("Vehicle", "VehicleRef/FullName"), ("Miles", "TotalMiles"), ("Notes", "Notes")),
    }),
    ("Charge", "Statement charge", "Statement charges", {
        "party": CUSTOMER, "amount": AMOUNT, "page_size": 200,
        "columns": (("Open balance", "BalanceRemaining"), ("Item", "ItemRef/FullName"), ("Description", "Desc")),
    }),
    ("ItemReceipt", "Item receipt", "Item receipts", {"party": VENDOR, "amount": TOTAL, "columns": MEMO}),
    ("Bill", "Bill", "Bills", {
        "party": VENDOR, "amount": ("AmountDue",),
        "columns": (("Due", "DueDate"), ("Paid", "IsPaid"), ("Open balance", "OpenAmount"), ("Memo", "Memo")),
    }),
    ("VendorCredit", "Vendor credit", "Vendor credits", {
        "party": VENDOR, "amount": ("CreditAmount",), "columns": (("Open balance", "OpenAmount"), ("Memo", "Memo")),
    }),
    ("Invoice", "Invoice", "Invoices", {
        "party": CUSTOMER, "amount": (f"Subtotal+{TAX}",), "columns": (("Paid", "IsPaid"), *SALE),
    }),
    ("SalesReceipt", "Sales receipt", "Sales receipts", {
        "party": CUSTOMER, "amount": TOTAL,
        "columns": (("Payment method", "PaymentMethodRef/FullName"), ("Memo", "Memo")),
    }),
    ("CreditMemo", "Credit memo", "Credit memos", {
        "party": CUSTOMER, "amount": TOTAL, "columns": (("Credit left", "CreditRemaining"), ("Memo", "Memo")),
    }),
    ("InventoryAdjustment", "Inventory adjustment", "Inventory adjustments", {
        "party": CUSTOMER, "columns": (("Account", "AccountRef/FullName"), ("Memo", "Memo")), "feature": INVENTORY,
    }),
    ("BuildAssembly", "Assembly build", "Assembly builds", {
        "party": ("ItemInventoryAssemblyRef/FullName",), "feature": INVENTORY,
        "columns": (("Quantity", "QuantityToBuild"), ("Pending", "IsPending"), ("Memo", "Memo")),
    }),
    ("TransferInventory", "Inventory transfer", "Inventory transfers", {
        "columns": (
            ("From", "FromInventorySiteRef/FullName"), ("To", "ToInventorySiteRef/FullName"), ("Memo", "Memo"),
        ),
        "feature": SITES,
    }),
    ("JournalEntry", "Journal entry", "Journal entries", {
        "amount": ("JournalDebitLine/Amount",), "columns": (("Adjusting", "IsAdjustment"), ("Memo", "Memo")),
    }),
    ("Check", "Check", "Checks", {
        "party": PAYEE, "amount": AMOUNT, "columns": (("Bank account", "AccountRef/FullName"), ("Memo", "Memo")),
    }),
    ("CreditCardCharge", "Credit card charge", "Credit card charges", {
        "party": PAYEE, "amount": AMOUNT, "columns": (("Card", "AccountRef/FullName"), ("Memo", "Memo")),
    }),
    ("CreditCardCredit", "Credit card credit", "Credit card credits", {
        "party": PAYEE, "amount": AMOUNT, "columns": (("Card", "AccountRef/FullName"), ("Memo", "Memo")),
    }),
    ("Transfer", "Transfer of funds", "Transfers of funds", {
        "number": (), "amount": AMOUNT, "natural_key": (), "page_size": 200,
        "columns": (
            ("From", "TransferFromAccountRef/FullName"), ("To", "TransferToAccountRef/FullName"), ("Memo", "Memo"),
        ),
    }),
    ("ReceivePayment", "Customer payment", "Customer payments", {
        "party": CUSTOMER, "amount": TOTAL,
        "columns": (
            ("Method", "PaymentMethodRef/FullName"), ("Not applied", "UnusedPayment"),
            ("Deposit to", "DepositToAccountRef/FullName"), ("Memo", "Memo"),
        ),
    }),
    ("ARRefundCreditCard", "Credit card refund", "Credit card refunds", {
        "party": CUSTOMER, "amount": TOTAL, "columns": MEMO,
    }),
    ("BillPaymentCheck", "Bill payment (check)", "Bill payments (check)", {
        "party": PAYEE, "amount": AMOUNT, "columns": (("Bank account", "BankAccountRef/FullName"), ("Memo", "Memo")),
    }),
    ("BillPaymentCreditCard", "Bill payment (credit card)", "Bill payments (credit card)", {
        "party": PAYEE, "amount": AMOUNT, "columns": (("Card", "CreditCardAccountRef/FullName"), ("Memo", "Memo")),
    }),
    ("SalesTaxPaymentCheck", "Sales tax payment", "Sales tax payments", {
        "party": PAYEE, "amount": AMOUNT, "columns": (("Bank account", "BankAccountRef/FullName"), ("Memo", "Memo")),
    }),
    ("Deposit", "Deposit", "Deposits", {
        "number": (), "party": ("DepositToAccountRef/FullName",), "amount": ("DepositTotal",), "natural_key": (),
        "columns": MEMO,
    }),
)  # fmt: skip

NUMBERED = (
    "InventoryAdjustment",
    "BuildAssembly",
    "TransferInventory",
    "JournalEntry",
)  # their number alone finds them


def list_entity(position: int, name: str, label: str, plural: str, own: Mapping[str, Any]) -> Entity:
    """A list's entity: named by Name, 500 to a page where it iterates, else asked whole."""
    title = own.get("title", ("Name",))
    size = 500 if operation(f"{name}QueryRq").iterates else 1000
    given = {"title": title, "natural_key": title, "page_size": size, **own}
    return Entity(name=name, label=label, plural=plural, group="list", position=position, **given)


def transaction_entity(position: int, name: str, label: str, plural: str, own: Mapping[str, Any]) -> Entity:
    """A transaction's entity: RefNumber, TxnDate, found again by its number with its party."""
    party = () if name in NUMBERED else own.get("party", ())
    given = {"number": ("RefNumber",), "date": ("TxnDate",), "natural_key": ("RefNumber", *party), "page_size": 100}
    return Entity(
        name=name,
        label=label,
        plural=plural,
        group="transaction",
        position=position,
        **{"columns": MEMO, **given, **own},
    )


def registry() -> Mapping[str, Entity]:
    lists = [list_entity(at, *given) for at, given in enumerate(LISTS)]
    transactions = [transaction_entity(at, *given) for at, given in enumerate(TRANSACTIONS, len(lists))]
    return MappingProxyType({entity.name: entity for entity in lists + transactions})


ENTITIES = registry()  # in the order in which one may refer to another


# Fields that refer to other records, by name or by the end of it; ParentRef means the record's own kind
REFERENCES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "ItemRef": ITEMS,
        "ItemSalesTaxRef": ("ItemSalesTax", "ItemSalesTaxGroup"),
        "ItemPurchaseTaxRef": ("ItemSalesTax", "ItemSalesTaxGroup"),
        "ParentSiteRef": ("InventorySite",),
        "InventorySiteLocationRef": ("InventorySite",),
        "OverrideUOMSetRef": ("UnitOfMeasureSet",),
        "SupervisorRef": ("Employee",),
        "TermsRef": TERMS,
        "EntityRef": NAMES,
        "AccountRef": ("Account",),
        "TaxCodeRef": ("SalesTaxCode",),
        "SiteRef": ("InventorySite",),
    }
)


def refers_to(field: str, entity: str) -> tuple[str, ...]:
    """The kinds of record that a field ending in Ref may name; () for a field that names something else."""
    if field == "ParentRef":
        return (entity,)
    if field in REFERENCES:
        return REFERENCES[field]
    by_name = [name for name in ENTITIES if field.endswith(f"{name}Ref")]
    if by_name:
        return (max(by_name, key=len),)
    return next((kinds for ending, kinds in REFERENCES.items() if field.endswith(ending)), ())


def query_values(
    entity: Entity,
    *,
    from_modified: str | None,
    max_returned: int | None,
    keys_only: bool = False,
    count_only: bool = False,
    product: str = "QBD",
    version: str = "13.0",
) -> dict[str, Any]:
    """What to ask: every record, inactive ones too, with lines, links and custom fields, as far as the client can.

    `keys_only` asks for ids and stamps alone; `count_only` for what decides how many there are. `from_modified` is left
    out where the query has no such filter (`filters_modified`).
    """

    def known(path: str) -> bool:
        found = entity.filter(path)
        if found is None or product in found.not_in:
            return False
        return comparable(version) >= comparable(found.since or "1.0")

    values: dict[str, Any] = {}
    if max_returned and known("MaxReturned"):
        values["MaxReturned"] = max_returned
    if known("ActiveStatus"):
        values["ActiveStatus"] = "All"
    if from_modified and entity.modified_filter:
        outer, _, inner = entity.modified_filter.rpartition("/")
        values.update({outer: {inner: from_modified}} if outer else {inner: from_modified})
    if keys_only and known("IncludeRetElement"):
        stamps = (entity.key, "TimeModified", "EditSequence")
        values["IncludeRetElement"] = [name for name in stamps if message(entity.ret).find(name)]
    elif not keys_only and not count_only:
        wanted = ("IncludeLineItems", "IncludeComponentLineItems", "IncludeLinkedTxns")
        values.update({name: True for name in wanted if known(name)})
        values.update({"OwnerID": ["0"]} if known("OwnerID") else {})
    return values
