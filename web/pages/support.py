"""/companies/{id}/support: whom to ask, and what to give them: what was tried and found, as text to copy. (C30)"""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from litestar import Controller, get
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Response, Template

from sync.store import computers, people, support
from sync.store.companies import CompanyRow
from web.auth import Doer, doer
from web.frame import Values, company_or_404, page
from web.pages.setup.shell import outside
from web.site import site_of
from web.summary import EMAIL, summary

BODY = "Please paste the summary of the support page here, or attach its file.\n\n"


class SupportController(Controller):
    """The way to help, with what is known attached."""

    path = "/companies/{company:int}/support"
    opt = {"role": "viewer", "setup_link": True}

    @get()
    async def show(self, request: HTMXRequest, company: FromPath[int]) -> Template:
        row, who = await company_or_404(company), doer(request)
        values: Values = {
            **await outside(request, row, who),
            **await contact(request, row, who),
            "doer": who,
            "row": row,
            "summary": await text_of(row),
            "file_url": f"/companies/{company}/support/summary.txt",
        }
        return page(request, "support/index.html", values)

    @get("/summary.txt")
    async def download(self, request: HTMXRequest, company: FromPath[int]) -> Response[Any]:
        text = await text_of(await company_or_404(company))
        name = f'attachment; filename="deskbridge-company-{company}.txt"'
        return Response(text, media_type="text/plain", headers={"content-disposition": name})


async def text_of(row: CompanyRow) -> str:
    """Return the summary as it stands now."""
    found, connectors = await support.findings(row.id), await computers.connectors_of(row.id)
    return summary(row, found, connectors, datetime.now(UTC))


async def contact(request: HTMXRequest, row: CompanyRow, who: Doer) -> Values:
    """Return where to go: SUPPORT_CONTACT, else the owners; who came by a set-up link is told their names only."""
    given = site_of(request).settings.support_contact
    if given.startswith("https://"):
        return {"page_url": given, "people": []}
    if given:
        return {"page_url": None, "people": [(given, given, mailto(given, row))]}
    names, emails = await people.names_with("owner"), await people.emails_with("owner")
    pairs = list(zip(names, emails, strict=False))
    return {
        "page_url": None,
        "people": [(name, None, None) if who.link else (name, email, mailto(email, row)) for name, email in pairs],
    }


def mailto(address: str, row: CompanyRow) -> str:
    """Return a link that begins a mail with its subject. No record and no address of others is in it."""
    subject = EMAIL.sub("", f"Deskbridge, {row.name}: {row.state_text}")
    return f"mailto:{quote(address, safe='@')}?subject={quote(subject)}&body={quote(BODY)}"
