"""Who the company file is: the answers to Host, Company and Preferences queries, and the switches behind them."""

from dataclasses import asdict, dataclass
from typing import Any

from sync.practice import markup
from sync.practice.markup import Fields

VERSIONS = (
    "1.0", "1.1", "2.0", "2.1", "3.0", "4.0", "4.1", "5.0", "6.0", "7.0", "8.0", "9.0", "10.0", "11.0", "12.0",
    "13.0", "14.0", "15.0", "16.0",
)  # fmt: skip
PRODUCTS = {"US": "QBD", "CA": "QBCA", "UK": "QBUK", "AU": "QBAU"}
COMPANY = "Company"  # the object that the custom fields of the company file itself hang on


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """The switches of the file. A feature that is off answers 3250."""

    classes: bool = True
    account_numbers: bool = True
    estimates: bool = True
    sales_orders: bool = True  # False: an edition without them, such as Pro
    inventory: bool = True
    sales_tax: bool = True
    price_levels: bool = True
    multicurrency: bool = False
    sites: bool = False
    units: bool = False
    billing_rates: bool = False
    closing_date: str = ""  # "2021-12-31": nothing of that date or earlier changes any more


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The file and the QuickBooks that has it open."""

    company_name: str
    country: str  # US, CA, UK
    product: str
    major_version: str
    version: str  # highest qbXML version spoken
    utc_offset: str
    windows_path: str
    seed: int
    preferences: Preferences

    @property
    def versions(self) -> tuple[str, ...]:
        return VERSIONS[: VERSIONS.index(self.version) + 1]

    def stored(self) -> dict[str, Any]:
        return asdict(self)


def profile_from(stored: dict[str, Any]) -> Profile:
    """A profile as it was stored."""
    return Profile(**stored | {"preferences": Preferences(**stored["preferences"])})


def host(profile: Profile) -> Fields:
    """The inside of HostRet."""
    return {
        "ProductName": profile.product,
        "MajorVersion": profile.major_version,
        "MinorVersion": "0",
        "Country": profile.country,
        "SupportedQBXMLVersion": list(profile.versions),
        "IsAutomaticLogin": "false",
        "QBFileMode": "SingleUser",
    }


def company(profile: Profile, custom: list[Fields]) -> Fields:
    """The inside of CompanyRet, with the custom values of whoever asks."""
    address = {"Addr1": "2200 Quarry Road", "City": "Oakland", "State": "CA", "PostalCode": "94607", "Country": "US"}
    if profile.country != "US":
        address = {"Addr1": "22 Quarry Road", "City": "Victoria", "PostalCode": "V8W 1P6", "Country": profile.country}
    fields: Fields = {
        "IsSampleCompany": "false",
        "CompanyName": profile.company_name,
        "LegalCompanyName": profile.company_name,
        "Address": address,
        "AddressBlock": block(address),
        "LegalAddress": address,
        "Phone": "510 555 0100",
        "Email": "office@example.com",
        "FirstMonthFiscalYear": "January",
        "FirstMonthIncomeTaxYear": "January",
        "CompanyType": "WholesaleDistributionandSales",
        "EIN": "12-3456789",
        "TaxForm": "Form1120",
        "SubscribedServices": {"Service": [_service("QuickBooks Online Banking", "banking.qb")]},
        "AccountantCopy": {"AccountantCopyExists": "false"},
    }
    return fields | ({"DataExtRet": custom} if custom else {})


def _service(name: str, domain: str) -> Fields:
    return {"Name": name, "Domain": domain, "ServiceStatus": "Never"}


def block(address: Fields) -> Fields:
    """An address as lines to print, the way QuickBooks adds it to every address it returns."""
    lines = [markup.text(address, f"Addr{number}") for number in range(1, 6)]
    place = [markup.text(address, name) for name in ("City", "State", "PostalCode")]
    lines.append(" ".join(part for part in (f"{place[0]}," if place[0] else "", *place[1:]) if part))
    lines.append(markup.text(address, "Country"))
    shown = [line for line in lines if line][:5]
    return {f"Addr{number}": line for number, line in enumerate(shown, start=1)}


def preferences(switches: Preferences, default_tax: Fields) -> Fields:
    """The inside of PreferencesRet. SalesTaxPreferences are absent when sales tax is off."""
    fields: Fields = {
        "AccountingPreferences": _accounting(switches),
        "FinanceChargePreferences": {
            "AnnualInterestRate": "0.00",
            "MinFinanceCharge": "0.00",
            "GracePeriod": "0",
            "IsAssessingForOverdueCharges": "false",
            "CalculateChargesFrom": "DueDate",
            "IsMarkedToBePrinted": "false",
        },
        "JobsAndEstimatesPreferences": {
            "IsUsingEstimates": _flag(switches.estimates),
            "IsUsingProgressInvoicing": "false",
            "IsPrintingItemsWithZeroAmounts": "false",
        },
        "MultiCurrencyPreferences": {"IsMultiCurrencyOn": _flag(switches.multicurrency)},
        "MultiLocationInventoryPreferences": {
            "IsMultiLocationInventoryAvailable": _flag(switches.sites),
            "IsMultiLocationInventoryEnabled": _flag(switches.sites),
        },
        "PurchasesAndVendorsPreferences": {
            "IsUsingInventory": _flag(switches.inventory),
            "DaysBillsAreDue": "10",
            "IsAutomaticallyUsingDiscounts": "false",
        },
        "ReportsPreferences": {"AgingReportBasis": "AgeFromDueDate", "SummaryReportBasis": "Accrual"},
        "SalesAndCustomersPreferences": {
            "IsTrackingReimbursedExpensesAsIncome": "false",
            "IsAutoApplyingPayments": "true",
            "PriceLevels": {"IsUsingPriceLevels": _flag(switches.price_levels), "IsRoundingSalesPriceUp": "true"},
        },
    }
    if switches.sales_tax:
        fields["SalesTaxPreferences"] = default_tax
    return fields | _rights(switches)


def _accounting(switches: Preferences) -> Fields:
    fields: Fields = {
        "IsUsingAccountNumbers": _flag(switches.account_numbers),
        "IsRequiringAccounts": "true",
        "IsUsingClassTracking": _flag(switches.classes),
    }
    if switches.classes:
        fields["AssignClassesTo"] = "Names"
    fields |= {"IsUsingAuditTrail": "true", "IsAssigningJournalEntryNumbers": "true"}
    return fields | ({"ClosingDate": switches.closing_date} if switches.closing_date else {})


def _rights(switches: Preferences) -> Fields:
    return {
        "TimeTrackingPreferences": {"FirstDayOfWeek": "Monday"},
        "CurrentAppAccessRights": {
            "IsAutomaticLoginAllowed": "true",
            "AutomaticLoginUserName": "Admin",
            "IsPersonalDataAccessAllowed": "false",
        },
        "ItemsAndInventoryPreferences": {
            "EnhancedInventoryReceivingEnabled": "false",
            "IsTrackingSerialOrLotNumber": "None",
            "FIFOEnabled": "false",
            "IsRSBEnabled": _flag(switches.sites),
            "IsBarcodeEnabled": "false",
        },
    }


def _flag(value: bool) -> str:
    return "true" if value else "false"
