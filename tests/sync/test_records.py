"""Lists of records: the cursors of their pages."""

import base64
import json

import pytest

from sync.store import records


def cursor(*values: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "forged", ["x", cursor("a", 1), cursor(1, 2, 3), cursor(None, 1), cursor("1", -1), cursor("1", 1 << 70)]
)
async def test_a_forged_cursor_is_refused_in_a_sentence(postgres: str, forged: str) -> None:
    with pytest.raises(ValueError, match="not the address of a page"):
        await records.page(1, "Invoice", sort="amount", after=forged, deleted="all")
