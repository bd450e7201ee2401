"""An answer of QuickBooks at a glance: what the session has to know of it before it is stored, in bounded memory."""

import asyncio
import io
import zlib
from datetime import datetime

from sync.protocol import plan, sentences
from sync.protocol.events import ResponseReceived
from sync.protocol.identity import FileFacts, read_facts
from sync.qbxml.heads import Head, NotQbxml
from sync.qbxml.parse import heads, stream
from sync.soap import Packed
from sync.store.sessions import Loaded
from sync.store.steps import Answer

ON_THE_LOOP = 500_000  # bytes of an answer that are looked at without a thread
UNPACKED_AT_ONCE = 4_000_000  # bytes of an answer that are looked at whole


def _pack(text: str) -> Packed:
    """A short answer in the form of a long one."""
    data = text.encode()
    return Packed(zlib.compress(data, 1), len(data), data)


class Look:
    """An answer at a glance: its heads, and its text when it is short enough to be held whole."""

    def __init__(self, packed: Packed) -> None:
        self.packed = packed
        self.whole: bytes | None = None
        if packed.size <= UNPACKED_AT_ONCE:
            self.whole = packed.head if len(packed.head) == packed.size else zlib.decompress(packed.compressed)
        try:
            self.heads: tuple[Head, ...] = heads(packed.head + b"</QBXML>" if self.whole is None else self.whole).heads
        except NotQbxml:
            self.heads = ()

    def count(self, tag: bytes) -> int:
        """How often a start tag stands in the answer."""
        return count_tag(self.packed.compressed, tag) if self.whole is None else self.whole.count(tag)


async def look_at(response: object) -> Look:
    """An answer as it was decoded, text or packed, at a glance; a long one in a thread."""
    packed = response if isinstance(response, Packed) else _pack(str(response))
    return await asyncio.to_thread(Look, packed) if packed.size > ON_THE_LOOP else Look(packed)


async def received_of(loaded: Loaded, look: Look, now: datetime) -> tuple[ResponseReceived, Answer]:
    """The event that an answer is to the session, and the row that keeps it."""
    in_flight, run = loaded.session.in_flight, loaded.session.run
    rows, facts = 0, None
    if in_flight is not None and in_flight.position is not None and run is not None:
        tag = f"<{plan.ret_of(run.entities[in_flight.position])}>".encode()
        rows = look.count(tag) if look.whole is not None else await asyncio.to_thread(look.count, tag)
    if in_flight is not None and in_flight.kind == "identity" and look.whole is not None:
        facts = facts_of(look.whole.decode(errors="replace"), loaded.session.expected.owner_id)
    first = min(look.heads, key=lambda head: abs(head.status.code)) if look.heads else None  # of several the best
    answer = Answer(
        compressed=look.packed.compressed,
        size=look.packed.size,
        code=first.status.code if first and first.status.code >= 0 else None,
        severity=first.status.severity[:10] if first else "",
        message=first.status.message if first else sentences.UNREADABLE,
        hresult="",
        rows=rows,
        remaining=first.iterator_remaining if first else None,
    )
    took = (now - loaded.sent_at).total_seconds() if loaded.sent_at else 0.0
    return ResponseReceived(heads=look.heads, facts=facts, rows=rows, took=took), answer


def count_tag(compressed: bytes, tag: bytes) -> int:
    """How often a start tag stands in a compressed text, unpacked piece by piece."""
    found, tail = 0, b""
    unpacker = zlib.decompressobj()
    source = io.BytesIO(compressed)
    while piece := source.read(65536):
        text = tail + unpacker.decompress(piece)
        found += text.count(tag)
        tail = text[-len(tag) + 1 :]
    return found


def facts_of(text: str, owner_id: str) -> FileFacts | None:
    """What the file says of itself; None when that cannot be read."""
    try:
        return read_facts(stream(text.encode()), owner_id)
    except NotQbxml:
        return None
