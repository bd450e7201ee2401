"""A cursor may be early, never late: what changed behind a reading is seen by the next."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.protocol import cursor

at = datetime.fromisoformat
NOW = datetime(2026, 11, 20, 22, 5, 30, tzinfo=UTC)
PACIFIC = timedelta(hours=-8)
OFFSETS = st.sampled_from([timedelta(minutes=minutes) for minutes in (-600, -480, -420, -300, -240, -210, -150, 0)])
MOMENTS = st.datetimes(at("2001-01-01T00:00:00"), at("2089-12-31T00:00:00")).map(
    lambda moment: moment.replace(microsecond=0)
)
CLOCK_ERRORS = st.timedeltas(timedelta(days=-900), timedelta(days=900))


def ticks(moment: datetime) -> int:
    """As .NET counts: 100 ns since the year 1."""
    return int((moment - at("0001-01-01T00:00:00")) / timedelta(microseconds=1)) * 10


def test_ticks_are_read_as_local_time() -> None:
    here = at("2026-11-20T14:05:30")
    assert cursor.from_ticks(ticks(here), NOW, PACIFIC) == here


def test_ticks_are_read_as_utc_where_only_that_agrees_with_our_clock() -> None:
    assert cursor.from_ticks(ticks(at("2026-11-20T22:05:30")), NOW, PACIFIC) == at("2026-11-20T14:05:30")


def test_ticks_are_read_as_local_time_where_the_offset_leaves_out_daylight_saving() -> None:
    summer = datetime(2026, 7, 20, 22, 5, 30, tzinfo=UTC)
    here = at("2026-07-20T15:05:30")  # one hour more than the offset that QuickBooks writes
    assert cursor.from_ticks(ticks(here), summer, PACIFIC) == here


@pytest.mark.parametrize("count", [10**17 * 40, 2**62, 10**30])
def test_ticks_beyond_the_calendar_tell_nothing(count: int) -> None:
    assert cursor.from_ticks(count, NOW, PACIFIC) is None


def test_without_an_offset_ticks_are_local_time_where_american_clocks_may_show_it_now() -> None:
    assert cursor.began(ticks(at("2026-11-20T14:05:30")), NOW, None) == "2026-11-20T14:05:30"


@pytest.mark.parametrize("count", [ticks(at("2026-11-20T22:05:30")), None])
def test_without_an_offset_a_pass_began_no_later_than_any_american_clock_says(count: int | None) -> None:
    assert cursor.began(count, NOW, None) <= "2026-11-20T10:05:30"


def test_without_ticks_our_clock_tells_less_an_overlap() -> None:
    assert cursor.began(None, NOW, PACIFIC) == "2026-11-20T13:55:30"


@given(MOMENTS, OFFSETS, CLOCK_ERRORS)
def test_local_ticks_never_give_a_begin_later_than_the_computers_own_clock(
    here: datetime, offset: timedelta, wrong_by: timedelta
) -> None:
    ours = (here - offset + wrong_by).replace(tzinfo=UTC)
    told = cursor.began(ticks(here), ours, offset)
    assert told <= here.isoformat()


@given(MOMENTS, OFFSETS, st.timedeltas(timedelta(minutes=-60), timedelta(minutes=60)))
def test_utc_ticks_never_give_a_begin_later_than_the_computers_own_clock(
    here: datetime, offset: timedelta, wrong_by: timedelta
) -> None:
    ours = (here - offset + wrong_by).replace(tzinfo=UTC)
    assert cursor.began(ticks(here - offset), ours, offset) <= here.isoformat()


@given(st.lists(MOMENTS), MOMENTS, st.none() | MOMENTS, OFFSETS)
def test_a_cursor_is_never_later_than_the_newest_row_nor_the_begin_of_the_pass(
    rows: list[datetime], began: datetime, previous: datetime | None, offset: timedelta
) -> None:
    printed = [f"{row.isoformat()}{'-' if offset else '+'}{abs(offset) // timedelta(hours=1):02}:00" for row in rows]
    newest = ""
    for one in printed:
        newest = cursor.newest(newest, one)
    before = previous.isoformat() if previous else ""
    following = cursor.after_pass(before, newest, began.isoformat())
    assert following <= began.isoformat()
    assert following <= max([row.isoformat() for row in rows], default=before)


def test_a_pass_that_found_nothing_keeps_its_cursor() -> None:
    assert cursor.after_pass("2026-11-20T14:05:30", "", "2026-11-21T09:00:00") == "2026-11-20T14:05:30"


def test_a_cursor_goes_back_with_the_computers_clock() -> None:
    assert cursor.after_pass("2026-11-20T14:05:30", "", "2026-11-19T09:00:00") == "2026-11-19T09:00:00"


def test_a_cursor_holds_where_nobody_can_tell_when_the_pass_began() -> None:
    assert cursor.after_pass("", "2026-11-20T14:05:30-08:00", "") == "2026-11-20T14:05:30"


def test_the_newest_goes_by_the_wall_clock_of_the_computer() -> None:
    summer, winter = "2026-11-01T01:59:00-07:00", "2026-11-01T01:10:00-08:00"
    assert cursor.newest(summer, winter) == cursor.newest(winter, summer) == summer


@pytest.mark.parametrize(
    "text", ["", "N/A", "2026-13-45T99:99:99", "0000-00-00T00:00:00", "20 November 2026, 14:05", "x" * 300]
)
def test_what_is_no_time_never_becomes_a_cursor(text: str) -> None:
    assert cursor.newest("", text) == ""
    assert cursor.newest("2026-11-20T14:05:30-08:00", text) == "2026-11-20T14:05:30-08:00"
    assert cursor.local(text) == ""
    assert cursor.offset(text) is None


@given(st.text(max_size=30), st.text(max_size=30))
def test_no_text_breaks_a_cursor(one: str, other: str) -> None:
    newest = cursor.newest(cursor.newest("", one), other)
    cursor.offset(one)
    cursor.ask_from(cursor.after_pass("", newest, cursor.began(None, NOW, cursor.offset(newest))))


@pytest.mark.parametrize(
    ("text", "hours"),
    [("2026-11-20T14:05:30-08:00", -8), ("2026-11-20T14:05:30+01:00", 1), ("2026-11-20T14:05:30+00:00", 0)],
)
def test_an_offset_is_read_behind_its_time(text: str, hours: int) -> None:
    assert cursor.offset(text) == timedelta(hours=hours)


@pytest.mark.parametrize(
    "text", ["2026-11-20T14:05:30", "2026-11-20T14:05:30Z", "2026-11-20T14:05:30-ab:cd", "2026-11-20"]
)
def test_a_time_without_a_readable_offset_has_none(text: str) -> None:
    assert cursor.offset(text) is None


# the days on which clocks are changed


@pytest.mark.parametrize(
    ("year", "spring", "autumn"),
    [(2024, "2024-03-10", "2024-11-03"), (2025, "2025-03-09", "2025-11-02"), (2026, "2026-03-08", "2026-11-01")],
)
def test_clocks_are_changed_on_the_second_sunday_of_march_and_the_first_of_november(
    year: int, spring: str, autumn: str
) -> None:
    assert cursor.clock_changes(year) == (date.fromisoformat(spring), date.fromisoformat(autumn))


@given(st.integers(2007, 2200))
def test_clocks_are_changed_on_sundays(year: int) -> None:
    spring, autumn = cursor.clock_changes(year)
    assert (spring.weekday(), autumn.weekday()) == (6, 6)
    assert (8 <= spring.day <= 14, 1 <= autumn.day <= 7) == (True, True)


@pytest.mark.parametrize("day", ["2026-03-07", "2026-03-08", "2026-03-09", "2026-10-31", "2026-11-01", "2026-11-02"])
def test_about_a_change_of_clocks_two_hours_more_are_asked(day: str) -> None:
    assert (
        cursor.ask_from(f"{day}T01:30:00")
        == (datetime.fromisoformat(f"{day}T01:30:00") - timedelta(hours=2)).isoformat()
    )


@pytest.mark.parametrize(
    "moment", ["2026-03-06T23:59:59", "2026-03-10T00:00:00", "2026-07-01T12:00:00", "2026-11-03T00:00:00"]
)
def test_on_other_days_exactly_the_cursor_is_asked(moment: str) -> None:
    assert cursor.ask_from(moment) == moment


@given(MOMENTS)
def test_asking_never_begins_behind_the_cursor_nor_much_before_it(moment: datetime) -> None:
    asked = datetime.fromisoformat(cursor.ask_from(moment.isoformat()))
    assert timedelta() <= moment - asked <= timedelta(hours=2)


def test_without_a_cursor_everything_is_asked() -> None:
    assert cursor.ask_from("") == ""
