"""A sync window in words, and from the fields of its form."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from zoneinfo import available_timezones

from sync.protocol.window import WEEK, Window, zone_of
from web.filters import day
from web.forms import line

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
FIRST = (  # in this order before all others: where QuickBooks Desktop for the United States and Canada is used
    "America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles",
    "America/Anchorage", "Pacific/Honolulu", "America/Toronto", "America/Winnipeg", "America/Edmonton",
    "America/Vancouver", "America/Halifax", "America/St_Johns", "America/Regina",
)  # fmt: skip


@lru_cache(maxsize=1)
def zones() -> frozenset[str]:
    """Return every time zone that this server knows, but for names that are kept for old programs only."""
    return frozenset(name for name in available_timezones() if "/" in name and not name.startswith("Etc/")) | {"UTC"}


@lru_cache(maxsize=1)
def zone_options() -> tuple[str, ...]:
    """Return the names in the order in which they are offered."""
    return (*(name for name in FIRST if name in zones()), *sorted(zones() - set(FIRST)))


def clock_of(minutes: int | None) -> str:
    """1230 is "20:30"; what a field of a time holds."""
    return "" if minutes is None else f"{minutes // 60:02d}:{minutes % 60:02d}"


def minutes_of(text: str) -> int | None:
    """Return the minutes after midnight of "20:30"; None for what is no time."""
    hours, colon, rest = text.partition(":")
    parts = (hours, rest[:2])  # a browser may add seconds
    if not colon or not all(part.isascii() and part.isdigit() and len(part) <= 2 for part in parts):
        return None
    hour, minute = map(int, parts)
    return hour * 60 + minute if hour < 24 and minute < 60 else None


def days_words(days: int) -> str:
    """Mondays to Fridays; every day; Mondays, Wednesdays and Fridays."""
    chosen = [number for number in range(7) if days >> number & 1]
    if len(chosen) == 7:
        return "every day"
    if len(chosen) > 2 and chosen[-1] - chosen[0] == len(chosen) - 1:
        return f"{DAYS[chosen[0]]}s to {DAYS[chosen[-1]]}s"
    names = [f"{DAYS[number]}s" for number in chosen]
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]])) or "never"


def in_words(window: Window, now: datetime) -> str:
    """Mondays to Fridays, 20:00 to 06:00 of the next day, America/Chicago. It opens next today, 20:00."""
    if window.always:
        return "Syncs may run at any time."
    past = " of the next day" if (window.closes or 0) <= (window.opens or 0) else ""
    hours = f"{clock_of(window.opens)} to {clock_of(window.closes)}{past}"
    days = days_words(window.days)
    text = f"{days[:1].upper()}{days[1:]}, {hours}, {window.zone or 'UTC'}."
    if window.is_open(now):
        return f"{text} It is open now."
    following = window.next_opening(now)
    return f"{text} It opens next {there(following, window.zone, now)}." if following else text


def there(moment: datetime, zone: str, now: datetime) -> str:
    """Return a time as the clock there shows it: today, 20:00; tomorrow, 06:00; 21 Nov 2025, 20:00."""
    here, today = moment.astimezone(zone_of(zone)), now.astimezone(zone_of(zone)).date()
    name = {0: "today", 1: "tomorrow"}.get((here.date() - today).days, day(here.date()))
    return f"{name}, {here:%H:%M}"


@dataclass(frozen=True, slots=True)
class WindowForm:
    """What was entered, as it was entered."""

    zone: str
    always: bool
    opens: str
    closes: str
    days: int

    @classmethod
    def of(cls, window: Window) -> "WindowForm":
        return cls(window.zone, window.always, clock_of(window.opens), clock_of(window.closes), window.days)

    @classmethod
    def read(cls, form: Mapping[str, str]) -> "WindowForm":
        days = sum(1 << number for number in range(7) if form.get(f"day{number}") == "on")
        hours = (line(form, "opens", longest=8), line(form, "closes", longest=8))
        return cls(line(form, "zone", longest=64), line(form, "when") != "hours", *hours, days)

    def faults(self) -> list[tuple[str, str]]:
        """Return what is to be corrected: field and sentence."""
        found = []
        if self.zone not in zones():
            found.append(("zone", "Choose a time zone from the list, for example America/Chicago."))
        if self.always:
            return found
        opens, closes = minutes_of(self.opens), minutes_of(self.closes)
        if opens is None:
            found.append(("opens", "Say when the window opens, for example 20:00."))
        if closes is None:
            found.append(("closes", "Say when the window closes, for example 06:00."))
        if opens is not None and opens == closes:
            found.append(
                ("closes", "The window opens and closes at the same time. For the whole day choose At any time.")
            )
        if not self.days & WEEK:
            found.append(("day0", "Tick the days on which the window opens."))
        return found

    @property
    def window(self) -> Window:
        """Return the window that this makes, where it has no fault."""
        if self.always:
            return Window(self.zone)
        return Window(self.zone, minutes_of(self.opens), minutes_of(self.closes), self.days)
