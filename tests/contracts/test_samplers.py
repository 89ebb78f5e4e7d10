"""The sampler contract: what holds of every sampler in the registry, over spaces of every kind."""

import copy
import json
import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caviar.parameters import Range
from caviar.space import Hyperparameters, Space
from caviar.spec import SamplerName
from caviar.states import Origin
from service.planning import suggest
from service.samplers import exhaustion
from service.samplers.interface import Ask, Independent, Plan
from service.samplers.opening import FEWEST_POINTS, FEWEST_VALUES
from service.samplers.registry import SAMPLERS
from tests.caviar.spaces import few_levels, spaces
from tests.service.samplers.play import a_space, an_ask, scored

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
    "nothing varies": a_space(epochs=20),
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
SPECS: dict[str, Any] = {
    **{name.value: name.value for name in SamplerName if isinstance(SAMPLERS[name], Independent)},
    "zoom": {"name": "zoom", "confirm": 0},
    "zoom without a model": {"name": "zoom", "confirm": 0, "screen": False},
}
INDEPENDENT = [name for name in SamplerName if isinstance(SAMPLERS[name], Independent)]
every_sampler = pytest.mark.parametrize("sampler", SPECS.values(), ids=SPECS)
every_zoom = pytest.mark.parametrize("screen", [True, False], ids=["screen", "no model"])
every_space = pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
every_result = pytest.mark.parametrize("scores", SCORES.values(), ids=SCORES)


def searchable(space: Space, sampler: Any) -> Space:
    """The same with steps for the grid."""
    if sampler != "grid":
        return space
    return Space(
        {
            name: p.model_copy(update={"steps": 3}) if isinstance(p, Range) and p.levels is None else p
            for name, p in space.parameters.items()
        }
    )


def asked(space: Space, scores: list[float | None], sampler: Any, **fields: Any) -> Ask:
    """A round after these results, with two trials still running."""
    space = searchable(space, sampler)
    results = scored(space, scores)
    running = [result.hyperparameters for result in scored(space, [None, None], first=len(scores))]
    return an_ask(space, results, sampler=sampler, **{"first": len(scores) + 2, "pending": running, **fields})


def drawn(plan: Plan) -> list[Hyperparameters]:
    return [made.hyperparameters for made in plan.suggestions]


def expected_size(ask: Ask) -> int:
    """Less than was asked for only where a grid, or a space with no more points than the budget, comes to its end."""
    sampler = SAMPLERS[ask.spec.name]
    if isinstance(sampler, Independent):
        points = sampler.points(ask.space)
    else:
        points = ask.space.points if ask.space.varying and exhaustion.is_due(ask) else None
    return ask.size if points is None else max(0, min(ask.size, points - ask.drawn))


def assert_inside(space: Space, hparams: Hyperparameters) -> None:
    """Every active parameter has a value of its own kind that the space allows, and no other is there."""
    fitted, errors = space.fit(hparams)
    assert (fitted, errors) == (hparams, [])
    assert [type(value) for value in fitted.values()] == [type(value) for value in hparams.values()]
    assert list(hparams) == [name for name in space.parameters if name in hparams]


def assert_box_in_space(space: Space, plan: Plan) -> None:
    assert plan.box.keys() == space.varying.keys()
    for name, parameter in space.varying.items():
        side = plan.box[name]
        shown = [side["low"], side["high"]] if isinstance(parameter, Range) else side["values"]
        assert shown
        assert [parameter.problem_with(value) for value in shown] == [None] * len(shown)


def assert_plain(plan: Plan) -> None:
    """A plan can be stored and comes back as it was."""
    for part in (plan.state, plan.box):
        assert json.loads(json.dumps(part, allow_nan=False)) == part
    assert plan.reason
    assert not any("\n" in text for text in (plan.reason, *plan.hints))


def test_every_name_a_spec_may_give_has_a_sampler() -> None:
    assert SAMPLERS.keys() == set(SamplerName)
    assert [name for name in SamplerName if not isinstance(SAMPLERS[name], Independent)] == ["zoom"]


