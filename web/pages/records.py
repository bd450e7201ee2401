"""/companies/{id}/records: the records of each kind, as a list to search and sort, and each with all it holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Controller, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Redirect, Response, Template

from sync.qbxml.entities import ENTITIES, ITEMS, Entity
from sync.qbxml.summary import first
from sync.store import companies, offers, picking, records
from sync.store.companies import CompanyRow
from sync.store.records import KindCount, RecordDetail, RecordRow, RecordsPage
from web.asked import ACTIVE, DELETED, Asked, hides_number, refuses
from web.auth import current, may
from web.filters import count, day_time, money, plural, qb_time
from web.frame import Values, company_frame, company_or_404, page, with_query
from web.masking import hidden, masked_fields, sees_all
from web.record_form import takes
from web.values import aligned, cell

PAGE = 50
COLUMNS = 3  # at most, beside those that every kind has
SECOND = "CompanyName"  # stands under the name
USUAL = (  # kinds that are named first
    *("Customer", "Vendor", "Employee", "Account", *ITEMS),
    *("Invoice", "ReceivePayment", "SalesReceipt", "CreditMemo", "Estimate", "SalesOrder", "PurchaseOrder", "Bill"),
)
STATE_WORDS = {"equal": "Same on both sides", "gone": "Deleted in QuickBooks"}


class RecordsController(Controller):
    """Everything that was read from one company file."""

    path = "/companies/{company:int}/records"
    opt = {"role": "viewer"}

    @get()
    async def first_kind(
        self, request: HTMXRequest, company: FromPath[int], kind: FromQuery[str | None] = None
    ) -> Response[Any]:
        """Go to the kind that was chosen, else to the first one that has records."""
        row = await company_or_404(company)
        home = f"/companies/{company}/records"
        found = await records.kinds(company)
        if kind and kind in ENTITIES:
            return Redirect(f"{home}/{kind}", status_code=303)
        usual = next((each.entity for each in found if each.count and each.entity == "Customer"), None)
        entity = usual or next((each.entity for each in found if each.count), None)
        if entity:
            return Redirect(f"{home}/{entity}", status_code=303)
        return page(request, "records/empty.html", await company_frame(request, row, "records"))

    @get("/{entity:str}")
    async def show(self, request: HTMXRequest, company: FromPath[int], entity: FromPath[str]) -> Template:
        row, kind = await company_or_404(company), kind_or_404(entity)
        home = f"/companies/{company}/records"
        asked = Asked.read(request.query_params, f"{home}/{entity}", kind)
        values = {
            **await company_frame(request, row, "records"),
            **await new_values(request, row, kind),
            **await list_values(request, row, kind, asked),
            **await kinds_values(company, entity),
        }
        return page(request, "records/list.html", values, part="records/_rows.html")


async def new_values(request: HTMXRequest, company: CompanyRow, kind: Entity) -> Values:
    """Return where a record of the kind is made, for who may and where QuickBooks takes one; else why it takes none."""
    if not may(current(request).person, "member") or not takes(kind, "Add", *await picking.spoken(company.id)):
        return {"new_href": None, "off": ""}
    off = (await offers.off(company.id, [kind])).get(kind.name, "")
    return {"new_href": None if off else f"/companies/{company.id}/records/{kind.name}/new", "off": off}


def kind_or_404(entity: str) -> Entity:
    found = ENTITIES.get(entity)
    if found is None:
        raise NotFoundException
    return found


async def kinds_values(company: int, entity: str) -> Values:
    """Return the kinds at the left, with their counts."""
    found = await records.kinds(company)
    home = f"/companies/{company}/records"
    groups = [("Lists", kinds_in(found, "list", entity)), ("Transactions", kinds_in(found, "transaction", entity))]
    return {
        "kinds_groups": [
            (heading, [(each.entity, each.plural, f"{home}/{each.entity}", each.count) for each in members])
            for heading, members in groups
            if members
        ],
    }


def kinds_in(found: Sequence[KindCount], group: str, current_kind: str) -> list[KindCount]:
    """Return the kinds of a group that have records, and the one that is shown; what people look for most is first."""
    members = [each for each in found if each.group == group and (each.count or each.entity == current_kind)]
    places = {name: place for place, name in enumerate(USUAL)}
    return sorted(members, key=lambda each: (places.get(each.entity, len(USUAL)), each.plural))


async def list_values(request: HTMXRequest, company: CompanyRow, kind: Entity, asked: Asked) -> Values:
    sees = sees_all(current(request).person)
    refused = asked.q if refuses(kind, asked, sees) else ""
    found = RecordsPage(rows=[], total=0, total_more=False, next=None, previous=None)
    if not refused:
        found = await rows_of(company.id, kind, asked)
    columns = columns_of(kind)
    return {
        "entity": kind.name,
        "label": kind.plural,
        "singular": kind.label.lower(),
        "sentence": await sentence(company.id, kind, found, asked),
        "query": asked.q,
        "asked": asked,
        "first": first_head(kind, asked),
        "changed": ("Changed", "start", *asked.sorted_by("changed")),
        "columns": [head(kind, asked, column) for column in columns],
        "rows": [
            (
                row,
                title_of(kind, row),
                second_line(kind, row, sees),
                [text_in(kind, row, each, sees) for each in columns],
            )
            for row in found.rows
        ],
        "state_words": STATE_WORDS,
        "filter_menus": filter_menus(kind, asked),
        "clear_url": with_query(asked.home, sort=asked.sort) if asked.q or asked.deleted or asked.active else None,
        "empty": empty(kind, asked, refused),
        "total": count(found.total) + ("+" if found.total_more else ""),
        "previous_url": asked.link(before=found.previous) if found.previous else None,
        "next_url": asked.link(after=found.next) if found.next else None,
        "page_rows": PAGE,
    }


async def rows_of(company: int, kind: Entity, asked: Asked) -> RecordsPage:
    """Read a page. Raises NotFoundException for the address of a page that is none."""
    try:
        return await records.page(
            company,
            kind.name,
            q=asked.q,
            sort=asked.sort,
            descending=asked.descending,
            after=asked.after,
            before=asked.before,
            limit=PAGE,
            deleted=DELETED.get(asked.deleted, "no"),
            active=ACTIVE.get(asked.active),
        )
    except ValueError as error:
        raise NotFoundException from error


async def sentence(company: int, kind: Entity, found: RecordsPage, asked: Asked) -> str:
    """12,340 customers match. Data as of today, 14:20; the newest change in QuickBooks is from 18 Nov, 14:12. (A19)"""
    number = count(found.total) + (" or more" if found.total_more else "")
    matching = " match" if asked.q or asked.deleted or asked.active else ""
    counted = f"{number} {plural(found.total, kind.label.lower(), kind.plural.lower())}{matching}."
    fresh = next((each for each in await companies.freshness(company) if each.entity == kind.name), None)
    if fresh is None or fresh.as_of is None:
        return f"{counted} Not read whole yet."
    newest = f"; the newest change in QuickBooks is from {qb_time(fresh.newest)}" if fresh.newest else ""
    return f"{counted} Data as of {day_time(fresh.as_of)}{newest}."


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a list, beside the name."""

    heading: str
    sort: str = ""  # key of SORTS
    path: str = ""  # within the record, where it is not one of the usual columns


