"""The pages over real HTTP: the application on a free port, in the test's own event loop, on a database of its own."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from sync.settings import Settings
from sync.store import people
from tests.serving import Client, free_socket, served, settings_for
from web.passwords import Passwords

NAMES = {"owner": "ruth", "accounting_manager": "alice", "member": "bob", "viewer": "vera"}
PASSWORD = "tall ladder in the barn"


class Visitor(Client):
    """A browser without scripts: keeps cookies, sends forms with their token, follows nothing by itself."""

    async def submit(self, path: str, headers: dict[str, str] | None = None, **fields: str) -> httpx.Response:
        """Send a form as the page would: with the token that came with the page."""
        token = next((value for name, value in self.cookies.items() if name.endswith("deskbridge-form")), None)
        if token is None:
            await self.get("/sign-in")
            token = self.cookies["deskbridge-form"]
        return await self.post(path, data={"_csrf_token": token, **fields}, headers=headers)

    async def sign_in(self, email: str, password: str = PASSWORD) -> httpx.Response:
        return await self.submit("/sign-in", email=email, password=password)

    @property
    def is_signed_in(self) -> bool:
        return any(name.endswith("deskbridge-session") for name in self.cookies)


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return settings_for(database_url, tmp_path)


@pytest.fixture
async def site(settings: Settings) -> AsyncIterator[str]:
    """The address of the running application. Its tables may be read and written directly."""
    with free_socket() as (listening, port):
        async with served(settings, listening):
            yield f"http://127.0.0.1:{port}"


@pytest.fixture
async def visitor(site: str) -> AsyncIterator[Visitor]:
    """Somebody whom nobody knows yet."""
    async with Visitor(base_url=site) as client:
        yield client


SignUp = Callable[[str], Awaitable[Visitor]]


@pytest.fixture
async def signed_in_as(site: str) -> AsyncIterator[SignUp]:
    """Call it with a role: ruth is the owner, alice an accounting manager, bob a member, vera a viewer."""
    clients: list[Visitor] = []

    async def enter(role: str) -> Visitor:
        client = Visitor(base_url=site)
        clients.append(client)
        name = NAMES[role]
        if await people.by_email(f"{name}@halder.example") is None:
            hashed = await Passwords().hash(PASSWORD)
            await people.add_person(name=name.title(), email=f"{name}@halder.example", role=role, password_hash=hashed)
        answer = await client.sign_in(f"{name}@halder.example")
        assert answer.status_code == 303, answer.text
        return client

    yield enter
    for client in clients:
        await client.aclose()
