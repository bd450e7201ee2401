"""/companies/{id}/reports and the QuickBooks Sync Report: what is pending, what reached the books, what failed."""

import csv
import io
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from litestar import Controller, get
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import ServerSentEvent, Stream, Template

from sync.qbxml.entities import ENTITIES
from sync.store import companies, log
from sync.store.companies import CompanyRow
from sync.store.log import COUNTED, LogRow, Place, Tab, Wanted
from web.banners import Banner, banners, stuck
from web.changes_told import label, record_href, state_words, title, way
from web.chart import midnight
from web.csv_file import harmless
from web.filters import count, day_time, plural
from web.forms import line
from web.frame import Values, company_frame, company_or_404, page, with_query
from web.live import Parts, render, stream

SIZE = 50
WORDS: dict[Tab, str] = {"pending": "Pending", "successful": "Successful", "failed": "Failed"}
DIRECTIONS = {"out": "To QuickBooks", "in": "From QuickBooks"}
PLACE = re.compile(r"(\d{1,17})-(\d{1,18})")  # microseconds since 1970, id
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST = 100  # characters of a search
STANDS_STILL = 2  # expected calls that bring nothing on its way, after which we say what to do
COLUMNS = (
    "When", "Kind", "Record", "Number", "Direction", "Action", "State", "Code", "QuickBooks said", "Deskbridge said",
    "Approved by", "Sync",
)  # fmt: skip


class ReportsController(Controller):
    """Reports of one company."""

    path = "/companies/{company:int}/reports"
    opt = {"role": "viewer"}

    @get()
    async def show(self, request: HTMXRequest, company: FromPath[int]) -> Template:
        """List the reports; those on syncing stand under QuickBooks Syncing."""
        row = await company_or_404(company)
        values = {**await company_frame(request, row, "reports"), "home": f"/companies/{company}"}
        return page(request, "reports/index.html", values)

    @get("/sync-log")
    async def sync_log(self, request: HTMXRequest, company: FromPath[int]) -> Template:
        row = await company_or_404(company)
        asked = Asked.read(request.query_params)
        values = {
            **await company_frame(request, row, "reports"),
            **await contents(row, asked),
            **await chosen(row.id, asked),
            "stream_url": asked.link(f"{home_of(company)}/live"),
        }
        return page(request, "reports/sync_log.html", values)

    @get("/sync-log/live")
    async def live(self, request: HTMXRequest, company: FromPath[int]) -> ServerSentEvent:
        await company_or_404(company)
        asked = Asked.read(request.query_params)

        async def read() -> Parts | None:
            row = await companies.company(company, datetime.now(UTC))
            if row is None:
                return None
            values = await contents(row, asked)
            parts = ("line", "hint", "tabs", "rows") if asked.is_live else ("line", "hint", "tabs")
            return {part: render(request, f"reports/_{part}.html", values) for part in parts}

        return stream(request, {f"company:{company}"}, read)

    @get("/sync-log.csv")
    async def download(self, request: HTMXRequest, company: FromPath[int]) -> Stream:
        """Give the rows of the tab as filtered, newest first, all of them."""
        await company_or_404(company)
        asked = Asked.read(request.query_params)
        name = f'attachment; filename="sync-log-{asked.tab}-of-company-{company}.csv"'
        headers = {"content-disposition": name}
        return Stream(lines(company, asked), media_type="text/csv; charset=utf-8", headers=headers)


def home_of(company: int) -> str:
    return f"/companies/{company}/reports/sync-log"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks of the log. A value that nothing can have is left out."""

    tab: Tab
    entity: str
    direction: str
    first: date | None
    last: date | None
    text: str
    before: Place | None

    @classmethod
    def read(cls, given: Mapping[str, str]) -> "Asked":
        entity, direction = line(given, "entity", longest=40), line(given, "direction")
        return cls(
            tab=next((tab for tab in log.TABS if tab == given.get("tab")), "pending"),
            entity=entity if entity in ENTITIES else "",
            direction=direction if direction in DIRECTIONS else "",
            first=to_day(line(given, "from")),
            last=to_day(line(given, "to")),
            text=line(given, "q", longest=LONGEST),
            before=place_of(given.get("before", "")),
        )

    @property
    def wanted(self) -> Wanted:
        return Wanted(
            entity=self.entity,
            direction=self.direction,
            since=midnight(self.first) if self.first else None,
            until=midnight(self.last + timedelta(days=1)) if self.last else None,
            text=self.text,
        )

    @property
    def narrows(self) -> bool:
        return any((self.entity, self.direction, self.first, self.last, self.text))

    @property
    def is_live(self) -> bool:
        """Whether the rows follow by themselves: those that are pending, on the first page."""
        return self.tab == "pending" and self.before is None

    def link(self, path: str, before: Place | None = None) -> str:
        """Return an address with the same tab and filters."""
        days = {"from": self.first.isoformat() if self.first else "", "to": self.last.isoformat() if self.last else ""}
        place = f"{(before.at - EPOCH) // timedelta(microseconds=1)}-{before.id}" if before else None
        tab = self.tab if self.tab != "pending" else ""
        kept = {"tab": tab, "entity": self.entity, "direction": self.direction, "q": self.text}
        return with_query(path, **kept, **days, before=place)


def to_day(text: str) -> date | None:
    """Return the day of 2025-11-21; None for what is none, or lies where no change can."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 2000 <= found.year < 2200 else None


