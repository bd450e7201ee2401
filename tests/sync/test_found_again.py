"""A record that a reading of keys has missed, and the next one meets: its deletion no longer waits for anybody."""

import re
from typing import Any

from sync.practice.company import CompanyFile
from sync.store import changes
from sync.store.base import execute, fetch, fetchrow
from tests.sync.conftest import Product, unequal
from tests.sync.following import sync
from tests.sync.test_incoming import NEVER, WHO, again, open_in
from tests.sync.test_writes import a_record

LONG_AGO = "update entity_state set as_of = now() - interval '100 days' where entity in ('ListDeleted', 'TxnDeleted')"


class Forgetful:
    """QuickBooks that leaves one record out of its answers for a time."""

    def __init__(self, file: CompanyFile) -> None:
        self.file, self.without = file, ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)

    def process(self, request: str) -> str:
        answer = self.file.process(request)
        row = rf"<CustomerRet>\s*<ListID>{self.without}</ListID>.*?</CustomerRet>"
        return re.sub(row, "", answer, flags=re.DOTALL) if self.without else answer


async def test_a_record_that_the_next_reading_of_keys_meets_again_is_no_longer_proposed_as_deleted(
    product: Product, company_file: CompanyFile
) -> None:
    made = await product.add_company()
    books: Any = Forgetful(company_file)
    connector = await product.connector(made, books)
    await sync(connector, made.company)
    record, fields = await a_record(made.company, "Customer", 3)

    async def keys_read(*, without: str) -> list[dict[str, Any]]:
        books.without = without
        await execute(LONG_AGO)  # QuickBooks may have forgotten deletions: every key is read
        await again(made.company, connector)
        return await open_in(made.company)

    (gone,) = await keys_read(without=fields["ListID"])
    assert (gone["record"], gone["action"]) == (record, "delete")
    assert await keys_read(without="") == []
    row = await fetchrow("select deleted_at, ours, base from record where id = $1", record)
    assert row is not None
    assert tuple(row) == (None, None, None)
    steps = await fetch("select state, reason from change_event where change = $1 order by id", gone["id"])
    assert [tuple(one) for one in steps][-1] == ("cleared", "QuickBooks has again what the team has.")
    await keys_read(without=fields["ListID"])
    assert (await changes.decide(made.company, "in", "all", "keep", NEVER, WHO)).approved == 1
    (new,) = await keys_read(without="")  # the team has let go of it: it comes in anew, if somebody approves
    assert (new["record"], new["action"], new["before"]) == (record, "create", None)
    assert (await changes.decide(made.company, "in", "all", "keep", NEVER, WHO)).approved == 1
    assert await unequal(made.company, company_file) == []
