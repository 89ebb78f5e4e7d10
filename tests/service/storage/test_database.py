"""Database URLs: what is accepted, what is refused with a sentence, and how SQLite is opened."""

from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from caviar.errors import StoreRefused
from service.storage.database import Database, parse
from service.storage.types import Document


@pytest.mark.parametrize(
    "url", ["postgresql://u@host/name", "postgres://u@host/name", "postgresql+psycopg://u@host/name"]
)
def test_every_spelling_of_postgres_means_the_same_driver(url: str) -> None:
    assert parse(url).render_as_string() == "postgresql+psycopg://u@host/name"


@pytest.mark.parametrize("url", ["sqlite:///caviar.db", "sqlite:////var/lib/caviar.db", "sqlite+pysqlite:///caviar.db"])
def test_a_sqlite_file_stays_as_it_is(url: str) -> None:
    assert parse(url).render_as_string() == url


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("sqlite://", "name a file"),
        ("sqlite:///:memory:", "name a file"),
        ("mysql://u@host/name", "mysql is not supported"),
        ("postgresql+psycopg2://u@host/name", r"postgresql\+psycopg2 is not supported"),
        ("sqlite+aiosqlite:///caviar.db", "is not supported"),
        ("caviar.db", "the database URL cannot be read"),
        ("", "the database URL cannot be read"),
    ],
)
def test_what_is_neither_is_refused_and_told_what_to_use(url: str, reason: str) -> None:
    with pytest.raises(StoreRefused, match=reason) as caught:
        parse(url)
    assert "sqlite:///" in caught.value.detail


def test_a_password_is_not_shown_in_a_refusal() -> None:
    with pytest.raises(StoreRefused) as caught:
        parse("mysql://user:secret@host/name")
    assert "secret" not in caught.value.detail


def pragmas(database: Database, door: str) -> dict[str, object]:
    names = ("journal_mode", "synchronous", "foreign_keys", "mmap_size", "query_only", "wal_autocheckpoint")
    with getattr(database, door)() as tx:
        return {name: tx.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names}


def test_sqlite_survives_a_power_cut_and_only_its_writer_checkpoints(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'caviar.db'}")
    shared = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "mmap_size": 0}
    assert pragmas(database, "write") == shared | {"query_only": 0, "wal_autocheckpoint": 1000}
    assert pragmas(database, "read") == shared | {"query_only": 1, "wal_autocheckpoint": 0}
    database.close()


@pytest.mark.parametrize("document", [{"deep": None}, "\ud800", [1e308, -0.0, 2**60, 0.1], [True, None, ""]])
def test_json_comes_back_as_it_was_however_deep(tmp_path: Path, document: object) -> None:
    for _ in range(300 if document == {"deep": None} else 0):
        document = [document]
    table = sa.Table("kept", sa.MetaData(), sa.Column("document", Document))
    with closing(Database(f"sqlite:///{tmp_path / 'a.db'}")) as database:
        with database.write() as tx:
            table.create(tx)
            tx.execute(sa.insert(table).values(document=document))
        with database.read() as tx:
            assert tx.execute(sa.select(table.c.document)).scalar_one() == document
