"""What QuickBooks changes after the first sync waits for a person where its kind asks, and meets edits made here."""

import asyncio
import copy
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sync.practice.change import Bookkeeper
from sync.practice.company import CompanyFile
from sync.practice.connector import WebConnector
from sync.practice.mint import Chance
from sync.qbxml.entities import ENTITIES
from sync.store import changes, incoming, later_edits, log, policies
from sync.store.base import execute, fetch, fetchrow, fetchval, transaction
from sync.store.setup import ask_run
from tests.sync.conftest import Product, finished, unequal
from tests.sync.following import ask_only, sync
from tests.sync.test_writes import a_record, edit, in_file

WHO = "alice@halder.example"
NEVER = 10**12


async def begun(
    product: Product, file: CompanyFile, *, kinds: Iterable[str] = ("Customer", "Invoice")
) -> tuple[int, WebConnector, int, dict[str, Any]]:
    """A company that was read whole, its connector, and one customer: its number here and its fields."""
    made = await product.add_company()
    connector = await product.connector(made, file)
    await sync(connector, made.company)
    await ask_only(made.company, *kinds)
    record, fields = await a_record(made.company, "Customer", 3)
    return made.company, connector, record, fields


async def again(company: int, connector: WebConnector) -> None:
    """One more run, to its end."""
    await ask_run(company, "incremental", WHO)
    session = await connector.update()
    assert not session.code
    await finished(company)


async def open_in(company: int) -> list[dict[str, Any]]:
    rows = await fetch(
        "select id, record, action, state, before, after from change where company = $1 and direction = 'in'"
        " and state in ('proposed', 'kept') order by id",
        company,
    )
    return [dict(row) | {key: json.loads(row[key] or "null") for key in ("before", "after")} for row in rows]


async def ours(record: int) -> Any:
    return json.loads(await fetchval("select coalesce(ours, 'null') from record where id = $1", record))


async def test_a_change_in_quickbooks_waits_and_is_taken_once_a_person_approves(
    product: Product, company_file: CompanyFile
) -> None:
    company, connector, record, fields = await begun(product, company_file)
    assert await open_in(company) == []  # the first reading asks nobody
    edit(company_file, "Customer", fields["ListID"], Phone="555-0111")
    await again(company, connector)
    (change,) = await open_in(company)
    assert (change["record"], change["action"], change["state"]) == (record, "update", "proposed")
    assert (change["before"].get("Phone"), change["after"]["Phone"]) == (fields.get("Phone"), "555-0111")
    assert (await ours(record)).get("Phone") == fields.get("Phone")  # E06: the team has what it had
    edit(company_file, "Customer", fields["ListID"], Phone="555-0112")
    await again(company, connector)
    (later,) = await open_in(company)
    assert (later["before"].get("Phone"), later["after"]["Phone"]) == (fields.get("Phone"), "555-0112")
    stale = await changes.decide(company, "in", [change["id"]], "keep", change["id"], WHO)
    assert (stale.approved, stale.skipped) == (0, 1)  # what was shown is no longer what waits
    assert (await changes.decide(company, "in", "all", "keep", later["id"], WHO)).approved == 1
    assert await ours(record) is None
    state = await fetchrow("select state, decided_by from change where id = $1", later["id"])
    assert state is not None
    assert tuple(state) == ("applied", WHO)
    logged = await fetchrow(
        "select state, direction, who from change_event where change = $1 and state = 'applied'", later["id"]
    )
    assert logged is not None
    assert tuple(logged) == ("applied", "in", WHO)  # E22
    edit(company_file, "Customer", fields["ListID"], Phone="555-0113")
    await again(company, connector)
    edit(company_file, "Customer", fields["ListID"], Phone="555-0112")
    await again(company, connector)
    assert await open_in(company) == []  # it went back to what the team has
    assert await ours(record) is None
    assert await unequal(company, company_file) == []


