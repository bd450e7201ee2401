"""The company file's own clock: local time of the QuickBooks computer, with its fixed offset.

QuickBooks writes times with the computer's offset and ignores daylight saving; so does this clock.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

Now = Callable[[], datetime]

_MOMENT = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:T(\d{1,2})(?::(\d{1,2})(?::(\d{1,2})([+-]\d{1,2}:\d{1,2})?)?)?)?")
_TICKS_BEFORE_1970 = 621_355_968_000_000_000


def wall_clock() -> datetime:
    """The time now, in UTC."""
    return datetime.now(UTC)


class Clock:
    """Moments (whole seconds since 1970, UTC) to the strings of the file and back."""

    def __init__(self, offset: str, now: Now) -> None:
        self.offset = offset
        self.now = now
        self.zone = _zone(offset)

    def moment(self) -> int:
        """Now."""
        return int(self.now().timestamp())

    def today(self) -> str:
        """Today's date at the computer."""
        return self.date(self.moment())

    def date(self, moment: int) -> str:
        """The date of a moment: 2025-11-21."""
        return datetime.fromtimestamp(moment, self.zone).strftime("%Y-%m-%d")

    def stamp(self, moment: int) -> str:
        """As TimeModified writes it: 2025-11-21T14:12:03-08:00."""
        return datetime.fromtimestamp(moment, self.zone).strftime("%Y-%m-%dT%H:%M:%S") + self.offset

    def ticks(self) -> int:
        """Now as .NET counts local time, as the Web Connector's AppLock holds it."""
        local = self.now().astimezone(self.zone).replace(tzinfo=UTC)
        return _TICKS_BEFORE_1970 + int(local.timestamp() * 10_000_000)

    def read(self, stamp: str, *, end: bool = False) -> int:
        """A filter's moment: without an offset it is local time; a bare date is its start, or its end."""
        match = _MOMENT.fullmatch(stamp)
        if match is None:
            raise ValueError(stamp)
        year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
        zone = _zone(match.group(7)) if match.group(7) else self.zone
        moment = datetime(year, month, day, hour, minute, second, tzinfo=zone)
        if end and match.group(4) is None:
            moment += timedelta(days=1, seconds=-1)
        return int(moment.timestamp())


def _zone(offset: str) -> timezone:
    hours, minutes = offset[1:].split(":")
    delta = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-delta if offset.startswith("-") else delta)
