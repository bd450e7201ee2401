"""/companies/{id}/pick/{field}: the list under a reference's input, and the page in its place without script."""

from collections.abc import Mapping, Sequence

from litestar import get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from sync.qbxml.entities import ENTITIES, refers_to
from sync.qbxml.labels import lower
from sync.qbxml.summary import first
from sync.store import offers, picking
from sync.store.picking import Choice
from web.filters import money, qb_day
from web.form_layout import PAYABLE
from web.form_shown import kinds_in_words
from web.forms import line
from web.frame import Values, company_frame, company_or_404, page
from web.pages.record_form.subject import Subject, name_of

Option = tuple[str, str, str]  # id, name, second line
PER_PAGE = 50


def kinds_of(field: str, of: str) -> tuple[str, ...]:
    """Return the kinds of record that a field of a kind may name."""
    return PAYABLE.get(of, ()) if field.endswith("TxnID") else refers_to(field, of)


def second_line(choice: Choice, several: bool) -> str:
    """Return what tells equals apart: the kind where there are several, then number, company, type, date, amount."""
    entity = ENTITIES[choice.entity]
    parts = [entity.label] if several else []
    if entity.group == "transaction":
        amount = first(choice.fields, ("BalanceRemaining", "AmountDue", "TotalAmount")) or ""
        parts += [choice.party, qb_day(choice.date), money(amount)]
    else:
        company = first(choice.fields, ("CompanyName",)) or ""
        parts += [choice.ref_number, company if company != choice.name else ""]
        parts += [first(choice.fields, (path,)) or "" for path in DETAIL.get(choice.entity, ())]
    parts += ["Not in QuickBooks yet"] if choice.is_new else []
    return " · ".join(filter(None, parts))[:120]


DETAIL: Mapping[str, tuple[str, ...]] = {
    "Account": ("AccountType",),
    "Customer": ("Phone", "BillAddress/City"),
    "Vendor": ("Phone", "VendorAddress/City"),
    "ItemService": ("SalesOrPurchase/Desc",),
    "ItemNonInventory": ("SalesOrPurchase/Desc",),
    "ItemInventory": ("SalesDesc",),
    "SalesTaxCode": ("Desc",),
    "ItemSalesTax": ("TaxRate",),
}


def options_of(found: Sequence[Choice]) -> list[Option]:
    several = len({one.entity for one in found}) > 1
    return [(one.qb_id, name_of(one), second_line(one, several)) for one in found]


async def new_links(company: int, kinds: Sequence[str]) -> list[tuple[str, str]]:
    """Return label and address of "Add new" for each kind that can be added, and is not off in QuickBooks."""
    off = await offers.off(company, [ENTITIES[kind] for kind in kinds])
    able = [kind for kind in kinds if ENTITIES[kind].add and kind not in off]
    return [(f"Add new {lower(ENTITIES[kind].label)}", f"/companies/{company}/records/{kind}/new") for kind in able[:4]]


@get("/companies/{company:int}/pick/{field:str}", opt={"role": "member"})
async def pick(request: HTMXRequest, company: FromPath[int], field: FromPath[str]) -> Template:
    """Answer with the list of records that a reference may name and whose name or number has the text."""
    row = await company_or_404(company)
    of = request.query_params.get("of", "")
    kinds = kinds_of(field, of) if of in ENTITIES else ()
    if not kinds:
        raise NotFoundException
    query = line(request.query_params, "q", longest=200)
    found = await picking.find(row.id, kinds, query)
    values: Values = {
        "options": options_of(found),
        "adds": await new_links(row.id, kinds),
        "query": query,
        "what": kinds_in_words(kinds),
        "company": row,
    }
    return page(request, "record_form/_options.html", values)


async def choices_page(request: HTMXRequest, subject: Subject, data: Mapping[str, str], path: str) -> Template:
    """Show what may be chosen for a reference, with all that was typed carried along."""
    name = path.rpartition("/")[2]
    kinds = kinds_of(name, subject.entity.name)
    if not kinds:
        raise NotFoundException
    query = line(data, "_q" if data.get("_do", "").startswith("search") else path, longest=200)
    found = await picking.find(subject.company.id, kinds, query, PER_PAGE)
    kept = [(key, text) for key, text in data.items() if key not in ("_csrf_token", "_do", "_q")]
    values = {
        **await company_frame(request, subject.company, "records"),
        "kind": subject.entity,
        "title": f"Choose {'an' if kinds_in_words(kinds)[0] in 'aeiou' else 'a'} {kinds_in_words(kinds)}",
        "action": subject.action,
        "list_home": subject.list_home,
        "path": path,
        "query": query,
        "options": options_of(found),
        "adds": await new_links(subject.company.id, kinds),
        "kept": kept,
    }
    return page(request, "record_form/choose.html", values)


def picked_texts(chosen: str) -> dict[str, str]:
    """Return the texts of the reference that was chosen on the page: its path, id and name, with bars between."""
    path, _, rest = chosen.partition("|")
    id, _, name = rest.partition("|")
    return {path: name, f"{path}#id": id} if name else {}
