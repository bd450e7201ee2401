"""Where mail goes out: SMTP_URL, MAIL_FROM and SUPPORT_CONTACT, checked. No wrong value is quoted: it may be secret."""

import ipaddress
import re
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import SplitResult, unquote, urlsplit

Security = Literal["starttls", "tls", "none"]

EXAMPLE = "smtp://user:password@mail.example.com:587, or smtps:// for port 465"
PART = r"[^@\s<>,;:\"()\[\]\\\x00-\x1f\x7f]"
EMAIL = re.compile(rf"{PART}+@(?:(?!\.){PART}(?<!\.))+(?:\.(?:(?!\.){PART})+)+")
SENDER = re.compile(r"[^<>@,;:\\\"]+ <(?P<address>[^<>]+)>")
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
PORTS: dict[Security, int] = {"starttls": 587, "tls": 465, "none": 25}
WORDS: dict[Security, str] = {"starttls": "encrypted (STARTTLS)", "tls": "encrypted (TLS)", "none": "not encrypted"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Smtp:
    """A mail server. `repr` shows no password."""

    host: str
    port: int
    security: Security
    user: str = ""
    password: str = field(default="", repr=False)

    @property
    def shown(self) -> str:
        """Host, port and how the way there is protected, for people."""
        return f"{self.host}:{self.port}, {WORDS[self.security]}"


def is_email(text: str) -> bool:
    """Say whether a text is one e-mail address and nothing else."""
    return len(text) <= 254 and EMAIL.fullmatch(text) is not None


def a_mail_server(text: str) -> Smtp:
    """Return the server that an address names. Without encryption only this machine, or where ?tls=off says so."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError(f"cannot be read: give {EXAMPLE}") from None
    if parts.scheme not in ("smtp", "smtps") or not host or parts.path not in ("", "/") or port == 0:
        raise ValueError(f"is no mail server: give {EXAMPLE}")
    if CONTROL.search(text) or " " in text or parts.fragment or bool(parts.username) != bool(parts.password):
        raise ValueError(
            f"cannot be read: give user and password, or none of them, with %-signs for what is special: {EXAMPLE}"
        )
    security = _security(parts, host)
    return Smtp(
        host=host,
        port=port or PORTS[security],
        security=security,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def _security(parts: SplitResult, host: str) -> Security:
    """How the way to the server is protected."""
    if parts.query not in ("", "tls=on", "tls=off"):
        raise ValueError("has a word after ? that is not known: there is tls=off, for a server without encryption")
    if parts.scheme == "smtps":
        if parts.query == "tls=off":
            raise ValueError("says smtps:// and tls=off: give one of them")
        return "tls"
    plain = parts.query == "tls=off" or (is_loopback(host) and parts.query != "tls=on")
    return "none" if plain else "starttls"


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def a_sender(text: str) -> str:
    """Return `name@host`, or `A name <name@host>`, as given."""
    found = SENDER.fullmatch(text)
    if CONTROL.search(text) or not is_email(found["address"] if found else text):
        raise ValueError("is no sender: give an e-mail address, or Deskbridge <address>")
    return text


def a_contact(text: str) -> str:
    """Return the e-mail address, or the https:// address of a page, at which people get help."""
    if is_email(text):
        return text
    try:
        parts = urlsplit(text)
        good = parts.scheme == "https" and bool(parts.hostname) and not parts.username and not re.search(r"\s", text)
    except ValueError:
        good = False
    if not good or CONTROL.search(text):
        raise ValueError("is neither an e-mail address nor an https:// address")
    return text
