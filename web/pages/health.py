"""/healthz: for whoever watches over the process."""

from litestar import get
from litestar.response import Response

from sync.store import people


@get("/healthz", opt={"role": "public", "exclude_from_csrf": True})
async def health() -> Response[dict[str, str]]:
    """Answer 200 when the database answers. Everything else is a 500 and stands in the log."""
    await people.nobody_yet()
    return Response({"database": "answers"})
