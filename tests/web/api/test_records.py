"""Records through the API: read page by page, made, patched, deleted, each write looked at and exactly once."""

import asyncio

import httpx
import pytest

from sync.store import exports, policies
from sync.store.base import execute, fetchval
from tests.web.api.conftest import CUSTOMERS, Program, With, first_customer

TWINS = 20
DEEP = b'{"a":' * 10_000 + b"1" + b"}" * 10_000


async def pages(client: Program, path: str, **query: str | int) -> list[list[dict[str, object]]]:
    """Return every page of a list."""
    found, cursor = [], ""
    while True:
        answer = await client.get(path, params={**query, **({"cursor": cursor} if cursor else {})})
        assert answer.status_code == 200, answer.text
        found.append(answer.json()["records"])
        cursor = answer.json()["next"]
        if not cursor:
            return found


async def test_a_list_comes_in_pages_that_miss_and_repeat_nothing(program: With) -> None:
    client = await program("viewer")
    found = await pages(client, CUSTOMERS, limit=7)
    ids = [one["id"] for page in found for one in page]
    assert len(ids) == len(set(ids)) == await fetchval("select count(*) from record where entity = 'Customer'")
    assert {len(page) for page in found[:-1]} == {7}
    last = found[-1][-1]
    assert last.keys() == {
        *("id", "entity", "qb_id", "edit_sequence", "state", "deleted", "updated_at", "fields", "quickbooks"),
    }
    after = await client.get(CUSTOMERS, params={"updated_after": str(last["updated_at"])})
    assert after.json()["records"] == []
    await execute("update record set updated_at = now() where id = $1", ids[0])
    after = await client.get(CUSTOMERS, params={"updated_after": str(last["updated_at"])})
    assert [one["id"] for one in after.json()["records"]] == [ids[0]]


async def test_reading_is_noted_as_the_hop_after_ours_once_a_minute_for_a_kind(program: With) -> None:
    client = await program("viewer")
    for _ in range(3):
        await client.get(CUSTOMERS)
    await client.get("/companies/1/records/Vendor")
    noted = [(row.entity, row.form, row.taken_by) for row in await exports.of(1)]
    assert sorted(noted) == [  # A21
        ("Customer", "json", "API token a viewer"),
        ("Vendor", "json", "API token a viewer"),
    ]


async def test_a_viewer_is_told_no_personal_numbers_nor_finds_them(program: With) -> None:
    viewer, member = await program("viewer"), await program("member")
    path = "/companies/1/records/Employee"
    id = (await member.get(path)).json()["records"][0]["id"]
    await execute('update record set quickbooks = quickbooks || \'{"SSN": "123-45-6789"}\' where id = $1', id)
    assert (await member.get(f"{path}/{id}")).json()["fields"]["SSN"] == "123-45-6789"
    assert "123-45" not in (await viewer.get(path)).text + (await viewer.get(f"{path}/{id}")).text
    assert (await viewer.get(path, params={"q": "123"})).status_code in (200, 403)


async def test_a_record_made_is_proposed_and_shown_as_new(program: With) -> None:
    client = await program("member")
    made = await client.post(CUSTOMERS, json={"Name": "Lindqvist", "IsActive": True, "CreditLimit": 1234.50})
    assert made.status_code == 201, made.text
    change = made.json()["change"]
    assert (change["state"], change["action"], change["created_by"]) == ("proposed", "create", "API token a member")
    found = await client.get(made.headers["location"].removeprefix("/api/v1"))
    assert found.json()["state"] == "new"
    assert found.json()["qb_id"] is None
    assert found.json()["fields"]["CreditLimit"] == "1234.50"
    listed = await client.get("/companies/1/changes", params={"state": "proposed", "entity": "Customer"})
    assert [one["id"] for one in listed.json()["changes"]] == [change["id"]]


