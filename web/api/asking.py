"""What a call asks: its JSON body, its query, its cursor, each checked; a problem where it cannot be read."""

import base64
import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from sync.qbxml.entities import ENTITIES, Entity
from sync.store.api_writes import Key
from web.api.access import caller
from web.api.problems import Problem
from web.site import AnyRequest

KEY = "idempotency-key"
DEEP = 40  # levels of JSON


async def json_of(request: AnyRequest) -> Any:
    """Return the body; numbers are texts, so that no amount loses a digit. Raises Problem."""
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        raise Problem("media_type", "Send the body as application/json.")
    body = await request.body()
    try:
        found = json.loads(body, parse_float=str, parse_int=str, parse_constant=refused)
    except (ValueError, RecursionError) as error:
        raise Problem("bad_request", "The body is not JSON.") from error
    if deeper(found, DEEP):
        raise Problem("bad_request", f"The body has more than {DEEP} levels.")
    if "\\u0000" in json.dumps(found):
        raise Problem("bad_request", "The body has a character that no record can hold: U+0000.")
    return found


def refused(constant: str) -> None:
    raise ValueError(constant)


def deeper(value: Any, levels: int) -> bool:
    """Say whether a value has more levels than these."""
    if levels == 0:
        return True
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(deeper(one, levels - 1) for one in inner)


async def object_of(request: AnyRequest) -> dict[str, Any]:
    """Return the body, which is an object. Raises Problem."""
    found = await json_of(request)
    if not isinstance(found, dict):
        raise Problem("bad_request", "The body is not a JSON object.")
    return found


def kind_of(entity: str) -> Entity:
    """Return a kind of record. Raises Problem."""
    found = ENTITIES.get(entity)
    if found is None:
        raise Problem("not_found", "There is no such kind of record. Kinds are named as in qbXML, such as Customer.")
    return found


def wrong_query(field: str, detail: str) -> Problem:
    return Problem("bad_request", detail, field=field)


def limit_of(request: AnyRequest, usual: int, most: int) -> int:
    """Return how many rows are asked for. Raises Problem."""
    text = request.query_params.get("limit", str(usual))
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 0 < int(text) <= most):
        raise wrong_query("limit", f"limit is a whole number from 1 to {most}.")
    return int(text)


def word_of(request: AnyRequest, name: str, allowed: tuple[str, ...]) -> str:
    """Return a word of the query; "" where it is not there. Raises Problem."""
    text = str(request.query_params.get(name, ""))
    if text and text not in allowed:
        raise wrong_query(name, f"{name} is one of: {', '.join(allowed)}.")
    return text


def time_of(request: AnyRequest, name: str) -> datetime | None:
    """Return a moment of the query; without a zone it is UTC. Raises Problem."""
    text = request.query_params.get(name, "").replace(" ", "+")  # a plus sign that was not escaped
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise wrong_query(name, f"{name} is a time like 2026-11-25T14:20:00Z.") from error


def cursor_of(request: AnyRequest) -> list[Any] | None:
    """Return what a cursor holds. Raises Problem for one that was never given."""
    text = request.query_params.get("cursor", "")
    if not text:
        return None
    try:
        found = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError as error:
        raise wrong_query("cursor", "This is no cursor of ours.") from error
    if not isinstance(found, list):
        raise wrong_query("cursor", "This is no cursor of ours.")
    return found


def cursor(*values: Any) -> str:
    """Return a cursor that holds some values."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def number_in(values: list[Any], at: int) -> int:
    """Return a row's id in a cursor. Raises Problem."""
    found = values[at] if len(values) > at else None
    if not isinstance(found, int) or isinstance(found, bool) or not 0 <= found < 1 << 63:
        raise wrong_query("cursor", "This is no cursor of ours.")
    return found


async def key_of(request: AnyRequest) -> Key | None:
    """Return the call's Idempotency-Key with a digest of everything that it asks. Raises Problem."""
    text = request.headers.get(KEY, "").strip()
    if KEY not in request.headers:
        return None
    if not text or len(text) > 255 or not (text.isascii() and text.isprintable()):
        raise Problem("bad_request", "An Idempotency-Key has 1 to 255 printable characters.", field="Idempotency-Key")
    parts = [
        request.method.encode(),
        request.url.path.encode(),
        request.url.query.encode(),
        request.headers.get("if-match", "").encode(),
        await request.body(),
    ]
    return Key(caller(request).id, text, hashlib.sha256(b"\0".join(parts)).digest())
