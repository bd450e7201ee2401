"""/ and /companies: every company of the team, what needs somebody first."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from litestar import Controller, get, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Redirect, Response, ServerSentEvent, Template

from sync.store import companies, files
from sync.store.companies import CompanyRow
from web.auth import address_of, current, may
from web.filters import clock, day, day_time, local, plural, upper_first, words
from web.frame import Values, company_or_404, page, team_frame
from web.live import Parts, render, stream
from web.pages.setup.connect import way_in

GROUPS = (("needs_you", "Needs you"), ("in_order", "In order"), ("paused", "Paused by somebody"))


@get("/", opt={"role": "viewer"})
async def home(request: HTMXRequest) -> Response[Any]:
    """Go to the companies, or to connecting the first one."""
    return Redirect(await way_in(request), status_code=303)


class CompaniesController(Controller):
    """The home of everybody who is signed in."""

    path = "/companies"
    opt = {"role": "viewer"}

    @get()
    async def show(self, request: HTMXRequest) -> Template:
        values = {**await team_frame(request, "companies"), **await contents(request), "stream_url": "/companies/live"}
        return page(request, "companies/index.html", values)

    @get("/live")
    async def live(self, request: HTMXRequest) -> ServerSentEvent:
        async def read() -> Parts:
            return {"companies": render(request, "companies/_rows.html", await contents(request))}

        return stream(request, {"companies"}, read)

    @post("/{company:int}/went-back/seen", opt={"role": "accounting_manager"})
    async def went_back_seen(self, request: HTMXRequest, company: FromPath[int]) -> Response[Any]:
        """Put away that the company file went back in time."""
        row = await company_or_404(company)
        await files.went_back_seen(row.id, current(request).person.email, address_of(request))
        return Redirect(f"/companies/{row.id}", status_code=303)


async def contents(request: HTMXRequest) -> Values:
    """Return what the page and its live part read."""
    now = datetime.now(UTC)
    manages = may(current(request).person, "accounting_manager")
    rows = await companies.overview(now)
    groups = [(heading, [row for row in rows if row.group == key]) for key, heading in GROUPS]
    return {
        "groups": [(heading, members) for heading, members in groups if members],
        "steps": {row.id: step for row in rows if (step := next_step(row, manages=manages))},
        "seconds": {row.id: second_line(row) for row in rows},
        "may_connect": manages,
        "contact": {row.id: contact_words(row.hours) for row in rows},
        "sentence": sentence(rows),
        "updated_at": now,
    }


def sentence(rows: Sequence[CompanyRow]) -> str:
    """Seven companies. Three need you."""
    if not rows:
        return "None is connected yet."
    needy = sum(row.group == "needs_you" for row in rows)
    counted = f"{upper_first(words(len(rows)))} {plural(len(rows), 'company', 'companies')}."
    if not needy:
        return f"{counted} No connection needs you."
    return f"{counted} {upper_first(words(needy))} {plural(needy, 'needs', 'need')} you."


def next_step(row: CompanyRow, *, manages: bool) -> tuple[str, str] | None:
    """Return what to do about a company, and where, for who `manages` companies or does not; None: nothing to do."""
    home = f"/companies/{row.id}"
    match row.state:
        case "syncing" if row.running_run is not None:
            return "Watch", f"{home}/syncs/{row.running_run}"
        case "not_active" | "late" | "refused":
            return "Find out why", f"{home}/troubleshooting"
        case "wrong_file":
            return ("Check the file", f"{home}/setup/verify") if manages else ("See why", home)
        case "never_synced" if row.begun and row.last_call_at:
            return "Watch the first sync", home
        case "paused":
            return ("Resume", f"{home}/settings/pause") if manages else None
    if row.group != "needs_you":
        return None
    return ("Continue set-up", f"{home}/setup") if manages else ("See why", home)


def second_line(row: CompanyRow) -> str:
    """Return what follows the word of the state, in small."""
    match row.state:
        case "paused" if row.since:
            by = f"By {row.paused_by or 'somebody'} on {day(local(row.since).date())}"
            return f"{by}: {row.paused_why}" if row.paused_why else by
        case "waiting" if row.overdue_since and row.begun:
            return f"{row.state_small}; it was due by {day_time(row.overdue_since).removeprefix('today, ')}"
        case "waiting" if row.next_call_by and row.begun:
            return f"{row.state_small}, by {clock(row.next_call_by, seconds=False)}"
        case "wrong_file" if owner := (row.wrong_answer or {}).get("owner"):
            return f"The file of {owner['name']} answered; nothing was read"
    return row.state_small


def contact_words(hours: Sequence[str]) -> str:
    return f"Contact in {hours.count('full')} of the last {len(hours)} hours"
