"""What the Sync Wizard's page and its parts read: kinds with counts, sections with rows, what is on its way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from litestar.plugins.htmx import HTMXRequest

from sync.qbxml.entities import ENTITIES
from sync.store import policies, uses, wizard
from sync.store.changes import Counts
from sync.store.companies import CompanyRow
from sync.store.policies import DIRECTIONS, Direction
from sync.store.ticks import Ticks, ticks_of
from sync.store.wizard import Kind, Parent, Proposal, Slice
from web.auth import current, may
from web.changes_shown import ACTIONS, Shown, Subject, shown_changes, subject
from web.connection import SILENT, has
from web.filters import clock, count, day_time, plural, qb_time, sentence_list, upper_first, words
from web.frame import Values, with_query
from web.masking import hidden, is_personal, sees_all
from web.pages.record_uses import counted as counted_uses
from web.pages.records import USUAL
from web.pages.wizard.asked import Asked

PAGE = 50  # rows of a kind
SECTION = 100  # rows of a section, when every kind is shown
WAY = 50  # changes on their way that are listed
ENDED = timedelta(minutes=30)  # for so long an outcome stays on the page
FIELDS = 4  # shown at once; the others open in place
HEADINGS: dict[Direction, str] = {"in": "Import from QuickBooks", "out": "Export to QuickBooks"}
WHAT: dict[Direction, str] = {"in": "What changes here", "out": "What changes in QuickBooks"}
STATES = {
    "approved": "Pending",
    "waiting": "Waits for",
    "sent": "Sending",
    "applied": "Successful",
    "refused": "Failed",
    "unknown": "Outcome unknown",
}
Groups = list[tuple[str, list[tuple[str, str, str, int | None]]]]


@dataclass(frozen=True, slots=True)
class RowShown:
    """One change as a row."""

    id: int
    href: str | None  # the record's page
    subject: Subject
    action: str
    fields: list[Shown]
    more: list[Shown]
    by: str  # who changed it here
    at: str  # when it was changed
    ticked: bool
    rule: str
    used: str = ""  # of a deletion, in a sentence


@dataclass(frozen=True, slots=True)
class KindShown:
    """The rows of one kind in a section."""

    key: str
    plural: str
    count: int
    ticked: int
    on: bool  # not unticked whole; of a search: all that it finds is ticked
    rows: list[RowShown]
    left: int
    more_url: str | None


@dataclass(frozen=True, slots=True)
class Section:
    """Import or Export."""

    direction: Direction
    heading: str
    what: str
    kinds: list[KindShown]
    count: int
    ticked: int


@dataclass(frozen=True, slots=True)
class WayRow:
    """A change that was approved: where it is."""

    id: int
    href: str | None
    subject: Subject
    action: str
    state: str
    words: str
    parent: tuple[str, str | None] | None
    code: int | None
    why: str


def kind_place(kind: Kind) -> tuple[int, int, str]:
    """Imports first; within them what people look for most."""
    usual = USUAL.index(kind.entity) if kind.entity in USUAL else len(USUAL)
    return DIRECTIONS.index(kind.direction), usual, kind.entity


async def index_values(request: HTMXRequest, row: CompanyRow, asked: Asked, counted: Counts) -> Values:
    """Return what the whole page reads."""
    person = current(request).person
    refused = not sees_all(person) and any(symbol.isdigit() for symbol in asked.q)
    every = sorted(await wizard.kinds(row.id), key=kind_place)
    found = every
    if asked.q:
        found = [] if refused else sorted(await wizard.kinds(row.id, asked.q), key=kind_place)
    until = max((kind.newest for kind in every), default=0)
    asked = Asked(asked.home, asked.direction, asked.entity, asked.q, until)
    ticks = await ticks_of(person.id, row.id)
    shown = [kind for kind in found if asked.shows(kind.key)]
    sections = await sections_of(request, row.id, asked, shown, ticks)
    conflicts = await wizard.conflicts(row.id)
    return {
        "asked": asked,
        "decides": may(person, "accounting_manager"),
        "refused": refused,
        "kinds_groups": kinds_groups(asked, found),
        "current_kind": asked.kind or "all",
        "sections": sections,
        "section_keys": [kind.key for section in sections for kind in section.kinds],
        "conflicts": conflicts,
        "conflict_names": conflict_names(conflicts),
        "every_total": sum(kind.count for kind in every),
        "sentence": sentence(sum(kind.count for kind in every), len(conflicts)),
        "by_themselves": await by_themselves(row.id),
        "next_call": next_call(row),
        **bar_values(sections),
        **await live_values(row, sum(kind.count for kind in every), until, counted),
    }


async def sections_of(
    request: HTMXRequest, company: int, asked: Asked, found: Sequence[Kind], ticks: Ticks
) -> list[Section]:
    """Return Import and Export with their kinds and rows."""
    slices = slices_of(found, alone=bool(asked.kind))
    marks = await wizard.marked(company, ticks, asked.q, asked.until)
    ticked = wizard.ticked(found, marks, ticks)
    rows = await wizard.proposals(company, slices, asked.q, asked.until)
    shown = await rows_shown(request, company, rows, ticks)
    sections = []
    for direction in DIRECTIONS:
        kinds = [
            kind_shown(kind, asked, shown.get(kind.key, []), ticked[kind.key], ticks)
            for kind in found
            if kind.direction == direction
        ]
        if kinds:
            counts = sum(kind.count for kind in kinds), sum(kind.ticked for kind in kinds)
            sections.append(Section(direction, HEADINGS[direction], WHAT[direction], kinds, *counts))
    return sections


def slices_of(found: Sequence[Kind], *, alone: bool) -> list[Slice]:
    """Say how many rows of each kind are shown: 50, and of all kinds of a section no more than a hundred."""
    room: dict[Direction, int] = dict.fromkeys(DIRECTIONS, PAGE if alone else SECTION)
    slices = []
    for kind in found:
        most = min(kind.count, PAGE, room[kind.direction])
        room[kind.direction] -= most
        if most:
            slices.append(Slice(kind.direction, kind.entity, most, first=kind.first))
    return slices


def kind_shown(kind: Kind, asked: Asked, rows: list[RowShown], ticked: int, ticks: Ticks) -> KindShown:
    left = kind.count - len(rows)
    more = more_url(asked, kind.key, rows[-1].id if rows else None) if left > 0 else None
    on = ticked == kind.count if asked.q else kind.key not in ticks.kinds
    return KindShown(kind.key, ENTITIES[kind.entity].plural, kind.count, ticked, on, rows, left, more)


def more_url(asked: Asked, key: str, below: int | None) -> str:
    return with_query(f"{asked.home}/more", kind=key, q=asked.q, until=asked.until, below=below)


async def more_values(request: HTMXRequest, row: CompanyRow, asked: Asked) -> Values:
    """Return the next rows of one kind."""
    ticks = await ticks_of(current(request).person.id, row.id)
    sees = sees_all(current(request).person) or not any(symbol.isdigit() for symbol in asked.q)
    slices = [Slice(asked.direction, asked.entity, PAGE + 1, asked.below)] if asked.direction and sees else []
    found = await wizard.proposals(row.id, slices, asked.q, asked.until)
    rows = (await rows_shown(request, row.id, found[:PAGE], ticks)).get(asked.kind, [])
    more = more_url(asked, asked.kind, rows[-1].id) if len(found) > PAGE else None
    kind = KindShown(asked.kind, ENTITIES[asked.entity].plural, 0, 0, True, rows, 0, more)
    return {"kind": kind, "decides": may(current(request).person, "accounting_manager"), "direction": asked.direction}


async def rows_shown(
    request: HTMXRequest, company: int, found: Sequence[Proposal], ticks: Ticks
) -> dict[str, list[RowShown]]:
    """Return rows by the key of their kind."""
    sees = sees_all(current(request).person)
    used = await uses.of_each(company, [one.record for one in found if one.action == "delete" and one.record])
    rows: dict[str, list[RowShown]] = {}
    for one in found:
        shown = row_shown(company, one, ticks, sees=sees)
        told = counted_uses(used[one.record]) if one.record in used else ""
        rows.setdefault(one.kind, []).append(replace(shown, used=f"It is used in {told}.") if told else shown)
    return rows


def row_shown(company: int, one: Proposal, ticks: Ticks, *, sees: bool) -> RowShown:
    fields = shown_changes(one.entity, one.action, one.direction, one.before, one.after, sees=sees)
    cut = FIELDS if len(fields) > FIELDS + 1 else len(fields)
    return RowShown(
        id=one.id,
        href=record_href(company, one),
        subject=subject_of(one, sees=sees),
        action=ACTIONS[one.action],
        fields=fields[:cut],
        more=fields[cut:],
        by="" if one.direction == "in" else one.who or one.created_by,
        at=changed_at(one),
        ticked=ticks.ticked(one.id, one.kind),
        rule=ticks.rule(one.id),
    )


def changed_at(one: Proposal) -> str:
    """Return when it was changed: in QuickBooks by its computer's clock, here by ours."""
    if one.direction == "in" and one.action != "delete" and one.after.get("TimeModified"):
        return qb_time(str(one.after["TimeModified"]))
    return upper_first(day_time(one.created_at))


