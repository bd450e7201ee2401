"""Single sign-on: the settings OIDC_…, checked. No wrong value of a secret is quoted."""

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

GIVEN_BY_SIGN_ON = ("viewer", "member", "accounting_manager")  # never owner: an owner makes owners
DOMAIN = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+", re.ASCII)
LOCAL = ("localhost", "127.0.0.1", "::1")
WELL_KNOWN = "/.well-known/openid-configuration"  # OpenID Connect Discovery 1.0, section 4
NEEDED = ("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET")  # all of them or none
OTHERS = ("OIDC_DISCOVERY", "OIDC_NAME", "OIDC_DOMAINS", "OIDC_ROLE")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOn:
    """An OpenID provider at which people sign in. `repr` shows no secret."""

    issuer: str  # exactly as its tokens say it
    discovery: str  # address of the document that names its other addresses
    client_id: str
    client_secret: str = field(repr=False)
    name: str = "Intuit"  # "Sign in with …"
    domains: tuple[str, ...] = ()  # small letters: whose newcomers get an account with a role at once; others wait
    role: str = "viewer"  # that role


def an_issuer(text: str) -> str:
    """Return an address that is safe to ask: https, or plain http on this machine only."""
    if not is_safe_address(text) or urlsplit(text).query:
        raise ValueError(f"is {shown(text)}: give the issuer's https:// address, as its tokens say it")
    return text


def a_discovery(text: str) -> str:
    if not is_safe_address(text):
        raise ValueError(f"is {shown(text)}: give the https:// address of the provider's discovery document")
    return text


def is_safe_address(text: str) -> bool:
    """Say whether what is asked there cannot be read or changed on the way."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or port == 0 or parts.username is not None or parts.fragment or re.search(r"[\s\\]", text):
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in LOCAL)


def shown(text: str) -> str:
    """Return a wrong address as an error may quote it: what stands before an @ may be a password."""
    return "no address that can be used" if "@" in text else repr(text)


def a_name(text: str) -> str:
    if len(text) > 40 or not text.isprintable():
        raise ValueError("is no name: give what people call the provider, 40 characters at most")
    return text


def an_id(text: str) -> str:
    if re.search(r"\s", text):
        raise ValueError("has a space in it: give it as the provider shows it")
    return text


def some_domains(text: str) -> tuple[str, ...]:
    """Return e-mail domains, given with commas or spaces between them."""
    found = [domain.lower() for domain in re.split(r"[,\s]+", text) if domain]
    for domain in found:
        if not DOMAIN.fullmatch(domain):
            raise ValueError(f"has {domain!r}: give e-mail domains with commas between them, for example example.com")
    return tuple(found)


def a_role(text: str) -> str:
    role = text.lower().replace(" ", "_")
    if role == "owner":
        raise ValueError("is owner: only an owner makes another one, on the Team page. Give viewer or member")
    if role not in GIVEN_BY_SIGN_ON:
        raise ValueError(f"is {text!r}: give {', '.join(GIVEN_BY_SIGN_ON[:-1])} or {GIVEN_BY_SIGN_ON[-1]}")
    return role
