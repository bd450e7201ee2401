"""/companies/{id}/gaps/{begin}: a person says why no Web Connector called for a while."""

from datetime import UTC, datetime

from litestar import Controller, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Response, Template

from sync.store import history
from sync.store.companies import CompanyRow
from web.auth import address_of, current
from web.contact import Gap, contact
from web.forms import line, read_form
from web.frame import company_frame, company_or_404, page
from web.htmx import go_to
from web.pages.company import known_contact

LONGEST = 200  # characters


class GapNoteController(Controller):
    """One note on one silence."""

    path = "/companies/{company:int}/gaps/{begin:int}"
    opt = {"role": "member"}

    @get()
    async def show(self, request: HTMXRequest, company: FromPath[int], begin: FromPath[int]) -> Template:
        row = await company_or_404(company)
        values = {**await company_frame(request, row, "status"), "gap": await gap_or_404(row, begin)}
        return page(request, "company/gap_note.html", values)

    @post()
    async def save(self, request: HTMXRequest, company: FromPath[int], begin: FromPath[int]) -> Response[object]:
        row = await company_or_404(company)
        gap = await gap_or_404(row, begin)
        text = line(await read_form(request), "text", longest=LONGEST)
        at = gap.note.begin if gap.note else datetime.fromtimestamp(begin, UTC)
        await history.note_contact(row.id, at, text, current(request).person.email, address_of(request))
        return go_to(request, f"/companies/{row.id}#contact")


async def gap_or_404(row: CompanyRow, begin: int) -> Gap:
    """Return the silence that began at a moment, in seconds since 1970; also when it has ended meanwhile."""
    now = datetime.now(UTC)
    found = contact(await known_contact(row, now), now).gaps
    gap = next((each for each in found if each.key == begin), None)
    gap = gap or next((each for each in reversed(found) if 0 <= each.key - begin < 3600), None)
    if gap is None:
        raise NotFoundException
    return gap
