"""What a bookkeeper does in QuickBooks between two syncs: edits, deletions and new entries, over many entities.

Everything goes through the same Add, Mod and Del as requests do; nothing that is in use is deleted. The same file,
clock and seed make
the same changes.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sync.practice import stock
from sync.practice.books import Entry
from sync.practice.company import CompanyFile
from sync.practice.documents import Request
from sync.practice.kinds import is_transaction
from sync.practice.markup import Fields
from sync.practice.mint import Chance, money
from sync.practice.refusals import Refused

_IDS = re.compile(r"<(?:ListID|TxnID)>([^<]+)</")
# What is edited, and how often in a hundred.
_EDITED = {
    "Customer": 38, "Invoice": 16, "Vendor": 8, "ItemInventory": 10, "ItemService": 3, "Estimate": 6, "Bill": 5,
    "PurchaseOrder": 4,
    "SalesReceipt": 3, "Check": 3, "TimeTracking": 2, "Employee": 1,
}  # fmt: skip
_DELETED = (
    "Customer",
    "Vendor",
    "Estimate",
    "TimeTracking",
    "SalesReceipt",
    "Check",
    "ItemInventory",
    "JournalEntry",
    "PurchaseOrder",
)
_PHONES = ("510 555 {0}", "415 555 {0}", "707 555 {0}")


@dataclass(slots=True)
class Changes:
    """The ids that were touched, by entity."""

    edited: dict[str, list[str]] = field(default_factory=dict)
    created: dict[str, list[str]] = field(default_factory=dict)
    deleted: dict[str, list[str]] = field(default_factory=dict)
    noted: Callable[[], None] | None = None  # told after each of them

    def note(self, kind: dict[str, list[str]], entry: Entry) -> None:
        kind.setdefault(entry.entity, []).append(entry.id)
        if self.noted is not None:
            self.noted()

    def __str__(self) -> str:
        parts = (("edited", self.edited), ("created", self.created), ("deleted", self.deleted))
        return ", ".join(f"{sum(map(len, ids.values()))} {word}" for word, ids in parts)


def change(
    file: CompanyFile,
    edits: int = 500,
    deletions: int = 50,
    creations: int = 20,
    seed: int = 2,
    noted: Callable[[], None] | None = None,
) -> Changes:
    """Change the file; returns what was changed. Fewer deletions when fewer entries are unused."""
    keeper = Bookkeeper(file, Chance(seed))
    keeper.changes.noted = noted
    with file.books.lock:
        file.books.begin()
        for _ in range(creations):
            keeper.create()
        keeper.edit(edits)
        keeper.delete(deletions)
        file.books.commit()
    return keeper.changes


def drift(file: CompanyFile, seed: int | None = None) -> Changes:
    """One small change, as happens every so often while people work: mostly an edit, now and then a new entry."""
    chance = Chance(file.clock.moment() if seed is None else seed)
    keeper = Bookkeeper(file, chance)
    with file.books.lock:
        file.books.begin()
        if chance.happens(0.3):
            keeper.create()
        else:
            keeper.edit(1)
        file.books.commit()
    return keeper.changes


class Bookkeeper:
    """Works on one open file."""

    def __init__(self, file: CompanyFile, chance: Chance) -> None:
        self.file = file
        self.chance = chance
        self.changes = Changes()

    def edit(self, count: int) -> None:
        """So many edits of different entries, shared out over the entities."""
        chosen: dict[str, list[str]] = {}
        touched: set[str] = set()
        for entity, share in _EDITED.items():
            ids = [row for (row,) in self.file.books.db.execute("SELECT id FROM object WHERE entity = ?", (entity,))]
            self.chance.shuffle(ids)
            chosen[entity] = ids[: max(1, count * share // 100)]
        waiting = [one for ids in chosen.values() for one in ids] + self._more(count, chosen)
        for object_id in waiting[:count] if count >= len(_EDITED) else [self.chance.one(waiting)]:
            if object_id not in touched:
                touched.add(object_id)
                self._edit(object_id)

    def _more(self, count: int, chosen: dict[str, list[str]]) -> list[str]:
        """Customers that make up for what rounding left out."""
        missing = count - sum(len(ids) for ids in chosen.values())
        taken = {one for ids in chosen.values() for one in ids}
        rows = self.file.books.db.execute(
            "SELECT id FROM object WHERE entity IN ('Customer', 'Invoice') ORDER BY seq DESC"
        )
        return [row for (row,) in rows if row not in taken][: max(0, missing)]

    def _edit(self, object_id: str) -> None:
        entry = self.file.books.by_id(object_id)
        if entry is None:
            return
        key = "TxnID" if is_transaction(entry.entity) else "ListID"
        name = f"{entry.entity}Mod"
        given: Fields = {key: entry.id, "EditSequence": entry.edit} | self._changed(entry)
        if self._write(name, given):
            self.changes.note(self.changes.edited, entry)

    def _changed(self, entry: Entry) -> Fields:
        """What is different afterwards."""
        chance, number = self.chance, 1000 + self.chance.below(9000)
        if entry.entity in ("Customer", "Vendor"):
            options: Sequence[Fields] = (
                {"Phone": chance.one(_PHONES).format(number)},
                {"Email": f"accounts{number}@example.com"},
                {"CreditLimit": money(chance.below(50) * 100_000)},
                {"Notes": f"{chance.one(stock.NOTES)} {number}"},
                {"TermsRef": {"FullName": chance.one(stock.TERMS)[0]}, "Fax": chance.one(_PHONES).format(number)},
            )
            return dict(chance.one(options))
        if entry.entity == "ItemInventory":
            return {"SalesPrice": money(1000 + chance.below(9_000)), "ReorderPoint": str(1 + chance.below(20))}
        if entry.entity == "ItemService":
            sale = {"Price": money(900 + chance.below(15_000))}
            return {"SalesOrPurchaseMod": sale}
        if entry.entity == "Employee":
            return {"Phone": chance.one(_PHONES).format(number)}
        return {"Notes" if entry.entity == "TimeTracking" else "Memo": f"{chance.one(stock.NOTES)} {number}"}

    def create(self) -> None:
        """A new customer, job, invoice, estimate or item."""
        chance, number = self.chance, self.file.books.next("practice_names")
        kind = chance.below(5)
        customer = self._any("Customer")
        city, state, code = chance.one(stock.PLACES)
        if kind == 0 or not customer:
            address = {
                "Addr1": f"{number} {chance.one(stock.STREETS)}",
                "City": city,
                "State": state,
                "PostalCode": code,
            }
            name = f"{chance.one(stock.SURNAMES)} {chance.one(stock.TRADES)} {number}"
            self._create(
                "Customer",
                {"Name": name, "CompanyName": name, "BillAddress": address, "Phone": f"510 555 {number:04d}"},
            )
        elif kind == 1:
            self._create(
                "Customer", {"Name": f"{chance.one(stock.JOB_NAMES)} {number}", "ParentRef": {"ListID": customer}}
            )
        else:
            entity = ("Invoice", "Estimate", "SalesReceipt")[kind - 2]
            items = [
                {"ItemRef": {"ListID": self._any("ItemInventory")}, "Quantity": str(1 + chance.below(40))}
                for _ in range(2)
            ]
            self._create(
                entity,
                {"CustomerRef": {"ListID": customer}, "Memo": "Entered at the counter", f"{entity}LineAdd": items},
            )

    def _create(self, entity: str, given: Fields) -> None:
        ids = self._write(f"{entity}Add", given)
        if ids:
            self.changes.created.setdefault(entity, []).append(ids[0])

    def _any(self, entity: str) -> str:
        """Some active entry; a customer without a parent, so that a job can be put below it."""
        query = "SELECT id FROM object WHERE entity = ? AND active = 1 AND parent = '' ORDER BY seq LIMIT 1 OFFSET ?"
        count = "SELECT count(*) FROM object WHERE entity = ? AND active = 1 AND parent = ''"
        rows = self.file.books.db.execute(count, (entity,)).fetchone()[0]
        row = self.file.books.db.execute(query, (entity, self.chance.below(rows))).fetchone() if rows else None
        return row[0] if row else ""

    def _write(self, name: str, given: Fields) -> list[str]:
        """Run an Add or Mod; the ids in its answer, the entry's own first. None when QuickBooks refused it."""
        answer = self.file.router.answer(Request(f"{name}Rq", {}, {name: given}))
        return _IDS.findall(answer.body)

    def delete(self, count: int) -> None:
        """So many entries that nothing refers to, of many entities in turn."""
        used = self._used()
        unused = [self._unused(entity, used, count) for entity in _DELETED]
        left = count
        while left and any(unused):
            for ids in unused:
                if ids and left and self._delete(ids.pop()):
                    left -= 1

    def _delete(self, object_id: str) -> bool:
        entry = self.file.books.by_id(object_id)
        if entry is None:
            return False
        self.file.books.db.execute("SAVEPOINT removal")
        try:
            self.file.ledger.remove(entry)
        except Refused:
            self.file.books.db.execute("ROLLBACK TO removal")
            entry = None
        self.file.books.db.execute("RELEASE removal")
        if entry is not None:
            self.changes.note(self.changes.deleted, entry)
        return entry is not None

    def _used(self) -> set[str]:
        """Every id that some other object names, found in one reading of the file."""
        used: set[str] = set()
        for own_id, head, lines, linked in self.file.books.db.execute("SELECT id, head, lines, linked FROM object"):
            used.update(found for part in (head, lines, linked) for found in _IDS.findall(part) if found != own_id)
        return used

    def _unused(self, entity: str, used: set[str], count: int) -> list[str]:
        rows = self.file.books.db.execute(
            "SELECT id FROM object WHERE entity = ? AND linked = '' ORDER BY seq", (entity,)
        )
        ids = [row for (row,) in rows if row not in used]
        self.chance.shuffle(ids)
        return ids[:count]
