"""Error recovery of the practice company file: a message set that was run is answered from store, never run twice."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sync.practice.company import CompanyFile
from tests.sync.asking import OWNER, HandClock, document, message_set, new_file


@pytest.fixture
def file(tmp_path: Path) -> Iterator[CompanyFile]:
    made = new_file(tmp_path, HandClock())
    yield made
    made.close()


NEW = "<CustomerAddRq><CustomerAdd><Name>{}</Name></CustomerAdd></CustomerAddRq>"


def recover(file: CompanyFile, body: str, ids: str) -> Any:
    return message_set(file, body, more=ids)


def test_the_same_set_again_is_answered_from_store_and_not_run_twice(file: CompanyFile) -> None:
    request = document(NEW.format("Once"), more=' newMessageSetID="batch-1"')
    first = file.process(request)
    file.end_session()
    file.begin_session("Deskbridge", owner_id=OWNER, machine="YARD-PC")
    assert file.process(request) == first
    assert 'newMessageSetID="batch-1" messageSetStatusCode="0"' in first
    assert file.count("Customer") == 1


def test_the_same_set_id_with_other_content_answers_9001_and_runs_nothing(file: CompanyFile) -> None:
    recover(file, NEW.format("Once"), ' newMessageSetID="batch-1"')
    other = recover(file, NEW.format("Twice"), ' newMessageSetID="batch-1"')
    assert (other.get("messageSetStatusCode"), len(other)) == ("9001", 0)
    assert file.count("Customer") == 1


def test_a_new_set_id_replaces_the_stored_set(file: CompanyFile) -> None:
    recover(file, NEW.format("One"), ' newMessageSetID="batch-1"')
    recover(file, NEW.format("Two"), ' oldMessageSetID="batch-1" newMessageSetID="batch-2"')
    asked = recover(file, "", ' oldMessageSetID="batch-1"')
    assert (asked.get("messageSetStatusCode"), len(asked)) == ("600", 0)
    assert file.count("Customer") == 2


def test_an_old_set_id_alone_asks_for_the_stored_answer_and_clears_it(file: CompanyFile) -> None:
    recover(file, NEW.format("One"), ' newMessageSetID="batch-1"')
    asked = [recover(file, "", ' oldMessageSetID="batch-1"') for _ in range(2)]
    assert [(found.get("messageSetStatusCode"), len(found)) for found in asked] == [("0", 1), ("600", 0)]


def test_a_set_id_of_25_characters_answers_9004_and_runs_nothing(file: CompanyFile) -> None:
    found = recover(file, NEW.format("One"), f' newMessageSetID="{"x" * 25}"')
    assert (found.get("messageSetStatusCode"), len(found), file.count("Customer")) == ("9004", 0, 0)


def test_sets_of_one_application_are_not_those_of_another(file: CompanyFile) -> None:
    recover(file, NEW.format("One"), ' newMessageSetID="batch-1"')
    file.begin_session("Another", owner_id=OWNER, machine="YARD-PC")
    assert recover(file, "", ' oldMessageSetID="batch-1"').get("messageSetStatusCode") == "600"
