"""Read a backup into an empty database of either kind: all of it, or nothing."""

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from caviar.errors import StoreRefused
from service.storage import inspection, migrate, transfer
from service.storage.backup import Manifest, read_manifest
from service.storage.database import Transaction, parse
from service.storage.ownership import held
from service.storage.visiting import file_of, first_line, visit, visit_file


def restore(url: str, file: Path) -> Manifest:
    """Raises StoreRefused; then the database holds no row, as before.

    Attempts that ran when the backup was taken have leases that ran out: the server's next turn queues their trials.
    """
    manifest = read_manifest(file)
    with held(url), _at_this_revision(file, manifest) as ready:
        _refuse_strangers(url)
        migrate.upgrade(url)
        with visit_file(ready) as source, _written(url) as target:
            _lock(target)
            _refuse_rows(target)
            transfer.copy(source, target)
            transfer.go_on_after(target, manifest.last_ids)
            _compare(transfer.counts(target), transfer.counts(source))
    return manifest


@contextmanager
def _at_this_revision(file: Path, manifest: Manifest) -> Iterator[Path]:
    """A backup of an older release is upgraded first, in a copy: it is a database like any other."""
    if manifest.revision == migrate.REVISION:
        yield file
        return
    with tempfile.TemporaryDirectory(prefix="caviar-restore-") as folder:
        copy = Path(folder) / "caviar.db"
        shutil.copyfile(file, copy)
        migrate.upgrade(f"sqlite:///{copy}")
        yield copy


def _refuse_strangers(url: str) -> None:
    """A database that somebody else uses is not empty, even if it holds nothing of ours."""
    file = file_of(url)
    if file is not None and not file.exists():
        return
    with visit(url) as tx:
        others = inspection.tables_in(tx)
        if others and inspection.revision(tx) is None:
            raise StoreRefused(
                f"the database holds tables that are not Caviar's ({others[0]}); restore into an empty one"
            )


def _refuse_rows(tx: Transaction) -> None:
    filled = {name: rows for name, rows in transfer.counts(tx).items() if rows}
    if filled:
        name = next(iter(filled)) if "search" not in filled else "search"
        raise StoreRefused(
            f"the database is not empty: {name} has {filled[name]} row{'' if filled[name] == 1 else 's'}; restore into "
            "a new one, named by --database-url or --data-dir"
        )


def _compare(restored: dict[str, int], given: dict[str, int]) -> None:
    """Of an upgraded backup what the upgrade made of it; that it was whole before was seen already."""
    wrong = [name for name, rows in given.items() if restored.get(name) != rows]
    if wrong:
        name = wrong[0]
        raise StoreRefused(f"{restored.get(name)} of {given[name]} rows of {name} arrived; the database is as before")


@contextmanager
def _written(url: str) -> Iterator[Transaction]:
    """One transaction, however large: not a server's, whose requests are short."""
    parsed = parse(url)
    file = file_of(parsed)

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(str(file))
        connection.isolation_level = None
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        # 64 MB: with less, pages of large indexes are written again and again.
        connection.execute("PRAGMA cache_size = -65536")
        connection.execute("PRAGMA mmap_size = 0")
        return connection

    if file is None:
        engine = sa.create_engine(parsed, poolclass=NullPool)
    else:
        engine = sa.create_engine("sqlite://", creator=connect, poolclass=NullPool)
        sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    try:
        with engine.begin() as tx:
            yield tx
    except sa.exc.DatabaseError as error:
        raise StoreRefused(f"the backup cannot be restored: {first_line(error)}") from error
    finally:
        engine.dispose()


def _lock(tx: Transaction) -> None:
    """A server on this Postgres waits until the rows are there; of SQLite we are the only writer already."""
    if tx.dialect.name == "postgresql":
        names = ", ".join(sorted(transfer.counts(tx)))
        tx.execute(sa.text(f"LOCK TABLE {names} IN EXCLUSIVE MODE"))
