"""A finite space with no more points than the budget: each point once, the leaders again, and then no more."""

import pytest

from caviar.states import Origin
from service.planning import suggest
from service.samplers import exhaustion
from tests.service.samplers.play import a_space, an_ask, play

SPACE = a_space(
    n={"low": 0, "high": 4, "type": "int"},
    kind={"values": ["a", "b"]},
    depth={"values": [1, 2, 3], "when": {"kind": "b"}},
    epochs=3,
)
POINTS = 5 + 5 * 3


@pytest.mark.parametrize(("budget", "is_due"), [(POINTS - 1, False), (POINTS, True), (1000, True)])
def test_it_is_due_when_the_budget_holds_every_point(budget: int, is_due: bool) -> None:
    assert SPACE.points == POINTS
    assert exhaustion.is_due(an_ask(SPACE, budget=budget)) == is_due
    assert not exhaustion.is_due(an_ask(a_space(x={"low": 0.0, "high": 1.0}), budget=10**6))


def test_a_search_that_began_with_a_smaller_budget_does_not_walk_from_its_middle() -> None:
    few, _ = play(SPACE, lambda hparams: float(hparams["n"]), trials=POINTS - 6)
    assert not exhaustion.is_due(an_ask(SPACE, few, first=len(few), state={"width": None}, budget=100))
    walked = an_ask(SPACE, first=8, state=suggest(an_ask(SPACE, size=8, budget=100)).state, budget=100)
    assert exhaustion.is_due(walked)


@pytest.mark.parametrize("parallel", [1, 8])
def test_each_point_is_run_once_then_the_leaders_again_and_then_there_is_no_more(parallel: int) -> None:
    results, plans = play(SPACE, lambda hparams: float(hparams["n"]), trials=100, parallel=parallel)
    assert len({SPACE.key(result.hyperparameters) for result in results[:POINTS]}) == POINTS
    made = [suggestion for plan in plans for suggestion in plan.suggestions]
    assert [suggestion.origin for suggestion in made] == [Origin.SAMPLED] * POINTS + [Origin.CONFIRM] * 3
    assert [results[suggestion.parent or 0].hyperparameters for suggestion in made[POINTS:]] == [
        suggestion.hyperparameters for suggestion in made[POINTS:]
    ]
    assert len(results) == POINTS + 3
    assert "20 points" in plans[0].reason


def test_without_confirmations_it_ends_with_the_last_point() -> None:
    sampler = {"name": "zoom", "confirm": 0}
    assert len(play(SPACE, lambda hparams: 0.5, trials=100, sampler=sampler)[0]) == POINTS


def test_when_all_failed_there_is_nothing_to_confirm() -> None:
    results, plans = play(SPACE, lambda hparams: None, trials=100)
    assert len(results) == POINTS
    assert plans[-1].best is None


def test_a_budget_of_exactly_its_points_is_spent_on_them() -> None:
    results, _ = play(SPACE, lambda hparams: float(hparams["n"]), trials=POINTS)
    assert len({SPACE.key(result.hyperparameters) for result in results}) == POINTS
