"""A company's settings: reached from each of its pages, read by all, changed by managers, kept as entered."""

from datetime import UTC, datetime

import pytest

from sync.keys import KeyRing
from sync.protocol.window import Window
from sync.store import setup
from sync.store.base import execute, fetchrow, fetchval
from tests.serving import SECRET
from tests.web.pages.conftest import Enter
from web.window_words import in_words

HOME = "/companies/1/settings"


async def test_the_whole_area_is_found_under_settings(enter: Enter) -> None:
    vera = await enter("viewer")
    assert f'href="{HOME}"' in (await vera.get("/companies/1")).text
    text = (await vera.get(HOME)).text
    for path in ("", "/setup", "/profile", "/troubleshooting"):
        assert f'href="/companies/1{path}"' in text  # A26
    for topic in ("schedule", "window", "pause", "alerts"):
        assert f'href="{HOME}/{topic}"' in text  # A26


async def test_a_schedule_is_saved_and_says_what_every_min_shows_and_who_has_an_older_file(enter: Enter) -> None:
    await execute(
        "update connector set downloaded_at = now(), issued_minutes = 15, issued_seconds = null, machine = 'SERVER-01'"
    )
    alice = await enter("accounting_manager")
    before = (await alice.get(f"{HOME}/schedule")).text
    assert "Older than this setting" not in before
    answer = await alice.submit(f"{HOME}/schedule", way="real_time", minutes="30", seconds="60")
    assert answer.headers["location"] == f"{HOME}/schedule?saved=yes"
    row = await fetchrow("select schedule_minutes, poll_seconds from company where id = 1")
    assert row is not None
    assert (row["schedule_minutes"], row["poll_seconds"]) == (30, 60)
    text = (await alice.get(answer.headers["location"])).text
    assert "Saved." in text
    assert "A sync every 30 min; the Web Connector calls every 1 min." in text
    assert "Real Time" in text
    files = text[text.index('id="files"') :]
    assert "every 15 min" in files
    assert "Older than this setting. Remove it in the Web Connector, download the file again and add it." in files
    assert "No call for 30 min" in text  # the rules of the states, with these figures
    assert (
        await fetchval("select actor from audit_entry where action = 'company.schedule_set'") == "alice@halder.example"
    )


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"way": "minutes", "minutes": "0", "seconds": "60"}, "Give whole minutes, 1 to 1,440."),
        ({"way": "minutes", "minutes": "often", "seconds": ""}, "Give whole minutes, 1 to 1,440."),
        ({"way": "real_time", "minutes": "15", "seconds": "5"}, "Give whole seconds, 10 to 3,600."),
    ],
)
async def test_a_schedule_that_cannot_be_is_refused_in_a_sentence(
    enter: Enter, fields: dict[str, str], sentence: str
) -> None:
    alice = await enter("accounting_manager")
    answer = await alice.submit(f"{HOME}/schedule", **fields)
    assert answer.status_code == 422
    assert answer.text.count(sentence) == 2  # in the summary, and at the field
    assert f'value="{fields["minutes"]}"' in answer.text  # what was entered stays
    assert await fetchval("select schedule_minutes from company where id = 1") == 15


async def test_companies_that_share_a_computer_are_shown_with_how_to_stagger_them(enter: Enter) -> None:
    made = await setup.add_company("Northgate Tile", "US", begin=False, keys=KeyRing(SECRET), actor="test")
    vera = await enter("viewer")
    assert "Northgate Tile</a></td>" not in (await vera.get(f"{HOME}/schedule")).text
    await execute("update connector set machine = 'SERVER-01'")
    text = (await vera.get(f"{HOME}/schedule")).text
    assert f'href="/companies/{made.company}/settings/schedule">Northgate Tile</a>' in text
    assert "two companies take turns on SERVER-01. Give each at least 30 min" in text
    assert "Leave QuickBooks on SERVER-01 open without a company" in text
    await execute("update company set schedule_minutes = 30")
    assert "The schedules leave room for each." in (await vera.get(f"{HOME}/schedule")).text


