"""What the evidence says: each kind of it points to its step, in a sentence that says what was seen."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sync.protocol.diagnosis import Evidence, call_by, diagnose, drifts, likeliest, said_no
from sync.protocol.window import Window

NOW = datetime(2025, 11, 21, 14, 32, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
OFFICE = Window("UTC", 8 * 60, 18 * 60)


def say(moment: datetime) -> str:
    return f"today, {moment:%H:%M}" if moment.date() == NOW.date() else f"{moment:%d %b, %H:%M}"


def evidence(**changes: Any) -> Evidence:
    """A computer in order: it calls every 15 minutes, last five minutes ago."""
    usual: dict[str, Any] = {
        "computer": "FRONT-DESK-02",
        "last_call_at": NOW - 5 * MINUTE,
        "last_address": "203.0.113.7",
        "gap": 15 * MINUTE,
        "downloaded_at": NOW - timedelta(days=18),
    }
    return Evidence(**usual | changes)


CASES: list[tuple[str, dict[str, Any], int, bool, str]] = [
    (
        "paused",
        {"paused_at": NOW - 20 * MINUTE, "paused_by": "Alice", "paused_until": NOW + 40 * MINUTE},
        0,
        True,
        "Paused by Alice since today, 14:12, until today, 15:12.",
    ),
    (
        "wrong_key",
        {"wrong_key_at": NOW - MINUTE, "wrong_key_address": "203.0.113.9", "wrong_key": "It is an older key."},
        5,
        True,
        "The last call, today, 14:31, from 203.0.113.9, came with a wrong password. It is an older key.",
    ),
    (
        "wrong_file",
        {"wrong_file": "Halder.qbw", "wrong_file_at": NOW - 5 * MINUTE},
        2,
        True,
        "QuickBooks had another company file open: Halder.qbw. Nothing was read.",
    ),
    (
        "refused",
        {"refused": "0x80040414", "refused_at": NOW - 5 * MINUTE},
        2,
        True,
        "called today, 14:27, but QuickBooks refused with 0x80040414: A dialog is open in QuickBooks.",
    ),
    (
        "not_downloaded",
        {"last_call_at": None, "gap": None, "downloaded_at": None},
        4,
        True,
        "the .qwc file was not downloaded: begin with the set-up guide.",
    ),
    (
        "never",
        {"last_call_at": None, "gap": None, "downloaded_at": NOW - 60 * MINUTE},
        5,
        False,
        "The .qwc file was downloaded today, 13:32, but no Web Connector has called with it",
    ),
    (
        "once",
        {"last_call_at": NOW - 60 * MINUTE, "gap": None},
        3,
        False,
        "Last call today, 13:32, from 203.0.113.7. It was the only one: Auto-Run is not ticked.",
    ),
    (
        "silent",
        {"last_call_at": NOW.replace(hour=14, minute=0) - timedelta(minutes=58), "interval": 15 * MINUTE},
        1,
        False,
        "Last call today, 13:02, from 203.0.113.7. Since then none: the computer or the Web Connector is off.",
    ),
    (
        "broke_off",
        {"last_call_at": NOW - 60 * MINUTE, "broke_off_at": NOW - 60 * MINUTE},
        1,
        False,
        "It was in the middle of a sync. Since then none: the computer went to sleep",
    ),
    (
        "drift",
        {"gap": 60 * MINUTE},
        4,
        False,
        "The calls come 60 min apart; the file as issued says 15 min: Every-Min was changed.",
    ),
    (
        "outside",
        {"window": Window("UTC", 20 * 60, 23 * 60)},
        0,
        True,
        "It is outside the hours in which syncs run: the next may begin today, 20:00. Last call today, 14:27",
    ),
    ("order", {}, 0, True, "Last call today, 14:27, from 203.0.113.7. Nothing is wrong with the connection."),
]


@pytest.mark.parametrize(("kind", "changes", "step", "certain", "words"), CASES, ids=[case[0] for case in CASES])
def test_each_kind_of_evidence_points_to_its_step(
    kind: str, changes: dict[str, Any], step: int, certain: bool, words: str
) -> None:
    found = diagnose(evidence(**changes), NOW, say)
    assert (found.kind, found.step, found.certain) == (kind, step, certain)
    assert words in found.sentence


def test_a_right_key_after_a_wrong_one_closes_the_matter() -> None:
    found = diagnose(evidence(wrong_key_at=NOW - 6 * MINUTE, wrong_key="It was mistyped."), NOW, say)
    assert found.kind == "order"


def test_a_wrong_key_of_long_ago_is_only_most_likely() -> None:
    found = diagnose(evidence(last_call_at=None, wrong_key_at=NOW - timedelta(days=3)), NOW, say)
    assert (found.step, found.certain) == (5, False)


def test_a_refusal_before_a_long_silence_is_only_most_likely() -> None:
    long_ago = NOW - timedelta(days=3)
    found = diagnose(evidence(last_call_at=long_ago, refused="0x80040408", refused_at=long_ago), NOW, say)
    assert (found.kind, found.step, found.certain) == ("refused", 2, False)


def test_an_hresult_that_no_table_knows_is_said_as_it_came() -> None:
    found = diagnose(evidence(refused="0x8004FFFF", refused_at=NOW), NOW, say)
    assert "refused with 0x8004FFFF: The guide does not know this code." in found.sentence


def test_two_intervals_of_silence_are_normal_and_so_is_a_night_outside_the_window() -> None:
    assert diagnose(evidence(last_call_at=NOW - 30 * MINUTE), NOW, say).kind == "order"
    assert diagnose(evidence(last_call_at=NOW - 31 * MINUTE), NOW, say).kind == "silent"
    evening = NOW.replace(hour=17, minute=55) - timedelta(days=1)
    morning = NOW.replace(hour=8, minute=10)
    assert diagnose(evidence(last_call_at=evening, window=OFFICE), morning, say).kind == "order"
    assert diagnose(evidence(last_call_at=evening, window=OFFICE), morning + 30 * MINUTE, say).kind == "silent"


def test_a_pause_that_is_over_is_none() -> None:
    over = evidence(paused_at=NOW - 60 * MINUTE, paused_until=NOW - MINUTE)
    assert diagnose(over, NOW, say).kind == "order"


@pytest.mark.parametrize(("minutes", "far"), [(9, True), (10, False), (15, False), (23, False), (25, True)])
def test_calls_drift_when_they_come_much_more_or_less_often_than_issued(minutes: int, far: bool) -> None:
    assert drifts(minutes * MINUTE, 15 * MINUTE) is far
    assert drifts(None, 15 * MINUTE) is False


def test_of_several_computers_the_one_heard_last_counts() -> None:
    old = evidence(computer="SERVER-01", last_call_at=NOW - timedelta(days=2))
    new = evidence(computer="FRONT-DESK-02", last_call_at=None, wrong_key_at=NOW - MINUTE)
    assert likeliest([old, new], NOW, say).kind == "wrong_key"
    assert likeliest([new, old], NOW, say).kind == "wrong_key"
    assert likeliest([], NOW, say).step == 4


def test_a_try_waits_for_one_expected_interval_and_two_minutes_at_least() -> None:
    assert call_by(NOW, 15 * MINUTE) == NOW + 16 * MINUTE
    assert call_by(NOW, timedelta(seconds=30)) == NOW + 2 * MINUTE


@pytest.mark.parametrize("code", ["0x80040420", "0X8004041a", " 0x80040418"])
def test_the_codes_of_somebody_who_chose_no_are_recognised(code: str) -> None:
    assert said_no(code)
    assert not said_no("0x80040414")
