"""What is written into the books: the requests for an approved change, and the look for one whose answer was lost.

A change has two parts. The record itself is an Add, a Mod, a Del or a Void; its custom fields follow once that was
answered, by requests of their own. They carry no EditSequence, so that QuickBooks would take them whatever somebody
has typed there meanwhile: what it has is read first, in the same session.

Rule 1: one message set at a time. Until its answer is known nothing else is written to the company.
Rule 2: a set whose answer was lost is sent again byte for byte by the same connector, since QuickBooks keeps the
outcome of the last set of each application. Another connector is another application: it looks first.
Rule 3: a set that gets no answer twice is looked up too, and its changes go alone, behind all others, and are looked up
at once when that gets no answer either: a bad one must not hold up the rest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sync.protocol.changes import Action
from sync.qbxml import custom_places, customs, fields
from sync.qbxml.build import Request
from sync.qbxml.entities import ENTITIES, Entity, query_values
from sync.qbxml.fields import message, named
from sync.qbxml.validate import Fault, faults
from sync.qbxml.writing import Values, add_values, changes_anything, mod_values, removal, writable

AT_ONCE = 10  # changes in one message set
RESENDS = 1  # of a message set; after it, it is looked up what became of its changes
GUID = "ExternalGUID"  # of a record: written once, with its Add
OF_CHANGES = ("write", "look", "seek")  # kinds of documents that are about changes, and made by the store
NEW = "new:"  # before the number of a record here, where QuickBooks' id will stand


@dataclass(frozen=True, slots=True, kw_only=True)
class Writes:
    """What is to be done about changes before anything is read."""

    open_set: str = ""  # request_id of the message set whose answer is not known; "" when there is none
    same_application: bool = False  # the connector that sent it is the one that calls, and may send it once more
    doubtful: bool = False  # changes were sent, and what became of them has to be looked up
    approved: bool = False  # changes are ready to be sent
    sought: bool = False  # a person asked to look for records that QuickBooks did not find

    @property
    def left(self) -> bool:
        """Whether anything is."""
        return bool(self.open_set) or self.doubtful or self.approved or self.sought


NOTHING = Writes()


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One change with what is needed to write it."""

    id: int
    entity: str
    action: Action
    qb_id: str  # "" for a record that QuickBooks does not have
    known: Mapping[str, Any]  # as QuickBooks has it, as far as we know
    wanted: Mapping[str, Any]  # as the team wants it
    tries: int = 0
    reread: bool = False  # it was read again once because its EditSequence was out of date
    before: Mapping[str, Any] = field(default_factory=dict)  # as it was when the team changed it
    checked: bool = False  # QuickBooks' custom fields were read in this session, just now
    guid: str = ""  # that its Add carries, where the qbXML that is spoken takes one there

    @property
    def kind(self) -> Entity:
        return ENTITIES[self.entity]


@dataclass(frozen=True, slots=True)
class Unsendable(Exception):
    """A change that QuickBooks would refuse, or that says nothing. `faults` is empty where it says nothing."""

    sentence: str
    faults: tuple[Fault, ...] = field(default=())


ALL_THERE = "QuickBooks has all of it already."


def requests_for(task: Task, request_id: str, product: str, version: str) -> tuple[Request, ...]:
    """The requests of the next part of a change: the record itself, else its custom fields. Raises Unsendable."""
    if task.action in ("delete", "void"):
        if not task.qb_id:
            raise Unsendable("QuickBooks never had this record, so there is nothing to take away there.")
        name, values = removal(task.kind, task.qb_id, void=task.action == "void")
        return (Request(name=name, request_id=request_id, values=values),)
    own = own_part(task, request_id, product, version)
    requests = (own,) if own is not None else second_part(task, request_id, product, version)
    wrong = [
        one
        for request in requests
        if not request.name.endswith("QueryRq")
        for one in faults(request.name.removesuffix("Rq"), request.values, product=product, version=version)
    ]
    if any(not one.warning for one in wrong):
        raise Unsendable(" ".join(one.sentence for one in wrong if not one.warning), tuple(wrong))
    return requests


def own_part(task: Task, request_id: str, product: str, version: str) -> Request | None:
    """The Add or Mod of the record itself; None where nothing of an update is for a Mod. Raises Unsendable."""
    verb = "Add" if task.action == "create" else "Mod"
    if (task.kind.add if verb == "Add" else task.kind.mod) is None:
        if verb == "Mod" and custom_places.places_of(task.known) != custom_places.places_of(task.wanted):
            return None
        what = task.kind.plural.lower()
        raise Unsendable(f"QuickBooks takes no {'new' if verb == 'Add' else 'changed'} {what} from other programs.")
    if verb == "Add":
        values = marked(task, add_values(task.kind, task.wanted, product), product, version)
    else:
        values = mod_values(task.kind, task.known, task.wanted)
    if verb == "Mod" and not changes_anything(values):
        return None
    return Request(name=f"{task.entity}{verb}Rq", request_id=request_id, values=values)


