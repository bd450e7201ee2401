"""The second part of a change on its way into the books: its custom fields, once the record itself is there.

What is left is rebased on the record as QuickBooks has it by then, so that before, after and `ours` hold the custom
fields and nothing else that differs. How it was proposed is kept in `whole`, and put back when all of it is applied.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sync.protocol import changes
from sync.protocol.changes import Outcome
from sync.qbxml import custom_places, statuses
from sync.qbxml.build import LONGEST_REQUEST_ID
from sync.qbxml.custom_places import Left, Place
from sync.qbxml.heads import Head
from sync.store.base import document

BEGIN = """
    update change set whole = coalesce(whole, jsonb_build_object('before', before, 'after', after)),
        before = $2::jsonb, after = $3::jsonb, checked = null
    where id = $1
"""

ENDED = """
    update change set before = nullif(whole -> 'before', 'null'), after = whole -> 'after', whole = null
    where id = $1 and whole is not null
"""

REBASED = "update record set ours = $2::jsonb, updated_at = now() where id = $1 and ours = $3::jsonb"

IN_BOOKS = "The record itself is in the books. These custom fields are not."


@dataclass(frozen=True, slots=True)
class Told:
    """One response about a change: of a custom field with its number."""

    head: Head
    records: list[Mapping[str, Any]]
    number: int | None = None

    @property
    def session(self) -> int:
        """The session that asked."""
        return int(self.head.request_id.partition("-")[0])


def named(request_id: str) -> tuple[int, int | None] | None:
    """The change, and the number of its custom field, that a requestID means: "7-3-120.1" is (120, 1)."""
    change, _, number = request_id.rpartition("-")[2].partition(".")
    if not change.isdecimal() or len(request_id) > LONGEST_REQUEST_ID:
        return None
    return int(change), int(number) if number.isdecimal() else None


def left_of(row: Any, outcome: Outcome) -> Left | None:
    """What is left of a change whose record is in the books now; None: nothing."""
    if not outcome.own or outcome.record is None or row["action"] not in ("create", "update"):
        return None
    return custom_places.left(document(row["before"]) or {}, outcome.record, document(row["after"]) or {})


async def begin(connection: Any, row: Any, left: Left) -> None:
    """From now on the change is about what is left."""
    after = json.dumps(left.after)
    await connection.execute(BEGIN, row["id"], json.dumps(left.before), after)
    await connection.execute(REBASED, row["record"], after, row["after"])


async def end(connection: Any, change: int) -> None:
    """All of a change is in the books: it tells again what it did as a whole."""
    await connection.execute(ENDED, change)


def answered(row: Any, known: Mapping[str, Any], told: Sequence[Told]) -> Outcome:
    """What the answers to the custom fields of a change make of it."""
    wanted = document(row["after"]) or {}
    values = custom_places.places_of(wanted)
    numbered = dict(enumerate(custom_places.places(document(row["before"]) or {}, wanted)))
    answers: list[tuple[str, int, str]] = []
    taken: dict[Place, str] = {}
    shown: dict[Place, Mapping[str, Any]] = {}
    for one in told:
        place = numbered.get(-1 if one.number is None else one.number)
        code = one.head.status.code if place else -1
        if one.records and not statuses.failed(code):
            code = 0  # a warning that shows the value took it
        answers.append((place[1] if place else "", code, one.head.status.message))
        if place and code == 0:
            taken[place] = values.get(place, "")
            shown.update((place, record) for record in one.records if record.get("DataExtType"))
    heard = {numbered.get(-1 if one.number is None else one.number) for one in told}
    there = custom_places.places_of(known)
    sent = [place for place in numbered.values() if there.get(place) != values.get(place)]
    answers += [(name, -1, "") for of, name in sent if (of, name) not in heard]
    return changes.customs_answered(answers, custom_places.kept(known, taken, shown), tries=row["tries"])


def checked(row: Any, told: Told, key: str) -> Outcome:
    """What QuickBooks' record, read before custom fields are sent, makes of their change."""
    status = told.head.status
    if status.code not in (0, 1, 500):
        return changes.not_checked(status.code, status.message, tries=row["tries"])
    found = [one for one in told.records if one.get(key)]
    return changes.checked(document(row["before"]) or {}, document(row["after"]) or {}, found, told.session)
