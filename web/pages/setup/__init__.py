"""The set-up of a company: a task list that remembers, each step with its own address."""

from litestar.types import ControllerRouterHandler

from web.pages.setup.connect import ConnectController
from web.pages.setup.first_sync import FirstSyncController
from web.pages.setup.guests import LinksController, enter
from web.pages.setup.prepare import PrepareController
from web.pages.setup.region import RegionController
from web.pages.setup.tasks import SetupController
from web.pages.setup.verify import VerifyController

SETUP: list[ControllerRouterHandler] = [
    ConnectController,
    SetupController,
    PrepareController,
    RegionController,
    VerifyController,
    FirstSyncController,
    LinksController,
    enter,
]
