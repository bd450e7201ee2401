"""Decisions and syncs through the API, and what the API says of itself."""

import json
import shlex

from sync.store.base import fetchval
from tests.web.api.conftest import CUSTOMERS, Program, With, first_customer
from tests.web.conftest import Visitor


async def propose(client: Program, *names: str) -> list[int]:
    found = [await client.post(CUSTOMERS, json={"Name": name}) for name in names]
    return [one.json()["change"]["id"] for one in found]


async def test_what_is_named_is_approved_and_one_rule_holds_for_the_rest(program: With) -> None:
    client = await program("accounting_manager")
    first, second, third = await propose(client, "A", "B", "C")
    path = "/companies/1/changes/decide"
    done = await client.post(path, json={"approve": [second], "unchecked": "clear", "seen_until": second})
    assert done.json() == {"approved": 1, "kept": 0, "cleared": 1, "skipped": 0}
    listed = (await client.get("/companies/1/changes")).json()["changes"]
    assert [(one["id"], one["state"]) for one in listed] == [
        (third, "proposed"),
        (second, "approved"),
        (first, "cleared"),
    ]
    done = await client.post(path, json={"approve": "all", "unchecked": "keep"})
    assert done.json()["approved"] == 1
    assert await fetchval("select actor from audit_entry where action = 'changes.decided' order by id desc") == (
        "API token a accounting_manager"
    )


async def test_changes_come_in_pages_newest_first(program: With) -> None:
    client = await program("member")
    ids = await propose(client, "A", "B", "C")
    first = (await client.get("/companies/1/changes", params={"limit": 2, "direction": "out"})).json()
    second = (await client.get("/companies/1/changes", params={"limit": 2, "cursor": first["next"]})).json()
    assert [one["id"] for one in first["changes"] + second["changes"]] == ids[::-1]
    assert second["next"] is None


async def test_a_decision_that_cannot_be_read_decides_nothing(program: With) -> None:
    client = await program("accounting_manager")
    await propose(client, "A")
    for body, field in (
        ({}, "approve"),
        ({"approve": "some"}, "approve"),
        ({"approve": [True]}, "approve"),
        ({"approve": [10**30]}, "approve"),
        ({"approve": "all", "unchecked": "drop"}, "unchecked"),
        ({"approve": "all", "direction": "up"}, "direction"),
        ({"approve": "all", "uncheked": "keep"}, "uncheked"),
    ):
        answer = await client.post("/companies/1/changes/decide", json=body)
        assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert await fetchval("select count(*) from change where state = 'proposed'") == 1


async def test_a_sync_is_asked_for_and_listed(program: With) -> None:
    client = await program("member")
    asked = await client.post("/companies/1/runs", json={"kind": "verify"})
    assert (asked.status_code, asked.json()["kind"], asked.json()["state"]) == (202, "verify", "queued")
    listed = (await client.get("/companies/1/runs", params={"limit": 1})).json()
    assert listed["runs"][0]["number"] == asked.json()["number"]
    older = (await client.get("/companies/1/runs", params={"cursor": listed["next"]})).json()
    assert older["runs"][0]["number"] == asked.json()["number"] - 1
    no = await client.post("/companies/1/runs", json={"kind": "initial"})
    assert (no.status_code, no.json()["field"]) == (422, "kind")


async def test_each_example_of_the_page_works_as_it_stands(program: With, visitor: Visitor) -> None:
    page = await visitor.get("/api")
    assert page.status_code == 200
    document = (await visitor.get("/api/v1/openapi.json")).json()
    assert document["openapi"] == "3.1.0"
    client = await program("owner")
    record = (await first_customer(client))["id"]
    told = 0
    for path, methods in document["paths"].items():
        for method in methods:
            told += 1
            assert f"{method.upper()} /api/v1{path}" in page.text
    examples = [part.partition("</code>")[0] for part in page.text.split("<code>curl ")[1:]]
    assert len(examples) == told == 10
    for text in examples:
        words = shlex.split(text.replace("&#34;", '"').replace("&#39;", "'").replace("&amp;", "&"))
        method = words[words.index("-X") + 1] if "-X" in words else "GET"
        body = json.loads(words[words.index("-d") + 1]) if "-d" in words else None
        path = words[-1].partition("/api/v1")[2].replace("/records/Customer/1", f"/records/Customer/{record}")
        answer = await client.request(method, path, json=body)
        assert answer.status_code in (200, 201, 202), (text, answer.text)
