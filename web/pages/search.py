"""/companies/{id}/search: the box in the bar, over every kind of record by name or number."""

from litestar import get
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from sync.qbxml.entities import ENTITIES
from sync.store import records
from sync.store.records import RecordRow
from web.asked import hides_number
from web.auth import current
from web.forms import line
from web.frame import company_frame, company_or_404, page
from web.masking import sees_all
from web.pages.records import title_of

MOST = 50


@get("/companies/{company:int}/search", opt={"role": "viewer"})
async def search(request: HTMXRequest, company: FromPath[int]) -> Template:
    """Show what was found, those that begin with the words first."""
    row = await company_or_404(company)
    query = line(request.query_params, "q", longest=200)
    found = await records.search(company, query, MOST) if query else []
    sees = sees_all(current(request).person)
    values = {
        **await company_frame(request, row, "records"),
        "query": query,
        "search_query": query,
        "found": [
            (each, ENTITIES[each.entity].label, title_of(ENTITIES[each.entity], each))
            for each in found
            if each.entity in ENTITIES and (sees or told_by_name(each, query))
        ],
        "most": MOST,
    }
    return page(request, "records/search.html", values)


def told_by_name(row: RecordRow, query: str) -> bool:
    """Say whether a record was found by its name, where its number is hidden from viewers."""
    return not hides_number(ENTITIES[row.entity]) or query.lower() in row.name.lower()
