"""qbXML on a page: laid out without losing anything, and without personal numbers for viewers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.code_view import lay_out, written
from web.masking import masked_fields, masked_text, pieces

ANSWER = (
    '<?xml version="1.0" ?>\n<QBXML><QBXMLMsgsRs><CustomerQueryRs requestID="7" statusCode="0">\n'
    "<CustomerRet><ListID>8-1</ListID><Name>A &amp; B</Name><Empty/></CustomerRet>"
    "</CustomerQueryRs></QBXMLMsgsRs></QBXML>"
)


def texts(document: str, limit: int = 1000) -> list[str]:
    return ["".join(text for _, text in parts) for _, parts in lay_out(document, limit=limit).lines]


def test_a_document_is_laid_out_one_element_a_line() -> None:
    assert texts(ANSWER) == [
        '<?xml version="1.0" ?>',
        "<QBXML>",
        "  <QBXMLMsgsRs>",
        '    <CustomerQueryRs requestID="7" statusCode="0">',
        "      <CustomerRet>",
        "        <ListID>8-1</ListID>",
        "        <Name>A &amp; B</Name>",
        "        <Empty/>",
        "      </CustomerRet>",
        "    </CustomerQueryRs>",
        "  </QBXMLMsgsRs>",
        "</QBXML>",
    ]


@given(st.text(alphabet="<>/ab\"'= !-[]?&;\n", max_size=60))
def test_nothing_but_space_between_elements_is_lost_or_added(document: str) -> None:
    assert "".join("".join(texts(document)).split()) == "".join(document.split())


def test_a_line_that_tells_of_an_error_is_marked() -> None:
    found = lay_out('<A><B statusCode="3100" statusSeverity="Error"/><C statusSeverity="Info"/></A>', limit=10)
    assert found.bad == [2]


def test_what_is_looked_for_is_marked() -> None:
    parts = lay_out("<Name>Vantage Group</Name>", limit=1, query="vantage").lines[0][1]
    assert ("hit", "Vantage") in parts


def test_more_lines_than_asked_for_are_told() -> None:
    document = "<A>" + "<B>1</B>" * 20 + "</A>"
    first = lay_out(document, limit=10)
    assert first.more
    assert [number for number, _ in lay_out(document, limit=10, start=11).lines] == list(range(11, 21))
    assert not lay_out(document, limit=10, start=21).more


@pytest.mark.parametrize(
    ("document", "seen"),
    [
        ("<EmployeeRet><SSN>123-45-6789</SSN></EmployeeRet>", "<EmployeeRet><SSN>••••6789</SSN></EmployeeRet>"),
        ("<CompanyRet><EIN>12-3456789</EIN></CompanyRet>", "<CompanyRet><EIN>••••6789</EIN></CompanyRet>"),
        ('<SSN a="1"\n>1234</SSN >', '<SSN a="1"\n>••••</SSN>'),
        ("<SSN><![CDATA[123-45-6789]]></SSN>", "<SSN>••••6789</SSN>"),
        ("<SSN></SSN><SSN/>", "<SSN></SSN><SSN/>"),
        ("<BirthDate>1970-02-14</BirthDate>", "<BirthDate>••••</BirthDate>"),
        (
            "<EmployeeMod><AccountNumber>99887766</AccountNumber></EmployeeMod>",
            "<EmployeeMod><AccountNumber>••••7766</AccountNumber></EmployeeMod>",
        ),
        ("<AccountRet><AccountNumber>1000</AccountNumber></AccountRet>",) * 2,
        ("<CustomerRet><AccountNumber>C-12345678</AccountNumber></CustomerRet>",) * 2,
    ],
)
def test_personal_numbers_are_hidden_and_nothing_else(document: str, seen: str) -> None:
    assert masked_text(document) == seen


@given(st.lists(st.sampled_from(["<SSN>123-45-6789</SSN>", "<A>x</A>", "<EmployeeRet>", "</EmployeeRet>", "<", "y"])))
def test_no_personal_number_gets_through_wherever_a_long_document_is_cut(parts: list[str]) -> None:
    document = "".join(parts)
    assert "".join(pieces(document)) == document
    assert "123-45" not in masked_text(document)


def test_a_number_at_the_cut_of_a_long_document_is_hidden_too() -> None:
    for before in range((1 << 18) - 30, (1 << 18) + 2):
        document = f"<A>{'x' * before}</A><SSN>123-45-6789</SSN><B>y</B>"
        assert masked_text(document).endswith("<SSN>••••6789</SSN><B>y</B>")


def test_the_fields_of_a_record_are_hidden_alike() -> None:
    fields = {"Name": "A", "CreditCardInfo": {"CreditCardNumber": "4111111111111111"}, "AccountNumber": "99887766"}
    seen = masked_fields(fields, "Customer")
    assert seen["CreditCardInfo"]["CreditCardNumber"] == "••••1111"
    assert seen["AccountNumber"] == "99887766"
    assert masked_fields(fields, "Employee")["AccountNumber"] == "••••7766"
    assert masked_fields({"SSN": {"#text": "123-45-6789"}}, "Employee") == {"SSN": "••••"}


def test_a_record_is_written_as_qbxml_with_its_lines_in_their_order() -> None:
    fields = {"@a": "1", "TxnID": "7", "LineRet": [{"A": "1"}, {"A": "3"}], "GroupRet": [{"A": "2"}], "Memo": "<>"}
    xml = written("InvoiceRet", fields, ["LineRet", "GroupRet", "LineRet"])
    lines = "<LineRet><A>1</A></LineRet><GroupRet><A>2</A></GroupRet><LineRet><A>3</A></LineRet>"
    assert xml == f"<InvoiceRet><TxnID>7</TxnID>{lines}<Memo>&lt;&gt;</Memo></InvoiceRet>"
