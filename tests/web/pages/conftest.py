"""Pages over a company that a practice Web Connector has synced: imported once, copied for each test."""

import asyncio
import os
import secrets
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from sync.keys import KeyRing
from sync.practice.company import CompanyFile
from sync.practice.connector import WebConnector, read_qwc
from sync.practice.seed import seed
from sync.settings import Settings
from sync.store import people, runs, setup
from sync.store.base import execute, fetchval
from tests.conftest import NUMBERS, address_of
from tests.serving import SECRET, free_socket, served, settings_for
from tests.web.conftest import NAMES, Visitor
from web.auth import hash_of

ROWS = 300
SSN = "123-45-6789"
EMPLOYEE = f"<EmployeeRet><Name>Grace</Name><SSN>{SSN}</SSN><AccountNumber>99887766</AccountNumber></EmployeeRet>"


@pytest.fixture(scope="session")
def template(postgres_server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """In place of the empty one: four people and one company, all of it read from a practice company file."""
    name = f"halder_{os.getpid()}_{next(NUMBERS)}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        names = {"name": sql.Identifier(name), "template": sql.Identifier(template)}
        connection.execute(sql.SQL("create database {name} template {template} strategy file_copy").format(**names))
        asyncio.run(imported(address_of(name, postgres_server), tmp_path_factory.mktemp("halder")))
        yield name
        connection.execute(sql.SQL("drop database {name} with (force)").format(**names))


async def imported(database: str, folder: Path) -> None:
    """Serve the product on this database until a practice Web Connector has carried a company into it."""
    settings = settings_for(database, folder)
    with free_socket() as (listening, port):
        async with served(settings, listening):
            for role, who in NAMES.items():
                email = f"{who}@halder.example"
                await people.add_person(name=who.title(), email=email, role=role, password_hash="none")
            await sync(settings, folder, port)


async def sync(settings: Settings, folder: Path, port: int) -> None:
    file = CompanyFile.create(folder / "halder.practice", company_name="Halder Natural Stone, Inc.")
    seed(file, ROWS)
    made = await setup.add_company("Halder Natural Stone, Inc.", "US", begin=True, keys=KeyRing(SECRET), actor="test")
    qwc = read_qwc(await setup.qwc_file(made.connector, settings.public_url))
    connector = WebConnector(
        qwc, made.licence_key, file, machine="SERVER-01", url=f"http://127.0.0.1:{port}/qbwc", noop_pause=0.05
    )
    await connector.update()
    while await runs.active_number(made.company) is not None:
        await asyncio.sleep(0.05)
    connector.close()
    file.close()


async def enter_as(client: Visitor, role: str) -> None:
    """Sign a visitor in as the person of this role, without a password."""
    found = await people.by_email(f"{NAMES[role]}@halder.example")
    assert found
    token = secrets.token_urlsafe(32)
    await people.open_session(
        person=found[0].id, token_hash=hash_of(token), address="127.0.0.1", agent="tests", now=datetime.now(UTC)
    )
    client.cookies.set("deskbridge-session", token, domain="127.0.0.1")


Enter = Callable[[str], Awaitable[Visitor]]


@pytest.fixture
async def enter(site: str) -> AsyncIterator[Enter]:
    """Call it with a role: a visitor who is signed in as somebody of that role."""
    clients: list[Visitor] = []

    async def signed_in(role: str) -> Visitor:
        client = Visitor(base_url=site)
        clients.append(client)
        await enter_as(client, role)
        return client

    yield signed_in
    for client in clients:
        await client.aclose()


@pytest.fixture
async def personal(site: str) -> int:
    """The id of a request whose answer holds an employee's numbers."""
    id: int = await fetchval("select max(id) from request where answer is not null")
    answer = f'<?xml version="1.0" ?><QBXML><QBXMLMsgsRs>{EMPLOYEE}</QBXMLMsgsRs></QBXML>'.encode()
    await execute(
        "update request set answer = $2, answer_size = $3 where id = $1", id, zlib.compress(answer), len(answer)
    )
    return id
