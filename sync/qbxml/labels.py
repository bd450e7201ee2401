"""What a field is called in front of people: "InvoiceLineAdd[1]/Desc" of an invoice is "Line 2, description"."""

import re

from sync.qbxml.entities import ENTITIES

BODY = re.compile("(?:Add|Mod|Ret|QueryRq|Rq)$")
STEP = re.compile(r"(?P<name>[^\[]+)(?:\[(?P<at>\d+)\])?")
WORD = re.compile(r"[A-Z]{2,}(?=[A-Z][a-z]|\d|$)|[A-Z]?[a-z]+|[A-Z]+|\d+")
WORDS = {
    "APAccountRef": "A/P account",
    "ARAccountRef": "A/R account",
    "Addr1": "Address line 1",
    "Addr2": "Address line 2",
    "Addr3": "Address line 3",
    "Addr4": "Address line 4",
    "Addr5": "Address line 5",
    "AltContact": "Other contact",
    "AltPhone": "Other phone",
    "BillAddress": "Billing address",
    "COGSAccountRef": "Cost of goods sold account",
    "CustomerMsgRef": "Customer message",
    "CustomerSalesTaxCodeRef": "Customer's sales tax code",
    "DataExt": "Custom field",
    "DataExtName": "Custom field's name",
    "DataExtValue": "Custom field's value",
    "Desc": "Description",
    "Email": "E-mail",
    "FOB": "FOB",
    "FullName": "Name",
    "ListID": "ID",
    "Max": "Maximum on hand",
    "PONumber": "PO number",
    "PrefVendorRef": "Preferred vendor",
    "SSN": "Social security number",
    "ShipAddress": "Shipping address",
    "StdDiscountDays": "Discount days",
    "StdDueDays": "Days until due",
    "TxnDate": "Date",
    "TxnID": "ID",
    "TxnLineID": "Line ID",
}


def record(message: str) -> str:
    """The kind of record that a message is about: of "InvoiceAdd" "Invoice"."""
    return BODY.sub("", message)


def kind(entity: str) -> str:
    """What a kind of record is called, as "Sales receipt"."""
    return ENTITIES[entity].label if entity in ENTITIES else words(entity)


def label(entity: str, path: str) -> str:
    """What the field at a path is called; indexes in brackets count from 0 in a path, from 1 in words."""
    steps = [match for match in (STEP.fullmatch(step) for step in path.split("/")) if match]
    if len(steps) == 1 and steps[0]["name"] in ("RefNumber", "Name"):
        return f"{kind(entity)} {'number' if path.startswith('Ref') else 'name'}"
    if len(steps) > 1 and steps[-2]["name"].endswith("Ref"):
        last = steps.pop()["name"]
        return part_labels(entity, steps) + (" ID" if last == "ListID" else "")
    return part_labels(entity, steps)


def part_labels(entity: str, steps: list[re.Match[str]]) -> str:
    parts = [part_label(entity, step["name"], step["at"]) for step in steps]
    return ", ".join(
        [parts[0], *(part if part[:2].isupper() or part[1:2] == "/" else lower(part) for part in parts[1:])]
    )


def part_label(entity: str, name: str, at: str | None) -> str:
    """One step of a path, a repeated one with its number."""
    plain = BODY.sub("", name.removeprefix("@"))
    if plain.startswith(f"{entity}Line"):
        plain = plain.removeprefix(entity)
    found = WORDS[name] if name in WORDS else words(plain)
    return f"{found} {int(at) + 1}" if at else found


def words(name: str) -> str:
    """A name in CamelCase as words; Ref and Is are qbXML's business."""
    plain = name.removesuffix("Ref")
    plain = plain[2:] if re.match("Is[A-Z]", plain) else plain
    found = [word if word.isupper() else word.lower() for word in WORD.findall(plain)]
    joined = " ".join(found) or name
    return joined[:1].upper() + joined[1:]


def lower(text: str) -> str:
    return text[:1].lower() + text[1:]
