"""A form saved: looked at as QuickBooks would, put together with what others did meanwhile, proposed."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from litestar.plugins.htmx import HTMXRequest

from sync.protocol.changes import Action
from sync.protocol.differences import Contradiction, differences, merge, put
from sync.qbxml import customs
from sync.qbxml.arrange import ORDER
from sync.qbxml.labels import lower
from sync.qbxml.writing import changes_anything, mod_values
from sync.store import changes, timelines
from web.auth import address_of, current
from web.form_faults import Wrong, wrongs
from web.form_values import Texts, record_of, texts_of
from web.leaf_words import leaf_label, leaf_text
from web.pages.record_form.carried import unpacked
from web.pages.record_form.subject import Record, Subject, here, resolved, twin

THERE = "QuickBooks changed this {kind} while you were editing. Your text is kept; choose field by field."
HERE = "Somebody changed this {kind} here while you were editing. Your text is kept; choose field by field."


@dataclass(frozen=True, slots=True)
class Saved:
    """It is proposed; where to go on."""

    to: str


@dataclass(frozen=True, slots=True)
class Side:
    """One field that two people have changed."""

    name: str  # of its radios
    label: str
    theirs: str
    ours: str
    chosen: str


@dataclass(frozen=True, slots=True)
class Question:
    """What both changed, field by field."""

    sentence: str
    other: str  # who the other side is: QuickBooks now, Here now
    sides: list[Side]
    carried: list[dict[str, Any]]  # path, theirs, ours


@dataclass(frozen=True, slots=True)
class NotSaved:
    """What has to be mended or answered first, with everything that was typed."""

    texts: Texts
    base: Record
    wrong: list[Wrong] = field(default_factory=list)
    question: Question | None = None


async def save(
    request: HTMXRequest, subject: Subject, texts: Texts, base: Record, data: Mapping[str, str]
) -> Saved | NotSaved:
    """Propose the record that the texts make, or say what is in the way."""
    asked = record_of(subject.form, texts, base).asked
    known, wrong = await resolved(subject, asked)
    read = record_of(subject.form, texts, base, known)
    answered = unpacked(data.get("_question", "")) if data.get("_question") else None
    open_sides = answer(read.record, base, answered, data) if isinstance(answered, list) else []
    met = meeting(subject, base, read.record)
    if met is not None and met.contradictions:
        question = question_of(subject, base, list(met.contradictions), data)
        merged = with_ours(met.record, list(met.contradictions), read.record)
        return carried_on(subject, merged, texts, base, question)
    if met is not None:
        read.record = met.record
    if not wrong and not open_sides and not says_something(subject, read.record):
        return Saved(f"{subject.home}?done=same")
    serious, _ = wrongs(subject.form, read, subject.known, subject.product, subject.version)
    taken = {one.place for one in wrong}
    wrong += [one for one in serious if one.place not in taken]
    double = await twin(subject, read.record)
    wrong += [double] if double else []
    if open_sides:
        question = question_again(subject, open_sides, data)
        return NotSaved(texts, base, wrong, question)
    if wrong:
        return NotSaved(texts, base, wrong)
    return await proposed(request, subject, read.record, mixed=met is not None)


async def with_theirs(subject: Subject, texts: Texts, base: Record, data: Mapping[str, str]) -> NotSaved:
    """Return the form with what others changed meanwhile; what was typed stays, and a field that both changed asks."""
    known, _ = await resolved(subject, record_of(subject.form, texts, base).asked)
    wanted = record_of(subject.form, texts, base, known).record
    met = meeting(subject, base, wanted)
    if met is None:
        return NotSaved(texts, base)
    found = list(met.contradictions)
    question = question_of(subject, base, found, data) if found else None
    return carried_on(subject, with_ours(met.record, found, wanted), texts, base, question)


def carried_on(subject: Subject, merged: Record, texts: Texts, base: Record, question: Question | None) -> NotSaved:
    """Return the form of a record that holds both sides' changes; a text that was typed stays as it was typed."""
    now = here(subject.detail) if subject.detail else {}
    before = texts_of(subject.form, base)
    typed = {name: text for name, text in texts.items() if "[" not in name and text != before.get(name)}
    return NotSaved({**texts_of(subject.form, merged, now), **typed}, now, question=question)


