"""The frame around every page: who is signed in, which company, which sections there are. See templates/base.html."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from litestar.exceptions import NotFoundException
from litestar.plugins.htmx import HTMXRequest, HTMXTemplate
from litestar.response import Template
from litestar.template.base import csrf_token

from sync.store import changes, companies
from sync.store.companies import CompanyName, CompanyRow
from sync.store.people import Person
from web.auth import ROLE_WORDS, may, signed_in, who_asks
from web.filters import initials
from web.htmx import wants_partial
from web.site import AnyRequest, site_of

THEMES = ("system", "light", "dark")
FEW = 3  # companies that each have their profile in the initials menu
ACCOUNT_MENU = [("Your sessions", "/account/sessions"), ("Help", "/connector-help")]
SECTIONS = (  # of the team: key, label, address, the role that sees it
    ("companies", "Companies", "/companies", "viewer"),
    ("team", "Team", "/team", "viewer"),
    ("audit_log", "Audit log", "/audit-log", "accounting_manager"),
    ("settings", "Settings", "/settings", "viewer"),
)

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who is signed in, as the initials menu shows it."""

    name: str
    initials: str
    role: str


def theme_of(request: AnyRequest) -> str:
    theme = request.cookies.get(site_of(request).cookie("theme"), "")
    return theme if theme in THEMES else "system"


def frame(request: AnyRequest) -> Values:
    """Return what base.html reads on a page that stands alone: sign-in, first run, errors."""
    found = signed_in(request)
    person = found.person if found else None
    return {
        "user": Visitor(person.name, initials(person.name), ROLE_WORDS[person.role]) if person else None,
        "csrf_token": csrf_token({"request": request}),
        "theme": theme_of(request),
        "account_menu": ACCOUNT_MENU,
        "companies": [],
        "company": None,
        "section": "",
        "navigation": sections(person) if person else [],
        "quickbooks_off": False,
    }


def sections(person: Person) -> list[tuple[str, str, str, None]]:
    """Return the team's sections that a person may open."""
    return [(key, label, href, None) for key, label, href, role in SECTIONS if may(person, role)]


async def team_frame(request: AnyRequest, section: str = "") -> Values:
    """Return what base.html reads on a page of the team."""
    found, names = signed_in(request), await companies.names()
    return {
        **frame(request),
        "companies": names,
        "account_menu": [*profiles(names), *ACCOUNT_MENU],
        "section": section,
        "quickbooks_off": bool(names and found and not found.quickbooks_on),
        "connect_url": "/connect" if found and may(found.person, "accounting_manager") else None,
    }


def profiles(companies: Sequence[CompanyName]) -> list[tuple[str, str]]:
    """Return the company profiles for the initials menu of a team's page: each of a few, else the list of them."""
    if len(companies) > FEW:
        return [("Company profiles", "/profiles")]
    several = len(companies) > 1
    return [
        (f"Profile of {each.name}" if several else "Company profile", f"/companies/{each.id}/profile")
        for each in companies
    ]


async def guide_frame(request: AnyRequest) -> Values:
    """Return what guide/frame.html reads on a page that everybody may see; whoever is signed in keeps the bar."""
    await who_asks(request)
    return await team_frame(request) if signed_in(request) else frame(request)


async def company_frame(request: AnyRequest, company: CompanyRow, section: str) -> Values:
    """Return what base.html reads on a page of one company."""
    home, waiting = f"/companies/{company.id}", await changes.counts(company.id)
    waits = waiting.to_approve_in + waiting.to_approve_out + waiting.conflicts
    return {
        **await team_frame(request, section),
        "company": company,
        "account_menu": [("Company profile", f"{home}/profile"), *ACCOUNT_MENU],
        "navigation": [
            ("status", "Sync status", home, None),
            ("records", "Records", f"{home}/records", None),
            ("unsynced", "Unsynced", f"{home}/unsynced", None),
            ("reports", "Reports", f"{home}/reports", None),
            ("wizard", "Sync Wizard", f"{home}/wizard", None),
            ("settings", "Settings", f"{home}/settings", None),
        ],
        "badges": {"unsynced": waiting.unsynced, "wizard": waits},
        "waiting_number": waits,
        "counts": waiting,
        "search_url": f"{home}/search",
    }


async def company_or_404(company: int) -> CompanyRow:
    """Return a company as it stands now. Raises NotFoundException."""
    found = await companies.company(company, datetime.now(UTC)) if company < 1 << 63 else None
    if found is None:
        raise NotFoundException
    return found


def page(request: HTMXRequest, name: str, values: Values, *, part: str = "", status: int = 200) -> Template:
    """Render a page; to htmx, its part alone where it has one."""
    chosen = part if part and wants_partial(request) else name
    headers = {"vary": "HX-Request"} if part else {}
    return HTMXTemplate(template_name=chosen, context=values, status_code=status, headers=headers)


def with_query(path: str, **values: str | int | None) -> str:
    """Return an address with the values that are not empty."""
    query = urlencode({name: value for name, value in values.items() if value not in (None, "")}, quote_via=quote)
    return f"{path}?{query}" if query else path
