"""What a hostile or unlucky other end can do: nothing of it may lose, delete or hold up what it has no part in."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from sync import soap
from sync.practice.change import change
from sync.practice.clock import wall_clock
from sync.practice.company import CompanyFile
from sync.practice.refusals import QuickBooksError
from sync.practice.seed import seed
from sync.store import setup
from sync.store.base import fetch, fetchval
from tests.sync.conftest import Product, finished, unequal

NAMESPACE = "http://developer.intuit.com/"
LARGE = 2_000_000  # bytes; decoded on the way
PATIENCE = 20.0  # seconds until a call that never comes back fails its test


class Misled:
    """A company file of which some answers are replaced; None keeps the file's own."""

    def __init__(self, file: CompanyFile, instead: Callable[[str], str | None]) -> None:
        self.file = file
        self.instead = instead

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)

    def process(self, request: str) -> str:
        answer = self.instead(request)
        return self.file.process(request) if answer is None else answer


class WithoutLock(Misled):
    """A company file whose Web Connector writes no AppLock."""

    def host_company_preferences(self, owner_id: str) -> str:
        return re.sub(
            r"<DataExtRet>(?:(?!</DataExtRet>).)*AppLock.*?</DataExtRet>\s*",
            "",
            self.file.host_company_preferences(owner_id),
            flags=re.DOTALL,
        )


def asked(request: str, name: str) -> bool:
    return f"<{name}QueryRq" in request


def answered(request: str, name: str, code: int, severity: str) -> str:
    """An answer without rows to a document that asks one thing."""
    number = re.search(r'requestID="([^"]*)"', request)
    assert number is not None
    status = f'statusCode="{code}" statusSeverity="{severity}" statusMessage="Replaced by the test"'
    return f'<QBXML><QBXMLMsgsRs><{name}QueryRs requestID="{number[1]}" {status} /></QBXMLMsgsRs></QBXML>'


async def synced(product: Product, made: setup.NewConnector, file: Any) -> None:
    """One sync, to its end."""
    await (await product.connector(made, file)).update()
    await finished(made.company)


async def again(product: Product, made: setup.NewConnector, file: Any) -> None:
    await setup.ask_run(made.company, "incremental", "test")
    await synced(product, made, file)


def post(body: bytes, *, length: int | None = None) -> bytes:
    """A call as it goes over the wire; `length` announces more than is sent."""
    kind = "Content-Type: text/xml; charset=utf-8"
    announced = len(body) if length is None else length
    head = f"POST /qbwc HTTP/1.1\r\nHost: localhost\r\n{kind}\r\nContent-Length: {announced}\r\n\r\n"
    return head.encode() + body


def large_answer(ticket: str) -> bytes:
    inner = f"<ticket>{ticket}</ticket><response>{'a' * LARGE}</response>"
    call = f'<receiveResponseXML xmlns="{NAMESPACE}">{inner}</receiveResponseXML>'
    envelope = "http://schemas.xmlsoap.org/soap/envelope/"
    return f'<s:Envelope xmlns:s="{envelope}"><s:Body>{call}</s:Body></s:Envelope>'.encode()


@asynccontextmanager
async def sent(product: Product, data: bytes) -> AsyncIterator[asyncio.StreamReader]:
    """A connection on which something was sent."""
    address = urlsplit(product.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(data)
    await writer.drain()
    yield reader
    writer.close()


async def test_large_bodies_that_never_end_hold_up_no_other_large_body(product: Product) -> None:
    stalled = post(large_answer("forged"), length=50_000_000)
    whole = post(large_answer("forged"))
    async with sent(product, stalled), sent(product, stalled), sent(product, stalled), sent(product, whole) as reader:
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
    assert head.startswith(b"HTTP/1.1 200")


async def test_a_reply_names_its_charset_once(product: Product) -> None:
    async with sent(product, post(large_answer("forged"))) as reader:
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
    assert f"content-type: {soap.CONTENT_TYPE}\r\n" in head.decode().lower()


async def test_a_warning_instead_of_rows_deletes_nothing(product: Product, company_file: CompanyFile) -> None:
    made = await product.add_company()
    await synced(product, made, company_file)

    def warn(request: str) -> str | None:
        rows = asked(request, "Customer") and "MetaDataOnly" not in request
        return answered(request, "Customer", 500, "Warn") if rows else None

    await setup.ask_run(made.company, "full", "test")
    await synced(product, made, Misled(company_file, warn))
    assert await unequal(made.company, company_file) == []


async def test_a_document_that_always_breaks_quickbooks_keeps_no_other_from_being_read(
    product: Product, company_file: CompanyFile
) -> None:
    made = await product.add_company()

    def broken(request: str) -> str | None:
        if asked(request, "Invoice") and "MetaDataOnly" not in request:
            raise QuickBooksError("0x80040402", "Unexpected error.")
        return None

    for _ in range(4):
        await (await product.connector(made, Misled(company_file, broken))).update()
    states = await fetch("select distinct entity from run_entity where state <> 'done' and state <> 'off'")
    assert [row["entity"] for row in states] == ["Invoice"]
    assert await fetchval("select state from run where company = $1", made.company) == "complete"


async def test_a_feature_that_was_off_is_asked_for_again_after_a_day(
    product: Product, company_file: CompanyFile
) -> None:
    made = await product.add_company()

    def off(request: str) -> str | None:
        lone = asked(request, "Transfer") and "MetaDataOnly" not in request
        return answered(request, "Transfer", 3250, "Error") if lone else None

    await synced(product, made, Misled(company_file, off))
    await fetch("update entity_state set off_at = off_at - interval '2 days' where entity = 'Transfer'")
    await again(product, made, company_file)
    assert await unequal(made.company, company_file) == []


@pytest.mark.parametrize("hours", [-5, 5])
async def test_deletions_are_seen_whatever_the_computers_clock_shows(
    product: Product, tmp_path: Path, hours: int
) -> None:
    def wrong() -> datetime:
        return wall_clock() + timedelta(hours=hours)

    file = CompanyFile.create(tmp_path / "wrong.practice", company_name="Halder Natural Stone, Inc.", now=wrong)
    seed(file, 300)
    made = await product.add_company()
    unlocked = WithoutLock(file, lambda request: None)
    await synced(product, made, unlocked)
    change(file, edits=0, deletions=6, creations=0)
    await again(product, made, unlocked)
    assert await unequal(made.company, file) == []
    file.close()