async def test_names_of_an_add_are_taken_and_references_found_by_name(program: With) -> None:
    client = await program("member")
    customer = await first_customer(client)
    item = (await client.get("/companies/1/records/ItemService", params={"limit": 1})).json()["records"][0]
    wanted = {
        "CustomerRef": {"FullName": customer["quickbooks"]["FullName"].upper()},
        "TxnDate": "2026-11-25",
        "InvoiceLineAdd": [{"ItemRef": {"FullName": item["fields"]["FullName"]}, "Quantity": 2, "Rate": 10.25}],
    }
    made = await client.post("/companies/1/records/Invoice", json=wanted)
    assert made.status_code == 201, made.text
    after = made.json()["change"]["after"]
    assert after["CustomerRef"]["ListID"] == customer["qb_id"]
    assert after["InvoiceLineRet"][0]["ItemRef"]["ListID"] == item["qb_id"]
    assert after["InvoiceLineRet"][0]["Rate"] == "10.25"


@pytest.mark.parametrize(
    ("values", "code", "field"),
    [
        ({}, "required", "Name"),
        ({"Name": "x" * 42}, "max_length", "Name"),
        ({"Name": "A", "Nmae": "B"}, "unknown", "Nmae"),
        ({"Name": "A", "Balance": "1.00"}, "read_only", "Balance"),
        ({"Name": "A", "BillAddress": {"Town": "B"}}, "unknown", "BillAddress/Town"),
        ({"Name": "A", "BillAddress": "B"}, "format", "BillAddress"),
        ({"Name": "A", "Phone": ["1", "2"]}, "repeat", "Phone"),
        ({"Name": "A", "CreditLimit": "much"}, "format", "CreditLimit"),
        ({"Name": "A", "TermsRef": {"FullName": "Never"}}, "reference", "TermsRef"),
    ],
)
async def test_what_quickbooks_would_refuse_is_refused_with_code_and_field(
    program: With, values: dict[str, object], code: str, field: str
) -> None:
    answer = await (await program("member")).post(CUSTOMERS, json=values)
    found = answer.json()
    assert (answer.status_code, found["code"], found["field"]) == (422, code, field)
    assert found["errors"][0]["detail"] == found["detail"]
    assert answer.headers["content-type"] == "application/problem+json"
    assert await fetchval("select count(*) from change") == 0


async def test_a_name_that_is_taken_is_refused(program: With) -> None:
    client = await program("member")
    name = (await first_customer(client))["fields"]["Name"]
    answer = await client.post(CUSTOMERS, json={"Name": name.lower()})
    assert (answer.status_code, answer.json()["code"]) == (422, "name_taken")


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'{"Name": NaN}', "application/json", 400),
        (b'{"Name": "a\\u0000b"}', "application/json", 400),
        (b'{"Name": [["a"]]}', "application/json", 400),
        (DEEP, "application/json", 400),
        (b'{"a":' * 100_000, "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"Name=A", "application/x-www-form-urlencoded", 415),
        (b'{"Name": "' + b"a" * 1_100_000 + b'"}', "application/json", 413),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused(program: With, content: bytes, kind: str, status: int) -> None:
    client = await program("member")
    answer = await client.post(CUSTOMERS, content=content, headers={"content-type": kind})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_no_address_that_is_written_to_breaks_on_a_deep_or_a_large_body(program: With) -> None:
    client = await program("accounting_manager")
    kind = {"content-type": "application/json"}
    one = f"{CUSTOMERS}/{(await first_customer(client))['id']}"
    company = "/companies/1"
    for method, path in (
        ("POST", CUSTOMERS),
        ("PATCH", one),
        ("POST", f"{company}/changes/decide"),
        ("POST", f"{company}/runs"),
    ):
        for content, status in ((DEEP, 400), (b'{"Name": "' + b"a" * 1_100_000 + b'"}', 413)):
            answer = await client.request(method, path, content=content, headers=kind)
            assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), path
            assert answer.json()["code"] == {400: "bad_request", 413: "too_large"}[status]


