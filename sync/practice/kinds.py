"""What the practice QuickBooks knows about its entities beyond their fields: unions, shared names, features, words."""

from collections.abc import Mapping

ENTITIES = ("Customer", "Employee", "OtherName", "Vendor")
ITEMS = (
    "ItemService", "ItemNonInventory", "ItemOtherCharge", "ItemInventory", "ItemInventoryAssembly", "ItemFixedAsset",
    "ItemSubtotal", "ItemDiscount", "ItemPayment", "ItemSalesTax", "ItemSalesTaxGroup", "ItemGroup",
)  # fmt: skip
TERMS = ("StandardTerms", "DateDrivenTerms")
TRANSACTIONS = (
    "ARRefundCreditCard", "Bill", "BillPaymentCheck", "BillPaymentCreditCard", "BuildAssembly", "Charge", "Check",
    "CreditCardCharge", "CreditCardCredit", "CreditMemo", "Deposit", "Estimate", "InventoryAdjustment", "Invoice",
    "ItemReceipt", "JournalEntry", "PurchaseOrder", "ReceivePayment", "SalesOrder", "SalesReceipt",
    "SalesTaxPaymentCheck", "TimeTracking", "Transfer", "TransferInventory", "VehicleMileage", "VendorCredit",
)  # fmt: skip
UNIONS: Mapping[str, tuple[str, ...]] = {
    "Entity": ENTITIES,
    "Item": ITEMS,
    "Terms": TERMS,
    "Transaction": tuple(name for name in TRANSACTIONS if name not in ("TimeTracking", "VehicleMileage")),
}

# Requests of these answer 3250 when the feature is off; the features are the fields of identity.Preferences.
FEATURES: Mapping[str, str] = {
    "Class": "classes",
    "Currency": "multicurrency",
    "Estimate": "estimates",
    "SalesOrder": "sales_orders",
    "ItemInventory": "inventory",
    "ItemInventoryAssembly": "inventory",
    "BuildAssembly": "inventory",
    "InventoryAdjustment": "inventory",
    "ItemReceipt": "inventory",
    "PurchaseOrder": "inventory",
    "InventorySite": "sites",
    "ItemSites": "sites",
    "TransferInventory": "sites",
    "UnitOfMeasureSet": "units",
    "BillingRate": "billing_rates",
    "ItemSalesTax": "sales_tax",
    "ItemSalesTaxGroup": "sales_tax",
    "SalesTaxCode": "sales_tax",
    "SalesTaxPaymentCheck": "sales_tax",
    "PriceLevel": "price_levels",
}

# What a reference may name, by the name of its element; the first word is the one refusals use.
REFERENCES: Mapping[str, tuple[str, ...]] = {
    "CustomerRef": ("Customer",),
    "VendorRef": ("Vendor",),
    "TaxVendorRef": ("Vendor",),
    "PrefVendorRef": ("Vendor",),
    "PayeeEntityRef": ENTITIES,
    "ShipToEntityRef": ENTITIES,
    "EntityRef": ENTITIES,
    "SupervisorRef": ("Employee",),
    "ClassRef": ("Class",),
    "OverrideClassRef": ("Class",),
    "DiscountClassRef": ("Class",),
    "TermsRef": TERMS,
    "SalesRepRef": ("SalesRep",),
    "SalesRepEntityRef": ENTITIES,
    "SalesTaxCodeRef": ("SalesTaxCode",),
    "CustomerSalesTaxCodeRef": ("SalesTaxCode",),
    "PurchaseTaxCodeRef": ("SalesTaxCode",),
    "ItemSalesTaxRef": ("ItemSalesTax", "ItemSalesTaxGroup"),
    "ItemPurchaseTaxRef": ("ItemSalesTax", "ItemSalesTaxGroup"),
    "ItemRef": ITEMS,
    "ItemGroupRef": ("ItemGroup",),
    "ItemServiceRef": ("ItemService",),
    "ItemInventoryRef": ("ItemInventory", "ItemInventoryAssembly"),
    "PaymentMethodRef": ("PaymentMethod",),
    "PreferredPaymentMethodRef": ("PaymentMethod",),
    "CustomerTypeRef": ("CustomerType",),
    "VendorTypeRef": ("VendorType",),
    "JobTypeRef": ("JobType",),
    "CustomerMsgRef": ("CustomerMsg",),
    "ShipMethodRef": ("ShipMethod",),
    "PriceLevelRef": ("PriceLevel",),
    "TemplateRef": ("Template",),
    "CurrencyRef": ("Currency",),
    "InventorySiteRef": ("InventorySite",),
    "UnitOfMeasureSetRef": ("UnitOfMeasureSet",),
    "BillingRateRef": ("BillingRate",),
    "PayrollItemWageRef": ("PayrollItemWage",),
    "VehicleRef": ("Vehicle",),
}


def is_transaction(entity: str) -> bool:
    return entity in TRANSACTIONS


def referred(element: str, entity: str) -> tuple[str, ...]:
    """The entities an element like TermsRef may name; ParentRef names the entity's own kind."""
    if element == "ParentRef":
        return namespace(entity)
    if element in REFERENCES:
        return REFERENCES[element]
    return ("Account",) if element.endswith("AccountRef") else ()


def namespace(entity: str) -> tuple[str, ...]:
    """The entities that share one set of names with this one."""
    for shared in (ENTITIES, ITEMS, TERMS):
        if entity in shared:
            return shared
    return (entity,)
