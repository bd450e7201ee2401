"""A CSV file as people have it: UTF-8 with or without its mark, or Windows-1252; commas, semicolons or tabs.

Read from a temporary file, some lines at a time: a large one needs no more memory than a small one.
"""

import codecs
import csv
import io
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from web.csv_file import as_typed

MOST_COLUMNS = 400
MOST_LINES = 200_000
PIECE = 1 << 16  # bytes
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}
LONGEST_CELL = 20_000  # characters; QuickBooks' longest text has 4,095
NO_TEXT = "This is no CSV file. Save the sheet as “CSV UTF-8”, and choose that file."
EMPTY = "The file has a head at most. It needs a line for each record."


class Unreadable(Exception):
    """The file cannot be taken; the sentence says why."""


@dataclass(slots=True)
class Opened:
    """A file whose head was read."""

    encoding: str  # in words
    separator: str
    headings: list[str]
    lines: Iterator[list[tuple[int, list[str]]]]  # batches: number in the file, cells


def opened(file: BinaryIO, batch: int) -> Opened:
    """Read the head of a file. Raises Unreadable, here or while the lines are read."""
    name = encoding_of(file)
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=name, errors="replace" if name == "cp1252" else "strict", newline="")
    first = text.readline(PIECE)
    separator = max(SEPARATORS, key=lambda one: outside_quotes(first, one))
    rows = numbered(itertools.chain([first], text), separator)
    head = next(rows, None)
    headings = [cell.strip() for cell in head[1]] if head else []
    if not any(headings):
        raise Unreadable(EMPTY)
    if len(headings) > MOST_COLUMNS:
        raise Unreadable(f"The file has more than {MOST_COLUMNS} columns.")
    return Opened("Windows-1252" if name == "cp1252" else "UTF-8", separator, headings, batches(rows, batch))


def encoding_of(file: BinaryIO) -> str:
    """Return how a file is encoded: what is UTF-8 from its first to its last byte is UTF-8. Raises Unreadable."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    file.seek(0)
    is_utf8 = True
    while piece := file.read(PIECE):
        if b"\0" in piece:
            raise Unreadable(NO_TEXT)
        try:
            decoder.decode(piece)
        except UnicodeDecodeError:
            is_utf8 = False
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        is_utf8 = False
    return "utf-8-sig" if is_utf8 else "cp1252"


def outside_quotes(line: str, separator: str) -> int:
    """Return how often a separator stands in a line, quoted cells left out."""
    return sum(part.count(separator) for part in line.split('"')[::2])


def numbered(lines: Iterator[str], separator: str) -> Iterator[tuple[int, list[str]]]:
    """Yield every row that is not empty with the number of its first line. Raises Unreadable."""
    reader = csv.reader(lines, delimiter=separator)
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise Unreadable(f"Line {number:,} cannot be read: a quotation mark is missing or too much.") from error
        if any(len(cell) > LONGEST_CELL for cell in cells):
            raise Unreadable(f"Line {number:,} has a cell of more than {LONGEST_CELL:,} characters.")
        if any(cell.strip() for cell in cells):
            yield number, [as_typed(cell) for cell in cells]


def batches(rows: Iterator[tuple[int, list[str]]], size: int) -> Iterator[list[tuple[int, list[str]]]]:
    """Yield rows, some at a time. Raises Unreadable."""
    count = 0
    while some := list(itertools.islice(rows, size)):
        count += len(some)
        if count > MOST_LINES:
            raise Unreadable(f"The file has more than {MOST_LINES:,} lines. Cut it in two.")
        yield some
