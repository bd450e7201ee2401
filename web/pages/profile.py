"""/companies/{id}/profile and /profiles: what a company is, which file it has, and which computers carry it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from litestar import Controller, get
from litestar.params import FromPath, FromQuery
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from sync.store import companies, computers, files, people
from sync.store.companies import CompanyRow
from sync.store.computers import ConnectorRow
from web.auth import current, may
from web.filters import ago, clock, day_time, duration, plural, upper_first
from web.frame import Values, company_frame, company_or_404, page, team_frame
from web.pages.connectors import named
from web.pages.setup.steps import REGIONS

DONE = {"revoked": "The connector is revoked. Its key is refused from now on."}
SILENT = {"late", "not_active"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Computer:
    """One computer of the company, in words."""

    row: ConnectorRow
    name: str
    look: str  # a key of a connection's looks
    state: str
    others: list[str]  # living connectors beside it
    facts: list[tuple[str, str]]
    warning: str  # of Every-Min: calls do not come as the file says, or the file is older than the settings
    wrong: str  # the last wrong key


@get("/profiles", opt={"role": "viewer"})
async def profiles(request: HTMXRequest) -> Template:
    """List the profiles, for those who have many companies."""
    rows = await companies.overview(datetime.now(UTC))
    rows = sorted(rows, key=lambda row: row.name.lower())
    return page(request, "profile/list.html", {**await team_frame(request), "rows": rows, "regions": REGIONS})


class ProfileController(Controller):
    """The profile of one company."""

    path = "/companies/{company:int}/profile"
    opt = {"role": "viewer"}

    @get()
    async def show(self, request: HTMXRequest, company: FromPath[int], done: FromQuery[str] = "") -> Template:
        row = await company_or_404(company)
        told = await files.verification(company)
        found = await computers.connectors_of(company)
        manages = may(current(request).person, "accounting_manager")
        holders = [] if manages else [*await people.names_with("owner"), *await people.names_with("accounting_manager")]
        values: Values = {
            **await company_frame(request, row, "profile"),
            "row": row,
            "region": REGIONS[row.region],
            "told": told,
            "file_line": file_line(told),
            "computers": computers_of(row, found),
            "revoked": [each for each in found if each.revoked_at],
            "named": named,
            "manages": manages,
            "may_manage": manages,
            "holders": holders,
            "key": None,
            "sealed": False,
            "flash": ("good", DONE[done]) if done in DONE else None,
        }
        return page(request, "profile/index.html", values)


def file_line(told: files.Verification | None) -> str:
    """Say when QuickBooks told these facts, and over which computer."""
    if told is None or told.at is None:
        return "No company file has answered yet."
    where = f" over {told.machine}" if told.machine else ""
    return f"As QuickBooks said it {day_time(told.at)}{where}."


def computers_of(row: CompanyRow, found: list[ConnectorRow]) -> list[Computer]:
    living = [each for each in found if each.revoked_at is None]
    silent = any(each.state in SILENT for each in row.states)
    return [computer(each, living, row.expected_every, silent=silent) for each in living]


def computer(connector: ConnectorRow, living: list[ConnectorRow], wanted_every: timedelta, *, silent: bool) -> Computer:
    look, state = state_of(connector, silent=silent, alone=len(living) == 1)
    return Computer(
        row=connector,
        name=upper_first(named(connector)),
        look=look,
        state=state,
        others=[named(each) for each in living if each.id != connector.id],
        facts=facts_of(connector),
        warning=drift_of(connector) or older_file(connector, wanted_every),
        wrong=wrong_of(connector),
    )


def state_of(connector: ConnectorRow, *, silent: bool, alone: bool) -> tuple[str, str]:
    """Return look and words: who carries the syncs, who stands by (D50)."""
    if connector.wrong_keys:
        return "wrong_file", "Calls with a wrong key"
    if connector.last_called_at is None:
        return "never_synced", "Has not called yet"
    if connector.part == "standby":
        return "waiting", "Stands by"
    if silent:
        return "not_active", f"Silent: last call {ago(connector.last_called_at)}"
    carries = alone or connector.part == "holder"
    return ("connected", "Carries the syncs") if carries else ("waiting", "Has called")


def facts_of(connector: ConnectorRow) -> list[tuple[str, str]]:
    called = connector.last_called_at
    return [
        ("Last call", f"{upper_first(day_time(called))} from {connector.last_address}" if called else "None yet"),
        ("With which key", key_words(connector)),
        ("Every-Min", every_words(connector)),
        ("Connector file", f"Downloaded {day_time(connector.downloaded_at)}" if connector.downloaded_at else "Not yet"),
        ("Web Connector", f"Version {connector.client_version}" if connector.client_version else "Not known yet"),
        ("Company file there", connector.file_path or "Not known yet"),
        ("User name", connector.user_name),
    ]


def key_words(connector: ConnectorRow) -> str:
    """Say which key the Web Connector has: the present one, or the one before it."""
    if connector.old_key_works:
        return f"The old one. A new key was made {day_time(connector.key_rotated_at)} and was not used yet"
    if connector.key_used_at is None:
        return "None yet"
    return f"The present one, since {day_time(connector.key_used_at)}"


def every_words(connector: ConnectorRow) -> str:
    """Say what the box shows by the file, and how often calls really come."""
    by_file = (
        f"“{connector.every_min}” by its file, so about every {duration(connector.expected_every.total_seconds())}"
    )
    return by_file if connector.call_gap is None else f"{by_file}; calls come every {duration(connector.call_gap)}"


def drift_of(connector: ConnectorRow) -> str:
    """Say that calls do not come as the file says, if so."""
    if not connector.drifts or connector.call_gap is None:
        return ""
    expected, real = duration(connector.expected_every.total_seconds()), duration(connector.call_gap)
    return f"Its file says every {expected}, but it calls every {real}. Most likely somebody changed Every-Min."


def older_file(connector: ConnectorRow, wanted_every: timedelta) -> str:
    """Say that the file on the computer has another schedule than the company's settings, if so."""
    if connector.issued_minutes is None or connector.expected_every == wanted_every:
        return ""
    wanted = duration(wanted_every.total_seconds())
    return f"The settings say every {wanted} now. Download the connector again and open it there, to use that."


def wrong_of(connector: ConnectorRow) -> str:
    """Say how many wrong keys came since the last right one, from where, and why they were wrong."""
    if not connector.wrong_keys:
        return ""
    count = f"{connector.wrong_keys} wrong {plural(connector.wrong_keys, 'key')}"
    last = f"the last {day_time(connector.wrong_key_at)} from {connector.wrong_key_address or 'an unknown address'}"
    until = f" Keys are looked at again from {clock(connector.blocked_until)}." if connector.blocked_until else ""
    return f"{count} since the last right one, {last}. {connector.wrong_key_sentence}{until}"
