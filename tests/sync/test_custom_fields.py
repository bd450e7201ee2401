"""Custom fields go into the books after the record that they belong to, each part exactly once, and come back."""

import copy
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

from lxml import etree

from sync.practice.company import CompanyFile
from sync.practice.connector import Faults, WebConnector
from sync.practice.faults import CutBody, DieAfter, DieBefore, DropReply, Hresult
from sync.practice.markup import many
from sync.qbxml import customs
from sync.qbxml.heads import head
from sync.store import changes, second_parts, setup
from sync.store.base import fetch, fetchrow, fetchval
from sync.store.second_parts import Told
from tests.sync.conftest import Product, finished, unequal
from tests.sync.following import sync
from tests.sync.test_writes import a_record, edit, state_of

SCHEMA = Path(__file__).resolve().parents[2].parent / "shared" / "qbxml" / "schema" / "qbxmlops130.xsd"
SEND, RECEIVE = "sendRequestXML", "receiveResponseXML"
WRITES = re.compile(r"<((?:Customer|Invoice|DataExt)(?:Add|Mod|Del)|TxnDel|ListDel)Rq")


class Watched:
    """QuickBooks with a file open that remembers what it carried out; requests have to fit Intuit's schema."""

    def __init__(self, file: CompanyFile) -> None:
        self.file = file
        self.written: list[str] = []
        self.schema = etree.XMLSchema(etree.parse(SCHEMA)) if SCHEMA.exists() else None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)

    def process(self, request: str) -> str:
        if WRITES.search(request) and self.schema is not None:
            self.schema.assertValid(etree.fromstring(request.encode()))
        answer = self.file.process(request)
        self.written += WRITES.findall(request)
        return answer

    def took(self) -> Counter[str]:
        """How often each kind of write was asked for since the last look; the list begins anew."""
        found, self.written = Counter(self.written), []
        return found


async def synced(product: Product, file: CompanyFile) -> tuple[int, WebConnector, Faults, Watched]:
    made = await product.add_company()
    watched, faults = Watched(file), Faults()
    connector = await product.connector(made, watched, faults)
    await sync(connector, made.company)
    return made.company, connector, faults, watched


async def with_custom(company: int, nth: int = 0) -> tuple[int, dict[str, Any]]:
    """A customer that has custom fields: its id here, and its fields."""
    rows = await fetch(
        "select id, quickbooks from record where company = $1 and entity = 'Customer'"
        " and quickbooks ? 'DataExtRet' order by id offset $2 limit 1",
        company,
        nth,
    )
    return rows[0]["id"], json.loads(rows[0]["quickbooks"])


def in_books(file: CompanyFile, id: str) -> dict[str, str]:
    return {row["DataExtName"]: row["DataExtValue"] for row in file.customs.of(id, "0")}


def typed(file: CompanyFile, id: str, name: str, value: str) -> None:
    """What somebody types into a custom field in QuickBooks."""
    body = f"<OwnerID>0</OwnerID><DataExtName>{name}</DataExtName><ListDataExtType>Customer</ListDataExtType>"
    body += f"<ListObjRef><ListID>{id}</ListID></ListObjRef><DataExtValue>{value}</DataExtValue>"
    head = '<?xml version="1.0"?><?qbxml version="13.0"?><QBXML><QBXMLMsgsRq onError="stopOnError">'
    answer = file.process(f"{head}<DataExtModRq><DataExtMod>{body}</DataExtMod></DataExtModRq></QBXMLMsgsRq></QBXML>")
    assert 'statusCode="0"' in answer


def assign(file: CompanyFile, name: str, kind: str) -> None:
    """Let a custom field be one of another kind of record."""
    file.books.db.execute("UPDATE custom_object SET object = ? WHERE name = ?", (kind, name))


async def left_alike(company: int, file: CompanyFile) -> None:
    """Nothing waits, nothing differs, and the custom fields here are those of the file."""
    assert await unequal(company, file) == []
    for row in await fetch("select qb_id, quickbooks, ours from record where company = $1", company):
        assert customs.values_of(json.loads(row["quickbooks"])) == in_books(file, row["qb_id"])
        assert row["ours"] is None, row["qb_id"]
    assert await fetchval("select count(*) from change where state not in ('applied', 'cleared')") == 0


