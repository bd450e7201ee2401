"""The Sync Wizard without scripts: what it lists, what is ticked, and what becomes of it."""

import asyncio
import json
import re

import httpx

from sync.store import ticks
from sync.store.base import execute, fetch, fetchval
from tests.web.conftest import Visitor
from tests.web.pages.conftest import Enter
from tests.web.pages.proposing import came_in, conflict, goes_out, many, record_of, states

HOME = "/companies/1/wizard"
CHECKED = re.compile(r'name="tick" value="(\d+)" checked')
SHOWN = re.compile(r'name="tick" value="(\d+)"')
FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


def form_of(page: str) -> dict[str, list[str]]:
    """What the page's form sends as it stands."""
    body = page[page.index('id="wizard-form"') :]
    body = body[: body.index("</form>")]
    fields: dict[str, list[str]] = {}
    for name, value in FIELD.findall(body):
        fields.setdefault(name, []).append(value)
    fields["tick"] = CHECKED.findall(body)
    fields["whole"] = re.findall(r'name="whole" value="([^"]+)" checked', body)
    return fields


async def send(visitor: Visitor, page: str, path: str = "/decide", **changed: str | list[str]) -> httpx.Response:
    """Send the form of a page with something changed."""
    fields = {**form_of(page), **{name: [one] if isinstance(one, str) else one for name, one in changed.items()}}
    return await visitor.post(f"{HOME}{path}", data=fields)


