"""An account that somebody makes for themselves: quickly there, and worth nothing until an owner gives it a role."""

from datetime import UTC, datetime, timedelta

import pytest

from sync.store import accounts, people
from sync.store.accounts import MOST_WAITING, NewAccount
from sync.tables import AuditEntry, Limit, Mail, User
from tests.web.conftest import PASSWORD, SignUp, Visitor

ANNA = {"name": "Anna Petrov", "email": "Anna@elsewhere.example", "password": PASSWORD}


async def id_of(email: str) -> int:
    return int((await User.select(User.id).where(User.email == email).first())["id"])


async def test_a08_before_anybody_exists_the_account_is_the_owners(visitor: Visitor) -> None:
    assert (await visitor.get("/create-account")).headers["location"] == "/first-run"
    assert (await visitor.submit("/create-account", **ANNA)).headers["location"] == "/first-run"
    assert await User.count() == 0


async def test_a08_the_sign_in_page_offers_an_account_which_takes_one_short_form_and_no_mail(
    visitor: Visitor, signed_in_as: SignUp
) -> None:
    await signed_in_as("owner")
    sign_in = await visitor.get("/sign-in")
    assert '<a href="/create-account">Create an account</a>' in sign_in.text  # A08
    form = await visitor.get("/create-account")
    assert form.text.count("<input") - form.text.count('type="hidden"') == 3  # A08: name, e-mail, password
    made = await visitor.submit("/create-account", **ANNA)
    assert (made.status_code, made.headers["location"]) == (303, "/waiting")  # A08: the next step, at once
    assert await Mail.count() == 0  # A08: no mail round trip
    waiting = await visitor.get("/waiting")
    assert "Your account is there" in waiting.text
    assert "<b>Ruth</b> (owner) gives it a role" in waiting.text


async def test_who_waits_can_sign_in_again_and_sees_only_that_they_wait(visitor: Visitor, signed_in_as: SignUp) -> None:
    await signed_in_as("owner")
    await visitor.submit("/create-account", **ANNA)
    left = await visitor.submit("/waiting/sign-out")
    assert (left.headers["location"], visitor.is_signed_in) == ("/", False)
    assert (await visitor.sign_in("anna@elsewhere.example")).headers["location"] == "/waiting"
    asked = await visitor.get("/companies")
    assert asked.headers["location"] == "/sign-in?next=/companies"
    assert (await visitor.get(asked.headers["location"])).headers["location"] == "/waiting?next=/companies"


async def test_a09_with_a_role_one_goes_straight_on_to_connecting_data(visitor: Visitor, signed_in_as: SignUp) -> None:
    ruth = await signed_in_as("owner")
    await visitor.submit("/create-account", **ANNA)
    anna = await id_of("anna@elsewhere.example")
    assert "Anna Petrov" in (await ruth.get("/team")).text
    assert "Nobody has checked this e-mail address" in (await ruth.get(f"/team/{anna}")).text
    given = await ruth.submit(f"/team/{anna}/approve", role="accounting_manager")
    assert given.headers["location"] == "/team?told=approved"
    assert (await visitor.get("/waiting")).headers["location"] == "/connect"  # A09
    live = await visitor.get("/waiting", headers={"hx-request": "true"})
    assert live.headers["hx-redirect"] == "/connect"  # A09: by itself, on the page that waits


async def test_a09_a_role_that_cannot_connect_goes_back_to_where_one_came_from(
    visitor: Visitor, signed_in_as: SignUp
) -> None:
    ruth = await signed_in_as("owner")
    made = await visitor.submit("/create-account", **ANNA, next="/account/sessions")
    assert made.headers["location"] == "/waiting?next=/account/sessions"
    await ruth.submit(f"/team/{await id_of('anna@elsewhere.example')}/approve", role="member")
    assert (await visitor.get(made.headers["location"])).headers["location"] == "/account/sessions"  # A09


async def test_a_refused_account_is_gone_with_its_session(visitor: Visitor, signed_in_as: SignUp) -> None:
    ruth = await signed_in_as("owner")
    await visitor.submit("/create-account", **ANNA)
    await ruth.submit(f"/team/{await id_of('anna@elsewhere.example')}/refuse")
    assert await people.by_email("anna@elsewhere.example") is None
    assert (await visitor.get("/waiting")).headers["location"] == "/"
    assert (await visitor.sign_in("anna@elsewhere.example")).status_code == 422