async def test_a_record_and_its_custom_fields_go_one_after_the_other_and_come_back_equal(
    product: Product, company_file: CompanyFile
) -> None:
    company, connector, _, watched = await synced(product, company_file)
    customer, fields = await with_custom(company)
    assert set(customs.values_of(fields)) == {"Territory", "Yard contact"}
    edited = customs.with_values(copy.deepcopy(fields), {"Territory": "South & East"}) | {"Phone": "555-0199"}
    change = await changes.propose(company, "Customer", "update", edited, "test", customer)
    new = customs.with_values({"Name": "Delacroix"}, {"Yard contact": "Ines"})
    added = await changes.propose(company, "Customer", "create", new, "test")
    invoice, sold = await a_record(company, "Invoice")
    only = customs.with_values(copy.deepcopy(sold), {"Territory": "Nevada"})
    alone = await changes.propose(company, "Invoice", "update", only, "test", invoice)
    order = {"CustomerRef": {"ListID": f"new:{await fetchval('select record from change where id = $1', added)}"}}
    line = {"ItemRef": sold["InvoiceLineRet"][0]["ItemRef"], "Quantity": "1", "Rate": "5.00"}
    child = await changes.propose(company, "Invoice", "create", order | {"InvoiceLineRet": [line]}, "test")
    assert await changes.approve(company, None, "test") == 4

    await connector.update()
    await finished(company)
    for one in (change, added, alone, child):
        assert (await state_of(one))[0] == "applied", await state_of(one)
    took = watched.took()
    assert took == Counter(CustomerMod=1, CustomerAdd=1, InvoiceAdd=1, DataExtMod=3, DataExtDel=1)
    assert in_books(company_file, fields["ListID"]) == {"Territory": "South & East"}
    assert in_books(company_file, sold["TxnID"]) == {"Territory": "Nevada"}
    assert await fetchval("select count(*) from record where name = 'Delacroix'") == 1
    row = await fetchrow("select before, after, action, whole from change where id = $1", change)
    assert row is not None  # the log tells the change as it was proposed: both of its parts
    assert (json.loads(row["before"])["Phone"], json.loads(row["after"])["Phone"]) == (fields["Phone"], "555-0199")
    assert customs.values_of(json.loads(row["after"])) == {"Territory": "South & East"}
    assert row["whole"] is None
    row = await fetchrow("select before, action from change where id = $1", added)
    assert row is not None
    assert (row["before"], row["action"]) == (None, "create")
    await left_alike(company, company_file)

    # what QuickBooks did to EditSequence and TimeModified for it is no news, and the next edit goes through
    await setup.ask_run(company, "incremental", "test")
    await sync(connector, company)
    assert await fetchval("select count(*) from change where direction = 'in'") == 0
    _, fields = await with_custom(company)
    again = await changes.propose(company, "Customer", "update", fields | {"Phone": "555-0200"}, "test", customer)
    await changes.approve(company, [again], "test")
    await sync(connector, company)
    assert (await state_of(again))[0] == "applied"
    assert watched.took() == Counter(CustomerMod=1)
    await left_alike(company, company_file)  # the answer to a Mod shows no custom fields: they are still known


def bundles(fields: dict[str, Any]) -> list[str]:
    """What the lines of an invoice have in the custom field Bundle."""
    return [row["DataExtValue"] for line in fields["InvoiceLineRet"] for row in many(line, "DataExtRet")]


async def test_custom_fields_of_lines_go_with_a_new_transaction_and_one_by_one_to_lines_that_are_there(
    product: Product, company_file: CompanyFile
) -> None:
    company, connector, _, watched = await synced(product, company_file)
    _, sold = await a_record(company, "Invoice")
    field = {"OwnerID": "0", "DataExtName": "Bundle", "DataExtType": "STR255TYPE", "DataExtValue": "7"}
    line = {"ItemRef": sold["InvoiceLineRet"][0]["ItemRef"], "Quantity": "1", "Rate": "5.00", "Amount": "5.00"}
    lines = [line | {"DataExtRet": [field]}, line | {"Quantity": "2", "Amount": "10.00"}]
    new = {"CustomerRef": sold["CustomerRef"], "InvoiceLineRet": lines}
    added = await changes.propose(company, "Invoice", "create", new, "test")
    await changes.approve(company, None, "test")
    await sync(connector, company)
    assert (await state_of(added))[0] == "applied"
    assert watched.took() == Counter(InvoiceAdd=1)
    invoice = await fetchval("select record from change where id = $1", added)

    here = json.loads(await fetchval("select quickbooks from record where id = $1", invoice))
    assert bundles(here) == ["7"]
    first, second = here["InvoiceLineRet"]
    wanted = {name: value for name, value in first.items() if name != "DataExtRet"}  # cleared here, set there
    edited = here | {"Memo": "Two bundles", "InvoiceLineRet": [wanted, second | {"DataExtRet": [field]}]}
    change = await changes.propose(company, "Invoice", "update", edited, "test", invoice)
    await changes.approve(company, [change], "test")
    await sync(connector, company)
    assert (await state_of(change))[0] == "applied", await state_of(change)
    assert watched.took() == Counter(InvoiceMod=1, DataExtMod=1, DataExtDel=1)
    there = next(row for row in company_file.rows("Invoice") if row["TxnID"] == here["TxnID"])
    assert ("DataExtRet" in there["InvoiceLineRet"][0], bundles(dict(there))) == (False, ["7"])
    assert bundles(json.loads(await fetchval("select quickbooks from record where id = $1", invoice))) == ["7"]
    assert await fetchval("select count(*) from change where state <> 'applied'") == 0
    assert await fetchval("select ours from record where id = $1", invoice) is None


