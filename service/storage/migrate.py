"""Bring a database to the schema of this release: once, in one transaction, whoever else is starting."""

import os
from collections.abc import Collection, Sequence
from pathlib import Path

import sqlalchemy as sa

from caviar.errors import StoreRefused, Unavailable
from service.storage import tables
from service.storage.database import Database, Transaction, parse

REVISION = "0004"
"""The newest revision in migrations/versions. A test compares the two; a current database is not asked for more."""
_FIRST = "0001"
_MOST_SHOWN = 5
_LOCK = 0x0CA71A12
"""An arbitrary number on which servers that start at once wait for each other (Postgres)."""


def upgrade(url: str) -> str:
    """Create or upgrade the schema; returns its revision.

    Raises StoreRefused for a database that cannot be reached, that is none, that belongs to another program, or that
    a newer release has upgraded.
    """
    make_folder(url)
    database = Database(url)
    try:
        with database.write() as tx:
            _upgrade(tx)
    except (Unavailable, sa.exc.DatabaseError) as error:
        raise StoreRefused(f"the database {database.url} cannot be used: {_reason(error)}") from error
    finally:
        database.close()
    return REVISION


def _reason(error: Exception) -> str:
    """The first line of what the driver said."""
    fault = error.__cause__ if isinstance(error, Unavailable) else error
    said = str(getattr(fault, "orig", None) or error)
    return said.strip().splitlines()[0]


def _upgrade(tx: Transaction) -> None:
    if tx.dialect.name == "postgresql":
        tx.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    tables_there = sa.inspect(tx).get_table_names()
    if not tables_there:
        return _create(tx)
    found = _revision(tx, tables_there)
    if found > REVISION:
        raise StoreRefused(
            f"the database is at revision {found}, newer than this release knows ({REVISION}); upgrade Caviar"
        )
    if found < REVISION:
        run_migrations(tx)


def _revision(tx: Transaction, tables_there: Collection[str]) -> str:
    """Raises StoreRefused where the tables are those of another program."""
    found: Sequence[str] = ()
    if "alembic_version" in tables_there:
        found = tx.execute(sa.text("SELECT version_num FROM alembic_version")).scalars().all()
    # Other programs use Alembic too: its mark alone does not tell whose tables they are.
    is_ours = len(found) == 1 and len(found[0]) == len(_FIRST) and found[0].isdigit() and found[0] >= _FIRST
    if is_ours and "trial" in tables_there:
        return found[0]
    shown = ", ".join(sorted(tables_there)[:_MOST_SHOWN]) + (", …" if len(tables_there) > _MOST_SHOWN else "")
    raise StoreRefused(
        f"the database {_named(tx)} holds what is not Caviar's ({shown}) and is left alone; name an empty one with "
        "CAVIAR_DATABASE_URL"
    )


def _named(tx: Transaction) -> str:
    return tx.engine.url.render_as_string(hide_password=True)


def _create(tx: Transaction) -> None:
    """A new database gets the schema as it is today, and the mark that the migrations would have left.

    They build the same, which a test asserts, and need not be loaded then.
    """
    tables.metadata.create_all(tx, checkfirst=False)
    mark = "version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)"
    tx.execute(sa.text(f"CREATE TABLE alembic_version ({mark})"))
    tx.execute(sa.text("INSERT INTO alembic_version VALUES (:revision)"), {"revision": REVISION})


def run_migrations(tx: Transaction, *, to: str = "head") -> None:
    """Bring an older schema, or none, to a revision: today's."""
    # Imported only when there is something to do: Alembic is slow to load.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "migrations:")
    config.attributes["connection"] = tx
    command.upgrade(config, to)


def make_folder(url: str) -> None:
    """The folder of a SQLite file, for its owner alone."""
    parsed = parse(url)
    if parsed.get_backend_name() != "sqlite":
        return
    folder = Path(str(parsed.database)).absolute().parent
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreRefused(
            f"the folder {folder} cannot be made: {error.strerror}; choose another data folder"
        ) from error
    if not os.access(folder, os.W_OK):
        raise StoreRefused(f"the folder {folder} cannot be written; choose another with CAVIAR_DATA_DIR")
