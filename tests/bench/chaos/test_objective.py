"""The function that the rig's workers compute, and the space that it is searched over."""

import math

import pytest

from bench.chaos import objective
from caviar.spec import SearchSpec
from service.planning import preview

SPEC = SearchSpec.model_validate(
    {
        "trainer": objective.TRAINER,
        "metric": objective.METRIC,
        "goal": "minimize",
        "space": objective.SPACE,
        "sampler": "random",
        "trials": 400,
    }
)
SOUND = {"rate": 0.01, "units": 40, "kind": "b", "depth": 0.5, "steps": 4}
DRAWS = preview(SPEC, count=400)


def test_what_the_server_draws_is_inside_and_what_it_refuses_is_outside() -> None:
    assert [objective.outside(hparams) for hparams in DRAWS] == [None] * len(DRAWS)
    for wrong in ({"rate": 2.0}, {"units": 9}, {"units": 40.0}, {"kind": "c"}, {"steps": 5}, {"depth": -0.1}, {"x": 1}):
        assert objective.outside({**SOUND, **wrong}) is not None
        assert SPEC.domain.fit({**SOUND, **wrong})[1] or wrong == {"units": 40.0}


def test_some_of_the_space_raises_some_diverges_and_most_does_neither() -> None:
    raising = [hparams for hparams in DRAWS if objective.breaks(hparams)]
    sound = [hparams for hparams in DRAWS if not objective.breaks(hparams)]
    diverging = [h for h in sound if math.isnan(objective.result(h, seed=1)[objective.METRIC])]
    assert 0.05 < len(raising) / len(DRAWS) < 0.2
    assert 0.03 < len(diverging) / len(DRAWS) < 0.2
    with pytest.raises(objective.Broken, match="units"):
        objective.metrics(raising[0], seed=1, step=objective.BREAKS_AT)


def test_it_depends_on_hyperparameters_seed_and_step_and_on_nothing_else() -> None:
    first = objective.metrics(SOUND, seed=1, step=2)
    assert objective.metrics(dict(SOUND), seed=1, step=2) == first
    others = [objective.metrics(SOUND, seed=2, step=2), objective.metrics(SOUND, seed=1, step=3)]
    assert first not in [*others, objective.metrics({**SOUND, "rate": 0.02}, seed=1, step=2)]


def test_the_value_comes_from_the_finish_for_some_and_from_the_last_report_for_others() -> None:
    last = objective.metrics(SOUND, seed=1, step=4)[objective.METRIC]
    assert objective.result(SOUND, seed=1)[objective.METRIC] == last - 0.125
    odd = {**SOUND, "units": 41}
    assert objective.METRIC not in objective.final(odd, seed=1)
    assert objective.result(odd, seed=1)[objective.METRIC] == objective.metrics(odd, seed=1, step=4)[objective.METRIC]
