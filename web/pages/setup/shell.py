"""What every page of a set-up shows around its step: frame, steps, who is here. See templates/setup/layout.html.

Who came by a set-up link gets a bar without navigation, and no list of companies.
"""

from datetime import UTC, datetime

from litestar.exceptions import NotFoundException
from litestar.plugins.htmx import HTMXRequest

from sync.store import set_up
from sync.store.companies import CompanyRow
from sync.store.set_up import Standing
from web.auth import Doer, doer
from web.frame import Values, company_frame, frame
from web.pages.setup.steps import NAMES, steps_of

SET_UP = {"role": "accounting_manager", "setup_link": True}  # opt of every page of a set-up


async def shell(request: HTMXRequest, row: CompanyRow, key: str = "") -> Values:
    """Return what layout.html and, with the key of a step, step.html read. Raises NotFoundException."""
    told = await standing_or_404(row.id)
    who = doer(request)
    return {
        **await outside(request, row, who),
        "doer": who,
        "told": told,
        **inside(row, told, key),
        "crumbs": crumbs(row, key, who),
        "stream_url": f"/companies/{row.id}/setup/live" + (f"?of={key}" if key else ""),
    }


def inside(row: CompanyRow, told: Standing, key: str) -> Values:
    """Return the steps, and the one that the page is about."""
    steps = steps_of(row, told)
    return {"steps": steps, "step": next((step for step in steps if step.key == key), None)}


async def standing_or_404(company: int) -> Standing:
    found = await set_up.standing(company)
    if found is None:
        raise NotFoundException
    return found


async def outside(request: HTMXRequest, row: CompanyRow, who: Doer, section: str = "settings") -> Values:
    """Return what base.html reads: to a guest nothing of the team but this company."""
    if who.link:
        return {**frame(request), "company": row, "minutes_left": _minutes_left(who)}
    return await company_frame(request, row, section)


def crumbs(row: CompanyRow, key: str, who: Doer) -> list[tuple[str, str | None]]:
    """Return the way to this page."""
    home = f"/companies/{row.id}/setup"
    above: list[tuple[str, str | None]] = [] if who.link else [("Settings", "/settings")]
    if not key:
        here: list[tuple[str, str | None]] = [
            ("Add-ons and integrations", "/settings/integrations"),
            ("QuickBooks Desktop", None),
        ]
        return [] if who.link else above + here
    return [*above, (f"Connect {row.name}", home), (f"Step {[*NAMES].index(key) + 1} of {len(NAMES)}", None)]


def _minutes_left(who: Doer) -> int:
    return max(int((who.link.expires_at - datetime.now(UTC)).total_seconds() // 60), 1) if who.link else 0
