"""A verify run: everything is read and compared with what is here, and nothing is changed by it.

The run's report says of each kind how many records differ, are missing here, or are not in the file, with samples, and
how many of them only wait for a decision. The caller holds the run's lock.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sync.protocol.differences import STAMPS
from sync.protocol.incoming import COMPUTED
from sync.store.base import document

SAMPLES = 5  # of one kind of record
FIELDS = 6  # named of one sample

WAITS = """exists (select from change c where c.record = r.id and c.state in
    ('proposed', 'kept', 'conflict', 'approved', 'waiting', 'sent', 'refused', 'unknown'))"""

COMPARE = f"""
    with incoming as (
        select * from unnest($2::text[], $3::text[], $4::jsonb[]) as incoming (entity, qb_id, there)
    ), found as (
        select i.*, r.id, r.name, r.quickbooks, coalesce(r.ours, r.quickbooks) as here, {WAITS} as waits,
            r.id is null or r.deleted_at is not null or coalesce(r.ours = '{{}}', false) as missing
        from incoming i left join record r on r.company = $1 and r.entity = i.entity and r.qb_id = i.qb_id
    )
    select entity, qb_id, id, coalesce(name, there ->> 'FullName', there ->> 'Name', there ->> 'RefNumber', '') as name,
        waits, case when missing then 'missing' else 'differing' end as kind,
        case when not missing then (select array_agg(field order by field) from jsonb_object_keys(here || there) field
            where (here -> field is distinct from there -> field and field <> all($6))
                or (quickbooks -> field is distinct from there -> field and field <> all($5))) end as fields
    from found
    where missing or quickbooks - $5::text[] <> there - $5::text[] or here - $6::text[] <> there - $6::text[]
"""

EXTRA = f"""
    select r.entity, r.qb_id, r.id, coalesce(nullif(r.name, ''), r.ref_number) as name, {WAITS} as waits,
        'extra' as kind, null::text[] as fields
    from record r
    where r.company = $1 and r.entity = $2 and (r.deleted_at is null or r.ours is not null)
        and not exists (select from seen s where s.run_entity = $3 and s.qb_id = r.qb_id)
    order by r.id
"""


async def compare(
    connection: Any, company: int, run: int, rows: Sequence[tuple[str, str, str]]
) -> set[tuple[str, str]]:
    """Compare rows of the file (entity, id, document) with the records here; entity and id of those that differ."""
    if not rows:
        return set()
    columns = map(list, zip(*rows, strict=True))
    found = await connection.fetch(COMPARE, company, *columns, sorted(STAMPS), sorted(COMPUTED))
    await _report(connection, run, found)
    return {(row["entity"], row["qb_id"]) for row in found}


async def finish(connection: Any, company: int, run: int, entity: str, run_entity: int) -> None:
    """Every row of a kind was compared: what is here and was not met is not in the file."""
    await _report(connection, run, await connection.fetch(EXTRA, company, entity, run_entity))
    await connection.execute("delete from seen where run_entity = $1", run_entity)
    await connection.execute("update run set report = coalesce(report, '{}') where id = $1", run)


async def _report(connection: Any, run: int, found: Iterable[Any]) -> None:
    rows = list(found)
    if rows:
        report = document(await connection.fetchval("select report from run where id = $1", run)) or {}
        await connection.execute("update run set report = $2 where id = $1", run, json.dumps(added(report, rows)))


def added(report: dict[str, Any], rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """A report with some more records in it."""
    for row in rows:
        one = report.setdefault(row["entity"], {"differing": 0, "missing": 0, "extra": 0, "waiting": 0, "samples": []})
        one[row["kind"]] += 1
        one["waiting"] += bool(row["waits"])
        if len(one["samples"]) < SAMPLES:
            sample = {"kind": row["kind"], "record": row["id"], "qb_id": row["qb_id"], "name": row["name"]}
            one["samples"].append(sample | {"fields": (row["fields"] or [])[:FIELDS], "waits": bool(row["waits"])})
    return report
