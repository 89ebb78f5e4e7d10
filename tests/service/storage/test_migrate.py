"""Migrations: from nothing to the schema of this release on both databases, once, whoever else is starting."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from caviar.errors import StoreRefused
from service.storage import tables
from service.storage.database import Database, Transaction
from service.storage.migrate import REVISION, run_migrations, upgrade
from service.storage.tables import metadata
from tests.service.desk import START


@contextmanager
def writing(url: str) -> Iterator[Transaction]:
    database = Database(url)
    try:
        with database.write() as tx:
            yield tx
    finally:
        database.close()


def schema(tx: Transaction) -> dict[str, Any]:
    """Every table with its columns, keys, checks and indexes, as the database itself tells them."""
    inspector = sa.inspect(tx)
    return {
        name: {
            "columns": [column | {"type": repr(column["type"])} for column in inspector.get_columns(name)],
            "primary key": inspector.get_pk_constraint(name),
            "foreign keys": sorted(inspector.get_foreign_keys(name), key=str),
            "unique": sorted(inspector.get_unique_constraints(name), key=str),
            "checks": sorted(inspector.get_check_constraints(name), key=str),
            "indexes": sorted(map(_index, inspector.get_indexes(name)), key=str),
            "options": inspector.get_table_options(name) if tx.dialect.name == "sqlite" else None,
        }
        for name in sorted(inspector.get_table_names())
    }


def _index(found: Any) -> dict[str, Any]:
    """The condition of a partial index is an object; its text can be compared."""
    options = {name: str(value) for name, value in found.get("dialect_options", {}).items()}
    return dict(found) | {"dialect_options": options}


def test_a_new_database_has_the_schema_that_the_migrations_build(empty_url: str) -> None:
    assert upgrade(empty_url) == REVISION
    with writing(empty_url) as tx:
        created = schema(tx)
        metadata.drop_all(tx)
        tx.exec_driver_sql("DROP TABLE alembic_version")
        run_migrations(tx)
        context = MigrationContext.configure(tx, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        assert schema(tx) == created
        assert context.get_current_revision() == REVISION
    assert created.keys() == {*metadata.tables, "alembic_version"}


def test_the_revision_named_in_the_code_is_the_newest_script() -> None:
    config = Config()
    config.set_main_option("script_location", "migrations:")
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_heads() == [REVISION]
    assert [script.revision for script in scripts.walk_revisions()] == sorted(
        (script.revision for script in scripts.walk_revisions()), reverse=True
    )


def test_upgrading_again_changes_nothing_and_keeps_what_is_stored(empty_url: str) -> None:
    upgrade(empty_url)
    row = {"route": "r", "key": "k", "body_hash": b"h" * 32, "created_id": 1, "created_at": START}
    with writing(empty_url) as tx:
        tx.execute(sa.insert(tables.idempotency).values(row))
        before = schema(tx)
    assert upgrade(empty_url) == REVISION
    with writing(empty_url) as tx:
        assert schema(tx) == before
        assert tx.execute(sa.select(tables.idempotency)).one() == tuple(row.values())


def test_a_database_of_a_newer_release_is_refused_and_left_alone(empty_url: str) -> None:
    upgrade(empty_url)
    with writing(empty_url) as tx:
        tx.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreRefused, match="revision 9999, newer than this release knows"):
        upgrade(empty_url)
    with writing(empty_url) as tx:
        assert tx.exec_driver_sql("SELECT version_num FROM alembic_version").scalars().all() == ["9999"]


@pytest.mark.parametrize(
    "statements",
    [
        ["CREATE TABLE report (name INTEGER)"],
        ["CREATE TABLE alembic_version (version_num VARCHAR(32))"],
        ["CREATE TABLE trial (id INTEGER)", "CREATE TABLE alembic_version (version_num VARCHAR(32))"],
        [
            "CREATE TABLE trial (id INTEGER)",
            "CREATE TABLE alembic_version (version_num VARCHAR(32))",
            "INSERT INTO alembic_version VALUES ('ae1027a6acf1')",
        ],
        ["CREATE TABLE alembic_version (version_num VARCHAR(32))", "INSERT INTO alembic_version VALUES ('0001')"],
        [
            "CREATE TABLE trial (id INTEGER)",
            "CREATE TABLE alembic_version (version_num VARCHAR(32))",
            "INSERT INTO alembic_version VALUES ('0001'), ('0002')",
        ],
    ],
)
def test_a_database_of_another_program_is_refused_and_left_alone(empty_url: str, statements: list[str]) -> None:
    with writing(empty_url) as tx:
        for statement in statements:
            tx.exec_driver_sql(statement)
        before = schema(tx)
    with pytest.raises(StoreRefused, match=r"holds what is not Caviar's \(.*(report|trial|alembic_version)"):
        upgrade(empty_url)
    with writing(empty_url) as tx:
        assert schema(tx) == before


def test_a_refusal_names_some_of_the_tables_and_the_way_out(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'other.db'}"
    with writing(url) as tx:
        for name in "gfedcba":
            tx.exec_driver_sql(f"CREATE TABLE {name} (id INTEGER)")
    with pytest.raises(
        StoreRefused, match=r"other\.db holds what is not Caviar's \(a, b, c, d, e, …\) .* CAVIAR_DATABASE_URL"
    ):
        upgrade(url)


def test_a_database_that_does_not_answer_is_refused_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(StoreRefused, match=r"cannot be used: .*socket"):
        upgrade(f"postgresql://nobody@/none?host={tmp_path}")


def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "letter.db"
    file.write_text("Dear reader, " * 100)
    with pytest.raises(StoreRefused, match=r"letter\.db cannot be used"):
        upgrade(f"sqlite:///{file}")
    assert file.read_text().startswith("Dear reader")


def test_the_folder_of_a_sqlite_file_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    upgrade(f"sqlite:///{tmp_path / 'a' / 'b' / 'caviar.db'}")
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreRefused, match="cannot be made"):
        upgrade(f"sqlite:///{tmp_path / 'file' / 'caviar.db'}")
