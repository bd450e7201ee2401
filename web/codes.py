"""Codes of QuickBooks and the Web Connector as links to their page in the code guide. See sync/qbxml/codes.py."""

import re
from urllib.parse import quote

from markupsafe import Markup, escape

from sync.qbxml.codes import find
from web.paths import breakable

GUIDE = "/guide/codes"
IN_TEXT = re.compile(r"\b(?:0x8[0-9a-f]{7}|QBWC1\d{3})\b", re.IGNORECASE)


def code_href(code: object) -> str | None:
    """Return the address of a code's page; None when the guide does not have it."""
    found = find(str(code))
    return f"{GUIDE}/{quote(found.code)}" if found else None


def code_link(code: object, words: str = "") -> Markup:
    """Return a code as a link to its page, with other words in its place if given; one without a page as it is.

    In templates: {{ "0x80040408" | code_link }}, {{ 3200 | code_link }}, {{ code | code_link("Refused: 3200") }}.
    """
    href, shown = code_href(code), words or str(code)
    return Markup('<a class="code-link" href="{}">{}</a>').format(href, shown) if href else escape(shown)


def code_links(text: object) -> Markup:
    """Return a sentence in which every code of QuickBooks or the Web Connector is a link, and a path may break; markup
    stays as it is.
    """
    if isinstance(text, Markup):
        return text
    found, at = Markup(), 0
    plain = str(text)
    for match in IN_TEXT.finditer(plain):
        found += breakable(plain[at : match.start()]) + code_link(match[0])
        at = match.end()
    return found + breakable(plain[at:])


CODE_FILTERS = {"code_link": code_link, "code_links": code_links}
