"""Exceptions to answers: a page, a part for htmx, or JSON. Nothing internal is ever shown; the log has a reference."""

import logging
import re
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from litestar.datastructures import Cookie
from litestar.exceptions import HTTPException, PermissionDeniedException
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Response, Template
from litestar.types import ExceptionHandlersMap

from web.api.problems import Problem, answered, is_api, of_status
from web.auth import ROLE_WORDS, NotSignedIn, RoleNeeded, way_back
from web.frame import frame
from web.htmx import go_to
from web.site import AnyRequest, site_of

log = logging.getLogger("deskbridge.web")
SYMBOLS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # none looks like another
SECRET_PART = re.compile(r"^(/(?:set-up|join|reset)/)[^/]+")
CSRF_FAILED = "CSRF token verification failed"  # Litestar's words

HOME = ("Go to Companies", "/companies")


@dataclass(frozen=True, slots=True)
class Told:
    """What an error page says: what happened, what is safe."""

    title: str
    happened: str
    safe: str = "Nothing was changed."


NOT_FOUND = Told("Not found", "There is nothing at this address, or nothing that you may see.", "")
UNREADABLE = Told("We could not read that", "The browser sent something that this page does not expect.")
TOLD = {
    404: NOT_FOUND,
    405: Told("Not possible here", "This address does not take a request of this method."),
    413: Told("Too large", "What you sent is larger than this page takes."),
}
TOO_OLD = Told("This page was open for too long", "Go back, reload the page, and send the form again.")
BROKEN = Told("Something broke on our side", "Try again in a moment.", "Your work is kept.")


class NotOffered(Exception):
    """QuickBooks does not offer a kind of record in this company file: what it is called, why, and where to go on."""

    def __init__(self, kinds: str, why: str, way: tuple[str, str]) -> None:
        super().__init__(why)
        self.kinds, self.why, self.way = kinds, why, way


def exception_handlers() -> ExceptionHandlersMap:
    return {
        Problem: answered,
        NotSignedIn: not_signed_in,
        RoleNeeded: role_needed,
        NotOffered: not_offered,
        PermissionDeniedException: permission_denied,
        HTTPException: known,
        Exception: broken,
    }


def not_signed_in(request: AnyRequest, _: Exception) -> Response[Any]:
    """Send people to the sign-in page and back afterwards; programs get 401."""
    if wants_json(request) or "text/event-stream" in request.headers.get("accept", ""):
        return Response({"error": "not signed in"}, status_code=401)
    back = way_back(request)
    path = "/sign-in" if back == "/" else f"/sign-in?next={quote(back, safe='/')}"
    return go_to(HTMXRequest(request.scope), path)


def role_needed(request: AnyRequest, error: RoleNeeded) -> Response[Any]:
    """Say which role is needed, and who can give it."""
    role = ROLE_WORDS[error.role]
    if wants_json(request):
        return Response({"error": "role needed", "role": error.role}, status_code=403)
    values = {**frame(request), "role": role, "givers": error.givers, "way": HOME}
    return Template(template_name="errors/403.html", context=values, status_code=403)


def not_offered(request: AnyRequest, error: NotOffered) -> Response[Any]:
    """Say why there is no form."""
    return answer(request, 409, Told(f"QuickBooks takes no {error.kinds} now", error.why), way=error.way)


def permission_denied(request: AnyRequest, error: PermissionDeniedException) -> Response[Any]:
    """Answer a form without the right token; forget the cookie, which an older secret key may have signed."""
    if error.detail != CSRF_FAILED:
        return known(request, error)
    response = answer(request, 403, TOO_OLD)
    site = site_of(request)
    response.set_cookie(Cookie(key=site.cookie("form"), max_age=0, path="/", secure=site.secure, samesite="lax"))
    return response


def known(request: AnyRequest, error: HTTPException) -> Response[Any]:
    """Answer what Litestar itself refuses, in our words."""
    if error.status_code >= 500:
        return broken(request, error)
    return answer(request, error.status_code, TOLD.get(error.status_code, UNREADABLE))


def broken(request: AnyRequest, error: Exception) -> Response[Any]:
    """Log the error under a reference, show only the reference."""
    reference = new_reference()
    log.error("%s %s failed, reference %s", request.method, shown_path(request.url.path), reference, exc_info=error)
    return answer(request, 500, BROKEN, reference)


def shown_path(path: str) -> str:
    """Return an address as a log may hold it: without the token of a set-up link, an invitation or a reset."""
    return SECRET_PART.sub(r"\1…", path)


def new_reference() -> str:
    """7Q2-41D"""
    symbols = "".join(secrets.choice(SYMBOLS) for _ in range(6))
    return f"{symbols[:3]}-{symbols[3:]}"


def wants_json(request: AnyRequest) -> bool:
    accept = request.headers.get("accept", "")
    return "application/json" in accept and "text/html" not in accept


def answer(
    request: AnyRequest, status: int, told: Told, reference: str = "", way: tuple[str, str] = HOME
) -> Response[Any]:
    """Give the error as JSON or as a page."""
    if is_api(request.url.path):
        return answered(request, of_status(status, told.happened, reference))
    if wants_json(request):
        content = {"error": told.title, "detail": told.happened, "reference": reference}
        return Response(content, status_code=status)
    words = {"title": told.title, "happened": told.happened, "safe": told.safe, "reference": reference or None}
    name = "errors/404.html" if status == 404 else "errors/error.html"
    return Template(template_name=name, context={**frame(request), **words, "way": way}, status_code=status)
