"""Incidents of connections: what was told, to whom. A step is taken only from what stands, so by one process."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sync.protocol.alerts import Act, Incident, Words
from sync.store import mail
from sync.store.base import document, fetch, fetchrow, notify, transaction
from sync.store.mail import COLUMNS, MailRow

ACTOR = "Deskbridge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of a company's incidents."""

    id: int | None  # of the open one
    incident: Incident | None
    told_at: datetime | None  # the last mail about any incident
    missed: int  # incidents since then that were over before anybody was told


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """The open incident of a company, with the mails that told of it last."""

    kinds: list[str]
    told_at: datetime
    mails: list[MailRow]


KNOWN = """
    select co.id as company, open.id, open.kinds, open.began_at, open.good_since, past.told_at, past.missed
    from company co
    left join incident open on open.company = co.id and open.ended_at is null
    left join lateral (
        select max(i.told_at) as told_at, count(*) filter (where i.kinds = '[]' and i.ended_at is not null
            and i.began_at > coalesce((select max(told_at) from incident where company = co.id), '-infinity')) as missed
        from incident i where i.company = co.id) past on true
    where co.removed_at is null
"""


async def known() -> dict[int, Known]:
    """What is known of every company's incidents."""
    return {row["company"]: _known(row) for row in await fetch(KNOWN)}


def _known(row: Any) -> Known:
    incident = None
    if row["id"] is not None:
        incident = Incident(kinds=tuple(document(row["kinds"])), began_at=row["began_at"], good_since=row["good_since"])
    return Known(id=row["id"], incident=incident, told_at=row["told_at"], missed=row["missed"])


async def carry_out(company: int, known: Known, act: Act, words: Words | None, now: datetime) -> bool:
    """Do what was decided, if nobody was quicker; queue a mail to each recipient in the same transaction."""
    async with transaction() as connection:
        incident = await _begin(connection, company, now) if act.begin else await _go_on(connection, known, act, now)
        if incident is None:
            return False
        if words is not None:
            await _tell(connection, company, incident, act.tell, words, now)
        await notify(connection, "companies", f"company:{company}")
    return True


async def _begin(connection: Any, company: int, now: datetime) -> int | None:
    found: int | None = await connection.fetchval(
        """insert into incident (company, began_at) values ($1, $2)
           on conflict (company) where ended_at is null do nothing returning id""",
        company,
        now,
    )
    return found


async def _go_on(connection: Any, known: Known, act: Act, now: datetime) -> int | None:
    """Change the open incident as long as it is what the decision was made from."""
    found: int | None = await connection.fetchval(
        """update incident set good_since = $2, ended_at = $3
           where id = $1 and ended_at is null and kinds = $4::jsonb returning id""",
        known.id,
        act.good_since,
        now if act.end else None,
        json.dumps(known.incident.kinds if known.incident else ()),
    )
    return found


async def _tell(connection: Any, company: int, incident: int, kind: str, words: Words, now: datetime) -> None:
    to = await who_is_told(connection, company)
    ids = [await mail.queue(each, words.subject, words.body, company, within=connection) for each in to]
    await connection.execute(
        """update incident set told_at = $2, mails = $3::jsonb,
               kinds = case when $4 = 'back' then kinds else kinds || to_jsonb($4::text) end where id = $1""",
        *(incident, now, json.dumps(ids), kind),
    )
    await connection.execute(
        """insert into audit_entry (at, actor, action, company, subject, detail)
           values ($1, $2, 'alert.told', $3, $4, $5)""",
        *(now, ACTOR, company, words.subject[:200], json.dumps({"kind": kind, "to": to})),
    )


async def who_is_told(connection: Any, company: int) -> list[str]:
    """Those that were entered, else the owners and accounting managers, within a transaction."""
    given = document(await connection.fetchval("select alert_to from company where id = $1", company))
    if given:
        return list(given)
    rows = await connection.fetch(
        "select email from users where role in ('owner', 'accounting_manager') and disabled_at is null order by id"
    )
    return [row["email"] for row in rows]


async def recipients(company: int) -> tuple[list[str], bool]:
    """Who is told of a company, and whether they were entered; else they are the owners and accounting managers."""
    async with transaction() as connection:
        chosen = await connection.fetchval("select alert_to is not null from company where id = $1", company)
        return await who_is_told(connection, company), bool(chosen)


async def set_recipients(company: int, to: Sequence[str], actor: str, address: str) -> None:
    """Tell these; with none, the owners and accounting managers again."""
    async with transaction() as connection:
        await connection.execute(
            "update company set alert_to = $2::jsonb where id = $1", company, json.dumps(list(to)) if to else None
        )
        await connection.execute(
            """insert into audit_entry (actor, action, company, subject, detail, address)
               values ($1, 'alerts.recipients_set', $2, $3, $4, $5)""",
            *(actor, company, "owners and accounting managers" if not to else f"{len(to)} entered"),
            *(json.dumps({"to": list(to)}), address),
        )
        await notify(connection, f"company:{company}")


async def telling(company: int) -> Telling | None:
    """What was last told of the incident that is open; None when none is, or nobody was told of it."""
    row = await fetchrow(
        "select kinds, told_at, mails from incident where company = $1 and ended_at is null and told_at is not null",
        company,
    )
    if row is None:
        return None
    mails = await fetch(f"select {COLUMNS} from mail where id = any($1::bigint[]) order by id", document(row["mails"]))
    return Telling(kinds=document(row["kinds"]), told_at=row["told_at"], mails=[MailRow(**each) for each in mails])
