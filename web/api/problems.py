"""What went wrong under /api, as application/problem+json (RFC 9457) with `code` and `field`; never HTML."""

from typing import Any

from litestar.response import Response

PREFIX = "/api/v1"
MEDIA = "application/problem+json"
CODES = {  # code: status, title
    "bad_request": (400, "The request cannot be read"),
    "token_missing": (401, "A token is needed"),
    "token_refused": (401, "This token does not work"),
    "role_needed": (403, "The token's role is too low"),
    "number_hidden": (403, "Numbers of persons are hidden from this role"),
    "not_found": (404, "There is nothing at this address"),
    "method_not_allowed": (405, "This address does not take that method"),
    "edit_sequence_moved": (409, "The record has changed meanwhile"),
    "key_used": (409, "This Idempotency-Key was used for something else"),
    "precondition_failed": (412, "The record has changed meanwhile"),
    "too_large": (413, "The request is too large"),
    "media_type": (415, "The body is not JSON"),
    "invalid": (422, "QuickBooks would refuse this"),
    "too_many_calls": (429, "Too many calls"),
    "broken": (500, "Something broke on our side"),
}
BY_STATUS = {400: "bad_request", 404: "not_found", 405: "method_not_allowed", 413: "too_large", 415: "media_type"}


class Problem(Exception):
    """An answer that says what is wrong. `code` is one of CODES; `told` instead of it where a rule has its own."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        field: str = "",
        told: str = "",
        errors: list[dict[str, str]] | None = None,
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(detail)
        self.status, title = CODES[code]
        self.headers = headers or {}
        self.body = {
            "type": f"/api#{code}",
            "title": title,
            "status": self.status,
            "detail": detail,
            "code": told or code,
            "field": field,
            **({"errors": errors} if errors else {}),
            **more,
        }


def is_api(path: str) -> bool:
    """Say whether an address is one of the API's."""
    return path == PREFIX or path.startswith(f"{PREFIX}/")


def answered(_: Any, problem: Problem) -> Response[Any]:
    """Return a problem as it is sent."""
    return Response(problem.body, status_code=problem.status, media_type=MEDIA, headers=problem.headers)


def of_status(status: int, detail: str, reference: str = "") -> Problem:
    """Return the problem that an error of the framework, or of ours, is."""
    code = BY_STATUS.get(status, "broken" if status >= 500 else "bad_request")
    more: dict[str, Any] = {"reference": reference} if reference else {}
    return Problem(code, detail, **more)
