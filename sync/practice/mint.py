"""New entries for an empty file, made in bulk: ids, times, numbers and money, the same for the same seed."""

import random
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TypeVar

from sync.practice.books import Books, Entry
from sync.practice.clock import Clock
from sync.practice.kinds import is_transaction
from sync.practice.markup import Fields
from sync.qbxml.fields import message

DAY = 86_400  # seconds
_CHUNK = 500
T = TypeVar("T")


class Chance(random.Random):
    """Repeatable chance: the practice books are the same every time."""

    def below(self, limit: int) -> int:
        """A number from 0 to limit - 1."""
        return int(self.random() * limit)

    def one(self, options: Sequence[T]) -> T:
        return options[int(self.random() * len(options))]

    def happens(self, share: float) -> bool:
        return self.random() < share


@cache
def order(ret: str) -> tuple[str, ...]:
    """The names of a record's elements in the order of the schema."""
    return tuple(field.name for field in message(ret).fields)


def in_order(entity: str, fields: Fields) -> Fields:
    """The fields in the order of the entity's Ret; what the Ret does not have is left out."""
    return {name: fields[name] for name in order(f"{entity}Ret") if name in fields}


def money(cents: int) -> str:
    """Cents as QuickBooks writes an amount: 1234 is 12.34."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"


class Mint:
    """Makes the entries of one file and puts them into it, some hundred at a time."""

    def __init__(self, books: Books, clock: Clock, chance: Chance, start: int, end: int) -> None:
        self.books = books
        self.clock = clock
        self.chance = chance
        self.start = start  # the first and last moment of the business so far
        self.end = end
        self.lists = 0
        self.transactions = 0
        self.made = 0
        self.waiting: dict[str, list[Entry]] = {}

    def list_id(self, created: int) -> str:
        self.lists += 1
        return f"{0x80000000 + self.lists:X}-{created}"

    def txn_id(self, created: int) -> str:
        """The id of a transaction or of a line of one: they share one counter."""
        self.transactions += 1
        return f"{self.transactions:X}-{created}"

    def moment(self) -> int:
        """Some moment of the business, in working hours."""
        day = self.start + self.chance.below(max(1, (self.end - self.start) // DAY)) * DAY
        return min(self.end - 1, day + self.chance.below(10 * 3600))

    def later(self, moment: int, share: float = 0.4) -> int:
        """When something of that age was last changed: often at once, else any time up to now."""
        if self.chance.happens(share):
            return moment + self.chance.below(max(1, self.end - moment))
        return min(self.end, moment + self.chance.below(600))

    def entry(self, entity: str, fields: Fields, created: int, modified: int, entry_id: str = "") -> Entry:
        """An entry with its ids and times put in front and its fields in order."""
        key = "TxnID" if is_transaction(entity) else "ListID"
        own_id = entry_id or (self.txn_id(created) if key == "TxnID" else self.list_id(created))
        own: Fields = {
            key: own_id,
            "TimeCreated": self.clock.stamp(created),
            "TimeModified": self.clock.stamp(modified),
            "EditSequence": str(modified),
        }
        return Entry(entity, own_id, str(modified), created, modified, in_order(entity, own | fields))

    def put(self, entry: Entry) -> None:
        """Into the file, soon."""
        waiting = self.waiting.setdefault(entry.entity, [])
        waiting.append(entry)
        self.made += 1
        if len(waiting) >= _CHUNK:
            self.flush((entry.entity,))

    def flush(self, entities: Iterable[str] = ()) -> None:
        """Into the file, now."""
        for entity in list(entities) or list(self.waiting):
            self.books.insert_many(self.waiting.pop(entity, []))
