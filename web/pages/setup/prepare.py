"""/companies/{id}/setup/prepare: what to know and who must be there. Whatever is entered is kept, however little."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from litestar import Controller, get, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Response, Template

from sync.store import people, set_up
from sync.store.companies import CompanyRow
from web.auth import address_of, doer
from web.forms import read_lists
from web.frame import Values, company_or_404, page
from web.htmx import go_to
from web.pages.setup import preparation
from web.pages.setup.preparation import Prepared
from web.pages.setup.shell import SET_UP, shell, standing_or_404

KEPT = "What you entered is kept."


class PrepareController(Controller):
    """The checklist."""

    path = "/companies/{company:int}/setup/prepare"
    opt = SET_UP

    @get()
    async def show(self, request: HTMXRequest, company: FromPath[int]) -> Template:
        row = await company_or_404(company)
        kept = "kept" in request.query_params
        return await form_page(request, row, flash=True) if kept else await form_page(request, row)

    @post()
    async def save(self, request: HTMXRequest, company: FromPath[int]) -> Response[Any]:
        row = await company_or_404(company)
        form, who = await read_lists(request), doer(request)
        told = await standing_or_404(row.id)
        answers, faults = preparation.read(without(form), Prepared.of(told.prepared), who.name, datetime.now(UTC))
        await set_up.set_prepared(row.id, answers.stored(), who.actor, address_of(request))
        home = f"/companies/{row.id}/setup"
        if faults:
            return await form_page(request, row, form, faults)
        if "add" in form or "remove" in form:
            return go_to(request, f"{home}/prepare#restored")
        if not answers.done:
            return go_to(request, f"{home}/prepare?kept=1")
        return go_to(request, home if told.region_chosen else f"{home}/region")


def without(form: Mapping[str, list[str]]) -> Mapping[str, list[str]]:
    """Return the form without the restore date whose Remove button was pressed."""
    pressed = next(iter(form.get("remove", [])), "")
    dates = form.get("restored", [])
    if not pressed.isdecimal() or int(pressed) >= len(dates):
        return form
    return {**form, "restored": [each for number, each in enumerate(dates) if number != int(pressed)]}


async def form_page(
    request: HTMXRequest,
    row: CompanyRow,
    form: Mapping[str, list[str]] | None = None,
    faults: dict[str, str] | None = None,
    *,
    flash: bool = False,
) -> Template:
    """Show the checklist; after a fault with what was typed."""
    values = await shell(request, row, "prepare")
    answers = Prepared.of(values["told"].prepared)
    needed = preparation.needed_words(answers)
    typed: Values = {
        "size": (form or {}).get("size", [answers.size])[0],
        "restored": [each for each in (form or {}).get("restored", answers.restored) if each],
    }
    return page(
        request,
        "setup/prepare.html",
        {
            **values,
            "answers": answers,
            "typed": typed,
            "faults": faults or {},
            "flash": ("info", f"{KEPT} {needed}") if flash else None,
            "line": "For the accounting manager and the QuickBooks administrator: what to know, and who must be there.",
            "managers": await people.names_with("accounting_manager"),
            "large_from": preparation.LARGE,
        },
        status=422 if faults else 200,
    )
