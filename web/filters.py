"""How values read on a page: amounts, counts, times, durations. All are Jinja filters; none knows HTML.

Times of ours are shown by the server's clock, times of QuickBooks as its computer gave them.
"""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
QB_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2})(?::\d{2})?.*)?")
BROWSERS = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))  # in this order
SYSTEMS = (
    ("Windows", "Windows"),
    ("iPhone", "iPhone"),
    ("Android", "Android"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)
SIZES = ("bytes", "kB", "MB", "GB")
RUN_KINDS = {"initial": "First sync", "incremental": "Incremental", "full": "Full sync", "verify": "Verify"}


def now() -> datetime:
    return datetime.now(UTC)


def local(moment: datetime) -> datetime:
    """Return the same moment by the server's clock."""
    return moment.astimezone()


def money(amount: Decimal | str | None) -> str:
    """4331.03 is "4,331.03", a negative amount stands in parentheses; what is no number stays as it is."""
    if amount is None or amount == "":
        return ""
    try:
        value = Decimal(amount)
        text = f"{abs(value):,.2f}"
    except InvalidOperation:
        return str(amount)
    return f"({text})" if value < 0 else text


def quantity(amount: Decimal | str | None) -> str:
    """2.50000 is "2.5", 1000 is "1,000"."""
    if amount is None or amount == "":
        return ""
    try:
        text = f"{Decimal(amount):,f}"
    except InvalidOperation:
        return str(amount)
    return text.rstrip("0").rstrip(".") if "." in text else text


def count(number: int | None) -> str:
    return "" if number is None else f"{number:,}"


def words(number: int) -> str:
    """Up to ten in words."""
    return NUMBERS[number] if 0 <= number < len(NUMBERS) else count(number)


def plural(number: int, one: str, many: str = "") -> str:
    """Return the noun that goes with a number."""
    return one if number == 1 else many or f"{one}s"


def run_kind(kind: str) -> str:
    """First sync, for "initial"."""
    return RUN_KINDS.get(kind, kind)


def upper_first(text: str) -> str:
    return text[:1].upper() + text[1:]


def percent(number: float | None) -> str:
    return "" if number is None else f"{number:.0f} %"


def clock(moment: datetime | None, seconds: bool = True) -> str:
    """14:05:31"""
    return f"{local(moment):{'%H:%M:%S' if seconds else '%H:%M'}}" if moment else ""


def day(value: date) -> str:
    """21 Nov 2025"""
    return f"{value.day} {value:%b %Y}"


def day_time(moment: datetime | None, *, seconds: bool = False, now: datetime | None = None) -> str:
    """today, 14:20 or 21 Nov 2025, 14:20"""
    if moment is None:
        return ""
    here, today = local(moment), local(now or datetime.now(UTC)).date()
    name = "today" if here.date() == today else day(here.date())
    return f"{name}, {clock(moment, seconds)}"


def ago(moment: datetime | None, now: datetime | None = None) -> str:
    """3 h 28 min ago"""
    if moment is None:
        return ""
    seconds = ((now or datetime.now(UTC)) - moment).total_seconds()
    return "just now" if seconds < 10 else f"{duration(seconds)} ago"


def duration(seconds: float | None, *, exact: bool = False) -> str:
    """9 s, 38 min 2 s, 3 h 28 min, 4 days; exact gives 0.4 s below ten seconds."""
    if seconds is None:
        return ""
    if exact and seconds < 9.95:
        return f"{max(seconds, 0):.1f} s"
    whole = max(round(seconds), 0)
    minutes, rest = divmod(whole, 60)
    hours, minutes_left = divmod(minutes, 60)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return joined(f"{minutes} min", f"{rest} s" if rest else "")
    if whole < 48 * 3600:
        return joined(f"{hours} h", f"{minutes_left} min" if minutes_left else "")
    return f"{whole // 86400} days"


def about(seconds: float | None) -> str:
    """A time that is estimated: about 6 min, less than a minute."""
    if seconds is None:
        return ""
    if seconds < 60:
        return "less than a minute"
    minutes = round(seconds / 60)
    return f"about {minutes} min" if minutes < 120 else f"about {round(minutes / 60)} h"


def sentence_list(names: Sequence[str]) -> str:
    """Ruth, Alice and Bob"""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def size(number: int | None) -> str:
    """612 bytes, 1.2 GB"""
    if number is None:
        return ""
    value, unit = float(number), 0
    while value >= 1000 and unit < len(SIZES) - 1:
        value, unit = value / 1000, unit + 1
    return f"{number:,} {plural(number, 'byte')}" if unit == 0 else f"{value:.1f} {SIZES[unit]}"


def qb_time(text: str | None) -> str:
    """2025-11-18T09:31:00-08:00 is "18 Nov 2025, 09:31": as the QuickBooks computer's clock said it."""
    match = QB_TIME.fullmatch(text or "")
    if match is None:
        return text or ""
    try:
        name = day(date.fromisoformat(match[1]))
    except ValueError:
        return text or ""
    return f"{name}, {match[2]}" if match[2] else name


def qb_day(text: str | None) -> str:
    """2025-11-18T09:31:00-08:00 is "18 Nov 2025"."""
    return qb_time(text).partition(",")[0]


def initials(name: str) -> str:
    """Tomas Weir is TW."""
    parts = name.split()
    return "".join(part[0] for part in (parts[:1] + parts[-1:] if len(parts) > 1 else parts)).upper()


def browser_name(agent: str) -> str:
    """Mozilla/5.0 (Windows NT 10.0; …) Firefox/130.0 is "Firefox on Windows", as far as such a text can be believed."""
    browser = next((name for mark, name in BROWSERS if mark in agent), "A browser")
    system = next((name for mark, name in SYSTEMS if mark in agent), "")
    return f"{browser} on {system}" if system else browser


FILTERS: dict[str, Callable[..., str]] = {
    each.__name__: each
    for each in (
        about,
        ago,
        browser_name,
        clock,
        count,
        day,
        day_time,
        duration,
        initials,
        money,
        percent,
        plural,
        qb_day,
        qb_time,
        quantity,
        run_kind,
        sentence_list,
        size,
        upper_first,
        words,
    )
}
