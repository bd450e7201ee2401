"""Form input to checked values. A field that was not sent is an empty string."""

import re
from collections.abc import Mapping

from web.site import AnyRequest

CONTROL = re.compile(r"[\x00-\x1f\x7f]")


async def read_form(request: AnyRequest) -> Mapping[str, str]:
    """Return the text fields of a form; of a doubled field the last. Files are left out."""
    form = await request.form()
    return {name: value for name, value in form.multi_items() if isinstance(value, str)}


async def read_lists(request: AnyRequest) -> Mapping[str, list[str]]:
    """Return the text fields of a form, of each every value in its order. Files are left out."""
    form = await request.form()
    found: dict[str, list[str]] = {}
    for name, value in form.multi_items():
        if isinstance(value, str):
            found.setdefault(name, []).append(value)
    return found


def line(form: Mapping[str, str], name: str, *, longest: int = 254) -> str:
    """Return one line of text, trimmed, without control characters, cut at the limit."""
    return CONTROL.sub("", form.get(name, "")).strip()[:longest]


def whole_number(text: str) -> int | None:
    """Return the number that digits are; None for anything else, and for what no number of ours is as large as."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def local_path(text: str, default: str = "/") -> str:
    """Return an address only if it stays on this host: a path with its query.

    Browsers take `//host` and `/\\host` for another host, and drop tabs and line ends before they look.
    """
    if len(text) > 1000 or CONTROL.search(text) or "\\" in text:
        return default
    if not text.startswith("/") or text.startswith("//"):
        return default
    return text
