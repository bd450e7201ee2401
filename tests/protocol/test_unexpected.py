"""The guide's table of unexpected events, row by row, and documents that QuickBooks refuses as a whole."""

from dataclasses import replace

import pytest

from sync.protocol import sentences
from sync.protocol.plan import Stage
from sync.protocol.session import State
from sync.protocol.turns import abandon, advance
from tests.protocol.examples import (
    CLOSED,
    LAST_ERROR,
    answer,
    asked,
    entity,
    facts,
    first_send,
    head,
    in_state,
    opened,
    page,
    ready,
    refused,
    run_of,
    send,
    through,
    work,
)


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


@pytest.mark.parametrize("code", ["0x80040400", "0x80040421"])
def test_a_count_is_asked_without_the_custom_fields_that_quickbooks_refuses_and_done_without_after_that(
    code: str,
) -> None:
    session = advance(ready(run=replace(run_of(ready()), counts_asked=0)), send()).session
    steps = through(session, refused(code), send(), refused(code), send())
    asked = [step.ask for step in steps if step.ask is not None]
    assert [(one.kind, [of.name for of in one.requests]) for one in asked] == [
        ("counts", ["CustomerQueryRq"]),
        ("read", ["CustomerQueryRq"]),
    ]
    assert asked[0].requests[0].attributes == {"metaData": "MetaDataOnly"}
    lower = through(session, refused("0x80040423"), send())[1]  # another version may know both
    assert (lower.session.version, lower.ask and [one.name for one in lower.ask.requests]) == (
        "12.0",
        ["DataExtDefQueryRq", "CustomerQueryRq"],
    )


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
