"""Which kinds of records ask before a change goes on, in and out: a row for a kind, or one for every other kind.

Mode "first" asks until a person has approved one change of the kind in that direction; from then on it goes by itself.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sync.store.base import fetch, notify, transaction
from sync.store.setup import audit

Direction = Literal["in", "out"]
Mode = Literal["ask", "first", "auto"]
DIRECTIONS: tuple[Direction, ...] = ("in", "out")
MODES: tuple[Mode, ...] = ("ask", "first", "auto")
EVERY = ""  # instead of a kind: all that have no row of their own

OF_COMPANY = "select entity, direction, mode, approved_at is not null as approved from policy where company = $1"

SET_ALL = """
    insert into policy (company, entity, direction, mode, changed_by, changed_at)
    select $1, entity, direction, mode, $5, now() from unnest($2::text[], $3::text[], $4::text[])
        as chosen (entity, direction, mode)
    on conflict (company, entity, direction) do update set mode = excluded.mode, changed_by = excluded.changed_by,
        changed_at = excluded.changed_at, approved_at = null
"""

FOLLOW_ALL = """
    delete from policy p using unnest($2::text[], $3::text[]) as chosen (entity, direction)
    where p.company = $1 and p.entity = chosen.entity and p.direction = chosen.direction
"""

APPROVED = """
    insert into policy (company, entity, direction, mode, approved_at, changed_by)
    select $1, d.entity, d.direction, 'first', $4, $5
    from (select distinct * from unnest($2::text[], $3::text[]) as one (entity, direction)) d
    left join policy own on own.company = $1 and own.entity = d.entity and own.direction = d.direction
    left join policy every on every.company = $1 and every.entity = '' and every.direction = d.direction
    where coalesce(own.mode, every.mode) = 'first' and own.approved_at is null
    on conflict (company, entity, direction) do update set approved_at = excluded.approved_at
"""


@dataclass(frozen=True, slots=True)
class Policies:
    """What a company has set: by kind and direction the mode, and whether a first change was approved."""

    rows: dict[tuple[str, str], tuple[Mode, bool]]

    def mode(self, entity: str, direction: Direction) -> Mode:
        """The mode of a kind in one direction; "ask" where nothing was set."""
        return self._row(entity, direction)[0]

    def own(self, entity: str, direction: Direction) -> Mode | None:
        """The mode set for exactly this kind; None: it follows all kinds."""
        row = self.rows.get((entity, direction))
        return row[0] if row else None

    def asks(self, entity: str, direction: Direction) -> bool:
        """Whether a change of this kind waits for a person now."""
        mode, approved = self._row(entity, direction)
        return mode == "ask" or (mode == "first" and not approved)

    def _row(self, entity: str, direction: Direction) -> tuple[Mode, bool]:
        every = self.rows.get((EVERY, direction), ("ask", False))
        return self.rows.get((entity, direction), (every[0], False))


async def of_company(company: int, connection: Any = None) -> Policies:
    """What a company has set, in one statement; in a transaction where one is given."""
    rows = await (connection.fetch(OF_COMPANY, company) if connection else fetch(OF_COMPANY, company))
    return Policies({(row["entity"], row["direction"]): (row["mode"], row["approved"]) for row in rows})


async def set_policy(
    company: int, entity: str, direction: Direction, mode: Mode | None, actor: str, address: str = ""
) -> None:
    """Set the mode of a kind, or of every kind, in one direction; None: it follows what is set for all."""
    await set_policies(company, {(entity, direction): mode}, actor, address)


async def set_policies(
    company: int, chosen: Mapping[tuple[str, Direction], Mode | None], actor: str, address: str = ""
) -> None:
    """Set the modes of many kinds in one go; those that stay as they are are left alone."""
    async with transaction() as connection:
        rules = await of_company(company, connection)
        moved = {key: mode for key, mode in chosen.items() if rules.own(*key) != mode}
        set_now = [(entity, direction, mode) for (entity, direction), mode in moved.items() if mode]
        follow = [key for key, mode in moved.items() if mode is None]
        if set_now:
            await connection.execute(SET_ALL, company, *map(list, zip(*set_now, strict=True)), actor)
        if follow:
            await connection.execute(FOLLOW_ALL, company, *map(list, zip(*follow, strict=True)))
        if moved:
            words = [f"{entity or 'all kinds'} {way}: {mode or 'as all'}" for (entity, way), mode in moved.items()]
            told = ", ".join(words)
            await audit(connection, actor, "policy.set", company, told, address)
            await notify(connection, f"company:{company}")


async def note_approved(
    connection: Any, company: int, kinds: Iterable[tuple[str, str]], actor: str, now: datetime
) -> None:
    """A person approved changes of these kinds and directions: where mode is "first", the next go by themselves."""
    pairs = sorted(set(kinds))
    if pairs:
        entities, directions = [one for one, _ in pairs], [one for _, one in pairs]
        await connection.execute(APPROVED, company, entities, directions, now, actor)
