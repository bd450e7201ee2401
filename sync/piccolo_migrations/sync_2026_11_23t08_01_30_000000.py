from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-23T08:01:30:000000"
VERSION = "1.38.0"
DESCRIPTION = "Indexes of more than one column, one for every list"

OPEN = "answered_at is not null and processed_at is null and set_aside = ''"

INDEXES = {
    "run_newest": "unique index {} on run (company, number desc)",
    "run_alive": "index {} on run (company) where state in ('queued', 'running')",
    "session_open": "index {} on session (company) where ended_at is null",
    "session_of_run": "index {} on session (run, id)",
    "session_contacts": "index {} on session (company, opened_at)",
    "connector_of_company": "index {} on connector (company)",
    "request_of_run": "index {} on request (run, id)",
    "request_to_take_in": f"index {{}} on request (company, id) where {OPEN}",
    "request_to_take_in_of_run": f"index {{}} on request (run, run_entity) where {OPEN}",
    "request_in_flight": "index {} on request (session, id desc) where answered_at is null",
    "record_alive": "index {} on record (company, entity) where deleted_at is null",
    "record_by_name": 'index {} on record (company, entity, (lower(name) collate "C"), id)',
    "record_by_number": 'index {} on record (company, entity, (lower(ref_number) collate "C"), id)',
    "record_by_party": 'index {} on record (company, entity, (lower(party) collate "C"), id)',
    "record_by_date": 'index {} on record (company, entity, (date collate "C"), id)',
    "record_by_amount": "index {} on record (company, entity, (coalesce(amount, 0)), id)",
    "record_by_change": 'index {} on record (company, entity, (time_modified collate "C"), id)',
    "change_open": "index {} on change (company, state, direction)",
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
