from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-26T01:09:53:000000"
VERSION = "1.38.0"
DESCRIPTION = "Changes by their kind have an index; the log counts one direction without reading a row"

# A company has few of the kinds and states that there are: taken apart, the columns promise rows that are not there.
TOGETHER = "create statistics change_kinds (mcv) on company, entity, state, direction from change"

ENDED = {"successful": "state = 'applied'", "failed": "state in ('refused', 'unknown')"}
EVENTS = {
    f"event_{tab}{suffix}": f"create index event_{tab}{suffix} on change_event ({columns}, at desc, id desc) {{}}"
    f"where {where}"
    for tab, where in ENDED.items()
    for suffix, columns in (("", "company"), ("_kind", "company, entity"))
}


class Any(Table):
    """No table: the way in for statements."""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="sync", description=DESCRIPTION)

    async def make() -> None:
        await Any.raw("create index change_by_kind on change (company, entity, id desc)")
        await Any.raw(TOGETHER)
        await replaced("include (direction) ")

    async def drop() -> None:
        await Any.raw("drop index change_by_kind")
        await Any.raw("drop statistics change_kinds")
        await replaced("")

    manager.add_raw(make)
    manager.add_raw_backwards(drop)
    return manager


async def replaced(carried: str) -> None:
    for name, index in EVENTS.items():
        await Any.raw(f"drop index {name}")
        await Any.raw(index.format(carried))
