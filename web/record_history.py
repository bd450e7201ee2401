"""What became of a record, in words: its state, and every change of it with who, when and through which sync."""

from collections.abc import Sequence

from markupsafe import Markup

from sync.protocol.differences import differences
from sync.store.records import RecordDetail
from sync.store.timelines import ChangeRow
from web.both_sides import labels
from web.filters import day_time, qb_time, sentence_list, upper_first, words

NEW = "new:"
ENDED = ("applied", "cleared")
STATES = {
    "proposed": "To approve",
    "kept": "Kept for the next sync",
    "cleared": "Cleared",
    "conflict": "Conflict",
    "approved": "Pending",
    "waiting": "Waits",
    "sent": "Sending",
    "applied": "Successful",
    "refused": "Failed",
    "unknown": "Outcome unknown",
    "new": "Not in QuickBooks yet",
    "gone": "Deleted in QuickBooks",
    "equal": "Same on both sides",
    "differs": "Changed here",
}
SAYS = {
    "proposed": "It waits for approval.",
    "kept": "It comes back after the next sync.",
    "conflict": "Both sides have changed the same field.",
    "approved": "It goes when the Web Connector calls.",
    "sent": "It is on its way to QuickBooks.",
    "refused": "QuickBooks did not take it.",
    "unknown": "It may be in the books already. We do not send it again by ourselves.",
}
DID = {"create": "made it", "delete": "asked to delete it", "void": "asked to void it"}
THERE = {"create": "Came in from QuickBooks", "delete": "Deleted in QuickBooks", "void": "Voided in QuickBooks"}
SHOWN = 3  # fields that a sentence names

Entry = tuple[str, str, Markup, Markup]  # kind, state, sentence, when: as the timeline takes them


def open_change(changes: Sequence[ChangeRow]) -> ChangeRow | None:
    """Return the newest change that is not over."""
    return next((one for one in changes if one.state not in ENDED), None)


def state_of(detail: RecordDetail, changes: Sequence[ChangeRow], differ: int) -> tuple[str, Markup]:
    """Return the state of a record, and the words for it."""
    now = open_change(changes)
    if detail.deleted_at:
        state = "gone"
    elif now is not None:
        state = now.state
        if now.parent:
            return state, Markup('Waits for <a href="{}">{}</a>').format(parent_link(now), now.parent[2] or "a record")
    elif detail.qb_id.startswith(NEW):
        state = "new"
    else:
        state = "differs" if differ else "equal"
    word = STATES[state]
    if now is not None and state == "refused" and now.status_code is not None:
        word = f"{word}, {now.status_code}"
    return state, Markup.escape(word)


def parent_link(change: ChangeRow) -> str:
    """Return where the record is that a change waits for, from the page of its own record."""
    entity, id, _ = change.parent or ("", 0, "")
    return f"../{entity}/{id}"


def state_line(detail: RecordDetail, changes: Sequence[ChangeRow], differ: int) -> str:
    """Return the sentence behind the state."""
    if detail.deleted_at:
        return f"Deleted there {qb_time(detail.deleted_at)}. It still exists here."
    now = open_change(changes)
    parts = [SAYS.get(now.state, "")] if now else []
    if now and now.action in ("delete", "void"):
        parts.insert(0, f"It is to be {'deleted' if now.action == 'delete' else 'voided'} in QuickBooks.")
    elif detail.qb_id.startswith(NEW):
        parts.insert(0, "QuickBooks does not have it yet.")
    elif differ:
        parts.insert(0, f"{upper_first(words(differ))} {'field differs' if differ == 1 else 'fields differ'}.")
    if now and (now.reason or now.status_message):
        parts.append(now.reason or f"“{now.status_message}”")
    if not detail.qb_id.startswith(NEW) and detail.ours is None:
        parts.append(f"Read from QuickBooks {day_time(detail.updated_at)}.")
    return " ".join(filter(None, parts))


def timeline_of(company: int, entity: str, changes: Sequence[ChangeRow]) -> list[Entry]:
    """Return the entries of a record's timeline, newest first."""
    return [("change", one.state, sentence(entity, one), when(company, one)) for one in changes]


def sentence(entity: str, change: ChangeRow) -> Markup:
    """Say who did what: Priya Nair changed phone and fax."""
    fields = fields_of(entity, change)
    if change.direction == "in":
        came = f"{upper_first(fields)} changed in QuickBooks" if fields else "Changed in QuickBooks"
        return Markup.escape(THERE.get(change.action, came))
    did = DID.get(change.action, f"changed {fields or 'it'}")
    return Markup("<b>{}</b> {}").format(change.created_by or "A program", did)


def fields_of(entity: str, change: ChangeRow) -> str:
    if change.action != "update" or change.after is None:
        return ""
    names = labels(entity, differences(change.before or {}, change.after))
    rest = len(names) - SHOWN
    return sentence_list([*names[:SHOWN], *([f"{words(rest)} more"] if rest > 0 else [])]) if names else ""


def when(company: int, change: ChangeRow) -> Markup:
    """Say when, what became of it, who decided, and where its qbXML is."""
    parts: list[str | Markup] = [upper_first(day_time(change.created_at)), STATES.get(change.state, change.state)]
    if change.decided_by and change.decided_at:
        verb = {"cleared": "Cleared", "kept": "Kept"}.get(change.state, "Approved")
        parts.append(f"{verb} by {change.decided_by}, {day_time(change.decided_at)}")
    if change.ended_at and change.state in ("applied", "refused"):
        parts.append(f"Ended {day_time(change.ended_at)}")
    if change.status_code not in (None, 0):
        parts.append(Markup('<a href="/guide/codes/{0}">{0}</a>').format(change.status_code))
    if change.status_message and change.status_code not in (None, 0):
        parts.append(f"“{change.status_message}”")
    if change.reason:
        parts.append(change.reason.removesuffix("."))
    if change.run is not None:
        home = f"/companies/{company}/syncs/{change.run}"
        parts.append(Markup('<a href="{}">sync {}</a>').format(home, change.run))
        if change.request is not None:
            parts.append(Markup('<a href="{}/requests/{}">qbXML</a>').format(home, change.request))
    return Markup(". ").join(Markup.escape(part) for part in parts if part) + "."