def columns_of(kind: Entity) -> list[Column]:
    """Return what is worth showing of a kind, in the order of a person's look."""
    found = []
    if kind.group == "transaction":
        found.append(Column("Date", "date"))
    if kind.party:
        found.append(Column("Name" if len(kind.party) > 1 else party_label(kind), "party"))
    found += [Column(heading, path=path) for heading, path in kind.columns if path != SECOND][:COLUMNS]
    if kind.amount:
        found.append(Column("Balance" if "Balance" in kind.amount[-1] else "Amount", "amount"))
    return found


def party_label(kind: Entity) -> str:
    name = kind.party[0].partition("Ref")[0]
    return ENTITIES[name].label if name in ENTITIES else "Name"


def head(kind: Entity, asked: Asked, column: Column) -> tuple[str, str, str | None, str | None]:
    """Return label, side, link that sorts, and how it is sorted."""
    side = "end" if column.sort == "amount" or (column.path and aligned(kind.name, column.path) == "end") else "start"
    href, direction = asked.sorted_by(column.sort) if column.sort else (None, None)
    return column.heading, side, href, direction


def first_head(kind: Entity, asked: Asked) -> tuple[str, str, str | None, str | None]:
    if kind.group == "list":
        return ("Name", "start", *asked.sorted_by("name"))
    return ("Number", "start", *asked.sorted_by("ref_number"))


