"""Writes to lists and transactions: Add, Mod, Del and Void, as QuickBooks checks and completes them.

A list Mod changes what it names and clears what it names empty. A transaction Mod does the same to its header; its
lines stay when it
names none, and are exactly the named ones when it names any.
"""

from collections.abc import Callable

from sync.practice import listing, markup, refusals
from sync.practice.answers import Answer
from sync.practice.books import Books, Entry, is_line
from sync.practice.clock import Clock
from sync.practice.conversion import Converter
from sync.practice.documents import Request
from sync.practice.filters import check_id
from sync.practice.forms import Forms
from sync.practice.identity import Preferences
from sync.practice.kinds import is_transaction
from sync.practice.links import PAYS, Links
from sync.practice.markup import Fields
from sync.practice.merging import merged
from sync.practice.mint import in_order
from sync.practice.voiding import voided
from sync.qbxml.fields import is_message


class Ledger:
    """The writing side of one file."""

    def __init__(self, books: Books, clock: Clock, preferences: Preferences, locks: dict[str, int]) -> None:
        self.books = books
        self.clock = clock
        self.preferences = preferences
        self.locks = locks
        self.macros: dict[str, str] = {}
        self.converter = Converter(books, self.macros)
        self.forms = Forms(books, clock)
        self.links = Links(books, clock)

    def begin_set(self) -> None:
        """A new message set: macros of the last are forgotten."""
        self.macros.clear()

    def entity_of(self, request: Request) -> str:
        """The entity a write is about."""
        for name in ("ListDelType", "TxnDelType", "TxnVoidType"):
            if name in request.fields:
                return markup.text(request.fields, name)
        return request.name.removesuffix("Rq")[:-3]

    def run(self, request: Request) -> Answer:
        """The answer to a write. Raises Refused when QuickBooks would not do it."""
        doing: dict[str, Callable[[Request], Answer]] = {
            "ListDelRq": self._delete,
            "TxnDelRq": self._delete,
            "TxnVoidRq": self._void,
        }
        if request.name in doing:
            return doing[request.name](request)
        entity = self.entity_of(request)
        name = request.name.removesuffix("Rq")
        given = markup.group(request.fields, name)
        if not is_message(f"{entity}Ret"):
            raise refusals.not_supported(request.name)
        entry = self._add(entity, name, given) if name.endswith("Add") else self._modify(entity, name, given)
        for element, macro in request.macros:
            if element == name:
                self.macros[f"macro:{macro}"] = entry.id
        wanted = markup.many(request.fields, "IncludeRetElement")
        shown = {part: value for part, value in entry.fields.items() if not wanted or part in wanted}
        return Answer(body=markup.render({f"{entity}Ret": shown}))

    def _add(self, entity: str, name: str, given: Fields) -> Entry:
        fields = {
            part: value for part, value in self.converter.returned(name, entity, given).items() if value not in ("", {})
        }
        moment = self.clock.moment()
        if is_transaction(entity):
            return self._add_transaction(entity, given, fields, moment)
        listing.contacts(self.books, fields, self.clock.stamp(moment), self.clock.today())
        fields = listing.complete(self.books, entity, fields)
        entry = self._new(entity, "ListID", f"{0x80000000 + self.books.next('lists'):X}-{moment}", fields, moment)
        self.books.insert(entry)
        return entry

    def _new(self, entity: str, key: str, own_id: str, fields: Fields, moment: int) -> Entry:
        stamp = self.clock.stamp(moment)
        own = {key: own_id, "TimeCreated": stamp, "TimeModified": stamp, "EditSequence": str(moment)}
        return Entry(entity, own_id, str(moment), moment, moment, in_order(entity, own | fields))

    def _add_transaction(self, entity: str, given: Fields, fields: Fields, moment: int) -> Entry:
        own_id = f"{self.books.next('transactions'):X}-{moment}"
        fields["TxnNumber"] = str(self.books.next("numbers"))
        sources = [self.converter.named(one) for one in markup.many(given, "LinkToTxnID")]
        if sources and not any(is_line(name) for name in fields):
            fields |= self.links.copied(entity, sources)
        fields = self.forms.complete(entity, fields, str(moment), new=True)
        self._check_open(entity, fields)
        entry = self._new(entity, "TxnID", own_id, fields, moment)
        if entity in PAYS:
            self._apply(entry, given, "AppliedToTxnAdd", moment)
        self.books.insert(entry)
        self.links.post(entity, entry.fields, 1)
        self.links.follow(entry, sources, moment)
        self.links.credit(entry, markup.many(given, "SetCredit"), moment)
        self.books.update(entry)
        return self._reread(entry)

    def _apply(self, entry: Entry, given: Fields, element: str, moment: int) -> None:
        """Apply a payment to what it says, or to the oldest open invoices."""
        automatic = markup.text(given, "IsAutoApply")
        if automatic and "TotalAmount" not in entry.fields:
            raise refusals.element_missing("TotalAmount", entry.entity)
        if automatic in ("true", "1"):
            wanted = list(self.links.open_ones(entry))
        else:
            wanted = [
                row | {"TxnID": self.converter.named(markup.text(row, "TxnID"))} for row in markup.many(given, element)
            ]
        self.links.pay(entry, wanted, moment)

    def _reread(self, entry: Entry) -> Entry:
        return self.books.by_id(entry.id) or entry

    def _check_open(self, entity: str, fields: Fields) -> None:
        """Refuse what falls into the closed period."""
        closed = self.preferences.closing_date
        if closed and markup.text(fields, "TxnDate") <= closed:
            raise refusals.closed_for_changing(entity)

    def _existing(self, entity: str, object_id: str, field: str) -> Entry:
        """The entry a Mod, Del or Void is about. Raises Refused when it is not there or somebody has it open."""
        object_id = self.converter.named(object_id)
        check_id(object_id, field)
        entry = self.books.by_id(object_id)
        if entry is None or entry.entity != entity:
            raise refusals.object_missing(object_id)
        if object_id in self.locks:
            raise refusals.locked(object_id, self.locks[object_id])
        return entry

    def _modify(self, entity: str, name: str, given: Fields) -> Entry:
        key = "TxnID" if is_transaction(entity) else "ListID"
        entry = self._existing(entity, markup.text(given, key), key)
        if markup.text(given, "EditSequence") != entry.edit:
            raise refusals.stale(markup.text(given, "EditSequence"))
        changes = self.converter.returned(name, entity, given)
        for part in (key, "EditSequence"):
            changes.pop(part, None)
        moment = self.clock.moment()
        if key == "ListID":
            self._modify_list(entry, changes, moment)
        else:
            self._modify_transaction(entry, given, changes, moment)
        return self._reread(entry)

    def _modify_list(self, entry: Entry, changes: Fields, moment: int) -> None:
        old = entry.name
        fields = merged(entry.entity, entry.fields, {}, changes)
        listing.contacts(self.books, fields, self.clock.stamp(moment), self.clock.today())
        entry.fields = listing.complete(self.books, entry.entity, fields, entry.id)
        self.links.touch(entry, moment)
        listing.renamed(self.books, entry, old)

    def _modify_transaction(self, entry: Entry, given: Fields, changes: Fields, moment: int) -> None:
        self._check_open(entry.entity, entry.fields)
        self.links.post(entry.entity, entry.fields, -1)
        fields = merged(entry.entity, entry.fields, given, changes)
        entry.fields = self.forms.complete(entry.entity, fields, str(moment), new=False)
        self._check_open(entry.entity, entry.fields)
        if entry.entity in PAYS and "AppliedToTxnMod" in given:
            self.links.undo(entry, moment)
            self._apply(entry, given, "AppliedToTxnMod", moment)
        self.links.credit(entry, markup.many(given, "SetCredit"), moment)
        self.links.touch(entry, moment)
        self.links.post(entry.entity, entry.fields, 1)

    def _delete(self, request: Request) -> Answer:
        entity = self.entity_of(request)
        kind, key, label = ("List", "ListID", "FullName") if request.name[0] == "L" else ("Txn", "TxnID", "RefNumber")
        entry = self._existing(entity, markup.text(request.fields, key), key)
        if kind == "List" and self.books.is_used(entry.id):
            raise refusals.in_use(entry.id)
        self.remove(entry)
        shown: Fields = {f"{kind}DelType": entity, key: entry.id, "TimeDeleted": self.clock.stamp(self.clock.moment())}
        name = entry.name if kind == "List" else markup.text(entry.fields, "RefNumber")
        return Answer(body=markup.render(shown | ({label: name} if name else {})))

    def remove(self, entry: Entry) -> None:
        """Take an entry out of the books; whether a list entry is used is for the caller to know."""
        if is_transaction(entry.entity):
            closed = self.preferences.closing_date
            if closed and markup.text(entry.fields, "TxnDate") <= closed:
                raise refusals.closed_for_deleting(entry.entity)
            if markup.many(entry.fields, "LinkedTxn"):
                raise refusals.in_use(entry.id)
            self.links.post(entry.entity, entry.fields, -1)
            self.links.undo(entry, self.clock.moment())
        self.books.delete(entry, self.clock.moment())

    def _void(self, request: Request) -> Answer:
        entity = self.entity_of(request)
        entry = self._existing(entity, markup.text(request.fields, "TxnID"), "TxnID")
        self._check_open(entity, entry.fields)
        moment = self.clock.moment()
        self.links.post(entity, entry.fields, -1)
        self.links.undo(entry, moment)
        entry.fields = in_order(entity, voided(entry.fields))
        self.links.touch(entry, moment)
        shown: Fields = {"TxnVoidType": entity, "TxnID": entry.id, "TimeCreated": self.clock.stamp(entry.created)}
        shown |= {"TimeModified": self.clock.stamp(entry.modified)}
        return Answer(
            body=markup.render(shown | {name: entry.fields[name] for name in ("RefNumber",) if name in entry.fields})
        )
