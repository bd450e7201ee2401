"""The Sync Wizard: what wants to come in from QuickBooks and to go out, decided by a person."""

from litestar.types import ControllerRouterHandler

from web.pages.wizard.aside import AsideController
from web.pages.wizard.conflict import ConflictController
from web.pages.wizard.decide import DecideController
from web.pages.wizard.page import WizardController

WIZARD: list[ControllerRouterHandler] = [WizardController, DecideController, AsideController, ConflictController]
