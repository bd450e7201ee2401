"""/companies/{id}/syncs/{number}: one sync, and each of its requests with its answer."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from litestar import Controller, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Response, ServerSentEvent, Template

from sync.store import runs
from sync.store.companies import CompanyRow
from sync.store.runs import RequestDetail, RequestRow, RunDetail, Which
from web.auth import current, may
from web.code_view import Document, lay_out
from web.filters import clock, count, day_time, duration, plural, size
from web.forms import line, whole_number
from web.frame import Values, company_frame, company_or_404, page, with_query
from web.live import Parts, render, stream
from web.masking import masked_text, sees_all
from web.progress import progress_values, run_line, run_sentence
from web.verify_found import verify_lines

REQUESTS = 100
LINES = 2000  # of a document at once
VIEWS = (("request", "Request"), ("answer", "Answer"), ("both", "Both"))


class RunsController(Controller):
    """The syncs of one company."""

    path = "/companies/{company:int}/syncs"
    opt = {"role": "viewer"}

    @get("/{number:int}")
    async def show(self, request: HTMXRequest, company: FromPath[int], number: FromPath[int]) -> Template:
        return await show_run(request, await company_or_404(company), number, None)

    @get("/{number:int}/live")
    async def live(self, request: HTMXRequest, company: FromPath[int], number: FromPath[int]) -> ServerSentEvent:
        row = await company_or_404(company)
        asked = Asked.read(request, company, number, None)
        detail = await run_or_404(company, number)
        outside = await company_frame(request, row, "status")

        async def read() -> Parts:
            values = {**outside, **await contents(request, await run_or_404(company, number), asked)}
            return {
                part: render(request, f"runs/_{part}.html", values)
                for part in ("head", "facts", "entities", "requests")
            }

        return stream(request, {f"run:{detail.row.id}"}, read)

    @get("/{number:int}/requests/{id:int}")
    async def show_request(
        self, request: HTMXRequest, company: FromPath[int], number: FromPath[int], id: FromPath[int]
    ) -> Template:
        return await show_run(request, await company_or_404(company), number, id)

    @get("/{number:int}/requests/{id:int}/{file:str}")
    async def download(
        self,
        request: HTMXRequest,
        company: FromPath[int],
        number: FromPath[int],
        id: FromPath[int],
        file: FromPath[str],
    ) -> Response[bytes]:
        """Give one document as it went or came; to viewers with its personal numbers hidden."""
        found = await request_or_404(company, number, id)
        text = {"request.xml": found.request, "answer.xml": found.answer}.get(file)
        if text is None:
            raise NotFoundException
        name = f"sync-{number}-{found.row.name}-{id}-{file}".replace(" ", "-")
        content = (await readable(request, text)).encode()
        headers = {"content-disposition": f'attachment; filename="{name}"'}
        return Response(content, media_type="application/xml; charset=utf-8", headers=headers)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks of a run's requests."""

    home: str  # address of the run
    which: Which
    query: str
    after: int | None
    chosen: int | None
    view: str
    start: int  # line of the document

    @classmethod
    def read(cls, request: HTMXRequest, company: int, number: int, chosen: int | None) -> "Asked":
        given = request.query_params
        which: Which = "failed" if given.get("show") == "failed" else "all"
        view = given.get("view", "")
        return cls(
            home=f"/companies/{company}/syncs/{number}",
            which=which,
            query=line(given, "q", longest=200),
            after=whole_number(given.get("after", "")),
            chosen=chosen,
            view=view if view in dict(VIEWS) else "",
            start=whole_number(given.get("from", "")) or 1,
        )

    def link(self, path: str = "", **changed: Any) -> str:
        """Return an address of this run that keeps what is asked but for what changes."""
        kept = {"show": "failed" if self.which == "failed" else "", "q": self.query, "after": self.after} | changed
        return with_query(self.home + path, **kept)


async def run_or_404(company: int, number: int) -> RunDetail:
    found = await runs.run(company, number, datetime.now(UTC)) if number < 1 << 31 else None
    if found is None:
        raise NotFoundException
    return found


async def request_or_404(company: int, number: int, id: int) -> RequestDetail:
    found = await runs.request(company, id) if id < 1 << 63 else None
    if found is None or found.run_number != number:
        raise NotFoundException
    return found


async def show_run(request: HTMXRequest, company: CompanyRow, number: int, chosen: int | None) -> Template:
    asked = Asked.read(request, company.id, number, chosen)
    detail = await run_or_404(company.id, number)
    shown = await contents(request, detail, asked)
    first = chosen if chosen is not None else preferred(shown["requests"])
    found = await request_or_404(company.id, number, first) if first is not None else None
    values = {
        **await company_frame(request, company, "status"),
        **shown,
        **await chosen_values(request, found, asked),
        "list_only": chosen is None,
        "stream_url": f"{asked.home}/live" if goes_on(detail) else None,
    }
    if chosen is not None:
        return page(request, "runs/detail.html", values, part="runs/_request.html")
    return page(request, "runs/detail.html", values, part="runs/_requests.html")


def goes_on(detail: RunDetail) -> bool:
    return detail.row.state in ("queued", "running")


def preferred(requests: list[RequestRow]) -> int | None:
    """Return the request that is shown when none is chosen: the first that failed, else the first."""
    failed = [each.id for each in requests if each.outcome == "failed"]
    return next(iter(failed or [each.id for each in requests]), None)


