"""Whatever a network, its workers and its servers go through, every search ends as it would have in peace."""

import os
import shutil
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from caviar.states import AttemptOutcome, SearchState, TrialState
from service.storage import trials
from service.storage.database import Database
from service.storage.leases import MAX_LOST
from service.storage.records import TrialRecord
from tests.service.audit import audit
from tests.service.desk import Desk, a_spec
from tests.service.simulation import World, score
from tests.service.trouble import PEACE, Trouble

SEED = int(os.environ.get("CAVIAR_TEST_SEED", "0"))
"""Of the first of the long runs; the next ones count up from it."""
SPECS = [
    a_spec(name="stream", trials=40, parallel=5),
    a_spec(name="zoom", sampler="zoom", trials=24, parallel=4),
    a_spec(name="narrow", sampler="sobol", trials=8, parallel=1),
]
Drawn = list[list[Any]]


def simulate(folder: Path, *, seed: int, trouble: Trouble) -> list[list[TrialRecord]]:
    """Play the searches through in a world of this seed; the trials of each, after all that must hold was checked."""
    with closing(Database(f"sqlite:///{folder / 'caviar.db'}")) as database:
        with closing(World(database, folder, seed=seed, servers=1 + seed % 2, trouble=trouble)) as world:
            ids = world.run(SPECS)
        audit(database)
        check(world, Desk(database), ids)
        return [Desk(database).trials(search_id) for search_id in ids]


@pytest.fixture(scope="module")
def in_peace(_migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> list[list[TrialRecord]]:
    folder = tmp_path_factory.mktemp("peace")
    shutil.copytree(_migrated_sqlite, folder, dirs_exist_ok=True)
    return simulate(folder, seed=0, trouble=PEACE)


def check(world: World, desk: Desk, ids: list[int]) -> None:
    assert world.wrong == []
    assert len(ids) == len(SPECS) == len(set(ids))
    for search_id, spec in zip(ids, SPECS, strict=True):
        found = desk.trials(search_id)
        assert desk.read(search_id).state is SearchState.COMPLETED
        assert len(found) == spec.trials
        for trial in found:
            check_trial(world, desk, trial)


def check_trial(world: World, desk: Desk, trial: TrialRecord) -> None:
    """One result, the one that training gives; or as many losses as a trial may have. What was answered is stored."""
    attempts = desk.attempts(trial.id)
    completed = [attempt.attempt for attempt in attempts if attempt.outcome is AttemptOutcome.COMPLETED]
    if trial.state is TrialState.FAILED:
        assert (trial.error_code, trial.lost_count, completed) == ("lost_limit", MAX_LOST + 1, [])
    else:
        assert (trial.state, trial.value) == (TrialState.COMPLETED, score(trial.hyperparameters))
        assert len(completed) == 1
    for attempt in attempts:
        outcome = world.acknowledged.get((trial.id, attempt.attempt))
        assert outcome in (None, attempt.outcome)
    with desk.database.read() as tx:
        stored = {(trial.id, r.attempt, r.step): r.metrics for r in trials.reports(tx, trial.id, limit=999, after=None)}
    assert {key for key in world.reported if key[0] == trial.id} <= stored.keys()
    assert all(metrics == {"score": score(trial.hyperparameters, key[2])} for key, metrics in stored.items())


def drawn(found: list[list[TrialRecord]]) -> Drawn:
    return [[trial.hyperparameters for trial in mine] for mine in found]


def is_unhurt(found: list[list[TrialRecord]]) -> bool:
    return all(trial.state is TrialState.COMPLETED for mine in found for trial in mine)


def test_in_peace_every_trial_takes_one_attempt(in_peace: list[list[TrialRecord]]) -> None:
    assert {trial.attempt for mine in in_peace for trial in mine} == {1}
    assert is_unhurt(in_peace)


@pytest.mark.parametrize("seed", range(6))
def test_searches_end_as_they_would_have_in_peace(
    sqlite_store_url: str, tmp_path: Path, in_peace: list[list[TrialRecord]], seed: int
) -> None:
    """Its name tells the seed of a world that failed."""
    found = simulate(tmp_path, seed=seed, trouble=Trouble())
    assert max(trial.attempt for mine in found for trial in mine) > 1
    if is_unhurt(found):
        assert drawn(found) == drawn(in_peace)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(SEED + 100, SEED + 130))
def test_searches_end_as_they_would_have_in_peace_in_many_worlds(
    sqlite_store_url: str, tmp_path: Path, in_peace: list[list[TrialRecord]], seed: int
) -> None:
    found = simulate(tmp_path, seed=seed, trouble=Trouble())
    if is_unhurt(found):
        assert drawn(found) == drawn(in_peace)
