"""Make fields-130.txt: what qbXML 13.0 allows in every message, in a compact form of our own.

Run: python -m sync.qbxml.make_fields FOLDER, where FOLDER holds schema/ (the XSD of qbXML 13.0), operations-130.csv
(requests, and who offers them) and availability-140.csv (fields by version and product). None of these is part of this
project; the facts are.
The notation is told in the head of the file that this writes; fields.py reads it.
"""

import csv
import sys
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

HEAD = """\
# qbXML 13.0, every message with its fields in the order QuickBooks requires. Made by make_fields.py; do not edit.
# Source: the element declarations of Intuit's qbXML 13.0 schema; versions, products: its annotated reference of 14.0.
#
# Name:kind    once     Name?:kind  at most once    Name*:kind  any number    Name+:kind  one or more    Name{0,8}:kind
# str41, id36  longest  int1..12    range           %Name  enumeration        &Name  group (& alone: of its own name)
# ref209       group of ListID?:id36 FullName?:str209                         @name  attribute of the element
# ( a b | c )? choice, with the same marks behind it; a choice of one branch is an optional sequence
# operations   request, response, marks (i iterates, m metaData, - none), body or -, since or -, products lacking it,
#              elements answered
# availability path@since!products lacking it (D QBD, C QBCA, K QBUK, A QBAU)
"""
SCHEMA = "{http://www.w3.org/2001/XMLSchema}"
FILES = ("qbxmlops130.xsd", "qbxml130.xsd", "qbxmltypes130.xsd", "qbxmlso130.xsd")
KINDS = {
    "STRTYPE": "str",
    "ENUMTYPE": "str",
    "UUIDTYPE": "str",
    "MACROTYPE": "str",
    "IDTYPE": "id36",
    "BOOLTYPE": "bool",
    "DATETYPE": "date",
    "DATETIMETYPE": "datetime",
    "TIMEINTERVALTYPE": "interval",
    "AMTTYPE": "amt",
    "PRICETYPE": "price",
    "QUANTYPE": "qty",
    "PERCENTTYPE": "pct",
    "INTTYPE": "int",
    "FLOATTYPE": "float",
    "GUIDTYPE": "guid",
}
MARKS = {("1", "1"): "", ("0", "1"): "?", ("0", "unbounded"): "*", ("1", "unbounded"): "+"}
PRODUCTS = {"QBD": "D", "QBCA": "C", "QBUK": "K", "QBAU": "A"}
SETS = ("QBXMLMsgsRq", "QBXMLMsgsRs")


class Compiler:
    """The declarations of the schema, turned into the notation; equal groups and enumerations are written once."""

    def __init__(self, folder: Path) -> None:
        self.elements: dict[str, etree._Element] = {}
        self.types: dict[str, etree._Element] = {}
        self.groups: dict[str, etree._Element] = {}
        for file in FILES:
            for node in etree.parse(folder / file).getroot().iterchildren(f"{SCHEMA}*"):
                self._table(node.tag)[node.get("name", "")] = node
        self.shapes: dict[str, str] = {}  # name -> content
        self.enums: dict[str, str] = {}

    def _table(self, tag: str) -> dict[str, etree._Element]:
        kind = tag.removeprefix(SCHEMA)
        return {"element": self.elements, "group": self.groups}.get(kind, self.types)

    def element(self, node: etree._Element) -> str:
        """One particle: its name, how often, what it holds."""
        declared = self.elements[node.get("ref", "")] if node.get("ref") else node
        name = declared.get("name", "")
        return f"{name}{mark(node)}:{self.kind(declared, name)}"

    def kind(self, node: etree._Element, name: str) -> str:
        """What an element or type declaration holds: a scalar with its limit, an enumeration, or a group."""
        if node.get("type"):
            return self.named(node.get("type", ""), name)
        inner = node.find(f"{SCHEMA}complexType")
        if inner is not None:
            return self.group(inner, name)
        return self.simple(node.find(f"{SCHEMA}simpleType"), name)

    def named(self, kind: str, name: str) -> str:
        if kind in KINDS:
            return KINDS[kind]
        declared = self.types[kind]
        if declared.tag == f"{SCHEMA}complexType":
            return self.group(declared, name)
        return self.simple(declared, kind)

    def simple(self, node: etree._Element, name: str) -> str:
        limits = node.find(f"{SCHEMA}restriction")
        facets: dict[str, str] = {facet.tag.removeprefix(SCHEMA): facet.get("value", "") for facet in limits}
        values = [facet.get("value", "") for facet in limits.iterchildren(f"{SCHEMA}enumeration")]
        if values:
            return "%" + shared(self.enums, name, " ".join(values))
        kind: str = self.named(limits.get("base", ""), name)
        if "maxLength" in facets:
            return kind.rstrip("0123456789") + facets["maxLength"]
        if "minInclusive" in facets:
            return f"{kind}{facets['minInclusive']}..{facets.get('maxInclusive', '')}"
        return kind

    def group(self, node: etree._Element, name: str) -> str:
        """A group by name, or for an element of text with attributes the kind of its text and these."""
        text = node.find(f"{SCHEMA}simpleContent/{SCHEMA}extension")
        attributes = [
            "@" + a.get("name", "") for a in (node if text is None else text).iterchildren(f"{SCHEMA}attribute")
        ]
        if text is not None:
            return self.named(text.get("base", ""), name) + "".join(attributes)
        content = " ".join([*attributes, *self.content(node)])
        if not attributes and content.startswith("ListID?:id36 FullName?:str") and content.count(" ") == 1:
            return "ref" + content.rpartition("str")[2]
        found = shared(self.shapes, name, content)
        return "&" if found == name else "&" + found

    def content(self, node: etree._Element) -> Iterator[str]:
        """The particles of a type, sequence, choice or group, nested sequences of exactly once laid open."""
        for child in node.iterchildren(f"{SCHEMA}*"):
            kind = child.tag.removeprefix(SCHEMA)
            if child.get("maxOccurs") == "0" or kind == "attribute":  # the values of a ValueAdjustment: never allowed
                continue
            if kind == "element":
                yield self.element(child)
            elif kind == "choice":
                branches = [" ".join(self.branch(branch)) for branch in child.iterchildren(f"{SCHEMA}*")]
                yield f"( {' | '.join(branches)} ){mark(child)}"
            else:
                inside = self.content(self.groups[child.get("ref", "")] if kind == "group" else child)
                yield from inside if not mark(child) else [f"( {' '.join(inside)} ){mark(child)}"]

    def branch(self, node: etree._Element) -> Iterator[str]:
        """One branch of a choice: itself the only child of a stand-in sequence."""
        holder = etree.Element(f"{SCHEMA}sequence")
        copy = etree.fromstring(etree.tostring(node))
        copy.tail = None
        holder.append(copy)
        return self.content(holder)

    def message(self, name: str) -> str:
        """The content of a global element, shapes shared with all others."""
        return self.kind(self.elements[name], name)

    def set_members(self, name: str) -> dict[str, str]:
        """Name and type of every member of a message set."""
        inside = self.elements[name].iterdescendants(f"{SCHEMA}element")
        return {node.get("name", ""): node.get("type", "") for node in inside}


