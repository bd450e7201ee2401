from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-25T21:21:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "The audit log takes new rows only, says so on open pages, and can be filtered"

INDEXES = {
    "audit_newest": "index {} on audit_entry (at desc, id desc)",
    "audit_of_actor": "index {} on audit_entry (actor, at desc, id desc)",
    "audit_of_action": "index {} on audit_entry (action, at desc, id desc)",
    "audit_of_company_newest": "index {} on audit_entry (company, at desc, id desc)",
    "invitation_open": "index {} on invitation (email) where used_at is null and revoked_at is null",
}

FUNCTIONS = (
    """create function audit_refuse() returns trigger language plpgsql as $$
       begin raise exception 'the audit log takes new rows only'; end $$""",
    """create function audit_tell() returns trigger language plpgsql as $$
       begin perform pg_notify('deskbridge', 'audit'); return null; end $$""",
)
TRIGGERS = (
    """create trigger audit_append_only before update or delete or truncate on audit_entry
       for each statement execute function audit_refuse()""",
    """create trigger audit_told after insert on audit_entry for each statement execute function audit_tell()""",
)


class Any(Table):
    """No table: the way in for statements."""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="sync", description=DESCRIPTION)

    async def make() -> None:
        for name, index in INDEXES.items():
            await Any.raw(f"create {index.format(name)}")
        for statement in (*FUNCTIONS, *TRIGGERS):
            await Any.raw(statement)

    async def drop() -> None:
        for trigger, function in (("audit_append_only", "audit_refuse"), ("audit_told", "audit_tell")):
            await Any.raw(f"drop trigger {trigger} on audit_entry")
            await Any.raw(f"drop function {function}()")
        for name in INDEXES:
            await Any.raw(f"drop index {name}")

    manager.add_raw(make)
    manager.add_raw_backwards(drop)
    return manager
