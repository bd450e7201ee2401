"""The computers of a company: connector file, licence key and what Windows asks, as they are shown and to whom."""

import hashlib
import html
import re
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from sync.practice.connector import WebConnector, read_qwc
from sync.settings import Settings
from sync.store import people
from sync.store.base import execute, fetch, fetchrow, fetchval
from tests.serving import free_socket, served
from tests.web.conftest import Visitor
from tests.web.pages.conftest import Enter, enter_as
from tests.web.pages.test_live import events, tell
from tests.web.pages.test_setup_links import came_by, make_link

STEP = "/companies/1/setup/connector"
KEY = re.compile(r"\b(?:[A-HJ-NP-Z2-9]{5}-){4}[A-HJ-NP-Z2-9]{5}\b")
PATH = r"C:\Users\Public\Documents\Intuit\QuickBooks\Company Files\Halder Natural Stone Inc.qbw"  # to be opened
HIDDEN = "•••••-•••••-•••••-•••••-•••••"


def text_of(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.replace("<wbr>", ""))).split())


def connectors(id: int) -> str:
    return f"/companies/1/connectors/{id}"


async def first() -> int:
    id: int = await fetchval("select min(id) from connector")
    return id


async def key_of(visitor: Visitor, id: int) -> str:
    found = KEY.search((await visitor.submit(f"{connectors(id)}/key")).text)
    assert found
    return found[0]


async def add(visitor: Visitor, label: str) -> int:
    answer = await visitor.submit("/companies/1/connectors", label=label)
    assert answer.status_code == 303, answer.text
    return int(answer.headers["location"].rpartition("=")[2])


async def reply_to(site: str, file: bytes, key: str) -> str:
    """What authenticate answers to a Web Connector on a computer where QuickBooks is closed."""
    web_connector = WebConnector(read_qwc(file), key, None, url=f"{site}/qbwc", noop_pause=0.05)
    session = await web_connector.update()
    web_connector.close()
    reply = session.replies["authenticate"][0]
    assert isinstance(reply, list)
    return str(reply[1])


async def deeds() -> list[tuple[str, str, str]]:
    rows = await fetch("select action, actor, subject from audit_entry order by id")
    return [(row["action"], row["actor"], row["subject"]) for row in rows]


@pytest.fixture
async def guest(enter: Enter, site: str) -> AsyncIterator[Visitor]:
    """Somebody without an account, who came by a set-up link."""
    path, _ = await make_link(await enter("accounting_manager"))
    dan, _ = await came_by(site, path)
    yield dan
    await dan.aclose()


async def test_b05_b08_the_file_is_downloaded_from_the_step_and_has_the_digest_shown(enter: Enter) -> None:
    alice = await enter("accounting_manager")
    page = await alice.get(STEP)
    text = text_of(page.text)
    action = re.search(r'<form class="form" method="get" action="([^"]+)"', page.text)
    assert action  # B05
    file = await alice.get(action[1])
    assert file.headers["content-type"] == "application/x-qwc"
    assert file.headers["cache-control"] == "no-store"
    name = re.fullmatch(r'attachment; filename="([\w-]+\.qwc)"', file.headers["content-disposition"])
    assert name
    assert f"Download {name[1]}" in text
    assert hashlib.sha256(file.content).hexdigest() in text.replace(" ", "")  # B08: digest
    assert f"{len(file.content)} bytes, from localhost:8080" in text  # B08: publisher host
    qwc = read_qwc(file.content)
    assert qwc.app_support.startswith("http://localhost:8080/")  # B08: support address on the same host
    assert "Nothing of ours is installed, there is no program in it, and no key" in text  # B08
    assert (await alice.get(action[1])).content == file.content
    assert ("connector.downloaded", "alice@halder.example", "SERVER-01") in await deeds()


