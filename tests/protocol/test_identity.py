"""Which company file answered: read from what it says of itself, and compared fact by fact."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sync.protocol.identity import Mismatch, compare, read_facts, same_path
from sync.qbxml.parse import stream
from tests.protocol.examples import EXPECTED, FILE, NAME, OWNER, PATH, facts

TICKS = "639000000000000000"


def ours(name: str, value: str, owner: str = OWNER) -> str:
    fields = f"<OwnerID>{owner}</OwnerID><DataExtName>{name}</DataExtName><DataExtType>STR255TYPE</DataExtType>"
    return f"<DataExtRet>{fields}<DataExtValue>{value}</DataExtValue></DataExtRet>"


def document(company: str, host: str = "") -> bytes:
    status = 'statusCode="0" statusSeverity="Info" statusMessage="Status OK"'
    return f"""<?xml version="1.0" ?><QBXML><QBXMLMsgsRs>
        <HostQueryRs requestID="0" {status}><HostRet>{host}</HostRet></HostQueryRs>
        <CompanyQueryRs requestID="1" {status}><CompanyRet>{company}</CompanyRet></CompanyQueryRs>
        </QBXMLMsgsRs></QBXML>""".encode()


HOST = """<ProductName>QuickBooks Premier 2024</ProductName><MajorVersion>34</MajorVersion>
    <MinorVersion>0</MinorVersion><Country>US</Country>
    <SupportedQBXMLVersion>1.0</SupportedQBXMLVersion><SupportedQBXMLVersion>16.0</SupportedQBXMLVersion>
    <IsAutomaticLogin>false</IsAutomaticLogin><QBFileMode>MultiUser</QBFileMode>"""


def test_a_file_is_read_from_what_it_says_of_itself() -> None:
    company = (
        f"<CompanyName>{NAME}</CompanyName>{ours('FileID', FILE)}{ours('AppLock', f'LOCKED:FRONT-DESK-02:{TICKS}')}"
    )
    found = read_facts(stream(document(company, HOST)), OWNER)
    assert (found.company_name, found.file_id, found.country, found.file_mode) == (NAME, FILE, "US", "MultiUser")
    assert (found.machine, found.ticks) == ("FRONT-DESK-02", int(TICKS))
    assert (found.product, found.release, found.versions) == ("QuickBooks Premier 2024", "34.0", ("1.0", "16.0"))


def test_marks_of_other_applications_are_not_ours() -> None:
    other = ours("FileID", "{11111111-1111-1111-1111-111111111111}", "{22222222-2222-2222-2222-222222222222}")
    assert read_facts(stream(document(other)), OWNER).file_id == ""
    assert read_facts(stream(document(other + ours("FileID", FILE))), OWNER.lower()).file_id == FILE


def test_a_file_that_says_nothing_has_empty_facts() -> None:
    found = read_facts(stream(b"<QBXML><QBXMLMsgsRs></QBXMLMsgsRs></QBXML>"), OWNER)
    assert (found.file_id, found.machine, found.ticks, found.versions, found.utc_offset) == ("", "", None, (), None)


@pytest.mark.parametrize(
    "lock", ["", "LOCKED", "LOCKED:FRONT-DESK-02", "UNLOCKED:FRONT-DESK-02:1", f"LOCKED:X:{'9' * 40}", "LOCKED:X:²"]
)
def test_a_lock_that_cannot_be_read_tells_no_moment(lock: str) -> None:
    assert facts(app_lock=lock).ticks is None


@pytest.mark.parametrize(
    ("company", "offset"),
    [({"TimeModified": "2026-11-20T14:05:30-08:00"}, -8), ({"TimeCreated": "2026-11-20T14:05:30+00:00"}, 0)],
)
def test_the_computers_offset_is_taken_from_the_companys_own_times(company: dict[str, str], offset: int) -> None:
    assert facts(company=company).utc_offset == timedelta(hours=offset)


def test_the_right_file_has_no_mismatch() -> None:
    assert compare(EXPECTED, facts(), PATH, "US") == []


@pytest.mark.parametrize(
    ("changes", "mismatch"),
    [
        ({"file_id": ""}, Mismatch("file_id", FILE, "")),
        ({"file_id": "{1}"}, Mismatch("file_id", FILE, "{1}")),
        ({"country": "CA"}, Mismatch("country", "US", "CA")),
        ({"country": "UK"}, Mismatch("country", "US", "UK")),
        ({"company_name": "Halder Stone"}, Mismatch("company_name", NAME, "Halder Stone")),
    ],
)
def test_each_fact_that_differs_is_named(changes: dict[str, Any], mismatch: Mismatch) -> None:
    assert compare(EXPECTED, facts(**changes), PATH, "US") == [mismatch]


def test_every_fact_that_differs_is_named_at_once() -> None:
    found = compare(EXPECTED, facts(file_id="{1}", country="CA", company_name="X"), "C:\\x.qbw", "CA")
    assert [one.fact for one in found] == ["file_id", "country", "path", "company_name"]


@pytest.mark.parametrize(
    "changes", [{"file_id": FILE.lower()}, {"country": "USA"}, {"country": "us"}, {"company_name": f" {NAME} "}]
)
def test_spelling_alone_makes_no_other_file(changes: dict[str, Any]) -> None:
    assert compare(EXPECTED, facts(**changes), PATH, "US") == []


def test_the_country_of_the_call_counts_where_the_file_names_none() -> None:
    assert compare(EXPECTED, facts(country=""), PATH, "US") == []
    assert [one.fact for one in compare(EXPECTED, facts(country=""), PATH, "CA")] == ["country"]


def test_what_is_not_known_yet_fits() -> None:
    assert compare(replace(EXPECTED, path="", company_name=""), facts(company_name="Any"), "D:\\any.qbw", "US") == []


@pytest.mark.parametrize(
    "path", ["c:\\books\\HALDER.QBW", "C:/Books/Halder.qbw", "C:\\Books\\.\\Halder.qbw", f" {PATH} "]
)
def test_windows_has_many_names_for_one_path(path: str) -> None:
    assert same_path(PATH, path)


@pytest.mark.parametrize(
    "path", ["", "C:\\Books\\Halder.qbw.bak", "D:\\Books\\Halder.qbw", "C:\\Books\\Copy\\Halder.qbw"]
)
def test_another_path_is_another_file(path: str) -> None:
    assert not same_path(PATH, path)


@pytest.mark.parametrize(("host", "call"), [("US", "CA"), ("CA", "US"), ("", "CA"), ("", "")])
def test_neither_quickbooks_nor_the_web_connector_may_name_another_country(host: str, call: str) -> None:
    found = compare(EXPECTED, facts(country=host), PATH, call)
    assert found == [Mismatch("country", "US", "CA" if host or call else "")]
