"""/team: the people with their roles, who waits for one, invitations. Everybody sees it, owners change it."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from litestar import Controller, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Response

from sync.smtp import is_email
from sync.store import accounts, mail, resets, team, workspace
from sync.store.people import ROLES, WAITING
from sync.store.team import By, Member
from web.auth import ROLE_WORDS, address_of, current, hash_of, may
from web.filters import day_time, plural, upper_first, words
from web.forms import line, read_form
from web.frame import Values, page, team_frame
from web.htmx import go_to
from web.pages.reset import link_of, mail_link
from web.site import site_of

ROLE_SENTENCES = {
    "owner": "Looks after the team and its settings, and may do everything.",
    "accounting_manager": "Connects companies, holds the licence keys, approves what enters the books, clears IDs.",
    "member": "Edits records, starts a sync, sends again what failed, reads the log.",
    "viewer": "Reads; numbers of persons are masked.",
}
TOLD = {  # what an action led to, by the word in the address: never a word of the visitor's
    "role": ("good", "The role was changed. It holds from the next click on."),
    "disabled": ("good", "The person is shut out, and signed out everywhere."),
    "enabled": ("good", "The person may sign in again."),
    "approved": ("good", "The person has a role now."),
    "refused": ("good", "The account was deleted."),
    "revoked": ("good", "The invitation opens nothing any more."),
    "last_owner": ("bad", "The team needs one owner. Make somebody else an owner first."),
    "oneself": ("bad", "You cannot disable yourself. Another owner can."),
    "gone": ("bad", "That was changed in the meantime. Here is how it stands."),
    "same": ("info", "It was so already."),
}
MEMBER = "There is an account with this e-mail: give it another role instead."
OWNERS = {"role": "owner"}


class TeamController(Controller):
    """Who is in the team."""

    path = "/team"
    opt = {"role": "viewer"}

    @get()
    async def show(self, request: HTMXRequest) -> Response[Any]:
        return await team_page(request, told=request.query_params.get("told", ""))

    @post("/invitations", opt=OWNERS)
    async def invite(self, request: HTMXRequest) -> Response[Any]:
        form = await read_form(request)
        email, role = line(form, "email", longest=300).lower(), form.get("role", "")
        if not is_email(email):
            return await team_page(request, email=email, role=role, fault="Give the e-mail address of the person.")
        if role not in ROLES:
            return await team_page(request, email=email, fault="Choose a role.")
        token, by = secrets.token_urlsafe(32), by_whom(request)
        made = await accounts.invite(
            email, role, hash_of(token), actor=by.actor, address=by.address, now=datetime.now(UTC)
        )
        if not made:
            return await team_page(request, email=email, role=role, fault=MEMBER)
        link = f"{site_of(request).settings.public_url}/join/{token}"
        return await team_page(request, link=link, invited=email, mailed=await sent(request, email, role, link))

    @post("/invitations/{invitation:int}/revoke", opt=OWNERS)
    async def revoke(self, request: HTMXRequest, invitation: FromPath[int]) -> Response[Any]:
        by = by_whom(request)
        done = invitation < 1 << 63 and await accounts.revoke_invitation(
            invitation, actor=by.actor, address=by.address, now=datetime.now(UTC)
        )
        return go_to(request, f"/team?told={'revoked' if done else 'gone'}")

    @get("/{person:int}", opt=OWNERS)
    async def one(self, request: HTMXRequest, person: FromPath[int]) -> Response[Any]:
        return await person_page(request, person)

    @post("/{person:int}/password", opt=OWNERS)
    async def password(self, request: HTMXRequest, person: FromPath[int]) -> Response[Any]:
        """Make a link with which the person chooses a new password; it is on this one answer and never again."""
        token, by, now = secrets.token_urlsafe(32), by_whom(request), datetime.now(UTC)
        made = await resets.make(
            hash_of(token), resets.BY_OWNER, now, person=known(person), actor=by.actor, address=by.address
        )
        if made is None:
            return go_to(request, "/team?told=gone")
        settings = site_of(request).settings
        link = link_of(settings, token)
        mailed = await mail_link(settings, made.email, link, now + resets.BY_OWNER)
        return await person_page(request, person, link=link, mailed=mailed)

    @post("/{person:int}/role", opt=OWNERS)
    async def role(self, request: HTMXRequest, person: FromPath[int]) -> Response[Any]:
        chosen = (await read_form(request)).get("role", "")
        return answer(request, await team.change_role(known(person), chosen, by_whom(request)), "role")

    @post("/{person:int}/disable", opt=OWNERS)
    async def disable(self, request: HTMXRequest, person: FromPath[int]) -> Response[Any]:
        return answer(request, await team.disable(known(person), by_whom(request)), "disabled")

    @post("/{person:int}/enable", opt=OWNERS)
    async def enable(self, request: HTMXRequest, person: FromPath[int]) -> Response[Any]:
        return answer(request, await team.enable(known(person), by_whom(request)), "enabled")

    @post("/{person:int}/approve", opt=OWNERS)
    async def approve(self, request: HTMXRequest, person: FromPath[int]) -> Response[Any]:
        chosen = (await read_form(request)).get("role", "")
        return answer(request, await team.approve(known(person), chosen, by_whom(request)), "approved")

    @post("/{person:int}/refuse", opt=OWNERS)
    async def refuse(self, request: HTMXRequest, person: FromPath[int]) -> Response[Any]:
        return answer(request, await team.refuse(known(person), by_whom(request)), "refused")


async def person_page(request: HTMXRequest, person: int, *, link: str = "", mailed: bool = False) -> Response[Any]:
    """Return the page of one person; `link` is shown on this one answer. Raises NotFoundException."""
    found = next((member for member in await team.members() if member.id == person), None)
    if found is None:
        raise NotFoundException
    values = {
        "person": found,
        "roles": roles(),
        "waits": found.role == WAITING,
        "oneself": current(request).person.id == person,
        "link": link,
        "mailed": mailed,
        "mails": site_of(request).settings.smtp is not None,
        "hours": resets.BY_OWNER // timedelta(hours=1),
    }
    return page(request, "team/person.html", {**await team_frame(request, "team"), **values})


def known(person: int) -> int:
    """Return an id as the database can hold it. Raises NotFoundException."""
    if person >= 1 << 63:
        raise NotFoundException
    return person


def by_whom(request: HTMXRequest) -> By:
    person = current(request).person
    return By(person.email, address_of(request), person.id)


def answer(request: HTMXRequest, result: str, done: str) -> Response[Any]:
    return go_to(request, f"/team?told={done if result == 'done' else result}")


def roles() -> list[tuple[str, str, str]]:
    """Return each role with its word and its sentence, the one that may most first."""
    return [(role, upper_first(ROLE_WORDS[role]), ROLE_SENTENCES[role]) for role in reversed(ROLES)]


async def team_page(
    request: HTMXRequest,
    *,
    told: str = "",
    email: str = "",
    role: str = "viewer",
    fault: str = "",
    link: str = "",
    invited: str = "",
    mailed: bool = False,
) -> Response[Any]:
    """Return the page; `link` is shown on this one answer and never again."""
    here, everybody = current(request).person, await team.members()
    owner = may(here, "owner")
    people = [person for person in everybody if person.role != WAITING]
    waiting = [person for person in everybody if person.role == WAITING] if owner else []
    values: Values = {
        "people": people,
        "waiting": waiting,
        "invitations": await accounts.invitations() if owner else [],
        "now": datetime.now(UTC),
        "roles": roles(),
        "words": {role: word for role, word, _ in roles()},
        "sentences": ROLE_SENTENCES,
        "here": here.id,
        "owner": owner,
        "sentence": sentence(people, len(waiting)),
        "form": {"email": email, "role": role, "fault": fault or None},
        "link": link,
        "invited": invited,
        "mailed": mailed,
        "mails": site_of(request).settings.smtp is not None,
        "lasts": accounts.LASTS.days,
    }
    values |= await team_frame(request, "team")
    values["flash"] = TOLD.get(told)
    return page(request, "team/index.html", values, status=422 if fault else 200)


def sentence(people: list[Member], waiting: int) -> str:
    """Five people. Two wait for a role."""
    number = sum(person.disabled_at is None for person in people)
    said = f"{upper_first(words(number))} {plural(number, 'person', 'people')}."
    return f"{said} {upper_first(words(waiting))} {plural(waiting, 'waits', 'wait')} for a role." if waiting else said


async def sent(request: HTMXRequest, email: str, role: str, link: str) -> bool:
    """Put the invitation into the outbox where mail goes out; say whether it does. Else it would end up in the log."""
    if site_of(request).settings.smtp is None:
        return False
    person, name = current(request).person, (await workspace.team()).name
    until = day_time(datetime.now(UTC) + accounts.LASTS)
    body = (
        f"{person.name} invites you to {name} on Deskbridge, as {ROLE_WORDS[role]}.\n\n"
        f"Open this link, give your name and choose a password:\n\n{link}\n\n"
        f"It works once, until {until}. If you do not know {person.name}, leave it alone: nothing happens.\n"
    )
    await mail.queue(email, f"{person.name} invites you to {name}", body)
    return True
