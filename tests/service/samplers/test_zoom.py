"""The zoom: it narrows where the best lie, and finds more than chance does, with a model and without."""

from dataclasses import replace
from math import log10
from statistics import fmean
from typing import Any

import pytest

from caviar.parameters import Range
from caviar.scales import to_unit
from caviar.space import Hyperparameters, Space
from caviar.states import Origin
from service.planning import suggest
from service.samplers.interface import Plan, Result
from service.samplers.opening import FEWEST_POINTS
from service.samplers.width import FLOOR
from service.samplers.zoom import FEWEST_BEST, MOST_SCREENED
from tests.service.samplers.play import a_space, an_ask, play, scored

SPACE = a_space(
    learning_rate={"low": 1e-4, "high": 1.0, "scale": "log"},
    beta={"low": 0.9, "high": 0.999, "scale": "reverse_log"},
    units={"low": 10, "high": 100, "type": "int"},
    batch_size={"values": [32, 64, 128, 256, 512]},
    activation={"values": ["relu", "tanh", "elu"]},
    indifferent={"low": 0.0, "high": 1.0},
)
NO_MODEL = {"name": "zoom", "screen": False}
either_way = pytest.mark.parametrize("sampler", ["zoom", NO_MODEL], ids=["screen", "no model"])
OPTIMUM = {"learning_rate": 10**-1.5, "beta": 0.97, "units": 70}


def planted(hparams: Hyperparameters) -> float:
    """Smooth, at its lowest at learning rate 10^-1.5, beta 0.97, 70 units, batches of 64, relu."""
    rate = (log10(hparams["learning_rate"]) + 1.5) / 4
    beta = (log10(1 - hparams["beta"]) - log10(0.03)) / 2
    units = (hparams["units"] - 70) / 90
    size = (log10(hparams["batch_size"]) - log10(64)) / 1.2
    return float(rate**2 + beta**2 + units**2 + size**2 + 0.1 * (hparams["activation"] != "relu"))


def ends(space: Space, plan: Plan, name: str) -> tuple[float, float]:
    """The side of the box that is shown, on the parameter's own scale from 0 to 1."""
    parameter = space.varying[name]
    assert isinstance(parameter, Range)
    ends = float(parameter.low), float(parameter.high)
    low, high = (
        to_unit(plan.box[name][end], low=ends[0], high=ends[1], scale=parameter.scale) for end in ("low", "high")
    )
    return low, high


def best(results: list[Result]) -> float:
    return min(result.score for result in results if result.score is not None)


@either_way
def test_boxes_narrow_around_the_best_place(sampler: Any) -> None:
    last = [play(SPACE, planted, trials=96, seed=seed, sampler=sampler)[1][-1] for seed in range(3)]
    for name, value in OPTIMUM.items():
        sides = [ends(SPACE, plan, name) for plan in last]
        place = sum(SPACE.varying[name].cell(value)) / 2
        assert fmean(high - low for low, high in sides) < 0.75
        assert fmean(max(low - place, place - high, 0.0) for low, high in sides) < 0.1


def test_a_parameter_that_matters_less_has_a_wider_side() -> None:
    last = [play(SPACE, planted, trials=64, seed=seed)[1][-1] for seed in range(3)]
    widths = {name: fmean(high - low for low, high in (ends(SPACE, plan, name) for plan in last))
              for name in ("indifferent", "learning_rate", "units")}  # fmt: skip
    assert widths["indifferent"] > max(widths["learning_rate"], widths["units"])


@either_way
@pytest.mark.parametrize("parallel", [1, 8])
def test_it_finds_better_trials_than_chance_on_a_smooth_function(sampler: Any, parallel: int) -> None:
    def found(sampler: Any, seed: int) -> float:
        return best(play(SPACE, planted, trials=64, parallel=parallel, seed=seed, sampler=sampler)[0])

    zoomed = fmean(found(sampler, seed) for seed in range(4))
    assert zoomed < 0.7 * fmean(found("random", seed) for seed in range(12))


def test_the_model_finds_more_than_the_box_alone() -> None:
    screened, alone = (
        fmean(best(play(SPACE, planted, trials=64, seed=seed, sampler=sampler)[0]) for seed in range(6))
        for sampler in ("zoom", NO_MODEL)
    )
    assert screened < alone


def rising(hparams: Hyperparameters) -> float:
    return log10(hparams["learning_rate"])


def falling(hparams: Hyperparameters) -> float:
    return -rising(hparams)


@either_way
def test_with_the_sign_of_the_metric_swapped_it_zooms_to_the_other_end_and_says_so(sampler: Any) -> None:
    low, high = (play(SPACE, objective, trials=64, sampler=sampler)[0] for objective in (rising, falling))
    assert best(low) == pytest.approx(-4, abs=0.1)
    assert best(high) == pytest.approx(0, abs=0.1)
    for results, end in ((low, "lower"), (high, "upper")):
        plan = suggest(an_ask(SPACE, results, sampler=sampler))
        assert f"learning_rate: the best lie at its {end} end; widen the range?" in plan.hints


@pytest.mark.parametrize(("parallel", "open_ended"), [(8, 2), (1, 1)])
def test_the_beginning_is_the_same_whatever_comes_out(parallel: int, open_ended: int) -> None:
    down, up = (play(SPACE, objective, trials=40, parallel=parallel)[0] for objective in (rising, falling))
    same = [a.hyperparameters == b.hyperparameters for a, b in zip(down, up, strict=True)]
    assert all(same[:FEWEST_POINTS])
    assert not all(same[FEWEST_POINTS + open_ended * 4 :])


