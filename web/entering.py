"""What the ways in have in common: where a person goes on, what an account is made of, how often one may try."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from litestar.datastructures import Cookie
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Response

from sync.settings import Settings
from sync.smtp import is_email
from sync.store import mail, people, workspace
from sync.store.people import WAITING, Person
from web.auth import TooManyTries, address_of, may, sign_in
from web.forms import line
from web.frame import Values
from web.htmx import go_to
from web.passwords import fault_of
from web.site import AnyRequest, site_of

ACCOUNTS = 5  # that one address may make
WINDOW = timedelta(hours=1)
CONNECT, CONNECTS = "/connect", "accounting_manager"  # the page that begins to connect data, and whom it lets
NAME_MISSING = "Give your name: others see it beside what you do."
EMAIL_MISSING = "Give your e-mail address, for example ruth@example.com."


@dataclass(frozen=True, slots=True)
class Form:
    """Somebody's own account as the form was sent."""

    name: str = ""
    email: str = ""
    password: str = ""

    @classmethod
    def read(cls, form: Mapping[str, str]) -> "Form":
        return cls(
            name=line(form, "name", longest=120),
            email=line(form, "email", longest=300).lower(),
            password=form.get("password", ""),
        )

    def faults(self, *, email: bool = True) -> dict[str, str]:
        """Return what is wrong, a sentence a field."""
        found = {
            "name": None if self.name else NAME_MISSING,
            "email": None if not email or is_email(self.email) else EMAIL_MISSING,
            "password": fault_of(self.password),
        }
        return {field: fault for field, fault in found.items() if fault}


async def count_account(request: AnyRequest) -> None:
    """Count one more account from this address. Raises TooManyTries."""
    digest = hashlib.sha256(address_of(request).encode()).hexdigest()
    now = datetime.now(UTC)
    if await people.count_try(f"account:address:{digest}", window=WINDOW, now=now) > ACCOUNTS:
        raise TooManyTries


async def goes_on(person: Person, target: str, *, new: bool = False) -> str:
    """Return where a person goes on: to the page they came for; who is new, to connecting data where none is yet."""
    if person.role == WAITING:
        return waiting_page(target)
    if (new or target == "/") and may(person, CONNECTS) and await workspace.nothing_connected():
        return CONNECT
    return target


def waiting_page(target: str) -> str:
    return "/waiting" if target == "/" else f"/waiting?next={quote(target, safe='/')}"


async def enter(request: HTMXRequest, person: Person, target: str, *, new: bool = True) -> Response[Any]:
    """Sign a person in and send them on."""
    response = go_to(request, await goes_on(person, target, new=new))
    response.set_cookie(await sign_in(request, person))
    return response


def ways_in(request: AnyRequest) -> Values:
    """Return what account/_ways.html reads."""
    provider = site_of(request).provider
    return {"provider": provider.settings.name if provider else None}


async def tell_owners(settings: Settings, name: str, email: str) -> None:
    """Write to the owners that somebody waits for a role, where mail goes out."""
    if settings.smtp is None:
        return
    body = f"{name} ({email}) has created an account and waits for a role.\n\n{settings.public_url}/team\n"
    for owner in await people.emails_with("owner"):
        await mail.queue(owner, f"{name} waits for a role", body)


def begun_cookie(request: AnyRequest, value: str, lasts: int) -> Cookie:
    """Return the cookie of a sign-on on its way."""
    site = site_of(request)
    return Cookie(
        key=site.cookie("sign-on"),
        value=value,
        max_age=lasts,
        path="/",
        secure=site.secure,
        httponly=True,
        samesite="lax",  # the provider sends the browser back by a plain link
    )
