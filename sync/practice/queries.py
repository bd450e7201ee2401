"""Queries of lists and transactions: which rows, in which pages, with which of their parts.

An iterator keeps the rows that its Start selected and lives as long as the QuickBooks session: whoever begins a new
session
begins with none.
"""

import json
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sync.practice import markup, refusals
from sync.practice.answers import Answer, incomplete, nothing_found
from sync.practice.books import Books
from sync.practice.clock import Clock
from sync.practice.documents import Request
from sync.practice.filters import select
from sync.practice.kinds import is_transaction
from sync.practice.markup import Fields
from sync.qbxml.fields import message

_PAGE = """
SELECT entity, id, head, linked, lines, tail FROM object WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY seq
"""
_VALUES = """
SELECT object, owner, name, type, value FROM custom_value JOIN custom_field USING (owner, name)
WHERE object IN (SELECT value FROM json_each(?)) AND owner IN (SELECT value FROM json_each(?)) ORDER BY object, name
"""
_TOTALS = (
    "TotalAmount", "AmountDue", "CreditAmount", "Amount", "DepositTotal", "Subtotal", "SalesTaxTotal",
)  # fmt: skip
_PAYING = (
    "Bill",
    "BillPaymentCheck",
    "BillPaymentCreditCard",
    "Check",
    "CreditCardCharge",
    "CreditMemo",
    "PurchaseOrder",
)


@dataclass(slots=True)
class Iteration:
    """An open iterator: what it selected and how much of it was answered."""

    request: str
    rows: "array[int]"
    done: int = 0

    @property
    def remaining(self) -> int:
        return len(self.rows) - self.done

    def take(self, count: int) -> "array[int]":
        page = self.rows[self.done : self.done + count]
        self.done += len(page)
        return page


class Reader:
    """Answers the queries of one QuickBooks session."""

    def __init__(self, books: Books, clock: Clock, session: int) -> None:
        self.books = books
        self.clock = clock
        self.session = session  # makes iterator ids of one session unlike those of any other
        self.iterations: dict[str, Iteration] = {}

    def answer(self, entity: str, request: Request) -> Answer:
        """The answer to an …QueryRq of an entity or union of them."""
        mode = request.attributes.get("iterator")
        if mode in ("Continue", "Stop"):
            return self._continue(entity, request, mode)
        found = select(self.books, self.clock, entity, request.fields)
        if not found.rows:
            return self._none(request, found.missing)
        meta = request.attributes.get("metaData", "NoMetaData")
        answer = incomplete(found.missing) if found.missing else Answer()
        if meta != "NoMetaData":
            answer.attributes["retCount"] = str(len(found.rows))
        if meta == "MetaDataOnly":
            return answer
        iteration = Iteration(request.name, array("q", found.rows))
        answer.body = self._page(entity, request.fields, iteration)
        if mode == "Start":
            self._register(iteration, answer)
        return answer

    def _none(self, request: Request, missing: str) -> Answer:
        answer = incomplete(missing) if missing else nothing_found()
        if request.attributes.get("metaData", "NoMetaData") != "NoMetaData":
            answer.attributes["retCount"] = "0"
        return answer

    def _register(self, iteration: Iteration, answer: Answer) -> None:
        number = self.books.next("iterators")
        iterator_id = f"{{{number:08x}-{self.session & 0xFFFF:04x}-4d15-b675-{self.session:012x}}}"
        if iteration.remaining:
            self.iterations[iterator_id] = iteration
        answer.attributes |= {"iteratorRemainingCount": str(iteration.remaining), "iteratorID": iterator_id}

    def _continue(self, entity: str, request: Request, mode: str) -> Answer:
        iterator_id = request.attributes.get("iteratorID", "")
        iteration = self.iterations.get(iterator_id)
        if iteration is None or iteration.request != request.name:
            raise refusals.dead_iterator(iterator_id)
        answer = Answer()
        if mode == "Stop":
            del self.iterations[iterator_id]
            return answer
        answer.body = self._page(entity, request.fields, iteration)
        if not iteration.remaining:
            del self.iterations[iterator_id]
        answer.attributes |= {"iteratorRemainingCount": str(iteration.remaining), "iteratorID": iterator_id}
        return answer

    def _page(self, entity: str, fields: Fields, iteration: Iteration) -> str:
        count = int(markup.text(fields, "MaxReturned") or len(iteration.rows))
        rows = self.books.db.execute(_PAGE, (json.dumps(list(iteration.take(count))),)).fetchall()
        custom = self._custom_values(rows, markup.many(fields, "OwnerID"))
        if entity == "Transaction":
            bodies = [(f"{entity}Ret", markup.render(posting(row))) for row in rows]
        else:
            bodies = list(_bodies(rows, fields, custom))
        wanted = set(markup.many(fields, "IncludeRetElement"))
        if wanted:
            bodies = [(tag, _only(wanted, body)) for tag, body in bodies]
        return "".join([f"<{tag}>\n{body}</{tag}>\n" for tag, body in bodies])

    def _custom_values(self, rows: list[Any], owners: list[str]) -> dict[str, str]:
        """DataExtRet elements by object, of the owners that were asked for."""
        if not owners:
            return {}
        wanted = json.dumps([owner.upper() for owner in owners])
        values: dict[str, str] = {}
        for object_id, *value in self.books.db.execute(_VALUES, (json.dumps([row[1] for row in rows]), wanted)):
            values[object_id] = values.get(object_id, "") + markup.render({"DataExtRet": custom_value(*value)})
        return values


