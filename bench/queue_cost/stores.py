"""New databases for both sides, as durable as they come: files of SQLite, or a PostgreSQL server with its defaults."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.postgres import running_postgres

NewStore = Callable[[str], str]
"""A name -> the URL of an empty database."""
KINDS = ("sqlite", "postgres")


@contextmanager
def stores(kind: str) -> Iterator[NewStore]:
    """They are gone at the end. Raises RuntimeError where PostgreSQL does not start."""
    if kind == "sqlite":
        with TemporaryDirectory(prefix="caviar-bench-") as folder:
            yield lambda name: f"sqlite:///{Path(folder, name)}.db"
        return
    with running_postgres(is_durable=True) as server:

        def create(name: str) -> str:
            server.execute(f"CREATE DATABASE {name}")
            return server.url(name)

        yield create
