"""What is particular to htmx: when to answer with a part of the page, and where to send the browser."""

from litestar.plugins.htmx import HTMXRequest
from litestar.response import Redirect, Response


def wants_partial(request: HTMXRequest) -> bool:
    """Say whether htmx asks for a part: not for a boosted link, nor to restore history, which need the whole page."""
    return bool(request.htmx) and not request.htmx.boosted and not request.htmx.history_restore_request


def go_to(request: HTMXRequest, path: str) -> Response[object]:
    """Send the browser to another page; htmx does it by a header, since it would follow a redirect by itself."""
    if request.htmx:
        return Response(None, status_code=200, headers={"HX-Redirect": path})
    return Redirect(path, status_code=303)
