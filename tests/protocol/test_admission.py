"""What authenticate answers: a session, nothing to do, or no."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sync.protocol import admission
from sync.protocol.admission import Admission, Caller, Presented, WrongKey, admit, wrong_key, wrong_key_sentence

MINUTE = timedelta(minutes=1)
NOW = datetime(2026, 11, 20, 22, 5, 30, tzinfo=UTC)


def caller(**changes: Any) -> Caller:
    """A connector whose company was synced an hour ago, by schedule every fifteen minutes."""
    usual = {
        "key_fits": True,
        "paused": False,
        "begun": True,
        "has_run": False,
        "held_by_other": None,
        "last_ended": 60 * MINUTE,
        "last_began": 61 * MINUTE,
        "schedule": 15 * MINUTE,
        "polls": False,
    }
    return Caller(**{**usual, **changes})


def test_a_wrong_key_is_refused_whatever_else_is_true() -> None:
    assert admit(caller(key_fits=False, has_run=True)) == Admission("nvu")


def test_a_paused_company_has_nothing_to_do() -> None:
    assert admit(caller(paused=True, has_run=True)) == Admission("none")


def test_a_second_computer_waits_while_the_first_is_alive() -> None:
    assert admit(caller(held_by_other=14 * MINUTE, has_run=True)) == Admission("none", wait=admission.STANDBY_WAIT)


def test_a_second_computer_takes_over_once_the_first_was_silent() -> None:
    assert admit(caller(held_by_other=admission.LEASE, has_run=True)).code == ""


def test_a_run_that_waits_is_taken_up_at_once() -> None:
    assert admit(caller(has_run=True, last_ended=timedelta(seconds=1))) == Admission("")


def test_a_company_that_was_not_begun_is_looked_at() -> None:
    assert admit(caller(begun=False)) == Admission("")


def test_a_call_by_schedule_begins_a_run() -> None:
    assert admit(caller()) == Admission("", new_run=True)


def test_a_first_call_begins_a_run() -> None:
    assert admit(caller(last_ended=None, last_began=None)) == Admission("", new_run=True)


@pytest.mark.parametrize(("ended", "code"), [(59, "none"), (60, "")])
def test_two_syncs_that_nobody_asked_for_are_a_minute_apart(ended: int, code: str) -> None:
    assert admit(caller(last_ended=timedelta(seconds=ended))).code == code


@pytest.mark.parametrize(("began", "code"), [(14, "none"), (14.5, ""), (15, ""), (40, "")])
def test_a_connector_that_polls_syncs_by_the_schedule(began: float, code: str) -> None:
    assert admit(caller(polls=True, last_began=began * MINUTE, last_ended=began * MINUTE)).code == code


def test_nobody_is_served_while_quickbooks_desktop_is_switched_off() -> None:
    assert admit(caller(off=True, has_run=True, asked=True)) == Admission("none")


def test_outside_its_hours_only_what_a_person_asked_for_runs() -> None:
    assert admit(caller(window_open=False)) == Admission("none")
    assert admit(caller(window_open=False, has_run=True)) == Admission("none")
    assert admit(caller(window_open=False, has_run=True, asked=True)) == Admission("")


def test_a_file_is_looked_at_outside_the_hours_too() -> None:
    assert admit(caller(window_open=False, begun=False)) == Admission("")


def test_a_person_does_not_overrule_a_pause() -> None:
    assert admit(caller(paused=True, has_run=True, asked=True)) == Admission("none")


def test_a_cancelled_first_sync_is_begun_again_by_a_person_only() -> None:
    assert admit(caller(first_cancelled=True)) == Admission("none")
    assert admit(caller(first_cancelled=True, has_run=True, asked=True)) == Admission("")


def test_a_standby_computer_takes_over_once_the_holder_was_silent() -> None:
    lease = admission.lease(15 * MINUTE)
    assert admit(caller(holder_silent=lease - timedelta(seconds=1), lease=lease)) == Admission("none")
    assert admit(caller(holder_silent=lease - timedelta(seconds=1), lease=lease, has_run=True)) == Admission("none")
    assert admit(caller(holder_silent=lease, lease=lease)) == Admission("", new_run=True)


def test_whoever_calls_first_takes_what_a_person_asked_for() -> None:
    assert admit(caller(holder_silent=MINUTE, has_run=True, asked=True)) == Admission("")


@pytest.mark.parametrize(("minutes", "lease"), [(1, 15.5), (15, 15.5), (60, 60.5)])
def test_a_holder_may_be_silent_for_its_interval_and_fifteen_minutes_at_least(minutes: int, lease: float) -> None:
    assert admission.lease(minutes * MINUTE) == lease * MINUTE


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        ({"tries": 5, "nearly_current": True}, WrongKey.BLOCKED),
        ({"revoked": True, "same_current": True}, WrongKey.REVOKED),
        ({"revoked": True}, WrongKey.MISTYPED),
        ({"retired": True}, WrongKey.OLD),
        ({"revoked": True, "retired": True}, WrongKey.OLD),
        ({"nearly_current": True}, WrongKey.ALTERED),
        ({"another": True}, WrongKey.OTHER),
        ({}, WrongKey.MISTYPED),
    ],
)
def test_a_refused_key_is_told_for_what_it_most_likely_is(known: dict[str, Any], reason: WrongKey) -> None:
    assert wrong_key(Presented(**{"tries": 0, "revoked": False, **known})) is reason


def test_each_reason_has_a_sentence() -> None:
    sentences = {wrong_key_sentence(reason, "Second, YARD-PC") for reason in WrongKey}
    assert len(sentences) == len(WrongKey)
    assert any("Second, YARD-PC" in sentence for sentence in sentences)
    assert wrong_key_sentence("") == ""


def test_a_night_without_calls_counts_for_little_and_a_changed_every_min_shows_soon() -> None:
    quarter, hour = 15 * MINUTE, 60 * MINUTE
    after_night = admission.smoothed(900, quarter, 14 * hour)
    assert after_night < 900 * 1.6
    assert admission.smoothed(None, quarter, timedelta(seconds=20)) > 900 / 1.6  # two presses of Update Selected
    changed = 900
    for _ in range(4):
        changed = admission.smoothed(changed, quarter, hour)
    assert changed > 900 * 1.6
