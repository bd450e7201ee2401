"""A record that changes elsewhere while its form is open: the form says so, and nothing that was typed is lost."""

import json
import re

from sync.store import changes
from sync.store.base import execute
from tests.web.pages.conftest import Enter
from tests.web.pages.test_live import events, tell
from tests.web.pages.test_record_form import HOME, fields_in, fields_of, proposed, record, send
from tests.web.pages.test_wizard import words


async def test_an_open_form_is_told_what_changed_elsewhere_and_takes_it_beside_what_was_typed(enter: Enter) -> None:
    bob, alice = await enter("member"), await enter("accounting_manager")
    id, known = await record("Customer")
    path = f"{HOME}/Customer/{id}/edit"
    page = (await bob.get(path)).text
    form = {**await fields_of(bob, path), "Fax": "555 0101", "CreditLimit": "dear"}
    address = re.search(r'sse-connect="([^"]+)"', page)
    assert address
    stream = events(bob, address[1])
    name, html = await anext(stream)
    assert (name, "hx-post" in html) == ("moved", False)
    await execute('update record set quickbooks = quickbooks || \'{"Balance": "1.00"}\' where id = $1', id)
    await tell("company:1")
    assert f'hx-post="{path}/moved"' in (await anext(stream))[1]
    sent = {"_base": form["_base"], "_seen": form["_seen"]}
    assert "banner" not in (await bob.submit(f"{path}/moved", **sent)).text  # books compute balances
    wanted = {**known, "Phone": "555 0200", "AltPhone": "555 0202"}
    await changes.propose(1, "Customer", "update", wanted, "alice@halder.example", id)
    assert f'hx-post="{path}/moved"' in (await anext(stream))[1]
    await stream.aclose()
    said = words((await bob.submit(f"{path}/moved", **sent)).text)
    assert "Alice changed this customer since you opened the form. What you typed stays." in said
    assert "555 0200" in said
    assert "Show the new values" in said
    assert "You changed this customer" in words((await alice.submit(f"{path}/moved", **sent)).text)
    shown = await send(bob, path, form, "theirs")
    now = fields_in(shown)
    assert (now["Phone"], now["AltPhone"], now["Fax"], now["CreditLimit"]) == (
        "555 0200",
        "555 0202",
        "555 0101",
        "dear",
    )
    assert "banner" not in (await bob.submit(f"{path}/moved", _base=now["_base"], _seen=now["_seen"])).text
    both = fields_in(await send(bob, path, {**form, "Phone": "555 0300", "CreditLimit": ""}, "theirs"))
    assert (both["Phone"], both["AltPhone"]) == ("555 0300", "555 0202")
    assert "_question" in both  # both changed the phone: field by field, as when it is saved
    assert (await send(bob, path, {**both, "_side0": "ours"})).headers["location"].endswith("?done=saved")
    after = (await proposed(id))["after"]
    assert (after["Phone"], after["AltPhone"], after["Fax"]) == ("555 0300", "555 0202", "555 0101")


async def test_what_waits_for_approval_and_a_deletion_are_told_too(enter: Enter) -> None:
    bob = await enter("member")
    id, known = await record("Customer")
    path = f"{HOME}/Customer/{id}/edit"
    form = await fields_of(bob, path)
    sent = {"_base": form["_base"], "_seen": form["_seen"]}
    theirs = json.dumps({**known, "Phone": "555 0200", "EditSequence": "99"})
    await execute(
        "update record set ours = quickbooks, base = quickbooks, quickbooks = $2, edit_sequence = '99' where id = $1",
        *(id, theirs),
    )
    said = words((await bob.submit(f"{path}/moved", **sent)).text)
    assert "QuickBooks changed this customer since you opened the form. That waits for approval in the" in said
    assert "555 0200" in said
    assert "Show the new values" not in said
    await execute("update record set ours = null, base = null where id = $1", id)
    said = words((await bob.submit(f"{path}/moved", **sent)).text)
    assert "QuickBooks changed this customer since you opened the form. What you typed stays." in said
    await execute("update record set deleted_at = '2026-11-20' where id = $1", id)
    said = words((await bob.submit(f"{path}/moved", **sent)).text)
    assert "Somebody deleted this customer in QuickBooks since you opened the form." in said
    assert (await bob.submit(f"{path}/moved", _base="junk")).status_code == 404
