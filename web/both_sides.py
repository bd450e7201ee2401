"""A record as QuickBooks has it beside the record as it is here, field by field."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from sync.protocol.differences import Difference, custom_name, differences
from sync.qbxml.labels import lower
from web.leaf_words import leaf_label, leaf_text
from web.values import Links, groups_of

Row = tuple[str, Markup | None, Markup | None]  # label, in QuickBooks, here or None when it is the same


def both_groups(
    entity: str, there: Mapping[str, Any], here: Mapping[str, Any] | None, links: Links
) -> list[tuple[str, list[Row]]]:
    """Return the fields of both sides, grouped; where there is no other side all is the same."""
    theirs = groups_of(entity, there, links)
    if here is None:
        return [(heading, list(rows)) for heading, rows in theirs]
    ours = groups_of(entity, here, links)
    left, right = named(theirs), named(ours)
    found: dict[str, list[Row]] = {}
    for heading, label, nth in dict.fromkeys([*left, *right]):
        key = (heading, label, nth)
        before, after = left.get(key), right.get(key)
        found.setdefault(heading, []).append((label, before, None if before == after else after or Markup("")))
    return list(found.items())


def named(groups: Sequence[tuple[str, Sequence[Row]]]) -> dict[tuple[str, str, int], Markup | None]:
    """Return values by heading and label; the number tells labels apart that come twice."""
    found: dict[tuple[str, str, int], Markup | None] = {}
    for heading, rows in groups:
        for label, value, _ in rows:
            nth = sum(1 for other in found if other[:2] == (heading, label))
            found[heading, label, nth] = value
    return found


def different(there: Mapping[str, Any], here: Mapping[str, Any] | None) -> list[Difference]:
    """Return what differs between the sides; nothing where there is no other side."""
    return differences(there, here) if here is not None else []


def in_lines(entity: str, found: list[Difference]) -> list[tuple[str, str, str]]:
    """Return label, value there and value here of what differs within lists, which the table of fields leaves out."""
    return [
        (leaf_label(entity, one.path), leaf_text(entity, one.path, one.before), leaf_text(entity, one.path, one.after))
        for one in found
        if custom_name(one.path[0]) is None
        and (any("[" in part for part in one.path) or isinstance(one.before or one.after, list))
    ]


def labels(entity: str, found: list[Difference]) -> list[str]:
    """Return what the fields that differ are called in a sentence, each once; of lines that they are lines."""
    return list(dict.fromkeys("the lines" if in_line(one) else in_sentence(entity, one) for one in found))


def in_sentence(entity: str, one: Difference) -> str:
    """Return a field's name in small letters, a custom field's as people gave it."""
    return custom_name(one.path[-1]) or lower(leaf_label(entity, one.path))


def in_line(one: Difference) -> bool:
    """Say whether a difference lies in a line."""
    return "[" in one.path[0] and custom_name(one.path[0]) is None
