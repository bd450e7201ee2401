"""What a run asks, in which order, and how far it says to be."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.protocol import plan
from sync.protocol.plan import Client, EntityWork, Known, Mode, Stage, next_ask, plan_entities
from sync.qbxml.build import build
from sync.qbxml.entities import ENTITIES
from tests.protocol.examples import run, work

CLIENT = Client(session=7, product="QBD", version="13.0")
OFF = {"AccountingPreferences": {"IsUsingClassTracking": "false"}}


def planned(kind: str, known: dict[str, Known] | None = None, **changes: Any) -> dict[tuple[str, Mode], EntityWork]:
    given = {"preferences": {}, "client": CLIENT, "page_rows": None, "keys_for_all": False, **changes}
    return {(one.entity, one.mode): one for one in plan_entities(kind, known or {}, **given)}


def everything(**changes: Any) -> dict[str, Known]:
    """Every entity, as a complete first sync leaves it."""
    read = replace(Known(cursor="2026-11-20T14:05:30", has_records=True), **changes)
    return dict.fromkeys((*ENTITIES, "ListDeleted", "TxnDeleted"), read)


def test_a_first_sync_asks_every_entity_whole_in_the_order_of_the_registry() -> None:
    works = plan_entities("initial", {}, {}, CLIENT, None, keys_for_all=False)
    read = [one.entity for one in works if one.mode is Mode.WHOLE]
    assert read == [name for name, entity in ENTITIES.items() if entity.available("QBD", "13.0")]
    assert [one.position for one in works] == list(range(len(works)))
    assert all(not one.cursor_from for one in works)


def test_deletions_are_asked_after_everything_else() -> None:
    works = plan_entities("initial", {}, {}, CLIENT, None, keys_for_all=False)
    assert [one.entity for one in works[-2:]] == ["ListDeleted", "TxnDeleted"]


def test_an_incremental_sync_asks_what_changed_since_the_cursor() -> None:
    works = planned("incremental", everything())
    assert works["Customer", Mode.CHANGES].cursor_from == "2026-11-20T14:05:30"
    assert all(one.mode in (Mode.CHANGES, Mode.DELETED) or not ENTITIES[name].filters_modified
               or ENTITIES[name].deletions is None for (name, _), one in works.items())  # fmt: skip


def test_an_incremental_sync_reads_whole_what_was_never_read() -> None:
    known = everything()
    del known["Customer"]
    assert planned("incremental", known)["Customer", Mode.WHOLE].cursor_from == ""


def test_a_full_sync_looks_for_what_is_gone() -> None:
    works = planned("full", everything())
    assert works["Customer", Mode.SWEEP].cursor_from == ""
    assert ("Customer", Mode.KEYS) not in works


def test_entities_whose_deletions_nobody_reports_are_swept_by_key_each_time() -> None:
    works = planned("incremental", everything())
    silent = {name for name, entity in ENTITIES.items() if entity.deletions is None and entity.filters_modified}
    swept = {name for name, mode in works if mode is Mode.KEYS}
    assert swept == {name for name in silent if ENTITIES[name].available("QBD", "13.0")}


def test_every_entity_is_swept_by_key_after_a_silence_longer_than_quickbooks_remembers() -> None:
    works = planned("incremental", everything(), keys_for_all=True)
    assert ("Customer", Mode.KEYS) in works
    assert ("Invoice", Mode.KEYS) in works


def test_a_feature_that_is_off_is_planned_as_off_and_not_asked() -> None:
    works = planned("initial", preferences=OFF)
    assert (works["Class", Mode.WHOLE].stage, works["Class", Mode.WHOLE].reason) == (
        Stage.OFF,
        "Class tracking is off in QuickBooks.",
    )


def test_a_feature_that_was_switched_on_is_asked_by_the_next_incremental_sync() -> None:
    known = {**everything(), "Class": Known(off="Class tracking is off in QuickBooks.")}
    assert planned("incremental", known)["Class", Mode.WHOLE].stage is Stage.WAITING


def test_what_quickbooks_answered_to_be_off_is_asked_again_by_a_full_sync_only() -> None:
    known = {**everything(), "SalesOrder": Known(off="This feature is not enabled.")}
    assert planned("incremental", known)["SalesOrder", Mode.WHOLE].stage is Stage.OFF
    assert planned("full", known)["SalesOrder", Mode.WHOLE].stage is Stage.WAITING


def test_a_canadian_product_is_asked_only_for_what_it_has() -> None:
    canada = {name for name, _ in planned("initial", client=Client(session=7, product="QBCA", version="13.0"))}
    assert {name for name in canada if name in ENTITIES} == {
        name for name, entity in ENTITIES.items() if entity.available("QBCA", "13.0")
    }


@pytest.mark.parametrize("kind", ["initial", "incremental", "full"])
@pytest.mark.parametrize("version", ["13.0", "8.0", "6.0"])
@pytest.mark.parametrize("product", ["QBD", "QBCA"])
def test_every_document_of_a_run_can_be_written(kind: str, version: str, product: str) -> None:
    client = Client(session=7, product=product, version=version)
    works = plan_entities(kind, everything(), {}, client, None, keys_for_all=kind == "incremental")
    going, number = run(*works, kind=kind, counts_asked=0), 0
    while True:
        number += 1
        going, ask = next_ask(going, client, number)
        if ask is None:
            break
        assert build(ask.requests, version=version)
        if ask.position is not None:
            going = going.with_entity(replace(going.entities[ask.position], stage=Stage.RECEIVED))
    assert going.nothing_left


def test_counts_are_asked_before_a_long_reading_and_never_before_a_short_one() -> None:
    works = (work("Customer"), work("Invoice"))
    _, first = next_ask(run(*works, counts_asked=0), CLIENT, 1)
    _, short = next_ask(run(*works, counts_asked=0, kind="incremental"), CLIENT, 1)
    assert first is not None
    assert short is not None
    assert [one.name for one in first.requests] == ["DataExtDefQueryRq", "CustomerQueryRq", "InvoiceQueryRq"]
    assert [one.name for one in short.requests] == ["DataExtDefQueryRq"]  # custom fields are asked for in each run
    assert short.requests[0].values == {"OwnerID": ["0"]}


def test_a_continue_repeats_the_filters_of_its_start() -> None:
    changes = work("Customer", mode=Mode.CHANGES, cursor_from="2026-11-20T14:05:30")
    going, start = next_ask(run(changes), CLIENT, 1)
    going = going.with_entity(replace(going.entities[0], iterator_id="{a}", remaining=50))
    _, following = next_ask(going, CLIENT, 2)
    assert start is not None
    assert following is not None
    assert following.requests[0].values == start.requests[0].values
    assert following.requests[0].attributes == {"iterator": "Continue", "iteratorID": "{a}"}


def test_an_entity_that_was_refused_waits_for_the_others() -> None:
    _, ask = next_ask(run(work("Customer", errors=1), work("Vendor")), CLIENT, 1)
    assert ask is not None
    assert ask.position == 1


def test_deletions_are_asked_of_every_entity_that_is_not_off() -> None:
    works = (work("Customer"), work("Vendor", stage=Stage.OFF), work("ListDeleted", mode=Mode.DELETED))
    request = plan.deleted_request(replace(works[2], position=2), run(*works), "7-1")
    assert request.values == {"ListDelType": ["Customer"]}


@pytest.mark.parametrize(
    ("took", "rows"), [(1.0, 200), (7.0, 100), (12.0, 50)]
)  # fmt: skip
def test_pages_grow_while_quickbooks_is_quick_and_shrink_when_it_is_slow(took: float, rows: int) -> None:
    assert plan.next_page_rows(work("Invoice", page_rows=100), ENTITIES["Invoice"], took, None) == rows


def test_pages_keep_the_size_that_a_person_set() -> None:
    assert plan.next_page_rows(work("Invoice", page_rows=100), ENTITIES["Invoice"], 60.0, 100) == 100


@given(st.integers(1, 5000), st.floats(0, 600), st.sampled_from(["Customer", "Invoice"]))
def test_pages_stay_within_what_quickbooks_bears(rows: int, took: float, name: str) -> None:
    following = plan.next_page_rows(work(name, page_rows=rows), ENTITIES[name], took, None)
    assert 1 <= following <= max(1000, rows)


STAGES = st.sampled_from(list(Stage))
WORKS = st.builds(
    lambda stage, expected, received: work("Customer", stage=stage, expected=expected, received=received),
    STAGES,
    st.none() | st.integers(0, 10**6),
    st.integers(0, 10**6),
)


@given(st.lists(WORKS, max_size=60))
def test_percent_is_never_100(works: list[EntityWork]) -> None:
    assert 0 <= plan.percent(works) <= 99


@given(st.lists(WORKS, min_size=1, max_size=20), st.data())
def test_percent_does_not_fall_when_a_page_of_what_was_counted_comes(works: list[EntityWork], data: Any) -> None:
    at = data.draw(st.integers(0, len(works) - 1))
    chosen = works[at]
    if chosen.stage is not Stage.READING or not chosen.expected or chosen.received >= chosen.expected:
        return
    more = data.draw(st.integers(chosen.received, chosen.expected))
    after = [*works[:at], replace(chosen, received=more), *works[at + 1 :]]
    assert plan.percent(after) >= plan.percent(works)


def test_an_entity_that_the_lowered_version_does_not_have_is_left_out() -> None:
    older = replace(CLIENT, version="11.0")
    moved, ask = next_ask(run(work("Transfer", position=0), work("Customer", position=1), counts_asked=2), older, 1)
    assert (moved.entities[0].stage, moved.entities[0].reason) == (Stage.OFF, plan.TOO_OLD)
    assert ask is not None
    assert ask.position == 1
