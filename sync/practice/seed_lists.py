"""The fixed lists of the practice business: accounts, terms, classes, tax, people, and what others refer to."""

from dataclasses import dataclass, field

from sync.practice import stock
from sync.practice.markup import Fields
from sync.practice.mint import DAY, Mint, money

# For the account types of the chart: do they hold a balance?
_BALANCED = frozenset(
    {
        "Bank",
        "OtherCurrentAsset",
        "FixedAsset",
        "OtherAsset",
        "CreditCard",
        "OtherCurrentLiability",
        "LongTermLiability",
        "Equity",
    }
)


@dataclass(slots=True)
class Lists:
    """References ({ListID, FullName}) to entries by entity and full name, and what is known only at the end."""

    refs: dict[str, dict[str, Fields]] = field(default_factory=dict)
    accounts: list[tuple[Fields, int]] = field(default_factory=list)  # fields without balance, created
    balances: dict[str, int] = field(default_factory=dict)  # cents, by account name
    custom_values: list[tuple[str, str, str]] = field(default_factory=list)  # object, name, value
    prices: list[tuple[Fields, str, int, str]] = field(default_factory=list)  # item reference, text, cents, tax code
    costs: list[tuple[Fields, str, int]] = field(default_factory=list)  # item reference, text, cents
    services: list[Fields] = field(default_factory=list)

    def ref(self, entity: str, name: str) -> Fields:
        return self.refs[entity][name]

    def all(self, entity: str) -> list[Fields]:
        return list(self.refs[entity].values())

    def named(self, entity: str, list_id: str, name: str) -> Fields:
        """Remember a reference."""
        found: Fields = {"ListID": list_id, "FullName": name}
        self.refs.setdefault(entity, {})[name] = found
        return found

    def account(self, name: str) -> Fields:
        """A reference to an account by its full name, or by its own name alone."""
        known = self.refs["Account"]
        return known.get(name) or next(ref for full, ref in known.items() if full.endswith(f":{name}"))

    def post(self, name: str, cents: int) -> None:
        """Add to an account's balance."""
        self.balances[name] = self.balances.get(name, 0) + cents

    def put_accounts(self, mint: Mint) -> None:
        """The accounts with the balances they have come to."""
        for fields, created in self.accounts:
            if fields["AccountType"] in _BALANCED or fields["AccountType"].startswith("Accounts"):
                amount = self.balances.get(fields["FullName"], mint.chance.below(4_000_000))
            else:
                amount = 0
            fields |= {"Balance": money(amount), "TotalBalance": money(amount)}
            mint.put(mint.entry("Account", fields, created, mint.later(created), fields.pop("ListID")))


def seed_lists(mint: Mint) -> Lists:
    """Everything that does not grow with the number of rows."""
    lists = Lists()
    _accounts(mint, lists)
    _terms(mint, lists)
    for name, parent in stock.CLASSES:
        _put(mint, lists, "Class", name, {}, parent)
    for name, kind in stock.PAYMENT_METHODS:
        _put(mint, lists, "PaymentMethod", name, {"PaymentMethodType": kind})
    for entity, names in stock.SIMPLE_LISTS.items():
        for name in names:
            _put(mint, lists, entity, name, {})
    _tax(mint, lists)
    _people(mint, lists)
    for name, percent in (("Trade", "-10.00"), ("Wholesale", "-18.50"), ("Retail", "0.00")):
        _put(
            mint, lists, "PriceLevel", name, {"PriceLevelType": "FixedPercentage", "PriceLevelFixedPercentage": percent}
        )
    for name, kind in stock.TEMPLATES:
        _put(mint, lists, "Template", name, {"TemplateType": kind})
    for name in stock.WAGES:
        fields = {"WageType": "HourlyRegular", "ExpenseAccountRef": lists.account("Payroll Expenses")}
        _put(mint, lists, "PayrollItemWage", name, fields)
    for name in stock.VEHICLES:
        _put(mint, lists, "Vehicle", name, {"Desc": f"{name}, yard"})
    return lists


def _put(mint: Mint, lists: Lists, entity: str, name: str, fields: Fields, parent: str = "") -> Fields:
    """One short list entry, created when the business began."""
    created = mint.start - mint.chance.below(400 * DAY)
    above = lists.ref(entity, parent) if parent else None
    full = f"{parent}:{name}" if parent else name
    own: Fields = {"Name": name, "FullName": full, "IsActive": "false" if name == "Trade fair" else "true"}
    own |= {"ParentRef": above} if above else {}
    own |= {"Sublevel": "1" if above else "0"}
    entry = mint.entry(entity, own | fields, created, mint.later(created, 0.2))
    mint.put(entry)
    return lists.named(entity, entry.id, full)


