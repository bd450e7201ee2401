"""/companies/{id}/setup/connector: the third step of a set-up: file, licence key, and what Windows will ask.

The same page for every computer of the company: ?computer= says which. Whoever came by a set-up link sees all of it but
the licence key.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from litestar import Controller, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery
from litestar.plugins.htmx import HTMXRequest
from litestar.response import ServerSentEvent, Template

from sync.store import companies, computers, people
from sync.store.companies import CompanyRow
from sync.store.computers import ConnectorRow, UnknownCallerRow
from sync.store.set_up import Standing
from web.auth import Doer, doer
from web.filters import clock, day_time
from web.frame import Values, company_or_404, page, with_query
from web.live import Parts, render, stream
from web.pages.connectors import living_of, named, shown_to, unknown_callers
from web.pages.setup.shell import inside, shell, standing_or_404
from web.pages.web_connector import host_of
from web.site import AnyRequest, site_of

UNKNOWN_COUNTS = timedelta(hours=1)  # since an unknown user name called: later it says nothing about this set-up
EVENTS = {"connector.downloaded": "Connector file downloaded by", "licence_key.shown": "Licence key shown to"}
DONE = {
    "rotated": "A new licence key is made. The old one works until the new one was used.",
    "new-pair": "A fresh pair of identifiers is issued. Download the file again, and open the new one.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """The .qwc file as it would be downloaded now."""

    name: str
    size: int  # bytes
    digest: str  # SHA-256 in groups of four

    @property
    def digest_short(self) -> str:
        """Return its first and last groups."""
        groups = self.digest.split()
        return f"{' '.join(groups[:3])} … {' '.join(groups[-2:])}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What has been heard of a connector: the block beside the steps."""

    state: str  # waiting, called, wrong_key, unknown
    title: str
    sentence: str
    events: list[tuple[str, str]]  # time, what happened


class ConnectorStep(Controller):
    """The step and its live part."""

    path = "/companies/{company:int}/setup/connector"
    opt = {"role": "accounting_manager", "setup_link": True}

    @get()
    async def show(
        self,
        request: HTMXRequest,
        company: FromPath[int],
        computer: FromQuery[int | None] = None,
        done: FromQuery[str] = "",
    ) -> Template:
        row = await company_or_404(company)
        living = shown_to(doer(request), await living_of(company))
        chosen = choose(living, computer)
        values = await shell(request, row, "connector")
        values |= await contents(request, row, values["told"], living, chosen)
        values["flash"] = ("good", DONE[done]) if done in DONE else None
        values["stream_url"] = with_query(f"/companies/{company}/setup/connector/live", computer=values["computer_id"])
        return page(request, "connectors/step.html", values)

    @get("/live")
    async def live(
        self, request: HTMXRequest, company: FromPath[int], computer: FromQuery[int | None] = None
    ) -> ServerSentEvent:
        await company_or_404(company)

        async def read() -> Parts | None:
            row = await companies.company(company, datetime.now(UTC))
            if row is None:
                return None
            told = await standing_or_404(company)
            living = shown_to(doer(request), await living_of(company))
            waiting = await waiting_for(request, choose(living, computer, strict=False))
            values = {"company": row, **inside(row, told, "connector"), "waiting": waiting}
            return {
                "steps": render(request, "setup/_steps.html", values),
                "waiting": render(request, "connectors/_waiting.html", values),
            }

        return stream(request, {f"company:{company}"}, read)


def choose(living: Sequence[ConnectorRow], computer: int | None, *, strict: bool = True) -> ConnectorRow | None:
    """Return the connector that was named, else the newest that has not called, else the first.

    Raises NotFoundException for a named one that is not there, unless it is not strict: it may just have been revoked.
    """
    named_one = next((row for row in living if row.id == computer), None)
    if computer is not None and named_one is None and strict:
        raise NotFoundException
    silent = [row for row in living if row.last_called_at is None]
    return named_one or next(iter(silent[::-1] or living), None)


