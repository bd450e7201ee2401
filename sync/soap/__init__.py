"""SOAP 1.1 of the Web Connector: bytes <-> Call, and the WSDL.

`calls` says what the eleven methods are, `codec` reads and writes small messages (the only user of spyne), `stream`
reads large ones in bounded memory, `description` writes the WSDL. Nothing here knows what a call means, stores or logs.
"""

from sync.soap.calls import METHODS, Call, Method, NotACall, Packed
from sync.soap.codec import decode, encode, fault
from sync.soap.description import wsdl
from sync.soap.stream import StreamingDecoder

CONTENT_TYPE = "text/xml; charset=utf-8"

__all__ = [
    "CONTENT_TYPE",
    "METHODS",
    "Call",
    "Method",
    "NotACall",
    "Packed",
    "StreamingDecoder",
    "decode",
    "encode",
    "fault",
    "wsdl",
]
