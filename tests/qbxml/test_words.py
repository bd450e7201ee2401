"""What is said to people: faults, labels, statuses; and what follows from a status."""

import csv
from typing import Any

import pytest

from sync.qbxml import statuses
from sync.qbxml.build import NotBuildable, Request, build, lower_version, version_for
from sync.qbxml.fields import repeats
from sync.qbxml.labels import label
from sync.qbxml.validate import faults
from tests.qbxml.examples import SHARED

ITEM = {"ItemRef": {"FullName": "Nail"}}


@pytest.mark.parametrize(
    ("message", "values", "sentence"),
    [
        ("InvoiceAdd", {"RefNumber": "INV-2025-1187"}, "Invoice number can have 11 characters; INV-2025-1187 has 13."),
        ("CustomerAdd", {"Name": "x" * 60}, "Customer name can have 41 characters; this text has 60."),
        ("InvoiceAdd", {}, "Customer is missing; QuickBooks requires it."),
        (
            "InvoiceAdd",
            {"BillAddress": {"City": "x" * 32}},
            f"Billing address, city can have 31 characters; {'x' * 32} has 32.",
        ),
        ("InvoiceAdd", {"TxnDate": "21.11.2025"}, "Date is a date written like 2025-11-21; 21.11.2025 is not."),
        ("InvoiceAdd", {"TxnDate": "2025-02-30"}, "Date is a date written like 2025-11-21; 2025-02-30 is not."),
        (
            "InvoiceAdd",
            {"InvoiceLineAdd": [{}, {**ITEM, "Amount": "12,50"}]},
            "Line 2, amount is an amount written like 1234.50, with two decimals or none; 12,50 is not.",
        ),
        ("InvoiceAdd", {"ExchangeRate": 1.5}, "Exchange rate is a binary fraction, which is never exact."),
        ("InvoiceAdd", {"InvoiceLineAdd": [{"Amount": "1.00"}]}, "Line 1, item is missing; QuickBooks requires it."),
        (
            "CustomerAdd",
            {"Name": "Acme:Barn"},
            "Customer name cannot have a colon; QuickBooks sets parent and child apart with it.",
        ),
        ("CheckAdd", {"AccountRef": {"FullName": "Bank"}}, "A check needs at least one line."),
        ("ItemSalesTaxAdd", {"Name": "Tax", "TaxRate": "8.25"}, "Tax vendor is missing; QuickBooks requires it."),
        (
            "JournalEntryAdd",
            {
                "JournalDebitLine": [{"AccountRef": {"FullName": "A"}, "Amount": "10.00"}],
                "JournalCreditLine": [{"AccountRef": {"FullName": "B"}, "Amount": "9.50"}],
            },
            "Debits are 10.00, credits are 9.50; QuickBooks requires them to be the same.",
        ),
        (
            "EmployeeAdd",
            {"Phone": "1"},
            "First name or last name is missing; QuickBooks makes the employee's name of them.",
        ),
        ("ItemServiceAdd", {"Name": "Hour"}, "Sales or purchase, account is missing; QuickBooks requires it."),
        (
            "CustomerAdd",
            {"Name": "A", "JobStatus": "Open"},
            "Job status is Awarded, Closed, InProgress, None, NotAwarded or Pending; Open is not.",
        ),
        ("CustomerQueryRq", {"MaxReturned": 0}, "Max returned is a whole number, at least 1; 0 is not."),
    ],
)
def test_a_fault_is_told_in_plain_words(message: str, values: dict[str, Any], sentence: str) -> None:
    assert sentence in [fault.sentence for fault in faults(message, values)]


def test_all_faults_are_told_not_only_the_first() -> None:
    values = {
        "Phone": "1" * 22,
        "JobStatus": "x",
        "BillAddress": {"City": "c" * 32, "Planet": "Mars"},
        "CreditLimit": "1.2.3",
    }
    found = {(fault.rule, fault.field) for fault in faults("CustomerAdd", values)}
    assert found == {
        ("required", "Name"),
        ("max_length", "Phone"),
        ("enum", "JobStatus"),
        ("max_length", "BillAddress/City"),
        ("unknown", "BillAddress/Planet"),
        ("format", "CreditLimit"),
    }


def test_a_character_outside_windows_1252_is_a_warning() -> None:
    (fault,) = faults("CustomerAdd", {"Name": "Zoë’s 漢字 – Œuvre"})
    assert (fault.warning, fault.rule) == (True, "characters")
    assert fault.sentence.endswith("漢字")


def test_an_empty_text_clears_a_field_in_a_mod_and_is_no_fault() -> None:
    assert faults("CustomerMod", {"ListID": "8-1", "EditSequence": "1", "Phone": "", "CreditLimit": ""}) == []
    assert b"<Phone></Phone>" in build(
        [Request("CustomerModRq", "1", {"ListID": "8-1", "EditSequence": "1", "Phone": ""})]
    )
    assert {fault.field for fault in faults("CustomerMod", {"ListID": "", "EditSequence": " "})} == {
        "ListID",
        "EditSequence",
    }


def test_a_line_that_is_only_text_needs_no_item() -> None:
    assert faults("InvoiceAdd", {"CustomerRef": {"FullName": "A"}, "InvoiceLineAdd": [{"Desc": "Thank you"}]}) == []


