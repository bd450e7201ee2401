"""What was put aside: kept for the next sync, or dismissed, which can be undone."""

from typing import Any

from litestar import Controller, get, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Redirect, Response, Template

from sync.store import changes, wizard
from sync.store.decisions import Dismissed
from sync.store.wizard import Proposal
from web.auth import address_of, current, may
from web.changes_shown import ACTIONS, subject
from web.filters import day_time
from web.forms import read_lists, whole_number
from web.frame import Values, company_frame, company_or_404, page, with_query
from web.masking import sees_all
from web.pages.wizard.asked import number
from web.pages.wizard.contents import record_href, subject_of
from web.pages.wizard.decide import NOTHING, after
from web.pages.wizard.page import MANAGER

PAGE = 50
WAYS = {"in": "Import", "out": "Export"}


class AsideController(Controller):
    """Both lists are read by everybody; who decides can take a decision back."""

    path = "/companies/{company:int}/wizard"
    opt = {"role": "viewer"}

    @get("/kept")
    async def kept(self, request: HTMXRequest, company: FromPath[int]) -> Template:
        row = await company_or_404(company)
        found = await wizard.kept(row.id, number(request.query_params, "below"), PAGE + 1)
        home = f"/companies/{company}/wizard/kept"
        sees = sees_all(current(request).person)
        values = {
            **await list_values(request, row, "kept"),
            "rows": [kept_row(row.id, one, sees=sees) for one in found[:PAGE]],
            "next_url": with_query(home, below=found[PAGE - 1].id) if len(found) > PAGE else None,
        }
        return page(request, "wizard/aside.html", values)

    @post("/kept", opt=MANAGER)
    async def approve_kept(self, request: HTMXRequest, company: FromPath[int]) -> Response[Any]:
        """Approve one change without waiting for the next sync."""
        row = await company_or_404(company)
        form = await read_lists(request)
        ids = [id for text in form.get("change", []) if (id := whole_number(text))]
        person = current(request).person
        decision = await changes.decide(
            row.id, None, ids, "keep", wizard.EVERY_ID, person.email, address_of(request), within=NOTHING
        )
        return Redirect(await after(row.id, decision, person.email), status_code=303)

    @get("/dismissed")
    async def dismissed(self, request: HTMXRequest, company: FromPath[int]) -> Template:
        row = await company_or_404(company)
        start = min(whole_number(request.query_params.get("from", "")) or 0, 1_000_000)
        found = await changes.dismissed(row.id, PAGE + 1, start)
        home = f"/companies/{company}/wizard/dismissed"
        values = {
            **await list_values(request, row, "dismissed"),
            "rows": [dismissed_row(row.id, one) for one in found[:PAGE]],
            "next_url": with_query(home, **{"from": start + PAGE}) if len(found) > PAGE else None,
        }
        return page(request, "wizard/aside.html", values)


async def list_values(request: HTMXRequest, row: Any, view: str) -> Values:
    """Return what both lists read."""
    home = f"/companies/{row.id}/wizard"
    return {
        **await company_frame(request, row, "wizard"),
        "view": view,
        "views": [("kept", "Kept for the next sync", f"{home}/kept"), ("dismissed", "Dismissed", f"{home}/dismissed")],
        "decides": may(current(request).person, "accounting_manager"),
    }


def kept_row(company: int, one: Proposal, *, sees: bool) -> Values:
    return {
        "id": one.id,
        "subject": subject_of(one, sees=sees),
        "href": record_href(company, one),
        "way": WAYS[one.direction],
        "action": ACTIONS[one.action],
        "by": one.decided_by,
        "at": day_time(one.decided_at),
        "state": ("kept", "Kept for the next sync"),
    }


def dismissed_row(company: int, one: Dismissed) -> Values:
    return {
        "id": one.id,
        "subject": subject(one.entity, one.name, one.name, ""),
        "href": f"/companies/{company}/records/{one.entity}/{one.record}" if one.record else None,
        "way": WAYS[one.direction],
        "action": ACTIONS[one.action],
        "by": one.decided_by,
        "at": day_time(one.decided_at),
        "state": ("cleared", "Cleared" if one.reason.startswith("Cleared") else "Ignored"),
    }
