"""/audit-log: who did what, when, from where. It is read here, and by no route changed."""

import csv
import io
import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from litestar import Controller, get
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Response, ServerSentEvent, Stream, Template

from sync.store import audit
from sync.store.audit import Chosen, Entry, Place
from web.audit_words import plain, told
from web.csv_file import harmless
from web.filters import day, upper_first
from web.forms import line
from web.frame import Values, page, team_frame, with_query
from web.live import Parts, render, stream

SIZE = 50
BATCH = 1000  # rows of the CSV at a time
PLACE = re.compile(r"(\d{1,17})-(\d{1,18})")  # microseconds since 1970, id
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PATH = "/audit-log"
HEAD = ("when (UTC)", "who", "name", "what", "action", "company", "subject", "from where", "detail")


class AuditLogController(Controller):
    """Newest first, by pages."""

    path = PATH
    opt = {"role": "accounting_manager"}

    @get()
    async def show(self, request: HTMXRequest) -> Template:
        asked = Asked(request)
        before = place_of(asked.before)
        found = await audit.entries(asked.chosen, before=before, size=SIZE + 1)
        shown = found[:SIZE]
        newest = address_of_place(shown[0]) if shown else f"{micros(datetime.now(UTC))}-0"
        values: Values = {
            "entries": [(entry, told(entry)) for entry in shown],
            "older": with_query(PATH, **asked.query, before=address_of_place(shown[-1])) if len(found) > SIZE else None,
            "newest": with_query(PATH, **asked.query) if before else None,
            "csv_url": with_query(f"{PATH}/entries.csv", **asked.query),
            **asked.values,
            "actors": await audit.actors(),
            "actions": [(action, upper_first(plain(action))) for action in await audit.actions()],
            "news": 0,
            "stream_url": with_query(f"{PATH}/live", **asked.query, after=newest) if before is None else None,
        }
        return page(request, "audit_log/index.html", {**await team_frame(request, "audit_log"), **values})

    @get("/live")
    async def live(self, request: HTMXRequest) -> ServerSentEvent:
        asked = Asked(request)
        after = place_of(request.query_params.get("after", "")) or Place(datetime.now(UTC), 0)

        async def read() -> Parts:
            number = await audit.newer(asked.chosen, after)
            values = {"news": number, "news_url": with_query(PATH, **asked.query)}
            return {"news": render(request, "audit_log/_news.html", values)}

        return stream(request, {audit.TOPIC}, read)

    @get("/entries.csv")
    async def as_csv(self, request: HTMXRequest) -> Response[Any]:
        headers = {"content-disposition": 'attachment; filename="audit-log.csv"'}
        return Stream(lines(Asked(request).chosen), media_type="text/csv; charset=utf-8", headers=headers)


class Asked:
    """The filters in the address; what cannot be read counts as not given."""

    def __init__(self, request: HTMXRequest) -> None:
        given = request.query_params
        self.who = line(given, "who")
        self.action = line(given, "action", longest=60)
        number = given.get("company", "")
        self.company = int(number) if re.fullmatch(r"[0-9]{1,18}", number) else None
        self.day = a_day(given.get("day", ""))
        self.before = given.get("before", "")

    @property
    def query(self) -> dict[str, str | int | None]:
        return {
            "who": self.who,
            "action": self.action,
            "company": self.company,
            "day": self.day.isoformat() if self.day else None,
        }

    @property
    def chosen(self) -> Chosen:
        since, until = bounds(self.day) if self.day else (None, None)
        return Chosen(who=self.who, action=self.action, company=self.company, since=since, until=until)

    @property
    def values(self) -> Values:
        """Return what the filter bar shows."""
        return {
            "who": self.who,
            "action": self.action,
            "company_id": self.company,
            "day": self.day.isoformat() if self.day else "",
            "filtered": any(self.query.values()),
            "sentence": f"Of {day(self.day)}, newest first." if self.day else "Newest first. Rows are only ever added.",
            "news_url": with_query(PATH, **self.query),
        }


def a_day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 2000 <= found.year < 2200 else None


def bounds(of: date) -> tuple[datetime, datetime]:
    """Return begin and end of a day by the server's clock."""
    begin = datetime.combine(of, time()).astimezone()
    return begin, datetime.combine(of + timedelta(days=1), time()).astimezone()


def address_of_place(entry: Entry) -> str:
    return f"{micros(entry.at)}-{entry.id}"


def micros(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def place_of(text: str) -> Place | None:
    match = PLACE.fullmatch(text)
    if match is None:
        return None
    try:
        return Place(EPOCH + timedelta(microseconds=int(match[1])), int(match[2]))
    except OverflowError:
        return None


async def lines(chosen: Chosen) -> AsyncIterator[str]:
    """Yield the log as CSV, a thousand rows at a time, newest first."""
    yield row(HEAD)
    before: Place | None = None
    while found := await audit.entries(chosen, before=before, size=BATCH):
        yield "".join(map(cells, found))
        before = Place(found[-1].at, found[-1].id)


def cells(entry: Entry) -> str:
    return row(
        (
            entry.at.astimezone(UTC).isoformat(timespec="seconds"),
            entry.actor,
            entry.name,
            told(entry),
            entry.action,
            entry.company_name or "",
            entry.subject,
            entry.address,
            json.dumps(entry.detail) if entry.detail else "",
        )
    )


def row(values: tuple[str, ...]) -> str:
    """Return one line; a cell that a spreadsheet would reckon begins with an apostrophe."""
    text = io.StringIO()
    csv.writer(text).writerow([harmless(value) for value in values])
    return text.getvalue()
