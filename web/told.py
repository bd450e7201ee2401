"""What the sync status says of mails about the incident that is open: who was told when, or why nobody was."""

from sync.store.alerts import Telling
from web.connection import together
from web.filters import clock, day_time, local, now


def told_line(telling: Telling | None) -> tuple[str, str] | None:
    """Return a tone and a sentence: Told ruth@halder.example at 14:05."""
    if telling is None:
        return None
    if not telling.mails:
        return "warn", "Nobody was told by e-mail: there is nobody to tell."
    states = {mail.state for mail in telling.mails}
    names = together([mail.recipient for mail in telling.mails])
    if "printed" in states:
        return "warn", "Nobody was told by e-mail: the server has no SMTP settings."
    if states == {"sent"}:
        return "good", f"Told {names} {at(telling)}."
    open_ones = [mail for mail in telling.mails if mail.state != "sent"]
    why = next((mail.error for mail in open_ones if mail.error), "")
    waiting = together([mail.recipient for mail in open_ones])
    if any(mail.state == "given_up" for mail in open_ones):
        return "warn", f"The e-mail to {waiting} did not arrive: {why}."
    return "info", f"An e-mail to {waiting} is on its way{f'; the last try failed: {why}' if why else ''}."


def at(telling: Telling) -> str:
    """Return "at 14:05", or the day too where it is not today."""
    today = local(telling.told_at).date() == local(now()).date()
    return f"at {clock(telling.told_at, False)}" if today else f"on {day_time(telling.told_at)}"
