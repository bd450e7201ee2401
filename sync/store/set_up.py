"""The set-up of a company: made from the browser, what was entered, who did which step and when."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sync.store.base import document, fetch, fetchrow, fetchval, notify, transaction
from sync.store.links import without_maker
from sync.store.setup import new_guid

FIRST_MINUTES = 15  # schedule of the only company on a computer
DEEDS = (
    "company.added",
    "company.prepared",
    "company.region",
    "connector.added",
    "connector.downloaded",
    "licence_key.shown",
    "company.file_adopted",
    "company.file_rejected",
    "company.begun",
)

STANDING = """
    select co.id, co.name, co.region, co.prepared, co.adopts_first, co.begun_at, co.facts_at, co.last_sync_at,
        co.schedule_minutes, co.created_at, co.facts is not null as answered,
        co.facts -> 'preferences' -> 'CurrentAppAccessRights' as access,
        jsonb_array_length(coalesce(co.wrong_file, '[]'::jsonb)) as differences,
        (select max(c.last_called_at) from connector c where c.company = co.id and c.revoked_at is null) as called_at,
        (select max(c.downloaded_at) from connector c where c.company = co.id and c.revoked_at is null)
            as downloaded_at,
        (select json_object_agg(action, json_build_array(who, extract(epoch from at), detail)) from (
            select distinct on (a.action) a.action, a.at, a.detail, coalesce(u.name, a.actor) as who
            from audit_entry a left join users u on u.email = a.actor
            where a.company = co.id and a.action = any($2) order by a.action, a.id desc) done) as deeds
    from company co where co.id = $1
"""


@dataclass(frozen=True, slots=True)
class Deed:
    """A step that somebody took, the last time."""

    who: str  # a name, "command line", or a set-up link in words
    at: datetime
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far the set-up of a company is."""

    company: int
    name: str
    region: str
    prepared: dict[str, Any]  # as web.pages.setup.preparation.Prepared reads it
    deeds: dict[str, Deed]  # by action, of DEEDS
    downloaded_at: datetime | None  # a connector file, last
    called_at: datetime | None  # a Web Connector with the right key, last
    access: dict[str, Any]  # CurrentAppAccessRights, as QuickBooks said them
    answered: bool  # a company file said what it is
    differences: int  # facts of it that are not as expected
    adopts_first: bool  # the first file that answers is the right one: nobody has to prepare or confirm it
    begun_at: datetime | None
    last_sync_at: datetime | None
    schedule_minutes: int

    @property
    def shares_computer(self) -> bool:
        """Whether the company is on one computer with another."""
        added = self.deeds.get("company.added")
        return added is not None and bool(added.detail.get("shares_computer"))

    @property
    def region_chosen(self) -> bool:
        """Whether somebody said the region: a company made in the browser begins without."""
        added = self.deeds.get("company.added")
        return "company.region" in self.deeds or added is None or added.detail.get("from") != "browser"


async def standing(company: int) -> Standing | None:
    """How far a company's set-up is, in one query."""
    row = await fetchrow(STANDING, company, list(DEEDS))
    if row is None:
        return None
    deeds = {action: _deed(*values) for action, values in (document(row["deeds"]) or {}).items()}
    return Standing(
        company=row["id"],
        name=row["name"],
        region=row["region"],
        prepared=document(row["prepared"]) or {},
        deeds=deeds,
        downloaded_at=row["downloaded_at"],
        called_at=row["called_at"],
        access=document(row["access"]) or {},
        answered=row["answered"],
        differences=row["differences"],
        adopts_first=row["adopts_first"],
        begun_at=row["begun_at"],
        last_sync_at=row["last_sync_at"],
        schedule_minutes=row["schedule_minutes"],
    )


def _deed(who: str, at: float, detail: dict[str, Any]) -> Deed:
    return Deed(without_maker(who), datetime.fromtimestamp(at).astimezone(), detail)


async def anything_connected() -> bool:
    """Whether a company's file was confirmed, or will be by its first answer."""
    return bool(
        await fetchval(
            "select exists (select from company where removed_at is null and (begun_at is not null or adopts_first))"
        )
    )


@dataclass(frozen=True, slots=True)
class Begun:
    """A company whose set-up somebody began and nobody ended."""

    id: int
    name: str
    since: datetime


async def begun(now: datetime) -> list[Begun]:
    """The set-ups of the last year that are not over, newest first."""
    rows = await fetch(
        """select id, name, created_at from company where removed_at is null and begun_at is null
               and not adopts_first and created_at > $1::timestamptz - interval '1 year'
           order by created_at desc limit 20""",
        now,
    )
    return [Begun(row["id"], row["name"], row["created_at"]) for row in rows]


async def create_company(name: str, *, shares_computer: bool, actor: str, address: str) -> int:
    """A new company without a connector; returns its id. On a shared computer it gets a schedule of its own."""
    async with transaction() as connection:
        await connection.execute("select pg_advisory_xact_lock(4, 0)")  # two at once would get one schedule
        company: int = await connection.fetchval(
            """insert into company (name, region, file_id, created_at, schedule_minutes)
               values ($1, 'US', $2, now(), $3) returning id""",
            name,
            new_guid(),
            await _free_minutes(connection) if shares_computer else FIRST_MINUTES,
        )
        detail = {"from": "browser", "shares_computer": shares_computer}
        await _audit(connection, actor, "company.added", company, name, address, detail)
        await notify(connection, "companies")
    return company


async def _free_minutes(connection: Any) -> int:
    """The next number of minutes that no other company syncs by: two that call together would wait for each other."""
    rows = await connection.fetch("select distinct schedule_minutes from company where removed_at is null")
    taken = {row["schedule_minutes"] for row in rows}
    return next(minutes for minutes in range(FIRST_MINUTES, FIRST_MINUTES + len(taken) + 1) if minutes not in taken)


async def set_region(company: int, region: str, actor: str, address: str) -> bool:
    """Say which edition a company's file is of; False once the sync has begun."""
    async with transaction() as connection:
        found = await connection.fetchval(
            "update company set region = $2 where id = $1 and begun_at is null returning id", company, region
        )
        if found is None:
            return False
        await _audit(connection, actor, "company.region", company, region, address, {})
        await notify(connection, "companies", f"company:{company}")
    return True


async def set_prepared(company: int, prepared: dict[str, Any], actor: str, address: str) -> None:
    """Keep what was entered on the page Prepare."""
    async with transaction() as connection:
        await connection.execute("update company set prepared = $2 where id = $1", company, json.dumps(prepared))
        await _audit(connection, actor, "company.prepared", company, "", address, {})
        await notify(connection, "companies", f"company:{company}")


async def _audit(
    connection: Any, actor: str, action: str, company: int, subject: str, address: str, detail: dict[str, Any]
) -> None:
    await connection.execute(
        "insert into audit_entry (actor, action, company, subject, address, detail) values ($1, $2, $3, $4, $5, $6)",
        actor[:254],
        action,
        company,
        subject[:200],
        address[:64],
        json.dumps(detail),
    )
