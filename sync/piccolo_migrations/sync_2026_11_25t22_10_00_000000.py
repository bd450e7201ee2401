from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-25T22:10:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Indexes for decisions, looks and new records"

INDEXES = {
    "change_in_open": "unique index {} on change (record) where direction = 'in' and state in ('proposed', 'kept')",
    "look_open": "index {} on look (company) where state in ('asked', 'sent')",
    "look_of_record": "index {} on look (record, id desc)",
    "record_new": "index {} on record (company, entity) where qb_id like 'new:%'",
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