async def test_b08_https_is_said_where_people_reach_us_over_it(settings: Settings, database_url: str) -> None:
    secure = replace(settings, public_url="https://books.halder.example")
    with free_socket() as (listening, port):
        async with served(secure, listening), Visitor(base_url=f"http://127.0.0.1:{port}") as alice:
            await enter_as(alice, "accounting_manager")
            cookie = f"__Host-deskbridge-session={alice.cookies['deskbridge-session']}"
            page = await alice.get(STEP, headers={"cookie": cookie})
    assert "from books.halder.example over HTTPS" in text_of(page.text)  # B08


async def test_b10_d30_the_key_is_hidden_until_somebody_asks_and_each_time_is_in_the_audit_log(enter: Enter) -> None:
    alice, id = await enter("accounting_manager"), await first()
    page = await alice.get(STEP)
    assert HIDDEN in page.text
    assert not KEY.search(page.text)
    key = await key_of(alice, id)  # B10
    assert await key_of(alice, id) == key  # shown again
    part = await alice.submit(f"{connectors(id)}/key", headers={"hx-request": "true"})
    assert "<html" not in part.text
    assert key in part.text
    assert "data-copy-button" in part.text  # B10, D30: with copy
    assert part.headers["cache-control"] == "no-store"
    shown = [deed for deed in await deeds() if deed[0] == "licence_key.shown"]
    assert shown == [("licence_key.shown", "alice@halder.example", "SERVER-01")] * 3
    assert not KEY.search(repr(await fetch("select * from audit_entry")))


@pytest.mark.parametrize("role", ["member", "viewer"])
async def test_d49_keys_and_files_are_for_owner_and_accounting_manager(enter: Enter, role: str) -> None:
    visitor, id = await enter(role), await first()
    for path in (STEP, "/companies/1/connectors", f"{connectors(id)}/file", f"{connectors(id)}/key"):
        assert (await visitor.get(path)).status_code == 403, path  # D49
    for path in ("key", "rotate", "revoke", "new-pair"):
        answer = await visitor.submit(f"{connectors(id)}/{path}")
        assert (answer.status_code, KEY.search(answer.text)) == (403, None), path
    assert await fetchval("select count(*) from connector where revoked_at is null and key_rotated_at is null") == 1


async def test_who_came_by_a_link_downloads_but_is_told_by_name_who_has_the_key(guest: Visitor) -> None:
    id = await first()
    page = await guest.get(STEP)
    assert "Ruth and Alice can: ask for it" in text_of(page.text)
    assert (KEY.search(page.text), HIDDEN in page.text) == (None, False)
    assert (await guest.get(f"{connectors(id)}/file")).status_code == 200
    link = ("connector.downloaded", "set-up link for Dan Okafor, by alice@halder.example", "SERVER-01")
    assert link in await deeds()
    for path in ("key", "rotate", "revoke", "new-pair"):
        answer = await guest.submit(f"{connectors(id)}/{path}")
        assert (is_refused(answer), KEY.search(answer.text)) == (True, None), path
    assert is_refused(await guest.submit("/companies/1/connectors", label="X"))


def is_refused(answer: httpx.Response) -> bool:
    return answer.status_code == 403 or answer.headers.get("location", "").startswith("/sign-in")


async def test_b09_d29_the_key_of_the_page_is_the_password_of_the_row(enter: Enter, site: str) -> None:
    alice, id = await enter("accounting_manager"), await first()
    file = (await alice.get(f"{connectors(id)}/file")).content
    await alice.submit("/companies/1/syncs")
    assert await reply_to(site, file, await key_of(alice, id)) == PATH  # B09, D29: a session is opened
    assert await reply_to(site, file, "AAAAA-AAAAA-AAAAA-AAAAA-AAAAA") == "nvu"


async def test_a_new_key_is_made_while_the_old_one_works_until_the_new_one_was_used(enter: Enter, site: str) -> None:
    alice, id = await enter("accounting_manager"), await first()
    file = (await alice.get(f"{connectors(id)}/file")).content
    old = await key_of(alice, id)
    asked = text_of((await alice.get(f"{connectors(id)}/rotate")).text)
    assert "goes on working until the new one was used" in asked
    made = await alice.submit(f"{connectors(id)}/rotate")
    page = await alice.get(made.headers["location"])
    assert "The old one works until the new one was used" in text_of(page.text)
    assert not KEY.search(page.text)
    new = await key_of(alice, id)
    assert new != old
    assert await reply_to(site, file, old) != "nvu"
    assert await reply_to(site, file, new) != "nvu"
    assert await reply_to(site, file, old) == "nvu"


