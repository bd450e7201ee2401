"""Single sign-on by OpenID Connect: the authorization code flow with PKCE, state and nonce.

Rule 1: nothing of a token is believed before its signature, issuer, audience, time and nonce are checked.
Rule 2: what is asked, and answered, goes over https (or stays on this machine), also where the provider says otherwise.
Rule 3: no code, token or secret is logged or shown. A Refused says why in words that hold none.
Sources: OpenID Connect Core 1.0, section 3.1; RFC 7636 (PKCE); RFC 9207 (iss in the answer).
"""

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import quote, urlencode

import httpx
from cryptography.fernet import Fernet, InvalidToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from sync.sign_on import SignOn, is_safe_address

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]  # none needs our secret
LEEWAY = 60  # seconds that clocks may differ
PATIENCE = 10.0  # seconds for each answer of the provider
KEPT = 600.0  # seconds that the discovery document is believed
BEGUN_LASTS = 600  # seconds from /sso/start to the provider's answer
WANTED = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class Away(Exception):
    """The provider does not answer, or answers with an error of its own."""


class Refused(Exception):
    """What came back is not to be believed; the words say why, for the log."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-on on its way, kept in a sealed cookie of the browser that began it."""

    state: str
    nonce: str
    verifier: str  # PKCE
    target: str  # the local page to come back to

    @classmethod
    def new(cls, target: str) -> "Begun":
        return cls(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48), target)

    @property
    def challenge(self) -> str:
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class Profile:
    """Who signed in, as the provider vouches for it."""

    subject: str  # issuer, space, sub: unique over all providers
    email: str  # small letters; empty: the provider gave none
    verified: bool  # the provider has checked that the address is theirs
    name: str


def seal(begun: Begun, key: str) -> str:
    """Return it encrypted and signed, with the time."""
    return fernet(key).encrypt(json.dumps(asdict(begun)).encode()).decode()


def unseal(text: str, key: str) -> Begun | None:
    """Return it, unless it is not ours or too old."""
    try:
        return Begun(**json.loads(fernet(key).decrypt(text.encode(), ttl=BEGUN_LASTS)))
    except (InvalidToken, TypeError, ValueError):
        return None


def fernet(key: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest()))


