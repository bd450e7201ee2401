"""What an import is for: afterwards every field of every row equals the company file's."""

from sync.practice.change import change
from sync.practice.company import CompanyFile
from sync.store import setup
from sync.store.base import fetch, fetchrow, fetchval
from tests.sync.conftest import Product, finished, unequal


async def test_every_field_of_every_row_equals_the_file_after_the_first_sync(
    product: Product, company_file: CompanyFile
) -> None:
    made = await product.add_company()
    connector = await product.connector(made, company_file)
    session = await connector.update()
    assert session.code == "", session.status
    assert session.replies["receiveResponseXML"][-1] == 100
    await finished(made.company)
    assert await unequal(made.company, company_file) == []
    run = await fetchrow("select * from run where company = $1", made.company)
    assert (run["state"], run["percent"], run["failed"], run["kind"]) == ("complete", 100, 0, "initial")


async def test_an_incremental_sync_makes_it_equal_again_and_asks_only_for_what_changed(
    product: Product, company_file: CompanyFile
) -> None:
    made = await product.add_company()
    connector = await product.connector(made, company_file)
    await connector.update()
    await finished(made.company)
    change(company_file, edits=40, deletions=8, creations=6)
    await setup.ask_run(made.company, "incremental", "test")
    session = await connector.update()
    assert session.replies["receiveResponseXML"][-1] == 100, session.status
    await finished(made.company)
    assert await unequal(made.company, company_file) == []
    rows = await fetchval("select rows_in from run where company = $1 and number = 2", made.company)
    assert rows < 300


async def test_progress_never_goes_back_and_is_100_only_at_the_end(product: Product, company_file: CompanyFile) -> None:
    made = await product.add_company()
    session = await (await product.connector(made, company_file)).update()
    replies = session.replies["receiveResponseXML"]
    assert replies == sorted(replies)
    assert replies.count(100) == 1


async def test_a_full_sync_finds_what_no_list_of_deletions_reports(product: Product, company_file: CompanyFile) -> None:
    made = await product.add_company()
    connector = await product.connector(made, company_file)
    await connector.update()
    await finished(made.company)
    ghost = "insert into record (company, entity, qb_id, quickbooks) values ($1, 'Transfer', 'FFFF-1', '{}')"
    await fetch(ghost, made.company)
    await setup.ask_run(made.company, "full", "test")
    await connector.update()
    await finished(made.company)
    assert await unequal(made.company, company_file) == []
