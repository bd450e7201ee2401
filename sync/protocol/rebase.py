"""An edit that was made here while the change before it was on its way, put on top of what QuickBooks made of that one.

What was sent has lines without ids, and numbers as they were typed; QuickBooks' answer has ids, and numbers as it
writes them. The three states are brought to one form before they are merged: what differs then is an edit.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from sync.protocol.differences import Merged, agree, is_reference, key_of, merge, number, same

Lines = Sequence[Mapping[str, Any]]


def rebased(sent: Mapping[str, Any], there: Mapping[str, Any], wanted: Mapping[str, Any]) -> Merged:
    """What is wanted by now, on what QuickBooks has of what was sent; contradictions where it has something else."""
    base, ours = dict(sent), dict(wanted)
    for name in there:
        known, edited = sent.get(name), wanted.get(name)
        key = key_of(there[name]) if isinstance(there[name], list) else None
        if key is None:
            continue
        base[name] = named_after(known or [], there[name], key)
        ours[name] = edited_lines(edited or [], known or [], base[name], key)
    return merge(written_as(base, there), there, written_as(ours, there))


def named_after(sent: Lines, there: Lines, key: str) -> list[dict[str, Any]]:
    """Lines with the ids that QuickBooks gave them: each goes with the first that agrees with it."""
    known = {line.get(key) for line in sent}
    left = [line for line in there if line.get(key) not in known]
    found = []
    for line in sent:
        one = None if is_known(line, key) else next((one for one in left if agree(line, one, key)), None)
        if one is not None:
            left.remove(one)
        found.append({**line, key: one[key]} if one is not None else dict(line))
    return found


def edited_lines(wanted: Lines, sent: Lines, named: Lines, key: str) -> list[dict[str, Any]]:
    """Edited lines with the ids of those that they were: first the ones that stayed, then those of the same item."""
    ids: dict[int, Any] = {}
    left = [(old, new) for old, new in zip(sent, named, strict=True) if not is_known(old, key) and is_known(new, key)]
    for stays in (True, False):
        for place, line in enumerate(wanted):
            if place in ids or is_known(line, key):
                continue
            fits = line.__eq__ if stays else partial(same_item, line)
            pair = next((pair for pair in left if fits(pair[0])), None)
            if pair is not None:
                ids[place] = pair[1][key]
                left.remove(pair)
    return [{**line, key: ids[place]} if place in ids else dict(line) for place, line in enumerate(wanted)]


def same_item(line: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two lines refer to the same: what QuickBooks fills in for one item is not right for another."""
    names = {name for one in (line, other) for name, value in one.items() if isinstance(value, Mapping)}
    return all(same(line.get(name), other.get(name)) for name in names)


def is_known(line: Mapping[str, Any], key: str) -> bool:
    """Whether a line is one that QuickBooks has."""
    return line.get(key) not in (None, "", "-1")


def written_as(ours: Mapping[str, Any], there: Mapping[str, Any]) -> dict[str, Any]:
    """A record whose numbers are written as QuickBooks writes them, wherever they are the same."""
    found: dict[str, Any] = {}
    for name, value in ours.items():
        other = there.get(name)
        if isinstance(value, Mapping) and isinstance(other, Mapping) and not is_reference(value):
            found[name] = written_as(value, other)
        elif isinstance(value, list) and isinstance(other, list) and (key := key_of([*value, *other])) is not None:
            lines = {line[key]: line for line in other if key in line}
            found[name] = [written_as(line, lines.get(line.get(key), {})) for line in value]
        elif number(value) is not None and number(value) == number(other):
            found[name] = other
        else:
            found[name] = value
    return found