def title_of(kind: Entity, row: RecordRow) -> str:
    """Return what a record is called in a list: its name, or the number of a transaction."""
    usual = row.name if kind.group == "list" else row.ref_number
    return usual or row.name or f"{kind.label} without a number"


def second_line(kind: Entity, row: RecordRow, sees: bool) -> str:
    """Return what tells equals apart: the number and the company of a list entry, and that it is inactive."""
    parts = ["Inactive" if row.active is False else ""]
    if kind.group == "list":
        company = first(row.fields, (SECOND,)) or ""
        parts += [number_in(kind, row, sees), company if company != row.name else ""]
    return " · ".join(filter(None, parts))


def number_in(kind: Entity, row: RecordRow, sees: bool) -> str:
    return row.ref_number if sees or not hides_number(kind) else hidden(row.ref_number, kind.number[0])


def text_in(kind: Entity, row: RecordRow, column: Column, sees: bool) -> str:
    match column.sort:
        case "amount":
            return money(row.amount)
        case "date":
            return qb_time(row.date)
        case "party":
            return row.party
    fields = row.fields if sees else masked_fields(row.fields, kind.name)
    return cell(kind.name, column.path, first(fields, (column.path,)) or "")


def filter_menus(kind: Entity, asked: Asked) -> list[tuple[str, list[tuple[str, str, bool]], bool]]:
    """Return label, choices and whether something is chosen, of each filter."""
    here = {"": "In QuickBooks", "only": "Deleted only", "all": "Deleted ones too"}
    menus = [
        (
            here[asked.deleted],
            [(words, asked.link(deleted=key), asked.deleted == key) for key, words in here.items()],
            bool(asked.deleted),
        )
    ]
    if kind.group == "list":
        active = {"": "Active or not", "yes": "Active only", "no": "Inactive only"}
        choices = [(words, asked.link(active=key), asked.active == key) for key, words in active.items()]
        menus.append((active[asked.active], choices, bool(asked.active)))
    return menus


def empty(kind: Entity, asked: Asked, refused: str) -> tuple[str, str, tuple[str, str] | None]:
    """Say why there are no rows, what to do, and where."""
    name = kind.plural.lower()
    clear = ("Clear the filters", asked.home)
    if refused:
        return (
            "A viewer can look for names here, not for numbers.",
            "Numbers of persons are hidden from viewers.",
            clear,
        )
    if asked.q:
        return f"No {name} match “{asked.q}”.", "Clear the filters, or search all kinds in the bar above.", clear
    if asked.deleted or asked.active:
        return f"No {name} match this filter.", "Clear it to see all that are here.", clear
    return f"No {name} yet.", "They show up here after the next sync, if the company file has any.", None


def heading(kind: Entity, found: RecordDetail) -> str:
    """Return what a record is called on its own page: Invoice 20398."""
    if kind.group == "list":
        return found.name or f"{kind.label} without a name"
    return f"{kind.label} {found.ref_number}" if found.ref_number else f"{kind.label} without a number"
