"""Where the next reading of an entity begins, in the clock of the QuickBooks computer.

A cursor is that computer's local time without offset ("2026-11-20T14:05:30"). The offset that QuickBooks writes behind
a time may ignore daylight saving, while a filter with an offset is converted by it: sent back, such a time would point
an hour too late. Without offset QuickBooks takes the filter as its own local time, which is how it printed it.
"""

import re
from datetime import UTC, date, datetime, timedelta

TICKS_EPOCH = datetime(1, 1, 1, tzinfo=UTC)
SKEW = timedelta(minutes=10)  # between our clock and the computer's, when only ours tells when a pass began
NEAR = timedelta(minutes=90)  # an offset may leave out the hour of daylight saving
WEST = (timedelta(hours=2), timedelta(hours=11))  # how far American clocks are behind UTC, with an hour to spare
FURTHEST = timedelta(hours=12)  # behind UTC, where nothing tells how far
TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}")
OFFSET = re.compile(r"([+-])([0-9]{2}):([0-5][0-9])")


def local(text: str) -> str:
    """The local part of a time: "2026-11-20T14:05:30-08:00" gives "2026-11-20T14:05:30"; "" for what is no time."""
    return text[:19] if is_time(text) else ""


def is_time(text: str) -> bool:
    """Whether the text begins with a moment that a calendar knows."""
    if TIME.match(text) is None:
        return False
    try:
        datetime.fromisoformat(text[:19])
    except ValueError:
        return False
    return True


def newest(one: str, other: str) -> str:
    """The later of two times as QuickBooks prints them, by the computer's wall clock; "" is earliest.

    `one` is a time or ""; `other` may be anything and counts only when it is a time.
    """
    return other if other[:19] > one[:19] and is_time(other) else one


def offset(text: str) -> timedelta | None:
    """The offset behind a time, None when there is none."""
    match = OFFSET.fullmatch(text[19:])
    if match is None:
        return None
    size = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return -size if match[1] == "-" else size


def from_ticks(ticks: int, now: datetime, utc_offset: timedelta | None) -> datetime | None:
    """The computer's local time in AppLock's ticks (100 ns since year 1), None when they tell nothing.

    Whether they count local time or UTC is not documented. Local time is taken where our clock agrees; else, so also
    when the computer's clock is wrong, the earlier of the two readings: a cursor may be early but never late.
    """
    utc = now.astimezone(UTC).replace(tzinfo=None)
    try:
        raw = (TICKS_EPOCH + timedelta(microseconds=ticks // 10)).replace(tzinfo=None)
        if utc_offset is None:
            return raw if WEST[0] <= utc - raw <= WEST[1] else raw - FURTHEST
        return raw if abs(raw - utc - utc_offset) <= NEAR else min(raw, raw + utc_offset)
    except OverflowError:
        return None


def began(ticks: int | None, now: datetime, utc_offset: timedelta | None) -> str:
    """When a pass that begins now began, by the computer's clock.

    From AppLock's ticks, else from our clock less an overlap that covers skew. QuickBooks may print times without
    offset: then what American clocks allow decides.
    """
    told = from_ticks(ticks, now, utc_offset) if ticks else None
    if told is None:
        told = now.astimezone(UTC).replace(tzinfo=None) + (-FURTHEST if utc_offset is None else utc_offset) - SKEW
    return told.replace(microsecond=0).isoformat()


def after_pass(previous: str, newest_received: str, began_there: str) -> str:
    """The next cursor once a pass is complete.

    Never later than the largest TimeModified received, nor than the moment the pass began: a record changed behind an
    iterator that had passed it is seen next time. It may go back: then the computer's clock was put back.
    """
    received = local(newest_received) or previous
    return min(received, local(began_there)) if began_there and received else received


def ask_from(cursor: str) -> str:
    """FromModifiedDate for a cursor: two hours earlier where the clock was put back or forward about then."""
    if not cursor:
        return ""
    moment = datetime.fromisoformat(cursor)
    if any(abs(moment.date() - change) <= timedelta(days=1) for change in clock_changes(moment.year)):
        moment -= timedelta(hours=2)
    return moment.isoformat()


def keeps_hour(cursor: str, until: str) -> bool:
    """Whether the hour of a cursor means the same at a later local time: no clock was put back or forward between.

    Across such a change QuickBooks may print, and filter by, a time that is an hour off the one it printed before.
    """
    first, last = datetime.fromisoformat(cursor).date(), datetime.fromisoformat(until).date()
    changes = (change for year in {first.year, last.year} for change in clock_changes(year))
    if last - first > timedelta(days=250):
        return False
    return not any(first - timedelta(days=1) <= change <= last + timedelta(days=1) for change in changes)


def is_older(one: str, other: str) -> bool:
    """Whether a time as QuickBooks prints it is before another by more than a change of clocks explains."""
    if not (is_time(one) and is_time(other)):
        return False
    return datetime.fromisoformat(other[:19]) - datetime.fromisoformat(one[:19]) > timedelta(hours=2)


def clock_changes(year: int) -> tuple[date, date]:
    """The days on which the United States and Canada change their clocks: second Sunday of March, first of November."""
    march, november = date(year, 3, 1), date(year, 11, 1)
    return (
        march + timedelta(days=(6 - march.weekday()) % 7 + 7),
        november + timedelta(days=(6 - november.weekday()) % 7),
    )
