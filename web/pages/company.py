"""/companies/{id}: sync status. Is it connected, how fresh is the data, what runs, what ran."""

from collections.abc import Sequence
from datetime import UTC, datetime

from litestar import Controller, get
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import ServerSentEvent, Template

from sync.store import companies, runs
from sync.store.companies import CompanyRow, EntityFreshness
from sync.store.runs import RunDetail
from web.auth import current, may
from web.filters import ago, day_time
from web.frame import Values, company_frame, company_or_404, page
from web.live import Parts, render, stream
from web.progress import progress_values, run_sentence

RECENT = 6
SEEN_TO = "Check that the computer is on and online, and that the Web Connector runs with Auto-Run ticked."


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
            parts = ("state", "bridge", "progress", "runs")
            return {part: render(request, f"company/_{part}.html", values) for part in parts}

        return stream(request, {f"company:{company}"}, read)


async def contents(request: HTMXRequest, row: CompanyRow) -> Values:
    """Return what the page and each of its live parts read."""
    now = datetime.now(UTC)
    number = await runs.active_number(row.id)
    detail = await runs.run(row.id, number, now) if number is not None else None
    fresh = await companies.freshness(row.id)
    ready = row.state != "never_synced" or row.last_call_at is not None
    return {
        "row": row,
        "banner": banner(row, now),
        "state_line": state_line(row, fresh),
        "places": places(row),
        "hops": hops(row, fresh),
        "sync_now": ready and may(current(request).person, "member") and detail is None,
        "freshness": fresh,
        "runs": await runs.runs_of(row.id, limit=RECENT),
        "runs_url": f"/companies/{row.id}/syncs",
        **running(detail, now),
    }


def running(detail: RunDetail | None, now: datetime) -> Values:
    """Return what is said of the run that is asked for or goes on."""
    if detail is None:
        return {"run": None, "run_line": "", "entities": [], "progress_figures": [], "progress_total": None}
    return {"run": detail.row, "run_line": run_sentence(detail), **progress_values(detail, now)}


def state_line(row: CompanyRow, fresh: Sequence[EntityFreshness]) -> str:
    """Data as of today, 14:20. Last call 14:31, from SERVER-01."""
    as_of = data_as_of(fresh) if row.last_sync_at else None
    begun = "The first sync is not over yet." if fresh else "No data yet."
    data = f"Data as of {day_time(as_of)}." if as_of else begun
    if row.last_call_at is None:
        return f"{data} The Web Connector has not called yet."
    place = f", from {together(row.computers)}" if row.computers else ""
    call = "In session since" if row.state == "syncing" else "Last call"
    return f"{data} {call} {day_time(row.last_call_at)}{place}."


def data_as_of(fresh: Sequence[EntityFreshness]) -> datetime | None:
    """Return since when nothing is known of any kind: the oldest of the last complete readings."""
    read = [each.as_of for each in fresh if each.as_of and not each.off]
    return min(read, default=None)


def together(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def places(row: CompanyRow) -> list[tuple[str | None, str, str]]:
    machines = row.computers
    several = f"{len(machines)} computers" if len(machines) > 1 else "".join(machines)
    return [
        ("book", "QuickBooks", row.file_name or "no file yet"),
        ("screen", "Web Connector", several or "no computer yet"),
        ("bridge", "Deskbridge", row.name),
    ]


def hops(row: CompanyRow, fresh: Sequence[EntityFreshness]) -> list[tuple[str, str, str, str]]:
    """Return the two hops (A15): from QuickBooks to the Web Connector, and from there to us."""
    read = max((each.as_of for each in fresh if each.as_of), default=None)
    first = ("working", "Working") if read else ("unknown", "Not known")
    if row.state == "wrong_file":
        first = ("error", "Wrong company file")
    elif row.state == "refused":
        first = ("error", "QuickBooks did not open")
    elif row.state == "not_active":
        first = ("unknown", "Not known")
    second = ("no_calls", "No calls") if row.state == "not_active" else ("working", "Working")
    if row.last_call_at is None:
        second = ("unknown", "Not known")
    syncing = row.state == "syncing"
    if syncing and row.running_since:
        first, read = ("working", "Working"), row.running_since
    since = ("Reading since", "In session since") if syncing else ("Last read", "Last call")
    return [
        (*first, since[0], day_time(read, seconds=True)),
        (*second, since[1], day_time(row.last_call_at, seconds=True)),
    ]


def banner(row: CompanyRow, now: datetime) -> tuple[str, str, str] | None:
    """Return kind, sentence and evidence of what stands in the way, if anything does."""
    match row.state:
        case "not_active" if row.last_call_at:
            title = "Your QuickBooks Desktop connection is not active."
            when = f"It was last active {day_time(row.last_call_at)} ({ago(row.last_call_at, now)})."
            return "not_active", f"{title} {when}", f"{row.state_small}. {SEEN_TO}"
        case "wrong_file":
            title = "This is not the company file you expected. Nothing was read, and nothing was written."
            return "wrong_file", title, f"{row.state_small}. Open the right company file in QuickBooks."
        case "never_synced":
            title = f"Never synced. {row.state_why}"
            return (
                "never_synced",
                title,
                "Check that QuickBooks is open and that Auto-Run is ticked in the Web Connector.",
            )
        case "paused":
            return "paused", "Paused", f"{row.state_small}, since {day_time(row.since)}. Nothing is read meanwhile."
        case "refused":
            return (
                "refused",
                f"QuickBooks refuses. {row.state_small}",
                "It goes on by itself when QuickBooks opens the company file.",
            )
    return None
