"""List entries: what QuickBooks adds to a new one, and what it checks before it keeps one."""

from sync.practice import markup, refusals
from sync.practice.books import Books, Entry
from sync.practice.identity import block
from sync.practice.kinds import namespace
from sync.practice.markup import Fields
from sync.practice.mint import in_order, order

ADDRESSES = ("BillAddress", "ShipAddress", "VendorAddress", "OtherNameAddress", "Address")
_CONTACT = frozenset({"ListID", "TimeCreated", "TimeModified", "EditSequence"})
_ZERO = ("Balance", "TotalBalance")
# What QuickBooks asks for although the schema does not.
_DEMANDED = {
    "ItemInventory": ("IncomeAccountRef", "COGSAccountRef", "AssetAccountRef"),
    "ItemInventoryAssembly": ("IncomeAccountRef", "COGSAccountRef", "AssetAccountRef"),
    "ItemSalesTax": ("TaxRate", "TaxVendorRef"),
    "ItemDiscount": ("AccountRef",),
}


def complete(books: Books, entity: str, fields: Fields, own_id: str = "") -> Fields:
    """The fields of a list entry with what follows from them, in order. Raises Refused when they cannot be kept."""
    known = order(f"{entity}Ret")
    if entity == "Employee":
        fields["Name"] = employee_name(fields)
    for name in _DEMANDED.get(entity, ()):
        if not fields.get(name):
            raise refusals.element_missing(name, entity)
    _posting(entity, fields)
    fields.setdefault("IsActive", "true")
    for name in _ZERO:
        if name in known:
            fields.setdefault(name, fields.get("Balance", "0.00"))
    if entity == "Customer":
        fields.setdefault("JobStatus", "None")
    _place(books, entity, fields, known)
    full = _label(entity, fields)
    taken = books.id_of(namespace(entity), full)
    if taken and taken != own_id:
        raise refusals.name_taken(full)
    add_blocks(fields, known)
    return in_order(entity, fields)


def _label(entity: str, fields: Fields) -> str:
    name = next((markup.text(fields, name) for name in ("FullName", "Name", "Initial") if name in fields), "")
    if not name:
        raise refusals.element_missing("Name", entity)
    return name


def employee_name(fields: Fields) -> str:
    """An employee has no name of its own: it is made of the parts."""
    parts = [markup.text(fields, name) for name in ("FirstName", "MiddleName", "LastName")]
    name = " ".join(part for part in parts if part) or markup.text(fields, "Name")
    if not name:
        raise refusals.element_missing("FirstName", "Employee")
    return name


def _posting(entity: str, fields: Fields) -> None:
    """An item that is sold must say to which account."""
    sale = fields.get("SalesOrPurchase")
    if isinstance(sale, dict) and not sale.get("AccountRef"):
        raise refusals.Refused(3270, f'Missing posting account: the "AccountRef" of the {entity}.')


def _place(books: Books, entity: str, fields: Fields, known: tuple[str, ...]) -> None:
    """Full name and level below the parent."""
    name = markup.text(fields, "Name")
    if ":" in name:
        raise refusals.bad_name(name)
    parent = markup.text(fields, "ParentRef", "ListID")
    above = books.by_id(parent) if parent else None
    if above and above.id == markup.text(fields, "ListID"):
        raise refusals.parent_missing(name, entity)
    if "FullName" in known:
        fields["FullName"] = f"{above.name}:{name}" if above else name
    if "Sublevel" in known:
        fields["Sublevel"] = str(int(markup.text(above.fields, "Sublevel") or 0) + 1 if above else 0)


def add_blocks(fields: Fields, known: tuple[str, ...]) -> None:
    """Beside every address its printed lines, where the Ret has them."""
    for name in ADDRESSES:
        if f"{name}Block" in known:
            address = fields.get(name)
            if isinstance(address, dict) and address:
                fields[f"{name}Block"] = block(address)
            else:
                fields.pop(f"{name}Block", None)


def contacts(books: Books, fields: Fields, stamp: str, today: str) -> None:
    """New contacts and notes get the ids and times that the Ret shows of them."""
    made = []
    for contact in markup.many(fields, "ContactsRet"):
        own_id = markup.text(contact, "ListID") or f"{0x80000000 + books.next('lists'):X}-{books.next('contacts')}"
        times = {"TimeCreated": markup.text(contact, "TimeCreated") or stamp, "TimeModified": stamp}
        edit = {"EditSequence": str(int(markup.text(contact, "EditSequence") or 0) + 1)}
        made.append(
            {"ListID": own_id} | times | edit | {part: contact[part] for part in contact if part not in _CONTACT}
        )
    notes = []
    for number, note in enumerate(markup.many(fields, "AdditionalNotesRet")):
        own = {"NoteID": markup.text(note, "NoteID") or str(number), "Date": markup.text(note, "Date") or today}
        notes.append(own | {"Note": markup.text(note, "Note")})
    fields |= {"ContactsRet": made} if made else {}
    fields |= {"AdditionalNotesRet": notes} if notes else {}


def renamed(books: Books, entry: Entry, old: str) -> None:
    """After a rename: every reference to the entry, and the full names below it, say the new name."""
    new = entry.name
    if new == old:
        return
    head = f"<ListID>{entry.id}</ListID>\n<FullName>"
    was, now = (f"{head}{markup.escape(name)}</FullName>" for name in (old, new))
    for query in (
        "UPDATE object SET head = replace(head, ?1, ?2) WHERE instr(head, ?1)",
        "UPDATE object SET lines = replace(lines, ?1, ?2) WHERE instr(lines, ?1)",
    ):
        books.db.execute(query, (was, now))
    for (child_id,) in books.db.execute("SELECT id FROM object WHERE parent = ?", (entry.id,)).fetchall():
        child = books.by_id(child_id)
        if child:
            before = child.name
            child.fields["FullName"] = f"{new}:{markup.text(child.fields, 'Name')}"
            books.update(child)
            renamed(books, child, before)
