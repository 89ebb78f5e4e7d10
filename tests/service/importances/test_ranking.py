"""Importances of functions whose main effects are known, from uniform trials and from those of a zoom."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caviar.space import Hyperparameters, Space
from service.importances.ranking import Importances, importances
from service.samplers import box
from service.samplers.interface import Result
from tests.caviar.spaces import a_space, spaces

FOUR = a_space(**{f"x{i}": {"low": 0, "high": 1} for i in range(4)})
MIXED = a_space(
    learning_rate={"low": 1e-4, "high": 1.0, "scale": "log"},
    layers={"low": 1, "high": 4, "type": "int"},
    activation={"values": ["relu", "tanh", "sigmoid"]},
    keep_prob={"low": 0.5, "high": 1.0, "when": {"layers": [3, 4]}},
    width={"low": 1, "high": 512, "type": "int"},
    epochs=20,
    optimizer={"values": ["adam"]},
)


def mixed(hparams: Hyperparameters) -> float:
    keep_prob = 4 * (hparams["keep_prob"] - 0.75) if "keep_prob" in hparams else 0.0
    activation = {"relu": 0.0, "tanh": 0.3, "sigmoid": 1.0}[hparams["activation"]]
    return float((math.log10(hparams["learning_rate"]) + 2) ** 2 + 0.5 * hparams["layers"] + activation + keep_prob)


def uniform(space: Space, count: int, *, seed: int = 0) -> list[Hyperparameters]:
    return [box.draw(space, box.whole(space), seed=seed, number=number) for number in range(count)]


def zoomed(count: int, *, is_global: float, seed: int = 0) -> list[Hyperparameters]:
    """All sides narrow together around 0.3, down to a fiftieth; a share of the trials still comes from anywhere."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(count):
        width = max(2.0 ** (-5 * number / count), 0.02)
        is_anywhere = number < count / 10 or rng.random() < is_global
        x = rng.random(4) if is_anywhere else np.clip(0.3 + width * (rng.random(4) - 0.5), 0, 1)
        found.append({f"x{i}": float(value) for i, value in enumerate(x)})
    return found


def judged(
    space: Space, trials: Sequence[Hyperparameters], objective: Callable[[Hyperparameters], float | None]
) -> Importances:
    return importances(space, [Result(n, hparams, objective(hparams)) for n, hparams in enumerate(trials)])


def shares(found: Importances) -> dict[str, float]:
    return {item.parameter: item.importance for item in found.items}


def reference(space: Space, objective: Callable[[Hyperparameters], float], cells: dict[str, Any]) -> dict[str, float]:
    """Shares of the variance of the mean rank within each cell of a parameter, by brute force."""
    trials = uniform(space, 20_000, seed=99)
    ranks = np.argsort(np.argsort([objective(hparams) for hparams in trials])).astype(float)
    variance = {}
    for name, cell in cells.items():
        active = [i for i, hparams in enumerate(trials) if name in hparams]
        _, at, sizes = np.unique([cell(trials[i][name]) for i in active], return_inverse=True, return_counts=True)
        means = np.bincount(at, ranks[active]) / sizes
        variance[name] = float(np.average((means - np.average(means, weights=sizes)) ** 2, weights=sizes))
    return {name: value / sum(variance.values()) for name, value in variance.items()}


@pytest.mark.parametrize(("count", "near"), [(100, 0.07), (1000, 0.03)])
def test_shares_of_a_sum_are_those_of_its_variances(count: int, near: float) -> None:
    """But for what ranking bends at both ends."""
    found = judged(FOUR, uniform(FOUR, count), lambda h: 3 * h["x0"] + 2 * h["x1"] + h["x2"])
    expected = {"x0": 9 / 14, "x1": 4 / 14, "x2": 1 / 14, "x3": 0.0}
    assert shares(found) == pytest.approx(expected, abs=near)
    assert [item.parameter for item in found.items] == ["x0", "x1", "x2", "x3"]
    assert sum(shares(found).values()) == pytest.approx(1)
    assert found.explained is not None
    assert found.explained > 0.95
    assert (found.seen, found.note) == (count, None)


def test_every_kind_of_parameter_is_judged_as_brute_force_does() -> None:
    """The effect of a conditional parameter is the one where it is active, beside that of what activates it."""
    expected = reference(
        MIXED,
        mixed,
        {
            "learning_rate": lambda value: int(5 * math.log10(value) - 1e-9),
            "layers": lambda value: value,
            "activation": lambda value: value,
            "keep_prob": lambda value: int(20 * value),
            "width": lambda value: value // 32,
        },
    )
    found = judged(MIXED, uniform(MIXED, 2000), mixed)
    assert shares(found) == pytest.approx(expected, abs=0.05)
    assert {item.parameter: item.trials for item in found.items}["keep_prob"] == pytest.approx(1000, abs=100)


