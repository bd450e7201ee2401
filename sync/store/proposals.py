"""What the team wants of records becomes proposed changes: one edit of a form, or a file's five hundred at once.

Each statement is for all of them. Whoever calls holds the transaction, and asks for a run when some are approved.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sync.protocol.changes import Action
from sync.protocol.differences import merge
from sync.protocol.writes import NEW
from sync.qbxml.entities import ENTITIES
from sync.qbxml.labels import lower
from sync.qbxml.summary import summary
from sync.store import audit, policies
from sync.store.base import document, notify
from sync.store.conflicts import IN_CONFLICT, PART_OF_CONFLICT, listed
from sync.store.intake import cut

OPEN = ("proposed", "kept", "conflict", "approved", "waiting", "refused")  # not yet on its way, and not at its end

SUPERSEDE = """
    update change set state = 'cleared', decided_by = $2, decided_at = $3, reason = 'A later edit took its place.'
    where record = any($1) and direction = 'out' and state = any($4)
"""

RECORDS = """
    select id, quickbooks, qb_id, base from record
    where id = any($1) and company = $2 and entity = $3 and deleted_at is null order by id for update
"""

WANTED = """
    update record r set ours = w.ours, base = coalesce(base, quickbooks), updated_at = now()
    from unnest($1::bigint[], $2::jsonb[]) as w (id, ours) where r.id = w.id
"""

TOOK = """
    with taken as (update record set base = quickbooks where id = any($1))
    update change set state = 'applied', decided_by = $2, decided_at = $3, ended_at = $3
    where record = any($1) and direction = 'in' and state in ('proposed', 'kept')
"""

NAMED = "select coalesce(nullif(ref_number, ''), name) from record where id = $1"

NEW_IDS = "select nextval(pg_get_serial_sequence('record', 'id')) as id from generate_series(1, $1)"

NEW_RECORDS = """
    insert into record (id, company, entity, qb_id, name, ref_number, party, date, amount, quickbooks, ours, base)
    select id, $1, $2, $3 || id, name, ref_number, party, date, amount, '{}', ours, '{}'
    from unnest($4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::numeric[], $10::jsonb[])
        as n (id, name, ref_number, party, date, amount, ours)
"""

PROPOSE = """
    insert into change (company, record, entity, direction, action, state, before, after, conflict, created_by,
        created_at, decided_by, decided_at)
    select $1, n.record, $2, 'out', n.action, n.state, n.before, n.after, n.conflict, $3::text, $4::timestamptz,
        case n.state when 'approved' then $3::text else '' end,
        case n.state when 'approved' then $4::timestamptz end
    from unnest($5::bigint[], $6::text[], $7::text[], $8::jsonb[], $9::jsonb[], $10::jsonb[])
        with ordinality as n (record, action, state, before, after, conflict, place)
    order by n.place
    returning id, record, action, state
"""


class NoSuchRecord(Exception):
    """There is no such record of that company, or it is gone."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One record as somebody wants it: whole, in the shape of its Ret; None for a deletion or a voiding."""

    action: Action
    wanted: Mapping[str, Any] | None
    record: int | None = None  # None: it is to be made


@dataclass(frozen=True, slots=True)
class Proposed:
    """A change that was stored."""

    id: int
    record: int
    action: str
    state: str  # proposed, approved, conflict


@dataclass(frozen=True, slots=True)
class Written:
    """A change about to be stored."""

    record: int
    action: Action
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    state: str
    conflict: list[dict[str, Any]] | None = None
    took: bool = False  # a record that is new in QuickBooks was edited before it was approved: it is taken


