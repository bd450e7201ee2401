"""Changes that a person has approved reach the books exactly once, whatever is lost, doubled or killed on the way."""

import copy
import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from sync.keys import KeyRing
from sync.practice.change import Bookkeeper
from sync.practice.company import CompanyFile
from sync.practice.connector import Faults, WebConnector
from sync.practice.faults import DieAfter, DieBefore, Hresult
from sync.practice.mint import Chance
from sync.practice.refusals import QuickBooksError
from sync.qbxml.entities import ENTITIES
from sync.store import changes, computers
from sync.store.base import execute, fetch, fetchrow, fetchval
from tests.serving import SECRET
from tests.sync.conftest import Product, finished, unequal
from tests.sync.following import Interrupted, ask_only, sync


async def a_record(company: int, entity: str, nth: int = 0) -> tuple[int, dict[str, Any]]:
    """One record of a company: its id here, and its fields."""
    rows = await fetch(
        "select id, quickbooks, line_order from record where company = $1 and entity = $2 and deleted_at is null"
        " order by id offset $3 limit 1",
        company,
        entity,
        nth,
    )
    fields = json.loads(rows[0]["quickbooks"])
    return rows[0]["id"], fields | ({"#order": json.loads(rows[0]["line_order"])} if rows[0]["line_order"] else {})


async def state_of(change: int) -> tuple[str, str]:
    row = await fetchrow("select state, reason || status_message as why from change where id = $1", change)
    assert row is not None
    return row["state"], row["why"]


def in_file(file: CompanyFile, entity: str, key: str) -> Mapping[str, Any]:
    return next(row for row in file.rows(entity) if key in (row.get("ListID"), row.get("TxnID"), row.get("Name")))


def edit(file: CompanyFile, entity: str, id: str, **fields: str) -> None:
    """What somebody changes in QuickBooks meanwhile."""
    keeper = Bookkeeper(file, Chance(1))
    with file.books.lock:
        file.books.begin()
        entry = file.books.by_id(id)
        assert entry is not None
        assert keeper._write(f"{entity}Mod", {ENTITIES[entity].key: id, "EditSequence": entry.edit, **fields})
        file.books.commit()


async def test_an_edit_and_an_addition_reach_the_books_and_come_back_equal(
    product: Product, company_file: CompanyFile
) -> None:
    made = await product.add_company()
    connector = await product.connector(made, company_file)
    await sync(connector, made.company)
    customer, fields = await a_record(made.company, "Customer", 3)
    edited = copy.deepcopy(fields) | {"Phone": "555-0199"}
    edit = await changes.propose(made.company, "Customer", "update", edited, "test", customer)
    added = await changes.propose(made.company, "Customer", "create", {"Name": "Delacroix", "Phone": "1"}, "test")
    assert await changes.approve(made.company, None, "test") == 2
    session = await connector.update()
    assert not session.code
    await finished(made.company)
    assert (await state_of(edit))[0] == "applied"
    assert (await state_of(added))[0] == "applied"
    assert in_file(company_file, "Customer", fields["ListID"])["Phone"] == "555-0199"
    there = in_file(company_file, "Customer", "Delacroix")
    assert there["Phone"] == "1"
    guid = await fetchval("select guid from change where id = $1", added)
    assert re.fullmatch(r"\{[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}\}", guid)
    assert there["ExternalGUID"] == guid
    assert await unequal(made.company, company_file) == []
    assert await fetchval("select count(*) from record where name = 'Delacroix'") == 1


async def synced(product: Product, company_file: CompanyFile, *faults: Any) -> tuple[int, WebConnector, Faults]:
    made = await product.add_company()
    standing = Faults()
    connector = await product.connector(made, company_file, standing)
    await sync(connector, made.company)
    await ask_only(made.company, "Customer", "Invoice")
    standing.extend(faults)
    return made.company, connector, standing


