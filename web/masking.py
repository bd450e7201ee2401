"""Personal numbers, hidden from viewers wherever QuickBooks' own words are shown or given out: "••••4417".

The names of elements are those of the qbXML 13.0 schema.
"""

import re
from collections.abc import Iterator
from typing import Any

from sync.store.people import Person
from web.auth import may

DOTS = "••••"
PERSONAL = frozenset(
    {
        "BankNumber",
        "BirthDate",
        "CreditCardNumber",
        "EIN",
        "MerchantAccountNumber",
        "SSN",
        "TaxRegistrationNumber",
        "VendorTaxIdent",
    }
)
NUMBER = "AccountNumber"
PEOPLE = (
    "Employee",
    "OtherName",
)  # whose AccountNumber is personal; that of a customer is our own, of an account its place
NAMES = "|".join(sorted((*PERSONAL, NUMBER)))
# The open or close tag of a person, or one element with a number.
FOUND = re.compile(
    rf"<(?P<end>/?)(?:{'|'.join(PEOPLE)})(?:Ret|Add|Mod)\b[^>]*>"
    rf"|<(?P<name>{NAMES})(?P<rest>\s[^>]*)?>(?P<value>.*?)</(?P=name)\s*>",
    re.DOTALL,
)
ELEMENT = re.compile(r"<[A-Za-z]")
PIECE = 1 << 18  # characters between two looks at other threads


def sees_all(person: Person) -> bool:
    """Say whether a person is shown personal numbers."""
    return may(person, "member")


def hidden(value: str, name: str) -> str:
    """Return what is shown of a personal number: the last four characters of one that is long enough."""
    plain = value.strip().removeprefix("<![CDATA[").removesuffix("]]>").strip()
    if not plain or plain.startswith(DOTS):
        return plain
    return DOTS + (plain[-4:] if len(plain) > 6 and name != "BirthDate" else "")


def is_personal(name: str, entity: str) -> bool:
    """Say whether an element at the top of a record holds a personal number."""
    return name in PERSONAL or (name == NUMBER and entity in PEOPLE)


def masked_text(document: str) -> str:
    """Return a qbXML document with its personal numbers hidden, all else as it was."""
    people = 0  # how many are open

    def replaced(match: re.Match[str]) -> str:
        nonlocal people
        name = match["name"]
        if name is None:
            people = max(people + (-1 if match["end"] else 1), 0)
        elif name != NUMBER or people:
            return f"<{name}{match['rest'] or ''}>{hidden(match['value'], name)}</{name}>"
        return match[0]

    return "".join(FOUND.sub(replaced, piece) for piece in pieces(document))


def pieces(document: str) -> Iterator[str]:
    """Cut a long document before elements: a search in all of it at once would hold up every other thread."""
    at = 0
    while at < len(document):
        cut = ELEMENT.search(document, at + PIECE)
        end = cut.start() if cut else len(document)
        yield document[at:end]
        at = end


def masked_fields(fields: Any, entity: str) -> Any:
    """Return a record's document with its personal numbers hidden."""
    if isinstance(fields, dict):
        return {name: masked_field(name, value, entity) for name, value in fields.items()}
    if isinstance(fields, list):
        return [masked_fields(value, entity) for value in fields]
    return fields


def masked_field(name: str, value: Any, entity: str) -> Any:
    if not is_personal(name, entity):
        return masked_fields(value, entity)
    if isinstance(value, str):
        return hidden(value, name)
    return DOTS  # with attributes, or doubled: nothing of it is shown
