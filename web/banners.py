"""What stands in the way of a company, as banners: shown wherever work was asked for, gone by themselves when untrue.

At most two, the one that matters most first. They speak of contact with the Web Connector and of the company file; a
record that failed raises none.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sync.protocol.connection import SET_UP
from sync.store.companies import CompanyRow
from web.connection import wrong_keys
from web.filters import clock, count, day, day_time, duration, joined, local, plural

MOST = 2
ORDER = ("wrong_file", "refused", "not_active", "went_back", "never_synced", "late", "paused")
SEEN_TO = "Check that the computer is on and online, and that the Web Connector runs with Auto-Run ticked."
RIGHT_KEY = "Copy the present licence key and paste it into the Web Connector's password box."
NOT_ACTIVE = "Your QuickBooks Desktop connection is not active."


@dataclass(frozen=True, slots=True, kw_only=True)
class Banner:
    """One banner: its kind is a look of macros/page.html, its button a label and an address."""

    kind: str
    title: str
    text: str
    button: tuple[str, str]
    link: tuple[str, str] | None = None  # a second way on, behind the text
    primary: bool = False  # its button is the page's primary one
    seen: str = ""  # where a form is sent that puts it away; "": it goes by itself


def banners(row: CompanyRow, now: datetime | None = None, *, may_put_away: bool = False) -> list[Banner]:
    """Return what to say of a company, at most two; who may put one away gets the form for it."""
    moment = now or datetime.now(UTC)
    true = {each.state for each in row.states}
    if row.went_back and row.begun:
        true.add("went_back")
    found = [_banner(kind, row, moment) for kind in ORDER if kind in true]
    return [
        replace(each, primary=at == 0 and row.group == "needs_you", seen=each.seen if may_put_away else "")
        for at, each in enumerate(found[:MOST])
    ]


def not_active_sentence(row: CompanyRow, now: datetime) -> str:
    """Return since when there was no contact, exact and relative; or that there never was."""
    if row.last_call_at is None:
        return f"{NOT_ACTIVE} It has never been active."
    at = f"{day(local(row.last_call_at).date())}, {clock(row.last_call_at, seconds=False)}"
    return f"{NOT_ACTIVE} It was last active {at} ({_ago(row.last_call_at, now)})."


def stuck(row: CompanyRow, pending: int, since: datetime, now: datetime) -> Banner:
    """Say that what was approved does not move, and to reconnect the Web Connector."""
    named = f"{count(pending)} pending {plural(pending, 'change')}"
    last = f"The Web Connector last called {day_time(row.last_call_at)}." if row.last_call_at else "It never called."
    return Banner(
        kind="late",
        title=f"Nothing has moved since {day_time(since)} ({_ago(since, now)}): {named}.",
        text=f"{last} Most likely it has to be reconnected. {SEEN_TO}",
        button=("Reconnect the Web Connector", f"/companies/{row.id}/troubleshooting"),
    )


def _ago(moment: datetime, now: datetime) -> str:
    """Return how long ago, in whole minutes: a live page need not say every second that passed."""
    silent = (now - moment).total_seconds()
    return f"{duration(silent - silent % 60 if silent >= 60 else silent)} ago"


def _banner(kind: str, row: CompanyRow, now: datetime) -> Banner:
    home = f"/companies/{row.id}"
    why = ("Find out why", f"{home}/troubleshooting")
    support = ("Ask for help", f"{home}/support")
    small = next((each.small for each in row.states if each.state == kind), "")
    match kind:
        case "wrong_file":
            title = "This is not the company file you expected. Nothing was read, and nothing was written."
            text = f"{small}. Open the right company file in QuickBooks; if it was moved or renamed, say so on Verify."
            return Banner(kind=kind, title=title, text=text, button=("Check the file", f"{home}/setup/verify"))
        case "refused":
            text = f"{small} The sync goes on by itself once QuickBooks opens the company file."
            return Banner(kind=kind, title="QuickBooks refuses.", text=text, button=why)
        case "not_active":
            text = what_to_check(row) if row.wrong_keys else f"{small}. {what_to_check(row)}"
            return Banner(kind=kind, title=not_active_sentence(row, now), text=text, button=why)
        case "late" if row.last_call_at:
            since = f"{day_time(row.last_call_at)} ({_ago(row.last_call_at, now)})"
            title = f"The Web Connector is late. It last called {since}."
            return Banner(kind=kind, title=title, text=joined(wrong_keys(row), _rule(row, kind)), button=why)
        case "went_back":
            return _went_back(row, home)
        case "never_synced":
            return _never_synced(row, now, home, support)
    until = f"Until {day_time(row.paused_until)}." if row.paused_until else "Until somebody resumes it."
    text = f"{small}. {until} Nothing is read meanwhile."
    button = ("See the pause", f"{home}/settings/pause")
    return Banner(kind="paused", title="The sync is paused.", text=text, button=button)


def what_to_check(row: CompanyRow) -> str:
    """Return what to look at on the computer: its key where calls come with a wrong one, else all that calls need."""
    return f"{wrong_keys(row)} {RIGHT_KEY}" if row.wrong_keys else SEEN_TO


def _rule(row: CompanyRow, kind: str) -> str:
    return next((each.why for each in row.states if each.state == kind), "")


def _never_synced(row: CompanyRow, now: datetime, home: str, support: tuple[str, str]) -> Banner:
    """Say what to check where nothing was synced yet, and whom to ask."""
    title = f"Never synced. {_rule(row, 'never_synced')}"
    if row.state == "syncing":
        text = "The first sync goes on now; this message goes away when it is complete."
    elif row.last_call_at is None:
        text = f"{not_active_sentence(row, now)} {what_to_check(row)}"
    else:
        text = "Check that QuickBooks is open with the company file, and that Auto-Run is ticked in the Web Connector."
    last = row.setup_step == len(SET_UP)
    step = ("Watch the first sync", f"{home}/setup/first-sync") if last else ("Continue set-up", f"{home}/setup")
    return Banner(kind="never_synced", title=title, text=text, button=step, link=support)


def _went_back(row: CompanyRow, home: str) -> Banner:
    """Say that the file is most likely an older copy, by what we saw it, and what is done about it."""
    told: dict[str, Any] = row.went_back or {}
    full, entities, older = told.get("full"), told.get("entities") or [], told.get("older") or 0
    title = (
        "The company file seems to have gone back in time. Most likely a backup was restored, or the computer's clock "
        "or time zone was changed."
    )
    named = ", ".join(entities[:3]) + (" and others" if len(entities) > 3 else "")
    seen = f"The newest of what we read is no longer there: {named}." if entities else ""
    rows = f"{count(older)} {plural(older, 'row')} came back older than before." if older else ""
    done = (
        f"Sync {full} reads everything again."
        if full
        else "A full sync reads everything again."
        if full is None
        else ""
    )
    button = (f"See sync {full}", f"{home}/syncs/{full}") if full else ("See the syncs", f"{home}/syncs")
    text = " ".join(part for part in (seen, rows, done) if part)
    return Banner(kind="went_back", title=title, text=text, button=button, seen=f"{home}/went-back/seen")
