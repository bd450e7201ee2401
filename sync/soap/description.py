"""The WSDL, written from METHODS for people and tests: the Web Connector has its own copy compiled in."""

from typing import Any

from lxml import etree

from sync.soap.calls import METHODS, NAMESPACE, Method

WSDL = "http://schemas.xmlsoap.org/wsdl/"
SOAP = "http://schemas.xmlsoap.org/wsdl/soap/"
SCHEMA = "http://www.w3.org/2001/XMLSchema"
PREFIXES = {"wsdl": WSDL, "soap": SOAP, "s": SCHEMA, "tns": NAMESPACE}
SERVICE, PORT = "QBWebConnectorSvc", "QBWebConnectorSvcSoap"
OPTIONAL = {"minOccurs": "0", "maxOccurs": "1"}
REQUIRED = {"minOccurs": "1", "maxOccurs": "1"}
TYPES = {"string": (OPTIONAL, "s:string"), "int": (REQUIRED, "s:int"), "strings": (OPTIONAL, "tns:ArrayOfString")}


def wsdl(address: str) -> bytes:
    """The description of the service at an address: document/literal wrapped, every method of METHODS."""
    root = etree.Element(f"{{{WSDL}}}definitions", nsmap=PREFIXES, targetNamespace=NAMESPACE)
    _schema(_add(root, "wsdl:types"))
    for name in METHODS:
        for end, element in (("In", name), ("Out", f"{name}Response")):
            message = _add(root, "wsdl:message", name=f"{name}Soap{end}")
            _add(message, "wsdl:part", name="parameters", element=f"tns:{element}")
    _port(_add(root, "wsdl:portType", name=PORT))
    _binding(_add(root, "wsdl:binding", name=PORT, type=f"tns:{PORT}"))
    port = _add(_add(root, "wsdl:service", name=SERVICE), "wsdl:port", name=PORT, binding=f"tns:{PORT}")
    _add(port, "soap:address", location=address)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="utf-8", pretty_print=True))


def _add(parent: Any, tag: str, /, **attributes: str) -> Any:
    prefix, _, local = tag.partition(":")
    return etree.SubElement(parent, f"{{{PREFIXES[prefix]}}}{local}", attributes)


def _schema(types: Any) -> None:
    schema = _add(types, "s:schema", elementFormDefault="qualified", targetNamespace=NAMESPACE)
    for method in METHODS.values():
        _elements(schema, method)
    items = _add(_add(schema, "s:complexType", name="ArrayOfString"), "s:sequence")
    _add(items, "s:element", minOccurs="0", maxOccurs="unbounded", name="string", nillable="true", type="s:string")


def _elements(schema: Any, method: Method) -> None:
    request = _sequence(schema, method.name)
    for name in method.parameters:
        occurs, kind = TYPES["int" if name in method.numbers else "string"]
        _add(request, "s:element", **occurs, name=name, type=kind)
    occurs, kind = TYPES[method.result]
    response = _sequence(schema, f"{method.name}Response")
    _add(response, "s:element", **occurs, name=f"{method.name}Result", type=kind)


def _sequence(schema: Any, name: str) -> Any:
    return _add(_add(_add(schema, "s:element", name=name), "s:complexType"), "s:sequence")


def _port(port: Any) -> None:
    for name in METHODS:
        operation = _add(port, "wsdl:operation", name=name)
        _add(operation, "wsdl:input", message=f"tns:{name}SoapIn")
        _add(operation, "wsdl:output", message=f"tns:{name}SoapOut")


def _binding(binding: Any) -> None:
    _add(binding, "soap:binding", transport="http://schemas.xmlsoap.org/soap/http", style="document")
    for name in METHODS:
        operation = _add(binding, "wsdl:operation", name=name)
        _add(operation, "soap:operation", soapAction=f"{NAMESPACE}{name}", style="document")
        for end in ("input", "output"):
            _add(_add(operation, f"wsdl:{end}"), "soap:body", use="literal")
