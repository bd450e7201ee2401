"""Records made here before QuickBooks was read are confirmed one by one on their page."""

from sync.store import changes
from sync.store.base import fetchrow, fetchval
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
