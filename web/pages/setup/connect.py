"""/connect: what QuickBooks Desktop data is and how it gets here; then which company's data. For companies to come."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from litestar import Controller, get, post
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Redirect, Response, Template

from sync.store import companies, set_up, workspace
from sync.store.companies import CompanyRow
from web.auth import address_of, current, may, who_asks
from web.filters import joined
from web.forms import line, read_form
from web.frame import Values, frame, page, team_frame
from web.htmx import go_to

SWITCH = "/settings/integrations/quickbooks-desktop"
NEW = "new"
NAME = "Write the name of the company as the title bar of QuickBooks shows it"
CHOOSE = "Choose whose data it is"
TAKEN = "There is a company of this name: choose it in the list"
SHARED = "Say whether it is on the same computer as another company"


@dataclass(frozen=True, slots=True)
class Chosen:
    """The chooser as it was sent."""

    company: str = ""  # an id, or NEW
    name: str = ""
    shared: str = ""  # yes, no

    def faults(self, rows: list[CompanyRow]) -> dict[str, str]:
        """Return what is wrong, a sentence a field."""
        if self.company != NEW:
            return {} if self.company in {str(row.id) for row in rows} else {"company": CHOOSE}
        found = {}
        if not self.name:
            found["name"] = NAME
        elif self.name.casefold() in {row.name.casefold() for row in rows}:
            found["name"] = TAKEN
        if rows and self.shared not in ("yes", "no"):
            found["shared"] = SHARED
        return found


class ConnectController(Controller):
    """The way in for the first company and for each further one (B22)."""

    path = "/connect"
    opt = {"role": "accounting_manager"}

    @get(opt={"role": "public"})
    async def show(self, request: HTMXRequest) -> Template:
        """Explain; a signed-out person reads it too, and signs in when the button is pressed."""
        signed_in = await who_asks(request)
        begun = await set_up.begun(datetime.now(UTC)) if signed_in else []
        around = await team_frame(request, "companies") if signed_in else frame(request)
        return page(request, "setup/connect.html", {**around, "begun": begun})

    @get("/company")
    async def choose(self, request: HTMXRequest) -> Response[Any]:
        if not await workspace.quickbooks_on():
            return Redirect(SWITCH, status_code=303)
        return await chooser(request, Chosen())

    @post("/company")
    async def chosen(self, request: HTMXRequest) -> Response[Any]:
        if not await workspace.quickbooks_on():
            return go_to(request, SWITCH)
        form = await read_form(request)
        sent = Chosen(line(form, "company"), line(form, "name", longest=120), line(form, "shared"))
        faults = sent.faults(await companies.overview(datetime.now(UTC)))
        if faults:
            return await chooser(request, sent, faults)
        company = int(sent.company) if sent.company != NEW else await create(request, sent)
        return go_to(request, f"/companies/{company}/setup?chosen=1")


async def create(request: HTMXRequest, sent: Chosen) -> int:
    who = current(request).person.email
    return await set_up.create_company(
        sent.name, shares_computer=sent.shared == "yes", actor=who, address=address_of(request)
    )


async def chooser(request: HTMXRequest, sent: Chosen, faults: dict[str, str] | None = None) -> Template:
    rows = sorted(await companies.overview(datetime.now(UTC)), key=lambda row: row.name.casefold())
    values: Values = {
        **await team_frame(request, "companies"),
        "rows": [(row, distinction(row)) for row in rows],
        "sent": sent if rows else Chosen(NEW, sent.name, sent.shared),
        "new": NEW,
        "faults": faults or {},
    }
    return page(request, "setup/choose.html", values, status=422 if faults else 200)


def distinction(row: CompanyRow) -> str:
    """Return what tells a company from another: its file, edition and computers."""
    file = row.file_name or "No file yet"
    region = "Canada" if row.region == "CA" else "United States"
    return joined(f"{file}, {region}.", f"{', '.join(row.computers)}." if row.computers else "")


async def way_in(request: HTMXRequest) -> str:
    """Return where / leads: to connecting while nothing is connected and the visitor may, else to the companies."""
    if may(current(request).person, "accounting_manager") and not await set_up.anything_connected():
        return "/connect"
    return "/companies"
