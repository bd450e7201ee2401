"""The team's own settings: its name, QuickBooks Desktop on or off, accounts that people create by themselves."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sync.store import audit
from sync.store.base import fetchrow, fetchval, notify, transaction

READ = """
    select name, enabled_at, enabled_by, accounts_open from workspace order by id limit 1
"""
TOPICS = ("companies", "workspace")  # who shows whether QuickBooks Desktop is on


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """The team that runs this installation."""

    name: str
    on: bool  # QuickBooks Desktop: off, no set-up begins and every Web Connector is answered "none"
    on_since: datetime | None
    on_by: str  # who switched it on; empty while it is off
    accounts_open: bool  # whoever was not invited may create an account, which waits for a role


async def team() -> Team:
    """Return the team's settings; before the first person came, those of a team without a name."""
    row = await fetchrow(READ)
    if row is None:
        return Team(name="", on=False, on_since=None, on_by="", accounts_open=True)
    on_by = row["enabled_by"] if row["enabled_at"] else ""
    return Team(
        name=row["name"],
        on=row["enabled_at"] is not None,
        on_since=row["enabled_at"],
        on_by=on_by,
        accounts_open=row["accounts_open"],
    )


async def quickbooks_on() -> bool:
    """Say whether QuickBooks Desktop is switched on."""
    return bool(await fetchval("select enabled_at is not null from workspace order by id limit 1"))


async def nothing_connected() -> bool:
    """Say whether no company was ever added, or all were removed."""
    return not await fetchval("select exists (select from company where removed_at is null)")


async def switch_on(actor: str, address: str) -> bool:
    """Switch QuickBooks Desktop on; say whether it was off."""
    statement = "update workspace set enabled_at = $1, enabled_by = $2 where enabled_at is null returning id"
    return await _change(statement, datetime.now(UTC), actor, told=(actor, "integration.enabled", address))


async def switch_off(actor: str, address: str) -> bool:
    """Switch QuickBooks Desktop off; say whether it was on."""
    statement = "update workspace set enabled_at = null, enabled_by = '' where enabled_at is not null returning id"
    return await _change(statement, told=(actor, "integration.disabled", address))


async def rename(name: str, actor: str, address: str) -> bool:
    """Give the team another name; say whether it is another."""
    statement = "update workspace set name = $1 where name <> $1 returning id"
    return await _change(statement, name, told=(actor, "team.renamed", address), subject=name)


async def open_accounts(open_: bool, actor: str, address: str) -> bool:
    """Let people create accounts by themselves, or no longer; say whether that is a change."""
    action = "accounts.opened" if open_ else "accounts.closed"
    statement = "update workspace set accounts_open = $1 where accounts_open <> $1 returning id"
    return await _change(statement, open_, told=(actor, action, address))


async def _change(statement: str, *values: object, told: tuple[str, str, str], subject: str = "") -> bool:
    """Run a statement that returns a row where it changed something, and log who did it."""
    actor, action, address = told
    async with transaction() as connection:
        changed: Any = await connection.fetchval(statement, *values)
        if changed is not None:
            await audit.add(connection, actor, action, subject=subject, address=address)
            await notify(connection, *TOPICS)
    return changed is not None