async def test_a_window_is_saved_and_read_back_in_words(enter: Enter) -> None:
    alice = await enter("accounting_manager")
    days = {f"day{number}": "on" for number in range(5)}
    answer = await alice.submit(
        f"{HOME}/window", when="hours", opens="20:00", closes="06:00", zone="America/Chicago", **days
    )
    assert answer.headers["location"] == f"{HOME}/window?saved=yes"
    row = await fetchrow("select time_zone, window_from, window_until, window_days from company where id = 1")
    assert tuple(row or ()) == ("America/Chicago", 1200, 360, 31)
    text = (await alice.get(f"{HOME}/window")).text
    assert "Mondays to Fridays, 20:00 to 06:00 of the next day, America/Chicago." in text
    assert await fetchval("select actor from audit_entry where action = 'company.window_set'") == "alice@halder.example"
    await alice.submit(f"{HOME}/window", when="always", opens="", closes="", zone="America/Chicago")
    assert await fetchval("select window_from from company where id = 1") is None
    assert "Syncs may run at any time." in (await alice.get(f"{HOME}/window")).text


async def test_a_window_that_cannot_be_is_refused_field_by_field(enter: Enter) -> None:
    alice = await enter("accounting_manager")
    answer = await alice.submit(f"{HOME}/window", when="hours", opens="late", closes="25:00", zone="Chicago")
    assert answer.status_code == 422
    for sentence in (
        "Choose a time zone from the list, for example America/Chicago.",
        "Say when the window opens, for example 20:00.",
        "Say when the window closes, for example 06:00.",
        "Tick the days on which the window opens.",
    ):
        assert sentence in answer.text
    same = await alice.submit(
        f"{HOME}/window", when="hours", opens="08:00", closes="08:00", zone="America/Chicago", day0="on"
    )
    assert "The window opens and closes at the same time." in same.text
    assert await fetchval("select window_from from company where id = 1") is None


def test_a_window_says_when_it_opens_next_by_the_clock_there() -> None:
    window = Window("America/Chicago", 20 * 60, 6 * 60, 31)
    tuesday_noon = datetime(2025, 11, 18, 18, 0, tzinfo=UTC)
    assert in_words(window, tuesday_noon).endswith("America/Chicago. It opens next today, 20:00.")
    friday_night = datetime(2025, 11, 22, 3, 0, tzinfo=UTC)
    assert in_words(window, friday_night).endswith("It is open now.")
    sunday = datetime(2025, 11, 23, 18, 0, tzinfo=UTC)
    assert in_words(window, sunday).endswith("It opens next tomorrow, 20:00.")
    saturday = datetime(2025, 11, 22, 18, 0, tzinfo=UTC)
    assert in_words(window, saturday).endswith("It opens next 24 Nov 2025, 20:00.")
    assert in_words(Window("UTC", 480, 1020, 0b0010101), tuesday_noon).startswith(
        "Mondays, Wednesdays and Fridays, 08:00"
    )


async def test_the_pause_page_pauses_with_a_reason_and_resumes(enter: Enter) -> None:
    alice = await enter("accounting_manager")
    answer = await alice.submit("/companies/1/pause", **{"for": "open", "why": "Audit", "back": "settings"})
    assert answer.headers["location"] == f"{HOME}/pause"
    text = (await alice.get(f"{HOME}/pause")).text
    assert "Paused until somebody resumes it" in text
    assert "By Alice: Audit, since today" in text
    await alice.submit("/companies/1/resume", back="settings")
    assert "Until the end of today" in (await alice.get(f"{HOME}/pause")).text


async def test_others_read_the_settings_and_learn_who_changes_them(enter: Enter) -> None:
    bob = await enter("member")
    for topic in ("schedule", "window", "pause"):
        text = (await bob.get(f"{HOME}/{topic}")).text
        assert "Owners and accounting managers can" in text
        assert f'action="{HOME}/' not in text
        assert 'action="/companies/1/pause"' not in text
    assert (await bob.submit(f"{HOME}/schedule", way="minutes", minutes="5")).status_code == 403


async def test_a_quicker_schedule_is_no_alarm_while_the_computers_still_call_by_their_older_file(enter: Enter) -> None:
    await execute("update connector set issued_minutes = 60, issued_seconds = null, last_called_at = now()")
    await execute("update company set last_call_at = now() - interval '50 minutes', schedule_minutes = 5")
    await execute("update session set called_at = now() - interval '50 minutes', ended_at = now()")
    vera = await enter("viewer")
    assert "Connected" in (await vera.get("/companies/1")).text
    await execute("update connector set issued_minutes = 5")
    assert "Your QuickBooks Desktop connection is not active." in (await vera.get("/companies/1")).text
