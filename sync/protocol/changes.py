"""The states of a change on its one way: which move may follow which, and what QuickBooks' answer makes of one.

Rule 1: only a proof that QuickBooks did not carry a change out lets it be sent again.
Rule 2: what cannot be proved either way is looked up, and what a look does not tell is for a person.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Literal

from sync.protocol.differences import agree, differences, found_lines, merge
from sync.qbxml import custom_places, statuses

Action = Literal["create", "update", "delete", "void"]

TRIES = 3  # of one change that QuickBooks could not take for the moment, before it is for a person
DELETED_ALREADY = frozenset({3120, 3240})  # to a deletion: somebody was quicker


class Change(StrEnum):
    """Where a change is."""

    PROPOSED = "proposed"
    KEPT = "kept"  # left for the next sync
    CLEARED = "cleared"  # not wanted
    CONFLICT = "conflict"  # both sides changed one field
    APPROVED = "approved"  # on the page: pending
    WAITING = "waiting"  # for a record that is not in QuickBooks yet
    SENT = "sent"  # committed before the bytes left
    APPLIED = "applied"
    REFUSED = "refused"
    UNKNOWN = "unknown"  # it may be in the books: a person decides


MOVES: Mapping[Change, frozenset[Change]] = {
    Change.PROPOSED: frozenset({Change.APPROVED, Change.KEPT, Change.CLEARED, Change.CONFLICT}),
    Change.KEPT: frozenset({Change.PROPOSED, Change.APPROVED, Change.CLEARED, Change.CONFLICT}),
    Change.CLEARED: frozenset({Change.PROPOSED}),
    Change.CONFLICT: frozenset({Change.APPROVED, Change.CLEARED}),
    Change.APPROVED: frozenset(
        {Change.SENT, Change.WAITING, Change.REFUSED, Change.CONFLICT, Change.APPLIED, Change.CLEARED}
    ),
    Change.WAITING: frozenset({Change.APPROVED, Change.REFUSED, Change.CLEARED, Change.CONFLICT}),
    Change.SENT: frozenset(
        {Change.APPLIED, Change.REFUSED, Change.APPROVED, Change.CONFLICT, Change.UNKNOWN, Change.CLEARED}
    ),
    Change.REFUSED: frozenset({Change.APPROVED, Change.CLEARED, Change.CONFLICT}),
    Change.UNKNOWN: frozenset({Change.APPLIED, Change.APPROVED, Change.CLEARED}),
    Change.APPLIED: frozenset(),
}


def may_move(before: Change, after: Change) -> bool:
    """Whether a change may go from one state to another."""
    return after in MOVES[before]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What becomes of a change that was sent, or looked up."""

    state: Change
    code: int | None = None  # QuickBooks' status
    message: str = ""  # its words, or ours where it said nothing
    record: Mapping[str, Any] | None = None  # as QuickBooks has it now
    wanted: Mapping[str, Any] | None = None  # as the team wants it, its new lines known by the ids they got
    read_again: bool = False  # before it is sent once more: its EditSequence is out of date
    gone: bool = False  # the record is no longer in QuickBooks
    counts: bool = False  # as one more try
    unmarked: bool = False  # it goes without a GUID from now on
    own: bool = False  # what was carried out is the record itself: its custom fields may be left
    checked: int | None = None  # the session in which QuickBooks was asked what it has, before custom fields are sent


NOT_ANSWERED = "QuickBooks' answer does not speak of this change."
NOT_SHOWN = "QuickBooks took it, but its answer does not show the record."
NOT_FOUND = "QuickBooks said that it took it, but does not find the record. It may be in the books already."
NEVER_DONE = "QuickBooks got it three times or more, never answered, and did not carry it out."
LINES = "QuickBooks has other lines by now than before. The new ones of this change may be among them."
NOT_SEEN = "QuickBooks could not be asked what became of it. It may be in the books already. {}"
NOT_THERE = "QuickBooks no longer has this record."
SEVERAL = "Several records in QuickBooks look like this one. It may be in the books already."
OTHERWISE = "QuickBooks has a record that stands in its place and says something else. It may be somebody else's."
NOT_MARKED = "QuickBooks has the same record, without the mark that this one carries. It may be somebody else's."
BAD_GUID = 3065  # QuickBooks' status


