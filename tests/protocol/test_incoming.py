"""An edit here that meets a change in QuickBooks: on top of it, or a conflict that keeps both."""

import pytest

from sync.protocol.changes import Change, may_move
from sync.protocol.incoming import COMPUTED, computed_in_lines, is_computed, met, with_computed_lines

BASE = {"ListID": "8-1", "Phone": "1", "Notes": "a"}


@pytest.mark.parametrize("state", [Change.PROPOSED, Change.KEPT, Change.APPROVED, Change.REFUSED, Change.WAITING])
def test_another_field_is_merged_and_the_same_field_is_a_conflict_with_nothing_lost(state: Change) -> None:
    merged = met(state, BASE, BASE | {"Phone": "2"}, BASE | {"Notes": "b"})
    assert (merged.state, merged.after) == (state, BASE | {"Phone": "2", "Notes": "b"})
    both = met(state, BASE, BASE | {"Phone": "2"}, BASE | {"Phone": "3"})
    assert (both.state, both.before, both.after) == (Change.CONFLICT, BASE, BASE | {"Phone": "2"})
    assert [(one.quickbooks, one.ours) for one in both.contradictions] == [("3", "2")]
    assert may_move(state, both.state)


def test_a_conflict_that_quickbooks_takes_back_waits_for_approval_again() -> None:
    again = met(Change.CONFLICT, BASE, BASE | {"Phone": "2"}, BASE | {"Notes": "b"})
    assert (again.state, again.in_conflict) == (Change.PROPOSED, False)


def test_what_may_be_in_the_books_already_is_not_moved_by_a_contradiction() -> None:
    assert met(Change.UNKNOWN, BASE, BASE | {"Phone": "2"}, BASE | {"Phone": "3"}).state is Change.UNKNOWN


def test_nothing_that_people_enter_counts_as_computed() -> None:
    assert not COMPUTED & {"Name", "Phone", "Memo", "IsActive", "TxnDate", "RefNumber", "DataExtRet", "InvoiceLineRet"}
    taken = {
        "TxnLineID",
        "ItemRef",
        "Desc",
        "Quantity",
        "Rate",
        "Amount",
        "Cost",
        "ServiceDate",
        "SalesTaxCodeRef",
        "TxnID",
    }
    entered = {"QuantityTransferred", "DataExtValue", "DiscountAmount", "IsManuallyClosed", "Memo", "PaymentAmount"}
    assert not computed_in_lines() & (taken | entered)


def test_what_no_request_carries_into_a_line_counts_as_computed_there_and_only_there() -> None:
    computed = {"ReceivedQuantity", "UnbilledQuantity", "IsBilled", "Invoiced", "BalanceRemaining", "TotalAmount"}
    assert computed <= computed_in_lines()
    assert {"PurchaseOrder", "SalesOrder", "ReceivePayment", "BillPaymentCheck"} <= with_computed_lines().keys()
    assert not {"Customer", "ItemService", "JournalEntry"} & with_computed_lines().keys()
    assert is_computed(("PurchaseOrderLineRet[1A]", "ReceivedQuantity"))
    assert is_computed(("Balance",))
    assert not is_computed(("TxnDate",))  # of a line it is that of the transaction it is applied to
    assert not is_computed(("PurchaseOrderLineRet[1A]", "Quantity"))
