"""Quasi-random search: even on every scale, whatever the kind of the parameter."""

from math import log10

import pytest

from caviar.parameters import key
from caviar.space import Hyperparameters
from service.samplers.quasi import SobolSampler
from tests.caviar.spaces import a_space

SPACE = a_space(
    epochs=20,
    log={"low": 1e-4, "high": 1.0, "scale": "log"},
    whole={"low": 1, "high": 16, "type": "int"},
    keep={"low": 0.0, "high": 1.0, "when": {"choice": ["c", "d"]}},
    choice={"values": ["a", "b", "c", "d"]},
)


def trials(count: int, *, seed: int = 3) -> list[Hyperparameters]:
    return [SobolSampler().draw(SPACE, seed=seed, place=place) for place in range(count)]


@pytest.mark.parametrize("seed", range(5))
def test_sixteen_trials_meet_every_level_and_every_part_of_a_range_equally_often(seed: int) -> None:
    drawn = trials(16, seed=seed)
    assert sorted(int(4 * (log10(hparams["log"]) + 4)) for hparams in drawn) == list(range(16))
    assert sorted(hparams["whole"] for hparams in drawn) == list(range(1, 17))
    assert [sum(hparams["choice"] == value for hparams in drawn) for value in "abcd"] == [4, 4, 4, 4]


def test_every_trial_fits_its_space() -> None:
    for hparams in trials(64):
        assert SPACE.fit(hparams) == (hparams, [])
        assert ("keep" in hparams) == (hparams["choice"] in ("c", "d"))


def test_a_trial_depends_on_seed_and_number_alone() -> None:
    assert [SobolSampler().draw(SPACE, seed=3, place=n) for n in reversed(range(8))] == trials(8)[::-1]
    assert len({key(hparams["log"]) for seed in range(4) for hparams in trials(8, seed=seed)}) == 32


def test_it_takes_any_space_and_never_runs_out() -> None:
    assert SobolSampler().problems(SPACE) == []
    assert SobolSampler().points(a_space(only={"values": [1, 2]})) is None
    assert SobolSampler().draw(a_space(epochs=20), seed=0, place=10_000_000) == {"epochs": 20}
    many = a_space(**{f"p{i}": {"low": 0, "high": 1} for i in range(100)})
    assert len(SobolSampler().draw(many, seed=0, place=5)) == 100
