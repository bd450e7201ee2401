"""What QuickBooks would say, ready to be sent: cheap to make, so that a load client leaves the machine to the product.

A page of rows is made once and then only gets other ids and names. A row has 42 fields and about 1.7 KB.
"""

import re
from collections.abc import Iterator

NAMESPACE = "http://developer.intuit.com/"
OPENING = (
    '<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"><soap:Body>'
)
CLOSING = "</soap:Body></soap:Envelope>"
ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\n": "&#10;"})  # as .NET writes a text

START = '<?xml version="1.0" ?>\n<QBXML>\n<QBXMLMsgsRs>\n'
END = "</QBXMLMsgsRs>\n</QBXML>\n"
STATUS = 'requestID="{id}" statusCode="{code}" statusSeverity="Info" statusMessage="{message}"'
FOUND = "Status OK"
NOT_FOUND = "A query request did not find a matching object in QuickBooks"
PATH = "C:\\Users\\Public\\Documents\\Intuit\\QuickBooks\\Company Files\\Benchmark {number}.QBW"

MARK = "\x01"  # where a page differs from the next; no text has it
CITIES = (("Oakland", "CA", "94607"), ("Portland", "OR", "97209"), ("Tacoma", "WA", "98402"), ("Boise", "ID", "83702"))
STREETS = ("Quarry Road", "Mill Street", "Harbour Avenue", "Station Square", "Old Mountain Highway")
PEOPLE = (("Ruth", "Halder"), ("Samuel", "Ekström"), ("Inés", "Obregón"), ("Martha", "Whitfield"), ("Jun", "Takeda"))


def envelope(method: str, **arguments: str | int) -> bytes:
    """One call, as the Web Connector writes it."""
    children = "".join(
        f"<{name}>{str(value).translate(ESCAPES)}</{name}>" if value != "" else f"<{name} />"
        for name, value in arguments.items()
    )
    return f'{OPENING}<{method} xmlns="{NAMESPACE}">{children}</{method}>{CLOSING}'.encode()


def group(name: str, *children: str) -> str:
    """An element with others in it, each on a line of its own, as QuickBooks writes them."""
    return f"<{name}>\n{''.join(children)}</{name}>\n"


def fields(**values: str) -> list[str]:
    return [f"<{name}>{value}</{name}>\n" for name, value in values.items()]


def reference(name: str, number: int, full_name: str) -> str:
    return group(name, *fields(ListID=f"8000{number:04X}-1210000{number % 1000:03d}", FullName=full_name))


def customer(index: int) -> str:
    """One row, with MARK where its number and its name go."""
    first, last = PEOPLE[index % len(PEOPLE)]
    city, state, code = CITIES[index % len(CITIES)]
    street = f"{100 + index % 900} {STREETS[index % len(STREETS)]}"
    balance = f"{index * 37 % 100_000}.{index % 100:02d}"
    block = {"Addr1": f"{last} Trading Company", "Addr2": street, "Addr3": f"{city}, {state} {code}"}
    place = {"City": city, "State": state, "PostalCode": code, "Country": "USA"}
    return group(
        "CustomerRet",
        *fields(
            ListID=f"{MARK}-1668{index % 1_000_000:06d}",
            TimeCreated=f"2019-{1 + index % 12:02d}-{1 + index % 28:02d}T09:12:33-08:00",
            TimeModified=f"2026-{1 + index % 10:02d}-{1 + index % 27:02d}T14:{index % 60:02d}:05-08:00",
            EditSequence=f"17{index % 100_000_000:08d}",
            Name=f"{MARK} Trading",
            FullName=f"{MARK} Trading",
            IsActive="true",
            Sublevel="0",
            CompanyName=f"{last} &amp; {first} Trading Company",
            FirstName=first,
            LastName=last,
        ),
        group("BillAddress", *fields(Addr1=f"{last} Trading Company", Addr2=street, **place)),
        group("BillAddressBlock", *fields(**block)),
        group("ShipAddress", *fields(Addr1="Receiving dock", Addr2=street, **place)),
        *fields(
            Phone=f"510 555 {index % 10_000:04d}",
            Email=f"{last.lower()}.{index}@trading.example",
            Contact=f"{first} {last}",
        ),
        reference("CustomerTypeRef", index % 5, "Wholesale"),
        reference("TermsRef", index % 4, "2% 10 Net 30"),
        reference("SalesRepRef", index % 9, f"{first[0]}{last[0]}"),
        *fields(Balance=balance, TotalBalance=balance),
        reference("SalesTaxCodeRef", 1, "Tax"),
        *fields(
            AccountNumber=f"C-{index:07d}",
            CreditLimit="25000.00",
            JobStatus="InProgress",
        ),
    )  # fmt: skip


