"""The practice company file as QuickBooks: documents, queries, iterators, identity, and the books that seed makes."""

import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from sync.practice.company import CompanyFile, QuickBooksError
from sync.practice.seed import seed
from sync.qbxml.fields import message
from tests.sync.asking import FILE_ID, OWNER, HandClock, add, answers, ask, code, document, message_set, names, new_file

SCHEMA = Path(__file__).resolve().parents[2].parent / "shared" / "qbxml" / "schema" / "qbxmlops130.xsd"
ROWS = 700


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def file(tmp_path: Path, clock: HandClock) -> Iterator[CompanyFile]:
    made = new_file(tmp_path, clock)
    yield made
    made.close()


@pytest.fixture(scope="module")
def seeded_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = new_file(tmp_path_factory.mktemp("practice"), HandClock())
    seed(made, ROWS)
    made.close()
    return made.path


@pytest.fixture
def seeded(seeded_once: Path, tmp_path: Path, clock: HandClock) -> Iterator[CompanyFile]:
    copy = CompanyFile.open(shutil.copy(seeded_once, tmp_path / "copy.practice"), now=clock)
    copy.begin_session("Deskbridge", owner_id=OWNER, machine="YARD-PC")
    yield copy
    copy.close()


def customers(file: CompanyFile, *wanted: str) -> None:
    for name in wanted:
        add(file, "Customer", f"<Name>{name}</Name>")


REFUSED = {
    "not XML": "<CustomerQueryRq>",
    "an unknown request": "<FooQueryRq/>",
    "an unknown element": "<CustomerQueryRq><Foo>1</Foo></CustomerQueryRq>",
    "a wrong order": "<CustomerQueryRq><ActiveStatus>All</ActiveStatus><MaxReturned>5</MaxReturned></CustomerQueryRq>",
    "two branches of a choice": "<CustomerQueryRq><ListID>1-1</ListID><FullName>A</FullName></CustomerQueryRq>",
    "a bad enumeration": "<CustomerQueryRq><ActiveStatus>Some</ActiveStatus></CustomerQueryRq>",
    "a bad number": "<CustomerQueryRq><MaxReturned>many</MaxReturned></CustomerQueryRq>",
    "an iterator where there is none": '<AccountQueryRq iterator="Start"><MaxReturned>5</MaxReturned></AccountQueryRq>',
    "a name too long": f"<CustomerAddRq><CustomerAdd><Name>{'x' * 42}</Name></CustomerAdd></CustomerAddRq>",
    "a missing required element": "<CustomerAddRq><CustomerAdd><Phone>1</Phone></CustomerAdd></CustomerAddRq>",
    "an amount of one decimal": (
        "<CustomerAddRq><CustomerAdd><Name>A</Name><CreditLimit>1.5</CreditLimit></CustomerAdd></CustomerAddRq>"
    ),
    "white space in a preferences query": "<PreferencesQueryRq> </PreferencesQueryRq>",
    "a field of another country": (
        "<InvoiceAddRq><InvoiceAdd><CustomerRef><FullName>A</FullName></CustomerRef><IsTaxIncluded>true</IsTaxIncluded>"
        "</InvoiceAdd></InvoiceAddRq>"
    ),
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED.keys())
def test_what_the_schema_does_not_allow_refuses_the_whole_document(file: CompanyFile, body: str) -> None:
    good = "<CustomerAddRq><CustomerAdd><Name>Before</Name></CustomerAdd></CustomerAddRq>"
    with pytest.raises(QuickBooksError) as refused:
        file.process(document(good + body))
    assert refused.value.hresult == "0x80040400"
    assert file.count("Customer") == 0


@pytest.mark.parametrize("version", ["99.0", "0.5"])
def test_an_unknown_version_refuses_the_whole_document(file: CompanyFile, version: str) -> None:
    with pytest.raises(QuickBooksError) as refused:
        file.process(document("<CustomerQueryRq/>", version=version))
    assert refused.value.hresult == "0x80040423"


def test_an_element_newer_than_the_version_refuses_the_whole_document(file: CompanyFile) -> None:
    with pytest.raises(QuickBooksError):
        file.process(document("<CustomerQueryRq><OwnerID>0</OwnerID></CustomerQueryRq>", version="1.1"))


