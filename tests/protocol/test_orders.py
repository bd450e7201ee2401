"""What people and the calendar say to a session that runs."""

from dataclasses import replace

import pytest

from sync.protocol import sentences
from sync.protocol.orders import Orders, stops
from sync.protocol.session import State
from sync.protocol.turns import advance, end
from tests.protocol.examples import CLOSED, LAST_ERROR, asked, first_send, opened, page, send, through

CASES = [
    (Orders(removed=True), sentences.REMOVED),
    (Orders(switched_off=True), sentences.SWITCHED_OFF),
    (Orders(paused=True), sentences.PAUSED),
    (Orders(window_closed=True), sentences.OUTSIDE_WINDOW),
    (Orders(cancelled="by Nia", paused=True), "This sync was cancelled in Deskbridge, by Nia. What was read is kept."),
    (Orders(cancelled=""), "This sync was cancelled in Deskbridge. What was read is kept."),
]


@pytest.mark.parametrize(("orders", "sentence"), CASES)
def test_a_session_stops_before_its_next_page_and_says_why(orders: Orders, sentence: str) -> None:
    steps = through(replace(asked(), orders=orders), page(100, 50), send(), LAST_ERROR, CLOSED)
    assert steps[0].answered == "7-1"  # what QuickBooks has answered is kept
    assert [step.reply for step in steps[1:]] == ["", sentence, sentence]
    assert steps[-1].session.state is State.CLOSED


@pytest.mark.parametrize(("orders", "sentence"), CASES)
def test_a_session_that_just_began_asks_nothing(orders: Orders, sentence: str) -> None:
    steps = through(replace(opened(), orders=orders), first_send(), LAST_ERROR)
    assert [step.reply for step in steps] == ["", sentence]


def test_what_a_person_asked_for_goes_outside_the_hours() -> None:
    assert stops(Orders(window_closed=True, asked=True)) is None
    assert stops(Orders()) is None


def test_a_session_that_we_end_gives_back_what_was_in_flight_and_says_why() -> None:
    step = end(asked(), sentences.REVOKED)
    assert (step.ended, step.lost, step.session.state) == (True, "7-1", State.CLOSED)
    late = advance(step.session, page(100, 50))
    assert (late.reply, late.answered) == (-1, None)
    assert [one.reply for one in through(step.session, send(), LAST_ERROR, CLOSED)] == [
        "",
        sentences.REVOKED,
        sentences.REVOKED,
    ]
