"""The table of states of the Web Connector's guide, row by row, and the pairs that it leaves out."""

from dataclasses import replace

import pytest

from sync.protocol import sentences
from sync.protocol.events import Event
from sync.protocol.plan import Stage
from sync.protocol.session import State, abandon, advance, settled
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
    steps = through(replace(asked(), paused=True), page(100, 50), send(), LAST_ERROR)
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


@pytest.mark.parametrize("hresult", ["0x8004040A", "0x80040414", "0X80040418", " 0x8004041d ", "", "nonsense"])
def test_an_error_that_only_a_person_can_mend_is_not_tried_again(hresult: str) -> None:
    step = advance(opened(), not_connected(hresult))
    assert (step.reply, step.session.state, step.ended) == ("done", State.CLOSED, True)
    assert step.refused == (hresult, "Could not start QuickBooks.")


def test_a_retry_that_works_goes_on_as_if_nothing_had_been() -> None:
    assert through(opened(), not_connected("0x80040403"), first_send())[1].ask is not None


def test_a_connection_lost_while_an_answer_is_due_leaves_the_entity_to_be_read_again() -> None:
    step = advance(asked(), not_connected("0x80040414"))
    assert (step.lost, entity(step.session).stage) == ("7-1", Stage.WAITING)


# unexpected events


def test_a_request_whose_answer_was_lost_is_read_from_its_start() -> None:
    step = advance(asked(), send())
    assert step.lost == "7-1"
    assert step.ask is not None
    assert step.ask.requests[0].attributes == {"iterator": "Start"}
    assert step.ask.requests[0].request_id == "7-2"


def test_a_page_whose_answer_was_lost_is_never_skipped_by_a_continue() -> None:
    steps = through(asked(), page(100, 50), send(), send())
    assert steps[2].lost == "7-2"
    assert steps[2].ask is not None
    assert steps[2].ask.requests[0].attributes == {"iterator": "Start"}
    assert entity(steps[2].session).received == 0


def test_a_whole_answer_that_was_lost_is_asked_again() -> None:
    steps = through(asked(work("Account")), send())
    assert steps[0].ask is not None
    assert steps[0].ask.requests[0].attributes == {}
    assert entity(steps[0].session).passes == 2


def test_an_identity_whose_answer_was_lost_is_asked_again() -> None:
    steps = through(opened(), send(), send())
    assert steps[1].lost == "7-1"
    assert steps[1].ask is not None
    assert steps[1].ask.kind == "identity"


@pytest.mark.parametrize("state", [State.ASKED, State.READY, State.WAITING, State.OPEN])
def test_a_session_that_died_is_closed_and_its_entity_read_again(state: State) -> None:
    step = abandon(in_state(state))
    assert (step.session.state, step.ended) == (State.CLOSED, True)
    assert step.lost == ("7-1" if state is State.ASKED else None)
    assert entity(step.session).stage is Stage.WAITING


def test_a_session_that_was_done_keeps_its_result_when_its_close_was_lost() -> None:
    done = replace(in_state(State.DONE), result="Sync complete: 12 rows read.")
    assert abandon(done).session.result == "Sync complete: 12 rows read."


def test_an_iterator_of_a_session_that_died_is_not_continued_by_the_next() -> None:
    died = abandon(through(asked(), page(100, 50), send())[1].session).session
    step = advance(ready(run=died.run, id=8), send())
    assert step.ask is not None
    assert step.ask.requests[0].attributes == {"iterator": "Start"}


def test_an_iterator_between_two_calls_of_a_session_that_died_is_not_continued_either() -> None:
    died = abandon(advance(asked(), page(100, 50)).session).session
    step = advance(ready(run=died.run, id=8), send())
    assert step.ask is not None
    assert step.ask.requests[0].attributes == {"iterator": "Start"}


def test_the_same_answer_twice_counts_once() -> None:
    first, second = through(asked(), page(100, 50), page(100, 50))
    assert (second.session, second.reply, second.answered) == (first.session, first.reply, None)


def test_the_last_answer_coming_again_after_the_next_request_counts_once() -> None:
    steps = through(asked(), page(100, 50), send(), page(100, 50), page(50, 0, "7-2"))
    assert (steps[2].session, steps[2].answered) == (steps[1].session, None)
    assert entity(steps[3].session).received == 150


