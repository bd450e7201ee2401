"""What a person has ticked in the Sync Wizard: everything, but for whole kinds and single rows that they unticked.

Kept for the person until they decide, so that ticks hold across pages, searches and computers. A row's mark says how it
differs from its kind: "on", "off", or off with a rule of its own ("keep", "clear").
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sync.store.base import document, execute, fetchrow, transaction

MARKS = ("on", "off", "keep", "clear")
MOST = 50_000  # marks of one person, those of whole searches among them


@dataclass(frozen=True, slots=True)
class Ticks:
    """Kinds as "in/Customer"; rows by change id."""

    kinds: frozenset[str] = frozenset()
    rows: Mapping[int, str] = field(default_factory=dict)

    def ticked(self, id: int, kind: str) -> bool:
        """Whether a row is ticked."""
        mark = self.rows.get(id)
        return mark == "on" if mark else kind not in self.kinds

    def rule(self, id: int) -> str:
        """The rule of its own that an unticked row has, or ""."""
        mark = self.rows.get(id, "")
        return mark if mark in ("keep", "clear") else ""


NOTHING = Ticks()


async def ticks_of(person: int, company: int) -> Ticks:
    """What a person has ticked in a company."""
    row = await fetchrow("select kinds, rows from wizard_ticks where person = $1 and company = $2", person, company)
    return _ticks(row["kinds"], row["rows"]) if row else NOTHING


def _ticks(kinds: str, rows: str) -> Ticks:
    return Ticks(frozenset(document(kinds)), {int(id): mark for id, mark in document(rows).items()})


async def tick(person: int, company: int, kinds: Mapping[str, bool], rows: Mapping[int, str]) -> Ticks:
    """Tick or untick whole kinds, then single rows. A kind takes all its rows with it, those on other pages too."""
    async with transaction() as connection:
        await connection.execute(
            """insert into wizard_ticks (person, company, kinds, rows, changed_at) values ($1, $2, '[]', '{}', now())
               on conflict (person, company) do nothing""",
            person,
            company,
        )
        found = await connection.fetchrow(
            "select kinds, rows from wizard_ticks where person = $1 and company = $2 for update", person, company
        )
        before = _ticks(found["kinds"], found["rows"])
        off = {kind for kind in (*before.kinds, *kinds) if not kinds.get(kind, kind not in before.kinds)}
        of = await _kinds_of(connection, {*before.rows, *rows}, company)
        kept = {id: mark for id, mark in before.rows.items() if id in of and of[id] not in kinds}
        merged = kept | {id: mark for id, mark in rows.items() if id in of and mark in MARKS}
        marks = {id: mark for id, mark in merged.items() if mark != ("off" if of[id] in off else "on")}
        after = Ticks(frozenset(off), dict(list(marks.items())[-MOST:]))
        await connection.execute(
            "update wizard_ticks set kinds = $3, rows = $4, changed_at = now() where person = $1 and company = $2",
            person,
            company,
            json.dumps(sorted(after.kinds)),
            json.dumps(after.rows),
        )
    return after


async def _kinds_of(connection: Any, ids: Iterable[int], company: int) -> dict[int, str]:
    """The kinds of those changes that still wait for a decision."""
    rows = await connection.fetch(
        """select id, direction || '/' || entity as kind from change
           where id = any($1) and company = $2 and state = 'proposed'""",
        list(ids),
        company,
    )
    return {row["id"]: row["kind"] for row in rows}


async def forget(person: int, company: int) -> None:
    """Everything is ticked again."""
    await execute("delete from wizard_ticks where person = $1 and company = $2", person, company)
