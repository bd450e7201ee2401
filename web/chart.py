"""Figures over time, as bars: which days a bar stands for, how it is called, how high the chart is.

Days are those of the server's clock, like every time on a page.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from math import ceil

from sync.store.history import Period
from web.filters import count, day, plural

BARS = 31  # at most
ROUND = (1, 2, 4, 6, 8, 10)
MINUTES_FROM = 180  # seconds: above this the bars count minutes
READ = ("Rows read", "New or changed")
LASTED = ("Usual", "Longest")


@dataclass(frozen=True, slots=True)
class Chart:
    """What bars() and bars_table() draw."""

    title: str
    label: str  # the same in a sentence, for who does not see it
    head: str  # of the first column of the table: Day, or From
    series: tuple[str, str]
    days: list[tuple[str, int, int]]  # label, filled bar, outlined bar
    top: int

    @property
    def empty(self) -> bool:
        """Say whether there is nothing to draw."""
        return not any(one or other for _, one, other in self.days)


def bounds(first: date, last: date) -> list[datetime]:
    """Return where each bar begins, and where the last one ends; a bar is several days when there are too many."""
    step = max(ceil(((last - first).days + 1) / BARS), 1)
    days = range(0, (last - first).days + 1, step)
    return [midnight(first + timedelta(days=number)) for number in days] + [midnight(last + timedelta(days=1))]


def midnight(of: date) -> datetime:
    """Return when a day begins by the server's clock."""
    return datetime.combine(of, time()).astimezone()


def days_back(today: date, number: int) -> list[datetime]:
    """Return the bounds of so many days, today the last."""
    return bounds(today - timedelta(days=number - 1), today)


def names(limits: Sequence[datetime]) -> list[str]:
    """Return the day on which each bar begins: 21 Nov."""
    days = [limit.astimezone() for limit in limits[:-1]]
    return [f"{each.day} {each:%b}" for each in days]


def head_of(limits: Sequence[datetime]) -> str:
    """Say what one bar is: a day, or a number of days from a day on."""
    several = limits[1] - limits[0] > timedelta(days=1, hours=2) if len(limits) > 1 else False
    return "From" if several else "Day"


def top_of(values: Sequence[int]) -> int:
    """Return the round number at which the highest grid line stands; half of it is whole too."""
    highest = max(values, default=0)
    size = 10 ** (len(str(highest)) - 1) if highest else 1
    return max(next(part * size for part in ROUND if part * size >= highest), 2)


def rows_chart(periods: Sequence[Period], limits: Sequence[datetime]) -> Chart:
    """Return the rows that came in, and how many of them were new or different."""
    days = [(name, each.rows, each.changed) for name, each in zip(names(limits), periods, strict=True)]
    rows, syncs = sum(each.rows for each in periods), sum(each.syncs for each in periods)
    label = (
        f"{count(rows)} {plural(rows, 'row')} read in {count(syncs)} {plural(syncs, 'sync', 'syncs')}, {span(limits)}"
    )
    return Chart("Rows a day" if head_of(limits) == "Day" else "Rows", label, head_of(limits), READ, days, top(days))


def durations_chart(periods: Sequence[Period], limits: Sequence[datetime]) -> Chart:
    """Return how long complete incremental syncs took: a first sync would make all others flat."""
    longest = max((each.longest or 0 for each in periods), default=0)
    unit, size = ("minutes", 60) if longest > MINUTES_FROM else ("seconds", 1)
    days = [
        (name, ceil((each.took or 0) / size), ceil((each.longest or 0) / size))
        for name, each in zip(names(limits), periods, strict=True)
    ]
    label = f"Incremental syncs took up to {ceil(longest / size)} {unit}, {span(limits)}"
    return Chart(f"How long a sync took, {unit}", label, head_of(limits), LASTED, days, top(days))


def top(days: Sequence[tuple[str, int, int]]) -> int:
    return top_of([value for _, one, other in days for value in (one, other)])


def span(limits: Sequence[datetime]) -> str:
    """Say from which day to which: 8 Nov 2025 to 21 Nov 2025."""
    last = limits[-1].astimezone().date() - timedelta(days=1)
    return f"{day(limits[0].astimezone().date())} to {day(last)}"
