"""Reading QWCLog.txt, the log of the Web Connector: what each application did, and why it most likely fails.

Pure, and flat in memory: bytes are fed in pieces, lines are looked at once, a few of them are kept with every secret
hidden. The form of a line, from logs that people published:
    20221114.18:53:19 UTC<tab>: QBWebConnector.SOAPWebService.do_authenticate() : text
Lines without such a beginning belong to the one before: error texts, HRESULTs, XML.
"""

import codecs
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache

from sync.qbxml import statuses

LINE = 4000  # characters of a line that are looked at; VERBOSE logs hold whole answers in one
SHOWN = 400  # of a line that is shown
APPLICATIONS, CODES, EVIDENCE = 20, 30, 3  # as many are kept
MOST = 20_000_000  # bytes

ENTRY = re.compile(
    r"\s*(\d{4})(\d\d)(\d\d)\.(\d\d:\d\d:\d\d)(?:\.\d+)?\s+UTC\s*:\s*(?:([\w.]+)\(\)\s*:\s*)?(.*)", re.DOTALL
)
APP = re.compile(r"\bAppName: *(.+?)\s*$")
NEXT = "Initiated connection to the following application"  # its name follows
CALL = re.compile(r"\*\*\* Calling (\w+)\(\)")
VERDICT = re.compile(r'<authRet\[1\]="(.*?)">')
CLOSED = re.compile(r'<closeConnectionRet="(.*?)">')
LAST_ERROR = re.compile(r'<getLastErrorRet="(.*?)">')
CODE = re.compile(r"\bQBWC1\d{3}\b|\b0x8[0-9A-F]{7}\b", re.IGNORECASE)
ANY_CODE = re.compile(r"QBWC1\d{3}|0x8", re.IGNORECASE)  # cheap, before the one above
HIDDEN = "[hidden]"
NAMED = r"(?:str)?(?:password|passwd|pwd|wcTicket|ticket|sessionID|licen[cs]e ?key|token|secret|authRet\[0\])"
SECRETS = (
    re.compile(rf"(\b{NAMED}\s*[=:]\s*)(\"(?:[^\"]|\"(?=[^>\s,;]))*\"?|'[^']*'?|[^\s<>,;]+)", re.IGNORECASE),
    re.compile(rf"(<(?:\w+:)?{NAMED}\b[^>]*>)([^<]+)", re.IGNORECASE),
    re.compile(r"()(\{?[0-9A-F]{8}-(?:[0-9A-F]{4}-){3}[0-9A-F]{12}\}?)", re.IGNORECASE),  # tickets are GUIDs mostly
    re.compile(r"()(\b[A-Z0-9]{5}(?:-[A-Z0-9]{5}){2,})", re.IGNORECASE),  # groups of five: a licence key
    re.compile(r"()(\b[A-Z2-9]{5}(?: ?[A-Z2-9]{5}){4}\b)"),  # the same with spaces, or without anything
    re.compile(r"()(\b(?=\w*\d)(?=\w*[A-Za-z])\w{20,}\b)"),  # long and mixed: a key, a ticket, a token
    re.compile(r"()(\b\d{3}-\d{2}-\d{4}\b|\b\d{12,19}\b)"),  # personal numbers, cards
)

WRONG_KEY = "QBWC1040"
ONLY_SAYS_THAT = frozenset({"QBWC1006", "QBWC1012", "QBWC1013", "QBWC1017", "QBWC1031"})  # the reason stands elsewhere
NOT_TEXT = (
    (b"PK\x03\x04", "This is a zip file. Unpack it, and choose the QWCLog.txt in it."),
    (b"%PDF", "This is a PDF, not QWCLog.txt. Choose the log file itself."),
)
BINARY = "This is not a text file. Choose QWCLog.txt as the Web Connector wrote it."
EMPTY = "There is nothing in it. In the Web Connector, set Log Level to DEBUG, press Update Selected, and try again."
FOREIGN = (
    "This does not look like the log of the Web Connector: no line begins with a time as its lines do. "
    "Choose QWCLog.txt, or paste some of its lines whole."
)


@dataclass(slots=True)
class Seen:
    """One code in the log of one application."""

    code: str  # as the code guide spells it
    count: int = 0
    first_at: str = ""  # "2022-11-14 18:53:19", UTC
    last_at: str = ""
    update: int = 0  # number of the last update that showed it
    evidence: list[str] = field(default_factory=list)  # its last lines, secrets hidden


