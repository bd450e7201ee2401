"""A voided transaction stays in the books with every amount and quantity zero and VOID in its memo."""

from typing import Any

from sync.practice import markup
from sync.practice.markup import Fields

_ZEROED = frozenset(
    {
        "Amount", "AmountDue", "AppliedAmount", "BalanceRemaining", "CreditAmount", "CreditRemaining", "DepositTotal",
        "OpenAmount",
        "SalesTaxTotal", "Subtotal", "TotalAmount", "UnusedPayment",
    }
)  # fmt: skip
_QUANTITIES = frozenset({"Quantity", "Rate", "Cost"})


def voided(fields: Fields) -> Fields:
    """The fields after voiding."""
    made = {name: _zero(name, value) for name, value in fields.items() if name != "LinkedTxn"}
    memo = markup.text(fields, "Memo")
    if "IsPaid" in made:
        made["IsPaid"] = "true"
    return made | {"Memo": memo if memo.startswith("VOID:") else f"VOID: {memo}"}


def _zero(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {part: _zero(part, one) for part, one in value.items() if part not in _QUANTITIES}
    if isinstance(value, list):
        return [_zero(name, one) for one in value]
    return "0.00" if name in _ZEROED else value
