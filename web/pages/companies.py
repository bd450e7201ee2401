"""/ and /companies: every company of the team, what needs somebody first."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from litestar import Controller, get
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Redirect, Response, ServerSentEvent, Template

from sync.store import companies
from sync.store.companies import CompanyRow
from web.filters import plural, upper_first, words
from web.frame import Values, page, team_frame
from web.live import Parts, render, stream

GROUPS = (("needs_you", "Needs you"), ("in_order", "In order"), ("paused", "Paused by somebody"))


@get("/", opt={"role": "viewer"})
async def home() -> Response[Any]:
    """Go to the companies."""
    return Redirect("/companies", status_code=303)


class CompaniesController(Controller):
    """The home of everybody who is signed in."""

    path = "/companies"
    opt = {"role": "viewer"}

    @get()
    async def show(self, request: HTMXRequest) -> Template:
        values = {**await team_frame(request, "companies"), **await contents(), "stream_url": "/companies/live"}
        return page(request, "companies/index.html", values)

    @get("/live")
    async def live(self, request: HTMXRequest) -> ServerSentEvent:
        async def read() -> Parts:
            return {"companies": render(request, "companies/_rows.html", await contents())}

        return stream(request, {"companies"}, read)


async def contents() -> Values:
    now = datetime.now(UTC)
    rows = await companies.overview(now)
    groups = [(heading, [row for row in rows if row.group == key]) for key, heading in GROUPS]
    return {
        "groups": [(heading, members) for heading, members in groups if members],
        "steps": {row.id: step for row in rows if (step := next_step(row))},
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
        return f"{counted} Nothing needs you."
    return f"{counted} {upper_first(words(needy))} {plural(needy, 'needs', 'need')} you."


def next_step(row: CompanyRow) -> tuple[str, str] | None:
    """Return what to do about a company, and where; None when there is nothing to do."""
    home = f"/companies/{row.id}"
    match row.state:
        case "syncing" if row.running_run is not None:
            return "Watch", f"{home}/syncs/{row.running_run}"
        case "not_active" | "never_synced":
            return "See why", home
        case "wrong_file":
            return "Check the file", home
    return ("See why", home) if row.group == "needs_you" else None


def contact_words(hours: Sequence[str]) -> str:
    return f"Contact in {hours.count('full')} of the last {len(hours)} hours"
