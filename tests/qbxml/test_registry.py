"""The registry against the field table: every path exists, every kind is asked as its query allows."""

import csv
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from sync.qbxml import fields, make_fields
from sync.qbxml.build import Request, build
from sync.qbxml.entities import ENTITIES, NAMES, Entity, query_values, refers_to
from sync.qbxml.summary import Summary, summary
from sync.qbxml.validate import faults
from tests.qbxml.examples import SHARED

LEFT_OUT = {
    "Host", "Company", "CompanyActivity", "Preferences", "Item", "Entity", "Terms", "Transaction", "ListDeleted",
    "TxnDeleted", "DataEventRecoveryInfo", "ReceivePaymentToDeposit", "BillToPay", "SalesTaxPayable", "BarCode",
    "ItemAssembliesCanBuild", "SalesTaxReturnLine", "Form1099CategoryAccountMapping", "PayrollLastPeriod",
    "AccountTaxLineInfo", "DataExtDef",
}  # fmt: skip
every_entity = pytest.mark.parametrize("entity", ENTITIES.values(), ids=list(ENTITIES))


def test_every_query_is_of_a_kind_that_is_here_or_left_out_for_a_reason() -> None:
    asked = {name.removesuffix("QueryRq") for name in fields.operations() if name.endswith("QueryRq")}
    reports = {name for name in asked if name.endswith("Report")}
    assert asked - reports - LEFT_OUT == set(ENTITIES)


@every_entity
def test_every_path_of_a_kind_is_one_of_its_record(entity: Entity) -> None:
    record = fields.message(entity.ret)
    sums = [path for sum_of in entity.amount for path in sum_of.split("+")]
    headed = [path for _, path in entity.columns]
    paths = [*entity.title, *entity.number, *entity.party, *entity.date, *entity.natural_key, *sums, *headed]
    assert [path for path in [entity.key, *paths] if record.find(path) is None] == []
    if entity.feature:
        assert fields.message("PreferencesRet").find(entity.feature.path)


@every_entity
@pytest.mark.parametrize("product", ["QBD", "QBCA"])
@pytest.mark.parametrize("spoken", ["13.0", "8.0"])
def test_every_query_is_valid_and_has_nothing_the_client_lacks(
    entity: Entity, product: str, spoken: str, schema: Any
) -> None:
    if not entity.available(product, spoken):
        return
    moment = "2025-11-21T14:20:00-05:00"
    for keys_only, count_only in ((False, False), (True, False), (False, True)):
        values = query_values(
            entity,
            from_modified=moment,
            max_returned=100 if entity.iterates else None,
            keys_only=keys_only,
            count_only=count_only,
            product=product,
            version=spoken,
        )
        assert faults(entity.query, values, product=product, version=spoken) == []
        document = build([Request(entity.query, "1", values, {"iterator": "Start"} if entity.iterates else {})])
        assert schema.validate(etree.fromstring(document)), schema.error_log
        assert (moment in document.decode()) == entity.filters_modified
        assert keys_only or ("<ActiveStatus>All" in document.decode()) == (entity.filter("ActiveStatus") is not None)


def test_a_whole_query_asks_for_lines_links_and_custom_fields() -> None:
    values = query_values(ENTITIES["Invoice"], from_modified=None, max_returned=100)
    expected = {"MaxReturned": 100, "IncludeLineItems": True, "IncludeLinkedTxns": True, "OwnerID": ["0"]}
    assert values == expected
    assert query_values(ENTITIES["BuildAssembly"], from_modified=None, max_returned=None)["IncludeComponentLineItems"]


@every_entity
def test_what_a_kind_refers_to_is_a_kind(entity: Entity) -> None:
    for ending in ("Add", "Mod"):
        if fields.is_message(entity.name + ending):
            references = [field for field in fields.message(entity.name + ending).fields if field.kind == "ref"]
            for field in references:
                assert set(refers_to(field.name, entity.name)) <= set(ENTITIES), field.name
                assert refers_to(field.name, entity.name) or field.name == "SalesTaxReturnLineRef"


