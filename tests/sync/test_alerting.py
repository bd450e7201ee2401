"""Who is told by mail of what a practice Web Connector lets happen, and that nobody is told twice."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sync import alerting
from sync.practice.company import CompanyFile
from sync.practice.connector import WebConnector
from sync.practice.faults import DialogOpen
from sync.practice.seed import seed
from sync.protocol.alerts import STEADY
from sync.qbxml import statuses
from sync.store import alerts, companies, people, setup
from sync.store.base import execute, fetch, fetchval
from tests.sync.conftest import Product, finished

URL = "https://books.example"


@pytest.fixture
async def halder(product: Product, company_file: CompanyFile) -> WebConnector:
    """A company that was synced by a practice Web Connector, in a team of four."""
    for name, role in [("ruth", "owner"), ("alice", "accounting_manager"), ("bob", "member"), ("vera", "viewer")]:
        await people.add_person(name=name, email=f"{name}@halder.example", role=role, password_hash="none")
    made = await product.add_company("Halder")
    connector = await product.connector(made, company_file)
    await connector.update()
    await finished(made.company)
    return connector


async def look(now: datetime | None = None) -> None:
    await alerting.look(URL, now or datetime.now(UTC))


async def call(connector: WebConnector) -> None:
    """Let the Web Connector call for a sync that somebody asked for."""
    await setup.ask_run(1, "incremental", "test")
    await connector.update()
    if connector.faults or await state() == "wrong_file":
        return
    await finished(1)


async def mails() -> list[tuple[str, str]]:
    """Recipient and subject of every mail, in their order."""
    return [(row["recipient"].split("@")[0], row["subject"]) for row in await fetch("select * from mail order by id")]


async def told() -> list[str]:
    """The kinds that were told, in their order."""
    rows = await fetch("select detail ->> 'kind' as kind from audit_entry where action = 'alert.told' order by id")
    return [row["kind"] for row in rows]


async def silent_for(**length: Any) -> None:
    """Let so much time have passed since the last call."""
    await execute("update session set called_at = called_at - $1::interval", timedelta(**length))
    await execute("update connector set last_called_at = now() - $1::interval", timedelta(**length))
    await execute("update company set last_call_at = now() - $1::interval, last_sync_at = null", timedelta(**length))


async def pass_time(**length: Any) -> None:
    """Move what is known of incidents into the past."""
    await execute(
        """update incident set began_at = began_at - $1::interval, good_since = good_since - $1::interval,
           told_at = told_at - $1::interval, ended_at = ended_at - $1::interval""",
        timedelta(**length),
    )


async def state() -> str:
    row = await companies.company(1, datetime.now(UTC))
    assert row is not None
    return row.state


async def test_a_silent_company_is_told_to_owners_and_accounting_managers_once_and_again_when_it_is_back(
    halder: WebConnector,
) -> None:
    await look()
    assert await mails() == []
    await silent_for(hours=3)
    assert await state() == "not_active"
    for _ in range(3):
        await look()
    sent = await mails()
    assert [who for who, _ in sent] == ["ruth", "alice"]
    assert all(subject.startswith("Halder: not active since ") for _, subject in sent)
    body = await fetchval("select body from mail order by id limit 1")
    assert f"{URL}/companies/1/troubleshooting" in body
    assert "FRONT-DESK-02 stopped calling." in body
    assert "is not active. It was last active" in body
    await call(halder)
    await look()
    await look()
    assert await told() == ["not_active", "back"]
    assert [subject for _, subject in await mails()][2:] == ["Halder: connected again"] * 2


async def test_eight_processes_that_look_at_once_send_one_mail_to_each(halder: WebConnector) -> None:
    await silent_for(hours=3)
    await asyncio.gather(*(look() for _ in range(8)))
    assert [who for who, _ in await mails()] == ["ruth", "alice"]
    await execute("update company set last_call_at = now(), last_sync_at = now() + interval '1 minute'")
    await asyncio.gather(*(look() for _ in range(8)))
    assert await told() == ["not_active", "back"]
    assert len(await mails()) == 4


async def test_late_and_then_not_active_are_told_one_after_the_other(halder: WebConnector) -> None:
    await silent_for(minutes=35)
    assert await state() == "late"
    await look()
    await silent_for(hours=3)
    await look()
    await silent_for(minutes=35)
    await look()
    assert await told() == ["late", "not_active"]


async def test_quickbooks_that_refuses_is_told_with_what_the_code_means(halder: WebConnector) -> None:
    halder.faults.append(DialogOpen())
    await call(halder)
    assert await state() == "refused"
    await look()
    assert await told() == ["refused"]
    meaning = statuses.hresult("0x80040414")
    assert meaning is not None
    assert meaning.meaning in await fetchval("select body from mail order by id limit 1")
    halder.faults.clear()
    await call(halder)
    await look()
    assert await told() == ["refused", "back"]


async def test_the_wrong_company_file_is_told(halder: WebConnector, tmp_path: Path) -> None:
    other = CompanyFile.create(tmp_path / "other.practice", company_name="Somebody Else, Inc.")
    seed(other, 300)
    halder.company_file = other
    await call(halder)
    other.close()
    assert await state() == "wrong_file"
    await look()
    await look()
    assert await told() == ["wrong_file"]
    assert "Nothing was read, and nothing was written." in await fetchval("select body from mail limit 1")


async def test_a_pause_is_no_news_and_ends_what_was_open(halder: WebConnector) -> None:
    await silent_for(hours=3)
    await execute("update company set paused_at = now(), paused_by = 'ruth@halder.example'")
    await look()
    assert await mails() == []
    await execute("update company set paused_at = null")
    await look()
    await execute("update company set paused_at = now()")
    await look()
    await execute("update company set paused_at = null, last_call_at = now()")
    await look()
    assert await told() == ["not_active"]


async def test_outside_the_sync_window_nobody_is_told(halder: WebConnector) -> None:
    now = datetime.now(UTC)
    shut = (now.hour * 60 + now.minute + 120) % 1440
    opens = (shut + 60) % 1440
    await execute(
        "update company set time_zone = 'UTC', window_from = $1, window_until = $2, created_at = $3",
        *(opens, (opens + 60) % 1440, now - timedelta(days=9)),
    )
    await silent_for(days=4)
    assert await state() == "not_active"
    await look()
    assert await mails() == []


async def test_a_connection_that_comes_and_goes_does_not_flood_and_a_later_mail_says_so(halder: WebConnector) -> None:
    for _ in range(6):
        await silent_for(hours=3)
        await look()
        await execute("update company set last_call_at = now()")
        await look()
        await pass_time(minutes=2, seconds=1)
        await look()
    assert await told() == ["not_active", "back"]
    assert await fetchval("select count(*) from incident where ended_at is not null") == 6
    await silent_for(hours=3)
    await look()
    await pass_time(hours=1)
    await look()
    assert await told() == ["not_active", "back", "not_active"]
    body = await fetchval("select body from mail order by id desc limit 1")
    assert "Since the last mail it had stopped and come back 5 times; you were not told of each." in body


async def test_one_good_call_is_not_the_end_of_it(halder: WebConnector) -> None:
    await silent_for(hours=3)
    await look()
    await execute("update company set last_call_at = now()")
    await look()
    await look()
    await silent_for(hours=3)
    await look()
    await execute("update company set last_call_at = now()")
    await look()
    assert await told() == ["not_active"]
    await look(datetime.now(UTC) + STEADY)
    assert await told() == ["not_active", "back"]


async def test_those_who_were_entered_are_told_instead(halder: WebConnector) -> None:
    await alerts.set_recipients(1, ["desk@halder.example"], "ruth@halder.example", "127.0.0.1")
    await silent_for(hours=3)
    await look()
    assert [who for who, _ in await mails()] == ["desk"]
    telling = await alerts.telling(1)
    assert telling is not None
    assert [mail.recipient for mail in telling.mails] == ["desk@halder.example"]
    await alerts.set_recipients(1, [], "ruth@halder.example", "127.0.0.1")
    assert await alerts.recipients(1) == (["ruth@halder.example", "alice@halder.example"], False)


async def test_the_queue_looks_and_sends_by_itself(halder: WebConnector) -> None:
    await silent_for(hours=3)
    while not await fetchval("select count(*) from mail where given_up_at is not null"):  # no SMTP: printed to the log
        await asyncio.sleep(0.2)
    assert await told() == ["not_active"]
