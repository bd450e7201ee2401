"""How every process of ours logs: to standard error, and without what the database quotes of a statement's values."""

import logging
import traceback

import asyncpg
import psycopg

LINE = "%(asctime)s %(levelname)s %(name)s: %(message)s"
QUOTING = (asyncpg.PostgresError, asyncpg.InterfaceError, psycopg.Error, ValueError)  # rows, arguments, texts
QUIET = {
    "httpx": logging.WARNING,
    "asyncio": logging.WARNING,
    "saq": logging.ERROR,  # it warns at every end of a worker
}


def set_up() -> None:
    """Let the root logger write; each of its handlers leaves out the words of errors that quote."""
    logging.basicConfig(level=logging.INFO, format=LINE)
    for handler in logging.getLogger().handlers:
        handler.addFilter(without_values)
    for name, level in QUIET.items():
        logging.getLogger(name).setLevel(level)


def without_values(record: logging.LogRecord) -> bool:
    """Put the traceback of a record into words that hold nothing of a company's books; every record passes."""
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        record.exc_text = told(error)
    return True


def told(error: BaseException) -> str:
    """An error with what led to it, the first cause first. Of one that may quote values its type and SQLSTATE alone."""
    earlier = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    before = [told(earlier), "", "Then:"] if earlier else []
    words = getattr(error, "sqlstate", None) or "" if isinstance(error, QUOTING) else str(error)
    where = "".join(traceback.format_tb(error.__traceback__)).rstrip()
    return "\n".join([*before, where, f"{type(error).__name__}: {words}"])
