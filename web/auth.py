"""Who is asking: the session cookie, signing in and out, the role that each route declares, set-up links.

Rule 1: every route handler has `opt={"role": …}`, one of ROLES or "public"; `create_app` refuses one without.
Rule 2: the cookie holds 32 random bytes that are new at each sign-in; the database holds their hash.
Rule 3: `opt={"setup_link": True}` also lets in who came by a living set-up link of the company in the address.
"""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from litestar.datastructures import Cookie
from litestar.handlers import BaseRouteHandler
from litestar.plugins.htmx import HTMXRequest

from sync.store import links, people
from sync.store.links import LinkRow
from sync.store.people import ROLES, Person, SignedIn
from web.forms import local_path
from web.site import AnyRequest, Connection, site_of

COOKIE_LASTS = timedelta(days=400)  # as long as browsers allow; the row in the database ends the session
ROLE_WORDS = {
    "viewer": "viewer",
    "member": "member",
    "accounting_manager": "accounting manager",
    "owner": "owner",
}
TRIES = 10  # of one e-mail, and three times as many of one address
WINDOW = timedelta(minutes=10)
BY_LINK = "setup_link"  # the role of who came by a set-up link: none of ROLES


class NotSignedIn(Exception):
    """The page needs somebody who is signed in."""


class RoleNeeded(Exception):
    """The page needs a role that the person does not have."""

    def __init__(self, role: str, givers: list[str]) -> None:
        super().__init__(role)
        self.role = role
        self.givers = givers  # names of those who can give it


class TooManyTries(Exception):
    """Somebody guesses; nobody is let in until the window is over."""


@dataclass(frozen=True, slots=True)
class Doer:
    """Who does something on a page of set-up: somebody signed in, or somebody with a set-up link."""

    name: str
    actor: str  # as the audit log names them
    role: str  # one of ROLES, or BY_LINK
    link: LinkRow | None = None

    def may(self, role: str) -> bool:
        """Say whether they may do what needs this role; with a link nobody may."""
        return self.role in ROLES and ROLES.index(self.role) >= ROLES.index(role)


def check_roles(handlers: Iterable[BaseRouteHandler]) -> None:
    """Raise LookupError if a route does not say who may use it."""
    for handler in handlers:
        if handler.opt.get("role") not in (*ROLES, "public"):
            raise LookupError(f"{handler} declares no role: give it opt={{'role': …}}")


async def guard(connection: Connection, handler: BaseRouteHandler) -> None:
    """Let through whom the handler's role allows; leave who that is in the scope."""
    if handler.opt.get("api"):  # the guard of tokens looks there, and cookies count for nothing
        return
    role = handler.opt.get("role", "public" if connection.scope.get("method") == "OPTIONS" else "owner")
    if role == "public":  # OPTIONS is answered by the framework, with the methods of the address and nothing else
        return
    signed_in = await who_asks(connection)
    if signed_in is not None and may(signed_in.person, role):
        return
    if await came_by_link(connection, handler):
        return
    if signed_in is None:
        raise NotSignedIn
    raise RoleNeeded(role, await people.names_with("owner"))


async def is_let_in(connection: Connection) -> bool:
    """Say whether who passed the guard still would: a stream asks again and again."""
    found = connection.scope.get("auth")
    if isinstance(found, LinkRow):
        return await came_by_link(connection, connection.route_handler)
    asks = await who_asks(connection)
    return asks is not None and may(asks.person, connection.route_handler.opt.get("role", "owner"))


async def came_by_link(connection: Connection, handler: BaseRouteHandler) -> bool:
    """Say whether a living set-up link of the company in the address opens this route; remember the link."""
    company = connection.path_params.get("company")
    if not handler.opt.get("setup_link") or not isinstance(company, int):
        return False
    token = connection.cookies.get(link_cookie(connection, company))
    found = await links.living(hash_of(token), datetime.now(UTC)) if token else None
    if found is None or found.company != company:
        return False
    connection.scope["auth"] = found
    return True


