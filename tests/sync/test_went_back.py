"""A company file that goes back in time is recognised, said, and read again; nothing else is taken for it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sync.practice.change import change
from sync.practice.company import CompanyFile
from sync.practice.connector import WebConnector
from sync.practice.seed import seed
from sync.protocol.cursor import is_older, keeps_hour
from sync.store import files, setup
from sync.store.base import document, execute, fetch, fetchval
from tests.sync.conftest import Product, finished, unequal

SUMMER = datetime(2026, 7, 14, 16, 0, tzinfo=UTC)  # no clock is put back or forward near it


class Time:
    """The time at the QuickBooks computer, moved by the test."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


class Books:
    """A company file on one computer, synced by one Web Connector."""

    def __init__(self, file: CompanyFile, time: Time, made: setup.NewConnector, connector: WebConnector) -> None:
        self.file, self.time, self.company, self.connector = file, time, made.company, connector

    async def sync(self, **later: float) -> dict[str, Any] | None:
        """One sync after so much time at the computer; returns what is said of the file's time."""
        self.time.at += timedelta(**later)
        await execute("update run set ended_at = ended_at - interval '1 hour'")
        await self.connector.update()
        await finished(self.company)
        return await said(self.company)

    async def follow(self) -> None:
        """Let the Web Connector call until no sync waits."""
        while await fetchval("select count(*) from run where state in ('queued', 'running')"):
            await self.connector.update()

    def restore(self, backup: CompanyFile) -> None:
        """Put a backup in the place of the file."""
        self.file = self.connector.company_file = backup


async def said(company: int) -> dict[str, Any] | None:
    told: dict[str, Any] | None = document(await fetchval("select went_back from company where id = $1", company))
    return told


async def runs() -> list[tuple[int, str, str, str]]:
    rows = await fetch("select number, kind, state, asked_by from run order by number")
    return [(row["number"], row["kind"], row["state"], row["asked_by"]) for row in rows]


@pytest.fixture
async def books(product: Product, tmp_path: Path) -> AsyncIterator[Books]:
    """A company whose first sync is over."""
    time = Time(SUMMER)
    file = CompanyFile.create(
        tmp_path / "halder.practice", company_name="Halder Natural Stone, Inc.", utc_offset="-07:00", now=time
    )
    seed(file, 400)
    made = await product.add_company()
    found = Books(file, time, made, await product.connector(made, file))
    assert await found.sync() is None
    yield found
    found.file.close()
    file.close()


async def test_a_restored_backup_is_said_and_everything_is_read_again_once(books: Books, tmp_path: Path) -> None:
    backup = books.file.copy(tmp_path / "backup.practice")
    books.time.at += timedelta(hours=2)
    change(books.file, edits=60, deletions=6, creations=10)
    assert await books.sync(minutes=5) is None
    books.restore(backup)
    told = await sync_without_following(books)
    assert told is not None
    assert "Customers" in told["entities"]
    assert told["newest"] > "2026-07-14T10:00"
    assert (told["run"], told["full"]) == (3, 4)
    assert (await runs())[2:] == [(3, "incremental", "complete", "Schedule"), (4, "full", "queued", "Deskbridge")]
    assert await unequal(books.company, backup), "what the newer file had is still here"
    await books.follow()
    assert await unequal(books.company, backup) == []
    told = await said(books.company)
    assert told is not None
    assert told["older"] > 0, "rows that came back older are counted"
    assert await fetchval("select count(*) from audit_entry where action = 'run.asked' and actor = 'Deskbridge'") == 1
    change(backup, edits=20, deletions=2, creations=3)
    for _ in range(3):
        await books.sync(hours=1)
    assert [kind for _, kind, _, _ in await runs()].count("full") == 1, "once, not again and again"
    assert await unequal(books.company, backup) == []
    await files.went_back_seen(books.company, "alice@halder.example", "203.0.113.7")
    assert await books.sync(hours=1) is None


async def sync_without_following(books: Books) -> dict[str, Any] | None:
    """One session an hour later; a full sync that it makes us ask for waits for the next one."""
    books.time.at += timedelta(hours=1)
    await execute("update run set ended_at = ended_at - interval '1 hour'")
    await books.connector.update()
    while await fetchval("select count(*) from run where state = 'running'"):
        await asyncio.sleep(0.02)
    return await said(books.company)


async def test_work_that_goes_on_is_never_taken_for_an_older_file(books: Books) -> None:
    for round_ in range(5):
        assert await books.sync(hours=3) is None
        change(books.file, edits=30, deletions=12, creations=4, seed=round_ + 10)
        assert await books.sync(minutes=20) is None
        assert await books.sync(minutes=20) is None
    assert {kind for _, kind, _, _ in await runs()} == {"initial", "incremental"}
    assert await unequal(books.company, books.file) == []


async def test_the_newest_record_of_a_kind_that_was_deleted_is_no_older_file(books: Books) -> None:
    for entity in ("Customer", "Estimate", "TimeTracking"):
        newest = max(books.file.rows(entity), key=lambda row: str(row["TimeModified"]))
        await execute("update entity_state set cursor = $2 where entity = $1", entity, str(newest["TimeModified"])[:19])
    change(books.file, edits=0, deletions=40, creations=0)
    assert await books.sync(hours=1) is None
    assert await fetchval("select count(*) from record where deleted_at is not null") > 0


async def test_a_clock_that_is_put_back_is_told_with_the_same_words(books: Books) -> None:
    """Everything that changed since is then older than what we asked for."""
    change(books.file, edits=40, deletions=0, creations=5)
    assert await books.sync(minutes=5) is None
    await execute(  # as if the computer had printed its times five hours ahead
        """update record set time_modified = to_char(left(time_modified, 19)::timestamp + interval '5 hours',
               'YYYY-MM-DD"T"HH24:MI:SS') || '-07:00' where time_modified <> ''"""
    )
    await execute(
        """update entity_state set cursor = to_char(cursor::timestamp + interval '5 hours', 'YYYY-MM-DD"T"HH24:MI:SS')
           where cursor <> ''"""
    )
    told = await sync_without_following(books)
    assert told is not None
    assert told["full"] == 4


@pytest.mark.parametrize(
    ("cursor", "until", "same"),
    [
        ("2026-10-20T09:00:00", "2026-10-29", True),
        ("2026-10-20T09:00:00", "2026-11-02", False),  # the clock is put back on 1 November
        ("2026-11-02T09:00:00", "2026-11-20", False),
        ("2026-11-03T09:00:00", "2026-11-20", True),
        ("2026-03-05T09:00:00", "2026-03-20", False),
        ("2025-12-30T09:00:00", "2026-01-02", True),
        ("2024-01-02T09:00:00", "2026-01-02", False),
    ],
)
def test_across_a_change_of_clocks_an_hour_is_not_relied_on(cursor: str, until: str, same: bool) -> None:
    assert keeps_hour(cursor, until) is same


def test_older_is_what_no_change_of_clocks_explains() -> None:
    assert is_older("2026-11-20T09:00:00-08:00", "2026-11-20T14:00:00-08:00")
    assert not is_older("2026-11-20T09:00:00-08:00", "2026-11-20T10:00:00-08:00")
    assert not is_older("", "2026-11-20T10:00:00-08:00")
    assert not is_older("yesterday", "2026-11-20T10:00:00-08:00")
