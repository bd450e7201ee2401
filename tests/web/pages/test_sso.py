"""Single sign-on at a provider of our own: who is let in, as whom, and what is never believed."""

import logging
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc.jwk import RSAKey

from sync.settings import Settings
from sync.sign_on import SignOn
from sync.store import accounts
from sync.store.accounts import NewAccount
from sync.store.base import execute, fetch, fetchval
from tests.provider import CLIENT, SECRET, Provider, provided
from tests.serving import settings_for
from tests.web.conftest import PASSWORD, Visitor
from tests.web.pages.conftest import Enter
from web.passwords import Passwords

ANNA = {"sub": "anna-1", "email": "Anna@Halder.Example", "email_verified": True, "name": "Anna Petrov"}


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    async with provided() as found:
        found.person = dict(ANNA)
        yield found


@pytest.fixture
def settings(database_url: str, tmp_path: Path, provider: Provider) -> Settings:
    sign_on = SignOn(
        issuer=provider.issuer,
        discovery=f"{provider.issuer}/.well-known/openid-configuration",
        client_id=CLIENT,
        client_secret=SECRET,
        domains=("halder.example",),
    )
    return replace(settings_for(database_url, tmp_path), sign_on=sign_on)


def now() -> datetime:
    return datetime.now(UTC)


async def go_there(visitor: Visitor, target: str = "/") -> str:
    """Begin here and sign in there; return the address that the provider sends the browser back to."""
    started = await visitor.get("/sso/start", params={"next": target})
    assert started.status_code == 303, started.text
    async with httpx.AsyncClient() as browser:
        there = await browser.get(started.headers["location"])
    back = urlsplit(there.headers["location"])
    assert f"{back.scheme}://{back.netloc}{back.path}" == "http://localhost:8080/sso/callback"
    return f"{back.path}?{back.query}"


async def sign_on(visitor: Visitor, target: str = "/") -> httpx.Response:
    return await visitor.get(await go_there(visitor, target))


async def nothing_connected() -> None:
    await execute("update company set removed_at = now()")


async def test_a02_a_newcomer_gets_an_account_by_single_sign_on_and_lands_on_connect(
    visitor: Visitor, provider: Provider, settings: Settings
) -> None:
    assert settings.sign_on
    await nothing_connected()
    await accounts.invite(
        "anna@halder.example", "accounting_manager", b"1", actor="ruth@halder.example", address="", now=now()
    )
    entered = await sign_on(visitor)
    assert entered.headers["location"] == "/connect"  # A02, A09
    assert visitor.is_signed_in
    row = (await fetch("select name, role, password_hash, subject from users where email = 'anna@halder.example'"))[0]
    assert tuple(row) == ("Anna Petrov", "accounting_manager", "", f"{provider.issuer} anna-1")
    help_page = await visitor.get("/guide/single-sign-on")
    assert "Sign in with Intuit" in help_page.text  # A02: there is a help page for this route
    assert "/sso/start?next=/connect" in help_page.text


async def test_a02_also_a_newcomer_who_may_only_read_lands_on_connect_while_nothing_is_connected(
    visitor: Visitor,
) -> None:
    await nothing_connected()
    entered = await sign_on(visitor)
    assert entered.headers["location"] == "/connect"  # A02
    assert (await visitor.get("/connect")).status_code == 200  # it explains what is to be connected


async def test_a02_the_help_page_can_be_read_signed_out_and_the_sign_in_page_leads_to_it(visitor: Visitor) -> None:
    sign_in = await visitor.get("/sign-in?next=/connect")
    assert 'href="/guide/single-sign-on"' in sign_in.text
    assert 'href="/sso/start?next=/connect"' in sign_in.text
    assert "Sign in with Intuit" in sign_in.text
    assert (await visitor.get("/guide/single-sign-on")).status_code == 200


async def test_a01_a_session_at_the_provider_is_enough_and_nobody_signed_in_is_asked_again(
    visitor: Visitor, provider: Provider, enter: Enter
) -> None:
    entered = await sign_on(visitor, "/connect")
    assert entered.headers["location"] == "/connect"  # A01; A07: back to where one wanted to go
    assert "prompt" not in provider.asked[0]
    again = await visitor.get("/sso/start?next=/account/sessions")
    assert again.headers["location"] == "/account/sessions"  # A01: not sent to the provider again
    alice = await enter("accounting_manager")
    assert (await alice.get("/sign-in?next=/connect")).headers["location"] == "/connect"  # A01


async def test_a07_who_signs_in_through_the_provider_comes_back_to_the_same_step(visitor: Visitor) -> None:
    await sign_on(visitor)
    await visitor.submit("/sign-out")
    step = "/companies/1/setup/connector"
    asked = await visitor.get(step)
    assert asked.headers["location"] == f"/sign-in?next={step}"
    assert f'href="/sso/start?next={step}"' in (await visitor.get(asked.headers["location"])).text
    assert (await sign_on(visitor, step)).headers["location"] == step  # A07