def link_cookie(connection: Connection, company: int) -> str:
    """Return the name of the cookie that holds the token of a company's set-up link."""
    return site_of(connection).cookie(f"setup-{company}")


def doer(connection: Connection) -> Doer:
    """Return who passed the guard: signed in, or by a set-up link. Raises NotSignedIn on public pages."""
    link = connection.scope.get("auth")
    if isinstance(link, LinkRow):
        return Doer(link.for_whom, link.actor, BY_LINK, link)
    person = current(connection).person
    return Doer(person.name, person.email, person.role)


def may(person: Person, role: str) -> bool:
    """Say whether a person may do what needs this role."""
    return ROLES.index(person.role) >= ROLES.index(role)


async def who_asks(connection: Connection) -> SignedIn | None:
    """Return who is signed in, and remember it for this request."""
    token = connection.cookies.get(site_of(connection).cookie("session"))
    found = await people.session(hash_of(token), datetime.now(UTC)) if token else None
    connection.scope["user"] = found
    return found


async def who_waits(connection: Connection) -> SignedIn | None:
    """Return who is here with an account that has no role yet: to every page but theirs that is nobody."""
    token = connection.cookies.get(site_of(connection).cookie("session"))
    return await people.session(hash_of(token), datetime.now(UTC), waiting=True) if token else None


def signed_in(connection: Connection) -> SignedIn | None:
    """Return who passed the guard; None on public pages and error pages."""
    found = connection.scope.get("user")
    return found if isinstance(found, SignedIn) else None


def current(connection: Connection) -> SignedIn:
    """Return who passed the guard. Raises NotSignedIn on public pages."""
    found = signed_in(connection)
    if found is None:
        raise NotSignedIn
    return found


def hash_of(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def address_of(connection: Connection) -> str:
    return connection.client.host if connection.client else ""


async def sign_in(request: HTMXRequest, person: Person) -> Cookie:
    """Open a session with a new token; return the cookie that carries it."""
    token = secrets.token_urlsafe(32)
    await people.open_session(
        person=person.id,
        token_hash=hash_of(token),
        address=address_of(request),
        agent=request.headers.get("user-agent", ""),
        now=datetime.now(UTC),
    )
    return session_cookie(request, token, COOKIE_LASTS)


def no_session(request: HTMXRequest) -> Cookie:
    """Return the cookie that makes the browser forget its token."""
    return session_cookie(request, "", timedelta(0))


def session_cookie(request: HTMXRequest, token: str, lasts: timedelta) -> Cookie:
    site = site_of(request)
    return Cookie(
        key=site.cookie("session"),
        value=token,
        max_age=int(lasts.total_seconds()),
        path="/",
        secure=site.secure,
        httponly=True,
        samesite="lax",
    )


async def check_password(request: HTMXRequest, email: str, password: str) -> Person | None:
    """Return the person if the password is right. Raises TooManyTries before it looks.

    An unknown e-mail takes as long as a known one, and counts alike.
    """
    now = datetime.now(UTC)
    by_email = f"sign-in:e-mail:{hashlib.sha256(email.encode()).hexdigest()}"
    by_address = f"sign-in:address:{address_of(request)}"
    tries = await people.count_try(by_email, window=WINDOW, now=now)
    if max(tries, (await people.count_try(by_address, window=WINDOW, now=now) + 2) // 3) > TRIES:
        raise TooManyTries
    found = await people.by_email(email)
    person, hashed = found or (None, None)
    if not await site_of(request).passwords.fits(password, hashed):
        return None
    await people.forget_tries(by_email)
    return person


def way_back(request: AnyRequest) -> str:
    """Return the local page that the person is on, to come back to after signing in."""
    if request.method == "GET" and request.headers.get("hx-request") != "true":
        query = f"?{request.url.query}" if request.url.query else ""
        return local_path(request.url.path + query)
    came_from = urlsplit(request.headers.get("hx-current-url") or request.headers.get("referer") or "")
    if came_from.netloc != request.headers.get("host"):
        return "/"
    return local_path(came_from.path + (f"?{came_from.query}" if came_from.query else ""))
