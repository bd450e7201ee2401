"""One leaf of a record in words: what it is called and how its value reads."""

import re
from collections.abc import Mapping
from typing import Any

from sync.protocol.differences import custom_name
from sync.qbxml.labels import label, lower, words
from web.values import cell

ID = re.compile(r"\[[^\]]*\]")


def leaf_label(entity: str, path: tuple[str, ...]) -> str:
    """Return "Billing address, city", or "Invoice line, quantity" for a leaf within a line."""
    custom = custom_name(path[-1]) if path else None
    if custom is not None:
        return ", ".join(filter(None, (leaf_label(entity, path[:-1]) if path[:-1] else "", custom)))
    plain = [ID.sub("", part) for part in path if part]
    if not plain:
        return "Record"
    first = label(entity, plain[0])
    if len(plain) == 1:
        return first
    return ", ".join([first, *(lower(words(part)) for part in plain[1:])])


def leaf_text(entity: str, path: tuple[str, ...], value: Any) -> str:
    """Return a leaf's value as a person reads it; what is not there is empty."""
    if value is None:
        return ""
    if value is True:
        return "a line"
    if isinstance(value, Mapping):
        return str(value.get("FullName") or value.get("ListID") or value.get("#text") or "")
    if isinstance(value, list):
        return ", ".join(leaf_text(entity, path, one) for one in value)
    return cell(entity, "/".join(ID.sub("", part) for part in path if part), str(value))
