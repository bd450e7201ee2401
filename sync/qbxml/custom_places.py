"""What is left to be written of custom fields, and the requests that write them: of a record and of its lines.

The Add and the Mod of a record have no place for them (qbXML 13.0; but the Add of a line has), so that each is written
by a request of its own: DataExtMod sets a value, whether there was one or not, and DataExtDel clears it. DataExtAdd is
never needed, and QuickBooks refuses it with 3180 for a field that was deleted and made again (Intuit's reference).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sync.qbxml.build import Request
from sync.qbxml.customs import LINE_ID, NAME, PUBLIC, lines_of, object_of, values_of, with_values, without
from sync.qbxml.entities import Entity

Place = tuple[str, str]  # TxnLineID of a line, "" for the record itself; name


@dataclass(frozen=True, slots=True)
class Left:
    """What of a change is to be done once the rest of the record is in the books: the record before and after that."""

    before: dict[str, Any]
    after: dict[str, Any]


def places_of(record: Mapping[str, Any]) -> dict[Place, str]:
    """The values of the custom fields of a record, and of its lines that QuickBooks has given an id."""
    found = {("", name): value for name, value in values_of(record).items()}
    for line in every_line(record):
        found |= {(str(line[LINE_ID]), name): value for name, value in values_of(line).items()}
    return found


def every_line(record: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every line with an id, those within groups too."""
    for name, rows in record.items():
        for row in lines_of(rows) if name != NAME else ():
            if row.get(LINE_ID):
                yield row
            yield from every_line(row)


def with_places(record: Mapping[str, Any], values: Mapping[Place, str], *others: Mapping[str, Any]) -> dict[str, Any]:
    """The record and its lines with these custom fields and no others. What is for a line that is gone stays out."""
    return placed(with_values(record, of_line("", values), *others), values)


def placed(record: Mapping[str, Any], values: Mapping[Place, str]) -> dict[str, Any]:
    """The same of lines only."""
    return {
        name: [line(row, values) if isinstance(row, Mapping) else row for row in rows]
        if isinstance(rows, list) and name != NAME
        else rows
        for name, rows in record.items()
    }


def line(row: Mapping[str, Any], values: Mapping[Place, str]) -> dict[str, Any]:
    found = placed(row, values)
    own = of_line(str(row[LINE_ID]), values) if row.get(LINE_ID) else {}
    return with_values(found, own) if own or (NAME in row and row.get(LINE_ID)) else found


def of_line(id: str, values: Mapping[Place, str]) -> dict[str, str]:
    return {name: value for (at, name), value in values.items() if at == id}


def itself(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record itself, without the custom fields that are written after it."""
    return placed(without(record), {})


def left(before: Mapping[str, Any], now: Mapping[str, Any], wanted: Mapping[str, Any]) -> Left | None:
    """The custom fields that a change sets, on the record as QuickBooks has it now; None where it has them all."""
    was, there, here = places_of(before), places_of(now), places_of(wanted)
    ours = {place for place in was | here if was.get(place) != here.get(place)}
    if all(there.get(place) == here.get(place) for place in ours):
        return None
    base = {**there, **{place: was.get(place, "") for place in ours}}
    goal = {**there, **{place: here.get(place, "") for place in ours}}
    return Left(with_places(now, base, before, wanted), with_places(now, goal, wanted, before))


def places(*records: Mapping[str, Any]) -> list[Place]:
    """Every custom field that one of the records has, in order: a field's place here numbers its request."""
    return sorted({place for record in records for place in places_of(record)})


def requests(
    entity: Entity, qb_id: str, known: Mapping[str, Any], wanted: Mapping[str, Any], numbered: Sequence[Place], id: str
) -> tuple[Request, ...]:
    """What turns the custom fields that QuickBooks has into those wanted: one request each, "<id>.<its number>"."""
    there, here = places_of(known), places_of(wanted)
    return tuple(
        request(entity, qb_id, place, here.get(place, ""), f"{id}.{number}")
        for number, place in enumerate(numbered)
        if there.get(place) != here.get(place)
    )


def request(entity: Entity, qb_id: str, place: Place, value: str, id: str) -> Request:
    """The request that sets one custom field, or clears it."""
    of, name = place
    values: dict[str, Any] = {"OwnerID": PUBLIC, "DataExtName": name}
    if entity.group == "list":
        values |= {"ListDataExtType": object_of(entity), "ListObjRef": {"ListID": qb_id}}
    else:
        values |= {"TxnDataExtType": object_of(entity), "TxnID": qb_id, **({LINE_ID: of} if of else {})}
    if value:
        values["DataExtValue"] = value
    return Request(name="DataExtModRq" if value else "DataExtDelRq", request_id=id, values=values)


def kept(
    record: Mapping[str, Any], changed: Mapping[Place, str], shown: Mapping[Place, Mapping[str, Any]]
) -> dict[str, Any]:
    """A record after QuickBooks took some values, as its answers (DataExtRet) show them where they do."""
    answered = {place: str(one.get("DataExtValue", "")) for place, one in shown.items() if changed[place]}
    types = [one for (of, _), one in shown.items() if not of and one.get("DataExtType")]
    return with_places(record, places_of(record) | dict(changed) | answered, {NAME: types})
