"""Answers of every kind QuickBooks gives, and of every kind an attacker might."""

import io
from collections.abc import Iterator

import pytest

from sync.qbxml.parse import CHUNK, Answer, Head, NotQbxml, Row, chunks, heads, stream

OK = 'requestID="7" statusCode="0" statusSeverity="Info" statusMessage="Status OK"'


def answer(rows: str, name: str = "CustomerQuery", attributes: str = OK, before: str = "") -> bytes:
    inside = f"<{name}Rs {attributes}>\n{rows}\n</{name}Rs>"
    return f"{before}<QBXML>\n<QBXMLMsgsRs>\n{inside}\n</QBXMLMsgsRs>\n</QBXML>\n".encode()


def customer(inside: str) -> str:
    return f"<CustomerRet>\n{inside}\n</CustomerRet>"


def rows(data: bytes) -> list[Row]:
    return [part for part in stream(data) if isinstance(part, Row)]


def only(data: bytes) -> Row:
    (row,) = rows(data)
    return row


def test_a_head_comes_before_its_rows_with_all_that_its_attributes_tell() -> None:
    attributes = f'{OK} iteratorRemainingCount="40" iteratorID="{{A-1}}" retCount="2"'
    first, second = stream(answer(customer("<Name>A</Name>"), attributes=attributes))
    assert isinstance(first, Head)
    assert (first.name, first.request_id, first.status.code, first.status.severity) == (
        "CustomerQueryRs",
        "7",
        0,
        "Info",
    )
    assert (first.iterator_id, first.iterator_remaining, first.ret_count) == ("{A-1}", 40, 2)
    assert isinstance(second, Row)
    assert (second.entity, second.tag, second.fields) == ("Customer", "CustomerRet", {"Name": "A"})


def test_what_may_repeat_is_always_a_list_and_what_repeats_unknown_becomes_one() -> None:
    extension = "<DataExtRet><DataExtName>Size</DataExtName></DataExtRet>"
    row = only(answer(customer(f"{extension}<NewIn18>1</NewIn18><NewIn18>2</NewIn18><Other>x</Other>")))
    assert row.fields == {"DataExtRet": [{"DataExtName": "Size"}], "NewIn18": ["1", "2"], "Other": "x"}


def test_elements_unknown_out_of_order_and_empty_are_kept() -> None:
    row = only(answer(customer("<Name>A</Name><ListID>1</ListID><Fresh><Deep>2</Deep></Fresh><Phone/><Fax></Fax>")))
    assert row.fields == {"Name": "A", "ListID": "1", "Fresh": {"Deep": "2"}, "Phone": "", "Fax": ""}


def test_percent_signs_and_white_space_stay_as_sent() -> None:
    row = only(answer(customer("<DiscountRate>18.0%</DiscountRate><Notes>  a\n b </Notes><Fax> </Fax>")))
    assert row.fields == {"DiscountRate": "18.0%", "Notes": "  a\n b ", "Fax": " "}


def test_the_order_of_mixed_lines_is_remembered_where_the_lists_do_not_tell_it() -> None:
    line, group = (
        "<InvoiceLineRet><Desc>a</Desc></InvoiceLineRet>",
        "<InvoiceLineGroupRet><Desc>g</Desc></InvoiceLineGroupRet>",
    )
    mixed = only(answer(f"<InvoiceRet>{line}{group}{line}</InvoiceRet>", "InvoiceQuery"))
    assert mixed.order == ["InvoiceLineRet", "InvoiceLineGroupRet", "InvoiceLineRet"]
    assert [len(mixed.fields[tag]) for tag in ("InvoiceLineRet", "InvoiceLineGroupRet")] == [2, 1]
    assert only(answer(f"<InvoiceRet>{line}{line}{group}</InvoiceRet>", "InvoiceQuery")).order is None


def test_rows_of_many_kinds_in_one_response_keep_their_order() -> None:
    data = answer(
        "<ItemServiceRet><Name>a</Name></ItemServiceRet><NewItemRet><Name>b</Name></NewItemRet><ItemGroupRet/>",
        "ItemQuery",
    )
    assert [(row.entity, row.fields) for row in rows(data)] == [
        ("ItemService", {"Name": "a"}),
        ("NewItem", {"Name": "b"}),
        ("ItemGroup", {}),
    ]


