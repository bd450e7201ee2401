"""Writes to lists and transactions: Add, Mod, Del and Void, as QuickBooks checks and completes them."""

from sync.practice import refusals
from sync.practice.answers import Answer
from sync.practice.books import Books
from sync.practice.clock import Clock
from sync.practice.documents import Request
from sync.practice.identity import Preferences


class Ledger:
    """The writing side of one file."""

    def __init__(self, books: Books, clock: Clock, preferences: Preferences, locks: dict[str, int]) -> None:
        self.books = books

    def begin_set(self) -> None:
        """A new message set: macros of the last are forgotten."""

    def entity_of(self, request: Request) -> str:
        return request.name[:-5]

    def run(self, request: Request) -> Answer:
        raise refusals.not_supported(request.name)
