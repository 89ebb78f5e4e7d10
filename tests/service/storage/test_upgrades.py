"""Upgrading what is in use: with data of every earlier release, by many servers at once, killed at any statement."""

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from caviar.errors import StoreRefused
from caviar.states import TrialState
from caviar.wire.protocol import TrialOutcome
from service.storage import tables
from service.storage.database import Database, Transaction
from service.storage.migrate import REVISION, run_migrations, upgrade
from service.storage.types import Instant
from service.tokens import claim_key_hash, token_hash
from tests.postgres import Postgres
from tests.service.audit import audit
from tests.service.desk import START, TTL, Desk
from tests.service.storage import children
from tests.service.storage.faults import Faults
from tests.service.storage.test_migrate import schema, writing

EARLIER = ["0001", "0002", "0003"]
SPEC = (
    '{"trainer": "toy", "metric": "score", "goal": "minimize", "space": {"x": {"low": 0.0, "high": 1.0}},'
    ' "sampler": {"name": "random"}, "trials": 4, "parallel": 4, "seed": 0}'
)
SEARCH = (
    "INSERT INTO search (id, name, notes, state, priority, spec, trainer, budget, parallel, next_number, next_round,"
    " queued, running, completed, best_trial, best_score, changes, ranking, created_at)"
    f" VALUES (7, 'old', 'a note', 'active', 1, '{SPEC}', 'toy', 4, 4, 3, 1, 1, 1, 1, 5, 0.5, 9, 1, :now)"
)
DATA = [
    SEARCH,
    "INSERT INTO round (search_id, round, first, size, seen, reason, box, state, created_at)"
    " VALUES (7, 0, 0, 4, 0, 'the whole space', '{}', '{}', :now)",
    "INSERT INTO trial (id, search_id, number, round, origin, state, stack, hyperparameters, seed, available_at,"
    " attempt, lost_count, value, score, metrics, created_at, finished_at) VALUES"
    """ (5, 7, 0, 0, 'sampled', 'completed', '', '{"x": 0.5}', 1, :now, 1, 0, 0.5, 0.5, '{"score": 0.5}', :now,"""
    " :now),"
    """ (6, 7, 1, 0, 'sampled', 'running', '', '{"x": 0.25}', 2, :now, 2, 1, NULL, NULL, '{}', :now, NULL),"""
    """ (8, 7, 2, 0, 'enqueued', 'queued', '', '{"x": 0.75}', 3, :now, 0, 0, NULL, NULL, '{}', :now, NULL)""",
    "INSERT INTO attempt (trial_id, attempt, worker, token_hash, claim_key_hash, outcome, last_step, started_at,"
    " ended_at) VALUES (5, 1, 'ada', :token, :first, 'completed', 3, :now, :now),"
    " (6, 1, 'ada', :token, :second, 'lost', NULL, :now, :now),"
    " (6, 2, 'bob', :token, :third, 'running', 1, :now, NULL)",
    "INSERT INTO lease (trial_id, attempt, worker, granted_at, beat_at, expires_at)"
    " VALUES (6, 2, 'bob', :now, :now, :late)",
    "INSERT INTO report (trial_id, attempt, step, metrics, reported_at) VALUES"
    """ (5, 1, 3, '{"score": 0.5}', :now), (6, 2, 1, '{"score": "NaN"}', :now)""",
    "INSERT INTO worker (name, capacity, features, about, first_seen_at, seen_at)"
    """ VALUES ('bob', 2, '["stop"]', '{"host": "a"}', :now, :now)""",
    "INSERT INTO offer (worker, trainer) VALUES ('bob', 'toy')",
    "INSERT INTO idempotency (route, key, body_hash, created_id, created_at) VALUES ('r', 'k', :token, 7, :now)",
]
CLAIM = "INSERT INTO claim (key_hash, worker, claimed_at) VALUES (:third, 'bob', :now)"
SPEC_APART = f"INSERT INTO spec (search_id, document) VALUES (7, '{SPEC}')"


def data_of(revision: str) -> list[str]:
    """0003 took the spec out of the search's row and dropped the claims."""
    if revision < "0003":
        return [*DATA, CLAIM]
    return [DATA[0].replace(" spec,", "").replace(f" '{SPEC}',", ""), SPEC_APART, *DATA[1:]]


