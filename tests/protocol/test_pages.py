"""What an answer does to its entity: it is received only when QuickBooks' own counts say that nothing is missing."""

from dataclasses import replace

import pytest

from sync.protocol import plan, sentences
from sync.protocol.plan import Mode, Stage
from sync.protocol.session import Session, State
from sync.protocol.turns import advance
from tests.protocol.examples import answer, asked, entity, head, page, ready, run, send, through, work


def again(session: Session) -> Session:
    """The session once it has asked the next document."""
    return advance(session, send()).session


def test_pages_are_followed_until_nothing_remains() -> None:
    steps = through(asked(), page(100, 250), send(), page(100, 150, "7-2"), send(), page(150, 0, "7-3"))
    assert (entity(steps[4].session).stage, entity(steps[4].session).received) == (Stage.RECEIVED, 350)
    assert entity(steps[0].session).expected == 350


def test_an_iterator_that_died_is_begun_again_until_the_session_has_tried_often_enough() -> None:
    session, passes = asked(), 0
    while session.state is State.ASKED:
        first = advance(session, page(100, 50, f"7-{session.asked}")).session
        asking = again(first)
        dead = advance(asking, answer(0, head(request_id=f"7-{asking.asked}", code=3391))).session
        session, passes = again(dead), passes + 1
    assert passes == plan.PASSES_IN_A_SESSION
    assert entity(session).stage is Stage.FAILED


def test_a_new_session_may_try_an_iterator_as_often_again() -> None:
    tired = replace(entity(asked()), passes=5, passes_here=0)
    step = advance(asked(replace(tired, stage=Stage.WAITING)), answer(0, head(code=3391)))
    assert entity(step.session).stage is Stage.WAITING


def test_a_page_that_is_missing_by_the_remaining_counts_is_noticed() -> None:
    steps = through(asked(), page(100, 400), send(), page(100, 100, "7-2"))
    assert entity(steps[2].session).stage is Stage.WAITING
    assert entity(steps[2].session).reason == sentences.PAGE_MISSING


@pytest.mark.parametrize("code", [0, 1, 500])
def test_an_end_that_comes_too_early_is_noticed(code: int) -> None:
    early = answer(0, head(request_id="7-2", code=code))
    assert entity(through(asked(), page(100, 400), send(), early)[2].session).stage is Stage.WAITING


def test_a_page_without_rows_while_rows_remain_does_not_go_on_for_ever() -> None:
    assert entity(advance(asked(), page(0, 400)).session).stage is Stage.WAITING


def test_a_remaining_count_below_zero_means_that_nothing_remains() -> None:
    assert entity(advance(asked(), page(100, -1)).session).stage is Stage.RECEIVED


def test_an_iterator_without_attributes_is_done_when_the_page_is_not_full() -> None:
    assert entity(advance(asked(), page(99, None)).session).stage is Stage.RECEIVED


def test_an_iterator_without_attributes_is_asked_whole_when_the_page_is_full() -> None:
    step = advance(asked(), page(100, None))
    assert (entity(step.session).page_rows, entity(step.session).reason) == (0, sentences.NO_ITERATOR)
    after = advance(step.session, send())
    assert after.ask is not None
    assert (after.ask.requests[0].attributes, "MaxReturned" in after.ask.requests[0].values) == ({}, False)


def test_an_iterator_without_an_id_is_refused_and_then_given_up() -> None:
    session = asked()
    for number in range(1, 4):
        step = advance(session, answer(100, head(request_id=f"7-{number}", iterator_remaining=50)))
        session = again(step.session)
    assert entity(step.session).stage is Stage.FAILED
    assert entity(step.session).reason == sentences.NO_ITERATOR_ID


def test_nothing_found_is_an_end_and_no_error() -> None:
    step = advance(asked(work("Customer"), work("Vendor")), answer(0, head(code=1)))
    assert (entity(step.session).stage, entity(step.session).errors) == (Stage.RECEIVED, 0)


def test_a_warning_keeps_its_rows() -> None:
    step = advance(asked(work("Account")), answer(12, head("AccountQueryRs", code=530)))
    assert (entity(step.session).stage, entity(step.session).received, step.taken) == (Stage.RECEIVED, 12, False)


@pytest.mark.parametrize("code", [3250, 1030])
def test_a_feature_that_is_off_is_left_alone(code: int) -> None:
    step = advance(asked(work("SalesOrder"), work("Vendor")), answer(0, head("SalesOrderQueryRs", code=code)))
    assert (entity(step.session).stage, entity(step.session).reason) == (Stage.OFF, "As QuickBooks says.")


