"""What could not be written into the books: sent again, one by one or all of a kind, or ignored."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sync.protocol.changes import TRIES
from sync.store.base import notify, transaction
from sync.store.decisions import IGNORED, drop_children
from sync.store.setup import ask_run, audit

# of one record only the newest goes on: what was wanted before it is part of it, or no longer wanted
AGAIN = """
    update change c set state = 'approved', reason = '', decided_by = $4, decided_at = $5, ended_at = null
    where c.company = $1 and c.direction = 'out'
        and ((c.id = any($2) and c.state in ('refused', 'unknown'))
            or ($3::int is not null and c.state = 'refused' and c.status_code = $3 and c.tries < $6))
        and not exists (select from change n where n.record = c.record and n.direction = 'out' and n.id > c.id
            and n.state <> 'cleared')
    returning c.id
"""

IGNORE = """
    update change set state = 'cleared', reason = $3, decided_by = $4, decided_at = $5
    where company = $1 and id = any($2) and direction = 'out' and state in ('refused', 'unknown')
    returning id
"""


async def resync(company: int, which: Sequence[int] | int, actor: str, address: str = "") -> int:
    """Approve again what was refused: the changes named, or all with a status code; how many. A sync is asked for.

    Of a code those that were refused three times stay: each of them is for a person.
    """
    ids, code = ([], which) if isinstance(which, int) else (list(which), None)
    async with transaction() as connection:
        rows = await connection.fetch(AGAIN, company, ids, code, actor, datetime.now(UTC), TRIES)
        if rows:
            subject = f"{len(rows)} sent again" + (f", all with status {code}" if code is not None else "")
            await audit(connection, actor, "changes.resynced", company, subject, address)
            await notify(connection, "companies", f"company:{company}")
    if rows:
        await ask_run(company, "incremental", actor, address)
    return len(rows)


async def ignore(company: int, ids: Sequence[int], actor: str, address: str = "") -> int:
    """Do not try these refused changes again; they are among the dismissed. How many."""
    async with transaction() as connection:
        rows = await connection.fetch(IGNORE, company, list(ids), IGNORED, actor, datetime.now(UTC))
        await drop_children(connection, [row["id"] for row in rows])
        if rows:
            await audit(connection, actor, "changes.ignored", company, f"{len(rows)} ignored", address)
            await notify(connection, "companies", f"company:{company}")
    return len(rows)