def test_scalars_that_stand_in_a_response_itself_are_one_row() -> None:
    row = only(answer("<ListDelType>Customer</ListDelType><ListID>8-1</ListID>", "ListDel"))
    assert (row.tag, row.fields) == ("ListDelRs", {"ListDelType": "Customer", "ListID": "8-1"})


def test_error_recovery_is_a_row() -> None:
    row = only(
        answer("<ErrorRecovery><ListID>8-1</ListID><EditSequence>1</EditSequence></ErrorRecovery>", "CustomerAdd")
    )
    assert (row.entity, row.fields["ListID"]) == ("ErrorRecovery", "8-1")


def test_reports_keep_their_attributes_and_the_order_of_their_rows() -> None:
    data = """<ReportRet><ReportTitle>Sales</ReportTitle><ReportData>
      <TextRow rowNumber="1" value="Income"/>
      <DataRow rowNumber="2"><RowData rowType="account" value="Sales"/><ColData colID="1" value="5.00"/></DataRow>
      <TextRow rowNumber="3" value="Expense"/></ReportData></ReportRet>"""
    inside = only(answer(data, "GeneralSummaryReportQuery")).fields["ReportData"]
    assert inside["TextRow"] == [{"@rowNumber": "1", "@value": "Income"}, {"@rowNumber": "3", "@value": "Expense"}]
    assert inside["DataRow"][0]["ColData"] == [{"@colID": "1", "@value": "5.00"}]
    assert inside["#order"] == ["TextRow", "DataRow", "TextRow"]


def test_an_element_with_attributes_and_text_keeps_both() -> None:
    for quote in ("'", '"'):
        row = only(answer(customer(f"<TxnID useMacro={quote}TxnID:a{quote}>9</TxnID>")))
        assert row.fields == {"TxnID": {"@useMacro": "TxnID:a", "#text": "9"}}


def test_a_response_without_children_is_a_head_alone() -> None:
    data = answer("", attributes='requestID="1" statusCode="1" statusSeverity="Info" statusMessage="None"')
    assert [type(part) for part in stream(data)] == [Head]
    assert heads(b'<?xml version="1.0" ?><QBXML><QBXMLMsgsRs><HostQueryRs statusCode="0"/></QBXMLMsgsRs></QBXML>').heads


@pytest.mark.parametrize(
    "attributes", ["", 'statusCode=""', 'statusCode="abc"', 'statusCode="99999999999999999999999"']
)
def test_a_status_that_is_missing_or_garbled_is_told(attributes: str) -> None:
    (found,) = heads(answer("", attributes=attributes)).heads
    assert found.status.code == -1
    assert found.status.message == "QuickBooks sent no status code."


@pytest.mark.parametrize(
    "before",
    [
        "",
        "\ufeff",
        "\n\n  ",
        '<?xml version="1.0" ?>\n',
        '\ufeff<?xml version="1.0" encoding="utf-16"?>\n<?qbxml version="16.0"?>\n',
        '<?xml version="1.0" encoding="windows-1252"?><!-- <CustomerQueryRs> -->',
    ],
)
def test_whatever_stands_before_the_document_it_is_read_as_utf8(before: str) -> None:
    data = answer(customer("<Name>Müller 漢</Name>"), before=before)
    assert only(data).fields == {"Name": "Müller 漢"}
    assert [found.name for found in heads(data).heads] == ["CustomerQueryRs"]


def test_comments_are_passed_over_even_within_a_text() -> None:
    data = answer(customer('<!-- <FaxRs a="1"> --><Name>a<!-- b -->c</Name>') + "<!-- end -->")
    assert only(data).fields == {"Name": "ac"}
    assert len(heads(data).heads) == 1


def test_characters_that_xml_does_not_allow_are_taken_out_and_the_rest_is_read() -> None:
    text = "a\x00b\x1fc&#0;d&#x1F;e&#xD83D;f&#233;g&#00000000000;h\ti"
    data = answer(customer("<Name>A</Name>") + customer(f"<Name>{text}</Name>") + customer("<Name>B</Name>"))
    assert [row.fields["Name"] for row in rows(data)] == ["A", "abcdefég" + "h\ti", "B"]


def test_the_message_set_tells_what_error_recovery_answered() -> None:
    data = answer("").replace(b"<QBXMLMsgsRs>", b'<QBXMLMsgsRs newMessageSetID="ab&amp;1" messageSetStatusCode="600">')
    assert (heads(data).new_message_set_id, heads(data).status_code) == ("ab&1", 600)
    commented = data.replace(b"</QBXML>", b"<!-- x --></QBXML>")
    assert heads(commented) == heads(data)


