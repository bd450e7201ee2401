"""What other programs write: a record made, patched, deleted or voided, looked at as a form is, and exactly once.

Everything about one write happens in one transaction: the key that makes it one, the record locked, the look, the
proposal, and the answer that the same key gets again.
"""

import copy
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sync.protocol.changes import Change
from sync.protocol.differences import differences
from sync.protocol.writes import NEW
from sync.qbxml import arriving, customs
from sync.qbxml.arrange import ORDER
from sync.qbxml.arriving import STAMPS, Target
from sync.qbxml.entities import Entity
from sync.qbxml.labels import lower
from sync.qbxml.validate import Fault
from sync.store import custom_fields, offers, timelines
from sync.store.base import document, execute, fetch, transaction
from sync.store.proposals import NoSuchRecord, Proposed, Wish, propose_within
from sync.store.timelines import TakenBack

KEPT = timedelta(hours=24)  # of an answer, for its key

CLAIM = """
    insert into api_answer (token, key, digest, at) values ($1, $2, $3, $4)
    on conflict (token, key) do update set digest = excluded.digest, at = excluded.at, status = 0, answer = '{}'
    where api_answer.at < $5
    returning id
"""

TARGETS = """
    select entity, qb_id, coalesce(nullif(name, ''), ref_number) as name from record
    where company = $1 and entity = any($2) and deleted_at is null
        and (qb_id = any($3) or lower(name) collate "C" = any($4))
    order by id
"""

HERE = """
    select kind from unnest($2::text[]) kind where exists (
        select from record where company = $1 and entity = kind and deleted_at is null)
"""

TAKEN = """
    select entity from record where company = $1 and entity = any($2) and deleted_at is null
        and lower(name) collate "C" = lower($3) and id is distinct from $4 limit 1
"""

LOCKED = """
    select id, qb_id, edit_sequence, name, quickbooks, ours, line_order from record
    where company = $1 and entity = $2 and id = $3 and deleted_at is null for update
"""


NOT_THERE = "QuickBooks does not have it yet, so there is nothing to void: delete it, and its addition is taken back."
LEAVING = "Its addition is on its way to QuickBooks. It can be deleted as soon as it is known what became of it."


class Refused(Exception):
    """QuickBooks would refuse it; nothing was proposed."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(faults[0].sentence)
        self.faults = faults


class Moved(Exception):
    """The record is no longer as the program knew it."""

    def __init__(self, edit_sequence: str) -> None:
        super().__init__(edit_sequence)
        self.edit_sequence = edit_sequence


class OtherRequest(Exception):
    """The key was used for something else."""


@dataclass(frozen=True, slots=True)
class Key:
    """An Idempotency-Key, whose it is, and what it asks for."""

    token: int
    key: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What a write was answered."""

    status: int
    body: dict[str, Any]
    approved: bool = False  # a run has to be asked for
    again: bool = False  # given before


async def once(key: Key | None, now: datetime, work: Callable[[Any], Awaitable[Answer]]) -> Answer:
    """Do some work in a transaction and keep its answer; a twin waits for it, and gets the same. Raises OtherRequest.

    What the work raises is not kept: the program may mend its request and send it under the same key.
    """
    async with transaction() as connection:
        if key is None:
            return await work(connection)
        claimed = await connection.fetchval(CLAIM, key.token, key.key, key.digest, now, now - KEPT)
        if claimed is None:
            row = await connection.fetchrow(
                "select digest, status, answer from api_answer where token = $1 and key = $2", key.token, key.key
            )
            if row["digest"] != key.digest:
                raise OtherRequest
            return Answer(row["status"], document(row["answer"]), again=True)
        answer = await work(connection)
        await connection.execute(
            "update api_answer set status = $2, answer = $3 where id = $1",
            *(claimed, answer.status, json.dumps(answer.body)),
        )
        return answer


async def forget(now: datetime) -> None:
    """Let go of answers whose keys mean nothing any more."""
    await execute("delete from api_answer where at < $1", now - KEPT)


async def spoken(connection: Any, company: int) -> tuple[str, str]:
    """Product (QBD, QBCA) and qbXML version of a company's QuickBooks; "13.0" before it has told."""
    row = await connection.fetchrow("select region, facts ->> 'version' as version from company where id = $1", company)
    return ("QBCA" if row["region"] == "CA" else "QBD"), row["version"] or "13.0"


async def create(
    connection: Any, company: int, entity: Entity, values: Mapping[str, Any], actor: str, now: datetime
) -> Proposed:
    """Propose a new record. Raises Refused."""
    if entity.add is None:
        raise Refused([impossible(entity, "add", "QuickBooks lets no other program add {kinds}.")])
    await offered(connection, company, entity, "add")
    record = arriving.without_empty(arriving.as_record(entity, values))
    custom = record.pop(customs.NAME, [])
    record, wrong = customs.lines_given(entity, record, None, await custom_fields.of_lines(company, entity, connection))
    wrong = in_shape(entity, record, "Add", {}) + customs.misshapen(entity, custom) + wrong
    record = {name: value for name, value in record.items() if name not in STAMPS}
    if not wrong:
        record = customs.merged(record, custom, await custom_fields.of_kind(company, entity, connection))
    await look(connection, company, entity, {}, record, wrong)
    return (await propose_within(connection, company, entity.name, [Wish("create", record)], actor, now))[0]


