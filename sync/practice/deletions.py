"""What was deleted: ListDeletedQuery and TxnDeletedQuery, from what the file remembers of each deletion."""

import json
from typing import Any

from sync.practice import markup, refusals
from sync.practice.answers import Answer, nothing_found
from sync.practice.books import Books
from sync.practice.clock import Clock
from sync.practice.documents import Request
from sync.practice.markup import Fields

KEPT = 90 * 86_400  # seconds; QuickBooks remembers a deletion for about that long

_SELECT = """
SELECT entity, id, created, deleted, name FROM deleted
WHERE entity IN (SELECT value FROM json_each(?)) AND deleted >= ? AND deleted <= ? ORDER BY deleted, id
"""


def deleted(books: Books, clock: Clock, request: Request) -> Answer:
    """The answer to a ListDeletedQueryRq or TxnDeletedQueryRq."""
    kind, key, label = ("List", "ListID", "FullName") if request.name[0] == "L" else ("Txn", "TxnID", "RefNumber")
    span = markup.group(request.fields, "DeletedDateRangeFilter")
    first, last = markup.text(span, "FromDeletedDate"), markup.text(span, "ToDeletedDate")
    low = clock.read(first) if first else 0
    high = clock.read(last, end=True) if last else clock.moment()
    if first and last and low > high:
        raise refusals.bad_range("DeletedDateRange")
    types = json.dumps(markup.many(request.fields, f"{kind}DelType"))
    rows = books.db.execute(_SELECT, (types, max(low, clock.moment() - KEPT), high)).fetchall()
    answer = Answer() if rows else nothing_found()
    if request.attributes.get("metaData", "NoMetaData") != "NoMetaData":
        answer.attributes["retCount"] = str(len(rows))
    if request.attributes.get("metaData") != "MetaDataOnly":
        answer.body = "".join([_row(clock, kind, key, label, row, request.fields) for row in rows])
    return answer


def _row(clock: Clock, kind: str, key: str, label: str, row: Any, asked: Fields) -> str:
    entity, object_id, created, moment, name = row
    fields = {
        f"{kind}DelType": entity, key: object_id, "TimeCreated": clock.stamp(created),
        "TimeDeleted": clock.stamp(moment),
    }  # fmt: skip
    if name:
        fields[label] = name
    wanted = markup.many(asked, "IncludeRetElement")
    shown = {part: value for part, value in fields.items() if not wanted or part in wanted}
    return markup.element(f"{kind}DeletedRet", {}, markup.render(shown))
