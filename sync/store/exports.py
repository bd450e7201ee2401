"""The hop after ours: which records were given to a file or another program, when, and by whom. (A21, A22)"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import UTC, datetime

from sync.store.base import connection, fetch, notify, transaction
from sync.store.records import SORTS, Deleted, conditions

BATCH = 500  # rows
Taken = tuple[str | None, str]  # when it was deleted in QuickBooks, and the record as JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRow:
    """One export."""

    id: int
    entity: str  # a key of ENTITIES
    form: str  # csv, json
    rows: int
    at: datetime
    taken_by: str  # an e-mail address, or "command line"


async def note(company: int, entity: str, form: str, rows: int, by: str, address: str = "") -> None:
    """An export is over: all its rows are out."""
    now = datetime.now(UTC)
    async with transaction() as connection:
        await connection.execute(
            "insert into export (company, entity, form, rows, at, taken_by) values ($1, $2, $3, $4, $5, $6)",
            *(company, entity, form, rows, now, by[:254]),
        )
        await connection.execute(
            """insert into audit_entry (at, actor, action, company, subject, address)
               values ($1, $2, 'records.exported', $3, $4, $5)""",
            *(now, by[:254], company, f"{entity}: {rows} rows as {form}", address[:64]),
        )
        await notify(connection, f"company:{company}")


async def last_of(company: int) -> ExportRow | None:
    """The last export of a company."""
    return next(iter(await of(company, limit=1)), None)


async def of(company: int, before: int | None = None, limit: int = 50) -> list[ExportRow]:
    """Exports of a company, newest first; `before` is the id of the last one of another page."""
    rows = await fetch(
        """select id, entity, form, rows, at, taken_by from export
           where company = $1 and ($2::bigint is null or id < $2) order by id desc limit $3""",
        company,
        before,
        limit,
    )
    return [ExportRow(**row) for row in rows]


async def rows(
    company: int, entity: str, *, q: str, sort: str, descending: bool, deleted: Deleted, active: bool | None
) -> AsyncGenerator[list[Taken], None]:
    """Every record that a list shows, in its order and as of one moment, from a cursor in the server: BATCH at a time.

    It holds a connection of the pool until it is closed.
    """
    where, values = conditions(company, entity, q, deleted, active)
    direction = "desc" if descending else "asc"
    statement = f"""select deleted_at, quickbooks from record where {where}
        order by {SORTS[sort][0]} {direction}, id {direction}"""
    async with connection() as found, found.transaction(readonly=True):
        cursor = await found.cursor(statement, *values)
        while batch := await cursor.fetch(BATCH):
            yield [(row["deleted_at"], row["quickbooks"]) for row in batch]
