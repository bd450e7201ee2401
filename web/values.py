"""QuickBooks' values as a person reads them: what a field is called, how its value looks, in which group it stands.

What a field holds comes from the field table; a field that the table does not know is text.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from sync.qbxml.customs import NAME, values_of
from sync.qbxml.fields import Choice, Field, Kind, is_message, laid_open, message
from web.filters import count, money, plural, qb_time, quantity
from web.masking import DOTS

WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z]|\b|\d|$)|[A-Z]?[a-z]+|\d+")
LABELS = {  # where the words of the name are not what people say
    "APAccountRef": "A/P account",
    "ARAccountRef": "A/R account",
    "Addr1": "Address",
    "AltContact": "Other contact",
    "AltPhone": "Other phone",
    "BillAddress": "Billing address",
    "CustomerMsgRef": "Customer message",
    "DataExtRet": "Custom fields",
    "Desc": "Description",
    "DueDate": "Due",
    "Email": "E-mail",
    "FullName": "Full name",
    "IsActive": "Active",
    "LinkedTxn": "Linked transaction",
    "PONumber": "PO number",
    "ParentRef": "Belongs under",
    "RefNumber": "Number",
    "ShipAddress": "Shipping address",
    "ShipToAddress": "Shipping address",
    "Sublevel": "Level",
    "TxnDate": "Date",
    "TxnNumber": "Transaction number",
}
HEADS = {"ListID", "TxnID", "TimeCreated", "TimeModified", "EditSequence"}  # stand beside the fields
NUMBERS = {Kind.AMT, Kind.PRICE, Kind.QTY, Kind.PCT, Kind.INT, Kind.FLOAT}
NAME_AND_CONTACT = re.compile(
    r"(Full|Company|First|Middle|Last|Alt|Print)?(Name|Contact|Phone|Email)|Salutation|Suffix|JobTitle|Fax|Mobile|Pager"
    r"|Cc|RefNumber|TxnDate|TxnNumber|DueDate|Memo|PONumber|Desc|\w*Desc|AccountNumber|IsActive|Sublevel|ParentRef"
    r"|CustomerRef|VendorRef|PayeeEntityRef|EntityRef|ItemRef|AccountType"
)
GROUPS = ("main", "addresses", "terms", "amounts", "more")
HEADINGS = {"addresses": "Addresses", "terms": "Belongs to", "amounts": "Amounts", "more": "More"}

Links = Mapping[str, str]  # ListID or TxnID -> address of the record that is here
Entry = tuple[str, Markup | None, None]  # label, value in QuickBooks, value here where it differs


@dataclass(frozen=True, slots=True)
class Lines:
    """A list within a record, as a table."""

    heading: str
    columns: list[tuple[str, str]]  # label, "start" or "end"
    rows: list[list[Markup]]


def label_of(name: str) -> str:
    """SalesTaxCodeRef is "Sales tax code", ItemLineRet is "Item line"."""
    if name in LABELS:
        return LABELS[name]
    plain = re.sub(r"(Ref|Ret)$", "", name) or name
    parts = WORD.findall(re.sub(r"^(Is|Txn)(?=[A-Z])", "", plain)) or [plain]
    words = [part if part.isupper() and len(part) > 1 else part.lower() for part in parts]
    return " ".join([words[0][:1].upper() + words[0][1:], *words[1:]])


def in_order(entity: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record's fields in the order of the schema: the database does not keep one."""
    ret = f"{entity}Ret"
    return arranged(fields, message(ret).content) if is_message(ret) else dict(fields)


def arranged(fields: Mapping[str, Any], content: tuple[Field | Choice, ...]) -> dict[str, Any]:
    known: dict[str, Field] = {}
    for each in laid_open(content):
        known.setdefault(each.name, each)
    names = [name for name in known if name in fields] + [name for name in fields if name not in known]
    return {name: arranged_value(fields[name], known[name].children if name in known else ()) for name in names}


