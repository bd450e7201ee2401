"""Clients, invoices and purchase orders go both ways, as each direction is configured (E33)."""

import copy
from typing import Any

from sync.practice.company import CompanyFile
from sync.store import changes, policies, setup
from sync.store.base import fetch, fetchval
from tests.sync.conftest import Product, unequal
from tests.sync.following import ask_only, sync
from tests.sync.test_writes import a_record, edit, in_file

KINDS = {"Customer": "Notes", "Invoice": "Memo", "PurchaseOrder": "Memo"}  # with what is edited of each
WHO = "alice@halder.example"


async def test_customers_invoices_and_purchase_orders_go_both_ways_as_configured(
    product: Product, company_file: CompanyFile
) -> None:
    made = await product.add_company()
    company = made.company
    connector = await product.connector(made, company_file)
    await sync(connector, company)
    await ask_only(company, *KINDS)

    async def edited(nth: int, text: str) -> dict[str, tuple[int, dict[str, Any], int, dict[str, Any]]]:
        """Of each kind one record edited here and another in QuickBooks, and a sync."""
        pairs = {}
        for kind, part in KINDS.items():
            here, there = await a_record(company, kind, nth), await a_record(company, kind, nth + 1)
            wanted = copy.deepcopy(here[1]) | {part: f"Here {text}"}
            await changes.propose(company, kind, "update", wanted, WHO, here[0])
            edit(company_file, kind, key(there[1]), **{part: f"There {text}"})
            pairs[kind] = (*here, *there)
        await setup.ask_run(company, "incremental", WHO)
        await sync(connector, company)
        return pairs

    async def state(kind: str, pair: tuple[int, dict[str, Any], int, dict[str, Any]]) -> tuple[str, str]:
        """What the books hold of the record edited here, and what the team has of the one edited there."""
        here = in_file(company_file, kind, key(pair[1])).get(KINDS[kind], "")
        mine = f"select coalesce(ours, quickbooks) ->> '{KINDS[kind]}' from record where id = $1"
        return str(here), str(await fetchval(mine, pair[2]) or "")

    waiting = "select count(*) from change where company = $1 and state = 'proposed' and direction = $2"
    modes: list[tuple[policies.Mode, policies.Mode]] = [
        ("ask", "ask"),
        ("auto", "ask"),
        ("ask", "auto"),
        ("auto", "auto"),
    ]
    for number, (out, into) in enumerate(modes):
        for kind in KINDS:
            await policies.set_policy(company, kind, "out", out, WHO)
            await policies.set_policy(company, kind, "in", into, WHO)
        text = f"{out} {into}"
        pairs = await edited(2 * number, text)
        for kind, pair in pairs.items():
            books, team = await state(kind, pair)
            assert (books == f"Here {text}") == (out == "auto"), (kind, text)
            assert (team == f"There {text}") == (into == "auto"), (kind, text)
        assert await fetchval(waiting, company, "out") == (3 if out == "ask" else 0)
        assert await fetchval(waiting, company, "in") == (3 if into == "ask" else 0)
        await changes.decide(company, None, "all", "keep", 10**12, WHO)
        await sync(connector, company)
        for kind, pair in pairs.items():
            assert await state(kind, pair) == (f"Here {text}", f"There {text}")
    assert await fetch("select from change where state not in ('applied', 'cleared')") == []
    assert await unequal(company, company_file) == []


def key(fields: dict[str, Any]) -> str:
    return str(fields.get("ListID") or fields["TxnID"])
