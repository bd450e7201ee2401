"""What people do about a company's syncs but ask for one: cancel, pause, resume."""

from datetime import UTC, datetime, time, timedelta

from litestar import Controller, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Response, Template

from sync.protocol.window import zone_of
from sync.store import steering
from web.auth import address_of, current
from web.forms import line, read_form
from web.frame import company_frame, company_or_404, page
from web.htmx import go_to
from web.pages.runs import goes_on, run_or_404

MANAGER = {"role": "accounting_manager"}
HOUR = timedelta(hours=1)


class SteeringController(Controller):
    """Cancel, pause, resume. Each is a plain form, and leads back to the page that shows what came of it."""

    path = "/companies/{company:int}"

    @get("/syncs/{number:int}/cancel", opt=MANAGER)
    async def confirm(self, request: HTMXRequest, company: FromPath[int], number: FromPath[int]) -> Template:
        """Ask whether to cancel a sync: the page of who has no scripts, in place of the dialog."""
        row = await company_or_404(company)
        detail = await run_or_404(company, number)
        values = {
            **await company_frame(request, row, "status"),
            "run": detail.row,
            "alive": goes_on(detail),
            "back": f"/companies/{company}/syncs/{number}",
        }
        return page(request, "runs/cancel.html", values)

    @post("/syncs/{number:int}/cancel", opt=MANAGER)
    async def cancel(self, request: HTMXRequest, company: FromPath[int], number: FromPath[int]) -> Response[object]:
        await company_or_404(company)
        await run_or_404(company, number)
        await steering.cancel_run(company, number, current(request).person.email, address_of(request))
        return go_to(request, f"/companies/{company}/syncs/{number}")

    @post("/pause", opt=MANAGER)
    async def pause(self, request: HTMXRequest, company: FromPath[int]) -> Response[object]:
        row = await company_or_404(company)
        form = await read_form(request)
        until = pause_until(line(form, "for"), row.window.zone, datetime.now(UTC))
        why = line(form, "why", longest=200)
        await steering.pause(company, until, why, current(request).person.email, address_of(request))
        return go_to(request, back(company, line(form, "back")))

    @post("/resume", opt=MANAGER)
    async def resume(self, request: HTMXRequest, company: FromPath[int]) -> Response[object]:
        await company_or_404(company)
        form = await read_form(request)
        await steering.resume(company, current(request).person.email, address_of(request))
        return go_to(request, back(company, line(form, "back")))


def back(company: int, page: str) -> str:
    """Return the page that the form was on: the settings, else the sync status."""
    return f"/companies/{company}/settings/pause" if page == "settings" else f"/companies/{company}"


def pause_until(choice: str, zone: str, now: datetime) -> datetime | None:
    """Return when a pause ends: in an hour, at the company's midnight, or with None never by itself.

    Raises NotFoundException for any other choice: no form of ours sends one.
    """
    match choice:
        case "hour":
            return now + HOUR
        case "today":
            return midnight_after(now, zone)
        case "open":
            return None
    raise NotFoundException


def midnight_after(now: datetime, zone: str) -> datetime:
    """Return when the day ends where the company is; without a zone, where the server is."""
    here = now.astimezone(zone_of(zone) if zone else None)
    tomorrow = datetime.combine(here.date() + timedelta(days=1), time())
    return (tomorrow.replace(tzinfo=zone_of(zone)) if zone else tomorrow.astimezone()).astimezone(UTC)
