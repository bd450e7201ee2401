"""Everything that is wrong with values before they are sent, in words for the person who typed them.

QuickBooks refuses a whole document for one field too long, and does not say which. So the schema's rules are checked
here, all of them at once; requires.py adds what QuickBooks demands beyond the schema.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sync.qbxml import requires, scalars
from sync.qbxml.arrange import TEXT, Bag, bag
from sync.qbxml.fields import Choice, Field, Kind, laid_open, message
from sync.qbxml.fields import version as comparable
from sync.qbxml.labels import kind, label, lower, record

PRODUCTS = {"QBD": "in the US", "QBCA": "in Canada", "QBUK": "in the UK", "QBAU": "in Australia"}
FORMS = {
    Kind.BOOL: "is true or false",
    Kind.DATE: "is a date written like 2025-11-21",
    Kind.DATETIME: "is a time written like 2025-11-21T14:20:00",
    Kind.INTERVAL: "is a duration written like PT8H30M",
    Kind.AMT: "is an amount written like 1234.50, with two decimals or none",
    Kind.PRICE: "is a price written like 12.345, with up to five decimals",
    Kind.QTY: "is a quantity written like 2.5, with up to five decimals",
    Kind.PCT: "is a percentage written like 8.25, without the sign",
    Kind.INT: "is a whole number",
    Kind.FLOAT: "is a number written like 1.0825",
    Kind.GUID: "is 0, or a GUID in braces",
}
SHOWN = 40  # characters of a value that a sentence repeats
LISTED = 8  # values of an enumeration that a sentence names


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong. `field` is the path in the values, indexes from 0: "InvoiceLineAdd[1]/Desc"."""

    entity: str  # "Invoice"
    field: str
    rule: str  # max_length enum required choice format unknown repeat characters product version quickbooks_requires
    limit: str  # what is allowed: "11", "Bill or Check"; "" when that is no single thing
    sentence: str
    warning: bool = False  # it can be sent; QuickBooks may change it


def faults(name: str, values: Mapping[str, Any], *, product: str | None = None, version: str = "13.0") -> list[Fault]:
    """Every fault of a message ("CustomerAdd", "CustomerQueryRq"), in schema order, warnings among them.

    `product` (QBD, QBCA …) and `version` are what the client has; without a product every product's fields are taken.
    Raises KeyError for a message that qbXML 13.0 does not have.
    """
    of = message(name)
    check = Check(record(name), product, version)
    if product in of.not_in:
        check.add("", "product", "", f"QuickBooks {PRODUCTS[product or '']} has no {lower(kind(check.entity))}.")
    check.newer(of.since, "", kind(check.entity))
    check.group(of.content, of.attributes, values, "")
    if name.endswith(("Add", "Mod")):
        for demand in requires.demands(name, values):
            check.add(demand.field, demand.rule, demand.limit, demand.sentence)
    return check.found


