"""Whatever goes wrong at the customer's end, the import completes later: equal to the file, no row lost or doubled."""

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from sync import tasks
from sync.keys import KeyRing
from sync.practice import wire
from sync.practice.change import change
from sync.practice.company import CompanyFile
from sync.practice.connector import Faults, WebConnector
from sync.practice.faults import CutBody, DieAfter, DieBefore, DropReply, Hresult, Once, SendTwice, Silence
from sync.protocol import sentences
from sync.store import runs, setup
from sync.store.base import execute, fetch, fetchval, transaction
from tests.serving import SECRET
from tests.sync.conftest import Product, finished, unequal
from tests.sync.following import RECEIVE, check_counts, check_cursors, check_replies, sync

SEND = "sendRequestXML"
MISHAPS: dict[str, list[Once]] = {  # in the order of the updates that they end
    "replies to sendRequestXML are lost": [DropReply(SEND, nth) for nth in (1, 2, 30)],
    "replies to receiveResponseXML are lost": [DropReply(RECEIVE, nth) for nth in (1, 25, 40)],
    "replies to other calls are lost": [DropReply("authenticate"), DropReply("closeConnection")],
    "questions are sent twice": [SendTwice("authenticate"), *(SendTwice(SEND, nth) for nth in (1, 2, 30))],
    "answers are sent twice": [SendTwice(RECEIVE, nth) for nth in (1, 2, 20, 21, 50)],
    "the program is killed before a call": [DieBefore(SEND, 2), DieBefore(RECEIVE, 3), DieBefore(RECEIVE, 30)],
    "the program is killed after a call": [DieAfter("authenticate"), DieAfter(SEND, 4), DieAfter(RECEIVE, 33)],
    "bodies break off": [CutBody(SEND, 3), CutBody(RECEIVE, 5), CutBody(RECEIVE, 44)],
    "nothing is heard for more than an hour": [Silence(SEND, 12), Silence(RECEIVE, 20)],
    "QuickBooks fails as a whole": [Hresult(nth, "0x80040402", "Unexpected error.") for nth in (1, 7, 40)],
}


async def aged(seconds: float) -> None:
    """Let the time pass by which sessions are judged; short pauses are real."""
    if seconds < 60:
        await asyncio.sleep(seconds)
    else:
        await execute("update session set called_at = called_at - make_interval(secs => $1)", seconds)


@pytest.mark.parametrize("name", MISHAPS)
async def test_an_import_completes_though(name: str, product: Product, company_file: CompanyFile) -> None:
    made = await product.add_company()
    faults = Faults(MISHAPS[name])
    connector = await product.connector(made, company_file, faults)
    connector._sleep = aged
    sessions = await sync(connector, made.company)
    assert not faults
    check_replies(sessions)
    await check_counts(made.company, company_file)
    await check_cursors(made.company, company_file)
    assert await unequal(made.company, company_file) == []


async def test_what_changes_while_an_import_is_interrupted_is_seen_by_the_next_sync(
    product: Product, company_file: CompanyFile
) -> None:
    made = await product.add_company()
    faults = Faults([DieAfter(RECEIVE, 15), DieBefore(SEND, 14), DropReply(RECEIVE, 16)])
    connector = await product.connector(made, company_file, faults)
    for seed in (3, 4, 5):
        await connector.update()
        change(company_file, edits=25, deletions=4, creations=3, seed=seed)
    await sync(connector, made.company)
    assert not faults
    await setup.ask_run(made.company, "incremental", "test")
    await sync(connector, made.company)
    assert await unequal(made.company, company_file) == []


async def test_an_incremental_sync_that_is_interrupted_misses_no_change(
    product: Product, company_file: CompanyFile
) -> None:
    made = await product.add_company()
    connector = await product.connector(made, company_file)
    await sync(connector, made.company)
    change(company_file, edits=40, deletions=8, creations=6)
    connector.faults += [DropReply(RECEIVE, 5), DieBefore(RECEIVE, 20), SendTwice(RECEIVE, 3)]
    await setup.ask_run(made.company, "incremental", "test")
    check_replies(await sync(connector, made.company))
    assert not connector.faults
    assert await unequal(made.company, company_file) == []