async def test_twenty_twins_with_one_key_make_one_change(program: With) -> None:
    client = await program("member")
    key = {"idempotency-key": "order 4711"}
    sent = [client.post(CUSTOMERS, json={"Name": "Twin"}, headers=key) for _ in range(TWINS)]
    found = await asyncio.gather(*sent)
    assert {one.status_code for one in found} == {201}
    assert all(one.json() == found[0].json() for one in found)
    assert sum("idempotency-replayed" not in one.headers for one in found) == 1
    assert await fetchval("select count(*) from change") == 1
    assert await fetchval("select count(*) from record where qb_id like 'new:%'") == 1
    other = await client.post(CUSTOMERS, json={"Name": "Another"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (409, "key_used")
    theirs = await (await program("member")).post(CUSTOMERS, json={"Name": "Mine"}, headers=key)
    assert theirs.status_code == 201
    await execute("update api_answer set at = now() - interval '25 hours'")
    late = await client.post(CUSTOMERS, json={"Name": "Another"}, headers=key)
    assert late.status_code == 201


async def test_a_refused_write_may_be_mended_under_its_key(program: With) -> None:
    client = await program("member")
    key = {"idempotency-key": "1"}
    assert (await client.post(CUSTOMERS, json={}, headers=key)).status_code == 422
    assert (await client.post(CUSTOMERS, json={"Name": "Mended"}, headers=key)).status_code == 201


async def test_twenty_patches_of_different_fields_lose_none(program: With) -> None:
    client = await program("member")
    found = await first_customer(client)
    names = ["Phone", "AltPhone", "Fax", "Email", "Contact", "AltContact", "FirstName", "LastName", "MiddleName"]
    sent = [client.patch(f"{CUSTOMERS}/{found['id']}", json={name: name[:5]}) for name in names]
    assert {one.status_code for one in await asyncio.gather(*sent)} == {202}
    fields = (await client.get(f"{CUSTOMERS}/{found['id']}")).json()["fields"]
    assert [fields[name] for name in names] == [name[:5] for name in names]
    assert await fetchval("select count(*) from change where state = 'proposed'") == 1


async def test_a_patch_is_merged_and_null_clears(program: With) -> None:
    client = await program("member")
    found = await first_customer(client)
    path = f"{CUSTOMERS}/{found['id']}"
    done = await client.patch(path, json={"Phone": "218-555-0134", "BillAddress": {"City": "Duluth"}, "Fax": None})
    assert done.status_code == 202, done.text
    after = done.json()["change"]["after"]
    assert after["BillAddress"] == {**found["fields"].get("BillAddress", {}), "City": "Duluth"}
    assert after["Phone"] == "218-555-0134"
    assert "Fax" not in after
    shown = (await client.get(path)).json()
    assert (shown["state"], shown["fields"], shown["quickbooks"]) == ("changed", after, found["quickbooks"])
    same = await client.patch(path, json={"Phone": "218-555-0134"})
    assert (same.status_code, same.json()) == (200, {"record": found["id"], "change": None})
    back = {name: found["fields"].get(name) for name in ("Phone", "BillAddress", "Fax")}
    undone = await client.patch(path, json=back)
    assert (undone.status_code, undone.json()["change"]) == (200, None)
    assert (await client.get(path)).json()["state"] == "same"
    assert await fetchval("select array_agg(distinct state) from change") == ["cleared"]
    for nothing in (None, "", " \n"):
        emptied = await client.patch(path, json={"Name": nothing})
        assert (emptied.status_code, emptied.json()["code"], emptied.json()["field"]) == (422, "required", "Name")


async def test_a_patch_in_another_shape_than_its_field_is_refused_with_its_place(program: With) -> None:
    client = await program("member")
    customer = f"{CUSTOMERS}/{(await first_customer(client))['id']}"
    invoices = "/companies/1/records/Invoice"
    invoice = f"{invoices}/{(await client.get(invoices)).json()['records'][0]['id']}"
    for path, values, code, field in (
        (customer, {"BillAddress": "1 Main St"}, "format", "BillAddress"),
        (customer, {"Phone": {"Work": "1"}}, "format", "Phone"),
        (customer, {"TermsRef": "Net 15"}, "format", "TermsRef"),
        (customer, {"Balance": [{"TxnLineID": ["1"]}]}, "read_only", "Balance"),
        (customer, {"ListID": "1"}, "read_only", "ListID"),
        (invoice, {"InvoiceLineRet": "x"}, "format", "InvoiceLineRet[0]"),
        (invoice, {"InvoiceLineRet": [{"TxnLineID": {}}]}, "format", "InvoiceLineRet[0]/TxnLineID"),
        (invoice, {"InvoiceLineRet": [{"TxnLineID": ["1"]}]}, "repeat", "InvoiceLineRet[0]/TxnLineID"),
        (
            invoice,
            {"InvoiceLineRet": [{"ItemRef": {"FullName": ["x"]}}]},
            "repeat",
            "InvoiceLineRet[0]/ItemRef/FullName",
        ),
        (invoice, {"CustomerRef": {"FullName": "Nobody"}}, "reference", "CustomerRef"),
    ):
        answer = await client.patch(path, json=values)
        found = answer.json()
        assert (answer.status_code, found["code"], found["field"]) == (422, code, field), (values, found)
        assert answer.headers["content-type"] == "application/problem+json"
    assert await fetchval("select count(*) from change") == 0


async def test_a_record_that_moved_is_not_written_over(program: With) -> None:
    client = await program("member")
    found = await first_customer(client)
    path, body = f"{CUSTOMERS}/{found['id']}", {"Phone": "1"}
    old = await client.patch(path, json={**body, "edit_sequence": "0"})
    assert (old.status_code, old.json()["code"]) == (409, "edit_sequence_moved")
    assert old.json()["edit_sequence"] == found["edit_sequence"]
    older = await client.patch(path, json=body, headers={"if-match": '"0"'})
    assert (older.status_code, older.json()["code"]) == (412, "precondition_failed")
    tag = (await client.get(path)).headers["etag"]
    assert (await client.patch(path, json=body, headers={"if-match": tag})).status_code == 202
    assert (await client.delete(path, headers={"if-match": '"0"'})).status_code == 412


async def test_a_deletion_and_a_voiding_are_proposed_where_quickbooks_can(program: With) -> None:
    client = await program("member")
    found = await first_customer(client)
    gone = await client.delete(f"{CUSTOMERS}/{found['id']}")
    assert (gone.status_code, gone.json()["change"]["action"]) == (202, "delete")
    no = await client.delete(f"{CUSTOMERS}/{found['id']}", params={"void": "true"})
    assert (no.status_code, no.json()["code"]) == (422, "cannot_void")
    invoice = (await client.get("/companies/1/records/Invoice", params={"limit": 1})).json()["records"][0]
    void = await client.delete(f"/companies/1/records/Invoice/{invoice['id']}", params={"void": "true"})
    assert (void.status_code, void.json()["change"]["action"]) == (202, "void")


async def test_a_record_that_quickbooks_does_not_have_is_taken_back_until_its_addition_is_on_its_way(
    program: With,
) -> None:
    client = await program("member")
    made = (await client.post(CUSTOMERS, json={"Name": "Short lived"})).json()
    path, change = f"{CUSTOMERS}/{made['record']}", made["change"]["id"]
    waits = (
        "insert into change (company, entity, direction, action, state, waits_for) values (1, $1, 'out', $2, $3, $4)"
    )
    await execute(waits, "Invoice", "create", "waiting", change)
    no = await client.delete(path, params={"void": "true"})
    assert (no.status_code, no.json()["code"]) == (422, "cannot_not_there")
    await execute("update change set state = 'sent', request = 1 where id = $1", change)
    late = await client.delete(path)
    assert (late.status_code, late.json()["code"]) == (422, "cannot_not_there")
    assert "on its way" in late.json()["detail"]
    await execute("update change set state = 'approved' where id = $1", change)
    back = await client.delete(path, headers={"idempotency-key": "once"})
    told = back.json()["change"]
    assert (back.status_code, told["id"], told["state"]) == (200, change, "cleared")
    said = await fetchval("select actor || ': ' || subject from audit_entry where action = 'change.proposed'")
    assert said == "API token a member: customer Short lived"
    assert (await client.delete(path, headers={"idempotency-key": "once"})).json() == back.json()
    assert (await client.delete(path)).status_code == 404
    steps = "select array_agg(state order by id) from change_event where change = $1"
    assert await fetchval(steps, change) == ["proposed", "sent", "approved", "cleared"]
    assert await fetchval("select state || reason from change where waits_for is null and entity = 'Invoice'") == (
        "refusedIt refers to a record that will not be sent."
    )
    assert (
        await fetchval("select subject from audit_entry where action = 'change.taken_back'") == "Customer Short lived"
    )


async def test_a_kind_that_approves_by_itself_is_approved_at_once_and_a_sync_asked_for(program: With) -> None:
    client = await program("member")
    await policies.set_policy(1, "Customer", "out", "auto", "test")
    made = await client.post(CUSTOMERS, json={"Name": "At once"})
    assert made.json()["change"]["state"] == "approved"
    runs = (await client.get("/companies/1/runs")).json()["runs"]
    assert (runs[0]["state"], runs[0]["asked_by"]) == ("queued", "API token a member")


async def test_a_kind_that_is_off_in_quickbooks_is_refused_with_the_reason(program: With) -> None:
    client = await program("member")
    await execute(
        "update company set facts = jsonb_set(facts,"
        " '{preferences,JobsAndEstimatesPreferences,IsUsingEstimates}', '\"false\"')"
    )
    estimates = "/companies/1/records/Estimate"
    id = (await client.get(estimates, params={"limit": 1})).json()["records"][0]["id"]
    made = await client.post(estimates, json={"CustomerRef": {"FullName": "Anybody"}})
    changed = await client.patch(f"{estimates}/{id}", json={"Memo": "More tiles"})
    for answer, code in ((made, "cannot_add"), (changed, "cannot_change")):
        assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert answer.json()["detail"].startswith("Estimates are off in QuickBooks. Somebody can change that there")
    assert await fetchval("select count(*) from change") == 0


async def test_custom_fields_are_set_by_their_names_and_looked_at_like_any_field(program: With) -> None:
    client = await program("member")
    rows = (await client.get(CUSTOMERS, params={"limit": 200})).json()["records"]
    one = next(row for row in rows if "DataExtRet" in row["fields"])
    path, was = f"{CUSTOMERS}/{one['id']}", one["fields"]["DataExtRet"]
    assert [row["DataExtName"] for row in was] == ["Territory", "Yard contact"]

    set_one = {"DataExtRet": [{"DataExtName": "Territory", "DataExtValue": "South"}], "Phone": "555-0199"}
    patched = await client.patch(path, json=set_one)
    assert patched.status_code == 202, patched.text
    assert patched.json()["change"]["after"]["DataExtRet"] == [was[0] | {"DataExtValue": "South"}, was[1]]
    shown = (await client.get(path)).json()
    assert shown["fields"]["DataExtRet"][0]["DataExtValue"] == "South"
    cleared = await client.patch(path, json={"DataExtRet": [{"DataExtName": "Yard contact", "DataExtValue": ""}]})
    assert [row["DataExtName"] for row in cleared.json()["change"]["after"]["DataExtRet"]] == ["Territory"]
    emptied = await client.patch(path, json={"DataExtRet": None})
    assert "DataExtRet" not in emptied.json()["change"]["after"]
    back = await client.patch(path, json={"DataExtRet": was, "Phone": one["fields"]["Phone"]})
    assert back.json()["change"] is None, back.text  # as QuickBooks has it: what was proposed is taken back

    made = await client.post(
        CUSTOMERS, json={"Name": "New", "DataExtRet": {"DataExtName": "Territory", "DataExtValue": 7}}
    )
    assert made.status_code == 201, made.text
    assert made.json()["change"]["after"]["DataExtRet"] == [
        {"OwnerID": "0", "DataExtName": "Territory", "DataExtType": "STR255TYPE", "DataExtValue": "7"}
    ]
    wrong = [
        ([{"DataExtName": "Nope", "DataExtValue": "1"}], "unknown", "DataExtRet[Nope]"),
        ([{"DataExtName": "Bundle", "DataExtValue": "1"}], "unknown", "DataExtRet[Bundle]"),  # of items
        ([{"DataExtName": "Territory", "DataExtValue": "x" * 256}], "max_length", "DataExtRet[Territory]"),
        ([{"DataExtName": "Territory", "DataExtValue": {"a": "1"}}], "format", "DataExtRet[0]"),
        ([{"DataExtName": "Territory", "Value": "1"}], "unknown", "DataExtRet[0]/Value"),
        ([{"OwnerID": "{1}", "DataExtName": "Territory"}], "read_only", "DataExtRet[0]/OwnerID"),
        ("South", "format", "DataExtRet"),
    ]
    for given, code, field in wrong:
        for answer in (
            await client.patch(path, json={"DataExtRet": given}),
            await client.post(CUSTOMERS, json={"Name": "Newer", "DataExtRet": given}),
        ):
            assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, code, field), given
    terms = (await client.get("/companies/1/records/StandardTerms", params={"limit": 1})).json()["records"][0]
    answer = await client.patch(f"/companies/1/records/StandardTerms/{terms['id']}", json={"DataExtRet": was})
    assert answer.status_code == 422


async def test_custom_fields_of_lines_are_set_on_lines_that_quickbooks_has_and_on_those_of_a_new_transaction(
    program: With,
) -> None:
    client = await program("member")
    one = (await client.get("/companies/1/records/Invoice", params={"limit": 1})).json()["records"][0]
    path, lines = f"/companies/1/records/Invoice/{one['id']}", one["fields"]["InvoiceLineRet"]

    async def sent(custom: object, **other: str) -> httpx.Response:
        first = {"TxnLineID": lines[0]["TxnLineID"], **other, "DataExtRet": custom}
        kept = [line for line in lines[1:] if "TxnLineID" in line]
        return await client.patch(path, json={"InvoiceLineRet": [lines[0] | first, *kept]})

    bundle = {"DataExtName": "Bundle", "DataExtValue": "7"}
    answer = await sent([bundle])
    assert answer.status_code == 202, answer.text
    whole = {"OwnerID": "0", "DataExtType": "STR255TYPE", **bundle}
    assert answer.json()["change"]["after"]["InvoiceLineRet"] == [lines[0] | {"DataExtRet": [whole]}, *lines[1:]]
    assert (await sent([])).json()["change"] is None  # of those that are here nothing is named: they stay as they are
    plain = await client.patch(path, json={"InvoiceLineRet": lines, "Memo": "Two"})
    assert plain.json()["change"]["after"]["InvoiceLineRet"][0]["DataExtRet"] == [whole]
    assert (await client.patch(path, json={"Memo": one["fields"].get("Memo")})).status_code == 202
    answer = await sent([bundle | {"DataExtValue": None}])
    assert answer.json()["change"] is None, answer.text  # as QuickBooks has it: it is taken back
    for wrong, field, code in (
        ([bundle | {"DataExtName": "Territory"}], "InvoiceLineRet[0]/DataExtRet[Territory]", "unknown"),
        ([bundle | {"DataExtValue": "x" * 256}], "InvoiceLineRet[0]/DataExtRet[Bundle]", "max_length"),
        ("7", "InvoiceLineRet[0]/DataExtRet", "format"),
    ):
        answer = await sent(wrong)
        assert (answer.status_code, answer.json()["field"], answer.json()["code"]) == (422, field, code), answer.text
    answer = await sent([bundle], TxnLineID="-1")
    assert (answer.json()["field"], answer.json()["code"]) == ("InvoiceLineRet[0]/DataExtRet", "read_only")

    async def new(custom: object) -> httpx.Response:
        line = {"ItemRef": lines[0]["ItemRef"], "Quantity": 1, "DataExtRet": custom}
        invoice = {"CustomerRef": one["fields"]["CustomerRef"], "InvoiceLineRet": [line]}
        return await client.post("/companies/1/records/Invoice", json=invoice)

    answer = await new([bundle | {"DataExtName": "Territory"}])
    assert (answer.status_code, answer.json()["field"]) == (422, "InvoiceLineRet[0]/DataExtRet[Territory]")
    made = await new([bundle])
    assert made.status_code == 201, made.text
    assert made.json()["change"]["after"]["InvoiceLineRet"][0]["DataExtRet"] == [whole]
