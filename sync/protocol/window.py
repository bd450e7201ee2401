"""The sync window of a company: at which times syncs may run, on the clock of the company's own time zone.

A day belongs to the window that opens on it, also past midnight. An opening or closing time that a change to daylight
saving leaves out stands for the moment of the change; of one that comes twice, the first opens and the second closes:
whenever the clock on the wall shows a time in the window, the window is open.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

WEEK = 127  # every day: 1 Monday, 2 Tuesday, 4 Wednesday ...
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """When syncs may run. The default is always."""

    zone: str = ""  # IANA name; what is none counts as UTC
    opens: int | None = None  # minutes after midnight there; None: always open
    closes: int | None = None  # not after `opens`: on the next day
    days: int = WEEK  # on which it opens

    @property
    def always(self) -> bool:
        """Whether it never closes."""
        return self.opens is None or self.closes is None

    def is_open(self, now: datetime) -> bool:
        """Whether a sync may run at a moment. The closing moment is outside."""
        if self.always:
            return True
        return any(opening <= now for opening, _ in self._spans(now, now))

    def next_opening(self, now: datetime) -> datetime | None:
        """The first opening after a moment, in UTC; None when it never closes, or never opens."""
        if self.always:
            return None
        return next((opening for opening, _ in self._spans(now, None) if opening > now), None)

    def open_between(self, start: datetime, end: datetime) -> timedelta:
        """How much of the time between two moments is inside the window."""
        if self.always:
            return max(end - start, timedelta())
        spans = ((max(opening, start), min(closing, end)) for opening, closing in self._spans(start, end))
        return sum((max(until - since, timedelta()) for since, until in spans), timedelta())

    def after(self, start: datetime, length: timedelta) -> datetime | None:
        """When so much time inside the window has gone by since a moment; None when that never comes."""
        if self.always:
            return start + length
        for opening, closing in self._spans(start, None):
            here = closing - max(opening, start)
            if length <= here:
                return max(opening, start) + length
            length -= here
        return None

    def _spans(self, start: datetime, end: datetime | None) -> Iterator[tuple[datetime, datetime]]:
        """Openings and closings in UTC, in order and apart, of those that end after `start` and begin by `end`."""
        opens, closes = self.opens or 0, self.closes or 0
        zone, last = zone_of(self.zone), datetime.min.replace(tzinfo=UTC)
        day = start.astimezone(zone).date() - DAY
        lasts = timedelta(minutes=closes) if closes > opens else DAY + timedelta(minutes=closes)
        while self.days & WEEK:
            if self.days >> day.weekday() & 1:
                opening = max(_moment(day, timedelta(minutes=opens), zone, fold=0), last)
                last = closing = max(_moment(day, lasts, zone, fold=1), opening)
                if end is not None and opening > end:
                    return
                if closing > max(start, opening):
                    yield opening, closing
            elif end is not None and _moment(day, timedelta(), zone, fold=0) > end:
                return
            day += DAY


@lru_cache(maxsize=256)
def zone_of(name: str) -> tzinfo:
    """The time zone of an IANA name; UTC for what is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # not known, not a name, a folder
        return UTC


def _moment(day: date, after: timedelta, zone: tzinfo, *, fold: int) -> datetime:
    """When the clock there shows a time; when it shows it never, the moment in which it leaps over it. In UTC."""
    wall = datetime.combine(day, time()) + after
    moment = wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wall:
        return moment
    late, early = (wall.replace(tzinfo=zone, fold=one).astimezone(UTC) for one in (0, 1))
    offset = late.astimezone(zone).utcoffset()
    seconds = range(int((late - early).total_seconds()))
    leap = bisect_left(seconds, True, key=lambda at: _offset(early, at, zone) == offset)
    return early + timedelta(seconds=leap)


def _offset(moment: datetime, seconds: int, zone: tzinfo) -> timedelta | None:
    return (moment + timedelta(seconds=seconds)).astimezone(zone).utcoffset()
