"""A set-up walked through over HTTP: a company made in the browser, and a practice Web Connector for it."""

from pathlib import Path
from typing import NamedTuple

from sync.keys import KeyRing
from sync.practice.company import CompanyFile
from sync.practice.connector import Faults, WebConnector, read_qwc
from sync.practice.seed import seed
from sync.settings import Settings
from sync.store import computers, workspace
from tests.serving import SECRET
from tests.web.conftest import Visitor

NAME = "Granite Ridge Fabrication LLC"
WHO = ("ruth@halder.example", "127.0.0.1")


class Walk(NamedTuple):
    """One company in set-up and the computer beside it."""

    company: int
    home: str
    connector: WebConnector
    file: CompanyFile


async def new_company(visitor: Visitor, name: str = NAME, shared: str = "no") -> int:
    """Make a company as the chooser does; return its id."""
    await workspace.switch_on(*WHO)
    made = await visitor.submit("/connect/company", company="new", name=name, shared=shared)
    assert made.status_code == 303, made.text
    return int(made.headers["location"].split("/")[2])


async def connector_for(
    company: int, file: CompanyFile | None, site: str, faults: Faults | None = None, machine: str = "SHOP-PC"
) -> WebConnector:
    """Add a connector, and give its file and key to a practice Web Connector."""
    made = await computers.add_connector(company, "", KeyRing(SECRET), *WHO)
    taken = await computers.take_qwc(company, made.connector, "http://localhost:8080", *WHO)
    assert taken is not None
    return WebConnector(
        read_qwc(taken[1]), made.licence_key, file, machine=machine, url=f"{site}/qbwc", noop_pause=0.05, faults=faults
    )


def company_file(folder: Path, name: str = NAME, country: str = "US", rows: int = 300) -> CompanyFile:
    """A small practice company file."""
    file = CompanyFile.create(folder / f"{name.replace(' ', '-').lower()}.practice", company_name=name, country=country)
    seed(file, rows)
    return file


async def walk(visitor: Visitor, site: str, folder: Path, *, file_name: str = NAME) -> Walk:
    """Begin a set-up as far as its connector; nothing has called yet."""
    company = await new_company(visitor)
    await visitor.submit(f"/companies/{company}/setup/region", region="US")
    file = company_file(folder, file_name)
    connector = await connector_for(company, file, site)
    return Walk(company, f"/companies/{company}/setup", connector, file)


__all__ = ["NAME", "Settings", "Walk", "company_file", "connector_for", "new_company", "walk"]
