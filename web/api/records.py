"""/api/v1/companies/{id}/records/{Entity}: records read, made, patched, deleted and voided by other programs."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
from litestar import Controller, delete, get, patch, post
from litestar.params import FromPath
from litestar.response import Response

from sync.qbxml.arriving import NotARecord, as_texts
from sync.store import api_writes, exports, records, tokens
from sync.store.api_writes import Answer, Moved, OtherRequest, Refused
from sync.store.proposals import NoSuchRecord, tell
from sync.store.records import Place, RecordDetail
from sync.store.setup import ask_run
from web.api import answers
from web.api.access import caller, sees_all
from web.api.asking import cursor, cursor_of, key_of, kind_of, limit_of, number_in, object_of, time_of, wrong_query
from web.api.problems import PREFIX, Problem
from web.api.told import CUSTOMERS, FIELDS, MATCH, ONCE, Call
from web.asked import hides_number
from web.auth import address_of
from web.frame import company_or_404
from web.site import AnyRequest

MOST = 500  # records of a page
QUERY = (
    ("q", "Part of a name, number or party."),
    ("updated_after", "Only records that changed here after this moment, such as the last updated_at you have seen."),
    ("cursor", "`next` of the page before."),
    ("limit", f"1 to {MOST}; 100 when it is not given."),
)


class ApiRecords(Controller):
    """Records of one kind of one company."""

    path = "/companies/{company:int}/records/{entity:str}"
    opt = {"role": "member"}

    @get(
        opt={
            "role": "viewer",
            "call": Call(
                summary="A page of records in the order in which they changed here, deleted ones among them.",
                answer=answers.Records,
                query=QUERY,
                example=f"{CUSTOMERS}?q=a&limit=2",
            ),
        }
    )
    async def list(self, request: AnyRequest, company: FromPath[int], entity: FromPath[str]) -> answers.Records:
        kind, row = kind_of(entity), await company_or_404(company)
        found, query = caller(request), request.query_params.get("q", "")[:200].replace("\0", "")
        if not sees_all(found) and hides_number(kind) and any(symbol.isdigit() for symbol in query):
            raise Problem("number_hidden", "A viewer can look for names here, not for numbers.", field="q")
        limit, since = limit_of(request, 100, MOST), time_of(request, "updated_after")
        rows = await records.updated(row.id, entity, q=query, since=since, after=place_of(request), limit=limit + 1)
        page = rows[:limit]
        await note(request, row.id, entity, len(page))
        after = cursor(page[-1].updated_at.isoformat(), page[-1].id) if len(rows) > limit else None
        return answers.Records([answers.record(one, sees=sees_all(found)) for one in page], after)

    @get(
        "/{id:int}",
        opt={
            "role": "viewer",
            "call": Call(summary="One record.", answer=answers.Record, example=f"{CUSTOMERS}/{{record}}"),
        },
    )
    async def show(
        self, request: AnyRequest, company: FromPath[int], entity: FromPath[str], id: FromPath[int]
    ) -> Response[answers.Record]:
        kind_of(entity)
        row = await company_or_404(company)
        found = await record_or_404(row.id, entity, id)
        await note(request, row.id, entity, 1)
        shown = answers.record(found, sees=sees_all(caller(request)))
        return Response(shown, headers={"etag": f'"{found.edit_sequence}"'} if found.edit_sequence else {})

    @post(
        opt={
            "call": Call(
                summary="Make a record. It is proposed, or approved at once where the kind's policy says so.",
                answer=answers.Accepted,
                status=201,
                headers=ONCE,
                body=FIELDS,
                example=CUSTOMERS,
                example_body={"Name": "Lindqvist Kitchens", "BillAddress": {"City": "Duluth"}},
                problems=(400, 404, 409, 413, 422),
            )
        }
    )
    async def make(self, request: AnyRequest, company: FromPath[int], entity: FromPath[str]) -> Response[Any]:
        kind, row, now = kind_of(entity), await company_or_404(company), datetime.now(UTC)
        values = texts_in(await object_of(request))

        async def work(connection: Any) -> Answer:
            made = await api_writes.create(connection, row.id, kind, values, caller(request).actor, now)
            await tell(connection, row.id, kind.name, made, caller(request).actor, address_of(request))
            return await accepted(connection, 201, made.record, made.id)

        return await written(request, row.id, entity, work)

    @patch(
        "/{id:int}",
        opt={
            "call": Call(
                summary="Change some fields of a record; null clears one. Lists, such as lines, are given whole.",
                answer=answers.Accepted,
                status=202,
                headers=MATCH,
                body=FIELDS,
                example=f"{CUSTOMERS}/{{record}}",
                example_body={"Phone": "218-555-0134", "Fax": None},
                problems=(400, 404, 409, 412, 413, 422),
            )
        },
    )
    async def change(
        self, request: AnyRequest, company: FromPath[int], entity: FromPath[str], id: FromPath[int]
    ) -> Response[Any]:
        kind, row, now = kind_of(entity), await company_or_404(company), datetime.now(UTC)
        values = texts_in(await object_of(request))
        expected = values.pop("edit_sequence", None)

        async def work(connection: Any) -> Answer:
            known = expected if expected is not None else matched(request)
            actor = caller(request).actor
            done = await api_writes.patch(connection, row.id, kind, id, values, known, actor, now, address_of(request))
            if done.change is None:
                return Answer(200, {"record": id, "change": None})
            await tell(connection, row.id, kind.name, done.change, actor, address_of(request))
            return await accepted(connection, 202, id, done.change.id)

        return await written(request, row.id, entity, work, id, by_header=expected is None)

    @delete(
        "/{id:int}",
        status_code=202,
        opt={
            "call": Call(
                summary="Propose to delete a record; with void=true, to void a transaction. "
                "One that QuickBooks does not have yet is taken back at once (200).",
                answer=answers.Accepted,
                status=202,
                query=(("void", "true: the transaction stays, with its amounts at zero."),),
                headers=MATCH,
                example=f"{CUSTOMERS}/{{record}}",
                problems=(400, 404, 409, 412, 422),
            )
        },
    )
    async def remove(
        self, request: AnyRequest, company: FromPath[int], entity: FromPath[str], id: FromPath[int]
    ) -> Response[Any]:
        kind, row, now = kind_of(entity), await company_or_404(company), datetime.now(UTC)
        text = request.query_params.get("void", "false")
        if text not in ("true", "false"):
            raise wrong_query("void", "void is true or false.")

        async def work(connection: Any) -> Answer:
            actor, known, void, at = caller(request).actor, matched(request), text == "true", address_of(request)
            if not void and (back := await api_writes.withdraw(connection, row.id, kind, id, known, actor, at)):
                return await accepted(connection, 200, id, back.changes[-1] if back.changes else None)
            done = await api_writes.remove(connection, row.id, kind, id, known, actor, now, void=void)
            await tell(connection, row.id, kind.name, done, actor, at)
            return await accepted(connection, 202, id, done.id)

        return await written(request, row.id, entity, work, id, by_header=True)


def texts_in(values: dict[str, Any]) -> dict[str, Any]:
    """Return a body as a record holds it. Raises Problem."""
    try:
        found = as_texts(values)
    except NotARecord as error:
        raise Problem("bad_request", "A list cannot hold lists.") from error
    return dict(found)


def place_of(request: AnyRequest) -> Place | None:
    """Return the place that the cursor names. Raises Problem."""
    values = cursor_of(request)
    if values is None:
        return None
    try:
        at = datetime.fromisoformat(values[0]).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError) as error:
        raise wrong_query("cursor", "This is no cursor of ours.") from error
    return Place(at, number_in(values, 1))


def matched(request: AnyRequest) -> str | None:
    """Return the EditSequence that If-Match demands; None when it demands none."""
    text = str(request.headers.get("if-match", "")).strip()
    return None if text in ("", "*") else text.removeprefix("W/").strip('"')


async def record_or_404(company: int, entity: str, id: int) -> RecordDetail:
    found = await records.record(company, entity, id) if id < 1 << 63 else None
    if found is None:
        raise Problem("not_found", "There is no such record.")
    return found


async def note(request: AnyRequest, company: int, entity: str, rows: int) -> None:
    """Note that another program took records: the hop after ours. Once a minute for each kind. (A21, A22)"""
    found = caller(request)
    if await tokens.first_this_minute(found.id, company, entity, datetime.now(UTC)):
        await exports.note(company, entity, "json", rows, found.actor, address_of(request))


async def accepted(connection: Any, status: int, record: int, change: int | None) -> Answer:
    """Return the answer to a write that was taken."""
    row = await api_writes.change_of(connection, change) if change is not None else None
    body = answers.Accepted(record=record, change=answers.change(row, sees=True) if row else None)
    return Answer(status, msgspec.to_builtins(body), approved=row is not None and row.state == "approved")


async def written(
    request: AnyRequest,
    company: int,
    entity: str,
    work: Callable[[Any], Awaitable[Answer]],
    record: int | None = None,
    *,
    by_header: bool = False,
) -> Response[Any]:
    """Do a write once, and answer it. Raises Problem."""
    if record is not None and record >= 1 << 63:
        raise Problem("not_found", "There is no such record.")
    try:
        answer = await api_writes.once(await key_of(request), datetime.now(UTC), work)
    except Refused as error:
        raise refusal(error) from error
    except NoSuchRecord as error:
        raise Problem("not_found", "There is no such record, or it is deleted in QuickBooks.") from error
    except Moved as error:
        code = "precondition_failed" if by_header else "edit_sequence_moved"
        detail = "Read the record again; what you have is older than what QuickBooks has."
        raise Problem(code, detail, field="edit_sequence", edit_sequence=error.edit_sequence) from error
    except OtherRequest as error:
        raise Problem("key_used", "Use a new key for another request.", field="Idempotency-Key") from error
    if answer.approved:
        await ask_run(company, "incremental", caller(request).actor, address_of(request))
    headers = {"idempotency-replayed": "true"} if answer.again else {}
    if answer.status == 201:
        headers["location"] = f"{PREFIX}/companies/{company}/records/{entity}/{answer.body['record']}"
    return Response(answer.body, status_code=answer.status, headers=headers)


def refusal(error: Refused) -> Problem:
    """Return what QuickBooks would refuse, fault by fault."""
    errors = [{"code": one.rule, "field": one.field, "detail": one.sentence} for one in error.faults]
    first = error.faults[0]
    return Problem("invalid", first.sentence, told=first.rule, field=first.field, errors=errors)
