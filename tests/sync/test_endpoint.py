"""The Web Connector's address, asked as a browser or a certificate check asks it."""

import httpx
import pytest

from tests.sync.conftest import Product


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_anybody_gets_200_without_signing_in(product: Product, method: str) -> None:
    async with httpx.AsyncClient(base_url=product.url) as client:
        assert (await client.request(method, "/qbwc")).status_code == 200
        assert (await client.request(method, "/connector-help")).status_code == 200


async def test_the_wsdl_names_the_public_address(product: Product) -> None:
    async with httpx.AsyncClient(base_url=product.url) as client:
        answer = await client.get("/qbwc?wsdl")
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    assert f'location="{product.settings.public_url}/qbwc"' in answer.text


async def test_what_an_address_can_do_may_be_asked_by_anybody(product: Product) -> None:
    async with httpx.AsyncClient(base_url=product.url) as client:
        answer = await client.options("/qbwc")
    assert answer.status_code == 204
    assert "GET" in answer.headers["allow"]
