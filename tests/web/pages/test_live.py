"""Live pages: what is sent on connecting, what after a notice, and when a stream ends."""

import asyncio
import signal
from collections.abc import AsyncIterator

import pytest

from sync.database import close_pool, open_pool
from sync.store.base import execute, notify, transaction
from tests.conftest import Server
from tests.web.conftest import Visitor
from tests.web.pages.conftest import Enter, enter_as
from web.pages.company import PARTS


async def events(visitor: Visitor, path: str) -> AsyncIterator[tuple[str, str]]:
    """Yield name and data of each event."""
    async with visitor.stream("GET", path, headers={"accept": "text/event-stream"}) as answer:
        assert answer.status_code == 200
        name, data = "", []
        async for line in answer.aiter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                data.append(line.removeprefix("data: "))
            elif not line and name:
                yield name, "\n".join(data)
                name, data = "", []


async def tell(*topics: str) -> None:
    async with transaction() as connection:
        await notify(connection, *topics)


async def test_a_page_gets_its_present_state_and_then_what_changes(enter: Enter) -> None:
    stream = events(await enter("viewer"), "/companies/live")
    name, html = await anext(stream)
    assert name == "companies"
    assert 'id="companies"' in html
    await execute("update company set name = 'Renamed'")
    await tell("companies")
    name, html = await anext(stream)
    assert "Renamed" in html
    await stream.aclose()


async def test_a_company_page_gets_only_the_parts_that_read_differently(enter: Enter) -> None:
    stream = events(await enter("member"), "/companies/1/live")
    assert {(await anext(stream))[0] for _ in range(len(PARTS) + 1)} == {*PARTS, "badge"}
    await execute("insert into run (company, number, kind, state, asked_by) values (1, 2, 'full', 'queued', 'ruth')")
    await tell("company:1", "companies")
    changed = {(await anext(stream))[0] for _ in range(4)}
    assert changed == {"line", "actions", "progress", "runs"}
    await stream.aclose()


async def test_many_notices_are_few_readings(enter: Enter) -> None:
    stream = events(await enter("viewer"), "/companies/1/syncs/1/live")
    assert [(await anext(stream))[0] for _ in range(4)] == ["head", "facts", "entities", "requests"]
    run = 1
    for number in range(200):
        await execute("update run set rows_in = $1", number)
        await tell(f"run:{run}")
    readings = [await anext(stream)]
    while "199" not in readings[-1][1]:
        readings.append(await anext(stream))
    assert len(readings) < 20
    await stream.aclose()


async def test_a_stream_ends_with_the_session(enter: Enter) -> None:
    stream = events(await enter("viewer"), "/companies/live")
    await anext(stream)
    await execute("update user_session set revoked_at = now()")
    await tell("companies")
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


async def test_nobody_gets_no_stream(site: str) -> None:
    async with Visitor(base_url=site) as nobody:
        answer = await nobody.get("/companies/live", headers={"accept": "text/event-stream"})
        assert answer.status_code == 401


async def test_a_server_that_is_told_to_end_ends_its_streams_and_itself(
    server_process: Server, database_url: str
) -> None:
    await open_pool(database_url)
    async with Visitor(base_url=server_process.url) as vera:
        await enter_as(vera, "viewer")
        stream = events(vera, "/companies/live")
        await anext(stream)
        server_process.process.send_signal(signal.SIGTERM)
        with pytest.raises(StopAsyncIteration):  # ended, not cut off
            await anext(stream)
    await asyncio.to_thread(server_process.process.wait, 30)
    await close_pool()
    assert "Traceback" not in server_process.log.read_text()