def test_a_response_has_no_qbxml_instruction_and_references_for_what_is_not_ascii(file: CompanyFile) -> None:
    customers(file, "Caf&#233; &amp; &quot;Bar&quot;")
    text = file.process(document('<CustomerQueryRq requestID="a 1"/>'))
    assert text.startswith(
        '<?xml version="1.0" ?>\n<QBXML>\n<QBXMLMsgsRs>\n<CustomerQueryRs requestID="a 1" statusCode="0"'
    )
    assert "<Name>Caf&#233; &amp; &quot;Bar&quot;</Name>\n" in text
    assert text.isascii()


def test_a_query_that_finds_nothing_answers_1_without_a_child(file: CompanyFile) -> None:
    answer = ask(file, "<CustomerQueryRq/>")
    assert (code(answer), len(answer), answer.get("statusSeverity")) == ("1", 0, "Info")


def test_names_asked_for_in_vain_answer_500_with_the_rest(file: CompanyFile) -> None:
    customers(file, "Castellan Builders")
    answer = ask(
        file, "<CustomerQueryRq><FullName>CASTELLAN builders</FullName><FullName>Zzz</FullName></CustomerQueryRq>"
    )
    assert (code(answer), names(answer), answer.get("statusSeverity")) == ("500", ["Castellan Builders"], "Warn")
    assert 'required element ("Zzz") that could not be found' in answer.get("statusMessage")


def test_an_id_that_cannot_be_one_answers_3000(file: CompanyFile) -> None:
    assert code(ask(file, "<CustomerQueryRq><ListID>nonsense</ListID></CustomerQueryRq>")) == "3000"


def test_a_request_id_of_51_characters_answers_1060(file: CompanyFile) -> None:
    assert code(ask(file, f'<CustomerQueryRq requestID="{"x" * 51}"/>')) == "1060"


def test_a_report_answers_1030(file: CompanyFile) -> None:
    body = "<AgingReportQueryRq><AgingReportType>APAgingDetail</AgingReportType></AgingReportQueryRq>"
    assert code(ask(file, body)) == "1030"


def test_stop_on_error_leaves_the_rest_unprocessed(file: CompanyFile) -> None:
    body = "<CustomerQueryRq><ListID>bad</ListID></CustomerQueryRq><HostQueryRq/>"
    assert [code(answer) for answer in answers(file, body, on_error="stopOnError")] == ["3000", "3231"]
    assert [code(answer) for answer in answers(file, body)] == ["3000", "0"]


def test_nothing_found_does_not_stop_a_set(file: CompanyFile) -> None:
    found = answers(file, "<CustomerQueryRq/><HostQueryRq/>", on_error="stopOnError")
    assert [code(answer) for answer in found] == ["1", "0"]


def test_inactive_records_are_hidden_unless_asked_for(file: CompanyFile) -> None:
    customers(file, "Kept")
    add(file, "Customer", "<Name>Gone</Name><IsActive>false</IsActive>")
    shown = {
        status: names(ask(file, f"<CustomerQueryRq><ActiveStatus>{status}</ActiveStatus></CustomerQueryRq>"))
        for status in ("ActiveOnly", "InactiveOnly", "All")
    }
    assert shown == {"ActiveOnly": ["Kept"], "InactiveOnly": ["Gone"], "All": ["Kept", "Gone"]}
    assert names(ask(file, "<CustomerQueryRq/>")) == ["Kept"]


@pytest.mark.parametrize(
    ("since", "found"),
    [
        ("2025-11-21T14:20:00", ["A", "B"]),  # without an offset: the computer's time
        ("2025-11-21T22:20:00+00:00", ["A", "B"]),
        ("2025-11-21T14:20:01", ["B"]),
        ("2025-11-21T22:21:00+00:00", ["B"]),
        ("2025-11-21", ["A", "B"]),
    ],
)
def test_from_modified_date_is_inclusive(file: CompanyFile, clock: HandClock, since: str, found: list[str]) -> None:
    customers(file, "A")
    clock.move(minutes=1)
    customers(file, "B")
    answer = ask(file, f"<CustomerQueryRq><FromModifiedDate>{since}</FromModifiedDate></CustomerQueryRq>")
    assert names(answer) == found


