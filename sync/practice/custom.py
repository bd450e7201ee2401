"""Custom fields: definitions by owner and name, values on objects and on the company itself.

OwnerID 0 is public: defined in QuickBooks by its user. Any other owner is an application with fields of its own. A
field can be written on the kinds of object that it is assigned to; sales take over what customers have (Intuit's
reference). Writing one makes the object a modified one.
"""

from collections.abc import Sequence

from sync.practice import markup, refusals
from sync.practice.answers import Answer, nothing_found
from sync.practice.books import Books, Entry
from sync.practice.documents import Request
from sync.practice.identity import COMPANY
from sync.practice.kinds import ITEMS, TRANSACTIONS
from sync.practice.links import Links
from sync.practice.markup import Fields
from sync.practice.refusals import Refused
from sync.qbxml.customs import SALES

_OBJECT = """
SELECT v.owner, v.name, f.type, v.value FROM custom_value v JOIN custom_field f ON f.owner = v.owner AND f.name = v.name
WHERE v.object = ? AND v.owner = ? ORDER BY v.name
"""
_UNDEFINE = (
    "DELETE FROM custom_field WHERE owner = ? AND name = ?",
    "DELETE FROM custom_object WHERE owner = ? AND name = ?",
    "DELETE FROM custom_value WHERE owner = ? AND name = ?",
)
_LONGEST = {"STR255TYPE": 255, "STR1024TYPE": 1024}


