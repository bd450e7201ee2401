"""The guide of a company that stopped: five steps, opened where the evidence points, each with a live test.

The practice Web Connector makes each case over real HTTP.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from sync.keys import KeyRing
from sync.practice.company import CompanyFile
from sync.practice.connector import WebConnector, read_qwc
from sync.practice.faults import ComputerOff, DialogOpen, Faults, NoSession, WrongPassword
from sync.protocol.trial import NAMES
from sync.settings import Settings
from sync.store import setup
from sync.store.base import document, execute, fetch, fetchval
from tests.serving import SECRET
from tests.web.conftest import Visitor
from tests.web.pages.conftest import Enter
from tests.web.pages.test_live import events

GUIDE = "/companies/1/troubleshooting"
HOURS_AGO = timedelta(hours=3, minutes=28)


def words(html: str) -> str:
    """What a page says, without markup."""
    body = re.sub(r"(?s)<(head|svg|script)\b.*?</\1>", " ", html)
    return re.sub(r"\s+", " ", re.sub(r"\s+([.,:;])", r"\1", unescape(re.sub(r"<[^>]+>", " ", body))))


def step_of(html: str, number: int) -> str:
    """The markup of one step."""
    return html.split(f'id="step-{number}"')[1].partition("</details>")[0]


def opened(html: str) -> list[int]:
    return [int(number) for number in re.findall(r'id="step-(\d)" open>', html)]


async def read(visitor: Visitor, path: str = GUIDE) -> str:
    answer = await visitor.get(path)
    assert answer.status_code == 200, answer.text[-400:]
    return answer.text


async def silent(since: timedelta = HOURS_AGO, gap: int | None = 900) -> None:
    """The computer called every so often, last some time ago."""
    at = datetime.now(UTC) - since
    await execute("update company set last_call_at = $1", at)
    await execute("update session set opened_at = $1, called_at = $1, ended_at = $1 where ended_at is not null", at)
    await execute(
        """update connector set last_called_at = $1, last_address = '203.0.113.7', call_gap = $2, issued_minutes = 15,
               downloaded_at = $1""",
        at,
        gap,
    )


Computer = Callable[..., Awaitable[WebConnector]]


@pytest.fixture
async def computer(site: str, settings: Settings, tmp_path: Path) -> AsyncIterator[Computer]:
    """Call it with faults: the practice Web Connector of the company, with the right key but for what goes wrong."""
    made: list[Any] = []

    async def connect(*faults: Any) -> WebConnector:
        file = CompanyFile.create(tmp_path / "again.practice", company_name="Halder Natural Stone, Inc.")
        key = KeyRing(SECRET).opened(bytes(await fetchval("select key_sealed from connector where id = 1")))
        await execute("update company set file_path = null, facts = null, adopts_first = true")
        await execute("update connector set file_path = null")
        qwc = read_qwc(await setup.qwc_file(1, settings.public_url))
        connector = WebConnector(
            qwc,
            key,
            file,
            machine="FRONT-DESK-02",
            url=f"{site}/qbwc",
            noop_pause=0.05,
            faults=Faults(faults),
        )
        made.extend((connector, file))
        return connector

    yield connect
    for one in made:
        one.close()


async def test_the_guide_says_who_made_it_why_one_is_here_and_what_the_web_connector_is(enter: Enter) -> None:
    await silent()
    text = words(await read(await enter("viewer")))
    assert "Deskbridge, which keeps the records of your QuickBooks company here, made this guide." in text  # C01
    assert "You were sent here because data could not be synced" in text  # C01
    assert "A program of Intuit that is installed with QuickBooks already. It works silently in the background" in text
    assert "over a secure connection" in text  # C04


async def test_the_message_says_since_when_or_that_it_never_was_active(enter: Enter) -> None:
    await silent()
    vera = await enter("viewer")
    text = words(await read(vera))
    assert "Your QuickBooks Desktop connection is not active. It was last active" in text  # C02
    assert "(3 h 28 min ago)" in text  # C02
    await execute("update company set last_call_at = null, last_sync_at = null")
    await execute("update connector set last_called_at = null")
    assert "It has never been active." in words(await read(vera))  # C02


async def test_five_steps_in_fixed_order_each_end_in_try_to_sync(enter: Enter) -> None:
    await silent()
    html = await read(await enter("member"))
    numbers = [int(number) for number in re.findall(r'id="step-(\d)"', html)]
    assert numbers == [1, 2, 3, 4, 5]  # C05
    for number in numbers:
        step = step_of(html, number)
        assert step.rstrip().rfind("Try to sync") > step.rfind("guide__do")  # C05, C08, C12, C16, C23: at its end
        assert "Success ends this guide" in step  # C05
        assert number == 5 or f"failure opens step {number + 1}" in words(step)  # C05
    assert html.count("button--primary") == 1


async def test_a_silent_computer_opens_the_first_step_with_what_was_seen(enter: Enter) -> None:
    await silent()
    html = await read(await enter("viewer"))
    assert opened(html) == [1]
    text = words(html)
    assert "from 203.0.113.7. Since then none: the computer or the Web Connector is off." in text
    assert "Most likely" in text
    first = words(step_of(html, 1))
    assert "Is it on? If not, turn it on" in first  # C06
    assert "Does it have an internet connection?" in first  # C07


async def test_the_second_step_starts_the_web_connector(enter: Enter) -> None:
    await silent()
    html = await read(await enter("viewer"))
    second = words(step_of(html, 2))
    assert "The Web Connector should always run in the background." in second  # C09
    file = await fetchval("select file_path from company where id = 1")
    assert f"Open QuickBooks with {file.rpartition(chr(92))[2]}" in second  # C10
    assert "choose File, App Management, Update Web Services. The Web Connector opens" in second  # C11
    assert 'href="/guide/start-with-windows"' in step_of(html, 2)  # C14


async def test_the_third_step_is_auto_run(enter: Enter) -> None:
    await silent(gap=None)
    html = await read(await enter("viewer"))
    assert opened(html) == [3]  # it called once, and not by itself
    third = words(step_of(html, 3))
    assert "Look at the box under Auto-Run. Is it ticked?" in third  # C15
    assert "If not, tick it." in third  # C15
    assert "Never disable Auto-Run for this connection." in third  # C17


async def test_the_fourth_step_says_what_every_min_must_show_and_how_to_reset_it(enter: Enter) -> None:
    await silent(timedelta(minutes=2), gap=3600)
    alice = await enter("accounting_manager")
    html = await read(alice)
    assert opened(html) == [4]  # calls drift from the file
    fourth = words(step_of(html, 4))
    assert "must show 15 minutes" in fourth  # C18
    assert "Its calls come every 1 h: it was changed." in fourth
    assert "It cannot be cleared or put back in place. The only reset is:" in fourth  # C19
    assert "choose Remove in this row." in fourth  # C19
    assert "Answer Yes." in fourth  # C19
    link = re.search(r'href="(/companies/1/setup/connector\?computer=1)#download"', step_of(html, 4))
    assert link  # C20
    assert (await alice.get(link[1])).status_code == 200  # C20
    assert "Enter nothing under Every-Min: the file brings it." in fourth  # C21
    assert "The company, its records and its history stay." in fourth  # C21
    assert "The guide's last page tests the connection." in fourth  # C22
    assert "Never change Every-Min." in fourth  # C24
    await execute("update connector set issued_seconds = 60")
    assert "must show Real Time: the file says every 1 min" in words(step_of(await read(alice), 4))  # C18


async def test_adding_again_keeps_the_identifiers(enter: Enter) -> None:
    alice = await enter("accounting_manager")
    first = await alice.get("/companies/1/connectors/1/file")
    again = await alice.get("/companies/1/connectors/1/file")
    assert first.content == again.content  # C21: nothing clashes with old ids
    assert b"OwnerID" in first.content


async def test_the_fifth_step_leads_to_the_password(enter: Enter) -> None:
    await silent()
    alice = await enter("accounting_manager")
    html = await read(alice)
    fifth = words(step_of(html, 5))
    assert "must not be empty. A saved password looks like eight asterisks: ********" in fifth  # C25
    link = re.search(r'href="(/companies/1/setup/connector\?computer=1)#key"', step_of(html, 5))
    assert link  # C26
    step = await alice.get(link[1])
    assert 'id="key"' in step.text  # C26
    assert "Copy the unique password below" in words(step.text)  # C27
    assert "It is the password of this one connection." in fifth  # C27
    assert "paste it." in fifth  # C28
    assert "Press Enter." in fifth  # C28
    assert "Answer Yes to save it." in fifth  # C28
    assert "The guide's last page tests the connection." in fifth  # C29


async def test_who_may_not_open_the_set_up_guide_is_told_whom_to_ask(enter: Enter) -> None:
    await silent()
    html = await read(await enter("viewer"))
    for number in (4, 5):
        step = step_of(html, number)
        assert "/setup/" not in step
        assert "You cannot open the set-up guide of this company. Ask Alice or Ruth" in words(step)  # C31
    assert "Only members can try to sync from this page. Ask Alice or Ruth" in words(step_of(html, 1))  # C31
    assert f"{GUIDE}/try" not in html


async def test_a_try_queues_a_sync_and_listens_until_the_expected_call(enter: Enter) -> None:
    await silent()
    bob = await enter("member")
    answer = await bob.submit(f"{GUIDE}/try", step="1")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{GUIDE}?step=1#step-1")
    html = await read(bob, f"{GUIDE}?step=1")
    assert await fetchval("select count(*) from run where state = 'queued' and asked_by = 'bob@halder.example'") == 1
    assert "By itself, a call should come by" in words(step_of(html, 1))
    assert opened(html) == [1]
    await bob.submit(f"{GUIDE}/try", step="1")  # joins the sync that waits
    assert await fetchval("select count(*) from run where state = 'queued'") == 1


async def over() -> None:
    """The time of the trials that go on has passed: their lines are as they would be then."""
    await execute("alter table audit_entry disable trigger user")
    await execute(
        """update audit_entry set at = at - interval '20 minutes', detail = jsonb_set(detail, '{until}',
               to_jsonb((now() - interval '1 minute')::text)) where action = 'guide.began'
               and not exists (select from audit_entry t where t.action = 'guide.tried'
                   and t.detail->>'trial' = audit_entry.id::text)"""
    )
    await execute("alter table audit_entry enable trigger user")


async def test_each_failure_opens_the_next_step_and_the_last_one_support(enter: Enter) -> None:
    await silent()
    bob = await enter("member")
    for number in NAMES:
        await bob.submit(f"{GUIDE}/try", step=str(number))
        await over()
        html = await read(bob, f"{GUIDE}?step={number}")
        assert "No call by" in words(step_of(html, number))
        assert opened(html) == ([number + 1] if number < 5 else [])  # C05, C12, C16, C23, C29
        assert "Tried" in words(step_of(html, number))
    assert "All five were tried" in html
    assert 'href="/companies/1/support"' in html  # C30
    noted = await fetch("select subject, detail, actor from audit_entry where action = 'guide.tried' order by id")
    assert [row["subject"] for row in noted] == [f"Step {number}: {name}" for number, name in NAMES.items()]  # C30
    assert {document(row["detail"])["outcome"] for row in noted} == {"silent"}
    assert {row["actor"] for row in noted} == {"bob@halder.example"}
    assert opened(await read(bob, f"{GUIDE}?step=3")) == [3]  # each can be looked at again
    assert await fetchval("select count(*) from audit_entry where action = 'guide.tried'") == 5  # noted once
    await execute("update connector set wrong_keys = 1, wrong_key_at = now(), wrong_key_reason = 'mistyped'")
    html = await read(bob)
    assert opened(html) == [5]  # what is seen for certain after all that
    assert "All five were tried" not in html


async def test_a_try_that_reads_a_page_ends_the_guide_in_green(enter: Enter, computer: Computer) -> None:
    await silent()
    bob = await enter("member")
    await bob.submit(f"{GUIDE}/try", step="2")
    session = await (await computer()).update()
    assert session.code == "", session.status
    html = await read(bob)
    text = words(html)
    assert "The connection works again. This guide ends here." in text  # C05
    assert "press Hide in the Web Connector, not Exit, so that it keeps running." in text  # C13
    assert "banner--good" in html
    assert opened(html) == []
    assert await fetchval("select detail->>'outcome' from audit_entry where action = 'guide.tried'") == "success"


async def test_a_wrong_password_is_shown_with_its_reason_and_opens_the_last_step(
    enter: Enter, computer: Computer
) -> None:
    await silent()
    bob = await enter("member")
    await bob.submit(f"{GUIDE}/try", step="1")
    await (await computer(WrongPassword())).update()
    html = await read(bob)
    assert opened(html) == [5]
    assert "but with a wrong password." in words(step_of(html, 1))
    assert "came with a wrong password." in words(html)


async def test_a_dialog_in_quickbooks_is_shown_with_its_code(enter: Enter, computer: Computer) -> None:
    await silent()
    bob = await enter("member")
    await bob.submit(f"{GUIDE}/try", step="1")
    await (await computer(DialogOpen())).update()
    html = await read(bob)
    assert opened(html) == [2]
    assert 'href="/guide/codes/0x80040414"' in step_of(html, 2)
    assert "QuickBooks refused with 0x80040414: A dialog is open in QuickBooks." in words(html)


async def test_somebody_who_chose_no_is_recognised_and_told_how_to_undo_it(enter: Enter, computer: Computer) -> None:
    bob = await enter("member")
    await bob.submit("/companies/1/syncs")
    await (await computer(NoSession("0x80040420", "The QuickBooks user has denied access."))).update()
    html = await read(bob)
    second = words(step_of(html, 2))
    assert "Most likely somebody chose No when QuickBooks asked" in second  # B19
    assert "Edit, Preferences, Integrated Applications, Company Preferences" in second  # B19
    assert "Allow this application to read and modify this company file" in second  # B19


async def test_a_session_that_broke_off_points_to_the_computer(enter: Enter, computer: Computer) -> None:
    bob = await enter("member")
    await bob.submit("/companies/1/syncs")
    await (await computer(ComputerOff("receiveResponseXML"))).update()
    await silent()
    await execute("update session set called_at = called_at - interval '3 hours' where ended_at is null")
    html = await read(bob)
    assert "It was in the middle of a sync. Since then none: the computer went to sleep" in words(html)
    assert opened(html) == [1]


async def test_a_pause_is_said_and_no_step_is_opened(enter: Enter) -> None:
    await execute("update company set paused_at = now(), paused_by = 'Alice'")
    html = await read(await enter("viewer"))
    assert "Paused by Alice since" in words(html)
    assert opened(html) == []


async def test_the_page_follows_by_itself(enter: Enter) -> None:
    await silent()
    stream = events(await enter("member"), f"{GUIDE}/live")
    first = dict([await anext(stream) for _ in range(3)])
    assert set(first) == {"head", "steps", "seen"}
    await (await enter("member")).submit(f"{GUIDE}/try", step="1")
    name, html = await anext(stream)
    assert name == "steps"
    assert "Listening" in html
    await stream.aclose()


async def test_a_company_without_a_connector_is_led_to_its_set_up(enter: Enter) -> None:
    await execute("update connector set revoked_at = now()")
    assert "This company has no connector yet: begin with the set-up guide." in words(await read(await enter("viewer")))


LOG = (
    b"20251121.14:20:01 UTC\t: Q.i() : AppName: Deskbridge <b>x</b>\n"
    b'20251121.14:20:05 UTC\t: Q.x() : QBWC1013: Error wcTicket="2a0185a1-95c8-a234-f927-c8705d69376b"\n'
    b"HRESULT = 0x80040414\n"
)


async def upload(visitor: Visitor, path: str, data: bytes) -> tuple[int, str]:
    await visitor.get("/sign-in")
    token = {"_csrf_token": visitor.cookies["deskbridge-form"]}
    answer = await visitor.post(path, data=token, timeout=60, files={"file": ("QWCLog.txt", data, "text/plain")})
    return answer.status_code, answer.text


@pytest.mark.parametrize("path", [f"{GUIDE}/log", "/connector-help/log"])
async def test_a_log_is_read_and_nothing_of_it_is_kept(enter: Enter, path: str) -> None:
    before = await fetchval("select count(*) from audit_entry")
    status, html = await upload(await enter("viewer"), path, LOG)
    assert status in (200, 201)
    assert 'href="/guide/codes/0x80040414"' in html
    assert "Most likely: 0x80040414" in words(html)
    assert "HRESULT = 0x80040414" in html
    assert "2a0185a1" not in html
    assert "<b>x</b>" not in html
    assert await fetchval("select count(*) from audit_entry") == before


async def test_pasted_lines_are_read_too(visitor: Visitor) -> None:
    answer = await visitor.submit("/connector-help/log", text=LOG.decode())
    assert answer.status_code == 200
    assert "Most likely: 0x80040414" in words(answer.text)


async def test_a_log_of_twenty_megabytes_is_read_and_a_larger_one_refused_in_a_sentence(enter: Enter) -> None:
    vera = await enter("viewer")
    status, html = await upload(vera, f"{GUIDE}/log", LOG * (20_000_000 // len(LOG)))
    assert "Most likely: 0x80040414" in words(html)
    status, html = await upload(vera, f"{GUIDE}/log", LOG * (20_050_000 // len(LOG)))
    assert status == 422
    assert "This file is larger than 20 MB." in html
    status, html = await upload(vera, f"{GUIDE}/log", b"\n" * 21_000_000)
    assert status == 413


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"PK\x03\x04", "This is a zip file."),
        (bytes(256) * 20, "This is not a text file."),
        (b"hello", "not look like"),
    ],
)
async def test_what_is_no_log_is_refused_in_a_sentence(visitor: Visitor, data: bytes, sentence: str) -> None:
    status, html = await upload(visitor, "/connector-help/log", data)
    assert status == 422
    assert sentence in html


async def test_many_logs_from_one_place_are_slowed_down(visitor: Visitor) -> None:
    for _ in range(20):
        await visitor.submit("/connector-help/log", text="x")
    assert "That were many logs from one place." in (await visitor.submit("/connector-help/log", text="x")).text


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_the_page_that_every_qwc_file_names_answers_everybody(visitor: Visitor, method: str) -> None:
    assert (await visitor.request(method, "/connector-help")).status_code == 200


async def test_the_public_guide_has_the_same_steps_and_nothing_of_a_company(visitor: Visitor) -> None:
    html = await read(visitor, "/connector-help")
    for number, name in NAMES.items():
        assert name in step_of(html, number)
    text = words(html)
    for sentence in ("Update Selected", "Is it ticked?", "Answer Yes to save it.", "Never change Every-Min."):
        assert sentence in text
    assert "QBWebConnector\\<wbr>log\\<wbr>QWCLog.txt" in html
    assert 'action="/guide/codes"' in html
    assert "Halder" not in html
    assert "/companies/" not in html
