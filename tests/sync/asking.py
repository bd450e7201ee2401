"""Asking a practice company file: a request body in, responses as elements out; a clock that only the test moves."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from lxml import etree

from sync.practice.company import CompanyFile
from sync.practice.identity import Preferences

OWNER = "{5C3E9E1A-7A0B-4B1C-9E35-2F6B1C0D4E5F}"
FILE_ID = "{0E6A4B1F-2D53-4C59-8D6F-3A1C90B7E245}"
WHO = "<CustomerRef><FullName>Lindqvist Interiors</FullName></CustomerRef>"
LINE = "<ItemRef><FullName>{item}</FullName></ItemRef><Quantity>{quantity}</Quantity><Rate>{rate}</Rate>"
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


def shop(file: CompanyFile) -> None:
    """Accounts, tax, a customer, a vendor and two items."""
    accounts = {
        "Checking": "Bank",
        "Accounts Receivable": "AccountsReceivable",
        "Accounts Payable": "AccountsPayable",
        "Sales": "Income",
        "Rent": "Expense",
    }
    for name, kind in accounts.items():
        add(file, "Account", f"<Name>{name}</Name><AccountType>{kind}</AccountType>")
    for name, taxable in (("Tax", "true"), ("Non", "false")):
        add(file, "SalesTaxCode", f"<Name>{name}</Name><IsTaxable>{taxable}</IsTaxable>")
    add(file, "Vendor", "<Name>County</Name>")
    add(
        file,
        "ItemSalesTax",
        "<Name>Alameda</Name><TaxRate>10.25</TaxRate><TaxVendorRef><FullName>County</FullName></TaxVendorRef>",
    )
    add(file, "StandardTerms", "<Name>Net 30</Name><StdDueDays>30</StdDueDays>")
    add(
        file,
        "Customer",
        "<Name>Lindqvist Interiors</Name><BillAddress><Addr1>4 Pine St</Addr1><City>Berkeley</City></BillAddress>"
        "<TermsRef><FullName>Net 30</FullName></TermsRef><SalesTaxCodeRef><FullName>Tax</FullName></SalesTaxCodeRef>"
        "<ItemSalesTaxRef><FullName>Alameda</FullName></ItemSalesTaxRef>",
    )
    account = "<AccountRef><FullName>Sales</FullName></AccountRef>"
    sale = f"<SalesOrPurchase><Desc>Eased edge</Desc><Price>14.00</Price>{account}</SalesOrPurchase>"
    tax = "<SalesTaxCodeRef><FullName>{}</FullName></SalesTaxCodeRef>"
    add(file, "ItemService", f"<Name>Edge</Name>{tax.format('Tax')}{sale}")
    add(file, "ItemService", f"<Name>Delivery</Name>{tax.format('Non')}{sale}")


def lines(*wanted: tuple[str, str, str], tag: str = "InvoiceLineAdd") -> str:
    return "".join(f"<{tag}>{LINE.format(item=i, quantity=q, rate=r)}</{tag}>" for i, q, r in wanted)


def invoice(file: CompanyFile, *wanted: tuple[str, str, str], more: str = "") -> Any:
    made = lines(*(wanted or (("Edge", "10", "100.00"),)))
    return add(file, "Invoice", f"<CustomerRef><FullName>lindqvist interiors</FullName></CustomerRef>{more}{made}")


def customer(file: CompanyFile) -> dict[str, Any]:
    return next(file.rows("Customer"))


def refused(file: CompanyFile, entity: str, body: str) -> str:
    return code(ask(file, f"<{entity}AddRq><{entity}Add>{body}</{entity}Add></{entity}AddRq>"))
