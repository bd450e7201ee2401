"""What differs between two states of a record, and how the changes of two sides become one record."""

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sync.protocol.differences import differences, leaves, merge

BASE: dict[str, Any] = {
    "Name": "Delacroix",
    "Phone": "1",
    "EditSequence": "5",
    "TermsRef": {"ListID": "T", "FullName": "Net 30"},
    "BillAddress": {"City": "Napa", "State": "CA"},
    "InvoiceLineRet": [
        {"TxnLineID": "A", "Quantity": "1", "ItemRef": {"ListID": "I", "FullName": "Slab"}},
        {"TxnLineID": "B", "Quantity": "3"},
    ],
}


def changed(**values: Any) -> dict[str, Any]:
    return copy.deepcopy(BASE) | values


def test_stamps_are_no_difference_and_a_moved_line_is_the_same_line() -> None:
    moved = changed(EditSequence="6", TimeModified="2026-01-01", InvoiceLineRet=BASE["InvoiceLineRet"][::-1])
    assert differences(BASE, moved) == []


def test_a_reference_that_was_renamed_is_no_difference() -> None:
    assert differences(BASE, changed(TermsRef={"ListID": "T", "FullName": "Net thirty"})) == []
    assert len(differences(BASE, changed(TermsRef={"ListID": "U", "FullName": "Net 30"}))) == 1


def test_each_leaf_that_differs_is_told_with_its_path() -> None:
    other = changed(Phone="2", BillAddress={"City": "Sonoma", "State": "CA"})
    other["InvoiceLineRet"][1]["Quantity"] = "4"
    assert [(one.path, one.before, one.after) for one in differences(BASE, other)] == [
        (("Phone",), "1", "2"),
        (("BillAddress", "City"), "Napa", "Sonoma"),
        (("InvoiceLineRet[B]", "Quantity"), "3", "4"),
    ]


def test_changes_of_both_sides_to_different_fields_and_lines_are_one_record() -> None:
    theirs, mine = changed(Phone="2"), changed(BillAddress={"City": "Sonoma", "State": "CA"})
    theirs["InvoiceLineRet"][0]["Quantity"] = "9"
    mine["InvoiceLineRet"][1]["Quantity"] = "4"
    mine["InvoiceLineRet"].append({"Desc": "Polish"})
    merged = merge(BASE, theirs, mine)
    assert merged.contradictions == ()
    assert merged.record["Phone"] == "2"
    assert merged.record["BillAddress"]["City"] == "Sonoma"
    assert [line.get("Quantity") for line in merged.record["InvoiceLineRet"]] == ["9", "4", None]


def test_one_field_changed_by_both_is_a_contradiction_unless_they_agree() -> None:
    merged = merge(BASE, changed(Phone="2"), changed(Phone="3"))
    assert [(one.path, one.base, one.quickbooks, one.ours) for one in merged.contradictions] == [
        (("Phone",), "1", "2", "3")
    ]
    assert merge(BASE, changed(Phone="2"), changed(Phone="2")).contradictions == ()


def test_a_line_that_one_side_took_out_and_the_other_changed_is_a_contradiction() -> None:
    theirs, mine = changed(), changed()
    del theirs["InvoiceLineRet"][0]
    mine["InvoiceLineRet"][0]["Quantity"] = "7"
    assert merge(BASE, theirs, mine).contradictions
    assert merge(BASE, mine, theirs).contradictions


def test_a_line_that_only_we_took_out_is_gone() -> None:
    mine = changed()
    del mine["InvoiceLineRet"][0]
    merged = merge(BASE, changed(Phone="2"), mine)
    assert merged.contradictions == ()
    assert [line["TxnLineID"] for line in merged.record["InvoiceLineRet"]] == ["B"]


fields = st.dictionaries(st.sampled_from(["Phone", "Notes", "Fax", "Email"]), st.sampled_from(["", "1", "2"]))


@given(fields, fields)
def test_a_merge_keeps_every_change_of_both_sides_or_says_that_they_contradict(
    theirs: dict[str, str], mine: dict[str, str]
) -> None:
    quickbooks, ours = BASE | theirs, BASE | mine
    merged = merge(BASE, quickbooks, ours)
    disputed = {one.path for one in merged.contradictions}
    before, there, here, found = map(leaves, (BASE, quickbooks, ours, merged.record))
    for path in {*before, *there, *here} - disputed:
        expected = here.get(path) if here.get(path) != before.get(path) else there.get(path)
        assert found.get(path) == expected


@given(fields)
def test_a_merge_with_an_unchanged_side_is_the_other_side(mine: dict[str, str]) -> None:
    ours = BASE | mine
    assert leaves(merge(BASE, BASE, ours).record) == leaves(ours)
    assert leaves(merge(BASE, ours, BASE).record) == leaves(ours)