# two computers of one company


async def second_computer(product: Product, made: setup.NewConnector, file: CompanyFile) -> WebConnector:
    async with transaction() as connection:
        owner = await connection.fetchval("select owner_id from connector where id = $1", made.connector)
        other = await setup.insert_connector(connection, made.company, owner, "", KeyRing(SECRET), datetime.now(UTC))
    return await product.connector(other, file, machine="BACK-OFFICE-01")


async def test_a_second_computer_waits_for_the_first_and_takes_over_when_it_falls_silent(
    product: Product, company_file: CompanyFile
) -> None:
    made = await product.add_company()
    first = await product.connector(made, company_file, Faults([DieAfter(RECEIVE, 10)]))
    second = await second_computer(product, made, company_file)
    died = await first.update()
    turned_away = await second.update()
    assert (turned_away.status, turned_away.postponed) == ("No data exchange required", 60.0)
    await aged(16 * 60)
    took_over = await second.update()
    assert took_over.replies[RECEIVE][-1] == 100
    late = wire.envelope(RECEIVE, {"ticket": died.ticket, "response": "<QBXML/>", "hresult": "", "message": ""}.items())
    assert wire.read_reply(RECEIVE, await first._http.post(RECEIVE, late)) == -1
    await finished(made.company)
    assert await unequal(made.company, company_file) == []
    assert await fetchval("select machine from run where company = $1", made.company) == "BACK-OFFICE-01"


async def test_the_same_computer_goes_on_at_once_after_it_was_restarted(
    product: Product, company_file: CompanyFile
) -> None:
    made = await product.add_company()
    connector = await product.connector(made, company_file, Faults([DieAfter(SEND, 10)]))
    await connector.update()
    assert (await connector.update()).replies[RECEIVE][-1] == 100
    results = await fetch("select result, ended_at from session where company = $1 order by id", made.company)
    assert [row["result"].partition(":")[0] for row in results] == [
        "The session ended early. The sync goes on where it was at the next call.",
        "Sync complete",
    ]
    lost = await fetchval("select count(*) from request where set_aside <> '' and answered_at is null")
    assert lost == 1


# answers that cannot be taken in


class Spoiled:
    """A company file whose answers are changed on their way out, each kind of spoiling once."""

    def __init__(self, file: CompanyFile, *spoil: Callable[[str], str | None], times: int = 1) -> None:
        self._file = file
        self._spoil = [one for one in spoil for _ in range(times)]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def process(self, request: str) -> str:
        answer = self._file.process(request)
        for one in self._spoil:
            spoiled = one(answer)
            if spoiled is not None:
                self._spoil.remove(one)
                return spoiled
        return answer

    @property
    def pending(self) -> int:
        return len(self._spoil)


def of(entity: str, spoil: Callable[[str], str]) -> Callable[[str], str | None]:
    """Spoil only an answer with rows of this entity."""
    return lambda answer: spoil(answer) if f"<{entity}Ret>" in answer else None


