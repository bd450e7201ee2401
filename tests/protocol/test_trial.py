"""The live test that ends a step: what came, until when it is waited for, and which step a failure opens."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sync.protocol.trial import NAMES, Heard, Outcome, Trial, judge, opens

BEGAN = datetime(2025, 11, 21, 14, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TRIAL = Trial(id=1, step=2, began_at=BEGAN, until=BEGAN + 16 * MINUTE, by="bob@halder.example")
DURING, AFTER = BEGAN + 5 * MINUTE, BEGAN + 17 * MINUTE


def say(moment: datetime) -> str:
    return f"{moment:%H:%M}"


def came(heard: dict[str, Any], now: datetime = DURING) -> Outcome:
    return judge(TRIAL, Heard(**heard), now, say)


def test_nothing_heard_is_waited_for_until_the_expected_interval_is_over() -> None:
    waiting = came({})
    assert (waiting.kind, waiting.is_over) == ("waiting", False)
    assert waiting.sentence == "Since 14:12. By itself, a call should come by 14:28."
    over = came({}, AFTER)
    assert (over.kind, over.is_over, over.sentence) == ("silent", True, "No call by 14:28.")


CALLED = {"called_at": BEGAN + MINUTE, "address": "203.0.113.7"}


@pytest.mark.parametrize(
    ("heard", "kind", "words", "points_to", "states"),
    [
        (CALLED, "called", "It called 14:13 with the right password.", 0, "done done waiting later"),
        (
            {**CALLED, "read_at": BEGAN + 2 * MINUTE},
            "success",
            "the first page was read 14:14",
            0,
            "done done done done",
        ),
        (
            {"wrong_key_at": BEGAN + MINUTE, "wrong_key": "It was mistyped."},
            "wrong_key",
            "but with a wrong password. It was mistyped.",
            5,
            "done failed later later",
        ),
        (
            {**CALLED, "refused_at": BEGAN + MINUTE, "refused": "0x80040414"},
            "refused",
            "QuickBooks refused with 0x80040414: A dialog is open in QuickBooks.",
            2,
            "done done failed later",
        ),
        (
            {**CALLED, "wrong_file_at": BEGAN + MINUTE, "wrong_file": "Other.qbw"},
            "wrong_file",
            "another company file open: Other.qbw. Nothing was read.",
            2,
            "done done failed later",
        ),
        ({**CALLED, "paused": True}, "success", "The sync itself is paused here.", 0, "done done later later"),
    ],
)
def test_what_arrives_is_shown_as_it_is(
    heard: dict[str, Any], kind: str, words: str, points_to: int, states: str
) -> None:
    found = came(heard)
    assert (found.kind, found.points_to) == (kind, points_to)
    assert words in found.sentence
    assert " ".join(check.state for check in found.checks) == states


def test_a_right_password_after_a_wrong_one_counts() -> None:
    assert came({"wrong_key_at": BEGAN + MINUTE, "called_at": BEGAN + 2 * MINUTE}).kind == "called"
    assert came({"wrong_key_at": BEGAN + 3 * MINUTE, "called_at": BEGAN + 2 * MINUTE}).kind == "wrong_key"


def test_a_call_that_brings_nothing_is_said_when_the_time_is_over() -> None:
    over = came(CALLED, AFTER)
    assert (over.kind, over.is_over) == ("unread", True)
    assert over.sentence == "It called 14:13 with the right password, but nothing was read by 14:28."


def test_what_came_before_or_after_the_trial_does_not_count() -> None:
    early = {"called_at": BEGAN - MINUTE, "read_at": BEGAN - MINUTE, "refused_at": BEGAN - MINUTE, "refused": "0x1"}
    assert came(early).kind == "waiting"
    assert came({"read_at": BEGAN + 20 * MINUTE}, BEGAN + 60 * MINUTE).kind == "silent"


@pytest.mark.parametrize(
    ("step", "points_to", "tried", "opened"),
    [
        (1, 0, {1}, 2),  # C08: failure opens the next
        (2, 0, {1, 2}, 3),
        (1, 5, {1}, 5),  # the evidence names the password
        (3, 2, {1, 2, 3}, 4),  # which was tried: the next
        (5, 0, {5}, 1),  # those before it were never tried
        (5, 0, {1, 2, 3, 4, 5}, 0),  # C30
    ],
)
def test_a_failure_opens_the_step_that_is_left(step: int, points_to: int, tried: set[int], opened: int) -> None:
    trial = Trial(id=1, step=step, began_at=BEGAN, until=AFTER, by="bob")
    assert opens(trial, Outcome("silent", "", points_to), frozenset(tried)) == opened
    assert list(NAMES) == [1, 2, 3, 4, 5]
