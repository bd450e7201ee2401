"""Records made, changed, deleted and voided in the browser."""

from litestar.types import ControllerRouterHandler

from web.pages.record_form.edit import RecordFormController
from web.pages.record_form.moved import MovedController
from web.pages.record_form.pick import pick
from web.pages.record_form.remove import RemoveController

RECORD_FORM: list[ControllerRouterHandler] = [RecordFormController, MovedController, RemoveController, pick]