async def test_what_both_sides_changed_is_merged_where_the_fields_differ(
    product: Product, company_file: CompanyFile
) -> None:
    company, connector, _ = await synced(product, company_file)
    customer, fields = await a_record(company, "Customer", 3)
    wanted = copy.deepcopy(fields) | {"Phone": "555-0199"}
    change = await changes.propose(company, "Customer", "update", wanted, "test", customer)
    edit(company_file, "Customer", fields["ListID"], Notes="Pays late")
    await changes.approve(company, [change], "test")
    await connector.update()
    assert (await state_of(change))[0] == "applied"
    there = in_file(company_file, "Customer", fields["ListID"])
    assert (there["Phone"], there["Notes"]) == ("555-0199", "Pays late")
    assert await fetchval("select ours from record where id = $1", customer) is None  # the next edit begins with both


async def test_what_both_sides_changed_in_one_field_is_a_conflict_and_nothing_is_overwritten(
    product: Product, company_file: CompanyFile
) -> None:
    company, connector, _ = await synced(product, company_file)
    customer, fields = await a_record(company, "Customer", 3)
    wanted = copy.deepcopy(fields) | {"Phone": "555-0199"}
    change = await changes.propose(company, "Customer", "update", wanted, "test", customer)
    edit(company_file, "Customer", fields["ListID"], Phone="555-0111")
    await changes.approve(company, [change], "test")
    await connector.update()
    assert (await state_of(change))[0] == "conflict"
    conflict = json.loads(await fetchval("select conflict from change where id = $1", change))
    assert [(one["path"], one["quickbooks"], one["ours"]) for one in conflict] == [(["Phone"], "555-0111", "555-0199")]
    assert in_file(company_file, "Customer", fields["ListID"])["Phone"] == "555-0111"


async def test_a_document_that_is_refused_as_a_whole_is_taken_apart_and_only_the_bad_change_is_refused(
    product: Product, company_file: CompanyFile
) -> None:
    company, connector, _ = await synced(product, company_file, Hresult(1), Hresult(3), Hresult(5))
    proposed = [
        await changes.propose(company, "Customer", "create", {"Name": f"Customer {number}"}, "test")
        for number in range(3)
    ]
    await changes.approve(company, None, "test")
    await connector.update()
    assert [(await state_of(change))[0] for change in proposed] == ["applied", "refused", "applied"]
    names = [row["Name"] for row in company_file.rows("Customer") if row["Name"].startswith("Customer ")]
    assert sorted(names) == ["Customer 0", "Customer 2"]


async def test_another_computer_that_takes_over_looks_before_it_writes_again(
    product: Product, company_file: CompanyFile
) -> None:
    company, connector, faults = await synced(product, company_file)
    second = await computers.add_connector(company, "Yard", KeyRing(SECRET), "test", "")
    other = await product.connector(second, company_file, machine="YARD-PC")
    for written, name in ((DieBefore("receiveResponseXML"), "Written"), (DieAfter("sendRequestXML"), "Not")):
        change = await changes.propose(company, "Customer", "create", {"Name": name}, "test")
        await changes.approve(company, [change], "test")
        faults.append(written)
        await connector.update()
        assert (await state_of(change))[0] == "sent"
        await execute("update session set called_at = now() - interval '20 minutes' where company = $1", company)
        await other.update()
        assert (await state_of(change))[0] == "applied"
        assert [row["Name"] for row in company_file.rows("Customer")].count(name) == 1


class Choking:
    """QuickBooks that breaks on every document with one name in it."""

    def __init__(self, file: CompanyFile) -> None:
        self.file = file

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)

    def process(self, request: str) -> str:
        if "CustomerAddRq" in request and "Poison" in request:
            raise QuickBooksError("0x80040402", "Unexpected error.")
        return self.file.process(request)


async def test_a_change_that_quickbooks_breaks_on_every_time_does_not_hold_up_the_company(
    product: Product, company_file: CompanyFile
) -> None:
    made = await product.add_company()
    connector = await product.connector(made, Choking(company_file))
    await sync(connector, made.company)
    poison = await changes.propose(made.company, "Customer", "create", {"Name": "Poison"}, "test")
    good = await changes.propose(made.company, "Customer", "create", {"Name": "Good"}, "test")
    await changes.approve(made.company, [poison, good], "test")
    for update in range(5):
        assert (await state_of(poison))[0] != "refused", update
        await connector.update()
    state, why = await state_of(poison)
    assert state == "refused"
    assert (await state_of(good))[0] == "applied"
    assert "three times" in why
    assert [row["Name"] for row in company_file.rows("Customer")].count("Good") == 1


