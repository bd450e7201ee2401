"""QWCLog.txt read: what it says of each connection, the cause that is most likely, and no secret of it shown."""

import tracemalloc

import pytest

from sync import qwclog
from sync.keys import new_licence_key
from sync.qwclog import LogReader, Report, hide

SOAP = "QBWebConnector.SOAPWebService"
TICKET = "2a0185a1-95c8-a234-f927-c8705d69376b"


def line(clock: str, method: str, text: str) -> str:
    return f"20251121.{clock} UTC\t: {SOAP}.{method}() : {text}"


def update(app: str, minute: str, *, verdict: str = "", end: str = "OK", middle: tuple[str, ...] = ()) -> list[str]:
    """What one update writes."""
    closes = [
        line(f"14:{minute}:09", "do_closeConnection", f'Received following parameter:<closeConnectionRet="{end}">')
    ]
    return [
        line(f"14:{minute}:01", "instantiateWebService", "Initiated connection to the following application."),
        line(f"14:{minute}:01", "instantiateWebService", f"AppName: {app}"),
        line(f"14:{minute}:01", "do_serverVersion", "*** Calling serverVersion()."),
        line(
            f"14:{minute}:02",
            "do_authenticate",
            '*** Calling authenticate() with following parameters:<userName="c-1">',
        ),
        line(
            f"14:{minute}:03",
            "do_authenticate",
            f'Received from authenticate() following parameters:<authRet[0]="{TICKET}"><authRet[1]="{verdict}">',
        ),
        *middle,
        *(closes if not verdict else []),
    ]


def read(text: str | bytes, piece: int = 65536) -> Report:
    data = text.encode() if isinstance(text, str) else text
    reader = LogReader()
    for at in range(0, len(data), piece):
        reader.feed(data[at : at + piece])
    return reader.report()


DIALOG = (
    line("14:20:05", "do_connectionError", "QBWC1013: Error connecting to QuickBooks."),
    "HRESULT = 0x80040414",
    "Message: A modal dialog box is showing in the QuickBooks user interface.",
)


def test_each_connection_is_told_apart_with_times_calls_results_and_codes() -> None:
    log = [*update("Deskbridge - Halder", "10"), *update("Another Link", "20", middle=DIALOG, end="Stopped")]
    report = read("\r\n".join(log))
    ours, other = report.applications
    assert (ours.name, ours.first_at, ours.last_at) == (
        "Deskbridge - Halder",
        "2025-11-21 14:10:01",
        "2025-11-21 14:10:09",
    )
    assert (ours.updates, ours.calls["authenticate"], ours.results) == (1, 1, [("2025-11-21 14:10:09", "OK")])
    assert ours.codes == {}
    assert list(other.codes) == ["QBWC1013", "0x80040414"]
    assert other.codes["0x80040414"].evidence == ["HRESULT = 0x80040414"]


def test_the_cause_is_what_quickbooks_said_not_what_the_web_connector_put_around_it() -> None:
    report = read("\n".join(update("Deskbridge - Halder", "20", middle=DIALOG)))
    assert report.cause
    assert (report.cause.application, report.cause.code) == ("Deskbridge - Halder", "0x80040414")
    assert not report.cause.over
    assert report.cause.evidence == ("HRESULT = 0x80040414",)


def test_a_password_that_was_refused_is_the_cause() -> None:
    report = read("\n".join(update("Deskbridge - Halder", "20", verdict="nvu")))
    assert report.cause
    assert report.cause.code == "QBWC1040"
    assert TICKET not in str(report)


def test_a_failure_before_an_update_that_went_well_is_over() -> None:
    log = [*update("Deskbridge", "20", middle=DIALOG), *update("Deskbridge", "30")]
    cause = read("\n".join(log)).cause
    assert cause
    assert cause.over
    again = read("\n".join([*log, *update("Deskbridge", "40", middle=(DIALOG[0].replace("14:20", "14:40"),))])).cause
    assert again
    assert (again.code, again.over) == ("QBWC1013", False)


def test_an_update_with_nothing_to_do_is_no_failure() -> None:
    report = read("\n".join(update("Deskbridge", "20", verdict="none")))
    assert report.cause is None
    assert report.applications[0].nothing_to_do == 1


def test_a_log_of_an_old_version_without_server_version_counts_its_updates() -> None:
    log = [one for one in [*update("A", "10"), *update("A", "20")] if "serverVersion" not in one]
    assert read("\n".join(log)).applications[0].updates == 2


