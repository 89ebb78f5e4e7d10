"""What an operator asks of a database: which it is, whether it is whole, whose schema it has, who stands still."""

from datetime import datetime

import sqlalchemy as sa

from caviar.states import SearchState
from service.storage import searches, tables
from service.storage.database import Transaction
from service.storage.records import SearchRecord

_search, _lease, _worker = tables.search.c, tables.lease.c, tables.worker.c
MOST = 1000
"""How many searches are looked at."""


def version(tx: Transaction) -> str:
    if tx.dialect.name == "sqlite":
        return "SQLite " + str(tx.execute(sa.text("SELECT sqlite_version()")).scalar_one())
    return "PostgreSQL " + str(tx.execute(sa.text("SHOW server_version")).scalar_one()).split()[0]


def damage(tx: Transaction) -> list[str]:
    """What SQLite finds broken in its file, at most ten sentences. Postgres checks what it reads by itself."""
    if tx.dialect.name != "sqlite":
        return []
    said = [str(line) for line in tx.execute(sa.text("PRAGMA quick_check(10)")).scalars()]
    return [] if said == ["ok"] else said


def size(tx: Transaction) -> int:
    """Bytes."""
    if tx.dialect.name == "sqlite":
        statement = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    else:
        statement = "SELECT pg_database_size(current_database())"
    return int(tx.execute(sa.text(statement)).scalar_one())


def revision(tx: Transaction) -> str | None:
    """Of the schema; None where no release of ours has made one."""
    if not sa.inspect(tx).has_table("alembic_version"):
        return None
    found: str | None = tx.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return found


def tables_in(tx: Transaction) -> list[str]:
    return sorted(sa.inspect(tx).get_table_names())


def database_time(tx: Transaction) -> datetime | None:
    """By the clock of the database's own machine; None for SQLite, which has ours."""
    if tx.dialect.name == "sqlite":
        return None
    found: datetime = tx.execute(sa.text("SELECT clock_timestamp()")).scalar_one()
    return found


def active(tx: Transaction) -> list[SearchRecord]:
    is_active = _search.state == SearchState.ACTIVE
    statement = sa.select(*searches.COLUMNS).where(is_active).order_by(_search.id).limit(MOST)
    return searches.records(tx, tx.execute(statement).all())


def live_workers(tx: Transaction, *, since: datetime) -> int:
    """Heard since then."""
    return tx.execute(sa.select(sa.func.count()).select_from(tables.worker).where(_worker.seen_at > since)).scalar_one()


def silent_workers(tx: Transaction, *, since: datetime) -> list[str]:
    """Not heard since then, though they hold trials."""
    holds = sa.exists().where(_lease.worker == _worker.name)
    statement = sa.select(_worker.name).where(_worker.seen_at <= since, holds).order_by(_worker.name)
    return list(tx.execute(statement).scalars())


def overdue_leases(tx: Transaction, *, before: datetime) -> int:
    """Leases that ran out before then and that nobody swept."""
    statement = sa.select(sa.func.count()).select_from(tables.lease).where(_lease.expires_at < before)
    return tx.execute(statement).scalar_one()
