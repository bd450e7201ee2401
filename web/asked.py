"""What the address of a list of records asks for: read, kept in every link of the page, and the same for its export."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sync.qbxml.entities import Entity
from sync.store.records import SORTS, Deleted
from web.forms import line
from web.frame import with_query
from web.masking import is_personal

DELETED: dict[str, Deleted] = {"only": "only", "all": "all"}
ACTIVE = {"yes": True, "no": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the address asks of a list; every link of the page is made from it."""

    home: str  # address of the list
    q: str = ""
    sort: str = "name"
    descending: bool = False
    deleted: str = ""  # "", only, all
    active: str = ""  # "", yes, no
    after: str | None = None
    before: str | None = None

    @classmethod
    def read(cls, query: Mapping[str, str], home: str, entity: Entity) -> "Asked":
        sort, direction = query.get("sort", ""), query.get("dir", "")
        usual = "name" if entity.group == "list" else "date"
        known = sort in SORTS
        return cls(
            home=home,
            q=line(query, "q", longest=200),
            sort=sort if known else usual,
            descending=direction == "desc" if known else usual == "date",
            deleted=query.get("deleted", "") if query.get("deleted") in DELETED else "",
            active=query.get("active", "") if query.get("active") in ACTIVE else "",
            after=query.get("after"),
            before=query.get("before"),
        )

    def link(self, **changed: Any) -> str:
        """Return the address of this list with something changed; without saying so, of its first page."""
        kept = {
            "q": self.q,
            "sort": self.sort,
            "dir": "desc" if self.descending else "",
            "deleted": self.deleted,
            "active": self.active,
        }
        return with_query(self.home, **{**kept, **changed})

    def export(self) -> str:
        """Return the address of the same rows as a file."""
        return replace(self, home=f"{self.home}/export.csv").link()

    def kept(self) -> list[tuple[str, str]]:
        """Return what a search keeps, as hidden fields of its form."""
        kept = {"sort": self.sort, "dir": "desc" if self.descending else "", "deleted": self.deleted}
        return [(name, value) for name, value in {**kept, "active": self.active}.items() if value]

    def sorted_by(self, key: str) -> tuple[str, str | None]:
        """Return the link of a head that sorts, and how it is sorted now."""
        now = self.sort == key
        direction = ("descending" if self.descending else "ascending") if now else None
        return self.link(sort=key, dir="desc" if now and not self.descending else ""), direction


def refuses(kind: Entity, asked: Asked, sees: bool) -> bool:
    """Say whether a search looks for a number that this person is not shown."""
    return not sees and hides_number(kind) and any(symbol.isdigit() for symbol in asked.q)


def hides_number(kind: Entity) -> bool:
    """Say whether the number of this kind is a person's."""
    return any(is_personal(path, kind.name) for path in kind.number)
