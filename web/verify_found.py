"""What a verify run found, as its page shows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sync.qbxml.entities import ENTITIES

KINDS = {"differing": "differs", "missing": "is missing here", "extra": "is not in the file"}


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyLine:
    """One kind of record in which something differs."""

    label: str
    differing: int
    missing: int
    extra: int
    waiting: int
    samples: list[tuple[str, str]]  # words, address of the record or ""


def verify_lines(company: int, report: Mapping[str, Any]) -> list[VerifyLine]:
    """Return a report of store.verify as lines, in the order of the kinds."""
    return [
        VerifyLine(
            label=entity.plural,
            differing=one["differing"],
            missing=one["missing"],
            extra=one["extra"],
            waiting=one["waiting"],
            samples=[sample(company, name, each) for each in one["samples"]],
        )
        for name, entity in ENTITIES.items()
        if (one := report.get(name))
    ]


def sample(company: int, entity: str, each: Mapping[str, Any]) -> tuple[str, str]:
    fields = f": {', '.join(each['fields'])}" if each["fields"] else ""
    words = f"{each['name'] or each['qb_id']} {KINDS[each['kind']]}{fields}"
    return words, f"/companies/{company}/records/{entity}/{each['record']}" if each["record"] else ""
