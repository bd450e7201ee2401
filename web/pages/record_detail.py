"""/companies/{id}/records/{Kind}/{record}: one record, both sides of it, its history, and what may be done with it."""

from collections.abc import Mapping
from typing import Any

from litestar import Controller, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template
from litestar.response.sse import ServerSentEvent

from sync.protocol.writes import NEW
from sync.qbxml.entities import Entity
from sync.store import offers, picking, records, timelines, uses
from sync.store.companies import CompanyRow
from sync.store.records import RecordDetail
from sync.store.timelines import ChangeRow
from sync.store.uses import Used
from web.auth import current, may
from web.both_sides import both_groups, different, in_lines
from web.code_view import lay_out, written
from web.filters import qb_time
from web.frame import Values, company_frame, company_or_404, page
from web.live import Parts, render, stream
from web.masking import masked_fields, sees_all
from web.pages.record_form.remove import Act, may_be, words_of
from web.pages.record_uses import uses_values
from web.pages.records import heading, kind_or_404
from web.record_form import takes
from web.record_history import open_change, state_line, state_of, timeline_of
from web.values import ids_in, in_order, lines_of

DONE = {
    "saved": ("good", "Saved. It waits for approval in the Sync Wizard."),
    "both": ("good", "Saved. Somebody had changed other fields meanwhile: both edits are kept."),
    "same": ("info", "Nothing was changed, so there is nothing to approve."),
    "delete": ("good", "The deletion waits for approval. Nothing has happened in QuickBooks yet."),
    "void": ("good", "The voiding waits for approval. Nothing has happened in QuickBooks yet."),
    "back": ("good", "Taken back. The record is as QuickBooks has it."),
    "late": ("warn", "It is on its way to QuickBooks, or over, and cannot be taken back."),
}
WITHDRAWN = ("proposed", "kept", "conflict", "approved", "waiting", "refused")


class RecordDetailController(Controller):
    """One record."""

    path = "/companies/{company:int}/records/{entity:str}/{id:int}"
    opt = {"role": "viewer"}

    @get()
    async def show(
        self, request: HTMXRequest, company: FromPath[int], entity: FromPath[str], id: FromPath[int]
    ) -> Template:
        row, kind = await company_or_404(company), kind_or_404(entity)
        found = await found_or_404(company, entity, id)
        used = await uses.of(company, found.qb_id)
        values = {
            **await company_frame(request, row, "records"),
            **await record_values(request, row, kind, found, used),
            **await actions_of(request, row, kind, found, used),
            "flash": None,
            "stream_url": f"/companies/{company}/records/{entity}/{id}/live",
        }
        values["flash"] = flash_of(request.query_params.get("done", ""), str(values["state"]))
        return page(request, "records/detail.html", values)

    @get("/live")
    async def live(
        self, request: HTMXRequest, company: FromPath[int], entity: FromPath[str], id: FromPath[int]
    ) -> ServerSentEvent:
        row, kind = await company_or_404(company), kind_or_404(entity)
        await found_or_404(company, entity, id)

        async def read() -> Parts | None:
            found = await records.record(company, entity, id)
            if found is None:
                return None
            values = await state_values(row, kind, found)
            return {part: render(request, f"records/_{part}.html", values) for part in ("state", "history")}

        return stream(request, {f"company:{company}"}, read)


def flash_of(done: str, state: str) -> tuple[str, str] | None:
    """Return what became of what led here; where the kind approves by itself nothing waits."""
    if done in ("saved", "delete", "void") and state == "approved":
        return "good", "Saved and approved, as this kind approves by itself. It goes when the Web Connector calls."
    return DONE.get(done)


async def found_or_404(company: int, entity: str, id: int) -> RecordDetail:
    found = await records.record(company, entity, id) if id < 1 << 63 else None
    if found is None:
        raise NotFoundException
    return found


async def state_values(company: CompanyRow, kind: Entity, found: RecordDetail) -> Values:
    """Return state and history, which are live."""
    changes = await timelines.of_record(company.id, found.id)
    differ = len({one.path[0].partition("[")[0] for one in different(found.quickbooks, found.ours)})
    state, text = state_of(found, changes, differ)
    return {
        "state": "proposed" if state == "differs" else state,
        "state_text": text,
        "state_line": state_line(found, changes, differ),
        "history": timeline_of(company.id, kind.name, changes),
        "review": review_link(company, changes),
    }


