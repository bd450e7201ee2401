"""Licence keys and connector files: what people do with them, and what the Web Connector is then answered."""

import re

import pytest

from sync.keys import KeyRing
from sync.practice.connector import read_qwc
from sync.store import computers, setup
from sync.store.base import fetch, fetchval
from tests.serving import SECRET
from tests.sync.conftest import Product

KEYS = KeyRing(SECRET)
NIA = "nia@halder.example"
HERE = "203.0.113.7"
SHAPE = re.compile("([A-HJ-NP-Z2-9]{5}-){4}[A-HJ-NP-Z2-9]{5}")


async def audited(company: int) -> list[str]:
    rows = await fetch("select action from audit_entry where company = $1 and actor = $2 order by id", company, NIA)
    return [row["action"] for row in rows]


async def living(company: int) -> list[computers.ConnectorRow]:
    return [row for row in await computers.connectors_of(company) if row.revoked_at is None]


async def test_each_connector_has_a_key_of_its_own_made_when_it_is_added(product: Product) -> None:
    made = await product.add_company()
    other = await product.add_company("Second")
    more = await computers.add_connector(made.company, "Yard", KEYS, NIA, HERE)
    keys = {made.licence_key, other.licence_key, more.licence_key}
    assert len(keys) == 3  # D48: each company file needs its own key, generated at that time
    assert all(SHAPE.fullmatch(key) for key in keys)
    assert [row.name for row in await computers.connectors_of(made.company)] == ["a computer", "Yard"]
    assert await audited(made.company) == ["connector.added"]


async def test_a_key_is_shown_again_and_the_audit_log_says_to_whom(product: Product) -> None:
    made = await product.add_company()
    assert await computers.reveal_key(made.company, made.connector, KEYS, NIA, HERE) == made.licence_key
    assert await audited(made.company) == ["licence_key.shown"]
    told = await fetch("select subject, detail::text, address from audit_entry where actor = $1", NIA)
    assert made.licence_key not in str(told)
    assert told[0]["address"] == HERE


async def test_a_key_sealed_with_another_secret_is_not_shown(product: Product) -> None:
    made = await product.add_company()
    lost = KeyRing("another secret key, as long as it has to be")
    assert await computers.reveal_key(made.company, made.connector, lost, NIA, HERE) is None
    assert await audited(made.company) == []


async def test_no_connector_is_reached_through_another_company(product: Product) -> None:
    made, other = await product.add_company(), await product.add_company("Second")
    place = (other.company, made.connector)
    assert await computers.reveal_key(*place, KEYS, NIA, HERE) is None
    assert await computers.rotate_key(*place, KEYS, NIA, HERE) is None
    assert await computers.revoke(*place, NIA, HERE) is False
    assert await computers.new_pair(*place, NIA, HERE) is False
    assert await computers.take_qwc(*place, product.settings.public_url, NIA, HERE) is None


async def test_a_connector_file_has_the_same_bytes_until_its_schedule_changes(product: Product) -> None:
    made = await product.add_company("Halder & Söhne <Stone>, Inc.")
    url = product.settings.public_url
    name, text = await computers.take_qwc(made.company, made.connector, url, NIA, HERE) or ("", b"")
    again = await computers.take_qwc(made.company, made.connector, url, NIA, HERE)
    assert again == (name, text)
    assert name == f"deskbridge-halder-sohne-stone-inc-{made.user_name}.qwc"
    assert b"Deskbridge - Halder &amp; S\xc3\xb6hne &lt;Stone>, Inc." in text.replace(b"&gt;", b">")
    assert len(read_qwc(text).app_description) <= 80
    (row,) = await living(made.company)
    assert (row.issued_minutes, row.issued_seconds, row.downloaded_at is not None) == (15, None, True)
    await fetch("update company set poll_seconds = 30 where id = $1 returning id", made.company)
    changed = await setup.qwc_file(made.connector, url)
    assert changed.replace(b"RunEveryNSeconds>30</RunEveryNSeconds", b"RunEveryNMinutes>15</RunEveryNMinutes") == text
    assert await audited(made.company) == ["connector.downloaded", "connector.downloaded"]


async def test_names_clash_neither_on_a_computer_nor_in_quickbooks(product: Product) -> None:
    long = "The Long Company of Halder, Lindqvist, Moreau and all of their Heirs, Assigns and Successors in Stone"
    made = [await product.add_company(long), await product.add_company(long)]
    more = await computers.add_connector(made[0].company, "Yard", KEYS, NIA, HERE)
    url = product.settings.public_url
    files = [read_qwc(await setup.qwc_file(one.connector, url)) for one in (*made, more)]
    assert len({file.app_name for file in files}) == 3
    assert len({file.user_name for file in files}) == 3
    assert len({file.owner_id for file in files}) == 1  # one application
    assert files[0].file_id == files[2].file_id != files[1].file_id  # one company file on two computers
    assert all(len(file.app_name) <= 100 for file in files)


async def test_a_fresh_pair_is_of_one_connector_alone(product: Product) -> None:
    made = await product.add_company()
    more = await computers.add_connector(made.company, "Yard", KEYS, NIA, HERE)
    before = {row.id: (row.owner_id, row.file_id) for row in await living(made.company)}
    assert await computers.new_pair(made.company, more.connector, NIA, HERE)
    after = {row.id: (row.owner_id, row.file_id) for row in await living(made.company)}
    assert after[made.connector] == before[made.connector]
    assert not {*after[more.connector]} & {*before[more.connector]}
    assert await audited(made.company) == ["connector.added", "connector.new_pair"]


@pytest.mark.parametrize("computer", ["", "Büro 2 / Tresen"])
async def test_a_file_name_says_which_company_and_computer(product: Product, computer: str) -> None:
    made = await product.add_company("株式会社")
    more = await computers.add_connector(made.company, computer, KEYS, NIA, HERE)
    taken = await computers.take_qwc(made.company, more.connector, product.settings.public_url, NIA, HERE)
    assert taken is not None
    assert taken[0] == f"deskbridge-company-{made.company}-{'buro-2-tresen' if computer else more.user_name}.qwc"


async def test_a_company_added_switches_quickbooks_desktop_on(product: Product) -> None:
    await product.add_company()
    assert await fetchval("select enabled_by from workspace where enabled_at is not null") == "test"
