"""The table of states of the Web Connector's guide, row by row, and the pairs that it leaves out."""

from dataclasses import replace

import pytest

from sync.protocol import sentences
from sync.protocol.answers import settled
from sync.protocol.events import Event
from sync.protocol.orders import Orders
from sync.protocol.plan import Stage
from sync.protocol.session import State
from sync.protocol.turns import advance
from tests.protocol.examples import (
    CLOSED,
    IN_FLIGHT,
    LAST_ERROR,
    PATH,
    answer,
    asked,
    entity,
    facts,
    first_send,
    head,
    in_state,
    not_connected,
    opened,
    page,
    ready,
    refused,
    run_of,
    send,
    taken_in,
    through,
    work,
)


def test_the_first_request_follows_at_once_when_the_file_is_the_right_one() -> None:
    step = advance(opened(), first_send())
    assert step.ask is not None
    assert [request.name for request in step.ask.requests] == ["CustomerQueryRq"]
    assert step.session.state is State.ASKED


def test_an_empty_first_response_makes_the_session_ask_which_file_it_is() -> None:
    step = advance(opened(), send())
    assert step.ask is not None
    assert [request.name for request in step.ask.requests] == ["HostQueryRq", "CompanyQueryRq", "PreferencesQueryRq"]
    after = advance(step.session, answer(0, head("HostQueryRs", "7-1-host"), facts=facts()))
    assert (after.reply, after.session.state, after.session.identified) == (1, State.READY, True)
    assert advance(after.session, send()).ask is not None


def test_an_unreadable_identity_reads_nothing_and_says_why() -> None:
    steps = through(opened(), send(), answer(0, facts=None), LAST_ERROR)
    assert steps[1].reply == -1
    assert steps[2].reply == sentences.UNREADABLE_IDENTITY


def test_a_page_leads_to_the_next_request() -> None:
    step = advance(asked(), page(100, 50))
    assert (step.session.state, step.answered) == (State.READY, "7-1")
    assert isinstance(step.reply, int)
    assert 1 <= step.reply < 100
    after = advance(step.session, send())
    assert after.ask is not None
    assert after.ask.requests[0].attributes["iterator"] == "Continue"


def test_the_last_page_ends_with_100_once_every_row_is_taken_in() -> None:
    step = advance(asked(), page(40, 0))
    assert step.reply == 99
    last = settled(taken_in(step.session), run_of(step.session))
    assert (last.reply, last.session.state) == (100, State.DONE)
    assert advance(last.session, CLOSED).reply == "Sync complete: 40 rows read."


def test_an_empty_last_answer_ends_with_100_at_once() -> None:
    step = advance(asked(), answer(0, head(code=1)))
    assert (step.reply, step.taken, step.session.state) == (100, True, State.DONE)


def test_an_answer_with_rows_is_never_the_100_by_itself() -> None:
    assert advance(asked(), page(40, 0)).session.state is State.READY


def test_100_waits_for_the_balances_that_are_read_again() -> None:
    session = asked()
    session = replace(session, run=replace(run_of(session), refreshes=True))
    step = advance(session, answer(0, head(code=1)))
    assert (step.reply, step.session.state) == (99, State.READY)


def test_no_op_is_answered_while_the_queue_has_work_and_quickbooks_has_none() -> None:
    behind = advance(asked(), page(40, 0)).session
    steps = through(behind, send(), LAST_ERROR)
    assert [step.reply for step in steps] == ["NoOp", "NoOp"]
    assert [step.session.state for step in steps] == [State.WAITING, State.READY]
    assert advance(taken_in(steps[1].session), send()).reply == ""


def test_a_session_without_work_left_says_so_and_closes() -> None:
    steps = through(ready(work("Customer", stage=Stage.DONE)), send(), LAST_ERROR, CLOSED)
    assert [step.reply for step in steps] == ["", "Sync complete: 0 rows read.", "Sync complete: 0 rows read."]
    assert [step.session.state for step in steps] == [State.FAILED, State.DONE, State.CLOSED]


