"""Clear ID, and a change whose outcome is not known: a person looks, chooses, and is told what will happen before."""

from datetime import UTC, datetime
from typing import Any

from litestar import Controller, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Redirect, Response, ServerSentEvent, Template

from sync.qbxml.entities import ENTITIES
from sync.qbxml.summary import summary
from sync.store import changes, companies, outcomes, stuck
from sync.store.changes import LookRow
from sync.store.companies import CompanyRow
from sync.store.looks import Choice
from sync.store.stuck import Named
from web.auth import address_of, current
from web.changes_told import label, record_href, title, way
from web.filters import day_time, money, qb_day, qb_time
from web.forms import line, read_form, whole_number
from web.frame import Values, company_frame, company_or_404, guide_frame, page
from web.htmx import go_to
from web.live import Parts, render, stream

MANAGER = {"role": "accounting_manager"}
CHOICES: dict[str, Choice] = {"relink": "relink", "send_as_new": "send_as_new", "leave": "leave"}


class ClearIdController(Controller):
    """The link between a record here and one of QuickBooks, forgotten when QuickBooks says that it is gone."""

    path = "/companies/{company:int}/unsynced"
    opt = MANAGER

    @get("/clear-id/{record:int}")
    async def show(self, request: HTMXRequest, company: FromPath[int], record: FromPath[int]) -> Template:
        row, found = await company_or_404(company), await record_or_404(company, record)
        return await clear_page(request, row, found)

    @post("/clear-id/{record:int}")
    async def choose(self, request: HTMXRequest, company: FromPath[int], record: FromPath[int]) -> Response[Any]:
        """Look in QuickBooks, or do what was chosen after the look."""
        row, found = await company_or_404(company), await record_or_404(company, record)
        form = await read_form(request)
        choice = form.get("choice", "")
        if choice == "look":
            why = await changes.look_up(company, record, *by(request))
        elif choice in CHOICES:
            candidate = line(form, "candidate", longest=100)
            why = await changes.clear_id(company, record, CHOICES[choice], *by(request), candidate=candidate)
        else:
            why = "Choose what is to happen with the record."
        if why is not None:
            return await clear_page(request, row, found, fault=why)
        return go_to(request, f"{home_of(company)}/clear-id/{record}")

    @get("/clear-id/{record:int}/live")
    async def live(self, request: HTMXRequest, company: FromPath[int], record: FromPath[int]) -> ServerSentEvent:
        row, found = await company_or_404(company), await record_or_404(company, record)
        outside = await company_frame(request, row, "unsynced")

        async def read() -> Parts | None:
            row = await companies.company(company, datetime.now(UTC))
            if row is None:
                return None
            values = {**outside, **await clear_values(request, row, found)}
            return {"look": render(request, "unsynced/_look.html", values)}

        return stream(request, {f"company:{company}"}, read)

    @get("/{change:int}/outcome")
    async def outcome(self, request: HTMXRequest, company: FromPath[int], change: FromPath[int]) -> Response[Any]:
        row = await company_or_404(company)
        found = await stuck.one(company, change)
        if found is None or found.state != "unknown":
            return Redirect(home_of(company), status_code=303)
        return await outcome_page(request, row, found)

    @post("/{change:int}/outcome")
    async def settle(self, request: HTMXRequest, company: FromPath[int], change: FromPath[int]) -> Response[Any]:
        """Link the change to what is in the books, or send it again since it is not."""
        row = await company_or_404(company)
        form = await read_form(request)
        if form.get("choice") == "again":
            done = await changes.resync(company, [change], *by(request))
            return go_to(request, f"{home_of(company)}?resynced={done}")
        why = await outcomes.link(company, change, whole_number(form.get("candidate", "")), *by(request))
        found = await stuck.one(company, change) if why else None
        if why and found is not None:
            return await outcome_page(request, row, found, fault=why)
        return go_to(request, home_of(company))


@get("/guide/clear-id", opt={"role": "public"})
async def clear_id_guide(request: HTMXRequest) -> Template:
    """Explain Clear ID in depth (E28)."""
    return page(request, "guide/clear_id.html", {**await guide_frame(request), "page_width": "form"})


def home_of(company: int) -> str:
    return f"/companies/{company}/unsynced"


def by(request: HTMXRequest) -> tuple[str, str]:
    return current(request).person.email, address_of(request)


async def record_or_404(company: int, record: int) -> Named:
    found = await stuck.named(company, record) if record < 1 << 63 else None
    if found is None or found.entity not in ENTITIES:
        raise NotFoundException
    return found


async def clear_page(request: HTMXRequest, row: CompanyRow, found: Named, *, fault: str = "") -> Template:
    values = {
        **await company_frame(request, row, "unsynced"),
        **await clear_values(request, row, found),
        "fault": fault,
        "stream_url": f"{home_of(row.id)}/clear-id/{found.id}/live",
    }
    return page(request, "unsynced/clear_id.html", values, status=409 if fault else 200)


async def clear_values(request: HTMXRequest, row: CompanyRow, found: Named) -> Values:
    """Return what the page and its live part read."""
    look = await changes.look_of(row.id, found.id)
    return {
        "company": row,
        "record": found,
        "title": title(found.entity, found.name, found.ref_number),
        "kind": label(found.entity),
        "href": record_href(row.id, found.entity, found.id),
        "action": f"{home_of(row.id)}/clear-id/{found.id}",
        "look": look,
        "candidates": candidates_of(look) if look and look.state == "gone" else [],
        "by_when": day_time(row.next_call_by).removeprefix("today, ") if row.next_call_by else "",
        "sure": request.query_params.get("sure") == "new",
    }


def candidates_of(look: LookRow) -> list[tuple[str, str, str]]:
    """Return what may be the record, as QuickBooks has it: its id, its name, what tells it apart."""
    found = []
    for fields in look.found:
        short = summary(look.entity, fields)
        facts = (
            short.party,
            qb_day(short.date),
            money(short.amount),
            f"made {qb_time(short.time_created)}" if short.time_created else "",
        )
        named = title(look.entity, short.name or "", short.ref_number or "")
        found.append((short.qb_id, named, ", ".join(filter(None, facts))))
    return found


async def outcome_page(request: HTMXRequest, row: CompanyRow, found: stuck.StuckRow, *, fault: str = "") -> Template:
    values = {
        **await company_frame(request, row, "unsynced"),
        "row": found,
        "title": title(found.entity, found.name, found.ref_number),
        "way": way(found.entity, found.action, found.direction, found.party),
        "href": record_href(row.id, found.entity, found.record),
        "action": f"{home_of(row.id)}/{found.id}/outcome",
        "candidates": [
            (
                str(one.id),
                title(found.entity, one.name, one.ref_number),
                ", ".join(filter(None, (one.party, qb_day(one.date), money(one.amount)))),
            )
            for one in await outcomes.candidates(row.id, found.id)
        ],
        "fault": fault,
    }
    return page(request, "unsynced/outcome.html", values, status=409 if fault else 200)