class Customs:
    """The custom fields of one file."""

    def __init__(self, books: Books) -> None:
        self.books = books

    def define(self, owner: str, name: str, kind: str, objects: Sequence[str] = ()) -> None:
        """Make sure that the field exists, assigned to these kinds of object; without one, to any."""
        self.books.db.execute(
            "INSERT OR IGNORE INTO custom_field (owner, name, type) VALUES (?, ?, ?)", (owner.upper(), name, kind)
        )
        self.books.db.executemany(
            "INSERT OR IGNORE INTO custom_object (owner, name, object) VALUES (?, ?, ?)",
            [(owner.upper(), name, one) for one in objects],
        )

    def undefine(self, owner: str, name: str) -> None:
        """Take a field away with all of its values."""
        for statement in _UNDEFINE:
            self.books.db.execute(statement, (owner.upper(), name))

    def type_of(self, owner: str, name: str) -> str:
        """The type of a field; '' when there is none."""
        query = "SELECT type FROM custom_field WHERE owner = ? AND name = ?"
        row = self.books.db.execute(query, (owner.upper(), name)).fetchone()
        return row[0] if row else ""

    def objects_of(self, owner: str, name: str) -> list[str]:
        """The kinds of object that a field is assigned to."""
        query = "SELECT object FROM custom_object WHERE owner = ? AND name = ? ORDER BY object"
        return [row[0] for row in self.books.db.execute(query, (owner.upper(), name))]

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

    def run(self, request: Request, links: Links) -> Answer:
        """The answer to a DataExt… or DataExtDef… request."""
        if request.name == "DataExtDefQueryRq":
            return self._definitions(request.fields)
        name = request.name.removesuffix("Rq")
        if name == "DataExtDefDel":
            return self._undefine(request.fields)
        fields = markup.group(request.fields, name)
        return self._define(name, fields) if name.startswith("DataExtDef") else self._value(name, fields, links)

    def _definitions(self, asked: Fields) -> Answer:
        owners = [owner.upper() for owner in markup.many(asked, "OwnerID")]
        objects = set(markup.many(asked, "AssignToObject"))
        rows = self.books.db.execute("SELECT owner, name FROM custom_field ORDER BY owner, name").fetchall()
        found = [self._definition(number, *row) for number, row in enumerate(rows, 1)]
        shown = [
            fields
            for fields in found
            if (not owners or fields["OwnerID"] in owners)
            and (not objects or objects.intersection(markup.many(fields, "AssignToObject")))
        ]
        return Answer(body=markup.wrap("DataExtDefRet", map(markup.render, shown))) if shown else nothing_found()

    def _definition(self, number: int, owner: str, name: str) -> Fields:
        """The inside of a DataExtDefRet, in schema order."""
        fields: Fields = {"OwnerID": owner, "DataExtID": str(number), "DataExtName": name}
        fields |= {"DataExtType": self.type_of(owner, name)}
        objects = self.objects_of(owner, name)
        fields |= {"AssignToObject": list(objects)} if objects else {}
        return fields | {"DataExtListRequire": "false", "DataExtTxnRequire": "false", "DataExtFormatString": ""}

    def _undefine(self, fields: Fields) -> Answer:
        owner, label = markup.text(fields, "OwnerID").upper(), markup.text(fields, "DataExtName")
        if not self.type_of(owner, label):
            raise refusals.object_missing(label)
        self.undefine(owner, label)
        return Answer(body=markup.render({"DataExtDefDelRet": {"OwnerID": owner, "DataExtName": label}}))

    def _define(self, name: str, fields: Fields) -> Answer:
        owner, label = markup.text(fields, "OwnerID").upper(), markup.text(fields, "DataExtName")
        if name == "DataExtDefAdd":
            self.define(owner, label, markup.text(fields, "DataExtType"), markup.many(fields, "AssignToObject"))
        elif not self.type_of(owner, label):
            raise refusals.object_missing(label)
        else:
            self.define(owner, label, "", markup.many(fields, "AssignToObject"))
        return Answer(body=markup.render({"DataExtDefRet": self._definition(1, owner, label)}))

    def _value(self, name: str, fields: Fields, links: Links) -> Answer:
        owner, label = markup.text(fields, "OwnerID").upper(), markup.text(fields, "DataExtName")
        kind = self.type_of(owner, label)
        if not kind:
            raise Refused(3120, f'The custom field "{label}" of owner "{owner}" is not defined.')
        entry = self._target(fields)
        of = "Company" if entry is None else ITEMS[0] if "TxnLineID" in fields else entry.entity  # lines are of items
        self._assigned(owner, label, of)
        target = entry.id if entry else COMPANY
        value = markup.text(fields, "DataExtValue")
        if entry is not None and "TxnLineID" in fields:
            return self._of_line(name, entry, fields, kind, links)
        if name == "DataExtDel":
            if not self.get(target, owner, label):
                raise refusals.object_missing(label)
            self.remove(target, owner, label)
        elif not value:  # only DataExtDel clears (Intuit's reference)
            raise refusals.element_missing("DataExtValue", name)
        elif len(value) > _LONGEST.get(kind, len(value)):
            raise refusals.too_long("DataExtValue")
        else:
            self.put(target, owner, label, value)
        if entry is not None:
            links.touch(entry, links.clock.moment())
        if name == "DataExtDel":
            kept = {part: given for part, given in fields.items() if part != "DataExtValue"}
            return Answer(body=markup.render({"DataExtDelRet": kept}))
        shown = [row for row in self.of(target, owner) if row["DataExtName"] == label]
        return Answer(body=markup.render({"DataExtRet": shown}))

    def _of_line(self, name: str, entry: Entry, fields: Fields, kind: str, links: Links) -> Answer:
        """The answer to a write to the custom field of a line, which the line itself holds."""
        label, value = markup.text(fields, "DataExtName"), markup.text(fields, "DataExtValue")
        row = line_of(entry.fields, markup.text(fields, "TxnLineID"))
        if row is None:
            raise refusals.object_missing(markup.text(fields, "TxnLineID"))
        others = [one for one in markup.many(row, "DataExtRet") if one["DataExtName"] != label]
        if name == "DataExtDel" and len(others) == len(markup.many(row, "DataExtRet")):
            raise refusals.object_missing(label)
        if name != "DataExtDel" and not value:
            raise refusals.element_missing("DataExtValue", name)
        shown = {"OwnerID": "0", "DataExtName": label, "DataExtType": kind, "DataExtValue": value}
        row["DataExtRet"] = [*others, shown] if value else others
        if not row["DataExtRet"]:
            del row["DataExtRet"]
        links.touch(entry, links.clock.moment())
        kept = {part: given for part, given in fields.items() if part != "DataExtValue"}
        return Answer(body=markup.render({"DataExtRet": shown} if value else {"DataExtDelRet": kept}))

    def _assigned(self, owner: str, label: str, entity: str) -> None:
        """Raise Refused unless the field is one of the kind's."""
        objects = self.objects_of(owner, label)
        names = {"Item" if entity in ITEMS else entity, *(["Customer"] if entity in SALES else [])}
        if objects and not names.intersection(objects):
            raise Refused(3120, f'The custom field "{label}" is not defined for this kind of object.')

    def _target(self, fields: Fields) -> Entry | None:
        """The object a custom value belongs to; None: the company itself."""
        if "OtherDataExtType" in fields:
            return None
        if "TxnDataExtType" in fields:
            return self._transaction(fields)
        kind = markup.text(fields, "ListDataExtType")
        entities = ITEMS if kind == "Item" else (kind,)
        reference = markup.group(fields, "ListObjRef")
        listed = markup.text(reference, "ListID")
        return self._existing(listed or self.books.id_of(entities, markup.text(reference, "FullName")), entities)

    def _transaction(self, fields: Fields) -> Entry:
        kind = markup.text(fields, "TxnDataExtType")
        if kind not in TRANSACTIONS:
            raise refusals.object_missing(kind)
        return self._existing(markup.text(fields, "TxnID"), (kind,))

    def _existing(self, object_id: str, entities: tuple[str, ...]) -> Entry:
        entry = self.books.by_id(object_id)
        if entry is None or entry.entity not in entities:
            raise refusals.object_missing(object_id)
        return entry


def line_of(fields: Fields, id: str) -> Fields | None:
    """The line of that id, among groups too."""
    for name in fields:
        for row in markup.many(fields, name):
            if isinstance(row, dict):
                found = row if row.get("TxnLineID") == id else line_of(row, id)
                if found is not None:
                    return found
    return None
