"""Where a record is used: the records here that refer to it, by its ListID or TxnID, as the team has them.

The index `record_used` holds every id that a record names beside its own, so nothing is kept up by hand. A condition
of it is looked at again in each record that it finds; what is found is therefore bounded, and said to be. The sums
and coalesces of its other conditions keep the planner off the indexes that list a whole company.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sync.store.base import fetch
from sync.store.records import COLUMNS, RecordRow, row_of

MOST = 2000  # records that are found for one
MOST_OF_EACH = 100  # for each of several
HERE = "coalesce(nullif(ours, '{}'), quickbooks)"
LISTS, TRANSACTIONS = (f"jsonb_path_query_array({HERE}, 'strict $.*.**.{name}')" for name in ("ListID", "TxnID"))
REFERRED = f"(case when date = '' then {LISTS} else {LISTS} || {TRANSACTIONS} end)"  # word for word as in the index

MET = f"""
    met as materialized (
        select id, entity from record
        where company + 0 = $1 and {REFERRED} @> $2::jsonb and qb_id <> $3 and coalesce(deleted_at, '') = ''
        limit {MOST + 1}
    )
"""

KINDS = f"with {MET} select entity, count(*) as count from met group by entity order by count(*) desc, entity"

ROWS = f"""
    with {MET}
    select {COLUMNS} from record where id in (select id from met where entity = $4)
    order by date collate "C" desc, lower(name) collate "C", id desc limit $5 offset $6
"""

OF_EACH = f"""
    select t.id, m.entity, count(*) as count
    from record t, lateral (
        select entity from record
        where company + 0 = $1 and {REFERRED} @> jsonb_build_array(t.qb_id) and qb_id <> t.qb_id
            and coalesce(deleted_at, '') = ''
        limit {MOST_OF_EACH + 1}
    ) m
    where t.company = $1 and t.id = any($2) group by t.id, m.entity order by count(*) desc, m.entity
"""


@dataclass(frozen=True, slots=True)
class Used:
    """How many records use one, by kind, those of which there are most first."""

    kinds: tuple[tuple[str, int], ...] = ()
    more: bool = False  # there are more than these

    @property
    def total(self) -> int:
        return sum(count for _, count in self.kinds)


def used(found: Sequence[tuple[str, int]], most: int) -> Used:
    """What was found, of which one is too many."""
    total = sum(count for _, count in found)
    if total <= most:
        return Used(tuple(found))
    first, *rest = found
    return Used(((first[0], first[1] - 1), *rest), more=True)


async def of(company: int, qb_id: str) -> Used:
    """What uses a record."""
    rows = await fetch(KINDS, company, json.dumps([qb_id]), qb_id)
    return used([(row["entity"], row["count"]) for row in rows], MOST)


async def rows_of(company: int, qb_id: str, entity: str, limit: int, offset: int) -> list[RecordRow]:
    """Some of the records of a kind that use a record, those of the latest date first, else by name."""
    rows = await fetch(ROWS, company, json.dumps([qb_id]), qb_id, entity, limit, offset)
    return [row_of(row) for row in rows]


async def of_each(company: int, records: Sequence[int]) -> dict[int, Used]:
    """What uses each of several records; those that nothing uses are not in it."""
    found: dict[int, list[tuple[str, int]]] = {}
    for row in await fetch(OF_EACH, company, list(records)) if records else ():
        found.setdefault(row["id"], []).append((row["entity"], row["count"]))
    return {id: used(kinds, MOST_OF_EACH) for id, kinds in found.items()}
