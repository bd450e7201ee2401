"""Prints figures as tables, each beside the floor or the other measurement that it is to be compared with."""

from collections.abc import Sequence
from typing import Any

import click

Figures = dict[str, Any]

PEER = {1: 2_900, 8: 5_600, 32: 5_250}  # rows/s of a tuned PHP implementation, 100 rows an answer, on another machine


def section(title: str) -> None:
    click.secho(f"\n{title}", bold=True)


def table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Columns as wide as they need to be; all but the first stand to the right."""
    cells = [[*heads], *([text(value) for value in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(heads))]
    for row in cells:
        first, *rest = (cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join([row[0].ljust(len(first)), *rest]).rstrip())


def text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.2f}" if value < 10 else f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else "-" if value is None else str(value)


def times(spread: Figures) -> list[object]:
    return [spread["p50_ms"], spread["p99_ms"]]


def floors(found: Sequence[Figures]) -> None:
    section("Floor: the same bytes decoded, parsed and copied in one process, nothing else (rows/s)")
    keys = ("decode", "parse", "copy_plain", "copy_indexed", "plain", "indexed", "indexed_two_processes")
    heads = ("rows an answer", "decode", "parse", "copy", "copy, indexed", "all", "all, indexed", "two processes")
    table(heads, [(one["page_rows"], *(one[key] for key in keys)) for one in found])


def imports(found: Sequence[Figures], floor: Sequence[Figures]) -> None:
    section("Import: SOAP bytes to committed records")
    allowed = {one["page_rows"]: one for one in floor}
    heads = (
        "connectors", "rows an answer", "rows/s", "of floor", "of two", "whole sessions", "calls/s", "page p50 ms",
        "p99", "peer, elsewhere",
    )  # fmt: skip
    rows = []
    for one in found:
        of = allowed[one["page_rows"]]
        shares = [one["rows_per_second"] / of[key] for key in ("indexed", "indexed_two_processes")]
        peer = PEER.get(one["connectors"]) if one["page_rows"] == 100 else None
        rows.append([
            one["connectors"], one["page_rows"], one["rows_per_second"], *shares, one["rows_per_second_whole_session"],
            one["calls_per_second"], *times(one["page"]), peer,
        ])  # fmt: skip
    table(heads, rows)
    click.echo("rows/s: while all send pages; whole sessions: with some 65 kinds of record that have no rows")
    costs(found)
    calls(found)


def costs(found: Sequence[Figures]) -> None:
    section("What these imports cost")
    heads = (
        "connectors", "rows an answer", "MB", "ms a page: product", "database", "cores: product", "database", "load",
        "others",
    )  # fmt: skip
    rows = []
    for one in found:
        of_page, cores = one["processor_ms_a_page"].values(), one["cores"].values()
        rows.append((one["connectors"], one["page_rows"], one["memory_mb"], *of_page, *cores))
    table(heads, rows)
    click.echo("MB: all processes but the database; ms: processor time; others: what ran beside and slowed all this")


def calls(found: Sequence[Figures]) -> None:
    section("Calls of these sessions, p50 and p99 in ms")
    names = ("authenticate", "sendRequestXML", "receiveResponseXML", "closeConnection")
    heads = ("connectors", "rows an answer", *(head for name in names for head in (name, "p99")))
    rows = [
        (one["connectors"], one["page_rows"], *(value for name in names for value in times(one["methods"][name])))
        for one in found
    ]
    table(heads, rows)


def slow(found: Figures) -> None:
    section("QuickBooks takes 300 ms a page")
    click.echo(
        f"{found['pages']} pages in {found['seconds']} s: {found['share']} of the time that QuickBooks alone needs"
    )


def neighbours(found: Sequence[Figures]) -> None:
    section("Our share of a page of 100 rows (answer taken and replied, next request built and sent)")
    heads = ("other companies", "their QuickBooks s", "rows an answer", "their rows/s", "page p50 ms", "p99")
    table(
        heads,
        [
            (one["others"], one["their_quickbooks_seconds"], one["their_page_rows"], one["their_rows_per_second"],
             *times(one["page"]))
            for one in found
        ],
    )  # fmt: skip


def visited(found: Sequence[Figures]) -> None:
    section("Pages in the browser, p50 and p99 in ms")
    labels = list(found[0]["pages"])
    heads = ("companies", *(head for label in labels for head in (label, "p99")))
    table(
        heads,
        [
            (
                "four import" if one["importing"] else "at rest",
                *(v for label in labels for v in times(one["pages"][label])),
            )
            for one in found
        ],
    )


def idle(found: Sequence[Figures]) -> None:
    section("Idle connectors: authenticate answers none")
    heads = ("calls each", "calls/s", "p50 ms", "p99", "product s/1,000", "database s/1,000", "% of a core")
    keys = ("product_seconds_per_1000", "database_seconds_per_1000", "percent_of_a_core_for_1000_each_minute")
    table(
        heads,
        [
            (one["calls_each"], one["calls_per_second"], *times(one["authenticate"]), *(one[key] for key in keys))
            for one in found
        ],
    )
    click.echo("% of a core: 1,000 connectors that ask once a minute, database included")


def large(found: Figures) -> None:
    section(f"One answer of {found['rows']:,} rows, about 50 MB")
    click.echo(
        f"replied after {found['reply_seconds']} s, in the table after {found['in_table_seconds']} s, "
        f"memory grew by {found['memory_grown_mb']} MB"
    )
    alone, meanwhile = found["other_session"], found["other_session_meanwhile"]
    table(
        ("another session's page", "p50 ms", "p99"),
        [("before and after", *times(alone)), ("meanwhile", *times(meanwhile))],
    )
