"""The live parts of each page of a set-up, by the step that the page is about."""

from litestar.plugins.htmx import HTMXRequest

from sync.store.companies import CompanyRow
from web.frame import Values
from web.live import Parts, render
from web.pages.setup.first_sync import sync_values
from web.pages.setup.shell import inside, standing_or_404
from web.pages.setup.verify import verify_values

PARTS = {  # name of the event -> template, besides the steps
    "": {"head": "setup/_head.html", "tasks": "setup/_tasks.html"},
    "verify": {"verify": "setup/_verify.html", "heard": "setup/_heard.html"},
    "confirm": {"verify": "setup/_verify.html", "heard": "setup/_heard.html"},
    "first-sync": {"sync": "setup/_sync.html"},
}


async def parts_of(request: HTMXRequest, row: CompanyRow, of: str, outside: Values) -> Parts:
    """Render the parts of one page as they stand now. `outside` is what does not change: who is here, the token."""
    told = await standing_or_404(row.id)
    values: Values = {**outside, "company": row, "told": told, **inside(row, told, of), "faults": {}}
    if of in ("verify", "confirm"):
        values |= await verify_values(request, row, told)
    elif of == "first-sync":
        values |= await sync_values(row, told)
    parts = PARTS.get(of, {}) | ({"steps": "setup/_steps.html"} if of else {})
    return {name: render(request, template, values) for name, template in parts.items()}
