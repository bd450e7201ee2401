"""Changes of the imported company as they stand after a session, for the pages that show them."""

import json
from typing import Any

from sync.store.base import execute, fetchrow, fetchval


async def a_change(
    state: str,
    *,
    entity: str = "Customer",
    action: str = "update",
    code: int | None = None,
    message: str = "",
    reason: str = "",
    nth: int = 0,
    direction: str = "out",
    after: dict[str, Any] | None = None,
    waits_for: int | None = None,
) -> tuple[int, int, str]:
    """A change of a record; its id, the record's, and the record's name. Its state is reached by the usual steps."""
    row = await fetchrow(
        """select id, quickbooks, coalesce(nullif(name, ''), ref_number) as name from record
           where company = 1 and entity = $1 order by id
           offset $2::int % (select count(*) from record where company = 1 and entity = $1) limit 1""",
        entity,
        nth,
    )
    assert row is not None
    wanted = json.dumps(after) if after is not None else row["quickbooks"]
    id: int = await fetchval(
        """insert into change (company, record, entity, direction, action, state, before, after, created_by, decided_by,
               decided_at, waits_for)
           values (1, $1, $2, $3, $4, 'approved', $5, $6, 'alice@halder.example', 'alice@halder.example', now(), $7)
           returning id""",
        *(row["id"], entity, direction, action, row["quickbooks"], wanted, waits_for),
    )
    if state in ("applied", "refused", "unknown", "sent") and not (state == "refused" and code is None):
        await execute("update change set state = 'sent', sent_at = now() where id = $1", id)
    if state != "approved":
        await execute(
            "update change set state = $2::text, status_code = $3, status_message = $4, reason = $5, tries = 1,"
            " ended_at = case when $2::text in ('applied', 'refused') then now() end where id = $1",
            *(id, state, code, message, reason),
        )
    return id, row["id"], row["name"]


async def many(count: int, state: str = "refused", code: int = 3140) -> None:
    """Many changes of as many invoices, as they come."""
    await execute(
        """insert into record (company, entity, qb_id, name, ref_number, party, quickbooks)
           select 1, 'Invoice', 'M-' || n, 'Invoice M' || n, 'M' || n, 'Customer ' || n % 100, '{}'
           from generate_series(1, $1) n""",
        count,
    )
    await execute(
        """insert into change (company, record, entity, direction, action, state, status_code, status_message,
               created_by, decided_by, decided_at)
           select 1, id, 'Invoice', 'out', 'update', $1, $2, 'There is an invalid reference to QuickBooks Terms "Net '
               || id % 7 || '" in the Invoice.', 'alice', 'alice', now() from record where qb_id like 'M-%'""",
        *(state, code),
    )
    await execute("analyze")
