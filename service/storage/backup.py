"""A backup: a SQLite file, whatever the database it is of, with the same tables and a manifest.

It is made while the server runs and holds one moment. restore.py reads it into an empty database of either kind.
"""

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from caviar import __version__
from caviar.errors import StoreRefused
from service.storage import inspection, transfer
from service.storage.database import Transaction
from service.storage.migrate import REVISION, run_migrations
from service.storage.transfer import MANIFEST
from service.storage.visiting import copy_file, file_of, first_line, visit, visit_file

FORMAT = 1


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself. `last_ids`: the last id that each table had given out."""

    format: int
    caviar: str
    revision: str
    taken_at: str
    database: str
    rows: dict[str, int]
    last_ids: dict[str, int]


def take(url: str, file: Path) -> Manifest:
    """Write a backup of the database at `url`. Raises StoreRefused; then there is no file of that name."""
    if file.exists():
        raise StoreRefused(f"{file} exists; a backup is never written over another: choose a new name")
    with _unfinished(file) as partial:
        with visit(url) as tx:
            revision, version = _revision(tx), inspection.version(tx)
        source = file_of(url)
        if source is not None:
            copy_file(source, partial)
        else:
            _copy_postgres(url, partial, revision)
        return _sign(partial, revision, version)


def _revision(tx: Transaction) -> str:
    """Raises StoreRefused where there is nothing of ours, or what only a newer release understands."""
    revision = inspection.revision(tx)
    if revision is None:
        raise StoreRefused("the database holds nothing of Caviar; name another with CAVIAR_DATABASE_URL")
    if revision > REVISION:
        raise StoreRefused(
            f"the database is at revision {revision}, newer than this release knows ({REVISION}); upgrade Caviar"
        )
    return revision


@contextmanager
def _unfinished(file: Path) -> Iterator[Path]:
    """A file that gets its name when all of it is on the disk; its owner alone may read what others searched for."""
    partial = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        yield partial
        _flush(partial)
        partial.rename(file)
        _flush(file.parent)
    except OSError as error:
        raise StoreRefused(f"{file} cannot be written: {error.strerror}; choose another place") from error
    finally:
        partial.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _copy_postgres(url: str, partial: Path, revision: str) -> None:
    with visit(url) as tx, _written(partial) as target:
        run_migrations(target, to=revision)
        transfer.copy(tx, target)
        transfer.go_on_after(target, transfer.last_ids(tx))


@contextmanager
def _written(file: Path) -> Iterator[Transaction]:
    """One transaction on a file of our own: nobody reads it before it is finished, so it needs no journal."""

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(file)
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        # 64 MB: with less, pages of large indexes are written again and again.
        connection.execute("PRAGMA cache_size = -65536")
        return connection

    engine = sa.create_engine("sqlite://", creator=connect, poolclass=NullPool)
    sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    try:
        with engine.begin() as tx:
            yield tx
    except sa.exc.DatabaseError as error:
        raise StoreRefused(f"the backup cannot be written: {first_line(error)}") from error
    finally:
        engine.dispose()


def _sign(partial: Path, revision: str, version: str) -> Manifest:
    with _written(partial) as tx:
        manifest = Manifest(
            format=FORMAT,
            caviar=__version__,
            revision=revision,
            taken_at=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            database=version,
            rows=transfer.counts(tx),
            last_ids=transfer.last_ids(tx),
        )
        # That of the backup which this database may once have been.
        tx.execute(sa.text(f"DROP TABLE IF EXISTS {MANIFEST}"))
        tx.execute(sa.text(f"CREATE TABLE {MANIFEST} (manifest TEXT NOT NULL)"))
        tx.execute(sa.text(f"INSERT INTO {MANIFEST} VALUES (:manifest)"), {"manifest": json.dumps(asdict(manifest))})
    return manifest


def read_manifest(file: Path) -> Manifest:
    """Raises StoreRefused for what is no backup, is damaged, or is of a newer release."""
    with visit_file(file) as tx:
        if MANIFEST not in inspection.tables_in(tx):
            raise StoreRefused(f"{file} is no backup; caviar db backup makes one")
        said = json.loads(tx.execute(sa.text(f"SELECT manifest FROM {MANIFEST}")).scalar_one())
        if said["format"] > FORMAT or said["revision"] > REVISION:
            raise StoreRefused(
                f"{file} was made by Caviar {said['caviar']}, at revision {said['revision']}; this release knows "
                f"{REVISION}: upgrade Caviar"
            )
        if broken := inspection.damage(tx):
            raise StoreRefused(f"{file} is damaged: {broken[0]}; use another backup")
        manifest, there = Manifest(**said), transfer.counts(tx)
        if wrong := [name for name in {*there, *manifest.rows} if there.get(name) != manifest.rows.get(name)]:
            name = min(wrong)
            raise StoreRefused(
                f"{file} is not whole: {there.get(name)} rows of {name} are there, {manifest.rows.get(name)} in the "
                "manifest; use another backup"
            )
    return manifest