@every_sampler
@every_space
@every_result
def test_a_round_lies_inside_the_space_and_can_be_stored(
    sampler: Any, space: Space, scores: list[float | None]
) -> None:
    ask = asked(space, scores, sampler)
    plan = suggest(ask)
    assert len(plan.suggestions) == expected_size(ask)
    assert_box_in_space(ask.space, plan)
    assert_plain(plan)
    for hparams in drawn(plan):
        assert_inside(ask.space, hparams)


@every_sampler
@every_space
@every_result
def test_the_same_ask_gives_the_same_plan_in_whatever_order_the_results_come(
    sampler: Any, space: Space, scores: list[float | None]
) -> None:
    ask = asked(space, scores, sampler)
    plan = suggest(ask)
    for order in (ask.results[::-1], random.Random(0).sample(ask.results, len(ask.results))):
        assert suggest(replace(ask, results=order)) == plan


@every_sampler
@every_space
def test_a_round_goes_on_from_a_state_that_was_stored(sampler: Any, space: Space) -> None:
    before = suggest(asked(space, SCORES["some failed"], sampler))
    stored = json.loads(json.dumps(before.state))
    fields = {"first": 110, "size": 4}
    after = suggest(asked(space, SCORES["many"], sampler, state=stored, **fields))
    assert after == suggest(asked(space, SCORES["many"], sampler, state=before.state, **fields))
    assert stored == before.state


@every_sampler
def test_asking_changes_nothing_of_what_was_given(sampler: Any) -> None:
    first = asked(SPACES["every kind"], SCORES["some failed"], sampler)
    ask = asked(SPACES["every kind"], SCORES["many"], sampler, state=suggest(first).state)
    before = copy.deepcopy((ask.results, ask.pending, ask.state))
    suggest(ask)
    assert (ask.results, ask.pending, ask.state) == before


@every_sampler
@pytest.mark.parametrize("scores", [SCORES["no results"], SCORES["many"]], ids=["first", "later"])
def test_another_seed_gives_other_trials(sampler: Any, scores: list[float | None]) -> None:
    one, other = (suggest(asked(SPACES["every kind"], scores, sampler, seed=seed)) for seed in (1, 2))
    space = searchable(SPACES["every kind"], sampler)
    assert not {space.key(h) for h in drawn(one)} & {space.key(h) for h in drawn(other)}


@every_sampler
def test_the_first_round_covers_the_whole_space(sampler: Any) -> None:
    space = searchable(SPACES["every kind"], sampler)
    plan = suggest(an_ask(space, sampler=sampler, size=64))
    assert plan.best is None
    assert plan.box["log"] == {"low": 1e-4, "high": 1.0}
    assert plan.box["whole"] == {"low": -2, "high": 9}
    assert plan.box["ordered"] == {"values": [64, 128, 256, 512]}
    assert plan.box["unordered"] == {"values": ["relu", None, True, 1.5, [3, 3]]}
    assert len({str(hparams["unordered"]) for hparams in drawn(plan)}) == 5
    assert {hparams["log"] < 0.01 for hparams in drawn(plan)} == {True, False}


@every_sampler
@every_result
def test_the_best_is_one_of_the_results_that_have_a_value(sampler: Any, scores: list[float | None]) -> None:
    plan = suggest(asked(SPACES["every kind"], scores, sampler))
    valued = [score for score in scores if score is not None]
    assert plan.best is None or scores[plan.best] == min(valued)
    assert (plan.best is not None) == (bool(valued) and sampler not in INDEPENDENT)


@every_sampler
def test_a_conditional_parameter_is_there_exactly_where_its_condition_holds(sampler: Any) -> None:
    space = SPACES["conditions three deep"]
    plan = suggest(asked(space, SCORES["some failed"], sampler, drawn=0, size=64))
    seen = {tuple(hparams) for hparams in drawn(plan)}
    assert seen <= {("top",), ("deep", "top"), ("deeper", "deep", "top"), ("deepest", "deeper", "deep", "top")}
    assert len(seen) > 1


@every_sampler
def test_a_sampled_trial_has_no_parent(sampler: Any) -> None:
    plan = suggest(asked(SPACES["every kind"], SCORES["many"], sampler))
    assert {(made.origin, made.parent) for made in plan.suggestions} == {(Origin.SAMPLED, None)}


