"""Who gets in to the API: programs with a living token and the role that a call needs, so often a minute."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from sync.settings import Settings
from sync.store import tokens
from sync.store.base import execute
from sync.store.people import ROLES
from tests.serving import Client
from tests.web.api.conftest import With
from tests.web.pages.conftest import Enter
from web.api.access import token_guard
from web.app import create_app, handlers_of

HERE = {"company": "1", "entity": "Customer", "id": "999999"}
PROBLEM = "application/problem+json"


def routes(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """Yield method, address below /api/v1 and role of every handler of the API."""
    app = create_app(settings)
    for route in app.routes:
        for handler in handlers_of(app):
            if handler in getattr(route, "route_handlers", []) and handler.opt.get("api"):
                assert token_guard in handler.resolve_guards()
                parts = [part if isinstance(part, str) else HERE[part.name] for part in route.path_components]
                yield from ((method, "/" + "/".join(parts[2:]), handler.opt["role"]) for method in handler.http_methods)


async def test_each_call_of_the_api_answers_every_role_as_it_declares(
    program: With, site: str, settings: Settings
) -> None:
    found, wrong = list(routes(settings)), []
    assert len(found) == 11
    async with Client(base_url=f"{site}/api/v1") as nobody:
        for method, path, role in found:
            answer = await nobody.request(method, path)
            if role != "public":
                assert answer.status_code == 401, f"{method} {path}"
                assert answer.headers["content-type"] == PROBLEM
                assert answer.json()["code"] == "token_missing"
                assert answer.headers["www-authenticate"].startswith("Bearer")
            assert "set-cookie" not in answer.headers
    for role in ROLES:
        client = await program(role)
        for method, path, needed in found:
            answer = await client.request(method, path)
            allowed = needed == "public" or ROLES.index(role) >= ROLES.index(needed)
            if allowed == (answer.status_code in (401, 403)) or answer.status_code >= 500:
                wrong.append(f"{role}: {method} {path} needs {needed}, answered {answer.status_code}")
            assert "text/html" not in answer.headers["content-type"]
    assert wrong == []


async def test_a_cookie_counts_for_nothing(enter: Enter) -> None:
    ruth = await enter("owner")
    answer = await ruth.get("/api/v1/companies")
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


async def test_a_token_that_is_revoked_or_over_or_unknown_lets_nobody_in(program: With, site: str) -> None:
    client = await program("viewer")
    assert (await client.get("/companies")).status_code == 200
    row = (await tokens.listed())[0]
    assert row.last_used_at is not None
    assert await tokens.revoke(row.id, "test", datetime.now(UTC))
    refused = await client.get("/companies")
    assert (refused.status_code, refused.json()["code"]) == (401, "token_refused")
    _, token = await tokens.make("old", "viewer", 1, "test", datetime.now(UTC) - timedelta(days=2))
    for shown in (token, "deskbridge_unknown"):
        answer = await client.get("/companies", headers={"authorization": f"Bearer {shown}"})
        assert answer.status_code == 401


async def test_more_calls_than_a_minute_allows_are_told_when_to_come_back(program: With) -> None:
    client = await program("viewer")
    await client.get("/companies")
    await execute("update limits set tries = $1 where key like 'api:%'", tokens.RATE)
    refused = await client.get("/companies")
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_calls")
    assert 0 < int(refused.headers["retry-after"]) <= 61
    await execute("update limits set since = now() - interval '2 minutes' where key like 'api:%'")
    assert (await client.get("/companies")).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "not_found"),
        ("GET", "/companies/2/runs", 404, "not_found"),
        ("GET", "/companies/99999999999999999999/runs", 404, "not_found"),
        ("GET", "/companies/1/records/Nothing", 404, "not_found"),
        ("GET", "/companies/1/records/Customer/99999999999999999999", 404, "not_found"),
        ("PUT", "/companies", 405, "method_not_allowed"),
        ("GET", "/companies/1/records/Customer?limit=0", 400, "bad_request"),
        ("GET", "/companies/1/records/Customer?cursor=abc", 400, "bad_request"),
        ("GET", "/companies/1/records/Customer?updated_after=yesterday", 400, "bad_request"),
        ("GET", "/companies/1/changes?state=lost", 400, "bad_request"),
    ],
)
async def test_what_is_wrong_with_a_call_is_said_as_a_problem(
    program: With, method: str, path: str, status: int, code: str
) -> None:
    answer = await (await program("owner")).request(method, path, headers={"accept": "text/html"})
    assert answer.headers["content-type"] == PROBLEM
    assert answer.json().keys() >= {"type", "title", "status", "detail", "code", "field"}
    assert (answer.status_code, answer.json()["code"]) == (status, code)
