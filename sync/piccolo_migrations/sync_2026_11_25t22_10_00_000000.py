from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-25T22:10:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Indexes for decisions, looks and the log; the ends that changes came to so far"

INDEXES = {
    "change_in_open": "unique index {} on change (record) where direction = 'in' and state in ('proposed', 'kept')",
    "look_open": "index {} on look (company) where state in ('asked', 'sent')",
    "look_of_record": "index {} on look (record, id desc)",
    "attempt_of_company": "index {} on attempt (company, state, id desc)",
    "attempt_of_change": "index {} on attempt (change, id desc)",
    "record_new": "index {} on record (company, entity) where qb_id like 'new:%'",
}

SO_FAR = """
    insert into attempt (company, change, record, entity, direction, action, state, status_code, status_message, reason,
        request, decided_by, at)
    select company, id, record, entity, direction, action, state, status_code, status_message, reason, request,
        decided_by, coalesce(ended_at, decided_at, created_at)
    from change where state in ('applied', 'refused', 'unknown')
"""


class Any(Table):
    """No table: the way in for statements."""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="sync", description=DESCRIPTION)

    async def make() -> None:
        for name, index in INDEXES.items():
            await Any.raw(f"create {index.format(name)}")
        await Any.raw(SO_FAR)

    async def drop() -> None:
        for name in INDEXES:
            await Any.raw(f"drop index {name}")

    manager.add_raw(make)
    manager.add_raw_backwards(drop)
    return manager