def at_revision(url: str, revision: str) -> None:
    """A store as a server of that release left it: a search with an ended, a running and a queued trial."""
    values = {"now": START, "late": START + TTL, "token": token_hash("a token")}
    values |= {name: claim_key_hash(name) for name in ("first", "second", "third")}
    times = [sa.bindparam(name, type_=Instant()) for name in ("now", "late")]
    with writing(url) as tx:
        run_migrations(tx, to=revision)
        for statement in data_of(revision):
            named = sa.text(statement)
            used = {name: values[name] for name in named.compile().params}
            tx.execute(named.bindparams(*(time for time in times if time.key in used)), used)


def rows(tx: Transaction) -> dict[str, list[dict[str, Any]]]:
    """All that is stored, by table, as the driver gives it."""
    names = sa.inspect(tx).get_table_names()
    found = {name: tx.execute(sa.text(f"SELECT * FROM {name}")).mappings().all() for name in names}
    return {name: sorted(map(dict, mappings), key=str) for name, mappings in found.items()}


@pytest.mark.parametrize("revision", EARLIER)
def test_what_an_earlier_release_stored_is_all_there_afterwards(empty_url: str, revision: str) -> None:
    at_revision(empty_url, revision)
    with writing(empty_url) as tx:
        before = rows(tx)
    assert upgrade(empty_url) == REVISION
    with writing(empty_url) as tx:
        after = rows(tx)
    specs = [{"search_id": row["id"], "document": row.pop("spec")} for row in before["search"] if "spec" in row]
    assert after["spec"] == specs or before["spec"]
    for name in before.keys() - {"claim", "alembic_version"}:
        kept = [{column: row[column] for column in old} for row, old in zip(after[name], before[name], strict=True)]
        assert kept == before[name]
        assert kept or name == "rung"


@pytest.mark.parametrize("revision", EARLIER)
def test_a_search_of_an_earlier_release_goes_on_where_it_was(empty_url: str, revision: str) -> None:
    at_revision(empty_url, revision)
    upgrade(empty_url)
    with closing(Database(empty_url)) as database:
        desk = Desk(database)
        audit(database)
        said = {"trial": "6", "attempt": 2, "token": "a token", "outcome": "completed", "metrics": {"score": 0.25}}
        (ended,) = desk.finishes(TrialOutcome.model_validate(said))
        assert (ended.status, desk.read(7).best_score) == ("ok", 0.25)
        grant = desk.claim_one("bob")
        assert (grant.trial.id, grant.trial.number) == (8, 2)
        assert desk.finish(grant, score=0.75).status == "ok"
        assert desk.plan(7, [""])
        assert desk.states(7) == [TrialState.COMPLETED] * 3 + [TrialState.QUEUED]
        audit(database)


@pytest.mark.parametrize("revision", EARLIER)
def test_the_trials_of_an_earlier_release_that_set_a_new_best_are_known(empty_url: str, revision: str) -> None:
    """In the order in which they finished: 5 was the first, and of those after it only 11 was better."""
    more = (
        "INSERT INTO trial (id, search_id, number, round, origin, state, stack, hyperparameters, seed, available_at,"
        " attempt, lost_count, value, score, diverged, metrics, created_at, finished_at)"
        " VALUES (:id, 7, :id, 0, 'sampled', 'completed', '', '{}', 1, :now, 1, 0, :score, :score, :diverged, '{}',"
        " :now, :end)"
    )
    times = [sa.bindparam(name, type_=Instant()) for name in ("now", "end")]
    at_revision(empty_url, revision)
    with writing(empty_url) as tx:
        for id_, score, diverged, seconds in (
            (9, 0.7, False, 1),
            (10, 0.5, False, 3),
            (11, 0.25, False, 2),
            (12, 0.0, True, 4),
        ):
            row = {
                "id": id_,
                "score": score,
                "diverged": diverged,
                "now": START,
                "end": START + timedelta(seconds=seconds),
            }
            tx.execute(sa.text(more).bindparams(*times), row)
    upgrade(empty_url)
    with writing(empty_url) as tx:
        found = (
            tx.execute(sa.select(tables.trial.c.id).where(tables.is_record).order_by(tables.trial.c.id)).scalars().all()
        )
    assert found == [5, 11]


def test_servers_that_start_at_once_upgrade_once(empty_url: str) -> None:
    start_at_once(empty_url, 8)


def test_a_new_file_is_taken_to_wal_by_whoever_comes_first(tmp_path: Path) -> None:
    assert children.run_at_once(children.upgrade_each_together, 8, str(tmp_path), 60) == [0] * 8


