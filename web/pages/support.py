"""/companies/{id}/support: whom to ask, and what to give them: what was tried and found, as text to copy. (C30)"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from litestar import Controller, get
from litestar.params import FromPath, FromQuery
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Response, Template

from sync.store import computers, people, stuck, support
from sync.store.companies import CompanyRow
from sync.store.stuck import StuckRow
from web.auth import Doer, doer
from web.causes import cause_of, means_of
from web.changes_told import label
from web.frame import Values, company_or_404, page, with_query
from web.pages.setup.shell import outside
from web.site import site_of
from web.summary import EMAIL, summary

BODY = "Please paste the summary of the support page here, or attach its file.\n\n"


class SupportController(Controller):
    """The way to help, with what is known attached."""

    path = "/companies/{company:int}/support"
    opt = {"role": "viewer", "setup_link": True}

    @get()
    async def show(
        self, request: HTMXRequest, company: FromPath[int], change: FromQuery[int | None] = None
    ) -> Template:
        """Show whom to ask and what to give them; from a row that cannot sync, with that row (E31)."""
        row, who = await company_or_404(company), doer(request)
        about = await about_change(company, change) if change and not who.link else None
        values: Values = {
            **await outside(request, row, who, "status"),
            **await contact(request, row, who),
            "doer": who,
            "row": row,
            "about": about,
            "summary": await text_of(row, about),
            "file_url": with_query(f"/companies/{company}/support/summary.txt", change=change if about else None),
        }
        return page(request, "support/index.html", values)

    @get("/summary.txt")
    async def download(
        self, request: HTMXRequest, company: FromPath[int], change: FromQuery[int | None] = None
    ) -> Response[Any]:
        row, who = await company_or_404(company), doer(request)
        text = await text_of(row, await about_change(company, change) if change and not who.link else None)
        name = f'attachment; filename="deskbridge-company-{company}.txt"'
        return Response(text, media_type="text/plain", headers={"content-disposition": name})


async def about_change(company: int, change: int) -> StuckRow | None:
    """Return the row that help is asked for; None when it can sync by now."""
    return await stuck.one(company, change) if 0 < change < 1 << 63 else None


async def text_of(row: CompanyRow, about: StuckRow | None = None) -> str:
    """Return the summary as it stands now, a row that cannot sync first."""
    found, connectors = await support.findings(row.id), await computers.connectors_of(row.id)
    connectors = [replace(each, wrong_key_of="") for each in connectors]  # nothing of another company goes out
    return (of_row(about) if about else "") + summary(row, found, connectors, datetime.now(UTC))


def of_row(about: StuckRow) -> str:
    """Return one change in lines: its kind, what was to be done, and what QuickBooks said, whole."""
    cause = cause_of(about.cause)
    lines = (
        f"{label(about.entity)}, {about.action}, {about.state}, {about.tries} tries, {about.at:%Y-%m-%d %H:%M} UTC",
        f"QuickBooks' code: {'none' if about.code is None else about.code}",
        f"QuickBooks' message: {about.message or 'none'}",
        f"Deskbridge: {about.reason or 'none'}",
        f"It means: {means_of(cause, about)}",
    )
    return EMAIL.sub(
        "(an address)", "\n".join(("The change that cannot sync", *(f"  {each}" for each in lines), "", ""))
    )


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