async def test_a_revoked_connector_is_refused_and_its_page_is_gone(enter: Enter, site: str) -> None:
    alice, id = await enter("accounting_manager"), await first()
    file, key = (await alice.get(f"{connectors(id)}/file")).content, await key_of(alice, id)
    asked = text_of((await alice.get(f"{connectors(id)}/revoke")).text)
    assert "No other computer carries Halder Natural Stone, Inc.: it stops syncing until you add one" in asked
    assert (await alice.submit(f"{connectors(id)}/revoke")).headers["location"].startswith("/companies/1/profile")
    assert await reply_to(site, file, key) == "nvu"
    for path in ("file", "key", "rotate", "revoke", "new-pair"):
        assert (await alice.get(f"{connectors(id)}/{path}")).status_code == 404, path
    assert "No computer yet." in (await alice.get(STEP)).text


async def test_a_fresh_pair_is_for_this_connector_alone_and_its_file_is_new(enter: Enter) -> None:
    alice, id = await enter("accounting_manager"), await first()
    other = await add(alice, "BACK-OFFICE")
    before = {each: read_qwc((await alice.get(f"{connectors(each)}/file")).content) for each in (id, other)}
    asked = text_of((await alice.get(f"{connectors(id)}/new-pair")).text)
    assert "QBWC1039" in asked
    assert "the licence key, every record, the history" in asked
    done = await alice.submit(f"{connectors(id)}/new-pair")
    assert "Download the file again" in text_of((await alice.get(done.headers["location"])).text)
    after = {each: read_qwc((await alice.get(f"{connectors(each)}/file")).content) for each in (id, other)}
    assert after[id].owner_id != before[id].owner_id
    assert after[id].file_id != before[id].file_id
    assert after[other] == before[other]
    assert ("connector.new_pair", "alice@halder.example", "SERVER-01") in await deeds()


async def test_d22_d48_a_second_computer_has_a_file_and_a_key_of_its_own(enter: Enter, site: str) -> None:
    alice, id = await enter("accounting_manager"), await first()
    page = text_of((await alice.get(STEP)).text)
    assert "Add a second computer for this company, in case this one is off." in page  # D22
    assert "Recommended: a desktop computer is not always on, as a server is." in page  # D22
    other = await add(alice, "BACK-OFFICE")
    keys = {await key_of(alice, id), await key_of(alice, other)}
    assert len(keys) == 2  # D48
    files = [read_qwc((await alice.get(f"{connectors(each)}/file")).content) for each in (id, other)]
    assert files[0].user_name != files[1].user_name
    assert files[0].app_name != files[1].app_name
    shown = (await alice.get(STEP)).text
    assert "BACK-OFFICE" in shown  # the one that has not called is taken first
    assert f"?computer={id}" in shown
    await alice.submit("/companies/1/syncs")
    file = (await alice.get(f"{connectors(other)}/file")).content
    assert await reply_to(site, file, await key_of(alice, other)) == PATH  # D50: it can carry the sync alone
    assert ("connector.added", "alice@halder.example", "BACK-OFFICE") in await deeds()


async def test_a_computer_needs_a_name_and_what_was_typed_is_kept(enter: Enter) -> None:
    alice = await enter("accounting_manager")
    empty = await alice.submit("/companies/1/connectors", label=" ")
    assert empty.status_code == 422
    assert "<title>Error: Add a computer" in empty.text
    long = await alice.submit("/companies/1/connectors", label="x" * 41)
    assert "can have 40 characters; this has 41" in long.text
    assert "x" * 41 in long.text
    assert await fetchval("select count(*) from connector") == 1


