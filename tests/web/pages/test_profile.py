"""The company profile: where it is found, what it tells of the file and of each computer, and who sees what of it."""

import re

import pytest

from sync.store.base import execute, fetchval
from tests.web.pages.conftest import Enter
from tests.web.pages.test_connectors import HIDDEN, KEY, add, connectors, first, key_of, reply_to, text_of

PROFILE = "/companies/1/profile"


def menu_of(page: str) -> list[tuple[str, str]]:
    """Address and words of the links in the initials menu."""
    menu = page[page.index('class="menu menu--end topbar__person"') : page.index('id="appearance"')]
    return re.findall(r'<a class="menu__item" href="([^"]+)">([^<]+)</a>', menu)


async def test_d25_the_profile_is_opened_from_the_initials_menu(enter: Enter) -> None:
    vera = await enter("viewer")
    inside = menu_of((await vera.get("/companies/1")).text)
    assert inside[0] == (PROFILE, "Company profile")  # D25
    assert menu_of((await vera.get("/companies")).text)[0] == (PROFILE, "Company profile")
    await execute("insert into company (name, region, file_id) values ('Granite Ridge', 'CA', '{X}')")
    two = [words for _, words in menu_of((await vera.get("/companies")).text)]
    assert two[:2] == ["Profile of Granite Ridge", "Profile of Halder Natural Stone, Inc."]
    await execute(
        "insert into company (name, region, file_id) select 'Yard ' || n, 'US', '{Y}' from generate_series(1, 9) n"
    )
    many = menu_of((await vera.get("/companies")).text)
    assert many[0] == ("/profiles", "Company profiles")
    listed = (await vera.get("/profiles")).text
    assert f'href="{PROFILE}"' in listed
    assert "Granite Ridge" in listed
    assert "Canada" in listed


async def test_the_profile_says_what_quickbooks_said_and_when(enter: Enter) -> None:
    text = text_of((await (await enter("viewer")).get(PROFILE)).text)
    assert "As QuickBooks said it today," in text
    assert "over SERVER-01." in text
    assert "Company name Halder Natural Stone, Inc." in text
    assert "Region United States" in text
    assert r"\Halder Natural Stone Inc.qbw" in text
    await execute("update company set facts = null, facts_at = null, file_path = null")
    assert "No company file has answered yet." in text_of((await (await enter("viewer")).get(PROFILE)).text)


async def test_d26_d30_connector_and_key_are_on_the_profile_for_those_who_may(enter: Enter) -> None:
    alice, id = await enter("accounting_manager"), await first()
    page = await alice.get(PROFILE)
    assert f'href="{connectors(id)}/file"' in page.text  # D26
    assert "Download connector" in page.text
    assert HIDDEN in page.text
    assert not KEY.search(page.text)
    form = re.search(r'<form class="copy" method="post" action="([^"]+)"', page.text)
    assert form
    shown = await alice.submit(form[1], headers={"hx-request": "true"})
    assert KEY.search(shown.text)  # D30
    assert "Copy the key" in shown.text  # D30


@pytest.mark.parametrize("role", ["member", "viewer"])
async def test_others_read_the_profile_without_keys_files_and_what_changes_them(enter: Enter, role: str) -> None:
    page = (await (await enter(role)).get(PROFILE)).text
    assert "SERVER-01" in page
    assert (HIDDEN in page, KEY.search(page), "/connectors" in page) == (False, None, False)  # D49
    assert "for owners and accounting managers: Ruth and Alice" in text_of(page)


async def test_each_computer_is_told_with_state_last_call_address_and_key(enter: Enter, site: str) -> None:
    alice, id = await enter("accounting_manager"), await first()
    text = text_of((await alice.get(PROFILE)).text)
    assert "Carries the syncs" in text
    assert re.search(r"Last call Today, \d\d:\d\d from 127\.0\.0\.1", text)
    assert "With which key The present one, since today" in text
    await alice.submit(f"{connectors(id)}/rotate")
    assert "With which key The old one. A new key was made today" in text_of((await alice.get(PROFILE)).text)
    file = (await alice.get(f"{connectors(id)}/file")).content
    await reply_to(site, file, await key_of(alice, id))
    assert "With which key The present one, since today" in text_of((await alice.get(PROFILE)).text)


