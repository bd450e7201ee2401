"""Changes as people and programs make and decide them: proposed, approved, kept, cleared, sent again.

Every move is one compare-and-set with who and when: what somebody else has decided meanwhile stays as it is.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sync.protocol.changes import Action
from sync.protocol.writes import NEW
from sync.qbxml.summary import summary
from sync.store.base import document, notify, transaction
from sync.store.setup import ask_run

OPEN = ("proposed", "kept", "conflict", "approved", "waiting", "refused")  # not yet on its way, and not at its end

SUPERSEDE = """
    update change set state = 'cleared', decided_by = $2, decided_at = $3, reason = 'A later edit took its place.'
    where record = $1 and direction = 'out' and state = any($4)
"""


class NoSuchRecord(Exception):
    """There is no such record of that company, or it is gone."""


async def propose(
    company: int, entity: str, action: Action, wanted: Mapping[str, Any] | None, actor: str, record: int | None = None
) -> int:
    """Propose to write a record into QuickBooks; return the change's id.

    `wanted` is the whole record as the team wants it, in the shape of its Ret; None for a deletion or a voiding. An
    earlier proposal for the record that has not left yet is replaced. Raises NoSuchRecord.
    """
    now = datetime.now(UTC)
    async with transaction() as connection:
        if record is None:
            record = await _new_record(connection, company, entity, wanted or {})
            before: Any = None
        else:
            row = await connection.fetchrow(
                """select quickbooks, qb_id, coalesce(ours, quickbooks) as here from record
                   where id = $1 and company = $2 and entity = $3 and deleted_at is null for update""",
                record,
                company,
                entity,
            )
            if row is None:
                raise NoSuchRecord(record)
            before = document(row["quickbooks"])
            await connection.execute(SUPERSEDE, record, actor, now, list(OPEN))
            if str(row["qb_id"]).startswith(NEW) and action == "update":
                action = "create"
            if wanted is not None:
                await connection.execute(
                    "update record set ours = $2, base = coalesce(base, quickbooks), updated_at = now() where id = $1",
                    record,
                    json.dumps(wanted),
                )
        change: int = await connection.fetchval(
            """insert into change (company, record, entity, direction, action, state, before, after, created_by,
                   created_at) values ($1, $2, $3, 'out', $4, 'proposed', $5, $6, $7, $8) returning id""",
            company,
            record,
            entity,
            action,
            json.dumps(before) if before is not None else None,
            json.dumps(wanted) if wanted is not None else None,
            actor,
            now,
        )
        await notify(connection, "companies", f"company:{company}")
    return change


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
        await ask_run(company, "incremental", actor, address)
    return count