async def test_b21_d47_another_company_on_the_computer_needs_no_installation(enter: Enter) -> None:
    alice = await enter("accounting_manager")
    alone = text_of((await alice.get(STEP)).text)
    assert "Connect another company on this computer. Nothing is installed again" in alone  # B21, D47
    assert "each company needs its own file and key" in alone  # D48
    assert "leave QuickBooks open without a company" not in alone  # only when it carries several
    other = await fetchval(
        "insert into company (name, region, file_id) values ('Granite Ridge', 'US', '{X}') returning id"
    )
    await execute(
        """insert into connector (company, user_name, app_name, owner_id, file_id, key_hash, key_sealed, machine)
           values ($1, 'c-2', 'x', 'x', 'x', 'x', 'x', 'SERVER-01')""",
        other,
    )
    several = text_of((await alice.get(STEP)).text)
    assert "This computer carries Halder Natural Stone, Inc. and Granite Ridge" in several  # B21
    assert "when nobody works in it, leave QuickBooks open without a company" in several


async def test_what_windows_asks_is_told_in_order_with_one_recommendation(enter: Enter) -> None:
    page = (await (await enter("accounting_manager")).get(STEP)).text
    text = text_of(page)
    answers = re.findall(r"<li>(.*?)</li>", page[page.index('id="access"') : page.index("Any answer")])
    assert [text_of(answer) for answer in answers] == [
        "No",
        "Yes, prompt each time",
        "Yes, whenever this company file is open",
        "Yes, always; allow access even if QuickBooks is not running : choose this one.",
    ]  # B18, D33
    assert "The wording varies a little by version" in text  # B18
    assert "Any answer that begins with Yes works" in text  # B16
    assert "The fourth allows most and makes syncing easiest" in text  # B17, B20
    assert "Login as: Admin." in text  # D34
    assert "a user with Full Access for this alone" in text  # D20, D34
    assert "Leave the box unticked, unless your team syncs employees" in text  # D35
    assert "Then choose Continue and Done . QuickBooks may ask the same a second time" in text  # D36
    assert "go back to the Web Connector; this page goes on by itself" in text  # D37
    assert "Several windows may flash up by themselves" in text  # D28
    assert "One may say “cannot connect to QuickBooks”: that is normal the first time" in text  # D32
    assert "Open the downloaded file: the Web Connector starts and asks" in text  # D27
    assert "Chose No by mistake? In QuickBooks: Edit, Preferences" in text  # B19
    assert 'href="/guide/start-with-windows"' in page  # C14
    assert 'href="/guide/unique-pair"' in page


async def test_d21_the_step_says_at_which_computer_it_is_done(enter: Enter) -> None:
    alice = await enter("accounting_manager")
    assert "Do this on SERVER-01, where QuickBooks is installed." in text_of((await alice.get(STEP)).text)
    await execute("update connector set machine = '', label = ''")
    text = text_of((await alice.get(STEP)).text)
    assert "Do this on the Windows computer or server where QuickBooks is installed." in text  # D21, B01
    assert "In doubt, take the computer you normally use for QuickBooks." in text  # B02


async def test_d23_a_hosting_provider_is_told_to_take_part_where_one_runs_quickbooks(enter: Enter) -> None:
    alice = await enter("accounting_manager")
    assert "in your own Windows session" not in (await alice.get(STEP)).text
    await execute("""update company set prepared = '{"hosted": "yes", "host": "Cloudworks"}'""")
    page = await alice.get(STEP)
    assert "QuickBooks runs at Cloudworks: open the file there" in text_of(page.text)  # D23
    assert 'href="/guide/web-connector#hosted"' in page.text


async def test_a_user_made_for_this_alone_is_named_in_place_of_admin(enter: Enter) -> None:
    await execute("""update company set prepared = '{"full_access": "Deskbridge Sync"}'""")
    text = text_of((await (await enter("accounting_manager")).get(STEP)).text)
    assert "Login as: Deskbridge Sync." in text  # D34
    assert "as Deskbridge Sync, in single-user mode" in text  # D19, D20