@either_way
def test_failed_trials_do_not_stop_it_and_it_keeps_away_from_them(sampler: Any) -> None:
    def brittle(hparams: Hyperparameters) -> float | None:
        return None if hparams["learning_rate"] > 0.05 else planted(hparams)

    results, _ = play(SPACE, brittle, trials=96, sampler=sampler)
    failed = [result.score is None for result in results]
    assert sum(failed[-32:]) < sum(failed[:32])
    assert best(results) < 0.1


def test_of_equal_results_the_lower_numbers_count_as_the_best() -> None:
    plan = suggest(an_ask(SPACE, scored(SPACE, [0.5] * 20)))
    assert plan.best == 0
    number = int(plan.reason.split("around trial ")[1].split(",")[0])
    assert number < FEWEST_BEST


def test_its_reason_names_the_width_the_centre_and_what_moved_the_box() -> None:
    results = scored(SPACE, [0.5, *[1.0] * 29])
    plan = suggest(an_ask(SPACE, results))
    share = plan.state["width"]["share"]
    assert share < 1
    assert plan.reason.startswith(f"{share:.0%} of a range around trial ")
    assert "of 30 results; halved after" in plan.reason
    after = suggest(an_ask(SPACE, results, state=plan.state))
    assert ";" not in after.reason


def test_a_box_at_its_floor_that_pays_no_more_is_closed_and_a_wide_one_opens_elsewhere() -> None:
    scores = [1.0 - n / 1000 for n in range(30)]
    results = scored(SPACE, [*scores, *[2.0] * 30])
    floor = {"share": FLOOR, "wins": 0, "losses": 0, "counted": 30, "missing": [], "best": [0, 0, 0.5]}
    plan = suggest(an_ask(SPACE, results, state={"width": floor, "closed": [], "fit": None}))
    assert plan.state["closed"] == [29]
    assert plan.state["width"]["share"] == 1
    assert "opened elsewhere" in plan.reason
    assert "around trial 29," not in plan.reason
    again = suggest(an_ask(SPACE, results, state=plan.state, first=66))
    assert again.state["closed"] == [29]
    assert "around trial 29," not in again.reason
    assert plan.best == again.best == 29


@either_way
def test_the_last_numbers_of_the_budget_run_the_leaders_again(sampler: Any) -> None:
    results, plans = play(SPACE, planted, trials=40, sampler=sampler)
    made = [suggestion for plan in plans for suggestion in plan.suggestions]
    assert [suggestion.origin for suggestion in made] == [Origin.SAMPLED] * 37 + [Origin.CONFIRM] * 3
    parents = [suggestion.parent for suggestion in made[37:]]
    assert None not in parents
    assert len(set(parents)) == 3
    assert [results[parent or 0].hyperparameters for parent in parents] == [s.hyperparameters for s in made[37:]]
    by_score = sorted(results[:32], key=lambda result: result.score or 0.0)
    assert set(parents) <= {result.number for result in by_score[:16]}


def test_where_no_leader_ran_to_its_end_the_last_numbers_are_sampled() -> None:
    stopped = [replace(result, step=3) for result in scored(SPACE, [float(n) for n in range(32)])]
    plan = suggest(an_ask(SPACE, stopped, first=36, size=4, budget=40))
    assert [suggestion.origin for suggestion in plan.suggestions] == [Origin.SAMPLED] * 4


def test_without_a_model_none_is_fitted_and_a_very_large_round_asks_none() -> None:
    results = scored(SPACE, [float((7 * n) % 31) for n in range(31)])
    screened, alone, crowd = (
        suggest(an_ask(SPACE, results, sampler=sampler, size=size))
        for sampler, size in (("zoom", 6), (NO_MODEL, 6), ("zoom", MOST_SCREENED + 1))
    )
    assert screened.state["fit"] is not None
    assert (alone.state["fit"], crowd.state["fit"]) == (None, None)
    assert len({SPACE.key(made.hyperparameters) for made in crowd.suggestions}) == MOST_SCREENED + 1


def test_pending_trials_turn_it_to_other_places() -> None:
    results = scored(SPACE, [float((7 * n) % 31) for n in range(31)])
    first = suggest(an_ask(SPACE, results))
    waiting = [made.hyperparameters for made in first.suggestions]
    second = suggest(an_ask(SPACE, results, pending=waiting))
    assert not {SPACE.key(h) for h in waiting} & {SPACE.key(made.hyperparameters) for made in second.suggestions}


def test_the_fit_of_a_round_goes_on_from_that_of_the_round_before() -> None:
    results = scored(SPACE, [float((7 * n) % 31) for n in range(31)])
    first = suggest(an_ask(SPACE, results))
    later = suggest(an_ask(SPACE, results, state=first.state))
    assert later.state["fit"] != first.state["fit"]


def test_where_nothing_varies_every_trial_is_the_same() -> None:
    plan = suggest(an_ask(a_space(epochs=20), size=3))
    assert [made.hyperparameters for made in plan.suggestions] == [{"epochs": 20}] * 3
    assert "nothing varies" in plan.reason
