"""What the pages say of a connection is what is so: the true reason, wrong keys, overdue calls, notes on gaps."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sync.keys import KeyRing
from sync.practice.company import CompanyFile
from sync.practice.connector import Access, Faults
from sync.practice.faults import WrongPassword
from sync.store import runs, setup
from sync.store.base import execute, fetchrow, fetchval
from tests.serving import SECRET
from tests.web.pages.conftest import Enter
from tests.web.pages.test_company import called
from tests.web.pages.walking import walk
from web.connection import time_of
from web.filters import day_time

HELD = (
    ('refused_at = now(), refused = \'{"hresult": "0x80040420"}\'', "once QuickBooks opens the file"),
    ("paused_at = now()", "once the pause is over"),
    ("wrong_file_at = now(), wrong_file = '[]'", "once the right file is open"),
    ("region = region", "once QuickBooks Desktop is enabled"),
)


def part(text: str, begin: str, end: str) -> str:
    return text[text.index(begin) : text.index(end, text.index(begin))]


async def test_a_sync_that_is_held_up_says_by_what_in_every_list(enter: Enter) -> None:
    vera = await enter("viewer")
    await execute("update run set state = 'running', ended_at = null")
    await execute("update session set ended_at = now()")
    await execute("update company set last_call_at = now() - interval '2 hours'")
    lists = ("/companies/1", "/companies/1/syncs", "/companies/1/syncs/1")
    for path in lists:
        assert "Goes on when the computer is back" in (await vera.get(path)).text
    await execute("update company set last_call_at = now()")
    assert "Goes on at the next call" in (await vera.get("/companies/1")).text
    for held, words in HELD:
        await execute(f"update company set {held}")  # the one that counts most comes last
        if "Desktop" in words:
            await execute("update workspace set enabled_at = null")
        for path in lists:
            text = (await vera.get(path)).text
            assert f"Goes on {words}" in text
            assert "when the computer is back" not in text
        await execute("update run set state = 'queued', began_at = null")
        assert f"Begins {words}" in (await vera.get("/companies/1")).text
        await execute("update run set state = 'running', began_at = asked_at")
    await execute("update run set state = 'complete', ended_at = now()")
    await execute("update company set refused_at = null, wrong_file_at = null, paused_at = null")
    bob = await enter("member")
    assert "Sync now" not in (await bob.get("/companies/1")).text
    await execute("update workspace set enabled_at = now()")
    assert "Sync now" in (await bob.get("/companies/1")).text


async def test_calls_with_a_wrong_key_only_are_told_since_when_and_from_where(
    enter: Enter, site: str, tmp_path: Path
) -> None:
    alice = await enter("accounting_manager")
    begun = await walk(alice, site, tmp_path)
    home = f"/companies/{begun.company}"
    assert "The Web Connector has not called yet." in (await alice.get(home)).text
    begun.connector.faults = Faults([WrongPassword()])
    await begun.connector.update()
    since = await fetchval("select wrong_keys_since from connector where company = $1", begun.company)
    await begun.connector.update()
    for path in (home, f"{home}/setup"):
        text = (await alice.get(path)).text
        assert "has not called yet" not in text
        assert re.search(rf"two since {day_time(since)}, the last [^<]+, from 127\.0\.0\.1\.", text)
    assert "Wrong key" in part((await alice.get(home)).text, 'id="company-bridge"', 'id="company-progress"')
    assert "The Web Connector calls with a wrong licence key" in (await alice.get("/companies")).text
    begun.connector.faults = Faults()
    await begun.connector.update()  # a right one: nothing is left of them
    text = (await alice.get(home)).text
    assert "wrong licence key" not in text
    assert await fetchval("select wrong_keys_since from connector where company = $1", begun.company) is None
    # and the Web Connector's own version, which it says before its name
    assert "Version 34.0.10004.89" in (await alice.get(f"{home}/profile")).text
    assert "Web Connector 34.0.10004.89" in (await alice.get(f"{home}/support/summary.txt")).text
    begun.connector.version = "35.0.1"
    await begun.connector.update()
    assert "Version 35.0.1" in (await alice.get(f"{home}/profile")).text
    begun.connector.version = "<b>" * 20  # no version: what was known stays
    await begun.connector.update()
    assert "Version 35.0.1" in (await alice.get(f"{home}/profile")).text
    # a silent company whose key was made invalid
    await execute("update company set begun_at = now(), last_call_at = now() - interval '3 hours' where id = 2")
    await execute(
        "update connector set wrong_keys = 1, wrong_key_at = now(), wrong_key_address = '203.0.113.7' where company = 2"
    )
    text = (await alice.get(home)).text
    assert re.search(r"A call came with a wrong licence key [^<]+, from 203\.0\.113\.7\.", text)
    assert "Copy the present licence key and paste it" in part(text, 'id="company-banners"', "<h1")
    begun.connector.close()
    begun.file.close()


async def test_a_call_that_is_overdue_is_said_to_be(enter: Enter) -> None:
    await called("16 minutes")
    bob = await enter("member")
    due = time_of(await fetchval("select last_call_at from company") + timedelta(minutes=15), datetime.now(UTC))
    text = (await bob.get("/companies/1")).text
    assert f"The call that was due by {due} is overdue, from SERVER-01." in text
    assert "Next call by" not in text
    await bob.submit("/companies/1/syncs")
    text = (await bob.get("/companies/1")).text
    assert f"The Web Connector should have called by {due}: its call is overdue." in text
    assert f"it was due by {due}" in (await bob.get("/companies")).text
    assert "next call was due by " in (await bob.get("/companies/1/support/summary.txt")).text


async def test_a_person_says_why_nobody_called(enter: Enter) -> None:
    await called("5 hours")
    await execute("delete from contact_hour")
    hours = "insert into contact_hour (company, hour) values (1, date_trunc('hour', now() - $1::interval))"
    await execute(hours, timedelta(hours=5))
    bob, vera = await enter("member"), await enter("viewer")
    sheet = part((await bob.get("/companies/1")).text, 'id="company-contact"', 'id="company-runs"')
    found = re.search(r'href="(/companies/1/gaps/\d+)">Add a note', sheet)
    assert found is not None
    assert "/gaps/" not in (await vera.get("/companies/1")).text
    assert (await vera.get(found[1])).status_code == 403
    assert (await bob.get("/companies/1/gaps/1")).status_code == 404
    await bob.submit(found[1], text="Power cut <in the yard>")
    for reader in (bob, vera):
        assert "Note by Bob: Power cut &lt;in the yard&gt;." in (await reader.get("/companies/1")).text
    await execute(
        "update company set last_call_at = now()"
    )  # the gap is over: it is told by whole hours now, and keeps its note
    await execute(hours, timedelta())
    text = (await bob.get("/companies/1")).text
    assert "Note by Bob: Power cut" in text
    again = re.search(r'href="(/companies/1/gaps/\d+)">Change the note', text)
    assert again is not None
    assert 'value="Power cut &lt;in the yard&gt;"' in (await bob.get(again[1])).text
    await bob.submit(again[1], text="Moved house.")
    assert "Note by Bob: Moved house. <a" in (await bob.get("/companies/1")).text
    await bob.submit(again[1], text="")
    assert await fetchval("select count(*) from contact_note") == 0
    assert await fetchval("select count(*) from audit_entry where action = 'contact.noted'") == 3


async def test_the_task_list_of_a_company_that_begins_by_itself_says_so(
    enter: Enter, site: str, tmp_path: Path
) -> None:
    alice = await enter("accounting_manager")
    begun = await walk(alice, site, tmp_path)
    made = await setup.add_company("Cedar Optics", "US", begin=True, keys=KeyRing(SECRET), actor="command line")
    home = f"/companies/{made.company}"
    assert "Set-up is at step 3 of 6: Connector" in (await alice.get("/companies")).text
    text = (await alice.get(f"{home}/setup")).text
    assert text.count("Not asked") == 2  # of Prepare and of Confirm
    assert "Continue with the connector" in text
    assert "It begins by itself with the first company file" in (await alice.get(f"{home}/setup/first-sync")).text
    # it calls, and QuickBooks does not open
    begun.connector.qwc = replace(begun.connector.qwc, user_name=made.user_name)
    begun.connector.password, begun.connector.access = made.licence_key, Access.NO
    await begun.connector.update()
    assert "set-up is at step 4 of 6" in (await alice.get(home)).text
    assert "See what answered" in (await alice.get(f"{home}/setup")).text
    await begun.connector.update()
    await begun.connector.update()
    sessions = part((await alice.get(f"{home}/syncs/1")).text, 'id="sessions"', "</table>")
    assert "Three conversations with the Web Connector" in sessions
    assert sessions.count("<b>3 times:</b>") == 1  # what ended alike is one line
    assert sessions.count("0x80040420") == 1
    begun.connector.close()
    begun.file.close()


async def test_another_file_that_answers_is_no_success_of_a_trial(enter: Enter, site: str, tmp_path: Path) -> None:
    alice = await enter("accounting_manager")
    begun = await walk(alice, site, tmp_path)
    await begun.connector.update()
    await alice.submit(f"{begun.home}/confirm")
    guide = f"/companies/{begun.company}/troubleshooting"
    assert (await alice.submit(f"{guide}/try", step="4")).status_code == 303
    other = CompanyFile.create(tmp_path / "other.practice", company_name="Another Company, Inc.")
    begun.connector.company_file = other  # it says which one it is when it is asked, and that is all
    await begun.connector.update()
    assert await fetchval("select count(*) from request where kind = 'identity' and answered_at is not null") > 0
    text = (await alice.get(guide)).text
    assert "it works" not in text
    assert "QuickBooks had another company file open" in text
    told = "select detail ->> 'outcome' from audit_entry where action = 'guide.tried' order by id desc limit 1"
    assert await fetchval(told) == "wrong_file"
    begun.connector.close()
    other.close()
    begun.file.close()


async def test_the_time_left_counts_the_time_in_session_only(enter: Enter) -> None:
    await execute("update run set state = 'running', ended_at = null, began_at = now() - interval '9 hours'")
    await execute(
        """update session set opened_at = now() - interval '9 hours', ended_at = null,
               called_at = now() - interval '9 hours' + interval '100 seconds'"""
    )
    await execute("update run_entity set expected = done * 2, state = 'reading' where mode in ('whole', 'sweep')")
    detail = await runs.run(1, 1, datetime.now(UTC))
    assert detail is not None
    assert detail.seconds_left == pytest.approx(100.0)
    assert "about 2 min" in (await (await enter("viewer")).get("/companies/1")).text


async def test_long_paths_break_at_their_backslashes(enter: Enter) -> None:
    path = r"C:\Users\Public\Documents\A & B\books.qbw"
    broken = r"C:\<wbr>Users\<wbr>Public\<wbr>Documents\<wbr>A &amp; B\<wbr>books.qbw"
    await execute("update connector set file_path = $1", path)
    await execute(
        "update run set state = 'stopped', reason = $1", f"company file: expected {path}, answered D:\\other.qbw"
    )
    alice = await enter("accounting_manager")
    assert broken in (await alice.get("/companies/1/profile")).text
    for page in ("/companies/1", "/companies/1/syncs", "/companies/1/syncs/1"):
        assert f"expected {broken}, answered D:\\<wbr>other.qbw" in (await alice.get(page)).text
    assert await fetchrow("select 1 from run where state = 'stopped'")
