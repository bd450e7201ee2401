"""What of a record that QuickBooks sends again is news, and what becomes of an edit here that it meets."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sync.protocol.changes import Change, may_move
from sync.protocol.differences import Contradiction, merge

# parts of a record that nobody enters: QuickBooks stamps or computes them, often for a change of another record
COMPUTED = frozenset(
    {
        "EditSequence", "TimeCreated", "TimeModified", "TxnNumber", "FullName", "Sublevel", "LinkedTxn", "IsPaid",
        "Balance", "TotalBalance", "OpenBalance", "BalanceRemaining", "BalanceRemainingInHomeCurrency",
        "AppliedAmount", "OpenAmount", "CreditRemaining", "CreditRemainingInHomeCurrency", "UnusedCredits",
        "UnusedPayment", "AverageCost", "QuantityOnHand", "QuantityOnOrder", "QuantityOnSalesOrder",
        "QuantityCanBuild", "IsFullyInvoiced", "IsFullyReceived", "SuggestedDiscountAmount", "SuggestedDiscountDate",
        "FromAccountBalance", "ToAccountBalance", "LastCheckNumber", "AddressBlock", "BillAddressBlock",
        "ShipAddressBlock", "VendorAddressBlock", "OtherNameAddressBlock", "SiteAddressBlock",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """An open edit after QuickBooks has changed its record."""

    state: Change
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    contradictions: tuple[Contradiction, ...] = ()

    @property
    def in_conflict(self) -> bool:
        """Whether both sides changed one field."""
        return bool(self.contradictions)


def met(state: Change, before: Mapping[str, Any], wanted: Mapping[str, Any], quickbooks: Mapping[str, Any]) -> Met:
    """The edit on top of what QuickBooks has now; a conflict where both sides changed a field, with both kept."""
    found = merge(before, quickbooks, wanted)
    if not found.contradictions:
        after = Change.PROPOSED if state is Change.CONFLICT else state  # QuickBooks went back to what it was
        return Met(state=after, before=quickbooks, after=found.record)
    held = Change.CONFLICT if state is Change.CONFLICT or may_move(state, Change.CONFLICT) else state
    return Met(state=held, before=before, after=wanted, contradictions=found.contradictions)
