"""Whether Web Connectors called when they should have: a strip of days, and each gap in words.

What is kept is the hours with a call, so a gap is told by whole hours; the one that goes on, from the last call.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from sync.protocol.window import Window
from sync.store.history import ContactNote
from web.chart import midnight
from web.filters import clock, count, plural, words

DAYS = 30
HOUR = timedelta(hours=1)
TOLD = 3  # gaps in words


@dataclass(frozen=True, slots=True, kw_only=True)
class Silent:
    """A time in which nobody called though somebody should have."""

    begin: datetime
    end: datetime | None  # None: it goes on


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One silence in words."""

    key: int  # its begin, in seconds since 1970
    when: str  # "9 Nov, 02:00 to 08:00"
    what: str  # "no call"
    note: ContactNote | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """What the sheet with the strip shows."""

    days: list[str]  # full, none, grey or paused; oldest first
    first: str  # label of the first day
    aside: str  # "99.7 %, one gap"
    label: str  # the strip in a sentence
    gaps: list["Gap"]  # the latest first
    more: int  # gaps that are not told


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of a company's calls."""

    hours: Sequence[datetime]  # with a call, oldest first
    first: datetime | None  # the first call ever, to the hour
    last_call: datetime | None
    silent: bool  # the connection is not active, or late
    every: timedelta  # how often a call is expected
    window: Window
    paused: datetime | None  # since when
    wrong_key: bool = False  # calls come since then, with a wrong key
    notes: Sequence[ContactNote] = ()  # oldest first


def contact(known: Known, now: datetime) -> Contact:
    """Return the last 30 days."""
    days = [now.astimezone().date() - timedelta(days=number) for number in reversed(range(DAYS))]
    start = max(known.first, midnight(days[0])) if known.first else now
    found = gaps(known, start, now)
    looks = [look(each, known, found, now) for each in days]
    return Contact(
        days=looks,
        first=f"{days[0].day} {days[0]:%b}",
        aside=share(known, found, start, now),
        label=f"Contact on {looks.count('full')} of {len(looks)} days" if known.first else "No contact yet",
        gaps=[told(gap, known, now) for gap in reversed(found[-TOLD:])],
        more=max(len(found) - TOLD, 0),
    )


def told(gap: Silent, known: Known, now: datetime) -> Gap:
    """Return a gap in words, with the last note on it.

    A note is kept by when its silence began: of one that goes on that is the last call, afterwards the hour behind it.
    """
    of_it = [each for each in known.notes if gap.begin - HOUR <= each.begin < (gap.end or now)]
    what = "calls with a wrong key only" if known.wrong_key and gap.end is None else "no call"
    return Gap(key=int(gap.begin.timestamp()), when=when(gap, now), what=what, note=of_it[-1] if of_it else None)


def gaps(known: Known, start: datetime, now: datetime) -> list[Silent]:
    """Return the silences that were longer than three expected intervals and a whole hour, inside the sync window."""
    least = max(known.every * 3, HOUR)
    hours = [hour for hour in known.hours if hour >= start - HOUR]
    between = [(one + HOUR, two) for one, two in pairwise(hours) if two - one > HOUR]
    found = [Silent(begin=one, end=two) for one, two in between if known.window.open_between(one, two) >= least]
    if known.silent and known.last_call:
        found.append(Silent(begin=max(known.last_call, start), end=None))
    return found


def look(day: date, known: Known, found: Sequence[Silent], now: datetime) -> str:
    """Return how a day is drawn: red when a gap lies in it."""
    begin, end = midnight(day), min(midnight(day + timedelta(days=1)), now)
    if known.first is None or end <= known.first:
        return "grey"
    if any(gap.begin < end and (gap.end or now) > begin for gap in found):
        return "paused" if known.paused and known.paused <= begin else "none"
    if any(begin <= hour < end for hour in known.hours):
        return "full"
    return "paused" if known.paused and known.paused < end else "grey"


def share(known: Known, found: Sequence[Silent], start: datetime, now: datetime) -> str:
    """Say how much of the time there was contact: 99.7 %, one gap."""
    expected = known.window.open_between(start, now)
    if known.first is None or not expected:
        return ""
    missed = sum((known.window.open_between(gap.begin, gap.end or now) for gap in found), timedelta())
    part = 100 * (1 - missed / expected)
    text = "100" if not found else f"{min(part, 99.9):.1f}"
    return f"{text} %, {words(len(found))} {plural(len(found), 'gap')}"


def when(gap: Silent, now: datetime) -> str:
    """Say when a gap was: "9 Nov, 02:00 to 08:00", "Today from 11:04"."""
    begin = day_of(gap.begin, now)
    if gap.end is None:
        return f"{begin} from {clock(gap.begin, seconds=False)}"
    end = "" if gap.begin.astimezone().date() == gap.end.astimezone().date() else f"{day_of(gap.end, now)}, "
    return f"{begin}, {clock(gap.begin, seconds=False)} to {end}{clock(gap.end, seconds=False)}"


def day_of(moment: datetime, now: datetime) -> str:
    """Return Today, or the day and month."""
    here = moment.astimezone().date()
    return "Today" if here == now.astimezone().date() else f"{here.day} {here:%b}"


def more_gaps(number: int) -> str:
    return f"{count(number)} more {plural(number, 'gap')} before." if number else ""