def words(page: str) -> str:
    """A page's text."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


async def test_the_wizard_stands_in_the_main_navigation_with_the_number_that_waits(enter: Enter) -> None:
    vera = await enter("viewer")
    assert 'data-waiting="0"' in (await vera.get("/companies/1")).text
    await came_in("Customer", 0, Phone="1")
    await goes_out("Customer", 1, Phone="2")
    await conflict(base={"Phone": "0"}, theirs={"Phone": "1"}, ours={"Phone": "2"})
    page = (await vera.get("/companies/1/records/Customer")).text
    nav = page[page.rindex('<nav class="nav"') :]
    assert nav.index("Sync Wizard") < nav.index(">Settings<")  # E04
    assert "3 changes to approve" in nav  # E05
    settings = (await vera.get("/companies/1/settings")).text
    assert "/wizard" not in settings[settings.index("<main") :]  # E04
    wizard = (await vera.get(HOME)).text
    assert "<title>(3) Sync Wizard" in wizard  # E05
    assert "2 changes and 1 conflict wait for you." in wizard


async def test_both_sections_list_what_wants_to_sync_field_by_field_and_all_is_ticked(enter: Enter) -> None:
    alice = await enter("accounting_manager")
    coming = await came_in("Customer", 0, Phone="415 555 0177")
    gone = await came_in("Customer", 1, action="delete")
    going = await goes_out("Customer", 2, Email="invoices@monroe.example")
    page = (await alice.get(HOME)).text
    _, before = await record_of("Customer", 0)
    into, out = page.index("Import from QuickBooks"), page.index("Export to QuickBooks")
    assert into < page.index(f'data-row="{coming}"') < out  # E07
    assert out < page.index(f'data-row="{going}"')  # E08
    assert f"was {before['Phone']}" in words(page)
    assert "becomes 415 555 0177" in words(page)
    assert "Deleted in QuickBooks. It still exists here." in page
    assert ">Bob<" in page[out:]
    assert {int(id) for id in CHECKED.findall(page)} == {coming, gone, going}  # E09
    assert "Approve 3 checked" in words(page)


async def test_what_is_approved_is_pending_until_the_web_connector_calls(enter: Enter) -> None:
    alice = await enter("accounting_manager")
    coming, going = await came_in("Customer", 0, Phone="1"), await goes_out("Customer", 2, Phone="2")
    unticked = await goes_out("Customer", 3, Phone="3")
    page = (await alice.get(HOME)).text
    ticked = [str(coming), str(going)]
    answer = await send(alice, page, tick=ticked)  # E10
    found = await states()
    assert (found[coming], found[going], found[unticked]) == ("applied", "approved", "kept")  # E10, E15
    told = (await alice.get(answer.headers["location"])).text
    assert "One change is pending. It goes when the Web Connector calls" in told  # E16
    assert "One change from QuickBooks is here now." in told
    assert "One unchecked comes back after the next sync." in told
    assert f'data-row="{going}" data-mark="approved"' in told
    assert await fetchval("select count(*) from run where state = 'queued'") == 1
    kept = (await alice.get(f"{HOME}/kept")).text
    assert f'data-row="{unticked}"' in kept
    entry = await fetchval("select actor from audit_entry where action = 'changes.decided'")
    assert entry == "alice@halder.example"


async def test_one_rule_is_for_all_that_is_unchecked_and_a_clearing_asks_and_can_be_undone(enter: Enter) -> None:
    alice = await enter("accounting_manager")
    ids = [await came_in("Customer", nth, Phone=str(nth)) for nth in range(3)]
    out = [await goes_out("Customer", nth + 5, Phone=str(nth)) for nth in range(2)]
    page = (await alice.get(HOME)).text
    bar = page[page.index('class="decide-bar"') :]
    assert bar.index('value="keep" checked') < bar.index('value="clear"') < bar.index("Approve <span")  # E11
    asked = await send(alice, page, tick=[str(ids[0])], unchecked="clear")
    assert "Clear 4 unchecked?" in asked.text
    assert set((await states()).values()) == {"proposed"}
    sure = dict(FIELD.findall(asked.text[asked.text.index("form__actions") :])) | {"sure": "1"}
    answer = await alice.post(f"{HOME}/decide", data=sure)
    found = await states()
    assert [found[id] for id in (*ids, *out)] == ["applied", *["cleared"] * 4]  # E12, E14
    dismissed = (await alice.get(f"{HOME}/dismissed")).text
    assert all(f'data-row="{id}"' in dismissed for id in (*ids[1:], *out))
    told = (await alice.get(answer.headers["location"])).text
    assert "Four were cleared and do not come back." in words(told)  # E12
    moment = re.search(r'name="at" value="([^"]+)"', told)
    assert moment
    await alice.submit(f"{HOME}/undo", at=moment[1])
    found = await states()
    assert [found[id] for id in out] == ["proposed"] * 2


async def test_a_row_may_go_its_own_way(enter: Enter) -> None:
    alice = await enter("accounting_manager")
    one, two, three = [await goes_out("Customer", nth, Phone=str(nth)) for nth in range(3)]
    page = (await alice.get(HOME)).text
    asked = await send(alice, page, tick=[str(one)], **{f"rule-{two}": "clear"})
    assert "Clear 1 unchecked?" in asked.text
    await alice.post(f"{HOME}/decide", data=dict(FIELD.findall(asked.text)) | {"sure": "1"})
    found = await states()
    assert (found[one], found[two], found[three]) == ("approved", "cleared", "kept")


async def test_ticks_hold_across_pages_and_whole_kinds_are_decided_without_their_rows(enter: Enter) -> None:
    alice = await enter("accounting_manager")
    await many(120)
    vendor = await goes_out("Vendor", 0, Phone="1")
    page = (await alice.get(HOME)).text
    shown = SHOWN.findall(page)
    assert len(shown) == 51  # 50 of a kind
    assert "Show more customers, 70" in words(page)
    assert "121 of 121 checked" in words(page)
    more = re.search(r'hx-get="([^"]+)"', page[page.index("Show more customers") - 600 :])
    assert more
    rows = (await alice.get(more[1].replace("&amp;", "&"), headers={"hx-request": "true"})).text
    later = SHOWN.findall(rows)
    assert len(later) == 50
    assert set(later).isdisjoint(shown)
    await send(alice, page, "/show", tick=shown[1:], more="out/Customer")  # E10
    untick = {"row": f"{later[0]}:off", "until": form_of(page)["until"][0]}
    answer = await alice.submit(f"{HOME}/ticks", **untick)
    assert answer.json()["ticked"] == "119"
    again = (await alice.get(HOME)).text
    assert shown[0] not in CHECKED.findall(again)
    assert "119 of 121 checked" in words(again)
    await send(alice, again)
    found = await states()
    assert {id for id, state in found.items() if state == "kept"} == {int(shown[0]), int(later[0])}
    assert sum(state == "approved" for state in found.values()) == 119
    assert found[vendor] == "approved"


async def test_a_kind_is_unticked_whole_on_all_pages(enter: Enter) -> None:
    alice = await enter("accounting_manager")
    await many(60)
    vendor = await goes_out("Vendor", 0, Phone="1")
    page = (await alice.get(HOME)).text
    shown = [id for id in SHOWN.findall(page) if id != str(vendor)]
    await send(alice, page, "/show", whole=["out/Vendor"])
    again = (await alice.get(HOME)).text
    assert CHECKED.findall(again) == [str(vendor)]
    await send(alice, again, tick=[str(vendor), shown[0]])  # one of a kind that is unticked
    found = await states()
    assert {id for id, state in found.items() if state == "approved"} == {vendor, int(shown[0])}
    assert sum(state == "kept" for state in found.values()) == 59


async def test_a_kind_of_a_search_is_unticked_with_what_the_search_finds_and_no_other_row(enter: Enter) -> None:
    alice = await enter("accounting_manager")
    await many(60)
    page = (await alice.get(f"{HOME}?q=Number+5")).text
    found = set(SHOWN.findall(page))
    assert 1 < len(found) < 60
    await send(alice, page, "/show", whole=[])  # E10, without scripts
    again = (await alice.get(f"{HOME}?q=Number+5")).text
    assert CHECKED.findall(again) == []
    assert form_of(again)["whole"] == []
    assert f"{60 - len(found)} of 60 checked" in words((await alice.get(HOME)).text)
    turned = {"until": form_of(page)["until"][0], "q": "Number 5"}
    on = await alice.submit(f"{HOME}/ticks", **turned, whole="out/Customer:1")  # by scripts
    assert (on.json()["ticked"], on.json()["total"]) == (str(len(found)), str(len(found)))
    off = await alice.submit(f"{HOME}/ticks", **turned, whole="out/Customer:0")
    assert off.json()["ticked"] == "0"
    await send(alice, (await alice.get(HOME)).text)
    assert {str(id) for id, state in (await states()).items() if state == "kept"} == found


async def test_only_what_is_listed_is_decided_a_search_a_kind_or_the_rows_shown(enter: Enter) -> None:
    alice = await enter("accounting_manager")
    await many(60)
    other = await goes_out("Vendor", 0, Phone="1")
    page = (await alice.get(f"{HOME}?q=Number+59")).text
    assert len(SHOWN.findall(page)) == 1
    await send(alice, page)
    assert sum(state == "approved" for state in (await states()).values()) == 1
    page = (await alice.get(f"{HOME}?kind=out/Vendor")).text
    await send(alice, page, tick=[])
    found = await states()
    assert found[other] == "kept"
    assert sum(state == "proposed" for state in found.values()) == 59
    page = (await alice.get(HOME)).text
    shown = SHOWN.findall(page)
    await send(alice, page, scope="shown", tick=shown[1:])
    found = await states()
    assert found[int(shown[0])] == "kept"
    assert sum(state == "approved" for state in found.values()) == 1 + 49
    assert sum(state == "proposed" for state in found.values()) == 9


async def test_what_came_after_the_page_was_shown_is_left_alone(enter: Enter) -> None:
    alice = await enter("accounting_manager")
    seen = await goes_out("Customer", 0, Phone="1")
    page = (await alice.get(HOME)).text
    late = await goes_out("Customer", 1, Phone="2")
    await send(alice, page)
    found = await states()
    assert (found[seen], found[late]) == ("approved", "proposed")


async def test_new_rows_and_each_step_of_what_was_approved_are_told_to_an_open_page(enter: Enter) -> None:
    alice = await enter("accounting_manager")
    going = await goes_out("Customer", 0, Phone="1")
    page = (await alice.get(HOME)).text
    stream = re.search(r'sse-connect="([^"]+)"', page)
    assert stream
    await send(alice, page)
    address = stream[1].replace("&amp;", "&")
    heard = ""
    async with asyncio.timeout(30), alice.stream("GET", address, headers={"accept": "text/event-stream"}) as answer:
        async for part in answer.aiter_text():
            heard += part
            if 'data-mark="approved"' in heard and "Sending" not in heard:
                await move(going, "sent")
            elif 'data-mark="sent"' in heard and "Successful" not in heard:
                await move(going, "applied")
            elif 'data-mark="applied"' in heard and "1 more." not in heard:
                await goes_out("Customer", 1, Phone="2")
            if 'data-waiting="1"' in heard and "1 more." in heard:
                break
    assert heard.index("Pending") < heard.index("Sending") < heard.index("Successful")  # E17
    assert "1 more." in heard
    assert 'data-waiting="1"' in heard  # E05


async def move(change: int, state: str) -> None:
    """Move a change as a session would, and tell the open pages."""
    await execute(
        "update change set state = $2::text, ended_at = case when $2::text = 'applied' then now() end where id = $1",
        change,
        state,
    )
    await fetch("select pg_notify('deskbridge', 'company:1')")


async def test_a_failure_links_its_code_and_a_child_says_on_whom_it_waits(enter: Enter) -> None:
    vera = await enter("viewer")
    failed, child = await goes_out("Customer", 0, Phone="1"), await goes_out("Customer", 1, Phone="1")
    await execute(
        """update change set state = 'refused', status_code = 3100, status_message = 'The name is in use.',
           ended_at = now() where id = $1""",
        failed,
    )
    await execute("update change set state = 'waiting', waits_for = $2 where id = $1", child, failed)
    page = (await vera.get(HOME)).text
    way = page[page.index('id="wizard-way"') :]
    assert "/guide/codes/3100" in way  # E17
    assert "The name is in use." in way
    name = (await record_of("Customer", 0))[1]["FullName"]
    assert f"Waits for {name}" in words(way)


async def test_who_may_not_decide_reads_and_sees_no_personal_number(enter: Enter) -> None:
    vera, bob = await enter("viewer"), await enter("member")
    await came_in("Employee", 0, SSN="987-65-4321", Phone="2")
    page = (await vera.get(HOME)).text
    assert "987-65-4321" not in page
    assert "••••4321" in page
    assert "Social security number" in page
    assert "An accounting manager decides what syncs." in page
    assert 'name="tick"' not in page
    assert "987-65-4321" in (await bob.get(HOME)).text
    assert (await bob.submit(f"{HOME}/decide", until="99")).status_code == 403
    assert "not for numbers" in (await vera.get(f"{HOME}?q=987")).text
    assert set((await states()).values()) == {"proposed"}


async def test_nothing_to_decide_says_so_and_by_when_more_may_come(enter: Enter) -> None:
    page = (await (await enter("viewer")).get(HOME)).text
    assert "Nothing waits for you." in page
    assert "New changes show up here after the next sync" in page


async def test_the_daily_page_lists_what_to_do_in_order_with_what_waits(enter: Enter) -> None:
    vera = await enter("viewer")
    await came_in("Customer", 0, Phone="1")
    await goes_out("Customer", 1, Phone="2")
    failed = await goes_out("Customer", 2, Phone="2")
    await execute("update change set state = 'refused' where id = $1", failed)
    page = words((await vera.get("/companies/1/daily")).text)
    order = ["connection is active", "Decide conflicts", "Approve what wants to sync", "Mend what could not sync"]
    assert [page.index(each) for each in order] == sorted(page.index(each) for each in order)  # E02
    assert "1 to import from QuickBooks, 1 to export to QuickBooks." in page  # E02
    assert "2 to approve" in page
    assert "1 unsynced" in page  # E02


async def test_ticks_are_one_persons_own_and_forgotten_once_they_decide(enter: Enter) -> None:
    alice, ruth = await enter("accounting_manager"), await enter("owner")
    one, _ = await goes_out("Customer", 0, Phone="1"), await goes_out("Customer", 1, Phone="1")
    until = form_of((await alice.get(HOME)).text)["until"][0]
    await alice.submit(f"{HOME}/ticks", row=f"{one}:off", until=until)
    assert "1 of 2 checked" in words((await alice.get(HOME)).text)
    page = (await ruth.get(HOME)).text
    assert "2 of 2 checked" in words(page)
    await send(alice, (await alice.get(HOME)).text)
    person = await fetchval("select id from users where email = 'alice@halder.example'")
    assert await ticks.ticks_of(person, 1) == ticks.NOTHING
    marks = json.loads(await fetchval("select coalesce(json_agg(rows), '[]')::text from wizard_ticks"))
    assert marks == []