@dataclass(frozen=True, slots=True)
class Patched:
    """What became of a patch. No change: the record says all of it already."""

    change: Proposed | None


async def patch(
    connection: Any,
    company: int,
    entity: Entity,
    record: int,
    values: Mapping[str, Any],
    expected: str | None,
    actor: str,
    now: datetime,
    address: str = "",
) -> Patched:
    """Propose a record with some fields changed; None clears one. Raises NoSuchRecord, Moved, Refused.

    Of custom fields (DataExtRet) those that are named are set; an empty value clears one, None all of them.
    """
    row = await locked(connection, company, entity, record, expected)
    order = document(row["line_order"])
    known = (document(row["quickbooks"]) or {}) | ({ORDER: order} if order else {})
    here = document(row["ours"]) or known
    is_new = str(row["qb_id"]).startswith(NEW)
    given = arriving.as_record(entity, values)
    custom = given.pop(customs.NAME, [])
    if not is_new and entity.mod is None and (given or customs.object_of(entity) is None):
        raise Refused([impossible(entity, "change", "QuickBooks lets no other program change {kinds}.")])
    await offered(connection, company, entity, "change")
    wrong = in_shape(entity, given, "Add" if is_new else "Mod", here) if given else []
    of_lines = await custom_fields.of_lines(company, entity, connection)
    given, faulty = customs.lines_given(entity, given, None if is_new else here, of_lines)
    wrong += customs.misshapen(entity, custom) + faulty
    wanted = arriving.merged(copy.deepcopy(here), given)
    if not wrong:
        wanted = customs.merged(wanted, custom, await custom_fields.of_kind(company, entity, connection))
    if not wrong and not differences(here, wanted):
        return Patched(None)
    undone = not wrong and not is_new and not differences(known, wanted)  # as QuickBooks has it: nothing to write
    if undone and await timelines.take_back_within(connection, company, record, actor, address):
        return Patched(None)
    await look(connection, company, entity, {} if is_new else known, wanted, wrong, record, str(row["name"]))
    wish = Wish("update", wanted, record)
    return Patched((await propose_within(connection, company, entity.name, [wish], actor, now))[0])


async def remove(
    connection: Any,
    company: int,
    entity: Entity,
    record: int,
    expected: str | None,
    actor: str,
    now: datetime,
    *,
    void: bool,
) -> Proposed:
    """Propose to delete a record, or to void it. Raises NoSuchRecord, Moved, Refused."""
    row = await locked(connection, company, entity, record, expected)
    if str(row["qb_id"]).startswith(NEW):
        raise Refused([impossible(entity, "not_there", NOT_THERE if void else LEAVING)])
    if void and not entity.voids:
        raise Refused([impossible(entity, "void", "QuickBooks cannot void {kinds}.")])
    if not void and not entity.deletes:
        raise Refused([impossible(entity, "delete", "QuickBooks lets no other program delete {kinds}.")])
    wish = Wish("void" if void else "delete", None, record)
    return (await propose_within(connection, company, entity.name, [wish], actor, now))[0]


async def withdraw(
    connection: Any, company: int, entity: Entity, record: int, expected: str | None, actor: str, address: str = ""
) -> TakenBack | None:
    """Take back a record that QuickBooks does not have yet; None when it has it, or the addition is on its way.

    Raises NoSuchRecord, Moved.
    """
    row = await locked(connection, company, entity, record, expected)
    if not str(row["qb_id"]).startswith(NEW):
        return None
    return await timelines.take_back_within(connection, company, record, actor, address)


async def locked(connection: Any, company: int, entity: Entity, record: int, expected: str | None) -> Any:
    """A record that nobody else changes until the transaction ends. Raises NoSuchRecord, Moved."""
    row = await connection.fetchrow(LOCKED, company, entity.name, record)
    if row is None:
        raise NoSuchRecord(record)
    if expected is not None and expected != row["edit_sequence"]:
        raise Moved(row["edit_sequence"])
    return row


def impossible(entity: Entity, rule: str, sentence: str) -> Fault:
    return Fault(entity.name, "", f"cannot_{rule}", "", sentence.format(kinds=lower(entity.plural)))


async def offered(connection: Any, company: int, entity: Entity, rule: str) -> None:
    """Raise Refused where the kind is off in this company's QuickBooks, with the reason."""
    off = await offers.off(company, [entity], connection)
    if off:
        raise Refused([Fault(entity.name, "", f"cannot_{rule}", "", off[entity.name])])