async def test_kept_comes_back_after_the_next_sync_and_cleared_only_when_quickbooks_changes_it_again(
    product: Product, company_file: CompanyFile
) -> None:
    company, connector, record, fields = await begun(product, company_file)
    edit(company_file, "Customer", fields["ListID"], Phone="555-0111")
    await again(company, connector)
    await changes.decide(company, None, [], "keep", NEVER, WHO)  # E10, E11
    assert [one["state"] for one in await open_in(company)] == ["kept"]
    await again(company, connector)
    (back,) = await open_in(company)
    assert back["state"] == "proposed"  # E13
    await changes.decide(company, None, [], "clear", NEVER, WHO)
    await again(company, connector)
    assert await open_in(company) == []  # E12
    assert (await ours(record)).get("Phone") == fields.get("Phone")
    assert [one.id for one in await changes.dismissed(company)] == [back["id"]]
    edit(company_file, "Customer", fields["ListID"], Notes="Pays late")
    await again(company, connector)
    (new,) = await open_in(company)
    assert (new["after"]["Phone"], new["after"]["Notes"]) == ("555-0111", "Pays late")
    assert await changes.undo_clear(company, [back["id"]], WHO) == 0  # something newer is there


async def test_an_edit_here_goes_on_beside_another_field_and_is_a_conflict_on_the_same(
    product: Product, company_file: CompanyFile
) -> None:
    company, connector, record, fields = await begun(product, company_file)
    wanted = copy.deepcopy(fields) | {"Phone": "555-0199"}
    out = await changes.propose(company, "Customer", "update", wanted, "test", record)
    edit(company_file, "Customer", fields["ListID"], Notes="Pays late")
    await again(company, connector)
    (change,) = await open_in(company)
    assert (change["before"].get("Phone"), change["after"]["Notes"]) == (fields.get("Phone"), "Pays late")
    row = await fetchrow("select state, after from change where id = $1", out)
    assert row is not None
    assert (row["state"], json.loads(row["after"])["Notes"]) == ("proposed", "Pays late")
    edit(company_file, "Customer", fields["ListID"], Phone="555-0111")
    await again(company, connector)
    assert await open_in(company) == []  # part of the conflict
    assert (await changes.counts(company)).conflicts == 1
    edit(company_file, "Customer", fields["ListID"], Phone="555-0112")
    shown = json.loads(await fetchval("select conflict from change where id = $1", out))
    await again(company, connector)
    choices: Any = {("Phone",): "ours"}
    said = await changes.resolve_conflict(company, out, choices, WHO, seen=changes.mark_of(shown))
    assert said is not None
    assert "changed this record again" in said
    assert await changes.resolve_conflict(company, out, choices, WHO) is None
    await again(company, connector)
    assert await fetchval("select state from change where id = $1", out) == "applied"
    there = in_file(company_file, "Customer", fields["ListID"])
    assert (there["Phone"], there["Notes"]) == ("555-0199", "Pays late")
    assert await ours(record) is None


async def test_a_kind_that_goes_by_itself_is_taken_and_one_that_asks_once_asks_once(
    product: Product, company_file: CompanyFile
) -> None:
    company, connector, record, fields = await begun(product, company_file)
    await policies.set_policy(company, "Customer", "in", "first", WHO)
    edit(company_file, "Customer", fields["ListID"], Phone="1")
    await again(company, connector)
    assert len(await open_in(company)) == 1
    await changes.decide(company, "in", "all", "keep", NEVER, WHO)
    edit(company_file, "Customer", fields["ListID"], Phone="2")
    await again(company, connector)
    assert await open_in(company) == []
    assert await ours(record) is None
    await policies.set_policy(company, policies.EVERY, "out", "auto", WHO)
    wanted = copy.deepcopy(fields) | {"Phone": "3"}
    out = await changes.propose(company, "Customer", "update", wanted, WHO, record)
    assert await fetchval("select state from change where id = $1", out) == "approved"


