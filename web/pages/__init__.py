"""One controller a page, with its partials. No SQL and no XML here."""

from litestar.types import ControllerRouterHandler

from web.pages.account import SessionsController
from web.pages.appearance import choose_theme
from web.pages.first_run import FirstRunController
from web.pages.health import health
from web.pages.sign_in import SignInController, sign_out

PAGES: list[ControllerRouterHandler] = [
    FirstRunController,
    SignInController,
    sign_out,
    SessionsController,
    choose_theme,
    health,
]
