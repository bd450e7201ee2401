"""Which fields of the usual kinds come first, under which heading, and the columns of their lines.

What is not named here folds into "More fields"; a kind that is not named has all its fields in QuickBooks' own order.
Names are those of the record; a choice goes by the first field of its first branch.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """One sheet of a form: its heading, "" for none, and the fields in it."""

    heading: str
    names: tuple[str, ...]


def sheet(heading: str, names: str) -> Part:
    return Part(heading, tuple(names.split()))


CONTACT = sheet(
    "Name and contact", "Salutation FirstName MiddleName LastName JobTitle Phone AltPhone Mobile Fax Email Cc"
)
SALE = "TxnDate RefNumber TermsRef DueDate PONumber ClassRef SalesRepRef"
ADDRESSES = sheet("Addresses", "BillAddress ShipAddress")
MESSAGE = sheet("Message and tax", "CustomerMsgRef Memo ItemSalesTaxRef CustomerSalesTaxCodeRef")
ITEM = sheet("", "Name ParentRef IsActive SalesTaxCodeRef")
STOCK = (
    ITEM,
    sheet("Sale", "SalesDesc SalesPrice IncomeAccountRef"),
    sheet("Purchase", "PurchaseDesc PurchaseCost COGSAccountRef PrefVendorRef"),
    sheet("Stock", "AssetAccountRef ReorderPoint BuildPoint Max QuantityOnHand TotalValue InventoryDate"),
)
PAID = sheet("", "PayeeEntityRef TxnDate BankAccountRef IsToBePrinted RefNumber APAccountRef Memo")
SPENT = sheet("", "AccountRef PayeeEntityRef TxnDate RefNumber Memo")

LAYOUTS: Mapping[str, tuple[Part, ...]] = {
    "Account": (
        sheet("", "Name AccountType ParentRef AccountNumber IsActive Desc BankNumber OpenBalance OpenBalanceDate"),
    ),
    "Customer": (
        sheet("", "Name CompanyName ParentRef IsActive"),
        CONTACT,
        ADDRESSES,
        sheet(
            "Terms and tax",
            "TermsRef SalesRepRef CustomerTypeRef PreferredPaymentMethodRef SalesTaxCodeRef"
            " ItemSalesTaxRef ResaleNumber AccountNumber CreditLimit PriceLevelRef",
        ),
        sheet("Job", "JobStatus JobTypeRef JobStartDate JobProjectedEndDate JobEndDate JobDesc"),
        sheet("Notes", "Notes"),
    ),
    "Vendor": (
        sheet("", "Name CompanyName IsActive"),
        CONTACT,
        sheet("Address", "VendorAddress"),
        sheet(
            "Terms and tax",
            "NameOnCheck AccountNumber TermsRef CreditLimit VendorTypeRef VendorTaxIdent IsVendorEligibleFor1099",
        ),
        sheet("Notes", "Notes"),
    ),
    "Employee": (
        sheet("", "Salutation FirstName MiddleName LastName JobTitle IsActive"),
        sheet("Address and contact", "EmployeeAddress Phone Mobile AltPhone Email"),
        sheet("Employment", "EmployeeType HiredDate ReleasedDate SSN BirthDate Gender AccountNumber"),
        sheet("Notes", "Notes"),
    ),
    "ItemService": (ITEM, sheet("Prices and accounts", "SalesOrPurchase")),
    "ItemNonInventory": (ITEM, sheet("Prices and accounts", "SalesOrPurchase")),
    "ItemOtherCharge": (ITEM, sheet("Prices and accounts", "SalesOrPurchase")),
    "ItemInventory": STOCK,
    "ItemInventoryAssembly": STOCK,
    "ItemDiscount": (sheet("", "Name ParentRef IsActive ItemDesc DiscountRate AccountRef SalesTaxCodeRef"),),
    "ItemSalesTax": (sheet("", "Name IsActive ItemDesc TaxRate TaxVendorRef"),),
    "Class": (sheet("", "Name ParentRef IsActive"),),
    "Invoice": (sheet("", f"CustomerRef {SALE}"), ADDRESSES, MESSAGE),
    "SalesReceipt": (
        sheet(
            "", "CustomerRef TxnDate RefNumber PaymentMethodRef CheckNumber DepositToAccountRef ClassRef SalesRepRef"
        ),
        ADDRESSES,
        MESSAGE,
    ),
    "CreditMemo": (sheet("", f"CustomerRef {SALE}"), ADDRESSES, MESSAGE),
    "Estimate": (sheet("", f"CustomerRef {SALE}"), ADDRESSES, MESSAGE),
    "SalesOrder": (sheet("", f"CustomerRef {SALE} ShipDate IsManuallyClosed"), ADDRESSES, MESSAGE),
    "PurchaseOrder": (
        sheet("", "VendorRef TxnDate RefNumber ExpectedDate TermsRef DueDate ClassRef IsManuallyClosed"),
        sheet("Addresses", "VendorAddress ShipAddress"),
        sheet("Message", "VendorMsg Memo"),
    ),
    "ReceivePayment": (
        sheet(
            "",
            "CustomerRef TxnDate RefNumber TotalAmount PaymentMethodRef DepositToAccountRef ARAccountRef Memo"
            " IsAutoApply",
        ),
    ),
    "Bill": (sheet("", "VendorRef TxnDate RefNumber TermsRef DueDate APAccountRef Memo"),),
    "ItemReceipt": (sheet("", "VendorRef TxnDate RefNumber APAccountRef Memo"),),
    "VendorCredit": (sheet("", "VendorRef TxnDate RefNumber APAccountRef Memo"),),
    "BillPaymentCheck": (PAID,),
    "BillPaymentCreditCard": (sheet("", "PayeeEntityRef TxnDate CreditCardAccountRef RefNumber APAccountRef Memo"),),
    "Check": (SPENT, sheet("Address", "Address")),
    "CreditCardCharge": (SPENT,),
    "CreditCardCredit": (SPENT,),
    "Deposit": (sheet("", "DepositToAccountRef TxnDate Memo"),),
    "JournalEntry": (sheet("", "TxnDate RefNumber Memo IsAdjustment"),),
    "TimeTracking": (
        sheet(
            "", "TxnDate EntityRef Duration CustomerRef ItemServiceRef ClassRef PayrollItemWageRef BillableStatus Notes"
        ),
    ),
}

RARE = frozenset(  # of a kind without a layout: what folds away
    [
        "AdditionalContactRef",
        "BarCode",
        "ClassRef",
        "CurrencyRef",
        "ExchangeRate",
        "ForceUOMChange",
        "IsTaxIncluded",
        "ManufacturerPartNumber",
        "OptionForPriceRuleConflict",
        "Other",
        "OverrideItemAccountRef",
        "OverrideUOMSetRef",
        "TemplateRef",
        "UnitOfMeasureSetRef",
    ]
)
NOT_ASKED = frozenset(  # commands, ids that programs give, and what no form should take (numbers of credit cards)
    [
        "ApplyAccountRefToExistingTxns",
        "ApplyCOGSAccountRefToExistingTxns",
        "ApplyExpenseAccountRefToExistingTxns",
        "ApplyIncomeAccountRefToExistingTxns",
        "BarCode",
        "CashBackInfo",
        "CashBackInfoAdd",
        "CashBackInfoMod",
        "ClearEarnings",
        "ClearExpenseLines",
        "ClearItemLines",
        "ClearItemsInGroup",
        "CreateChangeOrder",
        "CreditCardInfo",
        "CreditCardTxnInfo",
        "EditSequence",
        "ExternalGUID",
        "ForceUOMChange",
        "ListID",
        "MarkPendingIfRequired",
        "OverrideUOMSetRef",
        "RemovePending",
        "TaxLineID",
        "TxnID",
        "TxnLineID",
        "TaxAmount",
        "OptionForPriceRuleConflict",
        "IsTaxable",
        "LinkToTxn",
        "SetCredit",
        "NoteID",
        "LocationID",
        "LeadContactID",
        "PaymentTxnLineID",
        "CreditCardTxnInfoMod",
        "CreditCardTxnInfoAdd",
    ]
)
LONG = frozenset({"Notes", "Memo", "Desc", "SalesDesc", "PurchaseDesc", "ItemDesc", "VendorMsg", "JobDesc"})

LINES: Mapping[str, tuple[str, ...]] = {  # columns that are always seen, by the end of the list's name
    "JournalLine": ("AccountRef", "Debit", "Credit", "Memo", "EntityRef", "ClassRef"),
    "ExpenseLineRet": ("AccountRef", "Memo", "CustomerRef", "ClassRef", "Amount"),
    "ItemLineRet": ("ItemRef", "Desc", "Quantity", "Cost", "CustomerRef", "Amount"),
    "DepositLineRet": ("PaymentTxnID", "EntityRef", "AccountRef", "Memo", "CheckNumber", "PaymentMethodRef", "Amount"),
    "AppliedToTxnRet": ("TxnID", "PaymentAmount", "DiscountAmount", "DiscountAccountRef"),
    "PurchaseOrderLineRet": ("ItemRef", "Desc", "Quantity", "Rate", "CustomerRef", "Amount"),
    "GroupLineRet": ("ItemGroupRef", "Quantity", "UnitOfMeasure"),
    "LineGroupRet": ("ItemGroupRef", "Quantity", "UnitOfMeasure"),
    "LineRet": ("ItemRef", "Desc", "Quantity", "Rate", "SalesTaxCodeRef", "Amount"),
}
HEADINGS: Mapping[str, str] = {
    "JournalLine": "Debits and credits",
    "ExpenseLineRet": "Expenses",
    "ItemLineRet": "Items",
    "ItemGroupLineRet": "Groups of items",
    "AppliedToTxnRet": "Applied to",
    "DepositLineRet": "Deposited",
}
PAYABLE: Mapping[str, tuple[str, ...]] = {  # transactions that an id in a line may name, by kind of record
    "ReceivePayment": ("Invoice", "JournalEntry"),
    "BillPaymentCheck": ("Bill", "JournalEntry"),
    "BillPaymentCreditCard": ("Bill", "JournalEntry"),
    "ARRefundCreditCard": ("CreditMemo", "ReceivePayment"),
    "Deposit": ("ReceivePayment", "SalesReceipt"),
}
LABELS: Mapping[str, str] = {  # where people say it otherwise than the name does
    "CustomerRef": "Customer or job",
    "DueDate": "Due",
    "CustomerMsgRef": "Message to the customer",
    "VendorMsg": "Message to the vendor",
    "SalesOrPurchase": "This item is",
    "IsActive": "Active",
    "ParentRef": "Belongs under",
    "PaymentAmount": "Amount",
    "SalesTaxCodeRef": "Tax",
    "ExpectedDate": "Expected",
    "JobDesc": "Job description",
    "TxnID": "Transaction",
    "PaymentTxnID": "Payment or receipt",
    "PriceLevelFixedPercentage": "Percentage",
    "ItemDesc": "Description",
    "SalesDesc": "Description on sales",
    "PurchaseDesc": "Description on purchases",
}
BRANCHES: Mapping[str, str] = {
    "SalesOrPurchase": "Sold or bought",
    "SalesAndPurchase": "Sold and bought",
    "IsToBePrinted": "To be printed",
    "RefNumber": "With a number",
    "PriceLevelFixedPercentage": "The same for all items",
    "CurrencyRef": "Item by item, in the list below",
}
