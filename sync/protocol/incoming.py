"""What of a record that QuickBooks sends again is news, and what becomes of an edit here that it meets."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sync.protocol.changes import Change, may_move
from sync.protocol.differences import STAMPS, Contradiction, Path, merge
from sync.qbxml.entities import ENTITIES, Entity
from sync.qbxml.fields import Field, Kind, laid_open, message, operation

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

# parts of lines that no request carries, and that people enter all the same: under another name, or in QuickBooks alone
ENTERED = frozenset(
    {"Contact", "DataExtType", "Date", "MainAddress", "QuantityTransferred", "SerialNumberAddedOrRemoved"}
)


@cache
def computed_in_lines() -> frozenset[str]:
    """What stands in lines of records and in no line of any Add or Mod: QuickBooks works it out (qbXML 13.0)."""
    writable = [entity for entity in ENTITIES.values() if written(entity)]
    told = {name for entity in writable for name in in_lines(message(entity.ret).fields)}
    taken = {name for entity in writable for fields in written(entity) for name in in_lines(fields)}
    return frozenset(told - taken - ENTERED - STAMPS)


@cache
def with_computed_lines() -> dict[str, frozenset[str]]:
    """The kinds that have such lines, and what these lines and groups of lines are called."""
    names = computed_in_lines()
    found = {
        entity.name: frozenset(
            field.name
            for field in every(message(entity.ret).fields)
            if field.kind is Kind.GROUP and field.repeats and not names.isdisjoint(in_lines([field]))
        )
        for entity in ENTITIES.values()
        if written(entity)
    }
    return {name: lines - COMPUTED for name, lines in found.items() if lines - COMPUTED}


def every(fields: Iterable[Field]) -> Iterator[Field]:
    """All fields, those within others too."""
    for field in fields:
        yield field
        yield from every(laid_open(field.children))


def written(entity: Entity) -> list[tuple[Field, ...]]:
    """The fields of each request that writes a kind."""
    bodies = [operation(request).body for request in (entity.add, entity.mod) if request]
    return [message(body).fields for body in bodies if body]


def in_lines(fields: Iterable[Field], *, inside: bool = False) -> Iterator[str]:
    """The names of what stands in lines, lines of groups too; a group counts only where it is known as computed."""
    for field in fields:
        is_group = field.kind is Kind.GROUP
        if inside and (not is_group or field.name in COMPUTED):
            yield field.name
        elif is_group:
            yield from in_lines(laid_open(field.children), inside=inside or field.repeats)


def is_computed(path: Path) -> bool:
    """Whether QuickBooks computes or stamps what stands at a path."""
    in_line = any(part.endswith("]") for part in path[:-1])
    return path[0] in COMPUTED or (in_line and not computed_in_lines().isdisjoint(path))


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