def test_heads_read_attributes_as_xml_does() -> None:
    message = "&quot;Ü&#233;&quot; &lt;b&gt; > isn't\nnew"
    data = answer("", attributes=f"statusCode='3140' statusMessage=\"{message}\"")
    assert heads(data).heads == tuple(part for part in stream(data) if isinstance(part, Head))
    assert heads(data).heads[0].status.message == '"Üé" <b> > isn\'t new'


BOMB = '<!DOCTYPE a [<!ENTITY x "xxxxxxxxxx"><!ENTITY y "&x;&x;&x;&x;&x;&x;">]>'
FILE = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]>'


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"   ",
        b"<html></html>",
        b"not xml",
        answer(customer("<Name>&y;</Name>"), before=BOMB),
        answer(customer("<Name>&x;</Name>"), before=FILE),
        answer(customer("<Name>&x;</Name>"), before=f'<?xml version="1.0"?><!-- a -->{FILE}'),
        answer(customer(FILE)),
        answer(customer("<Name>&unknown;</Name>")),
        answer(customer("<Name>A</Name>"))[:-20],
        answer(customer("<Name>A</Name>")).replace(b"</Name>", b"</Nam>"),
        answer(customer("<Name>A")),
        answer(customer("<Name>\xff</Name>")).replace(b"\xc3\xbf", b"\xff"),
        answer(customer("<Name>A</Name>")) + b"<more/>",
        answer(customer("<a>" * 100_000)),
        answer(customer("<a>" * 1000 + "</a>" * 1000)),
        answer(customer("<a>" * 70 + "</a>" * 70)),
        answer("<CustomerRet " + " ".join(f'a{at}="1"' for at in range(100_000)) + "/>"),
        answer("<CustomerRet " + " ".join(f"a{at}='>'" for at in range(100_000)) + "/>"),
        answer("", attributes=" ".join(f'a{at}="1"' for at in range(100_000))),
    ],
    ids=lambda data: data[:40].decode(errors="replace") + str(len(data)),
)
def test_what_is_not_whole_or_not_safe_is_refused(data: bytes) -> None:
    with pytest.raises(NotQbxml):
        rows(data)


def test_a_fault_in_the_last_row_raises_although_rows_came_before() -> None:
    data = answer(customer("<Name>A</Name>") * 5 + customer("<Name>B</Nam>"))
    reading = stream(data)
    with pytest.raises(NotQbxml):
        list(reading)


def test_a_text_of_many_megabytes_is_one_value() -> None:
    long = "ü€" * 3_000_000
    assert only(answer(customer(f"<Notes>{long}</Notes>"))).fields["Notes"] == long


class Endless(io.BytesIO):
    """An answer of many rows that is never in memory as a whole."""

    def __init__(self, count: int) -> None:
        super().__init__()
        head, tail = answer("ROWS").split(b"ROWS")
        row = customer("<ListID>1</ListID>" + "<Notes>aaaaaaaaaaaaaaaaaaaaaaaaaaaa</Notes>" * 20).encode()
        self.pieces: Iterator[bytes] = iter([head, *([row] * count), tail])

    def read(self, size: int | None = -1) -> bytes:
        return next(self.pieces, b"")


def test_memory_stays_flat_in_the_number_of_rows() -> None:
    reader = Answer()
    given = kept = 0
    for chunk in chunks(Endless(20_000)):
        given += sum(isinstance(part, Row) for part in reader.feed(chunk))
        kept = max(kept, len(reader.root[0][0]) if len(reader.root) and len(reader.root[0]) else 0)
    given += sum(isinstance(part, Row) for part in reader.close())
    assert given == 20_000
    assert kept <= 2


def test_a_document_cut_anywhere_into_chunks_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    line = "<InvoiceLineRet><Desc>a &amp; b &#233;</Desc></InvoiceLineRet>"
    data = answer(
        "".join(f"<InvoiceRet><TxnID>{at}</TxnID>{line * 3}</InvoiceRet>\n" for at in range(50)), "InvoiceQuery"
    )
    whole = list(stream(data))
    for size in (200, 333, 1000, 4096):
        monkeypatch.setattr("sync.qbxml.parse.CHUNK", size)
        assert list(stream(data)) == whole
    assert CHUNK > 4096
