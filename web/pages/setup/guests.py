"""Set-up links: one lets somebody without an account into the set-up of one company; who makes and ends them."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from litestar import Controller, get, post
from litestar.datastructures import Cookie
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Redirect, Response, Template

from sync.store import links
from sync.store.links import LinkRow
from web.auth import address_of, current, hash_of, link_cookie
from web.forms import line, read_form
from web.frame import Values, company_or_404, frame, page
from web.htmx import go_to
from web.pages.setup.shell import shell
from web.site import site_of

LASTS = {"1": "1 hour", "24": "1 day", "168": "7 days"}  # hours -> words
NO_REFERRER = {"referrer-policy": "no-referrer"}


@get("/set-up/{token:str}", opt={"role": "public"})
async def enter(request: HTMXRequest, token: FromPath[str]) -> Response[Any]:
    """Take the token out of the address into a cookie, and go to the set-up."""
    now = datetime.now(UTC)
    link = await links.living(hash_of(token), now)
    if link is None:
        template = page(request, "setup/link_over.html", frame(request), status=404)
        template.headers.update(NO_REFERRER)
        return template
    await links.opened(link, address_of(request), now)
    response: Response[Any] = Redirect(f"/companies/{link.company}/setup", status_code=303, headers=NO_REFERRER)
    response.set_cookie(cookie_for(request, link, token, now))
    return response


def cookie_for(request: HTMXRequest, link: LinkRow, token: str, now: datetime) -> Cookie:
    return Cookie(
        key=link_cookie(request, link.company),
        value=token,
        max_age=int((link.expires_at - now).total_seconds()),
        path="/",
        secure=site_of(request).secure,
        httponly=True,
        samesite="lax",
    )


@dataclass(frozen=True, slots=True)
class Wanted:
    """A link as it was asked for."""

    for_whom: str = ""
    hours: str = "24"

    @property
    def faults(self) -> dict[str, str]:
        """What is wrong, a sentence a field."""
        found = {} if self.for_whom else {"for_whom": "Say who will use the link"}
        return found if self.hours in LASTS else {**found, "hours": "Choose how long the link works"}


class LinksController(Controller):
    """/companies/{id}/setup/links: for owners and accounting managers, never for who came by a link."""

    path = "/companies/{company:int}/setup/links"
    opt = {"role": "accounting_manager"}

    @get()
    async def show(self, request: HTMXRequest, company: FromPath[int]) -> Template:
        return await links_page(request, company, Wanted())

    @post()
    async def add(self, request: HTMXRequest, company: FromPath[int]) -> Template:
        """Show the new link on the answer itself: its token is in no address and is not kept."""
        form = await read_form(request)
        wanted = Wanted(line(form, "for_whom", longest=120), line(form, "hours", longest=4))
        if wanted.faults:
            return await links_page(request, company, wanted, wanted.faults)
        row = await company_or_404(company)
        token = secrets.token_urlsafe(32)
        expires = datetime.now(UTC) + timedelta(hours=int(wanted.hours))
        who = current(request).person.email
        await links.add_link(row.id, hash_of(token), wanted.for_whom, expires, who, address_of(request))
        address = f"{site_of(request).settings.public_url}/set-up/{token}"
        return await links_page(request, company, Wanted(), made=(wanted.for_whom, address, LASTS[wanted.hours]))

    @post("/{link:int}/revoke")
    async def revoke(self, request: HTMXRequest, company: FromPath[int], link: FromPath[int]) -> Response[Any]:
        if not await links.revoke_link(company, link, current(request).person.email, address_of(request)):
            raise NotFoundException
        return go_to(request, f"/companies/{company}/setup/links")


async def links_page(
    request: HTMXRequest,
    company: int,
    wanted: Wanted,
    faults: dict[str, str] | None = None,
    made: tuple[str, str, str] | None = None,
) -> Template:
    row = await company_or_404(company)
    values: Values = {
        **await shell(request, row),
        "stream_url": None,
        "links": await links.links_of(row.id, datetime.now(UTC)),
        "wanted": wanted,
        "faults": faults or {},
        "made": made,
        "lasts": list(LASTS.items()),
    }
    return page(request, "setup/links.html", values, status=422 if faults else 200)
