"""Intuit's schema, where this machine has it: it is licensed and never part of the project."""

from typing import Any

import pytest
from lxml import etree

from tests.qbxml.examples import SHARED


@pytest.fixture(scope="session")
def schema() -> Any:
    path = SHARED / "qbxml" / "schema" / "qbxmlops130.xsd"
    if not path.exists():
        pytest.skip("the XSD of qbXML 13.0 is not on this machine")
    return etree.XMLSchema(etree.parse(path))
