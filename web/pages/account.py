"""/account/sessions: where the person is signed in, and how to end it."""

from datetime import UTC, datetime
from typing import Any

from litestar import Controller, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Response, Template

from sync.store import people
from web.auth import address_of, current, no_session
from web.frame import page, team_frame
from web.htmx import go_to


class SessionsController(Controller):
    """One's own sessions; nobody sees those of others."""

    path = "/account/sessions"
    opt = {"role": "viewer"}

    @get()
    async def show(self, request: HTMXRequest) -> Template:
        here = current(request)
        browsers = await people.sessions_of(here.person.id, datetime.now(UTC))
        values = {**await team_frame(request), "browsers": browsers, "current": here.session}
        return page(request, "account/sessions.html", values)

    @post("/{session:int}/end")
    async def end(self, request: HTMXRequest, session: FromPath[int]) -> Response[Any]:
        here = current(request)
        if not await people.end_session(here.person.id, session, datetime.now(UTC)):
            raise NotFoundException
        await people.audit(here.person.email, "session.ended", subject=str(session), address=address_of(request))
        if session != here.session:
            return go_to(request, "/account/sessions")
        response = go_to(request, "/sign-in")
        response.set_cookie(no_session(request))
        return response

    @post("/end-others")
    async def end_others(self, request: HTMXRequest) -> Response[Any]:
        here = current(request)
        ended = await people.end_other_sessions(here.person.id, here.session, datetime.now(UTC))
        detail = {"ended": ended}
        await people.audit(here.person.email, "session.others_ended", detail=detail, address=address_of(request))
        return go_to(request, "/account/sessions")
