"""What the troubleshooting guide knows of a company: the evidence for a diagnosis, and what was tried.

A trial is two lines of the audit log: guide.began, and once it is known what came of it, guide.tried.
"""

import json
import ntpath
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sync.protocol.diagnosis import Evidence, Say, call_by
from sync.protocol.trial import NAMES, Heard, Outcome, Trial, judge, opens
from sync.protocol.window import Window
from sync.store.base import document, fetch, fetchrow, notify, transaction
from sync.store.computers import ConnectorRow
from sync.store.connectors import one_at_a_time

BROKE_OFF = timedelta(minutes=15)  # of silence, after which a session that did not end has broken off
ALIVE = ("open", "ready", "asked", "waiting")  # protocol.session.ALIVE
REMEMBERED = timedelta(days=1)  # what was tried belongs together within it

FACTS = """
    select co.*, last.state, last.called_at, last.ended_at, last.connector as last_connector
    from company co
    left join lateral (select s.state, s.called_at, s.ended_at, s.connector from session s
        where s.company = co.id order by s.opened_at desc limit 1) last on true
    where co.id = $1
"""

HEARD = """
    select min(s.opened_at) filter (where s.opened_at >= $2) as opened_at,
        least(min(s.ended_at) filter (where s.opened_at >= $2 and s.state = 'closed' and s.error = ''),
            min(first.answered_at)) as read_at
    from session s
    left join lateral (select min(q.answered_at) as answered_at from request q
        where q.session = s.id and q.answered_at >= $2 and q.hresult = '' and q.kind <> 'identity') first on true
    where s.company = $1 and s.opened_at >= $2::timestamptz - interval '1 day' and s.called_at >= $2
"""

TRIALS = """
    select b.id, b.actor, b.at, b.detail, t.detail as result from audit_entry b
    left join audit_entry t on t.company = b.company and t.action = 'guide.tried' and t.id > b.id
        and t.detail->>'trial' = b.id::text
    where b.company = $1 and b.action = 'guide.began' and b.at > $2 order by b.id
"""

NOTE = """
    insert into audit_entry (actor, action, company, subject, detail)
    select $2, 'guide.tried', $1, $3, $4::jsonb where not exists (
        select from audit_entry where company = $1 and action = 'guide.tried' and detail->>'trial' = $5)
    returning id
"""


async def facts_of(company: int) -> Any:
    """What the company's row and its last session say. The company exists."""
    return await fetchrow(FACTS, company)


def evidence(facts: Any, connector: ConnectorRow, now: datetime) -> Evidence:
    """What is known of one living connector."""
    refused = document(facts["refused"]) or {}
    return Evidence(
        computer=connector.name,
        last_call_at=connector.last_called_at,
        last_address=connector.last_address,
        interval=connector.expected_every,
        gap=timedelta(seconds=connector.call_gap) if connector.call_gap is not None else None,
        window=Window(facts["time_zone"], facts["window_from"], facts["window_until"], facts["window_days"]),
        downloaded_at=connector.downloaded_at,
        wrong_key_at=connector.wrong_key_at if connector.wrong_keys else None,
        wrong_key_address=connector.wrong_key_address,
        wrong_key=connector.wrong_key_sentence,
        refused=refused.get("hresult", ""),
        refused_at=facts["refused_at"],
        wrong_file=wrong_file(facts),
        wrong_file_at=facts["wrong_file_at"],
        broke_off_at=_broke_off(facts, connector, now),
        paused_by=facts["paused_by"],
        paused_at=facts["paused_at"],
        paused_until=facts["paused_until"],
    )


def wrong_file(facts: Any) -> str:
    """The company file that answered in place of the right one, as people call it."""
    answered = document(facts["wrong_answer"]) or {}
    found = {one["fact"]: one["answered"] for one in document(facts["wrong_file"]) or []}
    path = answered.get("path") or found.get("path") or ""
    return ntpath.basename(path) or answered.get("company_name") or found.get("company_name") or ""


def _broke_off(facts: Any, connector: ConnectorRow, now: datetime) -> datetime | None:
    """The last call of a session that never ended, where nothing was heard of it since."""
    at: datetime | None = facts["called_at"]
    if at is None or facts["last_connector"] != connector.id or facts["state"] not in ALIVE:
        return None
    return at if facts["ended_at"] is None and now - at > BROKE_OFF else None