@pytest.mark.parametrize("name", INDEPENDENT)
@every_result
def test_an_independent_sampler_looks_at_no_result(name: SamplerName, scores: list[float | None]) -> None:
    space = searchable(SPACES["every kind"], name)
    assert drawn(suggest(asked(space, scores, name, first=300))) == drawn(
        suggest(an_ask(space, sampler=name, first=300))
    )


@pytest.mark.parametrize("name", INDEPENDENT)
def test_an_independent_sampler_draws_a_place_the_same_whatever_the_round(name: SamplerName) -> None:
    sampler = SAMPLERS[name]
    assert isinstance(sampler, Independent)
    space = searchable(SPACES["every kind"], name)
    one_by_one = [sampler.draw(space, seed=1, place=place) for place in reversed(range(12))]
    assert sampler.problems(space) == []
    assert drawn(suggest(an_ask(space, sampler=name, size=12))) == one_by_one[::-1]
    assert drawn(suggest(an_ask(space, sampler=name, first=9, drawn=4, size=8))) == one_by_one[::-1][4:]


@every_zoom
@every_space
def test_of_a_long_search_it_sees_the_best_and_the_newest_and_goes_on(screen: bool, space: Space) -> None:
    memory = scored(space, SCORES["many"])[:40] + scored(space, [1.0, None] * 30, first=840)
    state = suggest(an_ask(space, memory[:40], seen=700, first=700, budget=10_000)).state
    ask = an_ask(
        space, memory, sampler={"name": "zoom", "screen": screen}, seen=900, first=904, state=state, budget=10_000
    )
    plan = suggest(ask)
    for hparams in drawn(plan):
        assert_inside(space, hparams)
    if ask.space.points is None:
        assert len(plan.suggestions) == ask.size
        assert json.loads(json.dumps(plan.state))["width"]["counted"] == 900


@every_zoom
@settings(max_examples=25)
@given(space=spaces(few_levels()), seed=st.integers(0, 2**53 - 1), size=st.integers(1, 9))
def test_no_point_is_run_twice_while_there_are_others(screen: bool, space: Space, seed: int, size: int) -> None:
    """In a finite space with one point more than the budget, so that the last round has hardly anything left."""
    points = space.points or 0
    budget = min(points - 1, 60)
    sampler = {"name": "zoom", "screen": screen, "confirm": 0}
    seen: list[Hyperparameters] = []
    state: Any = None
    while len(seen) < budget:
        half = len(seen) // 2
        results = [
            replace(result, hyperparameters=hparams)
            for result, hparams in zip(scored(space, SCORES["many"][:half]), seen, strict=False)
        ]
        ask = an_ask(
            space,
            results,
            sampler=sampler,
            seed=seed,
            first=len(seen),
            size=min(size, budget - len(seen)),
            budget=budget,
            pending=seen[half:],
            state=state,
        )
        plan = suggest(ask)
        state = plan.state
        seen += drawn(plan)
        assert plan.suggestions
    assert len({space.key(hparams) for hparams in seen}) == len(seen) == max(budget, 0)


@every_sampler
@settings(max_examples=25)
@given(
    space=spaces(),
    scores=st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False), max_size=40),
    seed=st.integers(0, 2**53 - 1),
)
def test_any_space_with_any_results_gives_a_round_inside_it(
    sampler: Any, space: Space, scores: list[float | None], seed: int
) -> None:
    ask = asked(space, scores, sampler, seed=seed)
    plan = suggest(ask)
    assert len(plan.suggestions) == expected_size(ask)
    assert_box_in_space(ask.space, plan)
    assert_plain(plan)
    for hparams in drawn(plan):
        assert_inside(ask.space, hparams)


def test_the_beginning_lasts_until_there_is_something_to_zoom_into() -> None:
    space = SPACES["every kind"]
    failed: list[float | None] = [None] * (2 * FEWEST_POINTS)
    begun = suggest(an_ask(space, scored(space, [*[1.0] * (FEWEST_VALUES - 1), *failed])))
    zoomed = suggest(an_ask(space, scored(space, [*[1.0] * FEWEST_VALUES, *failed])))
    assert begun.box == suggest(an_ask(space)).box
    assert begun.reason != zoomed.reason
