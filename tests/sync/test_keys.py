"""Licence keys and connector files: what people do with them, and what the Web Connector is then answered."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from sync.keys import KeyRing
from sync.practice.company import CompanyFile
from sync.practice.connector import WebConnector, read_qwc
from sync.practice.faults import Lasting, SmallPassword, SpacedPassword, WrongPassword
from sync.protocol import sentences
from sync.protocol.admission import UNKNOWN_AT_ONCE, WrongKey
from sync.store import computers, setup
from sync.store.base import CHANNEL, execute, fetch, fetchval
from tests.serving import SECRET
from tests.sync.conftest import Product, unequal
from tests.sync.following import Interrupted, sync

KEYS = KeyRing(SECRET)
NIA = "nia@halder.example"
HERE = "203.0.113.7"
SHAPE = re.compile("([A-HJ-NP-Z2-9]{5}-){4}[A-HJ-NP-Z2-9]{5}")


async def audited(company: int) -> list[str]:
    rows = await fetch("select action from audit_entry where company = $1 and actor = $2 order by id", company, NIA)
    return [row["action"] for row in rows]


async def living(company: int) -> list[computers.ConnectorRow]:
    return [row for row in await computers.connectors_of(company) if row.revoked_at is None]


async def test_each_connector_has_a_key_of_its_own_made_when_it_is_added(product: Product) -> None:
    made = await product.add_company()
    other = await product.add_company("Second")
    more = await computers.add_connector(made.company, "Yard", KEYS, NIA, HERE)
    keys = {made.licence_key, other.licence_key, more.licence_key}
    assert len(keys) == 3  # D48: each company file needs its own key, generated at that time
    assert all(SHAPE.fullmatch(key) for key in keys)
    assert [row.name for row in await computers.connectors_of(made.company)] == ["a computer", "Yard"]
    assert await audited(made.company) == ["connector.added"]


async def test_a_key_is_shown_again_and_the_audit_log_says_to_whom(product: Product) -> None:
    made = await product.add_company()
    assert await computers.reveal_key(made.company, made.connector, KEYS, NIA, HERE) == made.licence_key
    assert await audited(made.company) == ["licence_key.shown"]
    told = await fetch("select subject, detail::text, address from audit_entry where actor = $1", NIA)
    assert made.licence_key not in str(told)
    assert told[0]["address"] == HERE


async def test_a_key_sealed_with_another_secret_is_not_shown(product: Product) -> None:
    made = await product.add_company()
    lost = KeyRing("another secret key, as long as it has to be")
    assert await computers.reveal_key(made.company, made.connector, lost, NIA, HERE) is None
    assert await audited(made.company) == []


async def test_no_connector_is_reached_through_another_company(product: Product) -> None:
    made, other = await product.add_company(), await product.add_company("Second")
    place = (other.company, made.connector)
    assert await computers.reveal_key(*place, KEYS, NIA, HERE) is None
    assert await computers.rotate_key(*place, KEYS, NIA, HERE) is None
    assert await computers.revoke(*place, NIA, HERE) is False
    assert await computers.new_pair(*place, NIA, HERE) is False
    assert await computers.take_qwc(*place, product.settings.public_url, NIA, HERE) is None


async def test_a_connector_file_has_the_same_bytes_until_its_schedule_changes(product: Product) -> None:
    made = await product.add_company("Halder & Söhne <Stone>, Inc.")
    url = product.settings.public_url
    name, text = await computers.take_qwc(made.company, made.connector, url, NIA, HERE) or ("", b"")
    again = await computers.take_qwc(made.company, made.connector, url, NIA, HERE)
    assert again == (name, text)
    assert name == f"deskbridge-halder-sohne-stone-inc-{made.user_name}.qwc"
    assert b"Deskbridge - Halder &amp; S\xc3\xb6hne &lt;Stone>, Inc." in text.replace(b"&gt;", b">")
    assert len(read_qwc(text).app_description) <= 80
    (row,) = await living(made.company)
    assert (row.issued_minutes, row.issued_seconds, row.downloaded_at is not None) == (15, None, True)
    await fetch("update company set poll_seconds = 30 where id = $1 returning id", made.company)
    changed = await setup.qwc_file(made.connector, url)
    assert changed.replace(b"RunEveryNSeconds>30</RunEveryNSeconds", b"RunEveryNMinutes>15</RunEveryNMinutes") == text
    assert await audited(made.company) == ["connector.downloaded", "connector.downloaded"]


async def test_names_clash_neither_on_a_computer_nor_in_quickbooks(product: Product) -> None:
    long = "The Long Company of Halder, Lindqvist, Moreau and all of their Heirs, Assigns and Successors in Stone"
    made = [await product.add_company(long), await product.add_company(long)]
    more = await computers.add_connector(made[0].company, "Yard", KEYS, NIA, HERE)
    url = product.settings.public_url
    files = [read_qwc(await setup.qwc_file(one.connector, url)) for one in (*made, more)]
    assert len({file.app_name for file in files}) == 3
    assert len({file.user_name for file in files}) == 3
    assert len({file.owner_id for file in files}) == 1  # one application
    assert files[0].file_id == files[2].file_id != files[1].file_id  # one company file on two computers
    assert all(len(file.app_name) <= 100 for file in files)


async def test_a_fresh_pair_is_of_one_connector_alone(product: Product) -> None:
    made = await product.add_company()
    more = await computers.add_connector(made.company, "Yard", KEYS, NIA, HERE)
    before = {row.id: (row.owner_id, row.file_id) for row in await living(made.company)}
    assert await computers.new_pair(made.company, more.connector, NIA, HERE)
    after = {row.id: (row.owner_id, row.file_id) for row in await living(made.company)}
    assert after[made.connector] == before[made.connector]
    assert not {*after[more.connector]} & {*before[more.connector]}
    assert await audited(made.company) == ["connector.added", "connector.new_pair"]


@pytest.mark.parametrize("computer", ["", "Büro 2 / Tresen"])
async def test_a_file_name_says_which_company_and_computer(product: Product, computer: str) -> None:
    made = await product.add_company("株式会社")
    more = await computers.add_connector(made.company, computer, KEYS, NIA, HERE)
    taken = await computers.take_qwc(made.company, more.connector, product.settings.public_url, NIA, HERE)
    assert taken is not None
    assert taken[0] == f"deskbridge-company-{made.company}-{'buro-2-tresen' if computer else more.user_name}.qwc"


async def test_a_company_added_switches_quickbooks_desktop_on(product: Product) -> None:
    await product.add_company()
    assert await fetchval("select enabled_by from workspace where enabled_at is not null") == "test"


# what the Web Connector is answered


async def told(connector: WebConnector, key: str) -> str:
    """What authenticate says to a key: session, none or nvu."""
    connector.password = key
    reply = (await connector.update()).replies["authenticate"][0]
    assert isinstance(reply, list)
    return reply[1] if reply[1] in ("none", "nvu") else "session"


async def only(company: int) -> computers.ConnectorRow:
    (row,) = await computers.connectors_of(company)
    return row


async def test_an_old_key_works_until_the_new_one_was_used(product: Product, company_file: CompanyFile) -> None:
    made = await product.add_company()
    connector = await product.connector(made, company_file)
    await sync(connector, made.company)
    new = await computers.rotate_key(made.company, made.connector, KEYS, NIA, HERE)
    assert new is not None
    assert (await only(made.company)).old_key_works
    assert await told(connector, made.licence_key) == "none"  # a minute has not gone by since the last sync
    assert (await only(made.company)).key_used_at is None
    assert await told(connector, new) == "none"
    row = await only(made.company)
    assert (row.old_key_works, row.key_used_at is not None) == (False, True)
    assert await told(connector, made.licence_key) == "nvu"
    assert (await only(made.company)).wrong_key_reason == WrongKey.OLD
    assert await told(connector, f" {new}\n") == "none"
    assert (await only(made.company)).wrong_keys == 0
    ended = await fetchval("select count(*) from audit_entry where action = 'licence_key.replaced'")
    assert ended == 1


async def test_a_key_that_nobody_used_is_the_one_that_ends_with_the_next(product: Product) -> None:
    made = await product.add_company()
    connector = await product.connector(made, None)
    assert await told(connector, made.licence_key) == "session"
    unused = await computers.rotate_key(made.company, made.connector, KEYS, NIA, HERE)
    newest = await computers.rotate_key(made.company, made.connector, KEYS, NIA, HERE)
    assert await told(connector, unused or "") == "nvu"
    assert (await only(made.company)).wrong_key_reason == WrongKey.OLD
    assert await told(connector, made.licence_key) == "session"  # what the computer has goes on
    assert await told(connector, newest or "") == "session"
    assert await told(connector, made.licence_key) == "nvu"


async def test_a_revoked_key_answers_nvu_and_its_session_ends(product: Product, company_file: CompanyFile) -> None:
    made = await product.add_company()
    more = await computers.add_connector(made.company, "Yard", KEYS, NIA, HERE)
    busy = Interrupted(company_file, lambda: computers.revoke(made.company, made.connector, NIA, HERE), nth=6)
    connector = await product.connector(made, busy)
    session = await connector.update()
    assert busy.requests == 6
    assert session.replies["receiveResponseXML"][-1] == -1
    assert session.status == sentences.REVOKED
    assert await fetchval("select result from session where ended_at is not null") == sentences.REVOKED
    assert await told(connector, made.licence_key) == "nvu"
    gone = (await computers.connectors_of(made.company))[-1]
    assert (gone.revoked_by, gone.wrong_key_reason) == (NIA, WrongKey.REVOKED)
    assert await computers.reveal_key(made.company, made.connector, KEYS, NIA, HERE) is None
    await sync(await product.connector(more, company_file, machine="YARD-PC"), made.company)
    assert await unequal(made.company, company_file) == []  # the other computer carried it on


@pytest.mark.parametrize(
    ("fault", "reason"),
    [(WrongPassword(), WrongKey.MISTYPED), (SpacedPassword(), WrongKey.ALTERED), (SmallPassword(), WrongKey.ALTERED)],
)
async def test_a_wrong_key_is_counted_with_its_likely_reason(
    product: Product, fault: Lasting, reason: WrongKey
) -> None:
    made = await product.add_company()
    connector = await product.connector(made, None)
    connector.faults.append(fault)
    assert await told(connector, made.licence_key) == "nvu"
    row = await only(made.company)
    assert (row.wrong_keys, row.wrong_key_reason, row.wrong_key_address) == (1, reason, "127.0.0.1")
    assert row.wrong_key_sentence
    assert row.last_called_at is None


@pytest.mark.parametrize("dash", ["\u2013", "\u2011", "", " - ", "\u00a0"])
async def test_a_key_with_other_dashes_is_told_and_not_let_in(product: Product, dash: str) -> None:
    made = await product.add_company()
    connector = await product.connector(made, None)
    assert await told(connector, made.licence_key.replace("-", dash)) == "nvu"
    assert (await only(made.company)).wrong_key_reason == WrongKey.ALTERED


async def test_the_key_of_another_company_is_told_with_whose_it_is(product: Product) -> None:
    made, other = await product.add_company(), await product.add_company("Second")
    await execute("update connector set machine = 'YARD-PC' where id = $1", other.connector)
    connector = await product.connector(made, None)
    assert await told(connector, other.licence_key) == "nvu"
    row = await only(made.company)
    assert (row.wrong_key_reason, row.wrong_key_of) == (WrongKey.OTHER, "Second, YARD-PC")
    assert "Second, YARD-PC" in row.wrong_key_sentence


async def test_after_too_many_wrong_keys_none_is_looked_at_until_a_new_key_is_made(product: Product) -> None:
    made = await product.add_company()
    connector = await product.connector(made, None)
    for _ in range(5):
        assert await told(connector, "AAAAA-BBBBB") == "nvu"
    assert await told(connector, made.licence_key) == "nvu"
    row = await only(made.company)
    assert (row.wrong_keys, row.wrong_key_reason, row.wrong_key_before) == (6, WrongKey.BLOCKED, WrongKey.MISTYPED)
    assert row.blocked_until is not None
    assert timedelta(minutes=9) < row.blocked_until - datetime.now(UTC) <= timedelta(minutes=10)
    new = await computers.rotate_key(made.company, made.connector, KEYS, NIA, HERE)
    assert await told(connector, new or "") == "session"
    assert (await only(made.company)).wrong_key_reason == ""


async def test_an_unknown_user_name_is_remembered_for_a_day_and_not_without_bound(product: Product) -> None:
    made = await product.add_company()
    connector = await product.connector(made, None)
    user_name = "c-no-such-one-with-a-name-that-is-far-too-long"
    connector.qwc = read_qwc((await setup.qwc_file(made.connector, product.settings.public_url)).replace(
        made.user_name.encode(), user_name.encode()
    ))  # fmt: skip
    for _ in range(3):
        assert await told(connector, made.licence_key) == "nvu"
    (caller,) = await computers.unknown_callers(datetime.now(UTC))
    assert (caller.user_name, caller.tries, caller.address) == (user_name[:40], 3, "127.0.0.1")
    assert await computers.unknown_callers(datetime.now(UTC) + timedelta(hours=25)) == []
    await execute(
        """insert into unknown_caller (user_name, address, last_at)
           select 'name ' || n, '203.0.113.9', now() - interval '1 hour' from generate_series(1, 300) n"""
    )
    await execute("update unknown_caller set last_at = now() - interval '25 hours' where user_name = 'name 300'")
    assert await told(connector, made.licence_key) == "nvu"
    callers = await computers.unknown_callers(datetime.now(UTC))
    assert len(callers) == UNKNOWN_AT_ONCE
    assert callers[0].user_name == user_name[:40]
    for _ in range(20):
        await told(connector, made.licence_key)
    assert (await computers.unknown_callers(datetime.now(UTC)))[0].tries == 20  # more from one address are not recorded


async def test_open_pages_hear_of_wrong_and_right_keys(product: Product, database_url: str) -> None:
    made = await product.add_company()
    connector = await product.connector(made, None)
    heard: list[str] = []
    async with connected_to(database_url) as listening:
        await listening.add_listener(CHANNEL, lambda *notice: heard.append(str(notice[3])))
        await told(connector, "AAAAA-BBBBB")
        both = ["companies", f"company:{made.company}"]
        await until(lambda: sorted(heard) == both)  # the first wrong one: the list of companies says so too
        heard.clear()
        await told(connector, "AAAAA-BBBBB")
        await until(lambda: heard == [f"company:{made.company}"])
        heard.clear()
        await execute("update company set paused_at = now()")
        assert await told(connector, made.licence_key) == "none"
        await until(lambda: heard == both)


@asynccontextmanager
async def connected_to(address: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(address)
    try:
        yield connection
    finally:
        await connection.close()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.02)


async def test_no_key_is_in_a_log(product: Product, caplog: pytest.LogCaptureFixture, capfd: Any) -> None:
    caplog.set_level(logging.DEBUG)
    made = await product.add_company()
    connector = await product.connector(made, None)
    for key in (made.licence_key, made.licence_key.lower(), "ZZZZZ-ZZZZZ-ZZZZZ-ZZZZZ-ZZZZZ"):
        await told(connector, key)
    await computers.rotate_key(made.company, made.connector, KEYS, NIA, HERE)
    written = caplog.text + "".join(capfd.readouterr())
    stored = str([dict(row) for row in await fetch("select * from audit_entry")])
    for part in (made.licence_key, made.licence_key.lower(), "ZZZZZ-ZZZZZ"):
        assert part not in written + stored


# contact


async def test_calls_are_counted_by_the_hour_and_their_distance_is_known(product: Product) -> None:
    made = await product.add_company()
    connector = await product.connector(made, None)
    for _ in range(3):
        await told(connector, made.licence_key)
    count = "select calls from contact_hour where company = $1"
    assert await fetchval(count, made.company) == 1  # calls within ten seconds are one
    assert (await only(made.company)).call_gap is None
    for _ in range(6):
        await execute("update connector set last_called_at = last_called_at - interval '1 hour'")
        await told(connector, made.licence_key)
    row = await only(made.company)
    assert await fetchval(count, made.company) == 7
    # C18, C24: the file says every 15 minutes, the calls come once an hour: Every-Min was changed
    assert (row.expected_every, row.drifts) == (timedelta(minutes=15), True)
    assert row.call_gap is not None
    assert row.call_gap > 24 * 60


async def test_calls_as_the_file_says_are_no_drift(product: Product) -> None:
    made = await product.add_company()
    connector = await product.connector(made, None)
    for minutes in (15, 15, 16, 840, 15):  # once a night
        await told(connector, made.licence_key)
        await execute("update connector set last_called_at = last_called_at - make_interval(mins => $1)", minutes)
    await told(connector, made.licence_key)
    assert not (await only(made.company)).drifts