MISHAPS = (  # the record itself, the look, the custom fields: the 1st to 3rd, the 2nd to 4th with the identity
    (DieAfter, SEND, 1), (DropReply, RECEIVE, 1), (DieAfter, RECEIVE, 1), (DieBefore, RECEIVE, 2), (DieAfter, SEND, 2),
    (DieAfter, RECEIVE, 2), (CutBody, RECEIVE, 2), (DieBefore, RECEIVE, 3), (DieAfter, RECEIVE, 3),
    (DropReply, SEND, 3),
)  # fmt: skip


async def test_whatever_dies_between_the_parts_each_is_done_and_the_record_itself_once(
    product: Product, company_file: CompanyFile
) -> None:
    company, connector, faults, watched = await synced(product, company_file)
    for number, (kind, method, nth) in enumerate(MISHAPS):
        faults.clear()
        customer, fields = await with_custom(company, number % 3)
        wanted = customs.with_values(copy.deepcopy(fields), {"Territory": f"T{number}", "Yard contact": f"Y{number}"})
        change = await changes.propose(
            company, "Customer", "update", wanted | {"Notes": f"N{number}"}, "test", customer
        )
        new = customs.with_values({"Name": f"New {number}"}, {"Territory": f"T{number}"})
        added = await changes.propose(company, "Customer", "create", new, "test")
        assert await changes.approve(company, None, "test") == 2
        faults.append(kind(method, nth))
        if number % 5 == 4:  # and QuickBooks refuses a document as a whole beside it
            faults.append(Hresult(nth=3))
        await sync(connector, company)
        assert [(await state_of(one))[0] for one in (change, added)] == ["applied"] * 2, (kind, method, nth)
        took = watched.took()
        assert in_books(company_file, fields["ListID"]) == {"Territory": f"T{number}", "Yard contact": f"Y{number}"}
        there = [row for row in company_file.rows("Customer") if row["Name"] == f"New {number}"]
        assert [in_books(company_file, str(row["ListID"])) for row in there] == [{"Territory": f"T{number}"}]
        # an identical document that was sent again is asked for twice and carried out once: the names are single
        assert took["CustomerAdd"] <= 2, took
        history = await fetch("select before, after, whole from change where id = any($1) order by id", [change, added])
        assert json.loads(history[0]["after"])["Notes"] == f"N{number}"
        assert [row["whole"] for row in history] == [None, None]
    await left_alike(company, company_file)
    assert await fetchval("select count(*) from change where direction = 'in'") == 0


async def test_a_refused_custom_field_is_refused_with_its_code_and_the_record_itself_is_not_repeated(
    product: Product, company_file: CompanyFile
) -> None:
    company, connector, _, watched = await synced(product, company_file)
    customer, fields = await with_custom(company)
    was = customs.values_of(fields)
    wanted = customs.with_values(copy.deepcopy(fields), {"Territory": "South", "Yard contact": "Ines"})
    change = await changes.propose(company, "Customer", "update", wanted | {"Phone": "555-0199"}, "test", customer)
    new = await changes.propose(
        company, "Customer", "create", customs.with_values({"Name": "Delacroix"}, {"Territory": "x" * 300}), "test"
    )
    await changes.approve(company, None, "test")
    assign(company_file, "Yard contact", "Vendor")  # somebody took the field away from customers
    await sync(connector, company)
    row = await fetchrow("select state, status_code, status_message, reason from change where id = $1", change)
    assert row is not None
    assert (row["state"], row["status_code"]) == ("refused", 3120)
    assert row["status_message"].startswith("Yard contact: ")
    assert row["reason"] == "The record itself is in the books. These custom fields are not."
    row = await fetchrow("select state, status_code, action from change where id = $1", new)
    assert row is not None
    assert (row["state"], row["status_code"], row["action"]) == ("refused", 3070, "create")
    assert watched.took() == Counter(CustomerMod=1, CustomerAdd=1, DataExtMod=3)
    assert in_books(company_file, fields["ListID"]) == was | {"Territory": "South"}  # one was taken

    # somebody types into the record meanwhile: that is taken in, and what is left of the change stays what it was
    edit(company_file, "Customer", fields["ListID"], Notes="Pays late")
    await setup.ask_run(company, "incremental", "test")
    await sync(connector, company)
    left = await fetchrow("select before, after, state from change where id = $1", change)
    assert left is not None
    assert (left["state"], json.loads(left["after"])["Notes"]) == ("refused", "Pays late")
    assign(company_file, "Yard contact", "Customer")
    assert await changes.resync(company, [change], "test") == 1
    await sync(connector, company)
    assert (await state_of(change))[0] == "applied", await state_of(change)
    assert watched.took() == Counter(DataExtMod=1)
    assert in_books(company_file, fields["ListID"]) == {"Territory": "South", "Yard contact": "Ines"}

    # and the new one, whose field was too long, is mended here: an edit of a record that is in the books
    record = await fetchval("select record from change where id = $1", new)
    here = json.loads(await fetchval("select ours from record where id = $1", record))
    shorter = customs.with_values(here, {"Territory": "North"})
    mended = await changes.propose(company, "Customer", "update", shorter, "test", record)
    await changes.approve(company, [mended], "test")
    await sync(connector, company)
    assert (await state_of(mended))[0] == "applied"
    assert watched.took() == Counter(DataExtMod=1)
    await changes.ignore(company, [new], "test")
    newest = await fetchval("select max(id) from change")
    await changes.decide(company, "in", "all", "keep", newest, "test")  # what was typed in QuickBooks meanwhile
    await left_alike(company, company_file)


