"""Settings, Add-ons and integrations, QuickBooks Desktop, Enable: off until somebody with the right says so."""

import re

import pytest

from sync.store import workspace
from sync.store.base import execute, fetch, fetchval
from tests.web.pages.conftest import Enter

QUICKBOOKS = "/settings/integrations/quickbooks-desktop"


async def test_b06_enable_is_reached_by_settings_add_ons_and_quickbooks_desktop(enter: Enter) -> None:
    await execute("update workspace set enabled_at = null")
    alice = await enter("accounting_manager")
    page = await alice.get("/companies")
    for label, href in (
        ("Settings", "/settings"),
        ("Add-ons and integrations", "/settings/integrations"),
        ("Set up QuickBooks Desktop", QUICKBOOKS),
    ):
        assert re.search(rf'<a[^>]* href="{href}"[^>]*>{label}</a>', page.text), label  # B06
        page = await alice.get(href)
    assert f'action="{QUICKBOOKS}/enable"' in page.text  # B06
    assert ">Enable</button>" in page.text


async def test_b07_it_is_off_until_somebody_with_the_right_enables_it_and_that_is_logged(enter: Enter) -> None:
    await execute("update workspace set enabled_at = null, enabled_by = ''")
    vera, alice = await enter("viewer"), await enter("accounting_manager")
    assert "Off until somebody enables it." in (await vera.get(QUICKBOOKS)).text  # B07
    refused = await alice.submit("/connect/company", company="new", name="Another", shared="no")
    assert refused.headers["location"] == QUICKBOOKS  # B07: no set-up begins
    assert await fetchval("select count(*) from company") == 1
    assert not await workspace.quickbooks_on()  # B07, E01
    assert (await vera.submit(f"{QUICKBOOKS}/enable")).status_code == 403  # B07: the right
    assert not await workspace.quickbooks_on()
    enabled = await alice.submit(f"{QUICKBOOKS}/enable")
    assert enabled.headers["location"] == f"{QUICKBOOKS}?told=on"
    assert await workspace.quickbooks_on()
    rows = await fetch("select actor, action, address from audit_entry order by id desc limit 1")
    assert tuple(rows[0]) == ("alice@halder.example", "integration.enabled", "127.0.0.1")  # B07: logged
    page = await alice.get("/audit-log")
    assert "<b" in page.text
    assert "enabled QuickBooks Desktop" in page.text


async def test_b07_disabling_is_logged_and_said_on_every_page(enter: Enter) -> None:
    alice, bob = await enter("accounting_manager"), await enter("member")
    await alice.submit(f"{QUICKBOOKS}/enable")
    assert (await bob.submit(f"{QUICKBOOKS}/disable")).status_code == 403
    await alice.submit(f"{QUICKBOOKS}/disable")
    assert not await workspace.quickbooks_on()
    assert await fetchval("select action from audit_entry order by id desc limit 1") == "integration.disabled"  # B07
    for path in ("/companies", "/companies/1", "/companies/1/syncs", "/team"):
        assert "QuickBooks Desktop is not enabled." in (await bob.get(path)).text  # B07: pages say so
    await alice.submit(f"{QUICKBOOKS}/enable")
    assert "QuickBooks Desktop is not enabled." not in (await bob.get("/companies")).text


@pytest.mark.parametrize("path", ["enable", "disable"])
async def test_doing_it_twice_is_logged_once(enter: Enter, path: str) -> None:
    ruth = await enter("owner")
    await ruth.submit(f"{QUICKBOOKS}/{'disable' if path == 'enable' else 'enable'}")
    await ruth.submit(f"{QUICKBOOKS}/{path}")
    assert (await ruth.submit(f"{QUICKBOOKS}/{path}")).headers["location"] == f"{QUICKBOOKS}?told=same"
    assert await fetchval("select count(*) from audit_entry where action = $1", f"integration.{path}d") == 1


async def test_a09_enabling_it_goes_on_to_connecting_the_first_company(enter: Enter) -> None:
    await execute("update workspace set enabled_at = null")
    await execute("update company set removed_at = now()")
    enabled = await (await enter("owner")).submit(f"{QUICKBOOKS}/enable")
    assert enabled.headers["location"] == "/connect"  # A09


async def test_a26_everything_about_each_company_is_found_under_settings(enter: Enter) -> None:
    ruth = await enter("owner")
    await ruth.submit(f"{QUICKBOOKS}/enable")
    page = (await ruth.get(QUICKBOOKS)).text
    for part in ("/setup", "", "/settings", "/troubleshooting"):  # A26
        assert f'href="/companies/1{part}"' in page
    assert "Halder Natural Stone, Inc." in page
    assert 'href="/companies/1/settings"' in (await ruth.get("/settings")).text  # A26


async def test_a_viewer_finds_the_pages_but_not_the_set_up(enter: Enter) -> None:
    vera = await enter("viewer")
    page = (await vera.get(QUICKBOOKS)).text
    assert 'href="/companies/1/setup"' not in page
    assert "/disable" not in page
    settings = (await vera.get("/settings")).text
    assert 'name="accounts"' not in settings


async def test_the_team_gets_another_name_from_an_owner_only(enter: Enter) -> None:
    assert (await (await enter("accounting_manager")).submit("/settings/team", name="Mine")).status_code == 403
    ruth = await enter("owner")
    assert (await ruth.submit("/settings/team", name=" ")).status_code == 422
    saved = await ruth.submit("/settings/team", name="Halder & Daughters", accounts="on")
    assert saved.headers["location"] == "/settings?told=saved"
    assert "Halder &amp; Daughters" in (await ruth.get("/settings")).text
    assert await fetchval("select subject from audit_entry where action = 'team.renamed'") == "Halder & Daughters"
