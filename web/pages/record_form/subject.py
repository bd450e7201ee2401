"""What a form is about: a company, a kind, the record if there is one; and the references that came back in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from litestar.exceptions import NotFoundException

from sync.protocol.writes import NEW
from sync.qbxml.arrange import ORDER
from sync.qbxml.entities import ENTITIES, ITEMS, NAMES, TERMS, Entity
from sync.qbxml.labels import lower
from sync.store import custom_fields, offers, picking, records
from sync.store.companies import CompanyRow
from sync.store.picking import Choice
from sync.store.records import RecordDetail
from web.errors import NotOffered
from web.form_faults import Wrong, label_at, unknown
from web.form_scalars import decimal
from web.form_values import Asked, Known
from web.frame import company_or_404
from web.record_form import Form, form_of, takes

Record = dict[str, Any]
SPACES = (NAMES, ITEMS, TERMS)  # kinds that share one list of names
SHARED = "A {other} in QuickBooks has this name. Customers, vendors and employees share one list of names."


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One form of one company."""

    company: CompanyRow
    entity: Entity
    detail: RecordDetail | None  # None: it is to be made
    product: str
    version: str
    form: Form

    @property
    def list_home(self) -> str:
        return f"/companies/{self.company.id}/records/{self.entity.name}"

    @property
    def home(self) -> str:
        return f"{self.list_home}/{self.detail.id}" if self.detail else self.list_home

    @property
    def action(self) -> str:
        return f"{self.home}/edit" if self.detail else f"{self.list_home}/new"

    @property
    def known(self) -> Record:
        """The record as QuickBooks has it."""
        if self.detail is None:
            return {}
        order = {ORDER: self.detail.line_order} if self.detail.line_order else {}
        return self.detail.quickbooks | order


def here(detail: RecordDetail) -> Record:
    """Return a record as the team has it, with the order of its lines."""
    if detail.ours is not None:
        return detail.ours
    return detail.quickbooks | ({ORDER: detail.line_order} if detail.line_order else {})


def is_new(detail: RecordDetail) -> bool:
    """Say whether QuickBooks does not have the record yet."""
    return detail.qb_id.startswith(NEW)


async def subject_of(company: int, entity: str, id: int | None) -> Subject:
    """Return what a form is about. Raises NotFoundException where there can be none, NotOffered where not now."""
    row, kind = await company_or_404(company), ENTITIES.get(entity)
    if kind is None:
        raise NotFoundException
    detail = await detail_or_404(company, entity, id) if id is not None else None
    product, version = await picking.spoken(company)
    verb = "Add" if detail is None or is_new(detail) else "Mod"
    if not takes(kind, verb, product, version):
        raise NotFoundException
    await offered(row, kind)
    form = form_of(kind, verb, product, version, await custom_fields.of_kind(company, kind))
    return Subject(company=row, entity=kind, detail=detail, product=product, version=version, form=form)


async def offered(company: CompanyRow, kind: Entity) -> None:
    """Raise NotOffered where a kind is off in this company's QuickBooks: it would refuse what is typed."""
    off = await offers.off(company.id, [kind])
    if off:
        way = (f"Go to {lower(kind.plural)}", f"/companies/{company.id}/records/{kind.name}")
        raise NotOffered(lower(kind.plural), off[kind.name], way)


async def detail_or_404(company: int, entity: str, id: int) -> RecordDetail:
    found = await records.record(company, entity, id) if id < 1 << 63 else None
    if found is None:
        raise NotFoundException
    return found


# references


def name_of(choice: Choice) -> str:
    """Return what a record that was picked is called in its input."""
    if ENTITIES[choice.entity].group == "transaction":
        return " ".join(filter(None, (choice.entity, choice.ref_number)))
    return choice.name or str(choice.fields.get("Name", ""))