async def test_a_newcomer_of_a_named_domain_gets_the_role_that_the_settings_say(visitor: Visitor) -> None:
    assert (await sign_on(visitor, "/companies")).headers["location"] == "/companies"
    assert await fetchval("select role from users where email = 'anna@halder.example'") == "viewer"


@pytest.mark.parametrize("email", ["anna@elsewhere.example", "anna@nothalder.example", "halder.example@evil.example"])
async def test_a_newcomer_of_another_domain_waits_for_a_role(visitor: Visitor, provider: Provider, email: str) -> None:
    provider.person["email"] = email
    assert (await sign_on(visitor)).headers["location"] == "/waiting"
    assert (await visitor.get("/companies")).status_code == 303
    assert await fetchval("select role from users where email = $1", email) == "waiting"


async def test_newcomers_are_refused_where_the_team_takes_people_by_invitation_only(
    visitor: Visitor, provider: Provider
) -> None:
    await execute("update workspace set accounts_open = false")
    provider.person["email"] = "anna@elsewhere.example"
    refused = await sign_on(visitor)
    assert refused.status_code == 403
    assert "by invitation" in refused.text
    assert not visitor.is_signed_in


async def test_a_person_is_found_by_verified_e_mail_once_and_by_subject_from_then_on(
    visitor: Visitor, provider: Provider
) -> None:
    provider.person |= {"email": "alice@halder.example"}
    await sign_on(visitor)
    assert await fetchval("select subject from users where email = 'alice@halder.example'") == (
        f"{provider.issuer} anna-1"
    )
    await visitor.submit("/sign-out")
    provider.person |= {"email": "somebody@elsewhere.example", "email_verified": False}
    await sign_on(visitor)  # the same subject: alice, whatever her address is now
    assert "alice" in (await visitor.get("/companies")).text.lower()
    await visitor.submit("/sign-out")
    provider.person |= {"sub": "another", "email": "alice@halder.example", "email_verified": True}
    refused = await sign_on(visitor)  # her address with another subject
    assert (refused.status_code, visitor.is_signed_in) == (403, False)


async def test_who_made_an_account_with_somebodys_e_mail_has_no_part_in_it_once_the_owner_of_the_address_comes(
    visitor: Visitor, site: str
) -> None:
    hashed = await Passwords().hash(PASSWORD)
    await accounts.create(NewAccount(email="anna@halder.example", name="Not Anna", password_hash=hashed), now())
    async with Visitor(base_url=site) as squatter:
        assert (await squatter.sign_in("anna@halder.example")).headers["location"] == "/waiting"
        await sign_on(visitor)
        assert (await visitor.get("/companies")).status_code == 200
        assert (await squatter.get("/companies")).status_code == 303
        assert (await squatter.get("/waiting")).headers["location"] == "/"  # signed out
        for password in (PASSWORD, "nobody", ""):  # an account without a password has none that fits
            assert (await squatter.sign_in("anna@halder.example", password)).status_code == 422


async def test_a_disabled_person_stays_out(visitor: Visitor, provider: Provider) -> None:
    await sign_on(visitor)
    await execute("update users set disabled_at = now() where subject is not null")
    refused = await sign_on(visitor)
    assert refused.status_code == 403
    assert "disabled" in refused.text
    assert (await visitor.get("/companies")).status_code == 303


async def test_an_unverified_e_mail_opens_nobodys_account_and_makes_none(visitor: Visitor, provider: Provider) -> None:
    for verified in (False, "false", None, 1, "yes"):
        provider.person |= {"email": "ruth@halder.example", "email_verified": verified}
        refused = await sign_on(visitor)
        assert (refused.status_code, visitor.is_signed_in) == (403, False)
    assert await fetchval("select count(*) from users where subject is not null") == 0


HOSTILE = {
    "another nonce": {"nonce": "replayed"},
    "no nonce": {"nonce": None},
    "another issuer": {"iss": "https://evil.example"},
    "no issuer": {"iss": None},
    "another audience": {"aud": "another-program"},
    "two audiences without a word on whom it is for": {"aud": [CLIENT, "another-program"]},
    "made for another program": {"aud": [CLIENT, "another-program"], "azp": "another-program"},
    "expired": {"exp": int(time.time()) - 3600},
    "no end": {"exp": None},
    "from the future": {"iat": int(time.time()) + 3600},
    "nobody": {"sub": None},
    "an empty subject": {"sub": ""},
    "a subject that is no text": {"sub": 7},
}


@pytest.mark.parametrize("claims", HOSTILE.values(), ids=HOSTILE.keys())
async def test_a_token_with_a_wrong_claim_lets_nobody_in(
    visitor: Visitor, provider: Provider, claims: dict[str, object]
) -> None:
    provider.claims = claims
    refused = await sign_on(visitor)
    assert (refused.status_code, visitor.is_signed_in) == (400, False)
    assert "was not right" in refused.text
    assert await fetchval("select count(*) from users") == 4


