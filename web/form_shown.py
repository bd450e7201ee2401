"""A form with its texts and faults as the templates read it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sync.qbxml.entities import ENTITIES
from sync.qbxml.fields import Kind
from sync.qbxml.labels import lower, words
from web.filters import money
from web.form_layout import LINES
from web.form_scalars import decimal
from web.form_values import JOURNAL, at, rows_of
from web.record_form import Branches, Form, Group, Input, Lines, Part, inputs_in

DECIMAL = {Kind.AMT, Kind.PRICE, Kind.QTY, Kind.PCT, Kind.FLOAT}
HINTS = {Kind.INTERVAL: "Hours and minutes, as 8:30", Kind.DATETIME: "As 2025-11-21T14:20:00"}
AMOUNTS = ("Amount", "TotalAmount", "PaymentAmount")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One input with all that its template needs."""

    name: str
    id: str
    label: str
    look: str
    value: str
    qb_id: str = ""
    options: tuple[tuple[str, str], ...] = ()
    limit: int | None = None
    hint: str = ""
    error: str = ""
    required: bool = False
    mode: str = ""  # inputmode
    pick: str = ""  # where its list comes from
    many: bool = False  # several lines of text
    extra: bool = False  # a column that is seen on demand
    live: bool = False  # the amount and the total follow it
    wide: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A part of a sheet: an input, a group of them, or a choice."""

    kind: str  # input, group, branches
    cell: Cell | None = None
    label: str = ""
    name: str = ""
    id: str = ""
    error: str = ""
    blocks: tuple["Block", ...] = ()
    options: tuple[tuple[str, str, bool, tuple["Block", ...]], ...] = ()  # value, label, taken, what is in it


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetShown:
    """One sheet."""

    heading: str
    blocks: tuple[Block, ...]
    folded: bool
    open: bool
    all_optional: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line."""

    at: int
    origin: str
    cells: tuple[Cell, ...]
    inner: str = ""  # what a group of items holds


@dataclass(frozen=True, slots=True, kw_only=True)
class LinesShown:
    """One list of lines."""

    name: str
    id: str
    heading: str
    columns: tuple[tuple[str, str, bool], ...]  # label, start or end, seen on demand
    rows: tuple[Row, ...]
    add: str
    has_extra: bool
    all_open: bool
    error: str
    folded: bool


@dataclass(slots=True)
class Shown:
    """The whole form."""

    sheets: list[SheetShown] = field(default_factory=list)
    lines: list[LinesShown] = field(default_factory=list)


def id_of(name: str) -> str:
    """Return the id of an input: letters and digits of its name, lines for the rest; "?" of a choice is one too."""
    return "f-" + "".join(one if one.isalnum() else "-" for one in name).rstrip("-")


