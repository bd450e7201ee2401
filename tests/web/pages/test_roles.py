"""Every route of the application, asked by everybody: each answers as it declares."""

from collections.abc import Iterator

import pytest
from litestar import get

from sync.settings import Settings
from sync.store.people import ROLES
from tests.web.conftest import Visitor
from tests.web.pages.conftest import Enter
from web.app import create_app, handlers_of
from web.auth import check_roles

HERE = {
    "code": "0x80040408",
    "company": "1",
    "number": "1",
    "id": "1",
    "entity": "Customer",
    "change": "999999",
    "record": "999999",
    "file": "request.xml",
    "field": "CustomerRef",
    "begin": "999999",
    "session": "999999",
    "person": "999999",
    "invitation": "999999",
    "token": "999999",
    "link": "999999",
    "connector": "999999",
    "upload": "999999",
    "file_path": "css/base.css",
}
STREAM = {"accept": "text/event-stream"}


def routes(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """Yield method, address and role of every handler but the API's, which test_access.py asks with tokens."""
    app = create_app(settings)
    for route in app.routes:
        path = "".join(f"/{filled(part)}" for part in route.path_components) or "/"
        for handler in handlers_of(app):
            if handler in getattr(route, "route_handlers", []) and not handler.opt.get("api"):
                yield from ((str(method), path, handler.opt["role"]) for method in sorted(handler.http_methods))


def filled(part: object) -> str:
    return part if isinstance(part, str) else HERE[getattr(part, "name", "")]


async def ask(visitor: Visitor, method: str, path: str) -> tuple[int, str]:
    """Return status and where it leads; of a stream only its head is read."""
    if not any(name.endswith("form") for name in visitor.cookies):
        await visitor.get("/sign-in")
    headers = {"x-csrftoken": visitor.cookies["deskbridge-form"]} | (STREAM if path.endswith("/live") else {})
    async with visitor.stream(method, path, headers=headers) as answer:
        return answer.status_code, answer.headers.get("location", "")


def is_refused(status: int, location: str) -> bool:
    return status in (401, 403) or location.startswith("/sign-in")


async def test_each_route_answers_nobody_and_every_role_as_it_declares(
    enter: Enter, site: str, settings: Settings
) -> None:
    wrong = []
    async with Visitor(base_url=site) as nobody:
        for method, path, role in routes(settings):
            status, location = await ask(nobody, method, path)
            if (role != "public") != is_refused(status, location) and (method, path) != ("GET", "/sign-in"):
                wrong.append(f"nobody: {method} {path} needs {role}, answered {status} {location}")
    for role in ROLES:
        visitor = await enter(role)
        for method, path, needed in routes(settings):
            status, location = await ask(visitor, method, path)
            allowed = needed == "public" or ROLES.index(role) >= ROLES.index(needed)
            ends_session = path in ("/sign-out", "/account/sessions/end-others")
            if allowed == is_refused(status, location) and not ends_session:
                wrong.append(f"{role}: {method} {path} needs {needed}, answered {status} {location}")
            if status >= 500:
                wrong.append(f"{role}: {method} {path} broke")
            if path == "/sign-out":
                visitor = await enter(role)
    assert wrong == []


def test_every_route_declares_a_role(settings: Settings) -> None:
    found = list(routes(settings))
    assert len(found) > 20
    assert {role for _, _, role in found} <= {*ROLES, "public"}


def test_a_route_without_a_role_stops_the_start() -> None:
    @get("/secret", sync_to_thread=False)
    def secret() -> str:
        return ""

    with pytest.raises(LookupError, match="declares no role"):
        check_roles([secret])


async def test_a_refusal_names_the_role_and_who_can_give_it(enter: Enter) -> None:
    vera = await enter("viewer")
    refused = await vera.submit("/companies/1/syncs")
    assert refused.status_code == 403
    assert "<b>member</b>" in refused.text
    assert "Ruth can give it to you" in refused.text
    as_json = await vera.submit("/companies/1/syncs", headers={"accept": "application/json"})
    assert as_json.json() == {"error": "role needed", "role": "member"}
