"""/companies/{id}/daily: what to do each day, in order, with what waits at each step. (E02)"""

from dataclasses import dataclass
from datetime import UTC, datetime

from litestar import get
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from sync.store import changes
from sync.store.changes import Counts
from sync.store.companies import CompanyRow
from web.banners import not_active_sentence
from web.connection import SILENT, has
from web.filters import count, day_time, plural
from web.frame import company_frame, company_or_404, page
from web.pages.wizard.contents import next_call, way_sentence


@dataclass(frozen=True, slots=True)
class Daily:
    """One thing to look at each day."""

    name: str
    sentence: str
    href: str
    state: str  # done, current (the first that needs somebody), waiting
    words: str
    button: str


@get("/companies/{company:int}/daily", opt={"role": "viewer"})
async def daily(request: HTMXRequest, company: FromPath[int]) -> Template:
    row = await company_or_404(company)
    steps = steps_of(row, await changes.counts(company), datetime.now(UTC))
    needs = sum(step.state != "done" for step in steps)
    values = {
        **await company_frame(request, row, "status"),
        "steps": steps,
        "sentence": f"{count(needs)} of {len(steps)} {plural(needs, 'needs', 'need')} you today."
        if needs
        else "Nothing needs you now.",
    }
    return page(request, "daily/index.html", values)


def steps_of(row: CompanyRow, counted: Counts, now: datetime) -> list[Daily]:
    """Return the steps in the order in which they are taken; the first that needs somebody is the current one."""
    home = f"/companies/{row.id}"
    broken = has(row, *SILENT) or has(row, "wrong_file", "refused", "paused", "never_synced")
    approve = counted.to_approve_in + counted.to_approve_out
    approving = (
        f"{count(counted.to_approve_in)} to import from QuickBooks, {count(counted.to_approve_out)} to export to "
        "QuickBooks. Untick what should not sync."
    )
    found = [
        (
            broken,
            "See that the connection is active",
            connection(row, now),
            home,
            row.state_text,
            "Look at the connection",
        ),
        (
            counted.conflicts > 0,
            "Decide conflicts",
            "Both sides changed the same field of a record. Nothing of it syncs before you choose.",
            f"{home}/wizard/conflicts" if counted.conflicts else f"{home}/wizard",
            f"{count(counted.conflicts)} to decide" if counted.conflicts else "None",
            "Decide",
        ),
        (
            approve > 0,
            "Approve what wants to sync",
            approving,
            f"{home}/wizard",
            f"{count(approve)} to approve" if approve else "None",
            "Open the Sync Wizard",
        ),
        (
            counted.unsynced > 0,
            "Mend what could not sync",
            "Each has QuickBooks' own words, what they mean and what to do.",
            f"{home}/unsynced",
            f"{count(counted.unsynced)} unsynced" if counted.unsynced else "None",
            "See the unsynced",
        ),
        (
            counted.pending > 0 and broken,
            "See that what is pending goes",
            way_sentence(counted.pending, row, now),
            f"{home}/wizard",
            f"{count(counted.pending)} pending" if counted.pending else "None",
            "See what is pending",
        ),
    ]
    first = next((place for place, (needs, *_) in enumerate(found) if needs), None)
    return [
        Daily(name, sentence, href, "done" if not needs else "current" if place == first else "waiting", words, button)
        for place, (needs, name, sentence, href, words, button) in enumerate(found)
    ]


def connection(row: CompanyRow, now: datetime) -> str:
    """Say how the connection is, and how fresh the data are."""
    if has(row, *SILENT):
        return not_active_sentence(row, now)
    if row.last_sync_at is None:
        return "Nothing was synced yet."
    by = next_call(row)
    return f"Data as of {day_time(row.last_sync_at)}." + (f" The next call is due by {by}." if by else "")
