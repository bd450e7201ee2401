"""A QuickBooks and a Web Connector of a few lines, and the queue behind the session: what a run is played against.

QuickBooks keeps rows by entity and iterators by session. The Web Connector goes on until the run is over, and what is
lost or doubled on the way is told beforehand. Every promise of a run is checked where it can be broken.
"""

from dataclasses import dataclass, field, replace

from sync.protocol.answers import settled
from sync.protocol.events import ConnectionClosed, LastErrorAsked, ResponseFailed, ResponseReceived
from sync.protocol.plan import COUNTING, Ask, RunWork, Stage
from sync.protocol.session import Session, State
from sync.protocol.turns import abandon, advance
from sync.qbxml.build import Request
from tests.protocol.examples import answer, entity, first_send, head, opened, run, run_of, send, work

MISHAPS = (
    "request lost",  # QuickBooks never saw it; the Web Connector asks again in the same session
    "answer lost",  # QuickBooks answered; the Web Connector asks again in the same session
    "reply lost",  # we took the answer; the Web Connector gave up
    "killed",  # the Web Connector went away with a request in flight
    "twice",  # the answer comes twice at once
    "again",  # the answer before comes again first
    "again, unnamed",  # the same, without requestID
    "unnamed",  # the answer carries no requestID
    "iterators dead",  # QuickBooks forgets its iterators
    "torn",  # the answer is no qbXML
    "busy",  # QuickBooks answers that it is busy
    "hresult",  # QuickBooks fails as a whole
    "closed",  # the Web Connector closes before the end
    "queue behind",  # answers are stored and not taken in for a while
    "torn later",  # the head of the answer reads well, the queue finds that the rest does not
)
REFUSALS = ("torn", "busy", "torn later", "again, unnamed", "unnamed", "hresult")  # each is a try of its entity


@dataclass(slots=True)
class QuickBooks:
    """Rows by entity; iterators of the present session. `pages_silently` cuts pages without saying so."""

    rows: dict[str, list[int]]
    pages_silently: bool = False
    iterators: dict[str, tuple[str, list[int]]] = field(default_factory=dict)
    made: int = 0

    def process(self, ask: Ask) -> tuple[ResponseReceived, list[int]]:
        """The answer to a document, and the rows in it."""
        if ask.kind in COUNTING:
            return self._counts(ask), []
        (request,) = ask.requests
        name = request.name.removesuffix("QueryRq")
        if request.attributes.get("iterator") == "Continue":
            found = self.iterators.get(request.attributes["iteratorID"])
            if found is None:
                return answer(0, self._head(request, 3391)), []
            id, left = request.attributes["iteratorID"], found[1]
        else:
            self.made += 1
            id, left = f"{{{self.made}}}", self.rows[name]
        taken = left[: request.values.get("MaxReturned") or len(left)]
        if not taken:
            return answer(0, self._head(request, 1)), []
        pages = {}
        if "iterator" in request.attributes and not self.pages_silently:
            self.iterators[id] = (name, left[len(taken) :])
            pages = {"iterator_id": id, "iterator_remaining": len(left) - len(taken)}
        return answer(len(taken), replace(self._head(request, 0), **pages)), taken

    def _counts(self, ask: Ask) -> ResponseReceived:
        sizes = [len(self.rows.get(request.name.removesuffix("QueryRq"), ())) for request in ask.requests]
        heads = [
            replace(self._head(request, 0 if size else 1), ret_count=size)
            for request, size in zip(ask.requests, sizes, strict=True)
        ]
        return answer(0, *heads)

    def _head(self, request: Request, code: int) -> object:
        return head(request.name.replace("Rq", "Rs"), request.request_id, code)


