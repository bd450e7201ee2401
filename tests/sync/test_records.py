"""Lists of records: the cursors of their pages, and what a text finds."""

import base64
import json

import pytest

from sync.store import picking, records
from sync.store.base import execute
from sync.store.intake import columns_of
from sync.store.proposals import NEW_RECORDS


def cursor(*values: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "forged", ["x", cursor("a", 1), cursor(1, 2, 3), cursor(None, 1), cursor("1", -1), cursor("1", 1 << 70)]
)
async def test_a_forged_cursor_is_refused_in_a_sentence(postgres: str, forged: str) -> None:
    with pytest.raises(ValueError, match="not the address of a page"):
        await records.page(1, "Invoice", sort="amount", after=forged, deleted="all")


SOME = """
    insert into record (company, entity, qb_id, name, ref_number, party, date, active, deleted_at, quickbooks)
    select 1, entity, 'Q' || row_number() over (), name, number, party, date, active, deleted, '{}'
    from (values ('Customer', 'Kristy Abercrombie', '', '', '', true, null),
            ('Customer', 'Aber & Sons', '', '', '', null, null), ('Customer', 'ABERDEEN 5%', '', '', '', true, null),
            ('Customer', 'Aberhard', '', '', '', false, null), ('Customer', 'Aberlour', '', '', '', true, '2026'),
            ('Customer', 'Über_Haber', '', '', '', true, null), ('Account', 'Cash', 'ABER-1', '', '', true, null),
            ('Invoice', '7', '7', 'Aber & Sons', '2026-01-05', null, null),
            ('Invoice', '71', '71', 'Zoe', '2026-03-05', null, null),
            ('Invoice', '17', '17', 'Zoe', '2026-04-05', null, null))
        as given (entity, name, number, party, date, active, deleted)
"""


async def test_what_begins_with_a_text_comes_first_and_what_has_it_anywhere_follows(postgres: str) -> None:
    await execute(SOME)
    await execute(
        """insert into record (company, entity, qb_id, name, quickbooks)
           select 1, 'Vendor', 'V' || g, 'Laber ' || lpad(g::text, 4, '0'), '{}' from generate_series(1, 1200) g"""
    )

    async def picked(text: str, *kinds: str, most: int = 12) -> list[str]:
        return [one.name for one in await picking.find(1, kinds, text, most)]

    customers = ["Aber & Sons", "ABERDEEN 5%", "Kristy Abercrombie", "Über_Haber"]
    assert await picked(" aBER ", "Customer") == customers  # inactive and deleted ones are left out
    assert await picked("aber", "Customer", most=3) == customers[:3]
    assert await picked("aber", "Account", "Customer") == ["Aber & Sons", "ABERDEEN 5%", "Cash", *customers[2:]]
    assert [await picked(text, "Customer") for text in ("%", "_", "5%", "\\", "über")] == [
        ["ABERDEEN 5%"], ["Über_Haber"], ["ABERDEEN 5%"], [], ["Über_Haber"]
    ]  # fmt: skip
    assert await picked("", "Customer") == ["Aber & Sons", "ABERDEEN 5%", "Kristy Abercrombie", "Über_Haber"]
    assert await picked("", "Invoice", most=2) == ["17", "71"]  # the newest
    assert await picked("7", "Invoice") == ["71", "7", "17"]
    assert await picked("aber", "Invoice") == ["7"]  # by its customer
    assert await picked("laber 0", "Vendor", "Customer", most=3) == ["Laber 0001", "Laber 0002", "Laber 0003"]
    assert (await picked("ber 0", "Vendor", most=50))[-1] == "Laber 0050"
    assert [one.name for one in await records.search(1, "7", 5)] == ["7", "71", "17", "Laber 0007", "Laber 0017"]

    few = await records.page(1, "Vendor", q="ber 07", sort="changed", limit=60)
    rest = await records.page(1, "Vendor", q="ber 07", sort="changed", limit=60, after=few.next)
    assert (few.total, few.total_more) == (rest.total, rest.total_more) == (100, False)
    assert sorted(row.name for row in few.rows + rest.rows) == [f"Laber 07{n:02}" for n in range(100)]
    back = await records.page(1, "Vendor", q="ber 07", sort="changed", limit=60, before=rest.previous)
    assert (back.rows, back.previous) == (few.rows, None)
    many = await records.page(1, "Vendor", q="aber", limit=2, descending=True)
    assert ([row.name for row in many.rows], many.total) == (["Laber 1200", "Laber 1199"], 1200)


async def test_a_name_of_the_longest_letters_finds_a_place_in_every_index(postgres: str) -> None:
    letters = [chr(code) for code in range(0x10400, 0x10428)]  # of four bytes, other ones when they are small
    name = "".join(letters[(n * n + n // 7) % 40] for n in range(300))
    fields = {"ListID": "8-1", "FullName": name, "TimeModified": "2026-11-23T08:00:00"}
    row = columns_of("Customer", fields)
    assert row[3] == name[:150]
    hot = ([name[:150]], [name[:40]], [row[3]], ["2026-11-23"], [None], ["{}"])
    await execute(NEW_RECORDS, 1, "Customer", "new:", [1], *hot)
    assert [one.name for one in await picking.find(1, ["Customer"], name[3:80])] == [name[:150]]
