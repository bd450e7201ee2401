"""The code guide: every code has its page, is found by what a person types, and is linked from wherever it is shown."""

import csv
from pathlib import Path

import pytest
from jinja2 import Environment

from sync.qbxml import codes, statuses
from sync.store.base import execute
from tests.web.conftest import Visitor
from tests.web.pages.conftest import Enter
from web.codes import CODE_FILTERS, code_link, code_links

REFERENCE = Path(__file__).resolve().parents[3].parent / "shared" / "reference"


async def test_the_guide_lists_every_code_in_its_group_and_needs_no_sign_in(visitor: Visitor) -> None:
    answer = await visitor.get("/guide/codes")
    assert answer.status_code == 200
    for code in statuses.meanings():
        assert f'href="/guide/codes/{code}"' in answer.text
    for _, name, _ in codes.GROUPS:
        assert name in answer.text
    assert "Halder" not in answer.text  # no company's data


@pytest.mark.skipif(not REFERENCE.exists(), reason="the published tables are not on this machine")
@pytest.mark.parametrize("table", ["hresults.csv", "status-codes.csv"])
def test_every_row_of_the_published_tables_has_a_page(table: str) -> None:
    with (REFERENCE / table).open(newline="", encoding="utf-8") as opened:
        rows = list(csv.DictReader(opened))
    assert rows
    assert [row["code"] for row in rows if codes.find(row["code"]) is None] == []


@pytest.mark.parametrize("typed", ["0x80040408", "0X80040408", "80040408", "0x8004041a", "qbwc1039", "3200", "9150"])
async def test_a_code_is_found_however_it_is_written(visitor: Visitor, typed: str) -> None:
    answer = await visitor.get(f"/guide/codes/{typed}")
    assert answer.status_code == 200
    found = codes.find(typed)
    assert found
    assert f'<h1 class="page-head__title">{found.code}</h1>' in answer.text
    assert found.action in answer.text.replace("&gt;", ">").replace("&#39;", "'")


async def test_a_code_says_meaning_cause_remedy_whether_it_is_confirmed_and_what_is_related(visitor: Visitor) -> None:
    sure = (await visitor.get("/guide/codes/QBWC1030")).text
    assert "No licence key is set." in sure
    assert "What usually causes it" in sure
    assert "What to do" in sure
    assert "Yes, by a public source" in sure
    assert 'href="/guide/codes/QBWC1040"' in sure
    assert "No. It is what we have been told" in (await visitor.get("/guide/codes/QBWC1085")).text


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("password", ""),
        ("dialog open", "0x80040414"),
        ("1039", "QBWC1039"),
        ("8004041D", "0x8004041D"),
        ("3100", "3100"),
    ],
)
async def test_the_search_finds_by_code_and_by_words_without_scripts(visitor: Visitor, query: str, first: str) -> None:
    answer = await visitor.get("/guide/codes", params={"q": query})
    assert answer.status_code == 200
    found = codes.search(query)
    if first:
        assert found[0].code == first
    assert all(f'href="/guide/codes/{each.code}"' in answer.text for each in found)
    assert answer.text.count("table__name") == len(found)


async def test_a_search_without_a_match_and_an_unknown_code_say_so(visitor: Visitor) -> None:
    nothing = await visitor.get("/guide/codes", params={"q": "<b>zebra"})
    assert "No code matches “&lt;b&gt;zebra”." in nothing.text
    assert "Show all codes" in nothing.text
    unknown = await visitor.get("/guide/codes/0x80049999")
    assert unknown.status_code == 404
    assert "The guide does not have the code 0x80049999." in unknown.text
    assert (await visitor.get("/guide/codes/" + "9" * 300)).status_code == 404


async def test_whoever_is_signed_in_keeps_the_bar(enter: Enter, visitor: Visitor) -> None:
    assert 'aria-label="Sections"' in (await (await enter("viewer")).get("/guide/codes")).text
    assert 'href="/sign-in"' in (await visitor.get("/guide/codes/3200")).text


def test_a_code_links_to_its_page_and_an_unknown_one_stays_as_it_is() -> None:
    assert code_link("0x8004041a") == '<a class="code-link" href="/guide/codes/0x8004041A">0x8004041a</a>'
    assert 'href="/guide/codes/3100">Refused: 3100</a>' in code_link(3100, "Refused: 3100")
    assert code_link("<i>77777") == "&lt;i&gt;77777"
    assert code_links("<b> 0x80040414: QBWC1013") == (f"&lt;b&gt; {code_link('0x80040414')}: {code_link('QBWC1013')}")
    environment = Environment(autoescape=True)
    environment.filters.update(CODE_FILTERS)
    assert environment.from_string("{{ c | code_link }}").render(c="QBWC1039") == code_link("QBWC1039")


async def test_the_code_of_a_failed_request_leads_to_its_page(enter: Enter) -> None:
    await execute(
        "update request set hresult = '0x80040402', status_code = null where id = (select max(id) from request)"
    )
    text = (await (await enter("viewer")).get("/companies/1/syncs/1", params={"show": "failed"})).text
    assert text.count('href="/guide/codes/0x80040402"') == 2  # in the list, and beside the request
    await execute("update request set hresult = '', status_code = 3120 where id = (select max(id) from request)")
    text = (await (await enter("viewer")).get("/companies/1/syncs/1", params={"show": "failed"})).text
    assert 'href="/guide/codes/3120">Refused: 3120</a>' in text


async def test_a_code_that_the_guide_shows_leads_to_its_page(enter: Enter) -> None:
    dialog = '{"hresult": "0x80040414", "message": "A dialog is open."}'
    await execute("update company set refused = $1, refused_at = now()", dialog)
    assert 'href="/guide/codes/0x80040414"' in (await (await enter("viewer")).get("/companies/1/troubleshooting")).text
