"""The way in: first run, signing in and out, sessions, and what is refused."""

import asyncio
import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sync.settings import Settings
from sync.store import people
from sync.tables import AuditEntry, Limit, User, UserSession, Workspace
from tests.serving import free_socket, served
from tests.web.conftest import PASSWORD, SignUp, Visitor

RUTH = {"team": "Halder Stone", "name": "Ruth Halder", "email": "Ruth@Halder.example", "password": PASSWORD}


async def test_the_first_visit_creates_the_owner_and_nobody_after_that_can(visitor: Visitor, site: str) -> None:
    assert (await visitor.get("/account/sessions")).headers["location"].startswith("/sign-in?next=")
    assert (await visitor.get("/sign-in")).headers["location"] == "/first-run"
    created = await visitor.submit("/first-run", **RUTH)
    assert (created.status_code, created.headers["location"], visitor.is_signed_in) == (303, "/", True)
    owner = await User.select().first()
    assert (owner["name"], owner["email"], owner["role"]) == ("Ruth Halder", "ruth@halder.example", "owner")
    assert (await Workspace.select().first())["name"] == "Halder Stone"
    async with Visitor(base_url=site) as second:
        assert (await second.get("/first-run")).status_code == 404
        assert (await second.submit("/first-run", **RUTH | {"email": "eve@evil.example"})).status_code == 404
    assert await User.count() == 1


async def test_two_first_visits_at_once_make_one_owner(visitor: Visitor) -> None:
    made = await asyncio.gather(
        *(
            people.create_owner(team="T", name="N", email=f"{number}@halder.example", password_hash="x")
            for number in range(4)
        )
    )
    assert len([person for person in made if person]) == 1
    assert await User.count() == 1


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("password", "too short", "it needs at least 10"),
        ("password", "aaaaaaaaaaaaaa", "one character over and over"),
        ("email", "not an address", "Give your e-mail address"),
        ("team", " ", "Give your team a name"),
        ("name", "", "Give your name"),
    ],
)
async def test_the_first_form_says_what_to_correct_and_keeps_what_was_typed(
    visitor: Visitor, field: str, value: str, words: str
) -> None:
    await visitor.get("/first-run")
    answer = await visitor.submit("/first-run", **RUTH | {field: value})
    assert answer.status_code == 422
    assert words in answer.text
    assert "Error:" in answer.text.partition("</title>")[0]
    assert field == "name" or "Ruth Halder" in answer.text
    assert PASSWORD not in answer.text
    assert await User.count() == 0


async def test_a07_a_signed_out_person_signs_in_first_and_is_returned_to_the_same_step(
    visitor: Visitor, signed_in_as: SignUp
) -> None:
    await signed_in_as("owner")
    asked = await visitor.get("/account/sessions?from=menu")
    assert asked.headers["location"] == "/sign-in?next=/account/sessions%3Ffrom%3Dmenu"
    form = await visitor.get(asked.headers["location"])
    assert "Your sessions" in form.text
    entered = await visitor.submit(
        "/sign-in", email="ruth@halder.example", password=PASSWORD, next="/account/sessions?from=menu"
    )
    assert entered.headers["location"] == "/account/sessions?from=menu"


async def test_a01_a_person_already_signed_in_is_not_asked_again(signed_in_as: SignUp) -> None:
    ruth = await signed_in_as("owner")
    assert (await ruth.get("/sign-in?next=/account/sessions")).headers["location"] == "/account/sessions"


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "/\t/evil.example", "javascript:alert(1)"]
)
async def test_nobody_is_sent_to_another_host_after_signing_in(
    visitor: Visitor, signed_in_as: SignUp, target: str
) -> None:
    await signed_in_as("owner")
    entered = await visitor.submit("/sign-in", email="ruth@halder.example", password=PASSWORD, next=target)
    assert entered.headers["location"] == "/"


async def test_an_unknown_e_mail_and_a_wrong_password_get_the_same_answer(
    visitor: Visitor, signed_in_as: SignUp
) -> None:
    await signed_in_as("owner")
    unknown = await visitor.sign_in("nobody@halder.example")
    wrong = await visitor.sign_in("ruth@halder.example", "not the password")
    assert unknown.status_code == wrong.status_code == 422
    assert unknown.text.replace("nobody@", "ruth@") == wrong.text
    assert "do not go together" in wrong.text


