"""How a change is named on a page, in a file and in a mail: its record, which way it goes, and where it is."""

from sync.qbxml.entities import ENTITIES

ACTIONS = {"create": "new", "update": "changed", "delete": "deleted", "void": "voided"}
WAYS = {"out": "to QuickBooks", "in": "from QuickBooks"}
STATES = {
    "approved": "Pending",
    "waiting": "Waits",
    "sent": "Sending",
    "applied": "Successful",
    "refused": "Failed",
    "unknown": "Outcome unknown",
    "conflict": "Conflict",
    "proposed": "To approve",
    "kept": "Kept for the next sync",
    "cleared": "Cleared",
}


def label(entity: str) -> str:
    """Return the name of a kind of records: Sales receipt."""
    return ENTITIES[entity].label if entity in ENTITIES else entity


def labels(entity: str) -> str:
    return ENTITIES[entity].plural if entity in ENTITIES else entity


def title(entity: str, name: str, number: str) -> str:
    """Return what a record is called away from its list: Invoice 20398, Vantage Hospitality Group."""
    kind = ENTITIES.get(entity)
    if kind is not None and kind.group == "list":
        return name or f"{kind.label} without a name"
    return f"{label(entity)} {number}" if number else name or f"{label(entity)} without a number"


def way(entity: str, action: str, direction: str, party: str = "") -> str:
    """Return the line under a title: Customer, new, to QuickBooks; of a transaction with its party in place of it."""
    first = party or label(entity)
    return ", ".join((first, ACTIONS.get(action, action), WAYS.get(direction, direction)))


def record_href(company: int, entity: str, record: int | None) -> str | None:
    """Return the address of a record; None when it is not here any more."""
    return f"/companies/{company}/records/{entity}/{record}" if record is not None else None


def state_words(state: str, code: int | None = None) -> str:
    """Return the word of a state; a failure with QuickBooks' code."""
    word = STATES.get(state, state)
    return f"{word}: {code}" if state == "refused" and code is not None else word
