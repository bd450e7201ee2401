"""JSON under /api/v1 for other programs: the same store functions as the pages, tokens instead of cookies."""

from litestar.router import Router

from web.api.access import token_guard
from web.api.changes import ApiChanges
from web.api.companies import list_companies
from web.api.document import openapi
from web.api.problems import PREFIX
from web.api.records import ApiRecords
from web.api.runs import ApiRuns


def api() -> Router:
    """Return the API. Its routes say `api`, so that the guard of the pages leaves them to the one of tokens."""
    return Router(
        path=PREFIX,
        route_handlers=[list_companies, ApiRecords, ApiChanges, ApiRuns, openapi],
        guards=[token_guard],
        opt={"api": True, "exclude_from_csrf": True},
    )
