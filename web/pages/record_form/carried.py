"""What a form carries with it, so that nothing typed is lost: the record that it was made from, and open questions."""

import base64
import binascii
import json
import zlib
from typing import Any

MOST = 1 << 22  # bytes of one record


def packed(value: Any) -> str:
    """Return a value as text for a hidden field."""
    return base64.b64encode(zlib.compress(json.dumps(value).encode())).decode()


def unpacked(text: str) -> Any:
    """Return what was packed; None for what was not."""
    try:
        reader = zlib.decompressobj()
        plain = reader.decompress(base64.b64decode(text, validate=True), MOST)
        return json.loads(plain) if reader.eof else None
    except (ValueError, binascii.Error, zlib.error, RecursionError):
        return None
