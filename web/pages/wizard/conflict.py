"""/companies/{id}/wizard/conflicts/{change}: both sides changed a field, and a person says whose value it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Controller, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Redirect, Response, ServerSentEvent, Template

from sync.protocol.differences import Contradiction, Path, differences, merge
from sync.qbxml import labels
from sync.store import changes, wizard
from sync.store.companies import CompanyRow
from sync.store.conflicts import CHANGED_AGAIN, CHOOSE_ALL, NO_CONFLICT, Side, listed, mark_of
from sync.store.wizard import Conflict
from web.auth import address_of, current, may
from web.changes_shown import at_place, label_of_path, new_values, part_of_record, value_text, whole
from web.filters import count, day_time, plural, qb_time, sentence_list, upper_first, words
from web.forms import read_form
from web.frame import Values, company_frame, company_or_404, page
from web.live import Parts, render, stream
from web.masking import sees_all
from web.pages.wizard.contents import next_call, record_href, subject_of
from web.pages.wizard.page import MANAGER

EMPTY = "empty"
SIDES: tuple[Side, Side] = ("quickbooks", "ours")
TOLD = {"again": CHANGED_AGAIN, "all": CHOOSE_ALL, "over": NO_CONFLICT}


@dataclass(frozen=True, slots=True)
class Question:
    """One field to decide, or one address: what each side has, and the leaves that the choice is for."""

    name: str  # of the radio buttons
    label: str
    base: str
    quickbooks: str
    ours: str
    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class OneSided:
    """A field that one side has changed: it is taken as it is."""

    label: str
    base: str
    quickbooks: str
    ours: str
    side: Side


class ConflictController(Controller):
    """One conflict at a time."""

    path = "/companies/{company:int}/wizard/conflicts"
    opt = {"role": "viewer"}

    @get()
    async def first(self, company: FromPath[int]) -> Response[Any]:
        """Go to the conflict that has waited longest."""
        await company_or_404(company)
        found = await wizard.conflicts(company, 1)
        home = f"/companies/{company}/wizard"
        return Redirect(f"{home}/conflicts/{found[0].id}" if found else home, status_code=303)

    @get("/{change:int}")
    async def show(self, request: HTMXRequest, company: FromPath[int], change: FromPath[int]) -> Template:
        row = await company_or_404(company)
        found = await wizard.conflict(row.id, change) if change < 1 << 63 else None
        if found is None:
            raise NotFoundException
        values = {
            **await company_frame(request, row, "wizard"),
            **await conflict_values(request, row, found),
            "said": TOLD.get(request.query_params.get("told", "")),
            **happens_values(request, row, found, {}),
        }
        values["stream_url"] = f"/companies/{company}/wizard/conflicts/{change}/live?mark={values['mark']}"
        return page(request, "wizard/conflict.html", values)

    @get("/{change:int}/happens")
    async def happens(self, request: HTMXRequest, company: FromPath[int], change: FromPath[int]) -> Template:
        """Return what will happen by what is chosen so far."""
        row = await company_or_404(company)
        found = await wizard.conflict(row.id, change) if change < 1 << 63 else None
        if found is None:
            raise NotFoundException
        return page(request, "wizard/_happens.html", happens_values(request, row, found, request.query_params))

    @get("/{change:int}/live")
    async def live(self, request: HTMXRequest, company: FromPath[int], change: FromPath[int]) -> ServerSentEvent:
        await company_or_404(company)
        mark = request.query_params.get("mark", "")

        async def read() -> Parts | None:
            found = await wizard.conflict(company, change) if change < 1 << 63 else None
            values = {
                "company_id": company,
                "change_id": change,
                "again": found is not None and mark != now_marked(found),
                "over": found is None,
                "waiting_number": await wizard.waiting(company),
            }
            return {
                "again": render(request, "wizard/_again.html", values),
                "badge": render(request, "partials/wizard_badge.html", values),
            }

        return stream(request, {f"company:{company}"}, read)

    @post("/{change:int}", opt=MANAGER)
    async def decide(self, request: HTMXRequest, company: FromPath[int], change: FromPath[int]) -> Response[Any]:
        row = await company_or_404(company)
        found = await wizard.conflict(row.id, change) if change < 1 << 63 else None
        home = f"/companies/{company}/wizard"
        if found is None:
            return Redirect(f"{home}?told=over", status_code=303)
        form = await read_form(request)
        actor = current(request).person.email
        wrong = await changes.resolve_conflict(
            row.id, change, chosen(found, form), actor, address_of(request), seen=form.get("mark", "")
        )
        told = next((key for key, words in TOLD.items() if words == wrong), "")
        if told:
            return Redirect(f"{home}/conflicts/{change}?told={told}", status_code=303)
        return Redirect(f"{home}/conflicts" if await wizard.conflicts(row.id, 1) else f"{home}?sent=1", status_code=303)


def chosen(found: Conflict, form: Mapping[str, str]) -> dict[Path, Side]:
    """Return the side of each leaf: a button for everything, else the radio of its field."""
    everything = next((side for side in SIDES if form.get("all") == side), None)
    choices: dict[Path, Side] = {}
    for each in questions(found, sees=True):
        side = everything or next((side for side in SIDES if form.get(each.name) == side), None)
        if side:
            choices |= dict.fromkeys(each.paths, side)
    return choices


def now_marked(found: Conflict) -> str:
    return mark_of(listed(merge(found.base, found.quickbooks, found.ours).contradictions))


async def conflict_values(request: HTMXRequest, row: CompanyRow, found: Conflict) -> Values:
    """Return the three columns, and where this conflict stands among the others."""
    sees = sees_all(current(request).person)
    others = await wizard.conflicts(row.id)
    ids = [one.id for one in others]
    position = ids.index(found.id) if found.id in ids else 0
    asked = questions(found, sees=sees)
    named = subject_of(found.change, sees=sees)
    beside = [id for id in ids[position + 1 :] + ids[:position] if id != found.id]
    home = f"/companies/{row.id}/wizard/conflicts"
    return {
        "conflict": found,
        "home": home,
        "decides": may(current(request).person, "accounting_manager"),
        "title": named.title,
        "line": f"{labels.kind(found.change.entity)}. {counted(len(asked))}",
        "position": f"Conflict {count(position + 1)} of {count(len(others))}",
        "next_href": f"{home}/{beside[0]}" if beside else None,
        "record_href": record_href(row.id, found.change),
        "questions": asked,
        "one_sided": one_sided(found, sees=sees),
        "same": same_fields(found, sees=sees),
        "heads": heads(found),
        "mark": now_marked(found),
    }


def counted(number: int) -> str:
    return f"{upper_first(words(number))} {plural(number, 'field was', 'fields were')} changed on both sides."


def heads(found: Conflict) -> tuple[str, str, str]:
    """Say who and when, for each column."""
    agreed, there = (qb_time(str(one.get("TimeModified", ""))) for one in (found.base, found.quickbooks))
    by = found.change.who or found.change.created_by
    return (
        f"Changed last {agreed}" if agreed else "As both sides had it",
        f"Changed {there}" if there else "As last read",
        f"By {by}, {day_time(found.change.created_at)}",
    )


def questions(found: Conflict, *, sees: bool) -> list[Question]:
    """Return what has to be chosen; an address is one choice where all that differs in it was changed by both."""
    contradictions = merge(found.base, found.quickbooks, found.ours).contradictions
    both = {one.path for one in contradictions}
    apart = {one.path for one in differences(found.quickbooks, found.ours)}
    grouped: dict[Path, list[Contradiction]] = {}
    for one in contradictions:
        top = whole(one.path)
        together = top != one.path and all(path in both for path in apart if whole(path) == top)
        grouped.setdefault(top if together else one.path, []).append(one)
    return [question(found, at, members, place, sees=sees) for place, (at, members) in enumerate(grouped.items())]


def question(found: Conflict, at: Path, members: Sequence[Contradiction], place: int, *, sees: bool) -> Question:
    entity = found.change.entity
    label = label_of_path(entity, at, found.base, found.quickbooks)
    if len(members) == 1 and members[0].path == at:
        values = (members[0].base, members[0].quickbooks, members[0].ours)
        base, theirs, ours = (text(entity, at, value, sees=sees) for value in values)
    else:
        base, theirs, ours = (
            text(entity, at, at_place(side, at), sees=sees) for side in (found.base, found.quickbooks, found.ours)
        )
    return Question(f"field-{place}", label, base, theirs, ours, tuple(one.path for one in members))


def text(entity: str, path: Path, value: Any, *, sees: bool) -> str:
    if value is True:
        return "There"
    return (value_text(entity, path, value, sees=sees) if value else "") or EMPTY


def one_sided(found: Conflict, *, sees: bool) -> list[OneSided]:
    """Return what follows by itself: fields that only one side has changed."""
    both = {one.path for one in merge(found.base, found.quickbooks, found.ours).contradictions}
    apart = {one.path for one in differences(found.quickbooks, found.ours)}
    rows: list[OneSided] = []
    told: set[Path] = set()
    sides: tuple[tuple[Side, Mapping[str, Any]], ...] = (("quickbooks", found.quickbooks), ("ours", found.ours))
    for side, record in sides:
        for one in differences(found.base, record):
            at = whole(one.path)
            mixed = any(whole(path) == at for path in both)
            at = one.path if mixed else at
            if one.path in both or one.path not in apart or at in told or at[0].endswith("AddressBlock"):
                continue
            told.add(at)
            rows.append(one_sided_row(found, at, side, sees=sees))
    return rows


def one_sided_row(found: Conflict, at: Path, side: Side, *, sees: bool) -> OneSided:
    entity = found.change.entity
    shown = part_of_record(entity, at, found.base, found.quickbooks, sees=sees)
    ours = part_of_record(entity, at, found.base, found.ours, sees=sees)
    return OneSided(shown.label, shown.before or EMPTY, shown.after or EMPTY, ours.after or EMPTY, side)


def same_fields(found: Conflict, *, sees: bool) -> list[tuple[str, str]]:
    """Return what both sides have alike, with its value; a list or a group is there as a whole, or not at all."""
    apart = {one.path[0].partition("[")[0] for one in differences(found.quickbooks, found.ours)}
    alike = {name: value for name, value in found.quickbooks.items() if name not in apart}
    return [(one.label, one.after or "") for one in new_values(found.change.entity, alike, sees)]


def happens_values(request: HTMXRequest, row: CompanyRow, found: Conflict, form: Mapping[str, str]) -> Values:
    """Return what happens here and in QuickBooks, in sentences."""
    sees = sees_all(current(request).person)
    here = [(one.label, one.quickbooks) for one in one_sided(found, sees=sees) if one.side == "quickbooks"]
    there = [(one.label, one.ours) for one in one_sided(found, sees=sees) if one.side == "ours"]
    asked = questions(found, sees=sees)
    for each in asked:
        if form.get(each.name) == "quickbooks":
            here.append((each.label, each.quickbooks))
        elif form.get(each.name) == "ours":
            there.append((each.label, each.ours))
    open_ = sum(form.get(each.name) not in SIDES for each in asked)
    by = next_call(row)
    return {
        "here": becomes(here),
        "there": becomes(there),
        "call": f"at the next call, by {by}" if by else "at the next call",
        "open_fields": f"{upper_first(words(open_))} {plural(open_, 'field is', 'fields are')} not chosen yet."
        if open_
        else "",
    }


def becomes(entries: Sequence[tuple[str, str]]) -> str:
    """Phone becomes 510 555 0199, terms become Net 15."""
    parts = [f"{label} becomes {value}" for label, value in entries]
    return f"{sentence_list([parts[0], *(lower(part) for part in parts[1:])])}." if parts else ""


def lower(text: str) -> str:
    return text if text[1:2].isupper() or text[1:2] == "/" else text[:1].lower() + text[1:]
