"""/connector-help: the page that every .qwc file names. The Web Connector asks for it without signing in."""

from litestar import HttpMethod, route
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from sync.qwc import SUPPORT
from web.frame import frame, page

STEPS = (
    ("Nothing happens", "Open QuickBooks with the company file, then File, App Management, Update Web Services."),
    ("Password", "Paste the licence key into the password box of this row, press Enter, and answer Yes to save it."),
    (
        "QuickBooks asks",
        "Choose “Yes, always; allow access even if QuickBooks is not running”, then Continue and Done.",
    ),
    ("Auto-Run", "Tick the row and Auto-Run. Leave the Web Connector open: Hide it, do not exit."),
    (
        "A dialog is open",
        "QuickBooks answers nobody while one of its dialogs is open. Close it, then press Update Selected.",
    ),
    ("Another company file", "Open the one that belongs to this row. Nothing is read from any other."),
)


@route(SUPPORT, http_method=[HttpMethod.GET, HttpMethod.HEAD], opt={"role": "public"})
async def connector_help(request: HTMXRequest) -> Template:
    """Show what to look at on the QuickBooks computer."""
    return page(request, "connector_help/index.html", {**frame(request), "steps": STEPS})
