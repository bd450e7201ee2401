"""The customers, jobs and vendors of the practice business; they go into the file last, with their balances."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sync.practice import stock
from sync.practice.identity import block
from sync.practice.markup import Fields
from sync.practice.mint import DAY, Mint, money
from sync.practice.seed_lists import Lists


@dataclass(slots=True)
class Party:
    """A customer, job or vendor while the books are being made."""

    ref: Fields
    fields: Fields
    created: int
    parent: "Party | None" = None
    balance: int = 0  # cents
    below: int = 0  # the balances of the jobs, cents


@dataclass(slots=True)
class Parties:
    customers: list[Party] = field(default_factory=list)
    vendors: list[Party] = field(default_factory=list)

    def owe(self, party: Party, cents: int) -> None:
        """Add to what is open with a party; a job's balance counts for its customer too."""
        party.balance += cents
        if party.parent:
            party.parent.below += cents

    def put(self, mint: Mint) -> None:
        """All of them with their balances."""
        for party in self.customers:
            both = {"Balance": money(party.balance), "TotalBalance": money(party.balance + party.below)}
            modified = mint.later(party.created, 0.7)
            mint.put(mint.entry("Customer", party.fields | both, party.created, modified, party.ref["ListID"]))
        for party in self.vendors:
            fields = party.fields | {"Balance": money(party.balance)}
            mint.put(mint.entry("Vendor", fields, party.created, mint.later(party.created, 0.6), party.ref["ListID"]))


def seed_parties(mint: Mint, lists: Lists, customers: int, vendors: int) -> Parties:
    """That many customers with their jobs, and vendors; their names are all different."""
    taken = {"county tax collector", *(f"{first} {last}".lower() for first, last, _ in stock.EMPLOYEES)}
    taken |= {name.lower() for name in stock.OTHER_NAMES}
    parties = Parties()
    for name, kind in _vendor_names(mint, taken, vendors):
        parties.vendors.append(_vendor(mint, lists, name, kind))
    names = _customer_names(mint, taken)
    for name, phone, terms, city, state in stock.CUSTOMERS[:customers]:
        taken.add(name.lower())
        party = _customer(mint, lists, name, person="")
        party.fields |= {"Phone": phone, "TermsRef": lists.ref("StandardTerms", terms)}
        party.fields["BillAddress"] |= {"City": city, "State": state}
        party.fields["BillAddressBlock"] = block(party.fields["BillAddress"])
        parties.customers.append(party)
    for parent, name in stock.JOBS[: max(0, customers - len(parties.customers))]:
        above = next(party for party in parties.customers if party.ref["FullName"] == parent)
        parties.customers.append(_job(mint, lists, above, name))
    while len(parties.customers) < customers:
        above = mint.chance.one(parties.customers)
        if above.parent is None and mint.chance.happens(0.28):
            job = f"{mint.chance.one(stock.JOB_NAMES)} {mint.chance.below(9000) + 100}"
            parties.customers.append(_job(mint, lists, above, job))
        else:
            name, person = next(names)
            parties.customers.append(_customer(mint, lists, name, person))
        if len(parties.customers) % 25 == 0:
            parties.customers[-1].fields["IsActive"] = "false"
    return parties


def _customer_names(mint: Mint, taken: set[str]) -> Iterator[tuple[str, str]]:
    """New names without end: firms, and people as "Last, First"."""
    while True:
        last, first = mint.chance.one(stock.SURNAMES), mint.chance.one(stock.FIRST_NAMES)
        person = mint.chance.happens(0.35)
        name = f"{last}, {first}" if person else f"{last} {mint.chance.one(stock.TRADES)}"
        while name.lower() in taken:
            name = f"{name.rsplit(' #', 1)[0]} #{mint.chance.below(100_000)}"
        taken.add(name.lower())
        yield name, first if person else ""


def _vendor_names(mint: Mint, taken: set[str], count: int) -> Iterator[tuple[str, str]]:
    for name, kind in stock.VENDORS[:count]:
        taken.add(name.lower())
        yield name, kind
    for _ in range(count - len(stock.VENDORS)):
        name = f"{mint.chance.one(stock.SURNAMES)} {mint.chance.one(stock.VENDOR_TRADES)}"
        while name.lower() in taken:
            name = f"{name.rsplit(' #', 1)[0]} #{mint.chance.below(10_000)}"
        taken.add(name.lower())
        yield name, mint.chance.one(stock.SIMPLE_LISTS["VendorType"])


def _address(mint: Mint, name: str) -> Fields:
    city, state, code = mint.chance.one(stock.PLACES)
    street = f"{10 + mint.chance.below(9000)} {mint.chance.one(stock.STREETS)}"
    address: Fields = {"Addr1": name[:41], "Addr2": street}
    if mint.chance.happens(0.3):
        address["Addr3"] = f"Suite {1 + mint.chance.below(400)}"
    return address | {"City": city, "State": state, "PostalCode": code, "Country": "USA"}


