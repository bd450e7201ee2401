"""The API described by itself: an OpenAPI 3.1 document, and a page that people read, both made from the handlers."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec
from litestar import Litestar, get
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Response, Template
from litestar.routes import HTTPRoute

from sync.store.people import ROLES
from sync.store.tokens import RATE
from web.api.problems import CODES, MEDIA, PREFIX, is_api
from web.api.told import Call
from web.auth import ROLE_WORDS
from web.frame import guide_frame, page
from web.site import AnyRequest, site_of

PARAMETER = re.compile(r"\{(\w+):(\w+)\}")
PATHS = {
    "company": "A company's id.",
    "entity": "A kind of record as qbXML names it, such as Customer.",
    "id": "Its id.",
}
ALWAYS = (401, 403, 429, 500)
PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "field"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "field": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["code", "field", "detail"],
                "properties": {name: {"type": "string"} for name in ("code", "field", "detail")},
            },
        },
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """One call with its address."""

    method: str
    path: str  # below PREFIX, parameters in braces
    role: str
    call: Call


def calls(app: Litestar) -> list[Described]:
    """Return every call of the API, in the order of addresses."""
    return sorted(found(app), key=lambda one: (one.path, ("GET", "POST", "PATCH", "DELETE").index(one.method)))


def found(app: Litestar) -> Iterator[Described]:
    for route in app.routes:
        if not isinstance(route, HTTPRoute) or not is_api(route.path):
            continue
        for handler in route.route_handlers:
            call = handler.opt.get("call")
            if isinstance(call, Call):
                path = PARAMETER.sub(r"{\1}", route.path.removeprefix(PREFIX))
                for method in handler.http_methods:
                    yield Described(method=method, path=path, role=handler.opt["role"], call=call)


@lru_cache(maxsize=1)
def document_of(app: Litestar, url: str) -> bytes:
    """Return the OpenAPI document."""
    described = calls(app)
    answers = list(dict.fromkeys(one.call.answer for one in described))
    _, schemas = msgspec.json.schema_components(answers, ref_template="#/components/schemas/{name}")
    paths: dict[str, Any] = {}
    for one in described:
        paths.setdefault(one.path, {})[one.method.lower()] = operation(one)
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "Deskbridge",
                "version": "1",
                "description": f"Records of QuickBooks Desktop company files. {RATE} calls a minute for each token.",
            },
            "servers": [{"url": url.rstrip("/") + PREFIX}],
            "security": [{"token": []}],
            "paths": paths,
            "components": {
                "schemas": {**schemas, "Problem": PROBLEM},
                "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            },
        }
    )


def operation(one: Described) -> dict[str, Any]:
    call = one.call
    told: dict[str, Any] = {
        "summary": call.summary,
        "operationId": f"{one.method.lower()}{re.sub('[^A-Za-z]+', '_', one.path).rstrip('_')}",
        "description": f"For tokens of the role {one.role} or above.",
        "parameters": [
            *(parameter(name, "path", PATHS[name], name) for name in re.findall(r"\{(\w+)\}", one.path)),
            *(parameter(name, "query", words, name) for name, words in call.query),
            *(parameter(name, "header", words, name) for name, words in call.headers),
        ],
        "responses": {
            str(call.status): {
                "description": (call.answer.__doc__ or "").partition("\n")[0],
                "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{call.answer.__name__}"}}},
            },
            **{str(status): problem(status) for status in sorted({*call.problems, *ALWAYS})},
        },
    }
    if call.body is not None:
        content: dict[str, Any] = {"schema": call.body}
        if call.example_body is not None:
            content["example"] = call.example_body
        told["requestBody"] = {"required": True, "content": {"application/json": content}}
    return told


def parameter(name: str, place: str, words: str, key: str) -> dict[str, Any]:
    kind = "integer" if key in ("company", "id", "limit") else "boolean" if key == "void" else "string"
    return {
        "name": name,
        "in": place,
        "required": place == "path",
        "description": words,
        "schema": {"type": kind},
    }


def problem(status: int) -> dict[str, Any]:
    title = next(title for _, (number, title) in CODES.items() if number == status)
    return {"description": title, "content": {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}}}


@get("/openapi.json", opt={"role": "public"})
async def openapi(request: AnyRequest) -> Response[bytes]:
    """Return the OpenAPI document."""
    content = document_of(request.app, site_of(request).settings.public_url)
    return Response(content, media_type="application/json")


@get("/api", opt={"role": "public"})
async def guide(request: HTMXRequest) -> Template:
    """Show every call with an example."""
    url = site_of(request).settings.public_url.rstrip("/")
    values = {
        "calls": [
            (one, PREFIX + one.path, ROLE_WORDS[one.role], example(one, url), list(one.call.query + one.call.headers))
            for one in calls(request.app)
        ],
        "codes": [(code, status, title) for code, (status, title) in CODES.items()],
        "prefix": PREFIX,
        "rate": RATE,
        "roles": [ROLE_WORDS[role] for role in ROLES],
    }
    return page(request, "tokens/api.html", {**await guide_frame(request), **values})


def example(one: Described, url: str) -> str:
    """Return a call as a person types it. The test of the page carries each of them out."""
    parts = ["curl"]
    if one.method != "GET":
        parts.append(f"-X {one.method}")
    parts.append('-H "Authorization: Bearer $TOKEN"')
    if one.call.example_body is not None:
        parts.append(f"-H 'Content-Type: application/json' -d '{json.dumps(one.call.example_body)}'")
    path = one.call.example.replace("{record}", "1")
    return " ".join([*parts, f"'{url}{PREFIX}{path}'"])
