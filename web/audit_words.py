"""The audit log in sentences: what an entry's actor did. Each action that the product logs has its words here."""

from collections.abc import Callable, Mapping
from typing import Any

from sync.store.audit import Entry
from web.auth import ROLE_WORDS

Words = Callable[[str, Mapping[str, Any]], str]  # of the entry's subject and detail


def role(detail: Mapping[str, Any], name: str = "role") -> str:
    text = str(detail.get(name, ""))
    return ROLE_WORDS.get(text, text)


def joined(subject: str, detail: Mapping[str, Any]) -> str:
    by = detail.get("by")
    how = f", through {by}" if by == "single sign-on" else f", invited by {by}" if by else ""
    return f"joined the team as {role(detail)}{how}"


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
    "company.added": named("added the company {}"),
    "run.asked": named("asked for a sync: {}"),
    "guide.began": named("tried to sync from the troubleshooting guide, {}"),
    "guide.tried": lambda subject, detail: f"tried {subject}: {detail.get('result', '')}",
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
