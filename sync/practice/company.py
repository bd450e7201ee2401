"""The practice company file: it takes qbXML request documents and answers as QuickBooks Desktop would.

This module holds the file, its sessions and the running of a message set; what one request does is in queries, entries,
deletions and identity. One thread at a time: every public call takes the file's lock.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from sync.practice import identity, markup, recovery
from sync.practice.answers import document
from sync.practice.books import Books
from sync.practice.clock import Clock, Now, wall_clock
from sync.practice.custom import Customs
from sync.practice.documents import Request, read_document
from sync.practice.identity import COMPANY, Preferences, Profile, profile_from
from sync.practice.ledger import Ledger
from sync.practice.markup import Fields
from sync.practice.refusals import QuickBooksError
from sync.practice.routing import Router
from sync.qbxml.fields import repeats

__all__ = ["CompanyFile", "QuickBooksError"]


class CompanyFile:
    """One set of practice books on disk, open in one practice QuickBooks."""

    def __init__(self, books: Books, profile: Profile, now: Now) -> None:
        self.books = books
        self.profile = profile
        self.clock = Clock(profile.utc_offset, now)
        self.customs = Customs(books)
        self.locks: dict[str, int] = {}  # ids that are in use, and the status they answer
        self.ledger = Ledger(books, self.clock, profile.preferences, self.locks)
        self.application = ""
        self.owner_id = ""
        self.router = self._router()

    @classmethod
    def create(
        cls,
        path: Path | str,
        *,
        company_name: str,
        country: str = "US",
        product: str = "QuickBooks Premier 2024",
        major_version: str = "34",
        version: str = "16.0",
        seed: int = 1,
        utc_offset: str = "-08:00",
        windows_path: str = "",
        preferences: Preferences | None = None,
        now: Now = wall_clock,
    ) -> "CompanyFile":
        """A new, empty file. Raises FileExistsError when there is one. `windows_path` is what QuickBooks calls it."""
        place = Path(path)
        if place.exists():
            raise FileExistsError(place)
        name = company_name.replace(",", "").replace(".", "")
        profile = Profile(
            company_name=company_name,
            country=country,
            product=product,
            major_version=major_version,
            version=version,
            utc_offset=utc_offset,
            windows_path=windows_path or f"C:\\Users\\Public\\Documents\\Intuit\\QuickBooks\\Company Files\\{name}.qbw",
            seed=seed,
            preferences=preferences or Preferences(),
        )
        books = Books(place)
        books.set("profile", profile.stored())
        return cls(books, profile, now)

    @classmethod
    def open(cls, path: Path | str, *, now: Now = wall_clock) -> "CompanyFile":
        """A file that create made. Raises FileNotFoundError when there is none."""
        place = Path(path)
        if not place.exists():
            raise FileNotFoundError(place)
        books = Books(place)
        stored = books.setting("profile")
        if stored is None:
            books.close()
            raise FileNotFoundError(f"{place} is not a practice company file")
        return cls(books, profile_from(stored), now)

    def copy(
        self, path: Path | str, *, company_name: str = "", country: str = "", windows_path: str = ""
    ) -> "CompanyFile":
        """The file as it stands, opened at another place: a backup. Raises FileExistsError when there is one.

        What is named here the copy says of itself; the rest stays.
        """
        place = Path(path)
        if place.exists():
            raise FileExistsError(place)
        books, mine = Books(place), self.profile
        with self.books.lock:
            self.books.db.backup(books.db)
        profile = replace(
            mine,
            company_name=company_name or mine.company_name,
            country=country or mine.country,
            windows_path=windows_path or mine.windows_path,
        )
        books.set("profile", profile.stored())
        return CompanyFile(books, profile, self.clock.now)

    def close(self) -> None:
        """Let go of the file on disk."""
        self.books.close()

    @property
    def path(self) -> Path:
        return self.books.path

    def begin_session(self, app_name: str, *, owner_id: str, machine: str) -> None:
        """Open a QuickBooks session for an application: iterators of the last one are gone, AppLock says who syncs."""
        with self.books.lock:
            self.application, self.owner_id = app_name, owner_id.upper()
            self.router = self._router()
            self.customs.define(owner_id, "AppLock", "STR255TYPE")
            self.customs.put(COMPANY, owner_id, "AppLock", f"LOCKED:{machine}:{self.clock.ticks()}")

    def end_session(self) -> None:
        """Close the session; its iterators and its AppLock are gone."""
        with self.books.lock:
            if self.owner_id:
                self.customs.remove(COMPANY, self.owner_id, "AppLock")
            self.application = self.owner_id = ""
            self.router = self._router()

    def add_application(self, owner_id: str, file_id: str) -> None:
        """What adding a .qwc does: the FileID under the application's OwnerID, unless the file has one already."""
        with self.books.lock:
            self.customs.define(owner_id, "FileID", "STR255TYPE")
            if not self.file_id(owner_id):
                self.customs.put(COMPANY, owner_id, "FileID", file_id)

    def file_id(self, owner_id: str) -> str:
        """The FileID stored under an OwnerID, '' when there is none."""
        return self.customs.get(COMPANY, owner_id, "FileID")

    def process(self, request: str) -> str:
        """One ProcessRequest: a request document to a response document.

        Raises QuickBooksError for what QuickBooks refuses whole: not XML (0x80040400), not by the schema, or an
        unknown version
        (0x80040423).
        """
        product = identity.PRODUCTS.get(self.profile.country, "QBD")
        asked = read_document(request, self.profile.versions, product)
        with self.books.lock:
            self.books.begin()
            try:
                answer = recovery.run(self.books, self.application, request, asked, self.router.run)
            except BaseException:
                self.books.rollback()
                raise
            self.books.commit()
        return answer

    def host_company_preferences(self, owner_id: str) -> str:
        """strHCPResponse: Host, Company and Preferences in one document, as the Web Connector sends them first."""
        requests = (
            Request("HostQueryRq", {"requestID": "0"}, {}),
            Request("CompanyQueryRq", {"requestID": "1"}, {"OwnerID": owner_id}),
            Request("PreferencesQueryRq", {"requestID": "2"}, {}),
        )
        with self.books.lock:
            return document("".join([self.router.respond(request) for request in requests]), {})

    def lock(self, object_id: str, code: int = 3175) -> None:
        """Somebody has this object open: whoever changes it is answered that status (3170, 3175, 3176)."""
        self.locks[object_id] = code

    def unlock(self, object_id: str) -> None:
        self.locks.pop(object_id, None)

    def rows(self, entity: str) -> Iterator[Fields]:
        """Every object of an entity as nested values, oldest first; what may repeat is always a list."""
        with self.books.lock:
            entries = list(self.books.entries(entity))
        for entry in entries:
            fields = entry.fields
            yield {
                name: markup.many(fields, name) if repeats(f"{entity}Ret", name) else value
                for name, value in fields.items()
            }

    def count(self, entity: str) -> int:
        """How many objects of an entity the file holds."""
        with self.books.lock:
            return self.books.count(entity)

    def counts(self) -> dict[str, int]:
        """How many objects the file holds, by entity."""
        with self.books.lock:
            return self.books.counts()

    def _router(self) -> Router:
        return Router(self.books, self.clock, self.profile, self.customs, self.ledger)
