"""/companies/{id}/setup/verify and /confirm: what QuickBooks says it is, beside what is expected; then Begin sync.

Confirm stands below Verify, and only when the file that answered is as expected (B12, D38).
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from litestar import Controller, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Redirect, Response, Template

from sync.protocol.files import has_it
from sync.store import files
from sync.store.companies import CompanyName, CompanyRow
from sync.store.files import Verification
from sync.store.set_up import Standing
from web.auth import address_of, doer
from web.forms import line, read_form
from web.frame import Values, company_or_404, page
from web.htmx import go_to
from web.pages.connectors import living_of, shown_to, unknown_callers
from web.pages.setup import preparation
from web.pages.setup.preparation import Prepared
from web.pages.setup.shell import SET_UP, shell, standing_or_404
from web.pages.setup.verification import answer_of, heard_of, notice_of

NAMES_DIFFER = "Say that it is the right file although its name is another"
Decide = Callable[[int, str, str], Awaitable[str | None]]


class VerifyController(Controller):
    """Both steps, and what a person decides there."""

    path = "/companies/{company:int}/setup"
    opt = SET_UP

    @get("/verify")
    async def verify(self, request: HTMXRequest, company: FromPath[int]) -> Template:
        return await verify_page(request, await company_or_404(company), "verify")

    @get("/confirm")
    async def confirm(self, request: HTMXRequest, company: FromPath[int]) -> Response[Any]:
        """Show it below Verify; there is no such step while the file does not match."""
        row = await company_or_404(company)
        told, found = await standing_or_404(row.id), await seen(request, row.id)
        if told.begun_at is None and not found.matches:
            return Redirect(f"/companies/{row.id}/setup/verify", status_code=303)
        return await verify_page(request, row, "confirm")

    @post("/confirm")
    async def begin(self, request: HTMXRequest, company: FromPath[int]) -> Response[Any]:
        """Begin sync: this company with this file."""
        row = await company_or_404(company)
        told, found = await standing_or_404(row.id), await seen(request, row.id)
        sure = line(await read_form(request), "sure") == "on"
        if answer_of(row, told, found).names_differ and not sure:
            return await verify_page(request, row, "confirm", NAMES_DIFFER, field="sure")
        return await decided(request, row, files.begin, "first-sync")

    @post("/adopt")
    async def adopt(self, request: HTMXRequest, company: FromPath[int]) -> Response[Any]:
        """Take a file that was moved, or whose company was renamed."""
        return await decided(request, await company_or_404(company), files.adopt, "verify")

    @post("/move-link", opt={"role": "owner", "setup_link": False})
    async def move_link(self, request: HTMXRequest, company: FromPath[int]) -> Response[Any]:
        """Take the file over from the other company here (D04): the owner's to say."""
        return await decided(request, await company_or_404(company), files.move_link, "verify")

    @post("/reject")
    async def reject(self, request: HTMXRequest, company: FromPath[int]) -> Response[Any]:
        """This is the wrong file: forget it. Nothing was read (D39)."""
        row = await company_or_404(company)
        await files.reject(row.id, doer(request).actor, address_of(request))
        return go_to(request, f"/companies/{row.id}/setup/verify?rejected=1")


async def decided(request: HTMXRequest, row: CompanyRow, decide: Decide, then: str) -> Response[Any]:
    """Carry a decision out, and go on; or say why it cannot be."""
    before = await seen(request, row.id)
    why_not = await decide(row.id, doer(request).actor, address_of(request))
    if why_not:
        why_not = has_it(before.twin.name) if before.twin and doer(request).link else why_not
        return await verify_page(request, row, "verify", why_not)
    return go_to(request, f"/companies/{row.id}/setup/{then}")


async def seen(request: HTMXRequest, company: int) -> Verification:
    """Return what answered; to a guest the other company that has the file stays without its name."""
    found = await files.verification(company)
    if found is None:
        raise NotFoundException
    if found.twin and doer(request).link:
        return replace(found, twin=CompanyName(found.twin.id, "Another company"))
    return found


REJECTED = "The file that answered is forgotten. Open the right one in QuickBooks, then press Update Selected."


async def verify_page(request: HTMXRequest, row: CompanyRow, key: str, why_not: str = "", field: str = "") -> Template:
    values = await shell(request, row, key)
    values["stream_url"] = f"/companies/{row.id}/setup/live?of={key}"
    parts = await verify_values(request, row, values["told"])
    rejected = "rejected" in request.query_params
    flash = ("info", REJECTED) if rejected else None
    more = {"faults": {field or None: why_not} if why_not else {}, "flash": flash, "line": parts["answer"].line}
    return page(request, "setup/verify.html", {**values, **parts, **more}, status=422 if why_not else 200)


async def verify_values(request: HTMXRequest, row: CompanyRow, told: Standing) -> Values:
    """Return what the live parts of the page read."""
    found = await seen(request, row.id)
    answer = answer_of(row, told, found)
    prepared = Prepared.of(told.prepared)
    connectors = shown_to(doer(request), await living_of(row.id))
    unknown = await unknown_callers(request)
    return {
        "answer": answer,
        "notice": notice_of(row, told, found, answer),
        "heard": heard_of(told, found, connectors, unknown),
        "begun": told.begun_at is not None,
        "access": told.access,
        "size_words": prepared.size_words,
        "takes": preparation.expected_words(prepared),
    }
