"""A server that is killed at any statement: what it answered is there, and whoever comes next goes on with it."""

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from caviar.states import TrialState
from service.storage.database import Database
from tests.service.audit import audit
from tests.service.desk import START, Desk
from tests.service.storage import children


def test_what_a_killed_server_answered_is_there(sqlite_store_url: str, tmp_path: Path) -> None:
    kill_at_each(sqlite_store_url, tmp_path, step=4)


@pytest.mark.long
def test_what_a_server_killed_at_any_statement_answered_is_there(sqlite_store_url: str, tmp_path: Path) -> None:
    kill_at_each(sqlite_store_url, tmp_path, step=1)


def kill_at_each(url: str, tmp_path: Path, *, step: int) -> None:
    with closing(Database(url)) as database:
        Desk(database).search(queued=2, trials=4, parallel=2)
    known = set()
    for at in range(1, 1000, step):
        folder = tmp_path / "killed"
        folder.mkdir()
        shutil.copy(tmp_path / "caviar.db", folder)
        code, answers = children.run(children.serve, f"sqlite:///{folder / 'caviar.db'}", at)
        known.add(len(answers))
        check(folder / "caviar.db", dict(answers))
        shutil.rmtree(folder)
        if code == 0:
            break
        assert code == children.KILLED
    assert known == {0, 1, 2, 3, 4}


def check(file: Path, answers: dict[str, object]) -> None:
    """The file is whole, holds what was answered, and the worker's calls, all of them again, lead to the same end."""
    with closing(Database(f"sqlite:///{file}")) as database:
        with database.read() as tx:
            assert tx.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        audit(database)
        desk = Desk(database)
        trials = desk.trials(1)
        if "claimed" in answers:
            assert [(trial.id, trial.attempt) for trial in trials[:2]] == answers["claimed"]
        if "reported" in answers:
            assert [desk.curve(trial.id) for trial in trials[:2]] == [[(1, 1, {"score": 0.5})]] * 2
        if "finished" in answers:
            assert [trial.state for trial in trials[:2]] == [TrialState.COMPLETED] * 2
        if "planned" in answers:
            assert len(trials) == 4
        again = dict(children.serving(database, now=START))
        if "finished" in again and again["claimed"]:
            assert again["finished"] == ["ok", "ok"]
        assert [trial.value for trial in desk.trials(1)] == [0.25, 0.25, None, None]
        audit(database)
