"""/forgotten-password asks for a link by mail; /reset/{token} is the link: a new password, once."""

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from litestar import Controller, get, post
from litestar.background_tasks import BackgroundTask
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Response

from sync.settings import Settings
from sync.smtp import is_email
from sync.store import mail, people, resets, workspace
from sync.store.resets import Reset
from web.auth import TooManyTries, address_of, hash_of, signed_in, who_asks
from web.entering import enter, ways_in
from web.filters import day_time
from web.forms import line, read_form
from web.frame import frame, page
from web.pages.join import NO_REFERRER
from web.passwords import RULE, fault_of
from web.site import site_of

WINDOW = timedelta(hours=1)
LINKS = 3  # that are sent to one e-mail within it
ASKED = 10  # times that one address may ask within it, and try links
EMAIL_MISSING = "Give the e-mail address that you sign in with."
TOO_MANY = "Too many tries from here. Wait an hour, then try again."


class ForgottenController(Controller):
    """Ask for a link. The answer is the same, and as quick, whoever has the address."""

    path = "/forgotten-password"
    opt = {"role": "public"}

    @get()
    async def show(self, request: HTMXRequest) -> Response[Any]:
        return asking(request, line(request.query_params, "email", longest=300))

    @post()
    async def ask(self, request: HTMXRequest) -> Response[Any]:
        settings = site_of(request).settings
        email = line(await read_form(request), "email", longest=300).lower()
        if settings.smtp is None:
            return asking(request)
        if not is_email(email):
            return asking(request, email, EMAIL_MISSING, status=422)
        try:
            await count(f"reset:ask:{address_of(request)}", ASKED)
        except TooManyTries:
            return asking(request, email, TOO_MANY, status=429)
        response = asking(request, email, asked=True)
        response.background = BackgroundTask(send_link, settings, email, address_of(request))
        return response


class ResetController(Controller):
    """Choose a new password."""

    path = "/reset/{token:str}"
    opt = {"role": "public"}

    @get()
    async def show(self, request: HTMXRequest, token: FromPath[str]) -> Response[Any]:
        await who_asks(request)
        return choosing(request, token, await resets.living(hash_of(token), datetime.now(UTC)))

    @post()
    async def choose(self, request: HTMXRequest, token: FromPath[str]) -> Response[Any]:
        now = datetime.now(UTC)
        before = await who_asks(request)
        found = await resets.living(hash_of(token), now)
        password = (await read_form(request)).get("password", "")
        fault = fault_of(password)
        if found is None or fault:
            return choosing(request, token, found, fault)
        hashed = await site_of(request).passwords.hash(password)
        person = await resets.use(hash_of(token), hashed, address_of(request), now)
        if person is None:
            return choosing(request, token, None)
        if before:  # this browser was somebody's
            await people.end_session(before.person.id, before.session, now)
        return await enter(request, person, "/", new=False)


async def count(key: str, most: int) -> None:
    """Count one more try. Raises TooManyTries."""
    digest = hashlib.sha256(key.encode()).hexdigest()
    if await people.count_try(f"reset:{digest}", window=WINDOW, now=datetime.now(UTC)) > most:
        raise TooManyTries


async def send_link(settings: Settings, email: str, address: str) -> None:
    """Make a link and put it into the outbox, where the address belongs to somebody with a password.

    Runs behind the answer, which therefore tells nobody which addresses are known.
    """
    try:
        await count(f"link:{email}", LINKS)
    except TooManyTries:
        return
    token, now = secrets.token_urlsafe(32), datetime.now(UTC)
    person = await resets.make(hash_of(token), resets.BY_MAIL, now, email=email, address=address)
    if person is not None:
        await mail_link(settings, person.email, link_of(settings, token), now + resets.BY_MAIL)


def link_of(settings: Settings, token: str) -> str:
    return f"{settings.public_url}/reset/{token}"


async def mail_link(settings: Settings, email: str, link: str, until: datetime) -> bool:
    """Put a link into the outbox where mail goes out; say whether it does. Else it would end up in the log."""
    if settings.smtp is None:
        return False
    team = (await workspace.team()).name
    body = (
        f"Choose a new password for {team} on Deskbridge:\n\n{link}\n\n"
        f"The link works once, until {day_time(until)}. Every browser that is signed in as you is then signed out.\n"
        "If you did not ask for it, leave it alone: your password stays as it is.\n"
    )
    await mail.queue(email, "A new password for Deskbridge", body)
    return True


def asking(
    request: HTMXRequest, email: str = "", fault: str = "", *, asked: bool = False, status: int = 200
) -> Response[Any]:
    mails = site_of(request).settings.smtp is not None
    values = {**frame(request), **ways_in(request), "email": email, "fault": fault or None, "asked": asked}
    return page(request, "account/forgotten.html", {**values, "mails": mails}, status=status)


def choosing(request: HTMXRequest, token: str, found: Reset | None, fault: str | None = None) -> Response[Any]:
    """Return the form, or the page that says that the link opens nothing."""
    here = signed_in(request)
    values = {**frame(request), "user": None, "here": here.person if here else None}
    if found is None:
        response = page(request, "account/reset_over.html", values, status=404)
    else:
        more = {"token": token, "reset": found, "fault": fault, "password_rule": RULE}
        response = page(request, "account/reset.html", {**values, **more}, status=422 if fault else 200)
    response.headers.update(NO_REFERRER)
    return response