def answered(
    action: Action,
    code: int,
    message: str,
    record: Mapping[str, Any] | None,
    *,
    tries: int,
    reread: bool,
    guid: str = "",
) -> Outcome:
    """What a status to an Add, Mod, Del or Void makes of the change.

    `tries` counts earlier ones that QuickBooks could not take, `reread` whether it was read again once already; `guid`
    is the one that its Add carried.
    """
    if code < 0:
        return Outcome(state=Change.SENT, message=message or NOT_ANSWERED)  # looked up before anything else happens
    if not statuses.failed(code):
        if record is None and action != "delete":  # read before it counts; a voiding never shows its transaction
            return Outcome(state=Change.SENT, code=code, message=NOT_SHOWN)
        gone = action == "delete"
        return Outcome(state=Change.APPLIED, code=code, message=message, record=record, gone=gone, own=True)
    if action == "delete" and code in DELETED_ALREADY:
        return Outcome(state=Change.APPLIED, code=code, message=message, gone=True)
    if guid and (code == BAD_GUID or "guid" in message.lower()):  # no source confirms the number
        return Outcome(state=Change.APPROVED, code=code, message=message, unmarked=True)
    match statuses.outcome(code):
        case "stale" if not reread:
            return Outcome(state=Change.APPROVED, code=code, message=message, read_again=True)
        case "retry" | "stale" if tries + 1 < TRIES:
            again = statuses.outcome(code) == "stale"
            return Outcome(state=Change.APPROVED, code=code, message=message, read_again=again, counts=True)
        case _:
            return Outcome(state=Change.REFUSED, code=code, message=message, counts=True)


def looked_up(
    action: Action,
    before: Mapping[str, Any],
    wanted: Mapping[str, Any],
    found: list[Mapping[str, Any]],
    *,
    tries: int = 0,
    code: int | None = None,
    guid: str = "",
    named: bool = False,
) -> Outcome:
    """What a look into QuickBooks tells of a change whose answer was lost.

    `found` is what may be the record: by id, or for a new one by what stands for it; `before` as it was when the change
    was sent. `code` is QuickBooks' status, where it gave one: that it refused the change as stale, or took it and did
    not show the record. `guid` is the one that its Add carried, `named` whether QuickBooks has a name only once. What
    was not carried out is sent again, not for ever: a bad one would hold up the company.
    """
    if code is not None and not statuses.failed(code):
        return _taken(action, code, found, created(wanted, found, guid, named=named))
    stale = code is not None and statuses.outcome(code) == "stale"
    told = (
        created(wanted, found, guid, named=named)
        if action == "create"
        else _changed(action, before, wanted, found, stale)
    )
    if told.state is not Change.APPROVED:
        return told
    if tries + 1 < TRIES:
        return replace(told, counts=True)
    return replace(told, state=Change.REFUSED, message=NEVER_DONE, counts=True)


def _taken(action: Action, code: int, found: list[Mapping[str, Any]], told: Outcome) -> Outcome:
    """QuickBooks said that it carried the change out: it is never sent again. `told` is what a look makes of an Add."""
    if action != "create":
        record = found[0] if found else None
        return Outcome(state=Change.APPLIED, code=code, record=record, gone=record is None, own=True)
    return replace(told, state=Change.UNKNOWN, message=NOT_FOUND) if told.state is Change.APPROVED else told


def _changed(
    action: Action,
    before: Mapping[str, Any],
    wanted: Mapping[str, Any],
    found: list[Mapping[str, Any]],
    stale: bool,
) -> Outcome:
    if not found:
        state = Change.APPLIED if action == "delete" else Change.REFUSED
        return Outcome(state=state, message="" if action == "delete" else NOT_THERE, gone=True)
    now = found[0]
    if action == "void" and is_voided(now):
        return Outcome(state=Change.APPLIED, record=now)
    if action != "update":
        return Outcome(state=Change.APPROVED, record=now)
    if stale:
        return Outcome(state=Change.APPROVED, record=now)
    lines = found_lines(before, now, wanted)
    if lines.unclear:
        return Outcome(state=Change.UNKNOWN, message=LINES, record=now)
    there = has_all(*map(custom_places.itself, (before, lines.record, now)))
    if there and (
        custom_places.left(before, now, wanted) is None or differences(*map(custom_places.itself, (before, wanted)))
    ):
        return Outcome(state=Change.APPLIED, record=now, own=True)
    return Outcome(state=Change.APPROVED, record=now, wanted=lines.record)


