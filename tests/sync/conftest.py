"""The product on a free port, a practice company file, and the practice Web Connector between the two."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sync.keys import KeyRing
from sync.practice.company import CompanyFile
from sync.practice.connector import Faults, WebConnector, read_qwc
from sync.practice.seed import seed
from sync.qbxml.entities import ENTITIES
from sync.settings import Settings
from sync.store import setup
from sync.store.base import fetch
from tests.serving import SECRET, free_socket, served, settings_for


@dataclass(kw_only=True)
class Product:
    """The running product and the ways in that the tests use."""

    url: str
    settings: Settings
    connectors: list[WebConnector] = field(default_factory=list)

    async def add_company(self, name: str = "Halder", region: str = "US", *, begin: bool = True) -> setup.NewConnector:
        return await setup.add_company(name, region, begin=begin, keys=KeyRing(SECRET), actor="test")

    async def connector(
        self, made: setup.NewConnector, file: Any, faults: Faults | None = None, machine: str = "FRONT-DESK-02"
    ) -> WebConnector:
        qwc = read_qwc(await setup.qwc_file(made.connector, self.settings.public_url))
        connector = WebConnector(
            qwc,
            made.licence_key,
            file,
            machine=machine,
            url=f"{self.url}/qbwc",
            noop_pause=0.05,
            faults=faults,
        )
        self.connectors.append(connector)
        return connector


@pytest.fixture
async def product(database_url: str, tmp_path: Path) -> AsyncIterator[Product]:
    """The whole product in this event loop, on a database of its own."""
    with free_socket() as (listening, port):
        settings = settings_for(database_url, tmp_path, port)
        async with served(settings, listening):
            running = Product(url=f"http://127.0.0.1:{port}", settings=settings)
            yield running
            for connector in running.connectors:
                connector.close()


@pytest.fixture
def company_file(tmp_path: Path) -> Iterator[CompanyFile]:
    """A small company: some 600 rows."""
    file = CompanyFile.create(tmp_path / "halder.practice", company_name="Halder Natural Stone, Inc.")
    seed(file, 600)
    yield file
    file.close()


async def finished(run_of: int) -> None:
    """Wait until no run of the company is alive."""
    while await fetch("select 1 from run where company = $1 and state in ('queued', 'running')", run_of):
        await asyncio.sleep(0.02)


def differences(one: Any, other: Any, where: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Every place in which two nested values differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted({*one, *other}):
            yield from differences(one.get(key, "absent"), other.get(key, "absent"), f"{where}/{key}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, pair in enumerate(zip(one, other, strict=True)):
            yield from differences(*pair, f"{where}[{number}]")
    elif one != other:
        yield where, one, other


async def unequal(company: int, file: CompanyFile) -> list[str]:
    """What differs between the records of a company and the rows of its file; nothing when they are equal."""
    found = []
    ours: dict[str, dict[str, Any]] = {name: {} for name in ENTITIES}
    alive = "select entity, qb_id, quickbooks from record where company = $1 and deleted_at is null"
    for row in await fetch(alive, company):
        ours[row["entity"]][row["qb_id"]] = json.loads(row["quickbooks"])
    for name in file.counts():
        theirs = {row.get("ListID") or row["TxnID"]: row for row in file.rows(name)}
        mine = ours.pop(name, {})
        found += [f"{name} {key} is missing" for key in theirs.keys() - mine.keys()]
        found += [f"{name} {key} should be gone" for key in mine.keys() - theirs.keys()]
        for key in theirs.keys() & mine.keys():
            mine[key].pop("DataExtRet", None)  # custom fields are asked for apart: the file's rows do not hold them
            found += [f"{name} {key}{where}: {a!r}, here {b!r}" for where, a, b in differences(theirs[key], mine[key])]
    return found + [f"{name} has rows that the file has not" for name, rows in ours.items() if rows]
