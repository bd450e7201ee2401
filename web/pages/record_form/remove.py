"""…/{record}/delete, void and take-back: what happens to a record, said before it is proposed."""

from typing import Any, Literal

from litestar import Controller, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Redirect, Response, Template

from sync.qbxml.entities import ENTITIES, Entity
from sync.qbxml.labels import lower
from sync.store import changes, timelines, uses
from sync.store.companies import CompanyRow
from sync.store.records import RecordDetail
from sync.store.uses import Used
from web.auth import address_of, current
from web.frame import company_frame, company_or_404, page
from web.pages.record_form.subject import detail_or_404, is_new
from web.pages.record_uses import use_sentences
from web.pages.records import heading

Act = Literal["delete", "void", "take-back"]


class RemoveController(Controller):
    """Deleting, voiding, and taking back what was proposed."""

    path = "/companies/{company:int}/records/{entity:str}/{id:int}"
    opt = {"role": "member"}

    @get("/delete")
    async def ask_delete(
        self, request: HTMXRequest, company: FromPath[int], entity: FromPath[str], id: FromPath[int]
    ) -> Template:
        return await asked(request, company, entity, id, "delete")

    @get("/void")
    async def ask_void(
        self, request: HTMXRequest, company: FromPath[int], entity: FromPath[str], id: FromPath[int]
    ) -> Template:
        return await asked(request, company, entity, id, "void")

    @post("/delete")
    async def delete(
        self, request: HTMXRequest, company: FromPath[int], entity: FromPath[str], id: FromPath[int]
    ) -> Response[Any]:
        return await done(request, company, entity, id, "delete")

    @post("/void")
    async def void(
        self, request: HTMXRequest, company: FromPath[int], entity: FromPath[str], id: FromPath[int]
    ) -> Response[Any]:
        return await done(request, company, entity, id, "void")

    @post("/take-back")
    async def take_back(
        self, request: HTMXRequest, company: FromPath[int], entity: FromPath[str], id: FromPath[int]
    ) -> Response[Any]:
        """Withdraw what waits for this record; a record that QuickBooks does not have is gone then."""
        await company_or_404(company)
        await detail_or_404(company, entity, id)
        person = current(request).person
        taken = await timelines.take_back(company, id, person.email, address_of(request))
        home = f"/companies/{company}/records/{entity}"
        if taken and taken.gone:
            return Redirect(home, status_code=303)
        return Redirect(f"{home}/{id}?done={'back' if taken else 'late'}", status_code=303)


def may_be(kind: Entity, detail: RecordDetail, act: Act) -> bool:
    """Say whether QuickBooks takes a deletion or a voiding of this record."""
    if detail.deleted_at or is_new(detail):
        return False
    return kind.deletes if act == "delete" else kind.voids


async def asked(request: HTMXRequest, company: int, entity: str, id: int, act: Act) -> Template:
    row, kind, detail = await found_or_404(company, entity, id, act)
    values = {
        **await company_frame(request, row, "records"),
        "kind": kind,
        "home": f"/companies/{company}/records/{entity}/{id}",
        "name": heading(kind, detail),
        "act": act,
        "words": words_of(kind, act, await uses.of(company, detail.qb_id)),
    }
    return page(request, "record_form/remove.html", values)


async def found_or_404(company: int, entity: str, id: int, act: Act) -> tuple[CompanyRow, Entity, RecordDetail]:
    row, kind = await company_or_404(company), ENTITIES.get(entity)
    if kind is None:
        raise NotFoundException
    detail = await detail_or_404(company, entity, id)
    if not may_be(kind, detail, act):
        raise NotFoundException
    return row, kind, detail


async def done(
    request: HTMXRequest, company: int, entity: str, id: int, act: Literal["delete", "void"]
) -> Response[Any]:
    await found_or_404(company, entity, id, act)
    person = current(request).person
    await changes.propose(company, entity, act, None, person.email, id, address=address_of(request))
    return Redirect(f"/companies/{company}/records/{entity}/{id}?done={act}", status_code=303)


def words_of(kind: Entity, act: Act, used: Used) -> list[str]:
    """Say what happens, to what, and what stays."""
    what = f"this {lower(kind.label)}"
    if act == "void":
        return [
            f"After approval QuickBooks sets every amount of {what} to zero and writes VOID into its memo.",
            "It stays in the books, with its number and date, and cannot be given its amounts again from here.",
        ]
    return [
        f"After approval {what} is deleted in QuickBooks. QuickBooks has no way to bring it back.",
        *use_sentences(kind, used),
        "Here its history stays, and it is shown as deleted in QuickBooks.",
    ]
