"""An OpenID provider on loopback: honest unless a test tells it otherwise."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.serving import free_socket

CLIENT, SECRET = "deskbridge", "s3cret/+"


class Provider:
    """Who is signed in there is `person`; `claims`, `headers` and `key` spoil what it signs."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.key = RSAKey.generate_key(2048, parameters={"kid": "one", "use": "sig"})
        self.signs = self.key
        self.person: dict[str, Any] = {}
        self.claims: dict[str, Any] = {}  # in place of the right ones; None: left out
        self.algorithm = "RS256"
        self.document: dict[str, Any] = {}  # in place of what the discovery document says
        self.broken = False
        self.userinfo: dict[str, Any] | None = None
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[dict[str, str]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while (message := await receive()).get("more_body") or message.get("body"):
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        status, answer, location = self.answer(scope["path"], scope["query_string"].decode(), body.decode(), headers)
        sent = [(b"content-type", b"application/json")] + ([(b"location", location.encode())] if location else [])
        await send({"type": "http.response.start", "status": status, "headers": sent})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

    def answer(self, path: str, query: str, body: str, headers: dict[str, str]) -> tuple[int, Any, str]:
        if self.broken:
            return 500, {"error": "broken"}, ""
        match path:
            case "/.well-known/openid-configuration":
                return 200, self.discovery(), ""
            case "/authorize":
                return self.authorize(dict(parse_qsl(query)))
            case "/token":
                return self.token(dict(parse_qsl(body)), headers)
            case "/jwks":
                return 200, {"keys": [self.key.as_dict(private=False)]}, ""
            case "/userinfo" if headers.get("authorization") == "Bearer an-access-token":
                return 200, self.userinfo or {"sub": self.person["sub"]}, ""
        return 404, {}, ""

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            **self.document,
        }

    def authorize(self, asked: dict[str, str]) -> tuple[int, Any, str]:
        """Send the browser back at once: there is a session here, and nobody asked for a prompt."""
        self.asked.append(asked)
        code = secrets.token_hex(8)
        self.codes[code] = asked
        answer = {"code": code, "state": asked["state"], "iss": self.issuer}
        return 302, {}, f"{asked['redirect_uri']}?{urlencode(answer)}"

    def token(self, form: dict[str, str], headers: dict[str, str]) -> tuple[int, Any, str]:
        asked = self.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        expected = base64.b64encode(f"{quote(CLIENT, safe='')}:{quote(SECRET, safe='')}".encode()).decode()
        if (
            asked is None
            or asked["code_challenge"] != challenge
            or asked["redirect_uri"] != form.get("redirect_uri")
            or headers.get("authorization") != f"Basic {expected}"
        ):
            return 400, {"error": "invalid_grant"}, ""
        return 200, {"id_token": self.id_token(asked), "access_token": "an-access-token", "token_type": "Bearer"}, ""

    def id_token(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        right = {
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            **self.person,
        }
        claims = {name: value for name, value in (right | self.claims).items() if value is not None}
        header = {"alg": self.algorithm, "kid": "one"}
        text = ".".join(part(json.dumps(each)) for each in (header, claims))
        if self.algorithm == "none":
            return f"{text}."
        if self.algorithm == "HS256":  # as who takes the public key, which all know, for a shared secret
            return f"{text}.{encoded(hmac.digest(self.key.as_pem(private=False), text.encode(), 'sha256'))}"
        return jwt.encode(header, claims, self.signs, algorithms=[self.algorithm])


def part(text: str) -> str:
    return encoded(text.encode())


def encoded(text: bytes) -> str:
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


@contextlib.asynccontextmanager
async def provided() -> AsyncIterator[Provider]:
    """Serve a provider while the block runs."""
    with free_socket() as (listening, port):
        provider = Provider(f"http://127.0.0.1:{port}")
        config = uvicorn.Config(provider, lifespan="off", log_level="warning", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:
            await asyncio.sleep(0.01)
        yield provider
        server.should_exit = True
        await serving