def test_a_session_without_a_run_says_that_there_is_nothing_to_do() -> None:
    assert [step.reply for step in through(replace(opened(), run=None), first_send(), LAST_ERROR)] == [
        "",
        sentences.NOTHING_TO_DO,
    ]


def test_a_pause_stops_the_session_before_the_next_request() -> None:
    steps = through(replace(asked(), orders=Orders(paused=True)), page(100, 50), send(), LAST_ERROR)
    assert [step.reply for step in steps][1:] == ["", sentences.PAUSED]


def test_a_file_to_be_confirmed_is_looked_at_and_nothing_is_read() -> None:
    steps = through(
        opened(begun=False), first_send(), answer(0, head("HostQueryRs", "7-1-host"), facts=facts()), CLOSED
    )
    assert steps[0].ask is not None
    assert steps[0].ask.kind == "identity"
    assert [step.reply for step in steps[1:]] == [100, sentences.TO_CONFIRM]


def test_the_first_file_is_taken_where_a_person_said_so_beforehand() -> None:
    step = advance(opened(begun=False, adopts_first=True), first_send())
    assert (step.session.begun, step.session.identified) == (True, True)


def test_a_run_that_was_ended_meanwhile_leaves_nothing_to_ask() -> None:
    steps = through(replace(asked(), run=None), page(100, 50), send(), LAST_ERROR)
    assert steps[0].taken
    assert [step.reply for step in steps] == [1, "", sentences.NOTHING_TO_DO]


WRONG = {
    "file_id": facts(file_id="{00000000-0000-0000-0000-000000000000}"),
    "country": facts(country="CA"),
    "company_name": facts(company_name="Another Company"),
}


@pytest.mark.parametrize("fact", WRONG)
def test_a_wrong_file_stops_before_anything_is_read(fact: str) -> None:
    steps = through(opened(), first_send(facts=WRONG[fact]), LAST_ERROR, CLOSED)
    assert steps[0].ask is None
    assert [mismatch.fact for mismatch in steps[0].mismatches] == [fact]
    assert steps[0].reply == ""
    assert sentences.FACTS[fact] in str(steps[1].reply)
    assert steps[2].session.state is State.CLOSED


def test_a_file_at_another_path_stops_before_anything_is_read() -> None:
    step = advance(opened(), first_send(file_path="C:\\Books\\Copy of Halder.qbw"))
    assert [mismatch.fact for mismatch in step.mismatches] == ["path"]
    assert step.ask is None


def test_a_file_that_is_another_one_in_the_middle_gets_nothing_more() -> None:
    session = ready(file_path=PATH)
    step = advance(session, send(file_path=PATH.upper()))  # the same, as Windows sees it
    assert step.ask is not None
    assert step.ask.kind == "read"
    step = advance(session, send(file_path="C:\\Books\\Other.qbw"))
    assert step.ask is not None
    assert step.ask.kind == "identity"
    after = advance(step.session, answer(0, head("HostQueryRs", "7-1-host"), facts=facts()))
    assert (after.reply, after.session.state) == (-1, State.FAILED)
    assert [one.fact for one in after.mismatches] == ["path"]


def test_a_file_without_our_mark_is_asked_again_and_then_refused() -> None:
    steps = through(opened(), first_send(facts=facts(file_id="")), answer(0, facts=facts(file_id="")))
    assert steps[0].ask is not None
    assert steps[0].ask.kind == "identity"
    assert [mismatch.fact for mismatch in steps[1].mismatches] == ["file_id"]
    assert steps[1].reply == -1


# connectionError


def test_a_file_that_cannot_be_opened_is_tried_as_the_one_that_is_open_twice_at_most() -> None:
    steps = through(opened(), *[not_connected("0x80040403")] * 3)
    assert [step.reply for step in steps] == ["", "", "done"]
    assert steps[2].ended


def test_quickbooks_with_nothing_open_is_given_the_path_twice_at_most() -> None:
    assert [step.reply for step in through(opened(), *[not_connected("0x80040408")] * 3)] == [PATH, PATH, "done"]


