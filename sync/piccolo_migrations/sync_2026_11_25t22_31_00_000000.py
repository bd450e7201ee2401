from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-25T22:31:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Indexes for the lists that other programs read, and for the lines of a CSV file"

INDEXES = {
    "record_by_update": "index {} on record (company, entity, updated_at, id)",
    "change_newest": "index {} on change (company, id desc)",
    "csv_line_verdict": "index {} on csv_line (csv_import, verdict, line)",
    "csv_import_of_company": "index {} on csv_import (company, entity, id desc)",
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
