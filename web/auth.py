"""Who is asking: the session cookie, signing in and out, the role that each route declares.

Rule 1: every route handler has `opt={"role": …}`, one of ROLES or "public"; `create_app` refuses one without.
Rule 2: the cookie holds 32 random bytes that are new at each sign-in; the database holds their hash.
"""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from litestar.datastructures import Cookie
from litestar.handlers import BaseRouteHandler
from litestar.plugins.htmx import HTMXRequest

from sync.store import people
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


def check_roles(handlers: Iterable[BaseRouteHandler]) -> None:
    """Raise LookupError if a route does not say who may use it."""
    for handler in handlers:
        if handler.opt.get("role") not in (*ROLES, "public"):
            raise LookupError(f"{handler} declares no role: give it opt={{'role': …}}")


async def guard(connection: Connection, handler: BaseRouteHandler) -> None:
    """Let through whom the handler's role allows; leave who that is in the scope."""
    role = handler.opt.get("role", "public" if connection.scope.get("method") == "OPTIONS" else "owner")
    if role == "public":  # OPTIONS is answered by the framework, with the methods of the address and nothing else
        return
    signed_in = await who_asks(connection)
    if signed_in is None:
        raise NotSignedIn
    if not may(signed_in.person, role):
        raise RoleNeeded(role, await people.names_with("owner"))


def may(person: Person, role: str) -> bool:
    """Say whether a person may do what needs this role."""
    return ROLES.index(person.role) >= ROLES.index(role)


async def who_asks(connection: Connection) -> SignedIn | None:
    """Return who is signed in, and remember it for this request."""
    token = connection.cookies.get(site_of(connection).cookie("session"))
    found = await people.session(hash_of(token), datetime.now(UTC)) if token else None
    connection.scope["user"] = found
    return found


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