async def contents(request: HTMXRequest, detail: RunDetail, asked: Asked) -> Values:
    """Return what the page and its live parts read, but for the chosen request."""
    searching = not asked.query or may_search(request, asked.query)
    company = int(asked.home.split("/")[2])
    found = (
        await runs.requests_of(
            company, detail.row.number, which=asked.which, text=asked.query, after=asked.after, limit=REQUESTS + 1
        )
        if searching
        else []
    )
    return {
        "detail": detail,
        "run": detail.row,
        "run_line": run_line(detail.row),
        "doing": run_sentence(detail),
        "facts": facts(detail),
        "goes_on": goes_on(detail),
        "may_cancel": goes_on(detail) and may(current(request).person, "accounting_manager"),
        "sessions": detail.sessions,
        "verify_found": verify_lines(company, detail.row.report or {}),
        **progress_values(detail, datetime.now(UTC)),
        "requests": found[:REQUESTS],
        "more_url": asked.link(after=found[REQUESTS - 1].id) if len(found) > REQUESTS else None,
        "chosen_id": asked.chosen,
        "filters": filters(detail, asked),
        "query": asked.query,
        "may_search": searching,
        "asked": asked,
        "earlier_url": beside(asked.home, detail.earlier),
        "later_url": beside(asked.home, detail.later),
    }


def may_search(request: HTMXRequest, text: str) -> bool:
    """Say whether this person may look for this: a search for digits would tell viewers what is hidden from them."""
    return sees_all(current(request).person) or not any(symbol.isdigit() for symbol in text)


def beside(home: str, number: int | None) -> str | None:
    return f"{home.rpartition('/')[0]}/{number}" if number is not None else None


def filters(detail: RunDetail, asked: Asked) -> list[tuple[str, str, bool]]:
    return [
        (f"All {count(detail.requests)}", asked.link(show="", after=None), asked.which == "all"),
        (f"Failed {count(detail.failed_requests)}", asked.link(show="failed", after=None), asked.which == "failed"),
    ]


def facts(detail: RunDetail) -> list[tuple[str, ...]]:
    """Return what a run came to, as figures."""
    row = detail.row
    rows = plural(row.rows_in, "row")
    found: list[tuple[str, ...]] = [
        ("Took", duration(row.took) if row.took is not None else "not begun"),
        ("In", f"{count(row.rows_in)} {rows}"),
        ("Changed", count(row.rows_changed)),
        ("Deleted", count(row.rows_deleted)),
        ("Failed", count(row.failed), "", "bad") if row.failed else ("Failed", "0"),
        ("Requests", count(detail.requests)),
        ("Asked by", row.asked_by),
    ]
    return found


async def chosen_values(request: HTMXRequest, found: RequestDetail | None, asked: Asked) -> Values:
    """Return what the pane of one request reads."""
    if found is None:
        return {"chosen": None}
    view = asked.view or ("answer" if found.answer is not None else "request")
    home = f"/requests/{found.row.id}"
    return {
        "chosen": found,
        "chosen_id": found.row.id,
        "outcome_text": outcome_text(found),
        "code": found.row.hresult or (found.row.status_code if found.row.outcome in ("failed", "warning") else ""),
        "view": view,
        "views": [(key, label, asked.link(home, view=key)) for key, label in VIEWS],
        "request_shown": await laid_out(request, found.request, asked) if view != "answer" else None,
        "answer_shown": await laid_out(request, found.answer, asked) if view != "request" and found.answer else None,
        "more_link": asked.link(home, view=view, **{"from": asked.start + LINES}),
        "request_facts": request_facts(found),
        "download_url": f"{asked.home}{home}/{'request' if view == 'request' else 'answer'}.xml"
        if view == "request" or found.answer is not None
        else None,
    }


async def readable(request: HTMXRequest, text: str) -> str:
    """Return a document as this person may read it."""
    if sees_all(current(request).person):
        return text
    return await asyncio.to_thread(masked_text, text)


async def laid_out(request: HTMXRequest, text: str, asked: Asked) -> Document:
    shown = await readable(request, text)
    return await asyncio.to_thread(lay_out, shown, limit=LINES, start=asked.start, query=asked.query)


Outcome = Literal["ok", "empty", "warning", "failed", "open"]


def outcome_text(found: RequestDetail) -> str:
    """Say what came of a request, in a few words."""
    row = found.row
    match row.outcome:
        case "open":
            return "No answer yet"
        case "failed" if row.hresult:
            return f"Failed: {row.hresult}"
        case "failed" if found.set_aside:
            return "Set aside"
        case "failed":
            return f"Refused: {row.status_code}"
        case "empty":
            return "1: nothing new"
    return f"{row.status_code}: with a warning" if row.outcome == "warning" else "Answered"


def request_facts(found: RequestDetail) -> list[tuple[str, ...]]:
    """Return times, sizes and numbers of one request."""
    answered = f"{clock(found.answered_at)}, {size(found.answer_size)}" if found.answered_at else "not yet"
    sent = f"{day_time(found.sent_at, seconds=True)}, {size(found.request_size)}"
    again = f"Sent {found.resends + 1} times." if found.resends else "No. This is the first time."
    entries: list[tuple[str, ...]] = [
        ("Sent", sent),
        ("Answered", answered + (f", after {duration(found.row.took, exact=True)}" if found.row.took else "")),
        ("requestID", found.request_id, "mono"),
        ("Message set", found.message_set_id or "none", "mono" if found.message_set_id else ""),
        ("Sent before", again),
    ]
    return entries