def marked(task: Task, values: Values, product: str, spoken: str) -> Values:
    """An Add with the GUID by which its record is known again, where this qbXML and product take one."""
    place = named(message(f"{task.entity}Add").content).get(GUID)
    if place is None or not task.guid or product in place.not_in:
        return values
    if place.since is not None and spoken and fields.version(place.since) > fields.version(spoken):
        return values
    return {GUID: task.guid} | values


def second_part(task: Task, request_id: str, product: str, version: str) -> tuple[Request, ...]:
    """What QuickBooks has by now, asked first; then the custom fields, "<request_id>.<number>". Raises Unsendable."""
    numbered = custom_places.places(task.before, task.wanted)
    requests = custom_places.requests(task.kind, task.qb_id, task.known, task.wanted, numbered, request_id)
    if not requests:
        raise Unsendable(ALL_THERE)
    if customs.object_of(task.kind) is None:
        what = task.kind.plural.lower()
        fault = Fault(task.entity, customs.NAME, "unknown", "", f"QuickBooks keeps no custom fields for {what}.")
        raise Unsendable(fault.sentence, (fault,))
    look = None if task.checked else look_for(task, request_id, product, version)
    return (look,) if look is not None else requests


def look_for(task: Task, request_id: str, product: str, version: str) -> Request | None:
    """The query that finds what a change was about; None where nothing tells it from others."""
    entity = task.kind
    values = query_values(entity, from_modified=None, max_returned=None, product=product, version=version)
    values.pop("ActiveStatus", None)  # a filter: ids and names exclude filters
    if task.qb_id:
        values[entity.key] = [task.qb_id]
    elif found := natural(task, values):
        values |= found
    else:
        return None
    return Request(name=entity.query, request_id=request_id, values=values)


def natural(task: Task, values: dict[str, Any]) -> Mapping[str, Any]:
    """What finds a new record without an id: the whole name of a list entry, a transaction's number, party or day."""
    wanted, entity = task.wanted, task.kind
    if entity.group == "list":
        name = full_name(wanted)
        return {"FullName": [name]} if name and entity.filter("FullName") else {}
    if wanted.get("RefNumber") and entity.filter("RefNumber"):
        return {"RefNumber": [wanted["RefNumber"]]}
    found: dict[str, Any] = {}
    day = wanted.get("TxnDate")
    if day and entity.filter("TxnDateRangeFilter"):
        found["TxnDateRangeFilter"] = {"FromTxnDate": day, "ToTxnDate": day}
    party = next((wanted[name] for name in ("CustomerRef", "VendorRef", "PayeeEntityRef") if wanted.get(name)), None)
    if party and entity.filter("EntityFilter"):
        key = "ListID" if party.get("ListID") else "FullName"
        found["EntityFilter"] = {key: [party[key]]}
    return found


def comparable(task: Task) -> dict[str, Any]:
    """What its Add says of a new record, that a record found in QuickBooks has to say too."""
    places = writable(task.kind, "Add") - {GUID}
    return {name: value for name, value in task.wanted.items() if name in places}


def full_name(wanted: Mapping[str, Any]) -> str:
    """The name with those above it: "Halder:Kitchen"."""
    above = (wanted.get("ParentRef") or {}).get("FullName", "")
    name = str(wanted.get("Name", ""))
    return f"{above}:{name}" if above and name else name


def alike(task: Task, found: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Of the records that a look found, those that may be the new one: number, day and party agree where both say."""
    return [one for one in found if all(agrees(name, task.wanted, one) for name in ("RefNumber", "TxnDate", *PARTIES))]


PARTIES = ("CustomerRef", "VendorRef", "PayeeEntityRef", "EntityRef")


def agrees(name: str, wanted: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    mine, theirs = wanted.get(name), found.get(name)
    if not mine or not theirs:
        return True
    if isinstance(mine, Mapping) and isinstance(theirs, Mapping):
        key = "ListID" if mine.get("ListID") and theirs.get("ListID") else "FullName"
        return bool(mine.get(key) == theirs.get(key))
    return bool(mine == theirs)


def references_to_new(wanted: Any) -> set[int]:
    """The records here, not yet in QuickBooks, that a record refers to."""
    if isinstance(wanted, Mapping):
        found = {int(id.removeprefix(NEW)) for id in [str(wanted.get("ListID", ""))] if id.startswith(NEW)}
        found |= {int(id.removeprefix(NEW)) for id in [str(wanted.get("TxnID", ""))] if id.startswith(NEW)}
        return found.union(*(references_to_new(value) for value in wanted.values()))
    if isinstance(wanted, list):
        return set().union(*(references_to_new(value) for value in wanted))
    return set()


def with_ids(wanted: Any, ids: Mapping[int, str]) -> Any:
    """A record whose references to new records carry the ids that QuickBooks gave them."""
    if isinstance(wanted, Mapping):
        return {name: with_id(name, value, ids) for name, value in wanted.items()}
    if isinstance(wanted, list):
        return [with_ids(value, ids) for value in wanted]
    return wanted


def with_id(name: str, value: Any, ids: Mapping[int, str]) -> Any:
    if name in ("ListID", "TxnID") and isinstance(value, str) and value.startswith(NEW):
        return ids.get(int(value.removeprefix(NEW)), value)
    return with_ids(value, ids)
