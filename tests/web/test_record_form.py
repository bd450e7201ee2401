"""The form of a record without a browser: what it asks, and what its texts make of the record."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from sync.practice.company import CompanyFile
from sync.practice.seed import seed
from sync.qbxml.entities import ENTITIES, refers_to
from sync.qbxml.fields import Kind
from web.form_faults import wrongs
from web.form_rows import moved, renumbered, without_row
from web.form_scalars import read, shown
from web.form_values import Texts, record_of, texts_of
from web.record_form import Branches, Form, form_of, inputs_in

Rows = dict[str, list[dict[str, Any]]]
INVOICE: dict[str, Any] = {
    "TxnID": "1-2",
    "EditSequence": "7",
    "CustomerRef": {"ListID": "80-1", "FullName": "Lindqvist"},
    "InvoiceLineRet": [
        {
            "TxnLineID": "A",
            "ItemRef": {"ListID": "8-1", "FullName": "Slab"},
            "Quantity": "2",
            "Rate": "10",
            "Amount": "20.00",
        },
        {"TxnLineID": "B", "Desc": "Only text"},
        {"TxnLineID": "C", "Amount": "5.00"},
    ],
    "InvoiceLineGroupRet": [{"TxnLineID": "G", "Quantity": "1"}],
    "#order": ["InvoiceLineRet", "InvoiceLineGroupRet", "InvoiceLineRet", "InvoiceLineRet"],
}


def form(name: str, verb: str = "Mod", product: str = "QBD", version: str = "13.0") -> Form:
    return form_of(ENTITIES[name], verb, product, version)


def sent(of: Form, record: dict[str, Any]) -> Texts:
    """The texts of a record as a browser sends them back."""
    return texts_of(of, record) | {f"#{lines.name}": "1" for lines in of.lines}


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rows]:
    file = CompanyFile.create(tmp_path_factory.mktemp("books") / "halder.practice", company_name="Halder")
    seed(file, 600)
    yield {name: list(file.rows(name)) for name in file.counts()}
    file.close()


def test_the_texts_of_any_record_sent_back_untouched_make_the_very_same_record(rows: Rows) -> None:
    for name, found in rows.items():
        for verb in ("Add", "Mod"):
            if ENTITIES[name].add if verb == "Add" else ENTITIES[name].mod:
                of = form(name, verb)
                for row in found:
                    back = record_of(of, sent(of, row), row)
                    assert back.record == row, (name, verb)
                    assert back.asked == []


def test_every_kind_that_takes_records_has_a_form_whose_inputs_are_named_once() -> None:
    for name, entity in ENTITIES.items():
        for verb in filter(None, ("Add" if entity.add else "", "Mod" if entity.mod else "")):
            of = form(name, verb)
            paths = [one.path for one in of.inputs()]
            assert len(paths) == len(set(paths)), (name, verb)
            assert paths or of.lines, (name, verb)
            for one in [*of.inputs(), *(each for lines in of.lines for each in lines.inputs)]:
                assert one.label, (name, one.path)
                if one.field.kind is Kind.REF:
                    assert one.kinds == refers_to(one.name, name)


def test_fields_that_the_product_or_its_version_lacks_are_not_asked() -> None:
    there = {one.path for one in form("Customer", "Add").inputs()}
    old = {one.path for one in form("Customer", "Add", "QBD", "3.0").inputs()}
    canada = {one.path for one in form("Customer", "Add", "QBCA").inputs()}
    assert {"JobTitle", "ItemSalesTaxRef"} <= there
    assert "JobTitle" not in old  # since 12.0
    assert "ItemSalesTaxRef" not in canada
    assert "Suffix" not in there
    assert "SalesTaxCountry" in canada - there


def test_required_and_rare_fields_have_their_places() -> None:
    of = form("Invoice", "Add")
    assert [one.path for one in of.inputs() if one.required] == ["CustomerRef"]
    assert [sheet.heading for sheet in of.sheets if sheet.folded] == ["More fields"]
    choice = next(
        part for sheet in form("ItemService", "Add").sheets for part in sheet.parts if isinstance(part, Branches)
    )
    assert [label for label, _ in choice.options] == ["Sold or bought", "Sold and bought"]
    assert "SalesOrPurchase/AccountRef" in {one.path for one in inputs_in(choice.options[0][1])}


@pytest.mark.parametrize(
    ("path", "typed", "kept"),
    [
        ("CreditLimit", "$1,234.5", "1234.50"),
        ("CreditLimit", "(12)", "-12.00"),
        ("CreditLimit", "1e5", "100000.00"),
        ("CreditLimit", "12.345", "12.345"),
        ("CreditLimit", "a lot", "a lot"),
        ("CreditLimit", "NaN", "NaN"),
        ("CreditLimit", "9" * 4000, "9" * 4000),
        ("Phone", " 555 0199 ", "555 0199"),
        ("Notes", "Two\r\nlines", "Two\nlines"),
    ],
)
def test_a_text_is_kept_as_quickbooks_takes_it(path: str, typed: str, kept: str) -> None:
    one = next(each for each in form("Customer").inputs() if each.path == path)
    assert read(one.field, typed) == kept


@pytest.mark.parametrize(
    ("typed", "kept"), [("8:30", "PT8H30M0S"), ("8.5", "PT8H30M0S"), ("8", "PT8H0M0S"), ("x", "x")]
)
def test_hours_are_typed_as_people_write_them(typed: str, kept: str) -> None:
    one = next(each for each in form("TimeTracking").inputs() if each.path == "Duration")
    assert read(one.field, typed) == kept
    assert shown(one.field, "PT8H30M") == "8:30"


def test_a_cleared_text_is_gone_and_with_it_the_group_that_it_leaves_empty() -> None:
    before = {"Name": "A", "Phone": "1", "BillAddress": {"City": "Barre"}}
    of = form("Customer")
    after = record_of(of, sent(of, before) | {"Phone": "", "BillAddress/City": ""}, before).record
    assert after == {"Name": "A"}


def test_an_amount_is_quantity_times_rate_and_alone_it_makes_the_rate() -> None:
    of = form("Invoice")
    texts = sent(of, INVOICE)
    line = "InvoiceLineRet[0]"
    quantity = record_of(of, texts | {f"{line}/Quantity": "46.5", f"{line}/Rate": "64.75"}, INVOICE).record
    assert quantity["InvoiceLineRet"][0]["Amount"] == "3010.88"
    amount = record_of(of, texts | {f"{line}/Amount": "25"}, INVOICE).record["InvoiceLineRet"][0]
    assert (amount["Amount"], amount["Rate"]) == ("25.00", "12.5")
    alone = record_of(of, texts | {"InvoiceLineRet[2]/Amount": "7"}, INVOICE).record["InvoiceLineRet"][2]
    assert alone == {"TxnLineID": "C", "Amount": "7.00"}


def test_a_line_taken_away_leaves_the_order_and_the_ids_of_the_others() -> None:
    of = form("Invoice")
    texts = sent(of, INVOICE)
    without_row(texts, "InvoiceLineRet[0]")
    after = record_of(of, renumbered(of, texts), INVOICE).record
    assert [line["TxnLineID"] for line in after["InvoiceLineRet"]] == ["B", "C"]
    assert after["#order"] == ["InvoiceLineGroupRet", "InvoiceLineRet", "InvoiceLineRet"]
    assert after["InvoiceLineGroupRet"] == INVOICE["InvoiceLineGroupRet"]


def test_lines_change_places_with_their_neighbour_and_not_beyond_the_end() -> None:
    of = form("Invoice")
    texts = sent(of, INVOICE)
    for row, by in (
        ("InvoiceLineRet[0]", 1),
        ("InvoiceLineRet[0]", -1),
        ("InvoiceLineRet[2]", 1),
        ("InvoiceLineRet[", 1),
    ):
        moved(texts, row, by)
    after = record_of(of, texts, INVOICE).record
    assert [line["TxnLineID"] for line in after["InvoiceLineRet"]] == ["B", "A", "C"]


def test_another_branch_takes_the_first_one_away() -> None:
    of = form("ItemService", "Add")
    before = {"Name": "A", "SalesOrPurchase": {"Desc": "x", "Price": "1"}}
    texts = sent(of, before) | {"?SalesOrPurchase": "1", "SalesAndPurchase/SalesPrice": "2"}
    assert record_of(of, texts, before).record == {"Name": "A", "SalesAndPurchase": {"SalesPrice": "2"}}


def test_a_reference_that_was_changed_is_asked_for_and_one_that_was_not_is_kept() -> None:
    of = form("Invoice")
    texts = sent(of, INVOICE)
    back = record_of(of, texts | {"CustomerRef": "Monroe", "InvoiceLineRet[0]/ItemRef": ""}, INVOICE)
    assert [(one.path, one.kinds, one.text) for one in back.asked] == [("CustomerRef", ("Customer",), "Monroe")]
    assert back.record["CustomerRef"] == {"FullName": "Monroe"}
    assert "ItemRef" not in back.record["InvoiceLineRet"][0]
    known = {back.asked[0].key: {"ListID": "80-2", "FullName": "Monroe"}}
    assert record_of(of, texts | {"CustomerRef": "Monroe"}, INVOICE, known).record["CustomerRef"]["ListID"] == "80-2"


def test_faults_are_at_the_row_where_they_were_typed() -> None:
    of = form("Invoice", "Add")
    texts: Texts = {"#InvoiceLineRet": "1", "CustomerRef": "X"}
    for at, quantity in enumerate(("", "1", "x")):
        texts |= {f"InvoiceLineRet[{at}]#from": "", f"InvoiceLineRet[{at}]/Quantity": quantity}
    found, _ = wrongs(of, record_of(of, texts, {}), {}, "QBD", "13.0")
    places = {one.place for one in found}
    assert places == {"InvoiceLineRet[1]/ItemRef", "InvoiceLineRet[2]/ItemRef", "InvoiceLineRet[2]/Quantity"}


def test_what_a_record_cannot_be_without_is_not_cleared() -> None:
    of = form("Customer")
    before = {"ListID": "1", "EditSequence": "2", "Name": "A"}
    found, _ = wrongs(of, record_of(of, sent(of, before) | {"Name": ""}, before), before, "QBD", "13.0")
    assert [one.place for one in found] == ["Name"]


def test_debits_and_credits_are_one_list_in_the_form_and_two_in_the_record() -> None:
    of = form("JournalEntry")
    entry = {
        "TxnID": "1",
        "EditSequence": "1",
        "JournalCreditLine": [{"TxnLineID": "C", "Amount": "5.00"}],
        "JournalDebitLine": [{"TxnLineID": "D", "Amount": "5.00"}],
        "#order": ["JournalCreditLine", "JournalDebitLine"],
    }
    texts = sent(of, copy.deepcopy(entry))
    assert (texts["JournalLine[0]/Credit"], texts["JournalLine[1]/Debit"]) == ("5.00", "5.00")
    after = record_of(of, texts | {"JournalLine[0]/Credit": "", "JournalLine[0]/Debit": "6"}, entry)
    assert [line["TxnLineID"] for line in after.record["JournalDebitLine"]] == ["C", "D"]
    found, _ = wrongs(of, after, entry, "QBD", "13.0")
    assert "Debits are 11.00, credits are 0.00; QuickBooks requires them to be the same." in {
        one.sentence for one in found
    }


def test_a_list_of_references_is_lines_of_one_field() -> None:
    of = form("ItemSalesTaxGroup")
    first = {"ListID": "1", "FullName": "County"}
    before: dict[str, Any] = {"ListID": "9", "EditSequence": "1", "Name": "Both", "ItemSalesTaxRef": [first]}
    texts = sent(of, before) | {"ItemSalesTaxRef[1]#from": "", "ItemSalesTaxRef[1]/ItemSalesTaxRef": "City"}
    back = record_of(of, texts, before)
    assert back.record["ItemSalesTaxRef"] == [first, {"FullName": "City"}]
    assert [one.path for one in back.asked] == ["ItemSalesTaxRef[1]/ItemSalesTaxRef"]
    without_row(texts, "ItemSalesTaxRef[0]")
    assert record_of(of, renumbered(of, texts), before).record["ItemSalesTaxRef"] == [{"FullName": "City"}]
