"""A run followed to its end, and what is true of every run whatever happened to it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from sync.practice.company import CompanyFile
from sync.practice.connector import WebConnector
from sync.practice.update import Session
from sync.qbxml.entities import ENTITIES
from sync.store.base import execute, fetch, fetchval

RECEIVE = "receiveResponseXML"


class Interrupted:
    """QuickBooks with a file open, in which something happens elsewhere while it works on its n-th request."""

    def __init__(self, file: CompanyFile, act: Callable[[], Awaitable[Any]], *, nth: int) -> None:
        self.file, self.act, self.nth = file, act, nth
        self.requests = 0
        self.loop = asyncio.get_running_loop()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)

    def process(self, request: str) -> str:
        self.requests += 1
        if self.requests == self.nth:
            asyncio.run_coroutine_threadsafe(self.doing(), self.loop).result()
        return self.file.process(request)

    async def doing(self) -> None:
        await self.act()


async def alive(company: int) -> bool:
    """Whether a run of the company waits or goes on."""
    return bool(await fetch("select 1 from run where company = $1 and state in ('queued', 'running')", company))


async def sync(connector: WebConnector, company: int, most: int = 12) -> list[Session]:
    """Update until no run of the company is alive."""
    sessions: list[Session] = []
    while await alive(company):
        assert len(sessions) < most, [session.status for session in sessions]
        sessions.append(await connector.update())
        await taken_in(company)
    return sessions


async def ask_only(company: int, *kinds: str) -> None:
    """From now on ask for changes of these kinds only, as of a QuickBooks that has no others: a tenth of the time."""
    await execute(
        """insert into entity_state (company, entity, off, off_at) select $1, unnest($2::text[]), $3, now()
           on conflict (company, entity) do update set off = excluded.off, off_at = excluded.off_at""",
        *(company, sorted(ENTITIES.keys() - {*kinds}), "This QuickBooks does not have it."),
    )


async def taken_in(company: int) -> None:
    """Wait until the queue has nothing left of a company."""
    while await fetchval(
        """select count(*) from request where company = $1 and answered_at is not null and processed_at is null
               and set_aside = ''""",
        company,
    ):
        await asyncio.sleep(0.02)


def check_replies(sessions: list[Session]) -> None:
    """In each session the percentage rose only, and 100 came at the very end."""
    for session in sessions:
        percents = [reply for reply in session.replies.get(RECEIVE, []) if isinstance(reply, int) and reply >= 0]
        assert percents == sorted(percents)
        assert 100 not in percents[:-1]


async def check_counts(company: int, file: CompanyFile) -> None:
    """Each entity of a first sync took in as many rows as there are: none twice."""
    rows = await fetch(
        """select entity, done from run_entity join run on run.id = run_entity.run
           where company = $1 and number = 1 and mode = 'whole' and run_entity.state = 'done'""",
        company,
    )
    assert {row["entity"]: row["done"] for row in rows if row["done"]} == file.counts()


async def check_cursors(company: int, file: CompanyFile) -> None:
    """No cursor is later than the newest row of its entity, and the file was never taken for an older one."""
    assert await fetchval("select went_back from company where id = $1", company) is None
    cursors = await fetch("select entity, cursor from entity_state where company = $1 and cursor <> ''", company)
    known = {row["entity"]: row["cursor"] for row in cursors}
    for entity in file.counts():
        newest = max(str(row.get("TimeModified", "")) for row in file.rows(entity))[:19]
        assert known.get(entity, "") <= newest, entity
