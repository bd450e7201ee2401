"""Records made here before QuickBooks was read, beside those that may be the same there. A person confirms each.

Exact: the same name, or the same number, party and amount. Likely: a name that differs in signs only, or two of those
three on the same day. Nothing is linked by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sync.protocol.incoming import COMPUTED
from sync.qbxml.entities import ENTITIES
from sync.store.base import document, fetch, notify, transaction
from sync.store.relink import IN_USE, Pair, take_over_all
from sync.store.setup import ask_run, audit

Kind = Literal["exact", "likely", "none"]
MATCHED = "It was matched with a record of QuickBooks."
GONE = "This record was matched or sent already."
NOT_THERE = "That record is no longer in QuickBooks."
NEWEST = (1 << 63) - 1
AT_ONCE = 500  # matches in one transaction
LISTS = [name for name, entity in ENTITIES.items() if entity.group == "list"]
TRANSACTIONS = [name for name, entity in ENTITIES.items() if entity.group == "transaction"]
OF_QUICKBOOKS = frozenset({*COMPUTED, "ListID", "TxnID"})

WAITING = """exists (select from change c where c.record = {record}.id and c.direction = 'out' and c.action = 'create'
    and c.state in ('proposed', 'kept', 'refused'))"""

CANDIDATES = f"""
    with mine as materialized (
        select r.id, r.entity, r.name, r.ref_number, r.party, r.amount, r.date,
            regexp_replace(lower(r.name), '[^[:alnum:]]', '', 'g') as plain
        from record r
        where r.company = $1 and r.qb_id like 'new:%' and r.deleted_at is null and {WAITING.format(record="r")}
        order by r.id limit $4 offset $5
    ), alive as (
        select o.* from record o where o.company = $1 and o.deleted_at is null and o.qb_id not like 'new:%'
            and o.entity in (select entity from mine)
    ), pairs as (
        select m.id as mine, o.id as other from mine m join alive o
            on o.entity = m.entity and o.entity = any($2)
            and regexp_replace(lower(o.name), '[^[:alnum:]]', '', 'g') = m.plain and m.plain <> ''
        union select m.id, o.id from mine m join alive o
            on o.entity = m.entity and o.entity = any($3) and o.ref_number = m.ref_number
            and lower(o.party) = lower(m.party) and m.ref_number <> ''
        union select m.id, o.id from mine m join alive o
            on o.entity = m.entity and o.entity = any($3) and lower(o.party) = lower(m.party)
            and o.amount = m.amount and o.date = m.date
    )
    select m.id, m.entity, m.name, m.ref_number, m.party, m.amount, m.date, o.id as other, o.name as other_name,
        o.ref_number as other_number, o.party as other_party, o.amount as other_amount, o.date as other_date,
        case when o.entity = any($2) then lower(o.name) = lower(m.name)
            else o.ref_number = m.ref_number and lower(o.party) = lower(m.party) and o.amount = m.amount end as exact
    from mine m left join pairs p on p.mine = m.id left join record o on o.id = p.other
    order by m.id, exact desc nulls last, o.id
"""

EXACT = f"""
    with mine as materialized (
        select r.id, r.entity, r.name, r.ref_number, r.party, r.amount from record r
        where r.company = $1 and r.qb_id like 'new:%' and r.deleted_at is null and r.id <= $4
            and {WAITING.format(record="r")}
    ), pairs as (
        select m.id as mine, o.id as other from mine m join record o on o.company = $1 and o.entity = m.entity
            and lower(o.name) collate "C" = lower(m.name) and o.qb_id not like 'new:%' and o.deleted_at is null
        where m.entity = any($2) and m.name <> ''
        union all
        select m.id, o.id from mine m join record o on o.company = $1 and o.entity = m.entity
            and lower(o.ref_number) collate "C" = lower(m.ref_number) and o.ref_number = m.ref_number
            and lower(o.party) = lower(m.party) and o.amount = m.amount
            and o.qb_id not like 'new:%' and o.deleted_at is null
        where m.entity = any($3) and m.ref_number <> ''
    )
    select mine, other from (
        select *, count(*) over (partition by mine) as others, count(*) over (partition by other) as rivals from pairs
    ) p where others = 1 and rivals = 1 order by mine
"""

MINE = f"""
    select r.id, r.entity, coalesce(r.ours, '{{}}') as here from record r
    where r.company = $1 and r.id = any($2) and r.qb_id like 'new:%' and {WAITING.format(record="r")}
    order by r.id for update
"""

OTHERS = """
    select id, entity, quickbooks, line_order from record
    where company = $1 and id = any($2) and deleted_at is null and qb_id not like 'new:%'
