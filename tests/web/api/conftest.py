"""The API over real HTTP, on a company that a practice Web Connector has synced."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import pytest

from sync.store import tokens
from tests.serving import Client
from tests.web.pages.conftest import enter, template

__all__ = ["enter", "template"]

CUSTOMERS = "/companies/1/records/Customer"


class Program(Client):
    """Another program with a token."""


With = Callable[[str], Awaitable[Program]]


@pytest.fixture
async def program(site: str) -> AsyncIterator[With]:
    """Call it with a role: a program whose token has it."""
    clients: list[Program] = []

    async def made(role: str) -> Program:
        _, token = await tokens.make(f"a {role}", role, None, "test", datetime.now(UTC))
        client = Program(base_url=f"{site}/api/v1", headers={"authorization": f"Bearer {token}"}, timeout=60)
        clients.append(client)
        return client

    yield made
    for client in clients:
        await client.aclose()


async def first_customer(client: Program) -> dict[str, object]:
    """Return a customer as the API gives it."""
    found: dict[str, object] = (await client.get(CUSTOMERS, params={"limit": 1})).json()["records"][0]
    return found