async def test_after_ten_wrong_passwords_the_right_one_is_refused_too(visitor: Visitor, signed_in_as: SignUp) -> None:
    await signed_in_as("owner")
    for _ in range(10):
        assert (await visitor.sign_in("ruth@halder.example", "not the password")).status_code == 422
    blocked = await visitor.sign_in("ruth@halder.example")
    assert (blocked.status_code, visitor.is_signed_in) == (429, False)
    assert "Wait ten minutes" in blocked.text
    await Limit.update({Limit.since: datetime.now(UTC) - timedelta(minutes=11)}, force=True)
    assert (await visitor.sign_in("ruth@halder.example")).status_code == 303


async def test_tries_are_counted_exactly_however_many_come_at_once(site: str) -> None:
    now = datetime.now(UTC)
    counts = await asyncio.gather(*(people.count_try("k", window=timedelta(minutes=1), now=now) for _ in range(40)))
    assert sorted(counts) == list(range(1, 41))


async def test_one_address_cannot_try_many_e_mails(visitor: Visitor, signed_in_as: SignUp) -> None:
    await signed_in_as("owner")
    answers = [(await visitor.sign_in(f"{number}@halder.example")).status_code for number in range(31)]
    assert answers[:29] == [422] * 29
    assert answers[-1] == 429


async def test_a_session_id_planted_before_signing_in_is_worth_nothing_after(
    visitor: Visitor, signed_in_as: SignUp
) -> None:
    await signed_in_as("owner")
    visitor.cookies.set("deskbridge-session", "planted", domain="127.0.0.1")
    entered = await visitor.sign_in("ruth@halder.example")
    assert "planted" not in entered.headers["set-cookie"]
    hashes = [row["token_hash"] for row in await UserSession.select(UserSession.token_hash)]
    assert hashlib.sha256(b"planted").digest() not in hashes


async def test_the_session_cookie_is_for_http_only_and_the_database_holds_no_token(
    visitor: Visitor, signed_in_as: SignUp
) -> None:
    await signed_in_as("owner")
    entered = await visitor.sign_in("ruth@halder.example")
    cookie = next(line for line in entered.headers.get_list("set-cookie") if "session" in line)
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie  # the address is http://localhost
    token = visitor.cookies["deskbridge-session"]
    hashes = [bytes(row["token_hash"]) for row in await UserSession.select(UserSession.token_hash)]
    assert hashlib.sha256(token.encode()).digest() in hashes
    assert token.encode() not in hashes


async def test_over_https_every_cookie_of_ours_goes_back_over_https_alone(settings: Settings) -> None:
    with free_socket() as (listening, port):
        async with (
            served(replace(settings, public_url="https://books.halder.example"), listening),
            Visitor(base_url=f"http://127.0.0.1:{port}") as ruth,
        ):
            first = await ruth.get("/first-run")
            form = first.cookies["__Host-deskbridge-form"]
            entered = await ruth.post(
                "/first-run", data={**RUTH, "_csrf_token": form}, headers={"cookie": f"__Host-deskbridge-form={form}"}
            )
    assert entered.status_code == 303
    cookies = [*first.headers.get_list("set-cookie"), *entered.headers.get_list("set-cookie")]
    assert {one.partition("=")[0] for one in cookies} == {"__Host-deskbridge-form", "__Host-deskbridge-session"}
    for cookie in cookies:
        assert all(part in cookie for part in ("; Path=/", "; SameSite=lax", "; Secure"))
        assert "Domain" not in cookie  # for this host alone
    assert "HttpOnly" in next(one for one in cookies if "session" in one)


async def test_signing_out_ends_the_session_for_good(signed_in_as: SignUp) -> None:
    ruth = await signed_in_as("owner")
    token = ruth.cookies["deskbridge-session"]
    assert (await ruth.submit("/sign-out")).headers["location"] == "/sign-in"
    assert not ruth.is_signed_in
    ruth.cookies.set("deskbridge-session", token, domain="127.0.0.1")
    assert (await ruth.get("/account/sessions")).status_code == 303


