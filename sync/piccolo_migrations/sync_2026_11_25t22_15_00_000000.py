from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-25T22:15:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Each step of a change is written down by the database itself, and stays; indexes for the log and what waits"

FAILED = "where state in ('refused', 'unknown')"
INDEXES = {
    "event_of_change": "index {} on change_event (change, id desc)",
    "event_successful": "index {} on change_event (company, at desc, id desc) where state = 'applied'",
    "event_successful_kind": "index {} on change_event (company, entity, at desc, id desc) where state = 'applied'",
    "event_failed": f"index {{}} on change_event (company, at desc, id desc) {FAILED}",
    "event_failed_kind": f"index {{}} on change_event (company, entity, at desc, id desc) {FAILED}",
    "change_pending": "index {} on change (company, id desc) where state in ('approved', 'waiting', 'sent')",
    "change_unsynced": "index {} on change (company, id desc) where state in ('refused', 'unknown')",
    "change_unsynced_code": "index {} on change (status_code, company) where state = 'refused'",
}

COLUMNS = "(change, company, entity, direction, action, state, at, who, request, code, message, reason)"
SO_FAR = f"""
    insert into change_event {COLUMNS}
    select id, company, entity, direction, action, state, coalesce(ended_at, decided_at, created_at), decided_by,
        request, status_code, status_message, reason
    from change order by coalesce(ended_at, decided_at, created_at), id
"""

# A change is `sent` in two statements: the second one gives it its request, so that one is the step. What QuickBooks
# said belongs to the step with which it came: a person who sends it again says nothing of the sort.
FUNCTIONS = (
    f"""create function change_made() returns trigger language plpgsql as $$ begin
        insert into change_event {COLUMNS}
        select id, company, entity, direction, action, state, clock_timestamp(),
            case when decided_at is null then created_by else decided_by end, request, status_code, status_message,
            reason
        from made order by id;
        return null; end $$""",
    f"""create function change_moved() returns trigger language plpgsql as $$ begin
        insert into change_event {COLUMNS}
        select n.id, n.company, n.entity, n.direction, n.action, n.state, clock_timestamp(),
            case when n.decided_at is distinct from w.decided_at then n.decided_by else '' end, n.request,
            case when answered then n.status_code end, case when answered then n.status_message else '' end, n.reason
        from now_is n join it_was w on w.id = n.id
            cross join lateral (select w.state = 'sent' and n.request is not distinct from w.request as answered) a
        where (n.state <> w.state and n.state <> 'sent')
            or (n.state = 'sent' and n.request is distinct from w.request)
            or (n.status_code is not null and (n.tries, n.reread) <> (w.tries, w.reread))
        order by n.id;
        return null; end $$""",
    """create function change_event_refuse() returns trigger language plpgsql as $$
       begin raise exception 'the log of changes takes new rows only'; end $$""",
)
TRIGGERS = {
    "change_made": "after insert on change referencing new table as made for each statement execute function "
    "change_made()",
    "change_moved": "after update on change referencing old table as it_was new table as now_is for each statement "
    "execute function change_moved()",
    "change_event_append_only": "before update or delete or truncate on change_event for each statement execute "
    "function change_event_refuse()",
}


class Any(Table):
    """No table: the way in for statements."""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="sync", description=DESCRIPTION)

    async def make() -> None:
        for name, index in INDEXES.items():
            await Any.raw(f"create {index.format(name)}")
        await Any.raw(SO_FAR)
        for function in FUNCTIONS:
            await Any.raw(function)
        for name, trigger in TRIGGERS.items():
            await Any.raw(f"create trigger {name} {trigger}")

    async def drop() -> None:
        for name, table in (("change_made", "change"), ("change_moved", "change")):
            await Any.raw(f"drop trigger {name} on {table}")
            await Any.raw(f"drop function {name}()")
        await Any.raw("drop trigger change_event_append_only on change_event")
        await Any.raw("drop function change_event_refuse()")
        for name in INDEXES:
            await Any.raw(f"drop index {name}")

    manager.add_raw(make)
    manager.add_raw_backwards(drop)
    return manager
