"""The drawn windows: what each shows is said in its caption; it needs no colour, no script and no picture file."""

import re

import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from lxml import etree

from web.site import TEMPLATES

CALLS = {
    "authorize": 'authorize("Deskbridge - Halder (c-1)", "books.halder.example", id="it", letter="A")',
    "certificate": 'certificate(id="it", letter="B")',
    "done": 'done(id="it")',
    "password": 'password("Deskbridge - Halder (c-1)", id="it", letter="C")',
    "password saved": 'password("Deskbridge - Halder (c-1)", id="it", saved=True)',
    "auto_run": 'auto_run("Deskbridge - Halder (c-1)", "Real Time", id="it", letter="D")',
    "every_min": 'every_min("Deskbridge - Halder (c-1)", "15", id="it")',
    "remove": 'remove("Deskbridge - Halder (c-1)", id="it")',
    "hide": 'hide(id="it")',
    "menu_path": 'menu_path(id="it")',
}
ANSWERS = (
    "No",
    "Yes, prompt each time",
    "Yes, whenever this company file is open",
    "Yes, always; allow access even if QuickBooks is not running",
)


def drawn(call: str) -> etree._Element:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    template = environment.from_string(f'{{% import "macros/drawn.html" as drawn %}}{{{{ drawn.{call} }}}}')
    return etree.fromstring(template.render())


def caption_of(figure: etree._Element) -> str:
    return " ".join("".join(figure.xpath('//*[@id="it"]')[0].itertext()).split())


def shown(figure: etree._Element) -> list[str]:
    return ["".join(text.itertext()) for text in figure.iter("text")]


@pytest.mark.parametrize("name", CALLS)
def test_a_drawing_has_its_caption_as_name_and_the_caption_says_what_to_press(name: str) -> None:
    figure = drawn(CALLS[name])
    (picture,) = figure.iter("svg")
    assert (picture.get("role"), picture.get("aria-labelledby")) == ("img", "it")
    assert picture.get("viewBox") == "0 0 380 236"
    caption = caption_of(figure)
    pressed = figure.xpath('//*[contains(@class, "drawn__words--on")]/text()')
    assert all(word in caption for word in pressed), caption
    rings = figure.xpath('//*[contains(@class, "drawn__ring")]')
    assert 1 <= len(rings) <= 2


@pytest.mark.parametrize("name", CALLS)
def test_a_drawing_is_made_of_lines_and_words_that_follow_the_theme(name: str) -> None:
    figure = drawn(CALLS[name])
    assert not figure.xpath("//*[@style or @fill or @stroke or local-name() = 'image']")
    assert all(re.fullmatch(r"drawn__[a-z]+( drawn__[a-z]+--[a-z]+)*", kind) for kind in figure.xpath("//svg//@class"))


def test_b18_d33_the_four_answers_stand_in_their_order_and_the_fourth_is_ringed() -> None:
    figure = drawn(CALLS["certificate"])
    words = shown(figure)
    assert words[1:4] == list(ANSWERS[:3])  # B18
    assert " ".join(words[4:6]) == ANSWERS[3]
    ring = figure.xpath('//*[contains(@class, "drawn__ring")]')
    assert len(ring) == 1  # D33: one recommendation
    top, height = float(ring[0].get("y")), float(ring[0].get("height"))
    chosen = [text for text in figure.iter("text") if top < float(text.get("y")) < top + height]
    assert " ".join("".join(text.itertext()) for text in chosen) == ANSWERS[3]  # B17
    assert ANSWERS[3] in caption_of(figure)
    assert "Login as Admin" in caption_of(figure)  # D34
    assert "leave the personal-data box empty" in caption_of(figure)  # D35
    assert "Continue" in caption_of(figure)  # D36


def test_a_user_of_its_own_stands_in_place_of_admin() -> None:
    figure = drawn('certificate(id="it", login="Deskbridge")')
    assert "Deskbridge" in shown(figure)
    assert "Login as Deskbridge" in caption_of(figure)  # D34


def test_c18_the_box_shows_what_the_file_set_and_says_so() -> None:
    assert "Real Time" in shown(drawn(CALLS["auto_run"]))
    assert "Every-Min shows “15”, as our file set it." in caption_of(drawn(CALLS["every_min"]))  # C18
    empty = drawn('every_min("Deskbridge", "", id="it")')
    assert "Every-Min is empty, as our file left it." in caption_of(empty)


def test_a_name_is_cut_rather_than_drawn_over_the_edge_and_is_escaped() -> None:
    figure = drawn(f'authorize("<b>{"Halder " * 20}", "{"h" * 80}.example", id="it")')
    assert max(map(len, shown(figure))) <= 40
