"""What people and the calendar have to say to a session that runs: it obeys at its next request, and says why."""

from dataclasses import dataclass

from sync.protocol import sentences

SCHEDULE = "Schedule"  # who asked for a run that nobody asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What holds back a session; by default nothing."""

    switched_off: bool = False  # QuickBooks Desktop, for the whole team
    removed: bool = False  # the company
    paused: bool = False
    cancelled: str | None = None  # its run was: by whom, in words
    window_closed: bool = False
    asked: bool = False  # a person asked for its run: it goes at any time


NONE = Orders()


def stops(orders: Orders) -> str | None:
    """The sentence with which a session stops before its next request; None: it goes on."""
    if orders.removed:
        return sentences.REMOVED
    if orders.switched_off:
        return sentences.SWITCHED_OFF
    if orders.cancelled is not None:
        return sentences.cancelled(orders.cancelled)
    if orders.paused:
        return sentences.PAUSED
    return sentences.OUTSIDE_WINDOW if orders.window_closed and not orders.asked else None