def test_references_name_the_kinds_a_bookkeeper_would() -> None:
    assert refers_to("PayeeEntityRef", "Check") == NAMES
    assert refers_to("ParentRef", "Class") == ("Class",)
    assert refers_to("COGSAccountRef", "ItemInventory") == ("Account",)
    assert refers_to("ItemInventoryAssemblyRef", "BuildAssembly") == ("ItemInventoryAssembly",)
    assert refers_to("TermsRef", "Customer") == ("StandardTerms", "DateDrivenTerms")


def test_kinds_stand_in_the_order_in_which_they_depend_on_one_another() -> None:
    order = [
        "Account",
        "Class",
        "Vendor",
        "ItemSalesTax",
        "Customer",
        "ItemService",
        "Estimate",
        "Invoice",
        "ReceivePayment",
    ]
    positions = [ENTITIES[name].position for name in order]
    assert positions == sorted(positions)
    assert [entity.position for entity in ENTITIES.values()] == list(range(len(ENTITIES)))


def test_a_feature_is_off_only_when_the_preferences_say_so() -> None:
    classes = ENTITIES["Class"]
    assert (
        classes.off({"AccountingPreferences": {"IsUsingClassTracking": "false"}})
        == "Class tracking is off in QuickBooks."
    )
    assert classes.off({"AccountingPreferences": {"IsUsingClassTracking": "true"}}) == ""
    assert classes.off({}) == ""


def test_deletions_are_reported_for_all_but_a_few() -> None:
    silent = {name for name, entity in ENTITIES.items() if entity.deletions is None}
    assert silent == {"SalesTaxReturn", "Template", "Lead", "ItemSites", "Transfer"}
    assert ENTITIES["Invoice"].deletions == "TxnDeleted"
    assert ENTITIES["Customer"].deletions == "ListDeleted"


def test_a_summary_takes_the_hot_columns_out_of_a_record() -> None:
    invoice = {
        "TxnID": "1-2", "EditSequence": "9", "CustomerRef": {"ListID": "8-1", "FullName": "Acme:Barn"},
        "TxnDate": "2025-11-21",
        "RefNumber": "17", "Subtotal": "10.10", "SalesTaxTotal": "0.90", "TimeModified": "2025-11-21T14:20:00-05:00",
    }  # fmt: skip
    assert summary("Invoice", invoice) == Summary(
        "1-2", "9", None, "17", "Acme:Barn", "11.00", "2025-11-21", "2025-11-21T14:20:00-05:00", None, None
    )
    customer = {"ListID": "8-1", "Name": "Barn", "FullName": "Acme:Barn", "IsActive": "false", "Balance": "5.00"}
    found = summary("Customer", customer)
    assert (found.qb_id, found.name, found.amount, found.active) == ("8-1", "Acme:Barn", "5.00", False)
    journal = {"TxnID": "3", "JournalDebitLine": [{"Amount": "1.10"}, {"Amount": "2.20"}]}
    assert summary("JournalEntry", journal).amount == "3.30"


@pytest.mark.parametrize("odd", [{}, {"ListID": ["1", "2"]}, {"ListID": {"#text": "1"}}, {"Name": "A", "FullName": []}])
def test_a_summary_survives_records_that_deviate(odd: dict[str, Any]) -> None:
    assert summary("Customer", odd).edit_sequence is None
    assert summary("NewKind", odd).amount is None


def test_the_field_table_says_what_the_facts_say() -> None:
    path = SHARED / "qbxml" / "fields-130.csv"
    if not path.exists():
        pytest.skip("the table of facts is not on this machine")
    with path.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if fields.is_message(row["message"])]
    assert len(rows) > 12_000
    for row in rows:
        field = fields.message(row["message"]).find(row["path"])
        if field is None:
            assert "ValueAdjustment" in row["path"]  # a choice that the schema allows zero times
            continue
        most = "n" if field.max is None else str(field.max)
        assert (str(field.min), most, set(field.enum)) == (row["min"], row["max"], set(row["enum_values"].split()))
        assert not row["max_length"] or str(field.max_length) == row["max_length"]


def test_the_field_table_is_what_the_script_makes_of_the_facts() -> None:
    if not (SHARED / "qbxml").exists():
        pytest.skip("the facts are not on this machine")
    made = Path(make_fields.__file__).with_name("fields-130.txt").read_text(encoding="ascii")
    assert make_fields.compact(SHARED / "qbxml") == made