class Provider:
    """One OpenID provider, as the settings name it."""

    def __init__(self, settings: SignOn, public_url: str) -> None:
        self.settings = settings
        self.redirect_uri = f"{public_url}/sso/callback"
        self._found: dict[str, Any] = {}
        self._found_at = 0.0  # of time.monotonic
        self._turn = asyncio.Lock()

    async def address_for(self, begun: Begun) -> str:
        """Return where the browser goes. No prompt is asked for: a session there is enough. Raises Away, Refused."""
        async with client() as asking:
            found = await self._discovered(asking)
        query = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": "openid email profile",
            "state": begun.state,
            "nonce": begun.nonce,
            "code_challenge": begun.challenge,
            "code_challenge_method": "S256",
        }
        address: str = found["authorization_endpoint"]
        return f"{address}{'&' if '?' in address else '?'}{urlencode(query, quote_via=quote)}"

    async def profile(self, begun: Begun, answer: Mapping[str, str]) -> Profile:
        """Return who came back with this answer. Raises Away, Refused."""
        if not hmac.compare_digest(answer.get("state", "").encode(), begun.state.encode()):
            raise Refused("the state is another")
        if answer.get("iss", self.settings.issuer) != self.settings.issuer:
            raise Refused("the answer comes from another issuer")
        if not answer.get("code"):
            raise Refused("there is no code")
        async with client() as asking:
            found = await self._discovered(asking)
            tokens = await self._tokens(asking, found, answer["code"], begun.verifier)
            keys = await asked(asking.get(found["jwks_uri"]))
            claims = self._checked(str(tokens.get("id_token") or ""), keys, begun.nonce)
            if (
                not {"email", "email_verified"} <= claims.keys()
                and found.get("userinfo_endpoint")
                and tokens.get("access_token")
            ):
                claims |= await self._more(asking, found["userinfo_endpoint"], tokens["access_token"], claims["sub"])
        return profile_of(self.settings.issuer, claims)

    async def _discovered(self, asking: httpx.AsyncClient) -> dict[str, Any]:
        """Return the provider's own description of itself, read again after ten minutes."""
        async with self._turn:
            if not self._found or time.monotonic() - self._found_at > KEPT:
                found = await asked(asking.get(self.settings.discovery))
                if found.get("issuer") != self.settings.issuer:
                    raise Refused("the discovery document names another issuer")
                for name in (*WANTED, *(["userinfo_endpoint"] if "userinfo_endpoint" in found else [])):
                    if not is_safe_address(str(found.get(name) or "")):
                        raise Refused(f"the discovery document has no {name} that is safe to ask")
                self._found, self._found_at = found, time.monotonic()
            return self._found

    async def _tokens(
        self, asking: httpx.AsyncClient, found: dict[str, Any], code: str, verifier: str
    ) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": verifier,
        }
        id, secret = self.settings.client_id, self.settings.client_secret
        if "client_secret_basic" in found.get("token_endpoint_auth_methods_supported", ["client_secret_basic"]):
            auth = httpx.BasicAuth(quote(id, safe=""), quote(secret, safe=""))  # RFC 6749, section 2.3.1
            return await asked(asking.post(found["token_endpoint"], data=form, auth=auth))
        form |= {"client_id": id, "client_secret": secret}
        return await asked(asking.post(found["token_endpoint"], data=form))

    def _checked(self, token: str, keys: dict[str, Any], nonce: str) -> dict[str, Any]:
        """Return the claims of an ID token once all of them are right."""
        id = self.settings.client_id
        rules = jwt.JWTClaimsRegistry(
            leeway=LEEWAY,
            iss={"essential": True, "value": self.settings.issuer},
            aud={"essential": True, "value": id},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            ours = [key for key in keys.get("keys", []) if key.get("use", "sig") == "sig" and key.get("kty") != "oct"]
            claims = jwt.decode(token, KeySet.import_key_set({"keys": ours}), algorithms=ALGORITHMS).claims
            rules.validate(claims)
        except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise Refused(f"the ID token was refused: {type(error).__name__}") from error
        audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        if claims.get("azp", id) != id or (len(audience) > 1 and "azp" not in claims):
            raise Refused("the ID token was made for another program")
        if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 255:
            raise Refused("the ID token names nobody")
        return dict(claims)

    async def _more(self, asking: httpx.AsyncClient, address: str, token: object, sub: str) -> dict[str, Any]:
        """Return e-mail and name from the provider's userinfo address, which Intuit puts there alone."""
        claims = await asked(asking.get(address, headers={"authorization": f"Bearer {token}"}))
        if claims.get("sub") != sub:
            raise Refused("the user information is about somebody else")
        return {name: value for name, value in claims.items() if name not in ("iss", "aud", "sub")}


def client() -> httpx.AsyncClient:
    return httpx.AsyncClient(timeout=PATIENCE, follow_redirects=False, headers={"accept": "application/json"})


async def asked(asking: Any) -> dict[str, Any]:
    """Return the JSON object that the provider answers. Raises Away."""
    try:
        answer: httpx.Response = await asking
        answer.raise_for_status()
        found = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        status = f" with {error.response.status_code}" if isinstance(error, httpx.HTTPStatusError) else ""
        raise Away(f"the provider answered{status or ' nothing that can be read'}: {type(error).__name__}") from None
    if not isinstance(found, dict):
        raise Away("the provider answered no JSON object")
    return found


def profile_of(issuer: str, claims: Mapping[str, Any]) -> Profile:
    """Return what we keep of the claims. Intuit spells two names in its own way: emailVerified, givenName."""
    verified = claims.get("email_verified", claims.get("emailVerified"))
    given = str(claims.get("given_name") or claims.get("givenName") or "")
    family = str(claims.get("family_name") or claims.get("familyName") or "")
    email = str(claims.get("email") or "").strip().lower()
    name = str(claims.get("name") or f"{given} {family}".strip() or email.partition("@")[0])
    vouched = bool(email) and (verified is True or verified == "true")  # 1 is not true
    return Profile(f"{issuer} {claims['sub']}", email, vouched, name)
