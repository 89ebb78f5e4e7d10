"""Connections and transactions. What differs between SQLite and Postgres stands here, in types.py and prepared.py.

SQLite: WAL, `synchronous=FULL`, a server's one writing connection, which is also the only one to checkpoint, readers
that never wait for it; what is asked for at the same time is committed together (writer.py). Postgres: a pool for what
can be tried again, and one for everything else.
"""

import asyncio
import json
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any, TypeVar

import sqlalchemy as sa
from pydantic_core import from_json, to_json
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.pool import ConnectionPoolEntry

from caviar.errors import StoreRefused, Unavailable
from service.metrics import Metrics
from service.storage import flight, heard, specs
from service.storage.kept import Kept
from service.storage.pending import MISMATCH, mismatch
from service.storage.prepared import PENDING, Prepared, driver, settle
from service.storage.writer import Writer

Transaction = Connection
Found = TypeVar("Found")
_Begin = Callable[[], AbstractContextManager[Transaction]]
READERS = 8
WRITERS = 3
"""Threads that write to Postgres. More would only wait for one another: for the interpreter, or for a search's row."""
POSTGRES_OPTIONS = "-c lock_timeout=5s -c idle_in_transaction_session_timeout=10s"
"""One frozen server must not hold up the others: who waits too long for a row is told to try again."""
POSTGRES_HASTE = "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c jit=off"
"""What is written goes by keys and indexes, whatever the values: planning it anew takes longer than doing it."""
POSTGRES_PATIENCE = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""A database machine that fell silent is given up after some ten seconds; TCP alone would wait for minutes."""
PATIENCE_SECONDS = 10.0
"""How long a connection to SQLite waits for another process."""
PAUSES_SECONDS = (0.05, 0.2, 0.5)
"""Before a transaction that Postgres broke off is tried again: a restart, a deadlock, a lock held too long."""
_FAULTS = ("OperationalError", "InterfaceError", "TimeoutError")
"""Names of errors, of SQLAlchemy's and of either driver's, that speak of the database and not of what it was asked."""


class Database:
    """Reads and writes, each in one transaction.

    `run(work)` and `submit(work)` are how the server writes: `work` is given a transaction, and what it returns comes
    back after the commit. It may be called again when the database broke off, so it keeps nothing but in its result.
    """

    def __init__(self, url: str, metrics: Metrics | None = None) -> None:
        self.url = parse(url)
        self._metrics = metrics or Metrics()
        self._starting = threading.Lock()
        self._is_closed = False
        self._together: Writer | None = None
        self._apart: ThreadPoolExecutor | None = None
        if self.url.get_backend_name() == "sqlite":
            # One for the thread that writes together, and one for whoever writes beside it.
            self._writer = _sqlite_engine(self.url, begin="BEGIN IMMEDIATE", connections=2)
            self._reader = _sqlite_engine(self.url, begin="BEGIN", connections=READERS)
            self._hot = self._writer
            _share(self._writer, self._reader)
        else:
            options = {"pool_size": READERS, "connect_args": {"options": POSTGRES_OPTIONS, **POSTGRES_PATIENCE}}
            self._writer = _engine(self.url, pool_pre_ping=True, **options)
            # Not asked first whether its server is still there: what fails is tried again.
            options["connect_args"] = {**POSTGRES_PATIENCE, "options": f"{POSTGRES_OPTIONS} {POSTGRES_HASTE}"}
            self._hot = _engine(self.url, isolation_level="AUTOCOMMIT", **options)
            _share(self._writer, self._hot)
            for engine in (self._writer, self._hot):
                sa.event.listen(engine, "before_cursor_execute", lambda tx, *_: settle(tx))
            flight.install(self._hot)
            # All statements of a reading transaction see one moment, as they do on SQLite.
            self._reader = self._writer.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

        self._kept = Kept(self._hot)

    def run(self, work: Callable[[Transaction], Found]) -> Found:
        """Blocks. Raises what `work` raises, and Unavailable when the database cannot be reached.

        Then nothing was written, unless the connection broke during the commit itself: a claim, a report or a finish
        may be sent again all the same, and a create that has an Idempotency-Key.
        """
        if self._is_sqlite:
            return self.submit(work).result()
        with self._metrics.transaction("write"):
            return self._run_alone(work, self._hot_transaction)

    def submit(self, work: Callable[[Transaction], Found]) -> "Future[Found]":
        """The same without blocking."""
        started = time.perf_counter()
        future = self._submitted(work)
        future.add_done_callback(lambda _: self._metrics.took("write", time.perf_counter() - started))
        return future

    def _submitted(self, work: Callable[[Transaction], Found]) -> "Future[Found]":
        with self._starting:
            if self._is_closed:
                raise Unavailable("the server is stopping; try again shortly")
            if self._is_sqlite and self._together is None:
                self._together = Writer(self._kept_transaction)
            if not self._is_sqlite and self._apart is None:
                self._apart = ThreadPoolExecutor(WRITERS, thread_name_prefix="caviar-writer")
            if self._together is not None:
                return self._together.submit(partial(_translating, work))
            assert self._apart is not None
            return self._apart.submit(self._run_alone, work, self._kept_transaction)

    async def written(self, work: Callable[[Transaction], Found]) -> Found:
        """The same inside an event loop."""
        return await asyncio.wrap_future(self.submit(work))

    def _run_alone(self, work: Callable[[Transaction], Found], begin: _Begin) -> Found:
        for pause in PAUSES_SECONDS:
            committing = False
            try:
                with begin() as tx:
                    found = work(tx)
                    settle(tx)
                    committing = True
                return found
            except Unavailable as error:
                if committing and not _was_refused(error):
                    raise
                time.sleep(pause)
        with self.write() as tx:
            return work(tx)

    @property
    def _is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """A transaction of the caller's own, which commits when its block ends without error. Raises Unavailable."""
        with self._transaction(self._writer.begin) as tx:
            yield tx

    def _hot_transaction(self) -> AbstractContextManager[Transaction]:
        return self._transaction(self._hot.begin)

    def _kept_transaction(self) -> AbstractContextManager[Transaction]:
        """For a thread of our own."""
        return self._transaction(self._kept.begin)

    @contextmanager
    def _transaction(self, begin: _Begin) -> Iterator[Transaction]:
        with _translated(), begin() as tx:
            memory = tx.info
            try:
                yield tx
                settle(tx)
            finally:
                memory.pop(PENDING, None)  # of a transaction that is undone
            started = time.perf_counter()
        # The commit is the end of the block: one that fails is also undone there, which an explicit one would not be.
        self._metrics.committed(time.perf_counter() - started)

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """Raises Unavailable when the database cannot be reached."""
        with _translated(), self._metrics.transaction("read"), self._reader.begin() as tx:
            yield tx

    def close(self) -> None:
        """What was submitted is done first. The last connection to leave a SQLite file checkpoints it: the writer's."""
        with self._starting:
            self._is_closed = True
        if self._together is not None:
            self._together.close()
        if self._apart is not None:
            # Not waited for: a thread may hang on a database that fell silent, and who asked has been let go.
            self._apart.shutdown(wait=False, cancel_futures=True)
        self._kept.close()
        for engine in (self._reader, self._hot, self._writer):
            engine.dispose()


