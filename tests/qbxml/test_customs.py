"""Custom fields: which a kind has, what is wrong with a value, and the requests that write them."""

from typing import Any

import pytest
from lxml import etree

from sync.protocol.changes import Change, customs_answered, looked_up
from sync.protocol.differences import Difference, differences, merge
from sync.protocol.writes import Task, Unsendable, requests_for
from sync.qbxml import custom_places, customs
from sync.qbxml.arriving import strays
from sync.qbxml.build import build
from sync.qbxml.customs import Custom
from sync.qbxml.entities import ENTITIES
from sync.qbxml.fields import is_message, message
from sync.qbxml.validate import faults
from sync.qbxml.writing import add_values

KINDS = [one for one in ENTITIES.values() if customs.object_of(one)]
DEFINED = customs.definitions(
    [
        {"OwnerID": "0", "DataExtName": "Territory", "DataExtType": "STR255TYPE", "AssignToObject": ["Customer"]},
        {"OwnerID": "0", "DataExtName": "Bundle", "AssignToObject": ["Item", "Vendor"]},
        {"OwnerID": "{8C9F}", "DataExtName": "Theirs", "AssignToObject": ["Customer"]},
        {"OwnerID": "0", "DataExtName": "Anywhere"},
    ]
)


def record(**values: str) -> dict[str, Any]:
    return customs.with_values({"Name": "A"}, {name.replace("_", " "): value for name, value in values.items()})


def test_every_kind_that_shows_custom_fields_can_be_written_as_the_schema_has_it(schema: Any) -> None:
    shows = {one.name for one in ENTITIES.values() if is_message(one.ret) and message(one.ret).find("DataExtRet")}
    assert {one.name for one in KINDS} == shows
    numbered = [("", "A"), ("", "B"), ("", "C")]
    requests = [
        each
        for number, one in enumerate(KINDS)
        for each in custom_places.requests(
            one,
            "1A-2",
            record(A="1", B="2"),
            record(A="<&>", C="3"),
            numbered,
            f"7-3-{number}",
        )
    ]
    assert [(one.name, one.request_id) for one in requests[:3]] == [
        *(("DataExtModRq", "7-3-0.0"), ("DataExtDelRq", "7-3-0.1"), ("DataExtModRq", "7-3-0.2")),
    ]
    schema.assertValid(etree.fromstring(build(requests)))
    assert not [wrong for one in requests for wrong in faults(one.name.removesuffix("Rq"), one.values)]


def test_a_kind_has_what_is_assigned_to_it_and_sales_what_customers_have() -> None:
    def names(kind: str) -> list[str]:
        return [one.name for one in customs.of_kind(ENTITIES[kind], DEFINED)]

    assert [one["name"] for one in DEFINED] == ["Anywhere", "Bundle", "Territory"]
    assert (names("Customer"), names("Invoice"), names("ItemGroup")) == (["Territory"], ["Territory"], ["Bundle"])
    assert (names("Vendor"), names("Bill"), names("Class")) == (["Bundle"], [], [])
    assert customs.of_kind(ENTITIES["Customer"], None) == ()


@pytest.mark.parametrize(
    ("kind", "value", "rule"),
    [
        ("STR255TYPE", "x" * 255, ""),
        ("STR255TYPE", "x" * 256, "max_length"),
        ("STR1024TYPE", "x" * 1024, ""),
        ("INTTYPE", "12", ""),
        ("INTTYPE", "1.5", "format"),
        ("AMTTYPE", "12.50", ""),
        ("AMTTYPE", "much", "format"),
        ("DATETIMETYPE", "2026-11-26T01:20:00", ""),
        ("DATETIMETYPE", "today", "format"),
        ("PERCENTTYPE", "8.25", ""),
        ("QUANTYPE", "2.5", ""),
        ("PRICETYPE", "x", "format"),
    ],
)
def test_a_value_has_the_form_of_its_type(kind: str, value: str, rule: str) -> None:
    found = customs.faults(ENTITIES["Customer"], (Custom("Yard contact", kind),), {}, record(Yard_contact=value))
    assert [one.rule for one in found] == [rule] * bool(rule)
    assert all(one.sentence.startswith("Yard contact ") for one in found)
    assert all(one.field == "DataExtRet[Yard contact]" for one in found)


def test_each_custom_field_is_a_field_of_its_own_to_differ_in_and_to_merge() -> None:
    base, there, ours = record(A="1", B="1", C="1"), record(A="2", B="1"), record(A="1", B="2", C="1", D="[x]")
    assert differences(base, ours) == [
        Difference(("DataExtRet[B]",), "1", "2"),
        Difference(("DataExtRet[D]",), None, "[x]"),
    ]
    merged = merge(base, there, ours)
    assert not merged.contradictions
    assert customs.values_of(merged.record) == {"A": "2", "B": "2", "D": "[x]"}
    assert [row["DataExtName"] for row in merged.record["DataExtRet"]] == ["A", "B", "D"]
    (one,) = merge(base, record(A="2"), record(A="3", B="1", C="1")).contradictions
    assert (one.path, one.base, one.quickbooks, one.ours) == (("DataExtRet[A]",), "1", "2", "3")


def test_what_is_left_is_what_we_changed_on_what_quickbooks_has() -> None:
    before, wanted = {"Phone": "1"} | record(A="1", B="1"), {"Phone": "2"} | record(A="2", B="1")
    now = {"Phone": "(2)"} | record(A="1", B="9")  # QuickBooks writes numbers its own way, somebody typed into B
    left = custom_places.left(before, now, wanted)
    assert left is not None
    assert left.before == now
    assert left.after == {"Phone": "(2)"} | record(A="2", B="9")
    assert custom_places.left(before, {"Phone": "(2)"} | record(A="2", B="9"), wanted) is None


