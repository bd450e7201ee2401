"""/appearance: light, dark, or as the system, kept in a cookie so that the first paint is right."""

from typing import Any

from litestar import post
from litestar.datastructures import Cookie
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Response

from web.auth import COOKIE_LASTS, way_back
from web.forms import line, read_form
from web.frame import THEMES
from web.htmx import go_to
from web.site import site_of


@post("/appearance", opt={"role": "public"})
async def choose_theme(request: HTMXRequest) -> Response[Any]:
    """Keep the choice and go back to the page it was made on."""
    theme = line(await read_form(request), "theme")
    site = site_of(request)
    response = go_to(request, way_back(request))
    if theme in THEMES:
        lasts = int(COOKIE_LASTS.total_seconds())
        response.set_cookie(
            Cookie(site.cookie("theme"), value=theme, max_age=lasts, secure=site.secure, httponly=True, samesite="lax")
        )
    return response
