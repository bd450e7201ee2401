"""Records by a text that somebody types: first what begins with it, then what has it anywhere.

What begins with a text is a range of two indexes. What has it anywhere is looked for in the whole of one index, which
carries all that it takes to tell: no record is read that is not shown.
"""

from collections.abc import Sequence
from typing import Literal

from sync.store.base import fetch

Order = Literal["name", "newest"]

CANDIDATES = 200  # of each kind and column, those that begin with the text; nobody may ask for more rows

ORDERS: dict[Order, str] = {
    "name": 'lower(name) collate "C", id',
    "newest": 'date collate "C" desc, lower(name) collate "C", id',  # lists have no dates: by name
}

RANGE = """
    (select id, date, name from record r where r.company = $1 and r.entity = kind and r.deleted_at is null
        and (coalesce(r.active, true) or not $4)
        and lower(r.{0}) collate "C" >= lower($3) and lower(r.{0}) collate "C" < lower($3) || chr(1114111)
    order by lower(r.{0}) collate "C", r.id limit $5)
"""

BEGINS = f"""
    with found as materialized (
        select distinct one.* from unnest($2::text[]) kind
        cross join lateral ({RANGE.format("name")} union all {RANGE.format("ref_number")}) one
    )
    select id from found order by {{order}} limit $6
"""

LAST = """
    with found as materialized (
        select one.* from unnest($2::text[]) kind cross join lateral (
            select id, date, name from record r where r.company = $1 and r.entity = kind and r.deleted_at is null
                and (coalesce(r.active, true) or not $3)
            order by date collate "C" desc, id desc limit $4
        ) one
    )
    select id from found order by {order} limit $4
"""

WITHIN = """
    with found as materialized (
        select id, date, name from record
        where company = $1 and entity = any($2) and deleted_at is null and (coalesce(active, true) or not $4)
            and (name ilike $3 or ref_number ilike $3 or ($5 and party ilike $3)) and not id = any($6)
    )
    select id from found order by {order} limit $7
"""


def pattern(text: str) -> str:
    """What `ilike` finds a text with, wherever it stands."""
    escaped = text.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


async def find(
    company: int,
    kinds: Sequence[str],
    text: str,
    limit: int,
    *,
    order: Order = "name",
    parties: bool = False,
    active: bool = False,
) -> list[int]:
    """The ids of records with a text in their name or number, or in their party too, those that begin with it first.

    Without a text the newest. At most CANDIDATES; `active` leaves out what QuickBooks has made inactive.
    """
    text = text.strip()
    if not text and order == "newest":
        return [row["id"] for row in await fetch(LAST.format(order=ORDERS[order]), company, kinds, active, limit)]
    rows = await fetch(BEGINS.format(order=ORDERS[order]), company, kinds, text, active, CANDIDATES, limit)
    found = [row["id"] for row in rows]
    if text and len(found) < limit:
        more = (pattern(text), active, parties, found, limit - len(found))
        found += [row["id"] for row in await fetch(WITHIN.format(order=ORDERS[order]), company, kinds, *more)]
    return found
