"""Values by element name, brought into the order that the schema demands.

A list is an element that repeats, None one that is not there. Where lines of several kinds are mixed, the key "#order"
may give the order of their names as they follow one another; without it each kind follows the other in schema order.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sync.qbxml.fields import Choice, Field

ORDER = "#order"
TEXT = "#text"
Bag = dict[str, list[Any]]  # what is still to be placed


def occurrences(value: Any) -> list[Any]:
    """The elements that a value stands for."""
    if isinstance(value, (list, tuple)):
        return [one for one in value if one is not None]
    return [] if value is None else [value]


def bag(values: Mapping[str, Any]) -> Bag:
    """Every element of a group by name; attributes, text and order are not among them."""
    return {name: found for name, value in values.items() if name[:1] not in "@#" and (found := occurrences(value))}


def place(content: Sequence[Field | Choice], left: Bag, order: Sequence[str] = ()) -> list[tuple[Field, Any]]:
    """Every element in schema order, taken out of the bag; what stays in it has no place."""
    placed: list[tuple[Field, Any]] = []
    for part in content:
        if isinstance(part, Field):
            placed += [(part, value) for value in take(left, part.name, part.max)]
        elif part.max == 1:
            chosen = best_branch(part, left)
            placed += place(part.branches[chosen], left, order) if chosen is not None else []
        else:
            placed += mixed(part, left, order)
    return placed


def take(left: Bag, name: str, most: int | None) -> list[Any]:
    """As many occurrences as are allowed, from the first on."""
    found = left.pop(name, [])
    if most is not None and len(found) > most:
        left[name] = found[most:]
        return found[:most]
    return found


def best_branch(choice: Choice, left: Bag) -> int | None:
    """The branch that the most of the given names belong to; None when none do."""
    given = [len(names & left.keys()) for names in choice.branch_names]
    most = max(given)
    return given.index(most) if most else None


def mixed(choice: Choice, left: Bag, order: Sequence[str]) -> list[tuple[Field, Any]]:
    """A choice that repeats, each branch one element: in the order asked for, then what the order did not name."""
    fields = {part.name: part for branch in choice.branches for part in branch if isinstance(part, Field)}
    placed = [(fields[name], left[name].pop(0)) for name in order if name in fields and left.get(name)]
    for name, field in fields.items():
        placed += [(field, value) for value in left.pop(name, [])]
    return placed
