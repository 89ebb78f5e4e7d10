"""The peers of the search benchmark: the textbook's zoom, and Optuna's samplers on one of our spaces."""

import numpy as np
import pytest

from bench.peers.textbook_zoom import TextbookZoom
from bench.quality.ours import Round, Rounds
from bench.quality.tasks import Axis, Task
from bench.quality.world import run
from caviar.parameters import Choice, Kind, Range, Varying
from caviar.scales import Scale
from caviar.space import Space
from service.samplers.interface import Result

TASK = Task("slope", [Axis("x", 100), Axis("kind", 2, ("a", "b"))], np.arange(200.0).reshape(-1, 1))
MIXED: dict[str, Varying] = {
    "learning_rate": Range(low=1e-4, high=1.0, scale=Scale.LOG),
    "beta1": Range(low=0.9, high=0.999, scale=Scale.REVERSE_LOG),
    "keep_prob": Range(low=0.5, high=1.0),
    "hidden_units": Range(low=8, high=128, scale=Scale.LOG, type=Kind.INT),
    "batch_size": Choice(values=[256, 32, 64]),
    "optimizer": Choice(values=["adam", "momentum"]),
}


def test_the_textbook_zoom_draws_from_the_box_around_the_best() -> None:
    results = [Result(number, {"x": number / 100, "kind": "b"}, float(number)) for number in range(100)]
    drawn = TextbookZoom(TASK.space, 0)(Round(range(100, 140), results, []))
    assert {hparams["kind"] for hparams in drawn} == {"b"}
    assert all(0 <= hparams["x"] <= 0.2 for hparams in drawn)


def test_the_textbook_zoom_begins_with_the_whole_space() -> None:
    drawn = TextbookZoom(TASK.space, 0)(Round(range(200), [], []))
    assert {hparams["kind"] for hparams in drawn} == {"a", "b"}
    assert max(hparams["x"] for hparams in drawn) > 0.9
    assert min(hparams["x"] for hparams in drawn) < 0.1


def test_the_textbook_zoom_goes_downhill() -> None:
    found = run(Rounds(TextbookZoom(TASK.space, 0), parallel=1, trials=60), TASK, seed=0, workers=1, trials=60)
    assert np.mean(found.observed[40:]) < np.mean(found.observed[:10]) / 2


@pytest.mark.peers
@pytest.mark.parametrize("sampler", ["tpe", "optuna_random", "gp", "cma_es"])
@pytest.mark.parametrize("workers", [1, 8])
@pytest.mark.filterwarnings("default")
def test_optuna_draws_inside_our_space(sampler: str, workers: int) -> None:
    from bench.peers.optuna_samplers import Study

    space = Space({**MIXED, "epochs": 5})
    study = Study(space, sampler, seed=0, workers=workers)
    for number in range(15):
        hparams = study.ask()
        assert space.fit(hparams)[1] == []
        study.tell(number, hparams["keep_prob"])


@pytest.mark.peers
def test_optuna_uses_the_whole_of_each_scale() -> None:
    from bench.peers.optuna_samplers import Study

    study = Study(Space(MIXED), "optuna_random", seed=0, workers=1)
    drawn = [study.ask() for _ in range(400)]
    for name, parameter in MIXED.items():
        places = [sum(parameter.cell(hparams[name])) / 2 for hparams in drawn]
        assert np.mean(places) == pytest.approx(0.5, abs=0.06), name


@pytest.mark.peers
def test_optuna_begins_with_what_it_is_told_to() -> None:
    from bench.peers.optuna_samplers import Study

    first = {
        "learning_rate": 0.001, "beta1": 0.95, "keep_prob": 1.0, "hidden_units": 64, "batch_size": 64,
        "optimizer": "momentum",
    }  # fmt: skip
    study = Study(Space(MIXED), "tpe", seed=0, workers=8)
    study.start_with(first)
    asked = dict(study.ask())
    assert asked.pop("beta1") == pytest.approx(first.pop("beta1"))
    assert asked == first