def _accounts(mint: Mint, lists: Lists) -> None:
    for number, name, parent, kind, text in stock.ACCOUNTS:
        created = mint.start - 500 * DAY + int(number)
        own_id = mint.list_id(created)
        above = lists.account(parent) if parent else None
        full = f"{above['FullName']}:{name}" if above else name
        fields: Fields = {"ListID": own_id, "Name": name, "FullName": full, "IsActive": "true"}
        if above:
            fields["ParentRef"] = above
        fields |= {"Sublevel": "1" if above else "0", "AccountType": kind, "AccountNumber": number}
        fields |= {"Desc": text} if text else {}
        fields |= {"BankNumber": "121000248"} if kind == "Bank" else {}
        fields["CashFlowClassification"] = "NotApplicable" if kind in ("Bank", "NonPosting") else "Operating"
        lists.accounts.append((fields, created))
        lists.named("Account", own_id, full)


def _terms(mint: Mint, lists: Lists) -> None:
    for name, due, discount, percent in stock.TERMS:
        fields = {"StdDueDays": str(due), "StdDiscountDays": str(discount), "DiscountPct": percent or "0.00"}
        _put(mint, lists, "StandardTerms", name, fields)
    for name, day in stock.DATE_TERMS:
        fields = {"DayOfMonthDue": str(day), "DueNextMonthDays": "5", "DiscountDayOfMonth": "1", "DiscountPct": "0.00"}
        _put(mint, lists, "DateDrivenTerms", name, fields)


def _tax(mint: Mint, lists: Lists) -> None:
    for name, taxable, text in (
        ("Tax", "true", "Taxable sales"),
        ("Non", "false", "Non-taxable sales"),
        ("Res", "false", "Resale"),
    ):
        _put(mint, lists, "SalesTaxCode", name, {"IsTaxable": taxable, "Desc": text})
    vendor = mint.entry("Vendor", _agency(), mint.start - 300 * DAY, mint.start)
    mint.put(vendor)
    agency = lists.named("Vendor", vendor.id, "County Tax Collector")
    for name, rate in stock.TAXES:
        fields = {"ItemDesc": f"Sales tax, {name}", "TaxRate": rate, "TaxVendorRef": agency}
        _put(mint, lists, "ItemSalesTax", name, fields)
    both = [lists.ref("ItemSalesTax", "Alameda County"), lists.ref("ItemSalesTax", "Contra Costa")]
    _put(
        mint,
        lists,
        "ItemSalesTaxGroup",
        "Two counties",
        {"ItemDesc": "Yard on the county line", "ItemSalesTaxRef": both},
    )


def _agency() -> Fields:
    return {"Name": "County Tax Collector", "IsActive": "true", "Balance": "0.00"}


def _people(mint: Mint, lists: Lists) -> None:
    for first, last, title in stock.EMPLOYEES:
        name = f"{first} {last}"
        city, state, code = mint.chance.one(stock.PLACES)
        fields: Fields = {
            "FirstName": first, "LastName": last, "JobTitle": title,
            "EmployeeAddress": {
                "Addr1": f"{100 + mint.chance.below(4000)} {mint.chance.one(stock.STREETS)}",
                "City": city, "State": state, "PostalCode": code,
            },
            "PrintAs": name, "Phone": f"510 555 0{mint.chance.below(900) + 100}",
            "Email": f"{first.lower()}@example.com".encode("ascii", "ignore").decode(), "EmployeeType": "Regular",
            "HiredDate": mint.clock.date(mint.start - mint.chance.below(2000) * DAY),
        }  # fmt: skip
        _put(mint, lists, "Employee", name, fields)
    for name in stock.OTHER_NAMES:
        _put(mint, lists, "OtherName", name, {"CompanyName": name, "Phone": "510 555 0101", "Contact": "Desk"})
    for initials, name in stock.SALES_REPS:
        entry = mint.entry(
            "SalesRep",
            {"Initial": initials, "IsActive": "true", "SalesRepEntityRef": lists.ref("Employee", name)},
            mint.start - 100 * DAY, mint.start,
        )  # fmt: skip
        mint.put(entry)
        lists.named("SalesRep", entry.id, initials)