@dataclass(slots=True)
class Play:
    """One run from its first session to its end."""

    quickbooks: QuickBooks
    mishaps: list[str]
    session: Session = field(init=False)
    before: ResponseReceived | None = None
    waiting: list[tuple[int, int, list[int], bool]] = field(default_factory=list)  # position, pass, rows, torn
    taken: dict[tuple[int, int], list[int]] = field(default_factory=dict)  # rows by position and pass
    seen: list[str] = field(default_factory=list)  # mishaps that came about
    behind: int = 0
    percent: int = 0

    def __post_init__(self) -> None:
        works = [work(name, page_rows=3 if name != "Account" else 0) for name in self.quickbooks.rows]
        self.session = opened(run=run(*works, counts_asked=0), page_rows=3)

    def to_the_end(self) -> None:
        """Let the Web Connector call until the run is over, and check that every row was received."""
        for _ in range(400):
            if self._exchange():
                break
        else:
            raise AssertionError("the run does not end")
        for position, (name, rows) in enumerate(self.quickbooks.rows.items()):
            found = entity(self.session, position)
            if found.stage is Stage.FAILED:
                assert sum(one in (*REFUSALS, "iterators dead") for one in self.seen) >= 3, found.reason
                continue
            assert found.stage is Stage.RECEIVED, name
            last = self.taken.get((position, found.passes), [])
            assert set(last) == set(rows), f"{name}: {last} of {rows}"

    def _exchange(self) -> bool:
        """One sendRequestXML with what follows; whether the run is over."""
        mishap = self.mishaps.pop(0) if self.mishaps else ""
        self.seen.append(mishap)
        self._queue(mishap)
        if mishap == "closed":
            self._next_session(close=True)
        if mishap == "iterators dead":
            self.quickbooks.iterators.clear()
        asking = advance(self.session, send() if self.session.identified else first_send())
        self.session = asking.session
        if asking.ask is None:
            return self._ask_why()
        if mishap == "request lost":
            return False
        answered, rows = self.quickbooks.process(asking.ask)
        if mishap == "killed":
            self._next_session()
        elif mishap != "answer lost":
            self._deliver(mishap, answered, rows)
        self.before = answered
        return self._is_over()

    def _deliver(self, mishap: str, answered: ResponseReceived, rows: list[int]) -> None:
        if mishap.startswith("again") and self.before is not None:
            unnamed = mishap == "again, unnamed"
            self._receive(without_id(self.before) if unnamed else self.before, [], torn=False)
        if mishap == "hresult":
            self._reply(advance(self.session, ResponseFailed(hresult="0x80040402", message="Unexpected error.")))
            self._next_session(close=True)
            return
        if mishap == "torn":
            answered, rows = replace(answered, heads=(), rows=0), []
        if mishap == "busy":
            code = replace(answered.heads[0].status, code=3175)
            answered, rows = replace(answered, heads=(replace(answered.heads[0], status=code),), rows=0), []
        if mishap == "unnamed":
            answered = without_id(answered)
        self._receive(answered, rows, torn=mishap == "torn later")
        if mishap == "twice":
            self._receive(answered, rows, torn=False)
        if mishap == "reply lost":
            self._next_session()

    def _receive(self, answered: ResponseReceived, rows: list[int], *, torn: bool) -> None:
        in_flight, state = self.session.in_flight, self.session.state
        passes = (
            0 if in_flight is None or in_flight.position is None else entity(self.session, in_flight.position).passes
        )
        step = advance(self.session, answered)
        if step.answered is None:
            assert step.session == self.session
        elif not step.taken:
            assert in_flight is not None
            assert in_flight.position is not None
            self.waiting.append((in_flight.position, passes, rows, torn))
        assert state is State.ASKED or step.answered is None
        self._reply(step)

    def _reply(self, step: object) -> None:
        reply, session = step.reply, step.session
        self.session = session
        if reply == -1:
            return
        assert self.percent <= reply, "the percentage fell"
        assert reply < 100 or (run_of(session).nothing_left and not self.waiting), "100 with work left"
        self.percent = reply

    def _ask_why(self) -> bool:
        step = advance(self.session, LastErrorAsked())
        self.session = step.session
        if step.reply == "NoOp":
            self._queue("")
            return self._is_over()
        assert self._is_over(), step.reply
        return True

    def _queue(self, mishap: str) -> None:
        """Take in what waits, unless the queue is behind; set aside what cannot be read."""
        if mishap == "queue behind":
            self.behind = 3
        if self.behind:
            self.behind -= 1
            return
        for position, passes, rows, torn in self.waiting:
            found = entity(self.session, position)
            if torn and found.passes == passes and found.stage in (Stage.WAITING, Stage.READING, Stage.RECEIVED):
                again = replace(found.again("set aside"), errors=found.errors + 1)
                self._store(run_of(self.session).with_entity(again))
            elif not torn:
                self.taken.setdefault((position, passes), []).extend(rows)
        self.waiting.clear()
        self._store(replace(run_of(self.session), unprocessed=0))

    def _store(self, moved: RunWork) -> None:
        self.session = replace(self.session, run=moved)

    def _is_over(self) -> bool:
        going = run_of(self.session)
        if self.session.state is State.DONE:
            return True
        if any(one.stage not in (Stage.RECEIVED, Stage.OFF, Stage.FAILED) for one in going.entities):
            return False
        self._queue("")
        if not run_of(self.session).nothing_left:
            return False
        if self.session.state is State.READY:
            self._reply(settled(self.session, run_of(self.session)))
        return True

    def _next_session(self, *, close: bool = False) -> None:
        """The Web Connector begins anew: QuickBooks' iterators are gone, and authenticate ends what was left open."""
        ended = advance(self.session, ConnectionClosed()) if close else abandon(self.session)
        assert ended.session.state is State.CLOSED
        self.quickbooks.iterators.clear()
        works = tuple(replace(one, passes_here=0) for one in run_of(ended.session).entities)
        following = replace(run_of(ended.session), entities=works)
        self.session = opened(id=ended.session.id + 1, run=following, page_rows=3)
        self.percent, self.before = 0, None


def without_id(answered: ResponseReceived) -> ResponseReceived:
    return replace(answered, heads=tuple(replace(one, request_id="") for one in answered.heads))
