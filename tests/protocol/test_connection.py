"""The connection state of a company: the first reason that is true counts, and each says since when."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sync.protocol.connection import Evidence, silent_after, state

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


@pytest.mark.parametrize(("minutes", "words"), [(46, "46 min"), (60, "1 h"), (47 * 60, "47 h"), (48 * 60, "2 days")])
def test_a_silence_is_told_in_its_own_unit(minutes: int, words: str) -> None:
    assert state(evidence(last_call_at=NOW - minutes * MINUTE), NOW).text == f"Not active: last active {words} ago"


def test_the_percentage_is_told_once_there_is_one() -> None:
    assert state(evidence(session_since=NOW, percent=0), NOW).text == "Syncing now"
    assert state(evidence(session_since=NOW, percent=7), NOW).text == "Syncing now: 7 %"
