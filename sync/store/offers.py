"""Whether QuickBooks offers a kind of record in a company file: what its preferences say, and what it last answered."""

from collections.abc import Mapping, Sequence
from typing import Any

from sync.qbxml.entities import Entity
from sync.qbxml.labels import lower
from sync.store.base import connection, document

STANDS = """
    select c.facts -> 'preferences' as preferences,
        (select jsonb_object_agg(entity, off) from entity_state
         where company = c.id and entity = any($2) and off <> '') as told
    from company c where c.id = $1
"""


async def off(company: int, entities: Sequence[Entity], at: Any = None) -> dict[str, str]:
    """Why QuickBooks takes no record of these kinds, a sentence by kind; those that it takes are not in it.

    `at`: the connection of a transaction, where one is open.
    """
    names = [entity.name for entity in entities]
    if at is None:
        async with connection() as found:
            row = await found.fetchrow(STANDS, company, names)
    else:
        row = await at.fetchrow(STANDS, company, names)
    if row is None:
        return {}
    preferences, told = document(row["preferences"]) or {}, document(row["told"]) or {}
    said = {entity.name: sentence(entity, preferences, told.get(entity.name, "")) for entity in entities}
    return {name: why for name, why in said.items() if why}


def sentence(entity: Entity, preferences: Mapping[str, Any], told: str) -> str:
    """Why a kind is off, for a person; "" when nothing says so.

    `told` is why it was off when it was last asked for; a preference that was turned on since counts more.
    """
    kinds = lower(entity.plural)
    if by_preference := entity.off(preferences):
        way = "Somebody can change that there, under Edit, Preferences"
        return f"{by_preference} {way}; after the next sync {kinds} can be made and changed here."
    if told and not (entity.feature and told == entity.feature.words):
        return f"QuickBooks does not offer {kinds} in this company file. It says: “{told}”"
    return ""
