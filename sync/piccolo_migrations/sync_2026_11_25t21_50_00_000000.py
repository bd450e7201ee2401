from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-25T21:50:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Indexes for changes on their way into the books"

INDEXES = {
    "change_of_record": "index {} on change (record, id desc)",
    "change_ready": "index {} on change (company, id) where direction = 'out' and state = 'approved'",
    "change_sent": "index {} on change (company, id) where direction = 'out' and state = 'sent'",
    "change_waiting": "index {} on change (waits_for) where state = 'waiting'",
    "request_open_write": "unique index {} on request (company) "
    "where kind = 'write' and answered_at is null and set_aside = ''",
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
