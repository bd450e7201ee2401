"""Reads and writes small messages with spyne, as a codec only: no WSGI, no service, no schema of its own.

Rule: spyne never sees a document that `method_of` has not looked through. Bare, it copies text between elements by id,
takes attributes for parameters, and spends minutes on documents made to be slow. Longer documents go to `stream`.
"""

import importlib
import logging
import re
import sys
import warnings
from collections.abc import Sequence
from typing import Any

from lxml import etree

from sync.soap.calls import (
    ATTRIBUTES,
    ELEMENTS,
    ENVELOPE,
    INSTANCE,
    METHODS,
    NAMESPACE,
    START,
    START_SIZE,
    Call,
    Method,
    NotACall,
    call_of,
)
from sync.soap.stream import StreamingDecoder

for part in ("", ".collections_abc", ".http_cookies", ".urllib", ".urllib.parse", ".urllib.request", ".urllib.error"):
    # spyne's copy of six does not import on Python 3.12 and later; six itself does, under the same names
    sys.modules.setdefault(f"spyne.util.six.moves{part}", importlib.import_module(f"six.moves{part}"))
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its source has escapes that newer Pythons warn of while they compile it
    spyne = importlib.import_module("spyne")
    Soap11 = importlib.import_module("spyne.protocol.soap").Soap11
    ServerBase = importlib.import_module("spyne.server").ServerBase

logging.getLogger("spyne").setLevel(logging.CRITICAL)  # it logs whole bodies, passwords among them

SMALL = 16 * 1024  # bytes; longer ones are read faster by `stream`
MARKUP = 4 * ELEMENTS  # "<" in a small body; one with more has CDATA, or is made to be slow
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
TEXT = spyne.Unicode(min_occurs=1)
RESULTS = {
    "string": TEXT,
    "int": spyne.Integer32(min_occurs=1),
    # items in our own namespace, or the Web Connector sees an empty array
    "strings": spyne.Array(spyne.Unicode(type_name="string", nillable=True), type_name="ArrayOfString"),
}


def _declared(method: Method) -> Any:
    """The method as spyne wants it declared. All parameters are texts: a version number is no reason for a fault."""

    def function(ctx: object, *arguments: str) -> None:
        """Never called: spyne reads the name and the declaration."""

    function.__name__ = method.name
    texts = [spyne.Unicode] * len(method.parameters)
    return spyne.rpc(*texts, _args=list(method.parameters), _returns=RESULTS[method.result])(function)


SERVICE = type("QBWebConnectorSvc", (spyne.Service,), {name: _declared(method) for name, method in METHODS.items()})
READER = Soap11(parse_xsi_type=False, remove_pis=True)
APPLICATION = spyne.Application([SERVICE], tns=NAMESPACE, in_protocol=READER, out_protocol=Soap11())
SERVER = ServerBase(APPLICATION)
DESCRIPTORS = {name: APPLICATION.interface.service_method_map[f"{{{NAMESPACE}}}{name}"][0] for name in METHODS}


def decode(body: bytes) -> Call:
    """The call in a body. Raises NotACall for anything but one known method in a SOAP 1.1 envelope in UTF-8."""
    if len(body) > SMALL or body.count(b"<") > MARKUP:
        decoder = StreamingDecoder()
        decoder.feed(body)
        return decoder.finish()
    element = method_of(body)
    method = METHODS[etree.QName(element).localname]
    context = spyne.MethodContext(SERVER, spyne.MethodContext.SERVER)
    context.descriptor, context.in_header_doc, context.in_body_doc = DESCRIPTORS[method.name], None, element
    READER.deserialize(context, Soap11.REQUEST)
    given = context.in_object.as_dict() if method.parameters else {}
    return call_of(method, {name: text for name, text in given.items() if text is not None})


def encode(method: str, result: str | int | Sequence[str]) -> bytes:
    """The reply to a call. Characters that XML cannot hold are left out, so that a reply is always well-formed.

    Raises TypeError where the result is not of the method's kind.
    """
    return _written(descriptor=DESCRIPTORS[method], out_object=[_result(METHODS[method], result)])


def fault(sentence: str) -> bytes:
    """A SOAP 1.1 Client fault, for what does not decode."""
    return _written(out_error=spyne.Fault("Client", _clean(sentence)))


def method_of(body: bytes) -> Any:
    """The method's element, once everything around it and in it was looked through; it has no attributes any more."""
    if not START.match(body[:START_SIZE]):
        raise NotACall("The body is not a SOAP 1.1 document in UTF-8.")
    try:
        root = etree.fromstring(body, etree.XMLParser(**READER.parser_kwargs))
    except etree.XMLSyntaxError as error:
        raise NotACall("The body is not well-formed XML.") from error
    for count, element in enumerate(root.iter(), start=1):
        if count > ELEMENTS or len(element.attrib) > ATTRIBUTES:
            raise NotACall("There are too many elements or attributes.")
    if root.tag != f"{{{ENVELOPE}}}Envelope":
        raise NotACall("The body is not a SOAP 1.1 envelope.")
    bodies = root.findall(f"{{{ENVELOPE}}}Body")
    if len(bodies) != 1 or len(bodies[0]) != 1:
        raise NotACall("There is not exactly one method in one Body.")
    return _checked(bodies[0][0])


def _checked(element: Any) -> Any:
    name = etree.QName(element)
    if name.namespace != NAMESPACE or name.localname not in METHODS:
        raise NotACall("The method is not one of the Web Connector's.")
    names = [etree.QName(child).localname for child in element]
    if any(names.count(parameter) > 1 for parameter in METHODS[name.localname].parameters):
        raise NotACall("A parameter is given twice.")
    for child in element:
        if child.get(f"{{{INSTANCE}}}nil", "").strip() in ("true", "1"):
            child.text = None
        child.attrib.clear()  # spyne would take an attribute named like a parameter for that parameter
    element.attrib.clear()
    return element


def _result(method: Method, result: str | int | Sequence[str]) -> object:
    match method.result, result:
        case "string", str():
            return _clean(result)
        case "int", int():
            return result
        case "strings", [*items]:
            return [_clean(item) for item in items]
        case _:
            raise TypeError(f"{method.name} does not return {type(result).__name__}")


def _clean(text: str) -> str:
    return NOT_XML.sub("", text)


def _written(**outcome: object) -> bytes:
    context = spyne.MethodContext(SERVER, spyne.MethodContext.SERVER)
    for name, value in outcome.items():
        setattr(context, name, value)
    APPLICATION.out_protocol.serialize(context, Soap11.RESPONSE)
    APPLICATION.out_protocol.create_out_string(context)
    return b"".join(context.out_string)
