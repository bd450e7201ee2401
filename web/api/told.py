"""What the document and the page say of a call; each handler carries one in its `opt`."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call: what it does, what it takes, what it answers, and an example that a test carries out."""

    summary: str
    answer: type
    status: int = 200
    query: tuple[tuple[str, str], ...] = ()  # name, what it means
    headers: tuple[tuple[str, str], ...] = ()
    body: dict[str, Any] | None = None  # JSON schema
    example: str = ""  # path below /api/v1, with its query
    example_body: Any = None
    problems: tuple[int, ...] = field(default=(400, 404))


COMPANY = "/companies/1"
CUSTOMERS = f"{COMPANY}/records/Customer"
ONCE = (("Idempotency-Key", "1 to 255 characters of your choice; for a day the same key gets the same answer."),)
MATCH = (*ONCE, ("If-Match", "The record's edit_sequence in quotes: 412 when QuickBooks has changed it since."))
FIELDS = {
    "type": "object",
    "additionalProperties": True,
    "description": "Fields by their qbXML names, as in the entity's Ret; names of its Add are taken too.",
}
