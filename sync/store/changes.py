"""Changes as people and programs make and decide them: proposed, approved, kept, cleared, sent again.

Every move is one compare-and-set with who and when: what somebody else has decided meanwhile stays as it is.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sync.protocol.changes import Action
from sync.protocol.differences import merge
from sync.protocol.writes import NEW
from sync.qbxml.summary import summary
from sync.store import policies
from sync.store.base import document, notify, transaction
from sync.store.conflicts import IN_CONFLICT, PART_OF_CONFLICT, listed, mark_of, resolve_conflict
from sync.store.decisions import Counts, Decision, Dismissed, Filter, counts, decide, dismissed, undo_clear
from sync.store.looks import LookRow, clear_id, look_of, look_up
from sync.store.setup import ask_run, audit
from sync.store.unsynced import ignore, resync

__all__ = [
    "Counts", "Decision", "Dismissed", "Filter", "LookRow", "NoSuchRecord", "approve", "clear_id", "counts", "decide",
    "dismissed", "ignore", "look_of", "look_up", "mark_of", "propose", "resolve_conflict", "resync", "undo_clear",
]  # fmt: skip

OPEN = ("proposed", "kept", "conflict", "approved", "waiting", "refused")  # not yet on its way, and not at its end

SUPERSEDE = """
    update change set state = 'cleared', decided_by = $2, decided_at = $3, reason = 'A later edit took its place.'
    where record = $1 and direction = 'out' and state = any($4)
"""

RECORD = """
    select quickbooks, qb_id, base from record
    where id = $1 and company = $2 and entity = $3 and deleted_at is null for update
"""

WANTED = "update record set ours = $2, base = coalesce(base, quickbooks), updated_at = now() where id = $1"

TOOK = """
    with taken as (update record set base = $2 where id = $1)
    update change set state = 'applied', decided_by = $3, decided_at = $4, ended_at = $4
    where record = $1 and direction = 'in' and state in ('proposed', 'kept')
"""

PROPOSE = """
    insert into change (company, record, entity, direction, action, state, before, after, conflict, created_by,
        created_at, decided_by, decided_at)
    values ($1, $2, $3, 'out', $4, $5::text, $6, $7, $8, $9::text, $10::timestamptz,
        case $5::text when 'approved' then $9::text else '' end,
        case $5::text when 'approved' then $10::timestamptz end)
    returning id
"""


class NoSuchRecord(Exception):
    """There is no such record of that company, or it is gone."""


async def propose(
    company: int, entity: str, action: Action, wanted: Mapping[str, Any] | None, actor: str, record: int | None = None
) -> int:
    """Propose to write a record into QuickBooks; return the change's id.

    `wanted` is the whole record as the team wants it, in the shape of its Ret; None for a deletion or a voiding. An
    earlier proposal for the record that has not left yet is replaced. It is approved at once where the kind's policy
    says so, and a conflict where QuickBooks has changed the same field since the team last agreed. Raises NoSuchRecord.
    """
    now = datetime.now(UTC)
    async with transaction() as connection:
        asks = (await policies.of_company(company, connection)).asks(entity, "out")
        written = Written(action, None, wanted, "proposed" if asks else "approved")
        if record is None:
            record = await _new_record(connection, company, entity, wanted or {})
        else:
            written = await _on_record(connection, company, entity, record, written, actor, now)
        change: int = await connection.fetchval(
            PROPOSE,
            company,
            record,
            entity,
            written.action,
            written.state,
            *(None if one is None else json.dumps(one) for one in (written.before, written.after, written.conflict)),
            actor,
            now,
        )
        await notify(connection, "companies", f"company:{company}")
    if written.state == "approved":
        await ask_run(company, "incremental", actor)
    return change


@dataclass(frozen=True, slots=True)
class Written:
    """A change about to be stored."""

    action: Action
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    state: str
    conflict: list[dict[str, Any]] | None = None


async def _on_record(
    connection: Any, company: int, entity: str, record: int, written: Written, actor: str, now: datetime
) -> Written:
    """Give a record what the team wants, and say what that makes of the change. Raises NoSuchRecord."""
    row = await connection.fetchrow(RECORD, record, company, entity)
    if row is None:
        raise NoSuchRecord(record)
    await connection.execute(SUPERSEDE, record, actor, now, list(OPEN))
    quickbooks, wanted = document(row["quickbooks"]), written.after
    written = replace(written, before=quickbooks)
    if str(row["qb_id"]).startswith(NEW) and written.action == "update":
        written = replace(written, action="create")
    if wanted is None:
        return written
    await connection.execute(WANTED, record, json.dumps(wanted))
    base = document(row["base"])
    if base == {} and quickbooks:  # new in QuickBooks, not approved yet: whoever edits it has taken it
        await connection.execute(TOOK, record, json.dumps(quickbooks), actor, now)
        return written
    if written.action != "update" or base is None or base == quickbooks:
        return written
    found = merge(base, quickbooks, wanted)  # QuickBooks' side has moved on, and the team has not taken it
    if not found.contradictions:
        return replace(written, after=found.record)
    await connection.execute(PART_OF_CONFLICT, record, IN_CONFLICT, actor, now)
    return replace(written, state="conflict", before=base, conflict=listed(found.contradictions))


async def _new_record(connection: Any, company: int, entity: str, wanted: Mapping[str, Any]) -> int:
    """A record that QuickBooks does not have: its id there is a place holder, "new:" and its number here."""
    hot = summary(entity, wanted)
    id: int = await connection.fetchval("select nextval(pg_get_serial_sequence('record', 'id'))")
    await connection.execute(
        """insert into record (id, company, entity, qb_id, name, ref_number, party, date, amount, quickbooks, ours,
               base)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9::numeric, '{}', $10, '{}')""",
        id,
        company,
        entity,
        f"{NEW}{id}",
        hot.name or str(wanted.get("Name", "")),
        hot.ref_number or "",
        hot.party or "",
        hot.date or "",
        hot.amount,
        json.dumps(wanted),
    )
    return id


async def approve(company: int, ids: Sequence[int] | None, actor: str, address: str = "") -> int:
    """Approve changes, all that wait for a decision where no ids are given; a sync is asked for. Returns how many."""
    now = datetime.now(UTC)
    async with transaction() as connection:
        status: str = await connection.execute(
            """update change set state = 'approved', decided_by = $3, decided_at = $4, reason = ''
               where company = $1 and direction = 'out' and ($2::bigint[] is null or id = any($2))
                   and state in ('proposed', 'kept')""",
            company,
            list(ids) if ids is not None else None,
            actor,
            now,
        )
        await notify(connection, "companies", f"company:{company}")
        count = int(status.rpartition(" ")[2])
        if count:
            await audit(connection, actor, "changes.decided", company, f"{count} approved", address)
    if count:
        await ask_run(company, "incremental", actor, address)
    return count
