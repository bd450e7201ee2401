"""The set-up of a company: a task list that remembers, each step with its own address."""

from litestar.types import ControllerRouterHandler

from web.pages.setup.guests import LinksController, enter
from web.pages.setup.tasks import SetupController

SETUP: list[ControllerRouterHandler] = [SetupController, LinksController, enter]