def custom_value(owner: str, name: str, kind: str, value: str) -> Fields:
    """The inside of a DataExtRet."""
    return {"OwnerID": owner, "DataExtName": name, "DataExtType": kind, "DataExtValue": value}


def _bodies(rows: list[Any], fields: Fields, custom: dict[str, str]) -> Iterator[tuple[str, str]]:
    with_lines = markup.text(fields, "IncludeLineItems") in ("true", "1")
    with_links = markup.text(fields, "IncludeLinkedTxns") in ("true", "1")
    owners = {owner.upper() for owner in markup.many(fields, "OwnerID")}
    for entity, object_id, head, linked, lines, tail in rows:
        shown = lines if with_lines or not is_transaction(entity) else ""
        if "<DataExtRet>" in shown:
            shown = markup.render(_of_owners(markup.read(shown), owners))
        yield f"{entity}Ret", "".join((head, linked if with_links else "", shown, tail, custom.get(object_id, "")))


def _of_owners(value: Any, owners: set[str]) -> Any:
    """Lines without the custom fields of owners that were not asked for."""
    if isinstance(value, list):
        return [_of_owners(one, owners) for one in value]
    if not isinstance(value, dict):
        return value
    found = {name: _of_owners(one, owners) for name, one in value.items() if name != "DataExtRet"}
    custom = [one for one in markup.many(value, "DataExtRet") if markup.text(one, "OwnerID") in owners]
    return found | ({"DataExtRet": custom} if custom else {})


def _only(wanted: set[str], body: str) -> str:
    return markup.render({name: value for name, value in markup.read(body).items() if name in wanted})


def posting(row: Any) -> Fields:
    """A transaction as TransactionQuery tells it: type, party, account, amount."""
    entity, _, *pieces = row
    fields = markup.read("".join(pieces))
    found = {name: value for name in _parts() if (value := fields.get(name)) is not None}
    found["TxnType"] = entity
    party = ("CustomerRef", "VendorRef", "PayeeEntityRef")
    account = ("ARAccountRef", "APAccountRef", "BankAccountRef", "DepositToAccountRef", "CreditCardAccountRef")
    for target, names in (("EntityRef", party), ("AccountRef", account)):
        source = next((name for name in names if name in fields), "")
        if source and target not in found:
            found[target] = fields[source]
    total = next((markup.text(fields, name) for name in _TOTALS if name in fields), "0.00")
    found["Amount"] = f"-{total}" if entity in _PAYING and not total.startswith("-") else total
    return {name: found[name] for name in _parts() if name in found}


def _parts() -> list[str]:
    return [field.name for field in message("TransactionRet").fields]
