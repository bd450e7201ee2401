"""Who calls the API: a program with a token. Cookies count for nothing here, so no form of another site reaches it."""

from datetime import UTC, datetime

from litestar.handlers import BaseRouteHandler

from sync.store import tokens
from sync.store.people import ROLES
from sync.store.tokens import RATE, Admitted
from web.api.problems import Problem
from web.auth import address_of
from web.site import Connection

SCHEME = {"www-authenticate": 'Bearer realm="Deskbridge"'}


async def token_guard(connection: Connection, handler: BaseRouteHandler) -> None:
    """Let through whom the handler's role allows, so often a minute; leave who that is in the scope."""
    role = handler.opt.get("role", "public" if connection.scope.get("method") == "OPTIONS" else "owner")
    if role == "public":
        return
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Problem("token_missing", "Send a token: Authorization: Bearer …", headers=SCHEME)
    found = await tokens.admit(token.strip(), address_of(connection), datetime.now(UTC))
    if found is None:
        raise Problem("token_refused", "It is unknown, revoked or over. An owner can make another.", headers=SCHEME)
    if found.wait:
        wait = str(max(1, round(found.wait + 0.5)))
        raise Problem("too_many_calls", f"{RATE} a minute are allowed.", headers={"retry-after": wait})
    if ROLES.index(found.role) < ROLES.index(role):
        raise Problem("role_needed", f"This needs the role {role}; the token has {found.role}.", role=role)
    connection.scope["auth"] = found


def caller(connection: Connection) -> Admitted:
    """Return who passed the guard."""
    found = connection.scope.get("auth")
    if not isinstance(found, Admitted):
        raise TypeError("this route has no token guard")
    return found


def sees_all(found: Admitted) -> bool:
    """Say whether a program is told personal numbers."""
    return ROLES.index(found.role) >= ROLES.index("member")
