"""`caviar db backup` and `caviar db restore`, between both kinds of database, beside a server that works."""

import json
import sqlite3
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
import sqlalchemy as sa

from caviar.errors import StoreRefused
from caviar.processes import stop
from service.storage import migrate, tables
from service.storage.backup import take
from service.storage.database import Database
from service.storage.restore import restore
from service.storage.types import Document, Instant
from tests.commands.running import caviar
from tests.postgres import Postgres
from tests.processes import Processes
from tests.service.api.calls import Api
from tests.service.audit import audit
from tests.service.desk import Desk, a_spec

Rows = dict[str, list[tuple[Any, ...]]]


def db(command: str, file: Path, store_url: str) -> dict[str, Any]:
    """The manifest."""
    verb = {"backup": take, "restore": restore}[command]
    return asdict(verb(store_url, file))


def refused(command: str, file: Path, store_url: str) -> str:
    """The sentence."""
    with pytest.raises(StoreRefused) as caught:
        db(command, file, store_url)
    return caught.value.detail


@pytest.fixture
def other_url(request: pytest.FixtureRequest, postgres: Postgres, tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """An empty database of the kind that is asked for, to restore into."""
    with postgres.database() as name:
        urls = {"sqlite": f"sqlite:///{tmp_path / 'other' / 'caviar.db'}", "postgres": postgres.url(name)}
        yield urls.__getitem__


def rows(store_url: str) -> Rows:
    """Everything, by table."""
    with closing(Database(store_url)) as database, database.read() as tx:
        return {
            table.name: [tuple(row) for row in tx.execute(sa.select(table).order_by(*table.primary_key.columns))]
            for table in tables.metadata.sorted_tables
        }


def fill(store_url: str) -> None:
    """Of every table a row, with what is hard to carry: numbers that are not finite, odd text, deleted ids."""
    with closing(Database(store_url)) as database:
        desk = Desk(database)
        first = desk.search(queued=4, trials=9, name='d\u00e9j\u00e0 "vu" \U0001f41f', notes="a\nb")
        desk.lose(desk.claim_one("worker-0", search=first))
        done, running = (desk.claim_one(f"worker-{n}", search=first) for n in (1, 2))
        desk.report(done, 1, score=0.1, other=float("nan"))
        desk.report(done, 2, score=5e-324, other=float("-inf"))
        desk.finish(done, score=0.1 + 0.2)
        desk.report(running, 1, score=1e308)
        desk.search(queued=1)
        gone = desk.search(queued=3)
        key = {"route": "POST /v1/searches", "key": "k", "body_hash": b"\x00\xff" * 16, "created_id": first}
        rung = {"trial_id": done.trial.id, "step": 1, "search_id": first, "number": 0, "round": 0, "score": None}
        with database.write() as tx:
            tx.execute(sa.insert(tables.idempotency).values(key | {"created_at": desk.now}))
            tx.execute(sa.insert(tables.rung).values(rung))
            tx.execute(sa.update(tables.trial).where(tables.trial.c.number == 3).values(parent_trial=done.trial.id))
            tx.execute(sa.delete(tables.search).where(tables.search.c.id == gone))
    filled = rows(store_url)
    assert [name for name, found in filled.items() if not found] == []


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_what_comes_back_is_what_was_there(
    store_url: str, kind: str, other_url: Callable[[str], str], tmp_path: Path
) -> None:
    fill(store_url)
    file = tmp_path / "all of it?.backup"

    manifest = db("backup", file, store_url)
    db("restore", file, other_url(kind))

    before, after = rows(store_url), rows(other_url(kind))
    assert after == before
    assert manifest["rows"] == {name: len(found) for name, found in before.items()}
    with closing(Database(other_url(kind))) as database:
        audit(database)
        desk = Desk(database)
        assert desk.search() == 4  # 3 was given to one that is gone, and is not given again
        assert desk.trials(4)[0].id == 9


def test_the_commands_tell_the_manifest_and_refuse_in_one_sentence(sqlite_store_url: str, tmp_path: Path) -> None:
    fill(sqlite_store_url)
    file, new = str(tmp_path / "backup"), f"sqlite:///{tmp_path / 'new' / 'caviar.db'}"

    taken = caviar("db", "backup", file, "--database-url", sqlite_store_url, "--json")
    again = caviar("db", "backup", file, "--database-url", sqlite_store_url)
    back = caviar("db", "restore", file, "--database-url", new)

    assert json.loads(taken.stdout)["rows"]["trial"] == 5
    assert (again.returncode, again.stdout, again.stderr.count("\n")) == (1, "", 1)
    assert back.stderr.startswith("the database holds 2 searches with 5 trials and 3 reports, as of 2")
    assert rows(new) == rows(sqlite_store_url)


def test_a_backup_is_its_owners_and_has_no_journal_beside_it(store_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    db("backup", folder / "one", store_url)
    assert [path.name for path in folder.iterdir()] == ["one"]
    assert stat.S_IMODE((folder / "one").stat().st_mode) == 0o600


def test_a_backup_can_be_taken_into_service_as_it_is(
    postgres_store_url: str, processes: Processes, tmp_path: Path
) -> None:
    fill(postgres_store_url)
    file = tmp_path / "caviar.backup"
    db("backup", file, postgres_store_url)
    with Api(processes.server(f"sqlite:///{file}").url) as api:
        assert api.search("1")["counts"]["completed"] == 1


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_backup_under_load_is_one_moment(
    store_url: str, kind: str, other_url: Callable[[str], str], processes: Processes, tmp_path: Path
) -> None:
    server = processes.server(store_url)
    is_done = Event()

    def work() -> None:
        with Api(server.url) as api:
            while not is_done.is_set():
                api.finished([0.5, 0.25, 0.125])

    workers = [Thread(target=work) for _ in range(3)]
    for thread in workers:
        thread.start()
    try:
        time.sleep(0.5)
        manifest = db("backup", tmp_path / "backup", store_url)
    finally:
        is_done.set()
        for thread in workers:
            thread.join()
    assert manifest["rows"]["trial"] > 3

    db("restore", tmp_path / "backup", other_url(kind))

    with closing(Database(other_url(kind))) as database:
        audit(database)
    again = processes.server(other_url(kind))
    with Api(again.url) as api:
        api.finished([1.0])
    stop([again.process, server.process])


def test_a_running_attempt_is_swept_after_a_restore(
    store_url: str, other_url: Callable[[str], str], processes: Processes, tmp_path: Path
) -> None:
    server = processes.server(store_url, CAVIAR_LEASE_TTL_SECONDS="0.5")
    with Api(server.url) as api:
        search = api.submit(trials=1, parallel=1)
        (trial,) = api.claim(search)
        db("backup", tmp_path / "backup", store_url)
    stop([server.process])
    db("restore", tmp_path / "backup", other_url("postgres"))
    restored = processes.server(other_url("postgres"), CAVIAR_LEASE_TTL_SECONDS="0.5")
    with Api(restored.url) as api:
        deadline = time.monotonic() + 20
        while not (again := api.claim(search, claim_key="of the worker after the restore")):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert again[0]["id"] == trial["id"]
        assert again[0]["attempt"] > trial["attempt"]
        assert api.finish(again[0], metrics={"loss": 0.5})["status"] == "ok"


@pytest.mark.parametrize("url", ["sqlite", "postgres"])
def test_a_backup_of_the_release_before_is_upgraded(
    url: str, empty_url: str, other_url: Callable[[str], str], tmp_path: Path
) -> None:
    spec = a_spec(notes="\ud7ff").document()
    if empty_url.startswith("sqlite"):
        migrate.make_folder(empty_url)
    with closing(Database(empty_url)) as database, database.write() as tx:
        migrate.run_migrations(tx, to="0001")
        plain = {
            "name": "old",
            "notes": "",
            "state": "active",
            "priority": 0,
            "trainer": "toy",
            "budget": 1,
            "parallel": 1,
        }
        created_at, document = sa.column("created_at", Instant()), sa.column("spec", Document)
        search = sa.table("search", *map(sa.column, plain), created_at, document)
        tx.execute(sa.insert(search).values(**plain, created_at=Desk(database).now, spec=spec))
    assert db("backup", tmp_path / "old.backup", empty_url)["revision"] == "0001"
    db("restore", tmp_path / "old.backup", other_url(url))
    assert [row[1] for row in rows(other_url(url))["search"]] == ["old"]
    assert rows(other_url(url))["spec"] == [(1, spec)]


def test_a_database_with_rows_is_not_restored_into(store_url: str, tmp_path: Path) -> None:
    fill(store_url)
    before = rows(store_url)
    db("backup", tmp_path / "backup", store_url)
    assert "the database is not empty: search has 2 rows" in refused("restore", tmp_path / "backup", store_url)
    assert rows(store_url) == before


def test_a_database_of_somebody_else_is_not_restored_into(empty_url: str, store_url: str, tmp_path: Path) -> None:
    db("backup", tmp_path / "backup", store_url)
    other = empty_url.replace("caviar.db", "other.db")
    engine = sa.create_engine(other)
    with engine.begin() as tx:
        tx.execute(sa.text("CREATE TABLE wine (id integer)"))
    engine.dispose()
    assert "tables that are not Caviar's (wine)" in refused("restore", tmp_path / "backup", other)


def test_a_file_that_a_server_holds_is_not_restored_into(
    sqlite_store_url: str, processes: Processes, tmp_path: Path
) -> None:
    db("backup", tmp_path / "backup", sqlite_store_url)
    processes.server(sqlite_store_url)
    assert "another server" in refused("restore", tmp_path / "backup", sqlite_store_url)


def test_a_backup_that_breaks_off_leaves_the_database_empty(
    store_url: str, other_url: Callable[[str], str], tmp_path: Path
) -> None:
    """A trial of a search that is not there: what no backup holds, and no half of which may come back."""
    fill(store_url)
    db("backup", tmp_path / "backup", store_url)
    with sqlite3.connect(tmp_path / "backup") as connection:
        connection.execute("UPDATE rung SET trial_id = 999")
    connection.close()
    for kind in ("sqlite", "postgres"):
        assert "cannot be restored" in refused("restore", tmp_path / "backup", other_url(kind))
        assert not any(rows(other_url(kind)).values())


def test_a_backup_that_lacks_rows_is_not_restored(
    store_url: str, other_url: Callable[[str], str], tmp_path: Path
) -> None:
    fill(store_url)
    db("backup", tmp_path / "backup", store_url)
    with sqlite3.connect(tmp_path / "backup") as connection:
        connection.execute("DELETE FROM report WHERE step = 2")
    connection.close()
    for kind in ("sqlite", "postgres"):
        sentence = refused("restore", tmp_path / "backup", other_url(kind))
        assert "is not whole: 2 rows of report are there, 3 in the manifest" in sentence


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"revision": "9999"}, "upgrade Caviar"), ({"format": 2}, "upgrade Caviar")],
)
def test_a_backup_of_a_newer_release_is_refused(
    change: dict[str, Any], reason: str, sqlite_store_url: str, empty_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "backup"
    manifest = db("backup", file, sqlite_store_url) | change
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE caviar_backup SET manifest = ?", (json.dumps(manifest),))
    connection.close()
    assert reason in refused("restore", file, empty_url)


def test_what_is_no_backup_is_refused(sqlite_store_url: str, empty_url: str, tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("a letter\n" * 1000)
    assert "file is not a database" in refused("restore", tmp_path / "letter", empty_url)
    assert "there is no" in refused("restore", tmp_path / "none", empty_url)
    assert "is no backup" in refused("restore", tmp_path / "caviar.db", empty_url)


def test_a_backup_is_never_written_over_another(store_url: str, tmp_path: Path) -> None:
    (tmp_path / "backup").write_text("precious")
    assert "never written over another" in refused("backup", tmp_path / "backup", store_url)
    assert (tmp_path / "backup").read_text() == "precious"


def test_a_backup_that_cannot_be_written_says_where(store_url: str, tmp_path: Path) -> None:
    sentence = refused("backup", tmp_path / "none" / "backup", store_url)
    assert "cannot be written: No such file or directory" in sentence


def test_nothing_is_backed_up_where_nothing_is(tmp_path: Path, postgres_url: str) -> None:
    assert "there is no database at" in refused("backup", tmp_path / "backup", f"sqlite:///{tmp_path / 'none.db'}")
    assert "holds nothing of Caviar" in refused("backup", tmp_path / "backup", postgres_url)
    assert list(tmp_path.iterdir()) == []
