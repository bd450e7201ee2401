"""/guide/codes: what QuickBooks and the Web Connector say in codes, and what to do. Public, without anybody's data."""

from litestar import Controller, get
from litestar.params import FromPath, FromQuery
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from sync.qbxml import codes
from sync.qbxml.statuses import Meaning
from sync.store import stuck
from web.auth import signed_in, who_asks
from web.filters import plural, words
from web.frame import Values, guide_frame, page, with_query

LONGEST = 80  # characters of a search, and of a code in an address
WEIGHT = {"Info": "Information", "Warn": "Warning", "Error": "Error"}


class CodeGuideController(Controller):
    """Every code that the product may show has its page here."""

    path = "/guide/codes"
    opt = {"role": "public"}

    @get()
    async def show(self, request: HTMXRequest, q: FromQuery[str] = "") -> Template:
        query = q.strip()[:LONGEST]
        return page(request, "guide/codes.html", {**await guide_frame(request), **found(query)})

    @get("/{code:str}")
    async def one(self, request: HTMXRequest, code: FromPath[str]) -> Template:
        meaning = codes.find(code)
        if meaning is None:
            values = {**found(code.strip()[:LONGEST]), "unknown": code.strip()[:LONGEST]}
            return page(request, "guide/codes.html", {**await guide_frame(request), **values}, status=404)
        values = {"code": meaning, "weight": WEIGHT[meaning.severity], "related": codes.related(meaning)}
        values |= {"place": place(meaning), "here": await here(request, meaning)}
        return page(request, "guide/code.html", {**await guide_frame(request), **values})


def found(query: str) -> Values:
    """Return the codes that a search finds, in their groups."""
    matches = codes.search(query)
    return {"query": query, "groups": codes.grouped(matches), "sentence": sentence(query, len(matches)), "unknown": ""}


def sentence(query: str, number: int) -> str:
    """168 codes. / Three codes match "dialog"."""
    counted = f"{words(number).capitalize()} {plural(number, 'code')}"
    return f"{counted} {plural(number, 'matches', 'match')} “{query}”." if query else f"{counted}, in three groups."


def place(meaning: Meaning) -> str:
    """Return where such a code comes from: the name of its group."""
    return next(name for key, name, _ in codes.GROUPS if key == meaning.kind)


async def here(request: HTMXRequest, meaning: Meaning) -> list[tuple[str, str, int]] | None:
    """Return the companies that have records refused with a status: name, address of those, number.

    None where nobody is signed in, and for what is no status of QuickBooks.
    """
    await who_asks(request)
    if signed_in(request) is None or meaning.kind != "status" or not meaning.code.isdecimal():
        return None
    found = await stuck.with_code(int(meaning.code))
    return [
        (name, with_query(f"/companies/{company}/unsynced", cause=f"code:{meaning.code}"), number)
        for company, name, number in found
    ]