@pytest.mark.parametrize("how", ["none", "another key", "the public key as a secret"])
async def test_a_token_that_the_provider_did_not_sign_lets_nobody_in(
    visitor: Visitor, provider: Provider, how: str
) -> None:
    if how == "none":
        provider.algorithm = "none"
    elif how == "another key":
        provider.signs = RSAKey.generate_key(2048, parameters={"kid": "one"})
    else:
        provider.algorithm = "HS256"
    refused = await sign_on(visitor)
    assert (refused.status_code, visitor.is_signed_in) == (400, False)


async def test_an_answer_to_another_browser_or_with_another_state_lets_nobody_in(
    visitor: Visitor, site: str, provider: Provider
) -> None:
    back = await go_there(visitor)
    async with Visitor(base_url=site) as victim:  # who was given the attacker's link
        assert (await victim.get(back)).status_code == 400
        assert not victim.is_signed_in
    state = parse_qs(urlsplit(back).query)["state"][0]
    assert (await visitor.get(back.replace(state, "another"))).status_code == 400
    assert (await visitor.get(back)).status_code == 400  # the cookie was worth one answer
    assert not visitor.is_signed_in


async def test_an_answer_is_worth_one_sign_in(visitor: Visitor) -> None:
    back = await go_there(visitor)
    assert (await visitor.get(back)).status_code == 303
    await visitor.submit("/sign-out")
    assert (await visitor.get(back)).status_code == 400
    assert not visitor.is_signed_in


async def test_an_answer_that_names_another_issuer_is_not_taken_to_ours(visitor: Visitor, provider: Provider) -> None:
    back = await go_there(visitor)
    mixed = back.partition("&iss=")[0] + "&iss=https%3A%2F%2Fevil.example"
    assert (await visitor.get(mixed)).status_code == 400
    assert not visitor.is_signed_in
    assert provider.codes  # the code was sent nowhere


async def test_a_sealed_cookie_that_was_changed_or_made_elsewhere_is_worth_nothing(visitor: Visitor) -> None:
    back = await go_there(visitor)
    sealed = visitor.cookies["deskbridge-sign-on"]
    visitor.cookies.set("deskbridge-sign-on", sealed[:-6] + "AAAAA=", domain="127.0.0.1")
    assert (await visitor.get(back)).status_code == 400
    assert not visitor.is_signed_in


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example", "/\t/evil.example"])
async def test_nobody_is_sent_to_another_host_by_single_sign_on(visitor: Visitor, target: str) -> None:
    assert (await sign_on(visitor, target)).headers["location"] == "/"
    assert (await visitor.get("/sso/start", params={"next": target})).headers["location"] == "/"


async def test_who_says_no_at_the_provider_is_told_so(visitor: Visitor) -> None:
    back = await go_there(visitor)
    state = parse_qs(urlsplit(back).query)["state"][0]
    told = await visitor.get(f"/sso/callback?error=access_denied&error_description=%3Cb%3Ehi&state={state}")
    assert told.status_code == 400
    assert "did not sign you in" in told.text
    assert "<b>hi" not in told.text


async def test_a_provider_that_is_away_is_said_and_the_password_still_works(
    visitor: Visitor, provider: Provider
) -> None:
    provider.broken = True
    away = await visitor.get("/sso/start")
    assert away.status_code == 502
    assert "does not answer" in away.text
    provider.broken = False
    back = await go_there(visitor)
    provider.broken = True
    assert (await visitor.get(back)).status_code == 502


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://evil.example/token"},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": None},
    ],
)
async def test_a_discovery_document_that_leads_elsewhere_is_not_followed(
    visitor: Visitor, provider: Provider, document: dict[str, object]
) -> None:
    provider.document = document
    assert (await visitor.get("/sso/start")).status_code == 502


async def test_a_provider_that_tells_the_e_mail_elsewhere_is_asked_there(visitor: Visitor, provider: Provider) -> None:
    provider.person = {"sub": "anna-1"}  # as Intuit does it, with its own spelling
    provider.userinfo = {
        "sub": "anna-1",
        "email": "anna@halder.example",
        "emailVerified": True,
        "givenName": "Anna",
        "familyName": "Petrov",
    }
    await sign_on(visitor)
    assert await fetchval("select name from users where email = 'anna@halder.example'") == "Anna Petrov"
    await visitor.submit("/sign-out")
    provider.userinfo["sub"] = "somebody else"
    assert (await sign_on(visitor)).status_code == 400


async def test_no_code_token_or_secret_is_logged_or_shown(
    visitor: Visitor, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "deskbridge")
    provider.claims = {"nonce": "replayed"}
    back = await go_there(visitor)
    code = parse_qs(urlsplit(back).query)["code"][0]
    shown = (await visitor.get(back)).text
    logged = str(await fetch("select actor, action, subject, detail from audit_entry"))
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
    for text in (shown, logged, *ours):
        assert code not in text
        assert SECRET not in text
        assert "eyJ" not in text  # how every token begins
    assert "sign_on.refused" in logged


async def test_the_log_says_who_came_through_the_provider(visitor: Visitor) -> None:
    await sign_on(visitor)
    actions = [row["action"] for row in await fetch("select action from audit_entry order by id desc limit 2")]
    assert actions == ["sign_in.done", "person.joined"]
