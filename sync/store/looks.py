"""Clear ID: a record that QuickBooks does not find any more is looked for, then linked, sent as new, or left.

Nothing is forgotten before QuickBooks was asked: a link cleared although the record is there makes a second one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sync.protocol.writes import NEW
from sync.qbxml.entities import ENTITIES
from sync.store.base import document, fetchrow, notify, transaction
from sync.store.relink import CLEAR, SEND, take_over
from sync.store.setup import ask_run, audit

Choice = Literal["relink", "send_as_new", "leave"]

NO_RECORD = "There is no such record."
NOT_LINKED = "QuickBooks does not have this record yet: there is no link to clear."
IN_DOUBT = "A change of this record is on its way, or may be in the books already. It has to be settled first."
LOOK_FIRST = "Look in QuickBooks first: the next sync does it."
STILL_THERE = "QuickBooks has this record. Its link is right and stays."
NOTHING_FOUND = "QuickBooks has no other record that could be this one."
CHOOSE_ONE = "Several records in QuickBooks could be this one. Choose one."
TAKEN_BY_OTHER = "That record in QuickBooks belongs to another record here."
AS_NEW = "Its link was cleared, and it was sent as new."
RELINKED = "The record was linked to another one in QuickBooks."
LEFT = "It was left as it is."

RECORD = "select id, entity, qb_id from record where id = $2 and company = $1"

OPEN_LOOK = "select id, state from look where record = $1 and company = $2 order by id desc limit 1 for update"

DOUBTFUL = """
    select exists (select from change where record = $1 and direction = 'out' and state in ('sent', 'unknown'))
"""

ASK = """
    insert into look (company, record, change, state, asked_by, asked_at)
    values ($1, $2, (select max(id) from change where record = $2 and direction = 'out' and state <> 'cleared'),
        'asked', $3, $4)
"""

NEWEST = """
    select l.id, l.record, l.state, l.found, l.reason, l.asked_by, l.asked_at, l.answered_at, r.entity
    from look l join record r on r.id = l.record
    where l.company = $1 and l.record = $2 order by l.id desc limit 1
"""

LOCKED = """
    select r.id, r.entity, r.qb_id, r.name, coalesce(r.ours, r.quickbooks) as here,
        coalesce(r.ours, r.quickbooks) - 'ExternalGUID' as anew,
        coalesce(r.base, r.quickbooks) as base
    from record r where r.id = $2 and r.company = $1 for update
"""

DONE = "update look set state = 'done', reason = $2 where id = $1"

FORGET = """
    update record set qb_id = $2, edit_sequence = '', time_created = '', time_modified = '', quickbooks = '{}',
        ours = $3, base = '{}', line_order = null, deleted_at = null, updated_at = now() where id = $1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookRow:
    """How far the look for a record is."""

    id: int
    record: int
    entity: str
    state: str  # asked (for the next session), sent, there, gone, failed, done
    found: tuple[Mapping[str, Any], ...]  # what may be this record, as QuickBooks has it
    reason: str
    asked_by: str
    asked_at: datetime
    answered_at: datetime | None

    @property
    def waits(self) -> bool:
        """Whether QuickBooks has not answered yet."""
        return self.state in ("asked", "sent")


async def look_up(company: int, record: int, actor: str, address: str = "") -> str | None:
    """Ask the next session to look for a record in QuickBooks; a sentence when there is nothing to look for."""
    async with transaction() as connection:
        row = await connection.fetchrow(f"{RECORD} for update", company, record)
        if row is None:
            return NO_RECORD
        if str(row["qb_id"]).startswith(NEW):
            return NOT_LINKED
        open_look = await connection.fetchrow(OPEN_LOOK, record, company)
        if open_look is None or open_look["state"] not in ("asked", "sent"):
            await connection.execute(ASK, company, record, actor, datetime.now(UTC))
            await audit(connection, actor, "record.looked_for", company, f"{row['entity']} {record}", address)
            await notify(connection, f"company:{company}")
    await ask_run(company, "incremental", actor, address)
    return None


async def look_of(company: int, record: int) -> LookRow | None:
    """The last look for a record; None: nobody has asked."""
    row = await fetchrow(NEWEST, company, record)
    return LookRow(**dict(row) | {"found": tuple(document(row["found"]) or ())}) if row else None


async def clear_id(
    company: int, record: int, choice: Choice, actor: str, address: str = "", *, candidate: str = ""
) -> str | None:
    """Do with a record that QuickBooks no longer has what a person chose; a sentence when it cannot be done.

    `candidate` is the ListID or TxnID to link to, where the look found several. Raises nothing: without a look that
    found it gone no link is cleared.
    """
    now = datetime.now(UTC)
    async with transaction() as connection:
        row = await connection.fetchrow(LOCKED, company, record)
        if row is None:
            return NO_RECORD
        look = await connection.fetchrow(NEWEST, company, record)
        why = await _refused(connection, look, row)
        if why is not None:
            return why
        found = document(look["found"]) or []
        if choice == "relink":
            why = await _relink(connection, company, row, found, candidate, actor, now)
        elif choice == "send_as_new":
            await _send_as_new(connection, company, row, actor, now)
        else:
            await connection.execute(CLEAR, [record], LEFT, actor, now)
        if why is not None:
            return why
        done = {"relink": RELINKED, "send_as_new": AS_NEW, "leave": LEFT}[choice]
        await connection.execute(DONE, look["id"], done)
        subject = f"{row['entity']} {row['qb_id']}: {choice.replace('_', ' ')}"
        await audit(connection, actor, "record.id_cleared", company, subject, address)
        await notify(connection, "companies", f"company:{company}")
    if choice != "leave":
        await ask_run(company, "incremental", actor, address)
    return None


async def _refused(connection: Any, look: Any, row: Any) -> str | None:
    """Why no choice can be made now."""
    if str(row["qb_id"]).startswith(NEW):
        return NOT_LINKED
    if look is not None and look["state"] == "there":
        return STILL_THERE
    if look is None or look["state"] != "gone":
        return LOOK_FIRST
    return IN_DOUBT if await connection.fetchval(DOUBTFUL, row["id"]) else None


async def _send_as_new(connection: Any, company: int, row: Any, actor: str, now: datetime) -> None:
    """Forget the link: the record goes into the books as a new one, whole, with a mark of its own."""
    await connection.execute(CLEAR, [row["id"]], AS_NEW, actor, now)
    await connection.execute(FORGET, row["id"], f"{NEW}{row['id']}", row["anew"])
    new = (row["id"], row["entity"], "create", None, row["anew"], "approved", None)
    await connection.execute(SEND, company, actor, now, *([value] for value in new))


async def _relink(
    connection: Any, company: int, row: Any, found: list[dict[str, Any]], candidate: str, actor: str, now: datetime
) -> str | None:
    """Take a record of QuickBooks as this one; what the team had changed is sent to it."""
    key = ENTITIES[row["entity"]].key
    chosen = [one for one in found if not candidate or one.get(key) == candidate]
    if not chosen:
        return NOTHING_FOUND
    if len(chosen) > 1:
        return CHOOSE_ONE
    return await take_over(connection, company, row, chosen[0], RELINKED, actor, now)