async def test_an_edit_made_while_another_is_on_its_way_keeps_what_quickbooks_changed_meanwhile(
    product: Product, company_file: CompanyFile
) -> None:
    made = await product.add_company()
    company = made.company

    async def edit_it() -> None:
        await changes.propose(company, "Customer", "update", {**wanted, "Fax": "2"}, "test", customer)
        await changes.approve(company, None, "test")

    file = Interrupted(company_file, edit_it, nth=0)
    connector = await product.connector(made, file)
    await sync(connector, company)
    customer, fields = await a_record(company, "Customer", 3)
    wanted = copy.deepcopy(fields) | {"Phone": "1"}
    await changes.propose(company, "Customer", "update", wanted, "test", customer)
    edit(company_file, "Customer", fields["ListID"], Notes="Pays late")
    await changes.approve(company, None, "test")
    file.nth = file.requests + 1  # which is refused as stale, read again, merged, and written then
    await sync(connector, company)
    there = in_file(company_file, "Customer", fields["ListID"])
    assert (there["Phone"], there["Fax"], there["Notes"]) == ("1", "2", "Pays late")
    states = "select state from change where company = $1 and direction = 'out' order by id"
    assert [row["state"] for row in await fetch(states, company)] == ["applied", "applied"]
    _, fields = await a_record(company, "Customer", 3)
    wanted = copy.deepcopy(fields) | {"Phone": "3"}
    await changes.propose(company, "Customer", "update", wanted, "test", customer)
    edit(company_file, "Customer", fields["ListID"], Phone="4")
    await changes.approve(company, None, "test")
    file.nth = file.requests + 1
    await sync(connector, company)
    assert in_file(company_file, "Customer", fields["ListID"])["Phone"] == "4"
    assert [row["state"] for row in await fetch(states, company)][2:] == ["cleared", "conflict"]


class Strict:
    """QuickBooks that takes no GUID of ours: it answers 3065, or reads no document with one; or it keeps none."""

    def __init__(self, file: CompanyFile, how: str) -> None:
        self.file, self.how = file, how
        self.seen = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)

    def process(self, request: str) -> str:
        if "<ExternalGUID>" not in request:
            return self.file.process(request)
        self.seen += 1
        if self.how == "drops it":
            return self.file.process(re.sub("<ExternalGUID>[^<]*</ExternalGUID>", "", request))
        if self.how == "hresult":
            raise QuickBooksError("0x80040400", "QuickBooks found an error when parsing the provided XML text stream.")
        asked = re.search('requestID="([^"]*)"', request)
        assert asked is not None
        status = 'statusCode="3065" statusSeverity="Error" statusMessage="The GUID is invalid."'
        return f'<QBXML><QBXMLMsgsRs><CustomerAddRs requestID="{asked[1]}" {status}/></QBXMLMsgsRs></QBXML>'


@pytest.mark.parametrize("how", ["3065", "hresult", "drops it"])
async def test_a_file_that_takes_no_guid_gets_its_records_without(
    how: str, product: Product, company_file: CompanyFile
) -> None:
    made = await product.add_company()
    strict = Strict(company_file, how)
    connector = await product.connector(made, strict, Faults())
    await sync(connector, made.company)
    for number, name in enumerate(("First", "Second", "Third")):
        change = await changes.propose(made.company, "Customer", "create", {"Name": name}, "test")
        await changes.approve(made.company, [change], "test")
        if name == "Third":  # its answer is lost, and another computer looks: all of it agrees
            second = await computers.add_connector(made.company, "Yard", KeyRing(SECRET), "test", "")
            connector.faults.append(DieBefore("receiveResponseXML"))
            await connector.update()
            connector = await product.connector(second, strict, machine="YARD-PC")
            await execute("update session set called_at = now() - interval '20 minutes'")
        await connector.update()
        assert (await state_of(change))[0] == "applied"
        assert [row["Name"] for row in company_file.rows("Customer")].count(name) == 1
        assert strict.seen == (number + 1 if how == "drops it" else 1)


