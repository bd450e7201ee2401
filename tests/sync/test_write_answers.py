"""Answers to what was written, as an unlucky or hostile other end gives them: nothing is doubled, lost or mixed up."""

import json
import random
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from sync.practice.company import CompanyFile
from sync.practice.connector import Faults
from sync.practice.faults import DieAfter, DieBefore, Hresult, Once
from sync.store import changes
from sync.store.base import fetch, fetchval
from tests.sync.conftest import Product
from tests.sync.following import sync, taken_in
from tests.sync.test_writes_survive import (
    ENOUGH,
    OPEN,
    RECEIVE,
    a_check,
    a_record,
    all_the_same,
    books,
    check_once,
    end_run,
    propose_some,
)

__all__ = ["books"]

ID = re.compile(r'requestID="([^"]*)"')
ANSWERS = re.compile(r"<(\w+)Rs [^>]*(?:/>|>.*?</\1Rs>)", re.DOTALL)


def reversed_order(answer: str) -> str:
    """The same answers, the last one first."""
    found = [one[0] for one in ANSWERS.finditer(answer)]
    return answer[: answer.index(found[0])] + "".join(reversed(found)) + "</QBXMLMsgsRs></QBXML>"


def with_strangers(answer: str) -> str:
    """Beside ours, failures under the same numbers that answer another request."""
    strangers = "".join(
        f'<CustomerAddRs requestID="999-1-{one.rpartition("-")[2]}" statusCode="3100" statusSeverity="Error"/>'
        for one in ID.findall(answer)
    )
    return answer.replace("</QBXMLMsgsRs>", f"{strangers}</QBXMLMsgsRs>")


SPOILED: dict[str, Callable[[str], str]] = {
    "another order": reversed_order,
    "answers to another request beside ours": with_strangers,
    "only answers to another request": lambda answer: ID.sub('requestID="999-1-1"', answer),
    "a requestID without end": lambda answer: ID.sub(lambda found: f'requestID="{found[1]}{"9" * 5000}"', answer),
    "no requestID": lambda answer: ID.sub("", answer),
    "each answer twice": lambda answer: ANSWERS.sub(lambda found: found[0] * 2, answer),
    "a document type": lambda answer: answer.replace("<QBXML>", "<!DOCTYPE x><QBXML>", 1),
    "cut in the middle": lambda answer: answer[: len(answer) // 2],
    "cut, with an end": lambda answer: answer[: len(answer) // 2] + "</QBXMLMsgsRs></QBXML>",
    "nothing": lambda answer: "",
    "no record shown": lambda answer: re.sub(r"<CustomerRet>.*?</CustomerRet>", "", answer, flags=re.DOTALL),
    "no status": lambda answer: re.sub(r' statusCode="\d+"', "", answer),
    "a status beyond every number": lambda answer: re.sub(r'statusCode="\d+"', f'statusCode="{"9" * 30}"', answer),
}

REFUSED = "carried out and not answered, then refused as a whole when it is sent again"


class Spoiling:
    """QuickBooks whose next answer to something that writes is changed on its way out."""

    def __init__(self, file: CompanyFile) -> None:
        self.file = file
        self.spoil: Callable[[str], str] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)

    def process(self, request: str) -> str:
        answer = self.file.process(request)
        spoil = self.spoil if "newMessageSetID" in request else None
        if spoil is None:
            return answer
        self.spoil = None
        return spoil(answer)


async def test_each_change_is_in_the_books_exactly_once_whatever_its_answer_looks_like(
    product: Product, books: CompanyFile
) -> None:
    made = await product.add_company()
    company, file = made.company, Spoiling(books)
    connector = await product.connector(made, file, Faults())
    await sync(connector, company)
    for number, (name, spoil) in enumerate([*SPOILED.items(), (REFUSED, None)]):
        before = books.counts()
        proposed = await propose_some(company, random.Random(name), f"Spoiled {number}")
        assert await changes.approve(company, None, "test") == 4
        file.spoil = spoil
        faults: list[Once] = [DieBefore(RECEIVE), Hresult(1)] if spoil is None else []
        while await fetchval("select count(*) from change where state = any($1)", list(OPEN)):
            connector.faults += [*faults[:1], DieAfter(RECEIVE, ENOUGH)]
            faults = faults[1:]
            await connector.update()
            connector.faults.clear()
            await taken_in(company)
        states = await fetch("select action, state, reason from change where id = any($1)", list(proposed))
        assert [row["state"] for row in states] == ["applied"] * 4, (name, [dict(row) for row in states])
        check_once(books, proposed)
        assert Counter(books.counts()) == Counter(before) + Counter(Customer=1) - Counter(TimeTracking=1), name
        names = "select quickbooks ->> 'Name' from record r join change c on c.record = r.id where c.id = $1"
        created = next(id for id, (action, _, _) in proposed.items() if action == "create")
        assert await fetchval(names, created) == f"Spoiled {number}"
        await end_run(company)
    await all_the_same(connector, company, books)


async def test_a_record_that_was_voided_or_deleted_keeps_what_it_says(product: Product, books: CompanyFile) -> None:
    made = await product.add_company()
    connector = await product.connector(made, books, Faults())
    await sync(connector, made.company)
    check, fields = await a_check(made.company)
    hours, worked = await a_record(made.company, "TimeTracking")
    voided = await changes.propose(made.company, "Check", "void", None, "test", check)
    await changes.propose(made.company, "TimeTracking", "delete", None, "test", hours)
    await changes.approve(made.company, None, "test")
    await sync(connector, made.company)

    async def kept(record: int) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(await fetchval("select quickbooks from record where id = $1", record))
        return found

    now = await kept(check)
    assert (now["PayeeEntityRef"], now["Amount"]) == (fields["PayeeEntityRef"], "0.00")
    assert now["Memo"].startswith("VOID:")
    assert await kept(hours) == worked
    assert await fetchval("select deleted_at is not null from record where id = $1", hours)
    assert await fetchval("select count(*) from change where direction = 'in'") == 0  # nobody is asked what we did
    assert await fetchval("select (state, status_code)::text from change where id = $1", voided) == "(applied,0)"
