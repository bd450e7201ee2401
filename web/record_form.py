"""The form of a record, derived from what qbXML takes: sheets, fields, choices and lists of lines.

A form belongs to the Add of a kind, for records that QuickBooks does not have, or to its Mod. Paths are those of the
record as it is kept ("BillAddress/City", "InvoiceLineRet"); `sent` is the path in the request.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from sync.qbxml.customs import NAME, Custom
from sync.qbxml.entities import Entity, refers_to
from sync.qbxml.fields import Choice, Field, Kind, laid_open, message
from sync.qbxml.fields import version as comparable
from sync.qbxml.labels import label, words
from sync.qbxml.requires import ALWAYS
from sync.qbxml.writing import PAID, names_of
from web import form_custom
from web.form_layout import (
    BRANCHES,
    HEADINGS,
    LABELS,
    LAYOUTS,
    LINES,
    LONG,
    NOT_ASKED,
    PAYABLE,
    RARE,
)
from web.form_layout import Part as Layout

Content = tuple[Field | Choice, ...]
AREA = 255  # characters from which on a text gets several lines
JOURNAL = ("JournalDebitLine", "JournalCreditLine", "JournalLineMod")


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One value."""

    path: str
    sent: str
    field: Field
    label: str
    required: bool = False
    kinds: tuple[str, ...] = ()  # of record that it may name; (): it names none

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def is_reference(self) -> bool:
        return self.field.kind is Kind.REF or (self.field.kind is Kind.ID and bool(self.kinds))

    @property
    def look(self) -> str:
        """How it is typed: pick, select, date, number, area or text."""
        match self.field.kind:
            case Kind.REF:
                return "pick"
            case Kind.ID if self.kinds:
                return "pick"
            case Kind.BOOL | Kind.ENUM:
                return "select"
            case Kind.DATE:
                return "date"
            case Kind.AMT | Kind.PRICE | Kind.QTY | Kind.PCT | Kind.FLOAT | Kind.INT:
                return "number"
        limit = self.field.max_length
        is_long = self.name in LONG or (limit is not None and limit > AREA and self.name not in ("Email", "Cc"))
        return "area" if is_long else "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Values that belong together, such as an address."""

    path: str
    label: str
    parts: tuple["Part", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Branches:
    """Parts of which one is taken. `path` names the choice by the first field of its first branch."""

    path: str
    label: str
    optional: bool
    options: tuple[tuple[str, tuple["Part", ...]], ...]


Part = Input | Group | Branches


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """A list within the record, as a table of inputs."""

    name: str
    sent: str
    heading: str
    columns: tuple[Input, ...]  # paths are relative to a line
    extra: tuple[Input, ...]
    required: bool = False

    @property
    def inputs(self) -> tuple[Input, ...]:
        return self.columns + self.extra

    def column(self, name: str) -> Input | None:
        return next((one for one in self.inputs if one.path == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Fields under one heading."""

    heading: str
    parts: tuple[Part, ...]
    folded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What is asked of a record."""

    entity: Entity
    verb: str  # Add, Mod
    sheets: tuple[Sheet, ...]
    lines: tuple[Lines, ...]
    custom: tuple[Custom, ...] = ()  # the custom fields that the company has for the kind

    def inputs(self) -> Iterator[Input]:
        """Yield every value that is not in a line."""
        for sheet in self.sheets:
            yield from inputs_in(sheet.parts)

    def list_named(self, name: str) -> Lines | None:
        return next((each for each in self.lines if each.name == name), None)


def inputs_in(parts: tuple[Part, ...]) -> Iterator[Input]:
    for part in parts:
        if isinstance(part, Input):
            yield part
        elif isinstance(part, Group):
            yield from inputs_in(part.parts)
        else:
            for _, inner in part.options:
                yield from inputs_in(inner)


def takes(entity: Entity, verb: str, product: str, version: str) -> bool:
    """Say whether this QuickBooks lets other programs add, or change, records of a kind."""
    return (entity.add if verb == "Add" else entity.mod) is not None and entity.available(product, version)


@lru_cache(maxsize=256)
def form_of(entity: Entity, verb: str, product: str, version: str, custom: tuple[Custom, ...] = ()) -> Form:
    """Return the form for an Add or a Mod of a kind, without what this product and version of QuickBooks lack."""
    build = Build(entity, verb, product, version)
    content = message(f"{entity.name}{verb}").content
    parts = build.parts(content, message(entity.ret).content, "", "")
    sheets = tuple(with_custom(sheets_of(entity, parts), custom))
    return Form(entity=entity, verb=verb, sheets=sheets, lines=tuple(build.lines), custom=custom)


def with_custom(sheets: Iterator[Sheet], custom: tuple[Custom, ...]) -> Iterator[Sheet]:
    """Yield the sheets, that of the company's custom fields before what is folded."""
    inputs = tuple(
        Input(path=form_custom.path(one.name), sent=f"{NAME}[{one.name}]", field=one.field, label=one.name)
        for one in custom
    )
    own = [Sheet(heading="Custom fields", parts=inputs)] if inputs else []
    for sheet in sheets:
        if sheet.folded:
            yield from own
            own = []
        yield sheet
    yield from own


def first_name(part: Part) -> str:
    return part.path.partition("/")[0]


def sheets_of(entity: Entity, parts: list[Part]) -> Iterator[Sheet]:
    """Lay the parts out: as the kind's layout says, else all in QuickBooks' order and groups by themselves."""
    left = {first_name(part): part for part in parts}
    for layout in LAYOUTS.get(entity.name) or own_order(parts):
        found = tuple(left.pop(name) for name in layout.names if name in left)
        if found:
            yield Sheet(heading=layout.heading, parts=found)
    needed = tuple(part for part in left.values() if isinstance(part, Input) and part.required)
    if needed:
        yield Sheet(heading="", parts=needed)
    rest = tuple(part for part in left.values() if part not in needed)
    if rest:
        yield Sheet(heading="More fields", parts=rest, folded=True)


def own_order(parts: list[Part]) -> Iterator[Layout]:
    usual = [part for part in parts if first_name(part) not in RARE]
    yield Layout("", tuple(first_name(part) for part in usual if not isinstance(part, Group)))
    for part in usual:
        if isinstance(part, Group):
            yield Layout(part.label, (first_name(part),))


class Build:
    """One reading of a message into a form."""

    def __init__(self, entity: Entity, verb: str, product: str, version: str) -> None:
        self.entity, self.verb = entity, verb
        self.product, self.version = product, comparable(version)
        self.lines: list[Lines] = []
        self.needed = needed_of(entity)

    def is_there(self, field: Field) -> bool:
        """Say whether this QuickBooks has the field, and a person is asked for it."""
        newer = field.since is not None and comparable(field.since) > self.version
        return not newer and self.product not in field.not_in and field.name not in NOT_ASKED

    def parts(self, content: Content, ret: Content, above: str, sent: str) -> list[Part]:
        known = {field.name: field for field in laid_open(ret)}
        found: list[Part] = []
        for part in content:
            if isinstance(part, Choice):
                found += self.choice(part, ret, above, sent)
            elif self.is_there(part):
                found += self.one(part, known, above, sent)
        return found

    def choice(self, choice: Choice, ret: Content, above: str, sent: str) -> list[Part]:
        branches = [self.parts(branch, ret, above, sent) for branch in choice.branches]
        branches = [branch for branch in branches if branch]
        if len(branches) < 2 or choice.max != 1:
            return [part for branch in branches for part in branch]
        path = branches[0][0].path
        return [
            Branches(
                path=path,
                label=self.label(path),
                optional=choice.min == 0,
                options=tuple((self.branch_label(branch), tuple(branch)) for branch in branches),
            )
        ]

    def branch_label(self, branch: list[Part]) -> str:
        first = branch[0]
        return BRANCHES.get(first.path) or first.label

    def one(self, field: Field, known: dict[str, Field], above: str, sent: str) -> list[Part]:
        name = self.own_name(field, known)
        if field.name in JOURNAL:
            self.journal(field)
            return []
        if name is None:
            return []
        path, out = above + name, sent + field.name
        if field.repeats:
            if field.kind is Kind.GROUP and not above:
                self.table(field, name, known.get(name))
            elif field.kind is Kind.REF and not above:
                self.references(field, name)
            return []
        if field.kind is Kind.GROUP:
            inner = known[name].children if name in known else field.children
            parts = self.parts(field.children, inner, f"{path}/", f"{out}/")
            return [Group(path=path, label=self.label(path), parts=tuple(parts))] if parts else []
        return [self.input(field, path, out)]

    def own_name(self, field: Field, known: dict[str, Field]) -> str | None:
        """Return the name under which a record holds a field; a new record may hold what no answer does."""
        if field.name in PAID.values():
            return field.name
        found = next((name for name in names_of(field) if name in known), None)
        if found is None and self.verb == "Add":
            return field.name
        return found

    def label(self, path: str) -> str:
        last = path.rpartition("/")[2]
        if last == "EntityRef" and self.entity.name != "TimeTracking":
            return "Name"
        if last in LABELS:
            return LABELS[last]
        if "/" not in path:
            return label(self.entity.name, path)
        return ADDRESS.get(last) or (words(last) if last in ("Name", "RefNumber") else label("", last))

    def input(self, field: Field, path: str, sent: str, kinds: tuple[str, ...] = ()) -> Input:
        if field.kind is Kind.REF:
            kinds = refers_to(path.rpartition("/")[2], self.entity.name)
        return Input(
            path=path, sent=sent, field=field, label=self.label(path), required=path in self.needed, kinds=kinds
        )

    # lists

    def table(self, field: Field, name: str, answered: Field | None) -> None:
        known = {one.name: one for one in laid_open(answered.children if answered else field.children)}
        inputs = []
        for one in laid_open(field.children):
            is_transaction = one.name in ("TxnID", "PaymentTxnID") and self.entity.name in PAYABLE
            own = self.own_name(one, known)
            if own is None or one.repeats or one.kind is Kind.GROUP or not (is_transaction or self.is_there(one)):
                continue
            kinds = PAYABLE[self.entity.name] if is_transaction else ()
            inputs.append(self.input(one, own, one.name, kinds))
        if inputs:
            self.lines.append(self.arranged(name, field, inputs))

    def references(self, field: Field, name: str) -> None:
        """A list of references is a table with one column."""
        one = self.input(field, name, "")
        self.lines.append(Lines(name=name, sent=field.name, heading=one.label, columns=(one,), extra=()))

    def arranged(self, name: str, field: Field, inputs: list[Input]) -> Lines:
        usual = next((columns for end, columns in LINES.items() if name.endswith(end)), ())
        by_name = {one.path: replace(one, required=False) for one in inputs}
        columns = tuple(by_name.pop(each) for each in usual if each in by_name)
        if not columns:
            columns = tuple(by_name.values())[:6]
            by_name = {path: one for path, one in by_name.items() if one not in columns}
        return Lines(
            name=name,
            sent=field.name,
            heading=HEADINGS.get(name) or ("Groups of items" if "LineGroup" in name else heading_of(name)),
            columns=columns,
            extra=tuple(by_name.values()),
            required=field.required,
        )

    def journal(self, field: Field) -> None:
        """Debits and credits in one table with a column for each."""
        if any(each.name == "JournalLine" for each in self.lines):
            return
        inputs = []
        for one in laid_open(field.children):
            if not self.is_there(one) or one.repeats or one.name == "JournalLineType":
                continue
            for name in ("Debit", "Credit") if one.name == "Amount" else (one.name,):
                made = self.input(one, name, one.name)
                inputs.append(made)
        self.lines.append(self.arranged("JournalLine", field, inputs))


ADDRESS = {
    **{f"Addr{at}": "Address" if at == 1 else f"Address line {at}" for at in range(1, 6)},
    "PostalCode": "Postal code",
}


def heading_of(name: str) -> str:
    plain = words(name.removesuffix("Ret").removesuffix("Add").removesuffix("Mod"))
    return "Lines" if plain.endswith(" line") else plain


@lru_cache(maxsize=128)
def needed_of(entity: Entity) -> frozenset[str]:
    """Return the paths that a new record of the kind has to fill."""
    if entity.add is None:
        return frozenset()
    found = set(ALWAYS.get(f"{entity.name}Add", ()))
    for field in message(f"{entity.name}Add").content:
        if isinstance(field, Field) and field.required:
            found.add(field.name)
    return frozenset(found)