async def test_new_and_deleted_records_are_proposed_and_balances_are_not(
    product: Product, company_file: CompanyFile
) -> None:
    company, connector, record, fields = await begun(product, company_file, kinds=ENTITIES)
    await execute('update record set quickbooks = quickbooks || \'{"Balance": "1"}\' where id = $1', record)
    edit(company_file, "Customer", fields["ListID"])  # another EditSequence, the same values
    keeper = Bookkeeper(company_file, Chance(7))
    keeper.edit(12)
    keeper.create()
    keeper.delete(4)
    done = keeper.changes
    await again(company, connector)
    proposed = await fetch(
        """select c.action, r.qb_id, r.entity, c.record from change c join record r on r.id = c.record
           where c.company = $1 and c.direction = 'in' and c.state = 'proposed'""",
        company,
    )
    by_action: dict[str, set[str]] = {}
    for row in proposed:
        by_action.setdefault(row["action"], set()).add(row["qb_id"])
    gone = {id for ids in done.deleted.values() for id in ids}
    made = {id for ids in done.created.values() for id in ids}
    assert by_action["delete"] == gone
    assert by_action["create"] == made - gone
    assert {id for ids in done.edited.values() for id in ids} - gone >= by_action["update"]
    assert {"Customer", "Invoice", "PurchaseOrder"} <= {row["entity"] for row in proposed}  # E33
    assert record not in {row["record"] for row in proposed}  # only computed: taken at once
    assert await fetchval("select count(*) from record where ours = '{}'") == len(by_action["create"])
    decision = await changes.decide(company, "in", "all", "keep", NEVER, WHO)
    assert decision.approved == len(proposed)
    assert await fetchval("select count(*) from record where ours is not null or base is not null") == 0
    assert await unequal(company, company_file) == []


async def test_fifty_thousand_proposed_changes_are_approved_in_one_call(product: Product) -> None:
    made = await product.add_company()
    await execute(
        """with made as (
               insert into record (company, entity, qb_id, name, quickbooks, ours, base)
               select $1, 'Customer', 'C-' || n, 'Customer ' || n, '{"Phone": "2"}', '{"Phone": "1"}', '{"Phone": "1"}'
               from generate_series(1, 50000) n returning id, ours, quickbooks
           ) insert into change (company, record, entity, direction, action, state, before, after, created_at)
           select $1, id, 'Customer', 'in', 'update', 'proposed', ours, quickbooks, now() from made""",
        made.company,
    )
    decision = await asyncio.wait_for(changes.decide(made.company, None, "all", "keep", NEVER, WHO), 120)
    assert (decision.approved, decision.kept, decision.cleared, decision.skipped) == (50000, 0, 0, 0)
    assert await fetchval("select count(*) from record where ours is null") == 50000
    assert (await changes.counts(made.company)).to_approve_in == 0