def place_of(text: str) -> Place | None:
    match = PLACE.fullmatch(text)
    try:
        return Place(EPOCH + timedelta(microseconds=int(match[1])), int(match[2])) if match else None
    except OverflowError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One row as the table shows it."""

    row: LogRow
    title: str
    href: str | None
    way: str
    state: str  # a key of status_word's "change"
    words: str
    waits_href: str | None
    request_href: str | None


def shown(company: int, row: LogRow) -> Shown:
    at = f"/companies/{company}/syncs/{row.run}/requests/{row.request}" if row.request and row.run else None
    waits = record_href(company, row.waits_entity or "", row.waits_record) if row.waits_for else None
    return Shown(
        row=row,
        title=title(row.entity, row.name, row.ref_number),
        href=record_href(company, row.entity, row.record),
        way=way(row.entity, row.action, row.direction, row.party),
        state=row.state,
        words="Waits for" if row.state == "waiting" else state_words(row.state),
        waits_href=waits,
        request_href=at,
    )


async def contents(row: CompanyRow, asked: Asked) -> Values:
    """Return what the page and each of its live parts read."""
    now, home = datetime.now(UTC), home_of(row.id)
    wanted = await log.looked_up(row.id, asked.wanted)
    number = await log.counts(row.id, wanted)
    found = await log.rows(row.id, asked.tab, wanted, before=asked.before, limit=SIZE + 1)
    last = found[SIZE - 1] if len(found) > SIZE else None
    pending = number["pending"] if not asked.narrows else (await log.counts(row.id, Wanted(), ("pending",)))["pending"]
    first = replace(asked, before=None)
    hint = await hint_of(row, pending, now) if pending else None
    return {
        "company": row,
        "banners": banners(row, now),
        "hint": hint,
        "sentence": sentence(row, pending, hint),
        "tab": asked.tab,
        "tabs_shown": [(tab, WORDS[tab], replace(first, tab=tab).link(home), more(number[tab])) for tab in log.TABS],
        "rows": [shown(row.id, each) for each in found[:SIZE]],
        "older": asked.link(home, Place(last.at, last.id)) if last else None,
        "newest": first.link(home) if asked.before else None,
        "clear_url": replace(Asked.read({}), tab=asked.tab).link(home) if asked.narrows else None,
    }


def more(number: int) -> str:
    """12, or "10,000+" where it was counted no further."""
    return f"{COUNTED:,}+" if number > COUNTED else count(number)


def sentence(row: CompanyRow, pending: int, hint: Banner | None) -> str:
    """Say what is pending, and by when it goes (E20)."""
    if not pending:
        return "Nothing is pending. Every success and every failure stays here."
    said = f"{more(pending)} {plural(pending, 'change is', 'changes are')} pending."
    by = f", by {soon(row.next_call_by)}" if row.next_call_by and hint is None else ""
    them = "It goes" if pending == 1 else "They go"
    return f"{said} {them} when the Web Connector calls{by}."


def soon(moment: datetime) -> str:
    """14:35, or with its day when that is not today."""
    return day_time(moment).removeprefix("today, ")


async def hint_of(row: CompanyRow, pending: int, now: datetime) -> Banner | None:
    """Say to reconnect the Web Connector where nothing has moved although it should have called twice (E21)."""
    since = await log.oldest_pending(row.id)
    limit = STANDS_STILL * row.expected_every
    if since is None or any(each.state in ("paused", "syncing") for each in row.states):
        return None
    if row.window.open_between(since, now) <= limit or await log.moved_since(row.id, now - limit):
        return None
    return stuck(row, pending, since, now)


async def chosen(company: int, asked: Asked) -> Values:
    """Return what the filter bar shows: a menu for each fact, and what is kept when another part of it changes."""
    home, first = home_of(company), replace(asked, before=None)
    kinds = await log.entities(company)
    if asked.entity and asked.entity not in kinds:
        kinds = [*kinds, asked.entity]
    by_kind = [("Any kind", replace(first, entity=""))]
    by_kind += [(label(each), replace(first, entity=each)) for each in sorted(kinds, key=label)]
    ways = [("Either direction", replace(first, direction=""))]
    ways += [(words, replace(first, direction=each)) for each, words in DIRECTIONS.items()]
    return {
        "asked": asked,
        "home": home,
        "csv_url": first.link(f"{home}.csv"),
        "filter_menus": [
            menu(label(asked.entity) if asked.entity else "Any kind", by_kind, first, home, bool(asked.entity)),
            menu(DIRECTIONS.get(asked.direction, "Either direction"), ways, first, home, bool(asked.direction)),
        ],
        "kept": [("tab", asked.tab), ("entity", asked.entity), ("direction", asked.direction)],
    }


def menu(name: str, options: Sequence[tuple[str, Asked]], asked: Asked, home: str, is_set: bool) -> tuple[Any, ...]:
    """Return one filter: what it is set to, what can be chosen, whether it is set."""
    return name, [(words, one.link(home), one == asked) for words, one in options], is_set


async def lines(company: int, asked: Asked) -> AsyncIterator[bytes]:
    """Yield the CSV, a thousand rows at a time. It begins with a mark that makes spreadsheets read it as UTF-8."""
    yield "\ufeff".encode() + written([COLUMNS])
    async for some in log.every_row(company, asked.tab, asked.wanted):
        yield written([cells(row) for row in some])


def written(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


def cells(row: LogRow) -> tuple[str, ...]:
    """Return one row; texts of people and of QuickBooks can't be formulas."""
    texts = (
        label(row.entity),
        row.name,
        row.ref_number,
        DIRECTIONS.get(row.direction, row.direction),
        row.action,
        state_words(row.state) + (f" for {row.waits_for}" if row.waits_for else ""),
        "" if row.code is None else str(row.code),
        row.message,
        row.reason,
        row.who,
        "" if row.run is None else str(row.run),
    )
    return row.at.astimezone().isoformat(" ", "seconds"), *map(harmless, texts)