def test_to_modified_date_is_inclusive(file: CompanyFile, clock: HandClock) -> None:
    customers(file, "A")
    clock.move(minutes=1)
    customers(file, "B")
    answer = ask(file, "<CustomerQueryRq><ToModifiedDate>2025-11-21T14:20:00</ToModifiedDate></CustomerQueryRq>")
    assert names(answer) == ["A"]


def test_a_range_that_ends_before_it_begins_answers_3030(file: CompanyFile) -> None:
    span = "<FromModifiedDate>2025-02-01</FromModifiedDate><ToModifiedDate>2025-01-01</ToModifiedDate>"
    assert code(ask(file, f"<CustomerQueryRq>{span}</CustomerQueryRq>")) == "3030"


def test_a_name_filter_looks_at_the_whole_name(file: CompanyFile) -> None:
    customers(file, "Castellan Builders", "Kerr Landscaping")
    wanted = "<NameFilter><MatchCriterion>Contains</MatchCriterion><Name>LAN b</Name></NameFilter>"
    assert names(ask(file, f"<CustomerQueryRq>{wanted}</CustomerQueryRq>")) == ["Castellan Builders"]
    span = "<NameRangeFilter><FromName>K</FromName><ToName>K</ToName></NameRangeFilter>"
    assert names(ask(file, f"<CustomerQueryRq>{span}</CustomerQueryRq>")) == ["Kerr Landscaping"]


def pages(file: CompanyFile, size: int) -> list[etree._Element]:
    """All pages of the active customers."""
    found = [ask(file, f'<CustomerQueryRq iterator="Start"><MaxReturned>{size}</MaxReturned></CustomerQueryRq>')]
    while found[-1].get("iteratorRemainingCount") != "0":
        mark = f'iterator="Continue" iteratorID="{found[-1].get("iteratorID")}"'
        found.append(ask(file, f"<CustomerQueryRq {mark}><MaxReturned>{size}</MaxReturned></CustomerQueryRq>"))
    return found


def test_an_iterator_returns_every_row_once_and_counts_down(file: CompanyFile) -> None:
    customers(file, *"ABCDE")
    found = pages(file, 2)
    assert [names(page) for page in found] == [["A", "B"], ["C", "D"], ["E"]]
    assert [page.get("iteratorRemainingCount") for page in found] == ["3", "1", "0"]
    assert len({page.get("iteratorID") for page in found}) == 1


def test_an_iterator_dies_with_its_session(file: CompanyFile) -> None:
    customers(file, *"ABC")
    first = ask(file, '<CustomerQueryRq iterator="Start"><MaxReturned>1</MaxReturned></CustomerQueryRq>')
    file.begin_session("Deskbridge", owner_id=OWNER, machine="YARD-PC")
    mark = f'iterator="Continue" iteratorID="{first.get("iteratorID")}"'
    answer = ask(file, f"<CustomerQueryRq {mark}><MaxReturned>1</MaxReturned></CustomerQueryRq>")
    assert (code(answer), answer.get("statusSeverity")) == ("3391", "Error")
    assert answer.get("statusMessage") == f'The iteratorID "{first.get("iteratorID")}" is not valid.'


def test_a_stopped_or_finished_iterator_is_dead(file: CompanyFile) -> None:
    customers(file, *"AB")
    finished = pages(file, 1)[-1].get("iteratorID")
    stopped = ask(file, '<CustomerQueryRq iterator="Start"><MaxReturned>1</MaxReturned></CustomerQueryRq>').get(
        "iteratorID"
    )
    assert code(ask(file, f'<CustomerQueryRq iterator="Stop" iteratorID="{stopped}"/>')) == "0"
    for dead in (finished, stopped):
        assert code(ask(file, f'<CustomerQueryRq iterator="Continue" iteratorID="{dead}"/>')) == "3391"


def test_metadata_counts_without_or_with_the_rows(file: CompanyFile) -> None:
    customers(file, *"ABC")
    only = ask(file, '<CustomerQueryRq metaData="MetaDataOnly"/>')
    both = ask(
        file, '<CustomerQueryRq metaData="MetaDataAndResponseData"><MaxReturned>2</MaxReturned></CustomerQueryRq>'
    )
    assert (only.get("retCount"), len(only)) == ("3", 0)
    assert (both.get("retCount"), len(both)) == ("3", 2)


