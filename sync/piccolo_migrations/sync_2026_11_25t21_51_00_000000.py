from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-25T21:51:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "An index for the companies that share a computer"


class Any(Table):
    """No table: the way in for statements."""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="sync", description=DESCRIPTION)

    async def make() -> None:
        await Any.raw("create index connector_by_machine on connector (machine) where machine <> ''")

    async def drop() -> None:
        await Any.raw("drop index connector_by_machine")

    manager.add_raw(make)
    manager.add_raw_backwards(drop)
    return manager