def arranged_value(value: Any, content: tuple[Field | Choice, ...]) -> Any:
    if isinstance(value, list):
        return [arranged_value(each, content) for each in value]
    return arranged(value, content) if isinstance(value, Mapping) else value


def field_at(entity: str, path: str) -> Field | None:
    """Return what the field table knows of a path of a record."""
    ret = f"{entity}Ret"
    return message(ret).find(path) if is_message(ret) else None


def shown(text: str, kind: Kind | None) -> str:
    """Return one value as it reads: amounts, dates as QuickBooks' computer gave them, yes and no."""
    if text.startswith(DOTS):
        return text
    match kind:
        case Kind.AMT:
            return money(text)
        case Kind.PRICE | Kind.QTY | Kind.FLOAT:
            return quantity(text)
        case Kind.PCT:
            return f"{quantity(text)} %"
        case Kind.DATE | Kind.DATETIME:
            return qb_time(text)
        case Kind.BOOL:
            return {"true": "Yes", "1": "Yes", "false": "No", "0": "No"}.get(text, text)
    return text


def cell(entity: str, path: str, text: str) -> str:
    """Return one value of a list's column."""
    found = field_at(entity, path)
    return shown(text, found.kind if found else None)


def aligned(entity: str, path: str) -> str:
    found = field_at(entity, path)
    return "end" if found and found.kind in NUMBERS else "start"


def link(text: str, href: str | None) -> Markup:
    return Markup('<a href="{}">{}</a>').format(href, text) if href else Markup.escape(text)


def reference(value: Mapping[str, Any], links: Links) -> Markup:
    """Return a reference by its name, as a link where what it refers to is here."""
    id = text_of(value.get("ListID") or value.get("TxnID"))
    name = text_of(value.get("FullName")) or id
    return link(name, links.get(id))


def address(value: Mapping[str, Any]) -> Markup:
    """Return an address as a block: its lines, the town in one line, the country."""
    town = " ".join(filter(None, (text_of(value.get(name)) for name in ("City", "State", "PostalCode"))))
    lines = [text_of(value.get(f"Addr{number}")) for number in range(1, 6)]
    lines += [town, text_of(value.get("Country")), text_of(value.get("Note"))]
    return Markup("<br>").join(filter(None, lines))


def text_of(value: Any) -> str:
    """Return the text of an element; one with attributes keeps it under "#text"."""
    if isinstance(value, Mapping):
        value = value.get("#text", "")
    return value if isinstance(value, str) else ""


def is_reference(name: str, value: Any) -> bool:
    return name.endswith("Ref") and isinstance(value, Mapping)


def is_address(name: str) -> bool:
    return name.endswith("Address")


def groups_of(entity: str, fields: Mapping[str, Any], links: Links) -> list[tuple[str, list[Entry]]]:
    """Return the fields of a record, grouped; its lists are in `lines_of`, what stands beside them is left out.

    Custom fields are a group of their own, each under its name.
    """
    members: dict[str, list[Entry]] = {key: [] for key in GROUPS}
    inner: list[tuple[str, list[Entry]]] = []
    for name, value in fields.items():
        if (
            name in HEADS
            or (name, value) in (("FullName", fields.get("Name")), ("Sublevel", "0"))  # what the name says already
            or name[0] in "@#"
            or isinstance(value, list)
            or name.endswith("AddressBlock")
        ):
            continue
        if (
            isinstance(value, Mapping)
            and not is_reference(name, value)
            and not is_address(name)
            and "#text" not in value
        ):
            inner.append((label_of(name), list(flat(entity, name, value, links))))
            continue
        found = field_at(entity, name)
        members[group_of(name, found)].append((label_of(name), value_of(name, value, found, links), None))
    own = [(HEADINGS.get(key, ""), entries) for key, entries in members.items()]
    custom: list[Entry] = [(name, Markup.escape(value), None) for name, value in values_of(fields).items()]
    return [(heading, entries) for heading, entries in (*own, *inner, (LABELS[NAME], custom)) if entries]


