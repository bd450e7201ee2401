from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-26T01:11:30:000000"
VERSION = "1.38.0"
DESCRIPTION = "Additions that went without a GUID are found at once"


class Any(Table):
    """No table: the way in for statements."""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="sync", description=DESCRIPTION)

    async def make() -> None:
        await Any.raw("create index change_without_guid on change (company) where guid = ''")

    async def drop() -> None:
        await Any.raw("drop index change_without_guid")

    manager.add_raw(make)
    manager.add_raw_backwards(drop)
    return manager
