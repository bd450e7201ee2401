"""A Mod laid over what is stored: absent is unchanged, empty is cleared, lines stay unless some are named."""

from typing import Any

from sync.practice import markup, refusals
from sync.practice.books import is_line
from sync.practice.markup import Fields

_EXPENSES = ("ExpenseLineRet",)
_ITEMS = ("ItemLineRet", "ItemGroupLineRet")
_JOURNAL = ("JournalDebitLine", "JournalCreditLine")
_KEYED = {"ContactsRet": "ListID", "AdditionalNotesRet": "NoteID"}
_PRICED = ("Quantity", "Rate", "Cost", "RatePercent")


def merged(entity: str, stored: Fields, given: Fields, changes: Fields) -> Fields:
    """The stored fields with a Mod laid over; `given` is the Mod itself, `changes` the same in the names of the Ret."""
    fields = dict(stored)
    for name, value in changes.items():
        if is_line(name):
            continue
        kept = _laid_over(stored.get(name), value) if name not in _KEYED else _by_key(stored, name, value)
        if kept in ("", {}):
            fields.pop(name, None)
            fields.pop(f"{name}Block", None)
        else:
            fields[name] = kept
    for family in (_EXPENSES, _ITEMS, (f"{entity}LineRet", f"{entity}LineGroupRet")):
        _merge_lines(family, fields, changes)
    if "JournalLineMod" in given:
        _merge_journal(fields, markup.many(given, "JournalLineMod"), markup.many(changes, _JOURNAL[0]))
    for flag, family in (("ClearExpenseLines", _EXPENSES), ("ClearItemLines", _ITEMS)):
        if markup.text(given, flag) in ("true", "1"):
            for name in family:
                fields.pop(name, None)
    return fields


def _laid_over(stored: object, value: object) -> object:
    """A group of a Mod changes only the parts it names; a reference or a list is taken whole."""
    if not isinstance(value, dict) or not isinstance(stored, dict) or "ListID" in value:
        return value
    both = stored | {name: _laid_over(stored.get(name), one) for name, one in value.items()}
    return {name: one for name, one in both.items() if one != ""}


def _by_key(stored: Fields, name: str, changes: Any) -> list[Fields]:
    """Contacts and notes: those named by their id are changed, those without are new, the others stay."""
    key = _KEYED[name]
    known = {markup.text(row, key): row for row in markup.many(stored, name)}
    new = []
    for change in changes if isinstance(changes, list) else [changes]:
        row_id = markup.text(change, key)
        if row_id in known:
            known[row_id] = known[row_id] | change
        else:
            new.append({part: value for part, value in change.items() if part != key})
    return [*known.values(), *new]


def _merge_lines(family: tuple[str, ...], fields: Fields, changes: Fields) -> None:
    if not any(name in changes for name in family):
        return
    stored = {markup.text(line, "TxnLineID"): line for name in family for line in markup.many(fields, name)}
    for name in family:
        fields.pop(name, None)
        lines = [_line(stored, line) for line in markup.many(changes, name)]
        if lines:
            fields[name] = lines


def _line(stored: dict[str, Fields], change: Fields) -> Fields:
    """A new line, or a stored one with what is named changed; its amount is worked out again when its price changed."""
    line_id = markup.text(change, "TxnLineID")
    if line_id == "-1":
        return change
    if line_id not in stored:
        raise refusals.object_missing(line_id)
    line = stored[line_id] | change
    if any(name in change for name in _PRICED):
        line = {name: value for name, value in line.items() if name != "Amount" or "Amount" in change}
    elif "Amount" in change:
        line = {name: value for name, value in line.items() if name not in ("Rate", "Cost")}
    for name in [name for name in line if name.endswith("LineRet") and name in change]:
        inner = {markup.text(one, "TxnLineID"): one for one in markup.many(stored[line_id], name)}
        line[name] = [_line(inner, one) for one in markup.many(change, name)]
    return {name: value for name, value in line.items() if value != ""}


def _merge_journal(fields: Fields, given: list[Fields], changes: list[Fields]) -> None:
    """Journal lines keep their side; a new one says which it is on."""
    sides = {markup.text(line, "TxnLineID"): side for side in _JOURNAL for line in markup.many(fields, side)}
    stored = {markup.text(line, "TxnLineID"): line for side in _JOURNAL for line in markup.many(fields, side)}
    made: dict[str, list[Fields]] = {side: [] for side in _JOURNAL}
    for asked, change in zip(given, changes, strict=True):
        line_id = markup.text(asked, "TxnLineID")
        named = f"Journal{markup.text(asked, 'JournalLineType')}Line" if "JournalLineType" in asked else ""
        side = named or sides.get(line_id, _JOURNAL[0])
        made[side].append(_line(stored, change))
    fields |= made
