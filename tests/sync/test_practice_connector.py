"""The practice Web Connector against a small service that speaks the product's SOAP: order, bytes, replies, mishaps."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sync import soap
from sync.practice.connector import Faults, QuickBooksError, Qwc, QwcRefused, Session, WebConnector, read_qwc
from sync.practice.faults import (
    CutBody,
    DialogOpen,
    DieAfter,
    DieBefore,
    DropReply,
    Hresult,
    Lasting,
    Once,
    SendTwice,
    Silence,
    SlowQuickBooks,
    WrongPassword,
)

OWNER = "{6B3E1D0C-5C0E-4E0B-9B7C-1B8F9E2A7D11}"
FILE = "{0E6A4B1F-2D53-4C59-8D6F-3A1C90B7E245}"
BOOKS = r"C:\Books\Acme & Sons.qbw"
QWC = """<?xml version="1.0"?>
<QBWCXML>
  <AppName>Acme Books &amp; Co</AppName>
  <AppID></AppID>
  <AppURL>http://localhost:8000/qbwc</AppURL>
  <AppDescription>Carries the books</AppDescription>
  <AppSupport>http://localhost:8000/help</AppSupport>
  <UserName>c-7f3a91</UserName>
  <OwnerID>{6B3E1D0C-5C0E-4E0B-9B7C-1B8F9E2A7D11}</OwnerID>
  <FileID>{0E6A4B1F-2D53-4C59-8D6F-3A1C90B7E245}</FileID>
  <QBType>QBFS</QBType>
  <Style>Document</Style>
  <Scheduler><RunEveryNMinutes>30</RunEveryNMinutes></Scheduler>
  <IsReadOnly>false</IsReadOnly>
