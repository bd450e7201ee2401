"""The way of a change: which move may follow which, and what an answer or a look makes of it."""

import pytest

from sync.protocol.changes import MOVES, Change, answered, looked_up, may_move

CUSTOMER = {"ListID": "8-1", "EditSequence": "2", "Name": "Delacroix", "Phone": "1"}


def test_what_was_applied_or_is_unknown_is_never_sent_by_itself() -> None:
    assert MOVES[Change.APPLIED] == frozenset()
    assert not may_move(Change.UNKNOWN, Change.SENT)
    assert {before for before in Change if may_move(before, Change.SENT)} == {Change.APPROVED}


@pytest.mark.parametrize(
    ("code", "tries", "reread", "state"),
    [
        (0, 0, False, Change.APPLIED),
        (530, 0, False, Change.APPLIED),
        (3100, 0, False, Change.REFUSED),
        (3175, 0, False, Change.APPROVED),
        (3175, 2, False, Change.REFUSED),
        (3200, 0, False, Change.APPROVED),
        (3200, 2, True, Change.REFUSED),
        (-1, 0, False, Change.SENT),
    ],
)
def test_a_status_decides_what_becomes_of_an_edit(code: int, tries: int, reread: bool, state: Change) -> None:
    outcome = answered("update", code, "", CUSTOMER, tries=tries, reread=reread)
    assert outcome.state is state
    assert outcome.read_again == (code == 3200 and state is Change.APPROVED)


def test_a_deletion_of_what_is_gone_is_done() -> None:
    assert answered("delete", 3120, "", None, tries=0, reread=False).state is Change.APPLIED


def test_an_edit_that_is_there_was_applied_and_one_that_is_not_goes_again() -> None:
    wanted = CUSTOMER | {"Phone": "2"}
    assert looked_up("update", CUSTOMER, wanted, [CUSTOMER | {"Phone": "2", "EditSequence": "3"}]).state == "applied"
    assert looked_up("update", CUSTOMER, wanted, [CUSTOMER | {"Notes": "x", "EditSequence": "3"}]).state == "approved"
    gone = looked_up("update", CUSTOMER, wanted, [])
    assert (gone.state, gone.gone) == (Change.REFUSED, True)


def test_a_new_record_is_told_by_its_guid_else_when_it_is_the_only_one() -> None:
    wanted = {"Name": "Delacroix", "ExternalGUID": "{A}"}
    mine, other = {"ListID": "1", "ExternalGUID": "{a}"}, {"ListID": "2", "ExternalGUID": "{B}"}
    assert looked_up("create", {}, wanted, [other, mine]).record == mine
    assert looked_up("create", {}, wanted, [other]).state is Change.APPROVED
    assert looked_up("create", {}, {"Name": "x"}, []).state is Change.APPROVED
    assert looked_up("create", {}, {"Name": "x"}, [other]).state is Change.APPLIED
    assert looked_up("create", {}, {"Name": "x"}, [mine, other]).state is Change.UNKNOWN


def test_a_voiding_is_told_by_the_memo_and_a_deletion_by_absence() -> None:
    assert looked_up("void", {}, {}, [{"TxnID": "1", "Memo": "VOID: rent"}]).state is Change.APPLIED
    assert looked_up("void", {}, {}, [{"TxnID": "1", "Memo": "rent"}]).state is Change.APPROVED
    assert looked_up("delete", {}, {}, []).state is Change.APPLIED
    assert looked_up("delete", {}, {}, [CUSTOMER]).state is Change.APPROVED


def test_what_never_gets_an_answer_and_is_never_carried_out_is_given_up() -> None:
    found = [looked_up("delete", {}, {}, [CUSTOMER], tries=tries) for tries in range(3)]
    assert [one.state for one in found] == [Change.APPROVED, Change.APPROVED, Change.REFUSED]
    assert all(one.counts for one in found)
    assert "did not carry it out" in found[2].message
