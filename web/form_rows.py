"""The rows of a form's lists: added, taken away, moved, numbered again."""

from collections.abc import Mapping

from web.form_shown import is_main
from web.form_values import JOURNAL, MOST_LINES, Read, Texts, rows_of
from web.record_form import Form, Lines


def first_rows(form: Form, texts: Texts) -> Texts:
    """Return the texts with rows to begin with, where a list that the kind is about has none."""
    for lines in form.lines:
        if is_main(lines) and form.entity.group == "transaction" and not rows_of(texts, lines.name):
            for _ in range(2 if lines.name == JOURNAL else 1):
                add_row(texts, lines.name)
    return texts


def add_row(texts: Texts, name: str) -> None:
    """Add an empty row at the end of a list."""
    rows = rows_of(texts, name)
    if len(rows) < MOST_LINES:
        texts[f"{name}[{rows[-1] + 1 if rows else 0}]#from"] = ""


def split(row: str) -> tuple[str, int]:
    """InvoiceLineRet[2] is the third row of a list."""
    name, _, number = row.removesuffix("]").partition("[")
    return name, int(number) if number.isdecimal() and len(number) < 6 else -1


def without_row(texts: Texts, row: str) -> None:
    for key in [key for key in texts if key.startswith((f"{row}/", f"{row}#"))]:
        del texts[key]


def moved(texts: Texts, row: str, by: int) -> None:
    """Let a row change places with its neighbour."""
    name, at = split(row)
    rows = rows_of(texts, name)
    if at not in rows or not 0 <= rows.index(at) + by < len(rows):
        return
    other = rows[rows.index(at) + by]
    mine, theirs = taken_out(texts, f"{name}[{at}]"), taken_out(texts, f"{name}[{other}]")
    texts.update({f"{name}[{other}]{end}": text for end, text in mine.items()})
    texts.update({f"{name}[{at}]{end}": text for end, text in theirs.items()})


def taken_out(texts: Texts, row: str) -> Texts:
    keys = [key for key in texts if key.startswith((f"{row}/", f"{row}#"))]
    return {key[len(row) :]: texts.pop(key) for key in keys}


def renumbered(form: Form, texts: Mapping[str, str]) -> Texts:
    """Return the texts with the rows of each list numbered from 0 on."""
    found = dict(texts)
    for lines in form.lines:
        rows = rows_of(found, lines.name)
        if rows != list(range(len(rows))):
            taken = [taken_out(found, f"{lines.name}[{row}]") for row in rows]
            for at, ends in enumerate(taken):
                found.update({f"{lines.name}[{at}]{end}": text for end, text in ends.items()})
    return found


def compacted(form: Form, texts: Texts) -> Texts:
    """Return the texts without rows that are new and empty, but for the first of a list."""
    for lines in form.lines:
        for row in rows_of(texts, lines.name)[2 if lines.name == JOURNAL else 1 :]:
            if is_empty(lines, row, texts):
                without_row(texts, f"{lines.name}[{row}]")
    return texts


def is_empty(lines: Lines, row: int, texts: Mapping[str, str]) -> bool:
    name = f"{lines.name}[{row}]"
    filled = any(texts.get(f"{name}/{one.path}", "").strip() for one in lines.inputs)
    return not filled and not texts.get(f"{name}#from")


def with_amounts(form: Form, texts: Texts, read: Read) -> Texts:
    """Return the texts with the amounts that quantity and rate make."""
    for lines in form.lines:
        if not lines.column("Amount"):
            continue
        made = read.record.get(lines.name) or []
        for row, line in zip(read.places.get(lines.name, ()), made, strict=False):
            for name in ("Amount", "Rate", "Cost"):
                if lines.column(name):
                    texts[f"{lines.name}[{row}]/{name}"] = str(line.get(name) or "")
    return texts
