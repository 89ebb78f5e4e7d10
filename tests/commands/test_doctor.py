"""`caviar doctor` on databases and servers that are well, ill, and not there."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import sqlalchemy as sa

from caviar.processes import stop
from service.checkup.clocks import difference
from service.checkup.findings import Level
from tests.commands.running import caviar
from tests.postgres import Postgres
from tests.processes import Processes
from tests.service.api.calls import Api

NOBODY = "http://127.0.0.1:1"
_OTHER = """
from http.server import HTTPServer, SimpleHTTPRequestHandler
server = HTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler)
print(server.server_port, flush=True)
server.serve_forever()
"""
Findings = dict[str, list[dict[str, Any]]]


def doctor(store_url: str, url: str = NOBODY, *, exit_code: int = 0, **settings: str) -> Findings:
    """What was found, by check."""
    answer = caviar("doctor", "--json", "--url", url, "--database-url", store_url, settings=settings)
    assert answer.returncode == exit_code, answer.stdout + answer.stderr
    found: Findings = {}
    for item in json.loads(answer.stdout)["items"]:
        found.setdefault(item["check"], []).append(item)
        assert (item["advice"] is None) == (item["level"] == "ok")
    return found


def levels(found: Findings) -> dict[str, set[str]]:
    return {check: {item["level"] for item in items} for check, items in found.items()}


def test_a_database_without_a_server_is_well_but_for_the_server(store_url: str) -> None:
    found = doctor(store_url)
    assert levels(found).pop("server") == {"warning"}
    assert {level for check, those in levels(found).items() if check != "server" for level in those} == {"ok"}
    assert {"database", "schema", "workers", "searches"} <= set(found)
    assert ("clock" in found) == store_url.startswith("postgres")


def test_a_running_server_with_a_worker_is_well(store_url: str, processes: Processes) -> None:
    server = processes.server(store_url)
    processes.worker(server.url)
    found = doctor(store_url, server.url)
    assert {level for those in levels(found).values() for level in those} == {"ok"}
    assert found["workers"][0]["detail"] == "1 live worker"
    assert "is ready, release" in found["server"][0]["detail"]


def test_nothing_is_made_where_nothing_is(tmp_path: Path) -> None:
    found = doctor(f"sqlite:///{tmp_path / 'sub' / 'caviar.db'}")
    assert "there is no database" in found["database"][0]["detail"]
    assert list(tmp_path.iterdir()) == []


def test_it_reads_what_a_killed_server_left_in_its_log(tmp_path: Path, processes: Processes) -> None:
    store_url = f"sqlite:///{tmp_path / 'caviar.db'}"
    server = processes.server(store_url)
    with Api(server.url) as api:
        api.submit(trials=1, parallel=1)
    server.process.kill()
    server.process.wait()
    assert (tmp_path / "caviar.db-wal").stat().st_size > 0
    assert levels(doctor(store_url))["searches"] == {"ok"}
    assert (tmp_path / "caviar.db-wal").stat().st_size > 0


def test_a_search_that_nobody_can_train_is_named_with_the_way_out(store_url: str, processes: Processes) -> None:
    server = processes.server(store_url)
    with Api(server.url) as api:
        search = api.submit(trainer="forest")
    found = doctor(store_url, server.url)
    (warning, plan) = found["searches"]
    assert f"search {search} " in warning["detail"]
    assert "no live worker offers trainer forest" in warning["detail"]
    assert "start one with" in warning["advice"]
    assert plan["level"] == "ok"
    assert levels(found)["workers"] == {"warning"}


@pytest.mark.parametrize("is_served", [True, False])
def test_a_plan_that_stands_still_is_seen(is_served: bool, postgres_store_url: str, processes: Processes) -> None:
    """A search that says its trials have ended, which no server would leave so: a defect is what this check is for."""
    server = processes.server(postgres_store_url, CAVIAR_LEASE_TTL_SECONDS="4")
    with Api(server.url) as api:
        search = api.submit(trials=8, parallel=4)
    stop([server.process])
    _execute(postgres_store_url, "UPDATE trial SET state = 'failed', finished_at = now(), lost_count = 9")
    # Its spec cannot be read any more, so that planning it fails.
    _execute(postgres_store_url, "UPDATE search SET queued = 0, failed = 4")
    _execute(postgres_store_url, "UPDATE spec SET document = '{}'")
    if is_served:
        server = processes.server(postgres_store_url, CAVIAR_LEASE_TTL_SECONDS="4")
        found = doctor(postgres_store_url, server.url, exit_code=1, CAVIAR_LEASE_TTL_SECONDS="4")
    stop([server.process])
    if not is_served:
        found = doctor(postgres_store_url)
    server.log.write_text("")  # that the plan fails is told there with tracebacks
    (plan,) = [item for item in found["searches"] if "nothing is queued or running" in item["detail"]]
    assert f"search {search}" in plan["detail"]
    assert plan["level"] == ("problem" if is_served else "warning")


def _execute(store_url: str, statement: str) -> None:
    engine = sa.create_engine(store_url)
    with engine.begin() as tx:
        tx.execute(sa.text(statement))
    engine.dispose()


@pytest.mark.parametrize(
    ("revision", "said", "advice"),
    [("0001", "this release needs", "caviar db upgrade"), ("9999", "newer than this release knows", "upgrade Caviar")],
)
def test_another_releases_schema_is_a_problem(revision: str, said: str, advice: str, store_url: str) -> None:
    _execute(store_url, f"UPDATE alembic_version SET version_num = '{revision}'")
    (schema,) = doctor(store_url, exit_code=1)["schema"]
    assert schema["level"] == "problem"
    assert said in schema["detail"]
    assert advice in schema["advice"]


def test_somebody_elses_database_is_a_problem(empty_url: str) -> None:
    _execute(empty_url, "CREATE TABLE wine (id integer)")
    (schema,) = doctor(empty_url, exit_code=1)["schema"]
    assert schema["detail"] == "the database is not Caviar's: it holds wine"


def test_a_damaged_file_is_a_problem(sqlite_store_url: str, tmp_path: Path) -> None:
    file = tmp_path / "caviar.db"
    with sqlite3.connect(file) as connection:
        rows = [(f"{n:0>100}", "toy") for n in range(250)]
        connection.executemany("INSERT INTO offer VALUES (?, ?)", rows)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    content = bytearray(file.read_bytes())
    for place in range(len(content) // 2, len(content), 512):
        content[place : place + 64] = b"\xff" * 64
    file.write_bytes(content)
    assert doctor(sqlite_store_url, exit_code=1)["database"][0]["level"] == "problem"


def test_what_is_no_database_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "caviar.db").write_text("a letter\n" * 1000)
    (database,) = doctor(f"sqlite:///{tmp_path / 'caviar.db'}", exit_code=1)["database"]
    assert "file is not a database" in database["detail"]


def test_a_database_server_that_is_not_there_is_a_problem_without_its_password(tmp_path: Path) -> None:
    (database,) = doctor(f"postgresql://ada:secret@/none?host={tmp_path}", exit_code=1)["database"]
    assert "cannot be read" in database["detail"]
    assert "secret" not in json.dumps(database)


def test_a_server_whose_database_is_gone_is_a_problem(processes: Processes, postgres: Postgres) -> None:
    with postgres.database() as name:
        server = processes.server(postgres.url(name))
        postgres.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        postgres.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        found = doctor(postgres.url(name), server.url, exit_code=1)
        stop([server.process])
        server.log.write_text("")
    assert levels(found)["server"] == {"problem"}
    assert levels(found)["database"] == {"problem"}


@pytest.fixture
def other_program() -> Iterator[str]:
    """Something else that speaks HTTP at the address."""
    with subprocess.Popen([sys.executable, "-c", _OTHER], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.kill()


def test_what_is_no_caviar_server_is_a_problem(sqlite_store_url: str, other_program: str) -> None:
    (server,) = doctor(sqlite_store_url, other_program, exit_code=1)["server"]
    assert "not as a Caviar server does" in server["detail"]


def test_people_get_a_line_per_check_and_the_advice_below(tmp_path: Path) -> None:
    lines = caviar("doctor", "--url", NOBODY, "--data-dir", str(tmp_path)).stdout.splitlines()
    assert lines[0].startswith("ok       folder    ")
    (at,) = [i for i, line in enumerate(lines) if line.startswith("warning  server    ")]
    assert lines[at + 1].strip().startswith("start one with: caviar serve")


def test_it_does_not_hold_up_those_who_write(sqlite_store_url: str, processes: Processes) -> None:
    server = processes.server(sqlite_store_url)
    found: list[Findings] = []
    with Api(server.url) as api:
        looking = [Thread(target=lambda: found.append(doctor(sqlite_store_url, server.url))) for _ in range(3)]
        for thread in looking:
            thread.start()
        written = [api.finished([1.0, 2.0]) for _ in range(20)]
        for thread in looking:
            thread.join()
    assert (len(set(written)), len(found)) == (20, 3)


@pytest.mark.parametrize(
    ("seconds", "level"), [(0.5, Level.OK), (-0.9, Level.OK), (5, Level.WARNING), (-20, Level.PROBLEM)]
)
def test_a_clock_is_judged_by_what_leases_bear(seconds: float, level: Level) -> None:
    ahead, second = timedelta(seconds=seconds), timedelta(seconds=1)
    found = difference("the server's clock", ahead, exact=second, lease_ttl=30 * second)
    assert found.level is level
    assert ("behind" in found.detail) == (seconds < -1)
