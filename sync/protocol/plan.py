"""What to ask of QuickBooks, in which order: the entities of a run, and the next request of a session."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from sync.protocol import cursor
from sync.qbxml.build import Request
from sync.qbxml.entities import ENTITIES, Entity, query_values

COUNTING = ("customs", "counts")  # kinds of documents: the first of a run asks which custom fields there are too
UNASKED = -1  # for `counts_asked`: no row was counted, and custom fields are not asked for once more
COUNTS_AT_ONCE = 20  # entities whose number of rows one document asks for
LIST_DELETED, TXN_DELETED = "ListDeleted", "TxnDeleted"
PASSES_IN_A_SESSION = 5  # readings of one entity from its start, before the session gives it up
REFRESHED_AT_ONCE = 100  # records asked for by id in one document
TOO_OLD = "This QuickBooks speaks a qbXML that is too old for it."
TRIES = 3  # refusals of one entity, before the run gives it up


class Mode(StrEnum):
    """How an entity is read."""

    WHOLE = "whole"  # every row
    SWEEP = "sweep"  # every row; what is not among them is gone
    CHANGES = "changes"  # what changed since the cursor
    KEYS = "keys"  # ids only; what is not among them is gone
    DELETED = "deleted"  # what QuickBooks says was deleted
    REFRESH = "refresh"  # those that changed transactions refer to: balances move without a new TimeModified


class Stage(StrEnum):
    """How far an entity is in its run."""

    WAITING = "waiting"
    READING = "reading"  # asked; with an iterator, page by page
    RECEIVED = "received"  # every answer is here, some may not be taken in
    DONE = "done"
    OFF = "off"  # QuickBooks does not have it: feature switched off, or not in this product
    FAILED = "failed"


OVER = frozenset({Stage.RECEIVED, Stage.DONE, Stage.OFF, Stage.FAILED})


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityWork:
    """One entity within a run: how far its reading is."""

    position: int
    entity: str
    mode: Mode
    stage: Stage = Stage.WAITING
    expected: int | None = None  # rows
    received: int = 0  # rows, in this pass
    cursor_from: str = ""
    newest: str = ""
    iterator_id: str = ""
    iterator_session: int | None = None
    remaining: int | None = None
    page_rows: int = 0  # 0: asked whole, without an iterator
    pages: int = 0
    passes: int = 0
    passes_here: int = 0  # in this session
    errors: int = 0
    reason: str = ""

    def again(self, reason: str = "") -> "EntityWork":
        """The same entity, to be read from its start: its iterator is lost."""
        return replace(
            self,
            stage=Stage.WAITING,
            received=0,
            iterator_id="",
            iterator_session=None,
            remaining=None,
            pages=0,
            reason=reason,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RunWork:
    """One run: what was asked for and how far it is."""

    id: int
    kind: str  # initial, incremental, full, verify
    entities: tuple[EntityWork, ...] = ()
    counts_asked: int = 0
    unprocessed: int = 0  # answers that are stored and not taken in
    touched: Mapping[str, Sequence[str]] = field(default_factory=dict)  # ids to refresh, by entity
    refreshes: bool = False  # a refreshing follows once the rest is over: its entities are not planned yet

    def with_entity(self, work: EntityWork) -> "RunWork":
        """The same run with one entity moved."""
        return replace(self, entities=tuple(work if one.position == work.position else one for one in self.entities))

    @property
    def nothing_left(self) -> bool:
        """Whether every entity was read and every answer taken in."""
        return self.unprocessed == 0 and not self.refreshes and all(work.stage in OVER for work in self.entities)


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """What the computer speaks."""

    session: int
    product: str  # QBD or QBCA
    version: str  # of qbXML


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One document to send: its requests, and what it is for."""

    kind: str  # identity, customs, counts, read
    requests: tuple[Request, ...]
    position: int | None = None  # of the entity that it reads
    page: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What earlier runs left about one entity."""

    cursor: str = ""
    off: str = ""
    off_long: bool = False  # it is time to ask again whether it still is
    has_records: bool = False


def plan_entities(
    kind: str,
    known: Mapping[str, Known],
    preferences: Mapping[str, Any],
    client: Client,
    page_rows: int | None,
    keys_for_all: bool,
) -> tuple[EntityWork, ...]:
    """The entities of a new run, in dependency order, deletions after changes.

    `keys_for_all`: the last look at deletions is longer ago than QuickBooks remembers them.
    """
    works: list[EntityWork] = []

    def add(entity: str, mode: Mode, **values: Any) -> None:
        works.append(EntityWork(position=len(works), entity=entity, mode=mode, **values))

    present: list[Entity] = []
    for entity in ENTITIES.values():
        state = known.get(entity.name, Known())
        if not entity.available(client.product, client.version):
            continue
        off = entity.off(preferences) or (_stays_off(entity, state) if kind == "incremental" else "")
        if off:
            add(entity.name, Mode.WHOLE, stage=Stage.OFF, reason=off)
            continue
        present.append(entity)
        rows = page_rows or entity.page_size
        follows = kind == "incremental" and entity.filters_modified and not state.off  # deletions go on while it is off
        changes_from = state.cursor if follows else ""
        add(
            entity.name,
            _mode(kind, entity, changes_from, state),
            cursor_from=changes_from,
            page_rows=rows if entity.iterates else 0,
        )
    for name, reported in ((LIST_DELETED, "list"), (TXN_DELETED, "transaction")):
        deletes = any(entity.deletions == name and entity.group == reported for entity in present)
        if deletes and kind != "verify":  # there what was deleted is what is not met
            add(name, Mode.DELETED, cursor_from=known.get(name, Known()).cursor)
    if kind == "incremental":
        for entity in present:
            swept = keys_for_all or entity.deletions is None
            if swept and entity.filters_modified and known.get(entity.name, Known()).has_records:
                add(entity.name, Mode.KEYS, page_rows=1000 if entity.iterates else 0)
    return tuple(works)


def _stays_off(entity: Entity, known: Known) -> str:
    """Why an entity that was off is left alone; "" when it is time to ask, or only a preference was against it."""
    by_preference = entity.feature is not None and known.off == entity.feature.words
    return "" if known.off_long or by_preference else known.off


def _mode(kind: str, entity: Entity, changes_from: str, state: Known) -> Mode:
    if changes_from:
        return Mode.CHANGES
    if kind == "verify":
        return Mode.SWEEP
    return Mode.WHOLE if kind == "initial" or not state.has_records else Mode.SWEEP


def next_ask(run: RunWork, client: Client, number: int) -> tuple[RunWork, Ask | None]:
    """The next document of the session, and the run with what the asking changes; None: nothing is left to ask.

    `number` counts the documents of the session and makes the requestIDs.
    """
    counted = _counts(run, client, number)
    if counted is not None:
        return counted
    reading = [work for work in run.entities if work.stage is Stage.READING]
    for work in reading:
        if work.iterator_session == client.session:
            return run, _page(work, run, client, number)
        run = run.with_entity(work.again())
    run = _without_newer(run, client)
    waiting = [work for work in run.entities if work.stage is Stage.WAITING]
    if not waiting:
        return run, None
    first = min(waiting, key=lambda work: (work.errors, work.position))
    begun = replace(
        first,
        stage=Stage.READING,
        iterator_session=client.session,
        passes=first.passes + 1,
        passes_here=first.passes_here + 1,
    )
    return run.with_entity(begun), _page(begun, run, client, number)


def _without_newer(run: RunWork, client: Client) -> RunWork:
    """The run without the entities that the version agreed on does not have: it may have been lowered meanwhile."""
    for work in run.entities:
        if work.stage is Stage.WAITING and work.entity in ENTITIES:
            entity = ENTITIES[work.entity]
            if not entity.available(client.product, client.version):
                run = run.with_entity(replace(work, stage=Stage.OFF, reason=TOO_OLD))
    return run


def _counts(run: RunWork, client: Client, number: int) -> tuple[RunWork, Ask | None] | None:
    """Ask which custom fields there are, and how many rows the next entities have, before a long reading.

    None when that is done or pointless.
    """
    if run.counts_asked >= len(run.entities):
        return None
    begin = max(0, run.counts_asked)
    until = len(run.entities) if run.kind == "incremental" else begin + COUNTS_AT_ONCE
    chosen = run.entities[begin:until]
    requests = [definitions_request(f"{client.session}-{number}")] if not run.counts_asked else []
    if run.kind != "incremental":
        requests += [_count(work, client, number) for work in chosen if _can_count(work)]
    counted = replace(run, counts_asked=begin + len(chosen))
    if not requests:
        return _counts(counted, client, number)
    return counted, Ask(kind="counts" if run.counts_asked else "customs", requests=tuple(requests))


def _can_count(work: EntityWork) -> bool:
    waits = work.stage is Stage.WAITING and work.mode in (Mode.WHOLE, Mode.SWEEP)
    return waits and ENTITIES[work.entity].counts


def _count(work: EntityWork, client: Client, number: int) -> Request:
    """The query that says how many rows an entity has, and sends none."""
    entity = ENTITIES[work.entity]
    values = query_values(
        entity,
        from_modified=None,
        max_returned=None,
        count_only=True,
        product=client.product,
        version=client.version,
    )
    request_id = f"{client.session}-{number}-{work.position}"
    return Request(name=entity.query, request_id=request_id, values=values, attributes={"metaData": "MetaDataOnly"})


def definitions_request(prefix: str) -> Request:
    """The query for the custom fields that people of the company defined."""
    return Request(name="DataExtDefQueryRq", request_id=f"{prefix}-custom", values={"OwnerID": ["0"]})


def _page(work: EntityWork, run: RunWork, client: Client, number: int) -> Ask:
    request_id = f"{client.session}-{number}"
    if work.mode is Mode.DELETED:
        request = deleted_request(work, run, request_id)
    elif work.mode is Mode.REFRESH:
        request = _refresh_request(work, run, request_id)
    else:
        entity = ENTITIES[work.entity]
        iterating = entity.iterates and work.page_rows > 0
        values = query_values(
            entity,
            from_modified=cursor.ask_from(work.cursor_from) or None,
            max_returned=work.page_rows if iterating else None,
            keys_only=work.mode is Mode.KEYS,
            product=client.product,
            version=client.version,
        )
        request = Request(
            name=entity.query, request_id=request_id, values=values, attributes=_iterator(work, iterating)
        )
    return Ask(kind="read", requests=(request,), position=work.position, page=work.pages + 1)


def _iterator(work: EntityWork, iterating: bool) -> dict[str, str]:
    if not iterating:
        return {}
    return {"iterator": "Continue", "iteratorID": work.iterator_id} if work.iterator_id else {"iterator": "Start"}


def deleted_request(work: EntityWork, run: RunWork, request_id: str) -> Request:
    """ListDeletedQuery or TxnDeletedQuery for every entity of the run whose deletions it reports."""
    types = [
        one.entity
        for one in run.entities
        if one.entity in ENTITIES and one.stage is not Stage.OFF and ENTITIES[one.entity].deletions == work.entity
    ]
    values: dict[str, Any] = {"ListDelType" if work.entity == LIST_DELETED else "TxnDelType": sorted(set(types))}
    if work.cursor_from:
        values["DeletedDateRangeFilter"] = {"FromDeletedDate": cursor.ask_from(work.cursor_from)}
    return Request(name=f"{work.entity}QueryRq", request_id=request_id, values=values, attributes={})


def refreshed_by(work: EntityWork, run: RunWork) -> Sequence[str]:
    """The ids that the next, or present, document of a refreshing asks for; `received` counts those before them."""
    return run.touched.get(work.entity, ())[work.received : work.received + REFRESHED_AT_ONCE]


def _refresh_request(work: EntityWork, run: RunWork, request_id: str) -> Request:
    entity = ENTITIES[work.entity]
    values = query_values(entity, from_modified=None, max_returned=None)
    values.pop("ActiveStatus", None)  # a filter: ids and filters exclude each other
    values[entity.key] = list(refreshed_by(work, run))
    return Request(name=entity.query, request_id=request_id, values=values, attributes={})


def identity_requests(owner_id: str, prefix: str) -> tuple[Request, ...]:
    """What identifies a company file, and nothing else of the books."""
    return (
        Request(name="HostQueryRq", request_id=f"{prefix}-host", values={}, attributes={}),
        Request(name="CompanyQueryRq", request_id=f"{prefix}-company", values={"OwnerID": [owner_id]}, attributes={}),
        Request(name="PreferencesQueryRq", request_id=f"{prefix}-preferences", values={}, attributes={}),
    )


def percent(entities: Sequence[EntityWork]) -> int:
    """How much of a run is read, 0 to 99: 100 is for the one who knows that nothing is left."""
    total = done = 0.0
    for work in entities:
        weight = float(max(work.expected or 0, work.received, 1))
        total += weight
        if work.stage in OVER:
            done += weight
        elif work.expected:
            done += min(work.received, work.expected) * 0.99
    return min(99, int(100 * done / total)) if total else 0


def next_page_rows(work: EntityWork, entity: Entity, took: float, fixed: int | None) -> int:
    """MaxReturned of the next page: towards five to ten seconds a page of QuickBooks' time."""
    if fixed or not work.page_rows:
        return work.page_rows
    least, most = (20, 200) if entity.group == "transaction" else (100, 1000)
    if took > 10:
        return max(least, work.page_rows // 2)
    return min(most, work.page_rows * 2) if took < 5 else work.page_rows


def ret_of(work: EntityWork) -> str:
    """The element that holds one row of an answer: "CustomerRet"."""
    return f"{work.entity}Ret"
