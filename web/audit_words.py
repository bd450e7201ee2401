"""The audit log in sentences: what an entry's actor did. Each action that the product logs has its words here."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sync.store.audit import Entry
from web.auth import ROLE_WORDS
from web.filters import day_time

Words = Callable[[str, Mapping[str, Any]], str]  # of the entry's subject and detail

PROPOSED = {
    "create": "proposed a new",
    "update": "proposed to change",
    "delete": "proposed to delete",
    "void": "proposed to void",
}
REGIONS = {"US": "United States", "CA": "Canada"}


def role(detail: Mapping[str, Any], name: str = "role") -> str:
    text = str(detail.get(name, ""))
    return ROLE_WORDS.get(text, text)


def joined(subject: str, detail: Mapping[str, Any]) -> str:
    by = detail.get("by")
    how = f", through {by}" if by == "single sign-on" else f", invited by {by}" if by else ""
    return f"joined the team as {role(detail)}{how}"


def until(detail: Mapping[str, Any]) -> str:
    """until 25 Nov 2026, 14:20, as the server's clock says it."""
    try:
        return f" until {day_time(datetime.fromisoformat(str(detail.get('until'))))}"
    except ValueError:
        return " until somebody resumes them"


def calls(detail: Mapping[str, Any]) -> str:
    return f", with a call every {detail['seconds']} s" if detail.get("seconds") else ""


def named(text: str) -> Words:
    """Words with the subject in place of {}; without a subject it is "it"."""
    return lambda subject, _: text.format(subject or "it")


WORDS: dict[str, Words] = {
    "owner.created": named("created the team, as its owner"),
    "sign_in.done": lambda _, detail: f"signed in with {detail['by']}" if detail.get("by") else "signed in",
    "sign_in.failed": named("tried to sign in: e-mail and password did not go together"),
    "sign_in.blocked": named("was kept from signing in after too many tries"),
    "sign_on.refused": lambda subject, _: f"was not let in through the provider: {subject}",
    "sign_out.done": named("signed out"),
    "session.ended": named("signed one of their browsers out"),
    "session.others_ended": named("signed all their other browsers out"),
    "account.created": named("created an account, which waits for a role"),
    "account.blocked": named("was kept from creating an account after too many"),
    "account.approved": lambda subject, detail: f"gave {subject} an account as {role(detail)}",
    "account.refused": lambda subject, detail: f"refused {subject} ({detail.get('email', '')}) an account",
    "account.linked": named("signed in through the provider for the first time"),
    "password.link_made": named("made a link for {} to choose a new password"),
    "password.link_asked": named("asked on the sign-in page for a link by mail to choose a new password"),
    "password.chosen": lambda *_: "chose a new password, and was signed out everywhere else",
    "person.joined": joined,
    "person.disabled": named("disabled {}, who was signed out everywhere"),
    "person.enabled": lambda subject, detail: f"enabled {subject} again, as {role(detail)}",
    "role.changed": lambda subject, detail: (
        f"made {subject} {article(role(detail, 'to'))} (before: {role(detail, 'from')})"
    ),
    "invitation.made": lambda subject, detail: f"invited {subject} as {role(detail)}",
    "invitation.revoked": named("revoked the invitation of {}"),
    "team.renamed": named("named the team {}"),
    "accounts.opened": named("let people create accounts by themselves"),
    "accounts.closed": named("let nobody create accounts any more"),
    "integration.enabled": named("enabled QuickBooks Desktop"),
    "integration.disabled": named("disabled QuickBooks Desktop"),
    "contact.noted": lambda subject, _: f"noted of a time without calls: {subject}" if subject else "took a note away",
    "company.added": named("added the company {}"),
    "company.prepared": named("noted what was found for the set-up"),
    "company.region": lambda subject, _: f"chose the region: {REGIONS.get(subject, subject)}",
    "change.proposed": lambda subject, detail: f"{PROPOSED.get(str(detail.get('action')), 'proposed')} {subject}",
    "change.taken_back": named("took back what waited for {}"),
    "company.begun": named("began to sync {}"),
    "company.file_adopted": named("took the file that answered as that of {}"),
    "company.file_rejected": named("said that the file that answered is not that of {}"),
    "company.went_back_seen": named("saw that the file of {} went back in time"),
    "company.link_moved": named("moved the link of the file to {}"),
    "company.detached": named("detached {} from its file; its computers no longer get in"),
    "company.removed": named("removed {}"),
    "company.paused": lambda _, detail: (
        f"paused the syncs{until(detail)}{': ' + str(detail['why']) if detail.get('why') else ''}"
    ),
    "company.resumed": named("let the syncs go on"),
    "company.schedule_set": lambda _, detail: f"set the schedule: every {detail.get('minutes')} min{calls(detail)}",
    "company.window_set": named("set when syncs may run"),
    "run.asked": named("asked for a sync: {}"),
    "guide.began": named("tried to sync from the troubleshooting guide, {}"),
    "guide.tried": lambda subject, detail: f"tried {subject}: {detail.get('result', '')}",
    "changes.decided": lambda subject, _: f"decided about changes: {subject}",
    "changes.taken_back": lambda subject, _: f"took back what was cleared: {subject}",
    "changes.resynced": lambda subject, _: f"sent changes again: {subject}",
    "changes.ignored": lambda subject, _: f"ignored changes that could not sync: {subject}",
    "conflict.solved": lambda subject, _: f"solved the conflict of {subject}",
    "policy.set": lambda subject, _: f"set the approval of {subject}",
    "record.looked_for": named("had {} looked for in QuickBooks"),
    "record.id_cleared": lambda subject, _: f"cleared the ID of {subject}",
    "record.matched": lambda subject, _: f"matched {subject}",
    "run.cancelled": named("cancelled {}"),
    "connector.added": named("added the computer {}"),
    "connector.downloaded": named("downloaded the connector file of {}"),
    "connector.new_pair": named("gave the connector of {} a new OwnerID and FileID"),
    "connector.revoked": named("revoked the connector of {}"),
    "licence_key.shown": named("showed the licence key of {}"),
    "licence_key.rotated": named("made a new licence key for {}; the old one works until the new one was used"),
    "licence_key.replaced": named("used the new licence key of {}; the old one no longer works"),
    "setup_link.added": named("made a set-up link for {}"),
    "setup_link.opened": named("opened the set-up"),
    "setup_link.revoked": named("revoked the set-up link for {}"),
    "alerts.recipients_set": lambda subject, _: f"chose who gets alerts: {subject}",
    "alerts.test_sent": named("sent a test alert"),
    "change.found_in_books": named("said that a change of unknown outcome is in the books: {}"),
    "digest.sent": named("sent the daily digest, {}"),
    "alerts.digest_set": named("switched the daily digest {}"),
    "records.imported": lambda subject, _: f"imported a CSV file of {subject}",
    "token.made": lambda subject, detail: f"made the API token {subject}, as {role(detail)}",
    "token.revoked": named("revoked the API token {}"),
    "records.exported": lambda subject, _: f"exported {subject}",
}


def article(noun: str) -> str:
    return f"{'an' if noun[:1] in 'aeiou' else 'a'} {noun}"


def told(entry: Entry) -> str:
    """Return what the actor did: "showed the licence key of FRONT-DESK-02"."""
    known = WORDS.get(entry.action)
    if known:
        return known(entry.subject, entry.detail)
    return f"{plain(entry.action)}{f': {entry.subject}' if entry.subject else ''}"


def plain(action: str) -> str:
    """Return an action as a filter names it: licence_key.shown is "licence key: shown"."""
    return action.replace(".", ": ").replace("_", " ")