@pytest.mark.parametrize("entity", ["Customer", "Class"])
async def test_a_record_that_somebody_else_made_under_the_same_name_is_not_taken_for_ours(
    entity: str, product: Product, company_file: CompanyFile
) -> None:
    """Customers carry a GUID of ours, classes cannot."""
    company, connector, faults = await synced(product, company_file)
    second = await computers.add_connector(company, "Yard", KeyRing(SECRET), "test", "")
    other = await product.connector(second, company_file, machine="YARD-PC")
    wanted = {"Name": "Yard 7", "IsActive": "true"}
    change = await changes.propose(company, entity, "create", wanted, "test")
    await changes.approve(company, [change], "test")
    faults.append(DieAfter("sendRequestXML"))
    await connector.update()
    keeper = Bookkeeper(company_file, Chance(1))
    with company_file.books.lock:
        company_file.books.begin()
        assert keeper._write(f"{entity}Add", {"Name": "Yard 7", "IsActive": "false"})
        company_file.books.commit()
    await execute("update session set called_at = now() - interval '20 minutes' where company = $1", company)
    await other.update()
    state, why = await state_of(change)
    assert state == "unknown"
    assert "somebody else" in why
    assert [row["Name"] for row in company_file.rows(entity)].count("Yard 7") == 1


class Forgetful:
    """QuickBooks that answers every look for a customer by name with an error."""

    ERROR = 'statusCode="3261" statusSeverity="Error" statusMessage="Not now."/></QBXMLMsgsRs></QBXML>'

    def __init__(self, file: CompanyFile) -> None:
        self.file = file
        self.looks = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)

    def process(self, request: str) -> str:
        asked = re.search(r'<CustomerQueryRq requestID="([^"]*)"><FullName>', request)
        if asked is None:
            return self.file.process(request)
        self.looks += 1
        return f'<QBXML><QBXMLMsgsRs><CustomerQueryRs requestID="{asked[1]}" {self.ERROR}'


async def test_a_look_that_quickbooks_never_answers_ends_with_a_person(
    product: Product, company_file: CompanyFile
) -> None:
    company, connector, faults = await synced(product, company_file)
    second = await computers.add_connector(company, "Yard", KeyRing(SECRET), "test", "")
    forgetful = Forgetful(company_file)
    other = await product.connector(second, forgetful, machine="YARD-PC")
    change = await changes.propose(company, "Customer", "create", {"Name": "Written"}, "test")
    await changes.approve(company, [change], "test")
    faults.append(DieBefore("receiveResponseXML"))
    await connector.update()
    await execute("update session set called_at = now() - interval '20 minutes' where company = $1", company)
    await other.update()
    state, why = await state_of(change)
    assert state == "unknown"
    assert "may be in the books" in why
    assert forgetful.looks == 3


async def test_a_job_waits_for_its_customer_and_goes_with_the_id_that_quickbooks_gave(
    product: Product, company_file: CompanyFile
) -> None:
    company, connector, _ = await synced(product, company_file)
    parent = await changes.propose(company, "Customer", "create", {"Name": "Delacroix"}, "test")
    record = await fetchval("select record from change where id = $1", parent)
    job = {"Name": "Kitchen", "ParentRef": {"ListID": f"new:{record}", "FullName": "Delacroix"}}
    child = await changes.propose(company, "Customer", "create", job, "test")
    await changes.approve(company, [child], "test")
    await connector.update()
    assert (await state_of(child))[0] == "waiting"
    await changes.approve(company, [parent], "test")
    await sync(connector, company)
    assert [(await state_of(change))[0] for change in (parent, child)] == ["applied", "applied"]
    assert "Delacroix:Kitchen" in [row["FullName"] for row in company_file.rows("Customer")]