def _share(*engines: Engine) -> None:
    """What all connections to one database remember."""
    memory = {specs.PLACE: specs.Specs(), heard.PLACE: heard.Heard()}
    for engine in engines:
        sa.event.listen(engine, "connect", lambda _connection, entry: entry.info.update(memory))


def _translating(work: Callable[[Transaction], Found], tx: Transaction) -> Found:
    """A piece of a group: what its statements raise is its own, and is told in the same words as anywhere."""
    with _translated():
        return work(tx)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except _drivers_errors() as error:
        if getattr(error, "sqlstate", None) == MISMATCH:
            raise mismatch() from error
        if not any(cls.__name__ in _FAULTS for cls in type(error).__mro__):
            raise
        raise Unavailable(f"the database does not answer ({type(error).__name__}); try again shortly") from error


def _was_refused(error: Unavailable) -> bool:
    """Whether Postgres itself said so: a deadlock, or a lock held too long. Then nothing was committed."""
    state = getattr(error.__cause__, "sqlstate", None) or ""
    return state.startswith(("40", "55"))


def _drivers_errors() -> tuple[type[Exception], ...]:
    """A server on SQLite does without psycopg, which takes a while to load."""
    psycopg = sys.modules.get("psycopg")
    return (sa.exc.SQLAlchemyError, sqlite3.Error, *(() if psycopg is None else (psycopg.Error,)))


