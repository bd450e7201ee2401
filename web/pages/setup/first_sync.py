"""/companies/{id}/setup/first-sync: the first reading, live; what to leave alone until it ends; the clear end."""

from collections.abc import Sequence
from datetime import UTC, datetime

from litestar import Controller, get
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from sync.store import runs
from sync.store.companies import CompanyRow
from sync.store.runs import RunDetail, RunRow
from sync.store.set_up import Standing
from web.connection import when_it_begins
from web.filters import clock, count, day_time, duration, plural
from web.frame import Values, company_or_404, page
from web.pages.setup import preparation
from web.pages.setup.preparation import Prepared
from web.pages.setup.shell import SET_UP, shell
from web.progress import condensed, progress_values, run_sentence

NO_PROGRESS: Values = {"entities": [], "progress_figures": [], "progress_total": None}
CONFIRMED = "It begins when somebody confirms the file: this company with this file."
FIRST_FILE = "It begins by itself with the first company file that answers: nobody has to confirm it."
LOOKED_AT = 50  # runs, among which the first one is looked for


class FirstSyncController(Controller):
    """The last step."""

    path = "/companies/{company:int}/setup/first-sync"
    opt = SET_UP

    @get()
    async def show(self, request: HTMXRequest, company: FromPath[int]) -> Template:
        row = await company_or_404(company)
        values = await shell(request, row, "first-sync")
        told = values["told"]
        begun = told.deeds.get("company.begun")
        line = f"Begun {day_time(begun.at)} by {begun.who}." if begun else "Every list and transaction is read once."
        return page(request, "setup/first_sync.html", {**values, **await sync_values(row, told), "line": line})


async def sync_values(row: CompanyRow, told: Standing) -> Values:
    """Return what the live part reads."""
    now = datetime.now(UTC)
    first = first_of(await runs.runs_of(row.id, limit=LOOKED_AT))
    detail = await runs.run(row.id, first.number, now) if first else None
    prepared = Prepared.of(told.prepared)
    return {
        "row": row,
        "phase": phase(row, told, first),
        "run": first,
        "run_line": run_sentence(detail) if detail else "",
        "begins": when_it_begins(row, now) if told.begun_at else FIRST_FILE if told.adopts_first else CONFIRMED,
        "takes": preparation.expected_words(prepared),
        "counted": bool(detail and detail.expected),
        "large": preparation.warning(prepared),
        "where": next(iter(row.computers), prepared.computer) or "the computer",
        "ended": ended_words(first) if first else "The first sync is over.",
        "happened": happened(detail, told) if detail else [],
        **(progress_of(detail, now) if detail else NO_PROGRESS),
    }


def progress_of(detail: RunDetail, now: datetime) -> Values:
    """Return the figures of the run; its small kinds stay folded when it is over."""
    return {**progress_values(detail, now), "entities": condensed(detail.entities)}


def first_of(rows: Sequence[RunRow]) -> RunRow | None:
    """Return the first sync, out of the latest runs, newest first: of two, as after detaching, the later one."""
    return next((row for row in rows if row.kind == "initial"), None)


def phase(row: CompanyRow, told: Standing, run: RunRow | None) -> str:
    """Return not_begun, waits, runs, stopped or over."""
    if told.begun_at is None:
        return "not_begun"
    if run is None:  # nothing was asked for yet, or it was too long ago to be among the latest
        return "over" if told.last_sync_at else "not_begun"
    if run.state == "complete":
        return "over"
    if run.state in ("stopped", "cancelled"):
        return "over" if told.last_sync_at else "stopped"
    return "runs" if run.state == "running" else "waits"


def ended_words(run: RunRow) -> str:
    """The first sync is over: 604 rows in 38 min."""
    took = f" in {duration(run.took)}" if run.took is not None else ""
    failed = f" {run.failed} kinds could not be read; the sync says why." if run.failed else ""
    return f"The first sync is over: {count(run.rows_in)} {plural(run.rows_in, 'row')}{took}.{failed}"


def happened(detail: RunDetail, told: Standing) -> list[tuple[str, str]]:
    """Return what happened, newest first: sessions, and who began it."""
    lines = [
        (session.ended_at or session.opened_at, session.result or "The Web Connector is in session.")
        for session in detail.sessions[:6]
    ]
    begun = told.deeds.get("company.begun")
    if begun:
        lines.append((begun.at, f"Begin sync, by {begun.who}"))
    return [(clock(at, seconds=False), sentence) for at, sentence in lines]
