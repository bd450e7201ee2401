"""What goes wrong at the customer's end, as the practice Web Connector shows it and as we keep it."""

import json
from typing import Any

import pytest

from sync.practice.company import CompanyFile
from sync.practice.connector import Access, Faults
from sync.practice.faults import (
    ComputerOff,
    DialogOpen,
    Lasting,
    PermissionRemoved,
    QuickBooksClosed,
    SingleUserNeeded,
)
from sync.store import setup
from sync.store.base import document, fetchrow
from tests.sync.conftest import Product, finished, unequal


async def one(statement: str, *values: object) -> Any:
    row = await fetchrow(statement, *values)
    assert row is not None
    return row


async def synced(product: Product, file: CompanyFile) -> tuple[setup.NewConnector, Any]:
    """A company that was read once, and its connector."""
    made = await product.add_company()
    connector = await product.connector(made, file)
    await connector.update()
    await finished(made.company)
    await setup.ask_run(made.company, "incremental", "nia@halder.example")
    return made, connector


@pytest.mark.parametrize("access", [Access.PROMPT, Access.WHEN_OPEN, Access.ALWAYS])
async def test_each_yes_works_while_quickbooks_is_open(
    product: Product, company_file: CompanyFile, access: Access
) -> None:
    made = await product.add_company()
    connector = await product.connector(made, company_file)
    connector.access = access
    session = await connector.update()
    await finished(made.company)
    assert session.code == ""
    assert await unequal(made.company, company_file) == []  # B16: any of the Yes options is accepted as working


async def test_only_the_widest_access_works_while_quickbooks_is_closed(
    product: Product, company_file: CompanyFile
) -> None:
    _, connector = await synced(product, company_file)
    connector.faults.append(QuickBooksClosed())
    connector.access = Access.WHEN_OPEN
    assert "0x8004041D" in (await connector.update()).status
    connector.access = Access.ALWAYS
    assert (await connector.update()).code == ""


async def refusal(made: setup.NewConnector, hresult: str) -> None:
    """The company and its last session keep with which hresult QuickBooks did not open."""
    company = await one("select refused from company where id = $1", made.company)
    assert document(company["refused"])["hresult"] == hresult
    session = await one("select error, result, ended_at from session order by id desc limit 1")
    assert session["error"].startswith(f"{hresult}: ")
    assert session["result"] == session["error"]
    assert session["ended_at"] is not None


async def test_no_is_recognised_and_undone_by_yes(product: Product, company_file: CompanyFile) -> None:
    made, connector = await synced(product, company_file)
    connector.access = Access.NO
    session = await connector.update()
    assert session.replies["connectionError"] == ["done"]
    await refusal(made, "0x80040420")  # B19: choosing No is recognised
    connector.access = Access.ALWAYS
    assert (await connector.update()).code == ""
    assert (await one("select refused from company where id = $1", made.company))["refused"] is None


@pytest.mark.parametrize(
    ("fault", "hresult"),
    [(DialogOpen(), "0x80040414"), (PermissionRemoved(), "0x8004041A"), (SingleUserNeeded(), "0x80040422")],
)
async def test_why_no_session_began_is_kept_with_its_code(
    product: Product, company_file: CompanyFile, fault: Lasting, hresult: str
) -> None:
    made, connector = await synced(product, company_file)
    connector.faults.append(fault)
    await connector.update()
    await refusal(made, hresult)


async def test_another_open_file_is_looked_at_once_and_not_read(
    product: Product, company_file: CompanyFile, tmp_path: Any
) -> None:
    made, connector = await synced(product, company_file)
    other = CompanyFile.create(tmp_path / "other.practice", company_name="Another Company, Inc.")
    connector.company_file = other
    session = await connector.update()
    (call,) = [exchange for exchange in session.exchanges if exchange.method == "connectionError"]
    assert (call.arguments["hresult"], call.reply) == ("0x8004040A", "")  # which file it is, the file now open tells
    assert "not the company file" in session.status
    assert await fetchrow("select 1 from company where id = $1 and wrong_file is not null", made.company)
    other.close()


async def test_another_file_at_the_same_place_is_never_read(
    product: Product, company_file: CompanyFile, tmp_path: Any
) -> None:
    made, connector = await synced(product, company_file)
    other = CompanyFile.create(
        tmp_path / "other.practice",
        company_name="Another Company, Inc.",
        windows_path=company_file.profile.windows_path,
    )
    connector.company_file = other
    session = await connector.update()
    assert "not the company file" in session.status
    kept = await one("select wrong_file from company where id = $1", made.company)
    assert {wrong["fact"] for wrong in json.loads(kept["wrong_file"])} >= {"file_id"}
    other.close()


async def test_first_calls_that_cannot_connect_are_counted_one_by_one(
    product: Product, company_file: CompanyFile
) -> None:
    made = await product.add_company()
    connector = await product.connector(made, None)
    for _ in range(2):
        await connector.update()
    rows = await one("select count(*) as n from session where error like '0x80040416: %'")
    assert rows["n"] == 2  # D32: a first "cannot connect to QuickBooks" is normal, so each is kept
    connector.company_file = company_file
    assert (await connector.update()).code == ""
    await finished(made.company)


async def test_a_computer_that_went_off_calls_no_more_until_it_is_on_again(
    product: Product, company_file: CompanyFile
) -> None:
    made = await product.add_company()
    connector = await product.connector(made, company_file, Faults([ComputerOff()]))
    await connector.run(every=0.01)  # ends: nobody is there to call again
    assert (await connector.update()).calls == []
    live = await one("select state, ended_at from session where company = $1", made.company)
    assert live["ended_at"] is None
    connector.off = False
    assert (await connector.update()).code == ""
    await finished(made.company)
    assert await unequal(made.company, company_file) == []