async def test_what_is_edited_while_its_addition_is_on_its_way_is_not_added_twice(
    product: Product, company_file: CompanyFile
) -> None:
    made = await product.add_company()
    company = made.company

    async def edit_it() -> None:
        record = await fetchval("select record from change where company = $1", company)
        lines = [{**line, "Quantity": "3"}, {**line, "Desc": "Delivered"}]
        again = {**new, "Memo": "Call first", "InvoiceLineRet": lines}
        change = await changes.propose(company, "Invoice", "update", again, "test", record)
        await changes.approve(company, [change], "test")

    file = Interrupted(company_file, edit_it, nth=0)
    connector = await product.connector(made, file)
    await sync(connector, company)
    _, there = await a_record(company, "Invoice")
    line = {"ItemRef": there["InvoiceLineRet"][0]["ItemRef"], "Quantity": "1", "Rate": "10.00"}
    new = {name: there[name] for name in ("CustomerRef", "TxnDate")} | {"RefNumber": "F-1", "InvoiceLineRet": [line]}
    await changes.approve(company, [await changes.propose(company, "Invoice", "create", new, "test")], "test")
    file.nth = file.requests + 1
    await sync(connector, company)
    (there,) = [row for row in company_file.rows("Invoice") if row.get("RefNumber") == "F-1"]
    assert there["Memo"] == "Call first"
    assert [(one["Quantity"], one.get("Desc")) for one in there["InvoiceLineRet"]][1] == ("1", "Delivered")
    assert there["InvoiceLineRet"][0]["Quantity"] == "3"
    states = await fetch("select action, state from change where company = $1 order by id", company)
    assert [tuple(row) for row in states] == [("create", "applied"), ("update", "applied")]


async def test_a_line_is_added_once_when_another_computer_takes_over_after_a_lost_answer(
    product: Product, company_file: CompanyFile
) -> None:
    company, connector, faults = await synced(product, company_file)
    second = await computers.add_connector(company, "Yard", KeyRing(SECRET), "test", "")
    other = await product.connector(second, company_file, machine="YARD-PC")
    invoice, fields = await open_invoice(company)
    lines = fields["InvoiceLineRet"]
    new = {"ItemRef": lines[0]["ItemRef"], "Desc": "Once", "Quantity": "1", "Rate": "2.00"}
    wanted = {**fields, "InvoiceLineRet": [*lines, new]}
    change = await changes.propose(company, "Invoice", "update", wanted, "test", invoice)
    await changes.approve(company, [change], "test")
    faults.append(DieBefore("receiveResponseXML"))
    await connector.update()
    await execute("update session set called_at = now() - interval '20 minutes' where company = $1", company)
    await other.update()
    there = in_file(company_file, "Invoice", fields["TxnID"])["InvoiceLineRet"]
    assert [line.get("Desc") for line in there].count("Once") == 1
    assert (await state_of(change))[0] == "applied"


async def open_invoice(company: int) -> tuple[int, dict[str, Any]]:
    """An invoice with several lines that nobody has paid."""
    for nth in range(50):
        invoice, fields = await a_record(company, "Invoice", nth)
        if len(fields.get("InvoiceLineRet", [])) > 1 and fields.get("IsPaid") != "true":
            return invoice, fields
    raise LookupError


async def test_an_invoice_keeps_the_lines_that_nobody_touched(product: Product, company_file: CompanyFile) -> None:
    company, connector, _ = await synced(product, company_file)
    invoice, fields = await open_invoice(company)
    wanted = copy.deepcopy(fields)
    wanted["InvoiceLineRet"][0]["Desc"] = "Cut to size"
    change = await changes.propose(company, "Invoice", "update", wanted, "test", invoice)
    await changes.approve(company, [change], "test")
    await connector.update()
    assert (await state_of(change))[0] == "applied"
    there = in_file(company_file, "Invoice", fields["TxnID"])["InvoiceLineRet"]
    assert [line["TxnLineID"] for line in there] == [line["TxnLineID"] for line in fields["InvoiceLineRet"]]
    assert there[0]["Desc"] == "Cut to size"
    assert [line.get("Desc") for line in there[1:]] == [line.get("Desc") for line in fields["InvoiceLineRet"][1:]]
