"""The public pages about the QuickBooks computer: what they say, where their links lead, what is not on them."""

import re
from urllib.parse import urlsplit

import pytest

from tests.web.conftest import Visitor
from tests.web.pages.conftest import Enter

PATHS = ("/guide/web-connector", "/guide/start-with-windows", "/guide/unique-pair")


def text_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


@pytest.mark.parametrize("path", PATHS)
async def test_a_guide_page_is_for_everybody_and_says_nothing_of_a_company(visitor: Visitor, path: str) -> None:
    answer = await visitor.get(path)
    assert answer.status_code == 200
    assert "Halder" not in answer.text
    assert answer.text.count("<h1") == 1


@pytest.mark.parametrize("path", PATHS)
async def test_a14_every_link_of_a_guide_page_leads_somewhere(visitor: Visitor, path: str) -> None:
    page = (await visitor.get(path)).text
    main = page[page.index("<main") :]
    links = set(re.findall(r'href="([^"]*)"', main))
    assert links  # A14: no help link is empty
    for link in links:
        parts = urlsplit(link)
        if parts.netloc:
            assert (parts.scheme, f"(opens {parts.netloc.split('.')[-2].title()}") in {
                ("https", "(opens Intuit"),
                ("https", "(opens Microsoft"),
            }
        else:
            assert (await visitor.get(link)).status_code == 200, link


async def test_c04_a12_the_web_connector_is_explained_and_found(visitor: Visitor) -> None:
    text = text_of((await visitor.get(PATHS[0])).text)
    assert "It comes with QuickBooks Desktop" in text  # C04: pre-installed
    assert "works beside the clock while you work" in text  # C04: silent
    assert "over HTTPS only" in text  # C04: secure; A13
    assert "keeps your books in a file on a computer" in text  # A12, D03
    assert "File , App Management , Update Web Services" in text  # A12: where it is
    assert "In doubt, take the computer you normally use for QuickBooks" in text  # B02


async def test_d12_net_framework_has_an_anchor_of_its_own(visitor: Visitor) -> None:
    page = (await visitor.get(PATHS[0])).text
    assert 'id="dotnet"' in page
    assert "https://dotnet.microsoft.com/download/dotnet-framework" in page  # D12


async def test_what_quickbooks_asks_is_answered_with_one_recommendation(visitor: Visitor) -> None:
    text = text_of((await visitor.get(PATHS[0])).text)
    assert "Every answer that begins with Yes works" in text  # B16
    assert "its wording varies a little by version" in text  # B18
    assert "Leave it unticked, unless your team syncs employees" in text  # D35
    assert "Edit, Preferences, Integrated Applications, Company Preferences" in text  # B19


async def test_several_companies_and_several_computers_are_explained(visitor: Visitor) -> None:
    text = text_of((await visitor.get(PATHS[0])).text)
    assert "One Web Connector serves them all; nothing is installed again" in text  # B21, D47
    assert "its own connector file and its own licence key" in text  # D48
    assert "Two or more for the same company are safer" in text  # D22
    assert "Ask the provider for three things" in text  # D17, D23


async def test_c14_how_it_starts_with_windows(visitor: Visitor) -> None:
    text = text_of((await visitor.get(PATHS[1])).text)
    assert "shell:startup" in text  # C14
    assert "to sleep Never" in text.replace("  ", " ")  # D43


async def test_a_fresh_pair_is_offered_to_those_who_may_issue_it(enter: Enter, visitor: Visitor) -> None:
    nobody = (await visitor.get(PATHS[2])).text
    assert "Unique OwnerID/FileID pair value required" in nobody
    assert "Ask an owner or accounting manager" in nobody
    assert "/profiles" not in nobody
    assert "/profiles" not in (await (await enter("member")).get(PATHS[2])).text
    assert 'href="/profiles"' in (await (await enter("accounting_manager")).get(PATHS[2])).text
