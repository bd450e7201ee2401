"""Every request of qbXML 13.0, every field and branch of it: our rules, our documents and Intuit's schema agree."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from lxml import etree

from sync.qbxml.build import NotBuildable, Request, build
from sync.qbxml.fields import Choice, Field, Kind, laid_open, message, operations
from sync.qbxml.scalars import FORMS
from sync.qbxml.validate import Fault, faults
from tests.qbxml.examples import REQUESTS, body, full_sets, groups, leaves, put

Values = dict[str, Any]
Schema = Any


def document(request: str, values: Values) -> Any:
    return etree.fromstring(build([Request(request, "1", values)]))


def errors(schema: Schema, root: Any) -> list[str]:
    return [] if schema.validate(root) else [entry.message for entry in schema.error_log]


def serious(request: str, values: Values) -> list[Fault]:
    return [fault for fault in faults(body(request), values) if not fault.warning]


def wrong_paths(schema: Schema, root: Any) -> set[str]:
    """Paths of the elements whose text the schema refuses."""
    if schema.validate(root):
        return set()
    return {entry.path for entry in schema.error_log}


def located(root: Any, request: str, path: str) -> str:
    """The schema's path of the element at one of our paths."""
    within = root.find(f".//{body(request)}") if operations()[request].body else root.find(f".//{request}")
    for step in path.split("/"):
        name, _, at = step.rstrip("]").partition("[")
        within = within.findall(name)[int(at or 0)]
    return str(root.getroottree().getpath(within))


@pytest.mark.parametrize("request_name", REQUESTS)
def test_full_values_have_no_fault_and_make_a_valid_document(request_name: str, schema: Schema) -> None:
    for values in full_sets(request_name):
        assert serious(request_name, values) == []
        assert errors(schema, document(request_name, values)) == []


@pytest.mark.parametrize("request_name", REQUESTS)
def test_the_order_of_the_keys_does_not_matter(request_name: str) -> None:
    def reversed_keys(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: reversed_keys(value[name]) for name in reversed(value)}
        return [reversed_keys(one) for one in value] if isinstance(value, list) else value

    values = next(full_sets(request_name))
    assert build([Request(request_name, "1", values)]) == build([Request(request_name, "1", reversed_keys(values))])


def too_long(field: Field) -> str | None:
    return "y" * (field.max_length + 1) if field.max_length else None


def outside(field: Field) -> str | None:
    return "NoSuchValue" if field.enum else None


def formless(field: Field) -> str | None:
    return "12,5 x" if field.kind in FORMS else None


def emptied(field: Field) -> str | None:
    return None if field.required else ""


@pytest.mark.parametrize(
    ("rules", "breakage"),
    [
        ({"max_length"}, too_long),
        ({"enum"}, outside),
        ({"format"}, formless),
        ({"enum", "format"}, emptied),
    ],
    ids=["too long", "not in the enumeration", "without form", "empty"],
)
def test_what_we_find_wrong_the_schema_finds_wrong_and_nothing_else(
    rules: set[str], breakage: Callable[[Field], str | None], schema: Schema
) -> None:
    for request in REQUESTS:
        for values in full_sets(request):
            broken = break_all(message(body(request)).content, values, breakage)
            ours = {fault.field for fault in serious(request, values) if fault.rule in rules}
            root = document(request, values)
            located_ours, theirs = {located(root, request, path) for path in ours}, wrong_paths(schema, root)
            if breakage is emptied:  # the schema takes an empty element with a default for the default; we do not
                assert theirs <= located_ours, request
            else:
                assert (located_ours, ours) == (theirs, broken), request


def break_all(content: Any, values: Values, breakage: Callable[[Field], str | None]) -> set[str]:
    broken = set()
    for field, group, path in list(leaves(content, values)):
        text = breakage(field)
        if text is not None:
            put(field, group, text)
            broken.add(path)
    return broken


def required(content: tuple[Field | Choice, ...], given: Values) -> Iterator[str]:
    """Names that must be there, also within the branch that was taken."""
    for part in content:
        if isinstance(part, Field):
            if part.min:
                yield part.name
        elif part.max == 1:
            for branch, names in zip(part.branches, part.branch_names, strict=True):
                if names & given.keys() and len(names & given.keys()) > 1:
                    yield from required(branch, given)


