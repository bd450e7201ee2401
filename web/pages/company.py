"""/companies/{id}: sync status. Is it connected, how fresh is the data, what runs, what ran."""

from datetime import UTC, datetime, timedelta

from litestar import Controller, get
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import ServerSentEvent, Template

from sync.store import alerts, companies, exports, history, runs, wizard
from sync.store.companies import CompanyRow
from sync.store.history import Wanted
from sync.store.runs import RunDetail
from web.auth import current, may
from web.banners import banners, not_active_sentence
from web.chart import days_back, durations_chart, rows_chart
from web.connection import behind, has, hops, never_called, places, state_line, when_it_begins
from web.contact import DAYS, Known, contact, more_gaps
from web.frame import Values, company_frame, company_or_404, page
from web.live import Parts, render, stream
from web.progress import progress_values, run_sentence
from web.told import told_line

RECENT = 6  # syncs
CHART = 14  # days
PARTS = ("banners", "told", "line", "actions", "bridge", "progress", "contact", "runs")


class CompanyController(Controller):
    """Sync status of one company."""

    path = "/companies/{company:int}"
    opt = {"role": "viewer"}

    @get()
    async def show(self, request: HTMXRequest, company: FromPath[int]) -> Template:
        row = await company_or_404(company)
        values = {
            **await company_frame(request, row, "status"),
            **await contents(request, row),
            "charts": await charts(company),
            "stream_url": f"/companies/{company}/live",
        }
        return page(request, "company/index.html", values)

    @get("/live")
    async def live(self, request: HTMXRequest, company: FromPath[int]) -> ServerSentEvent:
        row = await company_or_404(company)
        outside = await company_frame(request, row, "status")

        async def read() -> Parts | None:
            row = await companies.company(company, datetime.now(UTC))
            if row is None:
                return None
            values = {**outside, "company": row, **await contents(request, row)}
            parts = {part: render(request, f"company/_{part}.html", values) for part in PARTS}
            badge = {"waiting_number": await wizard.waiting(company)}
            return {**parts, "badge": render(request, "partials/wizard_badge.html", badge)}

        return stream(request, {f"company:{company}"}, read)


async def contents(request: HTMXRequest, row: CompanyRow) -> Values:
    """Return what the page and each of its live parts read."""
    now = datetime.now(UTC)
    number = await runs.active_number(row.id)
    detail = await runs.run(row.id, number, now) if number is not None else None
    fresh = await companies.freshness(row.id)
    export = await exports.last_of(row.id)
    return {
        "row": row,
        "banners": banners(row, now, may_put_away=may(current(request).person, "accounting_manager")),
        "told": told_line(await alerts.telling(row.id)),
        "alerts_url": f"/companies/{row.id}/settings/alerts",
        "state_line": state_line(row, fresh, now),
        "places": places(row, export),
        "hops": hops(row, fresh, export),
        "behind": behind(row, fresh, now),
        "freshness": fresh,
        "runs": await runs.runs_of(row.id, limit=RECENT),
        "runs_url": f"/companies/{row.id}/syncs",
        **await contact_values(row, now),
        **running(row, detail, now),
        **allowed(request, row, detail),
    }


def running(row: CompanyRow, detail: RunDetail | None, now: datetime) -> Values:
    """Return what is said of the run that is asked for or goes on."""
    if detail is None:
        return {
            "run": None,
            "run_line": "",
            "pending": "",
            "entities": [],
            "progress_figures": [],
            "progress_total": None,
        }
    waits = detail.row.result_state == "waiting"
    begins = when_it_begins(row, now) if waits and detail.row.state == "queued" and detail.row.held_by != "off" else ""
    return {
        "run": detail.row,
        "run_line": begins or run_sentence(detail),
        "pending": not_active_sentence(row, now) if waits and has(row, "not_active") else "",
        **progress_values(detail, now),
    }


def allowed(request: HTMXRequest, row: CompanyRow, detail: RunDetail | None) -> Values:
    """Return which actions this person is offered now."""
    person, on = current(request).person, current(request).quickbooks_on
    manager = may(person, "accounting_manager")
    return {
        "sync_now": on and row.begun and row.state != "paused" and may(person, "member") and detail is None,
        "main_action": row.group != "needs_you",  # else the banner carries the primary button
        "may_pause": manager and row.begun and not has(row, "paused"),
        "may_resume": manager and has(row, "paused"),
        "may_cancel": manager and detail is not None,
        "may_note": may(person, "member"),
    }


async def contact_values(row: CompanyRow, now: datetime) -> Values:
    """Return the strip of 30 days with its gaps in words."""
    found = contact(await known_contact(row, now), now)
    none = "No call with the right licence key yet." if row.wrong_keys else never_called(row)
    return {"contact": found, "contact_more": more_gaps(found.more), "contact_none": none}


async def known_contact(row: CompanyRow, now: datetime) -> Known:
    """Return what is known of the calls of the last 30 days."""
    since = now - timedelta(days=DAYS + 1)
    return Known(
        hours=await history.contacts(row.id, since),
        first=await history.first_contact(row.id) or row.last_call_at,
        last_call=row.last_call_at,
        silent=has(row, "late", "not_active"),
        every=row.expected_every,
        window=row.window,
        paused=next((each.since for each in row.states if each.state == "paused"), None),
        wrong_key=row.wrong_keys is not None,
        notes=await history.contact_notes(row.id, since),
    )


async def charts(company: int) -> list[object]:
    """Return the charts of the last two weeks; none where nothing was synced in them."""
    limits = days_back(datetime.now(UTC).astimezone().date(), CHART)
    periods = await history.by_period(company, Wanted(), limits)
    found = [rows_chart(periods, limits), durations_chart(periods, limits)]
    return [chart for chart in found if not chart.empty]