def record_href(company: int, one: Proposal | Parent) -> str | None:
    return f"/companies/{company}/records/{one.entity}/{one.record}" if one.record else None


def subject_of(one: Proposal, *, sees: bool) -> Subject:
    """Return what the record is called, in its own words where it is not here yet."""
    source = one.after or one.before
    name = one.name or text(source, "FullName") or text(source, "Name")
    kind = ENTITIES.get(one.entity)
    personal = kind is not None and any(is_personal(path, one.entity) for path in kind.number)
    number = hidden(one.ref_number, "") if personal and not sees else one.ref_number
    return subject(one.entity, name, number, one.party)


def text(fields: Mapping[str, Any], name: str) -> str:
    found = fields.get(name)
    return found if isinstance(found, str) else ""


def kinds_groups(asked: Asked, found: Sequence[Kind]) -> Groups:
    """Return the kinds at the left: everything, then what wants to come in, then what wants to go out."""
    groups: Groups = [
        ("", [("all", "Everything", with_query(asked.home, q=asked.q), sum(kind.count for kind in found))])
    ]
    for direction, heading in zip(DIRECTIONS, ("Import", "Export"), strict=True):
        entries: list[tuple[str, str, str, int | None]] = [
            (
                kind.key,
                ENTITIES[kind.entity].plural,
                with_query(asked.home, kind=kind.key, q=asked.q),
                kind.count,
            )
            for kind in found
            if kind.direction == direction
        ]
        if entries:
            groups.append((heading, entries))
    return groups


