"""/api/v1/companies/{id}/changes: what waits for whom, and what is decided about it."""

from typing import Any

from litestar import Controller, get, post
from litestar.params import FromPath

from sync.protocol.changes import Change as State
from sync.qbxml.entities import ENTITIES
from sync.store import api_writes, changes
from sync.store.policies import DIRECTIONS
from web.api import answers
from web.api.access import caller, sees_all
from web.api.asking import cursor, cursor_of, limit_of, number_in, object_of, word_of
from web.api.problems import Problem
from web.api.told import COMPANY, Call
from web.auth import address_of
from web.frame import company_or_404
from web.site import AnyRequest

MOST = 200  # changes of a page
STATES = tuple(state.value for state in State)
QUERY = (
    ("state", f"One of {', '.join(STATES)}."),
    ("direction", "in: from QuickBooks; out: to QuickBooks."),
    ("entity", "A kind of record, such as Invoice."),
    ("cursor", "`next` of the page before."),
    ("limit", f"1 to {MOST}; 50 when it is not given."),
)
DECISION = {
    "type": "object",
    "required": ["approve"],
    "properties": {
        "approve": {"oneOf": [{"const": "all"}, {"type": "array", "items": {"type": "integer"}}]},
        "unchecked": {"enum": ["keep", "clear"], "default": "keep"},
        "direction": {"enum": ["in", "out"]},
        "seen_until": {"type": "integer", "description": "The largest change id that you know; later ones stay."},
    },
}


class ApiChanges(Controller):
    """Changes of one company."""

    path = "/companies/{company:int}/changes"

    @get(
        opt={
            "role": "viewer",
            "call": Call(
                summary="Changes, newest first.",
                answer=answers.Changes,
                query=QUERY,
                example=f"{COMPANY}/changes?state=proposed&direction=out",
            ),
        }
    )
    async def list(self, request: AnyRequest, company: FromPath[int]) -> answers.Changes:
        row, limit, place = await company_or_404(company), limit_of(request, 50, MOST), cursor_of(request)
        rows = await api_writes.changes_of(
            row.id,
            before=number_in(place, 0) if place is not None else None,
            state=word_of(request, "state", STATES),
            direction=word_of(request, "direction", DIRECTIONS),
            entity=word_of(request, "entity", tuple(ENTITIES)),
            limit=limit + 1,
        )
        sees = sees_all(caller(request))
        after = cursor(rows[limit - 1].id) if len(rows) > limit else None
        return answers.Changes([answers.change(one, sees=sees) for one in rows[:limit]], after)

    @post(
        "/decide",
        status_code=200,
        opt={
            "role": "accounting_manager",
            "call": Call(
                summary="Approve changes; one rule for every other proposed change: keep it for later, or clear it.",
                answer=answers.Decided,
                body=DECISION,
                example=f"{COMPANY}/changes/decide",
                example_body={"approve": "all", "unchecked": "keep"},
                problems=(400, 404, 422),
            ),
        },
    )
    async def decide(self, request: AnyRequest, company: FromPath[int]) -> answers.Decided:
        row, body = await company_or_404(company), await object_of(request)
        wanted, rule, direction, seen = decision_of(body)
        until = seen if seen is not None else await api_writes.newest_change(row.id)
        found = caller(request)
        done = await changes.decide(row.id, direction, wanted, rule, until, found.actor, address_of(request))
        return answers.Decided(approved=done.approved, kept=done.kept, cleared=done.cleared, skipped=done.skipped)


def decision_of(body: dict[str, Any]) -> tuple[Any, Any, Any, int | None]:
    """Return what is approved, the rule for the rest, the direction and the largest id seen. Raises Problem."""
    for name in body:
        if name not in DECISION["properties"]:
            raise wrong(name, "unknown", f"There is no {name[:40]} in a decision.")
    wanted: Any = body.get("approve")
    if wanted != "all":
        if not isinstance(wanted, list):
            raise wrong("approve", "required", 'approve is "all" or a list of change ids.')
        wanted = [id_in(one, "approve") for one in wanted]
    rule, direction = body.get("unchecked", "keep"), body.get("direction")
    if rule not in ("keep", "clear"):
        raise wrong("unchecked", "enum", "unchecked is keep or clear.")
    if direction not in (None, *DIRECTIONS):
        raise wrong("direction", "enum", "direction is in or out.")
    seen = id_in(body["seen_until"], "seen_until") if body.get("seen_until") is not None else None
    return wanted, rule, direction, seen


def id_in(value: Any, field: str) -> int:
    """Return a change's id. Raises Problem."""
    if not isinstance(value, str) or not (value.isascii() and value.isdigit()) or int(value[:20]) >= 1 << 63:
        raise wrong(field, "format", f"{field} holds ids of changes: whole numbers.")
    return int(value)


def wrong(field: str, code: str, detail: str) -> Problem:
    errors = [{"code": code, "field": field, "detail": detail}]
    return Problem("invalid", detail, told=code, field=field, errors=errors)
