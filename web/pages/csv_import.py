"""/companies/{id}/records/{Kind}/import: a CSV file sent, its columns named, what each line would do, one decision."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, BinaryIO, cast

from litestar import Controller, get, post
from litestar.datastructures import UploadFile
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Response, ServerSentEvent
from litestar.template.base import csrf_token

from sync.qbxml import from_file
from sync.qbxml.entities import Entity
from sync.qbxml.labels import label, lower
from sync.store import csv_imports
from sync.store.csv_imports import BATCH, VERDICTS, ImportRow, LineRow
from web.auth import address_of, current
from web.csv_file import OURS
from web.csv_reading import EMPTY, MOST_LINES, SEPARATORS, Opened, Unreadable, opened
from web.filters import count, plural, sentence_list
from web.forms import line, read_form
from web.frame import Values, company_frame, company_or_404, page
from web.htmx import go_to
from web.live import Parts, render, stream
from web.pages.record_form.subject import offered
from web.pages.records import kind_or_404
from web.site import queue_of
from web.values import field_at

LARGEST = 20_000_000  # bytes of a file
FORM = 100_000  # bytes of the rest of its form
TOLD = {
    "late": ("info", "That was decided already, or is looked at anew. This is how it stands."),
    "mapping": ("warn", "One field was named twice, or is none that can be imported. Nothing was changed."),
}
WORDS = {"new": "New", "changed": "Changed", "same": "Same", "refused": "Refused"}
CELLS = 4  # of a refused line that are shown
SHOWN = 120  # characters of a value
COLUMNS = 3  # that are told to go nowhere


class CsvImportController(Controller):
    """Records that come from a file."""

    path = "/companies/{company:int}/records/{entity:str}/import"
    opt = {"role": "member"}

    @get()
    async def show(self, request: HTMXRequest, company: FromPath[int], entity: FromPath[str]) -> Response[Any]:
        return await upload_page(request, company, kind_or_404(entity))

    @post(request_max_body_size=LARGEST + FORM)
    async def upload(self, request: HTMXRequest, company: FromPath[int], entity: FromPath[str]) -> Response[Any]:
        """Take a file, store its lines, and have them looked at in the background."""
        row, kind = await company_or_404(company), kind_or_404(entity)
        await offered(row, kind)
        file = (await request.form()).get("file")
        if not isinstance(file, UploadFile) or not file.filename:
            return await upload_page(request, company, kind, "Choose a file first.")
        try:
            id = await taken(request, row.id, kind, file)
        except Unreadable as error:
            return await upload_page(request, company, kind, str(error))
        finally:
            await file.close()
        await queue_of(request).work_on(id)
        return go_to(request, f"{home_of(company, kind)}/{id}")

    @get("/{upload:int}")
    async def preview(
        self, request: HTMXRequest, company: FromPath[int], entity: FromPath[str], upload: FromPath[int]
    ) -> Response[Any]:
        row, kind = await company_or_404(company), kind_or_404(entity)
        found = await file_or_404(company, kind, upload)
        values = {
            **await company_frame(request, row, "records"),
            **await preview_values(request, kind, found),
            "flash": TOLD.get(request.query_params.get("told", "")),
            "stream_url": f"{home_of(company, kind)}/{upload}/live" if goes_on(found) else None,
        }
        return page(request, "csv_import/preview.html", values)

    @get("/{upload:int}/live")
    async def live(
        self, request: HTMXRequest, company: FromPath[int], entity: FromPath[str], upload: FromPath[int]
    ) -> ServerSentEvent:
        kind = kind_or_404(entity)
        topic = (await file_or_404(company, kind, upload)).topic

        async def read() -> Parts | None:
            found = await csv_imports.one(company, kind.name, upload)
            if found is None:
                return None
            return {"state": render(request, "csv_import/_state.html", await preview_values(request, kind, found))}

        return stream(request, [topic], read)

    @post("/{upload:int}/columns")
    async def columns(
        self, request: HTMXRequest, company: FromPath[int], entity: FromPath[str], upload: FromPath[int]
    ) -> Response[Any]:
        """Name the columns anew; every line is looked at again."""
        kind = kind_or_404(entity)
        found = await file_or_404(company, kind, upload)
        mapping = mapping_in(kind, found, await read_form(request))
        here = f"{home_of(company, kind)}/{upload}"
        if mapping is None:
            return go_to(request, f"{here}?told=mapping")
        if not await csv_imports.remap(upload, mapping):
            return go_to(request, f"{here}?told=late")
        await queue_of(request).work_on(upload)
        return go_to(request, here)

    @post("/{upload:int}/decide")
    async def decide(
        self, request: HTMXRequest, company: FromPath[int], entity: FromPath[str], upload: FromPath[int]
    ) -> Response[Any]:
        """Import what the preview showed, or let go of the file."""
        kind = kind_or_404(entity)
        found = await file_or_404(company, kind, upload)
        form, here = await read_form(request), f"{home_of(company, kind)}/{upload}"
        if line(form, "do") == "drop":
            await csv_imports.drop(upload)
            return go_to(request, home_of(company, kind))
        person, shown = current(request).person.email, line(form, "number")
        number = int(shown) if shown.isascii() and shown.isdigit() and len(shown) < 9 else -1
        if not await csv_imports.decide(found.id, number, person, datetime.now(UTC), address_of(request)):
            return go_to(request, f"{here}?told=late")
        await queue_of(request).work_on(upload)
        return go_to(request, here)


def home_of(company: int, kind: Entity) -> str:
    return f"/companies/{company}/records/{kind.name}/import"


def goes_on(file: ImportRow) -> bool:
    """Say whether something is done about a file in the background."""
    return file.state in ("checking", "importing")


async def file_or_404(company: int, kind: Entity, id: int) -> ImportRow:
    await company_or_404(company)
    found = await csv_imports.one(company, kind.name, id) if id < 1 << 63 else None
    if found is None or found.state in ("reading", "dropped"):
        raise NotFoundException
    return found


async def upload_page(request: HTMXRequest, company: int, kind: Entity, fault: str = "") -> Response[Any]:
    row = await company_or_404(company)
    await offered(row, kind)
    values: Values = {
        **await company_frame(request, row, "records"),
        "kind": kind,
        "home": home_of(company, kind),
        "able": kind.add is not None or kind.mod is not None,
        "files": await csv_imports.last_of(company, kind.name),
        "fault": fault or None,
        "largest": LARGEST // 1_000_000,
        "most": MOST_LINES,
    }
    return page(request, "csv_import/upload.html", values, status=422 if fault else 200)


async def taken(request: HTMXRequest, company: int, kind: Entity, file: UploadFile) -> int:
    """Store the lines of a file; return its id. Raises Unreadable, with nothing left behind."""
    plain = cast(BinaryIO, file.file)
    head = await asyncio.to_thread(sized, plain)
    person, address = current(request).person.email, address_of(request)
    id = await csv_imports.begin(
        company,
        kind.name,
        line({"name": file.filename}, "name", longest=200),
        head.encoding,
        head.separator,
        head.headings,
        from_file.guessed(kind, head.headings),
        person,
        datetime.now(UTC),
        address,
    )
    lines = 0
    try:
        while batch := await asyncio.to_thread(next, head.lines, None):
            await csv_imports.add_lines(id, batch)
            lines += len(batch)
        if not lines:
            raise Unreadable(EMPTY)
    except Unreadable:
        await csv_imports.drop(id)
        raise
    await csv_imports.begin_check(id, lines)
    return id


def sized(file: BinaryIO) -> Opened:
    """Open a file that is not too large. Raises Unreadable."""
    file.seek(0, 2)
    if file.tell() > LARGEST:
        raise Unreadable(f"The file has more than {LARGEST // 1_000_000} MB. Cut it in two.")
    return opened(file, BATCH)


def mapping_in(kind: Entity, file: ImportRow, form: Mapping[str, str]) -> list[str] | None:
    """Return for each column its field as the form names it, by path or label; None where it cannot be."""
    known = {from_file.plain(path): path for path in from_file.columns_of(kind)}
    for path in from_file.columns_of(kind):
        known.setdefault(from_file.plain(from_file.label_of(kind, path)), path)
    texts = [line(form, f"column{at}", longest=200) for at in range(len(file.headings))]
    found = [known.get(from_file.plain(text)) if text else "" for text in texts]
    named = [path for path in found if path]
    if None in found or len(set(named)) < len(named):
        return None
    return [path or "" for path in found]


async def preview_values(request: HTMXRequest, kind: Entity, file: ImportRow) -> Values:
    """Return what the preview and its live part read."""
    counts = await csv_imports.counts(file.id)
    asked = request.query_params.get("show", "")
    first = next((one for one in ("changed", "new", "refused", "same") if counts[one]), "new")
    show = asked if asked in VERDICTS else first
    lines = await csv_imports.lines_of(file.id, show) if file.state != "checking" else []
    home = home_of(file.company, kind)
    wanted = counts["new"] + counts["changed"]
    return {
        "csrf_token": csrf_token({"request": request}),
        "kind": kind,
        "file": file,
        "home": home,
        "kinds_word": lower(kind.plural),
        "separator": SEPARATORS[file.separator],
        "counts": [(WORDS[one], count(counts[one])) for one in VERDICTS],
        "tabs_of": [(one, WORDS[one], f"{home}/{file.id}?show={one}", counts[one]) for one in VERDICTS],
        "show": show,
        "rows": [described(kind, file, one) for one in lines],
        "more": max(counts[show] - len(lines), 0),
        "percent": percent_of(file, wanted),
        "sentence": sentence(file, counts),
        "wanted": wanted,
        "button": f"Import {count(wanted)}" + (f", leave {count(counts['refused'])}" if counts["refused"] else ""),
        "columns": list(zip(file.headings, file.mapping, strict=True)),
        "fields": [(path, from_file.label_of(kind, path)) for path in from_file.columns_of(kind)],
        "goes_on": goes_on(file),
    }


def percent_of(file: ImportRow, wanted: int) -> float:
    if file.state == "checking":
        return 100 * file.checked / max(file.lines, 1)
    return 100 * file.imported / max(wanted, 1)


def sentence(file: ImportRow, counts: Mapping[str, int]) -> str:
    """Say how far it is."""
    match file.state:
        case "checking":
            return f"{count(file.checked)} of {count(file.lines)} lines looked at."
        case "importing":
            return f"{count(file.imported)} proposed so far. You may close this page."
        case "done":
            number = f"{count(file.imported)} {plural(file.imported, 'change')}"
            return f"{number} proposed; they go on as edits made here do."
    left = counts["refused"]
    looked_at = f"{count(file.lines)} {plural(file.lines, 'line')} looked at"
    return looked_at + (f"; {count(left)} cannot be imported." if left else ".") + without_field(file)


def without_field(file: ImportRow) -> str:
    """Say which columns go nowhere, but for those of an export that QuickBooks computes; "" when each has a field."""
    columns = zip(file.headings, file.mapping, strict=True)
    ours = ("", OURS)
    named = [name for name, path in columns if not path and name not in ours and not field_at(file.entity, name)]
    more = [f"{count(len(named) - COLUMNS)} more"] if len(named) > COLUMNS else []
    told = sentence_list([*(f"“{heading[:SHOWN]}”" for heading in named[:COLUMNS]), *more])
    be = plural(len(named), "column {} is", "columns {} are").format(told)
    return f" The {be} not imported." if named else ""


Shown = tuple[LineRow, str | None, str, list[tuple[str, str, str]]]


def described(kind: Entity, file: ImportRow, row: LineRow) -> Shown:
    """Return a line, its record's address and name, and [(label, before, after)]; of a refused one its first cells."""
    href = f"/companies/{file.company}/records/{kind.name}/{row.record}" if row.record else None
    parts = [(label(kind.name, "/".join(path)), text(before), text(after)) for path, before, after in row.leaves]
    if row.verdict in ("refused", "same") and not parts:
        named = [(heading, "", cell[:SHOWN]) for heading, cell in zip(file.headings, row.cells, strict=False) if cell]
        parts = named[:CELLS]
    return row, href, called(file, row), parts


def called(file: ImportRow, row: LineRow) -> str:
    """Return what the line calls its record; "" where no column does."""
    cells = dict(zip(file.mapping, row.cells, strict=False))
    return next((cells[path][:SHOWN] for path in ("FullName", "Name", "RefNumber") if cells.get(path)), "")


def text(value: Any) -> str:
    """Return a value of a leaf in words."""
    if isinstance(value, Mapping):
        return str(value.get("FullName") or value.get("ListID") or "")[:SHOWN]
    return "" if value is None else str(value)[:SHOWN]