@pytest.mark.parametrize("is_global", [0.3, 0.0])
@pytest.mark.parametrize("noise", [0.0, 0.02])
@pytest.mark.parametrize("seed", range(3))
def test_a_parameter_that_a_zoom_merely_narrowed_did_not_matter(is_global: float, noise: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    trials = zoomed(400, is_global=is_global, seed=seed)
    found = judged(FOUR, trials, lambda h: (h["x0"] - 0.3) ** 2 + noise * rng.normal())
    assert found.items[0].parameter == "x0"
    assert found.items[0].importance > 0.95


def test_the_order_survives_a_zoom() -> None:
    found = judged(FOUR, zoomed(400, is_global=0.3), lambda h: 3 * (h["x0"] - 0.3) ** 2 + (h["x1"] - 0.3) ** 2)
    assert [item.parameter for item in found.items][:2] == ["x0", "x1"]
    assert sum(item.importance for item in found.items[2:]) < 0.1


def test_what_diverges_or_fails_counts_as_the_worst() -> None:
    found = judged(FOUR, uniform(FOUR, 200), lambda h: None if h["x2"] > 0.5 else 1.0)
    assert found.items[0].parameter == "x2"
    assert found.items[0].importance > 0.95


def test_the_order_of_the_results_does_not_matter() -> None:
    results = [Result(n, h, h["x0"] + 0.2 * h["x1"]) for n, h in enumerate(uniform(FOUR, 60))]
    assert shares(importances(FOUR, results[::-1])) == pytest.approx(shares(importances(FOUR, results)), abs=1e-6)


def test_noise_alone_makes_nothing_important() -> None:
    rng = np.random.default_rng(0)
    found = judged(FOUR, uniform(FOUR, 1000), lambda h: rng.normal())
    assert shares(found) == {"x0": 0.0, "x1": 0.0, "x2": 0.0, "x3": 0.0}
    assert found.note == "no parameter made a difference that stands out from the noise"


@pytest.mark.parametrize(
    ("space", "count", "score", "note"),
    [
        (FOUR, 0, 1.0, "importances need 10 results; there are 0 so far"),
        (FOUR, 9, None, "importances need 10 results; there are 9 so far"),
        (FOUR, 30, None, "all results are the same, so no parameter made a difference"),
        (a_space(epochs=20), 30, None, "all results are the same, so no parameter made a difference"),
    ],
)
def test_where_there_is_nothing_to_judge_it_says_so(space: Space, count: int, score: float | None, note: str) -> None:
    found = judged(space, uniform(space, count), lambda h: score)
    assert (found.items, found.seen, found.explained, found.note) == ((), count, None, note)


def test_a_space_in_which_nothing_varies_has_no_importances() -> None:
    space = a_space(only={"values": [1]}, epochs=20)
    found = importances(space, [Result(n, {"only": 1, "epochs": 20}, float(n)) for n in range(20)])
    assert found.note == "no parameter of this space varies, so none can have mattered"


def test_few_results_are_called_a_first_impression() -> None:
    found = judged(FOUR, uniform(FOUR, 20), lambda h: h["x0"])
    assert found.items[0].parameter == "x0"
    assert found.note == "20 results are few for 4 parameters: take this as a first impression"


def test_of_very_many_parameters_the_one_that_matters_is_found() -> None:
    space = a_space(**{f"p{i:03}": {"low": 0, "high": 1} for i in range(200)})
    found = judged(space, uniform(space, 500), lambda h: h["p123"])
    assert len(found.items) == 200
    assert found.items[0].parameter == "p123"
    assert found.items[0].importance > 0.9


@settings(max_examples=60, deadline=None)
@given(
    space=spaces(),
    scores=st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False), min_size=10, max_size=40),
)
def test_any_space_with_any_results_is_answered(space: Space, scores: list[float | None]) -> None:
    trials = uniform(space, len(scores))
    found = importances(space, [Result(n, h, s) for n, (h, s) in enumerate(zip(trials, scores, strict=True))])
    total = sum(item.importance for item in found.items)
    assert total == pytest.approx(1) or total == 0
    assert found.note is not None or total > 0


@pytest.mark.peers
def test_on_uniform_trials_functional_anova_agrees_and_after_a_zoom_comparing_the_best_is_misled() -> None:
    import optuna
    from optuna.importance import FanovaImportanceEvaluator, PedAnovaImportanceEvaluator, get_param_importances

    def theirs(trials: Sequence[Hyperparameters], values: Sequence[float], evaluator: Any) -> dict[str, float]:
        ranges = {name: optuna.distributions.FloatDistribution(0, 1) for name in FOUR.parameters}
        study = optuna.create_study()
        for hparams, value in zip(trials, values, strict=True):
            study.add_trial(optuna.trial.create_trial(params=hparams, distributions=ranges, value=value))
        found: dict[str, float] = get_param_importances(study, evaluator=evaluator)
        return found

    trials = uniform(FOUR, 200)
    forest = theirs(trials, [3 * h["x0"] + 2 * h["x1"] for h in trials], FanovaImportanceEvaluator(n_trees=16, seed=0))
    ours = shares(judged(FOUR, trials, lambda h: 3 * h["x0"] + 2 * h["x1"]))
    assert ours == pytest.approx(forest, abs=0.06)

    trials = zoomed(400, is_global=0.3)
    comparing = theirs(trials, [(h["x0"] - 0.3) ** 2 for h in trials], PedAnovaImportanceEvaluator())
    assert sum(comparing[name] for name in ("x1", "x2", "x3")) > 0.2
    ours = shares(judged(FOUR, trials, lambda h: (h["x0"] - 0.3) ** 2))
    assert sum(ours[name] for name in ("x1", "x2", "x3")) < 0.03