@pytest.mark.long
@pytest.mark.parametrize("revision", [None, *EARLIER])
def test_servers_that_start_at_once_upgrade_once_every_time(
    postgres: Postgres, tmp_path: Path, revision: str | None
) -> None:
    for turn in range(8):
        with postgres.database() as name:
            for url in (postgres.url(name), f"sqlite:///{tmp_path / str(turn)}.db"):
                if revision is not None:
                    at_revision(url, revision)
                start_at_once(url, 8)


def start_at_once(url: str, servers: int) -> None:
    assert children.run_at_once(children.upgrade_together, servers, url) == [0] * servers
    with writing(url) as tx:
        assert tx.exec_driver_sql("SELECT version_num FROM alembic_version").scalars().all() == [REVISION]
        assert schema(tx).keys() == {*tables.metadata.tables, "alembic_version"}


@pytest.mark.parametrize("revision", [None, *EARLIER])
def test_a_server_killed_while_it_upgrades_leaves_one_schema(tmp_path: Path, revision: str | None) -> None:
    kill_at_each(tmp_path, revision, step=7)


@pytest.mark.long
@pytest.mark.parametrize("revision", [None, *EARLIER])
def test_a_server_killed_at_any_statement_of_an_upgrade_leaves_one_schema(tmp_path: Path, revision: str | None) -> None:
    kill_at_each(tmp_path, revision, step=1)


def kill_at_each(tmp_path: Path, revision: str | None, *, step: int) -> None:
    (tmp_path / "old").mkdir()
    old = f"sqlite:///{tmp_path / 'old' / 'caviar.db'}"
    if revision is not None:
        at_revision(old, revision)
    with writing(old) as tx:
        before = (schema(tx), rows(tx))
    kills = 0
    for at in range(1, 1000, step):
        folder = tmp_path / "killed"
        shutil.copytree(tmp_path / "old", folder)
        url = f"sqlite:///{folder / 'caviar.db'}"
        code, _ = children.run(children.upgrade_until, url, at)
        with writing(url) as tx:
            assert tx.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
            assert (schema(tx), rows(tx)) == before or _is_new(tx)
        assert upgrade(url) == REVISION
        with writing(url) as tx:
            assert _is_new(tx)
            assert revision is None or len(rows(tx)["trial"]) == 3
        shutil.rmtree(folder)
        if code == 0:
            break
        assert code == children.KILLED
        kills += 1
    assert kills >= 10 / step


def _is_new(tx: Transaction) -> bool:
    return schema(tx).keys() == {*tables.metadata.tables, "alembic_version"}


@contextmanager
def cut_off(postgres: Postgres, url: str, *, at: int) -> Iterator[Faults]:
    """The k-th statement of this process meets a connection that Postgres has ended."""
    name = Database(url).url.database
    faults = Faults(
        lambda: postgres.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    )
    faults.arm(at)
    with faults.installed(Engine):
        yield faults


def test_an_upgrade_whose_connection_breaks_leaves_the_old_schema(postgres: Postgres) -> None:
    cut_off_at_each(postgres, "0002", step=4)


@pytest.mark.long
@pytest.mark.parametrize("revision", [None, *EARLIER])
def test_an_upgrade_whose_connection_breaks_anywhere_leaves_the_old_schema(
    postgres: Postgres, revision: str | None
) -> None:
    cut_off_at_each(postgres, revision, step=1)


def cut_off_at_each(postgres: Postgres, revision: str | None, *, step: int) -> None:
    with postgres.database() as old:
        if revision is not None:
            at_revision(postgres.url(old), revision)
        with writing(postgres.url(old)) as tx:
            before = (schema(tx), rows(tx))
        for at in range(1, 1000, step):
            with postgres.database(template=old) as name:
                url = postgres.url(name)
                if not _was_cut_off(postgres, url, at=at):
                    break
                with writing(url) as tx:
                    assert (schema(tx), rows(tx)) == before
                assert upgrade(url) == REVISION
                with writing(url) as tx:
                    assert _is_new(tx)
    assert at > 10 / step


def _was_cut_off(postgres: Postgres, url: str, *, at: int) -> bool:
    with cut_off(postgres, url, at=at) as faults:
        try:
            upgrade(url)
        except StoreRefused as refused:
            assert "cannot be used" in str(refused)  # noqa: PT017 - with a sentence, not with the driver's error
    return faults.asked >= at