def review_link(company: CompanyRow, changes: list[ChangeRow]) -> str | None:
    """Return where what waits for a decision is decided."""
    now = open_change(changes)
    waits = now is not None and now.state in ("proposed", "kept", "conflict")
    return f"/companies/{company.id}/wizard" if waits else None


async def record_values(
    request: HTMXRequest, company: CompanyRow, kind: Entity, found: RecordDetail, used: Used
) -> Values:
    sees = sees_all(current(request).person)
    there, here = sides(found, kind, sees)
    now = here if here is not None else there
    links = await links_of(company.id, {"there": there, "here": now}, found.qb_id)
    home = f"/companies/{company.id}/records/{kind.name}/{found.id}"
    asked = request.query_params.get("view", "")
    view = asked if asked in ("uses", "qbxml") else "fields"
    fields = view == "fields"
    return {
        **await state_values(company, kind, found),
        "record": found,
        "kind": kind,
        "title": heading(kind, found),
        "view": view,
        "views": [
            ("fields", "Both sides", home),
            ("uses", "Used in", f"{home}?view=uses", used.total, used.more),
            ("qbxml", "qbXML", f"{home}?view=qbxml"),
        ],
        **(await uses_values(request, home, found, used) if view == "uses" else {}),
        "groups": both_groups(kind.name, there, here, links) if fields else [],
        "moved": in_lines(kind.name, different(there, here)) if fields else [],
        "lines": lines_of(kind.name, now, links) if fields else [],
        "document": lay_out(written(kind.ret, there, found.line_order or ()), limit=5000) if view == "qbxml" else None,
        "ids": ids_of(kind, found),
    }


def sides(found: RecordDetail, kind: Entity, sees: bool) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Return the record as QuickBooks has it, and as it is here where that may differ; numbers hidden from viewers."""
    there, here = found.quickbooks, found.ours
    if not sees:
        there, here = masked_fields(there, kind.name), masked_fields(here, kind.name)
    return in_order(kind.name, there), in_order(kind.name, here) if here is not None else None


async def actions_of(
    request: HTMXRequest, company: CompanyRow, kind: Entity, found: RecordDetail, used: Used
) -> Values:
    """Return what the person may do with the record, and what QuickBooks would take."""
    person = current(request).person
    product, version = await picking.spoken(company.id)
    member, new = may(person, "member"), found.qb_id.startswith(NEW)
    off = (await offers.off(company.id, [kind])).get(kind.name, "") if member else ""
    changes = await timelines.of_record(company.id, found.id)
    writes = member and not off
    acts: tuple[Act, ...] = ("delete", "void")
    removals = [act for act in acts if member and may_be(kind, found, act)]
    waiting = any(one.direction == "out" and one.state in WITHDRAWN for one in changes)
    busy = any(one.direction == "out" and one.state in ("sent", "unknown") for one in changes)
    return {
        "off": off,
        "may_edit": writes and not found.deleted_at and takes(kind, "Add" if new else "Mod", product, version),
        "may_copy": writes and takes(kind, "Add", product, version),
        "removals": [(act, words_of(kind, act, used)) for act in removals],
        "may_take_back": member and (waiting or new) and not busy,
    }


async def links_of(company: int, fields: Mapping[str, Any], own: str) -> dict[str, str]:
    """Return the addresses of the records here that this one refers to."""
    wanted = list(set(ids_in(fields)) - {own})
    found = await records.ids_of(company, wanted) if wanted else {}
    return {qb_id: f"/companies/{company}/records/{entity}/{id}" for qb_id, (entity, id) in found.items()}


def ids_of(kind: Entity, found: RecordDetail) -> list[tuple[str, ...]]:
    if found.qb_id.startswith(NEW):
        return [(kind.key, "none before QuickBooks has it")]
    return [
        (kind.key, found.qb_id, "mono"),
        ("EditSequence", found.edit_sequence or "none", "mono" if found.edit_sequence else ""),
        ("Created", qb_time(found.time_created)),
        ("Changed", qb_time(found.time_modified)),
    ]
