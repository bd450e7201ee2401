"""Date macros of transaction queries (Today, LastMonth …) as ranges of dates; the year begins in January."""

from datetime import date, timedelta

_DAY = timedelta(days=1)


def dates_of(macro: str, today: str) -> tuple[str, str]:
    """First and last date of a macro, '' where it is open; a macro …ToDate ends today."""
    if macro == "All":
        return "", ""
    now = date.fromisoformat(today)
    name = macro.removesuffix("ToDate").replace("Fiscal", "").replace("Calendar", "")
    if name in ("Today", "Yesterday"):
        day = now - _DAY if name == "Yesterday" else now
        return day.isoformat(), day.isoformat()
    step = {"Last": -1, "Next": 1}.get(name[:4], 0)
    first, last = _period(name[4:], now, step)
    if macro.endswith("ToDate"):
        last = _same_day(first, last, now, step, name[4:])
    return first.isoformat(), last.isoformat()


def _period(unit: str, now: date, step: int) -> tuple[date, date]:
    """First and last day of the week, month, quarter or year that many steps from now; NextFourWeeks are 28 days."""
    if unit == "Week":
        first = now - timedelta(days=(now.weekday() + 1) % 7) + timedelta(weeks=step)
        return first, first + timedelta(days=6)
    if unit == "FourWeeks":
        return now, now + timedelta(days=27)
    months = {"Month": 1, "Quarter": 3}.get(unit, 12)
    first = _month(now.year, (now.month - 1) // months * months + months * step)
    return first, _month(first.year, first.month - 1 + months) - _DAY


def _month(year: int, index: int) -> date:
    """The first of a month counted from January of a year, 0 being January."""
    return date(year + index // 12, index % 12 + 1, 1)


def _same_day(first: date, last: date, now: date, step: int, unit: str) -> date:
    """The day of the period that is as far into it as today is into the current one."""
    return min(last, first + (now - _period(unit, now, 0)[0])) if step else min(last, now)
