"""The Web Connector's address, asked as a browser or a certificate check asks it."""

from dataclasses import replace
from typing import Any

import pytest

from sync import database
from sync.store.base import execute
from tests.serving import Client
from tests.sync.conftest import Product

LONG_ANSWER = """<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>
    <receiveResponseXML xmlns="http://developer.intuit.com/"><ticket>0123456789abcdef0123456789abcdef</ticket>
    <response>{}</response><hresult></hresult><message></message></receiveResponseXML></soap:Body></soap:Envelope>"""

REFUSED = "QBWC1040"  # the Web Connector's own code for nvu


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_anybody_gets_200_without_signing_in(product: Product, method: str) -> None:
    async with Client(base_url=product.url) as client:
        assert (await client.request(method, "/qbwc")).status_code == 200
        assert (await client.request(method, "/connector-help")).status_code == 200


async def test_the_wsdl_names_the_public_address(product: Product) -> None:
    async with Client(base_url=product.url) as client:
        answer = await client.get("/qbwc?wsdl")
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    assert f'location="{product.settings.public_url}/qbwc"' in answer.text


async def test_what_an_address_can_do_may_be_asked_by_anybody(product: Product) -> None:
    async with Client(base_url=product.url) as client:
        answer = await client.options("/qbwc")
    assert answer.status_code == 204
    assert "GET" in answer.headers["allow"]


async def test_after_five_wrong_keys_no_key_is_looked_at_for_ten_minutes(product: Product, company_file: Any) -> None:
    made = await product.add_company()
    guesser = await product.connector(replace(made, licence_key="WRONG"), company_file)
    owner = await product.connector(made, company_file)
    assert [(await guesser.update()).code for _ in range(4)] == [REFUSED] * 4
    assert (await owner.update()).code == ""
    assert [(await guesser.update()).code, (await owner.update()).code] == [REFUSED, REFUSED]
    await execute("update limits set since = since - interval '500 seconds'")
    assert (await owner.update()).code == REFUSED
    await execute("update limits set since = since - interval '500 seconds'")
    assert (await owner.update()).code == ""


async def test_a_long_answer_that_comes_while_the_database_is_away_is_answered_in_the_protocol(
    product: Product,
) -> None:
    body = LONG_ANSWER.format("x" * 2_000_000).encode()
    await database.close_pool()
    async with Client(base_url=product.url) as client:
        answer = await client.post("/qbwc", content=body, headers={"content-type": "text/xml"})
    assert (answer.status_code, ">-1</" in answer.text) == (200, True)
