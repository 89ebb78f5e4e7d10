"""The zoom: it narrows where the best lie, each parameter by itself, and finds more than chance does."""

from math import log10
from statistics import fmean

import pytest

from caviar.space import Hyperparameters
from service.samplers import box
from service.samplers.interface import Plan, Result
from service.samplers.uniform import RandomSampler
from service.samplers.zoom import BEST_SHARE, FEWEST_BEST, ZoomSampler
from tests.service.samplers.play import a_space, play, scored, width

SPACE = a_space(
    learning_rate={"low": 1e-4, "high": 1.0, "scale": "log"},
    beta={"low": 0.9, "high": 0.999, "scale": "reverse_log"},
    units={"low": 10, "high": 100, "type": "int"},
    batch_size={"values": [32, 64, 128, 256, 512]},
    activation={"values": ["relu", "tanh", "elu"]},
    indifferent={"low": 0.0, "high": 1.0},
)
ZOOM = ZoomSampler()


def planted(hparams: Hyperparameters) -> float:
    """Smooth, at its lowest at learning rate 10^-1.5, beta 0.97, 70 units, batches of 64, relu."""
    rate = (log10(hparams["learning_rate"]) + 1.5) / 4
    beta = (log10(1 - hparams["beta"]) - log10(0.03)) / 2
    units = (hparams["units"] - 70) / 90
    size = (log10(hparams["batch_size"]) - log10(64)) / 1.2
    return float(rate**2 + beta**2 + units**2 + size**2 + 0.1 * (hparams["activation"] != "relu"))


def plans(*, seed: int = 0, trials: int = 96) -> list[Plan]:
    return play(ZOOM, SPACE, planted, trials=trials, seed=seed)[1]


def distance(plan: Plan, name: str, value: float) -> float:
    """How far outside the plan's side the value lies, as a share of the parameter's range; 0 inside."""
    place = sum(SPACE.varying[name].cell(value)) / 2
    ((start, end),) = box.from_json(plan.state["box"])[name]
    return max(start - place, place - end, 0.0)


def test_boxes_narrow_around_the_best_place() -> None:
    optimum = {"learning_rate": 10**-1.5, "beta": 0.97, "units": 70}
    last = [plans(seed=seed)[-1] for seed in range(6)]
    for name, value in optimum.items():
        assert fmean(width(SPACE, plan, name) for plan in last) < 0.5
        assert fmean(distance(plan, name, value) for plan in last) < 0.05


def test_parameters_narrow_each_by_itself() -> None:
    last = plans()[-1]
    widths = {name: width(SPACE, last, name) for name in SPACE.varying}
    assert len(set(widths.values())) > 3
    assert widths["indifferent"] > widths["learning_rate"]


def rising(hparams: Hyperparameters) -> float:
    return log10(hparams["learning_rate"])


def falling(hparams: Hyperparameters) -> float:
    return -rising(hparams)


def test_with_the_sign_of_the_metric_swapped_it_zooms_to_the_other_end() -> None:
    low, high = (play(ZOOM, SPACE, objective, trials=64)[1][-1].box["learning_rate"] for objective in (rising, falling))
    assert low["low"] == pytest.approx(1e-4, rel=0.5)
    assert high["high"] == pytest.approx(1.0, rel=0.5)
    assert low["high"] < high["low"]


def test_the_first_two_rounds_are_the_same_whatever_comes_out() -> None:
    down, up = (play(ZOOM, SPACE, objective, trials=20)[1] for objective in (rising, falling))
    assert down[:2] == up[:2]
    assert down[4:] != up[4:]
    assert [plan.seen for plan in down] == [0, 0, 4, 8, 12]


def test_of_equal_results_the_lower_numbers_count_as_the_best() -> None:
    results = scored(SPACE, [0.5] * 20)
    plan = ZOOM.plan(SPACE, results)
    better = [Result(r.number, r.hyperparameters, 0.4 if r.number < FEWEST_BEST else 0.5) for r in results]
    assert plan == ZOOM.plan(SPACE, better)
    assert plan.best == 0


@pytest.mark.parametrize("valued", [0, 1, FEWEST_BEST - 1])
def test_with_too_few_values_it_does_not_zoom_and_says_so(valued: int) -> None:
    plan = ZOOM.plan(SPACE, scored(SPACE, [1.0] * valued + [None] * 9))
    assert plan.state == ZOOM.plan(SPACE, ()).state
    assert f"{valued} of {valued + 9} results have a value" in plan.reason
    assert plan.best == (0 if valued else None)


def test_failures_count_as_seen_and_raise_the_number_of_the_best() -> None:
    scores = [float(number) for number in range(20)]
    few, many = ZOOM.plan(SPACE, scored(SPACE, scores)), ZOOM.plan(SPACE, scored(SPACE, [*scores, *[None] * 20]))
    assert (few.seen, many.seen) == (20, 40)
    assert f"best {BEST_SHARE * 20:.0f} of 20" in few.reason
    assert f"best {BEST_SHARE * 40:.0f} of 40" in many.reason


def test_a_parameter_that_none_of_the_best_had_keeps_its_whole_range() -> None:
    space = a_space(
        kind={"values": ["a", "b"]},
        x={"low": 0.0, "high": 1.0},
        only_b={"low": 0.0, "high": 1.0, "when": {"kind": "b"}},
    )
    results = [Result(n, {"kind": "a", "x": 0.5}, float(n)) for n in range(200)]
    plan = ZOOM.plan(space, results)
    assert (plan.box["only_b"], plan.box["kind"]) == ({"low": 0.0, "high": 1.0}, {"values": ["a"]})
    assert width(space, plan, "x") < 0.1


def test_it_finds_better_trials_than_chance_on_a_smooth_function() -> None:
    def best(sampler: ZoomSampler | RandomSampler, seed: int) -> float:
        results, _ = play(sampler, SPACE, planted, trials=64, seed=seed)
        return min(result.score for result in results if result.score is not None)

    zoomed = fmean(best(ZOOM, seed) for seed in range(12))
    by_chance = fmean(best(RandomSampler(), seed) for seed in range(12))
    assert zoomed < 0.7 * by_chance


def test_failed_trials_do_not_stop_it_from_zooming() -> None:
    def brittle(hparams: Hyperparameters) -> float | None:
        return None if hparams["learning_rate"] > 0.3 else planted(hparams)

    _, found = play(ZOOM, SPACE, brittle, trials=96)
    assert found[-1].box["learning_rate"]["high"] < 0.6
    assert width(SPACE, found[-1], "learning_rate") < 0.6
