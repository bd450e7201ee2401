"""What is written reads back as it was, whatever the text; limits hold to the character."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.qbxml.build import NotBuildable, Request, build
from sync.qbxml.parse import Row, stream
from sync.qbxml.validate import faults

LEGAL = st.characters(
    exclude_categories=["Cs"], exclude_characters=[*map(chr, {*range(32)} - {9, 10, 13}), "\ufffe", "\uffff"]
)
TEXT = st.text(LEGAL, min_size=1)
ILLEGAL = st.sampled_from(["\x00", "\x0b", "\x1f", "\ud800", "\udfff", "\ufffe", "\uffff"])


def written(name: str, values: dict[str, Any], **attributes: str) -> bytes:
    return build([Request(name, "1", values, attributes)])


def read(data: bytes) -> dict[str, Any]:
    return next(part for part in stream(data) if isinstance(part, Row)).fields


@given(
    st.fixed_dictionaries(
        {"Name": TEXT}, optional={"Phone": TEXT, "Notes": TEXT, "BillAddress": st.fixed_dictionaries({"City": TEXT})}
    )
)
@settings(max_examples=300, deadline=None)
def test_any_text_comes_back_as_it_was_written(values: dict[str, Any]) -> None:
    document = written("CustomerAddRq", values)
    assert document.isascii()
    assert read(document) == values


@given(TEXT, st.lists(TEXT, min_size=1, max_size=4))
@settings(max_examples=100, deadline=None)
def test_text_in_attributes_and_lists_comes_back(macro: str, notes: list[str]) -> None:
    values = {"InvoiceLineAdd": [{"Desc": note} for note in notes]}
    document = written("InvoiceAddRq", values, defMacro=macro)
    assert document.isascii()
    assert read(document) == {"@defMacro": macro, **values}


@given(st.text(LEGAL), ILLEGAL, st.text(LEGAL))
@settings(max_examples=50, deadline=None)
def test_a_character_that_xml_cannot_hold_is_refused_with_its_field(before: str, wrong: str, after: str) -> None:
    values = {"Name": "A", "BillAddress": {"City": before + wrong + after}}
    with pytest.raises(NotBuildable) as refused:
        written("CustomerAddRq", values)
    assert refused.value.field == "CustomerAdd/BillAddress/City"
    assert "characters" in {fault.rule for fault in faults("CustomerAdd", values) if fault.field == "BillAddress/City"}


@given(st.integers(1, 60), LEGAL)
@settings(max_examples=100, deadline=None)
def test_a_length_is_counted_in_characters_to_the_very_limit(length: int, character: str) -> None:
    found = [fault.rule for fault in faults("CustomerAdd", {"Name": "n", "CompanyName": character * length})]
    assert ("max_length" in found) == (length > 41)


@given(st.permutations(["InvoiceLineAdd"] * 3 + ["InvoiceLineGroupAdd"] * 2))
@settings(max_examples=30, deadline=None)
def test_mixed_lines_are_written_in_the_order_asked_for(order: list[str]) -> None:
    values = {
        "InvoiceLineGroupAdd": [{"ItemGroupRef": {"FullName": "g"}}] * 2,
        "InvoiceLineAdd": [{"Desc": "a"}] * 3,
        "#order": order,
    }
    document = written("InvoiceAddRq", values)
    names = [name for name in document.decode().replace("</", "<").split("<") if name in order_tags(order)]
    assert [name[:-1] for name in names[::2]] == order


def order_tags(order: list[str]) -> set[str]:
    return {f"{name}>" for name in order}


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**10), max_value=10**10))
@settings(max_examples=100, deadline=None)
def test_a_decimal_is_written_without_exponent_and_exactly(amount: Decimal) -> None:
    values = {"CustomerRef": {"FullName": "A"}, "TotalAmount": amount, "IsAutoApply": True}
    assert not faults("ReceivePaymentAdd", values)
    assert Decimal(read(written("ReceivePaymentAddRq", values))["TotalAmount"]) == amount


@given(st.sets(st.sampled_from(["ListID", "FullName", "MaxReturned", "ActiveStatus", "FromModifiedDate"]), min_size=1))
@settings(max_examples=40, deadline=None)
def test_branches_of_a_choice_exclude_one_another(names: set[str]) -> None:
    texts = {
        "ListID": ["1"],
        "FullName": ["A"],
        "MaxReturned": 5,
        "ActiveStatus": "All",
        "FromModifiedDate": "2025-01-01",
    }
    values = {name: texts[name] for name in names}
    branches = ("ListID" in names) + ("FullName" in names) + bool(names - {"ListID", "FullName"})
    found = [fault.rule for fault in faults("CustomerQueryRq", values)]
    assert found == (["choice"] if branches > 1 else [])
    if branches > 1:
        with pytest.raises(NotBuildable):
            written("CustomerQueryRq", values)
    else:
        assert written("CustomerQueryRq", values)