async def test_what_both_sides_typed_into_one_custom_field_is_a_conflict_and_nothing_is_overwritten(
    product: Product, company_file: CompanyFile
) -> None:
    company, connector, _, watched = await synced(product, company_file)
    customer, fields = await with_custom(company)
    id = fields["ListID"]
    was = customs.values_of(fields)
    wanted = customs.with_values(copy.deepcopy(fields), was | {"Territory": "South"})
    change = await changes.propose(company, "Customer", "update", wanted, "test", customer)
    await changes.approve(company, [change], "test")
    typed(company_file, id, "Territory", "West")  # a DataExtMod carries no EditSequence that would notice
    typed(company_file, id, "Yard contact", "Olaf")
    await sync(connector, company)
    row = await fetchrow("select state, conflict from change where id = $1", change)
    assert row is not None
    path = ["DataExtRet[Territory]"]
    assert (row["state"], json.loads(row["conflict"])) == (
        "conflict",
        [{"path": path, "base": was["Territory"], "quickbooks": "West", "ours": "South"}],
    )
    assert watched.took() == Counter()
    assert in_books(company_file, id) == {"Territory": "West", "Yard contact": "Olaf"}
    assert await changes.resolve_conflict(company, change, {tuple(path): "ours"}, "test") is None
    await sync(connector, company)
    assert (await state_of(change))[0] == "applied"
    assert in_books(company_file, id) == {"Territory": "South", "Yard contact": "Olaf"}
    assert watched.took() == Counter(DataExtMod=1)

    # what QuickBooks' people type is proposed field by field; a verify run tells it until it is taken
    typed(company_file, id, "Territory", "East")
    await setup.ask_run(company, "incremental", "test")
    await sync(connector, company)
    news = await fetchrow("select id, before, after, action from change where direction = 'in' and state = 'proposed'")
    assert news is not None
    assert [customs.values_of(json.loads(news[side]))["Territory"] for side in ("before", "after")] == ["South", "East"]
    await changes.decide(company, "in", "all", "keep", news["id"], "test")
    await setup.ask_run(company, "verify", "test")
    await sync(connector, company)
    report = await fetchval("select report from run where kind = 'verify' order by id desc limit 1")
    assert json.loads(report) == {}
    await left_alike(company, company_file)


def test_a_custom_field_that_the_answer_leaves_out_is_looked_up() -> None:
    before, wanted = ({"Name": "A"} | customs.with_values({}, {"A": one, "B": one}) for one in ("1", "2"))
    row = {"before": json.dumps(before), "after": json.dumps(wanted), "tries": 0}

    def answer(*codes: int, shown: str = "") -> tuple[str, dict[str, str]]:
        records = [{"DataExtType": "STR255TYPE", "DataExtValue": shown}] if shown else []
        told = [
            Told(head("DataExtModRs", {"requestID": f"7-3-1.{at}", "statusCode": str(code)}), records, at)
            for at, code in enumerate(codes)
        ]
        outcome = second_parts.answered(row, before, told)
        assert outcome.record is not None
        return outcome.state, customs.values_of(outcome.record)

    assert answer(0, 0) == ("applied", {"A": "2", "B": "2"})
    assert answer(0) == ("sent", {"A": "2", "B": "1"})
    assert answer(0, 3120) == ("refused", {"A": "2", "B": "1"})
    assert answer(0, 530) == ("refused", {"A": "2", "B": "1"})  # not supported here: nothing was taken
    assert answer(530, 530, shown="2") == ("applied", {"A": "2", "B": "2"})
