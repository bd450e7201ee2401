"""…/{record}/edit/live and …/edit/moved: somebody else changes a record while its form is open. What is typed stays.

The stream tells only that the record is no longer as the form knows it; what changed is told to the form that sends
what it was made from.
"""

import hashlib
import json
from typing import Any

from litestar import Controller, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template
from litestar.response.sse import ServerSentEvent

from sync.protocol.differences import differences
from sync.protocol.incoming import is_computed
from sync.qbxml.labels import lower
from sync.store import records, timelines
from sync.store.records import RecordDetail
from web.auth import current
from web.changes_shown import changed_values
from web.forms import read_form
from web.frame import Values, page
from web.live import Parts, render, stream
from web.pages.record_form.carried import unpacked
from web.pages.record_form.subject import Record, Subject, here, subject_of

FEW = 4  # fields that are shown at once
SINCE = "since you opened the form"


class MovedController(Controller):
    """What happens to a record elsewhere."""

    path = "/companies/{company:int}/records/{entity:str}/{id:int}/edit"
    opt = {"role": "member"}

    @get("/live")
    async def live(
        self, request: HTMXRequest, company: FromPath[int], entity: FromPath[str], id: FromPath[int]
    ) -> ServerSentEvent:
        subject = await subject_of(company, entity, id)
        known = request.query_params.get("mark", "")

        async def read() -> Parts | None:
            found = await records.record(company, entity, id)
            if found is None:
                return None
            mark = mark_of(found, here(found), found.edit_sequence)
            values = {"action": subject.action, "mark": mark if mark != known else "", "told": None}
            return {"moved": render(request, "record_form/_moved.html", values)}

        return stream(request, {f"company:{company}"}, read)

    @post("/moved", status_code=200)
    async def moved(
        self, request: HTMXRequest, company: FromPath[int], entity: FromPath[str], id: FromPath[int]
    ) -> Template:
        """Tell the form that sends its base what somebody else changed since."""
        subject = await subject_of(company, entity, id)
        data = await read_form(request)
        base = unpacked(data.get("_base", ""))
        if subject.detail is None or not isinstance(base, dict):
            raise NotFoundException
        told = await told_of(request, subject, subject.detail, base, data.get("_seen", ""))
        if told and data.get("_question"):
            told["may_show"] = False  # what is asked already is answered first; saving looks again
        return page(request, "record_form/_moved.html", {"action": subject.action, "mark": "", "told": told})


def mark_of(detail: RecordDetail, base: Record, seen: str) -> str:
    """Return a mark of a record as a form knows it: what it was made from, and what QuickBooks had then."""
    known = json.dumps([base, seen, detail.deleted_at], sort_keys=True)
    return hashlib.sha256(known.encode()).hexdigest()[:16]


def stream_of(subject: Subject, base: Record, seen: str) -> str | None:
    """Return the address of the form's stream; None of a record that is to be made."""
    detail = subject.detail
    return f"{subject.action}/live?mark={mark_of(detail, base, seen)}" if detail else None


async def told_of(
    request: HTMXRequest, subject: Subject, detail: RecordDetail, base: Record, seen: str
) -> Values | None:
    """Return what the banner says; None when nothing that a person would see has changed."""
    kind, entity = lower(subject.entity.label), subject.entity.name
    if detail.deleted_at:
        return told(f"Somebody deleted this {kind} in QuickBooks {SINCE}.", "What you typed cannot be saved.", [])
    now = here(detail)
    moved = shown(entity, base, now)
    if moved:
        there = detail.edit_sequence != base.get("EditSequence", "")
        who = "QuickBooks" if there else await author_of(request, subject)
        return told(f"{who} changed this {kind} {SINCE}.", "What you typed stays.", moved, may_show=True)
    waiting = shown(entity, now, detail.quickbooks) if detail.edit_sequence != seen else []
    if waiting:
        return told(f"QuickBooks changed this {kind} {SINCE}.", "That waits for approval in the Sync Wizard.", waiting)
    return None


def told(title: str, text: str, fields: list[Any], *, may_show: bool = False) -> Values:
    return {"title": title, "text": text, "fields": fields[:FEW], "more": fields[FEW:], "may_show": may_show}


def shown(entity: str, before: Record, after: Record) -> list[Any]:
    """Return the fields that differ, but for those that the books compute."""
    found = [one for one in differences(before, after) if not is_computed(one.path)]
    return list(changed_values(entity, before, after, found, sees=True))


async def author_of(request: HTMXRequest, subject: Subject) -> str:
    """Return who changed the record here last, by name."""
    detail, person = subject.detail, current(request).person
    changes = await timelines.of_record(subject.company.id, detail.id) if detail else []
    name = next((one.created_by for one in changes if one.direction == "out"), "")
    return "You" if name in (person.name, person.email) else name or "Somebody"