class Counting:
    """A connection that counts its statements."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.statements = 0

    def __getattr__(self, name: str) -> Any:
        self.statements += name in ("fetch", "fetchrow", "fetchval", "execute")
        return getattr(self.connection, name)


def customers(count: int, edit: str, phone: str) -> list[list[Any]]:
    """Rows of an answer as columns: so many customers with a phone."""
    rows = [
        ("Customer", f"C-{number}", edit, f"Customer {number}", "", "", None, "", True, "", "", document, None)
        for number in range(count)
        for document in [json.dumps({"ListID": f"C-{number}", "EditSequence": edit, "Phone": phone})]
    ]
    return [list(column) for column in zip(*rows, strict=True)]


async def test_fifty_thousand_rows_that_quickbooks_changed_are_proposed_by_a_few_statements(product: Product) -> None:
    made = await product.add_company()
    intake = incoming.Intake(first=False, asks=["Customer"])
    taken = incoming.Intake(first=False, asks=[])
    now = datetime.now(UTC)
    async with transaction() as connection:
        await incoming.upsert(connection, made.company, taken, customers(50000, "1", "1"), now)
    assert await open_in(made.company) == []
    edited = await fetchval("select min(id) from record")
    wanted = {"ListID": "C-0", "EditSequence": "1", "Phone": "1", "Notes": "Pays late"}
    await changes.propose(made.company, "Customer", "update", wanted, WHO, edited)
    async with transaction() as connection:
        counting = Counting(connection)
        await incoming.upsert(counting, made.company, intake, customers(50000, "2", "2"), now)
    assert counting.statements <= 5
    assert (await changes.counts(made.company)).to_approve_in == 50000
    assert await fetchval("select count(*) from record where ours ->> 'Phone' = '1'") == 50000
    async with transaction() as connection:
        await incoming.upsert(connection, made.company, intake, customers(50000, "3", "1"), now)
    assert (await changes.counts(made.company)).to_approve_in == 0  # back to what the team has


def orders(edit: str, **line: str) -> list[list[Any]]:
    """A purchase order as the columns of an answer, with one line of its own and one in a group."""
    lines = [{"TxnLineID": "L-1", "Quantity": "5", **line}]
    group = [{"TxnLineID": "G-1", "Quantity": "1", "PurchaseOrderLineRet": [{"TxnLineID": "L-2", **line}]}]
    fields = {"TxnID": "P-1", "PurchaseOrderLineRet": lines, "PurchaseOrderLineGroupRet": group}
    document = json.dumps(fields | {"EditSequence": edit})
    row = ("PurchaseOrder", "P-1", edit, "7", "7", "Ash", None, "2026-01-05", None, "", "", document, None)
    return [[one] for one in row]


async def test_what_quickbooks_computes_within_a_line_is_taken_in_and_asks_nobody(product: Product) -> None:
    company = (await product.add_company()).company
    asks, now = incoming.Intake(first=False, asks=["PurchaseOrder"]), datetime.now(UTC)
    steps = (
        ("1", {"ReceivedQuantity": "0", "IsBilled": "false"}),
        ("2", {"ReceivedQuantity": "3", "IsBilled": "true", "UnbilledQuantity": "2"}),
        ("3", {"ReceivedQuantity": "4", "Quantity": "6"}),
        ("4", {"ReceivedQuantity": "5", "Quantity": "6"}),
        ("5", {"ReceivedQuantity": "5", "Quantity": "5"}),
    )
    waiting = []
    for version, line in steps:
        async with transaction() as connection:
            intake = asks if version > "1" else incoming.Intake(first=False)
            await incoming.upsert(connection, company, intake, orders(version, **line), now)
        waiting.append(len(await open_in(company)))
    assert waiting == [0, 0, 1, 1, 1]  # its line in the group had no quantity before: that still differs
    stored = await fetchval("select quickbooks -> 'PurchaseOrderLineRet' -> 0 ->> 'ReceivedQuantity' from record")
    assert (stored, await fetchval("select count(*) from change")) == ("5", 2)


async def test_a_proposal_that_another_takes_the_place_of_keeps_its_steps_in_the_log(product: Product) -> None:
    company = (await product.add_company()).company
    asks, now = incoming.Intake(first=False, asks=["Customer"]), datetime.now(UTC)
    for version, intake in (("1", incoming.Intake(first=False)), ("2", asks), ("3", asks), ("4", asks)):
        async with transaction() as connection:
            await incoming.upsert(connection, company, intake, customers(2, version, version), now)
        if version == "3":
            await changes.decide(company, None, [], "keep", NEVER, WHO)
    rows = await fetch(
        """select c.id, c.record, c.after ->> 'Phone' as phone, c.decided_by,
               (select array_agg(e.state order by e.id) from change_event e where e.change = c.id) as steps
           from change c where record = (select min(id) from record) order by id"""
    )
    assert [(row["phone"], row["decided_by"], row["steps"]) for row in rows] == [
        ("2", "", ["proposed", "cleared"]),
        ("3", WHO, ["proposed", "kept", "cleared"]),
        ("4", WHO, ["kept"]),  # what was left for the next sync still is
    ]
    assert await fetchval("select reason from change order by id limit 1") == incoming.AGAIN
    assert await changes.dismissed(company) == []  # nobody has cleared anything


async def test_what_a_kind_takes_in_by_itself_is_in_the_log_but_not_what_is_read_first(
    product: Product, company_file: CompanyFile
) -> None:
    company, connector, record, fields = await begun(product, company_file)
    await policies.set_policy(company, "", "in", "auto", WHO)
    assert await fetchval("select count(*) from change_event") == 0
    edited = copy.deepcopy(fields) | {"Notes": "Pays late"}
    await changes.propose(company, "Customer", "update", edited, WHO, record)
    other, there = await a_record(company, "Customer", 4)
    edit(company_file, "Customer", fields["ListID"], Phone="555-0111")
    edit(company_file, "Customer", there["ListID"], Phone="555-0112")
    Bookkeeper(company_file, Chance(7))._write("CustomerAdd", {"Name": "Delacroix"})
    await again(company, connector)
    wanted = log.Wanted(entity="Customer", direction="in")
    rows = await log.rows(company, "successful", wanted, limit=9)
    assert await log.counts(company, wanted) == {"pending": 0, "successful": 3, "failed": 0}  # E22
    assert {(one.action, one.name, one.who) for one in rows} == {
        ("create", "Delacroix", ""), ("update", fields["FullName"], ""), ("update", there["FullName"], ""),
    }  # fmt: skip
    told = await fetch("select before ->> 'Phone' as was, after ->> 'Phone' as now from change where state = 'applied'")
    assert {tuple(one) for one in told} >= {(fields.get("Phone"), "555-0111"), (there.get("Phone"), "555-0112")}
    assert (await ours(record))["Notes"] == "Pays late"  # and goes on waiting
    assert await ours(other) is None
    async with transaction() as connection:
        intake = await incoming.intake_of(connection, company)
        gone = [["Customer"], [there["ListID"]], ["2026-01-05"]]
        assert await incoming.delete(connection, company, intake, gone, datetime.now(UTC)) == 1
    assert [one.action for one in await log.rows(company, "successful", wanted, limit=1)] == ["delete"]
    before = await fetchval("select count(*) from change_event")
    await execute("update entity_state set as_of = null where entity = 'Vendor'")  # as if it were read the first time
    async with transaction() as connection:
        intake = await incoming.intake_of(connection, company)
        vendors = customers(20, "1", "1")
        await incoming.upsert(connection, company, intake, [["Vendor"] * 20, *vendors[1:]], datetime.now(UTC))
    assert await fetchval("select count(*) from change_event") == before


async def test_whoever_polls_is_told_when_what_the_team_wants_becomes_something_else(product: Product) -> None:
    made = await product.add_company()
    now = datetime.now(UTC)
    async with transaction() as connection:
        taken = incoming.Intake(first=False, asks=[])
        await incoming.upsert(connection, made.company, taken, customers(1, "1", "1"), now)
    record = await fetchval("select id from record")
    there, mine = '{"ListID": "C-0", "EditSequence": "1", "Phone": "1"}', '{"Phone": "2"}'
    for statement, values in (
        (incoming.GONE, ([record],)),  # ours is what QuickBooks had
        (later_edits.WANTED, (record, mine, there)),
        (incoming.TAKEN, ([record], [there])),
        (incoming.PROPOSE, ([record], now)),  # the same again
    ):
        before = await ours(record)
        await execute("update record set updated_at = '2026-01-01' where id = $1", record)
        await execute(statement, *values)
        assert await ours(record) != before
        assert await fetchval("select updated_at > '2026-01-02' from record")


async def test_a_verify_run_reports_what_differs_and_changes_nothing(
    product: Product, company_file: CompanyFile
) -> None:
    company, connector, _, fields = await begun(product, company_file)

    async def verified() -> Any:
        await ask_run(company, "verify", WHO)
        session = await connector.update()
        assert not session.code
        await finished(company)
        row = await fetchrow("select kind, report from run where company = $1 order by id desc limit 1", company)
        assert row is not None
        assert row["kind"] == "verify"
        return json.loads(row["report"])

    assert await verified() == {}
    edit(company_file, "Customer", fields["ListID"], Phone="555-0111")
    keeper = Bookkeeper(company_file, Chance(7))
    keeper.delete(1)
    keeper._write("CustomerAdd", {"Name": "Delacroix"})
    (gone,) = keeper.changes.deleted
    report = await verified()
    assert (report["Customer"]["differing"], report["Customer"]["missing"], report[gone]["extra"]) == (1, 1, 1)
    assert {"Phone"} in [set(one["fields"]) - {"EditSequence"} for one in report["Customer"]["samples"]]
    assert await open_in(company) == []
    assert await fetchval("select count(*) from record where deleted_at is not null") == 0
    await again(company, connector)
    waits = await verified()
    assert sum(one["waiting"] for one in waits.values()) == len(await open_in(company)) == 3
    await changes.decide(company, None, "all", "keep", NEVER, WHO)
    assert await verified() == {}
