"""Sample messages as programs and QuickBooks wrote them: nothing is lost coming in, nothing changed going out."""

import csv
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from sync.qbxml.arrange import ORDER
from sync.qbxml.build import Request, build
from sync.qbxml.fields import operations
from sync.qbxml.parse import Head, Row, heads, stream
from sync.qbxml.summary import summary
from tests.qbxml.examples import SHARED

SAMPLES = SHARED / "qbxml" / "samples"
REQUESTS = sorted((SAMPLES / "requests").glob("*.xml"))
RESPONSES = sorted((SAMPLES / "responses").glob("*.xml"))
needs_samples = pytest.mark.skipif(not RESPONSES, reason="the sample messages are not on this machine")


def index() -> dict[str, str]:
    """Whether each sample is valid by the schema of 13.0."""
    with (SAMPLES / "index.csv").open(newline="") as file:
        return {row["file"]: row["valid_against_130"] for row in csv.DictReader(file)}


def values_of(element: Any) -> Any:
    """An element as values for a request, its children's order kept."""
    children = [child for child in element if isinstance(child.tag, str)]
    attributes = {f"@{name}": value for name, value in element.attrib.items()}
    if not children:
        text = "" if (element.text or " ").isspace() else element.text
        return {**attributes, "#text": text} if attributes else text
    found: dict[str, Any] = {ORDER: [child.tag for child in children], **attributes}
    for child in children:
        found.setdefault(child.tag, []).append(values_of(child))
    return found


def request_of(element: Any) -> Request:
    own = dict(element.attrib)
    name, of = element.tag, operations()[element.tag]
    values = values_of(element)
    values = values if isinstance(values, dict) else {}
    values = {key: value for key, value in values.items() if not key.startswith("@")}
    if not of.body:
        return Request(name, own.pop("requestID", ""), values, own)
    return Request(name, own.pop("requestID", ""), values[of.body][0], own, values.get("IncludeRetElement", ()))


def plain(element: Any) -> Any:
    """An element as a value that compares: tag, text, attributes, children."""
    children = [plain(child) for child in element if isinstance(child.tag, str)]
    return element.tag, "" if children else (element.text or "").strip(), dict(element.attrib), children


@pytest.mark.parametrize("path", REQUESTS, ids=lambda path: path.stem)
def test_a_request_read_and_written_again_is_the_same(path: Path, schema: Any) -> None:
    if index()[f"requests/{path.name}"] != "yes":
        pytest.skip("not valid")
    root = etree.fromstring(path.read_bytes())
    sent = [element for element in root.iterfind("QBXMLMsgsRq/*") if isinstance(element.tag, str)]
    again = etree.fromstring(build([request_of(element) for element in sent]))
    assert schema.validate(again)
    for old, new in zip(sent, again.iterfind("QBXMLMsgsRq/*"), strict=True):
        assert plain(new) == (old.tag, plain(old)[1], {"requestID": "", **dict(old.attrib)}, plain(old)[3])


def texts(value: Any) -> Counter[str]:
    """Every text and attribute in a row."""
    if isinstance(value, dict):
        return sum((texts(one) for name, one in value.items() if name != ORDER), Counter())
    if isinstance(value, list):
        return sum((texts(one) for one in value), Counter())
    return Counter([value])


def texts_within(response: Any) -> Counter[str]:
    found: Counter[str] = Counter()
    for element in response.iterdescendants(etree.Element):
        found.update(element.attrib.values())
        found.update([] if len(element) else [element.text or ""])
    return found


@pytest.mark.parametrize("path", RESPONSES, ids=lambda path: path.stem)
def test_every_text_of_an_answer_is_in_its_rows(path: Path) -> None:
    data = path.read_bytes()
    parts = list(stream(data))
    rows = [part for part in parts if isinstance(part, Row)]
    responses = etree.fromstring(data).findall("*/*")
    assert sum((texts(row.fields) for row in rows), Counter()) == sum(map(texts_within, responses), Counter())
    assert [part for part in parts if isinstance(part, Head)] == list(heads(data).heads)
    for row in rows:
        if "ListID" in row.fields or "TxnID" in row.fields:
            assert summary(row.entity, row.fields).qb_id
