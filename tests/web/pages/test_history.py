"""The history of syncs: filters in the address, pages, chart, CSV; and one sync taken away whole."""

import csv
import io
import re
import resource
import zipfile
import zlib
from datetime import UTC, datetime, timedelta

from sync.store.base import execute, fetchval
from tests.web.pages.conftest import SSN, Enter


async def many(number: int = 60) -> None:
    """So many more syncs, one an hour: each third by FRONT-DESK-02, each fifth a verify, each tenth stopped."""
    await execute(
        """insert into run
               (company, number, kind, state, asked_by, asked_at, began_at, ended_at, rows_in, machine, reason)
           select 1, 1 + n, case when n % 5 = 0 then 'verify' else 'incremental' end,
               case when n % 10 = 0 then 'stopped' else 'complete' end,
               case when n % 2 = 0 then 'alice@halder.example' else 'Schedule' end, t, t, t + interval '9 seconds', n,
               case when n % 3 = 0 then 'FRONT-DESK-02' else 'SERVER-01' end, ''
           from (select n, now() - make_interval(hours => $1 - n) as t from generate_series(1, $1) n) x""",
        number,
    )


def numbers(text: str) -> list[int]:
    return [int(found) for found in re.findall(r'href="/companies/1/syncs/(\d+)"', text)]


async def test_filters_are_in_the_address_and_are_kept_from_page_to_page(enter: Enter) -> None:
    await many(120)
    vera = await enter("viewer")
    first = (await vera.get("/companies/1/syncs?kind=incremental&computer=SERVER-01")).text
    wanted = [1 + n for n in range(120, 0, -1) if n % 5 and n % 3]
    assert numbers(first) == wanted[:20]  # A24
    older = re.search(r'href="(/companies/1/syncs\?[^"]*before=\d+)"', first)
    assert older
    second = (await vera.get(older[1].replace("&amp;", "&"))).text
    assert numbers(second) == wanted[20:40]
    assert "Newest" in second
    stopped = (await vera.get("/companies/1/syncs?result=stopped")).text
    assert numbers(stopped) == [1 + n for n in range(120, 0, -10)]
    assert "No sync matches these filters." in (await vera.get("/companies/1/syncs?result=cancelled")).text


async def test_filters_work_without_scripts_and_nonsense_in_the_address_narrows_nothing(enter: Enter) -> None:
    await many(12)
    vera = await enter("viewer")
    text = (await vera.get("/companies/1/syncs?kind=verify")).text
    assert 'href="/companies/1/syncs?kind=verify&amp;result=stopped"' in text
    assert '<input type="hidden" name="kind" value="verify">' in text
    odd = "kind=none&result=';--&from=yesterday&to=9999-99-99&before=99999999999999"
    answer = await vera.get(f"/companies/1/syncs?{odd}")
    assert answer.status_code == 200
    assert len(numbers(answer.text)) == 13


async def test_days_are_whole_days_of_the_server(enter: Enter) -> None:
    await many(80)
    day = (datetime.now(UTC) - timedelta(days=1)).astimezone().date()
    vera = await enter("viewer")
    text = (await vera.get(f"/companies/1/syncs?from={day}&to={day}")).text
    found = numbers(text)
    begin = datetime.combine(day, datetime.min.time()).astimezone()
    within = await fetchval(
        "select count(*) from run where coalesce(began_at, asked_at) >= $1 and coalesce(began_at, asked_at) < $2",
        begin,
        begin + timedelta(days=1),
    )
    assert len(found) == min(within, 20) > 0
    assert "Rows a day" in text


async def test_the_history_leaves_as_csv_with_the_same_filters(enter: Enter) -> None:
    await many()
    await execute("update run set machine = '=HYPERLINK(1)' where number = 3")
    vera = await enter("viewer")
    answer = await vera.get("/companies/1/syncs.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["Sync"] for row in rows] == [str(number) for number in range(61, 0, -1)]
    by_number = {row["Sync"]: row for row in rows}
    assert by_number["61"]["Rows read"] == "60"
    assert by_number["61"]["Asked by"] == "Alice"  # a name, not the e-mail address
    assert by_number["3"]["Computer"] == "'=HYPERLINK(1)"  # no formula
    some = (await vera.get("/companies/1/syncs.csv?kind=verify")).text
    assert len(some.strip().splitlines()) == 1 + 12


async def test_a_sync_leaves_whole_and_masked_for_viewers(enter: Enter, personal: int) -> None:
    bob, vera = await enter("member"), await enter("viewer")
    answer = await bob.get("/companies/1/syncs/1/download")
    assert answer.headers["content-disposition"] == 'attachment; filename="sync-1.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        rows = list(csv.DictReader(io.StringIO(archive.read("sync-1/requests.csv").decode("utf-8-sig"))))
        texts = [archive.read(name).decode() for name in names]
    assert len(rows) == await fetchval("select count(*) from request where run = 1")
    assert sum(name.endswith("request.xml") for name in names) == len(rows)
    assert sum(name.endswith("answer.xml") for name in names) == await fetchval(
        "select count(*) from request where run = 1 and answer is not null"
    )
    assert any(SSN in text for text in texts)
    with zipfile.ZipFile(io.BytesIO((await vera.get("/companies/1/syncs/1/download")).content)) as archive:
        assert not any(SSN in archive.read(name).decode() for name in archive.namelist())
    assert "/companies/1/syncs/1/download" in (await vera.get("/companies/1/syncs/1")).text


async def test_three_thousand_requests_leave_without_filling_the_memory(enter: Enter) -> None:
    row = "<CustomerRet><ListID>80000001-1</ListID><Name>Northgate</Name></CustomerRet>"
    answer = f"<QBXML><QBXMLMsgsRs>{row * 1500}</QBXMLMsgsRs></QBXML>".encode()  # 120 kB, of all 350 MB
    await execute(
        """insert into request (session, company, run, request_id, kind, name, page, body, body_size, sent_at,
               answered_at, answer, answer_size, status_code, processed_at)
           select 1, 1, 1, 'many-' || n, 'read', 'CustomerQueryRq', n, $1, 7, now(), now(), $2, $3, 0, now()
           from generate_series(1, 3000) n""",
        zlib.compress(b"<QBXML/>"),
        zlib.compress(answer),
        len(answer),
    )
    bob = await enter("member")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    size = 0
    async with bob.stream("GET", "/companies/1/syncs/1/download") as given:
        assert given.status_code == 200
        async for piece in given.aiter_raw():
            size += len(piece)
    assert size > 3000 * 400
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000  # kB


async def test_a_sync_that_did_not_end_well_says_how_each_session_ended(enter: Enter) -> None:
    await execute("update run set state = 'stopped', reason = 'A dialog was open in QuickBooks.'")
    await execute("update session set result = 'QuickBooks was closed.'")
    text = (await (await enter("viewer")).get("/companies/1/syncs/1")).text
    assert "Stopped: A dialog was open in QuickBooks." in text
    sessions = text[text.index('id="sessions"') :]
    assert "QuickBooks was closed." in sessions
    assert "SERVER-01" in sessions
