from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-26T00:52:41:000000"
VERSION = "1.38.0"
DESCRIPTION = "A search among the changes that wait reads no change that it does not show"

BEFORE = "create index change_proposed on change (company, direction, entity, id desc) {}where state = 'proposed'"


class Any(Table):
    """No table: the way in for statements."""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="sync", description=DESCRIPTION)

    async def make() -> None:
        await Any.raw("drop index change_proposed")
        await Any.raw(BEFORE.format("include (record) "))

    async def drop() -> None:
        await Any.raw("drop index change_proposed")
        await Any.raw(BEFORE.format(""))

    manager.add_raw(make)
    manager.add_raw_backwards(drop)
    return manager
