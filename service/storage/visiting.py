"""Look at a database from outside its server: one moment of it, read only, whether a server runs or not.

A visitor makes no database, no table and no checkpoint; SQLite itself may leave its two side files to the next server.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.engine import URL, Engine
from sqlalchemy.pool import NullPool

from caviar.errors import StoreRefused
from service.storage.database import Transaction, parse
from service.storage.specs import PLACE, Specs


@contextmanager
def visit(url: str) -> Iterator[Transaction]:
    """All statements within see the same moment. Raises StoreRefused where no database is, or answers."""
    parsed = parse(url)
    file = file_of(parsed)
    with _moment(_postgres(parsed) if file is None else _sqlite(file), repr(parsed)) as tx:
        yield tx


@contextmanager
def visit_file(file: Path) -> Iterator[Transaction]:
    """As `visit`, of a SQLite file that need not be a server's."""
    with _moment(_sqlite(file), str(file)) as tx:
        yield tx


@contextmanager
def _moment(engine: Engine, name: str) -> Iterator[Transaction]:
    try:
        with engine.begin() as tx:
            tx.info[PLACE] = Specs()
            yield tx
    except sa.exc.DatabaseError as error:
        raise StoreRefused(f"the database {name} cannot be read: {first_line(error)}") from error
    finally:
        engine.dispose()


def copy_file(file: Path, to: Path) -> None:
    """A SQLite database as it stands at this moment, in one piece, while a server writes. Raises StoreRefused."""
    with closing(connect(file)) as source:
        try:
            source.execute("VACUUM INTO ?", (str(to),))
        except sqlite3.DatabaseError as error:
            raise StoreRefused(f"{file} cannot be copied to {to.parent}: {error}") from error


def file_of(url: str | URL) -> Path | None:
    """The file of a SQLite database; None for one on Postgres."""
    parsed = parse(url) if isinstance(url, str) else url
    return Path(str(parsed.database)).absolute() if parsed.get_backend_name() == "sqlite" else None


def first_line(error: Exception) -> str:
    """Of what the driver said."""
    said = str(getattr(error, "orig", None) or error).strip()
    return said.splitlines()[0] if said else type(error).__name__


def connect(file: Path) -> sqlite3.Connection:
    """Read only. Raises StoreRefused where there is no file."""
    if not file.exists():
        raise StoreRefused(f"there is no database at {file} yet; caviar serve makes one")
    connection = sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True, timeout=10)
    # Without this the driver opens transactions by itself.
    connection.isolation_level = None
    connection.execute("PRAGMA mmap_size = 0")
    return connection


def _sqlite(file: Path) -> Engine:
    engine = sa.create_engine("sqlite://", creator=lambda: connect(file), poolclass=NullPool)
    sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return engine


def _postgres(url: URL) -> Engine:
    return sa.create_engine(
        url,
        poolclass=NullPool,
        connect_args={"connect_timeout": 10},
        isolation_level="REPEATABLE READ",
        execution_options={"postgresql_readonly": True},
    )
