"""What one transaction does to others in the practice company file: payments, credits, deposits, orders."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sync.practice.company import CompanyFile
from tests.sync.asking import LINE, WHO, HandClock, add, ask, code, customer, delete, invoice, new_file, shop

VENDOR = "<VendorRef><FullName>County</FullName></VendorRef>"
RENT = "<AccountRef><FullName>Rent</FullName></AccountRef>"


@pytest.fixture
def file(tmp_path: Path) -> Iterator[CompanyFile]:
    made = new_file(tmp_path, HandClock())
    shop(made)
    yield made
    made.close()


def pay(file: CompanyFile, txn_id: str, total: str, applied: str) -> Any:
    body = f"{WHO}<TotalAmount>{total}</TotalAmount>"
    to = f"<AppliedToTxnAdd><TxnID>{txn_id}</TxnID><PaymentAmount>{applied}</PaymentAmount></AppliedToTxnAdd>"
    return ask(file, f"<ReceivePaymentAddRq><ReceivePaymentAdd>{body}{to}</ReceivePaymentAdd></ReceivePaymentAddRq>")


def test_a_payment_pays_its_invoice_and_its_deletion_opens_it_again(file: CompanyFile) -> None:
    ret = invoice(file, ("Delivery", "1", "100.00"))
    answer = pay(file, ret.findtext("TxnID"), "120.00", "100.00")
    assert (code(answer), answer[0].findtext("UnusedPayment")) == ("0", "20.00")
    paid = next(file.rows("Invoice"))
    assert (paid["IsPaid"], paid["BalanceRemaining"], paid["AppliedAmount"]) == ("true", "0.00", "-100.00")
    assert paid["LinkedTxn"][0]["TxnID"] == answer[0].findtext("TxnID")
    assert customer(file)["Balance"] == "-20.00"
    assert code(delete(file, ret)) == "3160"
    assert code(delete(file, answer[0])) == "0"
    assert next(file.rows("Invoice"))["BalanceRemaining"] == "100.00"
    assert customer(file)["Balance"] == "100.00"


def test_a_payment_above_the_open_balance_answers_3210(file: CompanyFile) -> None:
    ret = invoice(file, ("Delivery", "1", "100.00"))
    assert code(pay(file, ret.findtext("TxnID"), "500.00", "100.01")) == "3210"
    assert file.count("ReceivePayment") == 0


def test_auto_apply_pays_the_oldest_open_invoices_first(file: CompanyFile) -> None:
    for day in ("03", "01", "02"):
        invoice(file, ("Delivery", "1", "100.00"), more=f"<TxnDate>2025-11-{day}</TxnDate>")
    ret = add(file, "ReceivePayment", f"{WHO}<TotalAmount>150.00</TotalAmount><IsAutoApply>true</IsAutoApply>")
    assert [row.findtext("Amount") for row in ret.findall("AppliedToTxnRet")] == ["100.00", "50.00"]
    left = {row["TxnDate"]: row["BalanceRemaining"] for row in file.rows("Invoice")}
    assert left == {"2025-11-01": "0.00", "2025-11-02": "50.00", "2025-11-03": "100.00"}


def test_a_credit_memo_is_used_up_by_the_invoice_it_is_set_against(file: CompanyFile) -> None:
    line = (
        "<CreditMemoLineAdd><ItemRef><FullName>Delivery</FullName></ItemRef><Amount>40.00</Amount></CreditMemoLineAdd>"
    )
    credit = add(file, "CreditMemo", f"{WHO}{line}").findtext("TxnID")
    use = f"<SetCredit><CreditTxnID>{credit}</CreditTxnID><AppliedAmount>40.00</AppliedAmount></SetCredit>"
    ret = invoice(file, ("Delivery", "1", "100.00"), more=use)
    assert (ret.findtext("BalanceRemaining"), ret.findtext("AppliedAmount")) == ("60.00", "-40.00")
    assert next(file.rows("CreditMemo"))["CreditRemaining"] == "0.00"
    assert customer(file)["Balance"] == "60.00"


def test_a_bill_is_paid_by_a_check_and_the_vendor_owed_nothing(file: CompanyFile) -> None:
    line = f"<ExpenseLineAdd>{RENT}<Amount>900.00</Amount></ExpenseLineAdd>"
    bill = add(file, "Bill", f"{VENDOR}{line}")
    assert (bill.findtext("AmountDue"), bill.findtext("IsPaid"), bill.findtext("OpenAmount")) == (
        "900.00",
        "false",
        "900.00",
    )
    payee = "<PayeeEntityRef><FullName>County</FullName></PayeeEntityRef>"
    bank = "<BankAccountRef><FullName>Checking</FullName></BankAccountRef><RefNumber>1001</RefNumber>"
    to = f"<AppliedToTxnAdd><TxnID>{bill.findtext('TxnID')}</TxnID></AppliedToTxnAdd>"
    check = add(file, "BillPaymentCheck", f"{payee}{bank}{to}")
    assert check.findtext("Amount") == "900.00"
    (paid,) = file.rows("Bill")
    assert (paid["IsPaid"], paid["OpenAmount"]) == ("true", "0.00")
    assert next(file.rows("Vendor"))["Balance"] == "0.00"
    assert next(file.rows("Account"))["Balance"] == "-900.00"


def test_a_deposit_brings_the_payments_it_names_to_the_bank(file: CompanyFile) -> None:
    sold = invoice(file, ("Delivery", "1", "100.00")).findtext("TxnID")
    payment = pay(file, sold, "100.00", "100.00")[0].findtext("TxnID")
    line = f"<DepositLineAdd><PaymentTxnID>{payment}</PaymentTxnID></DepositLineAdd>"
    to = "<DepositToAccountRef><FullName>Checking</FullName></DepositToAccountRef>"
    ret = add(file, "Deposit", f"{to}{line}")
    assert (ret.findtext("DepositTotal"), ret.findtext("DepositLineRet/TxnType")) == ("100.00", "ReceivePayment")


def test_a_bill_made_of_an_order_takes_its_lines_and_links_both(file: CompanyFile) -> None:
    line = f"<PurchaseOrderLineAdd>{LINE.format(item='Edge', quantity='3', rate='5.00')}</PurchaseOrderLineAdd>"
    order = add(file, "PurchaseOrder", f"{VENDOR}{line}").findtext("TxnID")
    bill = add(file, "Bill", f"{VENDOR}<LinkToTxnID>{order}</LinkToTxnID>")
    assert (bill.findtext("AmountDue"), bill.findtext("ItemLineRet/Cost"), bill.findtext("LinkedTxn/TxnID")) == (
        "15.00",
        "5.00",
        order,
    )
    (received,) = file.rows("PurchaseOrder")
    assert (received["IsFullyReceived"], received["LinkedTxn"][0]["TxnID"]) == ("true", bill.findtext("TxnID"))
