"""What refers to a record: in words, and as the tab Used in of its page."""

from litestar.plugins.htmx import HTMXRequest

from sync.qbxml.entities import ENTITIES, Entity
from sync.qbxml.labels import lower
from sync.store import uses
from sync.store.records import RecordDetail
from sync.store.uses import Used
from web.auth import current
from web.filters import count, plural, sentence_list
from web.forms import whole_number
from web.frame import Values, with_query
from web.masking import sees_all
from web.pages.records import second_line, title_of

PAGE = 50
NAMED = 3  # kinds that a sentence names


def counted(used: Used) -> str:
    """Return "3 invoices and 1 estimate"; "" where nothing uses it."""
    if used.more:
        return f"more than {count(used.total)} records"
    parts = [in_words(entity, number) for entity, number in used.kinds[:NAMED]]
    left = sum(number for _, number in used.kinds[NAMED:])
    if left:
        parts.append(f"{count(left)} other {plural(left, 'record')}")
    return sentence_list(parts) if parts else ""


def in_words(entity: str, number: int) -> str:
    kind = ENTITIES[entity]
    return f"{count(number)} {plural(number, lower(kind.label), lower(kind.plural))}"


async def uses_values(request: HTMXRequest, home: str, found: RecordDetail, used: Used) -> Values:
    """Return what records/_uses.html reads: the kinds with figures, and a page of the one that is chosen."""
    company = int(request.path_params["company"])
    kinds = [entity for entity, _ in used.kinds]
    asked = request.query_params.get("kind", "")
    chosen = asked if asked in kinds else kinds[0] if kinds else ""
    total = dict(used.kinds).get(chosen, 0)
    start = whole_number(request.query_params.get("start", "")) or 0
    start = min(start - start % PAGE, max(total - 1, 0) // PAGE * PAGE)
    rows = await uses.rows_of(company, found.qb_id, chosen, PAGE, start) if chosen else []
    kind, sees = ENTITIES.get(chosen), sees_all(current(request).person)
    return {
        "uses_kinds": [
            (ENTITIES[entity].plural, number, link(home, entity), entity == chosen) for entity, number in used.kinds
        ],
        "uses_kind": kind,
        "uses_rows": [(row, title_of(kind, row), second_line(kind, row, sees)) for row in rows] if kind else [],
        "uses_pager": {
            "first": start + 1,
            "last": start + len(rows),
            "total": total,
            "previous": link(home, chosen, start - PAGE) if start else None,
            "next": link(home, chosen, start + PAGE) if start + PAGE < total else None,
        },
        "uses_more": f"More than {count(used.total)} records use it; these are those that were read first."
        if used.more
        else "",
    }


def link(home: str, entity: str, start: int = 0) -> str:
    return with_query(home, view="uses", kind=entity, start=start or None)


def use_sentences(kind: Entity, used: Used) -> list[str]:
    """Say before a deletion what uses the record, and what QuickBooks does then."""
    if kind.group == "list":
        then = "QuickBooks refuses if a transaction uses it; making it inactive hides it instead."
        return [f"It is used in {counted(used)}." if used.total else "Nothing that was read here uses it.", then]
    if not used.total:
        return []
    return [f"It is used in {counted(used)}. Payments and other transactions that are linked to it lose the link."]
