"""Postgres in pipeline mode: what is asked for without hearing the answer travels with the next question.

So BEGIN takes no way of its own, nor does the last change before COMMIT. SQLAlchemy's own statements, which want their
answer at once, end the mode for the rest of their transaction.
"""

import logging
from contextlib import ExitStack
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

FLIGHT = "flight"
"""Where a connection keeps that it is in this mode."""


def install(engine: Engine) -> None:
    """On an engine whose connections are in autocommit mode: its transactions begin and end here."""
    sa.event.listen(engine, "begin", _begin)
    sa.event.listen(engine, "commit", _commit)
    sa.event.listen(engine, "before_cursor_execute", _land)
    logging.getLogger("psycopg").addFilter(_is_news)


def _begin(tx: Connection) -> None:
    driver: Any = tx.connection.driver_connection
    try:
        if FLIGHT not in tx.info:
            stack = ExitStack()
            tx.info[FLIGHT] = (stack, stack.enter_context(driver.pipeline()))
        driver.execute("BEGIN", prepare=False)
    except Exception:
        # SQLAlchemy does not know of it yet, and would try to put the connection in order before it gives it back.
        tx.invalidate()
        raise


def _commit(tx: Connection) -> None:
    if (flight := tx.info.get(FLIGHT)) is None:
        return  # by SQLAlchemy
    driver: Any = tx.connection.driver_connection
    driver.execute("COMMIT", prepare=False)
    flight[1].sync()


def _land(tx: Connection, *_about: Any) -> None:
    if (flight := tx.info.pop(FLIGHT, None)) is not None:
        flight[0].close()


def _is_news(record: logging.LogRecord) -> bool:
    """Of a connection that is gone psycopg also says that its pipeline cannot be ended any more."""
    return not record.getMessage().startswith("error ignored terminating <psycopg.Pipeline [BAD]")
