"""The connection state of a company: the first reason that is true counts, and each says since when."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.protocol.connection import (
    SET_UP,
    Evidence,
    late_after,
    next_call,
    refusal,
    rules,
    silent_after,
    span,
    state,
    states,
)
from sync.protocol.window import Window

NOW = datetime(2026, 11, 20, 22, 5, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def evidence(**changes: Any) -> Evidence:
    """A company in order: synced five minutes ago."""
    usual = {
        "wrong_file_at": None,
        "wrong_file": "",
        "paused_at": None,
        "paused_by": "",
        "began_set_up": NOW - timedelta(days=30),
        "last_sync_at": NOW - 5 * MINUTE,
        "last_call_at": NOW - 5 * MINUTE,
        "session_since": None,
        "syncing": "",
        "percent": 0,
        "waits": False,
        "interval": 15 * MINUTE,
        "refused": "",
        "refused_at": None,
        "computers": ("FRONT-DESK-02",),
    }
    return Evidence(**{**usual, **changes})


REASONS: dict[str, dict[str, Any]] = {  # in the order in which they count
    "wrong_file": {"wrong_file_at": NOW - MINUTE, "wrong_file": "Another file answered"},
    "paused": {"paused_at": NOW - MINUTE, "paused_by": "Alice"},
    "syncing": {"session_since": NOW - MINUTE, "syncing": "Customers", "percent": 40},
    "refused": {"refused_at": NOW - MINUTE, "refused": "0x80040414"},
    "not_active": {"last_call_at": NOW - 3 * 60 * MINUTE},
    "late": {"last_call_at": NOW - 35 * MINUTE},
    "never_synced": {"last_sync_at": None},
    "waiting": {"waits": True},
}


@pytest.mark.parametrize("name", REASONS)
def test_each_reason_alone_gives_its_state(name: str) -> None:
    assert state(evidence(**REASONS[name]), NOW).state == name


def test_of_several_reasons_the_first_counts() -> None:
    names = list(REASONS)
    for at, name in enumerate(names):
        together: dict[str, Any] = {}
        for other in reversed(names[at:]):
            together.update(REASONS[other])
        assert state(evidence(**together), NOW).state == name


def test_without_any_reason_a_company_is_connected() -> None:
    found = state(evidence(computers=("DESK-1", "DESK-2", "DESK-3")), NOW)
    assert (found.state, found.since, found.small) == ("connected", NOW - 5 * MINUTE, "DESK-1, DESK-2 and DESK-3")


@pytest.mark.parametrize(
    ("name", "group"),
    [("wrong_file", "needs_you"), ("paused", "paused"), ("syncing", "in_order"), ("refused", "needs_you"),
     ("not_active", "needs_you"), ("late", "needs_you"), ("never_synced", "needs_you"), ("waiting", "in_order")],
)  # fmt: skip
def test_every_state_stands_in_its_group(name: str, group: str) -> None:
    assert state(evidence(**REASONS[name]), NOW).group == group


def test_a_run_that_waits_for_the_web_connector_needs_nobody() -> None:
    found = state(evidence(waits=True), NOW)
    assert (found.state, found.group) == ("waiting", "in_order")


def test_a_company_that_never_called_says_at_which_step_its_set_up_is() -> None:
    found = state(evidence(waits=True, last_call_at=None, last_sync_at=None, answered=False), NOW)
    assert (found.state, found.small) == ("never_synced", "Set-up is at step 3 of 6: Connector")
    assert found.why == "The Web Connector has not called yet; set-up is at step 3 of 6."


@pytest.mark.parametrize(("interval", "minutes"), [(1, 30), (10, 30), (15, 45), (60, 180)])
def test_a_company_is_not_active_after_three_intervals_and_half_an_hour_at_least(interval: int, minutes: int) -> None:
    assert silent_after(interval * MINUTE) == minutes * MINUTE
    silent = {"interval": interval * MINUTE, "last_sync_at": NOW}
    assert state(evidence(last_call_at=NOW - minutes * MINUTE, **silent), NOW).state == "late"
    assert state(evidence(last_call_at=NOW - minutes * MINUTE - MINUTE, **silent), NOW).state == "not_active"


@pytest.mark.parametrize(("seconds", "minutes"), [(60, 10), (300, 10), (600, 20), (900, 30), (3600, 120)])
def test_a_company_is_late_after_two_intervals_and_ten_minutes_at_least(seconds: int, minutes: int) -> None:
    interval = timedelta(seconds=seconds)
    assert late_after(interval) == minutes * MINUTE
    silent = {"interval": interval, "last_sync_at": NOW}
    assert state(evidence(last_call_at=NOW - minutes * MINUTE, **silent), NOW).state == "connected"
    found = state(evidence(last_call_at=NOW - minutes * MINUTE - MINUTE / 60, **silent), NOW)
    assert (found.state, found.text) == ("late", f"Late: last active {span(minutes * MINUTE)} ago")
    assert found.since == NOW - MINUTE / 60, "since when the rule was broken, not since the last call"


NIGHT = Window("UTC", 8 * 60, 18 * 60)  # NOW is 22:05


def test_silence_is_counted_inside_the_sync_window_only() -> None:
    before_closing = NOW.replace(hour=17, minute=50)
    assert state(evidence(window=NIGHT, last_call_at=before_closing), NOW).state == "connected"
    morning = NOW + timedelta(days=1)
    opened = morning.replace(hour=8, minute=0, second=0)
    for minutes, name in ((19, "connected"), (21, "late"), (34, "late"), (36, "not_active")):
        at = opened + minutes * MINUTE
        assert state(evidence(window=NIGHT, last_call_at=before_closing), at).state == name, minutes
    early = NOW.replace(hour=17, minute=0)
    assert state(evidence(window=NIGHT, last_call_at=early), NOW).state == "not_active", "it was so before it closed"


def test_a_window_that_never_opens_makes_nothing_late() -> None:
    never = Window("UTC", 480, 540, 0)
    assert state(evidence(window=never, last_call_at=NOW - timedelta(days=90)), NOW).state == "connected"


def test_a_session_that_goes_on_and_a_set_up_that_goes_on_are_no_silence() -> None:
    long_ago = {"last_call_at": NOW - 60 * MINUTE}
    assert [each.state for each in states(evidence(session_since=NOW - 50 * MINUTE, **long_ago), NOW)] == [
        "syncing",
        "connected",
    ]
    assert state(evidence(begun=False, **long_ago), NOW).state == "waiting"


def test_the_next_call_is_told_while_one_is_due() -> None:
    assert next_call(evidence(), NOW) == NOW + 10 * MINUTE
    tomorrow = NOW.replace(hour=8, minute=5, second=0) + timedelta(days=1)
    assert next_call(evidence(window=NIGHT, last_call_at=NOW.replace(hour=17, minute=50, second=0)), NOW) == tomorrow
    for change in (
        {"last_call_at": None},
        {"last_call_at": NOW - 31 * MINUTE},
        {"last_call_at": NOW - 3 * 60 * MINUTE},
        {"session_since": NOW},
        {"paused_at": NOW - MINUTE},
    ):
        assert next_call(evidence(**change), NOW) is None, change


def test_a_pause_ends_at_its_time() -> None:
    paused = {"paused_at": NOW - 60 * MINUTE, "paused_by": "Ruth", "paused_why": "year-end audit"}
    found = state(evidence(**paused), NOW)
    assert (found.state, found.small) == ("paused", "By Ruth: year-end audit")
    assert state(evidence(paused_until=NOW + MINUTE, **paused), NOW).state == "paused"
    assert state(evidence(paused_until=NOW, **paused), NOW).state == "connected"


def test_a_refusal_is_told_by_what_it_means_and_one_that_no_table_has_by_its_own_words() -> None:
    assert refusal("0x80040414").startswith("A dialog is open in QuickBooks")
    assert refusal("80040414") == refusal("0X80040414")
    assert refusal("0x8004FFFF", "Something new.") == "Something new."
    assert refusal("0x8004FFFF") == "QuickBooks reported 0x8004FFFF."
    assert refusal("") == "QuickBooks reported an error without a code."
    found = state(evidence(refused_at=NOW, refused="0x80040414"), NOW)
    assert (found.text, found.since) == ("QuickBooks refuses", NOW)


SET_UP_AT = [
    (1, {"prepared": False, "region_chosen": False}),
    (2, {"region_chosen": False}),
    (3, {}),
    (4, {"last_call_at": NOW}),
    (4, {"last_call_at": NOW, "answered": True, "wrong_file_at": NOW}),
    (5, {"last_call_at": NOW, "answered": True}),
    (6, {"last_call_at": NOW, "answered": True, "begun": True}),
    (3, {"begun": True}),
]


@pytest.mark.parametrize(("number", "told"), SET_UP_AT)
def test_a_company_that_never_synced_says_at_which_step_its_set_up_is(number: int, told: dict[str, Any]) -> None:
    new = {"last_call_at": None, "last_sync_at": None, "answered": False, "begun": False, **told}
    found = next(each for each in states(evidence(**new), NOW) if each.state == "never_synced")
    assert found.why.endswith(f"set-up is at step {number} of 6.")
    assert found.small == f"Set-up is at step {number} of 6: {SET_UP[number - 1]}"


@given(
    st.fixed_dictionaries({name: st.booleans() for name in REASONS}),
    st.integers(0, 10_000),
    st.integers(60, 86_400),
)
def test_whatever_is_known_there_is_one_state_with_words_and_a_reason(
    true: dict[str, bool], silent: int, seconds: int
) -> None:
    together: dict[str, Any] = {"last_call_at": NOW - silent * MINUTE, "interval": timedelta(seconds=seconds)}
    for name, reason in REASONS.items():
        if true[name]:
            together.update(reason)
    found = states(evidence(**together), NOW)
    order = [*REASONS, "connected"]
    assert [order.index(each.state) for each in found] == sorted({order.index(each.state) for each in found})
    assert found[-1].state in ("waiting", "connected")
    assert all(each.text and each.why.endswith(".") for each in found)
    assert state(evidence(**together), NOW) == found[0]


def test_the_rules_are_told_in_words_with_the_numbers_that_count() -> None:
    told = dict(rules(15 * MINUTE, Window()))
    assert list(told) == [*REASONS, "connected"]
    assert told["late"] == "No call for 30 min: two expected intervals of 15 min, but at least 10 min."
    assert told["not_active"] == "No call for 45 min: three expected intervals of 15 min, but at least 30 min."
    minute = dict(rules(MINUTE, NIGHT))
    assert minute["late"].startswith("No call for 10 min:")
    assert minute["not_active"].startswith("No call for 30 min:")
    assert minute["late"].endswith(", counted inside the sync window only.")
    assert dict(rules(90 * MINUTE, NIGHT))["not_active"].startswith("No call for 4 h 30 min:")
    assert state(evidence(last_call_at=NOW - 31 * MINUTE), NOW).why == told["late"]


@pytest.mark.parametrize(("minutes", "words"), [(46, "46 min"), (60, "1 h"), (47 * 60, "47 h"), (48 * 60, "2 days")])
def test_a_silence_is_told_in_its_own_unit(minutes: int, words: str) -> None:
    assert state(evidence(last_call_at=NOW - minutes * MINUTE), NOW).text == f"Not active: last active {words} ago"


def test_the_percentage_is_told_once_there_is_one() -> None:
    assert state(evidence(session_since=NOW, percent=0), NOW).text == "Syncing now"
    assert state(evidence(session_since=NOW, percent=7), NOW).text == "Syncing now: 7 %"
