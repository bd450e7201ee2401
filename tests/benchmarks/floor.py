"""What this machine allows: the same bytes decoded, parsed and copied into a table, and nothing else done."""

import asyncio
import io
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pyexpat import ParserCreate
from typing import Any

import asyncpg
from lxml import etree

from tests.benchmarks.answers import Pages, page_head

PLAIN, INDEXED = "floor_plain", "floor_indexed"
TABLES = (
    f"drop table if exists {PLAIN}, {INDEXED}",
    f"create table {PLAIN} (like record including defaults)",
    f"create table {INDEXED} (like record including defaults including indexes)",
)
COLUMNS = (
    "company", "entity", "qb_id", "edit_sequence", "name", "ref_number", "party", "amount", "date", "active",
    "time_created", "time_modified", "quickbooks",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Floor:
    """Seconds that some rows took, stage by stage, and all of it in a row."""

    rows: int
    decode: float
    parse: float
    copy_plain: float
    copy_indexed: float
    began: float
    ended: float

    @property
    def plain(self) -> float:
        """Rows a second into a table without indexes."""
        return self.rows / (self.decode + self.parse + self.copy_plain)

    @property
    def indexed(self) -> float:
        """Rows a second into a table with the indexes of the product's."""
        return self.rows / (self.decode + self.parse + self.copy_indexed)


async def make_tables(dsn: str) -> None:
    """Two empty tables like the product's."""
    connection = await asyncpg.connect(dsn)
    for statement in TABLES:
        await connection.execute(statement)
    await connection.close()


def measure(dsn: str, page_rows: int, pages: int, company: int) -> Floor:
    """The floor with so many pages. For a process of its own; several at once show what all cores allow."""
    made = Pages(page_rows)
    rest = range(pages)
    bodies = [made.document(page_head("1-1", 1, "{A}"), page * page_rows, "0" * 32) for page in rest]
    return asyncio.run(stages(dsn, bodies, page_rows, company))


async def stages(dsn: str, bodies: list[bytes], page_rows: int, company: int) -> Floor:
    connection = await asyncpg.connect(dsn)
    decoding = parsing = plain = indexed = 0.0
    began = time.monotonic()
    for body in bodies:
        at = [time.perf_counter()]
        text = decoded(body)
        at.append(time.perf_counter())
        rows = list(parsed(text, company))
        at.append(time.perf_counter())
        await connection.copy_records_to_table(PLAIN, records=rows, columns=COLUMNS)
        at.append(time.perf_counter())
        await connection.copy_records_to_table(INDEXED, records=rows, columns=COLUMNS)
        at.append(time.perf_counter())
        decoding, parsing = decoding + at[1] - at[0], parsing + at[2] - at[1]
        plain, indexed = plain + at[3] - at[2], indexed + at[4] - at[3]
    await connection.close()
    return Floor(len(bodies) * page_rows, decoding, parsing, plain, indexed, began, time.monotonic())


def decoded(body: bytes) -> bytes:
    """The text of the answer that a SOAP body carries."""
    pieces: list[str] = []
    parser = ParserCreate()
    parser.buffer_text = True
    parser.CharacterDataHandler = pieces.append
    parser.StartElementHandler = lambda name, _: pieces.clear() if name == "response" else None
    parser.Parse(body, True)
    return "".join(pieces).encode()


def parsed(text: bytes, company: int) -> Iterator[tuple[Any, ...]]:
    """The rows of an answer as records."""
    for _, element in etree.iterparse(io.BytesIO(text), tag="CustomerRet", huge_tree=True):
        row = values(element)
        element.clear()
        yield (
            company,
            "Customer",
            row["ListID"],
            row["EditSequence"],
            row["FullName"],
            "",
            "",
            Decimal(row["TotalBalance"]),
            "",
            True,
            row["TimeCreated"],
            row["TimeModified"],
            json.dumps(row),
        )


def values(element: Any) -> dict[str, Any]:
    return {child.tag: values(child) if len(child) else child.text for child in element}
