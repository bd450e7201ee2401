"""The set-up of a company: what is asked and kept, what answered, what a person decides, and the first sync."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sync.practice.connector import WebConnector
from sync.practice.faults import Access, DialogOpen, PermissionRemoved, SlowQuickBooks, WrongPassword
from sync.store import runs
from sync.store.base import execute, fetch, fetchval
from sync.tables import Record
from tests.web.conftest import Visitor
from tests.web.pages.conftest import Enter
from tests.web.pages.test_live import events
from tests.web.pages.walking import NAME, Walk, company_file, connector_for, new_company, walk
from web.pages.setup.preparation import Prepared, expected_minutes

WHOLE = {
    "guide": "on", "size": "310", "unit": "MB", "file_name": "Granite.qbw", "single_user": "on", "restores": "none",
    "dotnet": "yes", "manager": "Tomas Weir", "administrator": "Dan Okafor", "shared_login": "no",
    "installer": "Ines Roth", "hosted": "no", "kind": "desktop", "computer": "SHOP-PC", "signed_in": "on",
}  # fmt: skip


@pytest.fixture
async def alice(enter: Enter) -> Visitor:
    return await enter("accounting_manager")


@pytest.fixture
async def begun(alice: Visitor, site: str, tmp_path: Path) -> AsyncIterator[Walk]:
    """A company in set-up, at the moment when its connector is added and nothing has called."""
    found = await walk(alice, site, tmp_path)
    yield found
    found.connector.close()
    found.file.close()


def states(text: str) -> list[str]:
    """Return the state of each task, in order."""
    return re.findall(r'<li class="task task--(\w+)"', text)


async def prepared(company: int) -> dict[str, object]:
    found: dict[str, object] = json.loads(await fetchval("select prepared from company where id = $1", company) or "{}")
    return found


async def test_b13_the_steps_are_numbered_without_gaps_and_next_leads_on(alice: Visitor) -> None:
    company = await new_company(alice)
    home = f"/companies/{company}/setup"
    text = (await alice.get(home)).text
    marks = re.findall(r'<span class="task__mark[^>]*>(\d)</span>', text)
    assert marks == ["1", "2", "3", "4", "5", "6"]  # B13
    names = re.findall(r'<h2 class="task__name">(?:<a[^>]*>)?([\w ]+)', text)
    assert names == ["Prepare", "Region", "Connector", "Verify", "Confirm", "First sync"]
    assert states(text) == ["current", "waiting", "blocked", "blocked", "blocked", "blocked"]
    assert f'href="{home}/connector"' not in text  # what cannot start is no link
    next_one = await alice.submit(f"{home}/prepare", **WHOLE)
    assert next_one.headers["location"] == f"{home}/region"  # B13
    next_one = await alice.submit(f"{home}/region", region="US")
    assert next_one.headers["location"] == f"{home}/connector"  # B13
    assert states((await alice.get(home)).text) == ["done", "done", "current", "waiting", "blocked", "blocked"]


async def test_the_page_prepare_says_what_to_know_with_the_reasons(alice: Visitor) -> None:
    company = await new_company(alice)
    text = (await alice.get(f"/companies/{company}/setup/prepare")).text
    for line, sentence in (
        ("D01", "For the accounting manager and the QuickBooks administrator"),
        ("D02", "<h2 id=\"short\">In short</h2>"),
        ("D02", "<h3>Before</h3>"), ("D02", "<h3>During</h3>"), ("D02", "<h3>After</h3>"),
        ("D03", "QuickBooks Desktop is on your premises"),
        ("D05", '<a href="/guide/web-connector">integration guide</a>'),
        ("D07", "QuickBooks slows down while it reads a large file"),
        ("D09", "Everybody else stays out of QuickBooks until the first sync is over"),
        ("D10", "Was a backup restored in the last year?"), ("D10", "No, none"),
        ("D11", "Microsoft .NET Framework 4.5 or later"),
        ("D12", '<a href="/guide/web-connector#dotnet">how to see and install it</a>'),
        ("D13", "Reaches the download and the licence key here: Alice"),
        ("D14", "allows the access in QuickBooks"),
        ("D15", "create a separate user with Full Access, just for this connection"),
        ("D16", "Somebody who may install programs"), ("D16", "often the network administrator"),
        ("D17", "the host may have to take part"), ("D23", "the host may have to take part"),
        ("D18", "follow each step; this page follows by itself"),
        ("D19", "sign in to QuickBooks as <b>Admin</b>, in single-user mode"),
        ("D20", "sign in with that one instead of Admin"),
        ("D21", "Download the connector file <b>there</b>"),
        ("D22", "Connect two or more: when one is off, another carries the sync"),
        ("D24", f"as accounting manager, choose {NAME}"),
        ("D31", "the file and the company must be one"),
        ("B01", "downloaded and opened on the Windows computer or server where QuickBooks Desktop is installed"),
        ("B02", "If in doubt, use the computer you normally use for QuickBooks"),
        ("B03", "Whoever connects the company’s data does it there"),
        ("B04", f"QuickBooks is open and signed in to <b>{NAME}</b>"),
        ("B15", "QuickBooks asks whether Deskbridge may read and modify the company file"),
        ("B23", "it must be this company and no other"),
    ):  # fmt: skip
        assert sentence in text, line
    guide = await alice.get("/guide/web-connector")
    assert guide.status_code == 200
    assert 'id="dotnet"' in guide.text  # D12


async def test_d01_both_roles_exist_and_who_is_named_is_shown(alice: Visitor) -> None:
    company = await new_company(alice)
    home = f"/companies/{company}/setup"
    text = (await alice.get(home)).text
    assert text.count("Nobody named yet") == 3  # D13, D14, D16
    await alice.submit(f"{home}/prepare", administrator="Dan Okafor", hosted="yes", host="Cloud Desk", manager="Tomas")
    text = (await alice.get(home)).text
    assert text.count("Nobody named yet") == 1
    assert f'href="{home}/prepare#installer">Name a person' in text
    assert "Dan Okafor" in text
    assert "At the host of QuickBooks, who may have to take part." in text  # D17
    assert await fetchval("select count(*) from users where role in ('owner', 'accounting_manager')") == 2  # D01


async def test_part_answers_are_kept_with_who_and_when_and_the_step_is_done_when_all_are_there(
    enter: Enter, alice: Visitor
) -> None:
    company = await new_company(alice)
    prepare = f"/companies/{company}/setup/prepare"
    first = {key: WHOLE[key] for key in ("guide", "size", "unit", "restores", "manager")}
    answer = await alice.submit(prepare, **first)
    assert answer.headers["location"] == f"{prepare}?kept=1"
    told = (await alice.get(f"{prepare}?kept=1")).text
    assert "What you entered is kept. Still needed: plan for single-user mode," in told
    ruth = await enter("owner")
    await ruth.submit(prepare, **WHOLE)
    kept = Prepared.of(await prepared(company))
    assert kept.done
    assert kept.entered["size"][0] == "Alice"  # who gave an answer first
    assert kept.entered["computer"][0] == "Ruth"
    text = (await ruth.get(f"/companies/{company}/setup")).text
    assert "Single-user mode, .NET 4.5 or later, no restore in the past year. Ruth, today," in text
    for term in ("Granite.qbw", "310 MB", "SHOP-PC, a desktop", "Not in the last year"):
        assert term in text
    actors = await fetch("select actor from audit_entry where action = 'company.prepared' order by id")
    assert [row["actor"] for row in actors] == ["alice@halder.example", "ruth@halder.example"]


@pytest.mark.parametrize("left_out", sorted(WHOLE.keys() - {"unit", "file_name"}))
async def test_the_step_is_not_done_while_one_answer_is_missing(left_out: str) -> None:
    values = {**WHOLE, "guide": True, "single_user": True, "signed_in": True}  # B04: the tick is asked for too
    assert Prepared.of(values).done
    assert not Prepared.of({key: value for key, value in values.items() if key != left_out}).done
    assert not Prepared.of({**values, "dotnet": "no"}).done  # D11
    assert not Prepared.of({**values, "shared_login": "yes"}).done  # D15: then the user made for this is named
    assert not Prepared.of({**values, "hosted": "yes"}).done  # D17


async def test_d06_d08_a_file_over_700_mb_warns_and_is_flagged_on_the_company(alice: Visitor) -> None:
    company = await new_company(alice)
    home = f"/companies/{company}/setup"
    warning = "Use a computer that nobody needs until the first sync is over."
    for size, unit, large in (("700", "MB", False), ("701", "MB", True), ("0,7", "GB", False), ("1.2", "GB", True)):
        await alice.submit(f"{home}/prepare", size=size, unit=unit)
        text = (await alice.get(f"{home}/prepare")).text
        advice = re.search(r'<p class="advice" data-large="700"( hidden)?>', text)
        assert advice
        assert (advice[1] is None) == large, (size, unit)  # D06
        assert (warning in (await alice.get(home)).text) == large  # D08
    assert "The company file is 1.2 GB." in (await alice.get(home)).text  # D08


async def test_d10_several_days_of_a_restore_are_kept_one_can_be_taken_away_without_scripts(alice: Visitor) -> None:
    company = await new_company(alice)
    prepare = f"/companies/{company}/setup/prepare"
    days = [await fetchval("select to_char(now() - $1 * interval '1 day', 'YYYY-MM-DD')", ago) for ago in (200, 30)]
    token = alice.cookies["deskbridge-form"]
    sent = {"_csrf_token": token, "restores": "dates", "restored": [days[1], days[0], days[0], ""], "add": "on"}
    added = await alice.post(prepare, data=sent)
    assert added.headers["location"] == f"{prepare}#restored"
    assert (await prepared(company))["restored"] == days  # D10
    page = (await alice.get(prepare)).text
    assert len(re.findall(r'type="date" name="restored"', page)) == 3  # one more to fill in
    await alice.post(prepare, data=sent | {"restored": days, "remove": "0"})
    assert (await prepared(company))["restored"] == [days[1]]
    await alice.submit(prepare, restores="none", restored=days[0])
    assert (await prepared(company))["restored"] == []  # D10: none


async def test_what_cannot_be_read_is_said_beside_the_field_and_the_rest_is_kept(alice: Visitor) -> None:
    company = await new_company(alice)
    prepare = f"/companies/{company}/setup/prepare"
    await alice.submit(prepare, size="310", unit="MB")
    answer = await alice.submit(
        prepare, size="big", unit="GB", restores="dates", restored="1999-01-01", computer="PC-7"
    )
    assert answer.status_code == 422
    assert "<title>Error: Prepare" in answer.text
    assert "Two things to correct" in answer.text
    assert '<a href="#size">Write the size as a number, such as 1.2; “big” is none</a>' in answer.text
    assert '<a href="#restored">1 Jan 1999 is more than a year ago: it does not matter any more</a>' in answer.text
    assert 'value="big"' in answer.text  # what was typed is not cleared
    kept = await prepared(company)
    assert (kept["size"], kept["restored"], kept["computer"]) == ("310", [], "PC-7")


async def test_b11_the_region_is_one_of_two_cards_and_changes_until_begin_sync(alice: Visitor, begun: Walk) -> None:
    text = (await alice.get(f"{begun.home}/region")).text
    assert "United States" in text
    assert "Canada" in text
    assert "what Verify expects" in text  # what it decides
    none = await alice.submit(f"{begun.home}/region", region="FR")
    assert none.status_code == 422
    await alice.submit(f"{begun.home}/region", region="CA")  # B11
    assert await fetchval("select region from company where id = $1", begun.company) == "CA"
    assert "Canada. Alice, today," in (await alice.get(begun.home)).text
    await execute("update company set begun_at = now() where id = $1", begun.company)
    assert "so it stays" in (await alice.submit(f"{begun.home}/region", region="US")).text
    assert await fetchval("select region from company where id = $1", begun.company) == "CA"


async def test_b12_b14_verify_waits_for_a_real_session_and_next_is_not_there_before_it_passed(
    alice: Visitor, begun: Walk
) -> None:
    verify = (await alice.get(f"{begun.home}/verify")).text
    assert "Waits for the first call." in verify
    assert "Begin sync" not in verify.replace("until you press Begin sync", "")  # B12
    assert (await alice.get(f"{begun.home}/confirm")).headers["location"] == f"{begun.home}/verify"  # B12
    refused = await alice.submit(f"{begun.home}/confirm")
    assert refused.status_code == 422  # B12
    assert "No company file has answered yet." in refused.text
    assert "Several windows may flash on that computer" in verify  # D28
    await begun.connector.update()
    verify = (await alice.get(f"{begun.home}/verify")).text
    assert "All seven match" in verify  # B14
    assert ">Begin sync</button>" in verify  # B12
    assert re.search(r"The Web Connector called today, \d\d:\d\d:\d\d from SHOP-PC", verify)
    assert "QuickBooks Premier 2024" in verify
    assert ">16.0<" in verify
    assert states((await alice.get(begun.home)).text)[2:] == ["done", "done", "waiting", "blocked"]


async def test_b14_the_page_follows_the_first_call_by_itself_on_two_screens(
    enter: Enter, alice: Visitor, begun: Walk
) -> None:
    streams = [events(each, f"{begun.home}/live?of=verify") for each in (alice, await enter("owner"))]
    for stream in streams:
        first = dict([await anext(stream) for _ in range(3)])
        assert first.keys() == {"verify", "heard", "steps"}
        assert "Waiting" in first["verify"]
    await begun.connector.update()
    for stream in streams:
        while "All seven match" not in (await anext(stream))[1]:
            pass
        await stream.aclose()


async def test_d38_both_names_stand_side_by_side_and_begin_sync_starts_it(alice: Visitor, begun: Walk) -> None:
    await begun.connector.update()
    text = (await alice.get(f"{begun.home}/confirm")).text
    pair = re.search(r'<div class="both-names">.*?</div>\s*</div>', text, re.DOTALL)
    assert pair
    assert pair[0].count(f"<b>{NAME}</b>") == 2  # D38: here and in QuickBooks
    assert "on SHOP-PC" in pair[0]
    assert "Sync this company with this file?" in text  # D38
    assert await fetchval("select count(*) from run where company = $1", begun.company) == 0
    pressed = await alice.submit(f"{begun.home}/confirm")
    assert pressed.headers["location"] == f"{begun.home}/first-sync"
    assert await fetchval("select kind from run where company = $1", begun.company) == "initial"  # D38
    assert await fetchval("select actor from audit_entry where action = 'company.begun'") == "alice@halder.example"


async def test_d40_nothing_but_what_identifies_the_file_is_read_before_begin_sync(alice: Visitor, begun: Walk) -> None:
    for _ in range(3):
        await begun.connector.update()
    assert await Record.count().where(Record.company == begun.company) == 0  # D40
    asked = await fetch("select distinct kind, name from request where company = $1", begun.company)
    assert {row["kind"] for row in asked} <= {"identity"}  # D40
    await alice.get(f"{begun.home}/confirm")
    assert await Record.count().where(Record.company == begun.company) == 0


async def test_d38_another_name_has_to_be_confirmed_before_the_sync_begins(
    alice: Visitor, site: str, tmp_path: Path
) -> None:
    found = await walk(alice, site, tmp_path, file_name="Granite Fabrication of Ohio")
    await found.connector.update()
    text = (await alice.get(f"{found.home}/confirm")).text
    assert "Another name" in text
    assert "although it is called Granite Fabrication of Ohio in QuickBooks" in text
    first = re.search(r'<th scope="row" class="verify__name">([\w ]+)', text)
    assert first
    assert first[1] == "Company name"  # what differs stands first
    refused = await alice.submit(f"{found.home}/confirm")
    assert refused.status_code == 422
    assert await fetchval("select begun_at from company where id = $1", found.company) is None
    assert (await alice.submit(f"{found.home}/confirm", sure="on")).status_code == 303
    found.connector.close()


async def test_d39_the_wrong_file_is_forgotten_and_leaving_changes_nothing(alice: Visitor, begun: Walk) -> None:
    await begun.connector.update()
    assert "This is the wrong file" in (await alice.get(f"{begun.home}/verify")).text  # D39
    left = await alice.submit(f"{begun.home}/reject")
    assert left.headers["location"] == f"{begun.home}/verify?rejected=1"
    text = (await alice.get(left.headers["location"])).text
    assert "The file that answered is forgotten." in text
    assert "Nothing yet" in text
    assert await fetchval("select count(*) from record where company = $1", begun.company) == 0
    await begun.connector.update()
    assert "All seven match" in (await alice.get(f"{begun.home}/verify")).text


async def test_d39_a_clear_exit_detaches_the_computer_asks_first_and_keeps_what_was_entered(
    alice: Visitor, begun: Walk
) -> None:
    await alice.submit(f"{begun.home}/prepare", size="310", unit="MB")
    home = (await alice.get(begun.home)).text
    assert f'<a href="{begun.home}/detach" data-opens="detach">Stop connecting and detach the computer</a>' in home
    asked = (await alice.get(f"{begun.home}/detach")).text
    assert "their licence keys stop working" in asked
    assert "Nothing in QuickBooks changes." in asked
    gone = await alice.submit(f"{begun.home}/detach")
    assert "is detached. Nothing in QuickBooks changed" in (await alice.get(gone.headers["location"])).text
    session = await begun.connector.update()
    assert session.replies["authenticate"][0][1] == "nvu"  # D39
    assert (await prepared(begun.company))["size"] == "310"


async def test_a_wrong_file_is_said_with_the_mismatches_first(alice: Visitor, site: str, tmp_path: Path) -> None:
    found = await walk(alice, site, tmp_path)
    canadian = company_file(tmp_path, "Halder Natural Stone, Inc.", "CA")
    other = await connector_for(found.company, canadian, site)
    await other.update()
    text = (await alice.get(f"{found.home}/verify")).text
    assert "This is not the company file you expected. Nothing was read, and nothing was written." in text
    assert f"Open {NAME} there, then press Update Selected" in text
    assert "1 of 7 differs" in text
    assert "Another company file answered. Nothing was read." in text
    first = re.search(r'<tr data-row="(\w+)" data-mark="(\w+)"', text)
    assert first
    assert (first[1], first[2]) == ("Country", "differs")
    assert "Begin sync</button>" not in text
    assert "This is the wrong file" in text
    taken = await alice.submit(f"{found.home}/adopt")
    assert taken.status_code == 422  # another country is no file that moved
    assert "United States" in taken.text
    other.close()
    found.connector.close()


async def test_d04_a_second_link_to_the_same_file_is_refused_with_a_clear_choice(
    enter: Enter, alice: Visitor, begun: Walk, site: str
) -> None:
    await begun.connector.update()
    await alice.submit(f"{begun.home}/confirm")
    twin = await new_company(alice, "Granite Twin", "yes")
    await alice.submit(f"/companies/{twin}/setup/region", region="US")
    again = await connector_for(twin, begun.file, site)
    again.added = True  # it takes no second mark: the file answers with that of the first company
    await again.update()
    verify = f"/companies/{twin}/setup/verify"
    text = (await alice.get(verify)).text
    assert f"{NAME} here has this company file already." in text  # D04
    assert f"Leave it with {NAME}" in text  # D04
    assert "Only an owner can take the file over" in text
    assert "Begin sync</button>" not in text
    assert (await alice.submit(f"/companies/{twin}/setup/confirm", sure="on")).status_code == 422  # D04
    assert (await alice.submit(f"/companies/{twin}/setup/move-link")).status_code == 403
    ruth = await enter("owner")
    assert "Take it over to Granite Twin" in (await ruth.get(verify)).text
    moved = await ruth.submit(f"/companies/{twin}/setup/move-link")
    assert moved.headers["location"] == verify
    assert "Begin sync</button>" in (await ruth.get(verify)).text  # D04: merged by that choice
    again.close()


async def test_d32_a_first_failure_to_connect_is_normal_and_nothing_has_failed(alice: Visitor, begun: Walk) -> None:
    begun.connector.faults.append(DialogOpen())
    await begun.connector.update()
    text = (await alice.get(f"{begun.home}/verify")).text
    assert "A first “cannot connect to QuickBooks” is normal. Still waiting." in text  # D32
    assert "Nothing has failed." in text  # D32
    assert "banner--bad" not in text
    begun.connector.faults.clear()
    await begun.connector.update()
    assert "is normal. Still waiting." not in (await alice.get(f"{begun.home}/verify")).text


@pytest.mark.parametrize("taken_away", [False, True])
async def test_b19_no_is_recognised_and_explained_with_the_way_to_undo_it(
    alice: Visitor, begun: Walk, *, taken_away: bool
) -> None:
    if taken_away:
        begun.connector.faults.append(PermissionRemoved())
    else:
        begun.connector.access = Access.NO
    await begun.connector.update()
    text = (await alice.get(f"{begun.home}/verify")).text
    assert "QuickBooks was told No: it does not let us in." in text  # B19
    assert "Edit, Preferences, Integrated Applications, Company Preferences." in text  # B19
    assert "Tick Allow access beside Deskbridge" in text
    assert 'href="/guide/codes/0x80040' in text


async def test_wrong_keys_and_unknown_user_names_are_told_with_the_likely_reason(
    alice: Visitor, begun: Walk, site: str
) -> None:
    begun.connector.faults.append(WrongPassword())
    await begun.connector.update()
    stray = WebConnector(begun.connector.qwc, "x", begun.file, url=f"{site}/qbwc")
    object.__setattr__(stray.qwc, "user_name", "c-stray")
    await stray.update()
    stray.close()
    text = (await alice.get(f"{begun.home}/verify")).text
    assert "One wrong key." in text
    assert "most likely mistyped, or not copied whole" in text
    assert "the user name “c-stray”, which no connector here has" in text
    assert begun.connector.password not in text


async def first_sync(alice: Visitor, begun: Walk) -> None:
    """Verify, confirm, and read to the end."""
    await begun.connector.update()
    assert (await alice.submit(f"{begun.home}/confirm")).status_code == 303
    while await runs.active_number(begun.company) is not None:  # a busy machine may need a second session
        await begun.connector.update()
        await asyncio.sleep(0.05)


async def test_d41_d42_d43_d46_while_it_reads_the_page_shows_progress_and_what_to_leave_alone(
    alice: Visitor, begun: Walk
) -> None:
    await alice.submit(f"{begun.home}/prepare", size="1.2", unit="GB")
    await begun.connector.update()
    await alice.submit(f"{begun.home}/confirm")
    text = (await alice.get(f"{begun.home}/first-sync")).text
    assert "It begins when the Web Connector calls" in text
    assert "60 to 120 minutes for a file of 1.2 GB" in text  # D42
    begun.connector.faults.append(SlowQuickBooks(0.05))
    reading = asyncio.create_task(begun.connector.update())
    stream = events(alice, f"{begun.home}/live?of=first-sync")
    while True:
        name, html = await anext(stream)
        if name == "sync" and "First: lists" in html:
            break
    assert 'role="progressbar"' in html  # D41
    for sentence in (
        "Leave the Web Connector open. <b>Hide</b> it, do not exit.",  # D43
        "sleep, hibernate, restart or shut down",  # D43
        "Do not close the company file.",  # D43
    ):
        assert sentence in html
    assert "First: lists" in html  # D46
    assert "Then: history" in html  # D46
    assert "You may close this page. If the computer stops, the sync goes on where it was when it comes back." in html
    assert "Syncing now" in (await alice.get(f"/companies/{begun.company}")).text  # D41
    begun.connector.faults.clear()
    await reading
    while "Connected. You may leave" not in (await anext(stream))[1]:  # D44, D45: by itself
        pass
    await stream.aclose()


async def test_d44_d45_at_the_end_it_is_connected_and_single_user_mode_may_be_left(alice: Visitor, begun: Walk) -> None:
    await first_sync(alice, begun)
    text = (await alice.get(f"{begun.home}/first-sync")).text
    assert "Connected. You may leave single-user mode now; press Hide, not Exit." in text  # D44, D45
    assert "The first sync is over. You may leave single-user mode now." in text  # D45
    assert "Hide it, do not exit." in text  # D45
    assert re.search(r"The first sync is over: \d+ rows in", text)
    assert "Connected" in (await alice.get(f"/companies/{begun.company}")).text  # D44
    assert states((await alice.get(begun.home)).text)[1:] == ["done"] * 5
    assert await Record.count().where(Record.company == begun.company) == sum(begun.file.counts().values())


async def test_b16_the_access_that_was_given_is_told_and_every_yes_works(alice: Visitor, begun: Walk) -> None:
    begun.connector.access = Access.WHEN_OPEN
    await begun.connector.update()
    text = (await alice.get(f"{begun.home}/verify")).text
    assert "Access that was given" in text
    assert "All seven match" in text  # B16


@pytest.mark.parametrize(
    ("megabytes", "minutes"),
    [
        (None, (5, 120)),
        (1, (5, 10)),
        (150, (5, 20)),
        (310, (10, 40)),
        (700, (20, 60)),
        (701, (60, 120)),
        (9e4, (60, 120)),
    ],
)
def test_d42_the_expected_time_is_between_5_and_120_minutes_by_size(
    megabytes: float | None, minutes: tuple[int, int]
) -> None:
    assert expected_minutes(megabytes) == minutes  # D42


async def test_a_member_may_not_set_up_and_is_told_who_can_give_the_role(enter: Enter) -> None:
    bob = await enter("member")
    refused = await bob.get("/companies/1/setup")
    assert refused.status_code == 403
    assert "<b>accounting manager</b>" in refused.text
