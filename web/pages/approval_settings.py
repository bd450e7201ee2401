"""/companies/{id}/settings/approval: which kinds of records ask before a change goes on, in and out; and verify."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Controller, get, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Response, Template

from sync.qbxml.entities import ENTITIES
from sync.store import offers, policies, records, setup
from sync.store.policies import DIRECTIONS, EVERY, MODES, Direction, Mode, Policies
from web.auth import address_of, current
from web.forms import read_form
from web.frame import company_or_404
from web.htmx import go_to
from web.pages.company_settings import MANAGER, by, saved, topic_page

WORDS: Mapping[Mode, str] = {"ask": "Ask each time", "first": "Ask once, then by itself", "auto": "By itself"}
FOLLOWS = "As all kinds"


@dataclass(frozen=True, slots=True)
class Line:
    """One kind with its two choices: name of the field, what is chosen, and in words what holds now."""

    entity: str
    label: str
    records: int
    fields: tuple[tuple[str, str, str], ...]  # in, then out

    @property
    def own(self) -> bool:
        """Whether somebody chose for this kind, in either direction."""
        return any(chosen for _, chosen, _ in self.fields)


class ApprovalSettingsController(Controller):
    """Everybody may read; owners and accounting managers change."""

    path = "/companies/{company:int}/settings/approval"
    opt = {"role": "viewer"}

    @get()
    async def show(self, request: HTMXRequest, company: FromPath[int]) -> Template:
        row = await company_or_404(company)
        rules = await policies.of_company(company)
        counts = {one.entity: one.count for one in await records.kinds(company)}
        every = line(rules, EVERY, "All kinds", sum(counts.values()))
        listed = [entity for name, entity in ENTITIES.items() if entity.curated or counts.get(name)]
        kinds = [line(rules, entity.name, entity.plural, counts.get(entity.name, 0)) for entity in listed]
        groups = grouped(kinds, await offers.off(company, listed))
        values = {"row": row, "every": every, "groups": groups, "modes": [(mode, WORDS[mode]) for mode in MODES]}
        return await topic_page(request, row, "approval", values)

    @post(opt=MANAGER)
    async def save(self, request: HTMXRequest, company: FromPath[int]) -> Response[Any]:
        await company_or_404(company)
        chosen = choices(await read_form(request))
        await policies.set_policies(company, chosen, *by(request))
        return saved(request, company, "approval")

    @post("/verify", opt=MANAGER)
    async def verify(self, request: HTMXRequest, company: FromPath[int]) -> Response[Any]:
        """Ask for a run that compares everything, and lead to it."""
        await company_or_404(company)
        number = await setup.ask_run(company, "verify", current(request).person.email, address_of(request))
        return go_to(request, f"/companies/{company}/syncs/{number}")


def line(rules: Policies, entity: str, label: str, count: int) -> Line:
    fields = tuple(
        (f"{direction}:{entity}", rules.own(entity, direction) or "", WORDS[rules.mode(entity, direction)])
        for direction in DIRECTIONS
    )
    return Line(entity, label, count, fields)


def grouped(kinds: Sequence[Line], off: Container[str]) -> list[tuple[str, list[Line]]]:
    """Return the kinds that matter first: heading and kinds, without the groups that are empty.

    What somebody chose stays among the first, so that no rule hides; `off`: kinds that QuickBooks does not offer.
    """
    headings = ("With records", "Without records yet", "Off in QuickBooks")
    found: list[list[Line]] = [[], [], []]
    for kind in kinds:
        found[0 if kind.records or kind.own else 2 if kind.entity in off else 1].append(kind)
    return [(heading, lines) for heading, lines in zip(headings, found, strict=True) if lines]


def choices(form: Mapping[str, str]) -> dict[tuple[str, Direction], Mode | None]:
    """Return what a form chooses for each kind and direction that it names; what is no choice of ours is left out."""
    found: dict[tuple[str, Direction], Mode | None] = {}
    for direction in DIRECTIONS:
        for entity in (EVERY, *ENTITIES):
            given = form.get(f"{direction}:{entity}")
            mode = next((mode for mode in MODES if mode == given), None)
            if mode or given == "":
                found[(entity, direction)] = mode
    return found
