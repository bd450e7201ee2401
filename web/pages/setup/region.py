"""/companies/{id}/setup/region: which edition of QuickBooks the company file is of. It can change until Begin sync."""

from typing import Any

from litestar import Controller, get, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Response, Template

from sync.store import set_up
from sync.store.companies import CompanyRow
from web.auth import address_of, doer
from web.forms import line, read_form
from web.frame import company_or_404, page
from web.htmx import go_to
from web.pages.setup.shell import SET_UP, shell
from web.pages.setup.steps import REGIONS

DECIDES = {  # what differs between the editions
    "US": (
        "The United States edition of QuickBooks",
        "Sales tax items and groups, a tax code a line, ZIP codes.",
    ),
    "CA": ("The Canadian edition of QuickBooks", "GST, HST and PST as sales tax codes, provinces and postal codes."),
}
CHOOSE = "Choose the edition of QuickBooks that the company file is of"
BEGUN = "The sync has begun with this region, so it stays."


class RegionController(Controller):
    """Two cards."""

    path = "/companies/{company:int}/setup/region"
    opt = SET_UP

    @get()
    async def show(self, request: HTMXRequest, company: FromPath[int]) -> Template:
        return await region_page(request, await company_or_404(company))

    @post()
    async def choose(self, request: HTMXRequest, company: FromPath[int]) -> Response[Any]:
        row = await company_or_404(company)
        region = line(await read_form(request), "region")
        if region not in REGIONS:
            return await region_page(request, row, CHOOSE)
        if not await set_up.set_region(row.id, region, doer(request).actor, address_of(request)):
            return await region_page(request, row, BEGUN)
        return go_to(request, f"/companies/{row.id}/setup/connector")


async def region_page(request: HTMXRequest, row: CompanyRow, fault: str = "") -> Template:
    values = await shell(request, row, "region")
    told = values["told"]
    return page(
        request,
        "setup/region.html",
        {
            **values,
            "cards": [(key, REGIONS[key], *DECIDES[key]) for key in REGIONS],
            "chosen": told.region if told.region_chosen else "",
            "begun": told.begun_at is not None,
            "begun_words": BEGUN,
            "faults": {"region": fault} if fault else {},
            "line": "The edition of QuickBooks that the company file is of.",
        },
        status=422 if fault else 200,
    )
