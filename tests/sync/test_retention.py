"""Requests with their answers are kept for a while; what they brought stays."""

from datetime import UTC, datetime, timedelta
from typing import cast

from saq.types import Context

from sync import tasks
from sync.practice.company import CompanyFile
from sync.store.base import execute, fetchval
from tests.sync.conftest import Product, finished


async def test_requests_are_forgotten_when_their_time_is_over_and_records_and_runs_stay(
    product: Product, company_file: CompanyFile
) -> None:
    made = await product.add_company()
    await (await product.connector(made, company_file)).update()
    await finished(made.company)
    all_of_them = await fetchval("select count(*) from request")
    old = "update request set sent_at = $1 where id in (select id from request order by id limit 10)"
    await execute(old, datetime.now(UTC) - tasks.KEPT - timedelta(days=1))
    records = await fetchval("select count(*) from record")
    await tasks.forget_requests(cast(Context, {}))
    assert await fetchval("select count(*) from request") == all_of_them - 10
    assert await fetchval("select count(*) from record") == records
    assert await fetchval("select state from run") == "complete"
