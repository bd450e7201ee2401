"""What authenticate answers: a session, nothing to do, or no."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sync.protocol import admission
from sync.protocol.admission import Admission, Caller, admit

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