async def resolved(subject: Subject, asked: Sequence[Asked]) -> tuple[Known, list[Wrong]]:
    """Return the records that references mean, by id where one was picked, else by name; and those that mean none."""
    if not asked:
        return {}, []
    company = subject.company.id
    kinds = {kind for one in asked for kind in one.kinds}
    ids = [one.id for one in asked if one.id]
    texts = [one.text for one in asked] + [one.text.rpartition(" ")[2] for one in asked if one.is_transaction]
    found = await picking.resolve(company, kinds, ids, texts)
    judged = await picking.kinds_with_records(company, kinds)
    known: dict[tuple[tuple[str, ...], str, str], Any] = {}
    wrong = []
    for one in asked:
        choice = chosen(one, found)
        if choice is not None:
            known[one.key] = choice.qb_id if one.is_transaction else reference(choice)
        elif judged.intersection(one.kinds) or one.is_transaction:
            label = label_at(subject.form, one.path)
            wrong.append(unknown(one, label, [ENTITIES[kind].plural for kind in one.kinds]))
    return known, wrong


def reference(choice: Choice) -> Record:
    return {"ListID": choice.qb_id, "FullName": name_of(choice)}


def chosen(asked: Asked, found: Sequence[Choice]) -> Choice | None:
    """Return the record that a reference means."""
    fitting = [one for one in found if one.entity in asked.kinds]
    text = asked.text.lower()
    by_id = next((one for one in fitting if asked.id and one.qb_id == asked.id), None)
    if by_id is not None and name_of(by_id).lower() == text:
        return by_id
    named = [one for one in fitting if name_of(one).lower() == text]
    if not named and asked.is_transaction:
        named = [one for one in fitting if one.ref_number and one.ref_number.lower() == text.rpartition(" ")[2]]
    return named[0] if named else None


# names


async def twin(subject: Subject, record: Mapping[str, Any]) -> Wrong | None:
    """Return the fault of a name that another record has already. (design.md 8, sentence 18)"""
    entity = subject.entity
    name = full_name(entity, record)
    if entity.group != "list" or not name:
        return None
    if subject.detail and name.lower() == subject.detail.name.lower():
        return None
    kinds = next((space for space in SPACES if entity.name in space), (entity.name,))
    found = await picking.taken(subject.company.id, kinds, name, subject.detail.id if subject.detail else None)
    if found is None:
        return None
    other = lower(ENTITIES[found[0]].label)
    article = "An" if other[0] in "aeiou" else "A"
    place = "Name" if subject.form.entity.name != "Employee" else "FirstName"
    if entity.name in NAMES:
        sentence = SHARED.format(other=other) if article == "A" else SHARED.format(other=other).replace("A ", "An ", 1)
        return Wrong(place, sentence)
    return Wrong(place, f"{article} {other} in QuickBooks has this name.")


def full_name(entity: Entity, record: Mapping[str, Any]) -> str:
    """Return the name with those above it; an employee's is made of its parts."""
    if entity.name == "Employee":
        return " ".join(filter(None, (str(record.get(part, "")) for part in ("FirstName", "MiddleName", "LastName"))))
    above = (record.get("ParentRef") or {}).get("FullName", "")
    name = str(record.get("Name", ""))
    return f"{above}:{name}" if above and name else name


# tax


async def tax_of(company: int, record: Mapping[str, Any]) -> tuple[str, Decimal] | None:
    """Return name and amount of the sales tax as it most likely will be; None where it is not known."""
    named = record.get("ItemSalesTaxRef")
    item = named.get("ListID") if isinstance(named, Mapping) else None
    if not isinstance(item, str):
        return None
    found = {
        one.qb_id: one
        for one in await picking.resolve(company, ("ItemSalesTax", "SalesTaxCode"), [*codes(record), item], [])
    }
    rate = decimal(found[item].fields.get("TaxRate")) if item in found else None
    if rate is None:
        return None
    base = Decimal()
    for line in lines_in(record):
        code = found.get((line.get("SalesTaxCodeRef") or {}).get("ListID", ""))
        if code and code.fields.get("IsTaxable") in ("true", "1"):
            base += decimal(line.get("Amount")) or Decimal()
    amount = (base * rate / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return f"{found[item].name}, {rate.normalize():f} %", amount


def lines_in(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [
        line
        for name, value in record.items()
        if name.endswith("LineRet") and isinstance(value, list)
        for line in value
        if isinstance(line, Mapping)
    ]


def codes(record: Mapping[str, Any]) -> list[str]:
    return [str((line.get("SalesTaxCodeRef") or {}).get("ListID", "")) for line in lines_in(record)]