async def by_themselves(company: int) -> str:
    """Name the kinds whose changes do not wait for anybody."""
    found = await policies.of_company(company)
    modes = {direction: found.mode("", direction) for direction in DIRECTIONS}
    if all(mode == "auto" for mode in modes.values()):
        return "All kinds"
    kinds = [
        ENTITIES[entity].plural for entity in ENTITIES if any(found.own(entity, each) == "auto" for each in DIRECTIONS)
    ]
    return ", ".join(kinds)


def bar_values(sections: Sequence[Section]) -> Values:
    """Return the numbers of the action bar."""
    total = sum(section.count for section in sections)
    ticked = sum(section.ticked for section in sections)
    shown = sum(len(kind.rows) for section in sections for kind in section.kinds)
    return {"total": total, "ticked": ticked, "shown_rows": shown}


async def live_values(row: CompanyRow, total: int, until: int, counted: Counts) -> Values:
    """Return what follows by itself: what has come since, what is on its way, the badge."""
    now = datetime.now(UTC)
    came = await wizard.arrived(row.id, until)
    found = await wizard.under_way(row.id, now - ENDED, WAY)
    parents = await wizard.parents([one.waits_for for one in found if one.waits_for])
    way = [way_row(row.id, one, parents) for one in found]
    waits = counted.to_approve_in + counted.to_approve_out
    return {
        "row": row,
        "news": news(came, total - (waits - came)),
        "way": way,
        "pending": counted.pending,
        "way_left": max(counted.pending - sum(one.state in ("approved", "waiting", "sent") for one in way), 0),
        "way_sentence": way_sentence(counted.pending, row, now),
        "waiting_number": waits + counted.conflicts,
    }


def way_row(company: int, one: Proposal, parents: Mapping[int, Parent]) -> WayRow:
    parent = parents.get(one.waits_for) if one.waits_for and one.state == "waiting" else None
    return WayRow(
        id=one.id,
        href=record_href(company, one),
        subject=subject_of(one, sees=False),
        action=ACTIONS[one.action],
        state=one.state,
        words=STATES[one.state],
        parent=(parent.name, record_href(company, parent)) if parent else None,
        code=one.status_code if one.state in ("refused", "unknown") else None,
        why=(one.status_message or one.reason) if one.state in ("refused", "unknown") else "",
    )


# sentences


def sentence(proposed: int, conflicts: int) -> str:
    """18 changes and 2 conflicts wait for you."""
    counted = [
        f"{count(number)} {plural(number, noun)}"
        for number, noun in ((proposed, "change"), (conflicts, "conflict"))
        if number
    ]
    if not counted:
        return "Nothing on this page syncs before somebody approves it."
    waits = "waits" if proposed + conflicts == 1 else "wait"
    return f"{sentence_list(counted)} {waits} for you. Nothing on this page syncs before somebody approves it."


def conflict_names(found: Sequence[Proposal]) -> str:
    names = [subject_of(one, sees=False).title for one in found[:3]]
    more = f" and {count(len(found) - 3)} more" if len(found) > 3 else ""
    return f"{', '.join(names)}{more}"


def news(came: int, decided: int) -> str:
    """Say what has changed since the page was shown; "" when nothing has."""
    parts = []
    if came:
        parts.append(f"{count(came)} more.")
    if decided > 0:
        parts.append(f"{count(decided)} {plural(decided, 'was', 'were')} decided or replaced meanwhile.")
    return " ".join(parts)


def next_call(row: CompanyRow) -> str:
    """Return the clock time by which the Web Connector should call; "" where it is not known."""
    return clock(row.next_call_by, seconds=False) if row.next_call_by else ""


def way_sentence(pending: int, row: CompanyRow, now: datetime) -> str:
    """17 changes are pending. They go when the Web Connector calls, by 14:35."""
    if not pending:
        return "Nothing is pending."
    one = pending == 1
    counted = f"{upper_first(words(pending))} {plural(pending, 'change is', 'changes are')} pending."
    goes = "It goes" if one else "They go"
    if has(row, "paused"):
        return f"{counted} Syncs are paused; {goes.lower()} when somebody resumes them."
    if has(row, "syncing"):
        return f"{counted} A sync goes on now; {goes.lower()} with it."
    by = next_call(row)
    if has(row, *SILENT) or not by:
        return f"{counted} {goes} when the Web Connector calls{' again' if has(row, *SILENT) else ''}."
    return f"{counted} {goes} when the Web Connector calls, by {by}."
