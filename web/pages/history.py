"""/companies/{id}/syncs: every sync of a company with filters, by day in a chart, and as CSV."""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from litestar import Controller, get, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Response, Stream, Template

from sync.store import history, setup
from sync.store.history import Wanted
from sync.store.runs import RunRow
from web.auth import address_of, current
from web.chart import bounds, durations_chart, midnight, rows_chart
from web.csv_file import harmless
from web.filters import RUN_KINDS
from web.forms import line, whole_number
from web.frame import Values, company_frame, company_or_404, page, with_query
from web.htmx import go_to

PAGE = 20  # syncs
DAYS = 30  # of the chart, where no days are asked for
RESULTS = (
    ("complete", "Complete"),
    ("partly", "Complete, with failures"),
    ("stopped", "Stopped"),
    ("cancelled", "Cancelled"),
    ("open", "Waiting or going on"),
)
COLUMNS = (
    "Sync", "Kind", "Result", "Asked by", "Asked", "Began", "Ended", "Seconds", "Computer", "Sessions", "Rows read",
    "New or changed", "Deleted", "Kinds failed",
)  # fmt: skip


class HistoryController(Controller):
    """All syncs of one company."""

    path = "/companies/{company:int}"
    opt = {"role": "viewer"}

    @get("/syncs")
    async def show(self, request: HTMXRequest, company: FromPath[int]) -> Template:
        row = await company_or_404(company)
        asked = Asked.read(request.query_params)
        home = f"/companies/{company}/syncs"
        found = await history.syncs(company, asked.wanted, before=asked.before, limit=PAGE + 1)
        values = {
            **await company_frame(request, row, "status"),
            "runs": found[:PAGE],
            "older": asked.link(home, found[PAGE - 1].number) if len(found) > PAGE else None,
            "newest": asked.link(home) if asked.before else None,
            "csv_url": asked.link(f"{home}.csv"),
            **await chosen(company, asked, home),
            **await charts(company, asked),
        }
        return page(request, "runs/index.html", values)

    @post("/syncs", opt={"role": "member"})
    async def ask(self, request: HTMXRequest, company: FromPath[int]) -> Response[object]:
        """Sync now (A23): queue a sync, or join the one that goes on."""
        await company_or_404(company)
        await setup.ask_run(company, "incremental", current(request).person.email, address_of(request))
        return go_to(request, f"/companies/{company}")

    @get("/syncs.csv")
    async def download(self, request: HTMXRequest, company: FromPath[int]) -> Stream:
        """Give the syncs that the filters show, newest first, all of them."""
        await company_or_404(company)
        asked = Asked.read(request.query_params)
        name = f'attachment; filename="syncs-of-company-{company}.csv"'
        return Stream(
            lines(company, asked.wanted),
            media_type="text/csv; charset=utf-8",
            headers={"content-disposition": name},
        )


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks of the history. A value that nothing can have is left out."""

    kind: str
    result: str
    machine: str
    first: date | None
    last: date | None
    before: int | None

    @classmethod
    def read(cls, given: Mapping[str, str]) -> "Asked":
        kind, result = line(given, "kind"), line(given, "result")
        return cls(
            kind=kind if kind in RUN_KINDS else "",
            result=result if result in history.RESULTS else "",
            machine=line(given, "computer", longest=64),
            first=to_day(line(given, "from")),
            last=to_day(line(given, "to")),
            before=whole_number(line(given, "before")),
        )

    @property
    def wanted(self) -> Wanted:
        return Wanted(
            kind=self.kind,
            result=self.result,
            machine=self.machine,
            since=midnight(self.first) if self.first else None,
            until=midnight(self.last + timedelta(days=1)) if self.last else None,
        )

    @property
    def narrows(self) -> bool:
        return any((self.kind, self.result, self.machine, self.first, self.last))

    def link(self, path: str, before: int | None = None) -> str:
        """Return an address with the same filters."""
        days = {"from": self.first.isoformat() if self.first else "", "to": self.last.isoformat() if self.last else ""}
        return with_query(path, kind=self.kind, result=self.result, computer=self.machine, **days, before=before)


def to_day(text: str) -> date | None:
    """Return the day of 2025-11-21; None for what is none, or lies where no sync can."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 2000 <= found.year < 2200 else None


async def chosen(company: int, asked: Asked, home: str) -> Values:
    """Return what the filter bar shows: a menu for each fact, the days, and what is kept when they change."""
    machines = await history.machines(company)
    if asked.machine and asked.machine not in machines:
        machines = [*machines, asked.machine]
    asked = replace(asked, before=None)
    kinds = [(words, replace(asked, kind=key)) for key, words in (("", "Every kind"), *RUN_KINDS.items())]
    results = [(words, replace(asked, result=key)) for key, words in (("", "Every result"), *RESULTS)]
    computers = [
        ("Every computer", replace(asked, machine="")),
        *((one, replace(asked, machine=one)) for one in machines),
    ]
    return {
        "asked": asked,
        "home": home,
        "filter_menus": [
            menu("Kind", kinds, asked, asked.kind, home),
            menu("Result", results, asked, asked.result, home),
            menu("Computer", computers, asked, asked.machine, home),
        ],
        "kept": [("kind", asked.kind), ("result", asked.result), ("computer", asked.machine)],
        "clear_url": home if asked.narrows else None,
    }


Menu = tuple[str, list[tuple[str, str, bool]], bool]


def menu(name: str, options: list[tuple[str, Asked]], asked: Asked, value: str, home: str) -> Menu:
    """Return one filter: its name or what it is set to, what can be chosen, whether it is set."""
    current = next((words for words, one in options if one == asked), name)
    return current if value else name, [(words, one.link(home), one == asked) for words, one in options], bool(value)


async def charts(company: int, asked: Asked) -> Values:
    """Return both charts over the days that are asked for; else over the last 30."""
    today = datetime.now(UTC).astimezone().date()
    last = min(asked.last or today, today)
    first = asked.first or last - timedelta(days=DAYS - 1)
    if first > last:
        return {"charts": []}
    limits = bounds(first, last)
    periods = await history.by_period(company, asked.wanted, limits)
    found = [rows_chart(periods, limits), durations_chart(periods, limits)]
    return {"charts": [chart for chart in found if not chart.empty]}


async def lines(company: int, wanted: Wanted) -> AsyncIterator[bytes]:
    """Yield the CSV, a few hundred syncs at a time. It begins with a mark that makes spreadsheets read it as UTF-8."""
    yield "\ufeff".encode() + written([COLUMNS])
    async for some in history.every_sync(company, wanted):
        yield written([cells(row) for row in some])


def written(rows: Iterable[tuple[str, ...]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


def cells(row: RunRow) -> tuple[str, ...]:
    """Return one sync; texts of people can't be formulas."""
    took = "" if row.took is None else f"{row.took:.1f}"
    numbers = (row.sessions, row.rows_in, row.rows_changed, row.rows_deleted, row.failed)
    return (
        str(row.number),
        RUN_KINDS.get(row.kind, row.kind),
        harmless(row.result_text),
        harmless(row.asked_by),
        *(moment(each) for each in (row.asked_at, row.began_at, row.ended_at)),
        took,
        harmless(row.machine),
        *map(str, numbers),
    )


def moment(at: datetime | None) -> str:
    """Return a time by the server's clock, with its offset."""
    return at.astimezone().isoformat(" ", "seconds") if at else ""
