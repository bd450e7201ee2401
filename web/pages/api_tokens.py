"""/settings/api-tokens: which programs may use the JSON API, as what, and since when they did not."""

from datetime import UTC, datetime
from typing import Any

from litestar import Controller, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Response

from sync.store import tokens
from sync.store.people import ROLES
from web.auth import ROLE_WORDS, address_of, current
from web.forms import line, read_form
from web.frame import Values, page, team_frame
from web.htmx import go_to

HOME = "/settings/api-tokens"
LASTS = (("30", "30 days"), ("90", "90 days"), ("365", "A year"), ("", "Until it is revoked"))
TOLD = {
    "revoked": ("good", "Revoked. The next call with this token is refused."),
    "same": ("info", "That token did not work any more."),
}


class ApiTokensController(Controller):
    """Tokens of other programs."""

    path = HOME
    opt = {"role": "owner"}

    @get()
    async def show(self, request: HTMXRequest) -> Response[Any]:
        return await tokens_page(request)

    @post()
    async def make(self, request: HTMXRequest) -> Response[Any]:
        """Make a token and show it, this once."""
        form = await read_form(request)
        name, role, days = line(form, "name", longest=120), line(form, "role"), line(form, "days")
        if not name or role not in ROLES or days not in dict(LASTS):
            return await tokens_page(request, form=(name, role, days), fault="Say which program it is for.")
        person = current(request).person
        lasts = int(days) if days else None
        _, token = await tokens.make(name, role, lasts, person.email, datetime.now(UTC), address_of(request))
        return await tokens_page(request, token=token, made=name)

    @post("/{token:int}/revoke")
    async def revoke(self, request: HTMXRequest, token: FromPath[int]) -> Response[Any]:
        if token >= 1 << 63:
            raise NotFoundException
        done = await tokens.revoke(token, current(request).person.email, datetime.now(UTC), address_of(request))
        return go_to(request, f"{HOME}?told={'revoked' if done else 'same'}")


async def tokens_page(
    request: HTMXRequest,
    *,
    token: str = "",
    made: str = "",
    form: tuple[str, str, str] = ("", "viewer", "365"),
    fault: str = "",
) -> Response[Any]:
    values: Values = {
        "flash": TOLD.get(request.query_params.get("told", "")),
        "tokens": await tokens.listed(),
        "now": datetime.now(UTC),
        "words": ROLE_WORDS,
        "lasts": LASTS,
        "rate": tokens.RATE,
        "token": token,
        "made": made,
        "form": form,
        "fault": fault or None,
    }
    frame = await team_frame(request, "settings")
    return page(request, "tokens/index.html", {**frame, **values}, status=422 if fault else 200)
