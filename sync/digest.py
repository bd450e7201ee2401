"""Each morning at seven of a company's own clock: a mail with what waits and what failed, if there is something."""

from datetime import datetime, tzinfo

from sync.protocol.window import zone_of
from sync.qbxml import statuses
from sync.qbxml.entities import ENTITIES
from sync.store import digest
from sync.store.digest import Due, Findings

MORNING = range(7, 12)  # hours: who starts a server in the afternoon is told the next morning
OURS = {
    "deleted": "the record was deleted in QuickBooks",
    "unsendable": "QuickBooks would refuse it, so it was not sent",
    "unknown": "it may be in the books already; a person has to say",
    "conflict": "QuickBooks and Deskbridge changed the same field",
    "waiting": "it waits for another record that is not in QuickBooks",
}


async def look(public_url: str, now: datetime) -> int:
    """Look at every company whose morning it is; return how many have something to tell. Safe in several processes."""
    told = 0
    for one in await digest.due():
        here = now.astimezone(_zone(one, now))
        if here.hour < MORNING.start or (one.last is not None and one.last >= here.date()):
            continue
        letter = await _letter(one, public_url, now) if here.hour in MORNING else None
        told += await digest.tell(one.company, here.date(), letter) and letter is not None
    return told


def _zone(one: Due, now: datetime) -> tzinfo:
    return zone_of(one.zone) if one.zone else now.astimezone().tzinfo or zone_of("")


async def _letter(one: Due, public_url: str, now: datetime) -> tuple[str, str] | None:
    found = await digest.findings(one.company, now)
    return words(one.name, found, f"{public_url}/companies/{one.company}") if found.anything else None


def words(name: str, found: Findings, home: str) -> tuple[str, str]:
    """Subject and body. No record of the books is named in a mail: the pages behind the links do that."""
    counts = found.counts
    waits = counts.to_approve_in + counts.to_approve_out + counts.conflicts
    head = [f"{waits:,} to approve" if waits else "", f"{counts.stuck:,} could not sync" if counts.stuck else ""]
    head += [f"{found.failed:,} failed since yesterday" if found.failed and not counts.stuck else ""]
    subject = f"{name}: {', '.join(filter(None, head)) or 'some kinds could not be read'}"
    parts = [*_waiting(found, home), *_stuck(found, home), *_failed(found, home)]
    end = f"Who gets this mail, and whether it comes at all, is set here:\n{home}/settings/alerts\n"
    return subject, "\n".join((f"This morning, of {name}:", "", *parts, end))


def _waiting(found: Findings, home: str) -> list[str]:
    counts = found.counts
    lines = [
        f"  {number:,} {what}"
        for number, what in (
            (counts.to_approve_in, "from QuickBooks"),
            (counts.to_approve_out, "to QuickBooks"),
            (counts.conflicts, "changed on both sides"),
        )
        if number
    ]
    return ["Waits for your approval:", *lines, f"{home}/wizard", ""] if lines else []


def _stuck(found: Findings, home: str) -> list[str]:
    lines = [f"  {number:,}: {_cause(key)}" for key, number in found.causes]
    lines += [f"  {ENTITIES[each].plural if each in ENTITIES else each} could not be read" for each in found.unread]
    return ["Could not sync:", *lines, f"{home}/unsynced", ""] if lines else []


def _failed(found: Findings, home: str) -> list[str]:
    if not found.failed:
        return []
    said = f"Failed since yesterday, also what succeeded later: {found.failed:,}"
    return [said, f"{home}/reports/sync-log?tab=failed", ""]


def _cause(key: str) -> str:
    if key in OURS:
        return OURS[key]
    code = int(key.removeprefix("code:"))
    return f"status {code}, {statuses.status(code).meaning}"
