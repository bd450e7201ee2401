"""The environment, read once into one frozen Settings.

Every wrong value stops the start, and all of them are named together. An empty value counts as not given. The secret
key is kept in the data folder when the environment gives none.
"""

import fcntl
import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self, TypeVar
from urllib.parse import urlsplit

from sync import sign_on
from sync.sign_on import SignOn
from sync.smtp import Smtp, a_contact, a_mail_server, a_sender

PUBLIC_URL = re.compile(r"https?://([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(:(?P<port>\d{1,5}))?", re.ASCII)
SHORTEST_KEY = 32  # characters

T = TypeVar("T")


class SettingsError(ValueError):
    """Settings that cannot be used. `problems` has one sentence for each, opening with its name."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the environment says, checked. `repr` shows no secret."""

    host: str
    port: int
    public_url: str  # scheme, host and port as people and Web Connectors reach them; no slash at the end
    data: Path  # absolute
    database_url: str | None = field(repr=False)  # postgresql://…; None: the embedded server
    secret_key: str = field(repr=False)  # signs cookies, encrypts licence keys
    smtp: Smtp | None = None  # where mail goes out; None: it is printed to the log
    mail_from: str = ""  # with smtp: the sender of every mail
    support_contact: str = ""  # e-mail or https:// address for help; empty: the owners
    sign_on: SignOn | None = None  # where people sign in once for several programs; None: with a password only

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Self:
        """Check the environment; make the secret key where none is given or kept. Raises SettingsError."""
        given = Given(environ)
        host = given.take("HOST", "127.0.0.1", a_host)
        port = given.take("PORT", 8080, a_port)
        public_url = given.take("DESKBRIDGE_URL", f"http://localhost:{port}", a_public_url)
        data = given.take("DESKBRIDGE_DATA", Path("data").absolute(), a_folder)
        database_url = given.take("DATABASE_URL", None, a_database_url)
        secret_key = given.take("SECRET_KEY", "", a_key)
        smtp = given.take("SMTP_URL", None, a_mail_server)
        mail_from = given.take("MAIL_FROM", "", a_sender)
        support_contact = given.take("SUPPORT_CONTACT", "", a_contact)
        single = a_sign_on(given)
        if given.has("SMTP_URL") and not given.has("MAIL_FROM"):
            given.problems.append("MAIL_FROM is missing: with SMTP_URL every mail needs a sender")
        if given.has("DATABASE_URL") and not given.has("SECRET_KEY"):
            given.problems.append(
                "SECRET_KEY is missing: with DATABASE_URL every process needs the same one. "
                f"Give {SHORTEST_KEY} characters or more, drawn at random"
            )
        if given.problems:
            raise SettingsError(given.problems)
        return cls(
            host=host,
            port=port,
            public_url=public_url,
            data=data,
            database_url=database_url,
            secret_key=secret_key or kept_key(data),
            smtp=smtp,
            mail_from=mail_from,
            support_contact=support_contact,
            sign_on=single,
        )


class Given:
    """The values of an environment, and what is wrong with them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.problems: list[str] = []

    def has(self, name: str) -> bool:
        return bool(self.environ.get(name, "").strip())

    def take(self, name: str, default: T, check: Callable[[str], T]) -> T:
        """Return the checked value of `name`, or the default where it is empty or wrong."""
        if not self.has(name):
            return default
        try:
            return check(self.environ[name].strip())
        except ValueError as wrong:
            self.problems.append(f"{name} {wrong}")
            return default


def a_sign_on(given: Given) -> SignOn | None:
    """Return the OpenID provider; None where no setting of it is given."""
    issuer = given.take("OIDC_ISSUER", "", sign_on.an_issuer)
    found = SignOn(
        issuer=issuer,
        discovery=given.take("OIDC_DISCOVERY", issuer.rstrip("/") + sign_on.WELL_KNOWN, sign_on.a_discovery),
        client_id=given.take("OIDC_CLIENT_ID", "", sign_on.an_id),
        client_secret=given.take("OIDC_CLIENT_SECRET", "", sign_on.an_id),
        name=given.take("OIDC_NAME", "Intuit", sign_on.a_name),
        domains=given.take("OIDC_DOMAINS", (), sign_on.some_domains),
        role=given.take("OIDC_ROLE", "viewer", sign_on.a_role),
    )
    said = [name for name in (*sign_on.NEEDED, *sign_on.OTHERS) if given.has(name)]
    missing = [name for name in sign_on.NEEDED if not given.has(name)]
    if said:
        given.problems += [f"{name} is missing: {said[0]} needs it" for name in missing]
    return found if said else None


def a_host(text: str) -> str:
    if re.search(r"[\s/@]", text):
        raise ValueError(f"is {text!r}: give the address to listen on, for example 0.0.0.0")
    return text


def a_port(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 0 < int(text) < 65536:
        raise ValueError(f"is {text!r}: give a number from 1 to 65535")
    return int(text)


def a_public_url(text: str) -> str:
    """Return scheme, host and port in small letters; a single slash at the end is let go."""
    url = text.removesuffix("/").lower()
    match = PUBLIC_URL.fullmatch(url)
    if match is None or not 0 < int(match["port"] or 1) < 65536:
        shown = "" if "@" in text else f"is {text!r}: "  # what stands before an @ may be a password
        raise ValueError(f"{shown}give scheme, host and port only, for example https://books.example.com")
    return url


def a_folder(text: str) -> Path:
    path = Path(text).expanduser().absolute()
    if "\0" in text or (path.exists() and not path.is_dir()):
        raise ValueError(f"is {text!r}, which is not a folder")
    return path


def a_database_url(text: str) -> str:
    """Return the address with the scheme that every driver knows; all else, sslmode too, stays as given."""
    scheme, separator, rest = text.partition("://")
    if scheme not in ("postgres", "postgresql") or not separator:
        raise ValueError("does not start with postgresql:// (or postgres://)")
    address = f"postgresql://{rest}"
    try:
        parts = urlsplit(address)
        complete = bool(parts.netloc or parts.query) and parts.port != 0
    except ValueError:
        complete = False
    if not complete or re.search(r"\s", address):
        raise ValueError("is no address: give postgresql://user:password@host:port/database")
    return address


def a_key(text: str) -> str:
    if len(text) < SHORTEST_KEY:
        raise ValueError(f"has {len(text)} characters: give {SHORTEST_KEY} or more, drawn at random")
    return text


def kept_key(data: Path) -> str:
    """Return the key kept in the data folder, made the first time; processes that start together get the same one."""
    path = data / "secret.key"
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        reason = error.strerror or str(error)
        raise SettingsError([f"DESKBRIDGE_DATA: {path} cannot be opened or made ({reason})"]) from error
    with os.fdopen(handle, "r+", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # let go when the file is closed
        key = file.read().strip()
        if len(key) < SHORTEST_KEY:  # new, or cut short by a full disk
            key = secrets.token_urlsafe(48)
            file.seek(0)
            file.write(f"{key}\n")
            file.flush()
            os.fsync(file.fileno())
        return key
