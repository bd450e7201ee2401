from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-26T00:47:31:000000"
VERSION = "1.38.0"
DESCRIPTION = "What each record refers to, for Used in: the ids in it, but for its own"

HERE = "coalesce(nullif(ours, '{{}}'), quickbooks)"  # doubled for Piccolo, which takes single ones for places
LISTS, TRANSACTIONS = (  # from a record's members on: its own id is not among them
    f"jsonb_path_query_array({HERE}, 'strict $.*.**.{name}')" for name in ("ListID", "TxnID")
)
REFERRED = f"case when date = '' then {LISTS} else {LISTS} || {TRANSACTIONS} end"  # list entries name no transactions


class Any(Table):
    """No table: the way in for statements."""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="sync", description=DESCRIPTION)

    async def make() -> None:
        await Any.raw(f"create index record_used on record using gin (({REFERRED}) jsonb_path_ops)")

    async def drop() -> None:
        await Any.raw("drop index record_used")

    manager.add_raw(make)
    manager.add_raw_backwards(drop)
    return manager