class Show:
    """One showing of a form."""

    def __init__(
        self, form: Form, texts: Mapping[str, str], errors: Mapping[str, str], company: int, base: Mapping[str, Any]
    ) -> None:
        self.form, self.texts, self.errors, self.base = form, texts, errors, base
        self.pick = f"/companies/{company}/pick"

    def all(self) -> Shown:
        found = Shown()
        for sheet in self.form.sheets:
            inputs = [one for part in sheet.parts for one in leaves(part)]
            choices = any(isinstance(part, Branches) for part in sheet.parts)
            plain = not choices and not any(one.required for one in inputs) and len(inputs) > 1
            blocks = tuple(self.block(part, hints=not plain) for part in sheet.parts)
            wrong = any(one.path in self.errors for one in inputs)
            found.sheets.append(
                SheetShown(heading=sheet.heading, blocks=blocks, folded=sheet.folded, open=wrong, all_optional=plain)
            )
        found.lines = [self.lines(each) for each in self.form.lines]
        return found

    def block(self, part: Part, *, hints: bool) -> Block:
        if isinstance(part, Input):
            return Block(kind="input", cell=self.cell(part, part.path, hints=hints))
        if isinstance(part, Group):
            inner = tuple(self.block(each, hints=False) for each in part.parts)
            return Block(kind="group", label=part.label, id=id_of(part.path), blocks=inner)
        return self.branches(part)

    def branches(self, part: Branches) -> Block:
        name = f"?{part.path}"
        taken = self.texts.get(name, "" if part.optional else "0")
        options = [
            (str(at), label, taken == str(at), tuple(self.block(each, hints=False) for each in self.within(inner)))
            for at, (label, inner) in enumerate(part.options)
        ]
        if part.optional and not (self.form.verb == "Mod" and has_branch(part, self.base)):
            options.append(("", "Neither" if len(options) == 2 else "None of these", taken == "", ()))
        return Block(
            kind="branches",
            label=part.label,
            name=name,
            id=id_of(name),
            options=tuple(options),
            error=self.errors.get(name, ""),
        )

    def within(self, inner: tuple[Part, ...]) -> tuple[Part, ...]:
        """Return the parts of a branch: a group alone needs no frame of its own."""
        return inner[0].parts if len(inner) == 1 and isinstance(inner[0], Group) else inner

    def cell(self, one: Input, name: str, *, hints: bool = True, extra: bool = False) -> Cell:
        value = self.texts.get(name, "")
        look = one.look
        if look == "date" and value and not is_day(value):
            look = "text"
        hint = HINTS.get(one.field.kind, "") or ("Optional" if hints and not one.required else "")
        return Cell(
            name=name,
            id=id_of(name),
            label=one.label,
            look=look,
            value=value,
            qb_id=self.texts.get(f"{name}#id", ""),
            options=options_of(one, value) if look == "select" else (),
            limit=one.field.max_length if look in ("text", "area") else None,
            hint=hint,
            error=self.errors.get(name, ""),
            required=one.required,
            mode="decimal" if one.field.kind in DECIMAL else "numeric" if one.field.kind is Kind.INT else "",
            pick=f"{self.pick}/{one.name}?of={self.form.entity.name}" if look == "pick" and one.kinds else "",
            many=look == "area" or "\n" in value,
            extra=extra,
            live=one.name in ("Quantity", "Rate", "Cost", "Debit", "Credit", *AMOUNTS),
            wide=look == "area" or (one.name in ("CustomerRef", "VendorRef", "Name") and "/" not in name),
        )

    # lists

    def lines(self, lines: Lines) -> LinesShown:
        used = {one.path for one in lines.extra for row in rows_of(self.texts, lines.name) if self.has(lines, row, one)}
        inputs = [(one, False) for one in lines.columns] + [(one, one.path not in used) for one in lines.extra]
        wrong = any(key.startswith(f"{lines.name}[") for key in self.errors)
        rows = tuple(self.row(lines, row, inputs) for row in rows_of(self.texts, lines.name))
        return LinesShown(
            name=lines.name,
            id=id_of(f"lines {lines.name}"),
            heading=lines.heading,
            columns=tuple((one.label, side(one), extra) for one, extra in inputs),
            rows=rows,
            add="Add a group" if "Group" in lines.name else "Add a line",
            has_extra=any(extra for _, extra in inputs),
            all_open=wrong and any(cell.extra and cell.error for row in rows for cell in row.cells),
            error=self.errors.get(lines.name, ""),
            folded=not rows and not is_main(lines) and lines.name not in self.errors,
        )

    def has(self, lines: Lines, row: int, one: Input) -> bool:
        return bool(self.texts.get(f"{lines.name}[{row}]/{one.path}"))

    def row(self, lines: Lines, at: int, inputs: Sequence[tuple[Input, bool]]) -> Row:
        name = f"{lines.name}[{at}]"
        origin = self.texts.get(f"{name}#from", "")
        cells = tuple(self.cell(one, f"{name}/{one.path}", hints=False, extra=extra) for one, extra in inputs)
        return Row(at=at, origin=origin, cells=cells, inner=inner_of(self.base, lines.name, origin))


def has_branch(choice: Branches, base: Mapping[str, Any]) -> bool:
    """Say whether the record has something of a choice already: QuickBooks has no way back to nothing."""
    return any(at(base, one.path) not in (None, "") for _, inner in choice.options for one in inputs_in(inner))


