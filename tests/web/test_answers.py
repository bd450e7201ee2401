"""What every answer carries, and what errors say: headers, static files, health, pages that are not there."""

import re
from dataclasses import replace

import pytest

from sync.settings import Settings
from sync.store.base import execute
from tests.web.conftest import SignUp, Visitor
from web.app import create_app
from web.pages import sign_in


async def test_every_answer_carries_the_security_headers(visitor: Visitor) -> None:
    for path in ("/sign-in", "/no-such-page", "/healthz", "/qbwc", "/companies"):
        headers = (await visitor.get(path)).headers
        assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'"), path
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cache-control"] == "no-store"
        assert "strict-transport-security" not in headers


async def test_pages_have_no_script_or_style_within_them(visitor: Visitor) -> None:
    text = (await visitor.get("/first-run")).text
    assert not re.findall(r"<script(?![^>]*src=)", text)
    assert not re.findall(r"<style|\sstyle=|\son\w+=|hx-on", text)


async def test_static_files_have_an_address_that_changes_with_them_and_are_kept_for_a_year(visitor: Visitor) -> None:
    text = (await visitor.get("/first-run")).text
    addresses = re.findall(r'(?:href|src)="(/static/[^"]*)"', text)
    assert len(addresses) > 10
    for address in addresses:
        if "/vendor/" in address:
            continue  # put there by the build
        answer = await visitor.get(address)
        assert answer.status_code == 200, address
        assert "immutable" in answer.headers["cache-control"]
    assert (await visitor.get("/static/css/base.css")).status_code == 404
    assert (await visitor.get(addresses[0].rpartition("/css")[0] + "/../pyproject.toml")).status_code == 404


async def test_the_health_address_answers_when_the_database_does(visitor: Visitor) -> None:
    answer = await visitor.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"database": "answers"})


async def test_a_page_that_is_not_there_says_so_and_no_more(visitor: Visitor) -> None:
    answer = await visitor.get("/no-such-page?secret=1")
    assert answer.status_code == 404
    assert "There is nothing at this address" in answer.text
    assert "secret" not in answer.text
    as_json = await visitor.get("/no-such-page", headers={"accept": "application/json"})
    assert as_json.json()["error"] == "Not found"


async def test_what_breaks_is_logged_under_the_reference_that_the_page_shows(
    visitor: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    await execute("drop table limits")
    await visitor.get("/first-run")
    answer = await visitor.submit("/sign-in", email="a@b.example", password="a secret password")
    assert answer.status_code == 500
    reference = re.search(r"[2-9A-Z]{3}-[2-9A-Z]{3}", answer.text)
    assert reference
    assert reference[0] in caplog.text
    assert "Something broke on our side" in answer.text
    assert "limits" not in answer.text
    assert "a secret password" not in caplog.text


async def test_a_form_that_is_too_large_is_refused(visitor: Visitor) -> None:
    await visitor.get("/first-run")
    answer = await visitor.submit("/sign-in", email="a" * 1_100_000, password="x")
    assert answer.status_code == 413


async def test_the_theme_is_kept_in_a_cookie_and_is_in_the_first_paint(visitor: Visitor) -> None:
    await visitor.get("/first-run")
    await visitor.submit("/appearance", theme="dark")
    assert 'data-theme="dark"' in (await visitor.get("/first-run")).text
    await visitor.submit("/appearance", theme="system")
    assert "data-theme=" not in (await visitor.get("/first-run")).text.partition("<body")[0]
    await visitor.submit("/appearance", theme='"><script>')
    assert "data-theme=" not in (await visitor.get("/first-run")).text.partition("<body")[0]


async def test_appearance_leads_back_to_the_page_it_was_chosen_on(signed_in_as: SignUp, site: str) -> None:
    ruth = await signed_in_as("owner")
    back = await ruth.submit("/appearance", {"referer": f"{site}/account/sessions"}, theme="dark")
    assert back.headers["location"] == "/account/sessions"
    elsewhere = await ruth.submit("/appearance", {"referer": "https://evil.example/x"}, theme="dark")
    assert elsewhere.headers["location"] == "/"


def test_behind_https_cookies_are_for_this_host_and_scheme_alone(settings: Settings) -> None:
    app = create_app(replace(settings, public_url="https://books.example.com"))
    site = app.state.site
    assert site.secure
    assert site.cookie("session") == "__Host-deskbridge-session"
    assert app.csrf_config
    assert app.csrf_config.cookie_secure


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/", None),
        ("/companies", "Companies"),
        ("/companies/12", "Sync status"),
        ("/companies/12/records/Customer?q=secret", "Records"),
        ("/companies/12/syncs/3/requests/9", "a sync"),
        ("/elsewhere", "the page you came from"),
    ],
)
def test_the_sign_in_page_says_where_it_leads_without_a_name_that_only_members_know(
    path: str, name: str | None
) -> None:
    assert sign_in.place_of(path) == name