def test_include_ret_element_returns_those_elements_only(file: CompanyFile) -> None:
    customers(file, "A")
    wanted = "<IncludeRetElement>Name</IncludeRetElement><IncludeRetElement>ListID</IncludeRetElement>"
    (ret,) = ask(file, f"<CustomerQueryRq>{wanted}</CustomerQueryRq>")
    assert [part.tag for part in ret] == ["ListID", "Name"]


@pytest.mark.parametrize(
    ("feature", "request_name"),
    [
        ("estimates", "EstimateQueryRq"),
        ("sales_orders", "SalesOrderQueryRq"),
        ("multicurrency", "CurrencyQueryRq"),
        ("classes", "ClassQueryRq"),
        ("sites", "InventorySiteQueryRq"),
        ("units", "UnitOfMeasureSetQueryRq"),
    ],
)
def test_a_feature_that_is_off_answers_3250(tmp_path: Path, clock: HandClock, feature: str, request_name: str) -> None:
    file = new_file(tmp_path, clock, **{feature: False})
    assert code(ask(file, f"<{request_name}/>")) == "3250"
    file.close()


def test_the_first_call_names_host_company_and_preferences(file: CompanyFile) -> None:
    root = etree.fromstring(file.host_company_preferences(OWNER.lower()).encode())[0]
    assert [(part.tag, part.get("requestID")) for part in root] == [
        ("HostQueryRs", "0"), ("CompanyQueryRs", "1"), ("PreferencesQueryRs", "2"),
    ]  # fmt: skip
    assert root.findtext(".//CompanyName") == "Halder Natural Stone, Inc."
    assert [part.text for part in root.iter("SupportedQBXMLVersion")][-1] == "16.0"
    kept = {part.findtext("DataExtName"): part.findtext("DataExtValue") for part in root.iter("DataExtRet")}
    assert kept == {"AppLock": "LOCKED:YARD-PC:638993316000000000", "FileID": FILE_ID}


def test_the_lock_is_gone_after_the_session_and_another_owner_sees_nothing(file: CompanyFile) -> None:
    file.end_session()
    assert "AppLock" not in file.host_company_preferences(OWNER)
    assert "DataExtRet" not in file.host_company_preferences("{00000000-0000-0000-0000-000000000000}")


def test_adding_the_application_again_keeps_the_file_id(file: CompanyFile) -> None:
    file.add_application(OWNER, "{00000000-0000-0000-0000-000000000001}")
    assert file.file_id(OWNER) == FILE_ID


def test_seed_makes_exactly_so_many_rows_and_the_same_ones_again(seeded: CompanyFile, tmp_path: Path) -> None:
    again = new_file(tmp_path, HandClock())
    seed(again, ROWS)
    assert sum(seeded.counts().values()) == ROWS
    for entity in ("Customer", "Invoice", "Bill", "Account"):
        assert list(seeded.rows(entity)) == list(again.rows(entity))
    again.close()


def test_seeded_books_have_jobs_odd_names_inactive_records_and_negative_amounts(seeded: CompanyFile) -> None:
    rows = list(seeded.rows("Customer"))
    full_names = [row["FullName"] for row in rows]
    assert "Castellan Builders:Pier 9 lobby" in full_names
    assert {"Harbor & Pine Design", '"The Slab" Marble Bar', "Café Zoë"} <= set(full_names)
    assert any(row["IsActive"] == "false" for row in rows)
    lines = [line for row in seeded.rows("Check") for line in row["ExpenseLineRet"]]
    assert any(Decimal(line["Amount"]) < 0 for line in lines) or any(Decimal(row["Balance"]) < 0 for row in rows)


def test_what_customers_owe_is_what_their_transactions_say(seeded: CompanyFile) -> None:
    owed = sum(Decimal(row["BalanceRemaining"]) for row in seeded.rows("Invoice"))
    owed -= sum(Decimal(row["CreditRemaining"]) for row in seeded.rows("CreditMemo"))
    owed -= sum(Decimal(row["UnusedPayment"]) for row in seeded.rows("ReceivePayment"))
    assert sum(Decimal(row["Balance"]) for row in seeded.rows("Customer")) == owed


