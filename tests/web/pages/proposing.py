"""Changes for the pages to show: made as an import or somebody here would make them."""

import copy
import json
from typing import Any

from sync.protocol.differences import merge
from sync.store import changes
from sync.store.base import fetch, fetchval
from sync.store.conflicts import listed

Record = tuple[int, dict[str, Any]]


async def records_of(entity: str, most: int) -> list[Record]:
    """Some records of the company: id and fields."""
    rows = await fetch(
        "select id, quickbooks from record where company = 1 and entity = $1 order by id limit $2",
        entity,
        most,
    )
    return [(row["id"], json.loads(row["quickbooks"])) for row in rows]


async def record_of(entity: str, nth: int = 0) -> Record:
    return (await records_of(entity, nth + 1))[nth]


async def came_in(entity: str, nth: int, action: str = "update", **fields: Any) -> int:
    """Propose an import: what somebody changed in QuickBooks."""
    id, before = await record_of(entity, nth)
    return await insert("in", entity, action, id, before, None if action == "delete" else {**before, **fields})


async def goes_out(entity: str, nth: int, actor: str = "bob@halder.example", **fields: Any) -> int:
    """Propose an export: what somebody changed here."""
    id, before = await record_of(entity, nth)
    return await changes.propose(1, entity, "update", {**copy.deepcopy(before), **fields}, actor, id)


async def conflict(nth: int = 5, *, base: dict[str, Any], theirs: dict[str, Any], ours: dict[str, Any]) -> int:
    """Make both sides change a customer."""
    id, fields = await record_of("Customer", nth)
    agreed, there, here = ({**fields, **more} for more in (base, theirs, ours))
    change = await insert("out", "Customer", "update", id, agreed, here, "conflict")
    found = json.dumps(listed(merge(agreed, there, here).contradictions))
    await fetch("update change set conflict = $2 where id = $1", change, found)
    await fetch(
        "update record set quickbooks = $2, ours = $3, base = $4 where id = $1",
        id,
        json.dumps(there),
        json.dumps(here),
        json.dumps(agreed),
    )
    return change


async def insert(
    direction: str, entity: str, action: str, record: int, before: Any, after: Any, state: str = "proposed"
) -> int:
    id: int = await fetchval(
        """insert into change (company, record, entity, direction, action, state, before, after, created_by)
           values (1, $1, $2, $3, $4, $5, $6, $7, $8) returning id""",
        record,
        entity,
        direction,
        action,
        state,
        json.dumps(before) if before is not None else None,
        json.dumps(after) if after is not None else None,
        "bob@halder.example" if direction == "out" else "",
    )
    return id


async def many(number: int) -> None:
    """Propose an import and an export of some customers again and again, each about a record of its own."""
    await fetch(
        """insert into record (company, entity, qb_id, name, quickbooks)
           select 1, 'Customer', 'many-' || g, 'Number ' || g, jsonb_build_object('Name', 'Number ' || g)
           from generate_series(1, $1) g""",
        number,
    )
    await fetch(
        """insert into change (company, record, entity, direction, action, state, before, after)
           select 1, id, 'Customer', 'out', 'update', 'proposed', quickbooks, quickbooks || '{"Phone": "1"}'
           from record where qb_id like 'many-%'"""
    )


async def states() -> dict[int, str]:
    """The state of every change."""
    return {row["id"]: row["state"] for row in await fetch("select id, state from change")}