SPOILED: dict[str, tuple[str, Callable[[str], str]]] = {
    "no XML": ("Account", lambda answer: "Object reference not set to an instance of an object."),
    "empty": ("Customer", lambda answer: ""),
    "cut in the middle": ("Vendor", lambda answer: answer[: len(answer) // 2]),
    "cut, with an end": ("Invoice", lambda answer: answer[: len(answer) // 2] + "</QBXMLMsgsRs></QBXML>"),
    "a bare ampersand": ("ItemInventory", lambda answer: answer.replace("<FullName>", "<FullName>A & B ", 1)),
    "a document type": ("Bill", lambda answer: answer.replace("<QBXML>", "<!DOCTYPE x><QBXML>", 1)),
    "no status": ("Estimate", lambda answer: re.sub(r' statusCode="\d+"', "", answer)),
    "no requestID": ("Check", lambda answer: re.sub(r' requestID="[^"]*"', "", answer)),
    "an odd count": (
        "Deposit",
        lambda answer: re.sub(r'RemainingCount="\d+"', 'RemainingCount="9999999999999"', answer),
    ),
}


async def test_answers_that_cannot_be_read_are_kept_and_their_entities_read_again(
    product: Product, company_file: CompanyFile
) -> None:
    made = await product.add_company()
    spoiled = Spoiled(company_file, *(of(*one) for one in SPOILED.values()))
    connector = await product.connector(made, spoiled)
    check_replies(await sync(connector, made.company))
    assert spoiled.pending == 0
    assert await unequal(made.company, company_file) == []
    assert await fetchval("select failed from run where company = $1", made.company) == 0
    read = await fetch(
        "select entity, passes from run_entity where entity = any($1)", [one[0] for one in SPOILED.values()]
    )
    twice = {row["entity"] for row in read if row["passes"] == 2}
    assert twice == {one[0] for name, one in SPOILED.items() if name != "an odd count"}  # its page was not full
    shown = [await runs.request(made.company, row.id) for row in await runs.requests_of(made.company, 1, limit=400)]
    assert sum(one is not None and not one.answer for one in shown) == 1  # the empty one
    texts = [one.answer or "" for one in shown if one is not None]
    assert "Object reference not set to an instance of an object." in texts
    assert any("<!DOCTYPE x>" in text for text in texts)


async def test_an_answer_that_never_can_be_read_gives_up_its_entity_and_no_other(
    product: Product, company_file: CompanyFile
) -> None:
    made = await product.add_company()
    spoiled = Spoiled(company_file, of("Vendor", SPOILED["cut, with an end"][1]), times=50)
    check_replies(await sync(await product.connector(made, spoiled), made.company))
    run = await fetchval("select (state, failed)::text from run where company = $1", made.company)
    assert run == "(complete,1)"
    found = await unequal(made.company, company_file)
    assert found
    assert all(line.startswith("Vendor ") for line in found)
    aside = await fetch("select set_aside from request where company = $1 and set_aside <> ''", made.company)
    assert len(aside) == 3
    assert await fetchval("select count(*) from entity_state where entity = 'Vendor' and cursor <> ''") == 0


ODD = {  # where it goes, what stands there instead
    "a name of 300 characters": (r"<Name>[^<]*</Name>", f"<Name>{'Ü' * 300}</Name>"),
    "a full name of 300 characters": (r"<FullName>[^<]*</FullName>", f"<FullName>{'漢' * 300}</FullName>"),
    "a phone of 4,000 characters": (r"<Phone>[^<]*</Phone>", f"<Phone>{'9' * 4000}</Phone>"),
    "an account number of 200 characters": (r"</Sublevel>", f"</Sublevel><AccountNumber>{'7' * 200}</AccountNumber>"),
    "an amount beyond the column": (r"<TotalBalance>[^<]*<", f"<TotalBalance>{'9' * 40}.00<"),
    "an amount that is none": (r"<TotalBalance>[^<]*<", "<TotalBalance>1E+99999<"),
    "an endless amount": (r"<TotalBalance>[^<]*<", "<TotalBalance>Infinity<"),
    "an amount in words": (r"<TotalBalance>[^<]*<", "<TotalBalance>twelve<"),
    "a time that is none": (r"<TimeModified>[^<]*<", "<TimeModified>yesterday, about noon, by the clock in the yard<"),
    "a time beyond the calendar": (r"<TimeModified>[^<]*<", "<TimeModified>2026-13-45T99:99:99-08:00<"),
    "a long edit sequence": (r"<EditSequence>[^<]*<", f"<EditSequence>{'1' * 90}<"),
    "control characters": (r"<Phone>[^<]*<", "<Phone>1&#0;2&#x1F;3&#xD800;4&#xFFFF;5<"),
    "a reference to NUL in JSON's words": (r"<Phone>[^<]*<", r"<Phone>\u0000 \ud800<"),
    "letters beyond the first plane": (r"<Phone>[^<]*<", "<Phone>🪨 𝔖tone<"),
}


async def test_no_value_from_quickbooks_stops_the_queue_or_loses_its_row(
    product: Product, company_file: CompanyFile
) -> None:
    made = await product.add_company()
    patterns = list(ODD.values())
    odd: list[str] = []

    def spoil(answer: str) -> str:
        """Each odd value into a row of its own."""
        rows = re.split(r"(?=<CustomerRet>)", answer)
        for at, (pattern, value) in enumerate(patterns, start=1):
            rows[at], count = re.subn(pattern, value.replace("\\", "\\\\"), rows[at], count=1)
            assert count == 1, pattern
            odd.append(re.findall(r"<ListID>([^<]*)<", rows[at])[0])
        return "".join(rows)

    await execute("update company set page_rows = 100")
    spoiled = Spoiled(company_file, lambda answer: spoil(answer) if answer.count("<CustomerRet>") > 20 else None)
    await sync(await product.connector(made, spoiled), made.company)
    assert await fetchval("select count(*) from request where set_aside <> ''") == 0
    assert await fetchval("select failed from run where company = $1", made.company) == 0
    found = await unequal(made.company, company_file)
    assert {re.split(r"[ /:]", line)[1] for line in found} == set(odd)
    kept = {row["qb_id"]: row for row in await fetch("select * from record where entity = 'Customer'")}
    assert ("Ü" * 300) in kept[odd[0]]["quickbooks"]
    assert kept[odd[0]]["edit_sequence"]
    assert kept[odd[4]]["amount"] is None
    assert '"TotalBalance": "' + "9" * 40 in kept[odd[4]]["quickbooks"]
    assert kept[odd[10]]["edit_sequence"] == "1" * 90
    assert '"Phone": "12345"' in kept[odd[11]]["quickbooks"]


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs that failed are tried again at once: for the queue that is started after this."""
    monkeypatch.setitem(tasks.DRAIN, "retry_delay", 0.0)
    monkeypatch.setitem(tasks.TIMERS, "schedule", 1)


@pytest.mark.usefixtures("soon")
async def test_an_answer_that_our_side_cannot_store_is_set_aside_alone_and_read_again(
    product: Product, company_file: CompanyFile
) -> None:
    made = await product.add_company()
    endless = re.compile(r"<ListID>[^<]*</ListID>")
    spoiled = Spoiled(
        company_file, of("Vendor", lambda answer: endless.sub(f"<ListID>{'8' * 200}</ListID>", answer, 1))
    )
    check_replies(await sync(await product.connector(made, spoiled), made.company))
    aside = await fetch("select name, set_aside, tries from request where set_aside <> ''")
    assert [(row["name"], row["tries"]) for row in aside] == [("VendorQueryRq", 3)]
    assert await unequal(made.company, company_file) == []


BREAKS_ONCE = """
    create sequence breaks;
    create function break_once() returns trigger language plpgsql as $$ begin
        if {condition} and nextval('breaks') = 1 then raise exception 'the disk is full'; end if;
        return new;
    end $$;
    create trigger break_once before insert or update on {table} for each row execute function break_once();
"""


async def test_a_call_that_breaks_on_our_side_is_answered_and_what_it_was_about_asked_again(
    product: Product, company_file: CompanyFile
) -> None:
    made = await product.add_company()
    answered = "new.name = 'VendorQueryRq' and new.answered_at is not null"
    await execute(BREAKS_ONCE.format(table="request", condition=answered))
    connector = await product.connector(made, company_file)
    broken = await connector.update()
    assert broken.replies[RECEIVE][-1] == -1
    assert (broken.status, broken.calls[-2:]) == (sentences.BROKEN, ["getLastError", "closeConnection"])
    check_replies(await sync(connector, made.company))
    assert await unequal(made.company, company_file) == []


@pytest.mark.usefixtures("soon")
async def test_an_answer_that_could_not_be_stored_for_a_moment_is_taken_in_later_and_not_set_aside(
    product: Product, company_file: CompanyFile
) -> None:
    made = await product.add_company()
    await execute(BREAKS_ONCE.format(table="record", condition="new.entity = 'Vendor'"))
    check_replies(await sync(await product.connector(made, company_file), made.company))
    assert await fetchval("select count(*) from request where set_aside <> ''") == 0
    assert await unequal(made.company, company_file) == []
