"""How values read: amounts, counts, times, durations, field names; pure, without a server."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sync.qbxml.fields import Kind
from sync.smtp import is_email
from web import filters
from web.forms import local_path
from web.values import groups_of, in_order, label_of, lines_of, shown

NOW = datetime(2025, 11, 21, 14, 31, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("shows", "value", "text"),
    [
        (filters.money, "4331.03", "4,331.03"),
        (filters.money, "-310", "(310.00)"),
        (filters.money, "0", "0.00"),
        (filters.money, None, ""),
        (filters.money, "not a number", "not a number"),
        (filters.quantity, "2.50000", "2.5"),
        (filters.quantity, "1000", "1,000"),
        (filters.count, 12340, "12,340"),
        (filters.words, 3, "three"),
        (filters.words, 29, "29"),
        (filters.percent, 62.4, "62 %"),
        (filters.duration, 9.2, "9 s"),
        (filters.duration, 2282, "38 min 2 s"),
        (filters.duration, 12480, "3 h 28 min"),
        (filters.duration, 400000, "4 days"),
        (filters.duration, None, ""),
        (filters.about, 20, "less than a minute"),
        (filters.about, 364, "about 6 min"),
        (filters.size, 612, "612 bytes"),
        (filters.size, 1_200_000_000, "1.2 GB"),
        (filters.qb_time, "2025-11-18T09:31:00-08:00", "18 Nov 2025, 09:31"),
        (filters.qb_time, "2025-11-18", "18 Nov 2025"),
        (filters.qb_time, "2025-99-18", "2025-99-18"),
        (filters.qb_day, "2025-11-18T09:31:00-08:00", "18 Nov 2025"),
        (filters.initials, "Tomas Weir", "TW"),
        (filters.initials, "Ruth", "R"),
        (filters.upper_first, "today, 14:20", "Today, 14:20"),
        (filters.browser_name, "Mozilla/5.0 (Windows NT 10.0) Chrome/140 Edg/140", "Edge on Windows"),
    ],
)
def test_a_value_reads_as_the_design_says(shows: Callable[[Any], str], value: object, text: str) -> None:
    assert shows(value) == text


def test_a_time_of_today_says_so_and_an_older_one_has_its_date() -> None:
    here = filters.local(NOW)
    assert filters.day_time(NOW, now=NOW) == f"today, {here:%H:%M}"
    old = NOW - timedelta(days=400)
    assert filters.day_time(old, seconds=True, now=NOW).startswith("17 Oct 2024, ")
    assert filters.ago(NOW - timedelta(hours=3, minutes=28), NOW) == "3 h 28 min ago"
    assert filters.duration(0.41, exact=True) == "0.4 s"


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("SalesTaxCodeRef", "Sales tax code"),
        ("PONumber", "PO number"),
        ("IsActive", "Active"),
        ("InvoiceLineRet", "Invoice line"),
        ("BillAddress", "Billing address"),
        ("ARAccountRef", "A/R account"),
        ("FOB", "FOB"),
        ("CustomField15", "Custom field 15"),
    ],
)
def test_a_field_is_called_what_people_say(name: str, label: str) -> None:
    assert label_of(name) == label


def test_values_are_shown_by_their_kind() -> None:
    assert shown("1234.5", Kind.AMT) == "1,234.50"
    assert shown("true", Kind.BOOL) == "Yes"
    assert shown("7.75", Kind.PCT) == "7.75 %"
    assert shown("••••4417", Kind.AMT) == "••••4417"


def test_fields_come_in_the_order_of_the_schema_however_they_are_kept() -> None:
    kept = {"Name": "A", "BillAddress": {"City": "Napa", "Addr1": "1 Main"}, "ListID": "8-1", "Unknown": "x"}
    ordered = in_order("Customer", kept)
    assert list(ordered) == ["ListID", "Name", "BillAddress", "Unknown"]
    assert list(ordered["BillAddress"]) == ["Addr1", "City"]


def test_what_a_record_says_is_escaped() -> None:
    fields = {
        "Name": "<b>A</b>",
        "TermsRef": {"ListID": "1", "FullName": "<i>"},
        "BillAddress": {"Addr1": "<script>"},
        "DataExtRet": [{"DataExtName": "Yard", "DataExtValue": "<v>"}],
        "AdditionalContactRef": [{"ContactName": "<u>", "ContactValue": "1"}],
    }
    entries = [str(value) for _, group in groups_of("Customer", fields, {"1": "/x"}) for _, value, _ in group]
    assert entries == ["&lt;b&gt;A&lt;/b&gt;", "&lt;script&gt;", '<a href="/x">&lt;i&gt;</a>', "&lt;v&gt;"]
    assert str(lines_of("Customer", fields, {})[0].rows[0][0]) == "&lt;u&gt;"


@pytest.mark.parametrize("path", ["/companies/1?a=b", "/", "/companies/1/records/Customer?q=a%2Fb"])
def test_a_path_on_this_host_is_kept(path: str) -> None:
    assert local_path(path) == path


@pytest.mark.parametrize("path", ["", "companies", "//x", "/\\x", "http://x/", "/a\nb", "/" + "a" * 2000])
def test_everything_else_leads_home(path: str) -> None:
    assert local_path(path) == "/"


def test_an_e_mail_has_a_name_and_a_host() -> None:
    assert is_email("ruth@halder.example")
    assert not any(is_email(text) for text in ("ruth", "ruth@", "@x.example", "a b@x.example", "ruth@host", "a@b@c.d"))
