"""Unsynced entities: what cannot sync and why, and what people do about it, through the pages."""

import re

import pytest

from sync.store.base import execute, fetchrow, fetchval
from tests.web.pages.changing import a_change, many
from tests.web.pages.conftest import Enter

URL = "/companies/1/unsynced"
SAID = 'The name "Abel & Sons" of the list element is already in use.'
SHOWN = "The name &#34;Abel &amp; Sons&#34; of the list element is already in use."


async def state_of(change: int) -> str:
    state: str = await fetchval("select state from change where id = $1", change)
    return state


async def test_without_anything_it_says_so_and_has_no_badge(enter: Enter) -> None:
    text = (await (await enter("viewer")).get(URL)).text
    assert "Every record could sync. There is nothing to do here." in text
    assert " cannot sync" not in text
    assert re.search(rf'href="{URL}"[^>]*>Unsynced', (await (await enter("viewer")).get("/companies/1")).text)  # E24


async def test_each_cause_is_listed_with_quickbooks_words_what_it_means_and_what_to_do(enter: Enter) -> None:
    bob = await enter("member")
    refused, record, _ = await a_change("refused", code=3100, message=SAID)
    await a_change("refused", entity="Vendor", reason="Name can have 41 characters; this has 44.")
    await a_change("unknown", entity="Invoice", action="create", reason="It may be in the books already.")
    await execute(
        """update run_entity set state = 'failed', reason = 'QuickBooks answered with status 1000.'
           where entity = 'Bill' and run = (select max(id) from run)"""
    )
    text = (await bob.get(URL)).text
    assert "Three records could not sync." in text  # E03
    assert "One kind could not be read from QuickBooks." in text
    assert "Look in QuickBooks first whether the record was deleted: that is the commonest cause." in text  # E26
    assert SHOWN in text  # E29
    assert 'href="/guide/codes/3100"' in text  # E30
    assert "Name can have 41 characters; this has 44." in text
    assert "It may be in the books already. We do not send it again by ourselves." in text
    assert f'href="/companies/1/records/Customer/{record}/edit">Edit</a>' in text
    assert f'name="change" value="{refused}">Resync</button>' in text  # E25
    assert f'href="/companies/1/support?change={refused}">Ask support</a>' in text  # E31
    assert 'href="/guide/clear-id"' in text  # E28
    assert 'aria-label="4 cannot sync"' in text  # the badge says what the list says
    assert ">All 4<" in text
    assert "QuickBooks Online" not in text  # E34


async def test_a_record_that_was_deleted_in_quickbooks_says_so_and_when(enter: Enter) -> None:
    alice = await enter("accounting_manager")
    _, record, _ = await a_change("refused", entity="Invoice", code=3120, message="Object cannot be found.")
    await execute("update record set deleted_at = '2025-11-20T17:32:00' where id = $1", record)
    text = (await alice.get(URL)).text
    assert "Deleted in QuickBooks" in text  # E26
    assert "Somebody deleted this invoice in QuickBooks on 20 Nov 2025, 17:32. It still exists here." in text
    assert f'href="{URL}/clear-id/{record}">Clear ID</a>' in text  # E27


async def test_resync_sends_a_row_again_and_it_leaves_with_its_result(enter: Enter) -> None:
    bob = await enter("member")
    change, _, name = await a_change("refused", code=3100, message=SAID)
    answer = await bob.submit(f"{URL}/resync", change=str(change))
    assert answer.headers["location"] == f"{URL}?resynced=1"
    assert await state_of(change) == "approved"  # E25
    text = (await bob.get(answer.headers["location"])).text
    assert "One change is pending. It goes when the Web Connector calls." in text
    assert SHOWN not in text
    taken = text[text.index("Taken up again") :]
    assert name in taken
    assert "Pending" in taken
    await execute("update change set state = 'sent' where id = $1", change)
    await execute("update change set state = 'applied', ended_at = now() where id = $1", change)
    text = (await bob.get(URL)).text
    assert "Successful" in text[text.index("Taken up again") :]
    assert await fetchval("select count(*) from audit_entry where action = 'changes.resynced'") == 1


async def test_all_with_one_cause_are_sent_again_at_once(enter: Enter) -> None:
    bob = await enter("member")
    other, _, _ = await a_change("refused", code=3100, message=SAID)
    await many(30)
    text = (await bob.get(URL)).text
    assert "30 invoices, one cause" in text
    assert "Resync all 30 like this" in text
    assert text.count("data-row=") == 5 + 1
    opened = (await bob.get(f"{URL}?cause=code:3140")).text
    assert opened.count("data-row=") == 30
    answer = await bob.submit(f"{URL}/resync", cause="code:3140")
    assert answer.headers["location"] == f"{URL}?resynced=30"
    assert await state_of(other) == "refused"


async def test_what_is_ignored_leaves_and_is_counted(enter: Enter) -> None:
    bob = await enter("member")
    change, _, _ = await a_change("refused", code=3100, message=SAID)
    answer = await bob.submit(f"{URL}/ignore", change=str(change))
    assert answer.headers["location"] == f"{URL}?ignored=1"
    assert await state_of(change) == "cleared"
    assert "One is ignored" in (await bob.get(URL)).text


async def test_what_is_in_the_books_already_is_linked_and_not_sent_again(enter: Enter) -> None:
    alice = await enter("accounting_manager")
    record, change, there = await an_unknown_invoice()
    text = (await alice.get(f"{URL}/{change}/outcome")).text
    assert "It may be in the books already. We do not send it again by ourselves." in text
    assert f'name="candidate" value="{there}" checked' in text
    answer = await alice.submit(f"{URL}/{change}/outcome", choice="link", candidate=str(there))
    assert answer.headers["location"] == URL
    assert await state_of(change) == "applied"
    row = await fetchrow("select qb_id, ours is null as same from record where id = $1", record)
    assert row is not None
    assert not row["qb_id"].startswith("new:")
    assert await fetchval("select count(*) from record where id = $1", there) == 0
    assert await fetchval("select count(*) from audit_entry where action = 'change.found_in_books'") == 1


