"""From a record as it is wanted to the values of an Add or a Mod: what fits, what differs, which lines are named."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from sync.practice.company import CompanyFile
from sync.practice.seed import seed
from sync.qbxml.build import Request, build
from sync.qbxml.entities import ENTITIES
from sync.qbxml.fields import Field, Kind, laid_open, message
from sync.qbxml.validate import faults
from sync.qbxml.writing import add_values, changes_anything, mod_values, removal, writable

Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rows]:
    """Records of every kind that a small business has."""
    file = CompanyFile.create(tmp_path_factory.mktemp("books") / "halder.practice", company_name="Halder")
    seed(file, 1_500)
    yield {name: list(file.rows(name)) for name in file.counts()}
    file.close()


def serious(name: str, values: dict[str, Any]) -> list[str]:
    return [fault.sentence for fault in faults(name, values, product="QBD") if not fault.warning]


def test_a_record_of_any_kind_makes_an_add_that_quickbooks_accepts(rows: Rows) -> None:
    wrong = []
    for name, found in rows.items():
        entity = ENTITIES[name]
        for row in found if entity.add else ():
            values = add_values(entity, row, "QBD")
            wrong += serious(f"{name}Add", values)
            build([Request(f"{name}AddRq", "1", values)])
    assert wrong == []


def test_a_record_that_is_wanted_as_it_is_changes_nothing(rows: Rows) -> None:
    for name, found in rows.items():
        if ENTITIES[name].mod:
            for row in found:
                assert not changes_anything(mod_values(ENTITIES[name], row, copy.deepcopy(row))), (name, row)


def test_a_text_that_differs_is_all_that_a_mod_says(rows: Rows) -> None:
    for name, found in rows.items():
        entity = ENTITIES[name]
        if not entity.mod:
            continue
        texts = {field.name for field in laid_open(message(f"{name}Mod").content) if field.kind is Kind.STR}
        row = found[0]
        for field in sorted(texts & writable(entity, "Mod") & row.keys() - {"EditSequence"}):
            wanted = copy.deepcopy(row) | {field: "X1"}
            values = mod_values(entity, row, wanted)
            expected = {entity.key: row[entity.key], "EditSequence": row["EditSequence"], field: "X1"}
            always = {one.name for one in message(f"{name}Mod").content if isinstance(one, Field) and one.required}
            assert {one: value for one, value in values.items() if one in expected} == expected, (name, field)
            assert values.keys() - expected.keys() <= always, (name, field)
            cleared = mod_values(entity, row, {key: value for key, value in row.items() if key != field})
            assert cleared[field] == ""


INVOICE = {
    "TxnID": "1-1",
    "EditSequence": "9",
    "Memo": "Kitchen",
    "BalanceRemaining": "10.00",
    "InvoiceLineRet": [
        {"TxnLineID": "A", "ItemRef": {"ListID": "8-1", "FullName": "Slab"}, "Quantity": "2", "Rate": "5.00"},
        {"TxnLineID": "B", "Desc": "Delivery", "Amount": "7.00"},
    ],
}


def test_a_line_that_changed_names_all_lines_and_says_only_what_differs() -> None:
    wanted = copy.deepcopy(INVOICE)
    wanted["InvoiceLineRet"][0]["Quantity"] = "3"  # type: ignore[index]
    values = mod_values(ENTITIES["Invoice"], INVOICE, wanted)
    assert values["InvoiceLineMod"] == [{"TxnLineID": "A", "Quantity": "3"}, {"TxnLineID": "B"}]
    assert "Memo" not in values


def test_a_new_line_has_the_id_minus_one_and_a_line_taken_out_is_not_named() -> None:
    wanted = copy.deepcopy(INVOICE)
    wanted["InvoiceLineRet"] = [wanted["InvoiceLineRet"][1], {"Desc": "Polish", "Amount": "3.00"}]  # type: ignore[index]
    values = mod_values(ENTITIES["Invoice"], INVOICE, wanted)
    assert values["InvoiceLineMod"] == [{"TxnLineID": "B"}, {"TxnLineID": "-1", "Desc": "Polish", "Amount": "3.00"}]


def test_a_reference_goes_by_its_id_and_can_be_cleared() -> None:
    known = {"ListID": "1", "EditSequence": "2", "TermsRef": {"ListID": "T", "FullName": "Net 30"}}
    other = known | {"TermsRef": {"ListID": "U", "FullName": "Net 15"}}
    customer = ENTITIES["Customer"]
    assert mod_values(customer, known, other)["TermsRef"] == {"ListID": "U"}
    without = {key: value for key, value in known.items() if key != "TermsRef"}
    assert mod_values(customer, known, without)["TermsRef"] == {"FullName": ""}


def test_an_address_goes_whole_and_names_what_was_taken_out() -> None:
    known = {"ListID": "1", "EditSequence": "2", "BillAddress": {"Addr1": "Quarry Rd", "City": "Napa"}}
    values = mod_values(ENTITIES["Customer"], known, known | {"BillAddress": {"Addr1": "Mill Lane"}})
    assert values["BillAddress"] == {"City": "", "Addr1": "Mill Lane"}


def test_the_last_expense_line_of_a_bill_is_cleared_in_words() -> None:
    known = {"TxnID": "1", "EditSequence": "2", "ExpenseLineRet": [{"TxnLineID": "A", "Amount": "1.00"}]}
    values = mod_values(ENTITIES["Bill"], known, {"TxnID": "1", "EditSequence": "2"})
    assert values["ClearExpenseLines"] == "true"


def test_debits_and_credits_become_the_one_kind_of_line_of_a_mod_in_their_order() -> None:
    known = {
        "TxnID": "1",
        "EditSequence": "2",
        "JournalDebitLine": [{"TxnLineID": "A", "Amount": "1.00"}],
        "JournalCreditLine": [{"TxnLineID": "B", "Amount": "1.00"}],
        "#order": ["JournalCreditLine", "JournalDebitLine"],
    }
    wanted = copy.deepcopy(known)
    wanted["JournalDebitLine"][0]["Memo"] = "Rent"  # type: ignore[index]
    values = mod_values(ENTITIES["JournalEntry"], known, wanted)
    assert values["JournalLineMod"] == [{"TxnLineID": "B"}, {"TxnLineID": "A", "Memo": "Rent"}]


def test_a_removal_names_the_kind_before_the_id() -> None:
    assert removal(ENTITIES["Invoice"], "1-1", void=True) == ("TxnVoidRq", {"TxnVoidType": "Invoice", "TxnID": "1-1"})
    assert removal(ENTITIES["Customer"], "8-1") == ("ListDelRq", {"ListDelType": "Customer", "ListID": "8-1"})