def checked(
    before: Mapping[str, Any], wanted: Mapping[str, Any], found: list[Mapping[str, Any]], session: int
) -> Outcome:
    """What QuickBooks has makes of a change whose custom fields are about to be sent, read in this session."""
    if not found:
        return Outcome(state=Change.REFUSED, message=NOT_THERE, gone=True)
    if has_all(before, wanted, found[0]):
        return Outcome(state=Change.APPLIED, record=found[0])
    return Outcome(state=Change.APPROVED, record=found[0], checked=session)


def not_checked(code: int, message: str, *, tries: int) -> Outcome:
    """What becomes of it when QuickBooks would not show the record: nothing was written, so it may be asked again."""
    again = tries + 1 < TRIES
    return Outcome(state=Change.APPROVED if again else Change.REFUSED, code=code, message=message, counts=True)


def customs_answered(answers: Sequence[tuple[str, int, str]], record: Mapping[str, Any], *, tries: int) -> Outcome:
    """What name, status and words of each custom field that was sent make of the change; `record` is with those taken.

    Setting a value twice is harmless: only those that QuickBooks has not taken are sent again.
    """
    if any(code < 0 for _, code, _ in answers):
        return Outcome(state=Change.SENT, message=NOT_ANSWERED, record=record)
    failed = [one for one in answers if one[1] != 0]  # a mere warning, as "not supported", took nothing
    if not failed:
        return Outcome(state=Change.APPLIED, code=0, record=record)
    name, code, message = failed[0]
    again = tries + 1 < TRIES and all(statuses.outcome(one[1]) == "retry" for one in failed)
    state = Change.APPROVED if again else Change.REFUSED
    return Outcome(state=state, code=code, message=f"{name}: {message}", record=record, counts=True)


def not_looked_up(action: Action, message: str, *, tries: int, code: int | None) -> Outcome:
    """What becomes of a change when the answer to a look says nothing of it: it is looked at again, not for ever.

    `code` is QuickBooks' status to the change itself, None where that is not known.
    """
    if tries + 1 < TRIES:
        return Outcome(state=Change.SENT, code=code, message=message or NOT_ANSWERED, counts=True)
    if action != "create" and code is not None and not statuses.failed(code):
        return Outcome(state=Change.APPLIED, code=code, message=NOT_SHOWN)
    return Outcome(state=Change.UNKNOWN, message=NOT_SEEN.format(message or NOT_ANSWERED), counts=True)


def created(wanted: Mapping[str, Any], found: list[Mapping[str, Any]], guid: str, *, named: bool) -> Outcome:
    """Whether one of the records found is the one that was to be made: by its GUID, else by all that was sent.

    A file may not give the GUID back, so one without any may be ours, where it says the same. Of a transaction somebody
    may have made the like.
    """
    ours = next((one for one in found if guid and str(one.get("ExternalGUID", "")).upper() == guid.upper()), None)
    if ours is not None:
        return Outcome(state=Change.APPLIED, record=ours, own=True)
    others = [one for one in found if not (guid and one.get("ExternalGUID"))]  # the rest is of another making
    alike = [one for one in others if agree(wanted, one)]
    match alike:
        case []:
            return Outcome(state=Change.UNKNOWN, message=OTHERWISE) if others else Outcome(state=Change.APPROVED)
        case [only] if named or not guid:
            return Outcome(state=Change.APPLIED, record=only, own=True)
        case [_]:
            return Outcome(state=Change.UNKNOWN, message=NOT_MARKED)
        case _:
            return Outcome(state=Change.UNKNOWN, message=SEVERAL)


def has_all(before: Mapping[str, Any], wanted: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether a record holds everything that an update was to change."""
    merged = merge(before, now, wanted)
    return not merged.contradictions and not differences(now, merged.record)


def is_voided(record: Mapping[str, Any]) -> bool:
    """Whether a transaction was voided: QuickBooks sets its amounts to zero and begins the memo with VOID."""
    return str(record.get("Memo", "")).upper().startswith("VOID")
