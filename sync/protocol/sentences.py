"""What the Web Connector shows to the person at the QuickBooks computer, and what an hresult means for the session."""

from collections.abc import Iterable

from sync.protocol.identity import Mismatch
from sync.protocol.plan import RunWork, Stage
from sync.qbxml import statuses

NO_ERROR = "No error is known for this session."
CLOSED = "OK"
UNKNOWN_TICKET = "This session is over. Press Update Selected to begin a new one."
NOTHING_TO_DO = "Nothing to do. The next sync comes by its schedule, or by Sync now in Deskbridge."
PAUSED = "The sync is paused in Deskbridge. It goes on where it was once somebody resumes it."
SWITCHED_OFF = "QuickBooks Desktop is switched off in Deskbridge. Nothing is read until an owner switches it on again."
REMOVED = "This company was removed from Deskbridge. Nothing more is read; remove its row from the Web Connector."
OUTSIDE_WINDOW = "The hours for syncs are over. The sync goes on where it was when they begin again."
DETACHED = "The company file was detached in Deskbridge. Nothing more is read through this computer."
REVOKED = "The licence key of this computer was revoked in Deskbridge. Nothing more is read through it."
TO_CONFIRM = "Deskbridge knows this company file now. Confirm it on the set-up page to begin the sync."
INTERRUPTED = "The session ended early. The sync goes on where it was at the next call."
BROKEN = "Something broke on our side. Nothing is lost; the sync goes on at the next call."
UNREADABLE = "QuickBooks' answer could not be read as qbXML."
UNNAMED = "QuickBooks' answer does not say which request it answers; it is asked again."
NOT_THE_FILE = "This is not the company file that Deskbridge expects. Nothing was read."
UNREADABLE_IDENTITY = "QuickBooks did not say which company file is open. Nothing was read."
NO_ITERATOR = "QuickBooks did not page this list; it is asked whole."
NO_ITERATOR_ID = "QuickBooks left out the iteratorID of a list that has more pages."
OTHER_VERSION = "QuickBooks speaks another version of qbXML; it is sent again in that."
PAGE_MISSING = "A page of this list did not arrive; it is read again from its start."

FACTS = {"file_id": "connection mark", "path": "company file", "company_name": "company name", "country": "country"}

# hresults that speak about the document just sent; any other speaks about QuickBooks and ends the session
REFUSE_DOCUMENT = frozenset({"0X80040400", "0X80040423"})  # before any part of it was carried out
CONCERN_REQUEST = frozenset({"0X80040400", "0X80040421", "0X80040423"})
# the named file cannot be opened, or another one is open: see which that is; if it is not the right one, it says so
RETRY_OPEN_FILE = frozenset({"0X80040403", "0X8004040A"})
RETRY_NAMED_FILE = frozenset({"0X80040408", "0X80040416"})  # nothing is open: name the file
RETRY_SAME = frozenset({"0X80040406", "0X8004041B", "0X80040424"})  # still starting, or a lock that passes


def wrong_file(mismatches: Iterable[Mismatch]) -> str:
    """The wrong company file, in words."""
    parts = [
        f"{FACTS[one.fact]}: expected {one.expected or 'none'}, answered {one.answered or 'none'}" for one in mismatches
    ]
    return f"{NOT_THE_FILE} {'; '.join(parts)}."


def cancelled(by: str) -> str:
    """The run was cancelled; `by` is "by Nia", or nothing."""
    return f"This sync was cancelled in Deskbridge{f', {by}' if by else ''}. What was read is kept."


def hresult(code: str, message: str) -> str:
    """An hresult with its meaning and QuickBooks' own words."""
    meaning = statuses.hresult(code)
    known = f"{meaning.meaning} {meaning.action}" if meaning else "QuickBooks reported an error."
    return f"{code.strip()}: {known} {message.strip()}".strip()


def normal(code: str) -> str:
    """An hresult as it is compared: "0X80040400", also when it came without its 0x."""
    return f"0X{code.strip().upper().removeprefix('0X')}"


def concerns_request(code: str) -> bool:
    """Whether an hresult refuses the document just sent, so that the next one may still be answered."""
    return normal(code) in CONCERN_REQUEST


def refuses_document(code: str) -> bool:
    """Whether an hresult proves that nothing of the document was carried out."""
    return normal(code) in REFUSE_DOCUMENT


def may_concern_request(code: str) -> bool:
    """Whether an hresult leaves open what was at fault: when it comes again, it is the document."""
    return normal(code) == "0X80040402" or statuses.hresult(code) is None


def speaks_of_version(code: str) -> bool:
    """Whether an hresult refuses the version of qbXML, so that a lower one may be taken."""
    return normal(code) == "0X80040423"


def retry_path(code: str, path: str) -> str | None:
    """What connectionError replies to try again: "" for the file now open, or a path; None: stop."""
    upper = normal(code)
    if upper in RETRY_OPEN_FILE:
        return ""
    if upper in RETRY_NAMED_FILE:
        return path or None
    return path if upper in RETRY_SAME else None


def complete(run: RunWork) -> str:
    """How a session that left nothing ended."""
    rows = sum(work.received for work in run.entities)
    failed = sum(work.stage is Stage.FAILED for work in run.entities)
    return f"Sync complete: {rows} rows read" + (f", {failed} lists could not be read." if failed else ".")
