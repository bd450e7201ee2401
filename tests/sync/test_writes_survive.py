"""Exactly once into the books: additions, edits, deletions, voidings; each order of mishaps from a seed of its own."""

import copy
import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from sync.practice.company import CompanyFile
from sync.practice.connector import Faults, WebConnector
from sync.practice.faults import CutBody, DieAfter, DieBefore, DropReply, Hresult, Once, SendTwice
from sync.practice.seed import seed as seed_file
from sync.store import changes, setup, steering
from sync.store.base import fetch, fetchval
from tests.serving import free_socket, served, settings_for
from tests.sync.conftest import Product, unequal
from tests.sync.dying import Dying, ServerDies
from tests.sync.following import sync, taken_in
from tests.sync.test_writes import a_record

SEEDS = 200
AT_ONCE = 40  # seeds on one company
SEND, RECEIVE = "sendRequestXML", "receiveResponseXML"
MISHAPS: tuple[Callable[[str, int], Once], ...] = (DropReply, DieBefore, DieAfter, CutBody, SendTwice)
ENOUGH = 3  # answers of an update
OPEN = ("approved", "waiting", "sent")


@pytest.fixture
def books(tmp_path: Path) -> CompanyFile:
    """Some 2,000 rows: enough checks to void and hours to delete."""
    file = CompanyFile.create(tmp_path / "halder.practice", company_name="Halder Natural Stone, Inc.")
    seed_file(file, 2_000)
    return file


@pytest.fixture
async def dying(database_url: str, tmp_path: Path) -> AsyncIterator[tuple[Product, Dying]]:
    """The product, of which calls may die."""
    calls = Dying()
    with free_socket() as (listening, port):
        settings = settings_for(database_url, tmp_path, port)
        async with served(settings, listening, calls.around):
            product = Product(url=f"http://127.0.0.1:{port}", settings=settings)
            yield product, calls
            for connector in product.connectors:
                connector.close()


def mishap(chance: random.Random) -> Once | ServerDies:
    """Something that goes wrong somewhere around the first documents of an update: identity, write set, look."""
    if chance.random() < 0.4:
        return ServerDies(chance.choice([SEND, RECEIVE]), chance.randint(1, 3), chance.randint(1, 30))
    if chance.random() < 0.15:
        return Hresult(nth=chance.randint(1, 2), hresult=chance.choice(["0x80040400", "0x80040402", "0x8004040D"]))
    method = chance.choice(["authenticate", SEND, SEND, SEND, RECEIVE, RECEIVE, RECEIVE])
    return chance.choice(MISHAPS)(method, 1 if method == "authenticate" else chance.randint(1, 3))


async def propose_some(company: int, chance: random.Random, name: str) -> dict[int, tuple[str, str, Any]]:
    """One change of each action, in an order of chance; what each is about and what shows that it was carried out."""
    made: dict[int, tuple[str, str, Any]] = {}
    for action in chance.sample(["create", "update", "delete", "void"], k=4):
        if action == "create":
            wanted = {"Name": name, "Phone": str(chance.randint(1000, 9999))}
            made[await changes.propose(company, "Customer", "create", wanted, "test")] = (action, "Customer", name)
        elif action == "update":
            record, fields = await a_record(company, "Customer", chance.randint(0, 30))
            wanted = copy.deepcopy(fields) | {"Notes": name}
            change = await changes.propose(company, "Customer", "update", wanted, "test", record)
            made[change] = (action, "Customer", (fields["ListID"], name))
        elif action == "delete":
            record, fields = await a_record(company, "TimeTracking", 0)
            change = await changes.propose(company, "TimeTracking", "delete", None, "test", record)
            made[change] = (action, "TimeTracking", fields["TxnID"])
        else:
            record, fields = await a_check(company)
            change = await changes.propose(company, "Check", "void", None, "test", record)
            made[change] = (action, "Check", fields["TxnID"])
    return made


async def a_check(company: int) -> tuple[int, dict[str, Any]]:
    """A check that was not voided."""
    nth = 0
    while True:
        record, fields = await a_record(company, "Check", nth)
        if not str(fields.get("Memo", "")).startswith("VOID"):
            return record, fields
        nth += 1


async def write_all(connector: WebConnector, company: int, calls: Dying, chance: random.Random) -> int:
    """Update until no change is on its way; return how many updates it took. What is read after them is let be."""
    updates, faults = 0, connector.faults
    while await fetchval("select count(*) from change where company = $1 and state = any($2)", company, list(OPEN)):
        assert updates < 12
        updates += 1
        wrong = mishap(chance) if updates <= 2 else None
        calls.expect(wrong if isinstance(wrong, ServerDies) else None)
        if wrong is not None and not isinstance(wrong, ServerDies):
            faults.append(wrong)
        faults.append(DieAfter(RECEIVE, ENOUGH))  # what is read behind the writes does not matter here
        await connector.update()
        faults.clear()
        await taken_in(company)
    return updates


def check_once(file: CompanyFile, made: dict[int, tuple[str, str, Any]]) -> None:
    """Each change is in the books; that nothing is there twice is for the counts to say."""

    def there(id: str) -> dict[str, Any]:
        entry = file.books.by_id(id)
        return entry.fields if entry is not None else {}

    with file.books.lock:
        for action, entity, what in made.values():
            if action == "create":
                assert file.books.id_of([entity], what), what
            elif action == "update":
                assert there(what[0])["Notes"] == what[1]
            elif action == "delete":
                assert not there(what)
            else:
                assert str(there(what)["Memo"]).startswith("VOID")


@pytest.mark.parametrize("first", range(0, SEEDS, AT_ONCE))
async def test_each_change_is_in_the_books_exactly_once_whatever_is_lost_doubled_or_killed(
    first: int, dying: tuple[Product, Dying], books: CompanyFile
) -> None:
    product, calls = dying
    company = await product.add_company()
    connector = await product.connector(company, books, Faults())
    await sync(connector, company.company)
    took: Counter[int] = Counter()
    for number in range(first, first + AT_ONCE):
        chance = random.Random(number)
        before = books.counts()
        made = await propose_some(company.company, chance, f"Seed {number}")
        assert await changes.approve(company.company, None, "test") == 4
        took[await write_all(connector, company.company, calls, chance)] += 1
        states = await fetch("select action, state, reason from change where id = any($1)", list(made))
        assert {row["state"] for row in states} == {"applied"}, (number, [dict(row) for row in states])
        check_once(books, made)
        assert Counter(books.counts()) == Counter(before) + Counter(Customer=1) - Counter(TimeTracking=1), number
        await end_run(company.company)
    assert sum(took.values()) == AT_ONCE
    assert max(took) > 1  # mishaps did end updates
    assert calls.deaths > 1
    await all_the_same(connector, company.company, books)


async def all_the_same(connector: WebConnector, company: int, file: CompanyFile) -> None:
    """A later sync brings both sides together, and a verify run finds no difference."""
    for kind in ("incremental", "verify"):
        await setup.ask_run(company, kind, "test")
        await sync(connector, company)
    assert await unequal(company, file) == []
    (row,) = await fetch("select kind, report from run where company = $1 order by id desc limit 1", company)
    assert (row["kind"], json.loads(row["report"])) == ("verify", {})


async def end_run(company: int) -> None:
    """What an approval asked to read does not matter here."""
    number = await fetchval(
        "select number from run where company = $1 and state in ('queued', 'running') order by id limit 1", company
    )
    if number is not None:
        await steering.cancel_run(company, number, "test", "")