async def test_a_session_ends_after_thirty_days_without_a_visit_and_each_visit_moves_its_end(
    signed_in_as: SignUp,
) -> None:
    ruth = await signed_in_as("owner")
    token = hashlib.sha256(ruth.cookies["deskbridge-session"].encode()).digest()
    now = datetime.now(UTC)
    assert await people.session(token, now + timedelta(days=29))
    assert await people.session(token, now + timedelta(days=58))
    assert await people.session(token, now + timedelta(days=89)) is None


async def test_somebody_who_was_shut_out_is_signed_out_at_once(signed_in_as: SignUp) -> None:
    ruth = await signed_in_as("owner")
    await User.update({User.disabled_at: datetime.now(UTC)}, force=True)
    assert (await ruth.get("/account/sessions")).status_code == 303


async def test_own_sessions_are_listed_and_can_be_ended(signed_in_as: SignUp) -> None:
    here, there = await signed_in_as("owner"), await signed_in_as("owner")
    ids = [row["id"] for row in await UserSession.select(UserSession.id).order_by(UserSession.id)]
    listed = (await here.get("/account/sessions")).text
    assert "This browser" in listed
    assert f"/account/sessions/{ids[1]}/end" in listed
    assert (await here.submit(f"/account/sessions/{ids[1]}/end")).status_code == 303
    assert (await there.get("/account/sessions")).status_code == 303
    assert (await here.get("/account/sessions")).status_code == 200


async def test_nobody_ends_the_session_of_another(signed_in_as: SignUp) -> None:
    ruth, vera = await signed_in_as("owner"), await signed_in_as("viewer")
    ids = [row["id"] for row in await UserSession.select(UserSession.id).order_by(UserSession.id)]
    assert (await vera.submit(f"/account/sessions/{ids[0]}/end")).status_code == 404
    assert (await ruth.get("/account/sessions")).status_code == 200


async def test_all_other_sessions_can_be_ended_at_once(signed_in_as: SignUp) -> None:
    here, there, elsewhere = [await signed_in_as("owner") for _ in range(3)]
    await here.submit("/account/sessions/end-others")
    answers = [(await client.get("/account/sessions")).status_code for client in (here, there, elsewhere)]
    assert answers == [200, 303, 303]


async def test_the_audit_log_has_who_came_who_failed_and_who_left(visitor: Visitor) -> None:
    await visitor.get("/first-run")
    await visitor.submit("/first-run", **RUTH)
    await visitor.submit("/sign-out")
    await visitor.sign_in("ruth@halder.example", "not the password")
    await visitor.sign_in("ruth@halder.example")
    entries = await AuditEntry.select().order_by(AuditEntry.id)
    assert [entry["action"] for entry in entries] == [
        "owner.created",
        "sign_out.done",
        "sign_in.failed",
        "sign_in.done",
    ]
    assert {entry["actor"] for entry in entries} == {"ruth@halder.example"}
    assert {entry["address"] for entry in entries} == {"127.0.0.1"}
    assert PASSWORD not in str(entries)


async def test_a_form_without_its_token_changes_nothing(signed_in_as: SignUp) -> None:
    ruth = await signed_in_as("owner")
    refused = await ruth.post("/sign-out", data={})
    assert refused.status_code == 403
    assert "open for too long" in refused.text
    assert (await ruth.get("/account/sessions")).status_code == 200


async def test_a_cookie_signed_with_an_older_secret_key_is_forgotten_so_that_the_next_form_works(
    visitor: Visitor, signed_in_as: SignUp
) -> None:
    await signed_in_as("owner")
    visitor.cookies.set("deskbridge-form", "f" * 128, domain="127.0.0.1")
    assert (await visitor.sign_in("ruth@halder.example")).status_code == 403
    assert "deskbridge-form" not in visitor.cookies
    assert (await visitor.sign_in("ruth@halder.example")).status_code == 303


async def test_htmx_is_sent_to_sign_in_by_its_header_and_programs_get_401(visitor: Visitor, site: str) -> None:
    current = {"hx-request": "true", "hx-current-url": f"{site}/companies"}
    by_htmx = await visitor.get("/account/sessions", headers=current)
    assert by_htmx.headers["hx-redirect"] == "/sign-in?next=/companies"
    by_program = await visitor.get("/account/sessions", headers={"accept": "application/json"})
    assert by_program.status_code == 401
