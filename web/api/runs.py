"""/api/v1/companies/{id}/runs: the syncs of a company, and another one asked for."""

from datetime import UTC, datetime

from litestar import Controller, get, post
from litestar.params import FromPath

from sync.store import runs, setup
from web.api import answers
from web.api.access import caller
from web.api.asking import cursor, cursor_of, limit_of, number_in, object_of
from web.api.changes import wrong
from web.api.told import COMPANY, Call
from web.auth import address_of
from web.frame import company_or_404
from web.site import AnyRequest

MOST = 200  # runs of a page
KINDS = ("incremental", "full", "verify")
ASKED = {"type": "object", "properties": {"kind": {"enum": list(KINDS), "default": "incremental"}}}


class ApiRuns(Controller):
    """Syncs of one company."""

    path = "/companies/{company:int}/runs"

    @get(
        opt={
            "role": "viewer",
            "call": Call(
                summary="Syncs, newest first.",
                answer=answers.Runs,
                query=(("cursor", "`next` of the page before."), ("limit", f"1 to {MOST}; 20 when it is not given.")),
                example=f"{COMPANY}/runs?limit=5",
            ),
        }
    )
    async def list(self, request: AnyRequest, company: FromPath[int]) -> answers.Runs:
        row, limit, place = await company_or_404(company), limit_of(request, 20, MOST), cursor_of(request)
        before = min(number_in(place, 0), (1 << 31) - 1) if place is not None else None
        found = await runs.runs_of(row.id, before=before, limit=limit + 1)
        after = cursor(found[limit - 1].number) if len(found) > limit else None
        return answers.Runs(answers.runs(found[:limit]), after)

    @post(
        status_code=202,
        opt={
            "role": "member",
            "call": Call(
                summary="Ask for a sync. It joins the one that waits or goes on, when that does as much.",
                answer=answers.Run,
                status=202,
                body=ASKED,
                example=f"{COMPANY}/runs",
                example_body={"kind": "incremental"},
                problems=(400, 404, 422),
            ),
        },
    )
    async def ask(self, request: AnyRequest, company: FromPath[int]) -> answers.Run:
        row, body = await company_or_404(company), await object_of(request)
        kind = body.get("kind", "incremental")
        if kind not in KINDS:
            raise wrong("kind", "enum", f"kind is one of: {', '.join(KINDS)}.")
        number = await setup.ask_run(row.id, kind, caller(request).actor, address_of(request))
        found = await runs.run(row.id, number, datetime.now(UTC))
        assert found is not None  # it was made, or joined, just now
        return answers.runs([found.row])[0]