"""

AS_NEW = """
    update change set state = 'approved', reason = '', decided_by = $2, decided_at = $3
    where record = $1 and direction = 'out' and action = 'create' and state in ('proposed', 'kept', 'refused')
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A record as it is told from others."""

    id: int
    name: str
    ref_number: str
    party: str
    amount: Any  # Decimal, or None
    date: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A record made here with those of QuickBooks that may be the same, the likeliest first."""

    entity: str
    mine: Side
    kind: Kind
    others: tuple[tuple[Side, bool], ...]  # with whether it is exact


async def match_candidates(company: int, limit: int = 50, offset: int = 0) -> list[Match]:
    """Records that QuickBooks does not have yet, each with what may be the same there: one statement."""
    rows = await fetch(CANDIDATES, company, LISTS, TRANSACTIONS, limit, offset)
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row["id"], []).append(row)
    return [_match(of_one) for of_one in found.values()]


def _match(rows: list[Any]) -> Match:
    first = rows[0]
    others = tuple((_other(row), bool(row["exact"])) for row in rows if row["other"] is not None)
    kind: Kind = "none" if not others else "exact" if others[0][1] else "likely"
    mine = Side(**{name: first[name] for name in ("id", "name", "ref_number", "party", "amount", "date")})
    return Match(entity=first["entity"], mine=mine, kind=kind, others=others)


def _other(row: Any) -> Side:
    return Side(
        id=row["other"],
        name=row["other_name"],
        ref_number=row["other_number"],
        party=row["other_party"],
        amount=row["other_amount"],
        date=row["other_date"],
    )


async def confirm_match(company: int, record: int, other: int | None, actor: str, address: str = "") -> str | None:
    """Link a record made here with one of QuickBooks, or with none and send it as new; a sentence when it cannot be.

    What the team has beyond QuickBooks' record is proposed; a field in which both have something else is a conflict.
    Lines stay as QuickBooks has them.
    """
    now = datetime.now(UTC)
    async with transaction() as connection:
        mine = await connection.fetchrow(MINE, company, [record])
        if mine is None:
            return GONE
        pairs = await _pairs(connection, company, {record: other} if other is not None else {})
        if other is None:
            await connection.execute(AS_NEW, record, actor, now)
        elif not pairs:
            return NOT_THERE
        elif await take_over_all(connection, company, pairs, MATCHED, actor, now, asks=True):
            return IN_USE
        subject = f"{mine['entity']} {record} with {f'record {other}' if other is not None else 'none: sent as new'}"
        await audit(connection, actor, "record.matched", company, subject, address)
        await notify(connection, "companies", f"company:{company}")
    if other is None:
        await ask_run(company, "incremental", actor, address)
    return None


async def exact_matches(company: int, until: int = NEWEST) -> dict[int, int]:
    """Records made here, up to one of them, each with the one record of QuickBooks that is the same, and no rival."""
    rows = await fetch(EXACT, company, LISTS, TRANSACTIONS, until)
    return {row["mine"]: row["other"] for row in rows}


async def confirm_exact(company: int, until: int, actor: str, address: str = "") -> int:
    """Link every exact match up to a record, as `confirm_match` does; how many. Those that cannot be stay listed."""
    found, linked = list((await exact_matches(company, until)).items()), 0
    for start in range(0, len(found), AT_ONCE):
        async with transaction() as connection:
            pairs = await _pairs(connection, company, dict(found[start : start + AT_ONCE]))
            if not pairs:
                continue
            in_use = await take_over_all(connection, company, pairs, MATCHED, actor, datetime.now(UTC), asks=True)
            linked += len(pairs) - len(in_use)
            told = f"{len(pairs) - len(in_use)} exact matches"
            await audit(connection, actor, "record.matched", company, told, address)
            await notify(connection, "companies", f"company:{company}")
    return linked


async def _pairs(connection: Any, company: int, chosen: Mapping[int, int]) -> list[Pair]:
    """Records made here that still wait, with those that were chosen for them and are of their kind."""
    mine = await connection.fetch(MINE, company, list(chosen))
    others = {row["id"]: row for row in await connection.fetch(OTHERS, company, list(chosen.values()))}
    return [
        Pair(
            {"id": row["id"], "entity": row["entity"], "base": "{}", "here": entered(document(row["here"]))},
            known(there),
        )
        for row in mine
        if (there := others.get(chosen[row["id"]])) is not None and there["entity"] == row["entity"]
    ]


def entered(here: Mapping[str, Any]) -> dict[str, Any]:
    """What somebody entered of a record: neither what QuickBooks computes, nor its lines."""
    return {name: value for name, value in here.items() if name not in OF_QUICKBOOKS and not isinstance(value, list)}


def known(there: Any) -> dict[str, Any]:
    fields: dict[str, Any] = document(there["quickbooks"])
    return fields | ({"#order": document(there["line_order"])} if there["line_order"] else {})
