"""sync.protocol.alerts: what is told, and that nobody is flooded."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.protocol.alerts import GOOD, NOTHING, QUIET, STEADY, TROUBLE, Act, Facts, Incident, Seen, decide, words

NOON = datetime(2025, 11, 21, 12, tzinfo=UTC)
TICK = timedelta(seconds=30)
FACTS = Facts(
    company="Halder",
    since=NOON,
    why="Silent for more than 10 min.",
    last_call_at=NOON,
    last_sync_at=NOON,
    began_at=NOON,
    missed=0,
    zone=ZoneInfo("America/Chicago"),
    guide="https://books.example/companies/1/troubleshooting",
    settings="https://books.example/companies/1/settings/alerts",
)


@dataclass
class Watch:
    """One company as the cron sees it, tick by tick, with what the database would keep."""

    now: datetime = NOON
    incident: Incident | None = None
    told_at: datetime | None = None
    told: list[tuple[datetime, str]] = field(default_factory=list)

    def see(
        self, state: str, *, ticks: int = 1, begun: bool = True, in_window: bool = True, synced: bool = False
    ) -> list[str]:
        """Let it be in a state for some ticks; return what was told meanwhile."""
        before = len(self.told)
        for _ in range(ticks):
            self.now += TICK
            last = self.now if synced else None
            seen = Seen(state=state, begun=begun, in_window=in_window, last_sync_at=last)
            self.carry_out(decide(seen, self.incident, self.told_at, self.now))
        return [kind for _, kind in self.told[before:]]

    def carry_out(self, act: Act) -> None:
        if act.tell:
            self.told.append((self.now, act.tell))
            self.told_at = self.now
        if act.begin:
            self.incident = Incident(kinds=(), began_at=self.now, good_since=None)
        if self.incident:
            kinds = (*self.incident.kinds, act.tell) if act.tell in TROUBLE else self.incident.kinds
            self.incident = replace(self.incident, kinds=kinds, good_since=act.good_since)
        if act.end:
            self.incident = None


@pytest.mark.parametrize("state", TROUBLE)
def test_each_kind_of_trouble_is_told_once_and_its_end_once(state: str) -> None:
    watch = Watch()
    assert watch.see("connected", ticks=10) == []
    assert watch.see(state, ticks=500) == [state]
    assert watch.see("connected", ticks=500) == ["back"]


@pytest.mark.parametrize("state", GOOD)
def test_a_connection_in_order_is_no_news(state: str) -> None:
    assert Watch().see(state, ticks=10) == []


def test_what_turns_worse_is_told_and_what_turns_milder_is_not() -> None:
    watch = Watch()
    assert watch.see("late", ticks=9) == ["late"]
    assert watch.see("not_active", ticks=9) == ["not_active"]
    assert watch.see("late", ticks=9) == []
    assert watch.see("refused", ticks=9) == ["refused"]
    assert watch.see("not_active", ticks=9) == []
    watch = Watch()
    watch.see("not_active")
    assert watch.see("late", ticks=9) == []


def test_it_is_back_after_two_good_minutes_or_a_completed_sync() -> None:
    watch = Watch()
    watch.see("not_active")
    assert watch.see("connected", ticks=STEADY // TICK) == []
    assert watch.see("connected") == ["back"]
    watch = Watch()
    watch.see("not_active")
    assert watch.see("connected", synced=True) == ["back"]


def test_a_good_moment_between_two_bad_ones_does_not_count() -> None:
    watch = Watch()
    watch.see("not_active")
    for _ in range(100):
        assert watch.see("connected", ticks=3) == []
        assert watch.see("not_active", ticks=2) == []


@pytest.mark.parametrize("end", ["paused", "never_known"])
def test_a_pause_ends_an_incident_without_a_word(end: str) -> None:
    watch = Watch()
    watch.see("not_active")
    assert watch.see(end, ticks=9) == []
    assert watch.incident is None
    assert Watch().see("paused", ticks=9) == []


def test_outside_the_window_nothing_is_told_and_nothing_forgotten() -> None:
    watch = Watch()
    assert watch.see("not_active", ticks=9, in_window=False) == []
    assert watch.see("not_active") == ["not_active"]
    assert watch.see("connected", ticks=99, in_window=False) == []
    assert watch.incident is not None
    assert watch.see("connected", ticks=9) == ["back"]


def test_before_the_sync_was_begun_somebody_sits_at_the_set_up_page() -> None:
    assert Watch().see("refused", ticks=9, begun=False) == []
    watch = Watch()
    watch.see("refused")
    assert watch.see("never_synced", begun=False) == []  # the file was rejected: set up anew
    assert watch.incident is None


def test_a_second_incident_within_the_hour_waits_and_is_told_then_if_it_lasts() -> None:
    watch = Watch()
    watch.see("not_active")
    watch.see("connected", ticks=9)
    back_at = watch.told[-1][0]
    assert watch.see("not_active", ticks=100) == []
    assert watch.see("not_active", ticks=40) == ["not_active"]
    assert watch.told[-1][0] - back_at == QUIET


def test_a_second_incident_that_passes_within_the_hour_is_not_told_at_all() -> None:
    watch = Watch()
    watch.see("not_active")
    watch.see("connected", ticks=9)
    assert watch.see("late", ticks=5) == []
    assert watch.see("connected", ticks=200) == []


STEPS = st.tuples(st.sampled_from([*TROUBLE, *GOOD, "paused"]), st.integers(1, 40), st.booleans())


@given(st.lists(STEPS, max_size=60))
def test_whatever_happens_the_incidents_that_are_told_begin_an_hour_apart(steps: list[tuple[str, int, bool]]) -> None:
    watch, begun = Watch(), []
    for state, ticks, synced in steps:
        for _ in range(ticks):
            quiet = watch.incident is None or not watch.incident.kinds
            told = watch.see(state, synced=synced and state in GOOD)
            assert len(told) <= 1
            if told and quiet:
                begun.append(watch.now)
    assert all(later - earlier >= QUIET for earlier, later in pairwise(begun))


def test_nothing_is_nothing() -> None:
    assert decide(Seen(state="connected", begun=True, in_window=True, last_sync_at=None), None, None, NOON) == NOTHING


@pytest.mark.parametrize("kind", [*TROUBLE, "back"])
def test_a_mail_says_which_company_what_since_when_and_where_to_go(kind: str) -> None:
    found = words(kind, FACTS)
    assert found.subject.startswith("Halder: ")
    assert "21 Nov 2025, 06:00 CST" in found.body  # by the company's own clock
    assert FACTS.settings in found.body
    assert (FACTS.guide in found.body) == (kind != "back")
    assert (FACTS.why in found.body) == (kind != "back")
    assert ("ost likely" in found.body) == (kind in ("late", "not_active", "refused"))


def test_a_mail_after_a_restless_hour_says_what_was_not_told() -> None:
    assert "had stopped and come back 3 times" in words("late", replace(FACTS, missed=3)).body
    assert "had stopped" not in words("late", FACTS).body
