"""The sampler contract: what holds of every sampler in the registry, over spaces of every kind."""

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caviar.parameters import Range, key
from caviar.space import Hyperparameters, Space
from caviar.spec import SamplerName
from service.samplers.interface import Plan, Result, Sampler
from service.samplers.registry import SAMPLERS
from tests.caviar.spaces import spaces
from tests.service.samplers.play import a_space, scored

SPACES = {
    "every kind": a_space(
        linear={"low": -3.0, "high": 5.0},
        log={"low": 1e-4, "high": 1.0, "scale": "log"},
        reverse_log={"low": 0.9, "high": 0.999, "scale": "reverse_log"},
        whole={"low": -2, "high": 9, "type": "int"},
        log_whole={"low": 1, "high": 4096, "type": "int", "scale": "log"},
        ordered={"values": [512, 64, 256, 128]},
        listed={"values": ["small", "medium", "large"], "ordered": True},
        unordered={"values": ["relu", None, True, 1.5, [3, 3]]},
        constant=20,
        constant_list=[1, 2],
    ),
    "no choice at all": a_space(only={"values": ["adam"]}, one={"values": [64]}, epochs=20),
    "conditions three deep": a_space(
        deepest={"low": 0.0, "high": 1.0, "when": {"deeper": ["x", "y"]}},
        deeper={"values": ["x", "y", "z"], "when": {"deep": [2, 3]}},
        deep={"low": 1, "high": 3, "type": "int", "when": {"top": True}},
        top={"values": [True, False]},
    ),
    "forty parameters": a_space(
        **{f"p{i:02}": {"low": 1e-3, "high": 1.0, "scale": "log"} for i in range(20)},
        **{f"q{i:02}": {"low": 0, "high": 10 + i, "type": "int"} for i in range(10)},
        **{f"r{i:02}": {"values": list("abcdefghij"[: i + 1])} for i in range(10)},
    ),
    "an int as large as a seed": a_space(seed={"low": 0, "high": 2**32 - 1, "type": "int"}),
}
ROUND = 6
SCORES: dict[str, list[float | None]] = {
    "no results": [],
    "one": [1.0],
    "two with a value": [1.0, 2.0, None, None, None],
    "all failed": [None] * 12,
    "all equal": [0.5] * 12,
    "some failed": [None, 3.0, 1.0, None, 2.0, 9.0, 4.0, -1.0, None, 5.0],
    "extreme": [1e308, -1e308, 5e-324, 0.0, -0.0, 1e308],
    "many": [float((17 * i) % 101) for i in range(100)],
}
every_sampler = pytest.mark.parametrize("sampler", SAMPLERS.values(), ids=SAMPLERS)
every_space = pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
every_result = pytest.mark.parametrize("scores", SCORES.values(), ids=SCORES)


def drawn(sampler: Sampler, space: Space, plan: Plan, *, seed: int = 1, first: int = 100) -> list[Hyperparameters]:
    return [sampler.draw(space, plan.state, seed=seed, number=number) for number in range(first, first + ROUND)]


def assert_inside(space: Space, hparams: Hyperparameters) -> None:
    """Every active parameter has a value of its own kind that the space allows, and no other is there."""
    fitted, errors = space.fit(hparams)
    assert (fitted, errors) == (hparams, [])
    assert [type(value) for value in fitted.values()] == [type(value) for value in hparams.values()]
    assert list(hparams) == [name for name in space.parameters if name in hparams]


def assert_boxed(space: Space, plan: Plan, hparams: Hyperparameters) -> None:
    """The box that people are shown holds what was drawn from it."""
    assert plan.box.keys() == space.varying.keys()
    for name in space.varying.keys() & hparams.keys():
        side = plan.box[name]
        if isinstance(space.varying[name], Range):
            assert side["low"] <= hparams[name] <= side["high"]
        else:
            assert key(hparams[name]) in [key(value) for value in side["values"]]


def assert_box_in_space(space: Space, plan: Plan) -> None:
    for name, parameter in space.varying.items():
        side = plan.box[name]
        shown = [side["low"], side["high"]] if isinstance(parameter, Range) else side["values"]
        assert shown
        assert [parameter.problem_with(value) for value in shown] == [None] * len(shown)


def test_every_name_a_spec_may_give_has_a_sampler() -> None:
    assert SAMPLERS.keys() == set(SamplerName)


