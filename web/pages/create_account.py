"""/create-account and /waiting: an account that one makes oneself; it opens nothing until an owner gives it a role."""

from datetime import UTC, datetime
from typing import Any

from litestar import Controller, get, post
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Redirect, Response

from sync.store import accounts, people, workspace
from sync.store.accounts import NewAccount
from web.auth import TooManyTries, address_of, no_session, who_asks, who_waits
from web.entering import Form, count_account, enter, goes_on, tell_owners, waiting_page, ways_in
from web.forms import local_path, read_form
from web.frame import frame, page
from web.htmx import go_to
from web.passwords import RULE
from web.site import site_of

TAKEN = "There is an account with this e-mail. Sign in with it, or ask an owner of the team."
TOO_MANY = "Too many accounts were made from here. Wait an hour, then try again."
FULL = "Too many people wait for a role already. Ask an owner of the team for an invitation."


class CreateAccountController(Controller):
    """A short form; no mail has to arrive before the next step."""

    path = "/create-account"
    opt = {"role": "public"}

    @get()
    async def show(self, request: HTMXRequest) -> Response[Any]:
        target = local_path(request.query_params.get("next", ""))
        if await people.nobody_yet():
            return Redirect("/first-run", status_code=303)
        if await who_asks(request) or await who_waits(request):
            return Redirect(target, status_code=303)
        return await form_page(request, target, Form(), {})

    @post()
    async def create(self, request: HTMXRequest) -> Response[Any]:
        sent = await read_form(request)
        form, target = Form.read(sent), local_path(sent.get("next", ""))
        if await people.nobody_yet():
            return go_to(request, "/first-run")
        faults = form.faults()
        if faults:
            return await form_page(request, target, form, faults)
        try:
            await count_account(request)
        except TooManyTries:
            await people.audit(form.email, "account.blocked", address=address_of(request))
            return await form_page(request, target, form, {"": TOO_MANY}, status=429)
        hashed = await site_of(request).passwords.hash(form.password)
        new = NewAccount(email=form.email, name=form.name, password_hash=hashed, address=address_of(request))
        made = await accounts.create(new, datetime.now(UTC))
        if isinstance(
            made, str
        ):  # that an e-mail is taken is told: nobody could go on otherwise, and tries are counted
            fault = {"email": TAKEN} if made == "taken" else {"": FULL}
            return await form_page(request, target, form, fault)
        await tell_owners(site_of(request).settings, made.name, made.email)
        return await enter(request, made, target)


async def form_page(
    request: HTMXRequest, target: str, form: Form, faults: dict[str, str], *, status: int = 422
) -> Response[Any]:
    team = await workspace.team()
    values = {
        **frame(request),
        **ways_in(request),
        "next": target,
        "form": form,
        "faults": faults,
        "errors": [(field or None, sentence) for field, sentence in faults.items()],
        "password_rule": RULE,
        "open": team.accounts_open,
        "owners": await people.names_with("owner"),
    }
    return page(request, "account/create.html", values, status=status if faults else 200)


class WaitingController(Controller):
    """All that an account without a role can see."""

    path = "/waiting"
    opt = {"role": "public"}

    @get()
    async def show(self, request: HTMXRequest) -> Response[Any]:
        target = local_path(request.query_params.get("next", ""))
        here = await who_asks(request)
        if here:
            return go_to(request, await goes_on(here.person, target))
        waits = await who_waits(request)
        if waits is None:
            return go_to(request, "/")
        values = {
            **frame(request),
            "person": waits.person,
            "team": waits.team,
            "owners": await people.names_with("owner"),
            "here": waiting_page(target),
        }
        return page(request, "account/waiting.html", values, part="account/_waiting.html")

    @post("/sign-out")
    async def leave(self, request: HTMXRequest) -> Response[Any]:
        response, waits = go_to(request, "/"), await who_waits(request)
        if waits:
            await people.end_session(waits.person.id, waits.session, datetime.now(UTC))
            await people.audit(waits.person.email, "sign_out.done", address=address_of(request))
            response.set_cookie(no_session(request))
        return response
