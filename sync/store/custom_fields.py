"""The custom fields that a company has, as QuickBooks told them at the beginning of its last run."""

import json
from collections.abc import Sequence
from typing import Any

from sync.qbxml import customs
from sync.qbxml.customs import Custom
from sync.qbxml.entities import Entity
from sync.qbxml.heads import Head
from sync.qbxml.parse import Row
from sync.store.base import document, fetchval

KEEP = """
    update company set custom_fields = $2::jsonb where id = $1 and custom_fields is distinct from $2::jsonb
"""

FIELDS = "select custom_fields from company where id = $1"


async def take_answer(connection: Any, company: int, parts: Sequence[Head | Row]) -> None:
    """Keep the definitions of an answer; one that QuickBooks refused says nothing."""
    heads = [part for part in parts if isinstance(part, Head) and part.name == "DataExtDefQueryRs"]
    if not heads or heads[0].status.code not in (0, 1):
        return
    rows = [part.fields for part in parts if isinstance(part, Row) and part.tag == "DataExtDefRet"]
    await connection.execute(KEEP, company, json.dumps(customs.definitions(rows)))


async def of_kind(company: int, entity: Entity, connection: Any = None) -> tuple[Custom, ...]:
    """The custom fields that records of a kind have; none before QuickBooks was asked."""
    asked = await (fetchval(FIELDS, company) if connection is None else connection.fetchval(FIELDS, company))
    return customs.of_kind(entity, document(asked))


async def of_lines(company: int, entity: Entity, connection: Any) -> tuple[Custom, ...]:
    """The custom fields that lines of a kind of transaction have."""
    return customs.of_lines(entity, document(await connection.fetchval(FIELDS, company)))
