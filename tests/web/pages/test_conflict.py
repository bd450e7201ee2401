"""A conflict: both sides beside what was last agreed, a choice for each field, and what follows from it."""

import asyncio
import json
import re

from sync.store.base import execute, fetch, fetchrow, fetchval
from tests.web.pages.conftest import Enter
from tests.web.pages.proposing import conflict, goes_out, states
from tests.web.pages.test_wizard import words
from web.filters import words as words_of

BASE = {"Phone": "510 555 0110", "Email": "hello@bellwether.example", "Notes": "Old", "BillAddress": {"Addr1": "22 A"}}
THEIRS = BASE | {"Phone": "510 555 0199", "Notes": "Pays late", "BillAddress": {"Addr1": "23 B", "City": "Oakland"}}
OURS = BASE | {
    "Phone": "510 555 0142",
    "Email": "accounts@bellwether.example",
    "BillAddress": {"Addr1": "24 C", "City": "Richmond"},
}
MARK = re.compile(r'name="mark" value="(\w+)"')


def same_number(text: str) -> int:
    """How many fields are said to be the same."""
    found = re.search(r"(\w+) fields are the same", text)
    assert found, text
    named = {words_of(number).lower(): number for number in range(100)}
    return named[found[1].lower()]


async def bellwether() -> tuple[int, str]:
    """A conflict with its address."""
    change = await conflict(base=BASE, theirs=THEIRS, ours=OURS)
    return change, f"/companies/1/wizard/conflicts/{change}"


async def test_a_conflict_shows_three_columns_and_nothing_is_chosen(enter: Enter) -> None:
    alice = await enter("accounting_manager")
    _, address = await bellwether()
    page = (await alice.get(address)).text
    table = words(page[page.index('<table class="three"') : page.index("</table>")])
    assert "510 555 0110 510 555 0199 510 555 0142" in table
    assert "22 A 23 B, Oakland 24 C, Richmond" in table  # an address is one choice
    assert "Two fields were changed on both sides." in words(page)
    assert "By Bob, today" in table
    follows = table[table.index("Changed on one side only") :]
    assert "Old Pays late Old" in follows
    assert "accounts@bellwether.example" in follows
    same = words(page[page.index("</table>") : page.index('id="what-happens"')])
    number = same_number(same)
    assert number > 3
    assert page.count('<div class="facts__row">') == number
    assert "Terms" in same
    assert "E-mail" not in same
    assert "510 555" not in same
    assert " checked" not in page[page.index('<table class="three"') : page.index("</table>")]
    listed = (await alice.get("/companies/1/wizard")).text
    assert "One conflict needs a decision first." in listed


async def test_what_will_happen_follows_the_choices(enter: Enter) -> None:
    alice = await enter("accounting_manager")
    _, address = await bellwether()
    part = words((await alice.get(f"{address}/happens?field-0=quickbooks&field-1=ours")).text)
    here, there = part.split("In QuickBooks,")
    assert "Notes becomes Pays late" in here
    assert "hone becomes 510 555 0199" in here
    assert "E-mail becomes accounts@bellwether.example" in there
    assert "illing address becomes 24 C, Richmond" in there
    assert "not chosen" not in part


async def test_each_field_goes_the_way_that_was_chosen_and_the_rest_is_merged(enter: Enter) -> None:
    alice = await enter("accounting_manager")
    change, address = await bellwether()
    mark = MARK.findall((await alice.get(address)).text)[0]
    half = await alice.submit(address, mark=mark, **{"field-0": "quickbooks"})
    assert "Choose a value for every field first." in (await alice.get(half.headers["location"])).text
    assert (await states())[change] == "conflict"
    await alice.submit(address, mark=mark, **{"field-0": "quickbooks", "field-1": "ours"})
    row = await fetchrow("select state, after from change where id = $1", change)
    assert row
    assert row["state"] == "approved"
    wanted = json.loads(row["after"])
    assert (wanted["Phone"], wanted["Notes"]) == ("510 555 0199", "Pays late")
    assert (wanted["Email"], wanted["BillAddress"]) == (OURS["Email"], OURS["BillAddress"])
    assert await fetchval("select actor from audit_entry where action = 'conflict.solved'") == "alice@halder.example"


async def test_one_side_may_be_taken_for_everything(enter: Enter) -> None:
    alice = await enter("accounting_manager")
    change, address = await bellwether()
    mark = MARK.findall((await alice.get(address)).text)[0]
    await alice.submit(address, mark=mark, all="ours")
    wanted = json.loads(await fetchval("select after from change where id = $1", change))
    assert (wanted["Phone"], wanted["BillAddress"]) == (OURS["Phone"], OURS["BillAddress"])


async def test_a_decision_about_what_quickbooks_has_changed_again_is_not_carried_out(enter: Enter) -> None:
    alice = await enter("accounting_manager")
    change, address = await bellwether()
    page = (await alice.get(address)).text
    stream = re.search(r'sse-connect="([^"]+)"', page)
    assert stream
    heard = ""
    async with asyncio.timeout(30), alice.stream("GET", stream[1], headers={"accept": "text/event-stream"}) as answer:
        async for part in answer.aiter_text():
            heard += part
            if "QuickBooks changed this record again." in heard:
                break
            await execute(
                """update record set quickbooks = quickbooks || '{"Phone": "510 555 0200"}'
                   where id = (select record from change where id = $1)""",
                change,
            )
            await fetch("select pg_notify('deskbridge', 'company:1')")
    answer_ = await alice.submit(address, mark=MARK.findall(page)[0], all="ours")
    told = (await alice.get(answer_.headers["location"])).text
    assert "QuickBooks changed this record again. Both sides are shown anew" in told
    assert "510 555 0200" in told
    assert (await states())[change] == "conflict"


async def test_who_may_not_decide_only_looks_and_the_next_conflict_is_one_link_away(enter: Enter) -> None:
    vera = await enter("viewer")
    _, address = await bellwether()
    other = await conflict(6, base={"Phone": "0"}, theirs={"Phone": "1"}, ours={"Phone": "2"})
    page = (await vera.get(address)).text
    assert 'type="radio"' not in page
    assert f"/conflicts/{other}" in page
    assert "1 of 2" in page
    assert (await vera.submit(address, all="ours")).status_code == 403
    plain = await goes_out("Customer", 0, Phone="1")
    assert (await vera.get(f"/companies/1/wizard/conflicts/{plain}")).status_code == 404
