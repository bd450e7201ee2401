"""One controller a page, with its partials. No SQL and no XML here."""

from litestar.types import ControllerRouterHandler

from web.pages.account import SessionsController
from web.pages.alert_settings import AlertSettingsController
from web.pages.api_tokens import ApiTokensController
from web.pages.appearance import choose_theme
from web.pages.approval_settings import ApprovalSettingsController
from web.pages.audit_log import AuditLogController
from web.pages.clear_id import ClearIdController, clear_id_guide
from web.pages.code_guide import CodeGuideController
from web.pages.companies import CompaniesController, home
from web.pages.company import CompanyController
from web.pages.company_settings import CompanySettingsController
from web.pages.connector_help import connector_help, connector_log
from web.pages.connector_step import ConnectorStep
from web.pages.connectors import ConnectorsController
from web.pages.create_account import CreateAccountController, WaitingController
from web.pages.csv_import import CsvImportController
from web.pages.daily import daily
from web.pages.exports import ExportsController
from web.pages.first_run import FirstRunController
from web.pages.gap_note import GapNoteController
from web.pages.health import health
from web.pages.history import HistoryController
from web.pages.join import JoinController
from web.pages.matching import MatchingController
from web.pages.profile import ProfileController, profiles
from web.pages.record_detail import RecordDetailController
from web.pages.record_form import RECORD_FORM
from web.pages.records import RecordsController
from web.pages.reset import ForgottenController, ResetController
from web.pages.run_download import download_run
from web.pages.runs import RunsController
from web.pages.search import search
from web.pages.setup import SETUP
from web.pages.sign_in import SignInController, sign_out
from web.pages.sso import SingleSignOnController
from web.pages.sso import guide as single_sign_on_guide
from web.pages.steering import SteeringController
from web.pages.support import SupportController
from web.pages.sync_log import ReportsController
from web.pages.team import TeamController
from web.pages.team_settings import SettingsController
from web.pages.troubleshooting import TroubleshootingController
from web.pages.unsynced import UnsyncedController
from web.pages.web_connector import WebConnectorGuide
from web.pages.wizard import WIZARD

PAGES: list[ControllerRouterHandler] = [
    home,
    CompaniesController,
    CompanyController,
    GapNoteController,
    HistoryController,
    RunsController,
    download_run,
    SteeringController,
    CompanySettingsController,
    RecordsController,
    CsvImportController,
    ReportsController,
    RecordDetailController,
    *RECORD_FORM,
    UnsyncedController,
    ClearIdController,
    clear_id_guide,
    ExportsController,
    AlertSettingsController,
    *WIZARD,
    daily,
    ApprovalSettingsController,
    MatchingController,
    search,
    FirstRunController,
    SignInController,
    sign_out,
    SessionsController,
    choose_theme,
    health,
    connector_help,
    connector_log,
    CodeGuideController,
    TroubleshootingController,
    *SETUP,
    WebConnectorGuide,
    ConnectorStep,
    ConnectorsController,
    ProfileController,
    profiles,
    CreateAccountController,
    WaitingController,
    JoinController,
    ForgottenController,
    ResetController,
    SingleSignOnController,
    single_sign_on_guide,
    TeamController,
    SupportController,
    SettingsController,
    ApiTokensController,
    AuditLogController,
]