class Pages:
    """Answers to CustomerQueryRq of `rows` rows each."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        text = "".join(customer(index) for index in range(rows))
        self.row_bytes = len(text.encode()) // rows  # unescaped, without what a page puts into the marks
        self._cut = [part.encode() for part in text.translate(ESCAPES).split(MARK)]

    def document(self, head: str, first: int, ticket: str) -> bytes:
        """The body of receiveResponseXML with the rows from number `first` on."""
        parts: list[bytes] = [b""] * (2 * len(self._cut) - 1)
        parts[0::2] = self._cut
        numbers = range(first, first + self.rows)
        parts[1::6] = [b"%08X" % number for number in numbers]
        parts[3::6] = parts[5::6] = [b"%08X" % (number * 2_654_435_761 % 2**32) for number in numbers]  # in no order
        before, after = around(f"{START}<CustomerQueryRs {head}>\n", f"</CustomerQueryRs>\n{END}", ticket)
        return b"".join((before, *parts, after))


def around(start: str, end: str, ticket: str) -> tuple[bytes, bytes]:
    """The body of receiveResponseXML before and behind the middle of an answer."""
    opening = f'{OPENING}<receiveResponseXML xmlns="{NAMESPACE}"><ticket>{ticket}</ticket><response>'
    closing = f"</response><hresult /><message /></receiveResponseXML>{CLOSING}"
    return f"{opening}{start.translate(ESCAPES)}".encode(), f"{end.translate(ESCAPES)}{closing}".encode()


ASKED = re.compile(r"<(?P<name>\w+)QueryRq (?P<attributes>[^<>]*?)/?>")
ID = re.compile(r'requestID="([^"]*)"')
MOST = re.compile(r"<MaxReturned>(\d+)<")


def questions(document: str) -> Iterator[tuple[str, str, str]]:
    """Name, requestID and all attributes of each query in a document."""
    for match in ASKED.finditer(document):
        found = ID.search(match["attributes"])
        yield match["name"], found[1] if found else "", match["attributes"]


def short_answer(document: str, customers: int, ticket: str) -> bytes:
    """The body of receiveResponseXML without rows: counts where counts are asked for, else nothing found."""
    answers = []
    for name, id, attributes in questions(document):
        count = customers if name == "Customer" else 0
        status = STATUS.format(id=id, code=1, message=NOT_FOUND)
        if "MetaDataOnly" in attributes and count:
            status = STATUS.format(id=id, code=0, message=FOUND) + f' retCount="{count}"'
        answers.append(f"<{name}QueryRs {status} />\n")
    before, after = around(START, END, ticket)
    return before + "".join(answers).translate(ESCAPES).encode() + after


def page_head(id: str, remaining: int, iterator: str) -> str:
    """The attributes of an answer that is one page of several."""
    status = STATUS.format(id=id, code=0, message=FOUND)
    return f'{status} iteratorRemainingCount="{remaining}" iteratorID="{iterator}"'


def host_company_preferences(owner_id: str, file_id: str, name: str) -> str:
    """strHCPResponse of the first sendRequestXML: a file that carries this OwnerID's FileID, locked by this session."""

    def answer(kind: str, *inside: str) -> str:
        status = STATUS.format(id="0", code=0, message=FOUND)
        return f"<{kind}QueryRs {status}>\n{group(f'{kind}Ret', *inside)}</{kind}QueryRs>\n"

    def private(key: str, value: str) -> str:
        values = fields(OwnerID=owner_id, DataExtName=key, DataExtType="STR255TYPE", DataExtValue=value)
        return group("DataExtRet", *values)

    versions = [f"<SupportedQBXMLVersion>{number}.0</SupportedQBXMLVersion>\n" for number in range(1, 17)]
    host = fields(ProductName="QuickBooks Enterprise Solutions 24.0", MajorVersion="34", MinorVersion="0", Country="US")
    mode = fields(IsAutomaticLogin="false", QBFileMode="SingleUser")
    company = fields(IsSampleCompany="false", CompanyName=name, LegalCompanyName=name)
    lock = private("AppLock", "LOCKED:BENCHMARK:638000000000000000")
    currencies = group("MultiCurrencyPreferences", *fields(IsMultiCurrencyOn="false"))
    return (
        START
        + answer("Host", *host, *versions, *mode)
        + answer("Company", *company, private("FileID", file_id), lock)
        + answer("Preferences", currencies)
        + END
    )