def test_an_answer_from_long_ago_changes_nothing() -> None:
    steps = through(asked(), page(100, 200), send(), page(100, 100, "7-2"), send(), page(100, 200), page(100, 0, "7-3"))
    assert steps[4].session == steps[3].session
    assert entity(steps[5].session).received == 300


def test_an_answer_that_names_no_request_may_be_an_old_one_and_is_asked_again() -> None:
    step = advance(asked(), page(100, 50, ""))
    assert (step.answered, entity(step.session).stage) == ("7-1", Stage.WAITING)
    assert (entity(step.session).received, entity(step.session).reason) == (0, sentences.UNNAMED)


def test_the_same_answer_twice_without_request_id_counts_once() -> None:
    first, second = through(asked(), page(100, 50, ""), page(100, 50, ""))
    assert second.session == first.session


def test_an_old_answer_without_request_id_takes_the_place_of_the_new_one_but_loses_nothing() -> None:
    steps = through(asked(), page(100, 200), send(), page(100, 200, ""), page(100, 0, "7-2"), send())
    assert steps[3].session == steps[2].session
    assert steps[4].ask is not None
    assert steps[4].ask.requests[0].attributes == {"iterator": "Start"}


@pytest.mark.parametrize("request_id", ["", "7-1"])
def test_an_answer_to_another_query_never_ends_an_entity(request_id: str) -> None:
    session = asked(work("Vendor"), work("Customer"))
    step = advance(session, answer(0, head("CustomerQueryRs", request_id, 1)))
    assert entity(step.session).stage is Stage.WAITING


def test_a_file_that_is_identified_without_request_id_is_identified() -> None:
    assert through(opened(), send(), answer(0, head("HostQueryRs", ""), facts=facts()))[1].session.identified


def test_an_answer_after_the_session_was_done_is_answered_as_before() -> None:
    done = advance(asked(), answer(0, head(code=1))).session
    assert advance(done, answer(0, head(code=1))).reply == 100


# hresult


def test_a_document_that_quickbooks_refuses_gives_up_its_entity_and_goes_on() -> None:
    session = asked(work("Customer"), work("Vendor"))
    steps = through(session, refused(), send())
    assert (entity(steps[0].session).stage, steps[0].session.state) == (Stage.FAILED, State.READY)
    assert "0x80040400" in entity(steps[0].session).reason
    assert steps[1].ask is not None
    assert steps[1].ask.requests[0].name == "VendorQueryRq"


def test_an_error_of_quickbooks_itself_ends_the_session_and_loses_nothing() -> None:
    steps = through(asked(), refused("0x80040402", "Unexpected error."), LAST_ERROR, CLOSED)
    assert steps[0].reply == -1
    assert "0x80040402" in str(steps[1].reply)
    assert entity(steps[2].session).stage is Stage.WAITING


def test_a_count_that_quickbooks_refuses_is_done_without() -> None:
    session = advance(ready(run=replace(run_of(ready()), counts_asked=0)), send()).session
    steps = through(session, refused(), send())
    assert steps[1].ask is not None
    assert steps[1].ask.kind == "read"


def test_the_version_is_lowered_step_by_step_until_quickbooks_knows_it() -> None:
    session, versions = asked(), []
    while session.state is State.ASKED:
        versions.append(session.version)
        session = through(session, refused("0x80040423", "Version not supported."), send())[1].session
    assert versions == ["13.0", "12.0", "11.0", "10.0", "9.0", "8.0", "7.0", "6.1", "6.0", "5.0"]
    assert entity(session).stage is Stage.FAILED


def test_the_version_is_lowered_for_the_first_document_too() -> None:
    steps = through(opened(), send(), refused("0x80040423"), send())
    assert steps[2].session.version == "12.0"
    assert steps[2].ask is not None
    assert steps[2].ask.kind == "identity"
    after = advance(steps[2].session, answer(0, facts=facts()))
    assert after.session.version == "12.0"


@pytest.mark.parametrize(
    ("versions", "spoken"),
    [(("5.0", "8.0"), "8.0"), (("13.0", "16.0"), "13.0"), (("CA3.0", "6.1"), "6.1"), ((), "13.0")],
)
def test_the_version_is_the_lower_of_ours_and_the_files(versions: tuple[str, ...], spoken: str) -> None:
    assert advance(opened(), first_send(facts=facts(versions=versions))).session.version == spoken


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