@dataclass(slots=True)
class Application:
    """What the log says of one connection."""

    name: str  # "" for lines before the first one is named
    first_at: str = ""
    last_at: str = ""
    updates: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    codes: dict[str, Seen] = field(default_factory=dict)
    results: list[tuple[str, str]] = field(default_factory=list)  # time and words of the last updates that closed
    good_update: int = 0  # number of the last one that closed without an error
    nothing_to_do: int = 0  # updates that ended with "none"


@dataclass(frozen=True, slots=True)
class Cause:
    """The most likely reason why an application does not sync."""

    application: str
    code: str
    over: bool  # a later update went well
    at: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What was read. With a `fault` it is no log that can be read, and the rest is empty."""

    fault: str
    lines: int
    cut: int  # lines too long to be looked at whole
    applications: tuple[Application, ...]
    cause: Cause | None


@lru_cache(maxsize=64)  # a name comes with every update
def hide(line: str) -> str:
    """A line as it may be shown: passwords, tickets, keys and personal numbers are hidden, and it is cut."""
    text = "".join(sign if sign.isprintable() else " " for sign in line[:LINE])
    for secret in SECRETS:
        text = secret.sub(lambda match: f"{match[1]}{HIDDEN}", text)
    text = text.strip()
    return text if len(text) <= SHOWN else f"{text[:SHOWN]} …"


class LogReader:
    """Feed it the bytes of a log in pieces, in order, then take the report."""

    def __init__(self) -> None:
        self._decoder: codecs.IncrementalDecoder | None = None
        self._head = b""
        self._rest = ""
        self._cutting = False  # the line that is being read is too long
        self._fault = ""
        self._lines = self._cut = self._entries = 0
        self._at = ""
        self._now: Application | None = None
        self._failed = False  # the update that goes on showed an error
        self._authenticated = False  # it has called authenticate
        self._apps: dict[str, Application] = {}

    def feed(self, piece: bytes) -> None:
        """Take the next bytes, of any length."""
        if self._fault:
            return
        if self._decoder is None:
            self._head += piece
            if len(self._head) < LINE:
                return
            self._begin()
        elif piece:
            self._take(self._decoder.decode(piece))

    def report(self) -> Report:
        """What was found. Nothing may be fed afterwards."""
        if self._decoder is None and not self._fault:
            self._begin()
        if self._decoder is not None:
            self._take(self._decoder.decode(b"", final=True) + "\n")
        if not self._fault and not self._entries:
            self._fault = FOREIGN if self._lines else EMPTY
        if self._fault:
            return Report(self._fault, self._lines, self._cut, (), None)
        apps = tuple(app for app in self._apps.values() if app.name or app.codes or app.calls)
        for app in apps:
            app.results = [(at, hide(words)) for at, words in app.results]
            for seen in app.codes.values():
                seen.evidence = [hide(line) for line in seen.evidence]
        return Report("", self._lines, self._cut, apps, self._cause(apps))

    def _begin(self) -> None:
        head, self._head = self._head, b""
        self._fault = next((words for mark, words in NOT_TEXT if head.startswith(mark)), "")
        encoding = encoding_of(head)
        if encoding == "utf-8-sig" and not self._fault and _is_binary(head):
            self._fault = BINARY
        if not self._fault:
            self._decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
            self._take(self._decoder.decode(head))

    def _take(self, text: str) -> None:
        for part in text.replace("\r\n", "\n").replace("\r", "\n").splitlines(keepends=True):
            ended = part[-1] == "\n"
            if not self._cutting:
                self._rest += part[: LINE + 1 - len(self._rest)]
                self._cutting = len(self._rest) > LINE
            if ended:
                self._line(self._rest.rstrip("\n"))
                self._cut += self._cutting
                self._rest, self._cutting = "", False

    def _line(self, line: str) -> None:
        if not line.strip():
            return
        self._lines += 1
        entry = ENTRY.match(line)
        text = line
        if entry:
            self._entries += 1
            self._at = f"{entry[1]}-{entry[2]}-{entry[3]} {entry[4]}"
            text = entry[6]
            self._follow(text)
        if ANY_CODE.search(text):
            for code in list(dict.fromkeys(CODE.findall(text)))[:EVIDENCE]:
                self._saw(code, line)

    def _follow(self, text: str) -> None:
        """Calls, verdicts and ends of updates."""
        if text.startswith(NEXT):
            self._now = None
            return
        named = APP.search(text)
        if named:
            self._now = self._application(hide(named[1])[:120])
        app = self._now or self._application("")
        app.first_at, app.last_at = app.first_at or self._at, self._at
        if called := CALL.search(text):
            self._called(app, called[1])
        if verdict := VERDICT.search(text):
            if verdict[1].lower() == "nvu":
                self._saw(WRONG_KEY, text)
            elif verdict[1].lower() == "none":
                app.nothing_to_do += 1
                app.good_update = app.updates
        if (said := LAST_ERROR.search(text)) and said[1] and said[1] != "NoOp":
            self._ended(app, said[1])
            self._failed = True
        if closed := CLOSED.search(text):
            self._ended(app, closed[1])
            if not self._failed:
                app.good_update = app.updates

    def _called(self, app: Application, method: str) -> None:
        """An update begins with serverVersion, in old versions with authenticate."""
        again = method == "authenticate" and (self._authenticated or not app.updates)
        if method == "serverVersion" or again:
            app.updates, self._failed, self._authenticated = app.updates + 1, False, False
        self._authenticated = self._authenticated or method == "authenticate"
        if len(app.calls) < CODES or method in app.calls:
            app.calls[method] += 1

    def _ended(self, app: Application, words: str) -> None:
        app.results = [*app.results[1 - EVIDENCE :], (self._at, words)]

    def _application(self, name: str) -> Application:
        if name not in self._apps and len(self._apps) >= APPLICATIONS:
            name = next(reversed(self._apps))
        return self._apps.setdefault(name, Application(name))

    def _saw(self, code: str, line: str) -> None:
        meaning = statuses.qbwc(code) or statuses.hresult(code)
        spelled = meaning.code if meaning else code.upper().replace("0X", "0x")
        app = self._now or self._application("")
        seen = app.codes.get(spelled)
        if seen is None:
            if len(app.codes) >= CODES:
                return
            seen = app.codes[spelled] = Seen(spelled, first_at=self._at)
        if meaning is None or meaning.severity == "Error":
            self._failed = True
        seen.count, seen.last_at, seen.update = seen.count + 1, self._at, app.updates
        seen.evidence = [*seen.evidence[1 - EVIDENCE :], line]  # hidden in the report: most lines never get there

    def _cause(self, apps: tuple[Application, ...]) -> Cause | None:
        """Of the application that failed last, the code of its last failed update that says most."""
        failed = [(seen, app) for app in apps for seen in app.codes.values() if _is_error(seen.code)]
        if not failed:
            return None
        latest, app = max(failed, key=lambda pair: (pair[0].last_at, pair[0].update))
        together = [seen for seen, other in failed if other is app and seen.update == latest.update]
        seen = max(together, key=lambda one: (_tells(one.code), one.last_at))
        return Cause(app.name, seen.code, app.good_update > seen.update, seen.last_at, tuple(seen.evidence))


def encoding_of(head: bytes) -> str:
    """UTF-16 by its mark or by its zeroes, else UTF-8; what is neither is read with signs replaced."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    sample = head[:LINE]
    zeroes = [sample[at::2].count(0) for at in (0, 1)]
    if len(sample) > 3 and max(zeroes) * 3 > len(sample) and min(zeroes) * 20 < len(sample):
        return "utf-16-le" if zeroes[1] > zeroes[0] else "utf-16-be"
    return "utf-8-sig"


def _is_binary(head: bytes) -> bool:
    odd = sum(byte < 32 and byte not in (9, 10, 12, 13, 27) for byte in head)
    return odd * 50 > len(head)


def _is_error(code: str) -> bool:
    meaning = statuses.qbwc(code) or statuses.hresult(code)
    return meaning is None or meaning.severity == "Error"


def _tells(code: str) -> int:
    """How much a code says of the reason: QuickBooks' own most, one that only says that there is one least."""
    if code in ONLY_SAYS_THAT:
        return 0
    if code.startswith("0x"):
        return 2 if statuses.hresult(code) else 1
    return 1