@pytest.mark.skipif(not SCHEMA.exists(), reason="the schema of qbXML is not beside this project")
def test_every_seeded_response_is_what_the_schema_allows(seeded: CompanyFile) -> None:
    schema = etree.XMLSchema(etree.parse(SCHEMA))
    schema.assertValid(etree.fromstring(seeded.host_company_preferences(OWNER).encode()))
    for entity, count in seeded.counts().items():
        options = {
            "ActiveStatus": "All", "IncludeLineItems": "true", "IncludeLinkedTxns": "true", "OwnerID": "0",
        }  # fmt: skip
        known = [field.name for field in message(f"{entity}QueryRq").fields]
        asked = "".join(f"<{name}>{value}</{name}>" for name, value in options.items() if name in known)
        found = message_set(seeded, f"<{entity}QueryRq>{asked}</{entity}QueryRq>")
        schema.assertValid(found.getparent())
        assert len(found[0]) == count
    for union in ("Item", "Entity", "Terms", "Transaction"):
        schema.assertValid(message_set(seeded, f"<{union}QueryRq/>").getparent())


def inside(fields: dict[str, Any], above: tuple[str, ...] = ()) -> Iterator[str]:
    """The path of every element in a record."""
    for name, value in fields.items():
        yield "/".join((*above, name))
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                yield from inside(one, (*above, name))


def test_seeded_records_hold_nothing_that_their_product_does_not_have(seeded: CompanyFile) -> None:
    for entity in seeded.counts():
        declared = message(f"{entity}Ret")
        for path in {path for row in seeded.rows(entity) for path in inside(row)}:
            found = declared.find(path)
            assert found is not None, (entity, path)
            assert "QBD" not in found.not_in, (entity, path)


def test_lines_and_links_come_only_when_asked_for(seeded: CompanyFile) -> None:
    def parts(asked: str) -> set[str]:
        return {part.tag for ret in ask(seeded, f"<InvoiceQueryRq>{asked}</InvoiceQueryRq>") for part in ret}

    assert not {"InvoiceLineRet", "LinkedTxn"} & parts("")
    assert "InvoiceLineRet" in parts("<IncludeLineItems>true</IncludeLineItems>")
    assert "LinkedTxn" in parts("<IncludeLinkedTxns>true</IncludeLinkedTxns>")


def test_custom_fields_come_only_when_their_owner_is_asked_for(seeded: CompanyFile) -> None:
    assert not list(ask(seeded, "<CustomerQueryRq/>").iter("DataExtRet"))
    assert list(ask(seeded, "<CustomerQueryRq><OwnerID>0</OwnerID></CustomerQueryRq>").iter("DataExtRet"))


@pytest.mark.parametrize("union", ["Item", "Entity", "Terms"])
def test_a_union_returns_all_of_its_kinds(seeded: CompanyFile, union: str) -> None:
    found = ask(seeded, f"<{union}QueryRq><ActiveStatus>All</ActiveStatus></{union}QueryRq>")
    kinds = {ret.tag.removesuffix("Ret") for ret in found}
    assert len(found) == sum(seeded.count(kind) for kind in kinds)
    assert len(kinds) >= 2


def test_a_transaction_query_finds_by_type_date_and_number(seeded: CompanyFile) -> None:
    invoice = next(seeded.rows("Invoice"))
    number = f"<RefNumber>{invoice['RefNumber']}</RefNumber>"
    kind = "<TransactionTypeFilter><TxnTypeFilter>Invoice</TxnTypeFilter></TransactionTypeFilter>"
    (found,) = ask(seeded, f"<TransactionQueryRq>{number}{kind}</TransactionQueryRq>")
    assert (found.findtext("TxnType"), found.findtext("TxnID")) == ("Invoice", invoice["TxnID"])
    span = f"<FromTxnDate>{invoice['TxnDate']}</FromTxnDate><ToTxnDate>{invoice['TxnDate']}</ToTxnDate>"
    answer = ask(seeded, f"<InvoiceQueryRq><TxnDateRangeFilter>{span}</TxnDateRangeFilter></InvoiceQueryRq>")
    assert invoice["TxnID"] in [ret.findtext("TxnID") for ret in answer]
