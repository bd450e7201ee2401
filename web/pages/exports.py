"""The hop after ours (A21, A22): any list of records as CSV, as it is filtered, and what was taken when and by whom."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass

import msgspec
from litestar import Controller, get
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream, Template

from sync.qbxml.entities import ENTITIES, Entity
from sync.store import exports
from sync.store.exports import ExportRow, Taken
from web import csv_file
from web.ahead import ahead
from web.asked import ACTIVE, DELETED, Asked, refuses
from web.auth import address_of, current
from web.forms import line, whole_number
from web.frame import company_frame, company_or_404, page, with_query
from web.masking import sees_all
from web.pages.records import kind_or_404

PAGE = 50
AT_ONCE = asyncio.Semaphore(2)  # downloads that read at a time in a process: each holds one of its few connections
FORMS = {"csv": "CSV", "json": "JSON lines"}


class ExportsController(Controller):
    """Records that leave for a file or another program."""

    path = "/companies/{company:int}"
    opt = {"role": "viewer"}

    @get("/records/{entity:str}/export.csv")
    async def export(self, request: HTMXRequest, company: FromPath[int], entity: FromPath[str]) -> Stream:
        """Give every record that the list of this address shows, however many."""
        row, kind = await company_or_404(company), kind_or_404(entity)
        person = current(request).person
        asked = Asked.read(request.query_params, "", kind)
        taking = Taking(row.id, kind, asked, sees_all(person), person.email, address_of(request))
        return Stream(
            taking.file(),
            media_type="text/csv",
            headers={"content-disposition": f'attachment; filename="{entity}-of-company-{company}.csv"'},
        )

    @get("/exports")
    async def show(self, request: HTMXRequest, company: FromPath[int]) -> Template:
        """List what was taken, newest first."""
        row = await company_or_404(company)
        before = whole_number(line(request.query_params, "before"))
        found = await exports.of(company, before, PAGE + 1)
        home = f"/companies/{company}/exports"
        values = {
            **await company_frame(request, row, "status"),
            "exports": [described(each) for each in found[:PAGE]],
            "first_url": home if before else None,
            "older_url": with_query(home, before=found[PAGE - 1].id) if len(found) > PAGE else None,
        }
        return page(request, "exports/index.html", values)


def described(row: ExportRow) -> tuple[ExportRow, str, str]:
    """Return an export with the name of its kind and of its form."""
    kind = ENTITIES.get(row.entity)
    return row, kind.plural if kind else row.entity, FORMS.get(row.form, row.form.upper())


@dataclass(slots=True)
class Taking:
    """One download: what of which company, and who takes it."""

    company: int
    kind: Entity
    asked: Asked
    sees: bool  # personal numbers
    by: str
    address: str
    rows: int = 0  # written so far

    async def file(self) -> AsyncIterator[bytes]:
        """Yield the file. The export is noted when all of it is out."""
        async for part in ahead(self.parts()):
            yield part
        await exports.note(self.company, self.kind.name, "csv", self.rows, self.by, self.address)

    async def parts(self) -> AsyncGenerator[bytes, None]:
        """Yield the head, then some records at a time. What a person may not search for has no rows."""
        yield csv_file.written([csv_file.head(self.kind.name)])
        if refuses(self.kind, self.asked, self.sees):
            return
        async with AT_ONCE, contextlib.aclosing(self.found()) as found:
            async for batch in found:
                self.rows += len(batch)
                yield await asyncio.to_thread(self.written, batch)

    def found(self) -> AsyncGenerator[list[Taken], None]:
        asked = self.asked
        return exports.rows(
            self.company,
            self.kind.name,
            q=asked.q,
            sort=asked.sort,
            descending=asked.descending,
            deleted=DELETED.get(asked.deleted, "no"),
            active=ACTIVE.get(asked.active),
        )

    def written(self, batch: Sequence[Taken]) -> bytes:
        """Return some records as lines. For a thread."""
        name = self.kind.name
        return csv_file.written(
            csv_file.cells(name, deleted_at, msgspec.json.decode(fields), sees=self.sees)
            for deleted_at, fields in batch
        )