@every_sampler
@every_space
@every_result
def test_a_round_is_drawn_from_its_box_inside_the_space(
    sampler: Sampler, space: Space, scores: list[float | None]
) -> None:
    plan = sampler.plan(space, scored(space, scores))
    assert_box_in_space(space, plan)
    for hparams in drawn(sampler, space, plan):
        assert_inside(space, hparams)
        assert_boxed(space, plan, hparams)


@every_sampler
@every_space
@every_result
def test_results_in_any_order_give_the_same_plan(sampler: Sampler, space: Space, scores: list[float | None]) -> None:
    results = scored(space, scores)
    plan = sampler.plan(space, results)
    for order in range(3):
        assert sampler.plan(space, random.Random(order).sample(results, len(results))) == plan
    assert sampler.plan(space, tuple(reversed(results))) == plan


@every_sampler
@every_space
def test_a_plan_is_plain_json_and_draws_the_same_after_a_round_trip(sampler: Sampler, space: Space) -> None:
    plan = sampler.plan(space, scored(space, SCORES["some failed"]))
    state, box = (json.loads(json.dumps(part, allow_nan=False)) for part in (plan.state, plan.box))
    assert box == plan.box
    restored = Plan(state, box, plan.reason, plan.seen, plan.best)
    assert drawn(sampler, space, restored) == drawn(sampler, space, plan)


@every_sampler
def test_a_trial_depends_on_its_seed_and_number_and_not_on_what_was_drawn_before(sampler: Sampler) -> None:
    space = SPACES["every kind"]
    plan = sampler.plan(space, ())
    trials = drawn(sampler, space, plan, seed=1, first=0)
    assert drawn(sampler, space, plan, seed=1, first=0) == trials
    assert [sampler.draw(space, plan.state, seed=1, number=n) for n in reversed(range(ROUND))] == trials[::-1]
    others = drawn(sampler, space, plan, seed=2, first=0) + drawn(sampler, space, plan, seed=1, first=ROUND)
    assert len({hparams["linear"] for hparams in trials + others}) == 3 * ROUND


@every_sampler
def test_the_first_round_sees_nothing_and_covers_the_whole_space(sampler: Sampler) -> None:
    space = SPACES["every kind"]
    plan = sampler.plan(space, ())
    assert (plan.seen, plan.best) == (0, None)
    assert plan.box["log"] == {"low": 1e-4, "high": 1.0}
    assert plan.box["whole"] == {"low": -2, "high": 9}
    assert plan.box["ordered"] == {"values": [64, 128, 256, 512]}
    assert plan.box["unordered"] == {"values": ["relu", None, True, 1.5, [3, 3]]}
    values = {key(sampler.draw(space, plan.state, seed=0, number=n)["unordered"]) for n in range(100)}
    assert len(values) == 5


@every_sampler
@every_result
def test_a_plan_says_why_in_one_line(sampler: Sampler, scores: list[float | None]) -> None:
    reason = sampler.plan(SPACES["every kind"], scored(SPACES["every kind"], scores)).reason
    assert reason
    assert "\n" not in reason


@every_sampler
def test_a_conditional_parameter_is_there_exactly_where_its_condition_holds(sampler: Sampler) -> None:
    space = SPACES["conditions three deep"]
    plan = sampler.plan(space, scored(space, SCORES["many"]))
    seen = {tuple(sampler.draw(space, plan.state, seed=0, number=n)) for n in range(200)}
    assert seen <= {("top",), ("deep", "top"), ("deeper", "deep", "top"), ("deepest", "deeper", "deep", "top")}


@every_sampler
def test_results_are_read_and_never_changed(sampler: Sampler) -> None:
    space = SPACES["every kind"]
    results = scored(space, SCORES["many"])
    before: list[tuple[int, dict[str, Any], float | None]] = [
        (result.number, dict(result.hyperparameters), result.score) for result in results
    ]
    sampler.plan(space, results)
    assert [(result.number, dict(result.hyperparameters), result.score) for result in results] == before


@every_sampler
@settings(max_examples=60)
@given(
    space=spaces(),
    scores=st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False), max_size=40),
    seed=st.integers(0, 2**53 - 1),
)
def test_any_space_with_any_results_is_drawn_from_its_box(
    sampler: Sampler, space: Space, scores: list[float | None], seed: int
) -> None:
    results: list[Result] = scored(space, scores, seed=seed)
    plan = sampler.plan(space, results)
    assert_box_in_space(space, plan)
    for hparams in drawn(sampler, space, plan, seed=seed, first=len(scores)):
        assert_inside(space, hparams)
        assert_boxed(space, plan, hparams)
