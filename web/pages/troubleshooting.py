"""/companies/{id}/troubleshooting: why a company's connection stopped, and the five steps that bring it back.

Opened at the step that our evidence points to. Each step ends in Try to sync: what comes of it is in the audit log, so
that every open page shows the same, and support can be told what was tried.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from litestar import Controller, get, post
from litestar.params import FromPath, FromQuery
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Response, ServerSentEvent, Template

from sync.protocol.diagnosis import STEPS, Evidence, Finding, diagnose, likeliest, said_no
from sync.protocol.trial import NAMES, Outcome, Trial
from sync.store import companies, computers, guide, people, setup
from sync.store.companies import CompanyRow
from sync.store.computers import ConnectorRow
from web.auth import address_of, current, may
from web.banners import banners, not_active_sentence
from web.filters import ago, clock, day_time, duration
from web.forms import line, read_form
from web.frame import Values, company_frame, company_or_404, page, with_query
from web.htmx import go_to
from web.live import Parts, render, stream
from web.log_reading import LOG_LIMIT, read_log

TRIES, SETS_UP = "member", "accounting_manager"
ENDED = {"silent": "no call", "wrong_key": "wrong password", "refused": "QuickBooks refused"}
ENDED |= {"wrong_file": "wrong company file", "unread": "nothing read", "success": "it works"}


@dataclass(frozen=True, slots=True)
class StepShown:
    """One of the five steps as the page shows it."""

    number: int
    name: str
    open: bool
    hint: str  # at its right, when it is closed too
    state: str  # likely, failed, works, or ""
    trial: Trial | None  # the last one here
    outcome: Outcome | None


class TroubleshootingController(Controller):
    """The guide of one company."""

    path = "/companies/{company:int}/troubleshooting"
    opt = {"role": "viewer"}

    @get()
    async def show(self, request: HTMXRequest, company: FromPath[int], step: FromQuery[int] = 0) -> Template:
        row = await company_or_404(company)
        return await shown(request, row, step)

    @get("/live")
    async def live(self, request: HTMXRequest, company: FromPath[int], step: FromQuery[int] = 0) -> ServerSentEvent:
        outside = await company_frame(request, await company_or_404(company), "status")

        async def read() -> Parts | None:
            row = await companies.company(company, datetime.now(UTC))
            if row is None:
                return None
            values = {**outside, "company": row, **await contents(request, row, step)}
            return {
                part: render(request, f"troubleshooting/_{part}.html", values) for part in ("head", "steps", "seen")
            }

        return stream(request, {f"company:{company}"}, read)

    @post("/try", opt={"role": TRIES})
    async def attempt(self, request: HTMXRequest, company: FromPath[int]) -> Response[object]:
        """Queue a sync, or join the one that waits, and listen for what comes."""
        row = await company_or_404(company)
        asked = line(await read_form(request), "step")
        step = int(asked) if asked.isdecimal() and int(asked) in STEPS else 1
        now, person = datetime.now(UTC), current(request).person
        living = [one for one in await computers.connectors_of(row.id) if one.revoked_at is None]
        await contents(request, row, step)  # what was tried before is noted before it is cut short
        await guide.begin(row.id, step, expected(living), person.email, address_of(request), now)
        await setup.ask_run(row.id, "incremental", person.email, address_of(request))
        return go_to(request, f"{with_query(home_of(row), step=step)}#step-{step}")

    @post("/log", request_max_body_size=LOG_LIMIT)
    async def log(self, request: HTMXRequest, company: FromPath[int]) -> Template:
        """Read a log that is uploaded or pasted. Nothing of it is kept."""
        row = await company_or_404(company)
        return await shown(request, row, 0, log=await read_log(request))


async def shown(request: HTMXRequest, row: CompanyRow, step: int, log: Values | None = None) -> Template:
    """Return the page."""
    reading = log or {"log": None, "log_fault": ""}
    values = {
        **await company_frame(request, row, "status"),
        **await contents(request, row, step),
        **reading,
        "stream_url": with_query(f"{home_of(row)}/live", step=step or None),
    }
    return page(request, "troubleshooting/index.html", values, status=422 if reading["log_fault"] else 200)


async def contents(request: HTMXRequest, row: CompanyRow, asked: int) -> Values:
    """Return what the page and each of its live parts read."""
    now = datetime.now(UTC)
    living = [one for one in await computers.connectors_of(row.id) if one.revoked_at is None]
    facts = await guide.facts_of(row.id)
    known = [guide.evidence(facts, one, now) for one in living]
    finding = likeliest(known, now, day_time)
    found = await guide.tried(row.id, living, facts, now, day_time)
    works = bool(found) and found[-1][1].kind == "success" and finding.step == 0
    person = current(request).person
    opened = 0 if works else opening(asked, finding, found)
    return {
        "row": row,
        "home": home_of(row),
        "finding": finding,
        "message": message(row, now),
        "works": works,
        "all_tried": not works and not opened and guide.next_step(found) == 0,
        "steps": [step_shown(number, opened, finding, found, living) for number in NAMES],
        "opened": opened,
        "computers": living,
        "computer": chosen(living),
        "file_name": row.file_name or "the company file of " + row.name,
        "refused": refused(finding, known),
        "seen": [seen(evidence, now) for evidence in known],
        "may_try": may(person, TRIES),
        "may_set_up": may(person, SETS_UP),
        "askable": await askable(),
    }


def home_of(row: CompanyRow) -> str:
    return f"/companies/{row.id}/troubleshooting"


def expected(living: Sequence[ConnectorRow]) -> Any:
    """Return after how long the next call should come by itself: that of the computer that calls most often."""
    return min((one.expected_every for one in living), default=Evidence(computer="").interval)


def chosen(living: Sequence[ConnectorRow]) -> ConnectorRow | None:
    """Return the computer that was heard last: the guide names it and links to its set-up."""
    always = datetime.min.replace(tzinfo=UTC)
    return max(living, key=lambda one: max(one.last_called_at or always, one.wrong_key_at or always), default=None)


def opening(asked: int, finding: Finding, found: Sequence[tuple[Trial, Outcome]]) -> int:
    """Return the open step: what listens, else what was asked for, what a failure opened, where the evidence points."""
    last = found[-1] if found else None
    if last and not last[1].is_over:
        return last[0].step
    after = guide.next_step(list(found))
    if asked in STEPS and (last is None or last[0].step != asked):
        return asked
    news = finding.certain and last is not None and last[1].kind != finding.kind  # seen after it was tried
    return finding.step if after is None or (news and finding.step) else after


def step_shown(
    number: int,
    opened: int,
    finding: Finding,
    found: Sequence[tuple[Trial, Outcome]],
    living: Sequence[ConnectorRow],
) -> StepShown:
    here = [(trial, outcome) for trial, outcome in found if trial.step == number]
    trial, outcome = here[-1] if here else (None, None)
    if trial and outcome and outcome.is_over:
        words = f"Tried {clock(trial.began_at, False)}: {ENDED.get(outcome.kind, outcome.kind)}"
        state = "works" if outcome.kind == "success" else "failed"
        return StepShown(number, NAMES[number], number == opened, words, state, trial, outcome)
    if number == finding.step:
        likely = "Seen here" if finding.certain else "Most likely"
        return StepShown(number, NAMES[number], number == opened, likely, "likely", trial, outcome)
    return StepShown(number, NAMES[number], number == opened, hint(number, living), "", trial, outcome)


def hint(number: int, living: Sequence[ConnectorRow]) -> str:
    """Return what we saw that speaks for or against a step."""
    called = [one for one in living if one.last_called_at]
    if number == 3:
        return "If it calls once, then stops"
    if number == 4 and called and not any(one.drifts for one in called) and any(one.call_gap for one in called):
        gap = next(one.call_gap for one in called if one.call_gap)
        return f"Last calls came {apart(gap)} apart: looks right"
    if number == 5 and called:
        wrong = any(one.wrong_keys for one in living)
        return "A wrong password was seen" if wrong else "No wrong password was seen: looks right"
    return ""


def apart(seconds: float) -> str:
    """Return a time between two calls: 90 s, 15 min."""
    return duration(seconds if seconds < 120 else 60 * round(seconds / 60))


def refused(finding: Finding, known: Sequence[Evidence]) -> Values | None:
    """Return the code with which QuickBooks refused, and whether somebody there chose No."""
    if finding.kind != "refused":
        return None
    code = next(one.refused for one in known if one.refused)
    return {"code": code, "said_no": said_no(code)}


def seen(evidence: Evidence, now: datetime) -> tuple[str, list[tuple[str, str]], Finding]:
    """Return what is known of one computer: its name, facts, what follows from them."""
    gap = apart(evidence.gap.total_seconds()) if evidence.gap else ""
    last = evidence.last_call_at
    wrong = f"{day_time(evidence.wrong_key_at)}, from {evidence.wrong_key_address}" if evidence.wrong_key_at else "None"
    facts = [
        ("Last call", f"{day_time(last)} ({ago(last, now)})" if last else "None yet"),
        ("From", evidence.last_address),
        ("Calls came", f"every {gap}" if gap else "not known"),
        ("Expected", f"every {duration(evidence.interval.total_seconds())}"),
        ("Wrong passwords", wrong),
        ("QuickBooks refused", f"{evidence.refused}, {day_time(evidence.refused_at)}" if evidence.refused_at else "No"),
    ]
    return evidence.computer, [fact for fact in facts if fact[1]], diagnose(evidence, now, day_time)


def message(row: CompanyRow, now: datetime) -> tuple[str, str, str]:
    """Return kind, sentence and second line of the banner: the state that sends people here, as on every page."""
    silent = row.last_call_at is None or any(each.state == "not_active" for each in row.states)
    if silent:
        text = "This message goes away by itself when the Web Connector calls."
        return "not_active", not_active_sentence(row, now), text
    for banner in banners(row, now)[:1]:
        return banner.kind, banner.title, banner.text
    return "good", "Your QuickBooks Desktop connection is active.", f"Last call {day_time(row.last_call_at)}."


async def askable() -> str:
    """Return by name who can open the set-up guide: accounting managers, then owners."""
    names = [*await people.names_with("accounting_manager"), *await people.names_with("owner")]
    return " or ".join(filter(None, [", ".join(names[:-1]), *names[-1:]])) or "an owner of this workspace"
