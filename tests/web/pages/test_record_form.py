"""Records made, changed, deleted and voided in the browser, without its scripts: what is asked, refused, proposed."""

import json
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest

from sync.qbxml.entities import ENTITIES
from sync.qbxml.writing import mod_values
from sync.store import changes
from sync.store.base import execute, fetch, fetchrow, fetchval
from tests.web.conftest import Visitor
from tests.web.pages.conftest import Enter
from tests.web.pages.proposing import insert

HOME = "/companies/1/records"
VOID = {"input", "meta", "link", "br", "img", "hr"}


class Fields(HTMLParser):
    """The fields of the record's form as a browser would send them."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.inside = False
        self.fields: dict[str, str] = {}
        self.errors: dict[str, str] = {}
        self.area = self.choosing = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = given.get("id") == "record-form"
        if not self.inside:
            return
        name = given.get("name", "")
        if tag == "input" and name and given.get("type") not in ("radio", "checkbox", "submit"):
            self.fields[name] = given.get("value", "")
        elif tag == "input" and given.get("type") == "radio" and "checked" in given:
            self.fields[name] = given.get("value", "on")
        elif tag == "textarea":
            self.area, self.fields[name] = name, ""
        elif tag == "select":
            self.choosing, self.fields[name] = name, ""
        elif tag == "option" and "selected" in given:
            self.fields[self.choosing] = given["value"]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False
        if tag == "textarea":
            self.fields[self.area] = self.fields[self.area].removeprefix("\n").replace("\n", "\r\n")
            self.area = ""

    def handle_data(self, data: str) -> None:
        if self.area:
            self.fields[self.area] += data


async def fields_of(visitor: Visitor, path: str) -> dict[str, str]:
    answer = await visitor.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return fields_in(answer)


def fields_in(answer: httpx.Response) -> dict[str, str]:
    found = Fields(answer.text).fields
    found.pop("_csrf_token", None)
    return found


async def send(visitor: Visitor, path: str, fields: Mapping[str, str], do: str = "save") -> httpx.Response:
    return await visitor.submit(path, **{**fields, "_do": do})


async def record(entity: str, where: str = "true") -> tuple[int, dict[str, Any]]:
    row = await fetchrow(
        f"select id, quickbooks from record where company = 1 and entity = $1 and deleted_at is null and {where}"
        " order by id limit 1",
        entity,
    )
    assert row is not None, entity
    return row["id"], json.loads(row["quickbooks"])


async def proposed(id: int) -> dict[str, Any]:
    """What is proposed for a record: action, before, after."""
    row = await fetchrow("select * from change where record = $1 order by id desc limit 1", id)
    assert row is not None
    return {**dict(row), "after": json.loads(row["after"]) if row["after"] else None}


async def test_every_kind_opens_and_saved_unchanged_proposes_nothing(enter: Enter) -> None:
    bob = await enter("member")
    rows = await fetch("select entity, min(id) as first, max(id) as last from record where company = 1 group by entity")
    seen = 0
    for row in rows:
        if ENTITIES[row["entity"]].mod is None:
            continue
        for id in {row["first"], row["last"]}:
            path = f"{HOME}/{row['entity']}/{id}/edit"
            answer = await send(bob, path, await fields_of(bob, path))
            assert answer.status_code == 303, (row["entity"], answer.text[:3000])
            assert answer.headers["location"].endswith("?done=same"), row["entity"]
            seen += 1
    assert seen > 40
    assert await fetchval("select count(*) from change") == 0
    assert await fetchval("select count(*) from record where ours is not null") == 0


@pytest.mark.parametrize(
    ("entity", "edits"),
    [
        (
            "Customer",
            {"CompanyName": "Delacroix & Sons", "Phone": "555 0199", "Notes": "Two\r\nlines", "CreditLimit": "1,500"},
        ),
        ("Vendor", {"Email": "ap@quarry.example", "VendorAddress/City": "Barre", "Notes": "x"}),
        ("Employee", {"LastName": "Hopper", "Phone": "1"}),
        ("Invoice", {"PONumber": "LQ-0448", "Memo": "Thank you", "TxnDate": "2025-11-21"}),
        ("Account", {"Desc": "Everyday money"}),
    ],
)
async def test_each_edited_field_and_nothing_else_is_in_the_mod(
    enter: Enter, entity: str, edits: dict[str, str]
) -> None:
    bob = await enter("member")
    id, before = await record(entity)
    path = f"{HOME}/{entity}/{id}/edit"
    answer = await send(bob, path, {**await fields_of(bob, path), **edits})
    assert answer.headers["location"].endswith("?done=saved"), answer.text[:2000]
    change = await proposed(id)
    assert (change["action"], change["state"], change["created_by"]) == ("update", "proposed", "bob@halder.example")
    values = mod_values(ENTITIES[entity], before, change["after"])
    tops = {path.partition("/")[0] for path in edits}
    assert values.keys() - {"ListID", "TxnID", "EditSequence"} == tops
    wanted = {"Notes": "Two\nlines", "CreditLimit": "1500.00"}
    for name, text in edits.items():
        outer, _, inner = name.partition("/")
        said = values[outer][inner] if inner else values[outer]
        assert said == (wanted.get(name, text) if entity == "Customer" else text)
    both = "select a.xmin = c.xmin as at_once from audit_entry a, change c where a.action = 'change.proposed'"
    assert [row["at_once"] for row in await fetch(both)] == [True]  # one transaction wrote both


async def test_a_new_invoice_is_proposed_with_its_lines_and_amounts(enter: Enter) -> None:
    bob = await enter("member")
    customer, _ = await record("Customer")
    name = await fetchval("select name from record where id = $1", customer)
    item, _ = await record("ItemService")
    item_name = await fetchval("select name from record where id = $1", item)
    path = f"{HOME}/Invoice/new"
    fields = await fields_of(bob, path)
    line = "InvoiceLineRet[0]"
    fields |= {"CustomerRef": name.upper(), f"{line}/ItemRef": item_name, f"{line}/Quantity": "46.5"}
    more = fields_in(await send(bob, path, fields | {f"{line}/Rate": "64.75"}, "add:InvoiceLineRet"))
    assert more["CustomerRef"] == name.upper()
    assert more[f"{line}/Amount"] == "3010.88"
    second = "InvoiceLineRet[1]"
    more |= {f"{second}/ItemRef": item_name, f"{second}/Desc": "Edge", f"{second}/Amount": "$1,240.5"}
    answer = await send(bob, path, more)
    assert answer.status_code == 303, answer.text
    id = int(answer.headers["location"].split("/")[-1].partition("?")[0])
    change = await proposed(id)  # E32: worked with here, by somebody without QuickBooks
    assert change["action"] == "create"
    lines = change["after"]["InvoiceLineRet"]
    assert [one["Amount"] for one in lines] == ["3010.88", "1240.50"]
    assert change["after"]["CustomerRef"]["FullName"] == name
    assert change["after"]["CustomerRef"]["ListID"] == await fetchval(
        "select qb_id from record where id = $1", customer
    )


async def test_what_quickbooks_would_refuse_is_said_at_its_field_and_nothing_typed_is_lost(enter: Enter) -> None:
    bob = await enter("member")
    path = f"{HOME}/Invoice/new"
    fields = await fields_of(bob, path)
    fields |= {"RefNumber": "INV-2025-1187", "Memo": "Kept <b>", "CustomerRef": "Nobody at all"}
    fields |= {"InvoiceLineRet[0]/Quantity": "3", "InvoiceLineRet[0]/Rate": "dear"}
    answer = await send(bob, path, fields)
    assert answer.status_code == 422
    text = answer.text
    assert "<title>Error: New invoice, Halder Natural Stone, Inc." in text
    assert "Invoice number can have 11 characters; INV-2025-1187 has 13." in text
    assert 'href="#f-RefNumber"' in text
    assert 'id="f-RefNumber-error"' in text
    assert "13 / 11" in text
    assert "there are no customers called Nobody at all here" in text
    assert "Line 1, item is missing; QuickBooks requires it." in text
    assert 'id="f-InvoiceLineRet-0--ItemRef-error"' in text
    kept = fields_in(answer)
    assert {name: kept[name] for name in fields if name[0] != "_"} == {
        name: text for name, text in fields.items() if name[0] != "_"
    }
    assert await fetchval("select count(*) from change") == 0


async def test_a_name_in_the_space_that_customers_vendors_and_employees_share_is_refused(enter: Enter) -> None:
    bob = await enter("member")
    vendor = await fetchval("select name from record where entity = 'Vendor' order by id limit 1")
    path = f"{HOME}/Customer/new"
    answer = await send(bob, path, {**await fields_of(bob, path), "Name": vendor.lower()})
    assert (
        "A vendor in QuickBooks has this name. Customers, vendors and employees share one list of names." in answer.text
    )


async def test_a_journal_entry_has_debits_beside_credits_and_has_to_balance(enter: Enter) -> None:
    bob = await enter("member")
    accounts = await fetch("select name from record where entity = 'Account' order by id limit 2")
    path = f"{HOME}/JournalEntry/new"
    fields = await fields_of(bob, path)
    for at, side in enumerate(("Debit", "Credit")):
        fields[f"JournalLine[{at}]/AccountRef"] = accounts[at]["name"]
        fields[f"JournalLine[{at}]/{side}"] = "100" if at else "90"
    answer = await send(bob, path, fields)
    assert "Debits are 90.00, credits are 100.00; QuickBooks requires them to be the same." in answer.text
    fields["JournalLine[0]/Debit"] = "100"
    answer = await send(bob, path, fields)
    id = int(answer.headers["location"].split("/")[-1].partition("?")[0])
    after = (await proposed(id))["after"]
    assert after["JournalDebitLine"][0]["Amount"] == after["JournalCreditLine"][0]["Amount"] == "100.00"


async def test_lines_are_moved_and_removed_without_script_and_keep_their_ids(enter: Enter) -> None:
    bob = await enter("member")
    id, before = await record("Invoice", "jsonb_array_length(quickbooks -> 'InvoiceLineRet') > 2")
    path = f"{HOME}/Invoice/{id}/edit"
    fields = fields_in(await send(bob, path, await fields_of(bob, path), "down:InvoiceLineRet[0]"))
    fields = fields_in(await send(bob, path, fields, "remove:InvoiceLineRet[2]"))
    assert (await send(bob, path, fields)).headers["location"].endswith("?done=saved")
    after = (await proposed(id))["after"]["InvoiceLineRet"]
    old = before["InvoiceLineRet"]
    assert after == [old[1], old[0], *old[3:]]


async def test_an_edit_over_somebody_elses_asks_field_by_field_and_loses_nothing(enter: Enter) -> None:
    bob = await enter("member")
    id, fields = await record("Customer")
    path = f"{HOME}/Customer/{id}/edit"
    form = await fields_of(bob, path) | {"Phone": "555 0100", "Fax": "555 0101"}
    theirs = fields | {"Phone": "555 0200", "AltPhone": "555 0202", "EditSequence": "99"}
    await execute(
        "update record set quickbooks = $2, edit_sequence = '99', updated_at = now() where id = $1",
        id,
        json.dumps(theirs),
    )
    answer = await send(bob, path, form)
    assert answer.status_code == 422
    said = "QuickBooks changed this customer while you were editing. Your text is kept; choose field by field."
    assert said in answer.text
    again = fields_in(answer)
    assert (again["Phone"], again["Fax"], again["AltPhone"]) == ("555 0100", "555 0101", "555 0202")
    unanswered = await send(bob, path, again)
    assert "Choose for each field which value counts." in unanswered.text
    answer = await send(bob, path, {**fields_in(unanswered), "_side0": "theirs"})
    assert answer.headers["location"].endswith("?done=saved"), answer.text
    after = (await proposed(id))["after"]
    assert (after["Phone"], after["Fax"], after["AltPhone"]) == ("555 0200", "555 0101", "555 0202")


async def test_edits_of_two_people_in_different_fields_are_both_kept(enter: Enter) -> None:
    bob = await enter("member")
    id, _ = await record("Customer")
    path = f"{HOME}/Customer/{id}/edit"
    first, second = await fields_of(bob, path), await fields_of(bob, path)
    assert (await send(bob, path, first | {"Phone": "1"})).headers["location"].endswith("?done=saved")
    assert (await send(bob, path, second | {"Fax": "2"})).headers["location"].endswith("?done=both")
    after = (await proposed(id))["after"]
    assert (after["Phone"], after["Fax"]) == ("1", "2")


async def test_a_reference_is_found_by_typing_and_a_record_not_in_quickbooks_yet_may_be_picked(enter: Enter) -> None:
    bob = await enter("member")
    id = await changes.propose(1, "Customer", "create", {"Name": "Zanzibar Stone"}, "test")
    new = await fetchval("select record from change where id = $1", id)
    listed = (await bob.get("/companies/1/pick/CustomerRef?of=Invoice&q=zanz")).text
    assert f'data-id="new:{new}" data-name="Zanzibar Stone"' in listed
    assert "Not in QuickBooks yet" in listed
    assert listed.index("Zanzibar") < listed.index("Add new customer")
    path = f"{HOME}/Invoice/new"
    fields = await fields_of(bob, path) | {"CustomerRef": "Zanzibar Stone", "Memo": "kept"}
    page = (await send(bob, path, fields, "pick:CustomerRef")).text
    assert "Choose a customer" in page
    assert f'value="use:CustomerRef|new:{new}|Zanzibar Stone"' in page
    back = fields_in(await send(bob, path, fields, f"use:CustomerRef|new:{new}|Zanzibar Stone"))
    assert (back["CustomerRef"], back["CustomerRef#id"], back["Memo"]) == ("Zanzibar Stone", f"new:{new}", "kept")
    back |= {"InvoiceLineRet[0]/Desc": "Text"}
    made = await send(bob, path, back)
    invoice = int(made.headers["location"].split("/")[-1].partition("?")[0])
    assert (await proposed(invoice))["after"]["CustomerRef"] == {"ListID": f"new:{new}", "FullName": "Zanzibar Stone"}


async def test_deleting_and_voiding_say_what_happens_and_wait_for_approval(enter: Enter) -> None:
    bob, vera = await enter("member"), await enter("viewer")
    id, _ = await record("Invoice")
    page = (await bob.get(f"{HOME}/Invoice/{id}/void")).text
    assert "sets every amount of this invoice to zero" in page
    assert (await vera.submit(f"{HOME}/Invoice/{id}/delete")).status_code == 403
    assert (await bob.submit(f"{HOME}/Invoice/{id}/void")).status_code == 303
    assert (await proposed(id))["action"] == "void"
    assert (await bob.submit(f"{HOME}/Invoice/{id}/delete")).status_code == 303
    change = await proposed(id)
    assert (change["action"], change["state"], change["after"]) == ("delete", "proposed", None)
    assert (await bob.submit(f"{HOME}/Invoice/{id}/take-back")).status_code == 303
    assert (await proposed(id))["state"] == "cleared"


async def test_a_new_record_that_is_taken_back_is_gone(enter: Enter) -> None:
    bob = await enter("member")
    path = f"{HOME}/Vendor/new"
    made = await send(bob, path, {**await fields_of(bob, path), "Name": "Short Lived"})
    home = made.headers["location"].partition("?")[0]
    await execute("update change set state = 'cleared' where entity = 'Vendor'")  # in the wizard
    assert "Take it back" in (await bob.get(home)).text
    assert (await bob.submit(f"{home}/take-back")).headers["location"] == f"{HOME}/Vendor"
    assert (await bob.get(home)).status_code == 404


async def test_an_edit_that_is_taken_back_leaves_what_quickbooks_changed_to_be_decided(enter: Enter) -> None:
    bob, (id, there) = await enter("member"), await record("Customer")
    agreed = json.dumps({**there, "Phone": "1"})
    await execute("update record set ours = $2, base = $2, updated_at = '2026-01-01' where id = $1", id, agreed)
    await insert("in", "Customer", "update", id, {**there, "Phone": "1"}, there)
    await changes.propose(1, "Customer", "update", {**there, "Phone": "1", "Notes": "mine"}, "bob@halder.example", id)
    await execute("update record set updated_at = '2026-01-01' where id = $1", id)
    assert (await bob.submit(f"{HOME}/Customer/{id}/take-back")).headers["location"].endswith("done=back")
    row = await fetchrow("select ours, base, updated_at > '2026-01-02' as told from record where id = $1", id)
    assert row is not None
    assert (json.loads(row["ours"]), json.loads(row["base"]), row["told"]) == (json.loads(agreed),) * 2 + (True,)


async def test_choices_show_their_branch_and_a_service_that_is_bought_too_has_both_accounts(enter: Enter) -> None:
    bob = await enter("member")
    account = await fetchval("select name from record where entity = 'Account' order by id limit 1")
    path = f"{HOME}/ItemService/new"
    fields = await fields_of(bob, path) | {"Name": "Templating", "?SalesOrPurchase": "1"}
    fields |= {"SalesAndPurchase/SalesPrice": "185", "SalesAndPurchase/IncomeAccountRef": account}
    fields |= {"SalesOrPurchase/Desc": "of the branch that is not taken"}
    answer = await send(bob, path, fields)
    assert 'id="f-SalesAndPurchase-ExpenseAccountRef-error"' in answer.text
    answer = await send(bob, path, fields | {"SalesAndPurchase/ExpenseAccountRef": account})
    assert answer.status_code == 303, answer.text
    id = int(answer.headers["location"].split("/")[-1].partition("?")[0])
    assert "SalesOrPurchase" not in (await proposed(id))["after"]


@pytest.mark.parametrize("entity", ["Customer", "Invoice", "PurchaseOrder"])
async def test_clients_invoices_and_purchase_orders_are_worked_with_here_and_texts_say_desktop(
    enter: Enter, entity: str
) -> None:
    alice = await enter("accounting_manager")
    text = (await alice.get(f"{HOME}/{entity}/new")).text  # E33
    assert "Save for approval" in text
    for path in (f"{HOME}/{entity}/new", f"{HOME}/{entity}"):
        assert "Online" not in (await alice.get(path)).text  # E34
    assert f'href="{HOME}/{entity}/new"' in (await alice.get(f"{HOME}/{entity}")).text


async def test_a_kind_that_quickbooks_takes_from_nobody_has_no_form(enter: Enter) -> None:
    bob = await enter("member")
    assert (await bob.get(f"{HOME}/Template/new")).status_code == 404
    assert (await bob.get(f"{HOME}/NoSuchKind/new")).status_code == 404
    id, _ = await record("StandardTerms")
    assert (await bob.get(f"{HOME}/StandardTerms/{id}/edit")).status_code == 404


async def test_what_does_not_come_from_our_form_breaks_nothing(enter: Enter) -> None:
    bob = await enter("member")
    path = f"{HOME}/Customer/new"
    for base in ("", "x", "eJw=", "e30="):
        answer = await send(bob, path, {"_base": base, "Name": "", "InvoiceLineRet[99999999]#from": "-1"})
        assert answer.status_code == 422
    assert (await send(bob, path, {"Name": "A"}, "remove:[")).status_code == 200
    assert (await send(bob, path, {"Name": "A"}, "up:InvoiceLineRet[x")).status_code == 200


async def test_custom_fields_are_asked_for_looked_at_and_shown_by_their_names(enter: Enter) -> None:
    bob = await enter("member")
    id, fields = await record("Customer", "quickbooks ? 'DataExtRet'")
    path, territory, contact = f"{HOME}/Customer/{id}/edit", "DataExtRet/.Territory", "DataExtRet/.Yard%20contact"
    was = {row["DataExtName"]: row["DataExtValue"] for row in fields["DataExtRet"]}
    form = await fields_of(bob, path)
    assert (form[territory], form[contact]) == (was["Territory"], was["Yard contact"])
    assert "DataExtRet/.Bundle" not in form  # which is one of items

    refused = await send(bob, path, form | {territory: "x" * 256})
    assert refused.status_code == 422
    assert "Territory can have 255 characters; this text has 256." in refused.text
    assert fields_in(refused)[territory] == "x" * 256
    saved = await send(bob, path, form | {territory: "South", contact: ""})
    assert saved.headers["location"].endswith("?done=saved")
    change = await proposed(id)
    assert change["after"]["DataExtRet"] == [
        {"OwnerID": "0", "DataExtName": "Territory", "DataExtType": "STR255TYPE", "DataExtValue": "South"}
    ]
    assert {name: value for name, value in change["after"].items() if name != "DataExtRet"} == {
        name: value for name, value in fields.items() if name != "DataExtRet"
    }
    shown = (await bob.get(f"{HOME}/Customer/{id}")).text
    assert "South" in shown
    manager = await enter("accounting_manager")
    for address in ("/companies/1/wizard", f"{HOME}/Customer/{id}"):
        page = (await manager.get(address)).text
        assert "Territory" in page, address
        assert "Data ext" not in page, address

    # somebody else changes the same field meanwhile: the form asks whose value counts
    again = await fields_of(bob, path)
    assert (again[territory], again[contact]) == ("South", "")
    await execute(
        "update record set ours = jsonb_set(ours, '{DataExtRet,0,DataExtValue}', '\"West\"') where id = $1", id
    )
    asked = await send(bob, path, again | {territory: "North"})
    assert asked.status_code == 422
    assert "Territory" in asked.text
    assert "West" in asked.text
    fresh = await fields_of(bob, f"{HOME}/Customer/new")
    made = await send(bob, f"{HOME}/Customer/new", fresh | {"Name": "Delacroix", territory: "East"})
    assert "?done=saved" in made.headers["location"], made.text[:2000]
    row = await fetchrow("select after from change order by id desc limit 1")
    assert row is not None
    assert [one["DataExtValue"] for one in json.loads(row["after"])["DataExtRet"]] == ["East"]
    item = await fields_of(bob, f"{HOME}/ItemService/new")
    assert "DataExtRet/.Bundle" in item
    assert not [name for name in await fields_of(bob, f"{HOME}/Class/new") if name.startswith("DataExtRet")]
    assert territory in await fields_of(bob, f"{HOME}/Invoice/new")  # sales take over what customers have
