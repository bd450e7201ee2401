"""The way in: what QuickBooks Desktop data is, one button, whose data it is, and companies on one computer."""

import re

from sync.store import workspace
from sync.store.base import execute, fetch, fetchrow, fetchval
from tests.web.conftest import Visitor
from tests.web.pages.conftest import Enter
from tests.web.pages.walking import WHO, new_company

BUTTON = '<a class="button button--primary" href="/connect/company">Connect to QuickBooks</a>'


async def nothing_connected() -> None:
    await execute("truncate company cascade")
    await workspace.switch_on(*WHO)


async def test_a05_home_leads_to_connecting_while_nothing_is_connected_and_the_visitor_may(enter: Enter) -> None:
    alice, vera = await enter("accounting_manager"), await enter("viewer")
    assert (await alice.get("/")).headers["location"] == "/companies"
    await nothing_connected()
    assert (await alice.get("/")).headers["location"] == "/connect"  # A05
    assert (await vera.get("/")).headers["location"] == "/companies"  # who may not connect is not sent there
    await new_company(alice)
    assert (await alice.get("/")).headers["location"] == "/connect"  # begun is not connected
    assert "Set-ups that are not over" in (await alice.get("/connect")).text


async def test_a06_a12_a13_a14_the_page_says_what_carries_the_data_and_has_one_main_button(enter: Enter) -> None:
    alice = await enter("accounting_manager")
    text = (await alice.get("/connect")).text
    assert text.count("button--primary") == 1  # A06
    assert BUTTON in text  # A06
    assert "in one company file on a computer" in text  # A12
    assert "it is free, it comes with QuickBooks Desktop" in text  # A12
    assert "where to find or download it" in text  # A12
    assert "over HTTPS only" in text  # A13
    assert "it calls on a schedule, encrypted" in text  # A13
    assert "Each page here shows whether it called" in text  # A13
    helps = re.findall(r'href="(/guide[^"]*)"', text)
    assert helps  # A14
    for link in helps:
        page = await alice.get(link)
        assert page.status_code == 200  # A14
        assert len(page.text) > 1000  # A14: not an empty page


async def test_a07_who_is_signed_out_signs_in_and_comes_back_to_the_same_step(visitor: Visitor, enter: Enter) -> None:
    await workspace.switch_on(*WHO)
    shown = await visitor.get("/connect")
    assert BUTTON in shown.text
    assert "Halder" not in shown.text  # nothing of the team before one signs in
    pressed = await visitor.get("/connect/company")
    assert pressed.headers["location"] == "/sign-in?next=/connect/company"  # A07
    alice = await enter("accounting_manager")
    back = await alice.get(pressed.headers["location"])
    assert back.headers["location"] == "/connect/company"  # A07
    assert "Which company’s data?" in (await alice.get("/connect/company")).text


async def test_while_quickbooks_desktop_is_off_the_button_leads_to_where_it_is_switched_on(enter: Enter) -> None:
    await execute("update workspace set enabled_at = null")
    alice = await enter("accounting_manager")
    switch = "/settings/integrations/quickbooks-desktop"
    assert (await alice.get("/connect/company")).headers["location"] == switch
    assert (await alice.submit("/connect/company", company="new", name="X")).headers["location"] == switch
    assert await fetchval("select count(*) from company") == 1


async def test_a10_a11_the_chooser_lists_every_company_distinguishably_and_shows_the_choice_back(enter: Enter) -> None:
    alice = await enter("accounting_manager")
    await new_company(alice, "Halder Transport Co.")
    text = (await alice.get("/connect/company")).text
    picks = re.findall(r'<label class="check check--radio pick">.*?</label>', text, re.DOTALL)
    assert len(picks) == 3  # A11: both, and another company
    stone, transport = sorted(picks[:2], key=lambda pick: "Transport" in pick)
    assert "Halder Natural Stone, Inc." in stone
    assert "SERVER-01." in stone  # A11: told apart by file, edition and computer
    assert "Connected" in stone  # A11: and by state
    assert "No file yet, United States." in transport
    assert "Connected" not in transport
    chosen = await alice.submit("/connect/company", company="1")  # A10
    assert chosen.headers["location"] == "/companies/1/setup?chosen=1"
    shown = (await alice.get("/companies/1/setup?chosen=1")).text
    assert "You chose Halder Natural Stone, Inc." in shown  # A11, D24
    assert "<h1" in shown
    assert "Connect Halder Natural Stone, Inc. to QuickBooks" in shown  # A11


async def test_b22_another_company_starts_the_flow_again_and_is_audited(enter: Enter) -> None:
    alice = await enter("accounting_manager")
    company = await new_company(alice, "Halder Transport Co.")
    home = (await alice.get(f"/companies/{company}/setup")).text
    assert 'href="/connect/company">Connect another company</a>' in home  # B22
    assert "there is nothing to install again" in home
    entry = await fetchrow(
        "select actor, subject, address from audit_entry where action = 'company.added' and company = $1", company
    )
    assert entry is not None
    assert tuple(entry) == ("alice@halder.example", "Halder Transport Co.", "127.0.0.1")


async def test_companies_on_one_computer_get_schedules_of_their_own_and_only_they_the_advice(enter: Enter) -> None:
    alice = await enter("accounting_manager")
    alone = await new_company(alice, "Alone")
    first, second = await new_company(alice, "First", "yes"), await new_company(alice, "Second", "yes")
    minutes = {row["id"]: row["schedule_minutes"] for row in await fetch("select id, schedule_minutes from company")}
    assert (minutes[1], minutes[alone], minutes[first], minutes[second]) == (15, 15, 16, 17)
    advice = "leave QuickBooks open there without a company"
    assert advice in (await alice.get(f"/companies/{first}/setup")).text
    assert "It calls every 16 minutes" in (await alice.get(f"/companies/{first}/setup")).text
    assert advice not in (await alice.get(f"/companies/{alone}/setup")).text


async def test_the_chooser_says_what_is_missing_and_keeps_what_was_typed(enter: Enter) -> None:
    alice = await enter("accounting_manager")
    await workspace.switch_on(*WHO)
    for sent, sentence in (
        ({}, "Choose whose data it is"),
        ({"company": "999"}, "Choose whose data it is"),
        ({"company": "new", "shared": "no"}, "Write the name of the company"),
        ({"company": "new", "name": "halder natural stone, inc.", "shared": "no"}, "There is a company of this name"),
        ({"company": "new", "name": "Kept"}, "Say whether it is on the same computer"),
    ):
        answer = await alice.submit("/connect/company", **sent)
        assert answer.status_code == 422, sent
        assert sentence in answer.text
        assert "<title>Error: Choose the company" in answer.text
    assert 'value="Kept"' in answer.text
    assert await fetchval("select count(*) from company") == 1


async def test_for_the_first_company_only_its_name_is_asked(enter: Enter) -> None:
    await nothing_connected()
    ruth = await enter("owner")
    text = (await ruth.get("/connect/company")).text
    assert 'type="radio"' not in text
    assert "As the title bar of QuickBooks shows it" in text
    made = await ruth.submit("/connect/company", company="new", name="Halder Natural Stone, Inc.")
    assert made.status_code == 303
