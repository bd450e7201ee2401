"""The code guide: finding a code by its number or by words, in groups, with the codes that belong together.

What each code means is in `statuses`; this module only orders and finds.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from sync.qbxml import statuses
from sync.qbxml.statuses import Meaning

NUMBER = re.compile(r"\d{1,5}")
FOUR = re.compile(r"1\d{3}")
SHORT = re.compile(r"8004[0-9A-F]{4}|80040154")
WORD = re.compile(r"[\w-]+")
RELATED = 6
COMMON = frozenset({"and", "are", "for", "from", "not", "that", "the", "then", "this", "was", "with"})
FEW = 0.12  # of all codes: a word that more of them have says nothing about what belongs together


@dataclass(frozen=True, slots=True)
class Group:
    """Codes that come from one place."""

    key: str
    name: str
    sentence: str
    codes: tuple[Meaning, ...]


GROUPS = (
    (
        "hresult",
        "When QuickBooks does not open",
        "The Web Connector asked QuickBooks to open the company file, or to take a request, and QuickBooks said no.",
    ),
    (
        "qbwc",
        "What the Web Connector says",
        "They stand in the Web Connector's own window and in its log, QWCLog.txt. Most never reach Deskbridge.",
    ),
    (
        "status",
        "How QuickBooks answers a request",
        "Each request has such a status. Below 500 it is information, below 1000 a warning, from 1000 on an error.",
    ),
)


def find(text: str) -> Meaning | None:
    """The code that a text is: in any case, an error of QuickBooks also without its 0x, a status of a range too."""
    code = text.strip().upper()
    if NUMBER.fullmatch(code):
        found = statuses.status(int(code))
        return found if found.code in statuses.meanings() else None
    return statuses.qbwc(code) or statuses.hresult(code) or statuses.meanings().get(code)


def search(query: str) -> list[Meaning]:
    """The codes that a text names, else those that have every word of it; those that say it in their meaning first."""
    exact = find(query) or (statuses.qbwc(f"QBWC{query.strip()}") if FOUR.fullmatch(query.strip()) else None)
    if exact is not None:
        return [exact]
    words = query.lower().split()
    if not words:
        return list(statuses.meanings().values())
    found = [each for each in statuses.meanings().values() if all(word in _text(each) for word in words)]
    return sorted(found, key=lambda each: not all(word in each.meaning.lower() for word in words))


def grouped(codes: list[Meaning]) -> list[Group]:
    """Codes by where they come from; a group without any is left out."""
    groups = (
        Group(key, name, sentence, tuple(each for each in codes if each.kind == key)) for key, name, sentence in GROUPS
    )
    return [group for group in groups if group.codes]


def related(code: Meaning) -> list[Meaning]:
    """Codes that the person may have to do with next: of the same cause or remedy, the most alike first."""
    words = _telling()[code.code]
    others = [(len(words & _telling()[each.code]), each) for each in statuses.meanings().values() if each != code]
    near = [(shared, each) for shared, each in others if shared > (1 if each.kind == code.kind else 2)]
    near.sort(key=lambda pair: (-pair[0], pair[1].kind != code.kind))
    return [each for _, each in near[:RELATED]]


def _text(code: Meaning) -> str:
    return f"{code.code} {code.meaning} {code.cause} {code.action}".lower()


@cache
def _telling() -> dict[str, frozenset[str]]:
    """The words of each code that not many others have too."""
    words = {each.code: frozenset(_words(each)) for each in statuses.meanings().values()}
    counts: dict[str, int] = {}
    for found in words.values():
        for word in found:
            counts[word] = counts.get(word, 0) + 1
    most = FEW * len(words)
    return {code: frozenset(word for word in found if counts[word] <= most) for code, found in words.items()}


def _words(code: Meaning) -> Iterator[str]:
    for word in WORD.findall(f"{code.meaning} {code.cause} {code.action}".lower()):
        if word not in COMMON and len(word) > 2:
            yield word
