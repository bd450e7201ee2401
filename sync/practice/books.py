"""The company file on disk: one SQLite database with a row for each list entry and transaction.

A row holds its answer ready-made (four pieces of XML: head, links, lines, tail), so that a page of a query is a select
and a join of strings; beside it stand the columns that filters and look-ups need, all derived from the same fields.
"""

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sync.practice import markup
from sync.practice.markup import Fields

TABLES = """
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS object (
    seq INTEGER PRIMARY KEY, entity TEXT NOT NULL, id TEXT NOT NULL, edit TEXT NOT NULL, created INTEGER NOT NULL,
    modified INTEGER NOT NULL, name TEXT NOT NULL, name_key TEXT NOT NULL, ref TEXT NOT NULL, active INTEGER NOT NULL,
    parent TEXT NOT NULL, party TEXT NOT NULL, account TEXT NOT NULL, txn_date TEXT NOT NULL, paid INTEGER NOT NULL,
    subtype TEXT NOT NULL, head TEXT NOT NULL, linked TEXT NOT NULL, lines TEXT NOT NULL, tail TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS deleted (
    entity TEXT NOT NULL, id TEXT PRIMARY KEY, created INTEGER NOT NULL, deleted INTEGER NOT NULL, name TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS custom_field (
    owner TEXT NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL, PRIMARY KEY (owner, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS custom_object (
    owner TEXT NOT NULL, name TEXT NOT NULL, object TEXT NOT NULL, PRIMARY KEY (owner, name, object)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS custom_value (
    object TEXT NOT NULL, owner TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (object, owner,
    name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS message_set (
    application TEXT PRIMARY KEY, id TEXT NOT NULL, digest TEXT NOT NULL, response TEXT NOT NULL
) WITHOUT ROWID;
"""
INDEXES = """
CREATE UNIQUE INDEX IF NOT EXISTS object_id ON object (id);
CREATE INDEX IF NOT EXISTS object_filter ON object (entity, modified, active, txn_date);
CREATE INDEX IF NOT EXISTS object_name ON object (name_key, entity);
CREATE INDEX IF NOT EXISTS object_ref ON object (ref, entity) WHERE ref <> '';
CREATE INDEX IF NOT EXISTS object_party ON object (party) WHERE party <> '';
CREATE INDEX IF NOT EXISTS object_parent ON object (parent) WHERE parent <> '';
"""
_INSERT = """
INSERT INTO object (entity, id, edit, created, modified, name, name_key, ref, active, parent, party, account, txn_date,
    paid, subtype, head, linked, lines, tail)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_UPDATE = """
UPDATE object SET entity = ?, id = ?, edit = ?, created = ?, modified = ?, name = ?, name_key = ?, ref = ?, active = ?,
    parent = ?, party = ?, account = ?, txn_date = ?, paid = ?, subtype = ?, head = ?, linked = ?, lines = ?, tail = ?
