"""A ZIP file that is written while it is sent: no more than one of its files is in memory."""

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

PIECE = 1 << 16  # bytes, at least, that are sent at once
LEVEL = 1  # qbXML shrinks to a tenth at once; more effort gains little


class Outlet(io.RawIOBase):
    """What zipfile writes to: it cannot be wound back, so sizes stand behind each file."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self.pieces.append(piece)
        self.size += len(piece)
        return len(piece)

    def taken(self) -> bytes:
        """Return what was written since the last time."""
        data = b"".join(self.pieces)
        self.pieces.clear()
        self.size = 0
        return data


async def zipped(files: AsyncIterator[tuple[str, datetime, bytes]]) -> AsyncIterator[bytes]:
    """Yield a ZIP file of these files: name, time, content. Packed in a thread, as each arrives."""
    outlet = Outlet()
    with zipfile.ZipFile(outlet, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as archive:
        async for name, at, content in files:
            entry = zipfile.ZipInfo(name, at.astimezone().timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            await asyncio.to_thread(archive.writestr, entry, content)
            if outlet.size >= PIECE:
                yield outlet.taken()
    yield outlet.taken()
