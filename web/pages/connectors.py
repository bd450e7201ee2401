"""/companies/{id}/connectors: the computers of a company: another one, its file, its licence key, its end.

A licence key is in a page only as the answer to a form that asked for it, and each time in the audit log.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from litestar import Controller, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Response, Template

from sync.keys import KeyRing
from sync.store import computers
from sync.store.computers import ConnectorRow, UnknownCallerRow
from web.auth import Doer, address_of, current, doer
from web.forms import line, read_form
from web.frame import Values, company_frame, company_or_404, page, with_query
from web.htmx import go_to
from web.site import AnyRequest, site_of

QWC = "application/x-qwc"
LONGEST_LABEL = 40


class ConnectorsController(Controller):
    """For owners and accounting managers; the file also for who came by a set-up link."""

    path = "/companies/{company:int}/connectors"
    opt = {"role": "accounting_manager"}

    @get()
    async def show(self, request: HTMXRequest, company: FromPath[int]) -> Template:
        return await add_page(request, company)

    @post()
    async def add(self, request: HTMXRequest, company: FromPath[int]) -> Response[Any]:
        """Make a connector with a key of its own, and go on with its file."""
        label = line(await read_form(request), "label")
        await company_or_404(company)
        if fault := fault_of(label):
            return await add_page(request, company, label, fault)
        made = await computers.add_connector(company, label, keys_of(request), *by(request))
        return go_to(request, step_of(company, made.connector))

    @get("/{connector:int}/file", opt={"setup_link": True})
    async def file(self, request: HTMXRequest, company: FromPath[int], connector: FromPath[int]) -> Response[bytes]:
        """Give the .qwc file: the same bytes each time, as long as the schedule is the same."""
        public_url = site_of(request).settings.public_url
        found = await computers.take_qwc(*ids(company, connector), public_url, *by(request))
        if found is None:
            raise NotFoundException
        headers = {"content-disposition": f'attachment; filename="{found[0]}"', "cache-control": "no-store"}
        return Response(found[1], media_type=QWC, headers=headers)

    @get("/{connector:int}/key")
    async def key(self, request: HTMXRequest, company: FromPath[int], connector: FromPath[int]) -> Template:
        return await about(request, company, connector, "key", {"key": None})

    @post("/{connector:int}/key", status_code=200)
    async def show_key(self, request: HTMXRequest, company: FromPath[int], connector: FromPath[int]) -> Template:
        """Show the key in the answer to this form alone; the audit log says who saw it."""
        key = await computers.reveal_key(*ids(company, connector), keys_of(request), *by(request))
        return await about(request, company, connector, "key", {"key": key, "sealed": key is None}, part="_key")

    @get("/{connector:int}/rotate")
    async def ask_rotate(self, request: HTMXRequest, company: FromPath[int], connector: FromPath[int]) -> Template:
        return await about(request, company, connector, "rotate", {})

    @post("/{connector:int}/rotate")
    async def rotate(self, request: HTMXRequest, company: FromPath[int], connector: FromPath[int]) -> Response[Any]:
        """Make a new key; the page it leads to does not show it before somebody asks."""
        if await computers.rotate_key(*ids(company, connector), keys_of(request), *by(request)) is None:
            raise NotFoundException
        return go_to(request, with_query(f"/companies/{company}/setup/connector", computer=connector, done="rotated"))

    @get("/{connector:int}/revoke")
    async def ask_revoke(self, request: HTMXRequest, company: FromPath[int], connector: FromPath[int]) -> Template:
        return await about(request, company, connector, "revoke", {})

    @post("/{connector:int}/revoke")
    async def revoke(self, request: HTMXRequest, company: FromPath[int], connector: FromPath[int]) -> Response[Any]:
        if not await computers.revoke(*ids(company, connector), *by(request)):
            raise NotFoundException
        return go_to(request, f"/companies/{company}/profile?done=revoked#computers")

    @get("/{connector:int}/new-pair")
    async def ask_new_pair(self, request: HTMXRequest, company: FromPath[int], connector: FromPath[int]) -> Template:
        return await about(request, company, connector, "new_pair", {})

    @post("/{connector:int}/new-pair")
    async def new_pair(self, request: HTMXRequest, company: FromPath[int], connector: FromPath[int]) -> Response[Any]:
        if not await computers.new_pair(*ids(company, connector), *by(request)):
            raise NotFoundException
        return go_to(request, with_query(f"/companies/{company}/setup/connector", computer=connector, done="new-pair"))


def step_of(company: int, connector: int) -> str:
    """Return where the set-up goes on with a connector."""
    return with_query(f"/companies/{company}/setup/connector", computer=connector)


def ids(company: int, connector: int) -> tuple[int, int]:
    """Return both if the database can hold them. Raises NotFoundException."""
    if max(company, connector) >= 1 << 63:
        raise NotFoundException
    return company, connector


def by(request: AnyRequest) -> tuple[str, str]:
    """Return who does it, and from where, for the audit log."""
    return doer(request).actor, address_of(request)


def keys_of(request: AnyRequest) -> KeyRing:
    return KeyRing(site_of(request).settings.secret_key)


def fault_of(label: str) -> str:
    """Return what is wrong with the name of a computer, in a sentence."""
    if not label:
        return "Give the computer a name, so that people tell it from the others"
    if len(label) > LONGEST_LABEL:
        return f"The name of a computer can have {LONGEST_LABEL} characters; this has {len(label)}"
    return ""


def named(connector: ConnectorRow) -> str:
    """Return what tells a connector from its neighbours: a computer without a name goes by its user name."""
    return connector.machine or connector.label or f"the computer {connector.user_name}"


async def living_of(company: int) -> list[ConnectorRow]:
    """Return the connectors of a company that are not revoked."""
    return [row for row in await computers.connectors_of(company) if row.revoked_at is None]


def shown_to(who: Doer, rows: Sequence[ConnectorRow]) -> list[ConnectorRow]:
    """Return connectors as a visitor may see them: a guest reads of no other company whose key came."""
    return [replace(row, wrong_key_of="") for row in rows] if who.link else list(rows)


async def unknown_callers(request: AnyRequest) -> list[UnknownCallerRow]:
    """Return user names that nobody has; to a guest those from their own address, since others may be of others."""
    rows, here = await computers.unknown_callers(datetime.now(UTC)), address_of(request)
    return [row for row in rows if row.address == here] if doer(request).link else rows


async def living_or_404(company: int, connector: int) -> ConnectorRow:
    ids(company, connector)
    found = next((row for row in await living_of(company) if row.id == connector), None)
    if found is None:
        raise NotFoundException
    return found


async def add_page(request: HTMXRequest, company: int, label: str = "", fault: str = "") -> Template:
    row = await company_or_404(company)
    values: Values = {
        **await company_frame(request, row, "settings"),
        "connectors": await living_of(company),
        "named": named,
        "label": label,
        "longest": LONGEST_LABEL,
        "fault": fault,
    }
    return page(request, "connectors/add.html", values, status=422 if fault else 200)


async def about(
    request: HTMXRequest, company: int, connector: int, name: str, more: Values, *, part: str = ""
) -> Template:
    """Render a page about one connector."""
    row = await company_or_404(company)
    found = await living_or_404(company, connector)
    values: Values = {
        **await company_frame(request, row, "settings"),
        "connector": found,
        "computer": named(found),
        "may_manage": True,
        "key": None,
        "sealed": False,
        "holders": [current(request).person.name],
        "others": [named(each) for each in await living_of(company) if each.id != connector],
        **more,
    }
    return page(request, f"connectors/{name}.html", values, part=f"connectors/{part}.html" if part else "")