@pytest.mark.parametrize("piece", [1, 7, 65536])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_every_encoding_and_every_cut_into_pieces_reads_alike(encoding: str, piece: int) -> None:
    text = "\r\n".join(update("Halder Müller", "20", middle=DIALOG))
    report = read(text.encode(encoding), piece)
    assert report.fault == ""
    assert report.applications[0].name == "Halder Müller"
    assert report.cause
    assert report.cause.code == "0x80040414"


def test_another_code_page_is_read_with_its_signs_replaced() -> None:
    report = read("\n".join(update("Halder Müller", "20", middle=DIALOG)).encode("cp1252"))
    assert report.applications[0].name == "Halder M\ufffdller"
    assert report.cause


SECRET = "Hunter-2 is my <dog>"


A_TICKET = "9f86d081884c7d659a2feaa0c55ad015"
A_KEY = "7KQ2M-ABCDE-FGHJK-LMNPQ-RSTU2"


@pytest.mark.parametrize(
    "text",
    [
        f'<userName="c-1"><password="{SECRET}">',
        f'strPassword = "{SECRET}" QBWC1040',
        'password="a"b"> QBWC1012',
        f"pwd='{SECRET}'",
        "Password: Hunter-2",
        f'wcTicket="{A_TICKET}" QBWC1042',
        f"<ticket>{A_TICKET}</ticket>",
        f'<authRet[0]="{TICKET}">',
        f"sessionID={TICKET}",
        f"key {A_KEY} was typed",
        f"key {A_KEY.lower()} was typed",
        f"key {A_KEY.replace('-', ' ')} was typed",
        f"key {A_KEY.replace('-', '')} was typed",
        "SSN 123-45-6789, card 4111111111111111",
    ],
)
def test_no_secret_is_shown(text: str) -> None:
    shown = hide(text)
    assert qwclog.HIDDEN in shown
    for secret in (SECRET, "Hunter", "dog", '"a"', 'b"', TICKET, "6789", "41111"):
        assert secret not in shown
    for word in text.replace("=", " ").replace('"', " ").replace("<", " ").replace(">", " ").split():
        assert len(word) < 20 or word not in shown


def test_what_is_no_secret_stays() -> None:
    plain = "QBWC1013: Could never start QuickBooks. HRESULT = 0x80040408 in C:\\Books\\Halder.qbw"
    assert hide(plain) == plain


def test_a_secret_in_a_result_or_a_name_is_hidden_too() -> None:
    key = new_licence_key()
    report = read("\n".join(update(f"Deskbridge {key}", "20", end=f"Stopped: password={key}")))
    assert key not in str(report)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "There is nothing in it."),
        (b"   \n\n", "There is nothing in it."),
        (b"PK\x03\x04rest", "This is a zip file."),
        (b"%PDF-1.7", "This is a PDF"),
        (bytes(range(256)) * 40, "This is not a text file."),
        (b"MZ\x90\x00\x03\x00\x00\x00" * 4000, "This is not a text file."),
        (b"Dear support,\nit does not work.\n", "This does not look like the log of the Web Connector"),
        (b"<html><script>alert(1)</script></html>", "This does not look like the log of the Web Connector"),
    ],
)
def test_what_is_no_log_gets_a_clear_sentence(data: bytes, words: str) -> None:
    report = read(data)
    assert words in report.fault
    assert report.applications == ()
    assert report.cause is None


def test_html_in_a_line_is_kept_as_text() -> None:
    log = update("<script>alert(1)</script>", "20", middle=(line("14:20:05", "x", "QBWC1042: <b>bad</b>\x1b[31m"),))
    report = read("\n".join(log))
    assert report.applications[0].name == "<script>alert(1)</script>"  # the page escapes it
    assert "\x1b" not in str(report.cause)


def test_very_long_lines_and_many_of_them_cost_no_memory() -> None:
    answer = line("14:20:04", "ProcessRequestXML", "<CustomerRet>" + "x" * 3_000_000)
    log = "\n".join([*update("Deskbridge", "20", middle=(answer, *DIALOG))]).encode()
    many = b"\n".join(line("14:20:04", "x", f"QBWC1{n % 900:03d} AppName: app{n}").encode() for n in range(20_000))
    tracemalloc.start()
    report = read(log + b"\n" + many)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert report.cut == 1
    assert len(report.applications) <= qwclog.APPLICATIONS
    assert all(len(app.codes) <= qwclog.CODES for app in report.applications)
    assert peak < 15_000_000  # of which the log itself is 5 MB, held by this test
