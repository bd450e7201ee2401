"""Asking a practice company file: a request body in, responses as elements out; a clock that only the test moves."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from lxml import etree

from sync.practice.company import CompanyFile
from sync.practice.identity import Preferences

OWNER = "{5C3E9E1A-7A0B-4B1C-9E35-2F6B1C0D4E5F}"
FILE_ID = "{0E6A4B1F-2D53-4C59-8D6F-3A1C90B7E245}"
NOON = datetime(2025, 11, 21, 22, 20, tzinfo=UTC)  # 14:20 at the computer


class HandClock:
    """The time, which only the test moves."""

    def __init__(self) -> None:
        self.time = NOON

    def __call__(self) -> datetime:
        return self.time

    def move(self, **step: float) -> None:
        self.time += timedelta(**step)


def new_file(path: Path, clock: HandClock, **preferences: Any) -> CompanyFile:
    """An empty file with an open session."""
    made = CompanyFile.create(
        path / "halder.practice",
        company_name="Halder Natural Stone, Inc.",
        preferences=Preferences(**preferences),
        now=clock,
    )
    made.add_application(OWNER, FILE_ID)
    made.begin_session("Deskbridge", owner_id=OWNER, machine="YARD-PC")
    return made


def document(body: str, *, version: str = "13.0", on_error: str = "continueOnError", more: str = "") -> str:
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<?qbxml version="{version}"?>\n'
        f'<QBXML><QBXMLMsgsRq onError="{on_error}"{more}>{body}</QBXMLMsgsRq></QBXML>'
    )


def answers(file: CompanyFile, body: str, **how: str) -> list[Any]:
    """The …Rs elements to a document with that body."""
    return list(message_set(file, body, **how))


def message_set(file: CompanyFile, body: str, **how: str) -> Any:
    """The QBXMLMsgsRs element."""
    return etree.fromstring(file.process(document(body, **how)).encode())[0]


def ask(file: CompanyFile, body: str, **how: str) -> Any:
    """The one …Rs element."""
    (answer,) = answers(file, body, **how)
    return answer


def add(file: CompanyFile, entity: str, body: str) -> Any:
    """The Ret of an Add, which must be done."""
    answer = ask(file, f"<{entity}AddRq><{entity}Add>{body}</{entity}Add></{entity}AddRq>")
    assert answer.get("statusCode") == "0", answer.get("statusMessage")
    return answer[0]


def modify(file: CompanyFile, ret: Any, body: str) -> Any:
    """The …Rs of a Mod of what a Ret showed."""
    entity = ret.tag.removesuffix("Ret")
    key = "TxnID" if ret.find("TxnID") is not None else "ListID"
    head = f"<{key}>{ret.findtext(key)}</{key}><EditSequence>{ret.findtext('EditSequence')}</EditSequence>"
    return ask(file, f"<{entity}ModRq><{entity}Mod>{head}{body}</{entity}Mod></{entity}ModRq>")


def delete(file: CompanyFile, ret: Any) -> Any:
    """The …Rs of deleting what a Ret showed."""
    kind, key = ("Txn", "TxnID") if ret.find("TxnID") is not None else ("List", "ListID")
    entity = ret.tag.removesuffix("Ret")
    return ask(
        file, f"<{kind}DelRq><{kind}DelType>{entity}</{kind}DelType><{key}>{ret.findtext(key)}</{key}></{kind}DelRq>"
    )


def names(answer: Any) -> list[str]:
    return [ret.findtext("Name") for ret in answer]


def code(answer: Any) -> str:
    return str(answer.get("statusCode"))
