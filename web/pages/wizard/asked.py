"""What the address or the form of the Sync Wizard asks for: a kind, a text, up to which change, from which row on."""

from collections.abc import Mapping
from dataclasses import dataclass

from sync.qbxml.entities import ENTITIES
from sync.store.decisions import Filter
from sync.store.policies import DIRECTIONS, Direction
from sync.store.wizard import EVERY_ID
from web.forms import line, whole_number
from web.frame import with_query


@dataclass(frozen=True, slots=True)
class Asked:
    """Every link and form of the page is made from it."""

    home: str  # /companies/1/wizard
    direction: Direction | None = None
    entity: str = ""
    q: str = ""
    until: int = EVERY_ID  # the largest change that was shown
    below: int = EVERY_ID  # rows with smaller numbers are asked for

    @classmethod
    def read(cls, company: int, query: Mapping[str, str]) -> "Asked":
        kind = kind_of(query.get("kind", ""))
        return cls(
            home=f"/companies/{company}/wizard",
            direction=kind[0] if kind else None,
            entity=kind[1] if kind else "",
            q=line(query, "q", longest=200),
            until=number(query, "until"),
            below=number(query, "below"),
        )

    @property
    def kind(self) -> str:
        return f"{self.direction}/{self.entity}" if self.direction else ""

    def shows(self, key: str) -> bool:
        """Say whether a kind is among those asked for."""
        return self.kind in ("", key)

    def link(self, path: str = "", **values: str | int | None) -> str:
        return with_query(f"{self.home}{path}", **{"kind": self.kind, "q": self.q, **values})

    def filter(self) -> Filter:
        return Filter(entity=self.entity, text=self.q)


def number(query: Mapping[str, str], name: str) -> int:
    """Return a change's number; without one, one above all."""
    found = whole_number(query.get(name, ""))
    return EVERY_ID if found is None else found


def kind_of(key: str) -> tuple[Direction, str] | None:
    """Return direction and entity of "in/Customer"; None for anything else."""
    direction, _, entity = key.partition("/")
    found = next((each for each in DIRECTIONS if each == direction), None)
    return (found, entity) if found and entity in ENTITIES else None
