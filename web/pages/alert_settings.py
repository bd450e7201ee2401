"""/companies/{id}/settings/alerts: who is told by e-mail of a connection, by which rules, and whether mail goes out."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from litestar import Controller, get, post
from litestar.params import FromPath, FromQuery
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Redirect, Response, ServerSentEvent, Template

from sync.protocol.alerts import QUIET, STEADY
from sync.protocol.connection import rules
from sync.smtp import is_email
from sync.store import alerts, digest, mail, people
from sync.store.companies import CompanyRow
from sync.store.mail import MailRow
from web.auth import address_of, current
from web.filters import ago, day_time, duration, plural, words
from web.forms import read_form
from web.frame import Values, company_or_404, page
from web.live import Parts, render, stream
from web.pages.company_settings import MANAGER, saved, settings_frame
from web.site import site_of

LAST = 10  # mails in the list
MOST = 20  # recipients
TESTS = 5  # within TEST_WINDOW
TEST_WINDOW = timedelta(minutes=10)
STATES = {  # of a mail: tone, words
    "sent": ("good", "Sent"),
    "waiting": ("info", "On its way"),
    "again": ("warn", "Tried again"),
    "given_up": ("bad", "Not sent"),
    "printed": ("warn", "Printed to the log"),
}
KINDS = ("late", "not_active", "refused", "wrong_file")
TELLS = {
    "late": "Late",
    "not_active": "Not active",
    "refused": "QuickBooks refuses",
    "wrong_file": "Wrong company file",
}


class AlertSettingsController(Controller):
    """Alerts of one company."""

    path = "/companies/{company:int}/settings/alerts"
    opt = {"role": "viewer"}

    @get()
    async def show(self, request: HTMXRequest, company: FromPath[int], test: FromQuery[int | None] = None) -> Template:
        return await shown(request, await company_or_404(company), test=test)

    @post(opt=MANAGER)
    async def save(self, request: HTMXRequest, company: FromPath[int]) -> Response[Any]:
        """Set who is told; nobody entered: the owners and accounting managers."""
        row = await company_or_404(company)
        entered = (await read_form(request)).get("to", "")
        found, fault = addresses(entered)
        if fault:
            return await shown(request, row, entered=entered, fault=fault)
        await alerts.set_recipients(company, found, current(request).person.email, address_of(request))
        return saved(request, company, "alerts")

    @post("/digest", opt=MANAGER)
    async def save_digest(self, request: HTMXRequest, company: FromPath[int]) -> Response[Any]:
        """Switch the daily digest on or off."""
        await company_or_404(company)
        on = bool((await read_form(request)).get("digest"))
        await digest.switch(company, on, current(request).person.email, address_of(request))
        return saved(request, company, "alerts")

    @post("/test", opt=MANAGER)
    async def test(self, request: HTMXRequest, company: FromPath[int]) -> Response[Any]:
        """Send a mail to whoever presses the button, and nobody else."""
        row = await company_or_404(company)
        person = current(request).person
        tries = await people.count_try(f"test mail:{person.id}", window=TEST_WINDOW, now=datetime.now(UTC))
        if tries > TESTS:
            fault = (
                f"{words(TESTS)} test messages in {duration(TEST_WINDOW.total_seconds())} are enough. Wait a little."
            )
            return await shown(request, row, refused=fault[:1].upper() + fault[1:])
        body = test_body(row, site_of(request).settings.public_url)
        id = await mail.queue(person.email, f"{row.name}: a test of alerts", body, company)
        await people.audit(person.email, "alerts.test_sent", company=company, address=address_of(request))
        return Redirect(f"/companies/{company}/settings/alerts?test={id}#test", status_code=303)

    @get("/live")
    async def live(
        self, request: HTMXRequest, company: FromPath[int], test: FromQuery[int | None] = None
    ) -> ServerSentEvent:
        row = await company_or_404(company)

        async def read() -> Parts | None:
            values = {"company": row, **await letters(row.id, test)}
            return {part: render(request, f"alerts/_{part}.html", values) for part in ("test", "mails")}

        return stream(request, {f"company:{company}"}, read)


async def shown(
    request: HTMXRequest,
    row: CompanyRow,
    *,
    entered: str | None = None,
    fault: str = "",
    refused: str = "",
    test: int | None = None,
) -> Template:
    """Render the page, with what was entered where that is wrong."""
    to, chosen = await alerts.recipients(row.id)
    settings = site_of(request).settings
    home = f"/companies/{row.id}/settings/alerts"
    values: Values = {
        **await settings_frame(request, row, "alerts"),
        **await letters(row.id, test),
        "to": entered if entered is not None else "\n".join(to if chosen else ()),
        "default": [] if chosen else to,
        "faults": [("to", fault)] if fault else [],
        "digest": await digest.wanted(row.id),
        "refused": refused,
        "rules": rules_of(row),
        "smtp": settings.smtp.shown if settings.smtp else "",
        "sender": settings.mail_from,
        "stream_url": f"{home}/live" + (f"?test={test}" if test else ""),
    }
    return page(request, "alerts/settings.html", values, status=422 if fault else 429 if refused else 200)


def addresses(entered: str) -> tuple[list[str], str]:
    """Return the addresses, one a line, and what is wrong with them."""
    found = list(dict.fromkeys(each.lower() for each in re.split(r"[\s,;]+", entered) if each))
    wrong = [each for each in found if not is_email(each)]
    if wrong:
        return [], f"{wrong[0][:100]} is no e-mail address. Give one a line."
    return found, f"{MOST} addresses at most; these are {len(found)}." if len(found) > MOST else ""


def rules_of(row: CompanyRow) -> list[tuple[str, str]]:
    """Return each kind of trouble with the rule by which it is told."""
    said = dict(rules(row.expected_every, row.window))
    return [(TELLS[kind], said[kind]) for kind in KINDS]


HOW = (
    "One e-mail for each kind of trouble, and one when it is over.",
    f"It is over when a sync was completed, or the connection was good for {duration(STEADY.total_seconds())}.",
    f"Trouble within {duration(QUIET.total_seconds())} of the last e-mail waits, and is told then if it lasts.",
    "None while the sync is paused, outside the sync window, and before the sync was begun.",
)


async def letters(company: int, test: int | None) -> Values:
    """Return the last mails and, where one was asked for, what became of the test."""
    asked = await mail.one(company, test) if test and 0 < test < 1 << 63 else None
    return {
        "mails": [(row, *STATES[row.state], said_of(row)) for row in await mail.of(company, LAST)],
        "test": (asked, *STATES[asked.state], said_of(asked)) if asked else None,
        "how": HOW,
    }


def said_of(row: MailRow) -> str:
    """Say when it was sent, or why it was not and when it is tried again."""
    match row.state:
        case "sent":
            return f"{day_time(row.sent_at)}, taken by the mail server"
        case "again":
            tries = f"{words(row.tries)} {plural(row.tries, 'try', 'tries')}"
            return f"{row.error}. After {tries}, the next {day_time(row.due_at)}"
        case "given_up":
            return f"{row.error}. Given up {ago(row.given_up_at)}"
        case "printed":
            return "SMTP is not configured, so no e-mail left this server"
    return "It goes out within a few seconds"


def test_body(row: CompanyRow, public_url: str) -> str:
    return (
        f"This is a test of the alerts of {row.name}. If you read it, they reach you.\n\n"
        f"Nothing is wrong with the connection because of this mail. Who is told, and when, is set here:\n"
        f"{public_url}/companies/{row.id}/settings/alerts\n"
    )
