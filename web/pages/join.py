"""/join/{token}: an invitation's link. It opens one account, once, with the e-mail and the role that an owner chose."""

from datetime import UTC, datetime
from typing import Any

from litestar import Controller, get, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Response

from sync.store import accounts, people, workspace
from sync.store.accounts import Invitation, NewAccount
from web.auth import ROLE_WORDS, address_of, hash_of, signed_in, who_asks
from web.entering import Form, enter, ways_in
from web.forms import read_form
from web.frame import frame, page
from web.passwords import RULE
from web.site import site_of

NO_REFERRER = {"referrer-policy": "no-referrer"}  # the address holds the token


class JoinController(Controller):
    """Name and password, and the person is in."""

    path = "/join/{token:str}"
    opt = {"role": "public"}

    @get()
    async def show(self, request: HTMXRequest, token: FromPath[str]) -> Response[Any]:
        await who_asks(request)
        found = await accounts.invitation(hash_of(token), datetime.now(UTC))
        return await form_page(request, token, found, Form(), {})

    @post()
    async def enter(self, request: HTMXRequest, token: FromPath[str]) -> Response[Any]:
        now = datetime.now(UTC)
        before = await who_asks(request)
        found = await accounts.invitation(hash_of(token), now)
        form = Form.read(await read_form(request))
        faults = form.faults(email=False)
        if found is None or faults:
            return await form_page(request, token, found, form, faults)
        hashed = await site_of(request).passwords.hash(form.password)
        new = NewAccount(email=found.email, name=form.name, password_hash=hashed, address=address_of(request))
        person = await accounts.join(hash_of(token), new, now)
        if person is None:
            return await form_page(request, token, None, form, {})
        if before:  # this browser was somebody else's
            await people.end_session(before.person.id, before.session, now)
        return await enter(request, person, "/")


async def form_page(
    request: HTMXRequest, token: str, found: Invitation | None, form: Form, faults: dict[str, str]
) -> Response[Any]:
    """Return the form, or the page that says that the link opens nothing (and no more to whoever has no link)."""
    here = signed_in(request)
    values = {**frame(request), "user": None, "here": here.person if here else None}
    if found is None:
        response = page(request, "account/join_over.html", values, status=404)
    else:
        more = {
            **ways_in(request),
            "token": token,
            "invitation": found,
            "role": ROLE_WORDS[found.role],
            "team": (await workspace.team()).name,
            "form": form,
            "faults": faults,
            "password_rule": RULE,
        }
        response = page(request, "account/join.html", {**values, **more}, status=422 if faults else 200)
    response.headers.update(NO_REFERRER)
    return response