class Check:
    """One look at one message."""

    def __init__(self, entity: str, product: str | None, version: str) -> None:
        self.entity = entity
        self.product = product
        self.version = version
        self.found: list[Fault] = []

    def add(self, path: str, rule: str, limit: object, sentence: str, *, warning: bool = False) -> None:
        self.found.append(Fault(self.entity, path, rule, str(limit), sentence, warning))

    def label(self, path: str) -> str:
        return label(self.entity, path)

    def newer(self, since: str | None, path: str, what: str) -> None:
        """A fault when something is newer than the version spoken."""
        if since and comparable(since) > comparable(self.version):
            sentence = f"{what} needs qbXML {since}; this QuickBooks speaks {self.version}."
            self.add(path, "version", since, sentence)

    def group(
        self, content: tuple[Field | Choice, ...], attributes: Sequence[str], values: Mapping[str, Any], above: str
    ) -> None:
        """The children of one element: which are there, how often, and each by itself."""
        given = bag(values)
        rules = {rule.name: rule for rule in laid_open(content)}
        for name in values:
            if (name.startswith("@") and name[1:] not in attributes) or (name in given and name not in rules):
                self.add(above + name, "unknown", "", f"QuickBooks knows no field {name} here.")
        self.structure(content, given, above)
        for name, rule in rules.items():
            self.field(rule, given.get(name, []), above)

    def structure(self, content: tuple[Field | Choice, ...], given: Bag, above: str) -> None:
        """What is missing, too often there, or excluded by another."""
        for part in content:
            if isinstance(part, Choice):
                self.choice(part, given, above)
            else:
                self.count(part, len(given.get(part.name, ())), above)

    def count(self, rule: Field, number: int, above: str) -> None:
        path = above + rule.name
        if number < rule.min:
            self.add(path, "required", "", f"{self.label(path)} is missing; QuickBooks requires it.")
        elif rule.max is not None and number > rule.max:
            once = "once" if rule.max == 1 else f"{rule.max} times"
            self.add(
                path, "repeat", rule.max, f"{self.label(path)} can be given {once}; here it is given {number} times."
            )

    def choice(self, choice: Choice, given: Bag, above: str) -> None:
        """Exactly one branch, unless the choice repeats or may stay away."""
        taken = [at for at, names in enumerate(choice.branch_names) if names & given.keys()]
        if len(taken) > 1 and choice.max == 1:
            firsts = [next(rule.name for rule in laid_open(choice.branches[at]) if rule.name in given) for at in taken]
            names = [self.label(above + first) for first in firsts]
            only = f"Only one of these can be given: {listed(names, 'or')}."
            self.add(above + firsts[-1], "choice", listed(firsts, "or"), only)
        elif not taken and choice.min and not any(may_be_empty(branch) for branch in choice.branches):
            firsts = [next(laid_open(branch)).name for branch in choice.branches]
            names = [self.label(above + first) for first in firsts]
            self.add(above + firsts[0], "required", listed(firsts, "or"), f"QuickBooks requires {listed(names, 'or')}.")
        elif choice.max == 1:
            for at in taken:
                self.structure(choice.branches[at], given, above)

    def field(self, rule: Field, values: Sequence[Any], above: str) -> None:
        """Every occurrence of one field."""
        if not values:
            return
        path = above + rule.name
        if self.product in rule.not_in:
            where = f"QuickBooks {PRODUCTS[self.product or '']}"
            self.add(path, "product", self.product, f"{where} has no field {lower(self.label(path))} here.")
        if rule.since:
            self.newer(rule.since, path, self.label(path))
        for at, value in enumerate(values):
            self.value(rule, value, f"{path}[{at}]" if rule.repeats or len(values) > 1 else path)

    def value(self, rule: Field, value: Any, path: str) -> None:
        attributes = value if isinstance(value, Mapping) else {}
        if rule.children:
            if isinstance(value, Mapping):
                self.group(rule.children, rule.attributes, value, f"{path}/")
            elif value != "":
                self.add(path, "format", "", f"{self.label(path)} is a group of fields, not one value.")
            elif not may_be_empty(rule.children):
                self.add(path, "required", "", f"{self.label(path)} is empty; QuickBooks requires it.")
            return
        for name in attributes:
            if name != TEXT and name.removeprefix("@") not in rule.attributes:
                self.add(f"{path}/{name}", "unknown", "", f"QuickBooks knows no field {name} here.")
        self.scalar(rule, attributes.get(TEXT, "") if attributes else value, path, refers=bool(attributes))

    def scalar(self, rule: Field, value: Any, path: str, *, refers: bool) -> None:
        """One value; `refers`: its text comes from a macro, so it may be empty."""
        try:
            text = scalars.text(rule, value)
        except scalars.NotText as error:
            self.add(path, "format", "", f"{self.label(path)} {error}.")
            return
        if not text.strip() and rule.required and not refers:
            self.add(path, "required", "", f"{self.label(path)} is empty; QuickBooks requires it.")
        if rule.max_length is not None and len(text) > rule.max_length:
            self.add(path, "max_length", rule.max_length, self.too_long(rule.max_length, text, path))
        if not scalars.has_form(rule, text):
            self.form(rule, text, path)
        self.characters(text, path)

    def too_long(self, longest: int, text: str, path: str) -> str:
        shown = text if len(text) <= SHOWN and text.isprintable() else "this text"
        return f"{self.label(path)} can have {longest:,} characters; {shown} has {len(text):,}."

    def form(self, rule: Field, text: str, path: str) -> None:
        """A text without the form of its kind."""
        shown = (text if text.isprintable() and len(text) <= SHOWN else "this text") or "an empty text"
        if rule.kind is Kind.ENUM:
            allowed = listed(list(rule.enum), "or")
            among = allowed if len(rule.enum) <= LISTED else f"one of {len(rule.enum)} words that QuickBooks knows"
            self.add(path, "enum", allowed, f"{self.label(path)} is {among}; {shown} is not.")
            return
        limits = [f"at least {rule.low}"] * (rule.low is not None) + [f"at most {rule.high}"] * (rule.high is not None)
        sentence = f"{self.label(path)} {FORMS[rule.kind]}{', ' * bool(limits)}{' and '.join(limits)}; {shown} is not."
        self.add(path, "format", " and ".join(limits), sentence)

    def characters(self, text: str, path: str) -> None:
        """Characters that XML cannot hold at all, and those that QuickBooks' own character set lacks."""
        illegal = scalars.ILLEGAL.findall(text)
        if illegal:
            codes = ", ".join(sorted({f"U+{ord(one):04X}" for one in illegal}))
            self.add(path, "characters", codes, f"{self.label(path)} has characters that cannot be sent: {codes}.")
        foreign = "".join(dict.fromkeys(one for one in text if not one.isascii() and not kept(one)))
        if foreign.isprintable() and foreign:
            sentence = f"{self.label(path)} has characters that QuickBooks most likely cannot keep: {foreign[:SHOWN]}"
            self.add(path, "characters", "Windows-1252", sentence, warning=True)


def may_be_empty(content: tuple[Field | Choice, ...]) -> bool:
    """Whether nothing of a content has to be there."""
    return all(
        part.min == 0 or (isinstance(part, Choice) and any(may_be_empty(branch) for branch in part.branches))
        for part in content
    )


def kept(character: str) -> bool:
    try:
        character.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


def listed(names: Sequence[str], word: str) -> str:
    """Names as a list in words: "Bill, Check or Deposit"."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {word} {names[-1]}"
