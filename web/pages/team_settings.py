"""/settings: the team's own settings and the way to all others; QuickBooks Desktop, enabled or not."""

from datetime import UTC, datetime
from typing import Any

from litestar import Controller, get, post
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Response

from sync.store import companies, workspace
from web.auth import ROLE_WORDS, address_of, current
from web.filters import plural, words
from web.forms import line, read_form
from web.frame import Values, page, team_frame
from web.htmx import go_to
from web.site import site_of

QUICKBOOKS = "/settings/integrations/quickbooks-desktop"
TOLD = {
    "saved": ("good", "Saved."),
    "on": ("good", "QuickBooks Desktop is on. A company can be connected."),
    "off": (
        "good",
        "QuickBooks Desktop is off. No set-up begins, and every Web Connector hears that there is nothing to do.",
    ),
    "same": ("info", "It was so already."),
}


class SettingsController(Controller):
    """What the team has set."""

    path = "/settings"
    opt = {"role": "viewer"}

    @get()
    async def show(self, request: HTMXRequest) -> Response[Any]:
        return await settings_page(request)

    @post("/team", opt={"role": "owner"})
    async def save(self, request: HTMXRequest) -> Response[Any]:
        form = await read_form(request)
        name = line(form, "name", longest=120)
        if not name:
            return await settings_page(request, fault="Give your team a name, for example that of your company.")
        actor, address = current(request).person.email, address_of(request)
        renamed = await workspace.rename(name, actor, address)
        opened = await workspace.open_accounts(form.get("accounts", "") == "on", actor, address)
        return go_to(request, f"/settings?told={'saved' if renamed or opened else 'same'}")

    @get("/integrations")
    async def integrations(self, request: HTMXRequest) -> Response[Any]:
        values = {"team": await workspace.team(), "number": len(await companies.names())}
        return page(request, "settings/integrations.html", {**await team_frame(request, "settings"), **values})

    @get("/integrations/quickbooks-desktop")
    async def quickbooks(self, request: HTMXRequest) -> Response[Any]:
        told = request.query_params.get("told", "")
        rows = await companies.overview(datetime.now(UTC))
        team = await workspace.team()
        values: Values = {"flash": TOLD.get(told), "team": team, "rows": rows, "sentence": sentence(team.on, len(rows))}
        values = {**await team_frame(request, "settings"), **values, "quickbooks_off": False}  # the page says it itself
        return page(request, "settings/quickbooks.html", values)

    @post("/integrations/quickbooks-desktop/enable", opt={"role": "accounting_manager"})
    async def enable(self, request: HTMXRequest) -> Response[Any]:
        first = await workspace.nothing_connected()
        done = await workspace.switch_on(current(request).person.email, address_of(request))
        return go_to(request, "/connect" if first else f"{QUICKBOOKS}?told={'on' if done else 'same'}")

    @post("/integrations/quickbooks-desktop/disable", opt={"role": "accounting_manager"})
    async def disable(self, request: HTMXRequest) -> Response[Any]:
        done = await workspace.switch_off(current(request).person.email, address_of(request))
        return go_to(request, f"{QUICKBOOKS}?told={'off' if done else 'same'}")


async def settings_page(request: HTMXRequest, *, fault: str = "") -> Response[Any]:
    settings = site_of(request).settings
    values: Values = {
        "flash": TOLD.get(request.query_params.get("told", "")),
        "team": await workspace.team(),
        "fault": fault or None,
        "sign_on": settings.sign_on,
        "sign_on_role": ROLE_WORDS[settings.sign_on.role] if settings.sign_on else "",
        "public_url": settings.public_url,
    }
    return page(
        request,
        "settings/index.html",
        {**await team_frame(request, "settings"), **values},
        status=422 if fault else 200,
    )


def sentence(on: bool, number: int) -> str:
    """On. Seven companies."""
    counted = f"{words(number)} {plural(number, 'company', 'companies')}" if number else "no company yet"
    return f"Enabled, {counted}." if on else f"Not enabled, {counted}."
