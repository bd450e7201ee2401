from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-26T00:31:17:000000"
VERSION = "1.38.0"
DESCRIPTION = "The index of names carries what a search looks at, so that it reads no record that it does not show"

BEFORE = 'create index record_by_name on record (company, entity, (lower(name) collate "C"), id)'
SHORT = """
    update record set name = left(name, 150), party = left(party, 150)
    where octet_length(name) > 600 or octet_length(party) > 600
"""
NOW = f"{BEFORE} include (name, ref_number, party, date, active, deleted_at)"


class Any(Table):
    """No table: the way in for statements."""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="sync", description=DESCRIPTION)

    async def make() -> None:
        await Any.raw("drop index record_by_name")
        await Any.raw(SHORT)  # a row of the index has no place for more
        await Any.raw(NOW)

    async def drop() -> None:
        await Any.raw("drop index record_by_name")
        await Any.raw(BEFORE)

    manager.add_raw(make)
    manager.add_raw_backwards(drop)
    return manager
