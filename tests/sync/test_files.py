"""Which company file a company has: nothing is read before somebody said so, and the wrong file stops the company."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sync.keys import KeyRing
from sync.practice.company import CompanyFile
from sync.practice.connector import WebConnector
from sync.practice.seed import seed
from sync.practice.update import Session
from sync.store import changes, computers, files, setup
from sync.store.base import execute, fetch, fetchval
from sync.store.companies import CompanyRow, company, names
from tests.serving import SECRET
from tests.sync.conftest import Product, finished

WHO, WHERE = "alice@halder.example", "203.0.113.7"


@pytest.fixture
def other_file(tmp_path: Path) -> Iterator[CompanyFile]:
    """Another small company."""
    file = CompanyFile.create(tmp_path / "other.practice", company_name="Quarry Road Holdings LLC")
    seed(file, 300)
    yield file
    file.close()


async def row_of(number: int) -> CompanyRow:
    found = await company(number, datetime.now(UTC))
    assert found is not None
    return found


async def verify(number: int) -> files.Verification:
    found = await files.verification(number)
    assert found is not None
    return found


def said(found: files.Verification) -> dict[str, tuple[str | None, str]]:
    return {row.key: (row.answered, row.verdict) for row in found.rows}


async def actions() -> list[str]:
    rows = await fetch("select action from audit_entry where address = $1 order by id", WHERE)
    return [row["action"] for row in rows]


async def synced(product: Product, file: CompanyFile) -> tuple[setup.NewConnector, WebConnector]:
    """A company whose first sync is over."""
    made = await product.add_company()
    connector = await product.connector(made, file)
    await connector.update()
    await finished(made.company)
    return made, connector


async def opened(connector: WebConnector, file: Any) -> Session:
    """A session an hour later, with another file open in QuickBooks; the Web Connector is bound to neither anew."""
    await execute("update run set ended_at = ended_at - interval '1 hour'")
    connector.company_file = file
    connector.added = True
    return await connector.update()


async def test_before_begin_nothing_is_read_and_begin_is_a_persons_word(
    product: Product, company_file: CompanyFile
) -> None:
    made = await product.add_company(begin=False)
    assert (await verify(made.company)).at is None
    assert {row.verdict for row in (await verify(made.company)).rows} == {"waiting"}
    assert await files.begin(made.company, WHO, WHERE) == (
        "No company file has answered yet. Open it in QuickBooks and press Update Selected in the Web Connector."
    )
    connector = await product.connector(made, company_file)
    await connector.update()
    found = await verify(made.company)
    assert found.matches  # B14: the log-in worked, the file and its host answered
    assert said(found)["company_name"] == ("Halder Natural Stone, Inc.", "told")
    assert said(found)["file_id"][1] == "matches"
    assert said(found)["country"] == ("United States", "matches")
    assert said(found)["product"][0]
    assert said(found)["version"][0]
    assert (found.machine, found.connector) == ("FRONT-DESK-02", made.connector)
    assert await fetchval("select count(*) from record") == 0  # D40
    asked = {row["kind"] for row in await fetch("select kind from request")}
    assert asked == {"identity"}, "nothing but what identifies the file"  # D40
    assert await files.begin(made.company, WHO, WHERE) is None
    assert (await row_of(made.company)).begun
    assert await fetchval("select kind from run where state = 'queued'") == "initial"
    await connector.update()
    await finished(made.company)
    assert await fetchval("select count(*) from record") > 0
    assert await actions() == ["company.begun"]


async def test_d39_leaving_the_wrong_file_before_begin_changes_nothing(
    product: Product, company_file: CompanyFile
) -> None:
    made = await product.add_company(begin=False)
    connector = await product.connector(made, company_file)
    counts = company_file.counts()
    await connector.update()
    await files.reject(made.company, WHO, WHERE)
    found = await verify(made.company)
    assert found.at is None
    assert not found.matches
    assert await fetchval("select count(*) from record") == 0  # D39
    assert await fetchval("select count(*) from run") == 0
    assert company_file.counts() == counts
    assert await files.begin(made.company, WHO, WHERE) is not None
    await files.detach(made.company, WHO, WHERE)  # D39: the exit that also detaches
    assert (await connector.update()).code == "QBWC1040"  # its key opens nothing any more
    assert (await verify(made.company)).at is None
    assert await actions() == ["company.file_rejected", "company.detached"]


async def test_a_wrong_file_stops_the_company_and_all_that_it_said_is_kept(
    product: Product, company_file: CompanyFile, other_file: CompanyFile
) -> None:
    made, connector = await synced(product, company_file)
    records = await fetch("select id, quickbooks from record order by id")
    await opened(connector, other_file)
    row = await row_of(made.company)
    assert (row.state, row.group) == ("wrong_file", "needs_you")
    assert row.state_small == "Quarry Road Holdings LLC answered; nothing was read"
    told = row.wrong_answer
    assert told is not None
    assert told["company_name"] == "Quarry Road Holdings LLC"
    assert told["path"] == other_file.profile.windows_path
    assert (told["file_id"], told["country"], told["machine"]) == ("", "US", "FRONT-DESK-02")
    assert (told["connector"], told["owner"]) == (made.connector, None)
    assert told["product"].startswith("QuickBooks")
    assert told["release"]
    assert "EIN" not in str(told)
    found = await verify(made.company)
    assert not found.matches
    assert {row.key for row in found.rows if row.verdict == "differs"} == {"file_id", "path", "company_name"}
    assert next(row for row in found.rows if row.key == "company_name").expected == "Halder Natural Stone, Inc."
    assert await fetch("select id, quickbooks from record order by id") == records
    why = await files.adopt(made.company, WHO, WHERE)
    assert why is not None
    assert why.startswith("This file has no connection mark.")
    assert "add the connector file again in the Web Connector" in why
    assert (await row_of(made.company)).state == "wrong_file"
    await opened(connector, company_file)  # it clears by itself
    row = await row_of(made.company)
    assert (row.state, row.wrong_answer) == ("connected", None)
    assert (await verify(made.company)).matches
    assert await actions() == []


async def test_the_first_wrong_answer_does_not_change_what_is_expected_later(
    product: Product, company_file: CompanyFile, other_file: CompanyFile
) -> None:
    made, connector = await synced(product, company_file)
    for _ in range(3):
        await opened(connector, other_file)
    since = (await row_of(made.company)).since
    await opened(connector, other_file)
    assert (await row_of(made.company)).since == since, "since when it is wrong stays"
    found = await verify(made.company)
    assert next(row for row in found.rows if row.key == "path").expected == company_file.profile.windows_path


async def test_a_moved_file_is_taken_when_a_person_says_so_and_the_sync_goes_on(
    product: Product, company_file: CompanyFile, tmp_path: Path
) -> None:
    made, connector = await synced(product, company_file)
    moved = company_file.copy(
        tmp_path / "moved.practice", windows_path="D:\\Books\\Halder.qbw", company_name="Halder Ltd."
    )
    await opened(connector, moved)
    assert (await row_of(made.company)).state == "wrong_file"
    assert {row.key for row in (await verify(made.company)).rows if row.verdict == "differs"} == {
        "path",
        "company_name",
    }
    assert await files.adopt(made.company, WHO, WHERE) is None
    assert (await row_of(made.company)).state == "waiting", "the sync goes on at the next call"
    session = await opened(connector, moved)
    assert session.status == "OK" or session.replies["receiveResponseXML"]
    row = await row_of(made.company)
    assert (row.state, row.file_name) == ("connected", "Halder.qbw")
    assert await fetchval("select count(*) from run where state = 'complete'") == 2
    await opened(connector, company_file)
    assert (await row_of(made.company)).state == "wrong_file", "now the old place is the wrong one"
    assert await actions() == ["company.file_adopted"]
    moved.close()


async def test_a_file_of_another_country_is_never_taken(
    product: Product, company_file: CompanyFile, tmp_path: Path
) -> None:
    made, connector = await synced(product, company_file)
    canadian = company_file.copy(tmp_path / "canada.practice", country="CA")
    await opened(connector, canadian)
    why = await files.adopt(made.company, WHO, WHERE)
    assert why is not None
    assert "this company is of United States" in why
    assert (await row_of(made.company)).state == "wrong_file"
    canadian.close()


async def test_d04_a_file_that_another_company_here_has_is_refused_or_taken_over_by_a_clear_choice(
    product: Product, company_file: CompanyFile
) -> None:
    first, _ = await synced(product, company_file)
    second = await product.add_company("Halder again", begin=False)
    connector = await product.connector(second, company_file)
    await opened(connector, company_file)
    found = await verify(second.company)
    assert found.twin is not None
    assert (found.twin.id, found.matches) == (first.company, False)  # D04
    told = (await row_of(second.company)).wrong_answer
    assert told is not None
    assert told["owner"] == {"id": first.company, "name": "Halder"}
    for why in (
        await files.begin(second.company, WHO, WHERE),
        await files.adopt(second.company, WHO, WHERE),
    ):
        assert why is not None
        assert why.startswith("Halder here has this company file already.")  # D04: refused, and who has it
    assert await files.move_link(second.company, WHO, WHERE) is None  # D04: or taken over
    found = await verify(second.company)
    assert (found.twin, found.matches) == (None, True)
    assert await files.begin(second.company, WHO, WHERE) is None
    await opened(connector, company_file)
    await finished(second.company)
    assert (await row_of(second.company)).state == "connected"
    before = await row_of(first.company)
    assert (before.begun, before.state, before.file_name) == (False, "waiting", None)
    assert before.group == "needs_you"
    assert await files.move_link(second.company, WHO, WHERE) is not None
    assert await actions() == ["company.detached", "company.link_moved", "company.begun"]


async def test_d04_the_same_file_under_another_mark_is_known_by_computer_path_and_name(
    product: Product, company_file: CompanyFile
) -> None:
    first, _ = await synced(product, company_file)
    second = await product.add_company("Halder again", begin=False)
    pair = ("{11111111-2222-4333-8444-555555555555}", "{66666666-7777-4888-9999-AAAAAAAAAAAA}")
    await execute("update connector set owner_id = $2, file_id = $3 where id = $1", second.connector, *pair)
    await (await product.connector(second, company_file)).update()
    found = await verify(second.company)
    assert found.twin is not None
    assert (found.twin.id, found.matches) == (first.company, False)  # D04
    assert await files.begin(second.company, WHO, WHERE) is not None
    elsewhere = await product.add_company("Halder on another computer", begin=False)
    assert await files.move_link(elsewhere.company, WHO, WHERE) is not None


async def test_a_detached_company_stays_in_the_list_and_another_file_of_it_replaces_all_records(
    product: Product, company_file: CompanyFile, other_file: CompanyFile
) -> None:
    made, connector = await synced(product, company_file)
    await files.detach(made.company, WHO, WHERE)
    row = await row_of(made.company)
    assert (row.state, row.file_name, row.computers) == ("waiting", None, [])
    assert "step" in row.state_small
    assert (await connector.update()).code == "QBWC1040"
    assert await fetchval("select count(*) from record where deleted_at is null") > 0
    again = await setup_connector(made.company)
    connector = await product.connector(again, other_file)
    await connector.update()
    assert (await verify(made.company)).matches
    assert await files.begin(made.company, WHO, WHERE) is None
    await connector.update()
    await finished(made.company)
    alive = await fetchval("select count(*) from record where deleted_at is null")
    assert alive == sum(other_file.counts().values()), "nothing of the other file is left"


async def test_what_was_approved_for_a_file_that_is_detached_is_not_sent_to_another_one(
    product: Product, company_file: CompanyFile
) -> None:
    made, _ = await synced(product, company_file)
    made_up = [await changes.propose(made.company, "Customer", "create", {"Name": name}, "x") for name in ("A", "B")]
    await changes.approve(made.company, made_up, "test")
    await execute("update change set state = 'sent' where id = $1", made_up[1])
    await files.detach(made.company, "test", "")
    told = await fetch("select state, reason from change where id = any($1) order by id", made_up)
    assert [row["state"] for row in told] == ["refused", "unknown"]  # a person looks at both before they go anywhere
    assert all("detached" in row["reason"] for row in told)


async def setup_connector(number: int) -> setup.NewConnector:
    return await computers.add_connector(number, "Yard", KeyRing(SECRET), WHO, WHERE)


async def test_a_removed_company_is_nowhere_and_its_keys_open_nothing(
    product: Product, company_file: CompanyFile
) -> None:
    made, connector = await synced(product, company_file)
    await files.remove(made.company, WHO, WHERE)
    assert await company(made.company, datetime.now(UTC)) is None
    assert await names() == []
    assert await files.verification(made.company) is None
    assert await files.begin(made.company, WHO, WHERE) == "This company is no longer here."
    assert (await connector.update()).code == "QBWC1040"
    second = await product.add_company("Halder again")
    assert await product.connector(second, company_file)


async def test_a_sync_that_waits_ends_when_its_company_is_detached(product: Product, company_file: CompanyFile) -> None:
    made, _ = await synced(product, company_file)
    await setup.ask_run(made.company, "full", WHO)
    await files.detach(made.company, WHO, WHERE)
    run = await fetch("select state, reason from run where number = 2")
    assert [(row["state"], WHO in row["reason"]) for row in run] == [("cancelled", True)]


async def test_the_log_of_calls_says_that_a_first_refusal_is_normal(
    product: Product, company_file: CompanyFile
) -> None:
    made = await product.add_company(begin=False)
    connector = await product.connector(made, company_file)
    await connector.add()
    connector.company_file = None
    await connector.update()
    connector.company_file = company_file
    await connector.update()
    calls = (await verify(made.company)).calls
    assert [call.normal for call in calls] == [False, True]
    assert "0x80040" in calls[1].sentence
    assert calls[0].machine == "FRONT-DESK-02"


async def test_the_end_of_a_long_session_is_contact(product: Product, company_file: CompanyFile) -> None:
    made = await product.add_company()
    connector = await product.connector(made, company_file)
    await connector.update()
    last = (await row_of(made.company)).last_call_at
    assert last is not None
    assert last == await fetchval("select max(ended_at) from session")
