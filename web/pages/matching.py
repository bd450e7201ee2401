"""/companies/{id}/matching: records made here before QuickBooks was read, beside those that may be the same there."""

from collections.abc import Mapping
from typing import Any

from litestar import Controller, get, post
from litestar.params import FromPath, FromQuery
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Response, Template

from sync.qbxml.entities import ENTITIES
from sync.store import matching
from sync.store.matching import Match, Side
from web.auth import address_of, current, may
from web.filters import count, money, plural, qb_day
from web.forms import line, read_form, whole_number
from web.frame import Values, company_frame, company_or_404, page
from web.htmx import go_to

PAGE = 50
AS_NEW = "new"
WORDS = {"exact": ("good", "Exact match"), "likely": ("warn", "Likely match"), "none": ("info", "No match")}
CHOOSE = "Choose a record of QuickBooks, or to send it as new."


class MatchingController(Controller):
    """Everybody may read; owners and accounting managers confirm."""

    path = "/companies/{company:int}/matching"
    opt = {"role": "viewer"}

    @get()
    async def show(self, request: HTMXRequest, company: FromPath[int], start: FromQuery[int] = 0) -> Template:
        return await shown(request, company, max(0, min(start, 1_000_000)))

    @post(opt={"role": "accounting_manager"})
    async def confirm(self, request: HTMXRequest, company: FromPath[int]) -> Response[Any]:
        await company_or_404(company)
        form = await read_form(request)
        record, choice = whole_number(line(form, "record")), line(form, "choice")
        other = whole_number(choice)
        if record is None or (other is None and choice != AS_NEW):
            return await shown(request, company, 0, CHOOSE)
        person = current(request).person
        why = await matching.confirm_match(company, record, other, person.email, address_of(request))
        if why is not None:
            return await shown(request, company, 0, why)
        return go_to(request, f"/companies/{company}/matching")

    @get("/exact", opt={"role": "accounting_manager"})
    async def ask_exact(self, request: HTMXRequest, company: FromPath[int]) -> Response[Any]:
        """Say what is confirmed before it is, where there is no script."""
        row, exact = await company_or_404(company), await matching.exact_matches(company)
        if not exact:
            return go_to(request, f"/companies/{company}/matching")
        values = {**await company_frame(request, row, "records"), **exact_values(exact)}
        return page(request, "matching/exact.html", values)

    @post("/exact", opt={"role": "accounting_manager"})
    async def confirm_exact(self, request: HTMXRequest, company: FromPath[int]) -> Response[Any]:
        """Confirm every exact match that the person was shown."""
        await company_or_404(company)
        until = whole_number(request.query_params.get("until", "")) or 0
        linked = await matching.confirm_exact(company, until, current(request).person.email, address_of(request))
        return go_to(request, f"/companies/{company}/matching?linked={linked}")


def exact_values(exact: Mapping[int, int]) -> Values:
    """Return how many are confirmed at once, and up to which record."""
    return {"exact": len(exact), "until": max(exact, default=0)}


def told_linked(linked: int | None) -> tuple[str, str] | None:
    """Return what became of confirming all exact matches."""
    if linked is None:
        return None
    if not linked:
        return "info", "Nothing was linked: each was confirmed meanwhile, or has changes of its own that are open."
    return "good", f"{count(linked)} {plural(linked, 'record is', 'records are')} linked."


async def shown(request: HTMXRequest, company: int, start: int, fault: str = "") -> Template:
    row = await company_or_404(company)
    found = await matching.match_candidates(company, PAGE + 1, start)
    exact = await matching.exact_matches(company) if found else {}
    values = {
        **await company_frame(request, row, "records"),
        "matches": [match_line(one) for one in found[:PAGE]],
        "next_url": f"/companies/{company}/matching?start={start + PAGE}" if len(found) > PAGE else None,
        "may_change": may(current(request).person, "accounting_manager"),
        "faults": [(None, fault)] if fault else [],
        "flash": told_linked(whole_number(request.query_params.get("linked", ""))),
        **exact_values(exact),
    }
    return page(request, "matching/index.html", values, status=422 if fault else 200)


def match_line(one: Match) -> dict[str, Any]:
    """Return a record with its candidates, as the page shows them; an exact one is chosen already."""
    tone, word = WORDS[one.kind]
    chosen = str(one.others[0][0].id) if one.kind == "exact" else AS_NEW if one.kind == "none" else ""
    options = [(str(side.id), told(side)) for side, _ in one.others]
    return {
        "record": one.mine.id,
        "kind": ENTITIES[one.entity].label,
        "told": told(one.mine),
        "tone": tone,
        "word": word,
        "chosen": chosen,
        "options": [*([("", "Choose …")] if not chosen else []), *options, (AS_NEW, "None of them: send it as new")],
    }


def told(side: Side) -> str:
    """Return what tells a record from others: "10342, Halder Kitchens, 2 Nov 2026, 1,250.00"."""
    amount = money(side.amount) if side.amount is not None else ""
    parts = (side.name or side.ref_number, side.party, qb_day(side.date), amount)
    return ", ".join(dict.fromkeys(str(part) for part in parts if part))
