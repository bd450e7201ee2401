"""/companies/{id}/records/{Kind}/new and …/{record}/edit: a record made or changed, saved for approval."""

from datetime import UTC, datetime
from typing import Any

from litestar import Controller, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Redirect, Response, Template

from sync.qbxml.labels import lower
from web.filters import local
from web.form_custom import not_asked
from web.form_faults import Wrong
from web.form_rows import add_row, compacted, first_rows, moved, renumbered, with_amounts, without_row
from web.form_shown import Show, id_of, totals_of
from web.form_values import Texts, record_of, texts_of
from web.forms import read_form, whole_number
from web.frame import Values, company_frame, page
from web.pages.record_form.carried import packed, unpacked
from web.pages.record_form.moved import stream_of
from web.pages.record_form.pick import choices_page, picked_texts
from web.pages.record_form.saving import Question, Saved, save, with_theirs
from web.pages.record_form.subject import Record, Subject, detail_or_404, here, subject_of, tax_of
from web.pages.records import heading

TEXT = 8192  # characters of one input that are taken; QuickBooks' longest text has 4,095


class RecordFormController(Controller):
    """The form of any kind of record."""

    path = "/companies/{company:int}/records/{entity:str}"
    opt = {"role": "member"}

    @get("/new")
    async def new(self, request: HTMXRequest, company: FromPath[int], entity: FromPath[str]) -> Template:
        """Show an empty form, or one with the texts of the record that is to be copied."""
        subject = await subject_of(company, entity, None)
        copied = whole_number(request.query_params.get("copy", ""))
        texts = texts_of(subject.form, {})
        if copied is not None:
            texts = copy_of(subject, here(await detail_or_404(company, entity, copied)))
        if subject.entity.group == "transaction" and "TxnDate" in texts:
            texts["TxnDate"] = local(datetime.now(UTC)).date().isoformat()
        return await shown(request, subject, first_rows(subject.form, texts), {})

    @post("/new")
    async def send_new(self, request: HTMXRequest, company: FromPath[int], entity: FromPath[str]) -> Response[Any]:
        return await sent(request, await subject_of(company, entity, None))

    @get("/{id:int}/edit")
    async def edit(
        self, request: HTMXRequest, company: FromPath[int], entity: FromPath[str], id: FromPath[int]
    ) -> Response[Any]:
        subject = await subject_of(company, entity, id)
        detail = subject.detail
        if detail is None or detail.deleted_at:
            raise NotFoundException
        base = here(detail)
        return await shown(request, subject, texts_of(subject.form, base), base)

    @post("/{id:int}/edit")
    async def send(
        self, request: HTMXRequest, company: FromPath[int], entity: FromPath[str], id: FromPath[int]
    ) -> Response[Any]:
        subject = await subject_of(company, entity, id)
        if subject.detail is None or subject.detail.deleted_at:
            raise NotFoundException
        return await sent(request, subject)


def copy_of(subject: Subject, record: Record) -> Texts:
    """Return the texts of a record for another one like it: its name, number and ids are its own."""
    texts = texts_of(subject.form, record)
    for name in texts:
        if name.endswith("]#from") or name in ("Name", "RefNumber", "FirstName", "LastName"):
            texts[name] = ""
    return texts


async def sent(request: HTMXRequest, subject: Subject) -> Response[Any]:
    """Do what the button says that sent the form."""
    data = await read_form(request)
    do, _, what = data.get("_do", "save").partition(":")
    carried = unpacked(data.get("_base", ""))
    base: Record = carried if isinstance(carried, dict) else here(subject.detail) if subject.detail else {}
    texts = renumbered(subject.form, {name: text[:TEXT] for name, text in data.items() if name[:1] != "_"})
    match do:
        case "add":
            add_row(texts, what)
        case "remove":
            without_row(texts, what)
        case "up" | "down":
            moved(texts, what, -1 if do == "up" else 1)
        case "pick" | "search":
            return await choices_page(request, subject, data, what)
        case "use":
            texts.update(picked_texts(what))
        case "theirs":
            theirs = await with_theirs(subject, texts, base, data)
            return await shown(request, subject, theirs.texts, theirs.base, question=theirs.question)
        case "save":
            texts = renumbered(subject.form, compacted(subject.form, texts))
            result = await save(request, subject, texts, base, data)
            if isinstance(result, Saved):
                return Redirect(result.to, status_code=303)
            seen = data.get("_seen") if result.base is base else None
            return await shown(
                request, subject, result.texts, result.base, wrong=result.wrong, question=result.question, seen=seen
            )
    texts = renumbered(subject.form, texts)
    texts = with_amounts(subject.form, texts, record_of(subject.form, texts, base))
    return await shown(request, subject, texts, base, seen=data.get("_seen"))


async def shown(
    request: HTMXRequest,
    subject: Subject,
    texts: Texts,
    base: Record,
    *,
    wrong: list[Wrong] | None = None,
    question: Question | None = None,
    seen: str | None = None,
) -> Template:
    """Render the form with these texts. `seen` is QuickBooks' EditSequence when it was opened; None: just now."""
    errors: dict[str, str] = {}
    for one in wrong or ():
        errors.setdefault(one.place, one.sentence)
    record = record_of(subject.form, texts, base).record
    tax = await tax_of(subject.company.id, record)
    detail, kind = subject.detail, lower(subject.entity.label)
    called = heading(subject.entity, detail) if detail else ""
    called = lower(called) if subject.entity.group == "transaction" else called
    title = f"Edit {called}" if detail else f"New {kind}"
    seen = seen if seen is not None else detail.edit_sequence if detail else ""
    values: Values = {
        **await company_frame(request, subject.company, "records"),
        "kind": subject.entity,
        "title": title,
        "crumb": heading(subject.entity, detail) if detail else None,
        "home": subject.home,
        "list_home": subject.list_home,
        "action": subject.action,
        "shown": Show(subject.form, texts, errors, subject.company.id, base).all(),
        "summary": [(anchor(one, subject), one.sentence) for one in wrong or ()],
        "totals": totals_of(subject.form, record, lambda: tax),
        "base": packed(base),
        "seen": seen,
        "stream_url": stream_of(subject, base, seen),
        "question": question,
        "open_question": packed(question.carried) if question else "",
        "custom": not_asked(base, subject.form.custom),
    }
    return page(request, "record_form/form.html", values, status=422 if wrong or question else 200)


def anchor(one: Wrong, subject: Subject) -> str | None:
    """Return the id that a link of the error summary goes to."""
    if not one.place:
        return None
    return id_of(f"lines {one.place}" if subject.form.list_named(one.place) else one.place)
