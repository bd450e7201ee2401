"""The practice company file takes writes as QuickBooks does: Add, Mod, Del, Void, payments, custom fields."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.practice.change import change, drift
from sync.practice.company import CompanyFile
from sync.practice.seed import seed
from sync.qbxml.fields import is_message, message
from tests.sync.asking import (
    LINE,
    OWNER,
    WHO,
    HandClock,
    add,
    answers,
    ask,
    code,
    customer,
    delete,
    invoice,
    lines,
    modify,
    new_file,
    refused,
    shop,
)

KINDS = (
    "Account", "Bill", "BillPaymentCheck", "Check", "Class", "CreditCardCharge", "CreditMemo", "Customer", "Deposit",
    "Employee", "Estimate",
    "Invoice", "ItemDiscount", "ItemFixedAsset", "ItemGroup", "ItemInventory", "ItemInventoryAssembly",
    "ItemNonInventory",
    "ItemOtherCharge", "ItemPayment", "ItemReceipt", "ItemSalesTax", "ItemSalesTaxGroup", "ItemService", "ItemSubtotal",
    "JournalEntry", "OtherName", "PriceLevel", "PurchaseOrder", "ReceivePayment", "SalesOrder", "SalesReceipt",
    "SalesRep",
    "SalesTaxCode", "Transfer", "Vehicle", "Vendor", "VendorCredit",
)  # fmt: skip

SAVINGS = "<Name>Savings</Name><AccountType>Bank</AccountType>"


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def file(tmp_path: Path, clock: HandClock) -> Iterator[CompanyFile]:
    """A file with accounts, tax, a customer, a vendor and an item."""
    made = new_file(tmp_path, clock)
    shop(made)
    yield made
    made.close()


@pytest.fixture(scope="module")
def seeded_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = new_file(tmp_path_factory.mktemp("practice"), HandClock())
    seed(made, 1_500)
    made.close()
    return made.path


@pytest.fixture
def seeded(seeded_once: Path, tmp_path: Path, clock: HandClock) -> Iterator[CompanyFile]:
    copy = CompanyFile.open(shutil.copy(seeded_once, tmp_path / "copy.practice"), now=clock)
    yield copy
    copy.close()


def test_a_new_list_entry_comes_back_with_id_times_name_and_edit_sequence(file: CompanyFile) -> None:
    ret = add(file, "Customer", "<Name>Castellan Builders</Name><BillAddress><Addr1>1 A St</Addr1></BillAddress>")
    assert ret.findtext("ListID").startswith("8000")
    assert ret.findtext("ListID").endswith("-1763763600")
    assert ret.findtext("TimeCreated") == ret.findtext("TimeModified") == "2025-11-21T14:20:00-08:00"
    assert ret.findtext("EditSequence") == "1763763600"
    assert [ret.findtext(name) for name in ("FullName", "Sublevel", "IsActive", "Balance",
    "BillAddressBlock/Addr1")] == [
        "Castellan Builders", "0", "true", "0.00", "1 A St",
    ]  # fmt: skip


def test_a_job_has_the_full_name_and_level_of_its_place(file: CompanyFile) -> None:
    job = add(file, "Customer", "<Name>Lobby</Name><ParentRef><FullName>Lindqvist Interiors</FullName></ParentRef>")
    assert (job.findtext("FullName"), job.findtext("Sublevel")) == ("Lindqvist Interiors:Lobby", "1")
    assert job.findtext("ParentRef/ListID") == customer(file)["ListID"]


def test_customers_vendors_employees_and_other_names_share_one_set_of_names(file: CompanyFile) -> None:
    assert refused(file, "Vendor", "<Name>LINDQVIST interiors</Name>") == "3100"
    assert refused(file, "OtherName", "<Name>County</Name>") == "3100"
    assert refused(file, "Class", "<Name>County</Name>") == "0"


def test_a_name_with_a_colon_and_an_unknown_parent_are_refused(file: CompanyFile) -> None:
    assert refused(file, "Customer", "<Name>A:B</Name>") == "3090"
    assert refused(file, "Customer", "<Name>B</Name><ParentRef><FullName>No one</FullName></ParentRef>") == "3130"


def test_a_reference_that_does_not_exist_answers_3140_with_the_recorded_words(file: CompanyFile) -> None:
    body = "<CustomerRef><FullName>Joe Smith</FullName></CustomerRef>"
    answer = ask(file, f"<InvoiceAddRq><InvoiceAdd>{body}</InvoiceAdd></InvoiceAddRq>")
    assert code(answer) == "3140"
    first, _, second = answer.get("statusMessage").partition("  QuickBooks error message: ")
    assert first == 'There is an invalid reference to QuickBooks Customer "Joe Smith" in the Invoice.'
    assert second == "Invalid argument.  The specified record does not exist in the list."


def test_a_refused_request_leaves_nothing_behind(file: CompanyFile) -> None:
    good = "<CustomerAddRq><CustomerAdd><Name>Good</Name></CustomerAdd></CustomerAddRq>"
    found = answers(file, good + good + good.replace("Good", "Better"))
    assert [code(answer) for answer in found] == ["0", "3100", "0"]
    assert file.count("Customer") == 3


def test_a_mod_changes_what_it_names_and_clears_what_is_empty(file: CompanyFile, clock: HandClock) -> None:
    ret = add(file, "Customer", "<Name>Kerr</Name><Phone>510 555 0181</Phone><Fax>1</Fax><Email>a@b.example</Email>")
    clock.move(hours=1)
    changed = modify(file, ret, "<Phone>510 555 0182</Phone><Fax></Fax>")[0]
    shown = [changed.findtext(name) for name in ("Name", "Phone", "Fax", "Email", "TimeModified")]
    assert shown == ["Kerr", "510 555 0182", None, "a@b.example", "2025-11-21T15:20:00-08:00"]
    assert changed.findtext("EditSequence") != ret.findtext("EditSequence")
    assert code(modify(file, add(file, "Account", SAVINGS), "<Name></Name>")) == "3150"  # but for its name


def test_a_stale_edit_sequence_answers_3200(file: CompanyFile) -> None:
    ret = add(file, "Customer", "<Name>Kerr</Name>")
    assert code(modify(file, ret, "<Phone>1</Phone>")) == "0"
    answer = modify(file, ret, "<Phone>2</Phone>")
    assert code(answer) == "3200"
    assert (
        answer.get("statusMessage") == f'The provided edit sequence "{ret.findtext("EditSequence")}" is out-of-date. '
    )


def test_a_rename_reaches_the_jobs_and_every_reference(file: CompanyFile) -> None:
    job = add(file, "Customer", "<Name>Lobby</Name><ParentRef><FullName>Lindqvist Interiors</FullName></ParentRef>")
    invoice(file)
    assert code(modify(file, ask(file, "<CustomerQueryRq/>")[0], "<Name>Lindqvist &amp; Co</Name>")) == "0"
    (found,) = ask(file, f"<CustomerQueryRq><ListID>{job.findtext('ListID')}</ListID></CustomerQueryRq>")
    assert (found.findtext("FullName"), found.findtext("ParentRef/FullName")) == (
        "Lindqvist & Co:Lobby",
        "Lindqvist & Co",
    )
    assert next(file.rows("Invoice"))["CustomerRef"]["FullName"] == "Lindqvist & Co"


def test_a_lock_answers_its_status_until_it_is_let_go(file: CompanyFile) -> None:
    ret = add(file, "Customer", "<Name>Kerr</Name>")
    for status in (3170, 3175):
        file.lock(ret.findtext("ListID"), status)
        assert code(modify(file, ret, "<Phone>1</Phone>")) == str(status)
    file.unlock(ret.findtext("ListID"))
    assert code(modify(file, ret, "<Phone>1</Phone>")) == "0"


def test_an_invoice_gets_amounts_tax_balance_and_what_its_customer_says(file: CompanyFile) -> None:
    ret = invoice(file, ("Edge", "46.50", "64.75"), ("Delivery", "1", "240"))
    shown = {
        name: ret.findtext(name)
        for name in ("Subtotal", "SalesTaxPercentage", "SalesTaxTotal", "BalanceRemaining", "IsPaid")
    }
    assert shown == {
        "Subtotal": "3250.88", "SalesTaxPercentage": "10.25", "SalesTaxTotal": "308.62", "BalanceRemaining": "3559.50",
        "IsPaid": "false",
    }  # fmt: skip
    assert [line.findtext("Amount") for line in ret.findall("InvoiceLineRet")] == ["3010.88", "240.00"]
    assert [line.findtext("Rate") for line in ret.findall("InvoiceLineRet")] == ["64.75", "240.00"]
    assert (ret.findtext("TxnDate"), ret.findtext("DueDate")) == ("2025-11-21", "2025-12-21")
    assert ret.findtext("BillAddress/City") == "Berkeley"
    assert ret.findtext("ARAccountRef/FullName") == "Accounts Receivable"
    assert customer(file)["Balance"] == "3559.50"


def test_a_line_without_a_rate_takes_price_and_text_of_its_item(file: CompanyFile) -> None:
    line = "<InvoiceLineAdd><ItemRef><FullName>Edge</FullName></ItemRef><Quantity>3</Quantity></InvoiceLineAdd>"
    ret = add(file, "Invoice", f"{WHO}{line}")
    found = ret.find("InvoiceLineRet")
    assert [found.findtext(name) for name in ("Desc", "Rate", "Amount")] == ["Eased edge", "14.00", "42.00"]


def test_a_mod_without_lines_keeps_them(file: CompanyFile) -> None:
    changed = modify(file, invoice(file), "<Memo>Call first</Memo>")[0]
    assert (changed.findtext("Memo"), len(changed.findall("InvoiceLineRet"))) == ("Call first", 1)


def test_lines_in_a_mod_are_the_complete_list(file: CompanyFile) -> None:
    ret = invoice(file, ("Edge", "1", "10.00"), ("Edge", "2", "10.00"), ("Edge", "3", "10.00"))
    first, _, third = (line.findtext("TxnLineID") for line in ret.findall("InvoiceLineRet"))
    kept = f"<InvoiceLineMod><TxnLineID>{third}</TxnLineID></InvoiceLineMod>"
    changed = f"<InvoiceLineMod><TxnLineID>{first}</TxnLineID><Quantity>5</Quantity></InvoiceLineMod>"
    delivery = LINE.format(item="Delivery", quantity="1", rate="7")
    new = f"<InvoiceLineMod><TxnLineID>-1</TxnLineID>{delivery}</InvoiceLineMod>"
    found = modify(file, ret, kept + changed + new)[0].findall("InvoiceLineRet")
    assert [line.findtext("Amount") for line in found] == ["30.00", "50.00", "7.00"]
    assert [line.findtext("TxnLineID") for line in found[:2]] == [third, first]
    assert found[2].findtext("TxnLineID") not in (first, third, "-1")


def test_a_journal_entry_must_balance(file: CompanyFile) -> None:
    def sides(debit: str, credit: str) -> str:
        line = "<Journal{0}Line><AccountRef><FullName>{1}</FullName></AccountRef><Amount>{2}</Amount></Journal{0}Line>"
        return line.format("Debit", "Rent", debit) + line.format("Credit", "Checking", credit)

    assert refused(file, "JournalEntry", sides("10.00", "9.99")) == "3180"
    assert refused(file, "JournalEntry", sides("10.00", "10.00")) == "0"


def test_nothing_in_the_closed_period_changes(tmp_path: Path, clock: HandClock) -> None:
    closed = new_file(tmp_path, clock, closing_date="2025-10-31")
    shop(closed)
    body = f"{WHO}<TxnDate>2025-10-31</TxnDate>{lines(('Edge', '1', '1'))}"
    assert refused(closed, "Invoice", body) == "3171"
    assert code(modify(closed, invoice(closed), "<TxnDate>2025-10-01</TxnDate>")) == "3171"
    closed.close()


def test_what_is_used_cannot_be_deleted_and_what_is_deleted_is_remembered(file: CompanyFile, clock: HandClock) -> None:
    used, unused = ask(file, "<CustomerQueryRq/>")[0], add(file, "Customer", "<Name>Delacroix Baths</Name>")
    invoice(file)
    clock.move(minutes=5)
    assert code(delete(file, used)) == "3160"
    gone = delete(file, unused)
    assert [part.tag for part in gone] == ["ListDelType", "ListID", "TimeDeleted", "FullName"]
    types = "<ListDelType>Vendor</ListDelType><ListDelType>Customer</ListDelType>"
    asked = f"<ListDeletedQueryRq>{types}{{}}</ListDeletedQueryRq>"
    (row,) = ask(file, asked.format(""))
    assert [part.text for part in row] == [
        "Customer", unused.findtext("ListID"), "2025-11-21T14:20:00-08:00", "2025-11-21T14:25:00-08:00",
        "Delacroix Baths",
    ]  # fmt: skip
    late = "<DeletedDateRangeFilter><FromDeletedDate>2025-11-21T14:25:01</FromDeletedDate></DeletedDateRangeFilter>"
    assert code(ask(file, asked.format(late))) == "1"
    assert code(delete(file, unused)) == "3120"


def test_a_deleted_transaction_is_remembered_with_its_number(file: CompanyFile) -> None:
    ret = invoice(file, more="<RefNumber>20377</RefNumber>")
    assert code(delete(file, ret)) == "0"
    (row,) = ask(file, "<TxnDeletedQueryRq><TxnDelType>Invoice</TxnDelType></TxnDeletedQueryRq>")
    assert (row.findtext("TxnID"), row.findtext("RefNumber")) == (ret.findtext("TxnID"), "20377")
    assert customer(file)["Balance"] == "0.00"


def test_a_voided_invoice_stays_with_nothing_in_it(file: CompanyFile) -> None:
    ret = invoice(file)
    void = f"<TxnVoidRq><TxnVoidType>Invoice</TxnVoidType><TxnID>{ret.findtext('TxnID')}</TxnID></TxnVoidRq>"
    assert code(ask(file, void)) == "0"
    kept = next(file.rows("Invoice"))
    assert (kept["Subtotal"], kept["BalanceRemaining"], kept["InvoiceLineRet"][0]["Amount"]) == ("0.00",) * 3
    assert kept["Memo"].startswith("VOID:")
    assert customer(file)["Balance"] == "0.00"


def test_a_macro_names_what_an_earlier_request_of_the_set_made(file: CompanyFile) -> None:
    line = lines(("Delivery", "1", "50.00"))
    sale = f'<InvoiceAddRq><InvoiceAdd defMacro="TxnID:inv1">{WHO}{line}</InvoiceAdd></InvoiceAddRq>'
    to = '<AppliedToTxnAdd><TxnID useMacro="TxnID:inv1"/><PaymentAmount>50.00</PaymentAmount></AppliedToTxnAdd>'
    payment = f"<ReceivePaymentAddRq><ReceivePaymentAdd>{WHO}{to}</ReceivePaymentAdd></ReceivePaymentAddRq>"
    assert [code(answer) for answer in answers(file, sale + payment)] == ["0", "0"]
    assert next(file.rows("Invoice"))["IsPaid"] == "true"
    assert code(ask(file, payment)) == "9101"


def test_a_custom_field_must_be_defined_for_its_kind_and_is_then_kept_changed_and_cleared(file: CompanyFile) -> None:
    def field(verb: str, name: str, value: str = "", target: str = "", owner: str = "0") -> str:
        who = "<ListObjRef><FullName>Lindqvist Interiors</FullName></ListObjRef>"
        of = target or f"<ListDataExtType>Customer</ListDataExtType>{who}"
        inside = f"<OwnerID>{owner}</OwnerID><DataExtName>{name}</DataExtName>{of}"
        inside += f"<DataExtValue>{value}</DataExtValue>" if verb != "Del" else ""
        return code(ask(file, f"<DataExt{verb}Rq><DataExt{verb}>{inside}</DataExt{verb}></DataExt{verb}Rq>"))

    def define(name: str, kind: str, owner: str = "0") -> str:
        inside = f"<OwnerID>{owner}</OwnerID><DataExtName>{name}</DataExtName><DataExtType>STR255TYPE</DataExtType>"
        inside += f"<AssignToObject>{kind}</AssignToObject>"
        return code(ask(file, f"<DataExtDefAddRq><DataExtDefAdd>{inside}</DataExtDefAdd></DataExtDefAddRq>"))

    def kept(owner: str = "0") -> dict[str, str]:
        (ret,) = ask(file, f"<CustomerQueryRq><OwnerID>{owner}</OwnerID></CustomerQueryRq>")
        return {one.findtext("DataExtName"): one.findtext("DataExtValue") for one in ret.iter("DataExtRet")}

    assert [define("Rack", "Customer"), define("Bin", "Item"), define("Ours", "Customer", OWNER)] == ["0", "0", "0"]
    assert [field("Mod", "Nothing", "1"), field("Mod", "Bin", "1"), field("Mod", "Rack", "x" * 256)] == [
        *("3120", "3120", "3070"),
    ]
    before = customer(file)
    assert field("Mod", "Rack", "7 &amp; 8") == "0"  # a first value: DataExtAdd is not needed
    assert field("Mod", "Ours", "1", owner=OWNER) == "0"
    assert (kept(), kept(OWNER)) == ({"Rack": "7 & 8"}, {"Ours": "1"})
    assert customer(file)["EditSequence"] != before["EditSequence"]  # the object is a modified one
    assert [field("Mod", "Rack"), field("Del", "Rack"), field("Del", "Rack")] == ["3150", "0", "3120"]
    assert kept() == {}
    sold = invoice(file)
    target = f"<TxnDataExtType>Invoice</TxnDataExtType><TxnID>{sold.findtext('TxnID')}</TxnID>"
    assert field("Mod", "Rack", "9", target) == "0"  # an invoice takes over what customers have
    assert field("Mod", "Bin", "9", target) == "3120"
    (ret,) = ask(file, "<InvoiceQueryRq><OwnerID>0</OwnerID></InvoiceQueryRq>")
    assert [one.findtext("DataExtValue") for one in ret.iter("DataExtRet")] == ["9"]
    inside = "<OwnerID>0</OwnerID><DataExtName>{}</DataExtName><DataExtValue>4</DataExtValue>"
    line = lines(("Edge", "1", "5.00")).replace("</InvoiceLineAdd>", f"<DataExt>{inside}</DataExt></InvoiceLineAdd>")
    assert refused(file, "Invoice", WHO + line.format("Nothing")) == "3120"
    made = add(file, "Invoice", WHO + line.format("Bin"))  # of a line, which QuickBooks takes with the Add
    query = f"<InvoiceQueryRq><TxnID>{made.findtext('TxnID')}</TxnID><IncludeLineItems>true</IncludeLineItems>{{}}"
    (ret,) = ask(file, f"{query.format('<OwnerID>0</OwnerID>')}</InvoiceQueryRq>")
    assert [one.findtext("DataExtType") for one in ret.iterfind("InvoiceLineRet/DataExtRet")] == ["STR255TYPE"]
    of_line = f"{target}<TxnLineID>{ret.findtext('InvoiceLineRet/TxnLineID')}</TxnLineID>".replace(
        str(sold.findtext("TxnID")), str(made.findtext("TxnID"))
    )
    assert [field("Mod", "Rack", "1", of_line), field("Mod", "Bin", "5", of_line)] == ["3120", "0"]
    assert field("Mod", "Bin", "1", f"{target}<TxnLineID>7-7</TxnLineID>") == "3120"
    (ret,) = ask(file, f"{query.format('<OwnerID>0</OwnerID>')}</InvoiceQueryRq>")
    assert ret.findtext("InvoiceLineRet/DataExtRet/DataExtValue") == "5"
    assert [field("Del", "Bin", target=of_line), field("Del", "Bin", target=of_line)] == ["0", "3120"]
    (ret,) = ask(file, f"{query.format('')}</InvoiceQueryRq>")
    assert len(ret.findall("InvoiceLineRet")) == 1
    assert not list(ret.iter("DataExtRet"))
    defined = ask(file, "<DataExtDefQueryRq><OwnerID>0</OwnerID></DataExtDefQueryRq>")
    assert [(one.findtext("DataExtName"), one.findtext("AssignToObject")) for one in defined] == [
        *(("Bin", "Item"), ("Rack", "Customer")),
    ]


MODIFIED = [name for name in KINDS if is_message(f"{name}Mod")]


@pytest.mark.parametrize("entity", MODIFIED)
def test_a_mod_that_says_nothing_changes_nothing_but_the_stamp(seeded: CompanyFile, entity: str) -> None:
    options = "<ActiveStatus>All</ActiveStatus>" if message(f"{entity}QueryRq").find("ActiveStatus") else ""
    options += (
        "<IncludeLineItems>true</IncludeLineItems>" if message(f"{entity}QueryRq").find("IncludeLineItems") else ""
    )
    options += (
        "<IncludeLinkedTxns>true</IncludeLinkedTxns>" if message(f"{entity}QueryRq").find("IncludeLinkedTxns") else ""
    )
    before = ask(seeded, f"<{entity}QueryRq>{options}</{entity}QueryRq>")[0]
    after = modify(seeded, before, "")[0]
    stamps = ("TimeModified", "EditSequence")
    old, new = (
        [(part.tag, "".join(part.itertext())) for part in ret if part.tag not in stamps] for ret in (before, after)
    )
    assert new == old
    assert after.findtext("EditSequence") != before.findtext("EditSequence")


def test_a_bookkeeper_edits_adds_and_deletes_what_is_not_in_use(seeded: CompanyFile, clock: HandClock) -> None:
    before = seeded.counts()
    clock.move(days=1)
    done = change(seeded, edits=120, deletions=20, creations=10)
    made, gone, edited = (sum(map(len, kind.values())) for kind in (done.created, done.deleted, done.edited))
    assert (made, gone, edited) == (10, 20, 120)
    assert sum(seeded.counts().values()) == sum(before.values()) + made - gone
    since = "<FromModifiedDate>2025-11-22T14:20:00</FromModifiedDate>"
    found = ask(seeded, f"<CustomerQueryRq><ActiveStatus>All</ActiveStatus>{since}</CustomerQueryRq>")
    assert {ret.findtext("ListID") for ret in found} >= set(done.edited["Customer"]) - set(
        done.deleted.get("Customer", [])
    )
    kept = {row["ListID"] for row in seeded.rows("Customer")}
    assert {row["CustomerRef"]["ListID"] for row in seeded.rows("Invoice")} <= kept


def test_the_same_bookkeeper_makes_the_same_changes(seeded_once: Path, tmp_path: Path, clock: HandClock) -> None:
    copies = [CompanyFile.open(shutil.copy(seeded_once, tmp_path / name), now=clock) for name in ("a", "b")]
    assert change(copies[0], edits=30, deletions=5, creations=5) == change(
        copies[1], edits=30, deletions=5, creations=5
    )
    for copy in copies:
        copy.close()


def test_drift_changes_one_thing_at_a_time(seeded: CompanyFile) -> None:
    for number in range(5):
        done = drift(seeded, seed=number)
        assert sum(len(ids) for kind in (done.created, done.edited, done.deleted) for ids in kind.values()) == 1
