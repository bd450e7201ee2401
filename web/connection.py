"""What the sync status says of a connection: the head's line, the way with its three hops, when the next call is."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sync.protocol.connection import NOT_CALLED
from sync.qbxml.entities import ENTITIES
from sync.store.companies import CompanyRow, EntityFreshness
from sync.store.exports import ExportRow
from web.filters import clock, count, day_time, plural, words

BEHIND = timedelta(minutes=10)  # the shortest time after which a reading that did not come is missed
SILENT = ("late", "not_active")
STUCK = (*SILENT, "refused", "wrong_file", "paused")

Hop = tuple[str, str, str, str]  # state, words, label of the time, time


def has(row: CompanyRow, *states: str) -> bool:
    """Say whether one of these states is true, also where another one counts."""
    return any(each.state in states for each in row.states)


def state_line(row: CompanyRow, fresh: Sequence[EntityFreshness], now: datetime) -> str:
    """Data as of today, 14:20. Next call by 14:35, from SERVER-01 or FRONT-DESK-02."""
    as_of = data_as_of(fresh) if row.last_sync_at else None
    begun = "The first sync is not over yet." if fresh else "No data yet."
    return f"{f'Data as of {day_time(as_of)}.' if as_of else begun} {contact_line(row, now)}".strip()


def contact_line(row: CompanyRow, now: datetime) -> str:
    """Say when the Web Connector calls next, or what keeps it from calling."""
    if row.last_call_at is None:
        return never_called(row)
    if row.state == "syncing":
        return f"In session since {day_time(row.since)}{from_where(row, 'and')}."
    if has(row, *SILENT):
        return "Later work in QuickBooks is not here yet."
    if row.state == "paused":
        return f"Paused {until_when(row, now)}."
    if row.overdue_since:
        return f"The call that was due by {time_of(row.overdue_since, now)} is overdue{from_where(row, 'or')}."
    if row.next_call_by is None:
        return f"Last call {day_time(row.last_call_at)}{from_where(row, 'and')}."
    return f"Next call by {time_of(row.next_call_by, now)}{from_where(row, 'or')}."


def first_of_all(row: CompanyRow) -> str:
    """Return what has to be done before a call can bring anything; "" where a call will do."""
    if has(row, "wrong_file"):
        return "open the right company file in QuickBooks"
    if has(row, "refused"):
        return "see to what QuickBooks refuses"
    return "paste the present licence key into the Web Connector" if row.wrong_keys else ""


def never_called(row: CompanyRow) -> str:
    """Say that no Web Connector called with a right key yet: none at all, or one with a wrong key."""
    return wrong_keys(row) or f"{NOT_CALLED}."


def wrong_keys(row: CompanyRow) -> str:
    """Say since when calls come with a wrong key, and from where; "" when none do since the last right one."""
    keys = row.wrong_keys
    if keys is None:
        return ""
    last = f"{day_time(keys.last_at)}, from {keys.address or 'an unknown address'}"
    if keys.tries == 1:
        return f"A call came with a wrong licence key {last}."
    tries = f"{words(keys.tries)} since {day_time(keys.since)}"
    return f"Calls come with a wrong licence key: {tries}, the last {last}."


def until_when(row: CompanyRow, now: datetime) -> str:
    """Say how long a pause lasts."""
    return f"until {time_of(row.paused_until, now)}" if row.paused_until else "until somebody resumes it"


def time_of(moment: datetime | None, now: datetime) -> str:
    """Return 14:35 for a time of today, else with its day."""
    if moment is None:
        return ""
    same = moment.astimezone().date() == now.astimezone().date()
    return clock(moment, seconds=False) if same else day_time(moment, now=now)


def from_where(row: CompanyRow, word: str) -> str:
    return f", from {together(row.computers, word)}" if row.computers else ""


def data_as_of(fresh: Sequence[EntityFreshness]) -> datetime | None:
    """Return since when nothing is known of any kind: the oldest of the last complete readings."""
    read = [each.as_of for each in fresh if each.as_of and not each.off]
    return min(read, default=None)


def newest_reading(fresh: Sequence[EntityFreshness]) -> datetime | None:
    return max((each.as_of for each in fresh if each.as_of), default=None)


def together(names: Sequence[str], word: str = "and") -> str:
    return f" {word} ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def when_it_begins(row: CompanyRow, now: datetime) -> str:
    """Say when a sync that is asked for begins (A23): the Web Connector should call about 14:32."""
    if row.state == "paused":
        return f"Syncs are paused {until_when(row, now)}; it begins with the first call after that."
    if has(row, *SILENT):
        return "It is pending, and begins by itself when the Web Connector calls again."
    if row.overdue_since:
        return f"The Web Connector should have called by {time_of(row.overdue_since, now)}: its call is overdue."
    if row.next_call_by is None:
        keyed = " with the right licence key" if row.wrong_keys and row.last_call_at is None else ""
        return f"It begins when the Web Connector calls{keyed}."
    return f"The Web Connector should call about {time_of(row.next_call_by, now)}."


# the way from QuickBooks to other applications


def places(row: CompanyRow, export: ExportRow | None) -> list[tuple[str | None, str, str]]:
    machines = row.computers
    several = f"{len(machines)} computers" if len(machines) > 1 else "".join(machines)
    return [
        ("book", "QuickBooks", row.file_name or "No file yet"),
        ("screen", "Web Connector", several or "No computer yet"),
        ("bridge", "Deskbridge", row.name),
        (None, "Your applications", exported(export)),
    ]


def exported(export: ExportRow | None) -> str:
    """Say what was taken last (A22): Customers, 1,204 rows, CSV."""
    if export is None:
        return "Nothing taken yet"
    entity = ENTITIES.get(export.entity)
    name = entity.plural if entity else export.entity
    return f"{name}, {count(export.rows)} {plural(export.rows, 'row')}, {export.form.upper()}"


def hops(row: CompanyRow, fresh: Sequence[EntityFreshness], export: ExportRow | None) -> list[Hop]:
    """Return each hop with its own last time (A15, A21): to the Web Connector, to us, and on from here."""
    return [reading(row, newest_reading(fresh)), calling(row), taking(export)]


def reading(row: CompanyRow, read: datetime | None) -> Hop:
    """Return the hop from QuickBooks to the Web Connector; what it is while nobody calls can't be known."""
    if row.state == "syncing" and row.running_since:
        return "working", "Working", "Reading since", day_time(row.running_since, seconds=True)
    last = ("Last read", day_time(read, seconds=True))
    if has(row, "wrong_file"):
        return "error", "Wrong file", *last
    if has(row, "refused"):
        return "error", "Refused", *last
    if read is None or has(row, *SILENT):
        return "unknown", "Not known", *last
    return "working", "Working", *last


