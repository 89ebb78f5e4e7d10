"""Bring a database to the schema of this release: once, in one transaction, whoever else is starting."""

import os
from pathlib import Path

import sqlalchemy as sa

from caviar.errors import StoreRefused, Unavailable
from service.storage import tables
from service.storage.database import Database, Transaction, parse

REVISION = "0003"
"""The newest revision in migrations/versions. A test compares the two; a current database is not asked for more."""
_LOCK = 0x0CA71A12
"""An arbitrary number on which servers that start at once wait for each other (Postgres)."""


def upgrade(url: str) -> str:
    """Create or upgrade the schema; returns its revision.

    Raises StoreRefused for a database that cannot be reached, that is none, or that a newer release has upgraded.
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
    found = _revision(tx)
    if found is None:
        _create(tx)
    elif found > REVISION:
        raise StoreRefused(
            f"the database is at revision {found}, newer than this release knows ({REVISION}); upgrade Caviar"
        )
    elif found < REVISION:
        run_migrations(tx)


def _revision(tx: Transaction) -> str | None:
    if not sa.inspect(tx).has_table("alembic_version"):
        return None
    return tx.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


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
