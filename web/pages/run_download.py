"""/companies/{id}/syncs/{number}/download: everything that one sync asked and was answered, as a ZIP file."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime

from litestar import get
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Stream

from sync.store import history
from sync.store.history import Document
from web.auth import current
from web.csv_file import harmless
from web.frame import company_or_404
from web.masking import masked_text, sees_all
from web.pages.history import moment, written
from web.pages.runs import run_or_404
from web.zipped import zipped

COLUMNS = ("Request", "At", "Asks", "Page", "Rows", "Seconds", "Outcome", "Code", "QuickBooks said")

File = tuple[str, datetime, bytes]


@get("/companies/{company:int}/syncs/{number:int}/download", opt={"role": "viewer"})
async def download_run(request: HTMXRequest, company: FromPath[int], number: FromPath[int]) -> Stream:
    """Give each request and each answer as a file, with a list of them; to viewers with personal numbers hidden."""
    await company_or_404(company)
    detail = await run_or_404(company, number)
    headers = {"content-disposition": f'attachment; filename="sync-{number}.zip"'}
    everything = files(detail.row.id, number, masked=not sees_all(current(request).person))
    return Stream(zipped(everything), media_type="application/zip", headers=headers)


async def files(run: int, number: int, *, masked: bool) -> AsyncIterator[File]:
    """Yield the documents of a run in their order, and at last the list of them, which is known only then."""
    rows: list[tuple[str, ...]] = [COLUMNS]
    last = datetime.now().astimezone()
    async for document in history.documents(run):
        name = f"sync-{number}/{len(rows):05d} {document.name.replace('/', '-')}"
        name += f" page {document.page}" if document.page else ""
        rows.append(listed(len(rows), document))
        last = document.at
        yield f"{name} request.xml", document.at, await bytes_of(document.request, masked)
        if document.answer is not None:
            yield f"{name} answer.xml", document.at, await bytes_of(document.answer, masked)
    yield f"sync-{number}/requests.csv", last, "\ufeff".encode() + written(rows)


async def bytes_of(text: str, masked: bool) -> bytes:
    return (await asyncio.to_thread(masked_text, text) if masked else text).encode()


def listed(number: int, document: Document) -> tuple[str, ...]:
    """Return one line of the list."""
    took = "" if document.took is None else f"{document.took:.3f}"
    return (
        f"{number:05d}",
        moment(document.at),
        document.name,
        str(document.page or ""),
        str(document.rows),
        took,
        document.outcome,
        document.code,
        harmless(document.message),
    )