def calling(row: CompanyRow) -> Hop:
    """Return the hop from the Web Connector to us."""
    label = "In session since" if row.state == "syncing" else "Last call"
    last = (label, day_time(row.since if row.state == "syncing" else row.last_call_at, seconds=True))
    if row.wrong_keys and (row.last_call_at is None or has(row, *SILENT)):
        return "error", "Wrong key", "Last tried", day_time(row.wrong_keys.last_at, seconds=True)
    if row.last_call_at is None:
        return "unknown", "No call yet", *last
    if has(row, "not_active"):
        return "no_calls", "No calls", *last
    return ("late", "Late", *last) if has(row, "late") else ("working", "Working", *last)


def taking(export: ExportRow | None) -> Hop:
    """Return the hop from here to files and other programs."""
    if export is None:
        return "unknown", "Not used yet", "", ""
    return "working", "Working", "Last export", day_time(export.at, seconds=True)


def behind(row: CompanyRow, fresh: Sequence[EntityFreshness], now: datetime) -> str:
    """Say what to do first when the data here is older than it should be (A20), "" when it is not."""
    as_of = data_as_of(fresh)
    if as_of is None or row.state == "syncing" or not row.begun:
        return ""
    late = row.window.open_between(as_of, now) > max(row.expected_every * 2, BEHIND)
    if not (late or has(row, *STUCK)):
        return ""
    began = f"The data here is as of {day_time(as_of)}; later work in QuickBooks is missing."
    if has(row, "paused"):
        return f"{began} Resume the syncs and let one run before you export again."
    where = f" on {together(row.computers, 'or')}" if row.computers else ""
    first = first_of_all(row)
    if first:
        return f"{began} Before you export again, {first}{where}."
    then = f", or wait for the next call by {time_of(row.next_call_by, now)}" if row.next_call_by else ""
    return f"{began} Before you export again, press Update Selected in the Web Connector{where}{then}."
