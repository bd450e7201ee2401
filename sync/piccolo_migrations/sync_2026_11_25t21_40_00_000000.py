from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-25T21:40:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Indexes for the history of syncs: by day, by kind, by computer, and those that did not go well"

INDEXES = {
    "run_by_day": "index {} on run (company, (coalesce(began_at, asked_at)))",
    "run_by_kind": "index {} on run (company, kind, number desc)",
    "run_by_machine": "index {} on run (company, machine, number desc)",
    "run_not_well": "index {} on run (company, number desc) where state <> 'complete' or failed > 0",
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