def insert_or_ignore(tx: Transaction, table: sa.Table, rows: list[dict[str, Any]]) -> int:
    """Insert rows whose keys are not taken; returns how many were."""
    dialect_insert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    # The rows are parameters and no part of the statement, which is therefore compiled once for all requests.
    statement = dialect_insert(table).on_conflict_do_nothing()
    # Without the option SQLAlchemy asks for the count when psycopg has already forgotten it.
    return tx.execute(statement, rows, execution_options={"preserve_rowcount": True}).rowcount


_ALONE = Prepared(sa.select(sa.func.pg_advisory_xact_lock(sa.bindparam("number", type_=sa.BigInteger))))


def alone_with(tx: Transaction, key: bytes) -> None:
    """No other transaction comes past here with the same key before this one has ended."""
    if tx.dialect.name == "postgresql":
        _ALONE.ask(tx, number=int.from_bytes(key[:8], "big", signed=True))


def parse(url: str) -> URL:
    """Raises StoreRefused for what is neither SQLite nor Postgres."""
    try:
        parsed = make_url(url)
        if isinstance(password := parsed.query.get("password"), str):
            # Where it is never shown.
            parsed = parsed.difference_update_query(["password"]).set(password=password)
    except (sa.exc.ArgumentError, ValueError):
        # Not repeated here: it may hold a password.
        raise StoreRefused(
            "the database URL cannot be read; write it as sqlite:///file.db or postgresql://user@host/name"
        ) from None
    if parsed.drivername in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise StoreRefused("SQLite in memory is gone with its first connection; name a file: sqlite:///caviar.db")
    if parsed.drivername not in ("sqlite", "sqlite+pysqlite", "postgresql+psycopg"):
        raise StoreRefused(
            f"{parsed.drivername} is not supported; use sqlite:///file.db or postgresql://user@host/name"
        )
    return parsed


def _engine(url: URL, **options: Any) -> Engine:
    # What a statement was given stays out of tracebacks, and so out of logs.
    return sa.create_engine(url, json_deserializer=_parsed, json_serializer=_written, hide_parameters=True, **options)


def _written(document: Any) -> str:
    try:
        return to_json(document).decode()
    except ValueError:
        return json.dumps(document)  # it takes half of a surrogate pair


def _parsed(document: str | bytes) -> Any:
    """A round reads hundreds of small documents, which Pydantic's parser reads in a quarter of the time of Python's."""
    try:
        return from_json(document)
    except ValueError:
        return json.loads(document)  # it goes deeper, and takes half of a surrogate pair


def _sqlite_engine(url: URL, *, begin: str, connections: int) -> Engine:
    # A writer waits in our own queue for the one connection, readers for theirs; nobody meets SQLITE_BUSY.
    engine = _engine(
        url, pool_size=connections, max_overflow=0, pool_timeout=30, connect_args={"check_same_thread": False}
    )

    @sa.event.listens_for(engine, "connect")
    def configure(connection: Any, _entry: ConnectionPoolEntry) -> None:
        # Without this the driver opens transactions by itself, late and deferred.
        connection.isolation_level = None
        _to_wal(connection)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA busy_timeout = {1000 * PATIENCE_SECONDS:.0f}")
        connection.execute("PRAGMA mmap_size = 0")
        if begin == "BEGIN":
            connection.execute("PRAGMA query_only = ON")
            connection.execute("PRAGMA wal_autocheckpoint = 0")

    @sa.event.listens_for(engine, "begin")
    def start(tx: Connection) -> None:
        driver(tx).execute(begin)

    return engine


def _to_wal(connection: sqlite3.Connection) -> None:
    """SQLite says at once that a file is locked while another process takes the new file to WAL: no timeout holds."""
    given_up_at = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > given_up_at:
                raise
            time.sleep(0.01)
