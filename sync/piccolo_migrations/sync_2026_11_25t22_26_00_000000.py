from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-25T22:26:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Indexes for the lists and counts of the Sync Wizard"

INDEXES = {
    "change_proposed": "index {} on change (company, direction, entity, id desc) where state = 'proposed'",
    "change_conflict": "index {} on change (company, id) where state = 'conflict'",
    "change_kept": "index {} on change (company, id desc) where state = 'kept'",
    "change_ended": "index {} on change (company, ended_at desc) where direction = 'out' and ended_at is not null",
    "change_dismissed": "index {} on change (company, decided_at desc, id desc) where state = 'cleared'",
}


class Any(Table):
    """No table: the way in for statements."""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="sync", description=DESCRIPTION)

    async def make() -> None:
        for name, index in INDEXES.items():
            await Any.raw(f"create {index.format(name)}")

    async def drop() -> None:
        for name in INDEXES:
            await Any.raw(f"drop index {name}")

    manager.add_raw(make)
    manager.add_raw_backwards(drop)
    return manager