def is_main(lines: Lines) -> bool:
    return ("Group" not in lines.name and any(lines.name.endswith(end) for end in LINES if end != "LineRet")) or (
        lines.name.endswith("LineRet") and "Group" not in lines.name
    )


def leaves(part: Part) -> list[Input]:
    if isinstance(part, Input):
        return [part]
    inner = part.parts if isinstance(part, Group) else tuple(each for _, parts in part.options for each in parts)
    return [one for each in inner for one in leaves(each)]


def is_day(text: str) -> bool:
    return len(text) == 10 and text[4] == text[7] == "-"


def side(one: Input) -> str:
    return "end" if one.look == "number" else "start"


def options_of(one: Input, value: str) -> tuple[tuple[str, str], ...]:
    """Return the values of a select: not set first, a value that is none of them last."""
    if one.field.kind is Kind.BOOL:
        found = [("true", "Yes"), ("false", "No")]
    else:
        found = [(word, words(word) if word.isidentifier() else word) for word in one.field.enum if word]
    first = [("", "Choose one" if one.required else "Not set")]
    rest = [(value, value)] if value and value not in {word for word, _ in found} else []
    return (*first, *found, *rest)


def inner_of(base: Mapping[str, Any], name: str, origin: str) -> str:
    """Return the items of a group line, which change only with the group."""
    lines = base.get(name)
    if "Group" not in name or not origin.isdecimal() or not isinstance(lines, list) or int(origin) >= len(lines):
        return ""
    inner: Any = next((value for key, value in lines[int(origin)].items() if key.endswith("LineRet")), [])
    names = [str((each.get("ItemRef") or {}).get("FullName", "")) for each in inner if isinstance(each, Mapping)]
    return ", ".join(filter(None, names))


@dataclass(frozen=True, slots=True)
class Totals:
    """What stands under the lines; the last one closes in the double rule."""

    rows: list[tuple[str, str]]
    total: tuple[str, str]
    note: str = ""


def totals_of(form: Form, record: Mapping[str, Any], tax: Callable[[], tuple[str, Decimal] | None]) -> Totals | None:
    """Return sums of the record that a form makes; None for a kind without amounts. `tax` tells name and amount."""
    if form.list_named(JOURNAL):
        debit, credit = (total(record.get(name), "Amount") for name in ("JournalDebitLine", "JournalCreditLine"))
        off = debit - credit
        note = "" if not off else f"They differ by {money(abs(off))}; QuickBooks requires them to be the same."
        return Totals([("Debits", money(debit))], ("Credits", money(credit)), note)
    lists = [each for each in form.lines if any(each.column(name) for name in AMOUNTS) or "Group" in each.name]
    if not any(each.column(name) for each in form.lines for name in AMOUNTS):
        return None
    sums = [(each.heading, sum((total(record.get(each.name), name) for name in AMOUNTS), Decimal())) for each in lists]
    subtotal = sum((amount for _, amount in sums), Decimal())
    if form.list_named("AppliedToTxnRet"):
        return Totals([], ("Applied", money(subtotal)))
    if not any(one.path == "ItemSalesTaxRef" for one in form.inputs()):
        filled = [(name, money(amount)) for name, amount in sums if amount]
        return Totals(filled if len(filled) > 1 else [], ("Total", money(subtotal)))
    found = tax()
    if found is None:
        return Totals([("Subtotal", money(subtotal))], ("Total before tax", money(subtotal)), TAXED)
    name, amount = found
    rows = [("Subtotal", money(subtotal)), (f"Sales tax, {name}", money(amount))]
    return Totals(rows, ("Total", money(subtotal + amount)), TAXED)


TAXED = "QuickBooks computes the tax itself. If its total differs, the wizard shows both."


def total(lines: Any, name: str) -> Decimal:
    found = [decimal(line.get(name)) for line in lines or () if isinstance(line, Mapping)]
    return sum((amount for amount in found if amount is not None), Decimal())


def kinds_in_words(kinds: Sequence[str]) -> str:
    """Return what a picker takes: customer; item for the kinds of items."""
    if len(kinds) > 4:
        return "item"
    return " or ".join(lower(ENTITIES[kind].label) for kind in kinds) if kinds else "value"
