"""/companies/{id}/settings: how often a company is synced, in which hours, and whether at all. A sheet per topic."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from litestar import Controller, get, post
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Response, Template

from sync.protocol.connection import exact, rules
from sync.store import computers, steering
from sync.store.companies import CompanyRow
from sync.store.computers import ConnectorRow
from sync.store.steering import Neighbour, Schedule
from web.auth import address_of, current, may
from web.connection import has, together, until_when
from web.filters import duration, upper_first, words
from web.forms import line, read_form, whole_number
from web.frame import Values, company_frame, company_or_404, page
from web.htmx import go_to
from web.window_words import DAYS, WindowForm, in_words, zone_options

TOPICS = (
    ("", "QuickBooks Desktop"),
    ("schedule", "Schedule"),
    ("window", "Sync window"),
    ("pause", "Pause"),
    ("approval", "Kinds and approval"),
    ("alerts", "Alerts"),
)
MANAGER = {"role": "accounting_manager"}
MINUTES = (1, 1440)  # the Web Connector takes no less; a company is synced once a day at least
SECONDS = (10, 3600)
EACH = 15  # minutes that a company should have for itself on a computer that it shares
STATES = {
    "wrong_file": "Wrong company file", "paused": "Paused", "syncing": "Syncing now", "refused": "QuickBooks refuses",
    "not_active": "Not active", "late": "Late", "never_synced": "Never synced",
    "waiting": "Waiting for the Web Connector", "connected": "Connected",
}  # fmt: skip


class CompanySettingsController(Controller):
    """Everybody may read; owners and accounting managers change."""

    path = "/companies/{company:int}/settings"
    opt = {"role": "viewer"}

    @get()
    async def show(self, request: HTMXRequest, company: FromPath[int]) -> Template:
        row, now = await company_or_404(company), datetime.now(UTC)
        found = await computers.connectors_of(company)
        living = [each for each in found if each.revoked_at is None]
        schedule = await steering.schedule(company)
        values = {"row": row, "facts": facts(row, living), "topics": summaries(row, schedule, now)}
        return await topic_page(request, row, "", values)

    @get("/schedule")
    async def schedule(self, request: HTMXRequest, company: FromPath[int]) -> Template:
        row = await company_or_404(company)
        return await schedule_page(request, row, ScheduleForm.of(await steering.schedule(company)))

    @post("/schedule", opt=MANAGER)
    async def save_schedule(self, request: HTMXRequest, company: FromPath[int]) -> Response[Any]:
        row, given = await company_or_404(company), await read_form(request)
        form = ScheduleForm(line(given, "way"), line(given, "minutes", longest=8), line(given, "seconds", longest=8))
        if faults := form.faults():
            return await schedule_page(request, row, form, faults)
        await steering.set_schedule(company, *form.values(), *by(request))
        return saved(request, company, "schedule")

    @get("/window")
    async def window(self, request: HTMXRequest, company: FromPath[int]) -> Template:
        row = await company_or_404(company)
        return await window_page(request, row, WindowForm.of(row.window))

    @post("/window", opt=MANAGER)
    async def save_window(self, request: HTMXRequest, company: FromPath[int]) -> Response[Any]:
        row = await company_or_404(company)
        form = WindowForm.read(await read_form(request))
        if faults := form.faults():
            return await window_page(request, row, form, faults)
        made = form.window
        await steering.set_window(company, made.zone, made.opens, made.closes, made.days, *by(request))
        return saved(request, company, "window")

    @get("/pause")
    async def pause(self, request: HTMXRequest, company: FromPath[int]) -> Template:
        row, now = await company_or_404(company), datetime.now(UTC)
        paused = next((each for each in row.states if each.state == "paused"), None)
        values = {"row": row, "paused": paused, "until": until_when(row, now)}
        return await topic_page(request, row, "pause", values)


async def topic_page(request: HTMXRequest, row: CompanyRow, topic: str, values: Values, status: int = 200) -> Template:
    """Render one topic beside the list of all."""
    frame = await settings_frame(request, row, topic)
    name = f"company_settings/{topic or 'index'}.html"
    return page(request, name, {**frame, **values}, status=status)


async def settings_frame(request: HTMXRequest, row: CompanyRow, topic: str) -> Values:
    """Return what company_settings/layout.html reads: the frame, the topics, whether this person may change them."""
    home = f"/companies/{row.id}/settings"
    told = request.query_params.get("saved") == "yes"
    return {
        **await company_frame(request, row, "settings"),
        "settings_topics": [(key, label, f"{home}/{key}".rstrip("/")) for key, label in TOPICS],
        "settings_topic": topic,
        "may_change": may(current(request).person, "accounting_manager"),
        "flash": ("good", "Saved.") if told else None,
    }


def saved(request: HTMXRequest, company: int, topic: str) -> Response[Any]:
    return go_to(request, f"/companies/{company}/settings/{topic}?saved=yes")


def by(request: HTMXRequest) -> tuple[str, str]:
    return current(request).person.email, address_of(request)


def facts(row: CompanyRow, living: Sequence[ConnectorRow]) -> list[tuple[str, str]]:
    """Return what the company is connected with."""
    return [
        ("Company", row.name),
        ("Region", "Canada" if row.region == "CA" else "United States"),
        ("Company file", row.file_name or "none yet"),
        ("Computers", together([each.name for each in living]) or "none yet"),
    ]


def summaries(row: CompanyRow, schedule: Schedule, now: datetime) -> list[tuple[str, str, str]]:
    """Return each topic with what is set, in a sentence, and its address."""
    home = f"/companies/{row.id}/settings"
    paused = f"Paused {until_when(row, now)}." if has(row, "paused") else "Not paused."
    return [
        ("Schedule", how_often(schedule), f"{home}/schedule"),
        ("Sync window", in_words(row.window, now), f"{home}/window"),
        ("Pause", paused, f"{home}/pause"),
        ("Kinds and approval", "Which changes wait for a person, in and out.", f"{home}/approval"),
        ("Alerts", "Who gets an e-mail when the connection needs somebody.", f"{home}/alerts"),
    ]


def how_often(schedule: Schedule) -> str:
    """A sync every 15 min; the Web Connector calls every 60 s."""
    every = f"A sync every {exact(timedelta(minutes=schedule.minutes))}"
    return (
        f"{every}; the Web Connector calls every {exact(timedelta(seconds=schedule.seconds))}."
        if schedule.seconds
        else f"{every}."
    )


# schedule


@dataclass(frozen=True, slots=True)
class ScheduleForm:
    """What was entered, as it was entered."""

    way: str  # minutes, or real_time
    minutes: str
    seconds: str

    @classmethod
    def of(cls, schedule: Schedule) -> "ScheduleForm":
        seconds = str(schedule.seconds) if schedule.seconds else "60"
        return cls("real_time" if schedule.seconds else "minutes", str(schedule.minutes), seconds)

    def faults(self) -> list[tuple[str, str]]:
        """Return what is to be corrected: field and sentence."""
        found = []
        if not within(self.minutes, MINUTES):
            found.append(
                ("minutes", f"Give whole minutes, {MINUTES[0]} to {MINUTES[1]:,}. {MINUTES[1]:,} is once a day.")
            )
        if self.way == "real_time" and not within(self.seconds, SECONDS):
            found.append(("seconds", f"Give whole seconds, {SECONDS[0]} to {SECONDS[1]:,}."))
        return found

    def values(self) -> tuple[int, int | None]:
        """Return minutes and seconds, where they have no fault."""
        return int(self.minutes), int(self.seconds) if self.way == "real_time" else None


def within(text: str, limits: tuple[int, int]) -> bool:
    number = whole_number(text)
    return number is not None and limits[0] <= number <= limits[1]


async def schedule_page(
    request: HTMXRequest, row: CompanyRow, form: ScheduleForm, faults: Sequence[tuple[str, str]] = ()
) -> Template:
    schedule = await steering.schedule(row.id)
    found = await computers.connectors_of(row.id)
    neighbours = await steering.neighbours(row.id)
    values = {
        "form": form,
        "faults": faults,
        "fault_of": dict(faults),
        "how_often": how_often(schedule),
        "files": [file_line(each, schedule) for each in found if each.revoked_at is None],
        "shared": shared(row, schedule, neighbours),
        "rules": [(name, STATES[name], rule) for name, rule in rules(row.expected_every, row.window)],
    }
    return await topic_page(request, row, "schedule", values, status=422 if faults else 200)


def file_line(connector: ConnectorRow, schedule: Schedule) -> tuple[str, str, str, str]:
    """Return a computer, what its file says, what Every-Min shows, and what is to be done, if anything is."""
    if connector.downloaded_at is None:
        return connector.name, "not downloaded yet", "", ""
    issued = Schedule(minutes=connector.issued_minutes or schedule.minutes, seconds=connector.issued_seconds)
    told = f"every {exact(interval(issued))}"
    note = ""
    if interval(issued) != interval(schedule):
        note = "Older than this setting. Remove it in the Web Connector, download the file again and add it."
    elif connector.drifts and connector.call_gap:
        note = f"It calls about every {duration(connector.call_gap)}: most likely somebody changed Every-Min."
    return connector.name, told, connector.every_min, note


def interval(schedule: Schedule) -> timedelta:
    return timedelta(seconds=schedule.seconds) if schedule.seconds else timedelta(minutes=schedule.minutes)


@dataclass(frozen=True, slots=True)
class Shared:
    """A computer that carries several companies."""

    machine: str
    companies: list[tuple[str, str, str | None]]  # name, how often, address of its schedule; this one has none
    advice: str


def shared(row: CompanyRow, schedule: Schedule, neighbours: Sequence[Neighbour]) -> list[Shared]:
    """Return the computers that this company shares, with what keeps the companies out of each other's way."""
    found = []
    for machine in dict.fromkeys(each.machine for each in neighbours):
        others = [each for each in neighbours if each.machine == machine]
        companies: list[tuple[str, str, str | None]] = [(row.name, how_often(schedule), None)]
        companies += [
            (each.name, how_often(each.schedule), f"/companies/{each.company}/settings/schedule") for each in others
        ]
        paces = [schedule, *(each.schedule for each in others)]
        found.append(Shared(machine, companies, advice(machine, paces)))
    return found


def advice(machine: str, paces: Sequence[Schedule]) -> str:
    """Say how to stagger the companies of a computer."""
    number = len(paces)
    turns = f"QuickBooks opens one company file at a time, so {words(number)} companies take turns on {machine}."
    open_file = f"Leave QuickBooks on {machine} open without a company, so that each can open its own."
    least = EACH * number
    if any(each.minutes < least for each in paces):
        better = f"Give each at least {exact(timedelta(minutes=least))}, or hours of its own as a sync window."
        return f"{turns} {better} {open_file}"
    return f"{turns} The schedules leave room for each. {open_file}"


# window


async def window_page(
    request: HTMXRequest, row: CompanyRow, form: WindowForm, faults: Sequence[tuple[str, str]] = ()
) -> Template:
    now = datetime.now(UTC)
    values = {
        "form": form,
        "faults": faults,
        "fault_of": dict(faults),
        "preview": in_words(row.window, now),
        "zones": zone_options(),
        "weekdays": [(number, upper_first(name), bool(form.days >> number & 1)) for number, name in enumerate(DAYS)],
    }
    return await topic_page(request, row, "window", values, status=422 if faults else 200)
