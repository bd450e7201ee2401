"""The sync window, on the clock of the company's own time zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from sync.protocol.window import WEEK, Window

NEW_YORK = "America/New_York"
ZONES = ("America/New_York", "America/Vancouver", "America/Toronto", "Australia/Lord_Howe", "Asia/Kolkata", "UTC")
MOMENTS = st.integers(0, 2 * 365 * 86400).map(lambda at: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=at))
WINDOWS = st.builds(
    Window,
    st.sampled_from(ZONES),
    st.integers(0, 1439),
    st.integers(0, 1439),
    st.integers(0, WEEK),
)


def local(text: str, zone: str = NEW_YORK) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def test_a_window_without_times_is_always_open():
    window = Window(NEW_YORK, None, None, WEEK)
    now = local("2025-11-21T03:00")
    assert window.is_open(now)
    assert window.next_opening(now) is None
    assert window.open_between(now, now + timedelta(hours=5)) == timedelta(hours=5)
    assert window.open_between(now, now - timedelta(hours=5)) == timedelta()
    assert window.after(now, timedelta(hours=5)) == now + timedelta(hours=5)


def test_a_window_is_open_from_its_opening_until_just_before_its_closing():
    window = Window(NEW_YORK, 8 * 60, 18 * 60, WEEK)
    assert not window.is_open(local("2025-11-21T07:59:59"))
    assert window.is_open(local("2025-11-21T08:00"))
    assert window.is_open(local("2025-11-21T17:59:59"))
    assert not window.is_open(local("2025-11-21T18:00"))
    assert window.next_opening(local("2025-11-21T07:00")) == local("2025-11-21T08:00")
    assert window.next_opening(local("2025-11-21T08:00")) == local("2025-11-22T08:00")


def test_past_midnight_the_day_is_that_of_the_opening():
    friday = Window(NEW_YORK, 22 * 60, 6 * 60, 1 << 4)
    assert not friday.is_open(local("2025-11-21T05:00"))  # Friday morning belongs to Thursday
    assert friday.is_open(local("2025-11-21T23:00"))
    assert friday.is_open(local("2025-11-22T05:59"))
    assert not friday.is_open(local("2025-11-22T23:00"))
    assert friday.next_opening(local("2025-11-22T05:00")) == local("2025-11-28T22:00")
    assert friday.open_between(local("2025-11-20T00:00"), local("2025-12-01T00:00")) == timedelta(hours=16)


def test_equal_times_are_a_whole_day_and_no_day_is_never():
    whole = Window(NEW_YORK, 540, 540, WEEK)
    assert whole.is_open(local("2025-11-21T09:00"))
    assert whole.is_open(local("2025-11-21T08:59"))
    never = Window(NEW_YORK, 540, 1020, 0)
    now = local("2025-11-21T10:00")
    assert not never.is_open(now)
    assert never.next_opening(now) is None
    assert never.open_between(now, now + timedelta(days=30)) == timedelta()
    assert never.after(now, timedelta(minutes=1)) is None


def test_the_night_that_has_an_hour_less_or_more_is_as_long_as_its_clock_says():
    night = Window(NEW_YORK, 60, 240, WEEK)  # 01:00 to 04:00
    spring, autumn = local("2026-03-08T00:00"), local("2025-11-02T00:00")
    assert night.open_between(spring, local("2026-03-09T00:00")) == timedelta(hours=2)
    assert night.open_between(autumn, local("2025-11-03T00:00")) == timedelta(hours=4)


def test_a_time_that_the_clock_leaps_over_is_the_moment_of_the_leap():
    leap = datetime(2026, 3, 8, 7, tzinfo=UTC)
    assert Window(NEW_YORK, 150, 300, WEEK).next_opening(local("2026-03-08T01:00")) == leap  # 02:30 is never shown
    closes = Window(NEW_YORK, 0, 150, WEEK)
    assert closes.is_open(leap - timedelta(seconds=1))
    assert not closes.is_open(leap)
    within = Window(NEW_YORK, 130, 170, WEEK)  # shown never on that day
    assert within.open_between(local("2026-03-08T00:00"), local("2026-03-09T00:00")) == timedelta()


def test_of_a_time_that_comes_twice_the_first_opens_and_the_second_closes():
    opens = Window(NEW_YORK, 90, 300, WEEK)  # 01:30
    assert opens.next_opening(local("2025-11-02T00:00")) == datetime(2025, 11, 2, 5, 30, tzinfo=UTC)
    closes = Window(NEW_YORK, 0, 90, WEEK)
    assert closes.is_open(datetime(2025, 11, 2, 6, 29, tzinfo=UTC))
    assert not closes.is_open(datetime(2025, 11, 2, 6, 30, tzinfo=UTC))
    whole = Window(NEW_YORK, 90, 90, WEEK)  # no moment counts twice
    assert whole.open_between(local("2025-11-01T00:00"), local("2025-11-04T00:00")) == timedelta(hours=73)


def test_a_zone_that_nobody_knows_is_taken_for_utc():
    for name in ("", "Mars/Olympus", "../etc/passwd", "America", "\x00", "Europe/Ber lin"):
        window = Window(name, 8 * 60, 9 * 60, WEEK)
        assert window.is_open(datetime(2025, 11, 21, 8, 30, tzinfo=UTC)), name
        assert not window.is_open(datetime(2025, 11, 21, 9, 30, tzinfo=UTC)), name


@given(WINDOWS, MOMENTS)
def test_whenever_the_clock_on_the_wall_shows_a_time_in_the_window_it_is_open(window: Window, now: datetime):
    there = now.astimezone(ZoneInfo(window.zone))
    minute, weekday = there.hour * 60 + there.minute, there.weekday()
    yesterday = (weekday - 1) % 7
    opens, closes = window.opens or 0, window.closes or 0
    today_it_opens, yesterday_it_opened = window.days >> weekday & 1, window.days >> yesterday & 1
    if closes > opens:
        shown = bool(today_it_opens and opens <= minute < closes)
    else:
        shown = bool((today_it_opens and minute >= opens) or (yesterday_it_opened and minute < closes))
    twice = any(there.utcoffset() != (there + timedelta(hours=hours)).utcoffset() for hours in (-26, 26))
    assert window.is_open(now) == shown or (twice and window.is_open(now))


@given(WINDOWS, MOMENTS, st.integers(0, 200), st.integers(0, 200))
def test_the_time_inside_the_window_adds_up(window: Window, start: datetime, one: int, other: int):
    middle, end = start + timedelta(hours=one), start + timedelta(hours=one + other)
    whole = window.open_between(start, end)
    assert whole == window.open_between(start, middle) + window.open_between(middle, end)
    assert timedelta() <= whole <= end - start


@given(WINDOWS, MOMENTS, st.integers(1, 5000))
def test_what_has_gone_by_inside_the_window_is_what_was_waited_for(window: Window, start: datetime, minutes: int):
    length = timedelta(minutes=minutes)
    reached = window.after(start, length)
    if reached is None:
        assert not window.days
    else:
        assert window.open_between(start, reached) == length
        assert window.open_between(start, reached - timedelta(seconds=1)) < length


@given(WINDOWS, MOMENTS)
def test_the_next_opening_is_a_change_from_closed_to_open_or_a_day_to_the_next(window: Window, now: datetime):
    opening = window.next_opening(now)
    if opening is None:
        assert not window.days
    else:
        assert opening > now
        assert window.is_open(opening)
        if not window.is_open(now):
            assert window.open_between(now, opening) == timedelta()
