"""The frame around every page: who is signed in, which company, which sections there are. See templates/base.html."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from litestar.plugins.htmx import HTMXRequest, HTMXTemplate
from litestar.response import Template
from litestar.template.base import csrf_token

from web.auth import ROLE_WORDS, signed_in
from web.filters import initials
from web.htmx import wants_partial
from web.site import AnyRequest, site_of

THEMES = ("system", "light", "dark")
ACCOUNT_MENU = [("Your sessions", "/account/sessions")]


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who is signed in, as the initials menu shows it."""

    name: str
    initials: str
    role: str


def theme_of(request: AnyRequest) -> str:
    theme = request.cookies.get(site_of(request).cookie("theme"), "")
    return theme if theme in THEMES else "system"


def path_of(request: AnyRequest) -> str:
    """Return the address of this page on this host, with its query."""
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def frame(request: AnyRequest, section: str = "", flash: tuple[str, str] | None = None) -> dict[str, Any]:
    """Return what base.html reads, on a page of the team."""
    found = signed_in(request)
    person = found.person if found else None
    return {
        "user": Visitor(person.name, initials(person.name), ROLE_WORDS[person.role]) if person else None,
        "company": None,
        "companies": [],
        "section": section,
        "navigation": [("companies", "Companies", "/companies", None)] if person else [],
        "account_menu": ACCOUNT_MENU,
        "csrf_token": csrf_token({"request": request}),
        "theme": theme_of(request),
        "path": path_of(request),
        "flash": flash,
    }


def page(request: HTMXRequest, name: str, values: dict[str, Any], *, part: str = "", status: int = 200) -> Template:
    """Render a page; to htmx, its part alone where it has one."""
    chosen = part if part and wants_partial(request) else name
    headers = {"vary": "HX-Request"} if part else {}
    return HTMXTemplate(template_name=chosen, context=values, status_code=status, headers=headers)


def with_query(path: str, **values: str | int | None) -> str:
    """Return an address with the values that are not empty."""
    query = urlencode({name: value for name, value in values.items() if value not in (None, "")}, quote_via=quote)
    return f"{path}?{query}" if query else path
