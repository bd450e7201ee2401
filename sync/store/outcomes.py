"""A change of which nobody knows whether it is in the books: a person looked, and says which it is.

Saying that it is there takes the record of QuickBooks as this one; nothing is written into the books for it.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sync.qbxml.arrange import ORDER
from sync.store import second_parts
from sync.store.base import document, fetch, notify, transaction
from sync.store.relink import take_over
from sync.store.setup import ask_run, audit

IN_BOOKS = "A person found it in the books."
NOT_OPEN = "Somebody has settled this change meanwhile."
CHOOSE = "Choose the record in QuickBooks that this one is."

CANDIDATES = """
    select o.id, o.name, o.ref_number, o.party, o.amount, o.date, o.time_created
    from change c join record r on r.id = c.record
        join record o on o.company = r.company and o.entity = r.entity and o.id <> r.id
    where c.company = $1 and c.id = $2 and c.state = 'unknown' and o.deleted_at is null and o.qb_id not like 'new:%'
        and ((r.ref_number <> '' and o.ref_number = r.ref_number) or (r.name <> '' and lower(o.name) = lower(r.name))
            or (r.party <> '' and o.party = r.party and o.amount is not distinct from r.amount))
    order by o.time_created desc, o.id desc limit 20
"""

OPEN = """
    select c.id as change, case when c.whole is null then c.action else 'update' end as action,
        r.id, r.entity, r.qb_id, coalesce(r.ours, r.quickbooks) as here,
        coalesce(r.base, r.quickbooks) as base
    from change c join record r on r.id = c.record
    where c.company = $1 and c.id = $2 and c.state = 'unknown' for update
"""

DONE = """
    update change set state = 'applied', reason = $2, decided_by = $3, decided_at = $4, ended_at = $4
    where id = $1 and state = 'unknown'
"""

CHILDREN = "update change set state = 'approved', waits_for = null where waits_for = $1 and state = 'waiting'"

SETTLED = """
    update record set updated_at = now(), ours = case when $2 then ours end, base = case when $2 then base end,
        deleted_at = case when $3 then coalesce(deleted_at, $4) else deleted_at end
    where id = $1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A record of QuickBooks that may be the one in question."""

    id: int
    name: str
    ref_number: str
    party: str
    amount: Decimal | None
    date: str
    time_created: str  # as QuickBooks' computer said it


async def candidates(company: int, change: int) -> list[Candidate]:
    """Records that came from QuickBooks and look like a new one whose outcome is not known."""
    return [Candidate(**row) for row in await fetch(CANDIDATES, company, change)]


class Refused(Exception):
    """It cannot be linked so; the message says why. Nothing was changed."""


async def link(company: int, change: int, candidate: int | None, actor: str, address: str = "") -> str | None:
    """Take a change as carried out; a new record is linked to `candidate`. A sentence when that cannot be."""
    try:
        async with transaction() as connection:
            await _link(connection, company, change, candidate, actor, address)
    except Refused as why:
        return str(why)
    await ask_run(company, "incremental", actor, address)
    return None


async def _link(connection: Any, company: int, change: int, candidate: int | None, actor: str, address: str) -> None:
    now = datetime.now(UTC)
    row = await connection.fetchrow(OPEN, company, change)
    if row is None:
        raise Refused(NOT_OPEN)
    await connection.execute(DONE, change, IN_BOOKS, actor, now)
    await second_parts.end(connection, change)
    why = await _settle(connection, company, row, candidate, actor, now)
    if why is not None:
        raise Refused(why)
    await connection.execute(CHILDREN, change)
    await audit(connection, actor, "change.found_in_books", company, f"{row['entity']} {row['id']}", address)
    await notify(connection, "companies", f"company:{company}")


async def _settle(
    connection: Any, company: int, row: Any, candidate: int | None, actor: str, now: datetime
) -> str | None:
    if row["action"] != "create":
        deletes = row["action"] == "delete"
        await connection.execute(SETTLED, row["id"], False, deletes, now.isoformat()[:19])
        return None
    there = await connection.fetchrow(
        """select quickbooks, line_order from record where id = $1 and company = $2 and entity = $3
               and deleted_at is null and qb_id not like 'new:%'""",
        candidate,
        company,
        row["entity"],
    )
    if there is None:
        return CHOOSE
    fields = json.loads(there["quickbooks"])
    order = document(there["line_order"])
    return await take_over(connection, company, row, fields | ({ORDER: order} if order else {}), IN_BOOKS, actor, now)
