"""What the requests of one process share: settings, hasher, live listener, version of the static files."""

import hashlib
import hmac
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from litestar.connection import ASGIConnection, Request

from sync.live import Live
from sync.settings import Settings
from sync.tasks import Queue
from web.passwords import Passwords
from web.sign_on import Provider

Connection = ASGIConnection[Any, Any, Any, Any]
AnyRequest = Request[Any, Any, Any]

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "static"
TEMPLATES = ROOT / "templates"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Made once by `create_app`; handlers get it from `site_of`."""

    settings: Settings
    passwords: Passwords
    static_version: str
    live: Live
    provider: Provider | None = None  # of single sign-on

    @property
    def secure(self) -> bool:
        """Whether people reach us over HTTPS: cookies are then for HTTPS only."""
        return self.settings.public_url.startswith("https://")

    def cookie(self, name: str) -> str:
        """Return a cookie's full name. Browsers hold `__Host-` cookies to this host, this scheme and path /."""
        return f"__Host-deskbridge-{name}" if self.secure else f"deskbridge-{name}"

    def key(self, purpose: str) -> str:
        """Return a key of its own for one purpose, derived from the secret key."""
        return hmac.new(self.settings.secret_key.encode(), purpose.encode(), hashlib.sha256).hexdigest()


def queue_of(connection: Connection) -> Queue:
    """Return the open queue of this process."""
    queue = connection.app.state.queue
    if not isinstance(queue, Queue):
        raise TypeError("the lifespan has not begun")
    return queue


def site_of(connection: Connection) -> Site:
    site = connection.app.state.site
    if not isinstance(site, Site):
        raise TypeError("this application was not made by create_app")
    return site


def version_of(folder: Path) -> str:
    """Return a short digest of all files below a folder: their address changes when one of them does."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(str(path.relative_to(folder)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
