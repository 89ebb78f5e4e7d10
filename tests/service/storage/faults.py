"""Faults at the driver's own cursor, beneath everything of ours: at the k-th thing a database is asked, something else
happens. Commits count too, rollbacks do not.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import sqlalchemy as sa

from service.storage.flight import FLIGHT


class PowerCut(Exception):
    pass


def cut() -> None:
    raise PowerCut


class Faults:
    """`at`: the asking, counted from 1, before which `act` is called. Then once more only if it is set again."""

    def __init__(self, act: Callable[[], None] = cut) -> None:
        self.act, self.asked, self.at = act, 0, 0

    def arm(self, at: int) -> None:
        """Count from the beginning; 0 is never."""
        self.asked, self.at = 0, at

    def ask(self) -> None:
        self.asked += 1
        if self.asked == self.at:
            self.act()

    @contextmanager
    def installed(self, *engines: Any) -> Iterator[None]:
        """On these, or on all of this process where it is their class; on connections that are opened from now on."""
        heard = [(engine, name) for engine in set(engines) for name in ("do_connect", "commit")]
        for engine, name in heard:
            sa.event.listen(engine, name, getattr(self, f"_{name}"))
        yield
        for engine, name in heard:
            sa.event.remove(engine, name, getattr(self, f"_{name}"))

    def _commit(self, connection: sa.Connection) -> None:
        if FLIGHT not in connection.info:  # there it is a statement as any other
            self.ask()

    def _do_connect(self, dialect: sa.Dialect, _record: Any, _arguments: Any, options: dict[str, Any]) -> None:
        if dialect.name == "sqlite":
            options["factory"] = _sqlite_connection(self.ask)
        else:
            options["cursor_factory"] = _postgres_cursor(self.ask)


def _sqlite_connection(ask: Callable[[], None]) -> type[sqlite3.Connection]:
    class Cursor(sqlite3.Cursor):
        def execute(self, *arguments: Any) -> Any:
            ask()
            return super().execute(*arguments)

        def executemany(self, *arguments: Any) -> Any:
            ask()
            return super().executemany(*arguments)

    class Connection(sqlite3.Connection):
        # Its own `execute` and `executemany` call this too.
        def cursor(self, factory: Any = Cursor) -> Any:
            return super().cursor(factory)

    return Connection


def _postgres_cursor(ask: Callable[[], None]) -> type[Any]:
    class Cursor(psycopg.Cursor[Any]):
        def execute(self, *arguments: Any, **options: Any) -> Any:
            ask()
            return super().execute(*arguments, **options)

        def executemany(self, *arguments: Any, **options: Any) -> Any:
            ask()
            return super().executemany(*arguments, **options)

    return Cursor
