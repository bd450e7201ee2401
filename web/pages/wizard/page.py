"""/companies/{id}/wizard: what waits for a decision, ten rows or fifty thousand."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from litestar import Controller, get, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Redirect, Response, ServerSentEvent, Template

from sync.store import changes, companies, ticks, wizard
from web.auth import current
from web.filters import count
from web.forms import read_lists, whole_number
from web.frame import company_frame, company_or_404, page, with_query
from web.live import Parts, render, stream
from web.pages.wizard.asked import Asked, kind_of
from web.pages.wizard.contents import index_values, kind_place, live_values, more_values
from web.pages.wizard.told import told

MANAGER = {"role": "accounting_manager"}
Lists = Mapping[str, Sequence[str]]


class WizardController(Controller):
    """The page, its further rows, and the ticks of who decides."""

    path = "/companies/{company:int}/wizard"
    opt = {"role": "viewer"}

    @get()
    async def show(self, request: HTMXRequest, company: FromPath[int]) -> Template:
        row = await company_or_404(company)
        asked = Asked.read(company, request.query_params)
        outside = await company_frame(request, row, "wizard")
        found = await index_values(request, row, asked, outside["counts"])
        values = {
            **outside,
            **found,
            "told": told(request, row, outside["counts"]),
            "stream_url": f"{asked.home}/live?until={found['asked'].until}&total={found['every_total']}",
        }
        return page(request, "wizard/index.html", values)

    @get("/more")
    async def more(self, request: HTMXRequest, company: FromPath[int]) -> Template | Response[Any]:
        """Return the next rows of a kind; without scripts, the page of that kind from there on."""
        row = await company_or_404(company)
        asked = Asked.read(company, request.query_params)
        if not request.htmx or not asked.direction:
            return Redirect(asked.link(), status_code=303)
        return page(request, "wizard/_rows.html", {**await more_values(request, row, asked), "asked": asked})

    @get("/live")
    async def live(self, request: HTMXRequest, company: FromPath[int]) -> ServerSentEvent:
        await company_or_404(company)
        query = request.query_params
        until, total = whole_number(query.get("until", "")) or 0, whole_number(query.get("total", "")) or 0

        async def read() -> Parts | None:
            row = await companies.company(company, datetime.now(UTC))
            if row is None:
                return None
            values = await live_values(row, total, until, await changes.counts(company))
            parts = {name: render(request, f"wizard/_{name}.html", values) for name in ("news", "way")}
            return {**parts, "badge": render(request, "partials/wizard_badge.html", values)}

        return stream(request, {f"company:{company}"}, read)

    @post("/ticks", opt=MANAGER, status_code=200)
    async def tick(self, request: HTMXRequest, company: FromPath[int]) -> dict[str, Any]:
        """Keep what was ticked or unticked just now; return how many are."""
        row = await company_or_404(company)
        form = await read_lists(request)
        asked = Asked.read(company, {name: values[-1] for name, values in form.items()})
        rows = {id: mark for text in form.get("row", []) if (id := pair(text)[0]) and (mark := pair(text)[1])}
        kinds = {
            key: mark == "1"
            for text in form.get("whole", [])
            for key, _, mark in [text.rpartition(":")]
            if kind_of(key)
        }
        kept = await turn(current(request).person.id, row.id, asked, kinds, rows)
        return await numbers(row.id, asked, kept)

    @post("/show", opt=MANAGER)
    async def save_and_show(self, request: HTMXRequest, company: FromPath[int]) -> Response[Any]:
        """Without scripts: keep the ticks of this page and show what a button says."""
        row = await company_or_404(company)
        form = await read_lists(request)
        await keep_ticks(request, row.id, form)
        asked = Asked.read(company, {name: values[-1] for name, values in form.items()})
        wanted = kind_of(form.get("more", [""])[-1])
        if wanted is None:
            return Redirect(asked.link(), status_code=303)
        return Redirect(with_query(asked.home, kind="/".join(wanted), q=asked.q), status_code=303)


def pair(text: str) -> tuple[int, str]:
    """Return id and mark of "12:off"; 0 where it is none."""
    id, _, mark = text.partition(":")
    return whole_number(id) or 0, mark


async def numbers(company: int, asked: Asked, kept: ticks.Ticks) -> dict[str, Any]:
    """Return how many changes are ticked: of all that are asked for, of each section, of each kind."""
    found = [kind for kind in await wizard.kinds(company, asked.q, asked.until) if asked.shows(kind.key)]
    marks = await wizard.marked(company, kept, asked.q, asked.until)
    ticked = wizard.ticked(sorted(found, key=kind_place), marks, kept)
    total = sum(kind.count for kind in found)
    on = sum(ticked.values())
    sections = {
        direction: [
            sum(ticked[kind.key] for kind in found if kind.direction == direction),
            sum(kind.count for kind in found if kind.direction == direction),
        ]
        for direction in ("in", "out")
    }
    return {
        "ticked": count(on),
        "unticked": count(total - on),
        "total": count(total),
        "left": total - on,
        "sections": {name: [*pair, f"{count(pair[0])} of {count(pair[1])} checked"] for name, pair in sections.items()},
        "kinds": {kind.key: [ticked[kind.key], kind.count] for kind in found},
    }


async def keep_ticks(request: HTMXRequest, company: int, form: Lists) -> ticks.Ticks:
    """Keep what the form of the page says: whole kinds first, then the rows that were changed on it."""
    now, was = set(form.get("whole", [])), listed(form, "kinds_was")
    person = current(request).person.id
    off = (await ticks.ticks_of(person, company)).kinds  # by scripts, each tick was kept already
    turned = [key for key in listed(form, "kinds") if kind_of(key) and (key in now) != (key in was)]
    asked = Asked.read(company, {name: values[-1] for name, values in form.items()})
    kinds = {key: key in now for key in turned if asked.q or (key in now) == (key in off)}
    rows = {id: mark for text in listed(form, "shown") if (id := whole_number(text)) and (mark := row_mark(form, text))}
    return await turn(person, company, asked, kinds, rows)


async def turn(
    person: int, company: int, asked: Asked, kinds: Mapping[str, bool], rows: Mapping[int, str]
) -> ticks.Ticks:
    """Tick or untick whole kinds, then single rows. The kinds of a search are the rows that it finds, and no others."""
    if not asked.q or not kinds:
        return await ticks.tick(person, company, kinds, rows)
    found = await wizard.found_in(company, list(kinds), asked.q, asked.until)
    marks = {id: "on" if kinds[kind] else "off" for id, kind in found.items()}
    return await ticks.tick(person, company, {}, marks | dict(rows))


def row_mark(form: Lists, id: str) -> str:
    """Return what was done to a row on the page; "" where it is as it was shown."""
    on, was = id in form.get("tick", []), id in listed(form, "was")
    rule = form.get(f"rule-{id}", [""])[-1]
    if not on and rule in ("keep", "clear"):
        return rule
    if on != was or (not on and id in listed(form, "ruled")):
        return "on" if on else "off"
    return ""


def listed(form: Lists, name: str) -> set[str]:
    """Return the members of hidden fields that hold several, with spaces."""
    return {each for value in form.get(name, []) for each in value.split()}