async def test_c18_the_page_says_what_every_min_shows_by_the_file_that_was_downloaded(enter: Enter) -> None:
    alice, id = await enter("accounting_manager"), await first()
    await execute("update connector set downloaded_at = null, issued_minutes = null")
    assert "By the file of this page, the box shows 15" in text_of((await alice.get(STEP)).text)  # C18
    await alice.get(f"{connectors(id)}/file")
    await execute("update company set schedule_minutes = 30")
    later = text_of((await alice.get(STEP)).text)
    assert "By the file as it was downloaded today" in later
    assert "the box shows 15" in later  # C18: the file's value, not that of the settings
    await execute("update company set poll_seconds = 45")
    await alice.get(f"{connectors(id)}/file")
    text = text_of((await alice.get(STEP)).text)
    assert "the box shows Real Time : it calls every 45 s" in text
    assert "Every-Min shows “Real Time”, as our file set it" in text


async def test_d37_the_first_call_and_a_wrong_key_are_seen_without_a_reload(enter: Enter, site: str) -> None:
    alice = await enter("accounting_manager")
    await key_of(alice, await first())
    id = await add(alice, "BACK-OFFICE")
    file = (await alice.get(f"{connectors(id)}/file")).content
    stream = events(alice, f"{STEP}/live?computer={id}")
    parts = dict([await anext(stream), await anext(stream)])
    assert "Waiting for the first call" in parts["waiting"]
    assert "Connector file downloaded by Alice" in parts["waiting"]
    assert "Licence key shown" not in parts["waiting"]  # that was another computer's
    await reply_to(site, file, "AAAAA-AAAAA-AAAAA-AAAAA-AAAAA")
    await tell("company:1")
    waiting = await next_part(stream)
    assert "A wrong key came" in waiting
    assert "from 127.0.0.1" in waiting
    assert "most likely mistyped" in waiting
    await reply_to(site, file, await key_of(alice, id))
    await tell("company:1")
    waiting = await next_part(stream)
    while "The Web Connector has called" not in waiting:
        waiting = await next_part(stream)
    assert 'data-follow="/companies/1/setup/verify"' in waiting  # D37
    await stream.aclose()


async def next_part(stream: AsyncIterator[tuple[str, str]]) -> str:
    async for name, text in stream:
        if name == "waiting":
            return text
    raise AssertionError("the stream ended")


async def test_an_unknown_user_name_is_said_while_nothing_else_has_called(enter: Enter) -> None:
    alice = await enter("accounting_manager")
    await add(alice, "BACK-OFFICE")
    await execute("insert into unknown_caller (user_name, address) values ('c-old', '203.0.113.7')")
    text = text_of((await alice.get(STEP)).text)
    assert "A Web Connector called with a user name we do not know" in text
    assert "“c-old”" in text
    assert "opened an older connector file" in text


async def test_a_key_that_cannot_be_unsealed_any_more_is_said(enter: Enter) -> None:
    alice, id = await enter("accounting_manager"), await first()
    await execute("update connector set key_sealed = 'x'")
    answer = await alice.submit(f"{connectors(id)}/key")
    assert answer.status_code == 200
    assert "cannot be shown any more" in text_of(answer.text)


async def test_another_companys_connector_is_not_found(enter: Enter) -> None:
    alice = await enter("accounting_manager")
    other = await fetchval("insert into company (name, region, file_id) values ('Granite', 'US', '{X}') returning id")
    for path in ("file", "key", "rotate", "revoke", "new-pair"):
        answer = await alice.get(f"/companies/{other}/connectors/{await first()}/{path}")
        assert answer.status_code == 404, path
    assert (await alice.get(f"/companies/{other}/setup/connector?computer={await first()}")).status_code == 404
    assert (await alice.get(f"{connectors(1 << 63)}/file")).status_code == 404
    assert await people.names_with("owner") == ["Ruth"]
    assert await fetchrow("select id from connector where revoked_at is not null") is None