async def test_d50_the_holder_and_the_standby_are_told_apart(enter: Enter) -> None:
    alice, id = await enter("accounting_manager"), await first()
    other = await add(alice, "BACK-OFFICE")
    assert "Has not called yet" in text_of((await alice.get(PROFILE)).text)
    await execute("update company set holder = $1", id)
    await execute("update connector set last_called_at = now(), last_address = '203.0.113.9' where id = $1", other)
    text = text_of((await alice.get(PROFILE)).text)
    assert re.search(r"SERVER-01 Carries the syncs .* BACK-OFFICE Stands by", text)  # D50


async def test_a_wrong_key_is_counted_with_its_address_and_likely_reason(enter: Enter, site: str) -> None:
    alice, id = await enter("accounting_manager"), await first()
    file = (await alice.get(f"{connectors(id)}/file")).content
    await reply_to(site, file, "AAAAA-AAAAA-AAAAA-AAAAA-AAAAA")
    text = text_of((await alice.get(PROFILE)).text)
    assert "Calls with a wrong key" in text
    assert re.search(r"1 wrong key since the last right one, the last today, \d\d:\d\d from 127\.0\.0\.1\.", text)
    assert "most likely mistyped" in text


async def test_c18_every_min_by_the_file_stands_beside_how_often_it_really_calls(enter: Enter) -> None:
    alice, id = await enter("accounting_manager"), await first()
    await execute("update connector set issued_minutes = 15, issued_seconds = null, call_gap = 890 where id = $1", id)
    text = text_of((await alice.get(PROFILE)).text)
    assert "“15” by its file, so about every 15 min; calls come every 14 min 50 s" in text  # C18
    assert "changed Every-Min" not in text
    await execute("update connector set call_gap = 61 where id = $1", id)
    changed = await alice.get(PROFILE)
    assert "Its file says every 15 min, but it calls every 1 min 1 s" in text_of(changed.text)
    assert f'href="/companies/1/setup/connector?computer={id}#every-min"' in changed.text


async def test_a_file_that_is_older_than_the_schedule_is_said(enter: Enter) -> None:
    alice, id = await enter("accounting_manager"), await first()
    await alice.get(f"{connectors(id)}/file")
    assert "The settings say" not in (await alice.get(PROFILE)).text
    await execute("update company set schedule_minutes = 60")
    text = text_of((await alice.get(PROFILE)).text)
    assert "The settings say every 1 h now. Download the connector again and open it there" in text


async def test_what_cannot_be_taken_back_asks_in_a_dialog_and_without_scripts_on_a_page(enter: Enter) -> None:
    alice, id = await enter("accounting_manager"), await first()
    page = (await alice.get(PROFILE)).text
    for what, sentence in (
        ("rotate", "goes on working until the new one was used"),
        ("revoke", "Its licence key ends at once"),
    ):
        assert f'href="{connectors(id)}/{what}" data-opens="{what}-{id}"' in page
        dialog = page[page.index(f'id="{what}-{id}"') :].partition("</dialog>")[0]
        assert sentence in dialog
        assert sentence in (await alice.get(f"{connectors(id)}/{what}")).text


async def test_a_silent_company_and_a_revoked_computer_are_said(enter: Enter) -> None:
    alice, id = await enter("accounting_manager"), await first()
    await execute("update company set last_call_at = now() - interval '5 hours'")
    await execute("update connector set last_called_at = now() - interval '5 hours'")
    assert "Silent: last call 5 h ago" in text_of((await alice.get(PROFILE)).text)
    done = await alice.submit(f"{connectors(id)}/revoke")
    text = text_of((await alice.get(done.headers["location"].partition("#")[0])).text)
    assert "The connector is revoked." in text
    assert "Revoked: SERVER-01, today" in text
    assert "by alice@halder.example" in text
    assert "No computer yet." in text


async def test_d47_the_profile_leads_to_set_up_settings_and_troubleshooting(enter: Enter) -> None:
    page = (await (await enter("owner")).get(PROFILE)).text
    for path in ("/setup", "/settings", "/troubleshooting", "/connectors"):
        assert f'href="/companies/1{path}"' in page  # D47: another computer without installing anything again
    assert await fetchval("select count(*) from audit_entry where action = 'licence_key.shown'") == 0
