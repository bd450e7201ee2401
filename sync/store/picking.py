"""Records that another may refer to: found by what somebody types, and by the name that a form brings back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sync.protocol.writes import NEW
from sync.qbxml.entities import ENTITIES
from sync.store import finding
from sync.store.base import document, fetch, fetchrow

FOUND = 12  # that a list under an input shows
HOT = "id, entity, qb_id, name, ref_number, party, date, amount, quickbooks, ours"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A record that may be referred to."""

    record: int
    entity: str
    qb_id: str  # ListID or TxnID; "new:<record id>" of one that QuickBooks does not have yet
    name: str
    ref_number: str
    party: str
    date: str
    fields: Mapping[str, Any]

    @property
    def is_new(self) -> bool:
        return self.qb_id.startswith(NEW)


def _choice(row: Any) -> Choice:
    return Choice(
        record=row["id"],
        entity=row["entity"],
        qb_id=row["qb_id"],
        name=row["name"],
        ref_number=row["ref_number"],
        party=row["party"],
        date=row["date"],
        fields=document(row["ours"]) or document(row["quickbooks"]) or {},
    )


async def find(company: int, kinds: Sequence[str], q: str, limit: int = FOUND) -> list[Choice]:
    """Records of these kinds by name or number, those that begin with the text first; inactive ones are left out.

    Transactions are found by their party too, the newest first.
    """
    lists = [kind for kind in kinds if ENTITIES[kind].group == "list"]
    others = [kind for kind in kinds if kind not in lists]
    ids = await finding.find(company, lists, q, limit, active=True) if lists else []
    if others:
        ids += await finding.find(company, others, q, limit, order="newest", parties=True, active=True)
    rows = {row["id"]: row for row in await fetch(f"select {HOT} from record where id = any($1)", ids[:limit])}
    return [_choice(rows[id]) for id in ids[:limit] if id in rows]


async def resolve(company: int, kinds: Iterable[str], ids: Sequence[str], names: Sequence[str]) -> list[Choice]:
    """Records of these kinds with one of the ids, names or numbers."""
    rows = await fetch(
        f"""select {HOT} from record
            where company = $1 and entity = any($2) and deleted_at is null
                and (qb_id = any($3) or lower(name) = any($4) or (ref_number <> '' and lower(ref_number) = any($4)))
            order by id limit 2000""",
        company,
        sorted(set(kinds)),
        list(ids),
        [name.lower() for name in names],
    )
    return [_choice(row) for row in rows]


async def kinds_with_records(company: int, kinds: Iterable[str]) -> set[str]:
    """Those of the kinds that have records here: of the others no name can be judged."""
    rows = await fetch(
        """select kind from unnest($2::text[]) kind where exists (select from record
               where company = $1 and entity = kind and deleted_at is null)""",
        company,
        sorted(set(kinds)),
    )
    return {row["kind"] for row in rows}


async def taken(company: int, kinds: Sequence[str], name: str, but: int | None) -> tuple[str, int] | None:
    """Entity and id of another record that has this name in one space of names."""
    row = await fetchrow(
        """select entity, id from record where company = $1 and entity = any($2) and deleted_at is null
               and lower(name) = lower($3) and id is distinct from $4 limit 1""",
        company,
        list(kinds),
        name,
        but,
    )
    return (row["entity"], row["id"]) if row is not None else None


async def spoken(company: int) -> tuple[str, str]:
    """Product (QBD, QBCA) and qbXML version of a company's QuickBooks; "13.0" before it has told."""
    row = await fetchrow("select region, facts ->> 'version' as version from company where id = $1", company)
    if row is None:
        return "QBD", "13.0"
    return "QBCA" if row["region"] == "CA" else "QBD", row["version"] or "13.0"
