"""/companies/{id}/unsynced: what cannot sync, by cause, with what it means and what to do. For daily use."""

import csv
import io
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from litestar import Controller, get, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Response, ServerSentEvent, Stream, Template

from sync.qbxml.entities import ENTITIES
from sync.store import changes, companies, stuck
from sync.store.companies import CompanyRow
from sync.store.stuck import StuckRow, TakenUp, Unread
from web.auth import address_of, current, may
from web.banners import banners
from web.causes import LOOK_FIRST, Cause, cause_of, heading, is_cause, means_of, parent_of
from web.changes_told import label, labels, record_href, state_words, title, way
from web.csv_file import harmless
from web.filters import count, plural, upper_first, words
from web.forms import line, read_lists, whole_number
from web.frame import Values, company_frame, company_or_404, page, with_query
from web.htmx import go_to
from web.live import Parts, render, stream

EACH = 5  # rows of a cause, until it is opened
SIZE = 50  # rows of one cause that is opened
MEMBER = {"role": "member"}
COLUMNS = (
    "Kind", "Record", "Number", "Action", "State", "Since", "Code", "QuickBooks said", "Deskbridge said", "It means",
    "Do this",
)  # fmt: skip
PARTS = ("line", "taken", "groups")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for. A value that nothing can have is left out."""

    way: str = ""  # out, in
    entity: str = ""
    cause: str = ""
    before: int | None = None

    @classmethod
    def read(cls, given: Mapping[str, str]) -> "Asked":
        way, entity, cause = line(given, "way"), line(given, "entity", longest=40), line(given, "cause", longest=20)
        return cls(
            way=way if way in ("in", "out") else "",
            entity=entity if entity in ENTITIES else "",
            cause=cause if is_cause(cause) else "",
            before=whole_number(line(given, "before")),
        )

    @property
    def narrows(self) -> bool:
        return any((self.way, self.entity, self.cause))

    def link(self, path: str, **more: str | int | None) -> str:
        asked = {"way": self.way, "entity": self.entity, "cause": self.cause, "before": self.before}
        return with_query(path, **{**asked, **more})


class UnsyncedController(Controller):
    """Unsynced entities of one company."""

    path = "/companies/{company:int}"
    opt = {"role": "viewer"}

    @get("/unsynced")
    async def show(self, request: HTMXRequest, company: FromPath[int]) -> Template:
        row = await company_or_404(company)
        asked = Asked.read(request.query_params)
        values = {
            **await company_frame(request, row, "unsynced"),
            **await contents(request, row, asked),
            **await chosen(company, asked),
            "flash": flash(request.query_params),
            "stream_url": asked.link(f"/companies/{company}/unsynced/live"),
        }
        return page(request, "unsynced/index.html", values)

    @get("/unsynced/live")
    async def live(self, request: HTMXRequest, company: FromPath[int]) -> ServerSentEvent:
        row = await company_or_404(company)
        asked = Asked.read(request.query_params)
        outside = await company_frame(request, row, "unsynced")

        async def read() -> Parts | None:
            row = await companies.company(company, datetime.now(UTC))
            if row is None:
                return None
            values = {**outside, **await contents(request, row, asked)}
            return {part: render(request, f"unsynced/_{part}.html", values) for part in PARTS}

        return stream(request, {f"company:{company}"}, read)

    @get("/unsynced.csv")
    async def download(self, request: HTMXRequest, company: FromPath[int]) -> Stream:
        """Give every row that the filters show."""
        await company_or_404(company)
        name = f'attachment; filename="unsynced-of-company-{company}.csv"'
        made = lines(company, Asked.read(request.query_params))
        return Stream(made, media_type="text/csv; charset=utf-8", headers={"content-disposition": name})

    @post("/unsynced/resync", opt=MEMBER)
    async def resync(self, request: HTMXRequest, company: FromPath[int]) -> Response[Any]:
        """Send what is named again, or all with one cause (E25)."""
        await company_or_404(company)
        ids = await stuck.refused(company, await named(request, company))  # of unknown outcome: see clear_id.py
        done = await changes.resync(company, ids, *by(request))
        return back(request, company, resynced=done)

    @post("/unsynced/ignore", opt=MEMBER)
    async def ignore(self, request: HTMXRequest, company: FromPath[int]) -> Response[Any]:
        await company_or_404(company)
        done = await changes.ignore(company, await named(request, company), *by(request))
        return back(request, company, ignored=done)


def by(request: HTMXRequest) -> tuple[str, str]:
    return current(request).person.email, address_of(request)


def back(request: HTMXRequest, company: int, **done: int) -> Response[Any]:
    return go_to(request, with_query(f"/companies/{company}/unsynced", **done))


async def named(request: HTMXRequest, company: int) -> list[int]:
    """Return the changes that a form names, one by one or by their cause."""
    form = await read_lists(request)
    cause, entity = form.get("cause", [""])[-1], form.get("entity", [""])[-1]
    if is_cause(cause):
        return await stuck.ids_of(company, cause, entity if entity in ENTITIES else "")
    ids = [whole_number(each) for each in form.get("change", [])]
    return [each for each in ids if each is not None]


def flash(given: Mapping[str, str]) -> tuple[str, str] | None:
    """Return what became of the action that led here."""
    resynced, ignored = whole_number(given.get("resynced", "")), whole_number(given.get("ignored", ""))
    if resynced:
        said = upper_first(words(resynced))
        goes = f"{plural(resynced, 'change')} {plural(resynced, 'is', 'are')} pending"
        return "good", f"{said} {goes}. {plural(resynced, 'It goes', 'They go')} when the Web Connector calls."
    if ignored:
        what = f"{plural(ignored, 'change')} {plural(ignored, 'is', 'are')} ignored"
        return "info", f"{upper_first(words(ignored))} {what}. The dismissed list of the Sync Wizard has it back."
    if 0 in (resynced, ignored):
        return "warn", "Somebody has settled that meanwhile, or a later change of the record took its place."
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One row as the page shows it."""

    row: StuckRow
    title: str
    href: str | None
    way: str
    state: tuple[str, str, str]  # kind, state and words of status_word
    tried: str
    means: str
    parent: tuple[str, str | None] | None
    edit: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The rows with one cause."""

    cause: Cause
    number: int
    heading: str
    cards: list[Card]
    more: str | None  # the address of all of them
    older: str | None


def card(company: int, row: StuckRow, cause: Cause) -> Card:
    href = record_href(company, row.entity, row.record)
    gone = row.deleted_at is not None
    state = ("record", "gone", "Deleted in QuickBooks") if gone else ("change", row.state, state_words(row.state))
    times = {0: "", 1: "tried once", 2: "tried twice"}.get(row.tries, f"tried {row.tries} times")
    return Card(
        row=row,
        title=title(row.entity, row.name, row.ref_number),
        href=href,
        way=way(row.entity, row.action, row.direction, row.party if row.party != row.name else ""),
        state=state,
        tried=times,
        means=means_of(cause, row),
        parent=parent_of(company, row),
        edit=f"{href}/edit" if href and row.action in ("create", "update") else None,
    )


async def contents(request: HTMXRequest, row: CompanyRow, asked: Asked) -> Values:
    """Return what the page and each of its live parts read."""
    person, home = current(request).person, f"/companies/{row.id}/unsynced"
    inbound = await stuck.unread(row.id) if asked.way != "out" and not asked.cause else []
    counts = await changes.counts(row.id)
    return {
        "company": row,
        "home": home,
        "banners": banners(row, datetime.now(UTC)),
        "groups": await groups(row.id, asked) if asked.way != "in" else [],
        "unread": [unread_of(each) for each in inbound if asked.entity in ("", each.entity)],
        "sentence": sentence(counts.stuck, counts.unread, counts.conflicts),
        "taken": [taken(row.id, each) for each in await stuck.taken_up(row.id)],
        "ignored": await stuck.ignored(row.id),
        "clear_url": home if asked.narrows else None,
        "may_resync": may(person, "member") and row.begun,
        "may_clear": may(person, "accounting_manager"),
    }


async def groups(company: int, asked: Asked) -> list[Group]:
    """Return the rows by cause: a few of each, or the pages of one."""
    each = SIZE if asked.cause else EACH
    found = await stuck.rows(company, entity=asked.entity, cause=asked.cause, each=each, before=asked.before)
    return [group(company, list(some), asked) for _, some in groupby(found, key=lambda row: row.cause)]


def group(company: int, rows: Sequence[StuckRow], asked: Asked) -> Group:
    cause, number, home = cause_of(rows[0].cause), rows[0].number, f"/companies/{company}/unsynced"
    full = len(rows) == (SIZE if asked.cause else EACH)
    of_cause = replace(asked, cause=cause.key, before=None)
    return Group(
        cause=cause,
        number=number,
        heading=heading(number, rows[0].entity if rows[0].alike else ""),
        cards=[card(company, row, cause) for row in rows],
        more=of_cause.link(home) if not asked.cause and number > len(rows) else None,
        older=replace(of_cause, before=rows[-1].id).link(home) if asked.cause and full else None,
    )


def unread_of(one: Unread) -> tuple[Unread, str]:
    return one, labels(one.entity)


def taken(company: int, one: TakenUp) -> tuple[TakenUp, str, str | None, str]:
    """Return a row that has left: itself, its name, its address and its state in words."""
    named = title(one.entity, one.name, one.ref_number)
    return one, named, record_href(company, one.entity, one.record), state_words(one.state)


def sentence(number: int, unread: int, conflicts: int) -> str:
    """Six records could not sync. Two conflicts wait for a decision. Newest first. Look in QuickBooks first … (E26)"""
    if not number and not unread and not conflicts:
        return "Every record could sync. There is nothing to do here."
    parts = [f"{upper_first(words(number))} {plural(number, 'record')} could not sync."] if number else []
    if unread:
        parts.append(f"{upper_first(words(unread))} {plural(unread, 'kind')} could not be read from QuickBooks.")
    if conflicts:
        parts.append(
            f"{upper_first(words(conflicts))} {plural(conflicts, 'conflict waits', 'conflicts wait')} for a decision."
        )
    return " ".join((*parts, "Newest first.", *([LOOK_FIRST] if number else [])))


async def chosen(company: int, asked: Asked) -> Values:
    """Return what the filter bar shows."""
    home, plain = f"/companies/{company}/unsynced", replace(asked, before=None)
    found, unread = await stuck.causes(company, asked.entity), await stuck.unread(company)
    out, into = sum(number for _, number in found), len(unread)
    name = cause_of(asked.cause).name if asked.cause else "Any cause"
    ways = (("", f"All {count(out + into)}"), ("out", f"To QuickBooks {count(out)}"))
    kinds = [("Any kind", replace(plain, entity=""))]
    kinds += [(label(each), replace(plain, entity=each)) for each in await stuck.entities(company)]
    causes = [("Any cause", replace(plain, cause=""))]
    causes += [(f"{cause_of(key).name} ({count(number)})", replace(plain, cause=key)) for key, number in found]
    return {
        "asked": asked,
        "csv_url": plain.link(f"{home}.csv"),
        "ways": [
            (words, replace(plain, way=key).link(home), key == asked.way)
            for key, words in (*ways, ("in", f"From QuickBooks {count(into)}"))
        ],
        "filter_menus": [
            (label(asked.entity) if asked.entity else "Any kind", options(kinds, plain, home), bool(asked.entity)),
            (name, options(causes, plain, home), bool(asked.cause)),
        ],
    }


def options(found: Sequence[tuple[str, Asked]], asked: Asked, home: str) -> list[tuple[str, str, bool]]:
    return [(words, one.link(home), one == asked) for words, one in found]


async def lines(company: int, asked: Asked) -> AsyncIterator[bytes]:
    """Yield the CSV, a thousand rows at a time. It begins with a mark that makes spreadsheets read it as UTF-8."""
    yield "\ufeff".encode() + written([COLUMNS])
    if asked.way == "in":
        return
    async for some in stuck.every_row(company, asked.entity, asked.cause):
        yield written([cells(row) for row in some])


def written(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


def cells(row: StuckRow) -> list[str]:
    """Return one row; texts of people and of QuickBooks can't be formulas."""
    cause = cause_of(row.cause)
    texts = (
        label(row.entity), row.name, row.ref_number, row.action, state_words(row.state),
        row.at.astimezone().isoformat(" ", "seconds"), "" if row.code is None else str(row.code), row.message,
        row.reason, means_of(cause, row), cause.remedy,
    )  # fmt: skip
    return [harmless(text) for text in texts]
