from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-25T21:12:30:000000"
VERSION = "1.38.0"
DESCRIPTION = "Indexes for set-up, alerts and exports; QuickBooks Desktop stays on where a company is connected"

INDEXES = {
    "audit_of_company": "index {} on audit_entry (company, action, id desc)",
    "setup_link_of_company": "index {} on setup_link (company)",
    "incident_open": "unique index {} on incident (company) where ended_at is null",
    "mail_due": "index {} on mail (due_at) where sent_at is null and given_up_at is null",
    "export_newest": "index {} on export (company, id desc)",
    "unknown_caller_last": "index {} on unknown_caller (last_at)",
    "company_by_file": "index {} on company (upper(file_id))",
}

ENABLE = "update workspace set enabled_at = now(), enabled_by = 'an earlier version' where exists (select from company)"


class Any(Table):
    """No table: the way in for statements."""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="sync", description=DESCRIPTION)

    async def make() -> None:
        for name, index in INDEXES.items():
            await Any.raw(f"create {index.format(name)}")
        await Any.raw(ENABLE)

    async def drop() -> None:
        for name in INDEXES:
            await Any.raw(f"drop index {name}")

    manager.add_raw(make)
    manager.add_raw_backwards(drop)
    return manager