def _customer(mint: Mint, lists: Lists, name: str, person: str) -> Party:
    chance = mint.chance
    created = min(mint.end - 1, mint.start + int(chance.random() ** 2 * (mint.end - mint.start)))
    own_id = mint.list_id(created)
    first, last = person or chance.one(stock.FIRST_NAMES), chance.one(stock.SURNAMES)
    if person:
        last = name.partition(",")[0]
    billing, shipping = _address(mint, name), _address(mint, name)
    mail = f"{last}.{chance.below(9999)}@example.com".lower().encode("ascii", "ignore").decode()
    taxable = chance.happens(0.7)
    fields: Fields = {
        "Name": name, "FullName": name, "IsActive": "true",
        "Sublevel": "0",
        "CompanyName": "" if person else name, "Salutation": chance.one(("Mr.", "Ms.", "", "")),
        "FirstName": first, "LastName": last, "JobTitle": chance.one(("Owner", "Buyer", "Project manager",
        "Accounts payable")),
        "BillAddress": billing, "BillAddressBlock": block(billing),
        "Phone": _phone(mint), "AltPhone": _phone(mint),
        "Fax": _phone(mint) if chance.happens(0.3) else "", "Email": mail,
        "Contact": f"{first} {last}"[:41], "AltContact": chance.one(stock.FIRST_NAMES),
        "CustomerTypeRef": chance.one(lists.all("CustomerType")), "TermsRef": chance.one(lists.all("StandardTerms")),
        "SalesRepRef": chance.one(lists.all("SalesRep")),
        "SalesTaxCodeRef": lists.ref("SalesTaxCode", "Tax" if taxable else "Non"),
        "ItemSalesTaxRef": chance.one(lists.all("ItemSalesTax")),
        "ResaleNumber": f"SR {chance.below(90_000_000) + 10_000_000}" if not taxable else "",
        "AccountNumber": f"C-{chance.below(90_000) + 10_000}", "CreditLimit": money(chance.below(40) * 250_000),
        "JobStatus": "None",
        "Notes": chance.one(stock.NOTES) if chance.happens(0.6) else "",
        "PreferredDeliveryMethod": chance.one(("None", "Email")),
    }  # fmt: skip
    if chance.happens(0.4):
        fields |= {"ClassRef": chance.one(lists.all("Class")), "PriceLevelRef": chance.one(lists.all("PriceLevel"))}
    if chance.happens(0.3):
        fields |= {"ShipAddress": shipping, "ShipAddressBlock": block(shipping)}
    if chance.happens(0.3):
        fields["AdditionalContactRef"] = [{"ContactName": "Mobile", "ContactValue": _phone(mint)}]
    if chance.happens(0.1):
        fields["ShipToAddress"] = {"Name": "Ship To 1"} | shipping | {"DefaultShipTo": "true"}
    return _party(mint, lists, "Customer", fields, created, own_id)


def _party(mint: Mint, lists: Lists, entity: str, fields: Fields, created: int, own_id: str) -> Party:
    """Without the fields that came out empty; some with a custom value."""
    kept = {name: value for name, value in fields.items() if value != ""}
    if entity == "Customer" and mint.chance.happens(0.2):
        lists.custom_values.append((own_id, "Yard contact", mint.chance.one(stock.FIRST_NAMES)))
        lists.custom_values.append((own_id, "Territory", mint.chance.one(("North Bay", "East Bay", "Nevada"))))
    full = str(fields.get("FullName") or fields["Name"])
    return Party(lists.named(entity, own_id, full), kept, created)


def _phone(mint: Mint) -> str:
    return f"{mint.chance.one(('510', '415', '707', '775'))} 555 {mint.chance.below(9000) + 1000}"


def _job(mint: Mint, lists: Lists, above: Party, name: str) -> Party:
    chance = mint.chance
    parent = above.ref["FullName"]
    created = min(mint.end - 1, above.created + chance.below(300 * DAY))
    own_id = mint.list_id(created)
    kept: Fields = {part: above.fields[part] for part in ("ClassRef", "CompanyName", "BillAddress", "BillAddressBlock",
    "Phone", "Email",
            "SalesTaxCodeRef", "ItemSalesTaxRef", "TermsRef") if part in above.fields}  # fmt: skip
    status = chance.one(("Awarded", "InProgress", "Closed", "Pending"))
    fields: Fields = kept | {
        "Name": name, "FullName": f"{parent}:{name}", "IsActive": above.fields["IsActive"], "ParentRef": above.ref,
        "Sublevel": "1",
        "JobStatus": status, "JobStartDate": mint.clock.date(created), "JobDesc": f"{name}, supply and set",
        "JobTypeRef": chance.one(lists.all("JobType")), "PreferredDeliveryMethod": "None",
    }  # fmt: skip
    while fields["FullName"] in lists.refs["Customer"]:
        fields["FullName"] += "b"
        fields["Name"] += "b"
    party = _party(mint, lists, "Customer", fields, created, own_id)
    party.parent = above
    return party


def _vendor(mint: Mint, lists: Lists, name: str, kind: str) -> Party:
    chance = mint.chance
    created = mint.start + chance.below(200) * DAY
    own_id = mint.list_id(created)
    address = _address(mint, name)
    fields: Fields = {
        "Name": name, "IsActive": "false" if chance.happens(0.05) else "true",
        "CompanyName": name, "FirstName": chance.one(stock.FIRST_NAMES), "LastName": chance.one(stock.SURNAMES),
        "VendorAddress": address, "VendorAddressBlock": block(address), "Phone": _phone(mint),
        "Fax": _phone(mint) if chance.happens(0.3) else "",
        "Email": f"orders{chance.below(9999)}@example.com", "Contact": chance.one(stock.FIRST_NAMES),
        "NameOnCheck": name,
        "AccountNumber": f"HNS-{chance.below(9000) + 1000}",
        "VendorTypeRef": lists.ref("VendorType", kind) if kind else "",
        "TermsRef": chance.one(lists.all("StandardTerms")),
        "CreditLimit": money(chance.below(20) * 500_000),
        "IsVendorEligibleFor1099": "true" if kind == "Subcontractor" else "false",
    }  # fmt: skip
    return _party(mint, lists, "Vendor", fields, created, own_id)
