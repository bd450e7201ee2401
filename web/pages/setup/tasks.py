"""/companies/{id}/setup: the six steps, who must be there, what was entered. The same live state on every screen."""

from datetime import UTC, datetime

from litestar import Controller, get
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import ServerSentEvent, Template

from sync.store import companies
from web.frame import Values, company_or_404, page
from web.live import Parts, render, stream
from web.pages.setup.shell import inside, shell, standing_or_404

ROLE = {"role": "accounting_manager", "setup_link": True}


class SetupController(Controller):
    """The task list."""

    path = "/companies/{company:int}/setup"
    opt = ROLE

    @get()
    async def show(self, request: HTMXRequest, company: FromPath[int]) -> Template:
        row = await company_or_404(company)
        values = await shell(request, row)
        return page(request, "setup/index.html", {**values, **tasks_values(values)})

    @get("/live")
    async def live(self, request: HTMXRequest, company: FromPath[int]) -> ServerSentEvent:
        await company_or_404(company)

        async def read() -> Parts | None:
            row = await companies.company(company, datetime.now(UTC))
            if row is None:
                return None
            values: Values = {"company": row, **inside(row, await standing_or_404(company), "")}
            return {"tasks": render(request, "setup/_tasks.html", {**values, **tasks_values(values)})}

        return stream(request, {f"company:{company}"}, read)


def tasks_values(values: Values) -> Values:
    """Return what the task list says in a line."""
    return {"done": sum(step.state == "done" for step in values["steps"])}