def test_labels_read_like_a_form() -> None:
    assert label("Invoice", "RefNumber") == "Invoice number"
    assert label("Invoice", "InvoiceLineAdd[1]/Desc") == "Line 2, description"
    assert label("Invoice", "InvoiceLineGroupAdd[0]/ItemGroupRef/FullName") == "Line group 1, item group"
    assert label("Bill", "ExpenseLineAdd[0]/CustomerRef/ListID") == "Expense line 1, customer ID"
    assert label("Account", "AccountType") == "Account type"
    assert label("ItemInventory", "COGSAccountRef/FullName") == "Cost of goods sold account"


def test_preferences_are_asked_for_without_anything_between_the_tags() -> None:
    assert b'<PreferencesQueryRq requestID="p"/>' in build([Request("PreferencesQueryRq", "p", {})])


def test_a_document_begins_with_its_declaration_and_its_version() -> None:
    document = build([], version="8.0", on_error="stopOnError", new_message_set_id="new", old_message_set_id="old")
    assert document.startswith(b'<?xml version="1.0" encoding="utf-8"?>\n<?qbxml version="8.0"?>\n<QBXML>')
    assert b'<QBXMLMsgsRq newMessageSetID="new" oldMessageSetID="old" onError="stopOnError">' in document


@pytest.mark.parametrize(
    ("request_made", "named"),
    [
        (Request("NoSuchRq", "1", {}), "NoSuchRq"),
        (Request("CustomerQueryRq", "x" * 51, {}), "requestID"),
        (Request("CustomerQueryRq", "1", {}, {"nope": "1"}), "@nope"),
        (Request("AccountQueryRq", "1", {}, {"iterator": "Start"}), "@iterator"),
        (Request("InvoiceAddRq", "1", {"CustomerRef": "Acme"}), "InvoiceAdd/CustomerRef"),
        (Request("InvoiceAddRq", "1", {"InvoiceLineAdd": [{}, {"Nope": "1"}]}), "InvoiceAdd/InvoiceLineAdd[1]/Nope"),
        (Request("InvoiceAddRq", "1", {"ExchangeRate": 1.5}), "InvoiceAdd/ExchangeRate"),
    ],
)
def test_what_makes_no_document_is_refused_by_name(request_made: Request, named: str) -> None:
    with pytest.raises(NotBuildable) as refused:
        build([request_made])
    assert refused.value.field == named


def test_a_long_message_set_id_is_refused() -> None:
    with pytest.raises(NotBuildable, match="newMessageSetID has 25"):
        build([], new_message_set_id="x" * 25)


def test_markup_in_values_stays_text() -> None:
    hostile = '</Name><IsActive>false</IsActive><!-- ]]> &amp; "'
    document = build([Request("CustomerAddRq", 'a"b<c', {"Name": hostile})])
    assert document.count(b"<IsActive>") == 0
    assert b'requestID="a&quot;b&lt;c"' in document


def test_the_version_spoken_is_the_lower_of_ours_and_theirs() -> None:
    assert [version_for(pair) for pair in ((16, 0), (13, 0), (11, 0), (6, 1), (0, 0))] == [
        "13.0",
        "13.0",
        "11.0",
        "6.1",
        "13.0",
    ]
    assert version_for(["1.0", "7.0", "8.0", "CA3.0"]) == "8.0"
    assert version_for(["12.0", "16.0", "13.0"]) == "13.0"
    assert version_for([]) == "13.0"
    assert (lower_version("13.0"), lower_version("6.1"), lower_version("5.0")) == ("12.0", "6.0", None)


def test_the_field_table_tells_what_repeats() -> None:
    assert repeats("InvoiceRet", "InvoiceLineRet")
    assert repeats("InvoiceRet", "InvoiceLineGroupRet", "InvoiceLineRet")
    assert not repeats("InvoiceRet", "CustomerRef")


@pytest.mark.parametrize("file", ["status-codes.csv", "hresults.csv"])
def test_every_code_that_is_known_is_explained(file: str) -> None:
    path = SHARED / "reference" / file
    if not path.exists():
        pytest.skip("the reference is not on this machine")
    with path.open(newline="") as opened:
        for row in csv.DictReader(opened):
            found = statuses.meanings()[row["code"]]
            assert found.meaning.endswith(".")
            assert found.action.endswith((".", "")), row["code"]
            assert found.severity == row.get("severity", found.severity)


def test_codes_are_found_however_they_are_written() -> None:
    assert statuses.status(3200).meaning == "The record was changed in QuickBooks after we read it."
    assert statuses.status(9150).code == "9100-9199"
    assert statuses.status(7777).severity == "Error"
    assert statuses.status(-1).meaning == "QuickBooks answered without a status that can be read."
    assert statuses.hresult("0X8004040a") == statuses.hresult("0x8004040A") == statuses.hresult("8004040A")
    assert statuses.hresult("0x80040000") is None
    found = statuses.qbwc("qbwc1039")
    assert found
    assert found.kind == "qbwc"


@pytest.mark.parametrize(
    ("code", "next_step"),
    [
        (0, "done"), (1, "empty"), (500, "warning"), (530, "warning"), (3250, "feature_off"), (1030, "feature_off"),
        (3175, "retry"), (3176, "retry"), (3180, "retry"), (3200, "stale"), (3391, "iterator_dead"), (3100, "refused"),
        (3140, "refused"), (9001, "refused"), (-1, "refused"),
    ],
)  # fmt: skip
def test_what_follows_depends_on_the_code(code: int, next_step: str) -> None:
    assert statuses.outcome(code) == next_step
    assert statuses.failed(code) == (code >= 1000 or code < 0)


def test_a_refusal_with_the_severity_info_is_still_a_refusal() -> None:
    assert statuses.failed(3210, "Info")
