"""Which kinds ask before a change goes on, as people set it; and what a verify run found."""

import json

from sync.store import policies
from sync.store.base import execute, fetchval
from tests.web.conftest import Visitor
from tests.web.pages.conftest import Enter

PAGE = "/companies/1/settings/approval"


async def send(visitor: Visitor, path: str, **form: str) -> int:
    await visitor.get(PAGE)
    token = visitor.cookies["deskbridge-form"]
    answer = await visitor.post(path, data={"_csrf_token": token, **form}, headers={"x-csrftoken": token})
    return answer.status_code


async def test_each_kind_has_its_choice_in_both_directions_and_the_default_is_to_ask(enter: Enter) -> None:
    manager = await enter("accounting_manager")
    text = (await manager.get(PAGE)).text
    for name in ("in:", "out:", "in:Customer", "out:Invoice", "in:PurchaseOrder"):  # E33: both ways as configured
        assert f'name="{name}"' in text
    headings = ("With records, ", "Without records yet, ", "Off in QuickBooks, ")
    main, fewer, none = (text.index(heading) for heading in headings)
    assert main < text.index('name="in:Customer"') < fewer < text.index('name="in:Currency"')
    assert fewer < none < text.index('name="in:BillingRate"')
    rules = await policies.of_company(1)
    assert rules.mode("Customer", "in") == rules.mode("Invoice", "out") == "ask"
    assert await send(manager, PAGE, **{"in:": "auto", "in:Customer": "first", "out:Invoice": "auto"}) in (200, 303)
    rules = await policies.of_company(1)
    assert [rules.mode("Vendor", "in"), rules.mode("Customer", "in")] == ["auto", "first"]
    assert [rules.mode("Invoice", "out"), rules.mode("Customer", "out")] == ["auto", "ask"]
    assert await fetchval("select count(*) from audit_entry where action = 'policy.set'") == 1
    await send(manager, PAGE, **{"in:Customer": "", "out:Invoice": "nonsense"})
    rules = await policies.of_company(1)
    assert (rules.own("Customer", "in"), rules.own("Invoice", "out")) == (None, "auto")
    await send(manager, PAGE, **{"out:BillingRate": "auto"})
    text = (await manager.get(PAGE)).text
    assert text.index('name="out:BillingRate"') < text.index("Without records yet, ")  # no rule hides


async def test_a_viewer_reads_the_rules_and_changes_none(enter: Enter) -> None:
    viewer = await enter("viewer")
    text = (await viewer.get(PAGE)).text
    assert "Ask each time" in text
    assert "<select" not in text.partition("<main")[2]
    assert await send(viewer, PAGE, **{"in:": "auto"}) == 403
    assert (await policies.of_company(1)).asks("Customer", "in")


async def test_a_verify_run_is_asked_for_and_its_page_says_what_differs(enter: Enter) -> None:
    manager = await enter("accounting_manager")
    assert await send(manager, f"{PAGE}/verify") in (200, 303)
    number = await fetchval("select number from run where company = 1 and kind = 'verify'")
    found = {"kind": "differing", "record": 1, "qb_id": "8-1", "name": "Delacroix", "fields": ["Phone"], "waits": True}
    report = {"Customer": {"differing": 1, "missing": 0, "extra": 0, "waiting": 1, "samples": [found]}}
    await execute("update run set report = $1, state = 'complete' where number = $2", json.dumps(report), number)
    text = (await manager.get(f"/companies/1/syncs/{number}")).text
    assert "Compared with the company file" in text
    assert "Delacroix differs: Phone" in text
    await execute("update run set report = '{}' where number = $1", number)
    assert "No differences." in (await manager.get(f"/companies/1/syncs/{number}")).text
