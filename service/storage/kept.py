"""Connections that the database's own threads keep, one each: one from a pool takes as long as some statements do."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.engine import Connection, Engine

from caviar.errors import CaviarError


class Kept:
    """One for each thread that asks. A thread that ends leaves its own to `close`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._own = threading.local()
        self._all: set[Connection] = set()
        self._lock = threading.Lock()

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction that commits when its block ends without error. After an error that we did not raise ourselves,
        none is kept.
        """
        connection: Connection | None = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._engine.connect()
            self._own.connection = connection
            with self._lock:
                self._all.add(connection)
        try:
            with connection.begin():
                yield connection
        except CaviarError:
            raise
        except BaseException:
            self._own.connection = None
            with self._lock:
                self._all.discard(connection)
            connection.invalidate()
            connection.close()
            raise

    def close(self) -> None:
        """Give back what no thread uses any more."""
        with self._lock:
            for connection in self._all:
                connection.close()
            self._all.clear()