def meeting(subject: Subject, base: Record, wanted: Record) -> Any:
    """Return what becomes of the record when somebody has changed it since the form was opened; None: nobody has."""
    if subject.detail is None:
        return None
    now = here(subject.detail)
    if not differences(base, now):
        return None
    return merge(base, now, wanted)


def with_ours(record: Record, found: list[Contradiction], ours: Record) -> Record:
    """Return the record with our side of everything that both changed: what was typed stays in its input."""
    made = copy.deepcopy(record)
    for one in found:
        put(made, one.path, one.ours, ours)
    return made


def question_of(subject: Subject, base: Record, found: list[Contradiction], data: Mapping[str, str]) -> Question:
    carried = [{"path": list(one.path), "theirs": one.quickbooks, "ours": one.ours} for one in found]
    detail = subject.detail
    there = detail is not None and detail.edit_sequence != base.get("EditSequence", "")
    kind = lower(subject.entity.label)
    return Question(
        sentence=(THERE if there else HERE).format(kind=kind),
        other="In QuickBooks now" if there else "Here now",
        sides=[side(subject, at, one, data) for at, one in enumerate(carried)],
        carried=carried,
    )


def question_again(subject: Subject, carried: list[dict[str, Any]], data: Mapping[str, str]) -> Question:
    """Return the question once more where not every field was chosen."""
    sentence = "Choose for each field which value counts."
    sides = [side(subject, at, one, data) for at, one in enumerate(carried)]
    return Question(sentence=sentence, other="The other value", sides=sides, carried=carried)


def side(subject: Subject, at: int, one: Mapping[str, Any], data: Mapping[str, str]) -> Side:
    entity, path = subject.entity.name, tuple(str(part) for part in one["path"])
    return Side(
        name=f"_side{at}",
        label=leaf_label(entity, path),
        theirs=leaf_text(entity, path, one["theirs"]),
        ours=leaf_text(entity, path, one["ours"]),
        chosen=data.get(f"_side{at}", ""),
    )


def answer(record: Record, base: Record, asked: list[dict[str, Any]], data: Mapping[str, str]) -> list[dict[str, Any]]:
    """Give the record the values that were chosen; return the questions if one of them has no answer."""
    open_ones = [at for at in range(len(asked)) if data.get(f"_side{at}") not in ("theirs", "ours")]
    if open_ones:
        return asked
    for at, one in enumerate(asked):
        path = tuple(str(part) for part in one.get("path", ()))
        if path and data.get(f"_side{at}") == "theirs":
            put(record, path, one.get("theirs"), base)
    return []


async def proposed(request: HTMXRequest, subject: Subject, record: Record, *, mixed: bool) -> Saved:
    """Propose the record, unless nothing in it differs from what is here."""
    detail, entity = subject.detail, subject.entity
    person = current(request).person
    action: Action = "update" if detail else "create"
    if not record.get(ORDER):
        record.pop(ORDER, None)
    change = await changes.propose(
        subject.company.id,
        entity.name,
        action,
        record,
        person.email,
        detail.id if detail else None,
        address=address_of(request),
    )
    if detail is None:
        number = await timelines.record_of(change)
        return Saved(f"{subject.list_home}/{number}?done=saved")
    return Saved(f"{subject.home}?done={'both' if mixed else 'saved'}")


def says_something(subject: Subject, record: Record) -> bool:
    """Say whether a record differs from the one here, in anything that QuickBooks takes."""
    detail = subject.detail
    if detail is None:
        return True
    now = here(detail)
    if subject.form.verb == "Add":
        return record != now
    moved = detail.ours is not None and bool(differences(now, record))
    if customs.values_of(record) != customs.values_of(now):
        return True
    return moved or (detail.ours is None and changes_anything(mod_values(subject.entity, subject.known, record)))
