"""The application: the one place where routes, templates, static files, forms' protection and lifespan are joined."""

from collections.abc import Iterator
from typing import Any

from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket
from litestar import Litestar
from litestar.config.csrf import CSRFConfig
from litestar.datastructures import CacheControlHeader
from litestar.handlers import BaseRouteHandler
from litestar.plugins.htmx import HTMXRequest
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.router import Router
from litestar.routes import HTTPRoute
from litestar.static_files import create_static_files_router
from litestar.template import TemplateConfig

from sync.conversation import Conversation
from sync.endpoint import HANDLERS
from sync.keys import KeyRing
from sync.live import Live
from sync.settings import Settings
from web.api import api
from web.api.document import guide as api_guide
from web.auth import check_roles, guard
from web.codes import CODE_FILTERS
from web.errors import exception_handlers
from web.filters import FILTERS
from web.headers import security_headers
from web.lifespan import lifespan
from web.pages import PAGES
from web.passwords import Passwords
from web.paths import breakable
from web.sign_on import Provider
from web.site import STATIC, TEMPLATES, Site, version_of

YEAR = 31_536_000  # seconds


class Compiled(BytecodeCache):
    """Templates that this process has compiled, for every application that it makes."""

    def __init__(self) -> None:
        self.found: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.found:
            bucket.bytecode_from_string(self.found[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.found[bucket.key] = bucket.bytecode_to_string()


COMPILED = Compiled()


def create_app(settings: Settings) -> Litestar:
    """Join everything. Nothing connects before the lifespan starts. Raises LookupError for a route without a role."""
    site = site_for(settings)
    app = joined(site)
    furnish(app, site)
    return app


def site_for(settings: Settings) -> Site:
    """Return what the requests of an application with these settings share."""
    return Site(
        settings=settings,
        passwords=Passwords(),
        static_version=version_of(STATIC),
        live=Live(),
        provider=Provider(settings.sign_on, settings.public_url) if settings.sign_on else None,
    )


def furnish(app: Litestar, site: Site) -> None:
    """Put into the application's state what its handlers and its lifespan work with."""
    app.state.site = site
    app.state.conversation = Conversation(KeyRing(site.settings.secret_key), site.settings.public_url)


def joined(site: Site) -> Litestar:
    """Register every route, which takes a sixth of a second.

    Of the site it takes the secret key, the scheme, and the version of the static files; the rest is in the state.
    """
    app = Litestar(
        route_handlers=[*PAGES, api(), api_guide, *HANDLERS, static_files(site)],
        request_class=HTMXRequest,
        guards=[guard],
        exception_handlers=exception_handlers(),
        before_send=[security_headers(https=site.secure)],
        csrf_config=csrf(site),
        template_config=TemplateConfig(instance=JinjaTemplateEngine.from_environment(templates(site))),
        lifespan=[lifespan],
        logging_config=None,  # errors are logged where they are answered (web.errors); its own would start a thread
        openapi_config=None,
        request_max_body_size=1_000_000,
    )
    check_roles(handlers_of(app))
    return app


def handlers_of(app: Litestar) -> list[BaseRouteHandler]:
    """Return every route handler of the application."""
    return [handler for handler in all_handlers(app) if not is_automatic(handler)]


def all_handlers(app: Litestar) -> Iterator[BaseRouteHandler]:
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            yield from route.route_handlers
        else:
            yield route.route_handler


def is_automatic(handler: BaseRouteHandler) -> bool:
    """Say whether Litestar made it: it answers OPTIONS with the methods of each address."""
    return getattr(handler, "http_methods", set()) == {"OPTIONS"}


def csrf(site: Site) -> CSRFConfig:
    """Protect every form but the Web Connector's address, which says so itself."""
    return CSRFConfig(
        secret=site.key("csrf"),
        cookie_name=site.cookie("form"),
        cookie_secure=site.secure,
        cookie_httponly=True,  # pages carry the token themselves
        cookie_samesite="lax",
    )


def templates(site: Site) -> Environment:
    """Return the templates' environment: an unknown name is an error, everything is escaped."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        bytecode_cache=COMPILED,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update({**FILTERS, **CODE_FILTERS, "breakable": breakable})
    globals_: dict[str, Any] = {"static": lambda path: f"/static/{site.static_version}/{path}"}
    environment.globals.update(globals_)
    return environment


def static_files(site: Site) -> Router:
    """Serve the static files under an address that changes with them, so that browsers keep them for a year."""
    return create_static_files_router(
        path=f"/static/{site.static_version}",
        directories=[STATIC],
        cache_control=CacheControlHeader(max_age=YEAR, public=True, immutable=True),
        opt={"role": "public", "exclude_from_csrf": True},
    )