def test_quickbooks_with_nothing_open_is_given_up_where_no_path_is_known() -> None:
    expected = replace(opened().expected, path="")
    assert advance(opened(expected=expected), not_connected("0x80040408")).reply == "done"


def test_while_another_file_is_open_the_session_looks_which_one_that_is() -> None:
    assert [step.reply for step in through(opened(), *[not_connected("0x8004040A")] * 3)] == ["", "", "done"]


@pytest.mark.parametrize("hresult", ["0x80040414", "0X80040418", " 0x8004041d ", "", "nonsense"])
def test_an_error_that_only_a_person_can_mend_is_not_tried_again(hresult: str) -> None:
    step = advance(opened(), not_connected(hresult))
    assert (step.reply, step.session.state, step.ended) == ("done", State.CLOSED, True)
    assert step.refused == (hresult, "Could not start QuickBooks.")


def test_a_retry_that_works_goes_on_as_if_nothing_had_been() -> None:
    assert through(opened(), not_connected("0x80040403"), first_send())[1].ask is not None


def test_a_connection_lost_while_an_answer_is_due_leaves_the_entity_to_be_read_again() -> None:
    step = advance(asked(), not_connected("0x80040414"))
    assert (step.lost, entity(step.session).stage) == ("7-1", Stage.WAITING)


# Every pair of state and call: the state that follows and the reply, "?" for a document, "." for a sentence.

CALLS: tuple[Event, ...] = (send(), page(100, 50), refused(), not_connected("0x80040414"), LAST_ERROR, CLOSED)
PAIRS = """
    open    | asked ?  | open 40    | open 40    | closed done | open .       | closed .
    ready   | asked ?  | ready 40   | ready 40   | closed done | ready .      | closed .
    asked   | asked ?  | ready 66   | done 100   | closed done | asked .      | closed .
    waiting | asked ?  | waiting 40 | waiting 40 | closed done | ready NoOp   | closed .
    failed  | failed   | failed -1  | failed -1  | failed done | done Why.    | closed Why.
    done    | done     | done 100   | done 100   | done done   | done .       | closed .
    closed  | closed   | closed -1  | closed -1  | closed done | closed .     | closed .
"""
TABLE = [
    (State(cells[0]), call, *cell.split(maxsplit=1))
    for cells in ([cell.strip() for cell in line.split("|")] for line in PAIRS.strip().splitlines())
    for call, cell in zip(CALLS, cells[1:], strict=True)
]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row[0]}-{type(row[1]).__name__}")
def test_each_call_in_each_state_has_its_answer(row: tuple[State, Event, str, str]) -> None:
    state, call, following, *reply = row
    before = in_state(state)
    step = advance(before, call)
    assert step.session.state == following
    match reply:
        case ["?"]:
            assert step.ask is not None
        case ["."]:
            assert isinstance(step.reply, str)
            assert step.reply not in ("", "NoOp", "done")
        case _:
            assert str(step.reply) == "".join(reply)


OUT_OF_TURN = [
    row for row in TABLE if row[0] in (State.FAILED, State.DONE, State.CLOSED) or row[2] == row[0] != "asked"
]


@pytest.mark.parametrize("row", OUT_OF_TURN, ids=lambda row: f"{row[0]}-{type(row[1]).__name__}")
def test_a_call_out_of_turn_asks_nothing_stores_no_answer_and_leaves_the_run_alone(row: tuple[State, Event]) -> None:
    before = in_state(row[0])
    step = advance(before, row[1])
    assert (step.ask, step.answered, step.lost) == (None, None, None)
    assert step.session.run == before.run


def test_a_session_is_ended_once() -> None:
    steps = through(asked(), CLOSED, CLOSED)
    assert [step.ended for step in steps] == [True, False]
    assert steps[0].reply == steps[1].reply == sentences.INTERRUPTED


def test_a_session_that_is_given_is_left_as_it_was() -> None:
    session = asked()
    before = repr(session)
    for call in CALLS:
        advance(session, call)
    assert repr(session) == before
    assert session.in_flight == IN_FLIGHT
