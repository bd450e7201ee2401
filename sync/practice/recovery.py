"""Error recovery: a message set that was run once is answered from store, never run twice.

QuickBooks keeps one set per application and file. The same newMessageSetID with the same document gets the stored
answer, with
another document 9001; an oldMessageSetID without requests asks for the stored answer and clears it, 600 when it is not
known.
"""

import hashlib
from collections.abc import Callable

from sync.practice.answers import document
from sync.practice.books import Books
from sync.practice.documents import MessageSet

LONGEST_ID = 24
_STORED = "SELECT id, digest, response FROM message_set WHERE application = ?"


def run(books: Books, application: str, text: str, asked: MessageSet, answer: Callable[[MessageSet], str]) -> str:
    """The response document for a request document."""
    if any(len(given or "") > LONGEST_ID for given in (asked.old_id, asked.new_id)):
        return _document("", asked, 9004)
    if asked.old_id and not asked.requests:
        return _recall(books, application, asked)
    if asked.old_id:
        _forget(books, application, asked.old_id)
    if not asked.new_id:
        return document(answer(asked), {})
    digest = hashlib.sha256(text.encode()).hexdigest()
    stored = books.db.execute(_STORED, (application,)).fetchone()
    if stored and stored[0] == asked.new_id:
        return _document(stored[2], asked, 0) if stored[1] == digest else _document("", asked, 9001)
    responses = answer(asked)
    books.db.execute(
        "INSERT OR REPLACE INTO message_set (application, id, digest, response) VALUES (?, ?, ?, ?)",
        (application, asked.new_id, digest, responses),
    )
    return _document(responses, asked, 0)


def _recall(books: Books, application: str, asked: MessageSet) -> str:
    stored = books.db.execute(_STORED, (application,)).fetchone()
    if not stored or stored[0] != asked.old_id:
        return _document("", asked, 600)
    _forget(books, application, asked.old_id or "")
    return _document(stored[2], asked, 0)


def _forget(books: Books, application: str, set_id: str) -> None:
    books.db.execute("DELETE FROM message_set WHERE application = ? AND id = ?", (application, set_id))


def _document(responses: str, asked: MessageSet, code: int) -> str:
    set_id = asked.new_id or asked.old_id or ""
    return document(responses, {"newMessageSetID": set_id, "messageSetStatusCode": str(code)})
