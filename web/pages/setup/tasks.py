"""/companies/{id}/setup: the six steps, who must be there, what was entered; and the way out of it.

The same live state on every screen, that of who came by a set-up link included.
"""

from datetime import UTC, datetime
from typing import Any

from litestar import Controller, get, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Response, ServerSentEvent, Template

from sync.store import companies, files
from web.auth import address_of, doer
from web.frame import Values, company_or_404, page
from web.htmx import go_to
from web.live import Parts, stream
from web.pages.setup import preparation
from web.pages.setup.live import parts_of
from web.pages.setup.preparation import Prepared
from web.pages.setup.shell import SET_UP, crumbs, shell

NOT_BY_LINK = {"setup_link": False}  # it ends licence keys


class SetupController(Controller):
    """The task list."""

    path = "/companies/{company:int}/setup"
    opt = SET_UP

    @get()
    async def show(self, request: HTMXRequest, company: FromPath[int]) -> Template:
        row = await company_or_404(company)
        values = await shell(request, row)
        return page(request, "setup/index.html", {**values, **around(values), "flash": flash_of(request, row.name)})

    @get("/live")
    async def live(self, request: HTMXRequest, company: FromPath[int]) -> ServerSentEvent:
        """Send the parts of the page that `of` names: a step, or the task list."""
        outside = await shell(request, await company_or_404(company))
        of = request.query_params.get("of", "")

        async def read() -> Parts | None:
            row = await companies.company(company, datetime.now(UTC))
            return await parts_of(request, row, of, outside) if row else None

        return stream(request, {f"company:{company}", "companies"}, read)

    @get("/detach", opt=NOT_BY_LINK)
    async def ask(self, request: HTMXRequest, company: FromPath[int]) -> Template:
        row = await company_or_404(company)
        values = await shell(request, row)
        way = [*crumbs(row, "prepare", doer(request))[:-1], ("Stop connecting", None)]
        return page(request, "setup/detach.html", {**values, "stream_url": None, "crumbs": way})

    @post("/detach", opt=NOT_BY_LINK)
    async def detach(self, request: HTMXRequest, company: FromPath[int]) -> Response[Any]:
        """Let go of the computers and the file; what was entered stays, and QuickBooks is not touched (D39)."""
        row = await company_or_404(company)
        await files.detach(row.id, doer(request).actor, address_of(request))
        return go_to(request, f"/companies/{row.id}/setup?detached=1")


def flash_of(request: HTMXRequest, name: str) -> tuple[str, str] | None:
    """Return what the action that led here did."""
    if "chosen" in request.query_params:
        return "good", f"You chose {name}: what follows is about this company only."
    if "detached" in request.query_params:
        return "good", f"{name} is detached. Nothing in QuickBooks changed, and what you entered is kept."
    return None


def around(values: Values) -> Values:
    """Return what stands beside the task list."""
    answers = Prepared.of(values["told"].prepared)
    return {
        "over": all(step.state == "done" for step in values["steps"]),
        "people": preparation.people(answers),
        "entered": preparation.told(answers),
        "last": answers.last,
    }
