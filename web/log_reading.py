"""A QWCLog.txt that somebody uploads or pastes: read as a stream, nothing of it is kept. See sync/qwclog.py."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO, cast

from litestar.datastructures import UploadFile

from sync.qbxml import codes
from sync.qwclog import MOST, LogReader, Report
from sync.store import people
from web.auth import address_of
from web.site import AnyRequest

LOG_LIMIT = MOST + 100_000  # bytes of a whole form: the log, and what stands around it
PIECE = 1 << 16  # bytes
READINGS = 20  # of one address within WINDOW
WINDOW = timedelta(minutes=10)
AT_ONCE = asyncio.Semaphore(2)  # a long one takes a second of a core
NONE_GIVEN = "Choose QWCLog.txt, or paste some of its lines."
TOO_LARGE = (
    "This file is larger than 20 MB. In the Web Connector, empty the log, press Update Selected, and send the new one."
)
TOO_OFTEN = "That were many logs from one place. Wait ten minutes, then go on."


async def read_log(request: AnyRequest) -> dict[str, Any]:
    """Return what a template reads of a log: `log` (the Report, or None) and `log_fault` (a sentence, or "")."""
    tries = await people.count_try(f"qwclog:{address_of(request)}", window=WINDOW, now=datetime.now(UTC))
    if tries > READINGS:
        return {"log": None, "log_fault": TOO_OFTEN}
    form = await request.form()
    upload, pasted = form.get("file"), form.get("text")
    if isinstance(upload, UploadFile) and upload.filename:
        async with AT_ONCE:
            report = await asyncio.to_thread(read_file, cast(BinaryIO, upload.file))
        await upload.close()
    elif isinstance(pasted, str) and pasted.strip():
        report = await asyncio.to_thread(read_text, pasted)
    else:
        return {"log": None, "log_fault": NONE_GIVEN}
    if report is None or report.fault:
        return {"log": None, "log_fault": report.fault if report else TOO_LARGE}
    return {"log": report, "log_fault": "", "log_meaning": codes.find(report.cause.code) if report.cause else None}


def read_file(file: BinaryIO) -> Report | None:
    """Read a file piece by piece; None when it is larger than is taken."""
    reader, taken = LogReader(), 0
    while piece := file.read(PIECE):
        taken += len(piece)
        if taken > MOST:
            return None
        reader.feed(piece)
    return reader.report()


def read_text(text: str) -> Report:
    reader = LogReader()
    for at in range(0, len(text), PIECE):
        reader.feed(text[at : at + PIECE].encode())
    return reader.report()
