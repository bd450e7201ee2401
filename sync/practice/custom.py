"""Custom fields: definitions by owner and name, values on objects and on the company itself.

OwnerID 0 is public: defined in QuickBooks by its user. Any other owner is an application with fields of its own.
"""

from sync.practice import markup, refusals
from sync.practice.answers import Answer, nothing_found
from sync.practice.books import Books
from sync.practice.documents import Request
from sync.practice.identity import COMPANY
from sync.practice.kinds import ITEMS, TRANSACTIONS
from sync.practice.markup import Fields
from sync.practice.refusals import Refused

_OBJECT = """
SELECT v.owner, v.name, f.type, v.value FROM custom_value v JOIN custom_field f ON f.owner = v.owner AND f.name = v.name
WHERE v.object = ? AND v.owner = ? ORDER BY v.name
"""


class Customs:
    """The custom fields of one file."""

    def __init__(self, books: Books) -> None:
        self.books = books

    def define(self, owner: str, name: str, kind: str) -> None:
        """Make sure that the field exists."""
        self.books.db.execute(
            "INSERT OR IGNORE INTO custom_field (owner, name, type) VALUES (?, ?, ?)", (owner.upper(), name, kind)
        )

    def is_defined(self, owner: str, name: str) -> bool:
        query = "SELECT 1 FROM custom_field WHERE owner = ? AND name = ?"
        return self.books.db.execute(query, (owner.upper(), name)).fetchone() is not None

    def put(self, target: str, owner: str, name: str, value: str) -> None:
        self.books.db.execute(
            "INSERT OR REPLACE INTO custom_value (object, owner, name, value) VALUES (?, ?, ?, ?)",
            (target, owner.upper(), name, value),
        )

    def get(self, target: str, owner: str, name: str) -> str:
        query = "SELECT value FROM custom_value WHERE object = ? AND owner = ? AND name = ?"
        row = self.books.db.execute(query, (target, owner.upper(), name)).fetchone()
        return row[0] if row else ""

    def remove(self, target: str, owner: str, name: str) -> None:
        query = "DELETE FROM custom_value WHERE object = ? AND owner = ? AND name = ?"
        self.books.db.execute(query, (target, owner.upper(), name))

    def of(self, target: str, owner: str) -> list[Fields]:
        """The insides of the DataExtRet elements of one object and owner."""
        names = ("OwnerID", "DataExtName", "DataExtType", "DataExtValue")
        return [dict(zip(names, row, strict=True)) for row in self.books.db.execute(_OBJECT, (target, owner.upper()))]

    def run(self, request: Request) -> Answer:
        """The answer to a DataExt… or DataExtDef… request."""
        if request.name == "DataExtDefQueryRq":
            return self._definitions(request.fields)
        name = request.name.removesuffix("Rq")
        fields = markup.group(request.fields, name)
        return self._define(name, fields) if name.startswith("DataExtDef") else self._value(name, fields)

    def _definitions(self, asked: Fields) -> Answer:
        owners = [owner.upper() for owner in markup.many(asked, "OwnerID")]
        rows = self.books.db.execute("SELECT owner, name, type FROM custom_field ORDER BY owner, name").fetchall()
        found = [dict(zip(("OwnerID", "DataExtName", "DataExtType"), row, strict=True)) for row in rows]
        shown = [fields for fields in found if not owners or fields["OwnerID"] in owners]
        return Answer(body=markup.wrap("DataExtDefRet", map(markup.render, shown))) if shown else nothing_found()

    def _define(self, name: str, fields: Fields) -> Answer:
        owner, label = markup.text(fields, "OwnerID"), markup.text(fields, "DataExtName")
        if name == "DataExtDefAdd":
            self.define(owner, label, markup.text(fields, "DataExtType"))
        elif not self.is_defined(owner, label):
            raise refusals.object_missing(label)
        body = {"OwnerID": owner, "DataExtName": label, "DataExtType": markup.text(fields, "DataExtType")}
        return Answer(body=markup.render({"DataExtDefRet": body}))

    def _value(self, name: str, fields: Fields) -> Answer:
        owner, label = markup.text(fields, "OwnerID").upper(), markup.text(fields, "DataExtName")
        if not self.is_defined(owner, label):
            raise Refused(3120, f'The custom field "{label}" of owner "{owner}" is not defined.')
        target = self._target(fields)
        if name == "DataExtDel":
            self.remove(target, owner, label)
            kept = {part: value for part, value in fields.items() if part != "DataExtValue"}
            return Answer(body=markup.render({"DataExtDelRet": kept}))
        self.put(target, owner, label, markup.text(fields, "DataExtValue"))
        shown = [row for row in self.of(target, owner) if row["DataExtName"] == label]
        return Answer(body=markup.render({"DataExtRet": shown}))

    def _target(self, fields: Fields) -> str:
        """The id of the object a custom value belongs to."""
        if "OtherDataExtType" in fields:
            return COMPANY
        if "TxnDataExtType" in fields:
            return self._existing(markup.text(fields, "TxnID"), TRANSACTIONS)
        kind = markup.text(fields, "ListDataExtType")
        entities = ITEMS if kind == "Item" else (kind,)
        reference = markup.group(fields, "ListObjRef")
        listed = markup.text(reference, "ListID")
        return self._existing(listed or self.books.id_of(entities, markup.text(reference, "FullName")), entities)

    def _existing(self, object_id: str, entities: tuple[str, ...]) -> str:
        entry = self.books.by_id(object_id)
        if entry is None or entry.entity not in entities:
            raise refusals.object_missing(object_id)
        return object_id
