"""Clear ID: QuickBooks is asked first, then a person links the record, sends it as new, or leaves it."""

import json

from sync.practice.change import Bookkeeper
from sync.practice.company import CompanyFile
from sync.practice.connector import WebConnector
from sync.practice.mint import Chance
from sync.store import changes
from sync.store.base import fetchrow, fetchval
from tests.sync.conftest import Product
from tests.sync.test_incoming import WHO, again, begun
from tests.sync.test_writes import in_file


async def deleted_there(product: Product, file: CompanyFile) -> tuple[int, WebConnector, int, int]:
    """A customer made here whose edit was refused, since somebody deleted it in QuickBooks: record and change."""
    company, connector, _, _ = await begun(product, file)
    added = await changes.propose(company, "Customer", "create", {"Name": "Delacroix", "Phone": "1"}, WHO)
    await changes.approve(company, None, WHO)
    await again(company, connector)
    record = await fetchval("select record from change where id = $1", added)
    with file.books.lock:
        file.books.begin()
        assert Bookkeeper(file, Chance(1))._delete(await fetchval("select qb_id from record where id = $1", record))
        file.books.commit()
    wanted = json.loads(await fetchval("select quickbooks from record where id = $1", record)) | {"Phone": "2"}
    change = await changes.propose(company, "Customer", "update", wanted, WHO, record)
    await changes.approve(company, [change], WHO)
    await again(company, connector)
    assert await fetchval("select state from change where id = $1", change) == "refused"
    return company, connector, record, change


async def test_a_record_deleted_in_quickbooks_is_sent_as_new_after_a_look(
    product: Product, company_file: CompanyFile
) -> None:
    company, connector, record, change = await deleted_there(product, company_file)
    assert (await changes.counts(company)).unsynced == 1
    said = await changes.clear_id(company, record, "send_as_new", WHO)
    assert said is not None
    assert "Look in QuickBooks first" in said
    assert await changes.look_up(company, record, WHO) is None
    look = await changes.look_of(company, record)
    assert look is not None
    assert look.waits
    await again(company, connector)
    look = await changes.look_of(company, record)
    assert look is not None
    assert (look.state, look.found) == ("gone", ())  # E26
    assert await changes.clear_id(company, record, "relink", WHO) is not None  # nothing to link to
    assert await changes.clear_id(company, record, "send_as_new", WHO) is None  # E27
    await again(company, connector)
    assert in_file(company_file, "Customer", "Delacroix")["Phone"] == "2"
    row = await fetchrow("select qb_id, ours, deleted_at from record where id = $1", record)
    assert row is not None
    assert row["qb_id"] == in_file(company_file, "Customer", "Delacroix")["ListID"]
    assert (row["ours"], row["deleted_at"]) == (None, None)
    assert await fetchval("select state from change where id = $1", change) == "cleared"
    failed = "select count(*) from change_event where change = $1 and state = 'refused'"
    assert await fetchval(failed, change) == 1  # E23: the failure stays in the log
    assert (await changes.counts(company)).unsynced == 0


async def test_a_record_entered_again_in_quickbooks_is_linked_and_the_edit_goes_to_it(
    product: Product, company_file: CompanyFile
) -> None:
    company, connector, record, _ = await deleted_there(product, company_file)
    with company_file.books.lock:
        company_file.books.begin()
        Bookkeeper(company_file, Chance(1))._write("CustomerAdd", {"Name": "Delacroix", "Phone": "1"})
        company_file.books.commit()
    await changes.look_up(company, record, WHO)
    await again(company, connector)
    look = await changes.look_of(company, record)
    assert look is not None
    there = in_file(company_file, "Customer", "Delacroix")["ListID"]
    assert [one["ListID"] for one in look.found] == [there]
    assert await changes.clear_id(company, record, "relink", WHO) is None
    await again(company, connector)
    assert in_file(company_file, "Customer", "Delacroix")["Phone"] == "2"
    assert await fetchval("select count(*) from record where name = 'Delacroix'") == 1
    assert await fetchval("select qb_id from record where id = $1", record) == there


async def test_a_link_is_not_cleared_while_quickbooks_has_the_record(
    product: Product, company_file: CompanyFile
) -> None:
    company, connector, record, _ = await begun(product, company_file)
    await changes.look_up(company, record, WHO)
    await again(company, connector)
    look = await changes.look_of(company, record)
    assert look is not None
    assert look.state == "there"
    said = await changes.clear_id(company, record, "send_as_new", WHO)
    assert said is not None
    assert "link is right" in said


async def test_refused_changes_are_sent_again_alone_or_all_of_a_code_and_the_third_refusal_parks_them(
    product: Product, company_file: CompanyFile
) -> None:
    company, connector, _, _ = await begun(product, company_file)
    name = next(iter(company_file.rows("Customer")))["Name"]
    twice = await changes.propose(company, "Customer", "create", {"Name": name}, WHO)
    await changes.approve(company, None, WHO)
    await again(company, connector)
    code = await fetchval("select status_code from change where id = $1", twice)
    assert code == 3100
    for _ in range(2):
        assert await changes.resync(company, code, WHO) == 1  # E25
        await again(company, connector)
    assert await changes.resync(company, code, WHO) == 0  # parked: for a person
    assert await changes.resync(company, [twice], WHO) == 1
    await again(company, connector)
    steps = "select count(*) from change_event where change = $1 and state = 'refused'"
    assert await fetchval(steps, twice) == 4  # E23
    assert await changes.ignore(company, [twice], WHO) == 1
    assert (await changes.counts(company)).failed == 0