async def propose_within(
    connection: Any, company: int, entity: str, wishes: Sequence[Wish], actor: str, now: datetime
) -> list[Proposed]:
    """Store changes of one kind in their order, no two of them of one record. Raises NoSuchRecord.

    An earlier proposal for a record that has not left yet is replaced. A change is approved at once where the kind's
    policy says so, and a conflict where QuickBooks has changed the same field since the team last agreed.
    """
    asks = (await policies.of_company(company, connection)).asks(entity, "out")
    state = "proposed" if asks else "approved"
    fresh = await _new_records(connection, company, entity, [one for one in wishes if one.record is None])
    known = await _known(connection, company, entity, [one.record for one in wishes if one.record is not None])
    ids = iter(fresh)
    written = [
        Written(next(ids), one.action, None, one.wanted, state)
        if one.record is None
        else _on_record(known[one.record], one, state)
        for one in wishes
    ]
    await _settle(connection, [one for one in written if one.record in known], actor, now)
    rows = await connection.fetch(
        PROPOSE,
        *(company, entity, actor, now),
        [one.record for one in written],
        [one.action for one in written],
        [one.state for one in written],
        *(
            [None if one is None else json.dumps(one) for one in column]
            for column in zip(*((one.before, one.after, one.conflict) for one in written), strict=True)
        ),
    )
    await notify(connection, "companies", f"company:{company}")
    found = {row["record"]: Proposed(row["id"], row["record"], row["action"], row["state"]) for row in rows}
    return [found[one.record] for one in written]


async def tell(connection: Any, company: int, entity: str, proposed: Proposed, actor: str, address: str) -> None:
    """Add a proposal to the audit log, in the transaction that stores it."""
    name = await connection.fetchval(NAMED, proposed.record)
    subject = f"{lower(ENTITIES[entity].label)} {name}".strip()
    detail = json.dumps({"change": proposed.id, "action": proposed.action})
    values = (actor[:254], "change.proposed", company, subject[:200], detail, address[:64])
    await connection.execute(audit.ADD, *values)


async def _known(connection: Any, company: int, entity: str, ids: Sequence[int]) -> dict[int, Any]:
    """The records of these ids, locked. Raises NoSuchRecord when one is not there."""
    rows = await connection.fetch(RECORDS, list(ids), company, entity) if ids else []
    known = {row["id"]: row for row in rows}
    missing = next((id for id in ids if id not in known), None)
    if missing is not None:
        raise NoSuchRecord(missing)
    return known


def _on_record(row: Any, wish: Wish, state: str) -> Written:
    """What a wish for a record that is here makes of the change."""
    quickbooks, base = document(row["quickbooks"]), document(row["base"])
    written = Written(row["id"], wish.action, quickbooks, wish.wanted, state)
    if str(row["qb_id"]).startswith(NEW) and written.action == "update":
        written = replace(written, action="create")
    if wish.wanted is None:
        return written
    if base == {} and quickbooks:  # new in QuickBooks, not approved yet: whoever edits it has taken it
        return replace(written, took=True)
    if written.action != "update" or base is None or base == quickbooks:
        return written
    found = merge(base, quickbooks, wish.wanted)  # QuickBooks' side has moved on, and the team has not taken it
    if not found.contradictions:
        return replace(written, after=found.record)
    return replace(written, state="conflict", before=base, conflict=listed(found.contradictions))


async def _settle(connection: Any, written: Sequence[Written], actor: str, now: datetime) -> None:
    """Give the records that are here what the team wants; what is open about them makes way."""
    if not written:
        return
    await connection.execute(SUPERSEDE, [one.record for one in written], actor, now, list(OPEN))
    wanted = [one for one in written if one.after is not None]
    if wanted:
        await connection.execute(WANTED, [one.record for one in wanted], [json.dumps(one.after) for one in wanted])
    if took := [one.record for one in written if one.took]:
        await connection.execute(TOOK, took, actor, now)
    if disputed := [one.record for one in written if one.conflict]:
        await connection.execute(PART_OF_CONFLICT, disputed, IN_CONFLICT, actor, now)


async def _new_records(connection: Any, company: int, entity: str, wishes: Sequence[Wish]) -> list[int]:
    """Records that QuickBooks does not have: their ids there are place holders, "new:" and their numbers here."""
    if not wishes:
        return []
    ids = [row["id"] for row in await connection.fetch(NEW_IDS, len(wishes))]
    wanted = [one.wanted or {} for one in wishes]
    hot = [summary(entity, one) for one in wanted]
    await connection.execute(
        NEW_RECORDS,
        *(company, entity, NEW, ids),
        [cut(found.name or str(one.get("Name", ""))) for found, one in zip(hot, wanted, strict=True)],
        [found.ref_number or "" for found in hot],
        [cut(found.party) for found in hot],
        [found.date or "" for found in hot],
        [found.amount for found in hot],
        [json.dumps(one) for one in wanted],
    )
    return ids
