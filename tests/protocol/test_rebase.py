"""An edit made while the addition before it was on its way: on QuickBooks' ids and numbers, no conflict with itself."""

from typing import Any

from sync.protocol.rebase import rebased

CUT = {"ItemRef": {"ListID": "8-1", "FullName": "Cutting"}, "Quantity": "1", "Rate": "10"}
SLAB = {"ItemRef": {"ListID": "8-2"}, "Quantity": "2", "Rate": "5.00"}
HAUL = {"ItemRef": {"ListID": "8-3"}, "Quantity": "1", "Rate": "80.00"}
SENT: dict[str, Any] = {"RefNumber": "F-1", "ExchangeRate": "1", "InvoiceLineRet": [CUT, SLAB]}
THERE = {
    "TxnID": "1-1",
    "RefNumber": "F-1",
    "ExchangeRate": "1.00",
    "Subtotal": "20.00",
    "InvoiceLineRet": [
        {"TxnLineID": "A", **CUT, "Rate": "10.00", "Amount": "10.00", "Desc": "Cut to size"},
        {"TxnLineID": "B", **SLAB, "ItemRef": {"ListID": "8-2", "FullName": "Slab"}, "Amount": "10.00"},
    ],
}


def lines(wanted: dict[str, Any], there: dict[str, Any] = THERE) -> list[tuple[str | None, str, str]]:
    found = rebased(SENT, there, wanted)
    assert not found.contradictions
    return [(one.get("TxnLineID"), one["ItemRef"]["ListID"], one["Rate"]) for one in found.record["InvoiceLineRet"]]


def test_lines_that_were_edited_meanwhile_keep_the_ids_that_quickbooks_gave_them() -> None:
    assert lines({**SENT, "Memo": "Call first"}) == [("A", "8-1", "10.00"), ("B", "8-2", "5.00")]
    assert lines({**SENT, "InvoiceLineRet": [{**CUT, "Rate": "12"}, SLAB]}) == [
        ("A", "8-1", "12"),
        ("B", "8-2", "5.00"),
    ]
    assert lines({**SENT, "InvoiceLineRet": [SLAB]}) == [("B", "8-2", "5.00")]
    added = {**SENT, "InvoiceLineRet": [HAUL, CUT, SLAB]}
    assert lines(added) == [("A", "8-1", "10.00"), ("B", "8-2", "5.00"), (None, "8-3", "80.00")]
    other = {
        **SENT,
        "InvoiceLineRet": [HAUL, SLAB],
    }  # what QuickBooks fills in for one item is not another's
    assert lines(other) == [("B", "8-2", "5.00"), (None, "8-3", "80.00")]


def test_what_somebody_else_did_to_the_new_record_meanwhile_is_kept_or_contradicts() -> None:
    theirs = {**THERE, "Memo": "Theirs", "InvoiceLineRet": [{**THERE["InvoiceLineRet"][0], "Rate": "11.00"}]}
    assert rebased(SENT, theirs, {**SENT, "RefNumber": "F-2"}).record["Memo"] == "Theirs"
    assert rebased(SENT, {**THERE, "Memo": "Theirs"}, {**SENT, "Memo": "Ours"}).contradictions
    assert rebased(SENT, THERE, {**SENT, "ExchangeRate": "1.1"}).record["ExchangeRate"] == "1.1"