@pytest.mark.parametrize("role", ["accounting_manager", "member", "viewer"])
async def test_nobody_but_an_owner_gives_a_role_or_sees_who_waits(
    visitor: Visitor, signed_in_as: SignUp, role: str
) -> None:
    await signed_in_as("owner")
    other = await signed_in_as(role)
    await visitor.submit("/create-account", **ANNA)
    anna = await id_of("anna@elsewhere.example")
    assert (await other.submit(f"/team/{anna}/approve", role="owner")).status_code == 403
    assert "Anna Petrov" not in (await other.get("/team")).text
    assert (await visitor.submit(f"/team/{anna}/approve", role="owner")).headers["location"].startswith("/sign-in")
    assert (await User.select().where(User.id == anna).first())["role"] == "waiting"


@pytest.mark.parametrize("role", ["waiting", "", "superuser", "OWNER"])
async def test_there_are_four_roles_and_no_other(visitor: Visitor, signed_in_as: SignUp, role: str) -> None:
    ruth = await signed_in_as("owner")
    await visitor.submit("/create-account", **ANNA)
    anna = await id_of("anna@elsewhere.example")
    for action in ("approve", "role"):
        await ruth.submit(f"/team/{anna}/{action}", role=role)
    assert (await User.select().where(User.id == anna).first())["role"] == "waiting"


async def test_who_waits_is_given_a_role_only_where_it_is_said_that_nobody_has_checked_the_address(
    visitor: Visitor, signed_in_as: SignUp
) -> None:
    ruth = await signed_in_as("owner")
    await visitor.submit("/create-account", **ANNA)
    anna = await id_of("anna@elsewhere.example")
    assert (await ruth.submit(f"/team/{anna}/role", role="member")).headers["location"] == "/team?told=gone"
    assert (await ruth.submit(f"/team/{anna}/disable")).headers["location"] == "/team?told=gone"


async def test_one_address_makes_five_accounts_an_hour(visitor: Visitor, signed_in_as: SignUp) -> None:
    await signed_in_as("owner")

    async def make(number: int) -> int:
        visitor.cookies.delete("deskbridge-session")
        form = ANNA | {"email": f"{number}@elsewhere.example"}
        return (await visitor.submit("/create-account", **form)).status_code

    assert [await make(number) for number in range(6)] == [303] * 5 + [429]
    await Limit.update({Limit.since: datetime.now(UTC) - timedelta(minutes=61)}, force=True)
    assert await make(7) == 303


async def test_no_more_than_fifty_wait_at_once(visitor: Visitor, signed_in_as: SignUp) -> None:
    await signed_in_as("owner")
    for number in range(MOST_WAITING):
        await accounts.create(NewAccount(email=f"{number}@elsewhere.example", name="A"), datetime.now(UTC))
    refused = await visitor.submit("/create-account", **ANNA)
    assert refused.status_code == 422
    assert "Too many people wait" in refused.text


async def test_an_owner_can_switch_it_off(visitor: Visitor, signed_in_as: SignUp) -> None:
    ruth, alice = await signed_in_as("owner"), await signed_in_as("accounting_manager")
    await people.name_team("Halder")
    assert (await alice.submit("/settings/team", name="Halder")).status_code == 403
    await ruth.submit("/settings/team", name="Halder")
    form = await visitor.get("/create-account")
    assert "by invitation only" in form.text
    assert 'name="password"' not in form.text
    assert (await visitor.submit("/create-account", **ANNA)).status_code == 422
    assert not await people.by_email("anna@elsewhere.example")
    await ruth.submit("/settings/team", name="Halder", accounts="on")
    assert (await visitor.submit("/create-account", **ANNA)).status_code == 303
    actions = [row["action"] for row in await AuditEntry.select(AuditEntry.action).order_by(AuditEntry.id)]
    assert [action for action in actions if action.startswith("accounts.")] == ["accounts.closed", "accounts.opened"]


async def test_an_e_mail_that_has_an_account_gets_no_second_one_and_no_new_password(
    visitor: Visitor, signed_in_as: SignUp
) -> None:
    await signed_in_as("owner")
    form = ANNA | {"email": "RUTH@halder.example", "password": "another password"}
    refused = await visitor.submit("/create-account", **form)
    assert refused.status_code == 422
    assert "There is an account with this e-mail" in refused.text
    assert (await visitor.sign_in("ruth@halder.example", "another password")).status_code == 422
    assert (await visitor.sign_in("ruth@halder.example")).status_code == 303


async def test_what_is_wrong_is_said_field_by_field_and_what_was_typed_stays(
    visitor: Visitor, signed_in_as: SignUp
) -> None:
    await signed_in_as("owner")
    wrong = await visitor.submit("/create-account", name="", email="anna@", password="short")
    assert wrong.status_code == 422
    assert "<title>Error: Create an account" in wrong.text
    assert 'value="anna@"' in wrong.text
    for sentence in ("Give your name", "Give your e-mail address", "The password has 5 characters"):
        assert sentence in wrong.text