async def begin(company: int, step: int, interval: timedelta, actor: str, address: str, now: datetime) -> int:
    """Note that somebody tries to sync at a step; returns the id of the trial."""
    detail = {"step": step, "until": call_by(now, interval).isoformat()}
    async with transaction() as connection:
        id: int = await connection.fetchval(
            """insert into audit_entry (at, actor, action, company, subject, detail, address)
               values ($1, $2, 'guide.began', $3, $4, $5, $6) returning id""",
            now,
            actor[:254],
            company,
            subject(step),
            json.dumps(detail),
            address[:64],
        )
        await notify(connection, f"company:{company}")
    return id


async def tried(
    company: int, computers: list[ConnectorRow], facts: Any, now: datetime, say: Say
) -> list[tuple[Trial, Outcome]]:
    """What was tried within the last day, since it last went well, the oldest first; what is over now is noted."""
    found: list[tuple[Trial, Outcome]] = []
    for trial in _trials(await fetch(TRIALS, company, now - REMEMBERED)):
        outcome = Outcome(trial.outcome, trial.result)
        if not trial.outcome:
            outcome = judge(trial, await _heard(company, computers, facts, trial.began_at), now, say)
            if outcome.is_over:
                await _note(company, trial, outcome)
        found.append((trial, outcome))
    well = max((at for at, (_, outcome) in enumerate(found) if outcome.kind == "success"), default=-1)
    return found[well:] if well == len(found) - 1 and found else found[well + 1 :]


def next_step(found: list[tuple[Trial, Outcome]]) -> int | None:
    """The step that the last trial opens; 0 when all were tried, None where none was or it goes on or went well."""
    if not found or not found[-1][1].is_over or found[-1][1].kind == "success":
        return None
    trial, outcome = found[-1]
    steps = frozenset(each.step for each, _ in found)
    return opens(trial, _pointing(outcome), steps)


def subject(step: int) -> str:
    """How the audit log and the summary for support name a step."""
    return f"Step {step}: {NAMES[step]}"


def _pointing(outcome: Outcome) -> Outcome:
    """An outcome that was noted earlier, with the step that its kind names."""
    step = {"wrong_key": 5, "refused": 2, "wrong_file": 2, "unread": 2}.get(outcome.kind, 0)
    return replace(outcome, points_to=step)


def _trials(rows: list[Any]) -> list[Trial]:
    """A trial ends when the next begins, at the latest."""
    found = []
    for row, after in zip(rows, [*rows[1:], None], strict=False):
        detail, result = document(row["detail"]), document(row["result"]) or {}
        until = datetime.fromisoformat(detail["until"])
        found.append(
            Trial(
                id=row["id"],
                step=detail["step"],
                began_at=row["at"],
                until=min(until, after["at"]) if after else until,
                by=row["actor"],
                outcome=result.get("outcome", ""),
                result=result.get("result", ""),
            )
        )
    return found


async def _heard(company: int, computers: list[ConnectorRow], facts: Any, since: datetime) -> Heard:
    row = await fetchrow(HEARD, company, since)
    called = [one for one in computers if one.last_called_at and one.last_called_at >= since]
    wrong = [one for one in computers if one.wrong_keys and one.wrong_key_at and one.wrong_key_at >= since]
    last = max(called, key=lambda one: one.last_called_at or since, default=None)
    key = max(wrong, key=lambda one: one.wrong_key_at or since, default=None)
    opened = row["opened_at"] if row else None
    return Heard(
        called_at=opened or (last.last_called_at if last else None),
        address=last.last_address if last else key.wrong_key_address if key else "",
        computer=last.name if last else key.name if key else "",
        wrong_key_at=key.wrong_key_at if key else None,
        wrong_key=key.wrong_key_sentence if key else "",
        refused_at=facts["refused_at"],
        refused=(document(facts["refused"]) or {}).get("hresult", ""),
        wrong_file_at=facts["wrong_file_at"],
        wrong_file=wrong_file(facts),
        read_at=row["read_at"] if row else None,
        paused=facts["paused_at"] is not None,
    )


async def _note(company: int, trial: Trial, outcome: Outcome) -> None:
    """Write down what came of a trial, once, however many look at the page."""
    detail = {"result": outcome.sentence, "outcome": outcome.kind, "step": trial.step, "trial": trial.id}
    async with transaction() as connection:
        await one_at_a_time(connection, company)
        await connection.fetchval(NOTE, company, trial.by, subject(trial.step), json.dumps(detail), str(trial.id))