def test_a_missing_field_is_found_where_the_schema_misses_it(schema: Schema) -> None:
    seen = set()
    for request in REQUESTS:
        for values in full_sets(request):
            for content, group, path in list(groups(message(body(request)).content, values)):
                for name in set(required(content, group)):
                    key = (request, re.sub(r"\[0\]", "", path), name)
                    if key in seen:
                        continue
                    seen.add(key)
                    kept = group.pop(name)
                    found = {fault.field for fault in serious(request, values) if fault.rule == "required"}
                    assert path + name in found or any(one.startswith(path) for one in found), (request, path, name)
                    assert errors(schema, document(request, values)), (request, path, name)
                    group[name] = kept
    assert len(seen) > 300


def test_two_branches_of_a_choice_are_found_and_never_written(schema: Schema) -> None:
    tried = 0
    for request in REQUESTS:
        sets = list(full_sets(request))
        for values in sets:
            for content, group, path in list(groups(message(body(request)).content, values)):
                for part in content:
                    if isinstance(part, Choice) and part.max == 1 and len(part.branches) > 1:
                        tried += refused_together(request, values, group, path, part, schema)
    assert tried > 500


def refused_together(request: str, values: Values, group: Values, path: str, part: Choice, schema: Schema) -> int:
    """Give a field of the branch after the one taken as well."""
    taken = next(at for at, names in enumerate(part.branch_names) if names & group.keys())
    other = next(laid_open(part.branches[(taken + 1) % len(part.branches)]))
    root = document(request, values)
    before = next(name for name in group if name in part.branch_names[taken])
    group[other.name] = {} if other.children else "1"
    ours = [fault for fault in serious(request, values) if fault.rule == "choice"]
    assert any(fault.field.startswith(path) for fault in ours), (request, path, other.name)
    with pytest.raises(NotBuildable):
        document(request, values)
    del group[other.name]
    beside = root.find(f".//{before}")
    beside.addnext(etree.Element(other.name))
    assert errors(schema, root)
    return 1


def test_a_field_given_too_often_is_found_and_never_written() -> None:
    for request in REQUESTS:
        for content, group, path in groups(message(body(request)).content, next(full_sets(request))):
            for field in content:
                if isinstance(field, Field) and field.max is not None:
                    kept = group[field.name]
                    one = kept[0] if isinstance(kept, list) else kept
                    values: Values = {field.name: [one] * (field.max + 1)}
                    for step in reversed(path.split("/")[:-1]):
                        values = {step.removesuffix("[0]"): values}
                    found = serious(request, values)
                    assert any(fault.rule == "repeat" and fault.field == path + field.name for fault in found)
                    with pytest.raises(NotBuildable):
                        build([Request(request, "1", values)])


def test_a_field_that_no_message_has_is_found_and_never_written() -> None:
    for request in REQUESTS:
        values = next(full_sets(request)) | {"NoSuchField": "1"}
        assert [fault.rule for fault in serious(request, values)] == ["unknown"]
        with pytest.raises(NotBuildable):
            build([Request(request, "1", values)])


def test_fields_of_other_products_and_newer_versions_are_named() -> None:
    found = faults("InvoiceAdd", {"CustomerRef": {"FullName": "A"}, "IsTaxIncluded": "true"}, product="QBD")
    assert [(fault.rule, fault.field) for fault in found] == [("product", "IsTaxIncluded")]
    assert not faults("InvoiceAdd", {"CustomerRef": {"FullName": "A"}, "IsTaxIncluded": "true"}, product="QBCA")
    older = faults("CustomerAdd", {"Name": "A", "JobTitle": "Owner"}, version="11.0")
    assert [(fault.rule, fault.limit) for fault in older] == [("version", "12.0")]
    assert [fault.rule for fault in faults("WorkersCompCodeQueryRq", {}, product="QBCA")] == ["product"]


def test_every_kind_of_scalar_is_among_the_operations() -> None:
    kinds = {
        field.kind
        for request in REQUESTS
        for field, *_ in leaves(message(body(request)).content, next(full_sets(request)))
    }
    assert kinds == set(Kind) - {Kind.REF, Kind.GROUP}
