"""The server is killed at every point between approval and applied: each change is in the books exactly once (E17)."""

import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sync.keys import KeyRing
from sync.practice.company import CompanyFile
from sync.practice.connector import Faults, WebConnector
from sync.practice.faults import DieAfter
from sync.store import changes, computers, setup
from sync.store.base import execute, fetch, fetchval
from tests.serving import SECRET, settings_for
from tests.sync.conftest import Product
from tests.sync.following import sync, taken_in
from tests.sync.mortal import Death, Mortal, Wire
from tests.sync.processes import free_port
from tests.sync.test_writes_survive import (
    ENOUGH,
    OPEN,
    RECEIVE,
    SEND,
    all_the_same,
    books,
    check_once,
    end_run,
    propose_some,
)

__all__ = ["books"]

CHANGES = "select from change where state = any('{approved,sent}') for update"
LAST = """
    select from record where id = (select record from change where state = 'sent' and action <> 'void'
        order by id desc limit 1) for update
"""
REQUESTS = "lock table request in share mode"
RECORDS = "lock table record in share mode"

DEATHS = {
    "before the call is heard": Death(method=SEND, before=True),
    "while the changes are claimed": Death(method=SEND, at="c.record, c.entity", lock=CHANGES),
    "before `sent` is committed": Death(method=SEND, at="insert into request", lock=REQUESTS),
    "after `sent` is committed, before the bytes leave": Death(method=SEND),
    "after the bytes left, before the answer comes": Death(method=RECEIVE, before=True),
    "while the answer is stored": Death(method=RECEIVE, at="update request set answered_at", lock=REQUESTS),
    "while the last change is applied": Death(method=RECEIVE, at="update record set", lock=LAST),
    "after the answer is applied, before that is replied": Death(method=RECEIVE),
    "while the next page is asked for": Death(method=SEND, nth=2),
}


@pytest.fixture
async def mortal(postgres: str, tmp_path: Path) -> AsyncIterator[Mortal]:
    """The product as a process that may die."""
    product = Mortal(settings=settings_for(postgres, tmp_path, free_port()))
    await product.start()
    yield product
    product.kill()


@dataclass(kw_only=True)
class Yard:
    """A company that was read whole, its books, and two computers that may write to them."""

    company: int
    books: CompanyFile
    first: tuple[WebConnector, Wire]
    other: tuple[WebConnector, Wire]


@pytest.fixture
async def yard(mortal: Mortal, books: CompanyFile) -> AsyncIterator[Yard]:
    made = await setup.add_company("Halder", "US", begin=True, keys=KeyRing(SECRET), actor="test")
    first = await computer(mortal, made, books)
    await sync(first[0], made.company)
    second = await computers.add_connector(made.company, "Yard", KeyRing(SECRET), "test", "")
    yard = Yard(company=made.company, books=books, first=first, other=await computer(mortal, second, books))
    yield yard
    yard.first[0].close()
    yard.other[0].close()


async def computer(mortal: Mortal, made: setup.NewConnector, books: CompanyFile) -> tuple[WebConnector, Wire]:
    product = Product(url=mortal.url, settings=mortal.settings)
    connector = await product.connector(made, books, Faults())
    connector._http = wire = Wire(mortal)
    return connector, wire


async def test_each_change_is_in_the_books_exactly_once_wherever_the_server_is_killed(yard: Yard) -> None:
    for number, (where, death) in enumerate(DEATHS.items()):
        for goes_on in (yard.first, yard.other):
            chance = random.Random(f"{where} {goes_on is yard.other}")
            await once(yard, death, goes_on, chance, f"Killed {number} {goes_on is yard.other}")
    await silence()
    await all_the_same(yard.first[0], yard.company, yard.books)


async def test_each_change_is_in_the_books_exactly_once_though_the_server_is_killed_in_the_middle_of_a_job(
    yard: Yard,
) -> None:
    async def approve() -> None:
        await changes.approve(yard.company, None, "test")

    for rows in (b"AccountRet", b"InvoiceRet"):
        await setup.ask_run(yard.company, "full", "test")
        job = Death(method=RECEIVE, holding=rows, at="insert into record", lock=RECORDS, meanwhile=approve)
        await once(yard, job, yard.first, random.Random(rows), f"In a job {rows!r}")
        await end_run(yard.company)
    await silence()
    await all_the_same(yard.first[0], yard.company, yard.books)


async def once(yard: Yard, death: Death, goes_on: tuple[WebConnector, Wire], chance: random.Random, name: str) -> None:
    """One change of each action, in whose writing the server dies; another start, and all of it is there once."""
    before = yard.books.counts()
    proposed = await propose_some(yard.company, chance, name)
    if death.meanwhile is None:
        assert await changes.approve(yard.company, None, "test") == 4
    await killed(yard.first, death)
    await yard.first[1].mortal.start()
    await written(goes_on, yard.company)
    states = await fetch("select action, state, reason from change where id = any($1)", list(proposed))
    assert [row["state"] for row in states] == ["applied"] * 4, (name, [dict(row) for row in states])
    check_once(yard.books, proposed)
    assert Counter(yard.books.counts()) == Counter(before) + Counter(Customer=1) - Counter(TimeTracking=1), name


async def killed(by: tuple[WebConnector, Wire], death: Death) -> None:
    """An update in which the server dies."""
    connector, wire = by
    await silence()
    wire.expect(death)
    session = await connector.update()
    assert wire.due is None
    assert session.code
    assert wire.mortal.process is None


async def written(by: tuple[WebConnector, Wire], company: int) -> None:
    """Updates until no change is on its way. Another computer takes over from one that is silent for a while."""
    await silence()
    updates = 0
    while await fetchval("select count(*) from change where company = $1 and state = any($2)", company, list(OPEN)):
        assert updates < 6
        updates += 1
        by[0].faults.append(DieAfter(RECEIVE, ENOUGH))
        await by[0].update()
        by[0].faults.clear()
        await taken_in(company)


async def silence() -> None:
    """Let the time pass after which another computer may take over."""
    await execute("update session set called_at = called_at - interval '20 minutes'")
