"""Why a record cannot sync, in words: what it means and what to do. Of a status of QuickBooks, the code guide's."""

from dataclasses import dataclass

from sync.qbxml import statuses
from sync.store.stuck import StuckRow
from web.changes_told import label, labels, record_href, title
from web.filters import qb_time, upper_first, words

LOOK_FIRST = "Look in QuickBooks first whether the record was deleted: that is the commonest cause."


@dataclass(frozen=True, slots=True)
class Cause:
    """What a cause means, and what to do about it."""

    key: str
    name: str  # in the filter, and of a card with several rows
    means: str
    remedy: str
    code: int | None = None


OURS = {
    "deleted": Cause(
        "deleted",
        "Deleted in QuickBooks",
        "Somebody deleted it in QuickBooks. It still exists here.",
        "Clear the ID: the link is forgotten, and it can be exported as new. Or ignore the change.",
    ),
    "unsendable": Cause(
        "unsendable",
        "Cannot be sent",
        "QuickBooks would refuse it, so it was not sent.",
        "Correct what is named here, then resync.",
    ),
    "unknown": Cause(
        "unknown",
        "Outcome unknown",
        "It may be in the books already. We do not send it again by ourselves.",
        "Look in QuickBooks, then say which it is.",
    ),
    "conflict": Cause(
        "conflict",
        "Conflict",
        "QuickBooks and Deskbridge changed the same field. Nothing was overwritten.",
        "Compare the two, and choose field by field.",
    ),
    "waiting": Cause(
        "waiting",
        "Waits for another record",
        "It refers to a record that is not in QuickBooks and does not go there by itself.",
        "See to the other record first; this one follows by itself.",
    ),
}


def cause_of(key: str) -> Cause:
    """Return the words of a cause."""
    if key in OURS:
        return OURS[key]
    code = int(key.removeprefix("code:"))
    found = statuses.status(code)
    remedy = found.action or "Nothing is known that helps. Ask for help, and send the code along."
    return Cause(key, f"Status {code}", found.meaning, remedy, code)


def is_cause(key: str) -> bool:
    code = key.removeprefix("code:")
    return key in OURS or (key.startswith("code:") and code.removeprefix("-").isdecimal() and len(code) < 9)


def means_of(cause: Cause, row: StuckRow) -> str:
    """Return what it means for one record: of a deleted one, when; of one that waits, for whom."""
    if row.deleted_at is not None:
        kind = label(row.entity)
        kind = kind if kind.isupper() else kind[:1].lower() + kind[1:]
        return f"Somebody deleted this {kind} in QuickBooks on {qb_time(row.deleted_at)}. It still exists here."
    return cause.means


def heading(number: int, entity: str) -> str:
    """Three invoices, one cause; of several kinds, records."""
    noun = labels(entity) if entity else "records"
    return f"{upper_first(words(number))} {noun[:1].lower()}{noun[1:]}, one cause"


def parent_of(company: int, row: StuckRow) -> tuple[str, str | None] | None:
    """Return name and address of the record that one waits for."""
    if row.parent is None or row.parent_entity is None:
        return None
    named = title(row.parent_entity, row.parent_name, row.parent_number)
    return named, record_href(company, row.parent_entity, row.parent)