def test_the_answer_to_a_mod_shows_no_custom_fields_and_loses_none() -> None:
    line = {"TxnLineID": "1", "Desc": "a"}
    known = record(A="1") | {"InvoiceLineRet": [line | {"DataExtRet": ["x"]}, {"TxnLineID": "2"}]}
    answered = {"Name": "B", "InvoiceLineRet": [line | {"Desc": "b"}, {"TxnLineID": "3"}]}
    assert customs.carried(known, answered) == {
        "Name": "B",
        "DataExtRet": known["DataExtRet"],
        "InvoiceLineRet": [{"TxnLineID": "1", "Desc": "b", "DataExtRet": ["x"]}, {"TxnLineID": "3"}],
    }


def test_a_change_sends_the_record_first_then_looks_then_sends_the_custom_fields() -> None:
    known = {"ListID": "8-1", "EditSequence": "1", "Phone": "1"} | record(A="1")

    def names(wanted: dict[str, Any], *, checked: bool = False, qb_id: str = "8-1") -> list[str]:
        task = Task(
            id=1, entity="Customer", action="update", qb_id=qb_id, known=known, wanted=wanted, before=known,
            checked=checked,
        )  # fmt: skip
        return [one.name for one in requests_for(task, "7-1-1", "QBD", "13.0")]

    wanted = known | record(A="2", B="1") | {"Phone": "2"}
    assert names(wanted) == ["CustomerModRq"]
    only = wanted | {"Phone": "1"}
    assert names(only) == ["CustomerQueryRq"]
    assert names(only, checked=True) == ["DataExtModRq", "DataExtModRq"]
    with pytest.raises(Unsendable) as found:
        names(dict(known))
    assert not found.value.faults


def test_the_answers_to_custom_fields_decide_together() -> None:
    def state(*codes: int, tries: int = 0) -> tuple[Change, str]:
        found = customs_answered([(f"F{at}", code, "why") for at, code in enumerate(codes)], {}, tries=tries)
        return found.state, found.message

    assert state(0, 0)[0] is Change.APPLIED
    assert state(0, 3120) == (Change.REFUSED, "F1: why")
    assert state(0, 3175) == (Change.APPROVED, "F1: why")  # in use: those that are missing are sent again
    assert state(3175, 3120)[0] is Change.REFUSED
    assert state(3175, tries=2)[0] is Change.REFUSED
    assert state(0, 530) == (Change.REFUSED, "F1: why")  # a warning that shows nothing took nothing
    assert state(0, -1)[0] is Change.SENT  # looked up before anything else happens
    before, wanted = record(A="1"), record(A="2")
    assert looked_up("update", before, wanted, [record(A="2")]).state is Change.APPLIED
    missing = looked_up("update", before, wanted, [record(A="1")])
    assert (missing.state, missing.own, missing.counts) == (Change.APPROVED, False, True)
    both = looked_up("update", before | {"Phone": "1"}, wanted | {"Phone": "2"}, [before | {"Phone": "2"}])
    assert (both.state, both.own) == (Change.APPLIED, True)  # the record itself: its custom fields are left


def test_custom_fields_of_lines_go_with_a_new_transaction_and_to_lines_that_are_there() -> None:
    invoice = ENTITIES["Invoice"]
    custom = {"OwnerID": "0", "DataExtName": "Bundle", "DataExtType": "STR255TYPE", "DataExtValue": "7"}
    line = {"TxnLineID": "1", "ItemRef": {"ListID": "8-1"}, "Quantity": "1", "DataExtRet": [custom]}
    (made,) = add_values(invoice, {"InvoiceLineRet": [line]})["InvoiceLineAdd"]
    assert made["DataExt"] == [{name: value for name, value in custom.items() if name != "DataExtType"}]
    known = {"TxnID": "1", "InvoiceLineRet": [line]}
    changed = {"InvoiceLineRet": [line | {"DataExtRet": [custom | {"DataExtValue": "8"}]}]}
    assert not strays(invoice, changed, "Mod", known)
    (wrong,) = strays(invoice, {"InvoiceLineRet": [line | {"TxnLineID": "-1"}]}, "Mod", known)
    assert (wrong.field, wrong.rule) == ("InvoiceLineRet[0]/DataExtRet", "read_only")
    bundle = customs.of_lines(invoice, DEFINED)
    assert [one.name for one in bundle] == ["Bundle"]
    long = {"InvoiceLineRet": [line | {"DataExtRet": [custom | {"DataExtValue": "x" * 256}]}]}
    (wrong,) = customs.lines_given(invoice, long, known, bundle)[1]
    assert (wrong.field, wrong.rule) == ("InvoiceLineRet[0]/DataExtRet[Bundle]", "max_length")
    left = custom_places.left(known, known | {"Memo": "x"}, changed)
    assert left is not None
    assert left.after == known | {"Memo": "x"} | changed
    (one,) = custom_places.requests(invoice, "1", left.before, left.after, custom_places.places(known, changed), "7")
    assert (one.name, one.values["TxnLineID"], one.values["DataExtValue"]) == ("DataExtModRq", "1", "8")
    gone = {"TxnID": "1", "InvoiceLineRet": [{"TxnLineID": "2"}]}
    assert custom_places.left(known, gone, gone) is None  # a line that was taken away has nothing left