async def test_what_is_not_in_the_books_is_sent_again_only_by_who_may_say_so(enter: Enter) -> None:
    bob, alice = await enter("member"), await enter("accounting_manager")
    _, change, _ = await an_unknown_invoice()
    await bob.submit(f"{URL}/resync", change=str(change))
    assert await state_of(change) == "unknown"
    assert (await bob.submit(f"{URL}/{change}/outcome", choice="again")).status_code == 403
    wrong = await alice.submit(f"{URL}/{change}/outcome", choice="link", candidate="")
    assert wrong.status_code == 409
    assert "Choose the record in QuickBooks that this one is." in wrong.text
    assert await state_of(change) == "unknown"
    await alice.submit(f"{URL}/{change}/outcome", choice="again")
    assert await state_of(change) == "approved"


async def an_unknown_invoice() -> tuple[int, int, int]:
    """A new invoice whose answer was lost, and the record that an import has made of it: record, change, the other."""
    row = await fetchrow("select * from record where entity = 'Invoice' order by id limit 1")
    assert row is not None
    record: int = await fetchval(
        """insert into record (company, entity, qb_id, ref_number, party, amount, date, quickbooks, ours, base)
           select company, entity, 'new:' || nextval('record_id_seq'), ref_number, party, amount, date, '{}',
               quickbooks - 'TxnID' - 'EditSequence', '{}' from record where id = $1 returning id""",
        row["id"],
    )
    change: int = await fetchval(
        """insert into change (company, record, entity, direction, action, state, after, created_by, reason)
           select 1, id, entity, 'out', 'create', 'unknown', ours, 'alice', 'Several records look like this one.'
           from record where id = $1 returning id""",
        record,
    )
    return record, change, row["id"]


async def test_clear_id_looks_in_quickbooks_first_and_then_offers_what_can_be_done(enter: Enter) -> None:
    alice = await enter("accounting_manager")
    _, record, _ = await a_change("refused", entity="Invoice", code=3120, message="Object cannot be found.")
    page = f"{URL}/clear-id/{record}"
    assert "Look in QuickBooks first" in (await alice.get(page)).text
    refused = await alice.submit(page, choice="send_as_new")
    assert refused.status_code == 409  # nothing is forgotten before QuickBooks was asked
    await alice.submit(page, choice="look")
    assert "Waits for the Web Connector" in (await alice.get(page)).text
    await execute("update look set state = 'gone', answered_at = now(), found = '[]' where record = $1", record)
    text = (await alice.get(page)).text
    assert "We forget the link, and the invoice can be exported as new. QuickBooks is not changed." in text  # E27
    assert "Leave it as it is" in text
    assert "data-opens" in text
    await alice.submit(page, choice="send_as_new")
    new = await fetchrow("select action, state from change where record = $1 order by id desc limit 1", record)
    assert new is not None
    assert tuple(new) == ("create", "approved")
    assert str(await fetchval("select qb_id from record where id = $1", record)).startswith("new:")


async def test_the_guide_explains_clear_id_to_anybody(enter: Enter) -> None:
    text = (await (await enter("viewer")).get("/guide/clear-id")).text
    for words in ("It looks in QuickBooks first", "Relink", "Send as new", "Leave", "What it never does"):
        assert words in text  # E28


async def test_support_is_given_the_row_with_its_code_and_message(enter: Enter) -> None:
    vera = await enter("viewer")
    change, _, _ = await a_change("refused", code=3100, message=SAID)
    text = (await vera.get(f"/companies/1/support?change={change}")).text
    assert "The change that cannot sync" in text  # E31
    assert SHOWN in text
    file = (await vera.get(f"/companies/1/support/summary.txt?change={change}")).text
    assert SAID in file
    assert "The change that cannot sync" not in (await vera.get("/companies/1/support")).text


async def test_a_code_in_the_guide_says_which_records_have_it(enter: Enter) -> None:
    vera = await enter("viewer")
    await many(12)
    text = (await vera.get("/guide/codes/3140")).text
    assert "Records here that have it" in text
    assert f'href="{URL}?cause=code%3A3140">12 records</a>' in text  # E30
    vera.cookies.clear()
    assert "Records here that have it" not in (await vera.get("/guide/codes/3140")).text


@pytest.mark.parametrize(("query", "rows"), [("", 8), ("cause=code:3100", 2), ("entity=Vendor", 1), ("way=in", 0)])
async def test_filters_and_the_csv_say_the_same(enter: Enter, query: str, rows: int) -> None:
    vera = await enter("viewer")
    await a_change("refused", code=3100, message=SAID)
    await a_change("refused", entity="Vendor", code=3100, message=SAID)
    await many(6)
    text = (await vera.get(f"{URL}.csv?{query}")).text
    assert len(text.splitlines()) == 1 + rows
    assert (await vera.get(f"{URL}?{query}")).text.count("data-row=") == min(rows, 7)


async def test_a_viewer_reads_and_changes_nothing(enter: Enter) -> None:
    vera = await enter("viewer")
    change, _, _ = await a_change("refused", code=3100, message=SAID)
    assert "Resync" not in (await vera.get(URL)).text.replace("Unsynced", "")
    assert (await vera.submit(f"{URL}/resync", change=str(change))).status_code == 403
    assert await state_of(change) == "refused"
