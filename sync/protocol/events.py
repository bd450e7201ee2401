"""What can happen in a session: one frozen value per call that reaches it."""

from dataclasses import dataclass

from sync.protocol.identity import FileFacts
from sync.qbxml.heads import Head


@dataclass(frozen=True, slots=True, kw_only=True)
class SendRequest:
    """sendRequestXML: the Web Connector asks for the next document."""

    facts: FileFacts | None  # of strHCPResponse, on the first call of a session; None: it was empty
    file_path: str  # strCompanyFileName
    country: str  # qbXMLCountry
    version: tuple[int, int]  # qbXMLMajorVers, qbXMLMinorVers; (0, 0): not said


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseReceived:
    """receiveResponseXML without hresult: QuickBooks answered."""

    heads: tuple[Head, ...]  # of every Rs in it; empty: not readable as qbXML
    facts: FileFacts | None = None  # when the answer identifies the file
    rows: int = 0  # Ret elements in it
    took: float = 0.0  # seconds from sending to this call


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseFailed:
    """receiveResponseXML with hresult: QuickBooks refused the whole document."""

    hresult: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionFailed:
    """connectionError: the Web Connector could not open QuickBooks."""

    hresult: str
    message: str


@dataclass(frozen=True, slots=True)
class LastErrorAsked:
    """getLastError."""


@dataclass(frozen=True, slots=True)
class ConnectionClosed:
    """closeConnection."""


Event = SendRequest | ResponseReceived | ResponseFailed | ConnectionFailed | LastErrorAsked | ConnectionClosed