async def contents(
    request: HTMXRequest, row: CompanyRow, told: Standing, living: Sequence[ConnectorRow], chosen: ConnectorRow | None
) -> Values:
    """Return what the step itself shows."""
    return {
        "computers": [(str(each.id), named(each), f"?computer={each.id}") for each in living],
        "connector": chosen,
        "computer": named(chosen) if chosen else "",
        "computer_id": chosen.id if chosen else None,
        "file": await file_facts(request, row, chosen) if chosen else None,
        "host": host_of(request),
        "secure": site_of(request).secure,
        "line": line_of(told, chosen),
        "login": told.prepared.get("full_access") or "Admin",
        "signed_in": bool(told.prepared.get("signed_in")),
        "several": await beside(row, told, doer(request)),
        "hosted": (told.prepared.get("host") or "a hosting provider") if told.prepared.get("hosted") == "yes" else "",
        "desktop": told.prepared.get("kind") != "server",
        "waiting": await waiting_for(request, chosen),
        "key": None,
        "sealed": False,
        **await key_values(doer(request)),
    }


async def key_values(who: Doer) -> Values:
    """Say whether the visitor may see the licence key, and who else to ask."""
    if who.may("accounting_manager"):
        return {"may_manage": True, "holders": [who.name]}
    return {
        "may_manage": False,
        "holders": [*await people.names_with("owner"), *await people.names_with("accounting_manager")],
    }


async def file_facts(request: AnyRequest, row: CompanyRow, chosen: ConnectorRow) -> FileFacts:
    name, text = await computers.offered_qwc(chosen, row.name, site_of(request).settings.public_url)
    digest = hashlib.sha256(text).hexdigest()
    return FileFacts(name=name, size=len(text), digest=" ".join(digest[at : at + 4] for at in range(0, len(digest), 4)))


def line_of(told: Standing, chosen: ConnectorRow | None) -> str:
    """Say at which computer this is done (D21, B01, B02)."""
    name = (chosen.machine or chosen.label if chosen else "") or told.prepared.get("computer") or ""
    where = f"on {name}, where QuickBooks is" if name else "on the Windows computer or server where QuickBooks is"
    return f"Do this {where} installed. In doubt, take the computer you normally use for QuickBooks."


async def beside(row: CompanyRow, told: Standing, who: Doer) -> list[str] | None:
    """Return the companies that the same computer carries too; an empty list if only that is known; None if none.

    To a guest they have no names.
    """
    names = await computers.companies_beside(row.id)
    if names and who.link:
        return []
    added = told.deeds.get("company.added")
    return names or ([] if added is not None and added.detail.get("shares_computer") else None)


async def waiting_for(request: AnyRequest, chosen: ConnectorRow | None) -> Waiting | None:
    if chosen is None:
        return None
    now = datetime.now(UTC)
    unknown = [each for each in await unknown_callers(request) if now - each.last_at < UNKNOWN_COUNTS]
    done = await computers.done_with(chosen)
    events = [(clock(at, seconds=False), f"{EVENTS[action]} {who}") for action, who, at in done]
    return waiting_of(chosen, events, next(iter(unknown), None))


def waiting_of(connector: ConnectorRow, events: list[tuple[str, str]], unknown: UnknownCallerRow | None) -> Waiting:
    """Say what was heard of this computer last."""
    called, wrong = connector.last_called_at, connector.wrong_key_at
    if connector.wrong_keys and wrong:
        title = f"{'A wrong key' if connector.wrong_keys == 1 else f'{connector.wrong_keys} wrong keys'} came"
        where = f"The last at {clock(wrong)} from {connector.wrong_key_address or 'an unknown address'}."
        sentence = f"{where} {connector.wrong_key_sentence}"
        return Waiting(state="wrong_key", title=title, sentence=sentence, events=events)
    if called:
        sentence = f"{day_time(called)[:1].upper()}{day_time(called)[1:]}, from {connector.last_address}."
        return Waiting(state="called", title="The Web Connector has called", sentence=sentence, events=events)
    if unknown:
        title = "A Web Connector called with a user name we do not know"
        sentence = (
            f"“{unknown.user_name}”, at {clock(unknown.last_at)} from {unknown.address}. If that is your computer, it "
            "opened an older connector file: choose Remove in that row, and open the file of this page."
        )
        return Waiting(state="unknown", title=title, sentence=sentence, events=events)
    sentence = "Keep this page open beside the Web Connector. It goes on to Verify by itself."
    return Waiting(state="waiting", title="Waiting for the first call", sentence=sentence, events=events)
