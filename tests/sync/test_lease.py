"""Several computers of one company: one carries the sync, the others stand by and take over."""

from datetime import timedelta
from typing import Any

import pytest

from sync.keys import KeyRing
from sync.practice.change import change
from sync.practice.company import CompanyFile
from sync.practice.connector import Access, Faults, WebConnector
from sync.practice.faults import DieAfter
from sync.store import computers, setup
from sync.store.base import execute, fetchrow, fetchval
from tests.serving import SECRET
from tests.sync.conftest import Product, finished, unequal
from tests.sync.following import sync, taken_in

NIA = "nia@halder.example"
AUTHENTICATE = "authenticate"


class Two:
    """A company with two computers, each with the company file on it."""

    def __init__(self, company: int, first: WebConnector, second: WebConnector, ids: tuple[int, int]) -> None:
        self.company, self.first, self.second, self.ids = company, first, second, ids

    async def parts(self) -> list[str]:
        return [row.part for row in await computers.connectors_of(self.company)]

    async def passed(self, length: timedelta) -> None:
        """So much time went by: every moment that decides is earlier by it."""
        await execute("update run set began_at = began_at - $1::interval, ended_at = ended_at - $1::interval", length)
        await execute("update session set called_at = called_at - $1::interval", length)
        await execute("update connector set last_called_at = last_called_at - $1::interval", length)


@pytest.fixture
async def two(product: Product, company_file: CompanyFile) -> Two:
    made = await product.add_company()
    more = await computers.add_connector(made.company, "Yard", KeyRing(SECRET), NIA, "")
    first = await product.connector(made, company_file)
    second = await product.connector(more, company_file, machine="YARD-PC")
    return Two(made.company, first, second, (made.connector, more.connector))


def answer(session: Any) -> list[str]:
    """What authenticate said, without the ticket."""
    said: list[str] = session.replies[AUTHENTICATE][0][1:]
    return said


async def test_either_computer_carries_the_sync_alone(two: Two, company_file: CompanyFile) -> None:
    await sync(two.first, two.company)
    assert await unequal(two.company, company_file) == []
    assert await two.parts() == ["holder", ""]
    change(company_file, 40, 5, 5, 2)
    await two.passed(timedelta(minutes=16))  # the first computer is off
    await two.second.update()
    await finished(two.company)
    assert await unequal(two.company, company_file) == []  # D50: either can carry the sync alone
    assert await two.parts() == ["standby", "holder"]
    machine = await fetchval("select machine from run where company = $1 order by id desc limit 1", two.company)
    assert machine == "YARD-PC"


async def test_a_standby_has_nothing_to_do_while_the_holder_calls(two: Two) -> None:
    await sync(two.first, two.company)
    await two.passed(timedelta(minutes=14))
    assert answer(await two.second.update()) == ["none"]
    assert answer(await two.first.update()) != ["none"]


async def test_a_standby_waits_as_long_as_the_file_of_the_holder_says(two: Two) -> None:
    await execute("update connector set issued_minutes = 60 where id = $1", two.ids[0])
    await sync(two.first, two.company)
    await two.passed(timedelta(minutes=59))
    assert answer(await two.second.update()) == ["none"]
    await two.passed(timedelta(minutes=2))
    assert answer(await two.second.update()) != ["none"]


async def test_whoever_calls_first_takes_what_a_person_asked_for(two: Two) -> None:
    await sync(two.first, two.company)
    await setup.ask_run(two.company, "incremental", NIA)
    assert answer(await two.second.update()) != ["none"]
    await finished(two.company)
    assert await two.parts() == ["standby", "holder"]


async def test_while_one_computer_syncs_the_other_waits(two: Two) -> None:
    two.first.faults.append(DieAfter("sendRequestXML", 4))
    await two.first.update()
    await setup.ask_run(two.company, "incremental", NIA)
    assert answer(await two.second.update()) == ["none", "60"]


async def test_a_take_over_settles_what_was_in_flight_first(two: Two, company_file: CompanyFile) -> None:
    two.first.faults.append(DieAfter("sendRequestXML", 4))
    await two.first.update()
    open_request = await fetchrow("select id, session from request where answered_at is null")
    assert open_request is not None
    await two.passed(timedelta(minutes=16))
    await two.second.update()
    await finished(two.company)
    settled = await fetchrow("select set_aside from request where id = $1", open_request["id"])
    assert settled is not None
    assert settled["set_aside"] == "The answer never came."
    assert await fetchval("select ended_at is not null from session where id = $1", open_request["session"])
    assert await unequal(two.company, company_file) == []
    assert await fetchval("select count(*) from run where company = $1", two.company) == 1  # it went on


async def test_a_computer_whose_quickbooks_does_not_open_lets_go(two: Two, company_file: CompanyFile) -> None:
    await sync(two.first, two.company)
    await two.passed(timedelta(minutes=16))
    two.first.access = Access.NO
    await two.first.update()
    assert await two.parts() == ["", ""]
    await two.second.update()
    await finished(two.company)
    assert await two.parts() == ["standby", "holder"]
    assert await unequal(two.company, company_file) == []


async def test_a_revoked_holder_holds_nothing(two: Two) -> None:
    await sync(two.first, two.company)
    assert await computers.revoke(two.company, two.ids[0], NIA, "")
    await two.passed(timedelta(minutes=2))
    assert answer(await two.second.update()) != ["none"]


async def test_a_computer_that_comes_back_does_not_take_the_sync_from_the_other(
    product: Product, two: Two, company_file: CompanyFile
) -> None:
    two.first.faults = Faults([DieAfter("receiveResponseXML", 3)])
    await two.first.update()
    await taken_in(two.company)
    await two.passed(timedelta(minutes=16))
    two.second.faults.append(DieAfter("receiveResponseXML", 3))
    await two.second.update()
    assert answer(await two.first.update()) == ["none", "60"]
    await sync(two.second, two.company)
    assert await unequal(two.company, company_file) == []