def mark(node: etree._Element) -> str:
    low, high = node.get("minOccurs", "1"), node.get("maxOccurs", "1")
    return MARKS.get((low, high), f"{{{low},{high}}}")


def shared(table: dict[str, str], name: str, content: str) -> str:
    """The name under which the content stands in the table; a second content of one name gets a number."""
    found = name
    number = 1
    while table.setdefault(found, content) != content:
        number += 1
        found = f"{name}.{number}"
    return found


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def products(names: str) -> str:
    return "".join(PRODUCTS[name] for name in names.split("|") if name)


def operations(compiler: Compiler, folder: Path) -> Iterator[str]:
    """A line for every request, and on the way every message it takes and answers."""
    known = {row["request"]: row for row in rows(folder / "operations-130.csv")}
    answers = compiler.set_members(SETS[1])
    for request, kind in compiler.set_members(SETS[0]).items():
        row = known[request]
        answered = [name_of(part) for part in compiler.content(compiler.types[answers[row["response"]]])]
        returned = sorted({name for part in answered for name in part})
        for name in returned:
            compiler.message(name)
        compiler.group(compiler.types[kind], request)
        marks = ("i" if row["iterator"] == "yes" else "") + ("m" if row["metaData"] == "yes" else "")
        facts = (marks, row["body_element"], row["since_qbxml"], products(row["not_in_products"]))
        yield " ".join([request, row["response"], *(fact or "-" for fact in facts), *returned])


def name_of(particle: str) -> list[str]:
    """Every element named in a particle of a response."""
    return [word.split(":")[0].rstrip("?*+") for word in particle.split() if ":" in word]


def availability(folder: Path) -> Iterator[str]:
    lines: dict[str, list[str]] = {}
    for row in rows(folder / "availability-140.csv"):
        since = f"@{row['since_qbxml']}" if row["since_qbxml"] else ""
        lacking = f"!{products(row['not_in_products'])}" if row["not_in_products"] else ""
        if since or lacking:
            lines.setdefault(row["message"], []).append(row["path"] + since + lacking)
    for name, facts in lines.items():
        yield f"{name} = {' '.join(facts)}"


def compact(folder: Path) -> str:
    """The whole file as text."""
    compiler = Compiler(folder / "schema")
    lines = [HEAD.rstrip(), "[operations]", *operations(compiler, folder)]
    lines += ["[enumerations]", *(f"{name} = {values}" for name, values in compiler.enums.items())]
    lines += ["[groups]", *(f"{name} = {content}" for name, content in compiler.shapes.items())]
    lines += ["[availability]", *availability(folder)]
    return "\n".join(lines) + "\n"


def main(folder: str) -> None:
    Path(__file__).with_name("fields-130.txt").write_text(compact(Path(folder)), encoding="ascii")


if __name__ == "__main__":
    main(sys.argv[1])
