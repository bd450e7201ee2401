"""What reaches the log when something breaks."""

import io
import logging

import asyncpg

from web.cli.log import LINE, without_values

SECRET = "Grace, 123-45-6789"


def logged(error: Exception) -> str:
    """What a handler of ours writes of an error that led to another."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter(LINE))
    handler.addFilter(without_values)
    try:
        try:
            raise error
        except Exception as caught:
            raise LookupError("no company 7") from caught
    except LookupError as last:
        handler.handle(logging.LogRecord("web", logging.ERROR, "", 0, "it broke", None, (LookupError, last, None)))
    return stream.getvalue()


def test_a_row_that_the_database_refuses_is_not_logged() -> None:
    error = asyncpg.NotNullViolationError("null value in column")
    error.detail = f"Failing row contains ({SECRET})."
    found = logged(error)
    assert SECRET not in found
    assert "NotNullViolationError: 23502" in found
    assert "LookupError: no company 7" in found
    assert "test_log.py" in found


def test_an_argument_that_the_driver_refuses_is_not_logged() -> None:
    assert SECRET not in logged(asyncpg.DataError(f"invalid input for query argument $5: '{SECRET}'"))
    assert SECRET not in logged(ValueError(f"could not read {SECRET}"))
