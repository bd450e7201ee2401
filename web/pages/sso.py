"""/sso/start and /sso/callback: single sign-on, where a provider is configured; /guide/single-sign-on tells of it."""

import logging
from datetime import UTC, datetime
from typing import Any

from litestar import Controller, get
from litestar.exceptions import NotFoundException
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Redirect, Response, Template

from sync.smtp import is_email
from sync.store import accounts, people, workspace
from sync.store.accounts import NewAccount, Newcomers
from sync.store.people import Person
from web.auth import address_of, who_asks
from web.entering import CONNECT, begun_cookie, enter, tell_owners
from web.forms import CONTROL, local_path
from web.frame import frame, guide_frame, page
from web.sign_on import BEGUN_LASTS, Away, Begun, Profile, Provider, Refused, seal, unseal
from web.site import site_of

log = logging.getLogger("deskbridge.web")

TITLES = {  # why nobody was let in: heading, sentence, status
    "away": ("{0} does not answer", "Try again in a moment, or sign in with your password.", 502),
    "lost": (
        "That sign-in took too long",
        "It was not begun in this browser, or more than ten minutes ago. Begin it again.",
        400,
    ),
    "said_no": ("{0} did not sign you in", "You, or {0}, ended it. Nothing was changed.", 400),
    "refused": (
        "What came back from {0} was not right",
        "We let nobody in on it. Begin again; if it stays so, whoever runs this server finds the reason in its log.",
        400,
    ),
    "unverified": (
        "{0} has not verified your e-mail",
        "Confirm your e-mail address at {0} first, then sign in again.",
        403,
    ),
    "disabled": ("Your account is disabled", "An owner of the team can enable it.", 403),
    "other_subject": (
        "Another person of {0} has this account",
        "Your e-mail belongs to an account that signs in as somebody else at {0}. An owner of the team can help.",
        403,
    ),
    "closed": ("You have no account here", "This team takes people by invitation. Ask an owner of the team.", 403),
    "full": ("You have no account here yet", "Too many people wait for a role. Ask an owner of the team.", 403),
}


class SingleSignOnController(Controller):
    """There, and back."""

    path = "/sso"
    opt = {"role": "public"}

    @get("/start")
    async def start(self, request: HTMXRequest) -> Response[Any]:
        provider = provider_or_404(request)
        target = local_path(request.query_params.get("next", ""))
        if await people.nobody_yet():
            return Redirect("/first-run", status_code=303)
        if await who_asks(request):
            return Redirect(target, status_code=303)
        begun = Begun.new(target)
        try:
            address = await provider.address_for(begun)
        except (Away, Refused) as error:
            log.warning("single sign-on: %s", error)
            return failed(request, provider, "away", target)
        response: Response[Any] = Redirect(address, status_code=303)
        response.set_cookie(begun_cookie(request, seal(begun, site_of(request).key("sign-on")), BEGUN_LASTS))
        return response

    @get("/callback")
    async def back(self, request: HTMXRequest) -> Response[Any]:
        provider, site = provider_or_404(request), site_of(request)
        begun = unseal(request.cookies.get(site.cookie("sign-on"), ""), site.key("sign-on"))
        if begun is None:
            return failed(request, provider, "lost", "/")
        answer = {name: request.query_params.get(name, "") for name in ("state", "code", "error")}
        if "iss" in request.query_params:
            answer["iss"] = request.query_params["iss"]
        response = await self.answered(request, provider, begun, answer)
        response.set_cookie(begun_cookie(request, "", 0))  # it is worth one answer
        return response

    async def answered(
        self, request: HTMXRequest, provider: Provider, begun: Begun, answer: dict[str, str]
    ) -> Response[Any]:
        try:
            profile = await provider.profile(begun, answer)
        except Away as error:
            log.warning("single sign-on: %s", error)
            return failed(request, provider, "away", begun.target)
        except Refused as error:
            log.warning("single sign-on: %s", error)
            await people.audit("single sign-on", "sign_on.refused", subject=str(error), address=address_of(request))
            said_no = bool(answer["error"]) and answer["state"] == begun.state
            return failed(request, provider, "said_no" if said_no else "refused", begun.target)
        return await let_in(request, provider, profile, begun.target)


async def let_in(request: HTMXRequest, provider: Provider, profile: Profile, target: str) -> Response[Any]:
    """Find whose subject it is, or make the account, and sign them in."""
    settings, now = provider.settings, datetime.now(UTC)
    new = NewAccount(
        email=profile.email,
        name=CONTROL.sub("", profile.name).strip()[:120] or profile.email,
        subject=profile.subject,
        address=address_of(request),
    )
    newcomers = Newcomers(domains=settings.domains, role=settings.role)
    verified = profile.verified and is_email(profile.email)
    known = await people.knows_subject(profile.subject)
    found = await accounts.sign_on(new, newcomers, now, verified=verified)
    if not isinstance(found, Person):
        await people.audit(profile.email or "single sign-on", "sign_on.refused", subject=found, address=new.address)
        return failed(request, provider, found, target)
    await people.audit(found.email, "sign_in.done", detail={"by": settings.name}, address=new.address)
    if not known and found.role == people.WAITING:
        await tell_owners(site_of(request).settings, found.name, found.email)
    if not known and found.role != people.WAITING and await workspace.nothing_connected():
        target = CONNECT  # who may not begin there is told who may
    return await enter(request, found, target, new=not known)


def failed(request: HTMXRequest, provider: Provider, why: str, target: str) -> Template:
    """Say why nobody was let in, and the ways on."""
    title, sentence, status = TITLES[why]
    name = provider.settings.name
    values = {
        **frame(request),
        "title": title.format(name),
        "sentence": sentence.format(name),
        "provider": name,
        "next": target,
        "again": why in ("away", "lost", "said_no", "refused", "unverified"),
    }
    return page(request, "account/sign_on.html", values, status=status)


def provider_or_404(request: HTMXRequest) -> Provider:
    found = site_of(request).provider
    if found is None:
        raise NotFoundException
    return found


@get("/guide/single-sign-on", opt={"role": "public"})
async def guide(request: HTMXRequest) -> Template:
    """Say how one gets in from the provider, as a newcomer and later."""
    provider = site_of(request).provider
    settings = provider.settings if provider else None
    values = {
        "provider": settings.name if settings else None,
        "domains": bool(settings and settings.domains),
        "address": f"{site_of(request).settings.public_url}/sso/start?next=/connect",
    }
    return page(request, "guide/single_sign_on.html", {**await guide_frame(request), **values})