def group_of(name: str, found: Field | None) -> str:
    if NAME_AND_CONTACT.fullmatch(name):
        return "main"
    if is_address(name):
        return "addresses"
    if name.endswith("Ref"):
        return "terms"
    return "amounts" if found and found.kind in {Kind.AMT, Kind.PRICE, Kind.QTY, Kind.PCT, Kind.FLOAT} else "more"


def value_of(name: str, value: Any, found: Field | None, links: Links) -> Markup | None:
    """Return a value of the top of a record; None where it is empty."""
    if is_reference(name, value):
        return reference(value, links)
    if is_address(name) and isinstance(value, Mapping):
        return address(value) or None
    text = text_of(value)
    return Markup.escape(shown(text, found.kind if found else None)) if text else None


def flat(entity: str, path: str, value: Mapping[str, Any], links: Links) -> Iterator[Entry]:
    """Yield what a group within a record holds, however deep, under its own label."""
    for name, inner in value.items():
        below = f"{path}/{name}"
        if name[0] in "@#" or isinstance(inner, list):
            continue
        if isinstance(inner, Mapping) and not is_reference(name, inner) and not is_address(name):
            yield from flat(entity, below, inner, links)
        else:
            yield label_of(name), value_of(name, inner, field_at(entity, below), links), None


def lines_of(entity: str, fields: Mapping[str, Any], links: Links) -> list[Lines]:
    """Return every list of a record as a table; lists within lines follow as tables of their own."""
    tables = []
    for name, value in fields.items():
        if isinstance(value, list) and value and name[0] not in "@#" and name != NAME:
            tables.append(table_of(entity, name, value, links))
            if all(isinstance(each, Mapping) for each in value):
                inner = [(each, below) for each in value for below in each.items() if isinstance(below[1], list)]
                tables += [table_of(entity, f"{name}/{key}", rows, links) for _, (key, rows) in inner if key[0] != "#"]
    return tables


def table_of(entity: str, path: str, rows: list[Any], links: Links) -> Lines:
    """Return one list as a table; its columns are all paths that any of its rows has, in their order."""
    flattened = [dict(cells(entity, path, row, links)) for row in rows]
    paths: dict[str, None] = {}
    for row in flattened:
        paths.update(dict.fromkeys(row))
    columns = [(column_label(path, each), aligned(entity, each)) for each in paths]
    empty = Markup("")
    heading = plural(len(rows), label_of(path.rpartition("/")[2]).removesuffix("s"))
    return Lines(
        f"{heading}, {count(len(rows))}", columns, [[row.get(each, empty) for each in paths] for row in flattened]
    )


def column_label(table: str, path: str) -> str:
    names = path.removeprefix(f"{table}/").split("/")
    return label_of(names[-1] if names[-1] not in {"Name", "FullName"} or len(names) == 1 else names[-2])


def cells(entity: str, path: str, row: Any, links: Links) -> Iterator[tuple[str, Markup]]:
    """Yield path and value of each cell of a line."""
    if not isinstance(row, Mapping):
        yield path, Markup.escape(text_of(row))
        return
    for name, value in row.items():
        below = f"{path}/{name}"
        if name in {"TxnLineID", "OwnerID"} or name[0] in "@#" or isinstance(value, list):
            continue
        if isinstance(value, Mapping) and not is_reference(name, value) and not is_address(name):
            yield from cells(entity, below, value, links)
        else:
            found = field_at(entity, below)
            linked = link(text_of(value), links.get(text_of(value))) if name in {"TxnID", "ListID"} else None
            yield below, linked or value_of(name, value, found, links) or Markup("")


def ids_in(value: Any) -> Iterator[str]:
    """Yield every ListID and TxnID that a record refers to."""
    if isinstance(value, list):
        for each in value:
            yield from ids_in(each)
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            if name in {"ListID", "TxnID"} and isinstance(inner, str):
                yield inner
            else:
                yield from ids_in(inner)