WHERE seq = ?
"""
_COLUMNS = "SELECT seq, entity, id, edit, created, modified, head || linked || lines || tail FROM object "

PARTY = ("EntityRef", "CustomerRef", "VendorRef", "PayeeEntityRef")  # of time tracking, the worker
ACCOUNT = (
    "ARAccountRef",
    "APAccountRef",
    "BankAccountRef",
    "CreditCardAccountRef",
    "AccountRef",
    "DepositToAccountRef",
)
SUBTYPE = ("AccountType", "PaymentMethodType")
_LINES = ("LineRet", "LineGroupRet", "GroupLineRet")
_OTHER_LINES = frozenset({"AppliedToTxnRet", "JournalDebitLine", "JournalCreditLine"})


@dataclass(slots=True)
class Entry:
    """One object of the file: its fields in the order of its Ret, and what the file keeps beside them."""

    entity: str
    id: str
    edit: str  # EditSequence
    created: int  # seconds since 1970
    modified: int
    fields: Fields
    seq: int = 0

    @property
    def name(self) -> str:
        """The full name of a list entry, '' for a transaction."""
        return next(
            (found for part in ("FullName", "Name", "Initial") if (found := markup.text(self.fields, part))), ""
        )


def is_line(name: str) -> bool:
    """Whether an element comes only when the query includes lines."""
    return name in _OTHER_LINES or (name.endswith(_LINES) and name != "CashBackInfoRet")


def columns(entry: Entry) -> tuple[Any, ...]:
    """An entry as the row that stores it."""
    fields = entry.fields
    pieces: list[Fields] = [{}, {}, {}, {}]
    part = 0
    for name, value in fields.items():
        wanted = 1 if name == "LinkedTxn" else 2 if is_line(name) else 3 if part else 0
        part = max(part, wanted)
        pieces[wanted][name] = value
    name = entry.name
    return (
        entry.entity, entry.id, entry.edit, entry.created, entry.modified, name, name.casefold(),
        markup.text(fields, "RefNumber"), int(markup.text(fields, "IsActive") != "false"),
        markup.text(fields, "ParentRef", "ListID"), _first_ref(fields, PARTY), _first_ref(fields, ACCOUNT),
        markup.text(fields, "TxnDate"), int(markup.text(fields, "IsPaid") == "true"), _subtype(fields),
        *(markup.render(piece) for piece in pieces),
    )  # fmt: skip


def _first_ref(fields: Fields, names: Iterable[str]) -> str:
    return next((markup.text(fields, name, "ListID") for name in names if name in fields), "")


def _subtype(fields: Fields) -> str:
    return next((markup.text(fields, name) for name in SUBTYPE if name in fields), "")


class Books:
    """The tables of one file. One connection, one user at a time: whoever works on it holds `lock`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = threading.RLock()
        self.db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=30)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = OFF")
        self.db.execute("PRAGMA cache_size = -32000")
        self.db.executescript(TABLES + INDEXES)

    def close(self) -> None:
        self.db.close()

    def begin(self) -> None:
        """From here nothing is on disk before commit."""
        self.db.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        self.db.execute("COMMIT")

    def rollback(self) -> None:
        if self.db.in_transaction:
            self.db.execute("ROLLBACK")

    def setting(self, name: str) -> Any:
        """A stored value, None when there is none."""
        row = self.db.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
        return None if row is None else json.loads(row[0])

    def set(self, name: str, value: Any) -> None:
        self.db.execute("INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)", (name, json.dumps(value)))

    def next(self, counter: str, count: int = 1) -> int:
        """The first of so many new numbers of a counter that begins at 1."""
        row = self.db.execute(
            "INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE"
            " SET value = CAST(value AS INTEGER) + ? RETURNING CAST(value AS INTEGER)",
            (counter, str(count), count),
        ).fetchone()
        return int(row[0]) - count + 1

    def insert(self, entry: Entry) -> None:
        entry.seq = self.db.execute(_INSERT, columns(entry)).lastrowid or 0

    def insert_many(self, entries: Iterable[Entry]) -> None:
        self.db.executemany(_INSERT, map(columns, entries))

    def update(self, entry: Entry) -> None:
        self.db.execute(_UPDATE, (*columns(entry), entry.seq))

    def delete(self, entry: Entry, moment: int) -> None:
        """Take an entry out and remember that it was there."""
        label = markup.text(entry.fields, "RefNumber") or entry.name
        self.db.execute("DELETE FROM object WHERE seq = ?", (entry.seq,))
        self.db.execute("DELETE FROM custom_value WHERE object = ?", (entry.id,))
        self.db.execute(
            "INSERT INTO deleted (entity, id, created, deleted, name) VALUES (?, ?, ?, ?, ?)",
            (entry.entity, entry.id, entry.created, moment, label),
        )

    def by_id(self, object_id: str) -> Entry | None:
        return _entry(self.db.execute(_COLUMNS + "WHERE id = ?", (object_id,)).fetchone())

    def by_name(self, entities: Sequence[str], name: str) -> Entry | None:
        """The list entry of one of these entities with that full name, whatever its case."""
        query = "".join((_COLUMNS, "WHERE name_key = ? AND entity IN (SELECT value FROM json_each(?)) LIMIT 1"))
        return _entry(self.db.execute(query, (name.casefold(), json.dumps(list(entities)))).fetchone())

    def id_of(self, entities: Sequence[str], name: str) -> str:
        """Only the ListID of that entry, '' when there is none."""
        query = "SELECT id FROM object WHERE name_key = ? AND entity IN (SELECT value FROM json_each(?)) LIMIT 1"
        row = self.db.execute(query, (name.casefold(), json.dumps(list(entities)))).fetchone()
        return row[0] if row else ""

    def entries(self, entity: str) -> Iterator[Entry]:
        """Every entry of an entity, oldest first."""
        for row in self.db.execute(_COLUMNS + "WHERE entity = ? ORDER BY seq", (entity,)):
            entry = _entry(row)
            if entry is not None:
                yield entry

    def count(self, entity: str) -> int:
        return int(self.db.execute("SELECT count(*) FROM object WHERE entity = ?", (entity,)).fetchone()[0])

    def counts(self) -> dict[str, int]:
        """How many entries there are, by entity."""
        return dict(self.db.execute("SELECT entity, count(*) FROM object GROUP BY entity"))

    def is_used(self, object_id: str) -> bool:
        """Whether another object names this one."""
        probes = (
            "SELECT 1 FROM object WHERE parent = ? LIMIT 1",
            "SELECT 1 FROM object WHERE party = ? LIMIT 1",
            "SELECT 1 FROM object WHERE instr(head, 'ID>' || ?1 || '</') > 1 AND id <> ?1 LIMIT 1",
            "SELECT 1 FROM object WHERE instr(lines, 'ID>' || ?1 || '</') > 1 AND id <> ?1 LIMIT 1",
        )
        return any(self.db.execute(probe, (object_id,)).fetchone() for probe in probes)


def _entry(row: Any) -> Entry | None:
    if row is None:
        return None
    seq, entity, object_id, edit, created, modified, pieces = row
    return Entry(entity, object_id, edit, created, modified, markup.read(pieces), seq)
