"""Approve checked, and one rule for what is unchecked. A clearing asks first, and can be undone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from litestar import Controller, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Redirect, Response, Template

from sync.store import changes, ticks, wizard
from sync.store.companies import CompanyRow
from sync.store.decisions import Decision, Filter, Unchecked
from sync.store.ticks import Ticks
from web.auth import address_of, current
from web.forms import read_lists, whole_number
from web.frame import company_frame, company_or_404, page, with_query
from web.pages.wizard.asked import Asked
from web.pages.wizard.page import MANAGER, Lists, keep_ticks, listed

NOTHING = Filter(action="none")  # no change has it: only what is named is decided


@dataclass(frozen=True, slots=True)
class Submission:
    """What a person decides: of the rows that are shown, or of all that are asked for."""

    asked: Asked
    unchecked: Unchecked
    shown: tuple[int, ...] | None  # None: all, on every page
    ticks: Ticks
    marks: Sequence[tuple[int, str]]  # of the rows that differ from their kind: id and kind
    kinds: dict[int, str]  # of the rows shown

    def unticked(self, rule: Unchecked) -> list[int]:
        """Return the rows that have a rule of their own, or among those shown have this one."""
        if self.shown is None:
            return [id for id, kind in self.marks if self.ticks.rule(id) == rule and not self.ticks.ticked(id, kind)]
        return [
            id
            for id, kind in self.kinds.items()
            if not self.ticks.ticked(id, kind) and (self.ticks.rule(id) or self.unchecked) == rule
        ]


class DecideController(Controller):
    """What the forms of the page do."""

    path = "/companies/{company:int}/wizard"
    opt = MANAGER

    @post("/decide")
    async def decide(self, request: HTMXRequest, company: FromPath[int]) -> Response[Any] | Template:
        row = await company_or_404(company)
        form = await read_lists(request)
        if "kinds" in form:
            await keep_ticks(request, row.id, form)
        given = await submission(request, row.id, form)
        clearing = await cleared_by(row.id, given)
        if clearing and "sure" not in form:
            return await ask_first(request, row, given, clearing)
        person = current(request).person
        decision = await carried_out(row.id, given, person.email, address_of(request))
        if given.shown is None:
            await ticks.forget(person.id, row.id)
        return Redirect(await after(row.id, decision, person.email), status_code=303)

    @post("/undo")
    async def undo(self, request: HTMXRequest, company: FromPath[int]) -> Response[Any]:
        """Propose again what was cleared: one change, or all of one decision."""
        row = await company_or_404(company)
        form = await read_lists(request)
        person = current(request).person
        ids = [id for text in form.get("change", []) if (id := whole_number(text))]
        moment = moment_of(form.get("at", [""])[-1])
        if moment:
            ids = await wizard.cleared_together(row.id, moment, person.email)
        undone = await changes.undo_clear(row.id, ids, person.email, address_of(request))
        return Redirect(with_query(f"/companies/{row.id}/wizard", undone=undone or None), status_code=303)


def moment_of(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None


async def submission(request: HTMXRequest, company: int, form: Lists) -> Submission:
    """Return what a form decides, with the ticks as they are kept."""
    asked = Asked.read(company, {name: values[-1] for name, values in form.items()})
    kept = await ticks.ticks_of(current(request).person.id, company)
    shown = None
    kinds: dict[int, str] = {}
    if form.get("scope", [""])[-1] == "shown":
        shown = tuple(id for text in listed(form, "shown") if (id := whole_number(text)))
        kinds = await wizard.kinds_of(company, shown)
    return Submission(
        asked=asked,
        unchecked="clear" if form.get("unchecked", [""])[-1] == "clear" else "keep",
        shown=shown,
        ticks=kept,
        marks=await wizard.marked(company, kept, asked.q, asked.until),
        kinds=kinds,
    )


async def cleared_by(company: int, given: Submission) -> int:
    """Return how many changes a submission would clear."""
    if given.shown is not None or given.unchecked == "keep":
        return len(given.unticked("clear"))
    found = [
        kind for kind in await wizard.kinds(company, given.asked.q, given.asked.until) if given.asked.shows(kind.key)
    ]
    ticked = wizard.ticked(found, given.marks, given.ticks)
    return sum(kind.count for kind in found) - sum(ticked.values()) - len(given.unticked("keep"))


async def carried_out(company: int, given: Submission, actor: str, address: str) -> Decision:
    """Decide. For all pages at once the filter and its exceptions say what is meant, not the rows."""
    keep, clear = given.unticked("keep"), given.unticked("clear")
    if given.shown is not None:
        approve = [id for id, kind in given.kinds.items() if given.ticks.ticked(id, kind)]
        return await changes.decide(
            company,
            given.asked.direction,
            approve,
            given.unchecked,
            given.asked.until,
            actor,
            address,
            within=NOTHING,
            keep=keep,
            clear=clear,
        )
    within = given.asked.filter()
    marked = [(id, given.ticks.ticked(id, kind), kind in given.ticks.kinds) for id, kind in given.marks]
    meant = replace(
        within,
        off=tuple(sorted(given.ticks.kinds)),
        but=tuple(id for id, on, off in marked if not on and not off),
        also=tuple(id for id, on, off in marked if on and off),
    )
    return await changes.decide(
        company,
        given.asked.direction,
        meant,
        given.unchecked,
        given.asked.until,
        actor,
        address,
        within=within,
        keep=[id for id in keep if given.asked.shows(dict(given.marks)[id])],
        clear=[id for id in clear if given.asked.shows(dict(given.marks)[id])],
    )


async def after(company: int, decision: Decision, actor: str) -> str:
    """Return the page that says what became of a decision."""
    at = await wizard.last_clearing(company, actor) if decision.cleared else None
    numbers = {
        "sent": decision.approved - decision.taken,
        "taken": decision.taken,
        "kept": decision.kept,
        "cleared": decision.cleared,
        "skipped": decision.skipped,
    }
    return with_query(
        f"/companies/{company}/wizard",
        **{name: number or None for name, number in numbers.items()},
        at=at.isoformat() if at else None,
    )


async def ask_first(request: HTMXRequest, row: CompanyRow, given: Submission, clearing: int) -> Template:
    """Ask whether to clear: the page of who has no scripts, in place of the dialog."""
    shown = " ".join(map(str, given.shown)) if given.shown is not None else ""
    values = {
        **await company_frame(request, row, "wizard"),
        "asked": given.asked,
        "number": clearing,
        "fields": [
            ("until", given.asked.until),
            ("kind", given.asked.kind),
            ("q", given.asked.q),
            ("unchecked", given.unchecked),
            ("scope", "shown" if given.shown is not None else ""),
            ("shown", shown),
        ],
    }
    return page(request, "wizard/clear.html", values)
