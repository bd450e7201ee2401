"""GET /api/v1/companies."""

from datetime import UTC, datetime

from litestar import get

from sync.store import companies
from web.api import answers
from web.api.told import Call


@get(
    "/companies",
    opt={
        "role": "viewer",
        "call": Call(
            summary="Every company with its connection state.",
            answer=answers.Companies,
            example="/companies",
            problems=(),
        ),
    },
)
async def list_companies() -> answers.Companies:
    return answers.Companies([answers.company(row) for row in await companies.overview(datetime.now(UTC))])
