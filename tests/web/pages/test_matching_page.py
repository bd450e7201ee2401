"""Records made here before QuickBooks was read are confirmed one by one on their page."""

import re

from sync.store import changes
from sync.store.base import fetch, fetchrow, fetchval
from tests.web.pages.conftest import Enter
from tests.web.pages.test_approval import send

PAGE = "/companies/1/matching"


async def test_an_exact_match_is_chosen_already_and_confirmed_by_a_person(enter: Enter) -> None:
    manager = await enter("accounting_manager")
    assert "Nothing to match." in (await manager.get(PAGE)).text
    there = await fetchrow("select id, name from record where entity = 'Vendor' and deleted_at is null limit 1")
    assert there is not None
    change = await changes.propose(1, "Vendor", "create", {"Name": there["name"]}, "test")
    record = await fetchval("select record from change where id = $1", change)
    text = (await manager.get(PAGE)).text
    assert "Exact match" in text
    assert f'value="{there["id"]}" selected' in text
    assert await send(manager, PAGE, record=str(record), choice="") == 422
    assert await send(manager, PAGE, record=str(record), choice=str(there["id"])) in (200, 303)
    assert await fetchval("select count(*) from record where name = $1", there["name"]) == 1
    assert await fetchval("select state from change where id = $1", change) == "cleared"
    assert await send(await enter("viewer"), PAGE, record=str(record), choice="new") == 403


async def test_all_exact_matches_are_confirmed_with_one_button_by_who_may(enter: Enter) -> None:
    manager, viewer = await enter("accounting_manager"), await enter("viewer")
    names = [row["name"] for row in await fetch("select name from record where entity = 'Vendor' order by id limit 2")]
    for name in names:
        await changes.propose(1, "Vendor", "create", {"Name": name}, "test")
    page = (await manager.get(PAGE)).text
    assert "Confirm all 2 exact matches" in page
    assert "Confirm all" not in (await viewer.get(PAGE)).text
    asked = (await manager.get(f"{PAGE}/exact")).text
    address = re.search(r'action="([^"]+/exact\?until=\d+)"', asked)
    assert address
    assert address[1] in page  # the same, in a dialog
    assert (await viewer.submit(address[1])).status_code == 403
    done = await manager.submit(address[1])
    shown = (await manager.get(done.headers["location"])).text
    assert "2 records are linked." in shown
    assert "Nothing to match." in shown
    assert await fetchval("select count(*) from record where name = any($1)", names) == 2
    assert (await manager.get(f"{PAGE}/exact")).headers["location"].endswith("/matching")