def in_shape(entity: Entity, values: Mapping[str, Any], verb: str, known: Mapping[str, Any]) -> list[Fault]:
    """What of the values has no place in the record. Raises Refused where one has another shape than its field.

    No message can be made of such a value, so nothing else can be said of it.
    """
    wrong = arriving.strays(entity, values, verb, known)
    if any(one.rule in arriving.SHAPES for one in wrong):
        raise Refused(wrong)
    return wrong


async def look(
    connection: Any,
    company: int,
    entity: Entity,
    known: Mapping[str, Any],
    wanted: Mapping[str, Any],
    wrong: list[Fault],
    record: int | None = None,
    name: str = "",
) -> None:
    """Look at a record as QuickBooks would, beside what is wrong already; fill in its references. Raises Refused."""
    product, version = await spoken(connection, company)
    found = arriving.references(entity, wanted)
    if found:
        targets, here = await targets_of(connection, company, found)
        wrong += arriving.settle(entity, found, targets, here)
    places = {one.field for one in wrong}
    wrong += [one for one in arriving.wrong_in(entity, known, wanted, product, version) if one.field not in places]
    wrong += customs.faults(entity, await custom_fields.of_kind(company, entity, connection), known, wanted)
    if not wrong:
        wrong += await twins(connection, company, entity, wanted, record, name)
    if wrong:
        raise Refused(wrong)


async def targets_of(
    connection: Any, company: int, found: Sequence[arriving.Reference]
) -> tuple[list[Target], set[str]]:
    """The records that some references may mean, and which of their kinds have records here at all."""
    kinds = sorted({kind for one in found for kind in one.kinds})
    ids = {str(one.part["ListID"]) for one in found if one.part.get("ListID")}
    names = {str(one.part["FullName"]).lower() for one in found if one.part.get("FullName")}
    rows = await connection.fetch(TARGETS, company, kinds, sorted(ids), sorted(names))
    here = {row["kind"] for row in await connection.fetch(HERE, company, kinds)}
    return [Target(row["entity"], row["qb_id"], row["name"]) for row in rows], here


async def twins(
    connection: Any, company: int, entity: Entity, wanted: Mapping[str, Any], record: int | None, own: str
) -> list[Fault]:
    """The fault of a name that another record has already."""
    name = arriving.full_name(entity, wanted)
    if not name or name.lower() == own.lower():
        return []
    other = await connection.fetchval(TAKEN, company, list(arriving.sharing(entity)), name, record)
    if other is None:
        return []
    place = "FirstName" if entity.name == "Employee" else "Name"
    return [Fault(entity.name, place, "name_taken", "", f"{name[:60]} is the name of another record in QuickBooks.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRow:
    """One change, whole."""

    id: int
    entity: str
    record: int | None
    direction: str
    action: str
    state: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    conflict: list[dict[str, Any]] | None
    status_code: int | None
    status_message: str
    reason: str
    created_by: str
    created_at: datetime
    decided_by: str
    decided_at: datetime | None
    ended_at: datetime | None


CHANGES = """
    select id, entity, record, direction, action, state, before, after, conflict, status_code, status_message, reason,
        created_by, created_at, decided_by, decided_at, ended_at
    from change where {} order by id desc limit {}
"""


async def changes_of(
    company: int, *, before: int | None, state: str, direction: str, entity: str, limit: int
) -> list[ChangeRow]:
    """Changes of a company, newest first, those before an id; an empty word does not narrow.

    Raises ValueError for a state that there is not. It stands in the statement: the plan hangs on which one it is.
    """
    asked = {"company": company, "direction": direction, "entity": entity}
    named = {name: value for name, value in asked.items() if value != ""}
    where = " and ".join(f"{name} = ${place}" for place, name in enumerate(named, 1))
    where += f" and state = '{Change(state)}'" if state else ""
    values = list(named.values())
    if before is not None:
        where += f" and id < ${len(values) + 1}"
        values.append(before)
    rows = await fetch(CHANGES.format(where, limit), *values)
    return [change_row(row) for row in rows]


async def change_of(connection: Any, id: int) -> ChangeRow:
    """One change as it stands in the transaction of a connection."""
    row = await connection.fetchrow(
        """select id, entity, record, direction, action, state, before, after, conflict, status_code, status_message,
               reason, created_by, created_at, decided_by, decided_at, ended_at from change where id = $1""",
        id,
    )
    return change_row(row)


def change_row(row: Any) -> ChangeRow:
    values = dict(row)
    return ChangeRow(**values | {name: document(values[name]) for name in ("before", "after", "conflict")})


async def newest_change(company: int) -> int:
    """The id of the last change of a company; 0 when there is none."""
    rows = await fetch("select id from change where company = $1 order by id desc limit 1", company)
    return rows[0]["id"] if rows else 0
