"""/sign-in and /sign-out."""

import re
from datetime import UTC, datetime
from typing import Any

from litestar import Controller, get, post
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Redirect, Response

from sync.store import people
from web.auth import TooManyTries, address_of, check_password, current, no_session, sign_in, who_asks, who_waits
from web.entering import waiting_page, ways_in
from web.forms import line, local_path, read_form
from web.frame import frame, page
from web.htmx import go_to

WRONG = "That e-mail and password do not go together"
TOO_MANY = "Too many tries. Wait ten minutes, then try again"
PLACES = (  # what a signed-out person may know of the page that waits: its kind, never a name
    (r"/companies/\d+/records.*", "Records"),
    (r"/companies/\d+/syncs/\d+.*", "a sync"),
    (r"/companies/\d+/syncs", "Syncs"),
    (r"/companies/\d+/search.*", "your search"),
    (r"/companies/\d+", "Sync status"),
    (r"/account/sessions", "Your sessions"),
    (r"/connect", "Connect to QuickBooks"),
    (r"/team", "Team"),
    (r"/audit-log", "Audit log"),
    (r"/settings.*", "Settings"),
    (r"/|/companies", "Companies"),
)


class SignInController(Controller):
    """The way in, back to the page one came from."""

    path = "/sign-in"
    opt = {"role": "public"}

    @get()
    async def show(self, request: HTMXRequest) -> Response[Any]:
        target = local_path(request.query_params.get("next", ""))
        if await people.nobody_yet():
            return Redirect("/first-run", status_code=303)
        if await who_asks(request):
            return Redirect(target, status_code=303)
        if await who_waits(request):
            return Redirect(waiting_page(target), status_code=303)
        return form_page(request, target)

    @post()
    async def enter(self, request: HTMXRequest) -> Response[Any]:
        form = await read_form(request)
        email, target = line(form, "email", longest=300).lower(), local_path(form.get("next", ""))
        try:
            person = await check_password(request, email, form.get("password", "")[:1000])
        except TooManyTries:
            await people.audit(email, "sign_in.blocked", address=address_of(request))
            return form_page(request, target, email, TOO_MANY, status=429)
        if person is None:
            await people.audit(email, "sign_in.failed", address=address_of(request))
            return form_page(request, target, email, WRONG, status=422)
        response = go_to(request, waiting_page(target) if person.role == people.WAITING else target)
        response.set_cookie(await sign_in(request, person))
        await people.audit(person.email, "sign_in.done", address=address_of(request))
        return response


@post("/sign-out", opt={"role": "viewer"})
async def sign_out(request: HTMXRequest) -> Response[Any]:
    """End this browser's session."""
    here = current(request)
    await people.end_session(here.person.id, here.session, datetime.now(UTC))
    await people.audit(here.person.email, "sign_out.done", address=address_of(request))
    response = go_to(request, "/sign-in")
    response.set_cookie(no_session(request))
    return response


def form_page(
    request: HTMXRequest, target: str, email: str = "", fault: str = "", *, status: int = 200
) -> Response[Any]:
    values = {
        **frame(request),
        **ways_in(request),
        "next": target,
        "place": place_of(target),
        "email": email,
        "fault": fault or None,
    }
    return page(request, "account/sign_in.html", values, status=status)


def place_of(path: str) -> str | None:
    """Return what the page is called that the person comes back to; None for the one that comes anyway."""
    if path == "/":
        return None
    for pattern, name in PLACES:
        if re.fullmatch(pattern, path.partition("?")[0]):
            return name
    return "the page you came from"