</QBWCXML>
"""
OPENING = ["serverVersion", "clientVersion", "authenticate"]
ROUND = ["sendRequestXML", "receiveResponseXML"]


@dataclass
class Profile:
    windows_path: str = BOOKS
    country: str = "US"
    versions: tuple[str, ...] = ("1.0", "9.0", "13.0", "12.0")


@dataclass
class ScriptedFile:
    """QuickBooks with a file open that answers every document with the same words."""

    profile: Profile = field(default_factory=Profile)
    answer: str = '<?xml version="1.0" ?>\n<QBXML><Name>A &amp; "B"</Name>\r</QBXML>'
    refusal: QuickBooksError | None = None
    rows: dict[str, str] = field(default_factory=dict)
    processed: list[str] = field(default_factory=list)

    def begin_session(self, app_name: str, *, owner_id: str, machine: str) -> None:
        self.rows["AppLock"] = f"LOCKED:{machine}:638000000000000000"

    def end_session(self) -> None:
        del self.rows["AppLock"]

    def process(self, request: str) -> str:
        self.processed.append(request)
        if self.refusal:
            raise self.refusal
        return self.answer

    def host_company_preferences(self, owner_id: str) -> str:
        return f"<QBXML>{self.rows}</QBXML>"

    def add_application(self, owner_id: str, file_id: str) -> None:
        self.rows.setdefault("FileID", file_id)

    def file_id(self, owner_id: str) -> str:
        return self.rows["FileID"]


Result = str | int | list[str]
DEFAULTS: dict[str, Result] = {
    "serverVersion": "1",
    "clientVersion": "",
    "authenticate": ["{T}", ""],
    "sendRequestXML": "<QBXML>\n<A>1 &amp; 2</A></QBXML>",
    "receiveResponseXML": 100,
    "connectionError": "done",
    "getLastError": "It did not work.",
    "closeConnection": "OK",
    "interactiveRejected": "Nobody was there.",
}


class Service:
    """Answers calls from a script: the next reply of each method, the last of them for ever."""

    def __init__(self) -> None:
        self.script: dict[str, list[Result]] = {name: [result] for name, result in DEFAULTS.items()}
        self.heads: list[str] = []
        self.bodies: list[bytes] = []
        self.calls: list[soap.Call] = []
        self.connections = 0
        self.broken = 0
        self.pages = {"/qbwc": 200, "/help": 200}
        self.close_each = False
        self.hangs_up_at = 0
        self.says_continue = True
        self.raw: Callable[[str], bytes] | None = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while await self.request(reader, writer):
                pass
        except asyncio.IncompleteReadError as error:
            self.broken += bool(error.partial)
        finally:
            writer.close()

    async def request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        if head.startswith("GET"):
            status = self.pages[head.split()[1]]
            writer.write(f"HTTP/1.1 {status} x\r\nContent-Length: 2\r\n\r\nok".encode())
            return True
        self.heads.append(head)
        if len(self.heads) == self.hangs_up_at:
            return False
        headers = dict(line.split(": ", 1) for line in head.splitlines()[1:] if line)
        if "Expect" in headers and self.says_continue:
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = await reader.readexactly(int(headers["Content-Length"]))
        writer.write(self.answer(body))
        return not self.close_each

    def answer(self, body: bytes) -> bytes:
        call = soap.decode(body)
        self.bodies.append(body)
        self.calls.append(call)
        if self.raw is not None:
            return self.raw(call.method)
        results = self.script[call.method]
        reply = soap.encode(call.method, results.pop(0) if len(results) > 1 else results[0])
        return http(reply)

    def methods(self) -> list[str]:
        return [call.method for call in self.calls]


def http(body: bytes, *, kind: str = soap.CONTENT_TYPE, status: int = 200) -> bytes:
    return f"HTTP/1.1 {status} x\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


@dataclass
class World:
    """A service, its address, and what the practice Web Connector slept."""

    service: Service
    url: str
    file: ScriptedFile
    slept: list[float] = field(default_factory=list)
    connectors: list[WebConnector] = field(default_factory=list)

    def connector(self, *faults: Once | Lasting, closed: bool = False, **options: object) -> WebConnector:
        made = WebConnector(
            read_qwc(QWC.encode()),
            "KEY",
            None if closed else self.file,
            url=self.url,
            faults=Faults(faults),
            sleep=self.sleep,
            **options,
        )
        self.connectors.append(made)
        return made

    async def update(self, *faults: Once | Lasting, auto: bool = False, **options: object) -> Session:
        return await self.connector(*faults, **options).update(auto=auto)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    service = Service()
    server = await asyncio.start_server(service.serve, "127.0.0.1", 0)
    made = World(service, f"http://localhost:{server.sockets[0].getsockname()[1]}/qbwc", ScriptedFile())
    yield made
    for connector in made.connectors:
        connector.close()
    server.close()
    await server.wait_closed()
    await asyncio.sleep(0)


async def test_an_update_makes_the_calls_in_the_real_order(world: World) -> None:
    world.service.script["receiveResponseXML"] = [40, 80, 100]
    session = await world.update()
    assert session.calls == world.service.methods() == [*OPENING, *ROUND * 3, "closeConnection"]
    assert session.replies["receiveResponseXML"] == [40, 80, 100]
    assert (session.status, session.code, session.ticket, session.progress) == ("OK", "", "{T}", 100)
    assert world.service.connections == 1


async def test_the_request_is_byte_for_byte_what_the_real_program_sends(world: World) -> None:
    await world.update()
    opening = (
        '<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"><soap:Body>'
    )
    closing = "</soap:Body></soap:Envelope>"
    bodies = [body.decode().removeprefix(opening).removesuffix(closing) for body in world.service.bodies]
    space = 'xmlns="http://developer.intuit.com/"'
    assert bodies[0] == f"<serverVersion {space} />"
    assert bodies[2] == (
        f"<authenticate {space}><strUserName>c-7f3a91</strUserName><strPassword>KEY</strPassword></authenticate>"
    )
    assert bodies[4] == (
        f'<receiveResponseXML {space}><ticket>{{T}}</ticket><response>&lt;?xml version="1.0" ?&gt;&#10;&lt;QBXML&gt;'
        '&lt;Name&gt;A &amp;amp; "B"&lt;/Name&gt;&#xD;&lt;/QBXML&gt;</response><hresult /><message />'
        "</receiveResponseXML>"
    )
    head = world.service.heads[0].splitlines()
    assert head[0] == "POST /qbwc HTTP/1.1"
    assert 'SOAPAction: "http://developer.intuit.com/serverVersion"' in head
    assert "Content-Type: text/xml; charset=utf-8" in head
    assert any(line.startswith("User-Agent: Mozilla/4.0 (compatible; MSIE 6.0; MS Web Services") for line in head)


async def test_what_quickbooks_is_told_and_answers_passes_unchanged(world: World) -> None:
    await world.update()
    assert world.file.processed == [DEFAULTS["sendRequestXML"]]
    assert world.service.calls[4].text("response") == world.file.answer


async def test_the_first_request_alone_carries_the_file(world: World) -> None:
    world.service.script["receiveResponseXML"] = [50, 100]
    await world.update()
    first, second = (call for call in world.service.calls if call.method == "sendRequestXML")
    assert FILE in first.text("strHCPResponse")
    assert "LOCKED:FRONT-DESK-02:6" in first.text("strHCPResponse")
    assert second.text("strHCPResponse") == ""
    for call in (first, second):
        assert (call.text("strCompanyFileName"), call.text("qbXMLCountry")) == (BOOKS, "US")
        assert (call.number("qbXMLMajorVers"), call.number("qbXMLMinorVers")) == (13, 0)
    assert "AppLock" not in world.file.rows


@pytest.mark.parametrize(
    ("verdict", "status", "code"),
    [
        ("none", "No data exchange required", ""),
        ("NVU", "Invalid password for username", "QBWC1040"),
        ("busy", "Application busy", ""),
    ],
)
async def test_no_quickbooks_is_opened_without_an_update(world: World, verdict: str, status: str, code: str) -> None:
    world.service.script["authenticate"] = [["{T}", verdict, "", "90"]]
    session = await world.update(closed=True)
    assert session.calls == [*OPENING, "closeConnection"]
    assert (session.status, session.code, session.floor, session.postponed) == (status, code, 90.0, None)


async def test_a_wrong_password_is_sent_as_typed(world: World) -> None:
    await world.update(WrongPassword())
    assert world.service.calls[2].text("strPassword") == "KEY1"


async def test_no_password_is_in_the_record(world: World) -> None:
    assert "KEY" not in repr(await world.update())


@pytest.mark.parametrize(
    ("reply", "code", "calls"),
    [
        ("W:old", "", 6),
        ("E:Install 2.3", "QBWC1037", 2),
        ("O:2.0", "QBWC1037", 2),
        ("fine", "QBWC1046", 2),
    ],
)
async def test_client_version_decides_whether_it_goes_on(world: World, reply: str, code: str, calls: int) -> None:
    world.service.script["clientVersion"] = [reply]
    session = await world.update()
    assert (session.code, len(session.calls)) == (code, calls)


async def test_postponement_counts_in_auto_run_only(world: World) -> None:
    world.service.script["authenticate"] = [["{T}", "", "120"]]
    session = await world.update(auto=True)
    assert (session.status, session.calls) == ("Update postponed by application", OPENING)
    assert (await world.update()).status == "OK"


@pytest.mark.parametrize("empty", ["", "NoOp"])
async def test_noop_waits_and_asks_again_without_the_file(world: World, empty: str) -> None:
    world.service.script |= {"sendRequestXML": [empty, "<QBXML/>"], "getLastError": ["NoOp"]}
    session = await world.update()
    assert session.calls == [*OPENING, "sendRequestXML", "getLastError", *ROUND, "closeConnection"]
    assert world.slept == [5.0]
    assert world.service.calls[5].text("strHCPResponse") == ""


async def test_an_empty_request_ends_with_the_last_error(world: World) -> None:
    world.service.script["sendRequestXML"] = [""]
    session = await world.update()
    assert session.calls == [*OPENING, "sendRequestXML", "getLastError", "closeConnection"]
    assert session.status == "It did not work."


async def test_interactive_mode_is_declined(world: World) -> None:
    world.service.script |= {"sendRequestXML": [""], "getLastError": ["Interactive mode"]}
    session = await world.update()
    assert session.calls[-2:] == ["interactiveRejected", "closeConnection"]
    assert session.status == "Nobody was there."


async def test_a_negative_percentage_ends_with_the_last_error(world: World) -> None:
    world.service.script["receiveResponseXML"] = [0, -1]
    session = await world.update()
    assert session.calls == [*OPENING, *ROUND * 2, "getLastError", "closeConnection"]
    assert session.status == "It did not work."


async def test_a_refused_document_travels_as_an_hresult(world: World) -> None:
    world.file.refusal = QuickBooksError("0x80040400", "QuickBooks found an error.")
    await world.update()
    call = world.service.calls[4]
    assert [call.text(name) for name in ("response", "hresult", "message")] == [
        "",
        "0x80040400",
        "QuickBooks found an error.",
    ]


async def test_a_closed_quickbooks_is_reported_until_done(world: World) -> None:
    world.service.script["connectionError"] = ["", r"C:\other.qbw", "Done"]
    session = await world.update(closed=True)
    assert session.calls == [*OPENING, *["connectionError"] * 3]
    assert [call.text("hresult") for call in world.service.calls[3:]] == ["0x80040416", "0x80040416", "0x80040408"]
    assert session.code == "QBWC1013"


async def test_another_open_file_is_reported_and_the_open_one_taken_when_told(world: World) -> None:
    world.service.script |= {"authenticate": [["{T}", r"C:\other.qbw"]], "connectionError": [BOOKS.upper()]}
    session = await world.update()
    assert world.service.calls[3].text("hresult") == "0x8004040A"
    assert session.status == "OK"


async def test_a_service_that_always_says_retry_does_not_keep_it_for_ever(world: World) -> None:
    world.service.script["connectionError"] = [""]
    session = await world.update(DialogOpen())
    assert world.service.calls[-1].text("hresult") == "0x80040414"
    assert session.code == "QBWC1009"


async def test_a_lost_reply_ends_the_update_after_the_call_was_made(world: World) -> None:
    connector = world.connector(DropReply("receiveResponseXML", 2))
    world.service.script["receiveResponseXML"] = [10]
    session = await connector.update()
    assert (session.code, session.replies["receiveResponseXML"]) == ("QBWC1042", [10, None])
    assert world.service.methods() == session.calls == [*OPENING, *ROUND * 2]
    assert "AppLock" not in world.file.rows
    world.service.script["receiveResponseXML"] = [100]
    assert (await connector.update()).status == "OK"


async def test_a_call_sent_twice_arrives_twice(world: World) -> None:
    session = await world.update(SendTwice())
    assert session.calls.count("receiveResponseXML") == 1
    assert world.service.methods().count("receiveResponseXML") == 2


async def test_a_killed_program_says_nothing_more(world: World) -> None:
    session = await world.update(DieBefore("closeConnection"))
    assert session.died
    assert world.service.methods() == [*OPENING, *ROUND]
    assert "AppLock" in world.file.rows


async def test_a_program_killed_after_a_call_has_made_it(world: World) -> None:
    session = await world.update(DieAfter("sendRequestXML"))
    assert (session.died, world.file.processed) == (True, [])
    assert world.service.methods() == [*OPENING, "sendRequestXML"]


async def test_a_connection_lost_within_the_body_delivers_nothing(world: World) -> None:
    world.file.answer = "x" * 100_000
    session = await world.update(CutBody("receiveResponseXML"))
    assert session.code == "QBWC1042"
    assert world.service.methods() == [*OPENING, "sendRequestXML"]
    while not world.service.broken:
        await asyncio.sleep(0)


async def test_quickbooks_can_be_slow_refuse_and_fall_silent(world: World) -> None:
    await world.update(SlowQuickBooks(9.0), Hresult(1, "0x80040402"), Silence("receiveResponseXML", 1, 60.0))
    assert world.slept == [9.0, 60.0]
    assert world.file.processed == []
    assert world.service.calls[4].text("hresult") == "0x80040402"


async def test_the_log_keeps_fifty_characters_when_it_is_not_verbose(world: World) -> None:
    world.file.answer = "x" * 1000
    session = await world.update(verbose=False)
    assert session.exchanges[4].arguments["response"] == "x" * 50


@pytest.mark.parametrize("says_continue", [True, False])
async def test_the_body_follows_100_continue_or_a_short_wait(world: World, says_continue: bool) -> None:
    world.service.says_continue = says_continue
    session = await world.update(expect_continue=True)
    assert session.status == "OK"
    assert "Expect: 100-continue" in world.service.heads[0]


async def test_a_server_that_closes_after_each_answer_is_asked_on_new_connections(world: World) -> None:
    world.service.close_each = True
    session = await world.update()
    assert (session.status, world.service.connections) == ("OK", len(session.calls))


async def test_a_kept_connection_that_the_server_gave_up_is_replaced_once(world: World) -> None:
    world.service.hangs_up_at = 4
    session = await world.update()
    assert (session.status, world.service.connections, len(world.service.heads)) == ("OK", 2, len(session.calls) + 1)


async def test_a_chunked_reply_is_read(world: World) -> None:
    def chunked(method: str) -> bytes:
        body = soap.encode(method, DEFAULTS[method])
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:7], body[7:]))
        return (
            b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"
        )

    world.service.raw = chunked
    assert (await world.update()).status == "OK"


ARRAYS = soap.encode("authenticate", ["{T}", ""]).replace(b"tns:string", b"string")


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        (
            http(b"<html/>", kind="text/html"),
            "Client found response content type of 'text/html', but expected 'text/xml'.",
        ),
        (http(b"", status=302, kind=""), "Client found response content type of ''"),
        (http(soap.fault("Not today."), status=500), "Not today."),
        (http(b"<oops", kind="text/xml"), "not well-formed"),
        (http(b"<oops/>", kind="text/xml"), "not a SOAP 1.1 envelope"),
        (http(ARRAYS), "Index was outside the bounds of the array."),
        (b"HTTP/1.1\r\n\r\n", "The underlying connection was closed"),
    ],
)
async def test_a_reply_that_dotnet_cannot_read_fails_authentication(world: World, reply: bytes, sentence: str) -> None:
    world.service.raw = lambda method: reply if method == "authenticate" else http(soap.encode(method, ""))
    session = await world.update()
    assert session.code == "QBWC1012"
    assert sentence in session.status


async def test_a_server_that_is_not_there_is_a_status_not_an_exception(world: World) -> None:
    connector = world.connector()
    connector._http.url = "http://localhost:9/qbwc"
    assert (await connector.update()).code == "QBWC1036"


async def test_auto_run_keeps_to_the_floor_and_the_postponement(world: World) -> None:
    world.service.script["authenticate"] = [["{T}", ""], ["{T}", "", "777"], ["{T}", "none", "", "5000"]]
    sessions: list[Session] = []
    running = asyncio.create_task(world.connector().run(every=1800, seen=sessions.append))
    while len(world.slept) < 4:
        await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert [session.status for session in sessions[:3]] == [
        "OK",
        "Update postponed by application",
        "No data exchange required",
    ]
    assert [round(seconds, -2) for seconds in world.slept[:4]] == [1800, 800, 5000, 5000]


async def test_adding_checks_the_pages_and_writes_the_file_id(world: World) -> None:
    await world.connector().add()
    assert world.file.rows == {"FileID": FILE}
    assert world.service.calls == []


@pytest.mark.parametrize(
    ("page", "status", "code"),
    [("/qbwc", 405, "QBWC1048"), ("/qbwc", 302, "QBWC1048"), ("/help", 404, "QBWC1003")],
)
async def test_adding_needs_public_pages(world: World, page: str, status: int, code: str) -> None:
    world.service.pages[page] = status
    with pytest.raises(QwcRefused) as refused:
        await world.connector().add()
    assert refused.value.code == code


async def test_a_file_bound_to_another_connection_is_refused(world: World) -> None:
    world.file.rows["FileID"] = "{11111111-2222-3333-4444-555555555555}"
    with pytest.raises(QwcRefused, match="QBWC1026"):
        await world.connector().add()


async def test_another_file_opened_later_has_no_file_id(world: World) -> None:
    connector = world.connector()
    await connector.add()
    connector.company_file = ScriptedFile()
    await connector.update()
    assert FILE not in world.service.calls[3].text("strHCPResponse")


def test_a_qwc_file_is_read(tmp_path: Path) -> None:
    place = tmp_path / "acme.qwc"
    place.write_text(QWC)
    assert read_qwc(place) == Qwc(
        app_name="Acme Books & Co",
        app_url="http://localhost:8000/qbwc",
        app_support="http://localhost:8000/help",
        app_description="Carries the books",
        user_name="c-7f3a91",
        owner_id=OWNER,
        file_id=FILE,
        qb_type="QBFS",
        cert_url="",
        is_read_only=False,
        every=1800.0,
    )


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("http://localhost:8000/qbwc", "http://books.example/qbwc", "QBWC1010"),
        ("http://localhost:8000/qbwc", "https://books.example/qbwc", "QBWC1000"),
        ("http://localhost:8000/qbwc", "https://10.0.0.1/qbwc", "QBWC1001"),
        ("http://localhost:8000/help", "http://127.0.0.1:8000/help", "QBWC1002"),
        ("<AppID></AppID>", "", "QBWC1039"),
        ("<AppID></AppID>", "<AppID/><AppID/>", "QBWC1039"),
        ("<AppID></AppID>", "<AppID/><Password>x</Password>", "QBWC1039"),
        ("QBFS", "QBXX", "QBWC1039"),
        (OWNER, OWNER.strip("{}"), "QBWC1039"),
        (FILE, "", "QBWC1039"),
        ("c-7f3a91", "", "QBWC1039"),
        (">30<", ">0<", "QBWC1039"),
        ("RunEveryNMinutes", "RunEveryNHours", "QBWC1039"),
        (">false<", ">maybe<", "QBWC1039"),
        ("<QBWCXML>", '<QBWCXML xmlns="x">', "QBWC1039"),
        ("<QBWCXML>", "<!DOCTYPE QBWCXML><QBWCXML>", "QBWC1039"),
        ("</QBWCXML>", "", "QBWC1039"),
    ],
)
def test_a_qwc_file_that_breaks_a_rule_is_refused_with_its_code(old: str, new: str, code: str) -> None:
    with pytest.raises(QwcRefused) as refused:
        read_qwc(QWC.replace(old, new).encode())
    assert refused.value.code == code


def test_the_first_interval_of_a_scheduler_counts() -> None:
    both = "<RunEveryNSeconds>90</RunEveryNSeconds><RunEveryNMinutes>30</RunEveryNMinutes>"
    assert read_qwc(QWC.replace("<RunEveryNMinutes>30</RunEveryNMinutes>", both).encode()).every == 90.0
    assert read_qwc(QWC.replace("<RunEveryNMinutes>30</RunEveryNMinutes>", "").encode()).every is None
