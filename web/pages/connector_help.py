"""/connector-help: the five steps for any company. Every .qwc file names it, and the Web Connector asks for it."""

from litestar import HttpMethod, post, route
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from sync.protocol.trial import NAMES
from sync.qwc import SUPPORT
from web.frame import Values, guide_frame, page
from web.log_reading import LOG_LIMIT, read_log

ABOUT: Values = {  # see templates/macros/five_steps.html
    "key": "general",
    "file_name": "your company file",
    "app": None,
    "computer": "the computer with QuickBooks",
    "computers": [],
    "set_up": None,
    "ask": "an owner or accounting manager of your Deskbridge workspace",
    "refused": None,
    "shows": "15",
}


@route(SUPPORT, http_method=[HttpMethod.GET, HttpMethod.HEAD], opt={"role": "public"})
async def connector_help(request: HTMXRequest) -> Template:
    """Show what to look at on the QuickBooks computer."""
    return await shown(request, {"log": None, "log_fault": ""})


@post(f"{SUPPORT}/log", opt={"role": "public"}, request_max_body_size=LOG_LIMIT, status_code=200)
async def connector_log(request: HTMXRequest) -> Template:
    """Read a log that anybody uploads or pastes. Nothing of it is kept."""
    return await shown(request, await read_log(request))


async def shown(request: HTMXRequest, reading: Values) -> Template:
    values = {**await guide_frame(request), "about": ABOUT, "steps": NAMES, "page_width": "form", **reading}
    return page(request, "connector_help/index.html", values, status=422 if reading["log_fault"] else 200)
