"""/first-run: the first visit makes the team and its owner. There is no such page once somebody exists."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from litestar import Controller, get, post
from litestar.exceptions import NotFoundException
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Response, Template

from sync.smtp import is_email
from sync.store import people
from web.auth import address_of, sign_in
from web.forms import line, read_form
from web.frame import frame, page
from web.htmx import go_to
from web.passwords import RULE, fault_of
from web.site import site_of


@dataclass(frozen=True, slots=True)
class Owner:
    """The form as it was sent."""

    team: str = ""
    name: str = ""
    email: str = ""
    password: str = ""

    @classmethod
    def read(cls, form: Mapping[str, str]) -> "Owner":
        return cls(
            team=line(form, "team", longest=120),
            name=line(form, "name", longest=120),
            email=line(form, "email", longest=300).lower(),
            password=form.get("password", ""),
        )

    def faults(self) -> dict[str, str]:
        """Return what is wrong, a sentence a field."""
        found = {
            "team": None if self.team else "Give your team a name, for example that of your company.",
            "name": None if self.name else "Give your name: others see it beside what you do.",
            "email": None if is_email(self.email) else "Give your e-mail address, for example ruth@example.com.",
            "password": fault_of(self.password),
        }
        return {field: fault for field, fault in found.items() if fault}


class FirstRunController(Controller):
    """The first page anybody sees."""

    path = "/first-run"
    opt = {"role": "public"}

    @get()
    async def show(self, request: HTMXRequest) -> Template:
        await only_once()
        return form_page(request, Owner(), {})

    @post()
    async def create(self, request: HTMXRequest) -> Response[Any]:
        await only_once()
        owner = Owner.read(await read_form(request))
        faults = owner.faults()
        if faults:
            return form_page(request, owner, faults)
        hashed = await site_of(request).passwords.hash(owner.password)
        person = await people.create_owner(team=owner.team, name=owner.name, email=owner.email, password_hash=hashed)
        if person is None:
            raise NotFoundException
        await people.audit(person.email, "owner.created", subject=person.name, address=address_of(request))
        response = go_to(request, "/")
        response.set_cookie(await sign_in(request, person))
        return response


async def only_once() -> None:
    if not await people.nobody_yet():
        raise NotFoundException


def form_page(request: HTMXRequest, owner: Owner, faults: dict[str, str]) -> Template:
    values = {**frame(request), "owner": owner, "faults": faults, "password_rule": RULE}
    return page(request, "account/first_run.html", values, status=422 if faults else 200)
