"""/guide/web-connector and two more: what runs on the QuickBooks computer. Public; nothing of a company is said."""

from urllib.parse import urlsplit

from litestar import Controller, get
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from web.auth import may, signed_in
from web.frame import guide_frame, page
from web.site import AnyRequest, site_of


class WebConnectorGuide(Controller):
    """Three pages for whoever sits at that computer."""

    path = "/guide"
    opt = {"role": "public"}

    @get("/web-connector")
    async def web_connector(self, request: HTMXRequest) -> Template:
        values = {**await guide_frame(request), "page_width": "form", "host": host_of(request)}
        return page(request, "web_connector/index.html", values)

    @get("/start-with-windows")
    async def start_with_windows(self, request: HTMXRequest) -> Template:
        values = {**await guide_frame(request), "page_width": "form"}
        return page(request, "web_connector/start_with_windows.html", values)

    @get("/unique-pair")
    async def unique_pair(self, request: HTMXRequest) -> Template:
        values = {**await guide_frame(request), "page_width": "form"}
        found = signed_in(request)
        values["may_issue"] = found is not None and may(found.person, "accounting_manager")
        return page(request, "web_connector/unique_pair.html", values)


def host_of(request: AnyRequest) -> str:
    """Return the host under which people and Web Connectors reach us."""
    return urlsplit(site_of(request).settings.public_url).netloc