@pytest.mark.parametrize("code", [-1, 1000, 3120, 3175, 3180, 9003])
def test_a_refusal_is_tried_again_after_the_others_and_given_up_in_the_end(code: int) -> None:
    session, order = asked(work("Customer"), work("Vendor")), []
    while session.state is State.ASKED:
        assert session.in_flight is not None
        position = session.in_flight.position or 0
        order.append(position)
        name = ("CustomerQueryRs", "VendorQueryRs")[position]
        found = head(name, session.in_flight.request_id, code if position == 0 else 1)
        session = again(advance(session, answer(0, found)).session)
    assert order == [0, 1, 0, 0]
    assert [entity(session, position).stage for position in (0, 1)] == [Stage.FAILED, Stage.RECEIVED]


def test_a_good_page_forgives_earlier_refusals() -> None:
    assert entity(advance(asked(work("Customer", errors=2)), page(100, 50)).session).errors == 0


def test_an_answer_that_is_no_qbxml_is_read_again() -> None:
    step = advance(asked(work("Customer"), work("Vendor")), replace(answer(0), heads=()))
    assert (entity(step.session).errors, entity(step.session).reason) == (1, sentences.UNREADABLE)
    assert (step.session.state, step.answered, step.taken) == (State.READY, "7-1", True)


def test_an_answer_to_an_entity_that_was_set_aside_meanwhile_ends_nothing_and_keeps_its_rows() -> None:
    session = asked()
    session = replace(session, run=run(entity(session).again("set aside")))
    step = advance(session, page(100, 0))
    assert (entity(step.session).stage, step.taken) == (Stage.WAITING, False)


def test_deletions_are_asked_in_one_piece() -> None:
    session = asked(work("TxnDeleted", mode=Mode.DELETED), work("Customer"))
    step = advance(session, answer(3, head("TxnDeletedQueryRs")))
    assert entity(step.session).stage is Stage.RECEIVED


def refreshing(count: int) -> Session:
    ids = {"Customer": [f"80000{number:03d}-1" for number in range(count)]}
    session = ready(work("Customer", mode=Mode.REFRESH, page_rows=0, expected=count))
    assert session.run is not None
    return replace(session, run=replace(session.run, touched=ids))


def test_records_to_refresh_are_asked_by_id_a_hundred_at_a_time() -> None:
    session, sizes = refreshing(250), []
    while (step := advance(session, send())).ask is not None:
        (request,) = step.ask.requests
        assert "ActiveStatus" not in request.values
        sizes.append(len(request.values["ListID"]))
        session = advance(step.session, answer(sizes[-1], head(request_id=request.request_id))).session
    assert sizes == [100, 100, 50]
    assert entity(session).stage is Stage.RECEIVED


def test_records_to_refresh_that_are_gone_stop_nothing() -> None:
    asking = advance(refreshing(3), send()).session
    assert entity(advance(asking, answer(0, head(code=500))).session).stage is Stage.RECEIVED


def test_a_lost_answer_while_refreshing_asks_all_of_them_again() -> None:
    steps = through(refreshing(150), send(), answer(100), send(), send())
    assert steps[3].ask is not None
    assert len(steps[3].ask.requests[0].values["ListID"]) == 100
    assert entity(steps[3].session).received == 0


# counts


def counting(*names: str) -> Session:
    session = ready(*(work(name) for name in names))
    assert session.run is not None
    return advance(replace(session, run=replace(session.run, counts_asked=0)), send()).session


def test_counts_tell_what_to_expect() -> None:
    found = [head(request_id="7-1-0", ret_count=1200), head("InvoiceQueryRs", "7-1-1", 1)]
    step = advance(counting("Customer", "Invoice"), answer(0, *found))
    assert [entity(step.session, position).expected for position in (0, 1)] == [1200, 0]
    assert (step.session.state, step.taken) == (State.READY, True)


def test_a_count_that_says_off_saves_the_question() -> None:
    step = advance(counting("SalesOrder", "Customer"), answer(0, head("SalesOrderQueryRs", "7-1-0", 3250)))
    after = advance(step.session, send())
    assert after.ask is not None
    assert after.ask.requests[0].name == "CustomerQueryRq"


@pytest.mark.parametrize("request_id", ["7-1-99", "7-1-x", "7-1-"])
def test_a_count_for_nobody_is_passed_over(request_id: str) -> None:
    step = advance(counting("Customer"), answer(0, head(request_id=request_id, ret_count=5)))
    assert entity(step.session).expected is None


def test_counts_that_were_lost_are_done_without() -> None:
    step = advance(counting("Customer"), send())
    assert step.ask is not None
    assert step.ask.kind == "read"
