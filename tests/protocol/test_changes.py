"""The way of a change: which move may follow which, and what an answer or a look makes of it."""

import pytest

from sync.protocol.changes import MOVES, Change, answered, looked_up, may_move, not_looked_up

CUSTOMER = {"ListID": "8-1", "EditSequence": "2", "Name": "Delacroix", "Phone": "1"}


def test_what_was_applied_or_is_unknown_is_never_sent_by_itself() -> None:
    assert MOVES[Change.APPLIED] == frozenset()
    assert not may_move(Change.UNKNOWN, Change.SENT)
    assert {before for before in Change if may_move(before, Change.SENT)} == {Change.APPROVED}


@pytest.mark.parametrize(
    ("code", "tries", "reread", "state"),
    [
        (0, 0, False, Change.APPLIED),
        (530, 0, False, Change.APPLIED),
        (3100, 0, False, Change.REFUSED),
        (3175, 0, False, Change.APPROVED),
        (3175, 2, False, Change.REFUSED),
        (3200, 0, False, Change.APPROVED),
        (3200, 2, True, Change.REFUSED),
        (-1, 0, False, Change.SENT),
    ],
)
def test_a_status_decides_what_becomes_of_an_edit(code: int, tries: int, reread: bool, state: Change) -> None:
    outcome = answered("update", code, "", CUSTOMER, tries=tries, reread=reread)
    assert outcome.state is state
    assert outcome.read_again == (code == 3200 and state is Change.APPROVED)


def test_what_quickbooks_took_without_showing_it_is_read_and_never_sent_again() -> None:
    for action in ("create", "update", "void"):
        assert answered(action, 0, "", None, tries=0, reread=False).state is Change.SENT
        outcome = not_looked_up(action, "", tries=2, code=0)
        assert outcome.state is (Change.UNKNOWN if action == "create" else Change.APPLIED)
    now = {"TxnID": "1", "Memo": "rent"}
    assert looked_up("void", {}, {}, [now], code=0).record == now
    assert looked_up("void", {}, {}, [], code=0).gone
    assert looked_up("update", CUSTOMER, CUSTOMER | {"Phone": "2"}, [CUSTOMER], code=0).state is Change.APPLIED
    assert looked_up("create", {}, CUSTOMER, [CUSTOMER], code=0).state is Change.APPLIED
    assert looked_up("create", {}, CUSTOMER, [], code=0).state is Change.UNKNOWN


def test_a_deletion_of_what_is_gone_is_done() -> None:
    assert answered("delete", 3120, "", None, tries=0, reread=False).state is Change.APPLIED


def test_an_edit_that_is_there_was_applied_and_one_that_is_not_goes_again() -> None:
    wanted = CUSTOMER | {"Phone": "2"}
    assert looked_up("update", CUSTOMER, wanted, [CUSTOMER | {"Phone": "2", "EditSequence": "3"}]).state == "applied"
    assert looked_up("update", CUSTOMER, wanted, [CUSTOMER | {"Notes": "x", "EditSequence": "3"}]).state == "approved"
    gone = looked_up("update", CUSTOMER, wanted, [])
    assert (gone.state, gone.gone) == (Change.REFUSED, True)


def test_a_new_record_is_told_by_its_guid_else_by_all_that_was_sent() -> None:
    wanted = {"Name": "Delacroix", "Phone": "1"}
    mine = {"ListID": "1", "Name": "delacroix ", "Phone": "1", "ExternalGUID": "{a}"}
    theirs = {"ListID": "2", "Name": "Delacroix", "Phone": "1", "ExternalGUID": "{B}"}
    plain, other = {"ListID": "3", "Name": "Delacroix", "Phone": "1"}, {"ListID": "4", "Name": "Delacroix"}

    def told(*found: dict[str, str], guid: str = "{A}", named: bool = True) -> tuple[str, object]:
        outcome = looked_up("create", {}, wanted, list(found), guid=guid, named=named)
        return str(outcome.state), outcome.record

    assert told(theirs, mine) == ("applied", mine)
    assert told(mine | {"Phone": "2"}) == ("applied", mine | {"Phone": "2"})  # edited there since
    assert told(theirs) == ("approved", None)  # QuickBooks will say that the name is taken
    assert told() == ("approved", None)
    assert told(plain) == ("applied", plain)  # a file that keeps no GUID: the name is there once, and all of it agrees
    assert told(plain, named=False)[0] == "unknown"  # somebody may have made the like of a transaction
    assert told(plain, named=False, guid="") == ("applied", plain)
    assert told(other | {"Phone": "2"})[0] == told(other | {"Phone": "2"}, guid="")[0] == "unknown"
    assert told(plain, plain, guid="")[0] == "unknown"


