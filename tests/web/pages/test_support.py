"""The way to help: whom to ask, and what is handed over to them."""

import dataclasses
import json
import re
from datetime import UTC, datetime, timedelta
from importlib.metadata import version

import pytest

from sync.keys import KeyRing
from sync.qbxml import statuses
from sync.settings import Settings
from sync.store import people
from sync.store.base import execute, fetchrow, fetchval
from tests.serving import SECRET
from tests.web.conftest import Visitor
from tests.web.pages.conftest import SSN, Enter
from tests.web.pages.test_setup_links import came_by, make_link

URL = "/companies/1/support"


async def text_of(visitor: Visitor) -> str:
    answer = await visitor.get(f"{URL}/summary.txt")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert "attachment" in answer.headers["content-disposition"]
    return answer.text


async def test_a25_support_is_reached_from_the_status_page_with_the_state_attached(enter: Enter) -> None:
    await execute("update company set last_call_at = $1, begun_at = created_at", datetime.now(UTC) - timedelta(hours=3))
    vera = await enter("viewer")
    assert f'href="{URL}"' in (await vera.get("/companies/1")).text  # A25
    page = (await vera.get(URL)).text
    assert "Not active: last active 3 h ago" in page
    assert 'href="mailto:ruth@halder.example?subject=Deskbridge%2C%20Halder%20Natural%20Stone' in page
    assert "Copy the summary" in page
    found = re.search(r"<pre[^>]*>(.*?)</pre>", page, re.DOTALL)
    assert found is not None
    assert "No call for 45 min" in found[1]  # A25: the context, why and since when


async def test_a17_the_never_synced_alert_leads_to_support(enter: Enter) -> None:
    await execute("update company set last_sync_at = null, last_call_at = null")
    text = (await (await enter("viewer")).get("/companies/1")).text
    assert "Never synced." in text
    assert re.search(rf'<a[^>]*href="{URL}"[^>]*>Ask for help</a>', text)  # A17
    assert "Auto-Run" in text  # A17: what to check
    assert "Last call never" in await text_of(await enter("viewer"))


async def test_the_summary_says_versions_computers_sessions_codes_and_what_was_entered(enter: Enter) -> None:
    await execute(
        """update connector set wrong_keys = 3, wrong_key_at = now(), wrong_key_reason = 'revoked',
           wrong_key_address = '203.0.113.7', client_version = '34.0.10004.89'"""
    )
    await execute("update company set prepared = $1", json.dumps({"computer": "SERVER-01", "kind": "server"}))
    await execute(
        "update request set hresult = '0x80040400', status_code = null where id = (select max(id) from request)"
    )
    await execute("update request set status_code = 3120 where id = (select min(id) from request)")
    text = await text_of(await enter("viewer"))
    for words in (
        f"Deskbridge {version('deskbridge')}",
        "PostgreSQL ",
        "Web Connector 34.0.10004.89",
        "SERVER-01 (holds the company): last call ",
        "3 wrong keys since the last right one",
        "203.0.113.7",
        "Every 15 min",
        "Sync window: Syncs may run at any time.",
        "sync 1",
        "Computer: SERVER-01, a server",
        "0x80040400",
        "status 3120",
        statuses.status(3120).meaning,
    ):
        assert words in text, words
    meaning = statuses.hresult("0x80040400")
    assert meaning is not None
    assert meaning.meaning in text


async def test_c30_what_was_tried_in_the_guide_is_handed_over_with_its_result(enter: Enter) -> None:
    detail = {"trial": 1, "outcome": "silent", "result": "No call came by 14:35."}
    await people.audit(
        "bob@halder.example", "guide.tried", company=1, subject="Step 2: The Web Connector is running", detail=detail
    )
    text = await text_of(await enter("viewer"))
    assert "Step 2: The Web Connector is running. No call came by 14:35." in text  # C30


async def test_the_summary_holds_no_secret_no_record_and_nobodys_address(enter: Enter, personal: int) -> None:
    row = await fetchrow("select key_sealed, user_name, owner_id, file_id from connector")
    assert row is not None
    key = KeyRing(SECRET).opened(row["key_sealed"])
    await execute(
        "update company set paused_at = now(), paused_by = 'bob@halder.example', paused_why = 'ask bob@x.example'"
    )
    await execute(
        "update session set result = $1 where id = (select max(id) from session)", "Cancelled by ruth@halder.example."
    )
    customer = await fetchval("select max(name) from record where entity = 'Customer'")
    text = await text_of(await enter("viewer"))
    assert "(a person of the team)" in text
    assert "@" not in text
    for secret in (key, SSN, "99887766", SECRET, row["user_name"], row["owner_id"], customer):
        assert secret
        assert secret not in text


async def test_who_came_by_a_set_up_link_gets_help_too_but_no_address(enter: Enter, site: str) -> None:
    path, _ = await make_link(await enter("owner"))
    dan, _ = await came_by(site, path)
    page = await dan.get(URL)
    assert page.status_code == 200
    assert "Ask Ruth" in page.text
    assert "@halder.example" not in page.text
    assert 'href="/companies"' not in page.text
    assert "@" not in (await dan.get(f"{URL}/summary.txt")).text
    assert (await dan.get("/companies/1/exports")).headers["location"].startswith("/sign-in")
    await dan.aclose()


async def test_nobody_else_sees_it(site: str) -> None:
    async with Visitor(base_url=site) as nobody:
        assert (await nobody.get(URL)).headers["location"].startswith("/sign-in")
        assert (await nobody.get(f"{URL}/summary.txt")).headers["location"].startswith("/sign-in")


class TestWithContact:
    """With SUPPORT_CONTACT."""

    @pytest.fixture
    def settings(self, settings: Settings, request: pytest.FixtureRequest) -> Settings:
        return dataclasses.replace(settings, support_contact=request.param)

    @pytest.mark.parametrize("settings", ["help@desk.example"], indirect=True)
    async def test_an_address_takes_the_place_of_the_owners(self, enter: Enter) -> None:
        page = (await (await enter("viewer")).get(URL)).text
        assert 'href="mailto:help@desk.example?subject=' in page
        assert "ruth@halder.example" not in page

    @pytest.mark.parametrize("settings", ["https://help.example/desk"], indirect=True)
    async def test_a_page_is_linked(self, enter: Enter) -> None:
        page = (await (await enter("viewer")).get(URL)).text
        assert 'href="https://help.example/desk"' in page
        assert "mailto:" not in page
