"""What the page says after a decision: what is pending, what was taken over, kept, cleared, left alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from litestar.plugins.htmx import HTMXRequest

from sync.store.changes import Counts
from sync.store.companies import CompanyRow
from web.auth import current, may
from web.filters import count, plural, upper_first, words
from web.forms import whole_number
from web.pages.wizard.contents import way_sentence

NAMES = ("sent", "taken", "kept", "cleared", "skipped", "undone")


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence in bold, what else there is to say, and the moment of a clearing that can be undone."""

    title: str
    text: str
    undo: str


def told(request: HTMXRequest, row: CompanyRow, counted: Counts) -> Told | None:
    """Return what the address says of the decision that led here; None when there was none."""
    query = request.query_params
    numbers = {name: whole_number(query.get(name, "")) or 0 for name in NAMES}
    if not any(numbers.values()):
        return None
    sentences = []
    if numbers["sent"]:
        pending = counted.pending
        sentences.append(way_sentence(pending, row, datetime.now(UTC)) if pending else were(numbers["sent"], "sent"))
    sentences += [were(numbers[name], name) for name in NAMES[1:] if numbers[name]]
    at = query.get("at", "") if numbers["cleared"] and may(current(request).person, "accounting_manager") else ""
    return Told(sentences[0], " ".join(sentences[1:]), at)


def were(number: int, name: str) -> str:
    """Say what became of some changes."""
    one = number == 1
    phrases: Mapping[str, str] = {
        "sent": "change was sent." if one else "changes were sent.",
        "taken": "change from QuickBooks is here now." if one else "changes from QuickBooks are here now.",
        "kept": "unchecked comes back after the next sync." if one else "unchecked come back after the next sync.",
        "cleared": "was cleared and does not come back." if one else "were cleared and do not come back.",
        "skipped": "had changed or was decided meanwhile, and was left alone."
        if one
        else "had changed or were decided meanwhile, and were left alone.",
        "undone": f"{plural(number, 'change waits', 'changes wait')} for approval again.",
    }
    counted = words(number) if number <= 10 else count(number)
    return f"{upper_first(counted)} {phrases[name]}"