def test_an_addition_whose_guid_is_refused_goes_once_more_without() -> None:
    outcome = answered("create", 3065, "", None, tries=0, reread=False, guid="{A}")
    assert (outcome.state, outcome.unmarked) == (Change.APPROVED, True)
    assert answered("create", 3065, "", None, tries=0, reread=False).state is Change.REFUSED
    named = answered("create", 3040, "The ExternalGUID is not valid.", None, tries=0, reread=False, guid="{A}")
    assert (named.state, named.unmarked) == (Change.APPROVED, True)  # whatever number it has


def test_a_voiding_is_told_by_the_memo_and_a_deletion_by_absence() -> None:
    assert looked_up("void", {}, {}, [{"TxnID": "1", "Memo": "VOID: rent"}]).state is Change.APPLIED
    assert looked_up("void", {}, {}, [{"TxnID": "1", "Memo": "rent"}]).state is Change.APPROVED
    assert looked_up("delete", {}, {}, []).state is Change.APPLIED
    assert looked_up("delete", {}, {}, [CUSTOMER]).state is Change.APPROVED


def test_what_never_gets_an_answer_and_is_never_carried_out_is_given_up() -> None:
    found = [looked_up("delete", {}, {}, [CUSTOMER], tries=tries) for tries in range(3)]
    assert [one.state for one in found] == [Change.APPROVED, Change.APPROVED, Change.REFUSED]
    assert all(one.counts for one in found)
    assert "did not carry it out" in found[2].message


INVOICE = {"TxnID": "1-2", "CustomerRef": {"ListID": "8-1"}, "TxnDate": "2025-11-21"}
LINE = {"Desc": "Cut", "Quantity": "1", "Amount": "9.00"}


def test_a_line_that_a_lost_answer_has_added_is_not_added_again() -> None:
    before = {**INVOICE, "InvoiceLineRet": [{"TxnLineID": "A", "Amount": "5.00"}]}
    wanted = {**INVOICE, "InvoiceLineRet": [{"TxnLineID": "A", "Amount": "5.00"}, LINE]}
    written = {**wanted, "InvoiceLineRet": [*before["InvoiceLineRet"], {"TxnLineID": "B", **LINE}]}
    assert looked_up("update", before, wanted, [written]).state is Change.APPLIED
    assert looked_up("update", before, wanted, [before]).state is Change.APPROVED
    other = {**written, "InvoiceLineRet": [*before["InvoiceLineRet"], {"TxnLineID": "B", "Desc": "Delivery"}]}
    assert looked_up("update", before, wanted, [other]).state is Change.UNKNOWN
    assert looked_up("update", before, wanted, [other], code=3200).state is Change.APPROVED  # it was refused before
    edited = {**written, "Memo": "Theirs"}
    again = looked_up("update", before, {**wanted, "Memo": "Ours"}, [edited])
    assert again.state is Change.APPROVED
    assert again.wanted is not None
    assert [line["TxnLineID"] for line in again.wanted["InvoiceLineRet"]] == ["A", "B"]


def test_an_invoice_of_the_same_day_and_customer_is_not_taken_for_the_one_that_was_to_be_made() -> None:
    wanted = {"CustomerRef": {"ListID": "8-1"}, "TxnDate": "2025-11-21", "InvoiceLineRet": [LINE]}
    theirs = {**INVOICE, "RefNumber": "71", "InvoiceLineRet": [{"TxnLineID": "A", "Amount": "900.00"}]}
    ours = {**INVOICE, "RefNumber": "72", "InvoiceLineRet": [{"TxnLineID": "B", **LINE, "Quantity": "1.00"}]}
    assert looked_up("create", {}, wanted, []).state is Change.APPROVED
    assert looked_up("create", {}, wanted, [theirs]).state is Change.UNKNOWN
    assert looked_up("create", {}, wanted, [theirs, ours]).record == ours
    assert looked_up("create", {}, wanted, [ours, ours]).state is Change.UNKNOWN
